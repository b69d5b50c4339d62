/* What WinHttpWebSocketReceive gives: messages whole and in pieces, pings between them, peers that break the protocol
 * or the connection. */
#include "scenarios.h"

static void text_and_binary(void)
{
    FLOW flow;
    upgrade(&flow, "/echo");
    send_text(flow.socket, "text");
    receive(flow.socket, 100);
    send_bytes(flow.socket, BINARY_MESSAGE, "binary", 6);
    receive(flow.socket, 100);
    send_bytes(flow.socket, UTF8_MESSAGE, NULL, 0);
    receive(flow.socket, 100);
    send_bytes(flow.socket, BINARY_MESSAGE, NULL, 0);
    receive(flow.socket, 100);
    finish(&flow);
}

/* Fact 9.4.1. */
static void wrong_arguments(void)
{
    FLOW flow;
    DWORD count = UNTOUCHED;
    WINHTTP_WEB_SOCKET_BUFFER_TYPE type = CLOSE_TYPE;
    upgrade(&flow, "/greeting");
    say("without a buffer: %s",
        error_name(WinHttpWebSocketReceive(flow.socket, NULL, 100, &count, &type)));
    say("without a buffer and length: %s",
        error_name(WinHttpWebSocketReceive(flow.socket, NULL, 0, &count, &type)));
    say("without a length: %s",
        error_name(WinHttpWebSocketReceive(flow.socket, inbox, 0, &count, &type)));
    receive(flow.socket, 100);
    finish(&flow);
}

/* Fact 9.4.3. */
static void small_buffers(void)
{
    FLOW flow;
    upgrade(&flow, "/push?count=1&size=256");
    receive(flow.socket, 128);
    receive(flow.socket, 128);
    finish(&flow);
    upgrade(&flow, "/push?count=1&size=10");
    receive(flow.socket, 4);
    receive(flow.socket, 4);
    receive(flow.socket, 4);
    finish(&flow);
    upgrade(&flow, "/greeting");
    receive(flow.socket, 3);
    receive(flow.socket, 3);
    finish(&flow);
}

static void large(void)
{
    FLOW flow;
    upgrade(&flow, "/push?count=3&size=200000");
    receive_message(flow.socket, 300000);
    receive_message(flow.socket, 1000);
    receive_message(flow.socket, 65536);
    finish(&flow);
}

static void fragmented(void)
{
    FLOW flow;
    upgrade(&flow, "/fragments?size=4");
    send_text(flow.socket, "a message in frames");
    receive_message(flow.socket, 100);
    send_bytes(flow.socket, BINARY_MESSAGE, "another message", 15);
    receive_message(flow.socket, 3);
    finish(&flow);
}

/* Fact 9.4.7. */
static void pings_between_fragments(void)
{
    FLOW flow;
    upgrade(&flow, "/fragments?size=4&ping=here");
    send_text(flow.socket, "a message in frames");
    receive_message(flow.socket, 100);
    finish(&flow);
}

static void ping_with_payload(void)
{
    FLOW flow;
    upgrade(&flow, "/describe?ping=are-you-there");
    receive(flow.socket, 100);
    send_text(flow.socket, "hello");
    receive(flow.socket, 100);
    finish(&flow);
}

static void ping_without_payload(void)
{
    FLOW flow;
    upgrade(&flow, "/describe?ping=");
    receive(flow.socket, 100);
    finish(&flow);
}

static void byte_by_byte(void)
{
    FLOW flow;
    upgrade(&flow, "/slow");
    send_text(flow.socket, "slow message");
    receive_message(flow.socket, 100);
    finish(&flow);
}

static void several_waiting(void)
{
    FLOW flow;
    upgrade(&flow, "/echo");
    send_text(flow.socket, "one");
    send_text(flow.socket, "two");
    send_text(flow.socket, "three");
    receive(flow.socket, 100);
    receive(flow.socket, 100);
    receive(flow.socket, 100);
    finish(&flow);
}

/* Fact 9.4.5. */
static void second_receive(void)
{
    FLOW flow;
    upgrade(&flow, "/echo");
    start_receive(flow.socket, 100);
    start_receive(flow.socket, 100);
    start_send(flow.socket, UTF8_MESSAGE, "hello", 5);
    until_both(flow.socket, WRITE_COMPLETE, READ_COMPLETE);
    send_text(flow.socket, "again");
    receive(flow.socket, 100);
    finish(&flow);
}

/* What still works after the peer went away or broke the protocol. */
static void after_failure(FLOW *flow)
{
    receive(flow->socket, 100);
    send_text(flow->socket, "x");
    query_close_status(flow->socket);
    shut_down(flow->socket, 1000, NULL);
    close_socket(flow->socket, 1000, NULL);
    finish(flow);
}

/* Fact 9.4.8: the connection ends. */
static void connection_ends(void)
{
    FLOW flow;
    upgrade(&flow, "/drop?now");
    receive_message(flow.socket, 100);
    after_failure(&flow);
}

static void connection_ends_inside_a_frame(void)
{
    FLOW flow;
    upgrade(&flow, "/drop-mid-frame?now&size=100&sent=50");
    receive_message(flow.socket, 200);
    receive(flow.socket, 100);
    finish(&flow);
}

static void connection_resets(void)
{
    FLOW flow;
    upgrade(&flow, "/reset");
    start_receive(flow.socket, 100);
    start_send(flow.socket, UTF8_MESSAGE, "hello", 5);
    until_both(flow.socket, WRITE_COMPLETE, REQUEST_ERROR);
    receive(flow.socket, 100);
    finish(&flow);
}

static void connection_resets_sync(void)
{
    FLOW flow;
    upgrade(&flow, "/reset");
    send_text(flow.socket, "hello");
    receive(flow.socket, 100);
    receive(flow.socket, 100);
    finish(&flow);
}

/* Fact 9.4.8: the peer breaks RFC 6455. */
static void fault(const char *path)
{
    FLOW flow;
    upgrade(&flow, path);
    receive_message(flow.socket, 200);
    finish(&flow);
}

static void masked_frame(void)
{
    FLOW flow;
    upgrade(&flow, "/masked-frame");
    receive_message(flow.socket, 100);
    after_failure(&flow);
}

static void invalid_utf8(void) { fault("/invalid-utf8"); }
static void reserved_bits(void) { fault("/reserved-bits"); }
static void bad_opcode(void) { fault("/bad-opcode"); }
static void bad_control_opcode(void) { fault("/bad-control-opcode"); }
static void fragmented_control(void) { fault("/fragmented-control"); }
static void long_control(void) { fault("/long-control"); }
static void orphan_continuation(void) { fault("/orphan-continuation"); }
static void interrupted_message(void) { fault("/interrupted-message"); }
static void overlong_length(void) { fault("/overlong-length"); }
static void negative_length(void) { fault("/negative-length"); }
static void close_one_byte(void) { fault("/close-one-byte"); }
static void close_bad_code(void) { fault("/close-bad-code"); }
static void close_bad_utf8(void) { fault("/close-bad-utf8"); }

const SCENARIO receiving_scenarios[] = {
    { "receive-text-and-binary", BOTH, text_and_binary },
    { "receive-wrong-arguments", BOTH, wrong_arguments },
    { "receive-small-buffers", BOTH, small_buffers },
    { "receive-large", BOTH, large },
    { "receive-fragmented", BOTH, fragmented },
    { "receive-pings-between-fragments", BOTH, pings_between_fragments },
    { "receive-ping-with-payload", BOTH, ping_with_payload },
    { "receive-ping-without-payload", BOTH, ping_without_payload },
    { "receive-byte-by-byte", BOTH, byte_by_byte },
    { "receive-several-waiting", BOTH, several_waiting },
    { "receive-second", ONLY_ASYNC, second_receive },
    { "connection-ends", BOTH, connection_ends },
    { "connection-ends-inside-a-frame", BOTH, connection_ends_inside_a_frame },
    { "connection-resets", ONLY_ASYNC, connection_resets },
    { "connection-resets", ONLY_SYNC, connection_resets_sync },
    { "fault-masked-frame", BOTH, masked_frame },
    { "fault-invalid-utf8", BOTH, invalid_utf8 },
    { "fault-reserved-bits", BOTH, reserved_bits },
    { "fault-bad-opcode", BOTH, bad_opcode },
    { "fault-bad-control-opcode", BOTH, bad_control_opcode },
    { "fault-fragmented-control", BOTH, fragmented_control },
    { "fault-long-control", BOTH, long_control },
    { "fault-orphan-continuation", BOTH, orphan_continuation },
    { "fault-interrupted-message", BOTH, interrupted_message },
    { "fault-overlong-length", BOTH, overlong_length },
    { "fault-negative-length", BOTH, negative_length },
    { "fault-close-one-byte", BOTH, close_one_byte },
    { "fault-close-bad-code", BOTH, close_bad_code },
    { "fault-close-bad-utf8", BOTH, close_bad_utf8 },
    { NULL, BOTH, NULL },
};
