/* Session, connection and request: calls that print themselves. */
#include "calls.h"

BOOL connections_apart = TRUE;

BOOL result(const char *call, BOOL answer)
{
    DWORD error = GetLastError();
    if (answer && error == 0)
        say("%s = TRUE", call);
    else
        say("%s = %s, last error %s", call, answer ? "TRUE" : "FALSE", error_name(error));
    return answer;
}

HINTERNET named(const char *call, HINTERNET handle, const char *name)
{
    DWORD error = GetLastError();
    name_handle(handle, name);
    if (handle != NULL && error == 0)
        say("%s = %s", call, name);
    else
        say("%s = %s, last error %s", call, handle == NULL ? "NULL" : name, error_name(error));
    return handle;
}

const WCHAR *wide(const char *text)
{
    static WCHAR buffers[4][WIDE_CHARACTERS];
    static unsigned next;
    WCHAR *buffer = buffers[next++ % 4];
    size_t index = 0;
    if (text == NULL)
        return NULL;
    for (; text[index] != 0 && index + 1 < WIDE_CHARACTERS; index++)
        buffer[index] = (WCHAR)(unsigned char)text[index];
    buffer[index] = 0;
    return buffer;
}

static void keep_connections_apart(HINTERNET session)
{
    DWORD on = TRUE;
    /* A system that does not know the option plays each scenario in a process of its own. */
    if (connections_apart)
        WinHttpSetOption(session, WINHTTP_OPTION_DISABLE_GLOBAL_POOLING, &on, sizeof on);
}

void open_session(FLOW *flow, INTERNET_PORT port)
{
    DWORD_PTR context = SESSION_CONTEXT;
    memset(flow, 0, sizeof *flow);
    SetLastError(UNTOUCHED);
    flow->session = WinHttpOpen(L"differential", WINHTTP_ACCESS_TYPE_NO_PROXY, NULL, NULL,
        asynchronous ? WINHTTP_FLAG_ASYNC : 0);
    named("Open", flow->session, "session");
    keep_connections_apart(flow->session);
    SetLastError(UNTOUCHED);
    result("SetStatusCallback",
        WinHttpSetStatusCallback(
            flow->session, notified, WINHTTP_CALLBACK_FLAG_ALL_NOTIFICATIONS, 0)
            == NULL);
    SetLastError(UNTOUCHED);
    result("SetOption(session, CONTEXT_VALUE)",
        WinHttpSetOption(flow->session, WINHTTP_OPTION_CONTEXT_VALUE, &context, sizeof context));
    SetLastError(UNTOUCHED);
    flow->connection = WinHttpConnect(flow->session, L"127.0.0.1", port, 0);
    named("Connect", flow->connection, "connection");
    created(flow->connection);
}

void open_handles(FLOW *flow, INTERNET_PORT port, const char *path, DWORD flags)
{
    char call[512];
    open_session(flow, port);
    SetLastError(UNTOUCHED);
    flow->request
        = WinHttpOpenRequest(flow->connection, NULL, wide(path), NULL, NULL, NULL, flags);
    snprintf(call, sizeof call, "OpenRequest(%s)", path);
    named(call, flow->request, "request");
    created(flow->request);
    SetLastError(UNTOUCHED);
    result("SetOption(request, UPGRADE_TO_WEB_SOCKET)",
        WinHttpSetOption(flow->request, WINHTTP_OPTION_UPGRADE_TO_WEB_SOCKET, NULL, 0));
}

BOOL send_request(FLOW *flow)
{
    BOOL sent;
    SetLastError(UNTOUCHED);
    sent = WinHttpSendRequest(flow->request, NULL, 0, NULL, 0, 0, REQUEST_CONTEXT);
    result("SendRequest", sent);
    if (sent && asynchronous)
        until(flow->request, WINHTTP_CALLBACK_STATUS_SENDREQUEST_COMPLETE);
    else
        drain(flow->request);
    return sent;
}

BOOL receive_response(FLOW *flow)
{
    BOOL received;
    SetLastError(UNTOUCHED);
    received = WinHttpReceiveResponse(flow->request, NULL);
    result("ReceiveResponse", received);
    if (received && asynchronous)
        until(flow->request, WINHTTP_CALLBACK_STATUS_HEADERS_AVAILABLE);
    else
        drain(flow->request);
    return received;
}

HINTERNET complete_upgrade(HINTERNET request, const char *name)
{
    char call[64];
    HINTERNET socket;
    snprintf(call, sizeof call, "WebSocketCompleteUpgrade(%s)", handle_name(request));
    SetLastError(UNTOUCHED);
    socket = WinHttpWebSocketCompleteUpgrade(request, SOCKET_CONTEXT);
    named(call, socket, name);
    if (socket != NULL)
        created(socket);
    return socket;
}

void upgrade(FLOW *flow, const char *path)
{
    quiet(TRUE);
    open_handles(flow, plain_port, path, 0);
    send_request(flow);
    receive_response(flow);
    flow->socket = complete_upgrade(flow->request, "socket");
    quiet(FALSE);
    say(flow->socket != NULL ? "a WebSocket to %s" : "no WebSocket to %s", path);
}

void start_close_handle(HINTERNET handle)
{
    char call[64];
    snprintf(call, sizeof call, "CloseHandle(%s)", handle_name(handle));
    SetLastError(UNTOUCHED);
    result(call, WinHttpCloseHandle(handle));
}

void close_handle(HINTERNET *handle)
{
    if (*handle == NULL)
        return;
    start_close_handle(*handle);
    until(*handle, HANDLE_CLOSING);
    *handle = NULL;
}

void finish(FLOW *flow)
{
    close_handle(&flow->socket);
    quiet(TRUE);
    close_handle(&flow->request);
    close_handle(&flow->connection);
    close_handle(&flow->session);
    quiet(FALSE);
}

void query_header(HINTERNET handle, const char *label, DWORD header, const WCHAR *name)
{
    WCHAR value[128];
    char call[128], text[128];
    DWORD size = sizeof value, index;
    BOOL answer;
    SetLastError(UNTOUCHED);
    answer = WinHttpQueryHeaders(handle, header, name, value, &size, WINHTTP_NO_HEADER_INDEX);
    snprintf(call, sizeof call, "QueryHeaders(%s, %s)", handle_name(handle), label);
    if (!result(call, answer))
        return;
    size /= sizeof value[0];
    for (index = 0; index < size; index++)
        text[index] = value[index] < 0x80 ? (char)value[index] : '?';
    text[size] = 0;
    /* A key and its answer are different each time. */
    say("  %u characters: %s", (unsigned)size, size == 24 || size == 28 ? "(a key)" : text);
}

void query_status(HINTERNET request)
{
    DWORD number = UNTOUCHED, size = sizeof number;
    char call[64];
    BOOL answer;
    SetLastError(UNTOUCHED);
    answer = WinHttpQueryHeaders(request, WINHTTP_QUERY_STATUS_CODE | WINHTTP_QUERY_FLAG_NUMBER,
        WINHTTP_HEADER_NAME_BY_INDEX, &number, &size, WINHTTP_NO_HEADER_INDEX);
    snprintf(call, sizeof call, "QueryHeaders(%s, STATUS_CODE)", handle_name(request));
    if (result(call, answer))
        say("  %u", (unsigned)number);
}

void set_number(HINTERNET handle, const char *label, DWORD option, DWORD value)
{
    char call[128];
    SetLastError(UNTOUCHED);
    snprintf(call, sizeof call, "SetOption(%s, %s, %u)", handle_name(handle), label, (unsigned)value);
    result(call, WinHttpSetOption(handle, option, &value, sizeof value));
}

void query_number(HINTERNET handle, const char *label, DWORD option)
{
    char call[128];
    DWORD value[2] = { UNTOUCHED, UNTOUCHED };
    DWORD size = sizeof value[0];
    SetLastError(UNTOUCHED);
    snprintf(call, sizeof call, "QueryOption(%s, %s)", handle_name(handle), label);
    result(call, WinHttpQueryOption(handle, option, value, &size));
    say("  %u of %u bytes", (unsigned)value[0], (unsigned)size);
}
