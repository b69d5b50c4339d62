/* Handles: wrong, of the wrong kind, closed, and the order in which they end. */
#include "scenarios.h"

static void every_function(HINTERNET handle)
{
    USHORT status = UNTOUCHED;
    DWORD count = UNTOUCHED;
    WINHTTP_WEB_SOCKET_BUFFER_TYPE type = CLOSE_TYPE;
    start_send(handle, UTF8_MESSAGE, "x", 1);
    say("WebSocketReceive = %s",
        error_name(WinHttpWebSocketReceive(handle, inbox, 10, &count, &type)));
    start_shutdown(handle, 1000, NULL, 0);
    start_close(handle, 1000, NULL, 0);
    say("WebSocketQueryCloseStatus = %s",
        error_name(WinHttpWebSocketQueryCloseStatus(handle, &status, inbox, 123, &count)));
    say("outputs: %u, %u, %s", (unsigned)status, (unsigned)count, type_name(type));
}

/* Facts 1.2 and 1.3. */
static void wrong_handles(void)
{
    FLOW flow;
    quiet(TRUE);
    open_handles(&flow, plain_port, "/echo", 0);
    quiet(FALSE);
    every_function(NULL);
    every_function(flow.session);
    every_function(flow.connection);
    every_function(flow.request);
    finish(&flow);
}

/* The handle is looked at before the other arguments. */
static void wrong_handles_and_arguments(void)
{
    FLOW flow;
    quiet(TRUE);
    open_handles(&flow, plain_port, "/echo", 0);
    quiet(FALSE);
    start_send(NULL, 9, NULL, 1);
    start_send(flow.request, 9, NULL, 1);
    start_shutdown(NULL, 1000, NULL, 1);
    start_shutdown(flow.request, 1000, NULL, 1);
    start_close(NULL, 1000, NULL, 1);
    start_close(flow.request, 1000, NULL, 1);
    say("WebSocketReceive = %s", error_name(WinHttpWebSocketReceive(NULL, NULL, 0, NULL, NULL)));
    say("WebSocketReceive = %s",
        error_name(WinHttpWebSocketReceive(flow.request, NULL, 0, NULL, NULL)));
    say("WebSocketQueryCloseStatus = %s",
        error_name(WinHttpWebSocketQueryCloseStatus(NULL, NULL, NULL, 1, NULL)));
    say("WebSocketQueryCloseStatus = %s",
        error_name(WinHttpWebSocketQueryCloseStatus(flow.request, NULL, NULL, 1, NULL)));
    finish(&flow);
}

/* Fact 1.4. */
static void closed_handle(void)
{
    FLOW flow;
    HINTERNET closed;
    upgrade(&flow, "/echo");
    closed = flow.socket;
    close_handle(&flow.socket);
    every_function(closed);
    start_close_handle(closed);
    finish(&flow);
    start_close_handle(NULL);
}

static void request_functions_on_a_socket(void)
{
    FLOW flow;
    DWORD count = UNTOUCHED;
    upgrade(&flow, "/echo");
    SetLastError(UNTOUCHED);
    result("SendRequest", WinHttpSendRequest(flow.socket, NULL, 0, NULL, 0, 0, 0));
    SetLastError(UNTOUCHED);
    result("ReceiveResponse", WinHttpReceiveResponse(flow.socket, NULL));
    SetLastError(UNTOUCHED);
    result("QueryDataAvailable", WinHttpQueryDataAvailable(flow.socket, &count));
    SetLastError(UNTOUCHED);
    result("ReadData", WinHttpReadData(flow.socket, inbox, 10, &count));
    SetLastError(UNTOUCHED);
    result("WriteData", WinHttpWriteData(flow.socket, "x", 1, &count));
    SetLastError(UNTOUCHED);
    result("AddRequestHeaders",
        WinHttpAddRequestHeaders(flow.socket, L"A: b", (DWORD)-1, WINHTTP_ADDREQ_FLAG_ADD));
    SetLastError(UNTOUCHED);
    say("Connect %s", WinHttpConnect(flow.socket, L"127.0.0.1", 80, 0) == NULL ? "NULL" : "succeeds");
    say("  %s", error_name(GetLastError()));
    SetLastError(UNTOUCHED);
    say("OpenRequest %s",
        WinHttpOpenRequest(flow.socket, NULL, L"/", NULL, NULL, NULL, 0) == NULL ? "NULL" : "succeeds");
    say("  %s", error_name(GetLastError()));
    send_text(flow.socket, "still open");
    receive(flow.socket, 100);
    finish(&flow);
}

/* Facts 1.7 and 9.2.6. */
static void parents_first(void)
{
    FLOW flow;
    upgrade(&flow, "/echo");
    start_close_handle(flow.session);
    start_close_handle(flow.connection);
    start_close_handle(flow.request);
    send_text(flow.socket, "all alone");
    receive(flow.socket, 100);
    close_handle(&flow.socket);
    until(flow.request, HANDLE_CLOSING);
    until(flow.connection, HANDLE_CLOSING);
    until(flow.session, HANDLE_CLOSING);
}

static void children_first(void)
{
    FLOW flow;
    upgrade(&flow, "/echo");
    close_handle(&flow.socket);
    close_handle(&flow.request);
    close_handle(&flow.connection);
    close_handle(&flow.session);
}

/* Fact 1.12: the mask belongs to the handle. */
static void without_a_callback(void)
{
    FLOW flow;
    WINHTTP_STATUS_CALLBACK previous;
    upgrade(&flow, "/echo");
    previous = WinHttpSetStatusCallback(
        flow.socket, NULL, WINHTTP_CALLBACK_FLAG_ALL_NOTIFICATIONS, 0);
    say("the previous callback was %s", previous == notified ? "ours" : "another");
    start_send(flow.socket, UTF8_MESSAGE, "hello", 5);
    previous = WinHttpSetStatusCallback(
        flow.socket, notified, WINHTTP_CALLBACK_FLAG_HANDLES, 0);
    say("the previous callback was %s", previous == NULL ? "none" : "another");
    finish(&flow);
}

const SCENARIO handle_scenarios[] = {
    { "wrong-handles", BOTH, wrong_handles },
    { "wrong-handles-and-arguments", BOTH, wrong_handles_and_arguments },
    { "closed-handle", BOTH, closed_handle },
    { "request-functions-on-a-socket", BOTH, request_functions_on_a_socket },
    { "parents-first", BOTH, parents_first },
    { "children-first", BOTH, children_first },
    { "without-a-callback", ONLY_SYNC, without_a_callback },
    { NULL, BOTH, NULL },
};
