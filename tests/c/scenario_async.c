/* An asynchronous WebSocket driven by its callbacks alone; prints every notification in order. Arguments: host, port,
 * path. The last line is printed when the last handle is closed. */
#include "common.h"

#include <pthread.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int open_handles = 0;
static HINTERNET session, connection, request, socket_handle;
static char buffer[64];

static const char *handle_name(HINTERNET handle)
{
    if (handle == session)
        return "session";
    if (handle == connection)
        return "connect";
    if (handle == request)
        return "request";
    return "socket";
}

static const char *status_name(DWORD status)
{
    switch (status) {
#define CASE(name)                                                                                \
    case WINHTTP_CALLBACK_STATUS_##name:                                                          \
        return #name;
        CASE(RESOLVING_NAME)
        CASE(NAME_RESOLVED)
        CASE(CONNECTING_TO_SERVER)
        CASE(CONNECTED_TO_SERVER)
        CASE(SENDING_REQUEST)
        CASE(REQUEST_SENT)
        CASE(RECEIVING_RESPONSE)
        CASE(RESPONSE_RECEIVED)
        CASE(CLOSING_CONNECTION)
        CASE(CONNECTION_CLOSED)
        CASE(HANDLE_CREATED)
        CASE(HANDLE_CLOSING)
        CASE(REDIRECT)
        CASE(INTERMEDIATE_RESPONSE)
        CASE(SECURE_FAILURE)
        CASE(HEADERS_AVAILABLE)
        CASE(DATA_AVAILABLE)
        CASE(READ_COMPLETE)
        CASE(WRITE_COMPLETE)
        CASE(REQUEST_ERROR)
        CASE(SENDREQUEST_COMPLETE)
        CASE(CLOSE_COMPLETE)
        CASE(SHUTDOWN_COMPLETE)
#undef CASE
    default:
        return "unknown";
    }
}

static void receive(HINTERNET handle)
{
    CHECK(!WinHttpWebSocketReceive(handle, buffer, sizeof buffer, NULL, NULL));
}

static void upgrade(void)
{
    socket_handle = WinHttpWebSocketCompleteUpgrade(request, 3);
    CHECK(socket_handle != NULL);
    CHECK(WinHttpCloseHandle(request));
    CHECK(WinHttpCloseHandle(connection));
    CHECK(WinHttpCloseHandle(session));
    receive(socket_handle);
    CHECK(!WinHttpWebSocketSend(
        socket_handle, WINHTTP_WEB_SOCKET_UTF8_MESSAGE_BUFFER_TYPE, (PVOID) "hello", 5));
}

static void print_text(DWORD status, LPVOID information, DWORD length)
{
    char text[TEXT_MAX];
    if (status == WINHTTP_CALLBACK_STATUS_RESOLVING_NAME
        || status == WINHTTP_CALLBACK_STATUS_CONNECTED_TO_SERVER)
        printf(" %s (%u)", narrow(text, (const WCHAR *)information), (unsigned)length);
    printf("\n");
}

static void CALLBACK notified(
    HINTERNET handle, DWORD_PTR context, DWORD status, LPVOID information, DWORD length)
{
    pthread_mutex_lock(&lock);
    if (status == WINHTTP_CALLBACK_STATUS_HANDLE_CREATED) {
        /* The variable of the new handle is not assigned yet. */
        printf("%s %u\n", status_name(status), (unsigned)length);
        open_handles++;
        pthread_mutex_unlock(&lock);
        return;
    }
    printf("%s %s context %u", handle_name(handle), status_name(status), (unsigned)context);
    if (handle == socket_handle
        && (status == WINHTTP_CALLBACK_STATUS_READ_COMPLETE
            || status == WINHTTP_CALLBACK_STATUS_WRITE_COMPLETE)) {
        WINHTTP_WEB_SOCKET_STATUS *result = (WINHTTP_WEB_SOCKET_STATUS *)information;
        printf(" %u bytes of type %d", (unsigned)result->dwBytesTransferred, (int)result->eBufferType);
        CHECK(length == sizeof *result);
    }
    print_text(status, information, length);
    pthread_mutex_unlock(&lock);

    switch (status) {
    case WINHTTP_CALLBACK_STATUS_SENDREQUEST_COMPLETE:
        CHECK(WinHttpReceiveResponse(request, NULL));
        break;
    case WINHTTP_CALLBACK_STATUS_HEADERS_AVAILABLE:
        upgrade();
        break;
    case WINHTTP_CALLBACK_STATUS_READ_COMPLETE: {
        WINHTTP_WEB_SOCKET_STATUS result = *(WINHTTP_WEB_SOCKET_STATUS *)information;
        if (result.eBufferType == WINHTTP_WEB_SOCKET_CLOSE_BUFFER_TYPE) {
            CHECK(!WinHttpWebSocketClose(handle, 1000, NULL, 0));
            break;
        }
        CHECK(result.dwBytesTransferred == 5 && memcmp(buffer, "hello", 5) == 0);
        CHECK(!WinHttpWebSocketShutdown(handle, 1000, (PVOID) "bye", 3));
        receive(handle);
        break;
    }
    case WINHTTP_CALLBACK_STATUS_CLOSE_COMPLETE:
        CHECK(WinHttpCloseHandle(handle));
        break;
    case WINHTTP_CALLBACK_STATUS_HANDLE_CLOSING:
        CHECK(length == sizeof(HINTERNET) && *(HINTERNET *)information == handle);
        pthread_mutex_lock(&lock);
        open_handles--;
        pthread_cond_signal(&changed);
        pthread_mutex_unlock(&lock);
        break;
    default:
        break;
    }
}

int main(int argc, char **argv)
{
    WCHAR host[TEXT_MAX], path[TEXT_MAX];
    CHECK(argc == 4);
    session = WinHttpOpen(L"scenario", WINHTTP_ACCESS_TYPE_NO_PROXY, NULL, NULL, WINHTTP_FLAG_ASYNC);
    CHECK(session != NULL);
    open_handles = 1;
    CHECK(WinHttpSetStatusCallback(session, notified, WINHTTP_CALLBACK_FLAG_ALL_NOTIFICATIONS, 0)
        == NULL);
    DWORD_PTR context = 1;
    CHECK(WinHttpSetOption(session, WINHTTP_OPTION_CONTEXT_VALUE, &context, sizeof context));
    connection = WinHttpConnect(session, wide(host, argv[1]), (INTERNET_PORT)atoi(argv[2]), 0);
    CHECK(connection != NULL);
    request = WinHttpOpenRequest(connection, NULL, wide(path, argv[3]), NULL, NULL, NULL, 0);
    CHECK(request != NULL);
    CHECK(WinHttpSetOption(request, WINHTTP_OPTION_UPGRADE_TO_WEB_SOCKET, NULL, 0));
    CHECK(WinHttpSendRequest(request, NULL, 0, NULL, 0, 0, 2));
    pthread_mutex_lock(&lock);
    while (open_handles > 0)
        pthread_cond_wait(&changed, &lock);
    pthread_mutex_unlock(&lock);
    printf("all closed\n");
    return 0;
}
