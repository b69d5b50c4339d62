/* Calls on one request at a time, in a session of either mode: what an asynchronous call completes
   with is waited for. */
#ifndef WINHTTP_TESTS_AWAIT_H
#define WINHTTP_TESTS_AWAIT_H

#include "common.h"

#include <pthread.h>

static pthread_mutex_t await_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t await_changed = PTHREAD_COND_INITIALIZER;
static int await_is_over;
static DWORD await_error, await_length;
static DWORD await_flags;

/* To be called for every notification. */
static void await_notified(DWORD status, const void *information, DWORD length)
{
    switch (status) {
    case WINHTTP_CALLBACK_STATUS_SENDREQUEST_COMPLETE:
    case WINHTTP_CALLBACK_STATUS_HEADERS_AVAILABLE:
    case WINHTTP_CALLBACK_STATUS_READ_COMPLETE:
    case WINHTTP_CALLBACK_STATUS_WRITE_COMPLETE:
    case WINHTTP_CALLBACK_STATUS_CLOSE_COMPLETE:
    case WINHTTP_CALLBACK_STATUS_REQUEST_ERROR:
        pthread_mutex_lock(&await_lock);
        await_is_over = 1;
        await_length = length;
        await_error = status == WINHTTP_CALLBACK_STATUS_REQUEST_ERROR
            ? ((const WINHTTP_ASYNC_RESULT *)information)->dwError
            : 0;
        pthread_cond_signal(&await_changed);
        pthread_mutex_unlock(&await_lock);
        break;
    default:
        break;
    }
}

/* What a call has come to, given what it returned: 0 or an error. */
static DWORD await_end(BOOL called)
{
    DWORD error = called ? 0 : GetLastError();
    if (!called || await_flags == 0)
        return error;
    pthread_mutex_lock(&await_lock);
    while (!await_is_over)
        pthread_cond_wait(&await_changed, &await_lock);
    await_is_over = 0;
    error = await_error;
    pthread_mutex_unlock(&await_lock);
    return error;
}

/* A session of the mode that an argument names, `sync` or `async`, with this callback. */
static HINTERNET await_open(const char *mode, WINHTTP_STATUS_CALLBACK callback)
{
    await_flags = strcmp(mode, "async") == 0 ? WINHTTP_FLAG_ASYNC : 0;
    HINTERNET session
        = WinHttpOpen(NULL, WINHTTP_ACCESS_TYPE_NO_PROXY, NULL, NULL, await_flags);
    CHECK(session != NULL);
    CHECK(WinHttpSetStatusCallback(session, callback, WINHTTP_CALLBACK_FLAG_ALL_NOTIFICATIONS, 0)
        != WINHTTP_INVALID_STATUS_CALLBACK);
    return session;
}

/* The response's status. */
static DWORD await_status(HINTERNET request)
{
    DWORD status = 0, size = sizeof status;
    CHECK(WinHttpQueryHeaders(request, WINHTTP_QUERY_STATUS_CODE | WINHTTP_QUERY_FLAG_NUMBER,
        WINHTTP_HEADER_NAME_BY_INDEX, &status, &size, WINHTTP_NO_HEADER_INDEX));
    return status;
}

/* Reads the response's body, and ends it like a text; its length. */
static DWORD await_body(HINTERNET request, char *body, size_t room)
{
    DWORD total = 0, read = 0;
    do {
        CHECK(total + 1 < room);
        CHECK(await_end(WinHttpReadData(request, body + total, (DWORD)room - 1 - total,
                  await_flags ? NULL : &read))
            == 0);
        if (await_flags)
            read = await_length;
        total += read;
    } while (read > 0);
    body[total] = 0;
    return total;
}

#endif
