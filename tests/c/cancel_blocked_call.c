/* A program that gives up: a thread waits in a synchronous call, and another closes connect, session
   and request, as a destructor does that knows nothing of the call. Arguments: host, port, path. */
#include "common.h"

#include <pthread.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int waiting;

/* The last notification before the thread waits. */
static void CALLBACK notified(
    HINTERNET handle, DWORD_PTR context, DWORD status, LPVOID information, DWORD length)
{
    (void)handle, (void)context, (void)information, (void)length;
    if (status != WINHTTP_CALLBACK_STATUS_RECEIVING_RESPONSE)
        return;
    pthread_mutex_lock(&lock);
    waiting = 1;
    pthread_cond_signal(&changed);
    pthread_mutex_unlock(&lock);
}

static void *call(void *request)
{
    CHECK(WinHttpSendRequest(request, NULL, 0, NULL, 0, 0, 0));
    BOOL received = WinHttpReceiveResponse(request, NULL);
    printf("receive: %d, error %u\n", (int)received, (unsigned)GetLastError());
    return NULL;
}

int main(int argc, char **argv)
{
    WCHAR host[TEXT_MAX], path[TEXT_MAX];
    CHECK(argc == 4);
    for (int round = 0; round < 50; round++) {
        pthread_t thread;
        HINTERNET session = WinHttpOpen(NULL, WINHTTP_ACCESS_TYPE_NO_PROXY, NULL, NULL, 0);
        CHECK(session != NULL);
        CHECK(WinHttpSetStatusCallback(session, notified, WINHTTP_CALLBACK_FLAG_ALL_NOTIFICATIONS, 0)
            != WINHTTP_INVALID_STATUS_CALLBACK);
        HINTERNET connect
            = WinHttpConnect(session, wide(host, argv[1]), (INTERNET_PORT)atoi(argv[2]), 0);
        CHECK(connect != NULL);
        HINTERNET request
            = WinHttpOpenRequest(connect, L"GET", wide(path, argv[3]), NULL, NULL, NULL, 0);
        CHECK(request != NULL);
        waiting = 0;
        CHECK(pthread_create(&thread, NULL, call, request) == 0);
        pthread_mutex_lock(&lock);
        while (!waiting)
            pthread_cond_wait(&changed, &lock);
        pthread_mutex_unlock(&lock);
        CHECK(WinHttpCloseHandle(connect));
        CHECK(WinHttpCloseHandle(session));
        CHECK(WinHttpCloseHandle(request));
        CHECK(pthread_join(thread, NULL) == 0);
    }
    return 0;
}
