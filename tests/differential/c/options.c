/* Options of WebSockets, on the handles that know them and on the others. */
#include "scenarios.h"

#define CLOSE_TIMEOUT WINHTTP_OPTION_WEB_SOCKET_CLOSE_TIMEOUT
#define KEEPALIVE WINHTTP_OPTION_WEB_SOCKET_KEEPALIVE_INTERVAL
#define RECEIVE_SIZE WINHTTP_OPTION_WEB_SOCKET_RECEIVE_BUFFER_SIZE
#define SEND_SIZE WINHTTP_OPTION_WEB_SOCKET_SEND_BUFFER_SIZE

static void set_bytes(HINTERNET handle, const char *label, DWORD option, DWORD size)
{
    DWORD value[2] = { 20000, 0 };
    char call[128];
    SetLastError(UNTOUCHED);
    snprintf(call, sizeof call, "SetOption(%s, %s, %u bytes)", handle_name(handle), label,
        (unsigned)size);
    result(call, WinHttpSetOption(handle, option, value, size));
}

static void query_without_buffer(HINTERNET handle, const char *label, DWORD option)
{
    DWORD size = 4;
    char call[128];
    SetLastError(UNTOUCHED);
    snprintf(call, sizeof call, "QueryOption(%s, %s, NULL)", handle_name(handle), label);
    result(call, WinHttpQueryOption(handle, option, NULL, &size));
    say("  %u bytes", (unsigned)size);
}

/* Fact 9.1.5. */
static void keepalive(void)
{
    FLOW flow;
    upgrade(&flow, "/echo");
    set_number(flow.socket, "KEEPALIVE_INTERVAL", KEEPALIVE, 20000);
    set_number(flow.socket, "KEEPALIVE_INTERVAL", KEEPALIVE, 15000);
    set_number(flow.socket, "KEEPALIVE_INTERVAL", KEEPALIVE, 14999);
    set_number(flow.socket, "KEEPALIVE_INTERVAL", KEEPALIVE, 10000);
    set_number(flow.socket, "KEEPALIVE_INTERVAL", KEEPALIVE, 0);
    set_bytes(flow.socket, "KEEPALIVE_INTERVAL", KEEPALIVE, 2);
    set_bytes(flow.socket, "KEEPALIVE_INTERVAL", KEEPALIVE, 8);
    set_number(flow.request, "KEEPALIVE_INTERVAL", KEEPALIVE, 20000);
    query_number(flow.socket, "KEEPALIVE_INTERVAL", KEEPALIVE);
    query_without_buffer(flow.socket, "KEEPALIVE_INTERVAL", KEEPALIVE);
    query_number(flow.request, "KEEPALIVE_INTERVAL", KEEPALIVE);
    query_number(flow.session, "KEEPALIVE_INTERVAL", KEEPALIVE);
    finish(&flow);
}

/* Fact 9.1.6. */
static void close_timeout(void)
{
    FLOW flow;
    upgrade(&flow, "/echo");
    set_number(flow.socket, "CLOSE_TIMEOUT", CLOSE_TIMEOUT, 20000);
    set_bytes(flow.socket, "CLOSE_TIMEOUT", CLOSE_TIMEOUT, 2);
    set_bytes(flow.socket, "CLOSE_TIMEOUT", CLOSE_TIMEOUT, 8);
    query_number(flow.socket, "CLOSE_TIMEOUT", CLOSE_TIMEOUT);
    finish(&flow);
}

/* Facts 9.1.2 and 9.1.3. */
static void buffer_sizes(void)
{
    FLOW flow;
    quiet(TRUE);
    open_handles(&flow, plain_port, "/echo", 0);
    quiet(FALSE);
    query_number(flow.session, "RECEIVE_BUFFER_SIZE", RECEIVE_SIZE);
    query_number(flow.session, "SEND_BUFFER_SIZE", SEND_SIZE);
    query_number(flow.connection, "RECEIVE_BUFFER_SIZE", RECEIVE_SIZE);
    query_number(flow.connection, "SEND_BUFFER_SIZE", SEND_SIZE);
    query_number(flow.request, "RECEIVE_BUFFER_SIZE", RECEIVE_SIZE);
    query_number(flow.request, "SEND_BUFFER_SIZE", SEND_SIZE);
    set_number(flow.request, "RECEIVE_BUFFER_SIZE", RECEIVE_SIZE, 15);
    set_number(flow.request, "SEND_BUFFER_SIZE", SEND_SIZE, 1048576);
    query_number(flow.request, "RECEIVE_BUFFER_SIZE", RECEIVE_SIZE);
    query_number(flow.request, "SEND_BUFFER_SIZE", SEND_SIZE);
    query_number(flow.session, "RECEIVE_BUFFER_SIZE", RECEIVE_SIZE);
    set_number(flow.session, "RECEIVE_BUFFER_SIZE", RECEIVE_SIZE, 65535);
    query_number(flow.session, "RECEIVE_BUFFER_SIZE", RECEIVE_SIZE);
    finish(&flow);
    upgrade(&flow, "/echo");
    query_number(flow.socket, "RECEIVE_BUFFER_SIZE", RECEIVE_SIZE);
    query_number(flow.socket, "SEND_BUFFER_SIZE", SEND_SIZE);
    set_number(flow.socket, "RECEIVE_BUFFER_SIZE", RECEIVE_SIZE, 1000);
    set_number(flow.socket, "SEND_BUFFER_SIZE", SEND_SIZE, 1000);
    finish(&flow);
}

/* A receive buffer smaller than what is received. */
static void small_receive_buffer(void)
{
    FLOW flow;
    quiet(TRUE);
    open_handles(&flow, plain_port, "/push?count=1&size=1000", 0);
    quiet(FALSE);
    set_number(flow.request, "RECEIVE_BUFFER_SIZE", RECEIVE_SIZE, 15);
    quiet(TRUE);
    send_request(&flow);
    receive_response(&flow);
    flow.socket = complete_upgrade(flow.request, "socket");
    quiet(FALSE);
    receive_message(flow.socket, 2000);
    finish(&flow);
}

/* Fact 1.11. */
static void context(void)
{
    FLOW flow;
    DWORD_PTR value = 0;
    DWORD size = sizeof value;
    upgrade(&flow, "/echo");
    SetLastError(UNTOUCHED);
    result("QueryOption(socket, CONTEXT_VALUE)",
        WinHttpQueryOption(flow.socket, WINHTTP_OPTION_CONTEXT_VALUE, &value, &size));
    say("  %u of %u bytes", (unsigned)value, (unsigned)size);
    value = 77;
    SetLastError(UNTOUCHED);
    result("SetOption(socket, CONTEXT_VALUE, 77)",
        WinHttpSetOption(flow.socket, WINHTTP_OPTION_CONTEXT_VALUE, &value, sizeof value));
    send_text(flow.socket, "hello");
    receive(flow.socket, 100);
    finish(&flow);
}

static void others(void)
{
    FLOW flow;
    upgrade(&flow, "/echo");
    query_number(flow.socket, "HANDLE_TYPE", WINHTTP_OPTION_HANDLE_TYPE);
    query_number(flow.request, "HANDLE_TYPE", WINHTTP_OPTION_HANDLE_TYPE);
    query_number(flow.socket, "RECEIVE_TIMEOUT", WINHTTP_OPTION_RECEIVE_TIMEOUT);
    query_number(flow.socket, "option 0", 0);
    set_number(flow.socket, "option 0", 0, 1);
    query_without_buffer(flow.socket, "URL", WINHTTP_OPTION_URL);
    SetLastError(UNTOUCHED);
    result("SetOption(socket, UPGRADE_TO_WEB_SOCKET)",
        WinHttpSetOption(flow.socket, WINHTTP_OPTION_UPGRADE_TO_WEB_SOCKET, NULL, 0));
    SetLastError(UNTOUCHED);
    result("SetOption(session, UPGRADE_TO_WEB_SOCKET)",
        WinHttpSetOption(flow.session, WINHTTP_OPTION_UPGRADE_TO_WEB_SOCKET, NULL, 0));
    finish(&flow);
}

const SCENARIO option_scenarios[] = {
    { "option-keepalive", BOTH, keepalive },
    { "option-close-timeout", BOTH, close_timeout },
    { "option-buffer-sizes", BOTH, buffer_sizes },
    { "option-small-receive-buffer", BOTH, small_receive_buffer },
    { "option-context", BOTH, context },
    { "option-others", BOTH, others },
    { NULL, BOTH, NULL },
};
