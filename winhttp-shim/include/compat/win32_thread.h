/* win32_thread.h - threads.
 *
 * Licence: MIT OR Apache-2.0.
 *
 * A thread ends when its routine returns, or in _endthreadex of process.h; there is no ExitThread or
 * TerminateThread. */
#ifndef WINHTTP_SHIM_COMPAT_WIN32_THREAD_H
#define WINHTTP_SHIM_COMPAT_WIN32_THREAD_H

#include "win32_wait.h"

#ifndef __APPLE__
#include <sys/syscall.h>
#endif

#ifdef __cplusplus
extern "C" {
#endif

#ifndef STILL_ACTIVE
#define STILL_ACTIVE 259
#endif
#ifndef CREATE_SUSPENDED
#define CREATE_SUSPENDED 0x4
#endif
#ifndef STACK_SIZE_PARAM_IS_A_RESERVATION
#define STACK_SIZE_PARAM_IS_A_RESERVATION 0x00010000
#endif

#ifndef __APPLE__
/* syscall() under a name of our own, because strict modes hide its declaration. */
long winhttp_compat_syscall(long number, ...) __asm__("syscall");
#endif

/* The number by which debuggers know the thread too. */
static inline DWORD GetCurrentThreadId(void)
{
#ifdef __APPLE__
    uint64_t id = 0;
    pthread_threadid_np(NULL, &id);
    return (DWORD)id;
#else
    return (DWORD)winhttp_compat_syscall(SYS_gettid);
#endif
}

/* What a new thread is told: its object, and where to say that it has a number. */
typedef struct WINHTTP_COMPAT_START {
    WINHTTP_COMPAT_OBJECT *thread;
    HANDLE started;
} WINHTTP_COMPAT_START;

/* Where a thread finds its object; one for the whole program. */
__attribute__((weak)) pthread_key_t winhttp_compat_thread_key;
__attribute__((weak)) pthread_once_t winhttp_compat_thread_once = PTHREAD_ONCE_INIT;

static inline void winhttp_compat_thread_prepare(void)
{
    if (pthread_key_create(&winhttp_compat_thread_key, NULL) != 0)
        abort(); /* no more keys, and nobody to tell */
}

/* Ends this thread as if its routine had returned. */
__attribute__((noreturn)) static inline void winhttp_compat_thread_leave(DWORD exit_code)
{
    WINHTTP_COMPAT_OBJECT *thread;
    pthread_once(&winhttp_compat_thread_once, winhttp_compat_thread_prepare);
    thread = (WINHTTP_COMPAT_OBJECT *)pthread_getspecific(winhttp_compat_thread_key);
    if (thread != NULL) {
        pthread_mutex_lock(&thread->lock);
        thread->exit_code = exit_code;
        pthread_mutex_unlock(&thread->lock);
    }
    pthread_exit(NULL);
}

/* The end of a thread, however it comes about. */
static inline void winhttp_compat_thread_end(void *argument)
{
    WINHTTP_COMPAT_OBJECT *thread = (WINHTTP_COMPAT_OBJECT *)argument;
    pthread_mutex_lock(&thread->lock);
    thread->count = 1;
    winhttp_compat_wake_sleepers(thread);
    pthread_mutex_unlock(&thread->lock);
    winhttp_compat_release(thread);
}

static inline void *winhttp_compat_thread_run(void *argument)
{
    WINHTTP_COMPAT_START *start = (WINHTTP_COMPAT_START *)argument;
    WINHTTP_COMPAT_OBJECT *thread = start->thread;
    pthread_once(&winhttp_compat_thread_once, winhttp_compat_thread_prepare);
    pthread_setspecific(winhttp_compat_thread_key, thread);
    thread->thread_id = GetCurrentThreadId();
    SetEvent(start->started); /* start is gone from here on */
    pthread_cleanup_push(winhttp_compat_thread_end, thread);
    winhttp_compat_thread_leave(thread->routine(thread->parameter));
    pthread_cleanup_pop(1);
    return NULL;
}

/* A stack larger than usual where asked for; a smaller one is not made. */
static inline BOOL winhttp_compat_thread_begin(WINHTTP_COMPAT_START *start, SIZE_T stack_size)
{
    pthread_attr_t attributes;
    pthread_t thread;
    size_t usual = 0;
    int failed;
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    if (pthread_attr_getstacksize(&attributes, &usual) == 0 && stack_size > usual)
        pthread_attr_setstacksize(&attributes, (stack_size + 0xFFFF) & ~(SIZE_T)0xFFFF);
    failed = pthread_create(&thread, &attributes, winhttp_compat_thread_run, start);
    pthread_attr_destroy(&attributes);
    return failed == 0;
}

/* Starts a thread that runs at once: CREATE_SUSPENDED is refused. */
static inline HANDLE CreateThread(LPSECURITY_ATTRIBUTES attributes, SIZE_T stack_size,
    LPTHREAD_START_ROUTINE routine, LPVOID parameter, DWORD flags, DWORD *thread_id)
{
    WINHTTP_COMPAT_START start;
    (void)attributes;
    if (routine == NULL || (flags & ~(DWORD)STACK_SIZE_PARAM_IS_A_RESERVATION) != 0) {
        SetLastError(routine == NULL ? ERROR_INVALID_PARAMETER : ERROR_NOT_SUPPORTED);
        return NULL;
    }
    start.thread = winhttp_compat_new(WINHTTP_COMPAT_THREAD, FALSE);
    if (start.thread == NULL)
        return NULL;
    start.thread->routine = routine;
    start.thread->parameter = parameter;
    start.thread->exit_code = STILL_ACTIVE;
    start.thread->references = 2;
    start.started = winhttp_compat_create_event(TRUE, FALSE, FALSE);
    if (start.started == NULL || !winhttp_compat_thread_begin(&start, stack_size)) {
        if (start.started != NULL)
            CloseHandle(start.started);
        start.thread->references = 1;
        winhttp_compat_release(start.thread);
        SetLastError(ERROR_NOT_ENOUGH_MEMORY);
        return NULL;
    }
    WaitForSingleObject(start.started, INFINITE);
    CloseHandle(start.started);
    if (thread_id != NULL)
        *thread_id = start.thread->thread_id;
    return start.thread;
}

/* STILL_ACTIVE while the thread runs. */
static inline BOOL GetExitCodeThread(HANDLE handle, DWORD *exit_code)
{
    WINHTTP_COMPAT_OBJECT *thread
        = winhttp_compat_object_of(handle, WINHTTP_COMPAT_THREAD, WINHTTP_COMPAT_THREAD);
    if (thread == NULL)
        return FALSE;
    pthread_mutex_lock(&thread->lock);
    *exit_code = thread->exit_code;
    pthread_mutex_unlock(&thread->lock);
    return TRUE;
}

static inline DWORD GetThreadId(HANDLE handle)
{
    WINHTTP_COMPAT_OBJECT *thread
        = winhttp_compat_object_of(handle, WINHTTP_COMPAT_THREAD, WINHTTP_COMPAT_THREAD);
    return thread == NULL ? 0 : thread->thread_id;
}

#ifdef __cplusplus
}
#endif

#endif
