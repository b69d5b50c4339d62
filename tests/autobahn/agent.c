/* The program that Autobahn's fuzzing server examines: echoes every message of every case.
 *
 *   agent sync|async ws://host:port [proxy:port]
 *
 * With a proxy, everything goes through its tunnels, loopback or not.
 * Written against <winhttp.h> alone: it builds on Windows with winhttp.lib, and on Linux and macOS
 * with winhttp-shim and -pthread. A certificate is accepted whoever signed it: the one of wss:// is
 * made for the test.
 *
 * Exit code 0: every case was reached and the reports are written. How the cases went is for the
 * server to say; a connection that fails during a case is part of the test. */
#ifdef _WIN32
#define _CRT_SECURE_NO_WARNINGS
#include <windows.h>
#else
#include <pthread.h>
#endif
#include <winhttp.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#define URL_LIMIT 2048               /* characters */
#define FIRST_CAPACITY 65536         /* bytes; grows with the message */
#define MESSAGE_LIMIT (64 << 20)     /* bytes; the largest message of the suite has 16 MiB */
#define CASES_LIMIT 10000            /* the suite has 517 */

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

/* The server, and what all its connections share. */
struct agent {
    BOOL async;
    WCHAR proxy[256]; /* empty: none */
    HINTERNET session, connection;
    WCHAR host[256];
    INTERNET_PORT port;
    BOOL secure;
};

/* One WebSocket from its request to its end. In asynchronous mode its address is the context. */
struct conversation {
    struct monitor monitor; /* guards the next one */
    int open_handles;       /* request and socket, until HANDLE_CLOSING */

    BOOL echo;              /* send messages back; otherwise they stay in `message` */
    BOOL upgraded;          /* the server agreed to the WebSocket */
    HINTERNET request, socket;
    char *message;          /* lent to the operation that is pending */
    DWORD capacity, length; /* of `message`, in bytes */
    BOOL whole;             /* the message is complete: the next piece begins another */
    USHORT status;          /* of the server's close frame, and its reason: sent back with ours */
    char reason[WINHTTP_WEB_SOCKET_MAX_CLOSE_REASON_LENGTH];
    DWORD reason_length;
};

/* What a received piece asks for. */
enum next { RECEIVE, SEND, CLOSE };

static int fail(const char *step, DWORD error)
{
    fprintf(stderr, "%s failed: error %u\n", step, (unsigned)error);
    return 0;
}

/* Makes room for the next piece; FALSE when the message is longer than it can be. */
static BOOL make_room(struct conversation *c)
{
    DWORD capacity = c->capacity ? c->capacity : FIRST_CAPACITY;
    char *grown;

    if (c->whole && c->echo)
        c->length = 0;
    c->whole = FALSE;
    if (c->length == c->capacity && c->capacity)
        capacity *= 2;
    if (capacity == c->capacity)
        return TRUE;
    if (capacity > MESSAGE_LIMIT)
        return FALSE;
    grown = (char *)realloc(c->message, capacity);
    if (!grown)
        return FALSE;
    c->message = grown;
    c->capacity = capacity;
    return TRUE;
}

/* Takes in a piece that was received. */
static enum next take(struct conversation *c, DWORD length, WINHTTP_WEB_SOCKET_BUFFER_TYPE type)
{
    if (type == WINHTTP_WEB_SOCKET_CLOSE_BUFFER_TYPE)
        return CLOSE;
    c->length += length;
    c->whole = type == WINHTTP_WEB_SOCKET_UTF8_MESSAGE_BUFFER_TYPE ||
               type == WINHTTP_WEB_SOCKET_BINARY_MESSAGE_BUFFER_TYPE;
    return c->whole && c->echo ? SEND : RECEIVE;
}

static DWORD send_back(struct conversation *c, WINHTTP_WEB_SOCKET_BUFFER_TYPE type)
{
    return WinHttpWebSocketSend(c->socket, type, c->length ? c->message : NULL, c->length);
}

/* Answers the server's close frame with its own status and reason. */
static DWORD close_back(struct conversation *c)
{
    DWORD error = WinHttpWebSocketQueryCloseStatus(c->socket, &c->status, c->reason,
                                                   sizeof(c->reason), &c->reason_length);
    if (error != NO_ERROR)
        return error;
    return WinHttpWebSocketClose(c->socket, c->status, c->reason_length ? c->reason : NULL,
                                 c->reason_length);
}

/* Once the response is there: from the request to the socket. */
static BOOL upgrade(struct conversation *c)
{
    DWORD status = 0, size = sizeof(status);

    if (!WinHttpQueryHeaders(c->request, WINHTTP_QUERY_STATUS_CODE | WINHTTP_QUERY_FLAG_NUMBER,
                             WINHTTP_HEADER_NAME_BY_INDEX, &status, &size, WINHTTP_NO_HEADER_INDEX))
        return fail("WinHttpQueryHeaders", GetLastError());
    if (status != HTTP_STATUS_SWITCH_PROTOCOLS)
        return fail("the upgrade", status);
    c->socket = WinHttpWebSocketCompleteUpgrade(c->request, (DWORD_PTR)c);
    if (!c->socket)
        return fail("WinHttpWebSocketCompleteUpgrade", GetLastError());
    c->upgraded = TRUE;
    return TRUE;
}

static BOOL open_request(struct agent *agent, struct conversation *c, const WCHAR *path)
{
    DWORD flags = SECURITY_FLAG_IGNORE_UNKNOWN_CA | SECURITY_FLAG_IGNORE_CERT_CN_INVALID |
                  SECURITY_FLAG_IGNORE_CERT_DATE_INVALID | SECURITY_FLAG_IGNORE_CERT_WRONG_USAGE;

    c->request = WinHttpOpenRequest(agent->connection, L"GET", path, NULL, WINHTTP_NO_REFERER,
                                    WINHTTP_DEFAULT_ACCEPT_TYPES,
                                    agent->secure ? WINHTTP_FLAG_SECURE : 0);
    if (!c->request)
        return fail("WinHttpOpenRequest", GetLastError());
    if (!WinHttpSetOption(c->request, WINHTTP_OPTION_UPGRADE_TO_WEB_SOCKET, NULL, 0))
        return fail("WinHttpSetOption", GetLastError());
    if (agent->secure &&
        !WinHttpSetOption(c->request, WINHTTP_OPTION_SECURITY_FLAGS, &flags, sizeof(flags)))
        return fail("WinHttpSetOption", GetLastError());
    return TRUE;
}

/* Synchronous mode: calls return when their work is done. */

static void echo_until_closed(struct conversation *c)
{
    WINHTTP_WEB_SOCKET_BUFFER_TYPE type;
    DWORD got;

    while (make_room(c)) {
        got = 0;
        if (WinHttpWebSocketReceive(c->socket, c->message + c->length, c->capacity - c->length,
                                    &got, &type) != NO_ERROR)
            return;
        switch (take(c, got, type)) {
        case CLOSE:
            close_back(c);
            return;
        case SEND:
            if (send_back(c, type) != NO_ERROR)
                return;
            break;
        case RECEIVE:
            break;
        }
    }
}

static void converse_sync(struct agent *agent, struct conversation *c, const WCHAR *path)
{
    if (open_request(agent, c, path)) {
        if (!WinHttpSendRequest(c->request, WINHTTP_NO_ADDITIONAL_HEADERS, 0,
                                WINHTTP_NO_REQUEST_DATA, 0, 0, 0))
            fail("WinHttpSendRequest", GetLastError());
        else if (!WinHttpReceiveResponse(c->request, NULL))
            fail("WinHttpReceiveResponse", GetLastError());
        else if (upgrade(c))
            echo_until_closed(c);
    }
    if (c->request)
        WinHttpCloseHandle(c->request);
    if (c->socket)
        WinHttpCloseHandle(c->socket);
}

/* Asynchronous mode: each notification starts what comes next; one operation is pending at a time,
 * so these functions never run at once for the same conversation. */

static void give_up(struct conversation *c)
{
    HINTERNET handle = c->socket ? c->socket : c->request;

    c->socket = c->request = NULL;
    if (handle)
        WinHttpCloseHandle(handle);
}

static void start_receive(struct conversation *c)
{
    if (!make_room(c) ||
        WinHttpWebSocketReceive(c->socket, c->message + c->length, c->capacity - c->length, NULL,
                                NULL) != NO_ERROR)
        give_up(c);
}

static void on_headers(struct conversation *c)
{
    if (!upgrade(c)) {
        give_up(c);
        return;
    }
    monitor_enter(&c->monitor);
    c->open_handles++;
    monitor_leave(&c->monitor);
    WinHttpCloseHandle(c->request);
    c->request = NULL;
    start_receive(c);
}

static void on_received(struct conversation *c, const WINHTTP_WEB_SOCKET_STATUS *piece)
{
    switch (take(c, piece->dwBytesTransferred, piece->eBufferType)) {
    case CLOSE:
        if (close_back(c) != NO_ERROR)
            give_up(c);
        break;
    case SEND:
        if (send_back(c, piece->eBufferType) != NO_ERROR)
            give_up(c);
        break;
    case RECEIVE:
        start_receive(c);
        break;
    }
}

static void CALLBACK on_status(HINTERNET handle, DWORD_PTR context, DWORD status, LPVOID info,
                               DWORD length)
{
    struct conversation *c = (struct conversation *)context;

    (void)handle;
    (void)length;
    if (!c) /* the session's and the connection's own */
        return;
    switch (status) {
    case WINHTTP_CALLBACK_STATUS_SENDREQUEST_COMPLETE:
        if (!WinHttpReceiveResponse(c->request, NULL))
            give_up(c);
        break;
    case WINHTTP_CALLBACK_STATUS_HEADERS_AVAILABLE:
        on_headers(c);
        break;
    case WINHTTP_CALLBACK_STATUS_READ_COMPLETE:
        on_received(c, (const WINHTTP_WEB_SOCKET_STATUS *)info);
        break;
    case WINHTTP_CALLBACK_STATUS_WRITE_COMPLETE:
        start_receive(c);
        break;
    case WINHTTP_CALLBACK_STATUS_CLOSE_COMPLETE:
    case WINHTTP_CALLBACK_STATUS_REQUEST_ERROR:
        give_up(c);
        break;
    case WINHTTP_CALLBACK_STATUS_HANDLE_CLOSING:
        monitor_enter(&c->monitor);
        c->open_handles--;
        monitor_notify(&c->monitor);
        monitor_leave(&c->monitor);
        break;
    default:
        break;
    }
}

static void converse_async(struct agent *agent, struct conversation *c, const WCHAR *path)
{
    DWORD_PTR context = (DWORD_PTR)c;

    if (!open_request(agent, c, path)) {
        if (c->request)
            WinHttpCloseHandle(c->request);
        return;
    }
    c->open_handles = 1;
    if (!WinHttpSetOption(c->request, WINHTTP_OPTION_CONTEXT_VALUE, &context, sizeof(context))) {
        fail("WinHttpSetOption", GetLastError()); /* no notification would find `c` */
        WinHttpCloseHandle(c->request);
        return;
    }
    if (!WinHttpSendRequest(c->request, WINHTTP_NO_ADDITIONAL_HEADERS, 0, WINHTTP_NO_REQUEST_DATA,
                            0, 0, context))
        give_up(c);
    monitor_enter(&c->monitor);
    while (c->open_handles > 0)
        monitor_wait(&c->monitor);
    monitor_leave(&c->monitor);
}

/* One connection from beginning to end. With `text`, what the server said is put there. */
static BOOL converse(struct agent *agent, const WCHAR *path, BOOL echo, char *text, size_t size)
{
    static const struct conversation fresh = { .monitor = MONITOR_INITIAL };
    struct conversation c = fresh;
    size_t length;

    c.echo = echo;
    if (agent->async)
        converse_async(agent, &c, path);
    else
        converse_sync(agent, &c, path);
    if (text) {
        length = c.length < size ? c.length : size - 1;
        if (length)
            memcpy(text, c.message, length);
        text[length] = 0;
    }
    free(c.message);
    return c.upgraded;
}

/* WinHTTP knows http and https, not ws and wss: "http" + what follows "ws" is the URL it takes. */
static BOOL parse_url(struct agent *agent, const char *text)
{
    WCHAR url[URL_LIMIT] = L"http";
    URL_COMPONENTS parts;
    size_t length;

    if (strncmp(text, "ws://", 5) != 0 && strncmp(text, "wss://", 6) != 0) {
        fprintf(stderr, "%s: a URL starts with ws:// or wss://\n", text);
        return FALSE;
    }
    length = mbstowcs(url + 4, text + 2, URL_LIMIT - 4);
    if (length >= URL_LIMIT - 4) {
        fprintf(stderr, "the URL cannot be used\n");
        return FALSE;
    }
    memset(&parts, 0, sizeof(parts));
    parts.dwStructSize = sizeof(parts);
    parts.lpszHostName = agent->host;
    parts.dwHostNameLength = sizeof(agent->host) / sizeof(agent->host[0]);
    if (!WinHttpCrackUrl(url, 0, 0, &parts))
        return fail("WinHttpCrackUrl", GetLastError());
    agent->port = parts.nPort;
    agent->secure = parts.nScheme == INTERNET_SCHEME_HTTPS;
    return TRUE;
}

static BOOL open_connection(struct agent *agent)
{
    DWORD flags = agent->async ? WINHTTP_FLAG_ASYNC : 0;

    if (agent->proxy[0])
        agent->session = WinHttpOpen(L"autobahn-agent", WINHTTP_ACCESS_TYPE_NAMED_PROXY,
                                     agent->proxy, L"<-loopback>", flags);
    else
        agent->session = WinHttpOpen(L"autobahn-agent", WINHTTP_ACCESS_TYPE_NO_PROXY,
                                     WINHTTP_NO_PROXY_NAME, WINHTTP_NO_PROXY_BYPASS, flags);
    if (!agent->session)
        return fail("WinHttpOpen", GetLastError());
    if (agent->async &&
        WinHttpSetStatusCallback(agent->session, on_status, WINHTTP_CALLBACK_FLAG_ALL_NOTIFICATIONS,
                                 0) == WINHTTP_INVALID_STATUS_CALLBACK)
        return fail("WinHttpSetStatusCallback", GetLastError());
    agent->connection = WinHttpConnect(agent->session, agent->host, agent->port, 0);
    if (!agent->connection)
        return fail("WinHttpConnect", GetLastError());
    return TRUE;
}

/* The whole run; the number of cases that could not be reached, or -1 when there is no run. */
static int run(struct agent *agent)
{
    const WCHAR *name = agent->async ? L"winhttp-async" : L"winhttp-sync";
    WCHAR path[256];
    char answer[16] = "";
    int cases, number, missed = 0;

    if (!converse(agent, L"/getCaseCount", FALSE, answer, sizeof(answer)))
        return -1;
    cases = atoi(answer);
    if (cases <= 0 || cases > CASES_LIMIT) {
        fprintf(stderr, "the server says that it has '%s' cases\n", answer);
        return -1;
    }
    for (number = 1; number <= cases; number++) {
        swprintf(path, sizeof(path) / sizeof(path[0]), L"/runCase?case=%d&agent=%ls", number, name);
        if (!converse(agent, path, TRUE, NULL, 0)) {
            fprintf(stderr, "case %d was not reached\n", number);
            missed++;
        }
    }
    swprintf(path, sizeof(path) / sizeof(path[0]), L"/updateReports?agent=%ls", name);
    if (!converse(agent, path, FALSE, NULL, 0))
        return -1;
    printf("%d cases run\n", cases - missed);
    return missed;
}

int main(int argc, char **argv)
{
    static struct agent agent;
    int missed = -1;

    if (argc < 3 || argc > 4 || (strcmp(argv[1], "sync") != 0 && strcmp(argv[1], "async") != 0)
        || (argc == 4 && mbstowcs(agent.proxy, argv[3], 256) >= 256)) {
        fprintf(stderr, "usage: %s sync|async ws://host:port [proxy:port]\n", argv[0]);
        return 2;
    }
    agent.async = strcmp(argv[1], "async") == 0;
    if (parse_url(&agent, argv[2]) && open_connection(&agent))
        missed = run(&agent);
    if (agent.connection)
        WinHttpCloseHandle(agent.connection);
    if (agent.session)
        WinHttpCloseHandle(agent.session);
    return missed == 0 ? 0 : 1;
}
