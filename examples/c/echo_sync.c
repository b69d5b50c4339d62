/* Echo client, synchronous: every call returns when its work is done.
 *
 *   echo_sync ws://host:port/path [message]
 *
 * Exit code 0: the server sent back exactly what it was sent, and the closing handshake worked.
 * Builds on Windows with winhttp.lib, and on Linux and macOS with winhttp-shim. */
#ifdef _WIN32
#define _CRT_SECURE_NO_WARNINGS
#include <windows.h>
#endif
#include <winhttp.h>
#ifndef _WIN32
#include <winhttp_shim.h>
#endif

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#define URL_LIMIT 2048        /* characters */
#define MESSAGE_LIMIT 65536   /* bytes; more than that is not the echo of a command line */

/* What one run needs; handles are NULL until they are open. */
struct client {
    HINTERNET session, connection, request, socket;
    WCHAR host[256];
    WCHAR path[URL_LIMIT];
    INTERNET_PORT port;
    BOOL secure;
};

/* Windows knows the number of an error; winhttp-shim also says what is behind it. */
static void print_failure(const char *step, DWORD error)
{
#ifdef WINHTTP_SHIM_ERROR_DETAIL
    char detail[WINHTTP_SHIM_ERROR_DETAIL_MAX];
    DWORD size = sizeof(detail);

    if (WinHttpShimGetErrorDetailUtf8(error, detail, &size) == ERROR_SUCCESS) {
        fprintf(stderr, "%s failed: error %lu: %s\n", step, (unsigned long)error, detail);
        return;
    }
#endif
    fprintf(stderr, "%s failed: error %lu\n", step, (unsigned long)error);
}

static int fail(const char *step, DWORD error)
{
    print_failure(step, error);
    return 0;
}

/* WinHTTP knows http and https, not ws and wss: "http" + what follows "ws" is the URL it takes. */
static int parse_url(struct client *client, const char *text)
{
    WCHAR url[URL_LIMIT] = L"http";
    URL_COMPONENTS parts;
    size_t length;

    if (strncmp(text, "ws://", 5) != 0 && strncmp(text, "wss://", 6) != 0) {
        fprintf(stderr, "%s: a URL starts with ws:// or wss://\n", text);
        return 0;
    }
    length = mbstowcs(url + 4, text + 2, URL_LIMIT - 4);
    if (length >= URL_LIMIT - 4) { /* too long, or not text (size_t)-1 */
        fprintf(stderr, "the URL cannot be used\n");
        return 0;
    }
    memset(&parts, 0, sizeof(parts));
    parts.dwStructSize = sizeof(parts);
    parts.lpszHostName = client->host;
    parts.dwHostNameLength = sizeof(client->host) / sizeof(client->host[0]);
    parts.lpszUrlPath = client->path; /* with the query, as no extra information is asked for */
    parts.dwUrlPathLength = URL_LIMIT;
    if (!WinHttpCrackUrl(url, 0, 0, &parts))
        return fail("WinHttpCrackUrl", GetLastError());
    client->port = parts.nPort;
    client->secure = parts.nScheme == INTERNET_SCHEME_HTTPS;
    return 1;
}

/* From nothing to an open WebSocket. */
static int connect_socket(struct client *client)
{
    DWORD status = 0, size = sizeof(status);

    client->session = WinHttpOpen(L"echo_sync/1.0", WINHTTP_ACCESS_TYPE_AUTOMATIC_PROXY,
                                  WINHTTP_NO_PROXY_NAME, WINHTTP_NO_PROXY_BYPASS, 0);
    if (!client->session)
        return fail("WinHttpOpen", GetLastError());
    client->connection = WinHttpConnect(client->session, client->host, client->port, 0);
    if (!client->connection)
        return fail("WinHttpConnect", GetLastError());
    client->request = WinHttpOpenRequest(client->connection, L"GET", client->path, NULL,
                                         WINHTTP_NO_REFERER, WINHTTP_DEFAULT_ACCEPT_TYPES,
                                         client->secure ? WINHTTP_FLAG_SECURE : 0);
    if (!client->request)
        return fail("WinHttpOpenRequest", GetLastError());
    if (!WinHttpSetOption(client->request, WINHTTP_OPTION_UPGRADE_TO_WEB_SOCKET, NULL, 0))
        return fail("WinHttpSetOption", GetLastError());
    if (!WinHttpSendRequest(client->request, WINHTTP_NO_ADDITIONAL_HEADERS, 0,
                            WINHTTP_NO_REQUEST_DATA, 0, 0, 0))
        return fail("WinHttpSendRequest", GetLastError());
    if (!WinHttpReceiveResponse(client->request, NULL))
        return fail("WinHttpReceiveResponse", GetLastError());
    if (!WinHttpQueryHeaders(client->request,
                             WINHTTP_QUERY_STATUS_CODE | WINHTTP_QUERY_FLAG_NUMBER,
                             WINHTTP_HEADER_NAME_BY_INDEX, &status, &size, WINHTTP_NO_HEADER_INDEX))
        return fail("WinHttpQueryHeaders", GetLastError());
    if (status != HTTP_STATUS_SWITCH_PROTOCOLS) /* then the next call fails, and knows the answer */
        fprintf(stderr, "the server answered %lu instead of 101\n", (unsigned long)status);
    client->socket = WinHttpWebSocketCompleteUpgrade(client->request, 0);
    if (!client->socket)
        return fail("WinHttpWebSocketCompleteUpgrade", GetLastError());
    printf("connected\n");
    return 1;
}

/* Collects one whole message: WinHTTP may hand it over in any number of pieces. */
static int receive_message(struct client *client, char *buffer, DWORD *length)
{
    WINHTTP_WEB_SOCKET_BUFFER_TYPE type;
    DWORD got, error;

    *length = 0;
    do {
        if (*length == MESSAGE_LIMIT) {
            fprintf(stderr, "the message is longer than %d bytes\n", MESSAGE_LIMIT);
            return 0;
        }
        got = 0;
        error = WinHttpWebSocketReceive(client->socket, buffer + *length, MESSAGE_LIMIT - *length,
                                        &got, &type);
        if (error != NO_ERROR)
            return fail("WinHttpWebSocketReceive", error);
        if (type == WINHTTP_WEB_SOCKET_CLOSE_BUFFER_TYPE) {
            fprintf(stderr, "the server closed before it answered\n");
            return 0;
        }
        *length += got;
    } while (type == WINHTTP_WEB_SOCKET_UTF8_FRAGMENT_BUFFER_TYPE ||
             type == WINHTTP_WEB_SOCKET_BINARY_FRAGMENT_BUFFER_TYPE);
    return 1;
}

static int echo(struct client *client, const char *message)
{
    static char buffer[MESSAGE_LIMIT];
    DWORD length = (DWORD)strlen(message), received, error;

    error = WinHttpWebSocketSend(client->socket, WINHTTP_WEB_SOCKET_UTF8_MESSAGE_BUFFER_TYPE,
                                 length > 0 ? (PVOID)message : NULL, length);
    if (error != NO_ERROR)
        return fail("WinHttpWebSocketSend", error);
    printf("sent: %s\n", message);
    if (!receive_message(client, buffer, &received))
        return 0;
    printf("received: %.*s\n", (int)received, buffer);
    if (received != length || memcmp(buffer, message, length) != 0) {
        fprintf(stderr, "that is not what was sent\n");
        return 0;
    }
    return 1;
}

/* Sends our close frame, waits for the server's, and shows what it said. */
static int close_socket(struct client *client)
{
    char reason[WINHTTP_WEB_SOCKET_MAX_CLOSE_REASON_LENGTH];
    DWORD length = 0, error;
    USHORT status = 0;

    error = WinHttpWebSocketClose(client->socket, WINHTTP_WEB_SOCKET_SUCCESS_CLOSE_STATUS, NULL, 0);
    if (error != NO_ERROR)
        return fail("WinHttpWebSocketClose", error);
    error = WinHttpWebSocketQueryCloseStatus(client->socket, &status, reason, sizeof(reason),
                                             &length);
    if (error != NO_ERROR)
        return fail("WinHttpWebSocketQueryCloseStatus", error);
    printf("closed: %u %.*s\n", (unsigned)status, (int)length, reason);
    return 1;
}

static void close_handles(struct client *client)
{
    if (client->socket)
        WinHttpCloseHandle(client->socket);
    if (client->request)
        WinHttpCloseHandle(client->request);
    if (client->connection)
        WinHttpCloseHandle(client->connection);
    if (client->session)
        WinHttpCloseHandle(client->session);
}

int main(int argc, char **argv)
{
    static struct client client;
    const char *message = argc == 3 ? argv[2] : "hello";
    int good;

    if (argc < 2 || argc > 3) {
        fprintf(stderr, "usage: %s ws://host:port/path [message]\n", argv[0]);
        return 2;
    }
    good = parse_url(&client, argv[1]) && connect_socket(&client) && echo(&client, message) &&
           close_socket(&client);
    close_handles(&client);
    return good ? 0 : 1;
}
