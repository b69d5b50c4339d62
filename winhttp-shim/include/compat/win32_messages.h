/* win32_messages.h - texts of error codes, and output for debuggers.
 *
 * Licence: MIT OR Apache-2.0.
 *
 * The text of an error is its name and number, in no language: "ERROR_WINHTTP_TIMEOUT (12002)". Where
 * the calling thread knows more of it (winhttp_shim.h), that follows: ": the server sent nothing within
 * 30000 ms (RECEIVE_TIMEOUT)". */
#ifndef WINHTTP_SHIM_COMPAT_WIN32_MESSAGES_H
#define WINHTTP_SHIM_COMPAT_WIN32_MESSAGES_H

#include "win32_text.h"

#include "../winhttp_shim.h"

#include <stdarg.h>
#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

#ifndef FORMAT_MESSAGE_ALLOCATE_BUFFER
#define FORMAT_MESSAGE_ALLOCATE_BUFFER 0x100
#endif
#ifndef FORMAT_MESSAGE_IGNORE_INSERTS
#define FORMAT_MESSAGE_IGNORE_INSERTS 0x200
#endif
#ifndef FORMAT_MESSAGE_FROM_STRING
#define FORMAT_MESSAGE_FROM_STRING 0x400
#endif
#ifndef FORMAT_MESSAGE_FROM_HMODULE
#define FORMAT_MESSAGE_FROM_HMODULE 0x800
#endif
#ifndef FORMAT_MESSAGE_FROM_SYSTEM
#define FORMAT_MESSAGE_FROM_SYSTEM 0x1000
#endif
#ifndef FORMAT_MESSAGE_ARGUMENT_ARRAY
#define FORMAT_MESSAGE_ARGUMENT_ARRAY 0x2000
#endif
#ifndef FORMAT_MESSAGE_MAX_WIDTH_MASK
#define FORMAT_MESSAGE_MAX_WIDTH_MASK 0xFF
#endif
#ifndef LANG_NEUTRAL
#define LANG_NEUTRAL 0x0
#endif
#ifndef SUBLANG_DEFAULT
#define SUBLANG_DEFAULT 0x1
#endif
#ifndef MAKELANGID
#define MAKELANGID(primary, sub) ((WORD)((WORD)(sub) << 10 | (WORD)(primary)))
#endif

/* The name of an error code, or NULL. */
static inline const char *winhttp_compat_error_name(DWORD code)
{
#define WINHTTP_COMPAT_CASE(name) \
    case name:                    \
        return #name;
    switch (code) {
        WINHTTP_COMPAT_CASE(ERROR_SUCCESS)
        WINHTTP_COMPAT_CASE(ERROR_INVALID_FUNCTION)
        WINHTTP_COMPAT_CASE(ERROR_FILE_NOT_FOUND)
        WINHTTP_COMPAT_CASE(ERROR_ACCESS_DENIED)
        WINHTTP_COMPAT_CASE(ERROR_INVALID_HANDLE)
        WINHTTP_COMPAT_CASE(ERROR_NOT_ENOUGH_MEMORY)
        WINHTTP_COMPAT_CASE(ERROR_INVALID_DATA)
        WINHTTP_COMPAT_CASE(ERROR_OUTOFMEMORY)
        WINHTTP_COMPAT_CASE(ERROR_NO_MORE_FILES)
        WINHTTP_COMPAT_CASE(ERROR_NOT_SUPPORTED)
        WINHTTP_COMPAT_CASE(ERROR_INVALID_PARAMETER)
        WINHTTP_COMPAT_CASE(ERROR_CALL_NOT_IMPLEMENTED)
        WINHTTP_COMPAT_CASE(ERROR_INSUFFICIENT_BUFFER)
        WINHTTP_COMPAT_CASE(ERROR_INVALID_NAME)
        WINHTTP_COMPAT_CASE(ERROR_MOD_NOT_FOUND)
        WINHTTP_COMPAT_CASE(ERROR_PROC_NOT_FOUND)
        WINHTTP_COMPAT_CASE(ERROR_ALREADY_EXISTS)
        WINHTTP_COMPAT_CASE(ERROR_MORE_DATA)
        WINHTTP_COMPAT_CASE(ERROR_NO_MORE_ITEMS)
        WINHTTP_COMPAT_CASE(ERROR_NOT_OWNER)
        WINHTTP_COMPAT_CASE(ERROR_TOO_MANY_POSTS)
        WINHTTP_COMPAT_CASE(ERROR_MR_MID_NOT_FOUND)
        WINHTTP_COMPAT_CASE(ERROR_OPERATION_ABORTED)
        WINHTTP_COMPAT_CASE(ERROR_IO_INCOMPLETE)
        WINHTTP_COMPAT_CASE(ERROR_IO_PENDING)
        WINHTTP_COMPAT_CASE(ERROR_INVALID_FLAGS)
        WINHTTP_COMPAT_CASE(ERROR_NO_UNICODE_TRANSLATION)
        WINHTTP_COMPAT_CASE(ERROR_NOT_FOUND)
        WINHTTP_COMPAT_CASE(ERROR_CANCELLED)
        WINHTTP_COMPAT_CASE(ERROR_TIMEOUT)
        WINHTTP_COMPAT_CASE(ERROR_INVALID_OPERATION)
        WINHTTP_COMPAT_CASE(WSAEINTR)
        WINHTTP_COMPAT_CASE(WSAEACCES)
        WINHTTP_COMPAT_CASE(WSAEINVAL)
        WINHTTP_COMPAT_CASE(WSAEWOULDBLOCK)
        WINHTTP_COMPAT_CASE(WSAEADDRINUSE)
        WINHTTP_COMPAT_CASE(WSAEADDRNOTAVAIL)
        WINHTTP_COMPAT_CASE(WSAENETDOWN)
        WINHTTP_COMPAT_CASE(WSAENETUNREACH)
        WINHTTP_COMPAT_CASE(WSAENETRESET)
        WINHTTP_COMPAT_CASE(WSAECONNABORTED)
        WINHTTP_COMPAT_CASE(WSAECONNRESET)
        WINHTTP_COMPAT_CASE(WSAENOBUFS)
        WINHTTP_COMPAT_CASE(WSAETIMEDOUT)
        WINHTTP_COMPAT_CASE(WSAECONNREFUSED)
        WINHTTP_COMPAT_CASE(WSAEHOSTUNREACH)
        WINHTTP_COMPAT_CASE(WSAHOST_NOT_FOUND)
        WINHTTP_COMPAT_CASE(WSATRY_AGAIN)
        WINHTTP_COMPAT_CASE(WSANO_RECOVERY)
        WINHTTP_COMPAT_CASE(WSANO_DATA)
        WINHTTP_COMPAT_CASE(ERROR_WINHTTP_OUT_OF_HANDLES)
        WINHTTP_COMPAT_CASE(ERROR_WINHTTP_TIMEOUT)
        WINHTTP_COMPAT_CASE(ERROR_WINHTTP_INTERNAL_ERROR)
        WINHTTP_COMPAT_CASE(ERROR_WINHTTP_INVALID_URL)
        WINHTTP_COMPAT_CASE(ERROR_WINHTTP_UNRECOGNIZED_SCHEME)
        WINHTTP_COMPAT_CASE(ERROR_WINHTTP_NAME_NOT_RESOLVED)
        WINHTTP_COMPAT_CASE(ERROR_WINHTTP_INVALID_OPTION)
        WINHTTP_COMPAT_CASE(ERROR_WINHTTP_OPTION_NOT_SETTABLE)
        WINHTTP_COMPAT_CASE(ERROR_WINHTTP_SHUTDOWN)
        WINHTTP_COMPAT_CASE(ERROR_WINHTTP_LOGIN_FAILURE)
        WINHTTP_COMPAT_CASE(ERROR_WINHTTP_OPERATION_CANCELLED)
        WINHTTP_COMPAT_CASE(ERROR_WINHTTP_INCORRECT_HANDLE_TYPE)
        WINHTTP_COMPAT_CASE(ERROR_WINHTTP_INCORRECT_HANDLE_STATE)
        WINHTTP_COMPAT_CASE(ERROR_WINHTTP_CANNOT_CONNECT)
        WINHTTP_COMPAT_CASE(ERROR_WINHTTP_CONNECTION_ERROR)
        WINHTTP_COMPAT_CASE(ERROR_WINHTTP_RESEND_REQUEST)
        WINHTTP_COMPAT_CASE(ERROR_WINHTTP_SECURE_CERT_DATE_INVALID)
        WINHTTP_COMPAT_CASE(ERROR_WINHTTP_SECURE_CERT_CN_INVALID)
        WINHTTP_COMPAT_CASE(ERROR_WINHTTP_CLIENT_AUTH_CERT_NEEDED)
        WINHTTP_COMPAT_CASE(ERROR_WINHTTP_SECURE_INVALID_CA)
        WINHTTP_COMPAT_CASE(ERROR_WINHTTP_SECURE_CERT_REV_FAILED)
        WINHTTP_COMPAT_CASE(ERROR_WINHTTP_CANNOT_CALL_BEFORE_OPEN)
        WINHTTP_COMPAT_CASE(ERROR_WINHTTP_CANNOT_CALL_BEFORE_SEND)
        WINHTTP_COMPAT_CASE(ERROR_WINHTTP_CANNOT_CALL_AFTER_SEND)
        WINHTTP_COMPAT_CASE(ERROR_WINHTTP_CANNOT_CALL_AFTER_OPEN)
        WINHTTP_COMPAT_CASE(ERROR_WINHTTP_HEADER_NOT_FOUND)
        WINHTTP_COMPAT_CASE(ERROR_WINHTTP_INVALID_SERVER_RESPONSE)
        WINHTTP_COMPAT_CASE(ERROR_WINHTTP_INVALID_HEADER)
        WINHTTP_COMPAT_CASE(ERROR_WINHTTP_INVALID_QUERY_REQUEST)
        WINHTTP_COMPAT_CASE(ERROR_WINHTTP_HEADER_ALREADY_EXISTS)
        WINHTTP_COMPAT_CASE(ERROR_WINHTTP_REDIRECT_FAILED)
        WINHTTP_COMPAT_CASE(ERROR_WINHTTP_SECURE_CHANNEL_ERROR)
        WINHTTP_COMPAT_CASE(ERROR_WINHTTP_BAD_AUTO_PROXY_SCRIPT)
        WINHTTP_COMPAT_CASE(ERROR_WINHTTP_UNABLE_TO_DOWNLOAD_SCRIPT)
        WINHTTP_COMPAT_CASE(ERROR_WINHTTP_SECURE_INVALID_CERT)
        WINHTTP_COMPAT_CASE(ERROR_WINHTTP_SECURE_CERT_REVOKED)
        WINHTTP_COMPAT_CASE(ERROR_WINHTTP_NOT_INITIALIZED)
        WINHTTP_COMPAT_CASE(ERROR_WINHTTP_SECURE_FAILURE)
        WINHTTP_COMPAT_CASE(ERROR_WINHTTP_UNHANDLED_SCRIPT_TYPE)
        WINHTTP_COMPAT_CASE(ERROR_WINHTTP_SCRIPT_EXECUTION_ERROR)
        WINHTTP_COMPAT_CASE(ERROR_WINHTTP_AUTO_PROXY_SERVICE_ERROR)
        WINHTTP_COMPAT_CASE(ERROR_WINHTTP_SECURE_CERT_WRONG_USAGE)
        WINHTTP_COMPAT_CASE(ERROR_WINHTTP_AUTODETECTION_FAILED)
        WINHTTP_COMPAT_CASE(ERROR_WINHTTP_HEADER_COUNT_EXCEEDED)
        WINHTTP_COMPAT_CASE(ERROR_WINHTTP_HEADER_SIZE_OVERFLOW)
        WINHTTP_COMPAT_CASE(ERROR_WINHTTP_CHUNKED_ENCODING_HEADER_SIZE_OVERFLOW)
        WINHTTP_COMPAT_CASE(ERROR_WINHTTP_RESPONSE_DRAIN_OVERFLOW)
        WINHTTP_COMPAT_CASE(ERROR_WINHTTP_CLIENT_CERT_NO_PRIVATE_KEY)
        WINHTTP_COMPAT_CASE(ERROR_WINHTTP_CLIENT_CERT_NO_ACCESS_PRIVATE_KEY)
        WINHTTP_COMPAT_CASE(ERROR_WINHTTP_CLIENT_AUTH_CERT_NEEDED_PROXY)
        WINHTTP_COMPAT_CASE(ERROR_WINHTTP_SECURE_FAILURE_PROXY)
        WINHTTP_COMPAT_CASE(ERROR_WINHTTP_RESERVED_189)
        WINHTTP_COMPAT_CASE(ERROR_WINHTTP_HTTP_PROTOCOL_MISMATCH)
        WINHTTP_COMPAT_CASE(ERROR_WINHTTP_GLOBAL_CALLBACK_FAILED)
        WINHTTP_COMPAT_CASE(ERROR_WINHTTP_FEATURE_DISABLED)
        WINHTTP_COMPAT_CASE(ERROR_WINHTTP_FAST_FORWARDING_NOT_SUPPORTED)
    default:
        return NULL;
    }
#undef WINHTTP_COMPAT_CASE
}

/* Room for the longest name and a number. */
#define WINHTTP_COMPAT_MESSAGE_MAX 96
/* Units between name and detail, and behind a detail that is cut. */
#define WINHTTP_COMPAT_MESSAGE_JOINTS 5

/* The error whose text is asked for. An HRESULT made from an error code has the text of the code. */
static inline DWORD winhttp_compat_message_error(DWORD code)
{
    return (code & 0xFFFF0000u) == 0x80070000u ? code & 0xFFFF : code;
}

/* Writes name and number, and returns the length; 0 with the last error set. */
static inline DWORD winhttp_compat_message(
    DWORD flags, DWORD error, char text[WINHTTP_COMPAT_MESSAGE_MAX])
{
    const char *name = winhttp_compat_error_name(error);
    if ((flags & (FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_FROM_HMODULE)) == 0
        || (flags & FORMAT_MESSAGE_FROM_STRING) != 0) {
        SetLastError(ERROR_INVALID_PARAMETER);
        return 0;
    }
    if (name == NULL) {
        SetLastError(ERROR_MR_MID_NOT_FOUND);
        return 0;
    }
    return (DWORD)snprintf(
        text, WINHTTP_COMPAT_MESSAGE_MAX, "%s (%u)", name, (unsigned)error);
}

/* What Windows' texts end with. */
static inline const char *winhttp_compat_message_end(DWORD flags)
{
    return (flags & FORMAT_MESSAGE_MAX_WIDTH_MASK) != 0 ? " " : "\r\n";
}

/* How many units of a detail fit behind a name: all, fewer with dots behind them, or none. Programs
 * have buffers for short texts: what is known of an error must not cost them its name. */
static inline DWORD winhttp_compat_message_fit(DWORD flags, DWORD size, DWORD name, DWORD detail)
{
    DWORD others = name + (DWORD)strlen(winhttp_compat_message_end(flags)) + 1;
    if ((flags & FORMAT_MESSAGE_ALLOCATE_BUFFER) != 0 || others + 2 + detail <= size)
        return detail;
    others += WINHTTP_COMPAT_MESSAGE_JOINTS;
    return size > others ? size - others : 0;
}

/* Where the text goes: the caller's buffer, or new memory for LocalFree whose address goes there.
 * NULL with the last error set. */
static inline void *winhttp_compat_message_room(
    DWORD flags, void *buffer, DWORD size, DWORD needed, size_t unit)
{
    void *memory;
    if (buffer == NULL) {
        SetLastError(ERROR_INVALID_PARAMETER);
        return NULL;
    }
    if ((flags & FORMAT_MESSAGE_ALLOCATE_BUFFER) == 0) {
        if (needed > size)
            SetLastError(ERROR_INSUFFICIENT_BUFFER);
        return needed > size ? NULL : buffer;
    }
    memory = GlobalAlloc(GMEM_FIXED, (SIZE_T)(size > needed ? size : needed) * unit);
    memcpy(buffer, &memory, sizeof(memory));
    if (memory == NULL)
        SetLastError(ERROR_NOT_ENOUGH_MEMORY);
    return memory;
}

#define WINHTTP_COMPAT_UNIT char
#define WINHTTP_COMPAT_OF(narrow, wide) narrow
#define WINHTTP_COMPAT_OWN(name) winhttp_compat_##name##_a
#include "win32_messages_units.h"
#undef WINHTTP_COMPAT_UNIT
#undef WINHTTP_COMPAT_OF
#undef WINHTTP_COMPAT_OWN
#define WINHTTP_COMPAT_UNIT WCHAR
#define WINHTTP_COMPAT_OF(narrow, wide) wide
#define WINHTTP_COMPAT_OWN(name) winhttp_compat_##name##_w
#include "win32_messages_units.h"
#undef WINHTTP_COMPAT_UNIT
#undef WINHTTP_COMPAT_OF
#undef WINHTTP_COMPAT_OWN

#ifndef FormatMessage
#define FormatMessage WINHTTP_COMPAT_NAME(FormatMessage)
#endif

/* Debuggers read the standard error here. */

static inline void OutputDebugStringA(LPCSTR text)
{
    if (text != NULL)
        fputs(text, stderr);
}

static inline void OutputDebugStringW(LPCWSTR text)
{
    size_t length = (size_t)lstrlenW(text), position = 0;
    while (position < length) {
        char bytes[4];
        DWORD character = winhttp_compat_read_wide(text, length, &position);
        if (character == WINHTTP_COMPAT_NO_CHARACTER)
            character = WINHTTP_COMPAT_REPLACEMENT;
        fwrite(bytes, 1, (size_t)winhttp_compat_write_utf8(character, bytes), stderr);
    }
}

#ifndef OutputDebugString
#define OutputDebugString WINHTTP_COMPAT_NAME(OutputDebugString)
#endif

#ifdef __cplusplus
}
#endif

#endif
