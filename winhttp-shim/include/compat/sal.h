/* sal.h - annotations of parameters, which mean nothing here; winhttp.h defines them.
 *
 * Licence: MIT OR Apache-2.0.
 *
 * The older ones with two underscores in front, __in and __out, are names of C++ libraries here. */
#ifndef WINHTTP_SHIM_COMPAT_SAL_H
#define WINHTTP_SHIM_COMPAT_SAL_H

#include "win32_base.h"

#endif
