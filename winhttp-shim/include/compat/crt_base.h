/* crt_base.h - what the functions of Microsoft's C library here have in common.
 *
 * Licence: MIT OR Apache-2.0.
 *
 * Functions of that library which check their arguments call a handler on Windows when these are bad,
 * which usually ends the program. There is no handler here: they go on as documented for a handler
 * that returns, with an error code and errno. */
#ifndef WINHTTP_SHIM_COMPAT_CRT_BASE_H
#define WINHTTP_SHIM_COMPAT_CRT_BASE_H

#include "win32_text.h"

#include <stdarg.h>
#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

/* macOS has these two, under the same guards. */
#ifndef _ERRNO_T
#define _ERRNO_T
typedef int errno_t;
#endif
#ifndef _RSIZE_T
#define _RSIZE_T
typedef size_t rsize_t;
#endif

/* As a count: as much as there is room for. */
#ifndef _TRUNCATE
#define _TRUNCATE ((size_t)-1)
#endif
/* The same, where what does not fit is an error. */
#define WINHTTP_COMPAT_ALL ((size_t)-2)
/* The result of a copy that _TRUNCATE made shorter. */
#ifndef STRUNCATE
#define STRUNCATE 80
#endif

#if defined(UNICODE) || defined(_UNICODE)
typedef WCHAR _TCHAR;
#else
typedef CHAR _TCHAR;
#endif

/* An error, also in errno. */
static inline errno_t winhttp_compat_crt_error(errno_t error)
{
    errno = error;
    return error;
}

#ifdef __cplusplus
}

/* Functions, because libstdc++ has members of these names. */
template <typename One, typename Other>
constexpr auto __min(One one, Other other) -> decltype(true ? One() : Other())
{
    return one < other ? one : other;
}

template <typename One, typename Other>
constexpr auto __max(One one, Other other) -> decltype(true ? One() : Other())
{
    return one < other ? other : one;
}
#else
#ifndef __min
#define __min(one, other) ((one) < (other) ? (one) : (other))
#endif
#ifndef __max
#define __max(one, other) ((one) > (other) ? (one) : (other))
#endif
#endif

#endif
