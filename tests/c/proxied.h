/* What the programs that deal with proxies share: requests by URL, and answers of which every byte is looked at. */
#ifndef WINHTTP_TESTS_PROXIED_H
#define WINHTTP_TESTS_PROXIED_H

#include "common.h"

/* The longest answer that a program takes. */
#define ANSWER_MAX 65536

struct exchange {
    HINTERNET connect, request;
};

/* A request for a URL. Any certificate will do: the servers here have none that anybody vouches for. */
static inline struct exchange open_url(HINTERNET session, const WCHAR *verb, const WCHAR *url)
{
    WCHAR host[TEXT_MAX], path[TEXT_MAX];
    URL_COMPONENTS parts;
    memset(&parts, 0, sizeof parts);
    parts.dwStructSize = sizeof parts;
    parts.lpszHostName = host;
    parts.dwHostNameLength = TEXT_MAX;
    parts.lpszUrlPath = path;
    parts.dwUrlPathLength = TEXT_MAX;
    CHECK(WinHttpCrackUrl(url, 0, 0, &parts));
    int secure = parts.nScheme == INTERNET_SCHEME_HTTPS;
    struct exchange opened;
    opened.connect = WinHttpConnect(session, host, parts.nPort, 0);
    CHECK(opened.connect != NULL);
    opened.request = WinHttpOpenRequest(opened.connect, verb, path, NULL, WINHTTP_NO_REFERER,
        WINHTTP_DEFAULT_ACCEPT_TYPES, secure ? WINHTTP_FLAG_SECURE : 0);
    CHECK(opened.request != NULL);
    DWORD ignored = SECURITY_FLAG_IGNORE_UNKNOWN_CA | SECURITY_FLAG_IGNORE_CERT_CN_INVALID;
    if (secure)
        CHECK(WinHttpSetOption(opened.request, WINHTTP_OPTION_SECURITY_FLAGS, &ignored, sizeof ignored));
    return opened;
}

static inline void close_exchange(struct exchange opened)
{
    CHECK(WinHttpCloseHandle(opened.request) && WinHttpCloseHandle(opened.connect));
}

/* Reads the answer to its end: its length, and the bytes with a terminator. */
static inline DWORD read_all(HINTERNET request, char answer[ANSWER_MAX + 1])
{
    DWORD length = 0, available, read;
    do {
        available = 0;
        CHECK(WinHttpQueryDataAvailable(request, &available));
        CHECK(available <= ANSWER_MAX - length);
        read = 0;
        if (available != 0)
            CHECK(WinHttpReadData(request, answer + length, available, &read) && read <= available);
        length += read;
    } while (available != 0);
    answer[length] = 0;
    return length;
}

/* Prints the answer: its status, its length, and its bytes as they are. */
static inline void print_answer(HINTERNET request)
{
    static char answer[ANSWER_MAX + 1];
    DWORD length = read_all(request, answer);
    printf("%u, %u bytes: ", (unsigned)status_of(request), (unsigned)length);
    CHECK(fwrite(answer, 1, length, stdout) == length);
    printf("\n");
}

static inline int exchanged(HINTERNET request)
{
    return WinHttpSendRequest(request, WINHTTP_NO_ADDITIONAL_HEADERS, 0, WINHTTP_NO_REQUEST_DATA, 0, 0, 0)
        && WinHttpReceiveResponse(request, NULL);
}

/* Sends the request through these proxies, directly if there are none, and prints what came of it. */
static inline void fetch_through(HINTERNET session, const WCHAR *url, const WCHAR *proxy, const WCHAR *bypass)
{
    char text[TEXT_MAX];
    struct exchange opened = open_url(session, L"GET", url);
    WINHTTP_PROXY_INFO info;
    info.dwAccessType = proxy != NULL ? WINHTTP_ACCESS_TYPE_NAMED_PROXY : WINHTTP_ACCESS_TYPE_NO_PROXY;
    info.lpszProxy = (LPWSTR)proxy;
    info.lpszProxyBypass = (LPWSTR)bypass;
    CHECK(WinHttpSetOption(opened.request, WINHTTP_OPTION_PROXY, &info, sizeof info));
    printf("%s through %s: ", narrow(text, url), proxy != NULL ? "a proxy" : "none");
    if (exchanged(opened.request))
        print_answer(opened.request);
    else
        printf("error %u\n", (unsigned)GetLastError());
    close_exchange(opened);
}

#endif
