/* Heads as text: header queries, header lines of the request, and what the server says it got. */
#include "http_calls.h"

void say_lines(const char *text)
{
    char copy[512];
    while (*text != 0) {
        size_t length = strcspn(text, "\r\n");
        const char *end = text + length;
        copy_without_port(copy, sizeof copy, text, length);
        say("  | %s%s", copy,
            strncmp(end, "\r\n", 2) == 0 ? "" : *end == 0 ? " (no end)" : " (unusual end)");
        text = strncmp(end, "\r\n", 2) == 0 ? end + 2 : *end == 0 ? end : end + 1;
    }
}

void say_body(HINTERNET request)
{
    static char text[8192];
    DWORD length = 0, got;
    quiet(TRUE);
    while ((got = read_data(request, 1024)) != 0 && length + got < sizeof text) {
        memcpy(text + length, inbox, got);
        length += got;
    }
    quiet(FALSE);
    text[length] = 0;
    say_lines(text);
}

/* What a query has written, in eight bits. */
static const char *narrow(const WCHAR *value, DWORD characters)
{
    static char text[4096];
    DWORD index;
    for (index = 0; index < characters && index + 1 < sizeof text; index++)
        text[index] = value[index] < 0x80 ? (char)value[index] : '?';
    text[index] = 0;
    return text;
}

void query_into(HINTERNET request, const char *label, DWORD level, const WCHAR *name, int characters,
    DWORD *index)
{
    static WCHAR value[256];
    char call[160];
    DWORD size = characters < 0 ? 0 : (DWORD)characters * sizeof value[0];
    BOOL answer;
    value[0] = '!';
    SetLastError(UNTOUCHED);
    answer = WinHttpQueryHeaders(
        request, level, name, characters < 0 ? WINHTTP_NO_OUTPUT_BUFFER : value, &size, index);
    snprintf(call, sizeof call, "QueryHeaders(%s, room for %d)", label, characters);
    if (result(call, answer))
        say("  %u characters: %s", (unsigned)(size / sizeof value[0]),
            narrow(value, size / sizeof value[0]));
    else
        say("  %u characters%s", (unsigned)(size / sizeof value[0]),
            characters > 0 && value[0] != '!' ? ", and the buffer is written" : "");
    if (index != NULL)
        say("  index %u", (unsigned)*index);
}

void query_raw(HINTERNET request, DWORD flag)
{
    static WCHAR value[4096];
    DWORD size = sizeof value;
    BOOL answer;
    SetLastError(UNTOUCHED);
    answer = WinHttpQueryHeaders(request, WINHTTP_QUERY_RAW_HEADERS_CRLF | flag,
        WINHTTP_HEADER_NAME_BY_INDEX, value, &size, WINHTTP_NO_HEADER_INDEX);
    if (result(flag == 0 ? "QueryHeaders(RAW_HEADERS_CRLF)"
                         : "QueryHeaders(RAW_HEADERS_CRLF of the request)",
            answer))
        say_lines(narrow(value, size / sizeof value[0]));
}

void query_each(HINTERNET request, const char *name)
{
    WCHAR value[256];
    DWORD index = 0, size;
    BOOL answer;
    do {
        size = sizeof value;
        answer = WinHttpQueryHeaders(request, WINHTTP_QUERY_CUSTOM | WINHTTP_QUERY_FLAG_REQUEST_HEADERS,
            wide(name), value, &size, &index);
        if (answer)
            say("  %s: %s", name, narrow(value, size / sizeof value[0]));
    } while (answer);
}

const char *spelled(const char *text)
{
    static char spelling[512];
    size_t length = 0;
    if (text == NULL)
        return "NULL";
    spelling[length++] = '"';
    for (; *text != 0 && length + 6 < sizeof spelling; text++)
        length += (size_t)snprintf(spelling + length, sizeof spelling - length,
            *text == '\r'       ? "\\r"
                : *text == '\n' ? "\\n"
                : *text == '\t' ? "\\t"
                                : "%c",
            *text);
    snprintf(spelling + length, sizeof spelling - length, "\"");
    return spelling;
}

void add_headers(HINTERNET request, const char *text, DWORD flags)
{
    char call[256];
    snprintf(call, sizeof call, "AddRequestHeaders(%s, %s%s%s%s%s%s)", spelled(text), flags == 0 ? "0" : "",
        flags & WINHTTP_ADDREQ_FLAG_ADD ? "ADD " : "",
        flags & WINHTTP_ADDREQ_FLAG_ADD_IF_NEW ? "ADD_IF_NEW " : "",
        flags & WINHTTP_ADDREQ_FLAG_REPLACE ? "REPLACE " : "",
        flags & WINHTTP_ADDREQ_FLAG_COALESCE_WITH_COMMA ? "COALESCE_WITH_COMMA " : "",
        flags & WINHTTP_ADDREQ_FLAG_COALESCE_WITH_SEMICOLON ? "COALESCE_WITH_SEMICOLON " : "");
    SetLastError(UNTOUCHED);
    result(call, WinHttpAddRequestHeaders(request, wide(text), (DWORD)-1, flags));
}
