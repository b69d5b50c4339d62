/* A synchronous GET with every usual call. Arguments: host, port, path. */
#include "common.h"

int main(int argc, char **argv)
{
    WCHAR host[TEXT_MAX], path[TEXT_MAX], header[TEXT_MAX];
    char text[TEXT_MAX];
    CHECK(argc == 4);
    HINTERNET session = WinHttpOpen(L"C program", WINHTTP_ACCESS_TYPE_NO_PROXY, NULL, NULL, 0);
    CHECK(session != NULL);
    CHECK(WinHttpSetTimeouts(session, 0, 10000, 10000, 10000));
    HINTERNET connect = WinHttpConnect(session, wide(host, argv[1]), (INTERNET_PORT)atoi(argv[2]), 0);
    CHECK(connect != NULL);
    LPCWSTR accept[] = {L"text/plain", L"text/html", NULL};
    HINTERNET request = WinHttpOpenRequest(connect, NULL, wide(path, argv[3]), NULL, NULL, accept, 0);
    CHECK(request != NULL);
    CHECK(WinHttpAddRequestHeaders(request, L"X-C: caf\u00e9", (DWORD)-1, WINHTTP_ADDREQ_FLAG_ADD));
    CHECK(WinHttpSendRequest(request, L"X-More: 1", 0, NULL, 0, 0, 0));
    CHECK(WinHttpReceiveResponse(request, NULL));

    DWORD size = 0;
    BOOL known = WinHttpQueryHeaders(request, WINHTTP_QUERY_CUSTOM, L"X-Answer", NULL, &size, NULL);
    printf("size query: %d, error %u, %u characters\n", (int)known, (unsigned)GetLastError(),
        (unsigned)(size / sizeof(WCHAR)));
    CHECK(size <= sizeof header);
    CHECK(WinHttpQueryHeaders(request, WINHTTP_QUERY_CUSTOM, L"X-Answer", header, &size, NULL));
    printf("X-Answer: %s, %u characters\n", narrow(text, header), (unsigned)(size / sizeof(WCHAR)));

    WCHAR url[TEXT_MAX];
    size = sizeof url;
    CHECK(WinHttpQueryOption(request, WINHTTP_OPTION_URL, url, &size));
    URL_COMPONENTS parts;
    memset(&parts, 0, sizeof parts);
    parts.dwStructSize = sizeof parts;
    parts.dwHostNameLength = parts.dwUrlPathLength = (DWORD)-1;
    CHECK(WinHttpCrackUrl(url, 0, 0, &parts));
    printf("host of %u characters, scheme %d\n", (unsigned)parts.dwHostNameLength, (int)parts.nScheme);

    DWORD available = 0, total = 0;
    do {
        char piece[16];
        DWORD read = 0;
        CHECK(WinHttpQueryDataAvailable(request, &available));
        CHECK(WinHttpReadData(
            request, piece, available < sizeof piece ? available : (DWORD)sizeof piece, &read));
        total += read;
    } while (available > 0);
    printf("body of %u bytes\n", (unsigned)total);

    WINHTTP_REQUEST_TIMES times;
    size = sizeof times;
    times.cTimes = WinHttpRequestTimeMax;
    CHECK(WinHttpQueryOption(request, WINHTTP_OPTION_REQUEST_TIMES, &times, &size));
    CHECK(times.rgullTimes[WinHttpReceiveResponseEnd] >= times.rgullTimes[WinHttpSendRequestStart]);
    CHECK(times.rgullTimes[WinHttpSendRequestStart] != 0);
    CHECK(WinHttpCloseHandle(request) && WinHttpCloseHandle(connect) && WinHttpCloseHandle(session));
    printf("last error %u\n", (unsigned)GetLastError());
    return 0;
}
