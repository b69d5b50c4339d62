/* StdLib.h - the spelling of stdlib.h, the system's, that some programs use.
 *
 * Where file names ignore case, this file may find itself under that name: then it looks on behind its
 * own directory. It may be included again, as stdlib.h may. */
#ifndef WINHTTP_SHIM_COMPAT_CASE_STDLIB_H
#define WINHTTP_SHIM_COMPAT_CASE_STDLIB_H
#include <stdlib.h>
#undef WINHTTP_SHIM_COMPAT_CASE_STDLIB_H
#else
#pragma GCC system_header
#include_next <stdlib.h>
#endif
