/* Echo client, asynchronous: calls start work, and the status callback carries on from there.
 *
 *   echo_async ws://host:port/path [message]
 *
 * The chain of events, each started by the one before it:
 *
 *   WinHttpSendRequest -> SENDREQUEST_COMPLETE -> WinHttpReceiveResponse -> HEADERS_AVAILABLE
 *     -> WinHttpWebSocketCompleteUpgrade, WinHttpWebSocketReceive, WinHttpWebSocketSend
 *     -> WRITE_COMPLETE and READ_COMPLETE (until the echo is whole)
 *     -> WinHttpWebSocketClose -> CLOSE_COMPLETE -> WinHttpCloseHandle -> HANDLE_CLOSING
 *
 * The main thread starts the chain and waits until every handle has reported HANDLE_CLOSING:
 * only then is nothing of `struct client` in use any more.
 *
 * Exit code 0: the server sent back exactly what it was sent, and the closing handshake worked.
 * Builds on Windows with winhttp.lib, and on Linux and macOS with winhttp-shim and -pthread. */
#ifdef _WIN32
#define _CRT_SECURE_NO_WARNINGS
#include <windows.h>
#else
#include <pthread.h>
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

/* A lock with a condition, spelled for both worlds. */
#ifdef _WIN32
struct monitor { SRWLOCK lock; CONDITION_VARIABLE changed; };
#define MONITOR_INITIAL { SRWLOCK_INIT, CONDITION_VARIABLE_INIT }
static void monitor_enter(struct monitor *m) { AcquireSRWLockExclusive(&m->lock); }
static void monitor_leave(struct monitor *m) { ReleaseSRWLockExclusive(&m->lock); }
static void monitor_wait(struct monitor *m)
{
    SleepConditionVariableSRW(&m->changed, &m->lock, INFINITE, 0);
}
static void monitor_notify(struct monitor *m) { WakeAllConditionVariable(&m->changed); }
#else
struct monitor { pthread_mutex_t lock; pthread_cond_t changed; };
#define MONITOR_INITIAL { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER }
static void monitor_enter(struct monitor *m) { pthread_mutex_lock(&m->lock); }
static void monitor_leave(struct monitor *m) { pthread_mutex_unlock(&m->lock); }
static void monitor_wait(struct monitor *m) { pthread_cond_wait(&m->changed, &m->lock); }
static void monitor_notify(struct monitor *m) { pthread_cond_broadcast(&m->changed); }
#endif

/* What the callback works on; its address is the context value of every handle. */
struct client {
    struct monitor monitor;   /* guards the next four */
    int open_handles;         /* opened, and HANDLE_CLOSING not seen yet */
    int closing;              /* the handles are being closed */
    int sent, echoed;         /* the two halves that must both be done before the close */

    HINTERNET session, connection, request, socket;
    const char *message;
    char buffer[MESSAGE_LIMIT]; /* lent to WinHttpWebSocketReceive while it is pending */
    DWORD received;             /* bytes of `buffer` that are filled */
    int good;                   /* the closing handshake was reached and worked */

    WCHAR host[256];
    WCHAR path[URL_LIMIT];
    INTERNET_PORT port;
    BOOL secure;
};

/* Counts a handle that will report HANDLE_CLOSING. */
static HINTERNET opened(struct client *client, HINTERNET handle)
{
    if (handle) {
        monitor_enter(&client->monitor);
        client->open_handles++;
        monitor_leave(&client->monitor);
    }
    return handle;
}

/* Closes what is open, once; children first. Pending operations end with REQUEST_ERROR. */
static void close_handles(struct client *client)
{
    int already;

    monitor_enter(&client->monitor);
    already = client->closing;
    client->closing = 1;
    monitor_leave(&client->monitor);
    if (already)
        return;
    if (client->socket)
        WinHttpCloseHandle(client->socket);
    if (client->request)
        WinHttpCloseHandle(client->request);
    if (client->connection)
        WinHttpCloseHandle(client->connection);
    if (client->session)
        WinHttpCloseHandle(client->session);
}

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

static void fail(struct client *client, const char *step, DWORD error)
{
    print_failure(step, error);
    client->good = 0;
    close_handles(client);
}

static void start_receive(struct client *client)
{
    DWORD error;

    if (client->received == MESSAGE_LIMIT) {
        fail(client, "the message is too long; receiving it", ERROR_INSUFFICIENT_BUFFER);
        return;
    }
    /* Asynchronous: byte count and type arrive with READ_COMPLETE, not through pointers. */
    error = WinHttpWebSocketReceive(client->socket, client->buffer + client->received,
                                    MESSAGE_LIMIT - client->received, NULL, NULL);
    if (error != NO_ERROR)
        fail(client, "WinHttpWebSocketReceive", error);
}

/* HEADERS_AVAILABLE: the response is there. */
static void upgrade(struct client *client)
{
    DWORD status = 0, size = sizeof(status), error;
    DWORD length = (DWORD)strlen(client->message);
    HINTERNET request = client->request;

    if (!WinHttpQueryHeaders(request, WINHTTP_QUERY_STATUS_CODE | WINHTTP_QUERY_FLAG_NUMBER,
                             WINHTTP_HEADER_NAME_BY_INDEX, &status, &size,
                             WINHTTP_NO_HEADER_INDEX)) {
        fail(client, "WinHttpQueryHeaders", GetLastError());
        return;
    }
    if (status != HTTP_STATUS_SWITCH_PROTOCOLS) /* then the next call fails, and knows the answer */
        fprintf(stderr, "the server answered %lu instead of 101\n", (unsigned long)status);
    client->socket = opened(client, WinHttpWebSocketCompleteUpgrade(request, (DWORD_PTR)client));
    if (!client->socket) {
        fail(client, "WinHttpWebSocketCompleteUpgrade", GetLastError());
        return;
    }
    printf("connected\n");
    client->request = NULL; /* the socket lives on without its request */
    WinHttpCloseHandle(request);

    start_receive(client);
    error = WinHttpWebSocketSend(client->socket, WINHTTP_WEB_SOCKET_UTF8_MESSAGE_BUFFER_TYPE,
                                 length > 0 ? (PVOID)client->message : NULL, length);
    if (error != NO_ERROR)
        fail(client, "WinHttpWebSocketSend", error);
}

/* Both halves may end on different threads at once; the second one starts the close, because
 * WinHttpWebSocketClose is refused while a send is pending. */
static void half_done(struct client *client, int *half)
{
    int both;
    DWORD error;

    monitor_enter(&client->monitor);
    *half = 1;
    both = client->sent && client->echoed;
    monitor_leave(&client->monitor);
    if (!both)
        return;
    error = WinHttpWebSocketClose(client->socket, WINHTTP_WEB_SOCKET_SUCCESS_CLOSE_STATUS, NULL, 0);
    if (error != NO_ERROR)
        fail(client, "WinHttpWebSocketClose", error);
}

/* READ_COMPLETE: a piece of the message, its end, or the server's close. */
static void received(struct client *client, const WINHTTP_WEB_SOCKET_STATUS *piece)
{
    client->received += piece->dwBytesTransferred;
    switch (piece->eBufferType) {
    case WINHTTP_WEB_SOCKET_UTF8_FRAGMENT_BUFFER_TYPE:
    case WINHTTP_WEB_SOCKET_BINARY_FRAGMENT_BUFFER_TYPE:
        start_receive(client);
        return;
    case WINHTTP_WEB_SOCKET_CLOSE_BUFFER_TYPE:
        fprintf(stderr, "the server closed before it answered\n");
        close_handles(client);
        return;
    default:
        break;
    }
    printf("received: %.*s\n", (int)client->received, client->buffer);
    if (client->received != strlen(client->message) ||
        memcmp(client->buffer, client->message, client->received) != 0) {
        fprintf(stderr, "that is not what was sent\n");
        close_handles(client);
        return;
    }
    half_done(client, &client->echoed);
}

/* CLOSE_COMPLETE: the server's close frame is there. */
static void closed(struct client *client)
{
    char reason[WINHTTP_WEB_SOCKET_MAX_CLOSE_REASON_LENGTH];
    DWORD length = 0, error;
    USHORT status = 0;

    error = WinHttpWebSocketQueryCloseStatus(client->socket, &status, reason, sizeof(reason),
                                             &length);
    if (error != NO_ERROR) {
        fail(client, "WinHttpWebSocketQueryCloseStatus", error);
        return;
    }
    printf("closed: %u %.*s\n", (unsigned)status, (int)length, reason);
    client->good = 1;
    close_handles(client);
}

/* HANDLE_CLOSING: the last word of one handle. */
static void handle_closing(struct client *client)
{
    monitor_enter(&client->monitor);
    client->open_handles--;
    monitor_notify(&client->monitor);
    monitor_leave(&client->monitor);
}

static void CALLBACK on_status(HINTERNET handle, DWORD_PTR context, DWORD status, LPVOID info,
                               DWORD length)
{
    struct client *client = (struct client *)context;

    (void)handle;
    (void)length;
    if (!client)
        return;
    switch (status) {
    case WINHTTP_CALLBACK_STATUS_SENDREQUEST_COMPLETE:
        if (!WinHttpReceiveResponse(client->request, NULL))
            fail(client, "WinHttpReceiveResponse", GetLastError());
        break;
    case WINHTTP_CALLBACK_STATUS_HEADERS_AVAILABLE:
        upgrade(client);
        break;
    case WINHTTP_CALLBACK_STATUS_WRITE_COMPLETE:
        printf("sent: %s\n", client->message);
        half_done(client, &client->sent);
        break;
    case WINHTTP_CALLBACK_STATUS_READ_COMPLETE:
        received(client, (const WINHTTP_WEB_SOCKET_STATUS *)info);
        break;
    case WINHTTP_CALLBACK_STATUS_CLOSE_COMPLETE:
        closed(client);
        break;
    case WINHTTP_CALLBACK_STATUS_REQUEST_ERROR: {
        /* On a WebSocket handle a longer structure begins with this one. */
        DWORD error = ((const WINHTTP_ASYNC_RESULT *)info)->dwError;
        if (error != ERROR_WINHTTP_OPERATION_CANCELLED) /* that one is our own closing */
            fail(client, "the operation", error);
        break;
    }
    case WINHTTP_CALLBACK_STATUS_HANDLE_CLOSING:
        handle_closing(client);
        break;
    default: /* information on the way: RESOLVING_NAME, CONNECTED_TO_SERVER, ... */
        break;
    }
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
    if (!WinHttpCrackUrl(url, 0, 0, &parts)) {
        print_failure("WinHttpCrackUrl", GetLastError());
        return 0;
    }
    client->port = parts.nPort;
    client->secure = parts.nScheme == INTERNET_SCHEME_HTTPS;
    return 1;
}

/* Opens the session. Callback and context value are set here and inherited by all its children. */
static int open_session(struct client *client)
{
    DWORD_PTR context = (DWORD_PTR)client;

    client->session = WinHttpOpen(L"echo_async/1.0", WINHTTP_ACCESS_TYPE_AUTOMATIC_PROXY,
                                  WINHTTP_NO_PROXY_NAME, WINHTTP_NO_PROXY_BYPASS,
                                  WINHTTP_FLAG_ASYNC);
    if (!client->session) {
        fail(client, "WinHttpOpen", GetLastError());
        return 0;
    }
    if (!WinHttpSetOption(client->session, WINHTTP_OPTION_CONTEXT_VALUE, &context,
                          sizeof(context))) {
        fail(client, "WinHttpSetOption", GetLastError());
        return 0;
    }
    if (WinHttpSetStatusCallback(client->session, on_status, WINHTTP_CALLBACK_FLAG_ALL_NOTIFICATIONS,
                                 0) == WINHTTP_INVALID_STATUS_CALLBACK) {
        fail(client, "WinHttpSetStatusCallback", GetLastError());
        return 0;
    }
    opened(client, client->session);
    return 1;
}

/* Starts the chain of events. */
static void start(struct client *client)
{
    if (!open_session(client))
        return;
    client->connection =
        opened(client, WinHttpConnect(client->session, client->host, client->port, 0));
    if (!client->connection) {
        fail(client, "WinHttpConnect", GetLastError());
        return;
    }
    client->request = opened(
        client, WinHttpOpenRequest(client->connection, L"GET", client->path, NULL,
                                   WINHTTP_NO_REFERER, WINHTTP_DEFAULT_ACCEPT_TYPES,
                                   client->secure ? WINHTTP_FLAG_SECURE : 0));
    if (!client->request) {
        fail(client, "WinHttpOpenRequest", GetLastError());
        return;
    }
    if (!WinHttpSetOption(client->request, WINHTTP_OPTION_UPGRADE_TO_WEB_SOCKET, NULL, 0)) {
        fail(client, "WinHttpSetOption", GetLastError());
        return;
    }
    if (!WinHttpSendRequest(client->request, WINHTTP_NO_ADDITIONAL_HEADERS, 0,
                            WINHTTP_NO_REQUEST_DATA, 0, 0, (DWORD_PTR)client))
        fail(client, "WinHttpSendRequest", GetLastError());
}

int main(int argc, char **argv)
{
    static struct client client = { .monitor = MONITOR_INITIAL };

    if (argc < 2 || argc > 3) {
        fprintf(stderr, "usage: %s ws://host:port/path [message]\n", argv[0]);
        return 2;
    }
    client.message = argc == 3 ? argv[2] : "hello";
    if (!parse_url(&client, argv[1]))
        return 1;

    start(&client);
    monitor_enter(&client.monitor);
    while (client.open_handles > 0)
        monitor_wait(&client.monitor);
    monitor_leave(&client.monitor);
    return client.good ? 0 : 1;
}
