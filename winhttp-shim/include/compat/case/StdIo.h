/* StdIo.h - the spelling of stdio.h, the system's, that some programs use.
 *
 * Where file names ignore case, this file may find itself under that name: then it looks on behind its
 * own directory. It may be included again, as stdio.h may. */
#ifndef WINHTTP_SHIM_COMPAT_CASE_STDIO_H
#define WINHTTP_SHIM_COMPAT_CASE_STDIO_H
#include <stdio.h>
#undef WINHTTP_SHIM_COMPAT_CASE_STDIO_H
#else
#pragma GCC system_header
#include_next <stdio.h>
#endif
