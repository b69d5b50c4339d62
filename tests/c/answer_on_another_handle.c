/* A program that learns from a 401 which schemes there are, closes that request, and sends another
   one with credentials from its start. Arguments: host, port, path, sync or async, given or written:
   whether the body goes with the call or is written behind it. */
#include "await.h"

static struct awaited awaited = AWAITED_INITIAL;

static const char body[] = "body";

static void CALLBACK notified(
    HINTERNET handle, DWORD_PTR context, DWORD status, LPVOID information, DWORD length)
{
    (void)handle, (void)context;
    await_notified(&awaited, status, information, length);
}

/* The strongest scheme that needs a user name. */
static DWORD preferred(DWORD supported)
{
    return supported & WINHTTP_AUTH_SCHEME_DIGEST ? WINHTTP_AUTH_SCHEME_DIGEST
        : supported & WINHTTP_AUTH_SCHEME_BASIC   ? WINHTTP_AUTH_SCHEME_BASIC
                                                  : 0;
}

/* Sends and receives; 0 or the error of receiving. */
static DWORD exchange(HINTERNET request, int is_written)
{
    DWORD size = (DWORD)strlen(body);
    CHECK(await_end(&awaited, WinHttpSendRequest(request, NULL, 0, is_written ? NULL : (void *)body,
              is_written ? 0 : size, size, 0))
        == 0);
    if (is_written)
        CHECK(await_end(&awaited, WinHttpWriteData(request, body, size, NULL)) == 0);
    return await_end(&awaited, WinHttpReceiveResponse(request, NULL));
}

int main(int argc, char **argv)
{
    WCHAR host[TEXT_MAX], path[TEXT_MAX];
    char answer[TEXT_MAX];
    DWORD supported = 0, first = 0, target = 0, error;
    CHECK(argc == 6);
    int is_written = strcmp(argv[5], "written") == 0;
    HINTERNET session = await_open(argv[4], notified);
    HINTERNET connect = WinHttpConnect(session, wide(host, argv[1]), (INTERNET_PORT)atoi(argv[2]), 0);
    CHECK(connect != NULL);
    wide(path, argv[3]);
    HINTERNET request = WinHttpOpenRequest(connect, L"POST", path, NULL, NULL, NULL, 0);
    CHECK(request != NULL);
    CHECK(exchange(request, is_written) == 0);
    CHECK(status_of(request) == 401);
    CHECK(WinHttpQueryAuthSchemes(request, &supported, &first, &target));
    CHECK(WinHttpCloseHandle(request));

    request = WinHttpOpenRequest(connect, L"POST", path, NULL, NULL, NULL, 0);
    CHECK(request != NULL);
    CHECK(WinHttpSetCredentials(
        request, target, preferred(supported), L"user", L"pa55word", NULL));
    printf("supported %u, first %u, target %u", (unsigned)supported, (unsigned)first,
        (unsigned)target);
    while ((error = exchange(request, is_written)) == ERROR_WINHTTP_RESEND_REQUEST)
        printf(", once more");
    CHECK(error == 0);
    DWORD status = status_of(request);
    await_body(&awaited, request, answer, sizeof answer);
    printf(": %u %s\n", (unsigned)status, answer);
    CHECK(WinHttpCloseHandle(request) && WinHttpCloseHandle(connect) && WinHttpCloseHandle(session));
    return 0;
}
