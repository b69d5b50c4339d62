/* A program that has an Authorization field of its own, and takes it off where a redirect leads
   elsewhere. Arguments: host, port, path, sync or async. */
#include "await.h"

static struct awaited awaited = AWAITED_INITIAL;

/* 0, or the error of a call inside the callback. */
static unsigned error_of(BOOL called)
{
    return called ? 0 : (unsigned)GetLastError();
}

static unsigned query(HINTERNET request)
{
    WCHAR value[TEXT_MAX];
    DWORD size = sizeof value;
    return error_of(WinHttpQueryHeaders(request,
        WINHTTP_QUERY_AUTHORIZATION | WINHTTP_QUERY_FLAG_REQUEST_HEADERS,
        WINHTTP_HEADER_NAME_BY_INDEX, value, &size, WINHTTP_NO_HEADER_INDEX));
}

static void CALLBACK notified(
    HINTERNET handle, DWORD_PTR context, DWORD status, LPVOID information, DWORD length)
{
    (void)context;
    if (status == WINHTTP_CALLBACK_STATUS_REDIRECT) {
        unsigned before = query(handle);
        unsigned removal = error_of(WinHttpAddRequestHeaders(
            handle, L"Authorization:", (DWORD)-1, WINHTTP_ADDREQ_FLAG_REPLACE));
        CHECK(removal == 0 || removal == ERROR_WINHTTP_HEADER_NOT_FOUND);
        printf("found: %u, removed: %u, found: %u\n", before, removal, query(handle));
    }
    await_notified(&awaited, status, information, length);
}

int main(int argc, char **argv)
{
    WCHAR host[TEXT_MAX], path[TEXT_MAX];
    char body[TEXT_MAX];
    CHECK(argc == 5);
    HINTERNET session = await_open(argv[4], notified);
    HINTERNET connect = WinHttpConnect(session, wide(host, argv[1]), (INTERNET_PORT)atoi(argv[2]), 0);
    CHECK(connect != NULL);
    HINTERNET request
        = WinHttpOpenRequest(connect, L"GET", wide(path, argv[3]), NULL, NULL, NULL, 0);
    CHECK(request != NULL);
    CHECK(WinHttpAddRequestHeaders(
        request, L"Authorization: Bearer s3cret\r\n", (DWORD)-1, WINHTTP_ADDREQ_FLAG_ADD));
    CHECK(await_end(&awaited, WinHttpSendRequest(request, NULL, 0, NULL, 0, 0, 0)) == 0);
    CHECK(await_end(&awaited, WinHttpReceiveResponse(request, NULL)) == 0);
    DWORD status = status_of(request);
    await_body(&awaited, request, body, sizeof body);
    printf("%u %s\n", (unsigned)status, body);
    CHECK(WinHttpCloseHandle(request) && WinHttpCloseHandle(connect) && WinHttpCloseHandle(session));
    return 0;
}
