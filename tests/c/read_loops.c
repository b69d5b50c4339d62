/* A GET as large programs write it: no headers added by an empty text, the raw headers with a guess
 * of their size and a second try, the body by QueryDataAvailable and ReadData of one byte more than
 * is there. Arguments: host, port, path. */
#include "common.h"

/* All headers, in memory of the size that the library asks for. */
static WCHAR *raw_headers(HINTERNET request, DWORD guess, int *tries)
{
    DWORD size = guess;
    WCHAR *text = malloc(size + sizeof(WCHAR));
    for (*tries = 1; text != NULL; ++*tries) {
        if (WinHttpQueryHeaders(request, WINHTTP_QUERY_RAW_HEADERS_CRLF, WINHTTP_HEADER_NAME_BY_INDEX,
                text, &size, WINHTTP_NO_HEADER_INDEX))
            break;
        CHECK(GetLastError() == ERROR_INSUFFICIENT_BUFFER && *tries == 1);
        free(text);
        text = malloc(size);
    }
    CHECK(text != NULL);
    return text;
}

/* The whole body, and how many bytes it has. */
static char *body(HINTERNET request, size_t *length)
{
    char *all = NULL;
    *length = 0;
    for (;;) {
        DWORD available = 0, read = 0;
        CHECK(WinHttpQueryDataAvailable(request, &available));
        char *larger = realloc(all, *length + available + 1);
        CHECK(larger != NULL);
        all = larger;
        /* Also when nothing is announced: only a read of 0 bytes is the end. */
        CHECK(WinHttpReadData(request, all + *length, available + 1, &read));
        if (read == 0)
            break;
        *length += read;
    }
    all[*length] = 0;
    return all;
}

int main(int argc, char **argv)
{
    WCHAR host[TEXT_MAX], path[TEXT_MAX], reason[TEXT_MAX];
    char shown[TEXT_MAX];
    CHECK(argc == 4);
    HINTERNET session = WinHttpOpen(NULL, WINHTTP_ACCESS_TYPE_NO_PROXY, NULL, NULL, 0);
    CHECK(session != NULL);
    HINTERNET connect = WinHttpConnect(session, wide(host, argv[1]), (INTERNET_PORT)atoi(argv[2]), 0);
    CHECK(connect != NULL);
    for (int turn = 0; turn < 2; turn++) {
        HINTERNET request = WinHttpOpenRequest(
            connect, L"get", wide(path, argv[3]), NULL, WINHTTP_NO_REFERER, WINHTTP_DEFAULT_ACCEPT_TYPES, 0);
        CHECK(request != NULL);
        CHECK(WinHttpAddRequestHeaders(request, L"", 0, WINHTTP_ADDREQ_FLAG_ADD));
        CHECK(WinHttpSendRequest(request, WINHTTP_NO_ADDITIONAL_HEADERS, 0, WINHTTP_NO_REQUEST_DATA, 0, 0, 0));
        CHECK(WinHttpReceiveResponse(request, NULL));

        DWORD status = 0, size = sizeof status;
        CHECK(WinHttpQueryHeaders(request, WINHTTP_QUERY_STATUS_CODE | WINHTTP_QUERY_FLAG_NUMBER,
            WINHTTP_HEADER_NAME_BY_INDEX, &status, &size, WINHTTP_NO_HEADER_INDEX));
        size = sizeof reason;
        CHECK(WinHttpQueryHeaders(request, WINHTTP_QUERY_STATUS_TEXT, NULL, reason, &size, NULL));
        int tries = 0;
        WCHAR *headers = raw_headers(request, turn == 0 ? 16 : 4096, &tries);
        WCHAR *line_end = headers;
        while (*line_end != '\r')
            line_end++;
        *line_end = 0;
        size_t length = 0;
        char *data = body(request, &length);
        printf("%u %s", (unsigned)status, narrow(shown, reason));
        printf(", %s in %d tries, %u bytes\n", narrow(shown, headers), tries, (unsigned)length);
        free(data);
        free(headers);

        size = sizeof reason;
        BOOL found = WinHttpQueryHeaders(request, WINHTTP_QUERY_CONTENT_ENCODING, NULL, reason, &size, NULL);
        CHECK(!found && GetLastError() == ERROR_WINHTTP_HEADER_NOT_FOUND);
        CHECK(WinHttpCloseHandle(request));
    }
    CHECK(WinHttpCloseHandle(connect) && WinHttpCloseHandle(session));
    printf("last error %u\n", (unsigned)GetLastError());
    return 0;
}
