/* Bodies of responses: how they end, how they are asked for and read, in which pieces. */
#include "http_calls.h"

/* Up to the response. */
static void get(FLOW *flow, const char *verb, const char *path)
{
    open_http(flow, verb, path);
    if (!answered(flow))
        say("no response to %s", path);
}

/* Asks and reads as programs do, twice beyond the end. */
static void ask_and_read(const char *verb, const char *path)
{
    FLOW flow;
    get(&flow, verb, path);
    available(flow.request);
    read_data(flow.request, 100);
    available(flow.request);
    read_data(flow.request, 100);
    finish(&flow);
}

/* Facts 5.3.4 and 24.10. */
static void counted(void) { ask_and_read(NULL, "/status?body=hello"); }
static void empty(void) { ask_and_read(NULL, "/status"); }
static void until_close(void) { ask_and_read(NULL, "/until-close?body=hello"); }
static void until_close_empty(void) { ask_and_read(NULL, "/until-close"); }
static void chunked_at_once(void)
{
    ask_and_read(NULL, answering("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                                 "5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n", ""));
}
static void chunked_empty(void)
{
    ask_and_read(
        NULL, answering("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", ""));
}

/* Facts 4.2.7, 5.3.4 and 24.4: no body, whatever the head says. */
static void head(void)
{
    FLOW flow;
    get(&flow, "HEAD", "/status?size=100");
    query_header(flow.request, "CONTENT_LENGTH", WINHTTP_QUERY_CONTENT_LENGTH, NULL);
    available(flow.request);
    read_data(flow.request, 100);
    finish(&flow);
}
static void no_content(void)
{
    ask_and_read(NULL, answering("HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n", ""));
}
static void not_modified(void)
{
    ask_and_read(NULL, answering("HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", ""));
}

/* ReadData fills the buffer as far as there is something. */
static void buffers(const char *path)
{
    FLOW flow;
    get(&flow, NULL, path);
    read_data(flow.request, 4);
    read_data(flow.request, 4);
    read_data(flow.request, 4);
    read_data(flow.request, 4);
    read_data(flow.request, 4);
    finish(&flow);
}
static void smaller_buffers(void) { buffers("/status?body=0123456789"); }
static void smaller_buffers_chunked(void)
{
    buffers(answering("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                      "3\r\n012\r\n3\r\n345\r\n4\r\n6789\r\n0\r\n\r\n", ""));
}

static void exact_buffer(void)
{
    FLOW flow;
    get(&flow, NULL, "/status?body=0123456789");
    read_data(flow.request, 10);
    read_data(flow.request, 10);
    finish(&flow);
}

/* Fact 5.3.6. */
static void available_then_read(void)
{
    FLOW flow;
    get(&flow, NULL, "/status?body=0123456789");
    available(flow.request);
    read_data(flow.request, 3);
    available(flow.request);
    available(flow.request);
    read_data(flow.request, 7);
    available(flow.request);
    finish(&flow);
}

/* Fact 24.5. */
static void empty_buffer(void)
{
    FLOW flow;
    get(&flow, NULL, "/status?body=hello");
    read_data(flow.request, 0);
    read_data(flow.request, 100);
    read_data(flow.request, 0);
    finish(&flow);
}

/* Fact 24.10: both loops work with every kind of body. */
static void loops(const char *path)
{
    FLOW flow;
    get(&flow, NULL, path);
    read_available(flow.request);
    open_next(&flow, NULL, path);
    answered(&flow);
    read_all(flow.request, 1000);
    finish(&flow);
}
static void large_counted(void) { loops("/status?size=100000"); }
static void large_chunked(void) { loops("/chunked?count=100&size=1000"); }
static void large_until_close(void) { loops("/until-close?size=100000"); }
/* Fact 24.3. */
static void extensions_and_trailers(void)
{
    loops("/chunked?count=3&size=5&extension&trailer=X-Sum:15");
}

/* Fact 24.3. */
static void chunks_by_tolerance(void)
{
    loops(answering("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                    "A \r\n0123456789\r\n00b\nhello world\r\n0\r\n\r\n", ""));
}

/* Facts 21.3.5 and 23.2.2. */
static void beyond_the_length(void)
{
    ask_and_read(NULL, answering("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello world", ""));
}
static void length_and_chunks(void)
{
    ask_and_read(NULL, answering("HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n"
                                 "5\r\nhello\r\n0\r\n\r\n", ""));
}

const SCENARIO body_scenarios[] = {
    { "body-counted", BOTH, counted },
    { "body-empty", BOTH, empty },
    { "body-until-close", BOTH, until_close },
    { "body-until-close-empty", BOTH, until_close_empty },
    { "body-chunked", BOTH, chunked_at_once },
    { "body-chunked-empty", BOTH, chunked_empty },
    { "body-head", BOTH, head },
    { "body-204", BOTH, no_content },
    { "body-304", BOTH, not_modified },
    { "body-smaller-buffers", BOTH, smaller_buffers },
    { "body-smaller-buffers-chunked", BOTH, smaller_buffers_chunked },
    { "body-exact-buffer", BOTH, exact_buffer },
    { "body-available-then-read", BOTH, available_then_read },
    { "body-empty-buffer", BOTH, empty_buffer },
    { "body-large-counted", BOTH, large_counted },
    { "body-large-chunked", BOTH, large_chunked },
    { "body-large-until-close", BOTH, large_until_close },
    { "body-extensions-and-trailers", BOTH, extensions_and_trailers },
    { "body-chunks-by-tolerance", BOTH, chunks_by_tolerance },
    { "body-beyond-the-length", BOTH, beyond_the_length },
    { "body-length-and-chunks", BOTH, length_and_chunks },
    { NULL, BOTH, NULL },
};
