/* win32_base.h - types and small macros of Win32, and the POSIX the other parts stand on.
 *
 * Licence: MIT OR Apache-2.0.
 */
#ifndef WINHTTP_SHIM_COMPAT_WIN32_BASE_H
#define WINHTTP_SHIM_COMPAT_WIN32_BASE_H

#if defined(__STRICT_ANSI__) && !defined(__cplusplus) && !defined(__APPLE__) \
    && !defined(_POSIX_C_SOURCE) && !defined(_GNU_SOURCE) && !defined(_DEFAULT_SOURCE)
#define _POSIX_C_SOURCE 200809L
#endif

#include "../winhttp.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#ifdef __cplusplus
#include <cstdio> /* before any macro of ours that has the name of one of their functions */
#include <cstdlib>
#include <cwchar>
#endif
#include <wchar.h>

#ifndef CLOCK_MONOTONIC
#error "POSIX is hidden: include compat/windows.h first, or define _POSIX_C_SOURCE as 200809L."
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* Calling conventions mean nothing here. */

#ifndef __cdecl
#define __cdecl
#endif
#ifndef __stdcall
#define __stdcall
#endif
#ifndef __fastcall
#define __fastcall
#endif
#ifndef WINAPIV
#define WINAPIV
#endif
#ifndef APIENTRY
#define APIENTRY
#endif
#ifndef __forceinline
#define __forceinline inline __attribute__((always_inline))
#endif
#ifndef FORCEINLINE
#define FORCEINLINE __forceinline
#endif

/* Types that winhttp.h has no use for. */

#ifndef __int64
#define __int64 __INT64_TYPE__ /* a macro, so that "unsigned __int64" works */
#endif
typedef int8_t INT8;
typedef uint8_t UINT8;
typedef int16_t INT16;
typedef uint16_t UINT16;
typedef int32_t INT32;
typedef CHAR *PCH, *LPCH;
typedef const CHAR *PCCH, *LPCCH;
typedef WCHAR *PWCH, *LPWCH;
typedef const WCHAR *PCWCH, *LPCWCH;
typedef void *HMODULE, *HINSTANCE;

typedef union _LARGE_INTEGER {
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

typedef union _ULARGE_INTEGER {
    __extension__ struct {
        DWORD LowPart;
        DWORD HighPart;
    };
    struct {
        DWORD LowPart;
        DWORD HighPart;
    } u;
    ULONGLONG QuadPart;
} ULARGE_INTEGER, *PULARGE_INTEGER;

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
/* The wide or the narrow function of a name, as UNICODE or _UNICODE says. */
#if defined(UNICODE) || defined(_UNICODE)
#define WINHTTP_COMPAT_NAME(name) name##W
#else
#define WINHTTP_COMPAT_NAME(name) name##A
#endif
#ifndef TEXT
#define TEXT(text) WINHTTP_COMPAT_TEXT(text)
#endif

/* Numbers and small macros. */

#ifndef EXTERN_C
#ifdef __cplusplus
#define EXTERN_C extern "C"
#else
#define EXTERN_C extern
#endif
#endif

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
#ifndef FIELD_OFFSET
#define FIELD_OFFSET(type, field) ((LONG)offsetof(type, field))
#endif
#ifndef CONTAINING_RECORD
#define CONTAINING_RECORD(address, type, field) \
    ((type *)(void *)((char *)(address) - offsetof(type, field)))
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

#ifdef __cplusplus
}
#endif

#endif
