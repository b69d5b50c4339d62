/* A program that writes its body, and sends all of it again as long as it is told to, but not for
   ever. Arguments: host, port, path, sync or async, password. */
#include "await.h"

static struct awaited awaited = AWAITED_INITIAL;

#define TRIES_MAX 10

static void CALLBACK notified(
    HINTERNET handle, DWORD_PTR context, DWORD status, LPVOID information, DWORD length)
{
    (void)handle, (void)context;
    await_notified(&awaited, status, information, length);
}

/* In two pieces. */
static void write_body(HINTERNET request)
{
    CHECK(await_end(&awaited, WinHttpWriteData(request, "bo", 2, NULL)) == 0);
    CHECK(await_end(&awaited, WinHttpWriteData(request, "dy", 2, NULL)) == 0);
}

int main(int argc, char **argv)
{
    WCHAR host[TEXT_MAX], path[TEXT_MAX], password[TEXT_MAX];
    char body[TEXT_MAX];
    CHECK(argc == 6);
    HINTERNET session = await_open(argv[4], notified);
    HINTERNET connect = WinHttpConnect(session, wide(host, argv[1]), (INTERNET_PORT)atoi(argv[2]), 0);
    CHECK(connect != NULL);
    HINTERNET request
        = WinHttpOpenRequest(connect, L"POST", wide(path, argv[3]), NULL, NULL, NULL, 0);
    CHECK(request != NULL);
    wide(password, argv[5]);
    DWORD error = ERROR_WINHTTP_RESEND_REQUEST;
    unsigned tries = 0;
    while (error == ERROR_WINHTTP_RESEND_REQUEST && tries < TRIES_MAX) {
        tries++;
        CHECK(WinHttpSetCredentials(request, WINHTTP_AUTH_TARGET_SERVER, WINHTTP_AUTH_SCHEME_DIGEST,
            L"user", password, NULL));
        CHECK(await_end(&awaited, WinHttpSendRequest(request, NULL, 0, NULL, 0, 4, 0)) == 0);
        write_body(request);
        error = await_end(&awaited, WinHttpReceiveResponse(request, NULL));
    }
    printf("tries %u, error %u", tries, (unsigned)error);
    if (error == 0) {
        DWORD status = status_of(request);
        await_body(&awaited, request, body, sizeof body);
        printf(", %u %s", (unsigned)status, body);
    }
    printf("\n");
    CHECK(WinHttpCloseHandle(request) && WinHttpCloseHandle(connect) && WinHttpCloseHandle(session));
    return 0;
}
