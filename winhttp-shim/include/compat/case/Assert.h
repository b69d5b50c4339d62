/* Assert.h - the spelling of assert.h, the system's, that some programs use.
 *
 * Where file names ignore case, this file may find itself under that name: then it looks on behind its
 * own directory. It may be included again, as assert.h may. */
#ifndef WINHTTP_SHIM_COMPAT_CASE_ASSERT_H
#define WINHTTP_SHIM_COMPAT_CASE_ASSERT_H
#include <assert.h>
#undef WINHTTP_SHIM_COMPAT_CASE_ASSERT_H
#else
#pragma GCC system_header
#include_next <assert.h>
#endif
