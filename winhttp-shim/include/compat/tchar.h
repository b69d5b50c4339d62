/* tchar.h - text that is wide or narrow, as UNICODE or _UNICODE says.
 *
 * Licence: MIT OR Apache-2.0.
 *
 * WinHTTP itself is wide only: programs that use it define UNICODE. */
#ifndef WINHTTP_SHIM_COMPAT_TCHAR_H
#define WINHTTP_SHIM_COMPAT_TCHAR_H

#include "windows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define _T(text) TEXT(text)
#define _TEXT(text) TEXT(text)

#if !defined(UNICODE) && !defined(_UNICODE)
#define _tmain main
#define _tcslen strlen
#define _tcsnlen strnlen
#define _tcscmp strcmp
#define _tcsncmp strncmp
#define _tcscpy strcpy
#define _tcsncpy strncpy
#define _tcscat strcat
#define _tcsncat strncat
#define _tcschr strchr
#define _tcsrchr strrchr
#define _tcsstr strstr
#define _tcspbrk strpbrk
#define _tcsspn strspn
#define _tcscspn strcspn
#define _tcstol strtol
#define _tcstoul strtoul
#define _tcstod strtod
#define _tprintf printf
#define _ftprintf fprintf
#define _vtprintf vprintf
#define _vftprintf vfprintf
#define _fputts fputs
#define _fgetts fgets
#define _putts puts
#define _tcsicmp _stricmp
#define _tcsnicmp _strnicmp
#define _tcsdup _strdup
#define _tcscpy_s strcpy_s
#define _tcsncpy_s strncpy_s
#define _tcscat_s strcat_s
#define _tcsncat_s strncat_s
#define _tcstok_s strtok_s
#define _ttoi atoi
#define _ttol atol
#define _ttoi64 _atoi64
#define _tprintf_s printf_s
#define _ftprintf_s fprintf_s
#define _stprintf_s sprintf_s
#define _sntprintf _snprintf
#define _sntprintf_s _snprintf_s
#define _vsntprintf _vsnprintf
#define _vsntprintf_s _vsnprintf_s
#define _vstprintf_s vsprintf_s
#define _sctprintf _scprintf
#define _vsctprintf _vscprintf
#else
#ifdef WINHTTP_CHAR16
#define _tmain winhttp_compat_tmain
#else
#define _tmain wmain
#endif
#define _tcslen WINHTTP_COMPAT_WCS(wcslen)
#define _tcsnlen WINHTTP_COMPAT_WCS(wcsnlen)
#define _tcscmp WINHTTP_COMPAT_WCS(wcscmp)
#define _tcsncmp WINHTTP_COMPAT_WCS(wcsncmp)
#define _tcscpy WINHTTP_COMPAT_WCS(wcscpy)
#define _tcsncpy WINHTTP_COMPAT_WCS(wcsncpy)
#define _tcscat WINHTTP_COMPAT_WCS(wcscat)
#define _tcsncat WINHTTP_COMPAT_WCS(wcsncat)
#define _tcschr WINHTTP_COMPAT_WCS(wcschr)
#define _tcsrchr WINHTTP_COMPAT_WCS(wcsrchr)
#define _tcsstr WINHTTP_COMPAT_WCS(wcsstr)
#define _tcspbrk WINHTTP_COMPAT_WCS(wcspbrk)
#define _tcsspn WINHTTP_COMPAT_WCS(wcsspn)
#define _tcscspn WINHTTP_COMPAT_WCS(wcscspn)
#define _tcstol WINHTTP_COMPAT_WCS(wcstol)
#define _tcstoul WINHTTP_COMPAT_WCS(wcstoul)
#define _tcstod WINHTTP_COMPAT_WCS(wcstod)
#define _tprintf wprintf_s
#define _ftprintf fwprintf_s
#define _vtprintf winhttp_compat_vwprintf
#define _vftprintf winhttp_compat_vfwprintf
#define _fputts winhttp_compat_fputws
#define _fgetts winhttp_compat_fgetws
#define _putts _putws
#define _tcsicmp _wcsicmp
#define _tcsnicmp _wcsnicmp
#define _tcsdup _wcsdup
#define _tcscpy_s wcscpy_s
#define _tcsncpy_s wcsncpy_s
#define _tcscat_s wcscat_s
#define _tcsncat_s wcsncat_s
#define _tcstok_s wcstok_s
#define _ttoi _wtoi
#define _ttol _wtol
#define _ttoi64 _wtoi64
#define _tprintf_s wprintf_s
#define _ftprintf_s fwprintf_s
#define _stprintf_s swprintf_s
#define _sntprintf _snwprintf
#define _sntprintf_s _snwprintf_s
#define _vsntprintf _vsnwprintf
#define _vsntprintf_s _vsnwprintf_s
#define _vstprintf_s vswprintf_s
#define _sctprintf _scwprintf
#define _vsctprintf _vscwprintf
#endif

#endif
