/* Parses request heads and writes the responses: pure functions, no I/O. */
#include "http_head.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* The characters of a token (RFC 9110 section 5.6.2), of which methods and field names consist. */
static int is_token(const char *text, size_t length)
{
    static const char allowed[] = "!#$%&'*+-.^_`|~0123456789"
                                  "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

    for (size_t i = 0; i < length; i++)
        if (text[i] == '\0' || !strchr(allowed, text[i]))
            return 0;
    return length > 0;
}

/* Whether nothing in it is a control character; tabs separate words of a value. */
static int is_printable(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)text[i];
        if ((byte < 0x20 && byte != '\t') || byte == 0x7F)
            return 0;
    }
    return 1;
}

static int is_blank(char byte)
{
    return byte == ' ' || byte == '\t';
}

/* "GET /any/target HTTP/1.1": method SP target SP version. */
static enum head_result parse_request_line(const char *line, size_t length)
{
    static const char version[] = " HTTP/1.1";
    const char *space = memchr(line, ' ', length);
    size_t method_length, target_length;

    if (!space || !is_token(line, (size_t)(space - line)))
        return HEAD_BAD;
    method_length = (size_t)(space - line);
    if (length < method_length + 1 + sizeof(version))
        return HEAD_BAD; /* no room for a target */
    target_length = length - method_length - 1 - (sizeof(version) - 1);
    if (memcmp(line + length - (sizeof(version) - 1), version, sizeof(version) - 1) != 0 ||
        memchr(space + 1, ' ', target_length) || !is_printable(space + 1, target_length))
        return HEAD_BAD;
    return method_length == 3 && memcmp(line, "GET", 3) == 0 ? HEAD_COMPLETE : HEAD_NOT_GET;
}

/* "Name: value", where blanks around the value do not belong to it. */
static enum head_result parse_field(char *line, size_t length, struct http_head *head)
{
    char *colon = memchr(line, ':', length);
    WEB_SOCKET_HTTP_HEADER *header;
    char *value, *end = line + length;

    if (!colon || !is_token(line, (size_t)(colon - line)) || !is_printable(line, length))
        return HEAD_BAD;
    if (head->header_count == HEADER_LIMIT)
        return HEAD_TOO_MANY_FIELDS;
    for (value = colon + 1; value < end && is_blank(*value); value++)
        ;
    while (end > value && is_blank(end[-1]))
        end--;
    header = &head->headers[head->header_count++];
    header->pcName = line;
    header->ulNameLength = (ULONG)(colon - line);
    header->pcValue = value;
    header->ulValueLength = (ULONG)(end - value);
    return HEAD_COMPLETE;
}

enum head_result parse_head(char *bytes, size_t length, struct http_head *head)
{
    enum head_result result;
    char *line = bytes, *newline;

    head->header_count = 0;
    for (;; line = newline + 1) {
        size_t line_length;

        newline = memchr(line, '\n', length - (size_t)(line - bytes));
        if (!newline)
            return HEAD_INCOMPLETE;
        if (newline == line || newline[-1] != '\r')
            return HEAD_BAD;
        line_length = (size_t)(newline - line) - 1;
        if (line == bytes) {
            result = parse_request_line(line, line_length);
        } else if (line_length > 0) {
            result = parse_field(line, line_length, head);
        } else {
            head->length = (size_t)(newline + 1 - bytes);
            return HEAD_COMPLETE;
        }
        if (result != HEAD_COMPLETE)
            return result;
    }
}

int head_has(const struct http_head *head, const char *name)
{
    for (ULONG i = 0; i < head->header_count; i++)
        if (head->headers[i].ulNameLength == strlen(name) &&
            strncasecmp(head->headers[i].pcName, name, strlen(name)) == 0)
            return 1;
    return 0;
}

size_t write_refusal(char answer[ANSWER_LIMIT], int status)
{
    const char *reason = "Internal Server Error", *fields = "";

    switch (status) {
    case 400:
        reason = "Bad Request";
        break;
    case 405:
        reason = "Method Not Allowed";
        fields = "Allow: GET\r\n";
        break;
    case 426: /* RFC 9110 section 15.5.22, RFC 6455 section 4.4 */
        reason = "Upgrade Required";
        fields = "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n";
        break;
    case 431:
        reason = "Request Header Fields Too Large";
        break;
    }
    return (size_t)snprintf(answer, ANSWER_LIMIT,
                            "HTTP/1.1 %d %s\r\n%sConnection: %sclose\r\nContent-Length: 0\r\n\r\n",
                            status, reason, fields, status == 426 ? "Upgrade, " : "");
}

size_t write_upgrade(char answer[ANSWER_LIMIT], const WEB_SOCKET_HTTP_HEADER *headers, ULONG count)
{
    int length = snprintf(answer, ANSWER_LIMIT, "HTTP/1.1 101 Switching Protocols\r\n");

    for (ULONG i = 0; i < count && length < ANSWER_LIMIT; i++)
        length += snprintf(answer + length, (size_t)(ANSWER_LIMIT - length), "%.*s: %.*s\r\n",
                           (int)headers[i].ulNameLength, headers[i].pcName,
                           (int)headers[i].ulValueLength, headers[i].pcValue);
    if (length < ANSWER_LIMIT)
        length += snprintf(answer + length, (size_t)(ANSWER_LIMIT - length), "\r\n");
    return length < ANSWER_LIMIT ? (size_t)length : 0;
}
