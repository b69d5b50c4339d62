/* winhttp_shim.h - what libwinhttp has and Windows has not.
 *
 * Licence: MIT OR Apache-2.0.
 *
 * A program that is compiled for Windows, too, asks for it:
 *
 *     #if defined(__has_include)
 *     #if __has_include(<winhttp_shim.h>)
 *     #include <winhttp_shim.h>
 *     #endif
 *     #endif
 *
 * and then looks at WINHTTP_SHIM_ERROR_DETAIL. */
#ifndef WINHTTP_SHIM_WINHTTP_SHIM_H
#define WINHTTP_SHIM_WINHTTP_SHIM_H

#include "winhttp.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The functions below are there. */
#define WINHTTP_SHIM_ERROR_DETAIL 1

/* Bytes of UTF-8 that the text of an error has at the most, its terminator included. */
#define WINHTTP_SHIM_ERROR_DETAIL_MAX 8192

/* Says in words what is behind an error of this thread: which flaws a certificate has, which address
 * refused the connection, what a server answered instead of 101, which rule a peer broke, which timeout
 * expired. The text is for people, in English, may have several lines, and may change with any version.
 *
 * dwError is the error that is asked about: what GetLastError or a WebSocket function returned, or the
 * dwError of a REQUEST_ERROR. There is a text
 *   - on the thread on which a call has failed, until another call of this library fails there;
 *   - inside a status callback that is told of a REQUEST_ERROR, for its dwError, and of a
 *     SECURE_FAILURE, for ERROR_WINHTTP_SECURE_FAILURE: on that thread, until the callback returns.
 *     Calls that fail inside the callback are found by their own numbers.
 * Many errors need no text, such as ERROR_INVALID_HANDLE, and have none.
 *
 * lpdwLength is in bytes. In: the size of the buffer, with NULL as buffer 0. Out: the length of the text
 * without its terminator, or if it does not fit the size that is needed, with it. The buffer is the
 * program's, before and after.
 *
 * Returns ERROR_SUCCESS; ERROR_NOT_FOUND if this thread knows nothing about that error;
 * ERROR_INSUFFICIENT_BUFFER, and the buffer is untouched; ERROR_INVALID_PARAMETER without lpdwLength.
 * Leaves the last error, errno and what can be asked as they are: ask as often as you like.
 *
 * The text never holds what proves who the program is: credentials, cookies, user and password of a URL.
 * It holds text of the server: show it as it is, but do not act on it. */
WINHTTPAPI DWORD WINAPI WinHttpShimGetErrorDetail(
    DWORD dwError, LPWSTR pwszDetail, LPDWORD lpdwLength)
    WINHTTP_SYMBOL(WinHttpShimGetErrorDetail);

/* The same in UTF-8, whatever the width of WCHAR. */
WINHTTPAPI DWORD WINAPI WinHttpShimGetErrorDetailUtf8(
    DWORD dwError, LPSTR pszDetail, LPDWORD lpdwLength);

#ifdef __cplusplus
}
#endif

#endif
