/* wincrypt.h - certificates, as far as WinHTTP hands them out: winhttp.h declares all of it.
 *
 * Licence: MIT OR Apache-2.0.
 *
 * CERT_CONTEXT with what it points to, chains, and the functions that keep and free them. There are no
 * certificate stores, and there is no cryptography. */
#ifndef WINHTTP_SHIM_COMPAT_WINCRYPT_H
#define WINHTTP_SHIM_COMPAT_WINCRYPT_H

#include "windows.h"

#endif
