/* The calls on a WebSocket, which print themselves. */
#include "calls.h"

/* These functions report through their value; the last error is shown only if it says something else. */
static DWORD answered(const char *call, DWORD answer)
{
    DWORD error = GetLastError();
    if (error == UNTOUCHED || error == answer)
        say("%s = %s", call, error_name(answer));
    else
        say("%s = %s, last error %s", call, error_name(answer), error_name(error));
    return answer;
}

/* Waits for a completion if the call was accepted and is not over yet. */
static void completion(HINTERNET socket, DWORD answer, DWORD status)
{
    if (asynchronous && answer == 0)
        until(socket, status);
}

DWORD start_send(HINTERNET socket, int type, const void *bytes, DWORD count)
{
    char call[128];
    snprintf(call, sizeof call, "WebSocketSend(%s, %s, %s%u)", handle_name(socket), type_name(type),
        bytes == NULL ? "NULL, " : "", (unsigned)count);
    SetLastError(UNTOUCHED);
    return answered(call,
        WinHttpWebSocketSend(
            socket, (WINHTTP_WEB_SOCKET_BUFFER_TYPE)type, (PVOID)(DWORD_PTR)bytes, count));
}

void send_bytes(HINTERNET socket, int type, const void *bytes, DWORD count)
{
    completion(socket, start_send(socket, type, bytes, count), WRITE_COMPLETE);
}

void send_text(HINTERNET socket, const char *text)
{
    send_bytes(socket, UTF8_MESSAGE, text, (DWORD)strlen(text));
}

DWORD start_receive(HINTERNET socket, DWORD size)
{
    char call[128];
    DWORD count = UNTOUCHED, answer;
    WINHTTP_WEB_SOCKET_BUFFER_TYPE type = (WINHTTP_WEB_SOCKET_BUFFER_TYPE)99;
    memset(inbox, '?', sizeof inbox);
    snprintf(call, sizeof call, "WebSocketReceive(%s, %u)", handle_name(socket), (unsigned)size);
    SetLastError(UNTOUCHED);
    answer = answered(call, WinHttpWebSocketReceive(socket, inbox, size, &count, &type));
    if (!asynchronous && answer == 0)
        say("  %u bytes, %s, %s", (unsigned)count, type_name(type), quoted(inbox, count));
    else if (count != UNTOUCHED || (int)type != 99)
        say("  count and type written: %u, %s", (unsigned)count, type_name(type));
    return answer;
}

void receive(HINTERNET socket, DWORD size)
{
    completion(socket, start_receive(socket, size), READ_COMPLETE);
}

/* One piece of a message, without a word; the error if there is none, be it returned or notified: that depends on
 * whether the bytes were there already. */
static DWORD receive_piece(
    HINTERNET socket, BYTE *bytes, DWORD size, DWORD *count, WINHTTP_WEB_SOCKET_BUFFER_TYPE *type)
{
    DWORD answer = WinHttpWebSocketReceive(socket, bytes, size, count, type);
    if (answer != 0 || !asynchronous)
        return answer;
    quiet(TRUE);
    until(socket, READ_COMPLETE);
    quiet(FALSE);
    return last_read(count, type);
}

void receive_message(HINTERNET socket, DWORD size)
{
    static BYTE message[INBOX_BYTES];
    DWORD total = 0, count = 0, answer;
    BOOL is_within = TRUE, is_uniform = TRUE;
    WINHTTP_WEB_SOCKET_BUFFER_TYPE type = CLOSE_TYPE, first = CLOSE_TYPE;
    say("receiving a message in buffers of %u", (unsigned)size);
    do {
        DWORD room = size < INBOX_BYTES - total ? size : INBOX_BYTES - total;
        answer = receive_piece(socket, message + total, room, &count, &type);
        if (answer != 0 || type == CLOSE_TYPE)
            break;
        is_within = is_within && count <= room;
        /* Fragments and the message they end in are of one kind. */
        if (total == 0)
            first = type;
        is_uniform = is_uniform && (first < UTF8_MESSAGE) == (type < UTF8_MESSAGE);
        total += count;
    } while (type == BINARY_FRAGMENT || type == UTF8_FRAGMENT);
    if (answer != 0)
        say("  failed after %u bytes: %s", (unsigned)total,
            answer == (DWORD)-1 ? "no answer" : error_name(answer));
    else
        say("  %u bytes, %s, %s%s%s", (unsigned)total, type_name(type), quoted(message, total),
            is_within ? "" : ", more than room", is_uniform ? "" : ", of mixed kinds");
}

static DWORD ending(const char *name,
    DWORD(WINAPI *function)(HINTERNET, USHORT, PVOID, DWORD), HINTERNET socket, USHORT status,
    const void *reason, DWORD length)
{
    char call[128];
    snprintf(call, sizeof call, "%s(%s, %u, %s%u)", name, handle_name(socket), (unsigned)status,
        reason == NULL ? "NULL, " : "", (unsigned)length);
    SetLastError(UNTOUCHED);
    return answered(call, function(socket, status, (PVOID)(DWORD_PTR)reason, length));
}

DWORD start_shutdown(HINTERNET socket, USHORT status, const void *reason, DWORD length)
{
    return ending("WebSocketShutdown", WinHttpWebSocketShutdown, socket, status, reason, length);
}

void shut_down(HINTERNET socket, USHORT status, const char *reason)
{
    DWORD length = reason == NULL ? 0 : (DWORD)strlen(reason);
    completion(socket, start_shutdown(socket, status, reason, length), SHUTDOWN_COMPLETE);
}

DWORD start_close(HINTERNET socket, USHORT status, const void *reason, DWORD length)
{
    return ending("WebSocketClose", WinHttpWebSocketClose, socket, status, reason, length);
}

void close_socket(HINTERNET socket, USHORT status, const char *reason)
{
    DWORD length = reason == NULL ? 0 : (DWORD)strlen(reason);
    completion(socket, start_close(socket, status, reason, length), CLOSE_COMPLETE);
}

void query_close_status_into(HINTERNET socket, DWORD size)
{
    char call[96];
    BYTE reason[128];
    USHORT status = UNTOUCHED;
    DWORD length = UNTOUCHED, answer;
    memset(reason, '?', sizeof reason);
    snprintf(call, sizeof call, "WebSocketQueryCloseStatus(%s, %u)", handle_name(socket), (unsigned)size);
    SetLastError(UNTOUCHED);
    answer = answered(call,
        WinHttpWebSocketQueryCloseStatus(
            socket, &status, size == 0 ? NULL : reason, size, &length));
    if (answer == 0)
        say("  status %u, reason of %u: %s", (unsigned)status, (unsigned)length,
            size == 0 ? "no buffer" : quoted(reason, length));
    else if (status != UNTOUCHED || length != UNTOUCHED || reason[0] != '?')
        say("  written: status %u, length %u, buffer %s", (unsigned)status, (unsigned)length,
            quoted(reason, size));
}

void query_close_status(HINTERNET socket)
{
    query_close_status_into(socket, 123);
}
