/* versionhelpers.h - which Windows this is: Windows 10, whose WinHTTP libwinhttp follows, and no server.
 *
 * Licence: MIT OR Apache-2.0.
 */
#ifndef WINHTTP_SHIM_COMPAT_VERSIONHELPERS_H
#define WINHTTP_SHIM_COMPAT_VERSIONHELPERS_H

#include "win32_base.h"

#ifdef __cplusplus
extern "C" {
#endif

static inline BOOL IsWindowsVersionOrGreater(WORD major, WORD minor, WORD service_pack)
{
    return major < 10 || (major == 10 && minor == 0 && service_pack == 0);
}

static inline BOOL IsWindowsXPOrGreater(void)
{
    return TRUE;
}

static inline BOOL IsWindowsVistaOrGreater(void)
{
    return TRUE;
}

static inline BOOL IsWindows7OrGreater(void)
{
    return TRUE;
}

static inline BOOL IsWindows7SP1OrGreater(void)
{
    return TRUE;
}

static inline BOOL IsWindows8OrGreater(void)
{
    return TRUE;
}

static inline BOOL IsWindows8Point1OrGreater(void)
{
    return TRUE;
}

static inline BOOL IsWindows10OrGreater(void)
{
    return TRUE;
}

static inline BOOL IsWindowsServer(void)
{
    return FALSE;
}

#ifdef __cplusplus
}
#endif

#endif
