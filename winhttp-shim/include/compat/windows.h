/* windows.h - the small part of Win32 that WinHTTP programs lean on.
 *
 * Licence: MIT OR Apache-2.0.
 *
 * For programs being ported; libwinhttp does not need it. Everything is defined in this header, over
 * POSIX threads: link with -pthread. Handles made here are those of events only: CloseHandle and the
 * functions of waiting must not see a HINTERNET. min and max are not defined.
 *
 * Strict ISO modes (-std=c11 and such) hide POSIX: include this header first, or define
 * _POSIX_C_SOURCE as 200809L. */
#ifndef WINHTTP_SHIM_COMPAT_WINDOWS_H
#define WINHTTP_SHIM_COMPAT_WINDOWS_H

#if defined(__STRICT_ANSI__) && !defined(__cplusplus) && !defined(__APPLE__) \
    && !defined(_POSIX_C_SOURCE) && !defined(_GNU_SOURCE) && !defined(_DEFAULT_SOURCE)
#define _POSIX_C_SOURCE 200809L
#endif

#include "../winhttp.h"
#include "winhttp_event.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#ifndef CLOCK_MONOTONIC
#error "POSIX is hidden: include compat/windows.h first, or define _POSIX_C_SOURCE as 200809L."
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* Text. */

#if defined(UNICODE) || defined(_UNICODE)
typedef WCHAR TCHAR;
#if defined(WINHTTP_CHAR16)
#define WINHTTP_COMPAT_TEXT(text) u##text
#else
#define WINHTTP_COMPAT_TEXT(text) L##text
#endif
#else
typedef CHAR TCHAR;
#define WINHTTP_COMPAT_TEXT(text) text
#endif
typedef TCHAR *PTSTR, *LPTSTR;
typedef const TCHAR *PCTSTR, *LPCTSTR;
#ifndef TEXT
#define TEXT(text) WINHTTP_COMPAT_TEXT(text)
#endif

/* Numbers and small macros. */

#ifndef MAX_PATH
#define MAX_PATH 260
#endif
#ifndef INFINITE
#define INFINITE 0xFFFFFFFFu
#endif
#ifndef INVALID_HANDLE_VALUE
#define INVALID_HANDLE_VALUE ((HANDLE)(intptr_t)-1)
#endif
#ifndef MAXDWORD
#define MAXDWORD 0xFFFFFFFFu
#endif
#ifndef UNREFERENCED_PARAMETER
#define UNREFERENCED_PARAMETER(parameter) ((void)(parameter))
#endif
#ifndef ARRAYSIZE
#define ARRAYSIZE(array) (sizeof(array) / sizeof((array)[0]))
#endif
#ifndef _countof
#define _countof(array) (sizeof(array) / sizeof((array)[0]))
#endif
#ifndef LOBYTE
#define LOBYTE(value) ((BYTE)((DWORD_PTR)(value) & 0xFF))
#endif
#ifndef HIBYTE
#define HIBYTE(value) ((BYTE)(((DWORD_PTR)(value) >> 8) & 0xFF))
#endif
#ifndef LOWORD
#define LOWORD(value) ((WORD)((DWORD_PTR)(value) & 0xFFFF))
#endif
#ifndef HIWORD
#define HIWORD(value) ((WORD)(((DWORD_PTR)(value) >> 16) & 0xFFFF))
#endif
#ifndef MAKEWORD
#define MAKEWORD(low, high) ((WORD)(((BYTE)(low)) | ((WORD)((BYTE)(high)) << 8)))
#endif
#ifndef ZeroMemory
#define ZeroMemory(destination, length) memset((destination), 0, (length))
#endif
#ifndef FillMemory
#define FillMemory(destination, length, value) memset((destination), (value), (length))
#endif
#ifndef CopyMemory
#define CopyMemory(destination, source, length) memcpy((destination), (source), (length))
#endif
#ifndef MoveMemory
#define MoveMemory(destination, source, length) memmove((destination), (source), (length))
#endif

/* Results of COM style: negative is failure. */

#ifndef S_OK
#define S_OK ((HRESULT)0)
#endif
#ifndef S_FALSE
#define S_FALSE ((HRESULT)1)
#endif
#ifndef E_FAIL
#define E_FAIL ((HRESULT)0x80004005)
#endif
#ifndef E_INVALIDARG
#define E_INVALIDARG ((HRESULT)0x80070057)
#endif
#ifndef E_OUTOFMEMORY
#define E_OUTOFMEMORY ((HRESULT)0x8007000E)
#endif
#ifndef SUCCEEDED
#define SUCCEEDED(result) ((HRESULT)(result) >= 0)
#endif
#ifndef FAILED
#define FAILED(result) ((HRESULT)(result) < 0)
#endif
#ifndef HRESULT_FROM_WIN32
static inline HRESULT HRESULT_FROM_WIN32(DWORD error)
{
    return error == 0 || error > 0x7FFFFFFF ? (HRESULT)error
                                            : (HRESULT)((error & 0xFFFF) | 0x80070000u);
}
#define HRESULT_FROM_WIN32 HRESULT_FROM_WIN32
#endif

/* Time. */

typedef union LARGE_INTEGER {
    __extension__ struct {
        DWORD LowPart;
        LONG HighPart;
    };
    struct {
        DWORD LowPart;
        LONG HighPart;
    } u;
    LONGLONG QuadPart;
} LARGE_INTEGER, *PLARGE_INTEGER;

/* Waits at least that long; INFINITE never returns. */
static inline void Sleep(DWORD milliseconds)
{
    struct timespec rest;
    do {
        rest.tv_sec = (time_t)(milliseconds / 1000);
        rest.tv_nsec = (int32_t)(milliseconds % 1000) * 1000000;
        while (nanosleep(&rest, &rest) != 0 && errno == EINTR) {
        }
    } while (milliseconds == INFINITE);
}

/* Milliseconds of a clock that never goes back. */
static inline ULONGLONG GetTickCount64(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (ULONGLONG)now.tv_sec * 1000 + (ULONGLONG)now.tv_nsec / 1000000;
}

static inline DWORD GetTickCount(void)
{
    return (DWORD)GetTickCount64();
}

/* The performance counter ticks every 100 nanoseconds, as on current Windows; the entries of
 * WINHTTP_REQUEST_TIMES count in it. */
static inline BOOL QueryPerformanceFrequency(LARGE_INTEGER *frequency)
{
    frequency->QuadPart = 10000000;
    return TRUE;
}

static inline BOOL QueryPerformanceCounter(LARGE_INTEGER *count)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    count->QuadPart = (LONGLONG)now.tv_sec * 10000000 + (LONGLONG)now.tv_nsec / 100;
    return TRUE;
}

/* Atomic counters. */

static inline LONG InterlockedIncrement(volatile LONG *target)
{
    return __atomic_add_fetch(target, 1, __ATOMIC_SEQ_CST);
}

static inline LONG InterlockedDecrement(volatile LONG *target)
{
    return __atomic_sub_fetch(target, 1, __ATOMIC_SEQ_CST);
}

static inline LONG InterlockedExchange(volatile LONG *target, LONG value)
{
    return __atomic_exchange_n(target, value, __ATOMIC_SEQ_CST);
}

static inline LONG InterlockedCompareExchange(volatile LONG *target, LONG value, LONG expected)
{
    __atomic_compare_exchange_n(target, &expected, value, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
    return expected;
}

/* Critical sections: locks that their owner may take again. */

typedef pthread_mutex_t CRITICAL_SECTION, *PCRITICAL_SECTION, *LPCRITICAL_SECTION;

static inline void InitializeCriticalSection(CRITICAL_SECTION *section)
{
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_RECURSIVE);
    if (pthread_mutex_init(section, &attributes) != 0)
        abort(); /* the function cannot fail on Windows */
    pthread_mutexattr_destroy(&attributes);
}

static inline BOOL InitializeCriticalSectionAndSpinCount(CRITICAL_SECTION *section, DWORD spins)
{
    (void)spins;
    InitializeCriticalSection(section);
    return TRUE;
}

static inline void EnterCriticalSection(CRITICAL_SECTION *section)
{
    pthread_mutex_lock(section);
}

static inline BOOL TryEnterCriticalSection(CRITICAL_SECTION *section)
{
    return pthread_mutex_trylock(section) == 0;
}

static inline void LeaveCriticalSection(CRITICAL_SECTION *section)
{
    pthread_mutex_unlock(section);
}

static inline void DeleteCriticalSection(CRITICAL_SECTION *section)
{
    pthread_mutex_destroy(section);
}

/* Events. */

#ifndef WAIT_OBJECT_0
#define WAIT_OBJECT_0 0
#endif
#ifndef WAIT_TIMEOUT
#define WAIT_TIMEOUT 258
#endif
#ifndef WAIT_FAILED
#define WAIT_FAILED 0xFFFFFFFFu
#endif

typedef struct SECURITY_ATTRIBUTES SECURITY_ATTRIBUTES, *LPSECURITY_ATTRIBUTES;

typedef struct WINHTTP_COMPAT_EVENT {
    WINHTTP_SHIM_EVENT head; /* what libwinhttp knows of it */
    pthread_mutex_t lock;
    pthread_cond_t changed;
    BOOL manual_reset;
    BOOL signalled;
} WINHTTP_COMPAT_EVENT;

/* The event behind a handle, or NULL with the last error set. */
static inline WINHTTP_COMPAT_EVENT *winhttp_compat_event(HANDLE handle)
{
    WINHTTP_COMPAT_EVENT *event = (WINHTTP_COMPAT_EVENT *)handle;
    if (handle == NULL || handle == INVALID_HANDLE_VALUE
        || event->head.magic != WINHTTP_SHIM_EVENT_MAGIC) {
        SetLastError(ERROR_INVALID_HANDLE);
        return NULL;
    }
    return event;
}

static inline void winhttp_compat_event_set(void *event)
{
    WINHTTP_COMPAT_EVENT *self = (WINHTTP_COMPAT_EVENT *)event;
    pthread_mutex_lock(&self->lock);
    self->signalled = TRUE;
    if (self->manual_reset)
        pthread_cond_broadcast(&self->changed);
    else
        pthread_cond_signal(&self->changed);
    pthread_mutex_unlock(&self->lock);
}

/* Makes an event, or returns NULL. Named events do not exist here: name is NULL. */
static inline HANDLE CreateEventW(
    LPSECURITY_ATTRIBUTES attributes, BOOL manual_reset, BOOL initial_state, LPCWSTR name)
{
    WINHTTP_COMPAT_EVENT *event;
    pthread_condattr_t clock;
    (void)attributes;
    if (name != NULL) {
        SetLastError(ERROR_NOT_SUPPORTED);
        return NULL;
    }
    event = (WINHTTP_COMPAT_EVENT *)calloc(1, sizeof(*event));
    if (event == NULL) {
        SetLastError(ERROR_NOT_ENOUGH_MEMORY);
        return NULL;
    }
    event->head.magic = WINHTTP_SHIM_EVENT_MAGIC;
    event->head.set = winhttp_compat_event_set;
    event->manual_reset = manual_reset;
    event->signalled = initial_state;
    pthread_mutex_init(&event->lock, NULL);
    pthread_condattr_init(&clock);
#ifndef __APPLE__
    pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
#endif
    pthread_cond_init(&event->changed, &clock);
    pthread_condattr_destroy(&clock);
    SetLastError(ERROR_SUCCESS);
    return event;
}

static inline HANDLE CreateEventA(
    LPSECURITY_ATTRIBUTES attributes, BOOL manual_reset, BOOL initial_state, LPCSTR name)
{
    static const WCHAR some_name[1] = {0};
    return CreateEventW(attributes, manual_reset, initial_state, name != NULL ? some_name : NULL);
}

#ifndef CreateEvent
#if defined(UNICODE) || defined(_UNICODE)
#define CreateEvent CreateEventW
#else
#define CreateEvent CreateEventA
#endif
#endif

static inline BOOL SetEvent(HANDLE handle)
{
    WINHTTP_COMPAT_EVENT *event = winhttp_compat_event(handle);
    if (event == NULL)
        return FALSE;
    winhttp_compat_event_set(event);
    return TRUE;
}

static inline BOOL ResetEvent(HANDLE handle)
{
    WINHTTP_COMPAT_EVENT *event = winhttp_compat_event(handle);
    if (event == NULL)
        return FALSE;
    pthread_mutex_lock(&event->lock);
    event->signalled = FALSE;
    pthread_mutex_unlock(&event->lock);
    return TRUE;
}

/* Waits until the event is set: WAIT_OBJECT_0, WAIT_TIMEOUT or WAIT_FAILED. */
static inline DWORD WaitForSingleObject(HANDLE handle, DWORD milliseconds)
{
    WINHTTP_COMPAT_EVENT *event = winhttp_compat_event(handle);
    ULONGLONG deadline;
    int waited = 0;
    BOOL signalled;
    if (event == NULL)
        return WAIT_FAILED;
    deadline = GetTickCount64() + milliseconds;
    pthread_mutex_lock(&event->lock);
    while (!event->signalled && waited == 0) {
        struct timespec until;
        ULONGLONG at = deadline;
        if (milliseconds == INFINITE) {
            pthread_cond_wait(&event->changed, &event->lock);
            continue;
        }
#ifdef __APPLE__
        at = GetTickCount64();
        at = at < deadline ? deadline - at : 0; /* what is left */
#endif
        until.tv_sec = (time_t)(at / 1000);
        until.tv_nsec = (int32_t)(at % 1000) * 1000000;
#ifdef __APPLE__
        waited = pthread_cond_timedwait_relative_np(&event->changed, &event->lock, &until);
#else
        waited = pthread_cond_timedwait(&event->changed, &event->lock, &until);
#endif
    }
    signalled = event->signalled;
    if (!event->manual_reset)
        event->signalled = FALSE;
    pthread_mutex_unlock(&event->lock);
    return signalled ? WAIT_OBJECT_0 : WAIT_TIMEOUT;
}

/* Closes an event; nobody may wait for it, or still be about to signal it. */
static inline BOOL CloseHandle(HANDLE handle)
{
    WINHTTP_COMPAT_EVENT *event = winhttp_compat_event(handle);
    if (event == NULL)
        return FALSE;
    event->head.magic = 0;
    pthread_cond_destroy(&event->changed);
    pthread_mutex_destroy(&event->lock);
    free(event);
    return TRUE;
}

#ifdef __cplusplus
}
#endif

#endif
