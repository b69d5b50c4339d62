/* Shutdown, Close and QueryCloseStatus: who closes first, with what, and what is known when. */
#include "scenarios.h"

static void by_us(void)
{
    FLOW flow;
    upgrade(&flow, "/describe");
    query_close_status(flow.socket);
    close_socket(flow.socket, 1001, "going away");
    query_close_status(flow.socket);
    start_receive(flow.socket, 100);
    start_send(flow.socket, UTF8_MESSAGE, "x", 1);
    start_shutdown(flow.socket, 1000, NULL, 0);
    start_close(flow.socket, 1000, NULL, 0);
    query_close_status(flow.socket);
    finish(&flow);
}

static void by_the_peer(void)
{
    FLOW flow;
    upgrade(&flow, "/close?now&code=1001&reason=going+away");
    receive(flow.socket, 100);
    query_close_status(flow.socket);
    start_receive(flow.socket, 100);
    close_socket(flow.socket, 1000, "answered");
    query_close_status(flow.socket);
    finish(&flow);
}

/* Fact 9.5.6 without a pending receive. */
static void by_the_peer_then_shutdown(void)
{
    FLOW flow;
    upgrade(&flow, "/close?now&code=1000");
    receive(flow.socket, 100);
    shut_down(flow.socket, 1000, "answered");
    close_socket(flow.socket, 1000, NULL);
    query_close_status(flow.socket);
    finish(&flow);
}

/* Fact 9.5.7. */
static void query_with_small_buffers(void)
{
    FLOW flow;
    USHORT status = UNTOUCHED;
    DWORD length = UNTOUCHED;
    BYTE reason[123];
    upgrade(&flow, "/close?now&code=4000&reason=twelve+bytes");
    receive(flow.socket, 100);
    query_close_status_into(flow.socket, 0);
    query_close_status_into(flow.socket, 11);
    query_close_status_into(flow.socket, 12);
    say("without a status: %s",
        error_name(WinHttpWebSocketQueryCloseStatus(flow.socket, NULL, reason, 123, &length)));
    say("without a length: %s",
        error_name(WinHttpWebSocketQueryCloseStatus(flow.socket, &status, reason, 123, NULL)));
    say("without a buffer: %s",
        error_name(WinHttpWebSocketQueryCloseStatus(flow.socket, &status, NULL, 123, &length)));
    finish(&flow);
}

static void query_before_any_close(void)
{
    FLOW flow;
    DWORD length = UNTOUCHED;
    BYTE reason[123];
    upgrade(&flow, "/echo");
    query_close_status(flow.socket);
    query_close_status_into(flow.socket, 0);
    say("without a status: %s",
        error_name(WinHttpWebSocketQueryCloseStatus(flow.socket, NULL, reason, 123, &length)));
    shut_down(flow.socket, 1000, NULL);
    query_close_status(flow.socket);
    finish(&flow);
}

/* Fact 9.5.9. */
static void without_status(void)
{
    FLOW flow;
    upgrade(&flow, "/close?now&code=none");
    receive(flow.socket, 100);
    query_close_status(flow.socket);
    query_close_status_into(flow.socket, 0);
    close_socket(flow.socket, 1000, NULL);
    finish(&flow);
}

static void longest_reason(void)
{
    char reason[124];
    FLOW flow;
    memset(reason, 'r', 123);
    reason[123] = 0;
    upgrade(&flow, "/echo");
    close_socket(flow.socket, 1000, reason);
    query_close_status_into(flow.socket, 122);
    query_close_status(flow.socket);
    finish(&flow);
}

/* Fact 9.5.1. */
static void wrong_arguments(void)
{
    BYTE reason[128];
    FLOW flow;
    memset(reason, 'r', sizeof reason);
    upgrade(&flow, "/echo");
    start_shutdown(flow.socket, 1000, NULL, 1);
    start_shutdown(flow.socket, 1000, reason, 124);
    start_shutdown(flow.socket, 1000, reason, 128);
    start_close(flow.socket, 1000, NULL, 1);
    start_close(flow.socket, 1000, reason, 124);
    shut_down(flow.socket, 1000, NULL);
    start_shutdown(flow.socket, 1000, NULL, 1);
    start_close(flow.socket, 1000, reason, 124);
    finish(&flow);
}

static void reason_with_a_zero(void)
{
    FLOW flow;
    upgrade(&flow, "/describe");
    start_shutdown(flow.socket, 1000, "bye", 4);
    if (asynchronous)
        until(flow.socket, SHUTDOWN_COMPLETE);
    receive(flow.socket, 100);
    query_close_status(flow.socket);
    finish(&flow);
}

static void with_status(USHORT status)
{
    FLOW flow;
    upgrade(&flow, "/describe");
    close_socket(flow.socket, status, "x");
    query_close_status(flow.socket);
    finish(&flow);
}

static void usual_statuses(void)
{
    static const USHORT codes[] = { 1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 4999 };
    unsigned index;
    for (index = 0; index < sizeof codes / sizeof codes[0]; index++)
        with_status(codes[index]);
}

static void unusual_statuses(void)
{
    static const USHORT codes[] = { 0, 999, 1004, 1005, 1006, 1015, 2000, 5000, 65535 };
    unsigned index;
    for (index = 0; index < sizeof codes / sizeof codes[0]; index++)
        with_status(codes[index]);
}

static void empty_status(void)
{
    FLOW flow;
    upgrade(&flow, "/describe");
    close_socket(flow.socket, 1005, NULL);
    query_close_status(flow.socket);
    finish(&flow);
}

/* Fact 9.4.6. */
static void receive_after_shutdown(void)
{
    FLOW flow;
    upgrade(&flow, "/echo");
    send_text(flow.socket, "on its way");
    shut_down(flow.socket, 1000, "bye");
    query_close_status(flow.socket);
    receive(flow.socket, 100);
    receive(flow.socket, 100);
    query_close_status(flow.socket);
    start_receive(flow.socket, 100);
    close_socket(flow.socket, 1000, NULL);
    finish(&flow);
}

/* Facts 9.5.2 and 9.5.3. */
static void shutdown_twice_then_close(void)
{
    FLOW flow;
    upgrade(&flow, "/describe");
    shut_down(flow.socket, 1000, "first");
    start_shutdown(flow.socket, 1000, "second", 6);
    close_socket(flow.socket, 1001, "third");
    query_close_status(flow.socket);
    finish(&flow);
}

/* Fact 9.5.4. */
static void swallows_messages(void)
{
    FLOW flow;
    upgrade(&flow, "/push?count=20&size=1000");
    close_socket(flow.socket, 1000, NULL);
    query_close_status(flow.socket);
    finish(&flow);
}

static void inside_a_message(void)
{
    FLOW flow;
    upgrade(&flow, "/push?count=1&size=100");
    receive(flow.socket, 10);
    close_socket(flow.socket, 1000, NULL);
    query_close_status(flow.socket);
    finish(&flow);
}

/* Both sides send their close frame before they see the other's. */
static void both_at_once(void)
{
    FLOW flow;
    upgrade(&flow, "/close-now?code=1001&reason=away");
    close_socket(flow.socket, 1000, NULL);
    query_close_status(flow.socket);
    finish(&flow);
}

static void ends_without_answer(void)
{
    FLOW flow;
    upgrade(&flow, "/drop-at-close");
    close_socket(flow.socket, 1000, NULL);
    query_close_status(flow.socket);
    finish(&flow);
}

/* Fact 9.1.6. */
static void peer_never_answers(void)
{
    FLOW flow;
    upgrade(&flow, "/no-close-answer");
    set_number(flow.socket, "CLOSE_TIMEOUT", WINHTTP_OPTION_WEB_SOCKET_CLOSE_TIMEOUT, 300);
    close_socket(flow.socket, 1000, NULL);
    query_close_status(flow.socket);
    finish(&flow);
}

const SCENARIO closing_scenarios[] = {
    { "close-by-us", BOTH, by_us },
    { "close-by-the-peer", BOTH, by_the_peer },
    { "close-by-the-peer-then-shutdown", BOTH, by_the_peer_then_shutdown },
    { "close-status-into-small-buffers", BOTH, query_with_small_buffers },
    { "close-status-before-any-close", BOTH, query_before_any_close },
    { "close-without-status", BOTH, without_status },
    { "close-longest-reason", BOTH, longest_reason },
    { "close-wrong-arguments", BOTH, wrong_arguments },
    { "close-reason-with-a-zero", BOTH, reason_with_a_zero },
    { "close-usual-statuses", BOTH, usual_statuses },
    { "close-unusual-statuses", BOTH, unusual_statuses },
    { "close-empty-status", BOTH, empty_status },
    { "close-receive-after-shutdown", BOTH, receive_after_shutdown },
    { "close-shutdown-twice", BOTH, shutdown_twice_then_close },
    { "close-swallows-messages", BOTH, swallows_messages },
    { "close-inside-a-message", BOTH, inside_a_message },
    { "close-both-at-once", BOTH, both_at_once },
    { "close-ends-without-answer", BOTH, ends_without_answer },
    { "close-peer-never-answers", BOTH, peer_never_answers },
    { NULL, BOTH, NULL },
};
