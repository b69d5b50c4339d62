/* What a child does with handles that it inherits. Arguments: port, mode (sync, async), and the case: unused, used, in_use,
 * returned, redirected, given, mistaken, tls, tls_proxy. */
#include "process_fork.h"

#include <fcntl.h>
#include <sys/socket.h>

static const DWORD REFUSED = ERROR_WINHTTP_INCORRECT_HANDLE_STATE;
static char buffer[64];

static HINTERNET session, connection, request, websocket;

static HINTERNET open_web_socket(DWORD flags)
{
    HINTERNET connect = WinHttpConnect(session, L"localhost", (INTERNET_PORT)port, 0);
    CHECK(connect != NULL);
    HINTERNET upgrade = WinHttpOpenRequest(connect, NULL, L"/echo", NULL, NULL, NULL, flags);
    CHECK(upgrade != NULL);
    CHECK(WinHttpSetOption(upgrade, WINHTTP_OPTION_UPGRADE_TO_WEB_SOCKET, NULL, 0));
    CHECK(exchange(upgrade));
    HINTERNET handle = WinHttpWebSocketCompleteUpgrade(upgrade, 0);
    CHECK(handle != NULL);
    CHECK(WinHttpCloseHandle(upgrade) && WinHttpCloseHandle(connect));
    return handle;
}

static void echo(HINTERNET handle)
{
    DWORD read = 0;
    WINHTTP_WEB_SOCKET_BUFFER_TYPE type = WINHTTP_WEB_SOCKET_BINARY_MESSAGE_BUFFER_TYPE;
    int from = event_count;
    CHECK(WinHttpWebSocketSend(handle, WINHTTP_WEB_SOCKET_UTF8_MESSAGE_BUFFER_TYPE, (PVOID) "hello", 5) == 0);
    CHECK(!async_mode || wait_for(handle, WINHTTP_CALLBACK_STATUS_WRITE_COMPLETE, from) >= 0);
    CHECK(WinHttpWebSocketReceive(handle, buffer, sizeof buffer, &read, &type) == 0);
    CHECK(!async_mode || wait_for(handle, WINHTTP_CALLBACK_STATUS_READ_COMPLETE, from) >= 0);
    CHECK(memcmp(buffer, "hello", 5) == 0);
}

/* Closes a handle, which says so once and says nothing else. */
static void close_for_good(HINTERNET handle)
{
    CHECK(WinHttpCloseHandle(handle));
    CHECK(wait_for(handle, WINHTTP_CALLBACK_STATUS_HANDLE_CLOSING, 0) >= 0);
    CHECK(count_events(handle, WINHTTP_CALLBACK_STATUS_HANDLE_CLOSING) == 1);
    CHECK(!WinHttpCloseHandle(handle) && GetLastError() == ERROR_INVALID_HANDLE);
}

/* Closes a session, a connect and a request in the order that makes the parents wait for their children. */
static void close_parents_first(void)
{
    CHECK(WinHttpCloseHandle(session) && WinHttpCloseHandle(connection));
    CHECK(count_events(session, WINHTTP_CALLBACK_STATUS_HANDLE_CLOSING) == 0);
    CHECK(count_events(connection, WINHTTP_CALLBACK_STATUS_HANDLE_CLOSING) == 0);
    CHECK(WinHttpCloseHandle(request));
    int first = wait_for(request, WINHTTP_CALLBACK_STATUS_HANDLE_CLOSING, 0);
    int second = wait_for(connection, WINHTTP_CALLBACK_STATUS_HANDLE_CLOSING, 0);
    int third = wait_for(session, WINHTTP_CALLBACK_STATUS_HANDLE_CLOSING, 0);
    CHECK(0 < first && first < second && second < third);
    CHECK(count_events(session, WINHTTP_CALLBACK_STATUS_HANDLE_CLOSING) == 1);
}

static void open_all(void)
{
    session = open_session();
    connection = WinHttpConnect(session, L"localhost", (INTERNET_PORT)port, 0);
    CHECK(connection != NULL);
    request = WinHttpOpenRequest(connection, NULL, L"/status", NULL, NULL, NULL, 0);
    CHECK(request != NULL);
}

/* As after daemon(). */
static void use_unused(void)
{
    CHECK(exchange(request));
    get(session, L"localhost");
    close_parents_first();
}

static void unused(void)
{
    open_all();
    in_child(use_unused);
    use_unused();
}

static void refuse(HINTERNET handle)
{
    DWORD size = sizeof buffer;
    CHECK(!WinHttpQueryOption(handle, WINHTTP_OPTION_PARENT_HANDLE, buffer, &size));
    CHECK(GetLastError() == REFUSED);
}

static void use_used(void)
{
    if (async_mode) {
        refuse(session);
        refuse(connection);
        refuse(request);
        refuse(websocket);
        CHECK(WinHttpConnect(session, L"localhost", 1, 0) == NULL && GetLastError() == REFUSED);
        CHECK(!WinHttpSendRequest(request, NULL, 0, NULL, 0, 0, 0) && GetLastError() == REFUSED);
        CHECK(!WinHttpReceiveResponse(request, NULL) && GetLastError() == REFUSED);
        DWORD type = WINHTTP_WEB_SOCKET_UTF8_MESSAGE_BUFFER_TYPE;
        CHECK(WinHttpWebSocketSend(websocket, type, (PVOID) "hello", 5) == REFUSED);
        CHECK(WinHttpWebSocketClose(websocket, 1000, NULL, 0) == REFUSED);
    } else {
        CHECK(exchange(request));
        get(session, L"localhost");
        echo(websocket);
    }
    close_for_good(websocket);
    close_parents_first();
    fresh(1);
}

static void used(void)
{
    open_all();
    CHECK(exchange(request));
    websocket = open_web_socket(0);
    echo(websocket);
    in_child(use_used);
    /* Nothing of this has reached the parent's connection. */
    echo(websocket);
    in_child(use_used);
    echo(websocket);
    close_for_good(websocket);
    CHECK(exchange(request));
    close_parents_first();
}

static void *stalled(void *unused_argument)
{
    (void)unused_argument;
    exchange(request);
    return NULL;
}

static void use_in_use(void)
{
    refuse(request);
    CHECK(!WinHttpSendRequest(request, NULL, 0, NULL, 0, 0, 0) && GetLastError() == REFUSED);
    if (!async_mode)
        get(session, L"localhost");
    close_parents_first();
}

/* A thread of the parent waits in a call. */
static void in_use(void)
{
    open_all();
    CHECK(WinHttpCloseHandle(request));
    request = WinHttpOpenRequest(connection, NULL, L"/stall?name=never", NULL, NULL, NULL, 0);
    CHECK(request != NULL);
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, stalled, NULL) == 0);
    /* Between two calls it has nothing in hand: it must be inside the one that waits. */
    CHECK(wait_for(request, WINHTTP_CALLBACK_STATUS_RECEIVING_RESPONSE, 0) >= 0);
    in_child(use_in_use);
    leave(0);
}

static pid_t returned_child = -1;
static DWORD fork_at = WINHTTP_CALLBACK_STATUS_SENDING_REQUEST;

static void fork_and_return(HINTERNET handle, DWORD status)
{
    (void)handle;
    if (status == fork_at && returned_child < 0) {
        fflush(stdout);
        returned_child = fork();
        CHECK(returned_child >= 0);
    }
}

/* A child that returns from a callback: the call it was in fails, and the library's thread it is ends. */
static void returned(void)
{
    open_all();
    inside = fork_and_return;
    int sent = exchange(request);
    if (returned_child == 0) {
        CHECK(!async_mode && !sent && GetLastError() == ERROR_WINHTTP_OPERATION_CANCELLED);
        inside = NULL;
        fresh(1);
        leave(0);
    }
    CHECK(sent);
    wait_for_child(returned_child);
    get(session, L"localhost");
    close_parents_first();
}

/* Nor does the child go where the parent's request is led. */
static void redirected(void)
{
    fork_at = WINHTTP_CALLBACK_STATUS_REDIRECT;
    returned();
}

/* Inside its own callback a request is sent again: it is given the connection it had, and uses it behind the callback. */
static void send_again_and_fork(HINTERNET handle, DWORD status)
{
    if (handle != request || status != WINHTTP_CALLBACK_STATUS_READ_COMPLETE)
        return;
    inside = NULL;
    CHECK(WinHttpSendRequest(request, NULL, 0, NULL, 0, 0, 0));
    /* At once, so that it has to wait for the answer, in the poll. */
    CHECK(WinHttpReceiveResponse(request, NULL));
    in_child(close_parents_first);
}

/* What the child closes is not taken from the parent's poll. */
static void given(void)
{
    open_all();
    for (int round = 0; round < 20; round++) {
        CHECK(exchange(request));
        int from = event_count;
        inside = send_again_and_fork;
        CHECK(WinHttpReadData(request, buffer, sizeof buffer, NULL));
        CHECK(wait_for(request, WINHTTP_CALLBACK_STATUS_HEADERS_AVAILABLE, from) >= 0);
    }
    close_parents_first();
}

/* The numbers of the parent's connections are something else's here. */
static void close_mistaken(void)
{
    int numbers[256], count = 0;
    for (int number = 3; number < 256; number++) {
        struct sockaddr_storage peer;
        socklen_t length = sizeof peer;
        if (getpeername(number, (struct sockaddr *)&peer, &length) != 0 || peer.ss_family == AF_UNIX)
            continue;
        int other = open("/dev/null", O_RDONLY);
        CHECK(other >= 0 && dup2(other, number) == number && close(other) == 0);
        numbers[count++] = number;
    }
    CHECK(count > 0);
    close_for_good(websocket);
    for (int index = 0; index < count; index++)
        CHECK(fcntl(numbers[index], F_GETFD) != -1);
}

/* A fork copies descriptors before memory: what other threads open meanwhile is known in the child, and not there. */
static void mistaken(void)
{
    open_all();
    websocket = open_web_socket(0);
    echo(websocket);
    in_child(close_mistaken);
    echo(websocket);
}

static void use_tls(void)
{
    refuse(websocket);
    close_for_good(websocket);
}

/* The keys of a TLS connection are not for two. */
static void tls(void)
{
    open_all();
    websocket = open_web_socket(WINHTTP_FLAG_SECURE);
    echo(websocket);
    in_child(use_tls);
    echo(websocket);
}

static void use_tls_proxy(void)
{
    refuse(request);
    close_for_good(request);
}

/* Nor are those of a proxy's, to which a request without TLS of its own goes. */
static void tls_proxy(void)
{
    session = open_session();
    WINHTTP_PROXY_RESULT_ENTRY entry
        = { TRUE, FALSE, INTERNET_SCHEME_HTTPS, (LPWSTR)L"localhost", (INTERNET_PORT)port };
    CHECK(WinHttpSetOption(session, WINHTTP_OPTION_PROXY_RESULT_ENTRY, &entry, sizeof entry));
    request = open_request(session, L"nosuchhost.invalid", L"/");
    CHECK(exchange(request));
    in_child(use_tls_proxy);
    int from = event_count;
    DWORD read = 0;
    CHECK(WinHttpReadData(request, buffer, sizeof buffer, &read));
    CHECK(!async_mode || wait_for(request, WINHTTP_CALLBACK_STATUS_READ_COMPLETE, from) >= 0);
    close_for_good(request);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*run)(void);
    } cases[] = { { "unused", unused }, { "used", used }, { "in_use", in_use }, { "returned", returned },
        { "redirected", redirected }, { "given", given }, { "mistaken", mistaken }, { "tls", tls }, { "tls_proxy", tls_proxy } };
    CHECK(argc == 4);
    port = atoi(argv[1]);
    async_mode = strcmp(argv[2], "async") == 0;
    int ran = 0;
    for (size_t index = 0; index < sizeof cases / sizeof *cases; index++)
        if (strcmp(cases[index].name, argv[3]) == 0) {
            cases[index].run();
            ran++;
        }
    CHECK(ran == 1);
    leave(0);
}
