/* Moves the bytes of one connection: without waiting, and a bounded amount at a time. */
#include "connection.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#define HEAD_MS 5000   /* for the request and the response */
#define CLOSE_MS 3000  /* from our close frame to the end of the closing handshake */
#define LINGER_MS 2000 /* for the peer to close the connection */

static int must_wait(void)
{
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

struct connection *connection_create(int socket, long long now)
{
    struct connection *connection = calloc(1, sizeof(*connection));

    if (!connection) {
        close(socket);
        return NULL;
    }
    connection->socket = socket;
    connection->phase = PHASE_HEAD;
    connection->deadline = now + HEAD_MS;
    return connection;
}

void connection_delete(struct connection *connection)
{
    session_delete(&connection->session);
    close(connection->socket);
    free(connection);
}

/* --- request and response -------------------------------------------------------------------- */

static void refuse(struct connection *connection, int status)
{
    connection->answer_length = write_refusal(connection->answer, status);
    connection->phase = PHASE_REFUSAL;
}

static void answer_request(struct connection *connection, enum head_result result,
                           struct http_head *head)
{
    int status = 400;

    switch (result) {
    case HEAD_INCOMPLETE:
        if (connection->head_length < HEAD_LIMIT)
            return;
        status = 431;
        break;
    case HEAD_COMPLETE:
        status = session_accept(&connection->session, head, connection->answer,
                                &connection->answer_length);
        break;
    case HEAD_BAD:
        break;
    case HEAD_NOT_GET:
        status = 405;
        break;
    case HEAD_TOO_MANY_FIELDS:
        status = 431;
        break;
    }
    if (status == 101)
        connection->phase = PHASE_ANSWER;
    else
        refuse(connection, status);
}

/* Looks at what has come, then takes the head alone: bytes behind it are the session's. */
static void read_head(struct connection *connection)
{
    char *end = connection->head + connection->head_length;
    struct http_head head;
    enum head_result result;
    ssize_t length;

    length = recv(connection->socket, end, HEAD_LIMIT - connection->head_length, MSG_PEEK);
    if (length <= 0) {
        if (length == 0 || !must_wait())
            connection->phase = PHASE_OVER;
        return;
    }
    result = parse_head(connection->head, connection->head_length + (size_t)length, &head);
    if (result == HEAD_COMPLETE)
        length = (ssize_t)(head.length - connection->head_length);
    if (recv(connection->socket, end, (size_t)length, 0) != length) {
        connection->phase = PHASE_OVER;
        return;
    }
    connection->head_length += (size_t)length;
    answer_request(connection, result, &head);
}

/* --- the session ----------------------------------------------------------------------------- */

static void read_session(struct connection *connection)
{
    WEB_SOCKET_BUFFER room;
    ssize_t length;

    if (!session_input(&connection->session, &room))
        return;
    length = recv(connection->socket, room.Data.pbBuffer, room.Data.ulBufferLength, 0);
    if (length > 0)
        session_read(&connection->session, (ULONG)length);
    else if (length == 0 || !must_wait())
        connection->phase = PHASE_OVER; /* without a close frame: there is nobody to answer */
}

/* Writes all there is, or all that the socket takes. */
static void write_session(struct connection *connection)
{
    WEB_SOCKET_BUFFER pieces[2];
    struct iovec vector[2];
    int count;

    while ((count = session_output(&connection->session, pieces)) > 0) {
        ssize_t length;

        for (int i = 0; i < count; i++) {
            vector[i].iov_base = pieces[i].Data.pbBuffer;
            vector[i].iov_len = pieces[i].Data.ulBufferLength;
        }
        length = writev(connection->socket, vector, count);
        if (length < 0) {
            if (!must_wait())
                connection->phase = PHASE_OVER;
            return;
        }
        session_wrote(&connection->session, (ULONG)length);
    }
}

/* Nothing more is written. The socket is closed when the peer's end of stream has come: closing it
 * with unread bytes would reset the connection, and what was written last could be lost. */
static void linger(struct connection *connection, long long now)
{
    connection->phase = shutdown(connection->socket, SHUT_WR) == 0 ? PHASE_LINGER : PHASE_OVER;
    connection->deadline = now + LINGER_MS;
}

static void move_session(struct connection *connection, long long now)
{
    read_session(connection);
    if (connection->phase == PHASE_SESSION)
        write_session(connection);
    if (connection->phase != PHASE_SESSION)
        return;
    if (connection->session.ended)
        linger(connection, now);
    else if (connection->session.closing && connection->deadline == 0)
        connection->deadline = now + CLOSE_MS;
}

/* Writes the response; what comes next depends on which it is. */
static void write_answer(struct connection *connection, long long now)
{
    ssize_t length = send(connection->socket, connection->answer + connection->answer_sent,
                          connection->answer_length - connection->answer_sent, 0);

    if (length < 0) {
        if (!must_wait())
            connection->phase = PHASE_OVER;
        return;
    }
    connection->answer_sent += (size_t)length;
    if (connection->answer_sent < connection->answer_length)
        return;
    if (connection->phase == PHASE_REFUSAL) {
        linger(connection, now);
        return;
    }
    connection->phase = PHASE_SESSION;
    connection->deadline = 0;
    session_start(&connection->session);
    move_session(connection, now);
}

/* --- all phases ------------------------------------------------------------------------------ */

static void discard(struct connection *connection)
{
    char bytes[4096];
    ssize_t length = recv(connection->socket, bytes, sizeof(bytes), 0);

    if (length == 0 || (length < 0 && !must_wait()))
        connection->phase = PHASE_OVER;
}

short connection_events(const struct connection *connection)
{
    const struct session *session = &connection->session;
    WEB_SOCKET_BUFFER buffers[2];

    switch (connection->phase) {
    case PHASE_ANSWER:
    case PHASE_REFUSAL:
        return POLLOUT;
    case PHASE_SESSION:
        return (short)((session_output(session, buffers) > 0 ? POLLOUT : 0) |
                       (session_input(session, buffers) ? POLLIN : 0));
    default:
        return POLLIN;
    }
}

void connection_ready(struct connection *connection, long long now)
{
    switch (connection->phase) {
    case PHASE_HEAD:
        read_head(connection);
        break;
    case PHASE_ANSWER:
    case PHASE_REFUSAL:
        write_answer(connection, now);
        break;
    case PHASE_SESSION:
        move_session(connection, now);
        break;
    case PHASE_LINGER:
        discard(connection);
        break;
    case PHASE_OVER:
        break;
    }
}

void connection_check_time(struct connection *connection, long long now)
{
    if (connection->deadline != 0 && now >= connection->deadline)
        connection->phase = PHASE_OVER;
}

void connection_stop(struct connection *connection, long long now)
{
    switch (connection->phase) {
    case PHASE_SESSION:
        session_close(&connection->session, WEB_SOCKET_ENDPOINT_UNAVAILABLE_CLOSE_STATUS);
        move_session(connection, now);
        break;
    case PHASE_HEAD:
    case PHASE_ANSWER:
        connection->phase = PHASE_OVER;
        break;
    default:
        break;
    }
}
