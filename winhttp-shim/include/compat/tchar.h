/* tchar.h - text that is wide or narrow, as UNICODE or _UNICODE says.
 *
 * Licence: MIT OR Apache-2.0.
 *
 * WinHTTP itself is wide only: programs that use it define UNICODE. The string functions exist
 * when WCHAR is wchar_t, because the C library has them for that type only. */
#ifndef WINHTTP_SHIM_COMPAT_TCHAR_H
#define WINHTTP_SHIM_COMPAT_TCHAR_H

#include "windows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define _T(text) TEXT(text)
#define _TEXT(text) TEXT(text)

#if !defined(UNICODE) && !defined(_UNICODE)
#define _tcslen strlen
#define _tcscmp strcmp
#define _tcsncmp strncmp
#define _tcscpy strcpy
#define _tcsncpy strncpy
#define _tcscat strcat
#define _tcschr strchr
#define _tcsrchr strrchr
#define _tcsstr strstr
#define _tcstol strtol
#define _tcstoul strtoul
#define _tprintf printf
#define _ftprintf fprintf
#elif !defined(WINHTTP_CHAR16)
#include <wchar.h>
#define _tcslen wcslen
#define _tcscmp wcscmp
#define _tcsncmp wcsncmp
#define _tcscpy wcscpy
#define _tcsncpy wcsncpy
#define _tcscat wcscat
#define _tcschr wcschr
#define _tcsrchr wcsrchr
#define _tcsstr wcsstr
#define _tcstol wcstol
#define _tcstoul wcstoul
#define _tprintf wprintf
#define _ftprintf fwprintf
#endif

#endif
