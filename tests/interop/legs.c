/* What a request does by itself, against a server nobody here wrote:
 *
 *     legs URL sync|async METHOD [user=U] [password=P] [set=basic|digest] [body=B] [gzip] [times=N]
 *
 * Sends the request N times on one session, each time with a handle of its own, and prints a line "STATUS
 * URL LEGS BODY" for each: the URL as the library has it at the end, how many requests were sent, and the
 * body's first line; or "error NUMBER URL LEGS". user and password are options, or with set= given by
 * WinHttpSetCredentials before each send. With gzip the body must have come compressed. Async: the same
 * calls, each one's completion awaited. */
#define _GNU_SOURCE
#include <winhttp.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#define CHECK(condition)                                                                          \
    do {                                                                                          \
        if (!(condition)) {                                                                       \
            fprintf(stderr, "line %d: %s, error %u\n", __LINE__, #condition,                      \
                    (unsigned)GetLastError());                                                    \
            exit(1);                                                                              \
        }                                                                                         \
    } while (0)

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int asynchronous;
static unsigned legs;
static DWORD told, length, error;

static void CALLBACK notified(HINTERNET handle, DWORD_PTR context, DWORD status, LPVOID information, DWORD bytes)
{
    (void)handle;
    (void)context;
    pthread_mutex_lock(&lock);
    switch (status) {
    case WINHTTP_CALLBACK_STATUS_SENDING_REQUEST:
        legs++;
        break;
    case WINHTTP_CALLBACK_STATUS_REQUEST_ERROR:
        error = ((WINHTTP_ASYNC_RESULT *)information)->dwError;
        /* fall through */
    case WINHTTP_CALLBACK_STATUS_SENDREQUEST_COMPLETE:
    case WINHTTP_CALLBACK_STATUS_HEADERS_AVAILABLE:
    case WINHTTP_CALLBACK_STATUS_READ_COMPLETE:
        told = status;
        length = bytes;
        pthread_cond_signal(&changed);
        break;
    default:
        break;
    }
    pthread_mutex_unlock(&lock);
}

/* The error of a call, 0 if there is none; waits for the completion of one that was accepted. */
static DWORD end_of(BOOL accepted)
{
    DWORD ended;
    if (!accepted || !asynchronous)
        return accepted ? 0 : GetLastError();
    pthread_mutex_lock(&lock);
    while (!told)
        pthread_cond_wait(&changed, &lock);
    told = 0;
    ended = error;
    error = 0;
    pthread_mutex_unlock(&lock);
    return ended;
}

static WCHAR *wide(const char *text)
{
    size_t count = strlen(text) + 1, index;
    WCHAR *result = calloc(count, sizeof(WCHAR));
    CHECK(result);
    for (index = 0; index < count; index++)
        result[index] = (unsigned char)text[index];
    return result;
}

static const char *given(int argc, char **argv, const char *name)
{
    int index;
    for (index = 4; index < argc; index++)
        if (strncmp(argv[index], name, strlen(name)) == 0)
            return argv[index] + strlen(name);
    return NULL;
}

static void put(HINTERNET request, DWORD option, const char *value)
{
    WCHAR *text = wide(value);
    CHECK(WinHttpSetOption(request, option, text, (DWORD)wcslen(text)));
    free(text);
}

/* What came of the body was much less than it is. */
static void check_compression(HINTERNET request, DWORD bytes)
{
    WINHTTP_REQUEST_STATS stats;
    DWORD size = sizeof(stats);
    memset(&stats, 0, sizeof(stats));
    stats.cStats = sizeof(stats.rgullStats) / sizeof(stats.rgullStats[0]);
    CHECK(WinHttpQueryOption(request, WINHTTP_OPTION_REQUEST_STATS, &stats, &size));
    CHECK(stats.rgullStats[WinHttpResponseBodySize] == bytes);
    CHECK(stats.rgullStats[WinHttpResponseBodyCompressedSize] > 0);
    CHECK(stats.rgullStats[WinHttpResponseBodyCompressedSize] * 10 < bytes);
}

static void print_url(HINTERNET request)
{
    WCHAR url[2048];
    DWORD size = sizeof(url), index;
    CHECK(WinHttpQueryOption(request, WINHTTP_OPTION_URL, url, &size));
    for (index = 0; url[index]; index++)
        putchar((int)url[index]);
}

int main(int argc, char **argv)
{
    URL_COMPONENTS parts;
    WCHAR host[256], path[1024], *url, *method, *user = NULL, *password = NULL;
    const char *body, *set, *times;
    HINTERNET session, connect;
    unsigned count;

    CHECK(argc >= 4);
    asynchronous = strcmp(argv[2], "async") == 0;
    memset(&parts, 0, sizeof(parts));
    parts.dwStructSize = sizeof(parts);
    parts.lpszHostName = host;
    parts.dwHostNameLength = 256;
    parts.lpszUrlPath = path;
    parts.dwUrlPathLength = 1024;
    url = wide(argv[1]);
    method = wide(argv[3]);
    CHECK(WinHttpCrackUrl(url, 0, 0, &parts));
    body = given(argc, argv, "body=");
    set = given(argc, argv, "set=");
    times = given(argc, argv, "times=");
    if (set) {
        user = wide(given(argc, argv, "user="));
        password = wide(given(argc, argv, "password="));
    }

    session = WinHttpOpen(L"legs", WINHTTP_ACCESS_TYPE_NO_PROXY, NULL, NULL, asynchronous ? WINHTTP_FLAG_ASYNC : 0);
    CHECK(session);
    CHECK(WinHttpSetStatusCallback(session, notified, WINHTTP_CALLBACK_FLAG_ALL_NOTIFICATIONS, 0)
          != WINHTTP_INVALID_STATUS_CALLBACK);
    connect = WinHttpConnect(session, host, parts.nPort, 0);
    CHECK(connect);
    for (count = times ? (unsigned)atoi(times) : 1; count > 0; count--) {
        char text[4096];
        DWORD status = 0, size = sizeof(status), total = 0, flags = 0, sent = body ? (DWORD)strlen(body) : 0;
        DWORD failure;
        HINTERNET request;
        if (parts.nScheme == INTERNET_SCHEME_HTTPS)
            flags = WINHTTP_FLAG_SECURE;
        request = WinHttpOpenRequest(connect, method, path, NULL, NULL, NULL, flags);
        CHECK(request);
        if (set) {
            DWORD scheme = strcmp(set, "basic") == 0 ? WINHTTP_AUTH_SCHEME_BASIC : WINHTTP_AUTH_SCHEME_DIGEST;
            CHECK(WinHttpSetCredentials(request, WINHTTP_AUTH_TARGET_SERVER, scheme, user, password, NULL));
        } else if (given(argc, argv, "user=")) {
            put(request, WINHTTP_OPTION_USERNAME, given(argc, argv, "user="));
            put(request, WINHTTP_OPTION_PASSWORD, given(argc, argv, "password="));
        }
        if (given(argc, argv, "gzip")) {
            DWORD all = WINHTTP_DECOMPRESSION_FLAG_ALL;
            CHECK(WinHttpSetOption(request, WINHTTP_OPTION_DECOMPRESSION, &all, sizeof(all)));
        }
        legs = 0;
        CHECK(end_of(WinHttpSendRequest(request, NULL, 0, (void *)(uintptr_t)body, sent, sent, 0)) == 0);
        failure = end_of(WinHttpReceiveResponse(request, NULL));
        if (failure) {
            printf("error %u ", (unsigned)failure);
            print_url(request);
            printf(" %u\n", legs);
            CHECK(WinHttpCloseHandle(request));
            continue;
        }
        CHECK(WinHttpQueryHeaders(request, WINHTTP_QUERY_STATUS_CODE | WINHTTP_QUERY_FLAG_NUMBER, NULL, &status,
                                  &size, NULL));
        do {
            CHECK(end_of(WinHttpReadData(request, text + total, (DWORD)sizeof(text) - 1 - total,
                                         asynchronous ? NULL : &length))
                  == 0);
            total += length;
        } while (length > 0 && total < sizeof(text) - 1);
        if (given(argc, argv, "gzip"))
            check_compression(request, total);
        text[total] = 0;
        text[strcspn(text, "\r\n")] = 0;
        printf("%u ", (unsigned)status);
        print_url(request);
        printf(" %u %s\n", legs, text);
        CHECK(WinHttpCloseHandle(request));
    }
    CHECK(WinHttpCloseHandle(connect));
    CHECK(WinHttpCloseHandle(session));
    return 0;
}
