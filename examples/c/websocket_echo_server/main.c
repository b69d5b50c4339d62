/* A complete WebSocket echo server: websocket.h does the protocol, sockets and poll() the rest.
 *
 *   websocket_echo_server [--port N] [--until-eof]
 *
 * Listens on the loopback interface, on a free port unless N is given, prints its URL, and sends
 * every message back as it came. Any path will do; sub-protocols and extensions are not selected.
 * SIGINT and SIGTERM end it, and so does the end of its input with --until-eof: open sessions are
 * closed with status 1001. A second signal does not wait for the peers.
 *
 *   main        options, listening socket, poll loop
 *   connection  one connection: moves bytes, watches the time
 *   http_head   HTTP: parses requests, writes responses
 *   session     the WebSocket: the loop of WebSocketGetAction
 *
 * Linux and macOS. One thread; connections share nothing, so there could be one loop per thread. */
#include "connection.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define CONNECTION_LIMIT 1000 /* more wait in the listening socket's queue */
#define RETRY_MS 100          /* until descriptors are looked for again when none is ours to close */

enum { POLL_SIGNAL, POLL_INPUT, POLL_LISTENER, POLL_CONNECTIONS };

struct server {
    int listener;  /* -1 once the server ends */
    int input;     /* standard input with --until-eof, else -1 */
    int exhausted; /* no descriptors are left: wait for a connection to end */
    struct connection *connections[CONNECTION_LIMIT];
    size_t count;
};

struct options {
    unsigned short port;
    int until_eof;
};

static int fail(const char *step)
{
    fprintf(stderr, "%s: %s\n", step, strerror(errno));
    return 0;
}

static long long now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int make_non_blocking(int descriptor)
{
    int flags = fcntl(descriptor, F_GETFL);

    return flags >= 0 && fcntl(descriptor, F_SETFL, flags | O_NONBLOCK) == 0;
}

/* --- signals: each writes a byte, which wakes the loop --------------------------------------- */

static int signal_pipe[2];

static void on_signal(int signal)
{
    int saved = errno;
    ssize_t ignored = write(signal_pipe[1], "", 1); /* full: it will wake up all the same */

    (void)signal;
    (void)ignored;
    errno = saved;
}

static int catch_signals(void)
{
    struct sigaction action;

    memset(&action, 0, sizeof(action));
    action.sa_handler = on_signal;
    if (pipe(signal_pipe) != 0 || !make_non_blocking(signal_pipe[0]) ||
        !make_non_blocking(signal_pipe[1]) || sigaction(SIGINT, &action, NULL) != 0 ||
        sigaction(SIGTERM, &action, NULL) != 0)
        return fail("signals");
    action.sa_handler = SIG_IGN; /* writing to a reset connection is an error, not the end */
    if (sigaction(SIGPIPE, &action, NULL) != 0)
        return fail("SIGPIPE");
    return 1;
}

/* Takes what can be read; 0 at the end of it. */
static int take(int descriptor)
{
    char bytes[256];

    return read(descriptor, bytes, sizeof(bytes)) > 0;
}

/* --- connections ----------------------------------------------------------------------------- */

static int start_listening(struct server *server, unsigned short port)
{
    struct sockaddr_in address;
    socklen_t length = sizeof(address);
    int yes = 1;

    server->listener = socket(AF_INET, SOCK_STREAM, 0);
    if (server->listener < 0)
        return fail("socket");
    memset(&address, 0, sizeof(address));
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(server->listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
    if (bind(server->listener, (struct sockaddr *)&address, sizeof(address)) != 0)
        return fail("bind");
    if (listen(server->listener, SOMAXCONN) != 0 || !make_non_blocking(server->listener))
        return fail("listen");
    if (getsockname(server->listener, (struct sockaddr *)&address, &length) != 0)
        return fail("getsockname");
    printf("listening on ws://127.0.0.1:%u/\n", (unsigned)ntohs(address.sin_port));
    fflush(stdout);
    return 1;
}

static void accept_connections(struct server *server, long long now)
{
    while (server->count < CONNECTION_LIMIT) {
        struct connection *connection;
        int yes = 1, socket = accept(server->listener, NULL, NULL);

        if (socket < 0) {
            if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
                server->exhausted = 1;
            return; /* nobody is there any more, or the one who was is gone again */
        }
        if (!make_non_blocking(socket)) {
            close(socket);
            continue;
        }
        /* The pieces of an echo are small and have to leave at once. */
        setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
        connection = connection_create(socket, now);
        if (connection)
            server->connections[server->count++] = connection;
    }
}

static void remove_finished(struct server *server)
{
    size_t kept = 0;

    for (size_t i = 0; i < server->count; i++) {
        if (server->connections[i]->phase == PHASE_OVER) {
            connection_delete(server->connections[i]);
            server->exhausted = 0;
        } else {
            server->connections[kept++] = server->connections[i];
        }
    }
    server->count = kept;
}

static void stop(struct server *server, long long now)
{
    close(server->listener);
    server->listener = -1;
    server->input = -1;
    for (size_t i = 0; i < server->count; i++)
        connection_stop(server->connections[i], now);
}

/* --- the loop -------------------------------------------------------------------------------- */

/* Fills in what to poll for, and gives for how many milliseconds: -1 means for ever. */
static int prepare(const struct server *server, struct pollfd *polled, long long now)
{
    int accepting = server->count < CONNECTION_LIMIT && !server->exhausted;
    long long wait = server->exhausted && server->count == 0 ? RETRY_MS : -1;

    memset(polled, 0, (POLL_CONNECTIONS + server->count) * sizeof(*polled));
    polled[POLL_SIGNAL].fd = signal_pipe[0];
    polled[POLL_INPUT].fd = server->input;
    polled[POLL_LISTENER].fd = accepting ? server->listener : -1; /* poll skips -1 */
    for (size_t i = 0; i < POLL_CONNECTIONS; i++)
        polled[i].events = POLLIN;
    for (size_t i = 0; i < server->count; i++) {
        const struct connection *connection = server->connections[i];
        long long left = connection->deadline - now;

        polled[POLL_CONNECTIONS + i].fd = connection->socket;
        polled[POLL_CONNECTIONS + i].events = connection_events(connection);
        if (connection->deadline != 0 && (wait < 0 || left < wait))
            wait = left > 0 ? left : 0;
    }
    return (int)wait;
}

/* Until the server is told to end and every connection has ended. */
static int serve(struct server *server)
{
    static struct pollfd polled[POLL_CONNECTIONS + CONNECTION_LIMIT];

    while (server->listener >= 0 || server->count > 0) {
        size_t count = server->count; /* those that are polled; new ones come behind them */
        int wait = prepare(server, polled, now_ms());
        int told = 0;
        long long now;

        if (poll(polled, (nfds_t)(POLL_CONNECTIONS + count), wait) < 0) {
            if (errno == EINTR)
                continue;
            return fail("poll");
        }
        now = now_ms();
        if (count == 0)
            server->exhausted = 0;
        for (size_t i = 0; i < count; i++) {
            if (polled[POLL_CONNECTIONS + i].revents)
                connection_ready(server->connections[i], now);
            connection_check_time(server->connections[i], now);
        }
        if (polled[POLL_SIGNAL].revents) {
            take(signal_pipe[0]);
            if (server->listener < 0)
                return 1; /* the second signal */
            told = 1;
        }
        if (polled[POLL_INPUT].revents && !take(server->input))
            told = 1;
        if (told)
            stop(server, now);
        else if (polled[POLL_LISTENER].revents)
            accept_connections(server, now);
        remove_finished(server);
    }
    return 1;
}

static int parse_options(int argc, char **argv, struct options *options)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--until-eof") == 0) {
            options->until_eof = 1;
        } else if (strcmp(argv[i], "--port") == 0 && i + 1 < argc) {
            char *end;
            long port = strtol(argv[++i], &end, 10);
            if (end == argv[i] || *end != '\0' || port < 0 || port > 65535)
                return 0;
            options->port = (unsigned short)port;
        } else {
            return 0;
        }
    }
    return 1;
}

int main(int argc, char **argv)
{
    static struct server server;
    struct options options = {0, 0};
    int good;

    if (!parse_options(argc, argv, &options)) {
        fprintf(stderr, "usage: %s [--port N] [--until-eof]\n", argv[0]);
        return 2;
    }
    server.input = options.until_eof ? STDIN_FILENO : -1;
    good = catch_signals() && start_listening(&server, options.port) && serve(&server);
    for (size_t i = 0; i < server.count; i++)
        connection_delete(server.connections[i]);
    return good ? 0 : 1;
}
