/* HTTP requests as the scenarios make them: each call prints itself with its result. */
#ifndef DIFFERENTIAL_HTTP_CALLS_H
#define DIFFERENTIAL_HTTP_CALLS_H

#include "scenarios.h"

/* The arguments of OpenRequest; all may be NULL or 0. */
typedef struct ASKED {
    const char *verb, *path, *version, *referrer;
    LPCWSTR *accept;
    DWORD flags;
} ASKED;

/* Up to a request that can be sent, without a word. */
void open_http(FLOW *flow, const char *verb, const char *path);
void open_asked(FLOW *flow, const ASKED *asked);
/* Closes the request and opens another one on the same connection, without a word. */
void open_next(FLOW *flow, const char *verb, const char *path);

/* The path to a server that answers with these bytes, then ends the connection ("fin", "reset"), or goes on (""). */
const char *answering(const char *bytes, const char *end);

/* SendRequest with header lines and a body, either of which may be NULL, and the announced length. */
BOOL send_with(FLOW *flow, const char *headers, const char *body, DWORD total);
/* Sends and receives; notifications are printed, too. */
BOOL exchange(FLOW *flow);
/* Sends and receives, and prints only how it went. */
BOOL answered(FLOW *flow);

/* The functions whose name begins with start_ only call; the others also wait for the completion. They give the count
 * of bytes, 0 where they fail. */
BOOL start_write(HINTERNET request, const char *bytes, DWORD count);
DWORD write_text(HINTERNET request, const char *text);
BOOL start_available(HINTERNET request);
DWORD available(HINTERNET request);
BOOL start_read(HINTERNET request, DWORD size);
DWORD read_data(HINTERNET request, DWORD size);
/* Reads to the end, in buffers of this size, and prints only the sum. */
void read_all(HINTERNET request, DWORD size);
/* The same, asking each time how much there is. */
void read_available(HINTERNET request);

/* Text in quotes, the ends of lines as escapes; valid until the next one. */
const char *spelled(const char *text);
/* Prints text line by line, the port of the server as PORT. */
void say_lines(const char *text);
/* Reads a body that is text, and prints it so. */
void say_body(HINTERNET request);
/* A header as text, with room for this many characters and a buffer or none; counts in characters. */
void query_into(HINTERNET request, const char *label, DWORD level, const WCHAR *name, int characters,
    DWORD *index);
/* All of the response's headers, or with the flag the request's. */
void query_raw(HINTERNET request, DWORD flag);
/* Every value of a header of the request. */
void query_each(HINTERNET request, const char *name);
void add_headers(HINTERNET request, const char *text, DWORD flags);

#endif
