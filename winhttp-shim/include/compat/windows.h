/* windows.h - the small part of Win32 that WinHTTP programs lean on.
 *
 * Licence: MIT OR Apache-2.0.
 *
 * For programs being ported; libwinhttp does not need it. Everything is defined in these headers,
 * over POSIX threads: link with -pthread, and -ldl before glibc 2.34. Handles made here are those of
 * win32_wait.h and win32_thread.h only: CloseHandle and the functions of waiting must not see a
 * HINTERNET. min and max are not defined. Text of 8 bits is UTF-8 everywhere.
 *
 * The names of Microsoft's C library come along, because programs for Windows find them in headers that
 * others have without them; and <wchar.h> does, with wprintf and its relatives taken over (crt_printf.h).
 *
 * Strict ISO modes (-std=c11 and such) hide POSIX: include this header first, or define
 * _POSIX_C_SOURCE as 200809L. */
#ifndef WINHTTP_SHIM_COMPAT_WINDOWS_H
#define WINHTTP_SHIM_COMPAT_WINDOWS_H

#include "win32_base.h"
#include "win32_error.h"
#include "win32_memory.h"
#include "win32_text.h"
#include "win32_messages.h"
#include "win32_time.h"
#include "win32_sync.h"
#include "win32_wait.h"
#include "win32_thread.h"
#include "win32_module.h"
#include "crt_string.h"
#include "crt_wide.h"
#include "crt_printf.h"
#include "crt_main.h"

#endif
