/* The way to a WebSocket: options, headers, upgrade, and the servers that refuse or break it. */
#include "scenarios.h"

static void query_request_headers(HINTERNET request)
{
    query_header(request, "request's Sec-WebSocket-Key",
        WINHTTP_QUERY_CUSTOM | WINHTTP_QUERY_FLAG_REQUEST_HEADERS, L"Sec-WebSocket-Key");
    query_header(request, "request's Sec-WebSocket-Version",
        WINHTTP_QUERY_CUSTOM | WINHTTP_QUERY_FLAG_REQUEST_HEADERS, L"Sec-WebSocket-Version");
}

static void query_response_headers(HINTERNET request)
{
    DWORD available = UNTOUCHED;
    query_status(request);
    query_header(request, "UPGRADE", WINHTTP_QUERY_UPGRADE, NULL);
    query_header(request, "CONNECTION", WINHTTP_QUERY_CONNECTION, NULL);
    query_header(request, "CONTENT_LENGTH", WINHTTP_QUERY_CONTENT_LENGTH, NULL);
    query_header(request, "Sec-WebSocket-Accept", WINHTTP_QUERY_CUSTOM, L"Sec-WebSocket-Accept");
    query_header(request, "Sec-WebSocket-Protocol", WINHTTP_QUERY_CUSTOM, L"Sec-WebSocket-Protocol");
    if (!asynchronous) {
        SetLastError(UNTOUCHED);
        result("QueryDataAvailable(request)", WinHttpQueryDataAvailable(request, &available));
        say("  %u", (unsigned)available);
    }
}

/* Facts 9.2.1 to 9.2.6, 9.7 a. */
static void open_and_close(void)
{
    FLOW flow;
    open_handles(&flow, plain_port, "/echo", 0);
    /* The server selects what is offered first. */
    result("AddRequestHeaders",
        WinHttpAddRequestHeaders(flow.request, L"Sec-WebSocket-Protocol: chat, superchat", (DWORD)-1,
            WINHTTP_ADDREQ_FLAG_ADD));
    query_status(flow.request);
    query_request_headers(flow.request);
    send_request(&flow);
    query_request_headers(flow.request);
    query_status(flow.request);
    receive_response(&flow);
    query_response_headers(flow.request);
    flow.socket = complete_upgrade(flow.request, "socket");
    query_header(flow.socket, "UPGRADE", WINHTTP_QUERY_UPGRADE, NULL);
    query_status(flow.request);
    close_handle(&flow.request);
    start_close_handle(flow.connection);
    start_close_handle(flow.session);
    send_text(flow.socket, "hello");
    receive(flow.socket, 100);
    close_socket(flow.socket, 1000, "bye");
    query_close_status(flow.socket);
    close_handle(&flow.socket);
    until(flow.connection, HANDLE_CLOSING);
    until(flow.session, HANDLE_CLOSING);
}

static void open_secure(void)
{
    FLOW flow;
    open_handles(&flow, tls_port, "/echo", WINHTTP_FLAG_SECURE);
    set_number(flow.request, "SECURITY_FLAGS", WINHTTP_OPTION_SECURITY_FLAGS,
        SECURITY_FLAG_IGNORE_UNKNOWN_CA | SECURITY_FLAG_IGNORE_CERT_CN_INVALID);
    send_request(&flow);
    receive_response(&flow);
    query_status(flow.request);
    flow.socket = complete_upgrade(flow.request, "socket");
    if (flow.socket != NULL) {
        memset(inbox, 'x', 16384);
        send_bytes(flow.socket, BINARY_FRAGMENT, inbox, 8192);
        send_bytes(flow.socket, BINARY_FRAGMENT, inbox, 8192);
        send_bytes(flow.socket, BINARY_MESSAGE, NULL, 0);
        receive_message(flow.socket, 20000);
        close_socket(flow.socket, 1000, NULL);
        query_close_status(flow.socket);
    }
    finish(&flow);
}

/* Fact 9.2.9, and the decision about when the response is received. */
static void upgrade_without_receiving(void)
{
    FLOW flow;
    HINTERNET second;
    open_handles(&flow, plain_port, "/echo", 0);
    send_request(&flow);
    flow.socket = complete_upgrade(flow.request, "socket");
    send_request(&flow);
    second = complete_upgrade(flow.request, "socket2");
    if (second != NULL) {
        send_text(second, "second");
        receive(second, 100);
    }
    if (flow.socket != NULL) {
        send_text(flow.socket, "first");
        receive(flow.socket, 100);
    }
    close_handle(&second);
    finish(&flow);
}

/* Fact 9.2.8. */
static void upgrade_wrong_handles(void)
{
    FLOW flow;
    HINTERNET closed;
    open_handles(&flow, plain_port, "/echo", 0);
    complete_upgrade(NULL, "socket");
    complete_upgrade(flow.session, "socket");
    complete_upgrade(flow.connection, "socket");
    send_request(&flow);
    receive_response(&flow);
    flow.socket = complete_upgrade(flow.request, "socket");
    complete_upgrade(flow.socket, "socket2");
    closed = flow.request;
    close_handle(&flow.request);
    complete_upgrade(closed, "socket2");
    finish(&flow);
}

static void upgrade_before_sending(void)
{
    FLOW flow;
    quiet(TRUE);
    open_handles(&flow, plain_port, "/echo", 0);
    quiet(FALSE);
    complete_upgrade(flow.request, "socket");
    finish(&flow);
}

static void upgrade_twice(void)
{
    FLOW flow;
    HINTERNET second;
    upgrade(&flow, "/echo");
    second = complete_upgrade(flow.request, "socket2");
    close_handle(&second);
    finish(&flow);
}

/* A request that did not ask for the upgrade. */
static void upgrade_not_asked(void)
{
    FLOW flow;
    HINTERNET plain;
    open_handles(&flow, plain_port, "/echo", 0);
    plain = WinHttpOpenRequest(flow.connection, NULL, L"/status", NULL, NULL, NULL, 0);
    name_handle(plain, "request2");
    created(plain);
    quiet(TRUE);
    close_handle(&flow.request);
    quiet(FALSE);
    flow.request = plain;
    send_request(&flow);
    receive_response(&flow);
    query_status(flow.request);
    flow.socket = complete_upgrade(flow.request, "socket");
    finish(&flow);
}

static void exchange(const char *path)
{
    FLOW flow;
    say("--- %s", path);
    quiet(TRUE);
    open_handles(&flow, plain_port, path, 0);
    quiet(FALSE);
    if (send_request(&flow) && receive_response(&flow))
        query_status(flow.request);
    flow.socket = complete_upgrade(flow.request, "socket");
    finish(&flow);
}

/* Fact 9.2.10: answers other than 101. */
static void refused_200(void) { exchange("/status?code=200&body=hello"); }
static void refused_404(void) { exchange("/status?code=404&body=hello"); }
static void refused_426(void) { exchange("/status?code=426"); }
static void answer_is_garbage(void) { exchange("/garbage"); }
static void answer_is_empty(void) { exchange("/empty"); }
/* Fact 9.2.10: answers with 101 that break RFC 6455 section 4.1. */
static void wrong_accept(void) { exchange("/bad-accept"); }
static void no_accept(void) { exchange("/no-accept"); }
static void wrong_upgrade(void) { exchange("/bad-upgrade"); }
static void no_upgrade(void) { exchange("/no-upgrade"); }
static void wrong_connection(void) { exchange("/bad-connection"); }
static void no_connection(void) { exchange("/no-connection"); }
static void protocol_not_asked_for(void) { exchange("/echo?protocol=unasked"); }
static void interim_response(void) { exchange("/1xx?count=2&code=103"); }

static void nobody_listens(void)
{
    FLOW flow;
    quiet(TRUE);
    /* Port 1 is never given to a listener by the system. */
    open_handles(&flow, 1, "/echo", 0);
    quiet(FALSE);
    send_request(&flow);
    complete_upgrade(flow.request, "socket");
    finish(&flow);
}

/* Fact 9.1.4. */
static void small_send_buffer(void)
{
    FLOW flow;
    open_handles(&flow, plain_port, "/echo", 0);
    set_number(flow.request, "SEND_BUFFER_SIZE", WINHTTP_OPTION_WEB_SOCKET_SEND_BUFFER_SIZE, 15);
    send_request(&flow);
    set_number(flow.request, "SEND_BUFFER_SIZE", WINHTTP_OPTION_WEB_SOCKET_SEND_BUFFER_SIZE, 16);
    send_request(&flow);
    receive_response(&flow);
    flow.socket = complete_upgrade(flow.request, "socket");
    if (flow.socket != NULL) {
        send_text(flow.socket, "longer than sixteen bytes");
        receive(flow.socket, 100);
    }
    finish(&flow);
}

/* Fact 9.2.7. */
static void data_with_the_101(void)
{
    FLOW flow;
    upgrade(&flow, "/greeting");
    receive(flow.socket, 100);
    finish(&flow);
}

static void close_with_the_101(void)
{
    FLOW flow;
    upgrade(&flow, "/close-now?code=1001&reason=away");
    receive(flow.socket, 100);
    query_close_status(flow.socket);
    close_socket(flow.socket, 1000, NULL);
    finish(&flow);
}

const SCENARIO handshake_scenarios[] = {
    { "open-and-close", BOTH, open_and_close },
    { "open-secure", BOTH, open_secure },
    { "upgrade-without-receiving", BOTH, upgrade_without_receiving },
    { "upgrade-wrong-handles", BOTH, upgrade_wrong_handles },
    { "upgrade-before-sending", BOTH, upgrade_before_sending },
    { "upgrade-twice", BOTH, upgrade_twice },
    { "upgrade-not-asked", BOTH, upgrade_not_asked },
    { "refused-200", BOTH, refused_200 },
    { "refused-404", BOTH, refused_404 },
    { "refused-426", BOTH, refused_426 },
    { "answer-is-garbage", BOTH, answer_is_garbage },
    { "answer-is-empty", BOTH, answer_is_empty },
    { "wrong-accept", BOTH, wrong_accept },
    { "no-accept", BOTH, no_accept },
    { "wrong-upgrade", BOTH, wrong_upgrade },
    { "no-upgrade", BOTH, no_upgrade },
    { "wrong-connection", BOTH, wrong_connection },
    { "no-connection", BOTH, no_connection },
    { "protocol-not-asked-for", BOTH, protocol_not_asked_for },
    { "interim-response", BOTH, interim_response },
    { "nobody-listens", BOTH, nobody_listens },
    { "small-send-buffer", BOTH, small_send_buffer },
    { "data-with-the-101", BOTH, data_with_the_101 },
    { "close-with-the-101", BOTH, close_with_the_101 },
    { NULL, BOTH, NULL },
};
