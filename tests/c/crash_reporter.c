/* A crash reporter: a thread posts a report of many pieces through a proxy that asks who it is; the user may cancel, which
 * closes the request under the thread. Arguments: proxy, URL, case (post, cancel). */
#include "proxied.h"

#include <pthread.h>

#define PIECE 1000
#define PIECES 90

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int waits = 0;
static char report[PIECE * PIECES];
static struct exchange opened;

/* The answer is waited for: nothing comes before it is there. */
static void CALLBACK notified(
    HINTERNET handle, DWORD_PTR context, DWORD status, LPVOID information, DWORD length)
{
    (void)handle, (void)context, (void)information, (void)length;
    if (status != WINHTTP_CALLBACK_STATUS_RECEIVING_RESPONSE)
        return;
    pthread_mutex_lock(&lock);
    waits = 1;
    pthread_cond_signal(&changed);
    pthread_mutex_unlock(&lock);
}

static int posted(void)
{
    if (!WinHttpSendRequest(opened.request, L"Content-Type: application/octet-stream", (DWORD)-1,
            WINHTTP_NO_REQUEST_DATA, 0, sizeof report, 0))
        return 0;
    for (int piece = 0; piece < PIECES; piece++) {
        DWORD written = 0;
        if (!WinHttpWriteData(opened.request, report + piece * PIECE, PIECE, &written))
            return 0;
        CHECK(written == PIECE);
    }
    return WinHttpReceiveResponse(opened.request, NULL);
}

static void *upload(void *unused_argument)
{
    (void)unused_argument;
    for (int tries = 0; tries < 5; tries++) {
        if (!posted()) {
            unsigned error = (unsigned)GetLastError();
            printf("error %u\n", error);
            if (error == ERROR_WINHTTP_RESEND_REQUEST)
                continue;
            return NULL;
        }
        if (status_of(opened.request) != HTTP_STATUS_PROXY_AUTH_REQ)
            break;
        DWORD supported = 0, first = 0, target = 0;
        CHECK(WinHttpQueryAuthSchemes(opened.request, &supported, &first, &target));
        printf("asked for %u\n", (unsigned)supported);
        CHECK(target == WINHTTP_AUTH_TARGET_PROXY);
        CHECK(WinHttpSetCredentials(opened.request, target, first, L"proxyuser", L"proxypass", NULL));
    }
    print_answer(opened.request);
    return NULL;
}

int main(int argc, char **argv)
{
    WCHAR proxy[TEXT_MAX], url[TEXT_MAX];
    CHECK(argc == 4);
    for (size_t index = 0; index < sizeof report; index++)
        report[index] = (char)('a' + (index + index / PIECE) % 26);
    HINTERNET session = WinHttpOpen(
        L"crash reporter", WINHTTP_ACCESS_TYPE_NAMED_PROXY, wide(proxy, argv[1]), WINHTTP_NO_PROXY_BYPASS, 0);
    CHECK(session != NULL);
    CHECK(WinHttpSetStatusCallback(session, notified, WINHTTP_CALLBACK_FLAG_ALL_NOTIFICATIONS, 0)
        != WINHTTP_INVALID_STATUS_CALLBACK);
    opened = open_url(session, L"POST", wide(url, argv[2]));
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, upload, NULL) == 0);
    if (strcmp(argv[3], "cancel") == 0) {
        pthread_mutex_lock(&lock);
        while (!waits)
            pthread_cond_wait(&changed, &lock);
        pthread_mutex_unlock(&lock);
        CHECK(WinHttpCloseHandle(opened.request));
        CHECK(pthread_join(thread, NULL) == 0);
        CHECK(WinHttpCloseHandle(opened.connect));
    } else {
        CHECK(pthread_join(thread, NULL) == 0);
        close_exchange(opened);
    }
    CHECK(WinHttpCloseHandle(session));
    return 0;
}
