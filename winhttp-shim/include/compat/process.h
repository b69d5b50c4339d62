/* process.h - threads and the process, by the names of Microsoft's C library.
 *
 * Licence: MIT OR Apache-2.0.
 */
#ifndef WINHTTP_SHIM_COMPAT_PROCESS_H
#define WINHTTP_SHIM_COMPAT_PROCESS_H

#include "windows.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef unsigned(__stdcall *_beginthreadex_proc_type)(void *parameter);
typedef void(__cdecl *_beginthread_proc_type)(void *parameter);

/* CreateThread; 0 with errno where it failed. */
static inline uintptr_t _beginthreadex(void *attributes, unsigned stack_size,
    _beginthreadex_proc_type routine, void *parameter, unsigned flags, unsigned *thread_id)
{
    HANDLE thread = CreateThread((LPSECURITY_ATTRIBUTES)attributes, stack_size, routine, parameter,
        flags, thread_id);
    if (thread == NULL)
        winhttp_compat_crt_error(GetLastError() == ERROR_NOT_ENOUGH_MEMORY ? EAGAIN : EINVAL);
    return (uintptr_t)thread;
}

/* What _beginthread tells its thread. */
typedef struct WINHTTP_COMPAT_BEGIN {
    _beginthread_proc_type routine;
    void *parameter;
} WINHTTP_COMPAT_BEGIN;

static inline DWORD WINAPI winhttp_compat_begin(LPVOID parameter)
{
    WINHTTP_COMPAT_BEGIN begin = *(WINHTTP_COMPAT_BEGIN *)parameter;
    free(parameter);
    begin.routine(begin.parameter);
    return 0;
}

/* The handle closes itself: it is good for nothing but a comparison with -1, which is failure. */
static inline uintptr_t _beginthread(
    _beginthread_proc_type routine, unsigned stack_size, void *parameter)
{
    WINHTTP_COMPAT_BEGIN *begin = (WINHTTP_COMPAT_BEGIN *)malloc(sizeof(*begin));
    HANDLE thread = NULL;
    if (routine == NULL || begin == NULL) {
        free(begin);
        winhttp_compat_crt_error(routine == NULL ? EINVAL : EAGAIN);
        return (uintptr_t)-1;
    }
    begin->routine = routine;
    begin->parameter = parameter;
    thread = CreateThread(NULL, stack_size, winhttp_compat_begin, begin, 0, NULL);
    if (thread == NULL) {
        free(begin);
        winhttp_compat_crt_error(EAGAIN);
        return (uintptr_t)-1;
    }
    CloseHandle(thread);
    return (uintptr_t)thread;
}

/* End the calling thread, which CreateThread or its relatives made. In C++ destructors run. */

__attribute__((noreturn)) static inline void _endthreadex(unsigned exit_code)
{
    winhttp_compat_thread_leave(exit_code);
}

__attribute__((noreturn)) static inline void _endthread(void)
{
    winhttp_compat_thread_leave(0);
}

static inline int _getpid(void)
{
    return (int)getpid();
}

#ifdef __cplusplus
}
#endif

#endif
