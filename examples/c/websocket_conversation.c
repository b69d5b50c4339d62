/* A WebSocket client and a WebSocket server talk to each other inside one process.
 *
 *   websocket_conversation
 *
 * websocket.h does no I/O: each end has a handle, and a loop that asks it for the next action,
 * moves the bytes and says how many it moved. Here the network is two arrays of bytes; in a real
 * program it is a pair of sockets, and the header fields travel in an HTTP request and response.
 *
 * Exit code 0: everything arrived as it was sent. */
#ifdef _WIN32
#include <windows.h>
#endif
#include <websocket.h>

#include <stdio.h>
#include <string.h>

#define NETWORK_LIMIT 4096 /* bytes on their way in one direction */
#define HEADER_LIMIT 16    /* header fields of a handshake */

/* Bytes on their way to one end. */
struct network {
    BYTE bytes[NETWORK_LIMIT];
    ULONG length;
};

/* What a receive brought. */
struct received {
    WEB_SOCKET_BUFFER_TYPE type;
    USHORT status; /* of a close frame */
    char text[256];
    ULONG length;
};

struct end {
    const char *name;
    WEB_SOCKET_HANDLE handle;
    struct network *in, *out;
    PVOID waiting;          /* the action that waits for bytes from the network, or NULL */
    WEB_SOCKET_BUFFER room; /* where they are to be put */
    int receiving;          /* a receive is queued that has not brought anything yet */
    int sending;            /* a send is queued that is not complete yet */
    struct received received;
};

static int fail(const struct end *end, const char *step, HRESULT result)
{
    fprintf(stderr, "%s: %s failed: 0x%08lX\n", end->name, step, (unsigned long)(ULONG)result);
    return 0;
}

static int unexpected(const struct end *end, const char *what)
{
    fprintf(stderr, "%s: %s\n", end->name, what);
    return 0;
}

static const char *name_of(WEB_SOCKET_BUFFER_TYPE type)
{
    switch (type) {
    case WEB_SOCKET_UTF8_MESSAGE_BUFFER_TYPE: return "text message";
    case WEB_SOCKET_UTF8_FRAGMENT_BUFFER_TYPE: return "part of a text message";
    case WEB_SOCKET_BINARY_MESSAGE_BUFFER_TYPE: return "binary message";
    case WEB_SOCKET_BINARY_FRAGMENT_BUFFER_TYPE: return "part of a binary message";
    case WEB_SOCKET_CLOSE_BUFFER_TYPE: return "close";
    case WEB_SOCKET_PING_PONG_BUFFER_TYPE: return "ping or pong";
    case WEB_SOCKET_UNSOLICITED_PONG_BUFFER_TYPE: return "unsolicited pong";
    }
    return "unknown";
}

/* --- the handshake --------------------------------------------------------------------------- */

static void show_headers(const struct end *end, const WEB_SOCKET_HTTP_HEADER *headers,
                         ULONG count)
{
    for (ULONG i = 0; i < count; i++)
        printf("%s: %.*s: %.*s\n", end->name, (int)headers[i].ulNameLength, headers[i].pcName,
               (int)headers[i].ulValueLength, headers[i].pcValue);
}

/* Both ends: what one hands out, the other checks. The handles own the arrays that they give. */
static int shake_hands(struct end *client, struct end *server)
{
    static char host_name[] = "Host", host[] = "server.example";
    WEB_SOCKET_HTTP_HEADER request[HEADER_LIMIT], *additional, *response;
    ULONG additional_count, response_count;
    HRESULT result;

    result = WebSocketBeginClientHandshake(client->handle, NULL, 0, NULL, 0, NULL, 0, &additional,
                                           &additional_count);
    if (FAILED(result))
        return fail(client, "WebSocketBeginClientHandshake", result);
    if (additional_count > HEADER_LIMIT - 1)
        return unexpected(client, "more header fields than there is room for");
    show_headers(client, additional, additional_count);

    /* The request: the application's own fields, and those of the handle. */
    request[0].pcName = host_name;
    request[0].ulNameLength = (ULONG)strlen(host_name);
    request[0].pcValue = host;
    request[0].ulValueLength = (ULONG)strlen(host);
    memcpy(request + 1, additional, additional_count * sizeof(*additional));

    result = WebSocketBeginServerHandshake(server->handle, NULL, NULL, 0, request,
                                           additional_count + 1, &response, &response_count);
    if (FAILED(result))
        return fail(server, "WebSocketBeginServerHandshake", result);
    show_headers(server, response, response_count);

    result = WebSocketEndClientHandshake(client->handle, response, response_count, NULL, NULL,
                                         NULL);
    if (FAILED(result))
        return fail(client, "WebSocketEndClientHandshake", result);
    result = WebSocketEndServerHandshake(server->handle);
    if (FAILED(result))
        return fail(server, "WebSocketEndServerHandshake", result);
    return 1;
}

/* --- the loop -------------------------------------------------------------------------------- */

/* All buffers of one action are one unit: they are written together, or the frame is cut in two. */
static ULONG write_to_network(struct network *network, const WEB_SOCKET_BUFFER *buffers,
                              ULONG count)
{
    ULONG written = 0;

    for (ULONG i = 0; i < count; i++) {
        ULONG length = buffers[i].Data.ulBufferLength;
        if (length > NETWORK_LIMIT - network->length)
            return 0; /* fewer bytes than all cancel the send */
        memcpy(network->bytes + network->length, buffers[i].Data.pbBuffer, length);
        network->length += length;
        written += length;
    }
    return written;
}

static ULONG read_from_network(struct network *network, const WEB_SOCKET_BUFFER *room)
{
    ULONG length = room->Data.ulBufferLength;

    if (length > network->length)
        length = network->length;
    memcpy(room->Data.pbBuffer, network->bytes, length);
    network->length -= length;
    memmove(network->bytes, network->bytes + length, network->length);
    return length;
}

/* The bytes are the library's until the action is completed, so they are copied. */
static int keep_received(struct end *end, WEB_SOCKET_BUFFER_TYPE type,
                         const WEB_SOCKET_BUFFER *buffer)
{
    struct received *received = &end->received;
    int is_close = type == WEB_SOCKET_CLOSE_BUFFER_TYPE;
    const BYTE *bytes = is_close ? buffer->CloseStatus.pbReason : buffer->Data.pbBuffer;

    received->length =
        is_close ? buffer->CloseStatus.ulReasonLength : buffer->Data.ulBufferLength;
    if (received->length > sizeof(received->text))
        return unexpected(end, "more was received than anybody sent");
    if (received->length > 0)
        memcpy(received->text, bytes, received->length);
    received->type = type;
    received->status = is_close ? buffer->CloseStatus.usStatus : 0;
    end->receiving = 0;
    printf("%s: received %s: \"%.*s\"\n", end->name, name_of(type), (int)received->length,
           received->text);
    return 1;
}

/* Does what a handle asks for, until it wants nothing more or waits for bytes of the other end. */
static int do_actions(struct end *end)
{
    if (end->waiting && end->in->length > 0) {
        ULONG read = read_from_network(end->in, &end->room);
        printf("%s: read %lu bytes\n", end->name, (unsigned long)read);
        WebSocketCompleteAction(end->handle, end->waiting, read);
        end->waiting = NULL;
    }
    for (;;) {
        WEB_SOCKET_BUFFER buffers[2];
        ULONG count = 2, transferred = 0;
        WEB_SOCKET_ACTION action;
        WEB_SOCKET_BUFFER_TYPE type;
        PVOID context;
        HRESULT result;

        result = WebSocketGetAction(end->handle, WEB_SOCKET_ALL_ACTION_QUEUE, buffers, &count,
                                    &action, &type, NULL, &context);
        if (FAILED(result))
            return fail(end, "WebSocketGetAction", result);
        switch (action) {
        case WEB_SOCKET_NO_ACTION:
            return 1;
        case WEB_SOCKET_SEND_TO_NETWORK_ACTION:
            transferred = write_to_network(end->out, buffers, count);
            printf("%s: wrote %lu bytes: %s\n", end->name, (unsigned long)transferred,
                   name_of(type));
            break;
        case WEB_SOCKET_INDICATE_SEND_COMPLETE_ACTION:
            end->sending = 0;
            break;
        case WEB_SOCKET_RECEIVE_FROM_NETWORK_ACTION:
            /* Nothing has to be done at once: the action stays open until bytes are there. */
            end->waiting = context;
            end->room = buffers[0];
            return 1;
        case WEB_SOCKET_INDICATE_RECEIVE_COMPLETE_ACTION:
            if (!keep_received(end, type, &buffers[0]))
                return 0;
            break;
        }
        WebSocketCompleteAction(end->handle, context, transferred);
    }
}

/* Lets both ends work until nothing is on its way any more. */
static int settle(struct end *one, struct end *other)
{
    do {
        if (!do_actions(one) || !do_actions(other))
            return 0;
    } while ((one->waiting && one->in->length > 0) || (other->waiting && other->in->length > 0));
    return 1;
}

/* --- the conversation ------------------------------------------------------------------------ */

/* Nothing is read from the network, pings included, while no receive is queued. */
static int start_receive(struct end *end)
{
    HRESULT result;

    if (end->receiving)
        return 1;
    result = WebSocketReceive(end->handle, NULL, NULL);
    if (FAILED(result))
        return fail(end, "WebSocketReceive", result);
    end->receiving = 1;
    return 1;
}

/* Sends one frame, and lets both ends work until all that follows from it is done. */
static int send_frame(struct end *from, struct end *to, WEB_SOCKET_BUFFER_TYPE type,
                      WEB_SOCKET_BUFFER *buffer)
{
    HRESULT result = WebSocketSend(from->handle, type, buffer, NULL);

    if (FAILED(result))
        return fail(from, "WebSocketSend", result);
    from->sending = 1;
    if (!settle(from, to))
        return 0;
    return from->sending ? unexpected(from, "the send was not indicated as complete") : 1;
}

static int expect(const struct end *end, WEB_SOCKET_BUFFER_TYPE type, const char *text,
                  USHORT status)
{
    const struct received *received = &end->received;

    if (end->receiving)
        return unexpected(end, "nothing was received");
    if (received->type != type || received->status != status ||
        received->length != strlen(text) || memcmp(received->text, text, received->length) != 0)
        return unexpected(end, "that is not what was sent");
    return 1;
}

static int say(struct end *from, struct end *to, const char *text)
{
    WEB_SOCKET_BUFFER buffer;

    buffer.Data.pbBuffer = (PBYTE)text; /* is only read */
    buffer.Data.ulBufferLength = (ULONG)strlen(text);
    return start_receive(to) &&
           send_frame(from, to, WEB_SOCKET_UTF8_MESSAGE_BUFFER_TYPE, &buffer) &&
           expect(to, WEB_SOCKET_UTF8_MESSAGE_BUFFER_TYPE, text, 0);
}

/* The other end's handle answers by itself; the pong is what this end receives. */
static int ping(struct end *from, struct end *to)
{
    return start_receive(from) && start_receive(to) &&
           send_frame(from, to, WEB_SOCKET_PING_PONG_BUFFER_TYPE, NULL) &&
           expect(from, WEB_SOCKET_PING_PONG_BUFFER_TYPE, "", 0);
}

/* Half a closing handshake: a close frame is answered by the application, not by its handle. */
static int say_goodbye(struct end *from, struct end *to, USHORT status, const char *reason)
{
    WEB_SOCKET_BUFFER buffer;

    buffer.CloseStatus.pbReason = (PBYTE)reason;
    buffer.CloseStatus.ulReasonLength = (ULONG)strlen(reason);
    buffer.CloseStatus.usStatus = status;
    return start_receive(to) && send_frame(from, to, WEB_SOCKET_CLOSE_BUFFER_TYPE, &buffer) &&
           expect(to, WEB_SOCKET_CLOSE_BUFFER_TYPE, reason, status);
}

static int converse(struct end *client, struct end *server)
{
    HRESULT result;

    result = WebSocketCreateClientHandle(NULL, 0, &client->handle);
    if (FAILED(result))
        return fail(client, "WebSocketCreateClientHandle", result);
    result = WebSocketCreateServerHandle(NULL, 0, &server->handle);
    if (FAILED(result))
        return fail(server, "WebSocketCreateServerHandle", result);
    return shake_hands(client, server) &&
           say(client, server, "Hello World") &&
           say(server, client, "Hello World") &&
           ping(client, server) &&
           say_goodbye(client, server, WEB_SOCKET_SUCCESS_CLOSE_STATUS, "bye") &&
           say_goodbye(server, client, WEB_SOCKET_SUCCESS_CLOSE_STATUS, "bye");
}

int main(void)
{
    static struct network to_client, to_server;
    static struct end client = {.name = "client", .in = &to_client, .out = &to_server};
    static struct end server = {.name = "server", .in = &to_server, .out = &to_client};
    int good = converse(&client, &server);

    if (client.handle)
        WebSocketDeleteHandle(client.handle);
    if (server.handle)
        WebSocketDeleteHandle(server.handle);
    if (good)
        printf("everything arrived as it was sent\n");
    return good ? 0 : 1;
}
