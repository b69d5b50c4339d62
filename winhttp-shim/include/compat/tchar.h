/* tchar.h - text that is wide or narrow, as UNICODE or _UNICODE says.
 *
 * Licence: MIT OR Apache-2.0.
 *
 * WinHTTP itself is wide only: programs that use it define UNICODE. Most string functions
 * exist only where WCHAR has 32 bits, because that is the wchar_t of the C library. */
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
#define _tcsicmp _stricmp
#define _tcsnicmp _strnicmp
#elif WINHTTP_WCHAR_BITS == 32
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
#define _tcsicmp _wcsicmp
#define _tcsnicmp _wcsnicmp
#else
#define _tcslen lstrlenW
#define _tcsicmp _wcsicmp
#define _tcsnicmp _wcsnicmp
#endif

#endif
