/* What WinHttpWebSocketSend puts on the wire, and what it refuses. The server describes each frame it gets. */
#include "scenarios.h"

static void described(FLOW *flow, int type, const void *bytes, DWORD count)
{
    send_bytes(flow->socket, type, bytes, count);
    receive(flow->socket, 200);
}

static void every_type(void)
{
    FLOW flow;
    upgrade(&flow, "/describe");
    described(&flow, BINARY_MESSAGE, "binary", 6);
    described(&flow, UTF8_MESSAGE, "text", 4);
    described(&flow, BINARY_FRAGMENT, "first", 5);
    described(&flow, BINARY_FRAGMENT, "second", 6);
    described(&flow, BINARY_MESSAGE, "last", 4);
    described(&flow, UTF8_FRAGMENT, "first", 5);
    described(&flow, UTF8_MESSAGE, "last", 4);
    close_socket(flow.socket, 1000, NULL);
    query_close_status(flow.socket);
    finish(&flow);
}

/* Fact 9.3.1. */
static void empty(void)
{
    FLOW flow;
    upgrade(&flow, "/describe");
    described(&flow, BINARY_MESSAGE, NULL, 0);
    described(&flow, UTF8_MESSAGE, NULL, 0);
    described(&flow, UTF8_MESSAGE, "", 0);
    described(&flow, BINARY_FRAGMENT, NULL, 0);
    described(&flow, BINARY_FRAGMENT, "middle", 6);
    described(&flow, BINARY_MESSAGE, NULL, 0);
    finish(&flow);
}

static void lengths(void)
{
    static const DWORD sizes[] = { 125, 126, 127, 65535, 65536, 200000 };
    FLOW flow;
    unsigned index;
    upgrade(&flow, "/describe");
    for (index = 0; index < sizeof sizes / sizeof sizes[0]; index++) {
        memset(inbox, 'x', sizes[index]);
        described(&flow, BINARY_MESSAGE, inbox, sizes[index]);
    }
    finish(&flow);
}

static void wrong_arguments(void)
{
    FLOW flow;
    upgrade(&flow, "/describe");
    start_send(flow.socket, BINARY_MESSAGE, NULL, 1);
    start_send(flow.socket, CLOSE_TYPE, "x", 1);
    start_send(flow.socket, CLOSE_TYPE, NULL, 0);
    start_send(flow.socket, 5, "x", 1);
    start_send(flow.socket, -1, "x", 1);
    described(&flow, BINARY_MESSAGE, "still open", 10);
    finish(&flow);
}

/* Fact 9.3.2. */
static void mixed_types(void)
{
    FLOW flow;
    upgrade(&flow, "/describe");
    described(&flow, BINARY_FRAGMENT, "binary", 6);
    start_send(flow.socket, UTF8_FRAGMENT, "text", 4);
    start_send(flow.socket, UTF8_MESSAGE, "text", 4);
    described(&flow, BINARY_MESSAGE, "binary", 6);
    finish(&flow);
}

static void mixed_types_text_first(void)
{
    FLOW flow;
    upgrade(&flow, "/describe");
    described(&flow, UTF8_FRAGMENT, "text", 4);
    start_send(flow.socket, BINARY_FRAGMENT, "binary", 6);
    start_send(flow.socket, BINARY_MESSAGE, "binary", 6);
    described(&flow, UTF8_MESSAGE, "text", 4);
    finish(&flow);
}

static void invalid_text(void)
{
    FLOW flow;
    upgrade(&flow, "/describe");
    described(&flow, UTF8_MESSAGE, "\xc3\x28", 2);
    finish(&flow);
}

static void after_shutdown(void)
{
    FLOW flow;
    upgrade(&flow, "/echo");
    shut_down(flow.socket, 1000, NULL);
    start_send(flow.socket, UTF8_MESSAGE, "late", 4);
    start_send(flow.socket, UTF8_MESSAGE, NULL, 4);
    finish(&flow);
}

static void inside_a_message_shutdown(void)
{
    FLOW flow;
    upgrade(&flow, "/describe");
    described(&flow, UTF8_FRAGMENT, "begun", 5);
    shut_down(flow.socket, 1000, "enough");
    receive(flow.socket, 200);
    query_close_status(flow.socket);
    finish(&flow);
}

static void after_the_peers_close(void)
{
    FLOW flow;
    upgrade(&flow, "/close?now&code=1000");
    receive(flow.socket, 100);
    send_text(flow.socket, "late");
    close_socket(flow.socket, 1000, NULL);
    start_send(flow.socket, UTF8_MESSAGE, "later", 5);
    finish(&flow);
}

/* Fact 9.3.4: the peer does not read, so that the first send waits. */
static void second_send(void)
{
    enum { HUGE_BYTES = 64 << 20 };
    FLOW flow;
    BYTE *huge = (BYTE *)calloc(1, HUGE_BYTES);
    upgrade(&flow, "/deaf");
    start_send(flow.socket, BINARY_MESSAGE, huge, HUGE_BYTES);
    start_send(flow.socket, BINARY_MESSAGE, "x", 1);
    start_shutdown(flow.socket, 1000, NULL, 0);
    start_close(flow.socket, 1000, NULL, 0);
    start_close_handle(flow.socket);
    until(flow.socket, REQUEST_ERROR);
    until(flow.socket, HANDLE_CLOSING);
    flow.socket = NULL;
    finish(&flow);
    free(huge);
}

static void while_receiving(void)
{
    FLOW flow;
    upgrade(&flow, "/echo");
    start_receive(flow.socket, 100);
    start_send(flow.socket, UTF8_MESSAGE, "hello", 5);
    until_both(flow.socket, WRITE_COMPLETE, READ_COMPLETE);
    finish(&flow);
}

const SCENARIO sending_scenarios[] = {
    { "send-every-type", BOTH, every_type },
    { "send-empty", BOTH, empty },
    { "send-lengths", BOTH, lengths },
    { "send-wrong-arguments", BOTH, wrong_arguments },
    { "send-mixed-types", BOTH, mixed_types },
    { "send-mixed-types-text-first", BOTH, mixed_types_text_first },
    { "send-invalid-text", BOTH, invalid_text },
    { "send-after-shutdown", BOTH, after_shutdown },
    { "send-inside-a-message-shutdown", BOTH, inside_a_message_shutdown },
    { "send-after-the-peers-close", BOTH, after_the_peers_close },
    { "send-second", ONLY_ASYNC, second_send },
    { "send-while-receiving", ONLY_ASYNC, while_receiving },
    { NULL, BOTH, NULL },
};
