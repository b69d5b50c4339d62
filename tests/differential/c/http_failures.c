/* Connections that fail or end too early, and what is left of a request then. */
#include "http_calls.h"

/* Reads what is there, then what is said of the rest. */
static void read_on(FLOW *flow)
{
    read_data(flow->request, 100);
    read_data(flow->request, 100);
    read_data(flow->request, 100);
}

static void fails(const char *path)
{
    FLOW flow;
    open_http(&flow, NULL, path);
    if (exchange(&flow))
        read_on(&flow);
    query_status(flow.request);
    finish(&flow);
}

/* Facts 2.12 and 2.13. */
static void refused(void)
{
    FLOW flow;
    quiet(TRUE);
    open_session(&flow, 1);
    open_asked(&flow, &(ASKED) { NULL, "/", NULL, NULL, NULL, 0 });
    quiet(FALSE);
    send_request(&flow);
    receive_response(&flow);
    available(flow.request);
    query_status(flow.request);
    finish(&flow);
}

/* Fact 21.1.7. */
static void forbidden_port(void)
{
    FLOW flow;
    quiet(TRUE);
    open_session(&flow, 25);
    open_asked(&flow, &(ASKED) { NULL, "/", NULL, NULL, NULL, 0 });
    quiet(FALSE);
    send_request(&flow);
    finish(&flow);
}

/* Fact 23.3.1. */
static void no_head(void) { fails("/empty"); }
static void half_a_head(void) { fails(answering("HTTP/1.1 200 OK\r\nContent-Le", "fin")); }
static void half_a_line(void) { fails(answering("HTTP/1", "fin")); }
static void reset(void) { fails(answering("", "reset")); }
static void garbage(void) { fails("/garbage"); }

/* Fact 24.1: a FIN is not an error. */
static void short_body(void)
{
    fails(answering("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello", "fin"));
}
static void short_body_asked(void)
{
    FLOW flow;
    open_http(&flow, NULL, answering("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello", "fin"));
    answered(&flow);
    available(flow.request);
    read_data(flow.request, 5);
    available(flow.request);
    read_data(flow.request, 5);
    finish(&flow);
}

/* Fact 24.2. */
static void short_chunk(void)
{
    fails(answering("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel", "fin"));
}
static void no_last_chunk(void)
{
    fails(answering("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", "fin"));
}
static void chunk_is_no_number(void)
{
    fails(answering("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nxyz\r\n", ""));
}
/* Fact 24.3. */
static void chunk_without_its_end(void)
{
    fails(answering("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello0\r\n\r\n", ""));
}
static void chunk_too_large(void)
{
    fails(answering(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n12345678901234567\r\nhello", ""));
}

/* Fact 2.8: a handle that has failed can be sent again. */
static void again(void)
{
    FLOW flow;
    open_http(&flow, NULL, "/empty");
    answered(&flow);
    answered(&flow);
    finish(&flow);
}

const SCENARIO failure_scenarios[] = {
    { "fails-refused", BOTH, refused },
    { "fails-forbidden-port", BOTH, forbidden_port },
    { "fails-no-head", BOTH, no_head },
    { "fails-half-a-head", BOTH, half_a_head },
    { "fails-half-a-line", BOTH, half_a_line },
    { "fails-reset", BOTH, reset },
    { "fails-garbage", BOTH, garbage },
    { "fails-short-body", BOTH, short_body },
    { "fails-short-body-asked", BOTH, short_body_asked },
    { "fails-short-chunk", BOTH, short_chunk },
    { "fails-no-last-chunk", BOTH, no_last_chunk },
    { "fails-chunk-is-no-number", BOTH, chunk_is_no_number },
    { "fails-chunk-without-its-end", BOTH, chunk_without_its_end },
    { "fails-chunk-too-large", BOTH, chunk_too_large },
    { "fails-again", BOTH, again },
    { NULL, BOTH, NULL },
};
