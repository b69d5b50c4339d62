/* Heads of responses: lines in all the forms that servers send, and those that are no HTTP. */
#include "http_calls.h"

/* What a program learns of such a head. */
static void head(const char *bytes)
{
    FLOW flow;
    say("--- %s", spelled(bytes));
    open_http(&flow, NULL, answering(bytes, "fin"));
    if (answered(&flow)) {
        query_status(flow.request);
        query_raw(flow.request, 0);
        read_all(flow.request, 100);
    }
    finish(&flow);
}

/* The same of a status line alone. */
static void line(const char *status_line)
{
    char bytes[256];
    snprintf(bytes, sizeof bytes, "%s\r\nContent-Length: 0\r\n\r\n", status_line);
    head(bytes);
}

/* Fact 23.1.1 and the table above it. */
static void versions(void)
{
    line("HTTP/1.0 200 OK");
    line("HTTP/1.2 200 OK");
    line("HTTP/1.7 200 OK");
}
static void no_version_0(void) { line("HTTP/0.9 200 OK"); }
static void no_version_2(void) { line("HTTP/2.0 200 OK"); }
static void no_version_4_2(void) { line("HTTP/4.2 200 OK"); }
static void no_version_letter(void) { line("HTTP/1.A 200 OK"); }
static void no_version_digits(void) { line("HTTP/1.12 200 OK"); }
static void no_version_slash(void) { line("HTTP 1.1 200 OK"); }
static void no_version_case(void) { line("http/1.1 200 OK"); }
static void no_version_name(void) { line("ICY 200 OK"); }

static void codes(void)
{
    line("HTTP/1.1 299 Unknown");
    line("HTTP/1.1 600 Unknown");
    line("HTTP/1.1 999 Unknown");
}
static void no_code(void) { line("HTTP/1.1"); }
static void code_of_two(void) { line("HTTP/1.1 20 OK"); }
static void code_of_four(void) { line("HTTP/1.1 2000 OK"); }
static void code_with_letter(void) { line("HTTP/1.1 20c OK"); }
static void code_glued(void) { line("HTTP/1.1 200OK"); }

/* Fact 4.2.6. */
static void no_reason(void) { line("HTTP/1.1 200"); }
static void blank_reason(void) { line("HTTP/1.1 200 "); }
static void long_reason(void) { line("HTTP/1.1 200 Everything is\tvery fine"); }
static void more_blanks(void) { line("HTTP/1.1 200   OK"); }
static void tabs(void) { line("HTTP/1.1\t200\tOK"); }
static void bare_cr(void) { line("HTTP/1.1 200 O\rK"); }

static void bare_lf(void) { head("HTTP/1.1 200 OK\nContent-Length: 5\nX: y\n\nhello"); }

/* Fact 4.2.5. */
static void blanks_before_colon(void)
{
    head("HTTP/1.1 200 OK\r\nX-Spaced  :  y\r\nContent-Length: 5\r\n\r\nhello");
}

/* Fact 23.2.3. */
static void folded(void)
{
    head("HTTP/1.1 200 OK\r\nX-Folded: one\r\n  two\r\n\tthree\r\nContent-Length: 5\r\n\r\nhello");
}
static void folded_first(void)
{
    head("HTTP/1.1 200 OK\r\n X: y\r\nContent-Length: 5\r\n\r\nhello");
}
static void no_colon(void) { head("HTTP/1.1 200 OK\r\nnothing\r\nContent-Length: 5\r\n\r\nhello"); }
static void no_name(void) { head("HTTP/1.1 200 OK\r\n: y\r\nContent-Length: 5\r\n\r\nhello"); }
static void no_token(void) { head("HTTP/1.1 200 OK\r\nX Y: z\r\nContent-Length: 5\r\n\r\nhello"); }
static void no_value(void) { head("HTTP/1.1 200 OK\r\nX:\r\nContent-Length: 5\r\n\r\nhello"); }
static void blanks_around_value(void)
{
    head("HTTP/1.1 200 OK\r\nX: \t y \t\r\nContent-Length: 5\r\n\r\nhello");
}

/* Facts 23.2.1 and 23.2.6. */
static void twice(void)
{
    head("HTTP/1.1 200 OK\r\nX: 1\r\nContent-Length: 5\r\nx: 2\r\n\r\nhello");
}
static void equal_lengths(void)
{
    head("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello");
}
static void different_lengths(void)
{
    head("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 4\r\n\r\nhello");
}
static void length_is_no_number(void)
{
    head("HTTP/1.1 200 OK\r\nContent-Length: five\r\n\r\nhello");
}
static void unknown_coding(void)
{
    head("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nhello");
}

/* Fact 23.4.1. */
static void interim(void)
{
    head("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nX: y\r\n\r\n"
         "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
}
static void unasked_101(void) { head("HTTP/1.1 101 Switching\r\nUpgrade: other\r\n\r\n"); }

/* Fact 23.4.2. */
static void interim_notified(void)
{
    FLOW flow;
    open_http(&flow, NULL,
        answering("HTTP/1.1 103 Early\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", ""));
    exchange(&flow);
    finish(&flow);
}

const SCENARIO head_scenarios[] = {
    { "head-versions", BOTH, versions },
    { "head-version-0", BOTH, no_version_0 },
    { "head-version-2", BOTH, no_version_2 },
    { "head-version-4.2", BOTH, no_version_4_2 },
    { "head-version-letter", BOTH, no_version_letter },
    { "head-version-digits", BOTH, no_version_digits },
    { "head-version-slash", BOTH, no_version_slash },
    { "head-version-case", BOTH, no_version_case },
    { "head-version-name", BOTH, no_version_name },
    { "head-codes", BOTH, codes },
    { "head-no-code", BOTH, no_code },
    { "head-code-of-two", BOTH, code_of_two },
    { "head-code-of-four", BOTH, code_of_four },
    { "head-code-with-letter", BOTH, code_with_letter },
    { "head-code-glued", BOTH, code_glued },
    { "head-no-reason", BOTH, no_reason },
    { "head-blank-reason", BOTH, blank_reason },
    { "head-long-reason", BOTH, long_reason },
    { "head-more-blanks", BOTH, more_blanks },
    { "head-tabs", BOTH, tabs },
    { "head-bare-cr", BOTH, bare_cr },
    { "head-bare-lf", BOTH, bare_lf },
    { "head-blanks-before-colon", BOTH, blanks_before_colon },
    { "head-folded", BOTH, folded },
    { "head-folded-first", BOTH, folded_first },
    { "head-no-colon", BOTH, no_colon },
    { "head-no-name", BOTH, no_name },
    { "head-no-token", BOTH, no_token },
    { "head-no-value", BOTH, no_value },
    { "head-blanks-around-value", BOTH, blanks_around_value },
    { "head-twice", BOTH, twice },
    { "head-equal-lengths", BOTH, equal_lengths },
    { "head-different-lengths", BOTH, different_lengths },
    { "head-length-is-no-number", BOTH, length_is_no_number },
    { "head-unknown-coding", BOTH, unknown_coding },
    { "head-interim", BOTH, interim },
    { "head-unasked-101", BOTH, unasked_101 },
    { "head-interim-notified", BOTH, interim_notified },
    { NULL, BOTH, NULL },
};
