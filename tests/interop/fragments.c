/* Sends messages in fragments, which none of the examples does: fragments ws://host:port/path
 *
 * Each message goes out in pieces of several sizes, an empty one among them, and must come back whole
 * and of the same type. Then the connection is shut down one side at a time, and the server's close
 * frame read with Receive. Synchronous. Exit code 0: all of that held. */
#include <winhttp.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#define URL_LIMIT 2048

static const DWORD PIECES[] = { 1, 125, 0, 126, 65535, 65536, 200000, 3 };
#define PIECE_COUNT (sizeof(PIECES) / sizeof(PIECES[0]))

#define CHECK(condition)                                                                          \
    do {                                                                                          \
        if (!(condition)) {                                                                       \
            fprintf(stderr, "line %d: %s, error %u\n", __LINE__, #condition,                      \
                    (unsigned)GetLastError());                                                    \
            exit(1);                                                                              \
        }                                                                                         \
    } while (0)

static HINTERNET open_socket(const char *text)
{
    WCHAR url[URL_LIMIT] = L"http", host[256], path[URL_LIMIT];
    URL_COMPONENTS parts;
    HINTERNET session, connection, request, socket;

    CHECK(strncmp(text, "ws", 2) == 0 && mbstowcs(url + 4, text + 2, URL_LIMIT - 4) < URL_LIMIT - 4);
    memset(&parts, 0, sizeof(parts));
    parts.dwStructSize = sizeof(parts);
    parts.lpszHostName = host;
    parts.dwHostNameLength = sizeof(host) / sizeof(host[0]);
    parts.lpszUrlPath = path;
    parts.dwUrlPathLength = URL_LIMIT;
    CHECK(WinHttpCrackUrl(url, 0, 0, &parts));
    session = WinHttpOpen(L"fragments", WINHTTP_ACCESS_TYPE_NO_PROXY, NULL, NULL, 0);
    CHECK(session);
    connection = WinHttpConnect(session, host, parts.nPort, 0);
    CHECK(connection);
    request = WinHttpOpenRequest(connection, L"GET", path, NULL, NULL, NULL,
                                 parts.nScheme == INTERNET_SCHEME_HTTPS ? WINHTTP_FLAG_SECURE : 0);
    CHECK(request);
    CHECK(WinHttpSetOption(request, WINHTTP_OPTION_UPGRADE_TO_WEB_SOCKET, NULL, 0));
    CHECK(WinHttpSendRequest(request, NULL, 0, NULL, 0, 0, 0));
    CHECK(WinHttpReceiveResponse(request, NULL));
    socket = WinHttpWebSocketCompleteUpgrade(request, 0);
    CHECK(socket);
    /* The socket needs none of them any more. */
    CHECK(WinHttpCloseHandle(request));
    CHECK(WinHttpCloseHandle(connection));
    CHECK(WinHttpCloseHandle(session));
    return socket;
}

static void echo(HINTERNET socket, WINHTTP_WEB_SOCKET_BUFFER_TYPE fragment,
                 WINHTTP_WEB_SOCKET_BUFFER_TYPE message)
{
    WINHTTP_WEB_SOCKET_BUFFER_TYPE type = fragment;
    DWORD total = 0, sent = 0, received = 0, got, index;
    char *data, *answer;

    for (index = 0; index < PIECE_COUNT; index++)
        total += PIECES[index];
    data = malloc(total);
    answer = malloc(total + 1);
    CHECK(data && answer);
    for (index = 0; index < total; index++)
        data[index] = (char)('a' + (index * 7 + index / 251) % 26);
    for (index = 0; index < PIECE_COUNT; index++) {
        CHECK(WinHttpWebSocketSend(socket, index + 1 < PIECE_COUNT ? fragment : message,
                                   PIECES[index] ? data + sent : NULL, PIECES[index]) == NO_ERROR);
        sent += PIECES[index];
    }
    while (type == fragment) {
        got = 0;
        CHECK(WinHttpWebSocketReceive(socket, answer + received, total + 1 - received, &got, &type)
              == NO_ERROR);
        received += got;
        CHECK(received <= total);
    }
    CHECK(type == message && received == total && memcmp(data, answer, total) == 0);
    free(data);
    free(answer);
}

/* The graceful path: our side first, then everything until the server's close frame. */
static void part(HINTERNET socket)
{
    WINHTTP_WEB_SOCKET_BUFFER_TYPE type;
    char reason[WINHTTP_WEB_SOCKET_MAX_CLOSE_REASON_LENGTH], byte;
    DWORD length = 0, got = 0;
    USHORT status = 0;

    CHECK(WinHttpWebSocketShutdown(socket, 3210, (PVOID)"so long", 7) == NO_ERROR);
    CHECK(WinHttpWebSocketReceive(socket, &byte, 1, &got, &type) == NO_ERROR);
    CHECK(type == WINHTTP_WEB_SOCKET_CLOSE_BUFFER_TYPE && got == 0);
    CHECK(WinHttpWebSocketQueryCloseStatus(socket, &status, reason, sizeof(reason), &length)
          == NO_ERROR);
    CHECK(status == 3210);
    CHECK(WinHttpWebSocketClose(socket, 1000, NULL, 0) == NO_ERROR);
}

int main(int argc, char **argv)
{
    HINTERNET socket;

    CHECK(argc == 2);
    socket = open_socket(argv[1]);
    echo(socket, WINHTTP_WEB_SOCKET_UTF8_FRAGMENT_BUFFER_TYPE,
         WINHTTP_WEB_SOCKET_UTF8_MESSAGE_BUFFER_TYPE);
    echo(socket, WINHTTP_WEB_SOCKET_BINARY_FRAGMENT_BUFFER_TYPE,
         WINHTTP_WEB_SOCKET_BINARY_MESSAGE_BUFFER_TYPE);
    part(socket);
    CHECK(WinHttpCloseHandle(socket));
    printf("fragments came back whole\n");
    return 0;
}
