"""WinHTTP through ctypes: constants, prototypes, and errors as exceptions. The same file works on Windows.

Text is str everywhere. On Linux and macOS Python's wchar_t has 32 bits, and so have the functions that this module binds:
libwinhttp exports them as winhttp32_WinHttpOpen and so on. The plain names take UTF-16 there.
"""

import ctypes
import os
import sys
from ctypes import POINTER, c_char_p, c_int, c_size_t, c_uint16, c_uint32, c_void_p, c_wchar_p

WINHTTP_ACCESS_TYPE_NO_PROXY = 1
WINHTTP_ACCESS_TYPE_AUTOMATIC_PROXY = 4
WINHTTP_FLAG_ASYNC = 0x10000000
WINHTTP_FLAG_SECURE = 0x00800000

WINHTTP_OPTION_CONTEXT_VALUE = 45
WINHTTP_OPTION_UPGRADE_TO_WEB_SOCKET = 114

WINHTTP_QUERY_STATUS_CODE = 19
WINHTTP_QUERY_FLAG_NUMBER = 0x20000000

WINHTTP_WEB_SOCKET_BINARY_MESSAGE_BUFFER_TYPE = 0
WINHTTP_WEB_SOCKET_BINARY_FRAGMENT_BUFFER_TYPE = 1
WINHTTP_WEB_SOCKET_UTF8_MESSAGE_BUFFER_TYPE = 2
WINHTTP_WEB_SOCKET_UTF8_FRAGMENT_BUFFER_TYPE = 3
WINHTTP_WEB_SOCKET_CLOSE_BUFFER_TYPE = 4
WINHTTP_WEB_SOCKET_SUCCESS_CLOSE_STATUS = 1000

WINHTTP_CALLBACK_FLAG_ALL_NOTIFICATIONS = 0xFFFFFFFF
WINHTTP_CALLBACK_STATUS_HANDLE_CLOSING = 0x00000800
WINHTTP_CALLBACK_STATUS_HEADERS_AVAILABLE = 0x00020000
WINHTTP_CALLBACK_STATUS_READ_COMPLETE = 0x00080000
WINHTTP_CALLBACK_STATUS_WRITE_COMPLETE = 0x00100000
WINHTTP_CALLBACK_STATUS_REQUEST_ERROR = 0x00200000
WINHTTP_CALLBACK_STATUS_SENDREQUEST_COMPLETE = 0x00400000
WINHTTP_CALLBACK_STATUS_CLOSE_COMPLETE = 0x02000000

NO_ERROR = 0
ERROR_INVALID_HANDLE = 6
ERROR_WINHTTP_TIMEOUT = 12002
ERROR_WINHTTP_NAME_NOT_RESOLVED = 12007
ERROR_WINHTTP_CANNOT_CONNECT = 12029
ERROR_WINHTTP_CONNECTION_ERROR = 12030
ERROR_WINHTTP_SECURE_FAILURE = 12175

HINTERNET = c_void_p
IS_WINDOWS = sys.platform == "win32"

if IS_WINDOWS:
    _library = ctypes.WinDLL("winhttp", use_last_error=True)
    _prefix = ""
    STATUS_CALLBACK = ctypes.WINFUNCTYPE(None, HINTERNET, c_size_t, c_uint32, c_void_p, c_uint32)
else:
    _library = ctypes.CDLL(os.environ.get("WINHTTP_LIBRARY")
                           or ("libwinhttp.dylib" if sys.platform == "darwin" else "libwinhttp.so.0.1"))
    _prefix = "winhttp32_"
    STATUS_CALLBACK = ctypes.CFUNCTYPE(None, HINTERNET, c_size_t, c_uint32, c_void_p, c_uint32)


def last_error():
    """The number that the last function which failed in this thread has left."""
    return ctypes.get_last_error() if IS_WINDOWS else _library.GetLastError()


def error_detail(number):
    """What is behind an error, as far as the library knows; None on Windows, which has no such function.

    To be asked where the error is met: on the thread of the call that failed, or inside the callback
    that is told of it.
    """
    function = getattr(_library, "WinHttpShimGetErrorDetailUtf8", None)
    text, size = ctypes.create_string_buffer(8192), c_uint32(8192)  # WINHTTP_SHIM_ERROR_DETAIL_MAX
    if function is None or function(c_uint32(number), text, ctypes.byref(size)) != NO_ERROR:
        return None
    return text.value.decode()


class AsyncResult(ctypes.Structure):
    """WINHTTP_ASYNC_RESULT: what a notification of REQUEST_ERROR points to."""

    _fields_ = [("dwResult", c_size_t), ("dwError", c_uint32)]


class Error(OSError):
    """A function failed: `.number` says why, in Windows' numbers. To be made where `error_detail` can be asked."""

    def __init__(self, function, number):
        detail = error_detail(number)
        super().__init__(f"{function} failed with error {number}" + (f": {detail}" if detail else ""))
        self.number = number


def _succeeds(result, function, arguments):
    if not result:
        raise Error(function.__name__, last_error())
    return result


def _is_no_error(result, function, arguments):
    if result != NO_ERROR:
        raise Error(function.__name__, result)
    return result


def _function(name, result, *arguments, check=_succeeds):
    function = getattr(_library, _prefix + name)
    function.__name__ = name  # for errors: that of the documentation
    function.restype = result
    function.argtypes = arguments
    function.errcheck = check
    return function


if not IS_WINDOWS:
    _library.GetLastError.restype = c_uint32

WinHttpOpen = _function("WinHttpOpen", HINTERNET, c_wchar_p, c_uint32, c_wchar_p, c_wchar_p, c_uint32)
WinHttpConnect = _function("WinHttpConnect", HINTERNET, HINTERNET, c_wchar_p, c_uint16, c_uint32)
WinHttpOpenRequest = _function("WinHttpOpenRequest", HINTERNET, HINTERNET, c_wchar_p, c_wchar_p, c_wchar_p,
                               c_wchar_p, c_void_p, c_uint32)
WinHttpSetOption = _function("WinHttpSetOption", c_int, HINTERNET, c_uint32, c_void_p, c_uint32)
WinHttpSendRequest = _function("WinHttpSendRequest", c_int, HINTERNET, c_wchar_p, c_uint32, c_void_p, c_uint32,
                               c_uint32, c_size_t)
WinHttpReceiveResponse = _function("WinHttpReceiveResponse", c_int, HINTERNET, c_void_p)
WinHttpQueryHeaders = _function("WinHttpQueryHeaders", c_int, HINTERNET, c_uint32, c_wchar_p, c_void_p,
                                POINTER(c_uint32), POINTER(c_uint32))
WinHttpSetStatusCallback = _function("WinHttpSetStatusCallback", c_void_p, HINTERNET, STATUS_CALLBACK, c_uint32,
                                     c_size_t, check=lambda result, function, arguments: result)
WinHttpWebSocketCompleteUpgrade = _function("WinHttpWebSocketCompleteUpgrade", HINTERNET, HINTERNET, c_size_t)
WinHttpWebSocketSend = _function("WinHttpWebSocketSend", c_uint32, HINTERNET, c_int, c_char_p, c_uint32,
                                 check=_is_no_error)
WinHttpWebSocketReceive = _function("WinHttpWebSocketReceive", c_uint32, HINTERNET, c_void_p, c_uint32,
                                    POINTER(c_uint32), POINTER(c_int), check=_is_no_error)
WinHttpWebSocketClose = _function("WinHttpWebSocketClose", c_uint32, HINTERNET, c_uint16, c_void_p, c_uint32,
                                  check=_is_no_error)
WinHttpCloseHandle = _function("WinHttpCloseHandle", c_int, HINTERNET)
