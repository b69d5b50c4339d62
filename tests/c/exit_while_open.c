/* Ends with everything open and receives pending on other threads. Arguments: host, port, path, and how to end: return,
 * exit or callback. */
#include "common.h"

#include <pthread.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int upgraded = 0;
static int end_in_callback = 0;
static char buffer[4096];

static void CALLBACK notified(
    HINTERNET handle, DWORD_PTR context, DWORD status, LPVOID information, DWORD length)
{
    (void)context, (void)information, (void)length;
    if (status == WINHTTP_CALLBACK_STATUS_SENDREQUEST_COMPLETE) {
        CHECK(WinHttpReceiveResponse(handle, NULL));
    } else if (status == WINHTTP_CALLBACK_STATUS_HEADERS_AVAILABLE) {
        HINTERNET socket = WinHttpWebSocketCompleteUpgrade(handle, 0);
        CHECK(socket != NULL);
        CHECK(!WinHttpWebSocketReceive(socket, buffer, sizeof buffer, NULL, NULL));
        if (end_in_callback) {
            printf("ending inside a callback\n");
            exit(0);
        }
        pthread_mutex_lock(&lock);
        upgraded = 1;
        pthread_cond_signal(&changed);
        pthread_mutex_unlock(&lock);
    }
}

int main(int argc, char **argv)
{
    WCHAR host[TEXT_MAX], path[TEXT_MAX];
    CHECK(argc == 5);
    end_in_callback = strcmp(argv[4], "callback") == 0;
    HINTERNET session =
        WinHttpOpen(L"exit", WINHTTP_ACCESS_TYPE_NO_PROXY, NULL, NULL, WINHTTP_FLAG_ASYNC);
    CHECK(session != NULL);
    CHECK(WinHttpSetStatusCallback(session, notified, WINHTTP_CALLBACK_FLAG_ALL_COMPLETIONS, 0) == NULL);
    HINTERNET connect = WinHttpConnect(session, wide(host, argv[1]), (INTERNET_PORT)atoi(argv[2]), 0);
    CHECK(connect != NULL);
    HINTERNET request = WinHttpOpenRequest(connect, NULL, wide(path, argv[3]), NULL, NULL, NULL, 0);
    CHECK(request != NULL);
    CHECK(WinHttpSetOption(request, WINHTTP_OPTION_UPGRADE_TO_WEB_SOCKET, NULL, 0));
    CHECK(WinHttpSendRequest(request, NULL, 0, NULL, 0, 0, 0));
    pthread_mutex_lock(&lock);
    while (!upgraded)
        pthread_cond_wait(&changed, &lock);
    pthread_mutex_unlock(&lock);
    printf("ending with a receive pending\n");
    if (strcmp(argv[4], "exit") == 0)
        exit(0);
    return 0;
}
