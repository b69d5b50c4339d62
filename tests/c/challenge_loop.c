/* The loop of the documentation: a server's 401 and a proxy's 407 are answered as they come, and the credentials for the
 * proxy are set again for every sending. Arguments: proxy, URL. */
#include "proxied.h"

/* The strongest of the schemes that we know. */
static DWORD choose(DWORD supported)
{
    if (supported & WINHTTP_AUTH_SCHEME_DIGEST)
        return WINHTTP_AUTH_SCHEME_DIGEST;
    if (supported & WINHTTP_AUTH_SCHEME_BASIC)
        return WINHTTP_AUTH_SCHEME_BASIC;
    return 0;
}

int main(int argc, char **argv)
{
    WCHAR proxy[TEXT_MAX], url[TEXT_MAX];
    CHECK(argc == 3);
    HINTERNET session = WinHttpOpen(
        L"challenge loop", WINHTTP_ACCESS_TYPE_NAMED_PROXY, wide(proxy, argv[1]), WINHTTP_NO_PROXY_BYPASS, 0);
    CHECK(session != NULL);
    struct exchange opened = open_url(session, L"GET", wide(url, argv[2]));
    DWORD proxy_scheme = 0, last_status = 0;
    for (int done = 0; !done;) {
        if (proxy_scheme != 0)
            CHECK(WinHttpSetCredentials(opened.request, WINHTTP_AUTH_TARGET_PROXY, proxy_scheme, L"proxyuser",
                L"proxypass", NULL));
        BOOL sent = exchanged(opened.request);
        if (!sent && GetLastError() == ERROR_WINHTTP_RESEND_REQUEST) {
            printf("again\n");
            continue;
        }
        CHECK(sent);
        DWORD status = status_of(opened.request), supported = 0, first = 0, target = 0, scheme;
        switch (status) {
        case HTTP_STATUS_DENIED:
        case HTTP_STATUS_PROXY_AUTH_REQ:
            CHECK(WinHttpQueryAuthSchemes(opened.request, &supported, &first, &target));
            CHECK(target == (status == HTTP_STATUS_DENIED ? WINHTTP_AUTH_TARGET_SERVER : WINHTTP_AUTH_TARGET_PROXY));
            CHECK((supported & first) == first);
            scheme = choose(supported);
            printf("%u: schemes %u\n", (unsigned)status, (unsigned)supported);
            if (scheme == 0 || status == last_status) {
                done = 1; /* it does not want us */
            } else if (status == HTTP_STATUS_PROXY_AUTH_REQ) {
                proxy_scheme = scheme;
            } else {
                CHECK(WinHttpSetCredentials(
                    opened.request, WINHTTP_AUTH_TARGET_SERVER, scheme, L"user", L"pa55word", NULL));
            }
            last_status = status;
            break;
        default:
            done = 1;
        }
    }
    print_answer(opened.request);
    close_exchange(opened);
    CHECK(WinHttpCloseHandle(session));
    return 0;
}
