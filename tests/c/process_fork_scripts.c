/* Proxy scripts in a process that forks. Arguments: the port of a server that gives a script to every request, the mode
 * (sync, async), and the case: unused, busy. */
#include "process_fork.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <wchar.h>

static const DWORD REFUSED = ERROR_WINHTTP_INCORRECT_HANDLE_STATE;
static const char ENDLESS[] = "HTTP/1.1 200 OK\r\nContent-Length: 44\r\n\r\nfunction FindProxyForURL() { for (;;); }    ";

static WCHAR quick[64], endless[64];
static HINTERNET session, resolver;

static BOOL ask(HINTERNET whom, const WCHAR *script)
{
    WINHTTP_AUTOPROXY_OPTIONS options = { 0 };
    WINHTTP_PROXY_INFO info = { 0 };
    options.dwFlags = WINHTTP_AUTOPROXY_CONFIG_URL;
    options.lpszAutoConfigUrl = script;
    if (!WinHttpGetProxyForUrl(whom, L"http://host/", &options, &info))
        return FALSE;
    CHECK(info.dwAccessType == WINHTTP_ACCESS_TYPE_NAMED_PROXY && info.lpszProxyBypass == NULL);
    CHECK(info.lpszProxy[0] == L'x' && info.lpszProxy[1] == L':');
    GlobalFree(info.lpszProxy);
    return TRUE;
}

static DWORD start(HINTERNET whom, const WCHAR *script)
{
    WINHTTP_AUTOPROXY_OPTIONS options = { 0 };
    options.dwFlags = WINHTTP_AUTOPROXY_CONFIG_URL;
    options.lpszAutoConfigUrl = script;
    return WinHttpGetProxyForUrlEx(whom, L"http://host/", &options, 0);
}

static HINTERNET create(HINTERNET whose)
{
    HINTERNET created = NULL;
    CHECK(WinHttpCreateProxyResolver(whose, &created) == 0 && created != NULL);
    return created;
}

static void find(HINTERNET with)
{
    WINHTTP_PROXY_RESULT result;
    int from = event_count;
    CHECK(start(with, quick) == ERROR_IO_PENDING);
    CHECK(wait_for(with, WINHTTP_CALLBACK_STATUS_GETPROXYFORURL_COMPLETE, from) >= 0);
    CHECK(WinHttpGetProxyResult(with, &result) == 0 && result.cEntries == 1 && result.pEntries[0].ProxyPort == 80);
    WinHttpFreeProxyResult(&result);
}

static void close_for_good(HINTERNET handle)
{
    CHECK(WinHttpCloseHandle(handle));
    CHECK(wait_for(handle, WINHTTP_CALLBACK_STATUS_HANDLE_CLOSING, 0) >= 0);
    CHECK(count_events(handle, WINHTTP_CALLBACK_STATUS_HANDLE_CLOSING) == 1);
}

/* What a fresh process could do. */
static void ask_anew(void)
{
    HINTERNET own = open_session();
    CHECK(ask(own, quick));
    if (async_mode) {
        HINTERNET made = create(own);
        find(made);
        close_for_good(made);
    }
    close_for_good(own);
}

static void use_unused(void)
{
    CHECK(ask(session, quick));
    if (async_mode) {
        find(resolver);
        close_for_good(resolver);
    }
    close_for_good(session);
    ask_anew();
}

static void unused(void)
{
    session = open_session();
    if (async_mode)
        resolver = create(session);
    in_child(use_unused);
    use_unused();
}

static void use_busy(void)
{
    if (async_mode) {
        WINHTTP_PROXY_RESULT result;
        CHECK(start(resolver, quick) == REFUSED);
        CHECK(WinHttpGetProxyResult(resolver, &result) == REFUSED);
        close_for_good(resolver);
        CHECK(count_events(resolver, WINHTTP_CALLBACK_STATUS_REQUEST_ERROR) == 0);
    }
    CHECK(!ask(session, quick) && GetLastError() == REFUSED);
    close_for_good(session);
    ask_anew();
}

static void *block(void *unused_argument)
{
    (void)unused_argument;
    CHECK(!ask(session, endless) && GetLastError() == ERROR_WINHTTP_OPERATION_CANCELLED);
    return NULL;
}

/* Forks while a script is fetched or runs. */
static void busy(void)
{
    struct sockaddr_in address = { 0 };
    socklen_t length = sizeof address;
    char request[4096];
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    CHECK(listener >= 0 && bind(listener, (struct sockaddr *)&address, sizeof address) == 0 && listen(listener, 8) == 0);
    CHECK(getsockname(listener, (struct sockaddr *)&address, &length) == 0);
    swprintf(endless, 64, L"http://127.0.0.1:%d/", ntohs(address.sin_port));
    session = open_session();
    pthread_t thread;
    if (async_mode) {
        resolver = create(session);
        CHECK(start(resolver, endless) == ERROR_IO_PENDING);
    } else {
        CHECK(pthread_create(&thread, NULL, block, NULL) == 0);
    }
    int peer = accept(listener, NULL, NULL);
    CHECK(peer >= 0 && read(peer, request, sizeof request) > 0);
    in_child(use_busy);
    CHECK(write(peer, ENDLESS, sizeof ENDLESS - 1) == sizeof ENDLESS - 1 && close(peer) == 0);
    for (int index = 0; index < 20; index++)
        in_child(use_busy);
    if (async_mode) {
        int from = event_count;
        CHECK(WinHttpCloseHandle(resolver));
        CHECK(wait_for(resolver, WINHTTP_CALLBACK_STATUS_REQUEST_ERROR, from) >= 0);
        CHECK(count_events(resolver, WINHTTP_CALLBACK_STATUS_HANDLE_CLOSING) <= 1);
    }
    CHECK(WinHttpCloseHandle(session));
    if (!async_mode)
        CHECK(pthread_join(thread, NULL) == 0);
    CHECK(wait_for(session, WINHTTP_CALLBACK_STATUS_HANDLE_CLOSING, 0) >= 0);
    ask_anew();
}

int main(int argc, char **argv)
{
    CHECK(argc == 4);
    port = atoi(argv[1]);
    async_mode = strcmp(argv[2], "async") == 0;
    swprintf(quick, 64, L"http://127.0.0.1:%d/", port);
    if (strcmp(argv[3], "unused") == 0)
        unused();
    else
        busy();
    leave(0);
}
