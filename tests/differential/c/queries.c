/* QueryHeaders in its forms: by number and by name, as text, number and time, with room and without. */
#include "http_calls.h"

#define CUSTOM WINHTTP_QUERY_CUSTOM
#define NUMBER WINHTTP_QUERY_FLAG_NUMBER
#define NUMBER64 WINHTTP_QUERY_FLAG_NUMBER64
#define TIME WINHTTP_QUERY_FLAG_SYSTEMTIME
#define OF_REQUEST WINHTTP_QUERY_FLAG_REQUEST_HEADERS

/* A response with something of everything. */
static void respond(FLOW *flow)
{
    open_http(flow, NULL,
        answering("HTTP/1.1 200 Fine\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Length: 2\r\n"
                  "X-Twice: one\r\nX-Word: word\r\nX-Twice: two\r\nX-Number: 42\r\nX-Large: 4294967296\r\n"
                  "X-Mixed: 12abc\r\n\r\nok", ""));
    answered(flow);
}

static void by_number(void)
{
    FLOW flow;
    respond(&flow);
    query_into(flow.request, "STATUS_CODE", WINHTTP_QUERY_STATUS_CODE, NULL, 100, NULL);
    query_into(flow.request, "STATUS_TEXT", WINHTTP_QUERY_STATUS_TEXT, NULL, 100, NULL);
    query_into(flow.request, "VERSION", WINHTTP_QUERY_VERSION, NULL, 100, NULL);
    query_into(flow.request, "CONTENT_LENGTH", WINHTTP_QUERY_CONTENT_LENGTH, NULL, 100, NULL);
    query_into(flow.request, "DATE", WINHTTP_QUERY_DATE, NULL, 100, NULL);
    query_into(flow.request, "DATE and a name", WINHTTP_QUERY_DATE, L"X-Word", 100, NULL);
    finish(&flow);
}

/* Fact 4.2.4. */
static void not_there(void)
{
    FLOW flow;
    respond(&flow);
    query_into(flow.request, "EXPIRES", WINHTTP_QUERY_EXPIRES, NULL, 100, NULL);
    query_into(flow.request, "X-None", CUSTOM, L"X-None", 100, NULL);
    query_into(flow.request, "an empty name", CUSTOM, L"", 100, NULL);
    query_into(flow.request, "ORIG_URI", WINHTTP_QUERY_ORIG_URI, NULL, 100, NULL);
    query_into(flow.request, "SET_COOKIE", WINHTTP_QUERY_SET_COOKIE, NULL, 100, NULL);
    query_into(flow.request, "CONTENT_ENCODING", WINHTTP_QUERY_CONTENT_ENCODING, NULL, 100, NULL);
    finish(&flow);
}
static void beyond_the_last(void)
{
    FLOW flow;
    respond(&flow);
    query_into(flow.request, "attribute 1000", 1000, NULL, 100, NULL);
    finish(&flow);
}

/* Fact 4.2.2. */
static void by_index(void)
{
    FLOW flow;
    DWORD index = 0;
    respond(&flow);
    query_into(flow.request, "x-twice", CUSTOM, L"x-twice", 100, NULL);
    query_into(flow.request, "X-Twice", CUSTOM, L"X-Twice", 100, &index);
    query_into(flow.request, "X-Twice", CUSTOM, L"X-Twice", 2, &index);
    query_into(flow.request, "X-Twice", CUSTOM, L"X-Twice", 100, &index);
    query_into(flow.request, "X-Twice", CUSTOM, L"X-Twice", 100, &index);
    index = 7;
    query_into(flow.request, "X-Word", CUSTOM, L"X-Word", 100, &index);
    finish(&flow);
}

/* Fact 4.2.1: the terminator needs room, too. */
static void without_room(void)
{
    FLOW flow;
    respond(&flow);
    query_into(flow.request, "X-Word", CUSTOM, L"X-Word", -1, NULL);
    query_into(flow.request, "X-Word", CUSTOM, L"X-Word", 0, NULL);
    query_into(flow.request, "X-Word", CUSTOM, L"X-Word", 3, NULL);
    query_into(flow.request, "X-Word", CUSTOM, L"X-Word", 4, NULL);
    query_into(flow.request, "X-Word", CUSTOM, L"X-Word", 5, NULL);
    query_into(flow.request, "STATUS_CODE", WINHTTP_QUERY_STATUS_CODE, NULL, 3, NULL);
    query_into(flow.request, "STATUS_CODE", WINHTTP_QUERY_STATUS_CODE, NULL, 4, NULL);
    query_into(flow.request, "RAW_HEADERS_CRLF", WINHTTP_QUERY_RAW_HEADERS_CRLF, NULL, 10, NULL);
    finish(&flow);
}

/* A number as the query stores it, in a buffer of this size. */
static void number(HINTERNET request, const char *label, DWORD level, const WCHAR *name, DWORD room)
{
    ULONGLONG value = 0;
    DWORD size = room;
    char call[96];
    BOOL answer;
    snprintf(call, sizeof call, "QueryHeaders(%s, %u bytes)", label, (unsigned)room);
    SetLastError(UNTOUCHED);
    answer = WinHttpQueryHeaders(request, level, name, &value, &size, WINHTTP_NO_HEADER_INDEX);
    result(call, answer);
    say("  %u %u of %u bytes", (unsigned)(value >> 32), (unsigned)value, (unsigned)size);
}

static void numbers(void)
{
    FLOW flow;
    respond(&flow);
    number(flow.request, "STATUS_CODE", WINHTTP_QUERY_STATUS_CODE | NUMBER, NULL, 4);
    number(flow.request, "STATUS_CODE", WINHTTP_QUERY_STATUS_CODE | NUMBER, NULL, 8);
    number(flow.request, "STATUS_CODE", WINHTTP_QUERY_STATUS_CODE | NUMBER, NULL, 3);
    number(flow.request, "CONTENT_LENGTH", WINHTTP_QUERY_CONTENT_LENGTH | NUMBER, NULL, 4);
    number(flow.request, "X-Number", CUSTOM | NUMBER, L"X-Number", 4);
    number(flow.request, "X-Mixed", CUSTOM | NUMBER, L"X-Mixed", 4);
    number(flow.request, "X-None", CUSTOM | NUMBER, L"X-None", 4);
    finish(&flow);
}
static void no_number(void)
{
    FLOW flow;
    respond(&flow);
    number(flow.request, "X-Word", CUSTOM | NUMBER, L"X-Word", 4);
    number(flow.request, "STATUS_TEXT", WINHTTP_QUERY_STATUS_TEXT | NUMBER, NULL, 4);
    finish(&flow);
}
static void large_numbers(void)
{
    FLOW flow;
    respond(&flow);
    number(flow.request, "X-Number as 64 bits", CUSTOM | NUMBER64, L"X-Number", 8);
    number(flow.request, "X-Large as 64 bits", CUSTOM | NUMBER64, L"X-Large", 8);
    number(flow.request, "X-Large as 64 bits", CUSTOM | NUMBER64, L"X-Large", 4);
    number(flow.request, "X-Large", CUSTOM | NUMBER, L"X-Large", 4);
    finish(&flow);
}

static void date(HINTERNET request, const char *label, DWORD level, const WCHAR *name, DWORD room)
{
    SYSTEMTIME value;
    DWORD size = room;
    char call[96];
    BOOL answer;
    memset(&value, 0, sizeof value);
    snprintf(call, sizeof call, "QueryHeaders(%s, %u bytes)", label, (unsigned)room);
    SetLastError(UNTOUCHED);
    answer = WinHttpQueryHeaders(request, level, name, &value, &size, WINHTTP_NO_HEADER_INDEX);
    result(call, answer);
    say("  %u-%u-%u, day %u, %u:%u:%u.%u, %u bytes", value.wYear, value.wMonth, value.wDay,
        value.wDayOfWeek, value.wHour, value.wMinute, value.wSecond, value.wMilliseconds,
        (unsigned)size);
}

static void times(void)
{
    FLOW flow;
    respond(&flow);
    date(flow.request, "DATE", WINHTTP_QUERY_DATE | TIME, NULL, sizeof(SYSTEMTIME));
    date(flow.request, "DATE", WINHTTP_QUERY_DATE | TIME, NULL, sizeof(SYSTEMTIME) - 1);
    date(flow.request, "EXPIRES", WINHTTP_QUERY_EXPIRES | TIME, NULL, sizeof(SYSTEMTIME));
    finish(&flow);
}
static void no_time(void)
{
    FLOW flow;
    respond(&flow);
    date(flow.request, "X-Word", CUSTOM | TIME, L"X-Word", sizeof(SYSTEMTIME));
    finish(&flow);
}

/* Fact 4.2.3. */
static void raw(void)
{
    static WCHAR value[1024];
    DWORD size = sizeof value, index, lines = 0;
    FLOW flow;
    respond(&flow);
    query_raw(flow.request, 0);
    SetLastError(UNTOUCHED);
    result("QueryHeaders(RAW_HEADERS)",
        WinHttpQueryHeaders(flow.request, WINHTTP_QUERY_RAW_HEADERS, NULL, value, &size, NULL));
    size /= sizeof value[0];
    for (index = 0; index < size; index++)
        lines += value[index] == 0;
    say("  %u characters, %u terminators; behind them %u", (unsigned)size, (unsigned)lines,
        (unsigned)value[size]);
    index = 3;
    query_into(flow.request, "RAW_HEADERS_CRLF", WINHTTP_QUERY_RAW_HEADERS_CRLF, L"X-Word", 0, &index);
    finish(&flow);
}

/* Facts 2.6 and 22.11. */
static void of_the_request(void)
{
    FLOW flow;
    open_http(&flow, "POST", "/status");
    add_headers(flow.request, "X-Mine: yes", WINHTTP_ADDREQ_FLAG_ADD);
    query_into(flow.request, "REQUEST_METHOD", WINHTTP_QUERY_REQUEST_METHOD, NULL, 100, NULL);
    query_into(flow.request, "STATUS_CODE", WINHTTP_QUERY_STATUS_CODE, NULL, 100, NULL);
    query_into(flow.request, "X-Mine", CUSTOM | OF_REQUEST, L"X-Mine", 100, NULL);
    query_into(flow.request, "X-None", CUSTOM | OF_REQUEST, L"X-None", 100, NULL);
    send_request(&flow);
    query_into(flow.request, "STATUS_CODE", WINHTTP_QUERY_STATUS_CODE, NULL, 100, NULL);
    receive_response(&flow);
    query_into(flow.request, "STATUS_CODE", WINHTTP_QUERY_STATUS_CODE, NULL, 100, NULL);
    query_into(flow.request, "REQUEST_METHOD", WINHTTP_QUERY_REQUEST_METHOD, NULL, 100, NULL);
    query_into(flow.request, "X-Mine", CUSTOM | OF_REQUEST, L"X-Mine", 100, NULL);
    query_into(flow.request, "HOST", WINHTTP_QUERY_HOST | OF_REQUEST, NULL, 0, NULL);
    query_raw(flow.request, OF_REQUEST);
    finish(&flow);
}

static void other_handles(void)
{
    FLOW flow;
    respond(&flow);
    query_into(NULL, "of NULL", WINHTTP_QUERY_STATUS_CODE, NULL, 100, NULL);
    query_into(flow.session, "of the session", WINHTTP_QUERY_STATUS_CODE, NULL, 100, NULL);
    query_into(flow.connection, "of the connection", WINHTTP_QUERY_STATUS_CODE, NULL, 100, NULL);
    finish(&flow);
}

const SCENARIO query_scenarios[] = {
    { "query-by-number", ONLY_SYNC, by_number },
    { "query-not-there", ONLY_SYNC, not_there },
    { "query-beyond-the-last", ONLY_SYNC, beyond_the_last },
    { "query-by-index", ONLY_SYNC, by_index },
    { "query-without-room", ONLY_SYNC, without_room },
    { "query-numbers", ONLY_SYNC, numbers },
    { "query-no-number", ONLY_SYNC, no_number },
    { "query-large-numbers", ONLY_SYNC, large_numbers },
    { "query-times", ONLY_SYNC, times },
    { "query-no-time", ONLY_SYNC, no_time },
    { "query-raw", ONLY_SYNC, raw },
    { "query-of-the-request", BOTH, of_the_request },
    { "query-other-handles", ONLY_SYNC, other_handles },
    { NULL, BOTH, NULL },
};
