/* Exercises the threads, waits and locks of compat/windows.h. Exit code 0: all hold. */
#include "compat_check.h"

#define PATIENCE 60000

typedef struct SHARED {
    SRWLOCK lock;
    CRITICAL_SECTION section;
    CONDITION_VARIABLE changed;
    HANDLE event;
    volatile LONG counter;
    DWORD seen_id;
    BOOL ready;
} SHARED;

static DWORD WINAPI set_and_end(LPVOID parameter)
{
    SHARED *shared = (SHARED *)parameter;
    shared->seen_id = GetCurrentThreadId();
    SetEvent(shared->event);
    return 42;
}

static void threads_are_waited_for_and_have_an_exit_code(void)
{
    SHARED shared;
    HANDLE thread, gate = CreateEventW(NULL, TRUE, FALSE, NULL);
    DWORD id = 0, code = 0;
    shared.event = gate;
    thread = CreateThread(NULL, 0, set_and_end, &shared, 0, &id);
    CHECK(thread != NULL && id != 0 && id != GetCurrentThreadId());
    CHECK(WaitForSingleObject(thread, PATIENCE) == WAIT_OBJECT_0);
    CHECK(WaitForSingleObject(thread, 0) == WAIT_OBJECT_0);
    CHECK(GetExitCodeThread(thread, &code) && code == 42 && shared.seen_id == id);
    CHECK(GetThreadId(thread) == id && !SetEvent(thread) && !GetExitCodeThread(gate, &code));
    CHECK(CloseHandle(thread));
    CHECK(FAILS_WITH(CreateThread(NULL, 0, set_and_end, &shared, CREATE_SUSPENDED, NULL) != NULL,
        ERROR_NOT_SUPPORTED));
    CHECK(CloseHandle(gate));
}

static DWORD WINAPI wait_for_event(LPVOID parameter)
{
    return WaitForSingleObject(((SHARED *)parameter)->event, PATIENCE);
}

static void running_threads_are_still_active(void)
{
    SHARED shared;
    HANDLE thread;
    DWORD code = 0;
    shared.event = CreateEventW(NULL, FALSE, FALSE, NULL);
    thread = CreateThread(NULL, 0x10000, wait_for_event, &shared, 0, NULL);
    CHECK(GetExitCodeThread(thread, &code) && code == STILL_ACTIVE);
    CHECK(WaitForSingleObject(thread, 1) == WAIT_TIMEOUT);
    CHECK(SetEvent(shared.event) && WaitForSingleObject(thread, PATIENCE) == WAIT_OBJECT_0);
    CHECK(GetExitCodeThread(thread, &code) && code == WAIT_OBJECT_0);
    CHECK(CloseHandle(thread) && CloseHandle(shared.event));
}

static void waiting_for_any_gives_the_first_index_and_takes_only_that(void)
{
    HANDLE events[3];
    DWORD index;
    for (index = 0; index < 3; index++)
        events[index] = CreateEventW(NULL, FALSE, index != 0, NULL);
    CHECK(WaitForMultipleObjects(3, events, FALSE, INFINITE) == WAIT_OBJECT_0 + 1);
    CHECK(WaitForMultipleObjects(3, events, FALSE, INFINITE) == WAIT_OBJECT_0 + 2);
    CHECK(WaitForMultipleObjects(3, events, FALSE, 1) == WAIT_TIMEOUT);
    for (index = 0; index < 3; index++)
        CHECK(CloseHandle(events[index]));
}

static void waiting_for_all_takes_everything_or_nothing(void)
{
    HANDLE events[2], same[2];
    events[0] = CreateEventW(NULL, FALSE, TRUE, NULL);
    events[1] = CreateEventW(NULL, FALSE, FALSE, NULL);
    same[0] = same[1] = events[0];
    CHECK(WaitForMultipleObjects(2, events, TRUE, 1) == WAIT_TIMEOUT);
    CHECK(SetEvent(events[1]) && WaitForMultipleObjects(2, events, TRUE, 0) == WAIT_OBJECT_0);
    CHECK(WaitForMultipleObjects(2, events, FALSE, 0) == WAIT_TIMEOUT);
    CHECK(WaitForMultipleObjects(2, same, TRUE, 0) == WAIT_FAILED);
    CHECK(GetLastError() == ERROR_INVALID_PARAMETER);
    CHECK(WaitForMultipleObjects(0, events, FALSE, 0) == WAIT_FAILED);
    CHECK(WaitForMultipleObjects(MAXIMUM_WAIT_OBJECTS + 1, events, FALSE, 0) == WAIT_FAILED);
    CHECK(CloseHandle(events[0]) && CloseHandle(events[1]));
}

static DWORD WINAPI count_up(LPVOID parameter)
{
    SHARED *shared = (SHARED *)parameter;
    int turn;
    for (turn = 0; turn < 1000; turn++) {
        AcquireSRWLockExclusive(&shared->lock);
        shared->counter = shared->counter + 1;
        ReleaseSRWLockExclusive(&shared->lock);
    }
    return 0;
}

static void all_threads_end_and_the_lock_let_one_in_at_a_time(void)
{
    SHARED shared;
    HANDLE threads[4];
    DWORD index;
    InitializeSRWLock(&shared.lock);
    shared.counter = 0;
    for (index = 0; index < 4; index++)
        threads[index] = CreateThread(NULL, 0, count_up, &shared, 0, NULL);
    CHECK(WaitForMultipleObjects(4, threads, TRUE, PATIENCE) == WAIT_OBJECT_0);
    CHECK(shared.counter == 4000);
    for (index = 0; index < 4; index++)
        CHECK(CloseHandle(threads[index]));
    AcquireSRWLockShared(&shared.lock);
    CHECK(TryAcquireSRWLockShared(&shared.lock) && !TryAcquireSRWLockExclusive(&shared.lock));
    ReleaseSRWLockShared(&shared.lock);
    ReleaseSRWLockShared(&shared.lock);
}

static DWORD WINAPI get_ready(LPVOID parameter)
{
    SHARED *shared = (SHARED *)parameter;
    EnterCriticalSection(&shared->section);
    AcquireSRWLockExclusive(&shared->lock);
    shared->ready = TRUE;
    ReleaseSRWLockExclusive(&shared->lock);
    LeaveCriticalSection(&shared->section);
    WakeAllConditionVariable(&shared->changed);
    return 0;
}

static void condition_variables_release_their_lock_and_wake(void)
{
    static CONDITION_VARIABLE unused = CONDITION_VARIABLE_INIT;
    static SRWLOCK own = SRWLOCK_INIT;
    SHARED shared;
    HANDLE thread;
    int round;
    InitializeConditionVariable(&shared.changed);
    InitializeCriticalSection(&shared.section);
    InitializeSRWLock(&shared.lock);
    for (round = 0; round < 2; round++) {
        shared.ready = FALSE;
        if (round == 0)
            EnterCriticalSection(&shared.section);
        else
            AcquireSRWLockShared(&shared.lock);
        thread = CreateThread(NULL, 0, get_ready, &shared, 0, NULL);
        while (!shared.ready)
            CHECK(round == 0 ? SleepConditionVariableCS(&shared.changed, &shared.section, PATIENCE)
                             : SleepConditionVariableSRW(&shared.changed, &shared.lock, PATIENCE,
                                 CONDITION_VARIABLE_LOCKMODE_SHARED));
        if (round == 0)
            LeaveCriticalSection(&shared.section);
        else
            ReleaseSRWLockShared(&shared.lock);
        CHECK(WaitForSingleObject(thread, PATIENCE) == WAIT_OBJECT_0 && CloseHandle(thread));
    }
    AcquireSRWLockExclusive(&own);
    WakeConditionVariable(&unused); /* is not remembered */
    CHECK(FAILS_WITH(SleepConditionVariableSRW(&unused, &own, 1, 0), ERROR_TIMEOUT));
    ReleaseSRWLockExclusive(&own);
    DeleteCriticalSection(&shared.section);
}

static void semaphores_count_and_mutexes_have_an_owner(void)
{
    SHARED shared;
    HANDLE semaphore = CreateSemaphoreW(NULL, 1, 2, NULL);
    HANDLE thread;
    DWORD code;
    LONG before = -1;
    CHECK(WaitForSingleObject(semaphore, 0) == WAIT_OBJECT_0);
    CHECK(WaitForSingleObject(semaphore, 0) == WAIT_TIMEOUT);
    CHECK(ReleaseSemaphore(semaphore, 2, &before) && before == 0);
    CHECK(FAILS_WITH(ReleaseSemaphore(semaphore, 1, NULL), ERROR_TOO_MANY_POSTS));
    CHECK(CloseHandle(semaphore));
    shared.event = CreateMutexW(NULL, TRUE, NULL);
    CHECK(WaitForSingleObject(shared.event, 0) == WAIT_OBJECT_0);
    thread = CreateThread(NULL, 0, wait_for_event, &shared, 0, NULL);
    CHECK(ReleaseMutex(shared.event) && WaitForSingleObject(thread, 1) == WAIT_TIMEOUT);
    CHECK(ReleaseMutex(shared.event) && WaitForSingleObject(thread, PATIENCE) == WAIT_OBJECT_0);
    CHECK(GetExitCodeThread(thread, &code) && code == WAIT_OBJECT_0);
    CHECK(FAILS_WITH(ReleaseMutex(shared.event), ERROR_NOT_OWNER));
    CHECK(CloseHandle(thread) && CloseHandle(shared.event));
}

static void atomic_operations_give_the_values_of_windows(void)
{
    volatile LONG number = 5;
    int one = 1, other = 2;
    PVOID volatile pointer = &one;
    CHECK(InterlockedExchangeAdd(&number, 2) == 5 && InterlockedAdd(&number, 3) == 10);
    CHECK(InterlockedExchangePointer(&pointer, &other) == &one);
    CHECK(InterlockedCompareExchangePointer(&pointer, &one, NULL) == &other && pointer == &other);
    CHECK(InterlockedCompareExchangePointer(&pointer, &one, &other) == &other && pointer == &one);
}

int main(void)
{
    threads_are_waited_for_and_have_an_exit_code();
    running_threads_are_still_active();
    waiting_for_any_gives_the_first_index_and_takes_only_that();
    waiting_for_all_takes_everything_or_nothing();
    all_threads_end_and_the_lock_let_one_in_at_a_time();
    condition_variables_release_their_lock_and_wake();
    semaphores_count_and_mutexes_have_an_owner();
    atomic_operations_give_the_values_of_windows();
    return 0;
}
