/* One connection, from its first byte to its last: request, response, session, end. */
#ifndef CONNECTION_H
#define CONNECTION_H

#include "session.h"

enum phase {
    PHASE_HEAD,    /* the request's head is coming */
    PHASE_ANSWER,  /* the response is being written, and the session comes next */
    PHASE_REFUSAL, /* the response is being written, and it is the end */
    PHASE_SESSION,
    PHASE_LINGER, /* all is said; the peer closes first, lest a reset overtakes our last bytes */
    PHASE_OVER
};

struct connection {
    int socket; /* non-blocking */
    enum phase phase;
    long long deadline; /* when the phase ends if nothing else ends it, in ms; 0: never */
    char head[HEAD_LIMIT];
    size_t head_length;
    char answer[ANSWER_LIMIT];
    size_t answer_length, answer_sent;
    struct session session;
};

/* Takes over an accepted socket, and closes it if there is no memory. Times are in ms of any clock
 * that only goes forward. */
struct connection *connection_create(int socket, long long now);
void connection_delete(struct connection *connection);

/* What to poll the socket for. */
short connection_events(const struct connection *connection);
/* The socket is ready for something; moves bytes without waiting. */
void connection_ready(struct connection *connection, long long now);
/* Ends what takes too long. */
void connection_check_time(struct connection *connection, long long now);
/* The server ends: says so to the peer. */
void connection_stop(struct connection *connection, long long now);

#endif
