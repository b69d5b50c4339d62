/* What a request does by itself, against a server nobody here wrote:
 *
 *     legs URL sync|async METHOD [user=U] [password=P] [set=basic|digest] [body=B] [gzip] [times=N]
 *
 * Sends the request N times on one session, each time with a handle of its own, and prints a line "STATUS
 * URL LEGS BODY" for each: the URL as the library has it at the end, how many requests were sent, and the
 * body's first line; or "error NUMBER URL LEGS". user and password are options, or with set= given by
 * WinHttpSetCredentials before each send. With gzip the body must have come compressed. Async: the same
 * calls, each one's completion awaited. */
#include "program.h"

static struct awaited awaited = AWAITED_INITIAL;

static unsigned legs;

static void CALLBACK notified(HINTERNET handle, DWORD_PTR context, DWORD status, LPVOID information, DWORD bytes)
{
    (void)handle;
    (void)context;
    legs += status == WINHTTP_CALLBACK_STATUS_SENDING_REQUEST;
    await_notified(&awaited, status, information, bytes);
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

int main(int argc, char **argv)
{
    URL_COMPONENTS parts;
    WCHAR host[256], path[1024], url[TEXT_MAX], method[TEXT_MAX], user[TEXT_MAX], password[TEXT_MAX];
    const char *body, *set, *times;
    HINTERNET session, connect;
    unsigned count;

    CHECK(argc >= 4);
    memset(&parts, 0, sizeof(parts));
    parts.dwStructSize = sizeof(parts);
    parts.lpszHostName = host;
    parts.dwHostNameLength = 256;
    parts.lpszUrlPath = path;
    parts.dwUrlPathLength = 1024;
    wide(method, argv[3]);
    CHECK(WinHttpCrackUrl(wide(url, argv[1]), 0, 0, &parts));
    body = given(argc, argv, "body=");
    set = given(argc, argv, "set=");
    times = given(argc, argv, "times=");
    if (set) {
        wide(user, given(argc, argv, "user="));
        wide(password, given(argc, argv, "password="));
    }

    session = await_open(argv[2], notified);
    connect = WinHttpConnect(session, host, parts.nPort, 0);
    CHECK(connect);
    for (count = times ? (unsigned)atoi(times) : 1; count > 0; count--) {
        char text[4096];
        DWORD status, total, flags = 0, sent = body ? (DWORD)strlen(body) : 0;
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
        CHECK(await_end(&awaited, WinHttpSendRequest(request, NULL, 0, (void *)(uintptr_t)body, sent, sent, 0)) == 0);
        failure = await_end(&awaited, WinHttpReceiveResponse(request, NULL));
        if (failure) {
            printf("error %u ", (unsigned)failure);
            print_url(request);
            printf(" %u\n", legs);
            CHECK(WinHttpCloseHandle(request));
            continue;
        }
        status = status_of(request);
        total = await_body(&awaited, request, text, sizeof(text));
        if (given(argc, argv, "gzip"))
            check_compression(request, total);
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
