/* Calls on a request at the wrong time, on wrong handles, and with wrong arguments. */
#include "http_calls.h"

static void receive_only(HINTERNET request)
{
    BOOL received;
    SetLastError(UNTOUCHED);
    received = WinHttpReceiveResponse(request, NULL);
    result("ReceiveResponse", received);
    if (received && asynchronous)
        until(request, WINHTTP_CALLBACK_STATUS_HEADERS_AVAILABLE);
}

/* Facts 2.2 to 2.4. */
static void receive_before_sending(void)
{
    FLOW flow;
    open_http(&flow, NULL, "/status?body=hello");
    receive_only(flow.request);
    finish(&flow);
}
static void ask_before_sending(void)
{
    FLOW flow;
    open_http(&flow, NULL, "/status?body=hello");
    available(flow.request);
    finish(&flow);
}
static void read_before_sending(void)
{
    FLOW flow;
    open_http(&flow, NULL, "/status?body=hello");
    read_data(flow.request, 100);
    finish(&flow);
}
static void write_before_sending(void)
{
    FLOW flow;
    open_http(&flow, "POST", "/body");
    write_text(flow.request, "hello");
    finish(&flow);
}

/* Fact 35.4. */
static void ask_before_receiving(void)
{
    FLOW flow;
    open_http(&flow, NULL, "/status?body=hello");
    send_request(&flow);
    available(flow.request);
    receive_response(&flow);
    read_data(flow.request, 100);
    finish(&flow);
}
static void read_before_receiving(void)
{
    FLOW flow;
    open_http(&flow, NULL, "/status?body=hello");
    send_request(&flow);
    read_data(flow.request, 100);
    receive_response(&flow);
    read_data(flow.request, 100);
    finish(&flow);
}

static void receive_twice(void)
{
    FLOW flow;
    open_http(&flow, NULL, "/status?body=hello");
    exchange(&flow);
    receive_response(&flow);
    read_data(flow.request, 100);
    receive_response(&flow);
    finish(&flow);
}

static void send_twice(void)
{
    FLOW flow;
    open_http(&flow, NULL, "/status?body=hello");
    send_request(&flow);
    exchange(&flow);
    read_data(flow.request, 100);
    finish(&flow);
}

static void write_after_receiving(void)
{
    FLOW flow;
    open_http(&flow, NULL, "/status?body=hello");
    exchange(&flow);
    write_text(flow.request, "x");
    read_data(flow.request, 100);
    finish(&flow);
}

static void add_after_sending(void)
{
    FLOW flow;
    open_http(&flow, NULL, "/status?body=hello");
    send_request(&flow);
    add_headers(flow.request, "X: 1", WINHTTP_ADDREQ_FLAG_ADD);
    receive_response(&flow);
    add_headers(flow.request, "X: 2", WINHTTP_ADDREQ_FLAG_ADD);
    query_each(flow.request, "X");
    finish(&flow);
}

static void every_function(HINTERNET handle)
{
    SetLastError(UNTOUCHED);
    result("SendRequest", WinHttpSendRequest(handle, NULL, 0, NULL, 0, 0, 0));
    receive_only(handle);
    start_available(handle);
    start_read(handle, 10);
    start_write(handle, "x", 1);
    SetLastError(UNTOUCHED);
    result("AddRequestHeaders",
        WinHttpAddRequestHeaders(handle, L"A: b", (DWORD)-1, WINHTTP_ADDREQ_FLAG_ADD));
}

/* Fact 1.2. */
static void no_handle(void)
{
    every_function(NULL);
    SetLastError(UNTOUCHED);
    named("Connect", WinHttpConnect(NULL, L"127.0.0.1", 80, 0), "connection");
    SetLastError(UNTOUCHED);
    named("OpenRequest", WinHttpOpenRequest(NULL, NULL, NULL, NULL, NULL, NULL, 0), "request");
}

/* Fact 1.3. */
static void handles_of_other_kinds(void)
{
    FLOW flow;
    open_http(&flow, NULL, "/status");
    every_function(flow.session);
    every_function(flow.connection);
    SetLastError(UNTOUCHED);
    named("Connect(request)", WinHttpConnect(flow.request, L"127.0.0.1", 80, 0), "connection");
    SetLastError(UNTOUCHED);
    named("OpenRequest(session)", WinHttpOpenRequest(flow.session, NULL, NULL, NULL, NULL, NULL, 0),
        "request");
    finish(&flow);
}

/* Fact 1.4. */
static void closed_handle(void)
{
    FLOW flow;
    HINTERNET closed;
    open_http(&flow, NULL, "/status");
    closed = flow.request;
    close_handle(&flow.request);
    every_function(closed);
    start_close_handle(closed);
    finish(&flow);
}

/* Fact 1.5. */
static void no_server(void)
{
    FLOW flow;
    open_http(&flow, NULL, "/status");
    SetLastError(UNTOUCHED);
    named("Connect(NULL)", WinHttpConnect(flow.session, NULL, 80, 0), "connection2");
    finish(&flow);
}

static void no_buffer(void)
{
    FLOW flow;
    open_http(&flow, "POST", "/body");
    send_with(&flow, NULL, NULL, 5);
    start_write(flow.request, NULL, 5);
    finish(&flow);
}

/* Fact 1.14. */
static void closed_while_reading(void)
{
    FLOW flow;
    open_http(&flow, NULL, answering("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello", ""));
    answered(&flow);
    start_read(flow.request, 100);
    start_close_handle(flow.request);
    until(flow.request, REQUEST_ERROR);
    until(flow.request, HANDLE_CLOSING);
    flow.request = NULL;
    finish(&flow);
}

const SCENARIO state_scenarios[] = {
    { "state-receive-before-sending", BOTH, receive_before_sending },
    { "state-ask-before-sending", BOTH, ask_before_sending },
    { "state-read-before-sending", BOTH, read_before_sending },
    { "state-write-before-sending", BOTH, write_before_sending },
    { "state-ask-before-receiving", BOTH, ask_before_receiving },
    { "state-read-before-receiving", BOTH, read_before_receiving },
    { "state-receive-twice", BOTH, receive_twice },
    { "state-send-twice", BOTH, send_twice },
    { "state-write-after-receiving", BOTH, write_after_receiving },
    { "state-add-after-sending", BOTH, add_after_sending },
    { "state-no-handle", BOTH, no_handle },
    { "state-handles-of-other-kinds", BOTH, handles_of_other_kinds },
    { "state-closed-handle", BOTH, closed_handle },
    { "state-no-server", ONLY_SYNC, no_server },
    { "state-no-buffer", BOTH, no_buffer },
    { "state-closed-while-reading", ONLY_ASYNC, closed_while_reading },
    { NULL, BOTH, NULL },
};
