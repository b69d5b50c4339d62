/* Operations that other calls end: Close and CloseHandle with something pending, calls made inside callbacks. */
#include "scenarios.h"

/* Facts 9.5.5 and 9.7 b. */
static void close_with_pending_receive(void)
{
    FLOW flow;
    upgrade(&flow, "/describe");
    start_receive(flow.socket, 100);
    start_close(flow.socket, 1000, "bye", 3);
    until(flow.socket, REQUEST_ERROR);
    until(flow.socket, CLOSE_COMPLETE);
    query_close_status(flow.socket);
    finish(&flow);
}

/* Facts 9.5.6 and 9.7 e. */
static void shutdown_with_pending_receive(void)
{
    FLOW flow;
    upgrade(&flow, "/describe");
    start_receive(flow.socket, 100);
    start_shutdown(flow.socket, 1000, "bye", 3);
    until_both(flow.socket, SHUTDOWN_COMPLETE, READ_COMPLETE);
    query_close_status(flow.socket);
    close_socket(flow.socket, 1000, NULL);
    finish(&flow);
}

/* Facts 9.6.1 and 9.7 d. */
static void handle_with_pending_receive(void)
{
    FLOW flow;
    upgrade(&flow, "/idle");
    start_receive(flow.socket, 100);
    start_close_handle(flow.socket);
    until(flow.socket, REQUEST_ERROR);
    until(flow.socket, HANDLE_CLOSING);
    flow.socket = NULL;
    finish(&flow);
}

/* Facts 9.6.2 and 9.7 c. */
static void handle_during_close(void)
{
    FLOW flow;
    upgrade(&flow, "/no-close-answer");
    start_receive(flow.socket, 100);
    start_close(flow.socket, 1000, NULL, 0);
    until(flow.socket, REQUEST_ERROR);
    query_close_status(flow.socket);
    start_close_handle(flow.socket);
    until(flow.socket, REQUEST_ERROR);
    until(flow.socket, HANDLE_CLOSING);
    flow.socket = NULL;
    finish(&flow);
}

static void handle_during_close_without_receive(void)
{
    FLOW flow;
    upgrade(&flow, "/no-close-answer");
    start_close(flow.socket, 1000, NULL, 0);
    start_close_handle(flow.socket);
    until(flow.socket, REQUEST_ERROR);
    until(flow.socket, HANDLE_CLOSING);
    flow.socket = NULL;
    finish(&flow);
}

/* Calls while Close waits for the peer. */
static void calls_during_close(void)
{
    FLOW flow;
    upgrade(&flow, "/no-close-answer");
    start_close(flow.socket, 1000, NULL, 0);
    query_close_status(flow.socket);
    start_receive(flow.socket, 100);
    start_send(flow.socket, UTF8_MESSAGE, "x", 1);
    start_shutdown(flow.socket, 1000, NULL, 0);
    start_close(flow.socket, 1000, NULL, 0);
    start_close_handle(flow.socket);
    until(flow.socket, REQUEST_ERROR);
    until(flow.socket, HANDLE_CLOSING);
    flow.socket = NULL;
    finish(&flow);
}

static void handle_after_shutdown_with_pending_receive(void)
{
    FLOW flow;
    upgrade(&flow, "/no-close-answer");
    start_receive(flow.socket, 100);
    shut_down(flow.socket, 1000, NULL);
    start_close_handle(flow.socket);
    until(flow.socket, REQUEST_ERROR);
    until(flow.socket, HANDLE_CLOSING);
    flow.socket = NULL;
    finish(&flow);
}

static void request_during_receive_response(void)
{
    FLOW flow;
    quiet(TRUE);
    open_handles(&flow, plain_port, "/stall", 0);
    send_request(&flow);
    quiet(FALSE);
    SetLastError(UNTOUCHED);
    result("ReceiveResponse", WinHttpReceiveResponse(flow.request, NULL));
    until(flow.request, WINHTTP_CALLBACK_STATUS_RECEIVING_RESPONSE);
    start_close_handle(flow.request);
    /* Its callback may run until after the call: then the operation ends behind it. */
    until_on_any_thread(flow.request, REQUEST_ERROR);
    until(flow.request, HANDLE_CLOSING);
    flow.request = NULL;
    finish(&flow);
}

static int rounds;

/* Receives what is echoed and sends it again, three times; then shuts down and receives the close. */
static void continue_in_callback(HINTERNET handle, DWORD status)
{
    if (status != READ_COMPLETE)
        return;
    rounds++;
    if (rounds < 3)
        WinHttpWebSocketSend(handle, UTF8_MESSAGE, inbox, 5);
    else if (rounds == 3)
        WinHttpWebSocketShutdown(handle, 1000, NULL, 0);
    if (rounds < 4)
        WinHttpWebSocketReceive(handle, inbox, 100, NULL, NULL);
}

static void conversation_in_callbacks(void)
{
    FLOW flow;
    unsigned round;
    upgrade(&flow, "/echo");
    rounds = 0;
    reaction = continue_in_callback;
    start_send(flow.socket, UTF8_MESSAGE, "hello", 5);
    until(flow.socket, WRITE_COMPLETE);
    start_receive(flow.socket, 100);
    for (round = 0; round < 2; round++)
        until_both(flow.socket, READ_COMPLETE, WRITE_COMPLETE);
    until_both(flow.socket, READ_COMPLETE, SHUTDOWN_COMPLETE);
    until(flow.socket, READ_COMPLETE);
    reaction = NULL;
    finish(&flow);
}

static void close_handle_in_callback(HINTERNET handle, DWORD status)
{
    if (status == READ_COMPLETE)
        WinHttpCloseHandle(handle);
}

static void handle_in_callback(void)
{
    FLOW flow;
    upgrade(&flow, "/greeting");
    reaction = close_handle_in_callback;
    start_receive(flow.socket, 100);
    until(flow.socket, READ_COMPLETE);
    until(flow.socket, HANDLE_CLOSING);
    reaction = NULL;
    flow.socket = NULL;
    finish(&flow);
}

const SCENARIO cancelling_scenarios[] = {
    { "close-with-pending-receive", ONLY_ASYNC, close_with_pending_receive },
    { "shutdown-with-pending-receive", ONLY_ASYNC, shutdown_with_pending_receive },
    { "handle-with-pending-receive", ONLY_ASYNC, handle_with_pending_receive },
    { "handle-during-close", ONLY_ASYNC, handle_during_close },
    { "handle-during-close-without-receive", ONLY_ASYNC, handle_during_close_without_receive },
    { "calls-during-close", ONLY_ASYNC, calls_during_close },
    { "handle-after-shutdown-with-pending-receive", ONLY_ASYNC,
        handle_after_shutdown_with_pending_receive },
    { "request-during-receive-response", ONLY_ASYNC, request_during_receive_response },
    { "conversation-in-callbacks", ONLY_ASYNC, conversation_in_callbacks },
    { "handle-in-callback", ONLY_ASYNC, handle_in_callback },
    { NULL, BOTH, NULL },
};
