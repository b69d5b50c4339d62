/* A program that asks a script for the proxy of every URL and gives it to the request. Arguments: the script's URL, URLs. */
#include "proxied.h"

int main(int argc, char **argv)
{
    WCHAR script[TEXT_MAX], url[TEXT_MAX];
    CHECK(argc >= 3);
    HINTERNET session = WinHttpOpen(L"proxy per URL", WINHTTP_ACCESS_TYPE_NO_PROXY, NULL, NULL, 0);
    CHECK(session != NULL);
    WINHTTP_AUTOPROXY_OPTIONS options;
    memset(&options, 0, sizeof options);
    options.dwFlags = WINHTTP_AUTOPROXY_CONFIG_URL;
    options.lpszAutoConfigUrl = wide(script, argv[1]);
    options.fAutoLogonIfChallenged = TRUE;
    for (int index = 2; index < argc; index++) {
        WINHTTP_PROXY_INFO found;
        memset(&found, 0xaa, sizeof found);
        wide(url, argv[index]);
        CHECK(WinHttpGetProxyForUrl(session, url, &options, &found));
        CHECK(found.lpszProxyBypass == NULL);
        /* What was given is what the request has, and it is its own. */
        struct exchange opened = open_url(session, L"GET", url);
        CHECK(WinHttpSetOption(opened.request, WINHTTP_OPTION_PROXY, &found, sizeof found));
        DWORD length = 0;
        CHECK(!WinHttpQueryOption(opened.request, WINHTTP_OPTION_PROXY, NULL, &length)
            && GetLastError() == ERROR_INSUFFICIENT_BUFFER);
        WINHTTP_PROXY_INFO *given = malloc(length);
        CHECK(given != NULL && WinHttpQueryOption(opened.request, WINHTTP_OPTION_PROXY, given, &length));
        CHECK(given->dwAccessType == found.dwAccessType);
        CHECK((given->lpszProxy == NULL) == (found.lpszProxy == NULL));
        for (size_t unit = 0; given->lpszProxy != NULL; unit++) {
            CHECK(given->lpszProxy[unit] == found.lpszProxy[unit]);
            if (given->lpszProxy[unit] == 0)
                break;
        }
        GlobalFree(given->lpszProxy);
        GlobalFree(given->lpszProxyBypass);
        free(given);
        if (found.lpszProxy != NULL)
            memset(found.lpszProxy, 0, sizeof(WCHAR));
        GlobalFree(found.lpszProxy);
        if (exchanged(opened.request))
            print_answer(opened.request);
        else
            printf("error %u\n", (unsigned)GetLastError());
        close_exchange(opened);
    }
    CHECK(WinHttpCloseHandle(session));
    return 0;
}
