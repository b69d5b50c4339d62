/* win32_memory.h - filling memory, and the heaps of Win32 over malloc.
 *
 * Licence: MIT OR Apache-2.0.
 */
#ifndef WINHTTP_SHIM_COMPAT_WIN32_MEMORY_H
#define WINHTTP_SHIM_COMPAT_WIN32_MEMORY_H

#include "win32_error.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Filling and copying. */

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

#ifndef RtlZeroMemory
#define RtlZeroMemory ZeroMemory
#endif
#ifndef RtlFillMemory
#define RtlFillMemory FillMemory
#endif
#ifndef RtlCopyMemory
#define RtlCopyMemory CopyMemory
#endif
#ifndef RtlMoveMemory
#define RtlMoveMemory MoveMemory
#endif
#ifndef RtlSecureZeroMemory
#define RtlSecureZeroMemory SecureZeroMemory
#endif

/* Fills with zeros that the compiler may not leave out. */
static inline PVOID SecureZeroMemory(PVOID destination, SIZE_T length)
{
    volatile BYTE *bytes = (volatile BYTE *)destination;
    SIZE_T index;
    for (index = 0; index < length; index++)
        bytes[index] = 0;
    return destination;
}

/* Local and global memory: one heap, always zeroed, never moved; a handle is the address. */

#ifndef GMEM_MOVEABLE
#define GMEM_MOVEABLE 0x2
#endif
#ifndef GHND
#define GHND 0x42
#endif
#ifndef LMEM_FIXED
#define LMEM_FIXED 0x0
#endif
#ifndef LMEM_MOVEABLE
#define LMEM_MOVEABLE 0x2
#endif
#ifndef LMEM_ZEROINIT
#define LMEM_ZEROINIT 0x40
#endif
#ifndef LPTR
#define LPTR 0x40
#endif
#ifndef LHND
#define LHND 0x42
#endif

static inline HLOCAL LocalAlloc(UINT flags, SIZE_T bytes)
{
    return GlobalAlloc(flags, bytes);
}

static inline LPVOID GlobalLock(HGLOBAL memory)
{
    return memory;
}

static inline BOOL GlobalUnlock(HGLOBAL memory)
{
    (void)memory;
    return TRUE;
}

/* Heaps: there is one, and every heap handle means it. Memory of it is freed by HeapFree only. */

#ifndef HEAP_NO_SERIALIZE
#define HEAP_NO_SERIALIZE 0x1
#endif
#ifndef HEAP_ZERO_MEMORY
#define HEAP_ZERO_MEMORY 0x8
#endif
#ifndef HEAP_REALLOC_IN_PLACE_ONLY
#define HEAP_REALLOC_IN_PLACE_ONLY 0x10
#endif

/* Comes before the memory; as large as the alignment of malloc. */
typedef union WINHTTP_COMPAT_HEAP_HEAD {
    SIZE_T bytes;
    BYTE alignment[16];
} WINHTTP_COMPAT_HEAP_HEAD;

/* A mark that is not NULL; there is nothing behind it. */
static inline HANDLE GetProcessHeap(void)
{
    return (HANDLE)(intptr_t)-16;
}

static inline LPVOID HeapAlloc(HANDLE heap, DWORD flags, SIZE_T bytes)
{
    WINHTTP_COMPAT_HEAP_HEAD *head;
    (void)heap;
    if (bytes > SIZE_MAX - sizeof(*head))
        return NULL;
    head = (WINHTTP_COMPAT_HEAP_HEAD *)((flags & HEAP_ZERO_MEMORY) != 0
            ? calloc(1, sizeof(*head) + bytes)
            : malloc(sizeof(*head) + bytes));
    if (head == NULL)
        return NULL;
    head->bytes = bytes;
    return head + 1;
}

static inline SIZE_T HeapSize(HANDLE heap, DWORD flags, LPCVOID memory)
{
    (void)heap;
    (void)flags;
    return ((const WINHTTP_COMPAT_HEAP_HEAD *)memory - 1)->bytes;
}

/* Fails, with the memory as it was, where it would have to grow in place. */
static inline LPVOID HeapReAlloc(HANDLE heap, DWORD flags, LPVOID memory, SIZE_T bytes)
{
    WINHTTP_COMPAT_HEAP_HEAD *head;
    SIZE_T before;
    if (memory == NULL || bytes > SIZE_MAX - sizeof(*head))
        return NULL;
    before = HeapSize(heap, flags, memory);
    if ((flags & HEAP_REALLOC_IN_PLACE_ONLY) != 0)
        return bytes <= before ? memory : NULL;
    head = (WINHTTP_COMPAT_HEAP_HEAD *)realloc(
        (WINHTTP_COMPAT_HEAP_HEAD *)memory - 1, sizeof(*head) + bytes);
    if (head == NULL)
        return NULL;
    head->bytes = bytes;
    if ((flags & HEAP_ZERO_MEMORY) != 0 && bytes > before)
        memset((BYTE *)(head + 1) + before, 0, bytes - before);
    return head + 1;
}

/* NULL is fine. */
static inline BOOL HeapFree(HANDLE heap, DWORD flags, LPVOID memory)
{
    (void)heap;
    (void)flags;
    if (memory != NULL)
        free((WINHTTP_COMPAT_HEAP_HEAD *)memory - 1);
    return TRUE;
}

#ifdef __cplusplus
}
#endif

#endif
