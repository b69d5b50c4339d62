/* Exercises the events, locks and clocks of compat/windows.h. Exit code 0: all hold. */
#include "compat/windows.h"

#include <stdio.h>

#define CHECK(condition)                                                  \
    do {                                                                  \
        if (!(condition)) {                                               \
            fprintf(stderr, "line %d: %s\n", __LINE__, #condition);       \
            return 1;                                                     \
        }                                                                 \
    } while (0)

/* The last error, which libwinhttp has in a real program; one thread of this one uses it. */
static DWORD last_error;

DWORD WINAPI GetLastError(void)
{
    return last_error;
}

void WINAPI SetLastError(DWORD error)
{
    last_error = error;
}

/* What libwinhttp does with the event of WINHTTP_OPTION_UNLOAD_NOTIFY_EVENT. */
static void *signal_as_the_library_does(void *handle)
{
    WINHTTP_SHIM_EVENT *event = (WINHTTP_SHIM_EVENT *)handle;
    if (event->magic == WINHTTP_SHIM_EVENT_MAGIC)
        event->set(event);
    return NULL;
}

static int auto_reset_events_release_one_wait(void)
{
    HANDLE event = CreateEventW(NULL, FALSE, FALSE, NULL);
    CHECK(event != NULL);
    CHECK(WaitForSingleObject(event, 0) == WAIT_TIMEOUT);
    CHECK(SetEvent(event));
    CHECK(WaitForSingleObject(event, 0) == WAIT_OBJECT_0);
    CHECK(WaitForSingleObject(event, 1) == WAIT_TIMEOUT);
    CHECK(CloseHandle(event));
    return 0;
}

static int manual_reset_events_stay_set(void)
{
    HANDLE event = CreateEventW(NULL, TRUE, TRUE, NULL);
    CHECK(event != NULL);
    CHECK(WaitForSingleObject(event, INFINITE) == WAIT_OBJECT_0);
    CHECK(WaitForSingleObject(event, 0) == WAIT_OBJECT_0);
    CHECK(ResetEvent(event));
    CHECK(WaitForSingleObject(event, 0) == WAIT_TIMEOUT);
    CHECK(CloseHandle(event));
    return 0;
}

static int another_thread_signals_through_the_documented_structure(void)
{
    HANDLE event = CreateEventW(NULL, TRUE, FALSE, NULL);
    pthread_t thread;
    CHECK(event != NULL);
    CHECK(pthread_create(&thread, NULL, signal_as_the_library_does, event) == 0);
    CHECK(WaitForSingleObject(event, 60000) == WAIT_OBJECT_0);
    CHECK(pthread_join(thread, NULL) == 0);
    CHECK(CloseHandle(event));
    return 0;
}

static int what_is_no_event_is_refused(void)
{
    static const WCHAR name[] = {'n', 0};
    CHECK(!SetEvent(NULL) && GetLastError() == ERROR_INVALID_HANDLE);
    CHECK(WaitForSingleObject(INVALID_HANDLE_VALUE, 0) == WAIT_FAILED);
    CHECK(CreateEventW(NULL, TRUE, FALSE, name) == NULL);
    CHECK(GetLastError() == ERROR_NOT_SUPPORTED);
    CHECK(CreateEventA(NULL, TRUE, FALSE, "n") == NULL);
    return 0;
}

static int owners_enter_critical_sections_again(void)
{
    CRITICAL_SECTION section;
    InitializeCriticalSection(&section);
    EnterCriticalSection(&section);
    CHECK(TryEnterCriticalSection(&section));
    LeaveCriticalSection(&section);
    LeaveCriticalSection(&section);
    DeleteCriticalSection(&section);
    return 0;
}

static int numbers_are_those_of_windows(void)
{
    volatile LONG counter = 0;
    LARGE_INTEGER count, later;
    ULONGLONG begin = GetTickCount64();
    CHECK(HRESULT_FROM_WIN32(12002) == (HRESULT)0x80072EE2);
    CHECK(HRESULT_FROM_WIN32(0) == S_OK && SUCCEEDED(S_FALSE) && FAILED(E_FAIL));
    CHECK(LOWORD(0x12345678) == 0x5678 && HIWORD(0x12345678) == 0x1234);
    CHECK(InterlockedIncrement(&counter) == 1 && InterlockedDecrement(&counter) == 0);
    CHECK(InterlockedCompareExchange(&counter, 7, 0) == 0 && InterlockedExchange(&counter, 1) == 7);
    CHECK(QueryPerformanceFrequency(&count) && count.QuadPart == 10000000);
    CHECK(QueryPerformanceCounter(&count));
    Sleep(1);
    CHECK(QueryPerformanceCounter(&later) && later.QuadPart - count.QuadPart >= 10000);
    CHECK(GetTickCount64() >= begin);
    return 0;
}

int main(void)
{
    return auto_reset_events_release_one_wait() || manual_reset_events_stay_set()
        || another_thread_signals_through_the_documented_structure()
        || what_is_no_event_is_refused() || owners_enter_critical_sections_again()
        || numbers_are_those_of_windows();
}
