/* Bodies of requests: given to SendRequest, written, framed by the program; and lengths that do not fit. */
#include "http_calls.h"

/* Receives, and prints what the server says it got. */
static void echoed(FLOW *flow)
{
    if (receive_response(flow))
        say_body(flow->request);
    finish(flow);
}

static void given(void)
{
    FLOW flow;
    open_http(&flow, "POST", "/body");
    send_with(&flow, NULL, "hello", 5);
    echoed(&flow);
}

/* Fact 5.5.1: the notifications of writing. */
static void written(void)
{
    FLOW flow;
    open_http(&flow, "POST", "/body");
    send_with(&flow, NULL, NULL, 10);
    write_text(flow.request, "hello");
    write_text(flow.request, "world");
    echoed(&flow);
}

static void given_and_written(void)
{
    FLOW flow;
    open_http(&flow, "POST", "/body");
    send_with(&flow, NULL, "hello", 10);
    write_text(flow.request, "world");
    echoed(&flow);
}

/* Fact 2.10. */
static void get_with_a_body(void)
{
    FLOW flow;
    open_http(&flow, "GET", "/body");
    send_with(&flow, NULL, NULL, 1);
    write_text(flow.request, "x");
    echoed(&flow);
}

/* Fact 25.10. */
static void nothing_written(void)
{
    FLOW flow;
    open_http(&flow, "POST", "/body");
    send_with(&flow, NULL, NULL, 5);
    write_text(flow.request, "");
    write_text(flow.request, "hello");
    echoed(&flow);
}

/* Fact 2.9. */
static void more_than_announced(void)
{
    FLOW flow;
    open_http(&flow, "POST", "/body");
    send_with(&flow, NULL, "hello", 5);
    write_text(flow.request, "x");
    echoed(&flow);
}

static void more_than_is_left(void)
{
    FLOW flow;
    open_http(&flow, "POST", "/body");
    send_with(&flow, NULL, "hel", 5);
    write_text(flow.request, "lo world");
    write_text(flow.request, "lo");
    echoed(&flow);
}

static void written_without_a_length(void)
{
    FLOW flow;
    open_http(&flow, "POST", "/body");
    send_with(&flow, NULL, NULL, 0);
    write_text(flow.request, "x");
    echoed(&flow);
}

/* Fact 25.6. */
static void shorter_total(void)
{
    FLOW flow;
    open_http(&flow, "POST", "/body");
    send_with(&flow, NULL, "hello", 2);
    finish(&flow);
}

static void length_and_coding(void)
{
    FLOW flow;
    open_http(&flow, "POST", "/body");
    send_with(&flow, "Content-Length: 5\r\nTransfer-Encoding: chunked", NULL, 0);
    finish(&flow);
}

/* Fact 22.6. */
static void own_length(void)
{
    FLOW flow;
    open_http(&flow, "POST", "/body");
    send_with(&flow, "Content-Length: 5", NULL, WINHTTP_IGNORE_REQUEST_TOTAL_LENGTH);
    write_text(flow.request, "hello");
    echoed(&flow);
}

static void own_length_again(void)
{
    FLOW flow;
    open_http(&flow, "POST", "/headers");
    send_with(&flow, "Content-Length: 5", "hello", 5);
    echoed(&flow);
}

static void own_length_is_another(void)
{
    FLOW flow;
    open_http(&flow, "POST", "/body");
    send_with(&flow, "Content-Length: 7", "hello", 5);
    finish(&flow);
}

/* Fact 2.11: the program frames. */
static void own_chunks(void)
{
    FLOW flow;
    open_http(&flow, "POST", "/body");
    send_with(&flow, "Transfer-Encoding: chunked", NULL, 0);
    write_text(flow.request, "5\r\nhello\r\n");
    write_text(flow.request, "0\r\n\r\n");
    echoed(&flow);
}

static void own_chunks_given(void)
{
    FLOW flow;
    open_http(&flow, "POST", "/body");
    send_with(&flow, "Transfer-Encoding: chunked", "5\r\nhello\r\n0\r\n\r\n", 15);
    echoed(&flow);
}

/* Fact 22.7. */
static void chunks_of_a_get(void)
{
    FLOW flow;
    open_http(&flow, "GET", "/body");
    send_with(&flow, "Transfer-Encoding: chunked", NULL, 0);
    finish(&flow);
}

/* Fact 22.9. */
static void expectation(void)
{
    FLOW flow;
    open_http(&flow, "POST", "/body");
    send_with(&flow, "Expect: 100-continue", "hello", 5);
    echoed(&flow);
}

static void large(void)
{
    FLOW flow;
    DWORD left = 10;
    static char bytes[20001];
    memset(bytes, 'b', sizeof bytes - 1);
    open_http(&flow, "POST", "/body");
    send_with(&flow, NULL, NULL, 200000);
    quiet(TRUE);
    while (left-- > 0)
        write_text(flow.request, bytes);
    quiet(FALSE);
    receive_response(&flow);
    read_all(flow.request, 8192);
    finish(&flow);
}

const SCENARIO upload_scenarios[] = {
    { "upload-given", BOTH, given },
    { "upload-written", BOTH, written },
    { "upload-given-and-written", BOTH, given_and_written },
    { "upload-get-with-a-body", BOTH, get_with_a_body },
    { "upload-nothing-written", BOTH, nothing_written },
    { "upload-more-than-announced", BOTH, more_than_announced },
    { "upload-more-than-is-left", BOTH, more_than_is_left },
    { "upload-written-without-a-length", BOTH, written_without_a_length },
    { "upload-shorter-total", BOTH, shorter_total },
    { "upload-length-and-coding", BOTH, length_and_coding },
    { "upload-own-length", BOTH, own_length },
    { "upload-own-length-again", BOTH, own_length_again },
    { "upload-own-length-is-another", BOTH, own_length_is_another },
    { "upload-own-chunks", BOTH, own_chunks },
    { "upload-own-chunks-given", BOTH, own_chunks_given },
    { "upload-chunks-of-a-get", BOTH, chunks_of_a_get },
    { "upload-expectation", BOTH, expectation },
    { "upload-large", BOTH, large },
    { NULL, BOTH, NULL },
};
