/* winerror.h - error codes and results; windows.h has them too.
 *
 * Licence: MIT OR Apache-2.0.
 */
#ifndef WINHTTP_SHIM_COMPAT_WINERROR_H
#define WINHTTP_SHIM_COMPAT_WINERROR_H

#include "win32_error.h"

#endif
