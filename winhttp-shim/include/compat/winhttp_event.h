/* winhttp_event.h - how libwinhttp signals an event it did not make.
 *
 * Licence: MIT OR Apache-2.0.
 *
 * WINHTTP_OPTION_UNLOAD_NOTIFY_EVENT takes the handle of an event. libwinhttp has no events of its
 * own; it takes a pointer to any structure that starts as below, and calls set when the session has
 * made its last callback. The events of compat/windows.h start this way; a program can also write
 * its own, around a semaphore or an eventfd. */
#ifndef WINHTTP_SHIM_COMPAT_WINHTTP_EVENT_H
#define WINHTTP_SHIM_COMPAT_WINHTTP_EVENT_H

#include <stdint.h>

/* "WHEVENT1": anything else is refused with ERROR_INVALID_HANDLE, and so is a set that is NULL. */
#define WINHTTP_SHIM_EVENT_MAGIC 0x57484556454E5431ull

/* The structure must live, at the same address, until set has returned. */
typedef struct WINHTTP_SHIM_EVENT {
    uint64_t magic;            /* WINHTTP_SHIM_EVENT_MAGIC */
    void (*set)(void *event);  /* signals the event; called once, from any thread, with no lock held */
} WINHTTP_SHIM_EVENT;

#endif
