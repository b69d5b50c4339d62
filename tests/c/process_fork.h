/* What the programs that fork share: requests in either mode that end or fail within a limit, and children that are
 * waited for. */
#ifndef WINHTTP_TESTS_PROCESS_FORK_H
#define WINHTTP_TESTS_PROCESS_FORK_H

#define _GNU_SOURCE
#include "common.h"

#include <pthread.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int async_mode, port;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;

/* The last notifications, as they came. */
#define EVENTS_MAX 65536
static struct event {
    HINTERNET handle;
    DWORD status, error, bytes;
} events[EVENTS_MAX];
static int event_count = 0;
/* Called inside the callback, if set. */
static void (*inside)(HINTERNET handle, DWORD status) = NULL;

static void CALLBACK notified(
    HINTERNET handle, DWORD_PTR context, DWORD status, LPVOID information, DWORD length)
{
    (void)context;
    pthread_mutex_lock(&lock);
    if (event_count < EVENTS_MAX) {
        struct event *event = &events[event_count++];
        event->handle = handle;
        event->status = status;
        event->error = event->bytes = 0;
        if (status == WINHTTP_CALLBACK_STATUS_READ_COMPLETE && length == sizeof(WINHTTP_WEB_SOCKET_STATUS))
            event->bytes = ((WINHTTP_WEB_SOCKET_STATUS *)information)->dwBytesTransferred;
        if (status == WINHTTP_CALLBACK_STATUS_REQUEST_ERROR)
            event->error = ((WINHTTP_ASYNC_RESULT *)information)->dwError;
    }
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
    if (inside != NULL)
        inside(handle, status);
}

/* Waits for a notification of a handle that comes after `from`; its place, or -1 if a failure came first. */
static inline int wait_for(HINTERNET handle, DWORD status, int from)
{
    struct timespec limit;
    clock_gettime(CLOCK_REALTIME, &limit);
    limit.tv_sec += 10;
    int found = -1;
    pthread_mutex_lock(&lock);
    for (int index = from; found < 0;) {
        while (index == event_count)
            CHECK(pthread_cond_timedwait(&changed, &lock, &limit) == 0);
        struct event *event = &events[index++];
        if (event->handle == handle && event->status == status)
            found = index;
        if (event->handle == handle && event->status == WINHTTP_CALLBACK_STATUS_REQUEST_ERROR)
            break;
    }
    pthread_mutex_unlock(&lock);
    return found;
}

/* The error that an operation ended with, 0 for success: its call returned `error`, its notifications come after `from`.
 * Waits without a limit, since the clock may be a program's own; the test ends a program that hangs. */
static inline DWORD end_of(HINTERNET handle, DWORD error, int from)
{
    if (error != 0 || !async_mode)
        return error;
    pthread_mutex_lock(&lock);
    for (int index = from, ended = 0; !ended;) {
        while (index == event_count)
            pthread_cond_wait(&changed, &lock);
        struct event *event = &events[index++];
        if (event->handle != handle)
            continue;
        error = event->error;
        ended = event->status == WINHTTP_CALLBACK_STATUS_REQUEST_ERROR
            || event->status == WINHTTP_CALLBACK_STATUS_SENDREQUEST_COMPLETE
            || event->status == WINHTTP_CALLBACK_STATUS_HEADERS_AVAILABLE
            || event->status == WINHTTP_CALLBACK_STATUS_READ_COMPLETE
            || event->status == WINHTTP_CALLBACK_STATUS_WRITE_COMPLETE;
    }
    pthread_mutex_unlock(&lock);
    return error;
}

/* Bytes of the handle's last receive. */
static inline DWORD last_read(HINTERNET handle)
{
    DWORD bytes = 0;
    pthread_mutex_lock(&lock);
    for (int index = 0; index < event_count; index++)
        if (events[index].handle == handle && events[index].status == WINHTTP_CALLBACK_STATUS_READ_COMPLETE)
            bytes = events[index].bytes;
    pthread_mutex_unlock(&lock);
    return bytes;
}

static inline int count_events(HINTERNET handle, DWORD status)
{
    int count = 0;
    pthread_mutex_lock(&lock);
    for (int index = 0; index < event_count; index++)
        count += events[index].handle == handle && events[index].status == status;
    pthread_mutex_unlock(&lock);
    return count;
}

static inline HINTERNET open_session(void)
{
    HINTERNET session = WinHttpOpen(
        L"fork", WINHTTP_ACCESS_TYPE_NO_PROXY, NULL, NULL, async_mode ? WINHTTP_FLAG_ASYNC : 0);
    CHECK(session != NULL);
    CHECK(WinHttpSetStatusCallback(session, notified, WINHTTP_CALLBACK_FLAG_ALL_NOTIFICATIONS, 0) == NULL);
    return session;
}

static inline HINTERNET open_request(HINTERNET session, const WCHAR *host, const WCHAR *path)
{
    HINTERNET connect = WinHttpConnect(session, host, (INTERNET_PORT)port, 0);
    CHECK(connect != NULL);
    HINTERNET request = WinHttpOpenRequest(connect, NULL, path, NULL, NULL, NULL, 0);
    CHECK(request != NULL);
    CHECK(WinHttpCloseHandle(connect));
    return request;
}

/* Sends a request and receives its answer's head; whether that worked. */
static inline int exchange(HINTERNET request)
{
    int from = event_count;
    if (!WinHttpSendRequest(request, NULL, 0, NULL, 0, 0, 0))
        return 0;
    if (async_mode && wait_for(request, WINHTTP_CALLBACK_STATUS_SENDREQUEST_COMPLETE, from) < 0)
        return 0;
    from = event_count;
    if (!WinHttpReceiveResponse(request, NULL))
        return 0;
    return !async_mode || wait_for(request, WINHTTP_CALLBACK_STATUS_HEADERS_AVAILABLE, from) >= 0;
}

static inline void get(HINTERNET session, const WCHAR *host)
{
    HINTERNET request = open_request(session, host, L"/status");
    CHECK(exchange(request));
    CHECK(WinHttpCloseHandle(request));
}

/* What a fresh process could do. */
static inline void fresh(int requests)
{
    HINTERNET session = open_session();
    for (int index = 0; index < requests; index++)
        get(session, L"localhost");
    CHECK(WinHttpCloseHandle(session));
    if (async_mode)
        CHECK(wait_for(session, WINHTTP_CALLBACK_STATUS_HANDLE_CLOSING, 0) >= 0);
    CHECK(count_events(session, WINHTTP_CALLBACK_STATUS_HANDLE_CLOSING) == 1);
}

/* Goes on only when the test has seen what it waits for, and ends the standard input. */
static inline void until_input_ends(void)
{
    while (getchar() != EOF)
        continue;
}

/* Ends a child with everything it printed. */
static inline void leave(int status)
{
    fflush(stdout);
    _exit(status);
}

static inline void wait_for_child(pid_t child)
{
    int status = -1;
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

/* The program's own locks are its own business: a callback may hold one when another thread forks. */
static inline void take_over(void)
{
    pthread_mutex_t fresh_lock = PTHREAD_MUTEX_INITIALIZER;
    pthread_cond_t fresh_condition = PTHREAD_COND_INITIALIZER;
    lock = fresh_lock;
    changed = fresh_condition;
    event_count = 0;
    inside = NULL;
}

/* Does this in a child, and waits for its end. */
static inline void in_child(void (*work)(void))
{
    fflush(stdout);
    pid_t process = fork();
    CHECK(process >= 0);
    if (process == 0) {
        take_over();
        work();
        leave(0);
    }
    wait_for_child(process);
}

#endif
