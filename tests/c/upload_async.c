/* A chunked upload as programs write it that stream in both directions: the response is received
   before the body is written, and everything goes on from inside callbacks. Arguments: host, port,
   path. */
#include "common.h"

#include <pthread.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int over;

static const char *const pieces[] = {"one ", "two ", "three"};

/* What the two directions own: each is used by one callback after the other. */
struct upload {
    size_t next;
    int ended;
    DWORD read;
    char body[64];
};

static void finish(void)
{
    pthread_mutex_lock(&lock);
    over = 1;
    pthread_cond_signal(&changed);
    pthread_mutex_unlock(&lock);
}

static void write_next(HINTERNET request, struct upload *upload)
{
    if (upload->next < sizeof pieces / sizeof *pieces) {
        const char *piece = pieces[upload->next++];
        CHECK(WinHttpWriteData(request, piece, (DWORD)strlen(piece), NULL));
    } else if (!upload->ended) {
        upload->ended = 1;
        CHECK(WinHttpWriteData(request, NULL, 0, NULL));
    }
}

static void read_next(HINTERNET request, struct upload *upload)
{
    CHECK(upload->read < sizeof upload->body);
    CHECK(WinHttpReadData(
        request, upload->body + upload->read, (DWORD)sizeof upload->body - upload->read, NULL));
}

static void CALLBACK notified(
    HINTERNET handle, DWORD_PTR context, DWORD status, LPVOID information, DWORD length)
{
    struct upload *upload = (struct upload *)context;
    switch (status) {
    case WINHTTP_CALLBACK_STATUS_SENDREQUEST_COMPLETE:
        CHECK(WinHttpReceiveResponse(handle, NULL));
        write_next(handle, upload);
        break;
    case WINHTTP_CALLBACK_STATUS_WRITE_COMPLETE:
        write_next(handle, upload);
        break;
    case WINHTTP_CALLBACK_STATUS_HEADERS_AVAILABLE:
        read_next(handle, upload);
        break;
    case WINHTTP_CALLBACK_STATUS_READ_COMPLETE:
        upload->read += length;
        if (length > 0)
            read_next(handle, upload);
        else
            finish();
        break;
    case WINHTTP_CALLBACK_STATUS_REQUEST_ERROR: {
        const WINHTTP_ASYNC_RESULT *result = information;
        printf("call %u: error %u\n", (unsigned)result->dwResult, (unsigned)result->dwError);
        finish();
        break;
    }
    default:
        break;
    }
}

int main(int argc, char **argv)
{
    WCHAR host[TEXT_MAX], path[TEXT_MAX];
    struct upload upload;
    memset(&upload, 0, sizeof upload);
    CHECK(argc == 4);
    HINTERNET session =
        WinHttpOpen(NULL, WINHTTP_ACCESS_TYPE_NO_PROXY, NULL, NULL, WINHTTP_FLAG_ASYNC);
    CHECK(session != NULL);
    CHECK(WinHttpSetStatusCallback(session, notified, WINHTTP_CALLBACK_FLAG_ALL_COMPLETIONS, 0)
        != WINHTTP_INVALID_STATUS_CALLBACK);
    HINTERNET connect = WinHttpConnect(session, wide(host, argv[1]), (INTERNET_PORT)atoi(argv[2]), 0);
    CHECK(connect != NULL);
    HINTERNET request = WinHttpOpenRequest(connect, L"POST", wide(path, argv[3]), NULL, NULL, NULL,
        WINHTTP_FLAG_AUTOMATIC_CHUNKING);
    CHECK(request != NULL);
    CHECK(WinHttpSendRequest(
        request, NULL, 0, NULL, 0, WINHTTP_IGNORE_REQUEST_TOTAL_LENGTH, (DWORD_PTR)&upload));
    pthread_mutex_lock(&lock);
    while (!over)
        pthread_cond_wait(&changed, &lock);
    pthread_mutex_unlock(&lock);
    printf("%.*s\n", (int)upload.read, upload.body);
    CHECK(WinHttpCloseHandle(request) && WinHttpCloseHandle(connect) && WinHttpCloseHandle(session));
    return 0;
}
