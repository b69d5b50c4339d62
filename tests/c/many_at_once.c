/* Asynchronous requests, all sent before the first is answered, each closed by its own callback.
   Arguments: host, port, path, how many, how many connections at the most (0: no limit). */
#include "common.h"

#include <pthread.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static unsigned closed, answered;

struct transfer {
    char body[64];
    DWORD read;
    int failed;
};

static void read_next(HINTERNET request, struct transfer *transfer)
{
    DWORD room = (DWORD)sizeof transfer->body - transfer->read;
    CHECK(room > 0);
    CHECK(WinHttpReadData(request, transfer->body + transfer->read, room, NULL));
}

static void count(const struct transfer *transfer)
{
    pthread_mutex_lock(&lock);
    closed++;
    answered += !transfer->failed && transfer->read == 5 && memcmp(transfer->body, "hello", 5) == 0;
    pthread_cond_signal(&changed);
    pthread_mutex_unlock(&lock);
}

static void CALLBACK notified(
    HINTERNET handle, DWORD_PTR context, DWORD status, LPVOID information, DWORD length)
{
    struct transfer *transfer = (struct transfer *)context;
    switch (status) {
    case WINHTTP_CALLBACK_STATUS_SENDREQUEST_COMPLETE:
        CHECK(WinHttpReceiveResponse(handle, NULL));
        break;
    case WINHTTP_CALLBACK_STATUS_HEADERS_AVAILABLE:
        read_next(handle, transfer);
        break;
    case WINHTTP_CALLBACK_STATUS_READ_COMPLETE:
        transfer->read += length;
        if (length > 0)
            read_next(handle, transfer);
        else
            CHECK(WinHttpCloseHandle(handle));
        break;
    case WINHTTP_CALLBACK_STATUS_REQUEST_ERROR:
        printf("error %u\n", (unsigned)((const WINHTTP_ASYNC_RESULT *)information)->dwError);
        transfer->failed = 1;
        CHECK(WinHttpCloseHandle(handle));
        break;
    case WINHTTP_CALLBACK_STATUS_HANDLE_CLOSING:
        if (transfer != NULL)
            count(transfer);
        break;
    default:
        break;
    }
}

int main(int argc, char **argv)
{
    WCHAR host[TEXT_MAX], path[TEXT_MAX];
    CHECK(argc == 6);
    unsigned many = (unsigned)atoi(argv[4]);
    struct transfer *transfers = calloc(many, sizeof *transfers);
    CHECK(transfers != NULL);
    HINTERNET session
        = WinHttpOpen(NULL, WINHTTP_ACCESS_TYPE_NO_PROXY, NULL, NULL, WINHTTP_FLAG_ASYNC);
    /* Where the system answers with SYN cookies, a request whose connection did not fit comes again after 0.2, 0.4,
       … 25.6 seconds. */
    CHECK(WinHttpSetTimeouts(session, 0, 60000, 120000, 120000));
    CHECK(session != NULL);
    DWORD limit = (DWORD)atoi(argv[5]);
    if (limit > 0)
        CHECK(WinHttpSetOption(session, WINHTTP_OPTION_MAX_CONNS_PER_SERVER, &limit, sizeof limit));
    CHECK(WinHttpSetStatusCallback(session, notified, WINHTTP_CALLBACK_FLAG_ALL_NOTIFICATIONS, 0)
        != WINHTTP_INVALID_STATUS_CALLBACK);
    HINTERNET connect = WinHttpConnect(session, wide(host, argv[1]), (INTERNET_PORT)atoi(argv[2]), 0);
    CHECK(connect != NULL);
    wide(path, argv[3]);
    for (unsigned index = 0; index < many; index++) {
        HINTERNET request = WinHttpOpenRequest(connect, L"GET", path, NULL, NULL, NULL, 0);
        CHECK(request != NULL);
        CHECK(WinHttpSendRequest(request, NULL, 0, NULL, 0, 0, (DWORD_PTR)&transfers[index]));
    }
    pthread_mutex_lock(&lock);
    while (closed < many)
        pthread_cond_wait(&changed, &lock);
    printf("%u of %u answered\n", answered, many);
    pthread_mutex_unlock(&lock);
    CHECK(WinHttpCloseHandle(connect) && WinHttpCloseHandle(session));
    return 0;
}
