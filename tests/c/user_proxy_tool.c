/* A program that knows nothing of AUTOMATIC_PROXY: it reads the user's settings, tries detection, then the script's URL,
 * then the static setting, and gives each request what it has found. Arguments: URLs. */
#include "proxied.h"

/* What the script says; nothing if it cannot be had. */
static int ask(HINTERNET session, const WCHAR *url, WINHTTP_AUTOPROXY_OPTIONS *options, WINHTTP_PROXY_INFO *found)
{
    /* As documented: first without credentials, as that is cheaper. */
    options->fAutoLogonIfChallenged = FALSE;
    BOOL is_found = WinHttpGetProxyForUrl(session, url, options, found);
    if (!is_found && GetLastError() == ERROR_WINHTTP_LOGIN_FAILURE) {
        options->fAutoLogonIfChallenged = TRUE;
        is_found = WinHttpGetProxyForUrl(session, url, options, found);
    }
    if (!is_found)
        printf("not found, error %u\n", (unsigned)GetLastError());
    return is_found;
}

static int look_up(HINTERNET session, const WCHAR *url, const WINHTTP_CURRENT_USER_IE_PROXY_CONFIG *user,
    WINHTTP_PROXY_INFO *found)
{
    WINHTTP_AUTOPROXY_OPTIONS options;
    if (user->fAutoDetect) {
        memset(&options, 0, sizeof options);
        options.dwFlags = WINHTTP_AUTOPROXY_AUTO_DETECT;
        /* DHCP alone, which there is none of: no test asks the network. */
        options.dwAutoDetectFlags = WINHTTP_AUTO_DETECT_TYPE_DHCP;
        if (ask(session, url, &options, found))
            return 1;
    }
    if (user->lpszAutoConfigUrl != NULL) {
        memset(&options, 0, sizeof options);
        options.dwFlags = WINHTTP_AUTOPROXY_CONFIG_URL;
        options.lpszAutoConfigUrl = user->lpszAutoConfigUrl;
        if (ask(session, url, &options, found))
            return 1;
    }
    return 0;
}

int main(int argc, char **argv)
{
    WCHAR url[TEXT_MAX];
    WINHTTP_CURRENT_USER_IE_PROXY_CONFIG user;
    CHECK(argc >= 2);
    memset(&user, 0xaa, sizeof user);
    CHECK(WinHttpGetIEProxyConfigForCurrentUser(&user));
    printf("detection: %d, script: %d, proxy: %d, bypass: %d\n", user.fAutoDetect, user.lpszAutoConfigUrl != NULL,
        user.lpszProxy != NULL, user.lpszProxyBypass != NULL);
    HINTERNET session = WinHttpOpen(L"proxy tool", WINHTTP_ACCESS_TYPE_NO_PROXY, WINHTTP_NO_PROXY_NAME,
        WINHTTP_NO_PROXY_BYPASS, 0);
    CHECK(session != NULL);
    for (int index = 1; index < argc; index++) {
        WINHTTP_PROXY_INFO found;
        memset(&found, 0, sizeof found);
        wide(url, argv[index]);
        if (look_up(session, url, &user, &found)) {
            CHECK((found.dwAccessType == WINHTTP_ACCESS_TYPE_NAMED_PROXY) == (found.lpszProxy != NULL));
            fetch_through(session, url, found.lpszProxy, found.lpszProxyBypass);
            GlobalFree(found.lpszProxy);
            GlobalFree(found.lpszProxyBypass);
        } else {
            fetch_through(session, url, user.lpszProxy, user.lpszProxyBypass);
        }
    }
    CHECK(WinHttpCloseHandle(session));
    GlobalFree(user.lpszAutoConfigUrl);
    GlobalFree(user.lpszProxy);
    GlobalFree(user.lpszProxyBypass);
    return 0;
}
