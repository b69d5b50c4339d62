/* win32_wait.h - events, mutexes and semaphores, and waiting for them and for threads.
 *
 * Licence: MIT OR Apache-2.0.
 *
 * Nothing has a name and nothing is inherited: security attributes are ignored, names refused. */
#ifndef WINHTTP_SHIM_COMPAT_WIN32_WAIT_H
#define WINHTTP_SHIM_COMPAT_WIN32_WAIT_H

#include "win32_sync.h"
#include "winhttp_event.h"

#ifdef __cplusplus
extern "C" {
#endif

#ifndef WAIT_OBJECT_0
#define WAIT_OBJECT_0 0
#endif
#ifndef WAIT_ABANDONED
#define WAIT_ABANDONED 0x80
#endif
#ifndef WAIT_ABANDONED_0
#define WAIT_ABANDONED_0 0x80
#endif
#ifndef WAIT_TIMEOUT
#define WAIT_TIMEOUT 258
#endif
#ifndef WAIT_FAILED
#define WAIT_FAILED 0xFFFFFFFFu
#endif
#ifndef MAXIMUM_WAIT_OBJECTS
#define MAXIMUM_WAIT_OBJECTS 64
#endif

typedef struct _SECURITY_ATTRIBUTES {
    DWORD nLength;
    LPVOID lpSecurityDescriptor;
    BOOL bInheritHandle;
} SECURITY_ATTRIBUTES, *PSECURITY_ATTRIBUTES, *LPSECURITY_ATTRIBUTES;

typedef DWORD(WINAPI *PTHREAD_START_ROUTINE)(LPVOID parameter);
typedef PTHREAD_START_ROUTINE LPTHREAD_START_ROUTINE;

/* What is behind a handle. */

/* "WHOBJCT1": waitable, but no event, so libwinhttp refuses it. */
#define WINHTTP_COMPAT_OBJECT_MAGIC 0x57484F424A435431ull

typedef enum WINHTTP_COMPAT_KIND {
    WINHTTP_COMPAT_AUTO_EVENT,
    WINHTTP_COMPAT_MANUAL_EVENT,
    WINHTTP_COMPAT_SEMAPHORE,
    WINHTTP_COMPAT_MUTEX,
    WINHTTP_COMPAT_THREAD
} WINHTTP_COMPAT_KIND;

typedef struct WINHTTP_COMPAT_OBJECT {
    WINHTTP_SHIM_EVENT head; /* what libwinhttp knows of it */
    WINHTTP_COMPAT_KIND kind;
    LONG references; /* the handle, and a thread while it runs */
    pthread_mutex_t lock;
    WINHTTP_COMPAT_LINK *sleepers;
    LONG count; /* waits that succeed now; of a mutex: how often its owner took it */
    LONG count_max;
    pthread_t owner; /* of a mutex */
    LPTHREAD_START_ROUTINE routine;
    LPVOID parameter;
    DWORD thread_id;
    DWORD exit_code;
} WINHTTP_COMPAT_OBJECT;

/* The object behind a handle, or NULL with the last error set. */
static inline WINHTTP_COMPAT_OBJECT *winhttp_compat_object(HANDLE handle)
{
    WINHTTP_COMPAT_OBJECT *object = (WINHTTP_COMPAT_OBJECT *)handle;
    if (handle == NULL || handle == INVALID_HANDLE_VALUE
        || (object->head.magic != WINHTTP_SHIM_EVENT_MAGIC
            && object->head.magic != WINHTTP_COMPAT_OBJECT_MAGIC)) {
        SetLastError(ERROR_INVALID_HANDLE);
        return NULL;
    }
    return object;
}

/* The same, for one kind or another. */
static inline WINHTTP_COMPAT_OBJECT *winhttp_compat_object_of(
    HANDLE handle, WINHTTP_COMPAT_KIND one, WINHTTP_COMPAT_KIND other)
{
    WINHTTP_COMPAT_OBJECT *object = winhttp_compat_object(handle);
    if (object != NULL && object->kind != one && object->kind != other) {
        SetLastError(ERROR_INVALID_HANDLE);
        return NULL;
    }
    return object;
}

static inline WINHTTP_COMPAT_OBJECT *winhttp_compat_new(WINHTTP_COMPAT_KIND kind, BOOL named)
{
    WINHTTP_COMPAT_OBJECT *object;
    if (named) {
        SetLastError(ERROR_NOT_SUPPORTED);
        return NULL;
    }
    object = (WINHTTP_COMPAT_OBJECT *)calloc(1, sizeof(*object));
    if (object == NULL) {
        SetLastError(ERROR_NOT_ENOUGH_MEMORY);
        return NULL;
    }
    object->head.magic = WINHTTP_COMPAT_OBJECT_MAGIC;
    object->kind = kind;
    object->references = 1;
    object->count_max = 1;
    pthread_mutex_init(&object->lock, NULL);
    SetLastError(ERROR_SUCCESS);
    return object;
}

static inline void winhttp_compat_release(WINHTTP_COMPAT_OBJECT *object)
{
    if (__atomic_sub_fetch(&object->references, 1, __ATOMIC_ACQ_REL) != 0)
        return;
    object->head.magic = 0;
    pthread_mutex_destroy(&object->lock);
    free(object);
}

/* Lets every sleeper look again; the object is locked. */
static inline void winhttp_compat_wake_sleepers(WINHTTP_COMPAT_OBJECT *object)
{
    WINHTTP_COMPAT_LINK *link;
    for (link = object->sleepers; link != NULL; link = link->next)
        winhttp_compat_wake(link->sleeper);
}

/* Waiting. */

/* Whether a wait would succeed now; the object is locked. */
static inline BOOL winhttp_compat_is_signalled(const WINHTTP_COMPAT_OBJECT *object)
{
    if (object->kind == WINHTTP_COMPAT_MUTEX)
        return object->count == 0 || pthread_equal(object->owner, pthread_self());
    return object->count > 0;
}

/* What a successful wait does to the object, which is locked. */
static inline void winhttp_compat_take(WINHTTP_COMPAT_OBJECT *object)
{
    if (object->kind == WINHTTP_COMPAT_MUTEX) {
        object->owner = pthread_self();
        object->count++;
    } else if (object->kind == WINHTTP_COMPAT_AUTO_EVENT
        || object->kind == WINHTTP_COMPAT_SEMAPHORE) {
        object->count--;
    }
}

/* The first object that is signalled, taken; or count. */
static inline DWORD winhttp_compat_take_any(DWORD count, WINHTTP_COMPAT_OBJECT *const *objects)
{
    DWORD index;
    for (index = 0; index < count; index++) {
        WINHTTP_COMPAT_OBJECT *object = objects[index];
        BOOL taken;
        pthread_mutex_lock(&object->lock);
        taken = winhttp_compat_is_signalled(object);
        if (taken)
            winhttp_compat_take(object);
        pthread_mutex_unlock(&object->lock);
        if (taken)
            break;
    }
    return index;
}

/* All objects or none: 0 when taken, or count. They are sorted, which keeps two such calls from
 * holding what the other needs. */
static inline DWORD winhttp_compat_take_all(DWORD count, WINHTTP_COMPAT_OBJECT *const *sorted)
{
    DWORD index;
    BOOL all = TRUE;
    for (index = 0; index < count; index++)
        pthread_mutex_lock(&sorted[index]->lock);
    for (index = 0; index < count; index++)
        all = all && winhttp_compat_is_signalled(sorted[index]);
    for (index = 0; index < count && all; index++)
        winhttp_compat_take(sorted[index]);
    for (index = 0; index < count; index++)
        pthread_mutex_unlock(&sorted[index]->lock);
    return all ? 0 : count;
}

/* Sorts by address; FALSE: an object is there twice. */
static inline BOOL winhttp_compat_sort(DWORD count, WINHTTP_COMPAT_OBJECT **objects)
{
    DWORD index, place;
    for (index = 1; index < count; index++) {
        WINHTTP_COMPAT_OBJECT *object = objects[index];
        for (place = index; place > 0 && objects[place - 1] > object; place--)
            objects[place] = objects[place - 1];
        objects[place] = object;
        if (place > 0 && objects[place - 1] == object)
            return FALSE;
    }
    return TRUE;
}

/* As winhttp_compat_take_any and _all, after sleeping where nothing can be taken yet. */
static inline DWORD winhttp_compat_sleep_and_take(
    DWORD count, WINHTTP_COMPAT_OBJECT *const *objects, BOOL all, DWORD milliseconds)
{
    WINHTTP_COMPAT_SLEEPER sleeper;
    WINHTTP_COMPAT_LINK links[MAXIMUM_WAIT_OBJECTS];
    struct timespec deadline = winhttp_compat_deadline(milliseconds);
    DWORD index, taken;
    BOOL in_time = TRUE;
    winhttp_compat_sleeper_begin(&sleeper);
    for (index = 0; index < count; index++) {
        pthread_mutex_lock(&objects[index]->lock);
        winhttp_compat_link(&objects[index]->sleepers, &links[index], &sleeper);
        pthread_mutex_unlock(&objects[index]->lock);
    }
    for (;;) {
        taken = all ? winhttp_compat_take_all(count, objects)
                    : winhttp_compat_take_any(count, objects);
        if (taken < count || !in_time)
            break;
        in_time = winhttp_compat_sleep(&sleeper, milliseconds == INFINITE ? NULL : &deadline);
    }
    for (index = 0; index < count; index++) {
        pthread_mutex_lock(&objects[index]->lock);
        winhttp_compat_unlink(&links[index]);
        pthread_mutex_unlock(&objects[index]->lock);
    }
    winhttp_compat_sleeper_end(&sleeper);
    return taken;
}

/* WAIT_OBJECT_0 + index, WAIT_TIMEOUT or WAIT_FAILED; never WAIT_ABANDONED, because a mutex whose
 * owner ended stays taken. */
static inline DWORD WaitForMultipleObjects(
    DWORD count, const HANDLE *handles, BOOL wait_all, DWORD milliseconds)
{
    WINHTTP_COMPAT_OBJECT *objects[MAXIMUM_WAIT_OBJECTS];
    DWORD index, taken;
    if (count == 0 || count > MAXIMUM_WAIT_OBJECTS || handles == NULL) {
        SetLastError(ERROR_INVALID_PARAMETER);
        return WAIT_FAILED;
    }
    for (index = 0; index < count; index++) {
        objects[index] = winhttp_compat_object(handles[index]);
        if (objects[index] == NULL)
            return WAIT_FAILED;
    }
    if (wait_all && !winhttp_compat_sort(count, objects)) {
        SetLastError(ERROR_INVALID_PARAMETER);
        return WAIT_FAILED;
    }
    taken = wait_all ? winhttp_compat_take_all(count, objects)
                     : winhttp_compat_take_any(count, objects);
    if (taken == count && milliseconds != 0)
        taken = winhttp_compat_sleep_and_take(count, objects, wait_all, milliseconds);
    return taken < count ? WAIT_OBJECT_0 + taken : WAIT_TIMEOUT;
}

/* Waits for one object: WAIT_OBJECT_0, WAIT_TIMEOUT or WAIT_FAILED. */
static inline DWORD WaitForSingleObject(HANDLE handle, DWORD milliseconds)
{
    return WaitForMultipleObjects(1, &handle, FALSE, milliseconds);
}

/* Closes a handle of this header. Nobody may wait for it, or still be about to signal it; a thread
 * may run on. */
static inline BOOL CloseHandle(HANDLE handle)
{
    WINHTTP_COMPAT_OBJECT *object = winhttp_compat_object(handle);
    if (object == NULL)
        return FALSE;
    winhttp_compat_release(object);
    return TRUE;
}

/* Events. */

static inline void winhttp_compat_event_set(void *event)
{
    WINHTTP_COMPAT_OBJECT *self = (WINHTTP_COMPAT_OBJECT *)event;
    pthread_mutex_lock(&self->lock);
    self->count = 1;
    winhttp_compat_wake_sleepers(self);
    pthread_mutex_unlock(&self->lock);
}

static inline HANDLE winhttp_compat_create_event(BOOL manual_reset, BOOL initial_state, BOOL named)
{
    WINHTTP_COMPAT_OBJECT *event = winhttp_compat_new(
        manual_reset ? WINHTTP_COMPAT_MANUAL_EVENT : WINHTTP_COMPAT_AUTO_EVENT, named);
    if (event == NULL)
        return NULL;
    event->head.magic = WINHTTP_SHIM_EVENT_MAGIC;
    event->head.set = winhttp_compat_event_set;
    event->count = initial_state ? 1 : 0;
    return event;
}

/* Makes an event, or returns NULL. */
static inline HANDLE CreateEventW(
    LPSECURITY_ATTRIBUTES attributes, BOOL manual_reset, BOOL initial_state, LPCWSTR name)
{
    (void)attributes;
    return winhttp_compat_create_event(manual_reset, initial_state, name != NULL);
}

static inline HANDLE CreateEventA(
    LPSECURITY_ATTRIBUTES attributes, BOOL manual_reset, BOOL initial_state, LPCSTR name)
{
    (void)attributes;
    return winhttp_compat_create_event(manual_reset, initial_state, name != NULL);
}

#ifndef CreateEvent
#define CreateEvent WINHTTP_COMPAT_NAME(CreateEvent)
#endif

static inline BOOL SetEvent(HANDLE handle)
{
    WINHTTP_COMPAT_OBJECT *event = winhttp_compat_object_of(
        handle, WINHTTP_COMPAT_AUTO_EVENT, WINHTTP_COMPAT_MANUAL_EVENT);
    if (event == NULL)
        return FALSE;
    winhttp_compat_event_set(event);
    return TRUE;
}

static inline BOOL ResetEvent(HANDLE handle)
{
    WINHTTP_COMPAT_OBJECT *event = winhttp_compat_object_of(
        handle, WINHTTP_COMPAT_AUTO_EVENT, WINHTTP_COMPAT_MANUAL_EVENT);
    if (event == NULL)
        return FALSE;
    pthread_mutex_lock(&event->lock);
    event->count = 0;
    pthread_mutex_unlock(&event->lock);
    return TRUE;
}

/* Semaphores. */

static inline HANDLE winhttp_compat_create_semaphore(LONG initial, LONG maximum, BOOL named)
{
    WINHTTP_COMPAT_OBJECT *semaphore;
    if (initial < 0 || maximum <= 0 || initial > maximum) {
        SetLastError(ERROR_INVALID_PARAMETER);
        return NULL;
    }
    semaphore = winhttp_compat_new(WINHTTP_COMPAT_SEMAPHORE, named);
    if (semaphore == NULL)
        return NULL;
    semaphore->count = initial;
    semaphore->count_max = maximum;
    return semaphore;
}

static inline HANDLE CreateSemaphoreW(
    LPSECURITY_ATTRIBUTES attributes, LONG initial, LONG maximum, LPCWSTR name)
{
    (void)attributes;
    return winhttp_compat_create_semaphore(initial, maximum, name != NULL);
}

static inline HANDLE CreateSemaphoreA(
    LPSECURITY_ATTRIBUTES attributes, LONG initial, LONG maximum, LPCSTR name)
{
    (void)attributes;
    return winhttp_compat_create_semaphore(initial, maximum, name != NULL);
}

#ifndef CreateSemaphore
#define CreateSemaphore WINHTTP_COMPAT_NAME(CreateSemaphore)
#endif

static inline BOOL ReleaseSemaphore(HANDLE handle, LONG count, LONG *previous)
{
    WINHTTP_COMPAT_OBJECT *semaphore
        = winhttp_compat_object_of(handle, WINHTTP_COMPAT_SEMAPHORE, WINHTTP_COMPAT_SEMAPHORE);
    DWORD error = ERROR_SUCCESS;
    if (semaphore == NULL)
        return FALSE;
    pthread_mutex_lock(&semaphore->lock);
    if (count <= 0) {
        error = ERROR_INVALID_PARAMETER;
    } else if (count > semaphore->count_max - semaphore->count) {
        error = ERROR_TOO_MANY_POSTS;
    } else {
        if (previous != NULL)
            *previous = semaphore->count;
        semaphore->count += count;
        winhttp_compat_wake_sleepers(semaphore);
    }
    pthread_mutex_unlock(&semaphore->lock);
    if (error != ERROR_SUCCESS)
        SetLastError(error);
    return error == ERROR_SUCCESS;
}

/* Mutexes. */

static inline HANDLE winhttp_compat_create_mutex(BOOL initial_owner, BOOL named)
{
    WINHTTP_COMPAT_OBJECT *mutex = winhttp_compat_new(WINHTTP_COMPAT_MUTEX, named);
    if (mutex != NULL && initial_owner)
        winhttp_compat_take(mutex);
    return mutex;
}

static inline HANDLE CreateMutexW(
    LPSECURITY_ATTRIBUTES attributes, BOOL initial_owner, LPCWSTR name)
{
    (void)attributes;
    return winhttp_compat_create_mutex(initial_owner, name != NULL);
}

static inline HANDLE CreateMutexA(LPSECURITY_ATTRIBUTES attributes, BOOL initial_owner, LPCSTR name)
{
    (void)attributes;
    return winhttp_compat_create_mutex(initial_owner, name != NULL);
}

#ifndef CreateMutex
#define CreateMutex WINHTTP_COMPAT_NAME(CreateMutex)
#endif

static inline BOOL ReleaseMutex(HANDLE handle)
{
    WINHTTP_COMPAT_OBJECT *mutex
        = winhttp_compat_object_of(handle, WINHTTP_COMPAT_MUTEX, WINHTTP_COMPAT_MUTEX);
    BOOL owned;
    if (mutex == NULL)
        return FALSE;
    pthread_mutex_lock(&mutex->lock);
    owned = mutex->count > 0 && pthread_equal(mutex->owner, pthread_self());
    if (owned && --mutex->count == 0)
        winhttp_compat_wake_sleepers(mutex);
    pthread_mutex_unlock(&mutex->lock);
    if (!owned)
        SetLastError(ERROR_NOT_OWNER);
    return owned;
}

#ifdef __cplusplus
}
#endif

#endif
