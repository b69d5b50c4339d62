/* One WebSocket session of the echo server: all that uses the handle, and nothing of sockets.
 *
 * Whoever owns the session moves its bytes: those of session_output to the network, those of the
 * network to session_input. Each call below lets the handle go on until it needs bytes moved. */
#ifndef SESSION_H
#define SESSION_H

#include "http_head.h"

/* What is being sent: the context of a WebSocketSend. */
struct sending {
    PVOID indication; /* the received bytes that it sends, to be given back afterwards, or NULL */
};

struct session {
    WEB_SOCKET_HANDLE handle;
    PVOID write; /* outstanding WEB_SOCKET_SEND_TO_NETWORK_ACTION, or NULL */
    WEB_SOCKET_BUFFER output[2];
    ULONG output_count;
    ULONG written; /* bytes of the output that are on their way already */
    PVOID read;    /* outstanding WEB_SOCKET_RECEIVE_FROM_NETWORK_ACTION, or NULL */
    WEB_SOCKET_BUFFER input;
    struct sending echo, close;
    int closing;         /* our close frame is queued or sent: no data follows it */
    int waits_for_close; /* ... and was the first: the session ends with the peer's */
    int ended;           /* nothing more is to be sent or received */
};

/* Creates the handle, checks a request and writes the response; gives 101, or the HTTP status of
 * the refusal, in which case there is no session. */
int session_accept(struct session *session, struct http_head *head, char answer[ANSWER_LIMIT],
                   size_t *answer_length);
/* Begins to echo; the response has been sent. */
void session_start(struct session *session);

/* What is to be written next: up to two pieces of one frame; gives their number. */
int session_output(const struct session *session, WEB_SOCKET_BUFFER pieces[2]);
void session_wrote(struct session *session, ULONG bytes);

/* Where bytes from the network are to be put; 0: they are not wanted now. `bytes` is not 0: at the
 * end of the stream the session is deleted instead. */
int session_input(const struct session *session, WEB_SOCKET_BUFFER *room);
void session_read(struct session *session, ULONG bytes);

/* Begins the closing handshake. */
void session_close(struct session *session, USHORT status);
/* Frees the handle, at any time; what is queued or outstanding ends with it. */
void session_delete(struct session *session);

#endif
