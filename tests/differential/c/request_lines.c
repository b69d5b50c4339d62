/* The request as it leaves: what the server says it got, and the header lines that programs add and change. */
#include "http_calls.h"

#define ADD WINHTTP_ADDREQ_FLAG_ADD
#define IF_NEW WINHTTP_ADDREQ_FLAG_ADD_IF_NEW
#define REPLACE WINHTTP_ADDREQ_FLAG_REPLACE
#define COMMA WINHTTP_ADDREQ_FLAG_COALESCE_WITH_COMMA
#define SEMICOLON WINHTTP_ADDREQ_FLAG_COALESCE_WITH_SEMICOLON

static void open_any(FLOW *flow, const ASKED *asked)
{
    quiet(TRUE);
    open_session(flow, plain_port);
    open_asked(flow, asked);
    quiet(FALSE);
}

/* What the server got of such a request. */
static void seen(const ASKED *asked, const char *headers, const char *body)
{
    FLOW flow;
    say("--- %s %s", asked->verb == NULL ? "NULL" : asked->verb, asked->path);
    open_any(&flow, asked);
    quiet(TRUE);
    if (send_with(&flow, headers, body, body == NULL ? 0 : (DWORD)strlen(body)))
        receive_response(&flow);
    quiet(FALSE);
    say_body(flow.request);
    finish(&flow);
}

static void seen_simply(const char *verb, const char *path)
{
    ASKED asked = { verb, path, NULL, NULL, NULL, 0 };
    seen(&asked, NULL, NULL);
}

/* Facts 22.1 to 22.3. */
static void order(void)
{
    ASKED asked = { "POST", "/headers", NULL, NULL, NULL, 0 };
    seen_simply("GET", "/headers");
    seen(&asked, "Content-Type: text/plain\r\nX-Second: 2", "hello");
}

/* Facts 2.11 and 22.6. */
static void lengths(void)
{
    seen_simply("POST", "/headers");
    seen_simply("PUT", "/headers");
    seen_simply("DELETE", "/headers");
    seen_simply("PATCH", "/headers");
}

/* Fact 22.4. */
static void verbs(void)
{
    seen_simply(NULL, "/headers");
    seen_simply("", "/headers");
    seen_simply("get", "/headers");
    seen_simply("Post", "/headers");
    seen_simply("patch", "/headers");
    seen_simply("Own", "/headers");
}

/* Facts 1.6 and 7.3. */
static void paths(void)
{
    seen_simply("GET", "headers");
    seen_simply("GET", "/headers?a=b c&d=%20");
    seen_simply("GET", "/headers?a=b#fragment");
}

/* Facts 21.7.3, 22.3 and 22.12. */
static void parameters(void)
{
    LPCWSTR types[] = { L"text/plain", L"image/*", NULL };
    ASKED accepting = { "GET", "/headers", NULL, NULL, types, 0 };
    ASKED referred = { "GET", "/headers", NULL, "http://elsewhere/", NULL, 0 };
    ASKED refreshed = { "GET", "/headers", NULL, NULL, NULL, WINHTTP_FLAG_REFRESH };
    seen(&accepting, NULL, NULL);
    seen(&referred, NULL, NULL);
    seen(&refreshed, NULL, NULL);
}
static void version_1_0(void)
{
    ASKED old = { "GET", "/headers", "HTTP/1.0", NULL, NULL, 0 };
    seen(&old, NULL, NULL);
}
static void other_version(void)
{
    ASKED other = { "GET", "/headers", "HTTP/x", NULL, NULL, 0 };
    FLOW flow;
    quiet(TRUE);
    open_session(&flow, plain_port);
    quiet(FALSE);
    open_asked(&flow, &other);
    finish(&flow);
}

/* Facts 22.2 and 22.5. */
static void own_fields(void)
{
    ASKED asked = { "GET", "/headers", NULL, NULL, NULL, 0 };
    seen(&asked, "Connection: keep-alive", NULL);
    seen(&asked, "Host: elsewhere", NULL);
    seen(&asked, "User-Agent: another", NULL);
}

/* Fact 22.10. */
static void sent_twice(void)
{
    FLOW flow;
    open_http(&flow, NULL, "/headers");
    send_with(&flow, "X-Mine: 1", NULL, 0);
    receive_response(&flow);
    say_body(flow.request);
    send_with(&flow, "X-Mine: 1", NULL, 0);
    receive_response(&flow);
    say_body(flow.request);
    finish(&flow);
}

/* Adds X: 1 and X: 2, then changes them so. */
static void change(const char *text, DWORD flags)
{
    FLOW flow;
    open_http(&flow, NULL, "/headers");
    quiet(TRUE);
    add_headers(flow.request, "X: 1", ADD);
    add_headers(flow.request, "X: 2", ADD);
    quiet(FALSE);
    add_headers(flow.request, text, flags);
    query_each(flow.request, "X");
    finish(&flow);
}

/* Facts 4.1.1 to 4.1.4. */
static void changes(void)
{
    change("X: 3", ADD);
    change("X: 3", 0);
    change("X: 3", REPLACE);
    change("X: 3", ADD | REPLACE);
    change("X:", REPLACE);
    change("X:", ADD | REPLACE);
    change("X: 3", IF_NEW);
    change("X: 3", COMMA);
    change("X: 3", SEMICOLON);
    change("X: 3", ADD | COMMA);
}
static void changes_of_nothing(void)
{
    FLOW flow;
    open_http(&flow, NULL, "/headers");
    add_headers(flow.request, "X: 1", REPLACE);
    add_headers(flow.request, "X:", REPLACE);
    add_headers(flow.request, "X: 1", IF_NEW);
    add_headers(flow.request, "Y: 1", ADD | REPLACE);
    add_headers(flow.request, "Z: 1", COMMA);
    query_each(flow.request, "X");
    query_each(flow.request, "Y");
    query_each(flow.request, "Z");
    finish(&flow);
}

/* Facts 4.1.5, 22.8 and 36.6. */
static void refused(void)
{
    static const char *const texts[]
        = { ":", ":b", "cd", " e :f", "g : value", "a:", "field: value ", "", "two\rX: lines", NULL };
    FLOW flow;
    int index;
    open_http(&flow, NULL, "/headers");
    for (index = 0; texts[index] != NULL; index++)
        add_headers(flow.request, texts[index], ADD);
    finish(&flow);
}

/* Fact 4.1.6. */
static void several(void)
{
    static const char *const ends[] = { "\r\n", "\n", "\r", "\n\r", "\r\n\r\n", NULL };
    int index;
    for (index = 0; ends[index] != NULL; index++) {
        char text[64];
        FLOW flow;
        snprintf(text, sizeof text, "X: 1%sX: 2%s", ends[index], index == 0 ? "\r\n" : "");
        open_http(&flow, NULL, "/headers");
        add_headers(flow.request, text, ADD);
        query_each(flow.request, "X");
        finish(&flow);
    }
}

/* Fact 2.1. */
static void add(HINTERNET request, const WCHAR *text, DWORD length)
{
    char call[64];
    snprintf(call, sizeof call, "AddRequestHeaders of length %d", (int)length);
    SetLastError(UNTOUCHED);
    result(call, WinHttpAddRequestHeaders(request, text, length, ADD));
}
static void text_lengths(void)
{
    FLOW flow;
    open_http(&flow, NULL, "/headers");
    add(flow.request, L"X: 123", 0);
    add(flow.request, L"", 0);
    add(flow.request, L"X: 123", 4);
    add(flow.request, L"X: 456", (DWORD)-1);
    add(flow.request, NULL, (DWORD)-1);
    query_each(flow.request, "X");
    finish(&flow);
}

const SCENARIO request_line_scenarios[] = {
    { "wire-order", BOTH, order },
    { "wire-lengths", ONLY_SYNC, lengths },
    { "wire-verbs", ONLY_SYNC, verbs },
    { "wire-paths", ONLY_SYNC, paths },
    { "wire-parameters", ONLY_SYNC, parameters },
    { "wire-version-1.0", ONLY_SYNC, version_1_0 },
    { "wire-other-version", ONLY_SYNC, other_version },
    { "wire-own-fields", ONLY_SYNC, own_fields },
    { "wire-sent-twice", BOTH, sent_twice },
    { "lines-changes", ONLY_SYNC, changes },
    { "lines-changes-of-nothing", ONLY_SYNC, changes_of_nothing },
    { "lines-refused", ONLY_SYNC, refused },
    { "lines-several", ONLY_SYNC, several },
    { "lines-text-lengths", ONLY_SYNC, text_lengths },
    { NULL, BOTH, NULL },
};
