/* Ends the process the moment a number of sends are complete. Each is made by the callback of the one before it. Arguments:
 * port, scheme (plain, tls), how to end (callback: exit there; return: main returns; handler: main returns, and a handler of
 * atexit sends one more), number of messages. */
#include "common.h"

#include <pthread.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int upgraded = 0, complete = 0, messages, sent = 0;
static const char *how;
static HINTERNET websocket;

static void set(int *flag)
{
    pthread_mutex_lock(&lock);
    *flag = 1;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}

static void wait_for(int *flag)
{
    pthread_mutex_lock(&lock);
    while (!*flag)
        pthread_cond_wait(&changed, &lock);
    pthread_mutex_unlock(&lock);
}

static void send_next(void)
{
    static char text[20][20];
    int length = snprintf(text[sent], sizeof text[sent], "message %d", sent);
    DWORD type = WINHTTP_WEB_SOCKET_UTF8_MESSAGE_BUFFER_TYPE;
    CHECK(WinHttpWebSocketSend(websocket, type, text[sent++], (DWORD)length) == 0);
}

static void in_handler(void)
{
    send_next();
}

static void CALLBACK notified(
    HINTERNET handle, DWORD_PTR context, DWORD status, LPVOID information, DWORD length)
{
    (void)context, (void)information, (void)length;
    if (status == WINHTTP_CALLBACK_STATUS_SENDREQUEST_COMPLETE)
        CHECK(WinHttpReceiveResponse(handle, NULL));
    if (status == WINHTTP_CALLBACK_STATUS_HEADERS_AVAILABLE) {
        websocket = WinHttpWebSocketCompleteUpgrade(handle, 0);
        CHECK(websocket != NULL);
        set(&upgraded);
    }
    if (status != WINHTTP_CALLBACK_STATUS_WRITE_COMPLETE || complete)
        return;
    if (sent < messages) {
        send_next();
    } else if (strcmp(how, "callback") == 0) {
        exit(0);
    } else {
        set(&complete);
    }
}

int main(int argc, char **argv)
{
    CHECK(argc == 5);
    how = argv[3];
    messages = atoi(argv[4]);
    DWORD flags = strcmp(argv[2], "tls") == 0 ? WINHTTP_FLAG_SECURE : 0;
    if (strcmp(how, "handler") == 0)
        CHECK(atexit(in_handler) == 0);
    HINTERNET session
        = WinHttpOpen(L"exit", WINHTTP_ACCESS_TYPE_NO_PROXY, NULL, NULL, WINHTTP_FLAG_ASYNC);
    CHECK(session != NULL);
    CHECK(WinHttpSetStatusCallback(session, notified, WINHTTP_CALLBACK_FLAG_ALL_NOTIFICATIONS, 0) == NULL);
    HINTERNET connect = WinHttpConnect(session, L"localhost", (INTERNET_PORT)atoi(argv[1]), 0);
    CHECK(connect != NULL);
    HINTERNET request = WinHttpOpenRequest(connect, NULL, L"/", NULL, NULL, NULL, flags);
    CHECK(request != NULL);
    CHECK(WinHttpSetOption(request, WINHTTP_OPTION_UPGRADE_TO_WEB_SOCKET, NULL, 0));
    CHECK(WinHttpSendRequest(request, NULL, 0, NULL, 0, 0, 0));
    wait_for(&upgraded);
    send_next();
    wait_for(&complete);
    return 0;
}
