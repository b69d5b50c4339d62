/* strsafe.h - copying and formatting that never writes past the end, and always ends what it writes.
 *
 * Licence: MIT OR Apache-2.0.
 */
#ifndef WINHTTP_SHIM_COMPAT_STRSAFE_H
#define WINHTTP_SHIM_COMPAT_STRSAFE_H

#include "windows.h"

#ifdef __cplusplus
extern "C" {
#endif

#ifndef STRSAFE_MAX_CCH
#define STRSAFE_MAX_CCH 2147483647
#endif
/* What there was room for is there, and ends with a NUL. */
#ifndef STRSAFE_E_INSUFFICIENT_BUFFER
#define STRSAFE_E_INSUFFICIENT_BUFFER ((HRESULT)0x8007007A)
#endif
#ifndef STRSAFE_E_INVALID_PARAMETER
#define STRSAFE_E_INVALID_PARAMETER ((HRESULT)0x80070057)
#endif

#define WINHTTP_COMPAT_UNITS "strsafe_units.h"
#include "both_units.h"

#ifndef StringCchCopy
#define StringCchCopy WINHTTP_COMPAT_NAME(StringCchCopy)
#endif
#ifndef StringCchCopyN
#define StringCchCopyN WINHTTP_COMPAT_NAME(StringCchCopyN)
#endif
#ifndef StringCchCat
#define StringCchCat WINHTTP_COMPAT_NAME(StringCchCat)
#endif
#ifndef StringCchCatN
#define StringCchCatN WINHTTP_COMPAT_NAME(StringCchCatN)
#endif
#ifndef StringCchLength
#define StringCchLength WINHTTP_COMPAT_NAME(StringCchLength)
#endif
#ifndef StringCchPrintf
#define StringCchPrintf WINHTTP_COMPAT_NAME(StringCchPrintf)
#endif
#ifndef StringCchVPrintf
#define StringCchVPrintf WINHTTP_COMPAT_NAME(StringCchVPrintf)
#endif
#ifndef StringCbCopy
#define StringCbCopy WINHTTP_COMPAT_NAME(StringCbCopy)
#endif
#ifndef StringCbCopyN
#define StringCbCopyN WINHTTP_COMPAT_NAME(StringCbCopyN)
#endif
#ifndef StringCbCat
#define StringCbCat WINHTTP_COMPAT_NAME(StringCbCat)
#endif
#ifndef StringCbCatN
#define StringCbCatN WINHTTP_COMPAT_NAME(StringCbCatN)
#endif
#ifndef StringCbLength
#define StringCbLength WINHTTP_COMPAT_NAME(StringCbLength)
#endif
#ifndef StringCbPrintf
#define StringCbPrintf WINHTTP_COMPAT_NAME(StringCbPrintf)
#endif
#ifndef StringCbVPrintf
#define StringCbVPrintf WINHTTP_COMPAT_NAME(StringCbVPrintf)
#endif

#ifdef __cplusplus
}
#endif

#endif
