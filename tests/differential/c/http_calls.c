/* Requests and bodies: calls that print themselves. */
#include "http_calls.h"

void open_asked(FLOW *flow, const ASKED *asked)
{
    char call[WIDE_CHARACTERS + 64];
    SetLastError(UNTOUCHED);
    flow->request = WinHttpOpenRequest(flow->connection, wide(asked->verb), wide(asked->path),
        wide(asked->version), wide(asked->referrer), asked->accept, asked->flags);
    snprintf(call, sizeof call, "OpenRequest(%s, %s)", asked->verb == NULL ? "NULL" : asked->verb,
        asked->path == NULL ? "NULL" : asked->path);
    named(call, flow->request, "request");
    created(flow->request);
}

static void open_first(FLOW *flow, const char *verb, const char *path)
{
    ASKED asked = { verb, path, NULL, NULL, NULL, 0 };
    open_asked(flow, &asked);
}

void open_http(FLOW *flow, const char *verb, const char *path)
{
    quiet(TRUE);
    open_session(flow, plain_port);
    open_first(flow, verb, path);
    quiet(FALSE);
}

void open_next(FLOW *flow, const char *verb, const char *path)
{
    quiet(TRUE);
    close_handle(&flow->request);
    open_first(flow, verb, path);
    quiet(FALSE);
}

const char *answering(const char *bytes, const char *end)
{
    static char path[WIDE_CHARACTERS];
    size_t length = (size_t)snprintf(path, sizeof path, "/raw?end=%s&bytes=", end);
    for (; *bytes != 0 && length + 4 < sizeof path; bytes++)
        length += (size_t)snprintf(
            path + length, sizeof path - length, "%%%02x", (unsigned)(unsigned char)*bytes);
    return path;
}

static DWORD length_of(const char *text)
{
    return text == NULL ? 0 : (DWORD)strlen(text);
}

BOOL send_with(FLOW *flow, const char *headers, const char *body, DWORD total)
{
    char call[512];
    BOOL sent;
    snprintf(call, sizeof call, "SendRequest(%s, %s, %u)", spelled(headers),
        body == NULL ? "NULL" : quoted((const BYTE *)body, length_of(body)), (unsigned)total);
    SetLastError(UNTOUCHED);
    sent = WinHttpSendRequest(flow->request, wide(headers), headers == NULL ? 0 : (DWORD)-1,
        (LPVOID)body, length_of(body), total, REQUEST_CONTEXT);
    result(call, sent);
    if (sent && asynchronous)
        until(flow->request, WINHTTP_CALLBACK_STATUS_SENDREQUEST_COMPLETE);
    else
        drain(flow->request);
    return sent && !(asynchronous && last_error() != 0);
}

BOOL exchange(FLOW *flow)
{
    return send_request(flow) && receive_response(flow);
}

/* The error of what was called last, which gave this. */
static DWORD error_of(BOOL answer)
{
    DWORD error = GetLastError();
    return answer ? asynchronous ? last_error() : 0 : error;
}

BOOL answered(FLOW *flow)
{
    DWORD error;
    BOOL answer;
    quiet(TRUE);
    answer = WinHttpSendRequest(flow->request, NULL, 0, NULL, 0, 0, REQUEST_CONTEXT);
    if (answer && asynchronous)
        until(flow->request, WINHTTP_CALLBACK_STATUS_SENDREQUEST_COMPLETE);
    error = error_of(answer);
    if (error == 0) {
        answer = WinHttpReceiveResponse(flow->request, NULL);
        if (answer && asynchronous)
            until(flow->request, WINHTTP_CALLBACK_STATUS_HEADERS_AVAILABLE);
        error = error_of(answer);
    }
    drain(flow->request);
    quiet(FALSE);
    if (error == 0)
        say("answered");
    else
        say("fails with %s", error_name(error));
    return error == 0;
}

/* Prints a call that may be pending; whether it is, is up to the system. */
static BOOL pending(const char *call, BOOL answer)
{
    DWORD error = GetLastError();
    if (answer && (error == 0 || error == ERROR_IO_PENDING))
        say("%s = TRUE", call);
    else
        say("%s = %s, last error %s", call, answer ? "TRUE" : "FALSE", error_name(error));
    return answer;
}

/* Waits for the completion, and gives the count: of that, or what a synchronous call has stored. */
static DWORD completed(HINTERNET request, BOOL answer, DWORD status, DWORD stored)
{
    DWORD got = stored;
    if (answer && asynchronous) {
        until(request, status);
        got = last_count();
    } else {
        drain(request);
    }
    return answer && got != (DWORD)-1 ? got : 0;
}

/* Asynchronous calls may store their counts as late as they complete. */
static DWORD count;

BOOL start_write(HINTERNET request, const char *bytes, DWORD size)
{
    char call[128];
    BOOL answer;
    snprintf(call, sizeof call, "WriteData(%s, %s, %u)", handle_name(request),
        bytes == NULL ? "NULL" : "bytes", (unsigned)size);
    count = UNTOUCHED;
    SetLastError(UNTOUCHED);
    answer = WinHttpWriteData(request, bytes, size, &count);
    return pending(call, answer);
}

DWORD write_text(HINTERNET request, const char *text)
{
    BOOL answer = start_write(request, text, length_of(text));
    if (!asynchronous)
        say("  %u bytes", (unsigned)count);
    return completed(request, answer, WRITE_COMPLETE, count);
}

BOOL start_available(HINTERNET request)
{
    char call[64];
    BOOL answer;
    snprintf(call, sizeof call, "QueryDataAvailable(%s)", handle_name(request));
    count = UNTOUCHED;
    SetLastError(UNTOUCHED);
    answer = WinHttpQueryDataAvailable(request, &count);
    return pending(call, answer);
}

DWORD available(HINTERNET request)
{
    BOOL answer = start_available(request);
    if (!asynchronous)
        say("  %u", (unsigned)count);
    return completed(request, answer, WINHTTP_CALLBACK_STATUS_DATA_AVAILABLE, count);
}

BOOL start_read(HINTERNET request, DWORD size)
{
    char call[64];
    BOOL answer;
    snprintf(call, sizeof call, "ReadData(%s, %u)", handle_name(request), (unsigned)size);
    count = UNTOUCHED;
    SetLastError(UNTOUCHED);
    answer = WinHttpReadData(request, inbox, size, &count);
    return pending(call, answer);
}

DWORD read_data(HINTERNET request, DWORD size)
{
    BOOL answer = start_read(request, size);
    if (!asynchronous && answer)
        say("  %u bytes, %s", (unsigned)count, quoted(inbox, count));
    else if (!asynchronous)
        say("  %u", (unsigned)count);
    return completed(request, answer, READ_COMPLETE, count);
}

/* Adds up what a loop has read. */
static DWORD sum_of(DWORD sum, DWORD got)
{
    DWORD index;
    for (index = 0; index < got; index++)
        sum = sum * 31 + inbox[index];
    return sum;
}

static void read_in_a_loop(HINTERNET request, DWORD size)
{
    DWORD sum = 0, total = 0, got;
    BOOL asks = size == 0;
    quiet(TRUE);
    do {
        if (asks)
            size = available(request);
        got = asks && size == 0 ? 0 : read_data(request, size);
        sum = sum_of(sum, got);
        total += got;
    } while (got != 0);
    quiet(FALSE);
    say("read to the end: %u bytes, sum %08x", (unsigned)total, (unsigned)sum);
}

void read_all(HINTERNET request, DWORD size)
{
    read_in_a_loop(request, size);
}

void read_available(HINTERNET request)
{
    read_in_a_loop(request, 0);
}
