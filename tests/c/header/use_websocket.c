/* Uses websocket.h as ported programs do; included after it by the header tests, as C and as C++. */

#if WEB_SOCKET_MAX_CLOSE_REASON_LENGTH != 123
#error "the limit works in #if"
#endif

static WEB_SOCKET_PROPERTY receive_size(ULONG *bytes)
{
    WEB_SOCKET_PROPERTY property;
    property.Type = WEB_SOCKET_RECEIVE_BUFFER_SIZE_PROPERTY_TYPE;
    property.pvValue = bytes;
    property.ulValueSize = sizeof(*bytes);
    return property;
}

/* Every action, without a default: the compiler knows that none is missing. */
static const char *action_name(WEB_SOCKET_ACTION action)
{
    switch (action) {
    case WEB_SOCKET_NO_ACTION:
        return "none";
    case WEB_SOCKET_SEND_TO_NETWORK_ACTION:
        return "send";
    case WEB_SOCKET_INDICATE_SEND_COMPLETE_ACTION:
        return "sent";
    case WEB_SOCKET_RECEIVE_FROM_NETWORK_ACTION:
        return "receive";
    case WEB_SOCKET_INDICATE_RECEIVE_COMPLETE_ACTION:
        return "received";
    }
    return "unknown";
}

static BOOL is_last(WEB_SOCKET_BUFFER_TYPE type)
{
    switch (type) {
    case WEB_SOCKET_UTF8_MESSAGE_BUFFER_TYPE:
    case WEB_SOCKET_BINARY_MESSAGE_BUFFER_TYPE:
        return TRUE;
    case WEB_SOCKET_UTF8_FRAGMENT_BUFFER_TYPE:
    case WEB_SOCKET_BINARY_FRAGMENT_BUFFER_TYPE:
    case WEB_SOCKET_CLOSE_BUFFER_TYPE:
    case WEB_SOCKET_PING_PONG_BUFFER_TYPE:
    case WEB_SOCKET_UNSOLICITED_PONG_BUFFER_TYPE:
        break;
    }
    return FALSE;
}

/* The numbers of Windows' documentation, which are unsigned there. */
static BOOL is_text(WEB_SOCKET_BUFFER_TYPE type)
{
    LONG raw = (LONG)type;
    if ((ULONG)type == 0x80000000 || type == (WEB_SOCKET_BUFFER_TYPE)0x80000001)
        return TRUE;
    return (WEB_SOCKET_BUFFER_TYPE)raw == WEB_SOCKET_UTF8_MESSAGE_BUFFER_TYPE;
}

#ifdef TEST_LOOSE_HABITS
/* What compilers accept with a remark at most: a partial initialiser, signed against unsigned. */
static ULONG loose(WEB_SOCKET_BUFFER_TYPE type)
{
    WEB_SOCKET_BUFFER buffer = {0};
    WEB_SOCKET_BUFFER buffers[2] = {0};
    WEB_SOCKET_PROPERTY properties[] = {{WEB_SOCKET_DISABLE_MASKING_PROPERTY_TYPE, NULL, 0}};
    if (type == 0x80000000 || type == 0x80000004)
        return buffer.Data.ulBufferLength;
    return buffers[1].Data.ulBufferLength + (ULONG)properties[0].Type;
}
#endif

static HRESULT run(WEB_SOCKET_HANDLE socket, PVOID context)
{
    WEB_SOCKET_BUFFER buffers[2], close;
    ULONG count = 2;
    WEB_SOCKET_ACTION action = WEB_SOCKET_NO_ACTION;
    WEB_SOCKET_BUFFER_TYPE type = WEB_SOCKET_UTF8_MESSAGE_BUFFER_TYPE;
    PVOID action_context = NULL;
    static BYTE reason[] = {'b', 'y', 'e'};
    HRESULT hr = WebSocketGetAction(socket, WEB_SOCKET_ALL_ACTION_QUEUE, buffers, &count, &action, &type,
                                    &context, &action_context);
    WebSocketCompleteAction(socket, action_context, 0);
    if (FAILED(hr) || hr == E_INVALID_PROTOCOL_FORMAT || hr == E_INVALID_PROTOCOL_OPERATION) {
        WebSocketAbortHandle(socket);
        return hr;
    }
    close.CloseStatus.pbReason = reason;
    close.CloseStatus.ulReasonLength = sizeof(reason);
    close.CloseStatus.usStatus = WEB_SOCKET_SUCCESS_CLOSE_STATUS;
    if (action_name(action) == NULL || is_last(type) || is_text(type))
        hr = WebSocketReceive(socket, NULL, context);
    return SUCCEEDED(hr) ? WebSocketSend(socket, WEB_SOCKET_CLOSE_BUFFER_TYPE, &close, context) : hr;
}

static HRESULT shake_hands(WEB_SOCKET_HANDLE client, WEB_SOCKET_HANDLE server)
{
    static char host_name[] = "Host", host_value[] = "server.example";
    PCSTR subprotocols[] = {"chat", "superchat"};
    WEB_SOCKET_HTTP_HEADER host, *request = NULL, *response = NULL;
    ULONG request_count = 0, response_count = 0, selected = 0;
    HRESULT hr;

    host.pcName = host_name;
    host.ulNameLength = sizeof(host_name) - 1;
    host.pcValue = host_value;
    host.ulValueLength = sizeof(host_value) - 1;
    hr = WebSocketBeginClientHandshake(client, subprotocols, 2, NULL, 0, &host, 1, &request, &request_count);
    if (hr == S_OK)
        hr = WebSocketBeginServerHandshake(server, "chat", NULL, 0, request, request_count, &response,
                                           &response_count);
    if (hr == S_OK)
        hr = WebSocketEndClientHandshake(client, response, response_count, NULL, NULL, &selected);
    return hr == S_OK ? WebSocketEndServerHandshake(server) : hr;
}

int main(void)
{
    WEB_SOCKET_HANDLE client = NULL, server = NULL;
    ULONG bytes = 4096, interval = 0, size = sizeof(interval);
    WEB_SOCKET_PROPERTY property = receive_size(&bytes);
    HRESULT hr = WebSocketCreateClientHandle(&property, 1, &client);
    if (hr == S_OK)
        hr = WebSocketCreateServerHandle(NULL, 0, &server);
    if (hr == S_OK)
        hr = WebSocketGetGlobalProperty(WEB_SOCKET_KEEPALIVE_INTERVAL_PROPERTY_TYPE, &interval, &size);
    if (hr == S_OK)
        hr = shake_hands(client, server);
    if (hr == S_OK)
        hr = run(client, &bytes);
#ifdef TEST_LOOSE_HABITS
    bytes = loose(WEB_SOCKET_CLOSE_BUFFER_TYPE);
#endif
    WebSocketDeleteHandle(client);
    WebSocketDeleteHandle(server);
    return hr == S_OK ? 0 : 1;
}
