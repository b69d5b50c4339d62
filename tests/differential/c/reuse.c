/* Whether the next request finds the connection of the one before: it is told neither of a look-up nor of connecting
 * then. */
#include "http_calls.h"

/* A request without a word, whose body is read in buffers of this size; not at all with 0. */
static void first(FLOW *flow, const char *path, DWORD size)
{
    say("--- %s", strncmp(path, "/raw", 4) == 0 ? "a first request" : path);
    open_http(flow, NULL, path);
    answered(flow);
    if (size != 0)
        read_all(flow->request, size);
}

/* The next one says all that it is told. */
static void second(FLOW *flow)
{
    open_next(flow, NULL, "/status?body=second");
    if (exchange(flow))
        read_data(flow->request, 100);
    finish(flow);
}

static void after(const char *path, DWORD size)
{
    FLOW flow;
    first(&flow, path, size);
    second(&flow);
}

/* Facts 5.2.1 and 5.2.5. */
static void after_counted(void) { after("/status?body=hello", 100); }
static void after_empty(void) { after("/status", 100); }
static void after_chunked(void) { after("/chunked", 100); }
static void after_keep_alive(void) { after("/status?body=hello&header=Connection:keep-alive", 100); }
/* Facts 5.2.4 and 21.3.4. */
static void after_close(void) { after("/status?body=hello&header=Connection:close&close", 100); }
static void after_until_close(void) { after("/until-close?body=hello", 100); }
static void after_http_1_0(void)
{
    after(answering("HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello", ""), 100);
}
static void after_http_1_0_keep_alive(void)
{
    after(answering("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 5\r\n\r\nhello", ""),
        100);
}
/* Fact 21.3.5. */
static void after_too_much(void)
{
    after(answering("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello world", ""), 100);
}
/* Facts 5.2.3 and 21.3.1: nobody has read the body. */
static void after_unread(void) { after("/status?size=10240", 0); }
static void after_unread_chunks(void)
{
    after(answering("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", ""), 0);
}

static void after_partly_read(void)
{
    FLOW flow;
    first(&flow, "/status?size=10240", 0);
    read_data(flow.request, 100);
    second(&flow);
}

/* Facts 4.2.7 and 5.3.4: a body that is none. */
static void after_head(void)
{
    FLOW flow;
    open_http(&flow, "HEAD", "/status?size=100");
    answered(&flow);
    read_data(flow.request, 100);
    second(&flow);
}

/* Fact 5.2.6. */
static void request_says_close(void)
{
    FLOW flow;
    open_http(&flow, NULL, "/status?body=hello");
    answered(&flow);
    read_all(flow.request, 100);
    open_next(&flow, NULL, "/status?body=hello");
    send_with(&flow, "Connection: close", NULL, 0);
    receive_response(&flow);
    read_data(flow.request, 100);
    read_data(flow.request, 100);
    second(&flow);
}

static void both_say_close(void)
{
    FLOW flow;
    open_http(&flow, NULL, "/status?body=hello&header=Connection:close&close");
    send_with(&flow, "Connection: close", NULL, 0);
    receive_response(&flow);
    read_data(flow.request, 100);
    read_data(flow.request, 100);
    second(&flow);
}

/* Fact 21.7.1. */
static void feature_is_off(void)
{
    FLOW flow;
    open_http(&flow, NULL, "/status?body=hello");
    set_number(flow.request, "DISABLE_FEATURE", WINHTTP_OPTION_DISABLE_FEATURE,
        WINHTTP_DISABLE_KEEP_ALIVE);
    answered(&flow);
    read_all(flow.request, 100);
    second(&flow);
}

/* Fact 2.8: the same handle, its body unread. */
static void same_handle(void)
{
    FLOW flow;
    open_http(&flow, NULL, "/status?size=10240");
    answered(&flow);
    exchange(&flow);
    read_all(flow.request, 1000);
    exchange(&flow);
    read_all(flow.request, 1000);
    finish(&flow);
}

/* Fact 21.6.1: the first connection is not free yet. */
static void two_at_once(void)
{
    FLOW flow, other;
    open_http(&flow, NULL, "/status?body=first");
    answered(&flow);
    other = flow;
    other.request = NULL;
    open_next(&other, NULL, "/status?body=second");
    exchange(&other);
    read_data(other.request, 100);
    read_data(flow.request, 100);
    quiet(TRUE);
    close_handle(&other.request);
    quiet(FALSE);
    finish(&flow);
}

/* Fact 5.2.2: one pool for all sessions. */
static void another_session(void)
{
    FLOW flow;
    connections_apart = FALSE;
    open_http(&flow, NULL, "/status?body=first");
    answered(&flow);
    read_all(flow.request, 100);
    finish(&flow);
    open_http(&flow, NULL, "/status?body=second");
    /* The pool is left as empty as it was. */
    send_with(&flow, "Connection: close", NULL, 0);
    receive_response(&flow);
    read_all(flow.request, 100);
    finish(&flow);
    connections_apart = TRUE;
}

const SCENARIO reuse_scenarios[] = {
    { "reuse-after-counted", BOTH, after_counted },
    { "reuse-after-empty", BOTH, after_empty },
    { "reuse-after-chunked", BOTH, after_chunked },
    { "reuse-after-keep-alive", BOTH, after_keep_alive },
    { "reuse-after-close", BOTH, after_close },
    { "reuse-after-until-close", BOTH, after_until_close },
    { "reuse-after-http-1.0", BOTH, after_http_1_0 },
    { "reuse-after-http-1.0-keep-alive", BOTH, after_http_1_0_keep_alive },
    { "reuse-after-too-much", BOTH, after_too_much },
    { "reuse-after-unread", BOTH, after_unread },
    { "reuse-after-unread-chunks", BOTH, after_unread_chunks },
    { "reuse-after-partly-read", BOTH, after_partly_read },
    { "reuse-after-head", BOTH, after_head },
    { "reuse-request-says-close", BOTH, request_says_close },
    { "reuse-both-say-close", BOTH, both_say_close },
    { "reuse-feature-is-off", BOTH, feature_is_off },
    { "reuse-same-handle", BOTH, same_handle },
    { "reuse-two-at-once", BOTH, two_at_once },
    { "reuse-another-session", BOTH, another_session },
    { NULL, BOTH, NULL },
};
