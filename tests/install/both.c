/* Links libwinhttp and libwebsocket into one program, and works with handles of both. */
#include <websocket.h>
#include <winhttp.h>

#include <stdio.h>

/* A request to a port where nobody listens: the whole way to the network and back. */
static int winhttp_works(void)
{
    HINTERNET session = WinHttpOpen(L"both", WINHTTP_ACCESS_TYPE_NO_PROXY, NULL, NULL, 0);
    HINTERNET connection = WinHttpConnect(session, L"127.0.0.1", 1, 0);
    HINTERNET request = WinHttpOpenRequest(connection, L"GET", L"/", NULL, NULL, NULL, 0);
    int refused = request != NULL && !WinHttpSendRequest(request, NULL, 0, NULL, 0, 0, 0) &&
                  GetLastError() == ERROR_WINHTTP_CANNOT_CONNECT;

    return WinHttpCloseHandle(request) && WinHttpCloseHandle(connection) &&
           WinHttpCloseHandle(session) && refused;
}

/* A handshake up to the header fields: keys, and so random numbers, included. */
static int websocket_works(void)
{
    WEB_SOCKET_HANDLE client = NULL;
    WEB_SOCKET_HTTP_HEADER *headers = NULL;
    ULONG count = 0;
    int begun = WebSocketCreateClientHandle(NULL, 0, &client) == S_OK &&
                WebSocketBeginClientHandshake(client, NULL, 0, NULL, 0, NULL, 0, &headers, &count) == S_OK;

    WebSocketDeleteHandle(client);
    return begun && count == 4;
}

/* Neither library takes a handle of the other for one of its own. */
static int handles_are_told_apart(void)
{
    WEB_SOCKET_HANDLE client = NULL;
    HINTERNET session = WinHttpOpen(L"both", WINHTTP_ACCESS_TYPE_NO_PROXY, NULL, NULL, 0);
    int apart = WebSocketCreateClientHandle(NULL, 0, &client) == S_OK &&
                WebSocketReceive((WEB_SOCKET_HANDLE)session, NULL, NULL) == E_INVALIDARG &&
                !WinHttpCloseHandle((HINTERNET)client) && GetLastError() == ERROR_INVALID_HANDLE;

    WebSocketDeleteHandle(client);
    return WinHttpCloseHandle(session) && apart;
}

int main(void)
{
    /* First, while the numbers of both begin. */
    if (!handles_are_told_apart() || !winhttp_works() || !websocket_works()) {
        fprintf(stderr, "last error %u\n", (unsigned)GetLastError());
        return 1;
    }
    printf("both work\n");
    return 0;
}
