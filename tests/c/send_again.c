/* One request handle that is sent again and again, as programs do that poll: read to the end, read in
   part, or not at all. Arguments: host, port, path. */
#include "common.h"

int main(int argc, char **argv)
{
    WCHAR host[TEXT_MAX], path[TEXT_MAX];
    unsigned right = 0;
    CHECK(argc == 4);
    HINTERNET session = WinHttpOpen(NULL, WINHTTP_ACCESS_TYPE_NO_PROXY, NULL, NULL, 0);
    CHECK(session != NULL);
    HINTERNET connect = WinHttpConnect(session, wide(host, argv[1]), (INTERNET_PORT)atoi(argv[2]), 0);
    CHECK(connect != NULL);
    HINTERNET request
        = WinHttpOpenRequest(connect, L"GET", wide(path, argv[3]), NULL, NULL, NULL, 0);
    CHECK(request != NULL);
    for (unsigned round = 0; round < 300; round++) {
        char body[8];
        DWORD read = 0, total = 0, status = 0, size = sizeof status;
        DWORD wanted = round % 3 == 0 ? 5 : round % 3 == 1 ? 2 : 0;
        CHECK(WinHttpSendRequest(request, NULL, 0, NULL, 0, 0, 0));
        CHECK(WinHttpReceiveResponse(request, NULL));
        CHECK(WinHttpQueryHeaders(request, WINHTTP_QUERY_STATUS_CODE | WINHTTP_QUERY_FLAG_NUMBER,
            WINHTTP_HEADER_NAME_BY_INDEX, &status, &size, WINHTTP_NO_HEADER_INDEX));
        while (total < wanted) {
            CHECK(WinHttpReadData(request, body + total, wanted - total, &read));
            CHECK(read > 0);
            total += read;
        }
        if (wanted == 5) {
            CHECK(WinHttpReadData(request, body + total, 1, &read));
            CHECK(read == 0);
        }
        right += status == 200 && memcmp(body, "hello", total) == 0;
    }
    printf("%u right\n", right);
    CHECK(WinHttpCloseHandle(request) && WinHttpCloseHandle(connect) && WinHttpCloseHandle(session));
    return 0;
}
