/* A synchronous WebSocket: echo, fragments, a closing handshake. Arguments: host, port, path. */
#include "common.h"

static void receive(HINTERNET socket, DWORD room)
{
    char buffer[256];
    DWORD bytes = 0;
    WINHTTP_WEB_SOCKET_BUFFER_TYPE type = WINHTTP_WEB_SOCKET_CLOSE_BUFFER_TYPE;
    DWORD error = WinHttpWebSocketReceive(socket, buffer, room, &bytes, &type);
    printf("receive: error %u, type %d, %u bytes: %.*s\n", (unsigned)error, (int)type, (unsigned)bytes,
        (int)bytes, buffer);
}

int main(int argc, char **argv)
{
    WCHAR host[TEXT_MAX], path[TEXT_MAX];
    CHECK(argc == 4);
    HINTERNET session = WinHttpOpen(
        L"scenario", WINHTTP_ACCESS_TYPE_NO_PROXY, WINHTTP_NO_PROXY_NAME, WINHTTP_NO_PROXY_BYPASS, 0);
    CHECK(session != NULL);
    HINTERNET connect = WinHttpConnect(session, wide(host, argv[1]), (INTERNET_PORT)atoi(argv[2]), 0);
    CHECK(connect != NULL);
    HINTERNET request = WinHttpOpenRequest(connect, L"GET", wide(path, argv[3]), NULL,
        WINHTTP_NO_REFERER, WINHTTP_DEFAULT_ACCEPT_TYPES, 0);
    CHECK(request != NULL);
    CHECK(WinHttpSetOption(request, WINHTTP_OPTION_UPGRADE_TO_WEB_SOCKET, NULL, 0));
    CHECK(WinHttpSendRequest(
        request, WINHTTP_NO_ADDITIONAL_HEADERS, 0, WINHTTP_NO_REQUEST_DATA, 0, 0, 0));
    CHECK(WinHttpReceiveResponse(request, NULL));

    DWORD status = 0, size = sizeof status;
    CHECK(WinHttpQueryHeaders(request, WINHTTP_QUERY_STATUS_CODE | WINHTTP_QUERY_FLAG_NUMBER,
        WINHTTP_HEADER_NAME_BY_INDEX, &status, &size, WINHTTP_NO_HEADER_INDEX));
    WCHAR upgrade[32];
    char text[TEXT_MAX];
    size = sizeof upgrade;
    CHECK(WinHttpQueryHeaders(request, WINHTTP_QUERY_UPGRADE, WINHTTP_HEADER_NAME_BY_INDEX, upgrade,
        &size, WINHTTP_NO_HEADER_INDEX));
    printf("status %u, upgrade %s of %u characters\n", (unsigned)status, narrow(text, upgrade),
        (unsigned)(size / sizeof(WCHAR)));

    HINTERNET socket = WinHttpWebSocketCompleteUpgrade(request, 0);
    CHECK(socket != NULL);
    CHECK(WinHttpCloseHandle(request));
    CHECK(WinHttpCloseHandle(connect));
    CHECK(WinHttpCloseHandle(session));

    CHECK(!WinHttpWebSocketSend(socket, WINHTTP_WEB_SOCKET_UTF8_MESSAGE_BUFFER_TYPE, (PVOID) "hello", 5));
    receive(socket, 256);
    CHECK(!WinHttpWebSocketSend(socket, WINHTTP_WEB_SOCKET_BINARY_FRAGMENT_BUFFER_TYPE, (PVOID) "ab", 2));
    CHECK(!WinHttpWebSocketSend(socket, WINHTTP_WEB_SOCKET_BINARY_FRAGMENT_BUFFER_TYPE, (PVOID) "cd", 2));
    printf("other type inside a message: %u\n",
        (unsigned)WinHttpWebSocketSend(socket, WINHTTP_WEB_SOCKET_UTF8_MESSAGE_BUFFER_TYPE, (PVOID) "x", 1));
    CHECK(!WinHttpWebSocketSend(socket, WINHTTP_WEB_SOCKET_BINARY_MESSAGE_BUFFER_TYPE, NULL, 0));
    receive(socket, 3);
    receive(socket, 1);
    CHECK(!WinHttpWebSocketSend(socket, WINHTTP_WEB_SOCKET_UTF8_MESSAGE_BUFFER_TYPE, NULL, 0));
    receive(socket, 256);

    CHECK(!WinHttpWebSocketShutdown(socket, WINHTTP_WEB_SOCKET_SUCCESS_CLOSE_STATUS, (PVOID) "done", 4));
    receive(socket, 256);
    USHORT code = 0;
    char reason[WINHTTP_WEB_SOCKET_MAX_CLOSE_REASON_LENGTH];
    DWORD length = 0;
    CHECK(!WinHttpWebSocketQueryCloseStatus(socket, &code, reason, sizeof reason, &length));
    printf("closed: %u %.*s\n", (unsigned)code, (int)length, reason);
    CHECK(!WinHttpWebSocketClose(socket, WINHTTP_WEB_SOCKET_SUCCESS_CLOSE_STATUS, NULL, 0));
    CHECK(WinHttpCloseHandle(socket));
    BOOL again = WinHttpCloseHandle(socket);
    printf("again: %d, error %u\n", (int)again, (unsigned)GetLastError());
    return 0;
}
