/* The echo: a loop of WebSocketGetAction, and an answer to each indication.
 *
 * Nothing is copied. The bytes that an indication hands out are sent where they lie, and the
 * indication is completed when they are gone; until then the handle wants nothing from the network,
 * so that a peer that does not read is soon not read from either. */
#include "session.h"

#include <string.h>

#define RECEIVE_BUFFER_BYTES 16384 /* as much of a message is echoed at a time */

/* --- the handshake --------------------------------------------------------------------------- */

static int status_of_refusal(HRESULT result, const struct http_head *head)
{
    if (result == E_PROTOCOL_VERSION_NOT_SUPPORTED)
        return 426;
    if (result == E_INVALID_PROTOCOL_FORMAT)
        return head_has(head, "Upgrade") ? 400 : 426; /* 426: it speaks HTTP and may learn better */
    return result == E_INVALIDARG ? 400 : 500;
}

int session_accept(struct session *session, struct http_head *head, char answer[ANSWER_LIMIT],
                   size_t *answer_length)
{
    ULONG receive_buffer = RECEIVE_BUFFER_BYTES;
    WEB_SOCKET_PROPERTY property;
    PWEB_SOCKET_HTTP_HEADER response;
    ULONG response_count;
    HRESULT result;
    int status = 101;

    memset(session, 0, sizeof(*session));
    property.Type = WEB_SOCKET_RECEIVE_BUFFER_SIZE_PROPERTY_TYPE;
    property.pvValue = &receive_buffer;
    property.ulValueSize = sizeof(receive_buffer);
    result = WebSocketCreateServerHandle(&property, 1, &session->handle);
    if (FAILED(result))
        return 500;
    /* No sub-protocol and no extension is selected, whatever the client offers. */
    result = WebSocketBeginServerHandshake(session->handle, NULL, NULL, 0, head->headers,
                                           head->header_count, &response, &response_count);
    if (SUCCEEDED(result)) {
        *answer_length = write_upgrade(answer, response, response_count);
        result = WebSocketEndServerHandshake(session->handle); /* frees `response` */
    }
    if (FAILED(result))
        status = status_of_refusal(result, head);
    else if (*answer_length == 0)
        status = 500;
    if (status != 101)
        session_delete(session);
    return status;
}

void session_delete(struct session *session)
{
    WebSocketDeleteHandle(session->handle);
    session->handle = NULL;
}

/* --- what is sent ---------------------------------------------------------------------------- */

/* Queues our close frame, at most one: after it nothing else can be sent. `buffer` may be NULL. */
static void send_close(struct session *session, WEB_SOCKET_BUFFER *buffer, PVOID indication)
{
    HRESULT result;

    session->close.indication = indication;
    session->closing = 1;
    result = WebSocketSend(session->handle, WEB_SOCKET_CLOSE_BUFFER_TYPE, buffer, &session->close);
    if (FAILED(result))
        session->ended = 1; /* our close frame is out already; or there is no memory for one */
}

static void send_close_status(struct session *session, USHORT status, PVOID indication)
{
    WEB_SOCKET_BUFFER buffer;

    memset(&buffer, 0, sizeof(buffer));
    buffer.CloseStatus.usStatus = status;
    send_close(session, &buffer, indication);
}

/* The peer broke the protocol. A frame that is not allowed where it is, is a protocol error. But
 * malformed frames (1002) and text that is not UTF-8 (1007) fail alike: the frame without a status
 * says all that is known. A server that wants to tell them apart sets
 * WEB_SOCKET_DISABLE_UTF8_VERIFICATION_PROPERTY_TYPE and checks text itself. */
static void fail_session(struct session *session, HRESULT result)
{
    if (session->closing)
        session->ended = 1; /* our close frame is out: there is nothing more to say */
    else if (result == E_INVALID_PROTOCOL_OPERATION)
        send_close_status(session, WEB_SOCKET_PROTOCOL_ERROR_CLOSE_STATUS, NULL);
    else
        send_close(session, NULL, NULL);
}

/* One receive brings one indication; without one, nothing is read from the network. */
static void receive_next(struct session *session)
{
    if (FAILED(WebSocketReceive(session->handle, NULL, NULL)))
        session->ended = 1; /* out of memory */
}

/* A send is complete: its context and its bytes are ours again. */
static void sent(struct session *session, struct sending *sending)
{
    if (sending->indication)
        WebSocketCompleteAction(session->handle, sending->indication, 0);
    sending->indication = NULL;
    if (sending == &session->echo)
        receive_next(session);
    else
        session->ended = !session->waits_for_close;
}

/* --- what is received ------------------------------------------------------------------------ */

/* Whether a status may be in a close frame (RFC 6455 section 7.4, and IANA's registry). The handle
 * leaves that to the application where a number is only reserved: 1004, 1016 to 2999, from 5000. */
static int is_defined(USHORT status)
{
    return (status >= 1000 && status <= 1003) || (status >= 1007 && status <= 1014) ||
           (status >= 3000 && status <= 4999);
}

/* The peer's close frame is answered with the same status and reason. */
static void answer_close(struct session *session, WEB_SOCKET_BUFFER *frame, PVOID indication)
{
    USHORT status = frame->CloseStatus.usStatus;

    if (session->closing) {
        session->ended = 1; /* it answers ours */
        WebSocketCompleteAction(session->handle, indication, 0);
    } else if (status == WEB_SOCKET_EMPTY_CLOSE_STATUS) {
        send_close(session, NULL, indication);
    } else if (is_defined(status)) {
        send_close(session, frame, indication);
    } else {
        send_close_status(session, WEB_SOCKET_PROTOCOL_ERROR_CLOSE_STATUS, indication);
    }
}

/* Piece by piece: a FRAGMENT goes back as a FRAGMENT, and a MESSAGE, the last or only piece, as a
 * MESSAGE. A message longer than the receive buffer needs no memory that way. */
static void echo(struct session *session, WEB_SOCKET_BUFFER_TYPE type, WEB_SOCKET_BUFFER *piece,
                 PVOID indication)
{
    session->echo.indication = indication;
    if (FAILED(WebSocketSend(session->handle, type, piece, &session->echo)))
        session->ended = 1; /* out of memory */
}

static void received(struct session *session, WEB_SOCKET_BUFFER_TYPE type,
                     WEB_SOCKET_BUFFER *buffer, PVOID indication)
{
    if (type == WEB_SOCKET_CLOSE_BUFFER_TYPE) {
        answer_close(session, buffer, indication);
    } else if (type == WEB_SOCKET_PING_PONG_BUFFER_TYPE || session->closing) {
        /* A pong, or data that comes too late for an echo. */
        WebSocketCompleteAction(session->handle, indication, 0);
        receive_next(session);
    } else {
        echo(session, type, buffer, indication);
    }
}

/* --- the loop -------------------------------------------------------------------------------- */

/* Does what the handle asks for until it needs the network: pings, for one, are answered by a
 * WEB_SOCKET_SEND_TO_NETWORK_ACTION like any other. */
static void advance(struct session *session)
{
    while (!session->ended && !session->write) {
        WEB_SOCKET_BUFFER buffers[2];
        ULONG count = 2;
        WEB_SOCKET_ACTION action;
        WEB_SOCKET_BUFFER_TYPE type;
        PVOID context, action_context;
        HRESULT result;

        result = WebSocketGetAction(session->handle, WEB_SOCKET_ALL_ACTION_QUEUE, buffers, &count,
                                    &action, &type, &context, &action_context);
        if (FAILED(result)) {
            fail_session(session, result);
            continue;
        }
        switch (action) {
        case WEB_SOCKET_NO_ACTION:
            return;
        case WEB_SOCKET_SEND_TO_NETWORK_ACTION: /* completed by session_wrote */
            memcpy(session->output, buffers, count * sizeof(buffers[0]));
            session->output_count = count;
            session->written = 0;
            session->write = action_context;
            break;
        case WEB_SOCKET_INDICATE_SEND_COMPLETE_ACTION:
            WebSocketCompleteAction(session->handle, action_context, 0);
            sent(session, context);
            break;
        case WEB_SOCKET_RECEIVE_FROM_NETWORK_ACTION: /* completed by session_read */
            session->input = buffers[0];
            session->read = action_context;
            break;
        case WEB_SOCKET_INDICATE_RECEIVE_COMPLETE_ACTION: /* completed when the answer is sent */
            received(session, type, &buffers[0], action_context);
            break;
        }
    }
}

void session_start(struct session *session)
{
    receive_next(session);
    advance(session);
}

void session_close(struct session *session, USHORT status)
{
    if (session->closing)
        return;
    session->waits_for_close = 1;
    send_close_status(session, status, NULL);
    advance(session);
}

int session_output(const struct session *session, WEB_SOCKET_BUFFER pieces[2])
{
    ULONG skip = session->written;
    int count = 0;

    for (ULONG i = 0; session->write && i < session->output_count; i++) {
        WEB_SOCKET_BUFFER piece = session->output[i];
        ULONG gone = skip < piece.Data.ulBufferLength ? skip : piece.Data.ulBufferLength;

        skip -= gone;
        piece.Data.pbBuffer += gone;
        piece.Data.ulBufferLength -= gone;
        if (piece.Data.ulBufferLength > 0)
            pieces[count++] = piece;
    }
    return count;
}

void session_wrote(struct session *session, ULONG bytes)
{
    WEB_SOCKET_BUFFER left[2];
    PVOID action = session->write;

    session->written += bytes;
    if (session_output(session, left) > 0)
        return; /* fewer bytes than all would cancel the send */
    session->write = NULL;
    WebSocketCompleteAction(session->handle, action, session->written);
    advance(session);
}

int session_input(const struct session *session, WEB_SOCKET_BUFFER *room)
{
    if (!session->read)
        return 0;
    *room = session->input;
    return 1;
}

void session_read(struct session *session, ULONG bytes)
{
    PVOID action = session->read;

    session->read = NULL;
    WebSocketCompleteAction(session->handle, action, bytes);
    advance(session);
}
