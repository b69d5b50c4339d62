"""Sends a message over a WebSocket and prints what comes back, synchronously, then the notifications of the way there.

    python3 echo.py HOST PORT PATH MESSAGE
"""

import sys
import threading
from ctypes import POINTER, byref, c_int, c_uint32, cast, create_string_buffer, sizeof

from winhttp import *


def upgrade(session, host, port, path):
    """A WebSocket; the handles on the way are closed."""
    connection = WinHttpConnect(session, host, port, 0)
    request = WinHttpOpenRequest(connection, "GET", path, None, None, None, 0)
    try:
        WinHttpSetOption(request, WINHTTP_OPTION_UPGRADE_TO_WEB_SOCKET, None, 0)
        WinHttpSendRequest(request, None, 0, None, 0, 0, 0)
        WinHttpReceiveResponse(request, None)
        status, size = c_uint32(), c_uint32(4)
        WinHttpQueryHeaders(request, WINHTTP_QUERY_STATUS_CODE | WINHTTP_QUERY_FLAG_NUMBER, None, byref(status),
                            byref(size), None)
        print("status", status.value)
        return WinHttpWebSocketCompleteUpgrade(request, 0)
    finally:
        WinHttpCloseHandle(request)
        WinHttpCloseHandle(connection)


def echo(socket, text):
    """What the server says to a text, put together from its fragments."""
    message = text.encode()
    WinHttpWebSocketSend(socket, WINHTTP_WEB_SOCKET_UTF8_MESSAGE_BUFFER_TYPE, message, len(message))
    buffer, length, kind = create_string_buffer(4096), c_uint32(), c_int()
    answer = b""
    while True:
        WinHttpWebSocketReceive(socket, buffer, sizeof(buffer), byref(length), byref(kind))
        answer += buffer.raw[: length.value]
        if kind.value != WINHTTP_WEB_SOCKET_UTF8_FRAGMENT_BUFFER_TYPE:
            return answer.decode()


def synchronous(host, port, path, text):
    """What the server says to a text."""
    session = WinHttpOpen("echo.py", WINHTTP_ACCESS_TYPE_AUTOMATIC_PROXY, None, None, 0)
    try:
        socket = upgrade(session, host, port, path)
        answer = echo(socket, text)
        print("received:", answer)
        WinHttpWebSocketClose(socket, WINHTTP_WEB_SOCKET_SUCCESS_CLOSE_STATUS, None, 0)
        WinHttpCloseHandle(socket)
        return answer
    finally:
        WinHttpCloseHandle(session)


class Asynchronous:
    """Sends a request in an asynchronous session and closes everything when the answer is there."""

    def __init__(self, host, port, path):
        # The object that C calls must live until the last notification: of the session, HANDLE_CLOSING.
        self.callback = STATUS_CALLBACK(self.notified)
        self.closed, self.error = threading.Event(), None
        self.session = WinHttpOpen("echo.py", WINHTTP_ACCESS_TYPE_AUTOMATIC_PROXY, None, None, WINHTTP_FLAG_ASYNC)
        WinHttpSetStatusCallback(self.session, self.callback, WINHTTP_CALLBACK_FLAG_ALL_NOTIFICATIONS, 0)
        self.connection = WinHttpConnect(self.session, host, port, 0)
        self.request = WinHttpOpenRequest(self.connection, "GET", path, None, None, None, 0)
        WinHttpSendRequest(self.request, None, 0, None, 0, 0, 0)

    def notified(self, handle, context, status, information, length):
        # Must not wait for anything: while it runs, nothing else is notified. An exception would be lost.
        if status == WINHTTP_CALLBACK_STATUS_SENDREQUEST_COMPLETE:
            try:
                WinHttpReceiveResponse(handle, None)
            except Error as error:
                self.end(error)
        elif status == WINHTTP_CALLBACK_STATUS_HEADERS_AVAILABLE:
            self.end(None)
        elif status == WINHTTP_CALLBACK_STATUS_REQUEST_ERROR:
            self.end(Error("the request", cast(information, POINTER(AsyncResult)).contents.dwError))
        elif status == WINHTTP_CALLBACK_STATUS_HANDLE_CLOSING and handle == self.session:
            self.closed.set()

    def end(self, error):
        self.error = error
        for handle in (self.request, self.connection, self.session):
            WinHttpCloseHandle(handle)


def main():
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    host, port, path, text = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4]
    try:
        if synchronous(host, port, path, text) != text:
            sys.exit("that is not what was sent")
        client = Asynchronous(host, port, "/")
        if not client.closed.wait(30):
            sys.exit("the session did not end")
        if client.error:
            raise client.error
        print("asynchronous:", NO_ERROR)
    except Error as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
