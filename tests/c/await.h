/* Calls on requests, one at a time on each, in a session of either mode: what an asynchronous call completes
   with is waited for. */
#ifndef WINHTTP_TESTS_AWAIT_H
#define WINHTTP_TESTS_AWAIT_H

#include "common.h"

#include <pthread.h>

/* What the callbacks of one request have said of its last call. */
struct awaited {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int is_over;
    DWORD error, length;
};

#define AWAITED_INITIAL { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, 0, 0 }

/* WINHTTP_FLAG_ASYNC, or none. */
static DWORD await_flags;

/* To be called for every notification of its request. */
static inline void await_notified(
    struct awaited *awaited, DWORD status, const void *information, DWORD length)
{
    switch (status) {
    case WINHTTP_CALLBACK_STATUS_SENDREQUEST_COMPLETE:
    case WINHTTP_CALLBACK_STATUS_HEADERS_AVAILABLE:
    case WINHTTP_CALLBACK_STATUS_READ_COMPLETE:
    case WINHTTP_CALLBACK_STATUS_WRITE_COMPLETE:
    case WINHTTP_CALLBACK_STATUS_CLOSE_COMPLETE:
    case WINHTTP_CALLBACK_STATUS_REQUEST_ERROR:
        pthread_mutex_lock(&awaited->lock);
        awaited->is_over = 1;
        awaited->length = length;
        awaited->error = status == WINHTTP_CALLBACK_STATUS_REQUEST_ERROR
            ? ((const WINHTTP_ASYNC_RESULT *)information)->dwError
            : 0;
        pthread_cond_signal(&awaited->changed);
        pthread_mutex_unlock(&awaited->lock);
        break;
    default:
        break;
    }
}

/* What a call has come to, given what it returned: 0 or an error. */
static inline DWORD await_end(struct awaited *awaited, BOOL called)
{
    DWORD error = called ? 0 : GetLastError();
    if (!called || await_flags == 0)
        return error;
    pthread_mutex_lock(&awaited->lock);
    while (!awaited->is_over)
        pthread_cond_wait(&awaited->changed, &awaited->lock);
    awaited->is_over = 0;
    error = awaited->error;
    pthread_mutex_unlock(&awaited->lock);
    return error;
}

/* A session of the mode that an argument names, `sync` or `async`, with this callback. */
static inline HINTERNET await_open(const char *mode, WINHTTP_STATUS_CALLBACK callback)
{
    await_flags = strcmp(mode, "async") == 0 ? WINHTTP_FLAG_ASYNC : 0;
    HINTERNET session
        = WinHttpOpen(NULL, WINHTTP_ACCESS_TYPE_NO_PROXY, NULL, NULL, await_flags);
    CHECK(session != NULL);
    CHECK(WinHttpSetStatusCallback(session, callback, WINHTTP_CALLBACK_FLAG_ALL_NOTIFICATIONS, 0)
        != WINHTTP_INVALID_STATUS_CALLBACK);
    return session;
}

/* Reads the response's body, and ends it like a text; its length. */
static inline DWORD await_body(
    struct awaited *awaited, HINTERNET request, char *body, size_t room)
{
    DWORD total = 0, read = 0;
    do {
        CHECK(total + 1 < room);
        CHECK(await_end(awaited, WinHttpReadData(request, body + total, (DWORD)room - 1 - total,
                                     await_flags ? NULL : &read))
            == 0);
        if (await_flags)
            read = awaited->length;
        total += read;
    } while (read > 0);
    body[total] = 0;
    return total;
}

#endif
