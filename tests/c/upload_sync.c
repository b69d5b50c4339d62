/* Synchronous uploads as programs write them: a loop over pieces of announced length, a length of
   the program's own, chunks framed by hand, and chunks made by the library. Arguments: host, port,
   path. */
#include "common.h"

static HINTERNET open_post(HINTERNET connect, const WCHAR *path, DWORD flags)
{
    HINTERNET request = WinHttpOpenRequest(connect, L"POST", path, NULL, NULL, NULL, flags);
    CHECK(request != NULL);
    return request;
}

static void write_all(HINTERNET request, const void *data, DWORD length)
{
    DWORD written = 0;
    CHECK(WinHttpWriteData(request, data, length, &written));
    CHECK(written == length);
}

/* Receives the response, which is the body once more. */
static void print_answer(HINTERNET request, const char *what)
{
    static char piece[65536];
    DWORD read = 0, total = 0, sum = 0;
    CHECK(WinHttpReceiveResponse(request, NULL));
    do {
        CHECK(WinHttpReadData(request, piece, sizeof piece, &read));
        for (DWORD index = 0; index < read; index++)
            sum = sum * 31 + (unsigned char)piece[index];
        total += read;
    } while (read > 0);
    printf("%s: %u bytes, sum %u\n", what, (unsigned)total, (unsigned)sum);
    CHECK(WinHttpCloseHandle(request));
}

int main(int argc, char **argv)
{
    static char data[1 << 20];
    WCHAR host[TEXT_MAX], path[TEXT_MAX];
    CHECK(argc == 4);
    memset(data, 'x', sizeof data);
    HINTERNET session = WinHttpOpen(NULL, WINHTTP_ACCESS_TYPE_NO_PROXY, NULL, NULL, 0);
    CHECK(session != NULL);
    HINTERNET connect = WinHttpConnect(session, wide(host, argv[1]), (INTERNET_PORT)atoi(argv[2]), 0);
    CHECK(connect != NULL);
    wide(path, argv[3]);

    const DWORD total = 2 << 20;
    for (DWORD size = 64 * 1024; size <= sizeof data; size *= 4) {
        HINTERNET request = open_post(connect, path, 0);
        CHECK(WinHttpSendRequest(request, NULL, 0, NULL, 0, total, 0));
        for (DWORD sent = 0; sent < total; sent += size)
            write_all(request, data, size);
        print_answer(request, "announced");
    }

    HINTERNET request = open_post(connect, path, 0);
    CHECK(WinHttpSendRequest(request, L"Content-Length:11", (DWORD)-1, NULL, 0,
        WINHTTP_IGNORE_REQUEST_TOTAL_LENGTH, 0));
    write_all(request, "hello world", 11);
    print_answer(request, "own length");

    request = open_post(connect, path, 0);
    CHECK(WinHttpSendRequest(request, L"Transfer-Encoding: chunked\r\n", (DWORD)-1, NULL, 0,
        WINHTTP_IGNORE_REQUEST_TOTAL_LENGTH, 0));
    write_all(request, "b\r\n", 3);
    write_all(request, "hello world", 11);
    write_all(request, "\r\n", 2);
    write_all(request, "0\r\n\r\n", 5);
    print_answer(request, "own chunks");

    request = open_post(connect, path, WINHTTP_FLAG_AUTOMATIC_CHUNKING);
    CHECK(WinHttpSendRequest(request, NULL, 0, (void *)"hello ", 6,
        WINHTTP_IGNORE_REQUEST_TOTAL_LENGTH, 0));
    write_all(request, "world", 5);
    CHECK(WinHttpWriteData(request, NULL, 0, NULL));
    print_answer(request, "chunks");

    CHECK(WinHttpCloseHandle(connect) && WinHttpCloseHandle(session));
    return 0;
}
