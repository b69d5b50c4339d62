/* win32_sync.h - atomic numbers and locks between threads.
 *
 * Licence: MIT OR Apache-2.0.
 *
 * Initialise locks before use, as on Windows; a lock of zero bytes works on Linux, but not on macOS.
 */
#ifndef WINHTTP_SHIM_COMPAT_WIN32_SYNC_H
#define WINHTTP_SHIM_COMPAT_WIN32_SYNC_H

#include "win32_error.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Atomic numbers: every operation is a full barrier. */

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

/* Returns the value before. */
static inline LONG InterlockedExchangeAdd(volatile LONG *target, LONG value)
{
    return __atomic_fetch_add(target, value, __ATOMIC_SEQ_CST);
}

/* Returns the value after. */
static inline LONG InterlockedAdd(volatile LONG *target, LONG value)
{
    return __atomic_add_fetch(target, value, __ATOMIC_SEQ_CST);
}

static inline LONG64 InterlockedIncrement64(volatile LONG64 *target)
{
    return __atomic_add_fetch(target, 1, __ATOMIC_SEQ_CST);
}

static inline LONG64 InterlockedDecrement64(volatile LONG64 *target)
{
    return __atomic_sub_fetch(target, 1, __ATOMIC_SEQ_CST);
}

static inline LONG64 InterlockedExchangeAdd64(volatile LONG64 *target, LONG64 value)
{
    return __atomic_fetch_add(target, value, __ATOMIC_SEQ_CST);
}

static inline PVOID InterlockedExchangePointer(PVOID volatile *target, PVOID value)
{
    return __atomic_exchange_n(target, value, __ATOMIC_SEQ_CST);
}

static inline PVOID InterlockedCompareExchangePointer(
    PVOID volatile *target, PVOID value, PVOID expected)
{
    __atomic_compare_exchange_n(target, &expected, value, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
    return expected;
}

#ifndef MemoryBarrier
#define MemoryBarrier() __atomic_thread_fence(__ATOMIC_SEQ_CST)
#endif

/* Critical sections: locks that their owner may take again. */

typedef struct _RTL_CRITICAL_SECTION {
    pthread_mutex_t lock;
} CRITICAL_SECTION, *PCRITICAL_SECTION, *LPCRITICAL_SECTION;

static inline void InitializeCriticalSection(CRITICAL_SECTION *section)
{
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_RECURSIVE);
    if (pthread_mutex_init(&section->lock, &attributes) != 0)
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
    pthread_mutex_lock(&section->lock);
}

static inline BOOL TryEnterCriticalSection(CRITICAL_SECTION *section)
{
    return pthread_mutex_trylock(&section->lock) == 0;
}

static inline void LeaveCriticalSection(CRITICAL_SECTION *section)
{
    pthread_mutex_unlock(&section->lock);
}

static inline void DeleteCriticalSection(CRITICAL_SECTION *section)
{
    pthread_mutex_destroy(&section->lock);
}

/* Slim locks: larger than a pointer here, and as on Windows not to be taken twice by a thread. */

typedef struct _RTL_SRWLOCK {
    pthread_rwlock_t lock;
} SRWLOCK, *PSRWLOCK;
#define SRWLOCK_INIT { PTHREAD_RWLOCK_INITIALIZER }

static inline void InitializeSRWLock(SRWLOCK *lock)
{
    if (pthread_rwlock_init(&lock->lock, NULL) != 0)
        abort(); /* the function cannot fail on Windows */
}

static inline void AcquireSRWLockExclusive(SRWLOCK *lock)
{
    pthread_rwlock_wrlock(&lock->lock);
}

static inline void AcquireSRWLockShared(SRWLOCK *lock)
{
    pthread_rwlock_rdlock(&lock->lock);
}

static inline BOOLEAN TryAcquireSRWLockExclusive(SRWLOCK *lock)
{
    return pthread_rwlock_trywrlock(&lock->lock) == 0;
}

static inline BOOLEAN TryAcquireSRWLockShared(SRWLOCK *lock)
{
    return pthread_rwlock_tryrdlock(&lock->lock) == 0;
}

static inline void ReleaseSRWLockExclusive(SRWLOCK *lock)
{
    pthread_rwlock_unlock(&lock->lock);
}

static inline void ReleaseSRWLockShared(SRWLOCK *lock)
{
    pthread_rwlock_unlock(&lock->lock);
}

/* Sleepers: what condition variables and the waits of win32_wait.h have in common. A sleeping thread
 * has one, and links it into the list of everything that may wake it. Whoever owns a list holds its
 * lock for every use of the list, waking included: a sleeper that unlinked itself is its own again. */

typedef struct WINHTTP_COMPAT_SLEEPER {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    BOOL woken;
} WINHTTP_COMPAT_SLEEPER;

typedef struct WINHTTP_COMPAT_LINK {
    WINHTTP_COMPAT_SLEEPER *sleeper;
    struct WINHTTP_COMPAT_LINK *next;
    struct WINHTTP_COMPAT_LINK **owner; /* what points to this link; NULL: not in a list */
} WINHTTP_COMPAT_LINK;

static inline void winhttp_compat_sleeper_begin(WINHTTP_COMPAT_SLEEPER *sleeper)
{
    pthread_condattr_t clock;
    pthread_mutex_init(&sleeper->lock, NULL);
    pthread_condattr_init(&clock);
#ifndef __APPLE__
    pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
#endif
    pthread_cond_init(&sleeper->changed, &clock);
    pthread_condattr_destroy(&clock);
    sleeper->woken = FALSE;
}

static inline void winhttp_compat_sleeper_end(WINHTTP_COMPAT_SLEEPER *sleeper)
{
    pthread_cond_destroy(&sleeper->changed);
    pthread_mutex_destroy(&sleeper->lock);
}

/* Appends, so that who came first is woken first. */
static inline void winhttp_compat_link(
    WINHTTP_COMPAT_LINK **list, WINHTTP_COMPAT_LINK *link, WINHTTP_COMPAT_SLEEPER *sleeper)
{
    while (*list != NULL)
        list = &(*list)->next;
    link->sleeper = sleeper;
    link->next = NULL;
    link->owner = list;
    *list = link;
}

static inline void winhttp_compat_unlink(WINHTTP_COMPAT_LINK *link)
{
    if (link->owner == NULL)
        return;
    *link->owner = link->next;
    if (link->next != NULL)
        link->next->owner = link->owner;
    link->owner = NULL;
}

static inline void winhttp_compat_wake(WINHTTP_COMPAT_SLEEPER *sleeper)
{
    pthread_mutex_lock(&sleeper->lock);
    sleeper->woken = TRUE;
    pthread_cond_signal(&sleeper->changed);
    pthread_mutex_unlock(&sleeper->lock);
}

/* The time on the clock that never goes back after so many milliseconds. */
static inline struct timespec winhttp_compat_deadline(DWORD milliseconds)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    at.tv_sec += (time_t)(milliseconds / 1000);
    at.tv_nsec += (int32_t)(milliseconds % 1000) * 1000000;
    if (at.tv_nsec >= 1000000000) {
        at.tv_sec += 1;
        at.tv_nsec -= 1000000000;
    }
    return at;
}

/* Sleeps until woken; FALSE: the deadline came first. A deadline of NULL never comes. */
static inline BOOL winhttp_compat_sleep(
    WINHTTP_COMPAT_SLEEPER *sleeper, const struct timespec *deadline)
{
    BOOL woken;
    int waited = 0;
    pthread_mutex_lock(&sleeper->lock);
    while (!sleeper->woken && waited == 0) {
        if (deadline == NULL) {
            pthread_cond_wait(&sleeper->changed, &sleeper->lock);
        } else {
#ifdef __APPLE__
            struct timespec left, now;
            clock_gettime(CLOCK_MONOTONIC, &now);
            left.tv_sec = deadline->tv_sec - now.tv_sec;
            left.tv_nsec = deadline->tv_nsec - now.tv_nsec;
            if (left.tv_nsec < 0) {
                left.tv_sec -= 1;
                left.tv_nsec += 1000000000;
            }
            waited = left.tv_sec < 0 ? ETIMEDOUT
                                     : pthread_cond_timedwait_relative_np(
                                           &sleeper->changed, &sleeper->lock, &left);
#else
            waited = pthread_cond_timedwait(&sleeper->changed, &sleeper->lock, deadline);
#endif
        }
    }
    woken = sleeper->woken;
    sleeper->woken = FALSE;
    pthread_mutex_unlock(&sleeper->lock);
    return woken;
}

/* Condition variables: they wake in the order of arrival, and never without a reason. */

typedef struct _RTL_CONDITION_VARIABLE {
    pthread_mutex_t lock;
    WINHTTP_COMPAT_LINK *sleepers;
} CONDITION_VARIABLE, *PCONDITION_VARIABLE;
#define CONDITION_VARIABLE_INIT { PTHREAD_MUTEX_INITIALIZER, NULL }
#define CONDITION_VARIABLE_LOCKMODE_SHARED 0x1

static inline void InitializeConditionVariable(CONDITION_VARIABLE *variable)
{
    pthread_mutex_init(&variable->lock, NULL);
    variable->sleepers = NULL;
}

static inline void WakeConditionVariable(CONDITION_VARIABLE *variable)
{
    pthread_mutex_lock(&variable->lock);
    if (variable->sleepers != NULL) {
        WINHTTP_COMPAT_LINK *first = variable->sleepers;
        winhttp_compat_unlink(first);
        winhttp_compat_wake(first->sleeper);
    }
    pthread_mutex_unlock(&variable->lock);
}

static inline void WakeAllConditionVariable(CONDITION_VARIABLE *variable)
{
    pthread_mutex_lock(&variable->lock);
    while (variable->sleepers != NULL) {
        WINHTTP_COMPAT_LINK *first = variable->sleepers;
        winhttp_compat_unlink(first);
        winhttp_compat_wake(first->sleeper);
    }
    pthread_mutex_unlock(&variable->lock);
}

/* Releases the one lock that is not NULL, sleeps, and takes it again. */
static inline BOOL winhttp_compat_sleep_on(CONDITION_VARIABLE *variable, CRITICAL_SECTION *section,
    SRWLOCK *lock, BOOL shared, DWORD milliseconds)
{
    WINHTTP_COMPAT_SLEEPER sleeper;
    WINHTTP_COMPAT_LINK link;
    struct timespec deadline = winhttp_compat_deadline(milliseconds);
    BOOL woken;
    winhttp_compat_sleeper_begin(&sleeper);
    pthread_mutex_lock(&variable->lock);
    winhttp_compat_link(&variable->sleepers, &link, &sleeper);
    pthread_mutex_unlock(&variable->lock);
    if (section != NULL)
        LeaveCriticalSection(section);
    else
        pthread_rwlock_unlock(&lock->lock);
    winhttp_compat_sleep(&sleeper, milliseconds == INFINITE ? NULL : &deadline);
    pthread_mutex_lock(&variable->lock);
    woken = link.owner == NULL;
    winhttp_compat_unlink(&link);
    pthread_mutex_unlock(&variable->lock);
    winhttp_compat_sleeper_end(&sleeper);
    if (section != NULL)
        EnterCriticalSection(section);
    else if (shared)
        AcquireSRWLockShared(lock);
    else
        AcquireSRWLockExclusive(lock);
    if (!woken)
        SetLastError(ERROR_TIMEOUT);
    return woken;
}

/* The section must have been entered once. */
static inline BOOL SleepConditionVariableCS(
    CONDITION_VARIABLE *variable, CRITICAL_SECTION *section, DWORD milliseconds)
{
    return winhttp_compat_sleep_on(variable, section, NULL, FALSE, milliseconds);
}

static inline BOOL SleepConditionVariableSRW(
    CONDITION_VARIABLE *variable, SRWLOCK *lock, DWORD milliseconds, ULONG flags)
{
    BOOL shared = (flags & CONDITION_VARIABLE_LOCKMODE_SHARED) != 0;
    return winhttp_compat_sleep_on(variable, NULL, lock, shared, milliseconds);
}

#ifdef __cplusplus
}
#endif

#endif
