/* win32_error.h - results of COM style, and error codes that winhttp.h has no use for.
 *
 * Licence: MIT OR Apache-2.0.
 */
#ifndef WINHTTP_SHIM_COMPAT_WIN32_ERROR_H
#define WINHTTP_SHIM_COMPAT_WIN32_ERROR_H

#include "win32_base.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Results of COM style: negative is failure. */

#ifndef S_OK
#define S_OK ((HRESULT)0)
#endif
#ifndef S_FALSE
#define S_FALSE ((HRESULT)1)
#endif
#ifndef E_NOTIMPL
#define E_NOTIMPL ((HRESULT)0x80004001)
#endif
#ifndef E_NOINTERFACE
#define E_NOINTERFACE ((HRESULT)0x80004002)
#endif
#ifndef E_POINTER
#define E_POINTER ((HRESULT)0x80004003)
#endif
#ifndef E_ABORT
#define E_ABORT ((HRESULT)0x80004004)
#endif
#ifndef E_FAIL
#define E_FAIL ((HRESULT)0x80004005)
#endif
#ifndef E_UNEXPECTED
#define E_UNEXPECTED ((HRESULT)0x8000FFFF)
#endif
#ifndef E_ACCESSDENIED
#define E_ACCESSDENIED ((HRESULT)0x80070005)
#endif
#ifndef E_HANDLE
#define E_HANDLE ((HRESULT)0x80070006)
#endif
#ifndef E_INVALIDARG
#define E_INVALIDARG ((HRESULT)0x80070057)
#endif
#ifndef E_OUTOFMEMORY
#define E_OUTOFMEMORY ((HRESULT)0x8007000E)
#endif
#ifndef SUCCEEDED
#define SUCCEEDED(result) ((HRESULT)(result) >= 0)
#endif
#ifndef FAILED
#define FAILED(result) ((HRESULT)(result) < 0)
#endif
#ifndef FACILITY_WIN32
#define FACILITY_WIN32 7
#endif
#ifndef HRESULT_CODE
#define HRESULT_CODE(result) ((result) & 0xFFFF)
#endif
#ifndef HRESULT_FACILITY
#define HRESULT_FACILITY(result) (((result) >> 16) & 0x1FFF)
#endif
#ifndef MAKE_HRESULT
#define MAKE_HRESULT(severity, facility, code) \
    ((HRESULT)((DWORD)(severity) << 31 | (DWORD)(facility) << 16 | (DWORD)(code)))
#endif
#ifndef HRESULT_FROM_WIN32
static inline HRESULT HRESULT_FROM_WIN32(DWORD error)
{
    return error == 0 || error > 0x7FFFFFFF ? (HRESULT)error
                                            : (HRESULT)((error & 0xFFFF) | 0x80070000u);
}
#define HRESULT_FROM_WIN32 HRESULT_FROM_WIN32
#endif

/* General error codes that the library itself never reports. */

#ifndef ERROR_PATH_NOT_FOUND
#define ERROR_PATH_NOT_FOUND 3
#endif
#ifndef ERROR_TOO_MANY_OPEN_FILES
#define ERROR_TOO_MANY_OPEN_FILES 4
#endif
#ifndef ERROR_BAD_FORMAT
#define ERROR_BAD_FORMAT 11
#endif
#ifndef ERROR_NOT_READY
#define ERROR_NOT_READY 21
#endif
#ifndef ERROR_BAD_LENGTH
#define ERROR_BAD_LENGTH 24
#endif
#ifndef ERROR_WRITE_FAULT
#define ERROR_WRITE_FAULT 29
#endif
#ifndef ERROR_READ_FAULT
#define ERROR_READ_FAULT 30
#endif
#ifndef ERROR_GEN_FAILURE
#define ERROR_GEN_FAILURE 31
#endif
#ifndef ERROR_SHARING_VIOLATION
#define ERROR_SHARING_VIOLATION 32
#endif
#ifndef ERROR_HANDLE_EOF
#define ERROR_HANDLE_EOF 38
#endif
#ifndef ERROR_FILE_EXISTS
#define ERROR_FILE_EXISTS 80
#endif
#ifndef ERROR_BROKEN_PIPE
#define ERROR_BROKEN_PIPE 109
#endif
#ifndef ERROR_DISK_FULL
#define ERROR_DISK_FULL 112
#endif
#ifndef ERROR_SEM_TIMEOUT
#define ERROR_SEM_TIMEOUT 121
#endif
#ifndef ERROR_MOD_NOT_FOUND
#define ERROR_MOD_NOT_FOUND 126
#endif
#ifndef ERROR_PROC_NOT_FOUND
#define ERROR_PROC_NOT_FOUND 127
#endif
#ifndef ERROR_BAD_ARGUMENTS
#define ERROR_BAD_ARGUMENTS 160
#endif
#ifndef ERROR_BUSY
#define ERROR_BUSY 170
#endif
#ifndef ERROR_ENVVAR_NOT_FOUND
#define ERROR_ENVVAR_NOT_FOUND 203
#endif
#ifndef ERROR_NOT_OWNER
#define ERROR_NOT_OWNER 288
#endif
#ifndef ERROR_TOO_MANY_POSTS
#define ERROR_TOO_MANY_POSTS 298
#endif
#ifndef ERROR_MR_MID_NOT_FOUND
#define ERROR_MR_MID_NOT_FOUND 317
#endif
#ifndef ERROR_ARITHMETIC_OVERFLOW
#define ERROR_ARITHMETIC_OVERFLOW 534
#endif
#ifndef ERROR_INVALID_FLAGS
#define ERROR_INVALID_FLAGS 1004
#endif
#ifndef ERROR_CONNECTION_REFUSED
#define ERROR_CONNECTION_REFUSED 1225
#endif
#ifndef ERROR_CONNECTION_ABORTED
#define ERROR_CONNECTION_ABORTED 1236
#endif
#ifndef ERROR_RETRY
#define ERROR_RETRY 1237
#endif
#ifndef ERROR_INTERNAL_ERROR
#define ERROR_INTERNAL_ERROR 1359
#endif
#ifndef ERROR_INVALID_STATE
#define ERROR_INVALID_STATE 5023
#endif

/* Winsock's errors that winhttp.h does not name. */

#ifndef WSAEFAULT
#define WSAEFAULT 10014
#endif
#ifndef WSAEMFILE
#define WSAEMFILE 10024
#endif
#ifndef WSAEALREADY
#define WSAEALREADY 10037
#endif
#ifndef WSAENOTSOCK
#define WSAENOTSOCK 10038
#endif
#ifndef WSAEDESTADDRREQ
#define WSAEDESTADDRREQ 10039
#endif
#ifndef WSAEMSGSIZE
#define WSAEMSGSIZE 10040
#endif
#ifndef WSAEPROTOTYPE
#define WSAEPROTOTYPE 10041
#endif
#ifndef WSAENOPROTOOPT
#define WSAENOPROTOOPT 10042
#endif
#ifndef WSAEPROTONOSUPPORT
#define WSAEPROTONOSUPPORT 10043
#endif
#ifndef WSAESOCKTNOSUPPORT
#define WSAESOCKTNOSUPPORT 10044
#endif
#ifndef WSAEOPNOTSUPP
#define WSAEOPNOTSUPP 10045
#endif
#ifndef WSAEPFNOSUPPORT
#define WSAEPFNOSUPPORT 10046
#endif
#ifndef WSAEAFNOSUPPORT
#define WSAEAFNOSUPPORT 10047
#endif
#ifndef WSAEISCONN
#define WSAEISCONN 10056
#endif
#ifndef WSAENOTCONN
#define WSAENOTCONN 10057
#endif
#ifndef WSAESHUTDOWN
#define WSAESHUTDOWN 10058
#endif
#ifndef WSAELOOP
#define WSAELOOP 10062
#endif
#ifndef WSAENAMETOOLONG
#define WSAENAMETOOLONG 10063
#endif
#ifndef WSAEHOSTDOWN
#define WSAEHOSTDOWN 10064
#endif

#ifdef __cplusplus
}
#endif

#endif
