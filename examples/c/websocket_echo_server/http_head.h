/* The head of an HTTP/1.1 request, as far as a WebSocket server has to understand it. */
#ifndef HTTP_HEAD_H
#define HTTP_HEAD_H

#include <websocket.h>

#define HEAD_LIMIT 8192  /* bytes of a request's head */
#define HEADER_LIMIT 64  /* header fields */
#define ANSWER_LIMIT 512 /* bytes of a response */

enum head_result { HEAD_INCOMPLETE, HEAD_COMPLETE, HEAD_BAD, HEAD_NOT_GET, HEAD_TOO_MANY_FIELDS };

struct http_head {
    WEB_SOCKET_HTTP_HEADER headers[HEADER_LIMIT]; /* point into the bytes that were parsed */
    ULONG header_count;
    size_t length; /* bytes up to the end of the empty line */
};

/* Parses what has come so far. Everything in it may be hostile: what is not exactly the grammar of
 * RFC 9112 with CRLF line ends is HEAD_BAD. */
enum head_result parse_head(char *bytes, size_t length, struct http_head *head);

/* Whether there is a header field of this name. */
int head_has(const struct http_head *head, const char *name);

/* Write a response to `answer` and give its length: a refusal, or 101 with these header fields. */
size_t write_refusal(char answer[ANSWER_LIMIT], int status);
size_t write_upgrade(char answer[ANSWER_LIMIT], const WEB_SOCKET_HTTP_HEADER *headers, ULONG count);

#endif
