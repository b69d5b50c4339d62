/* Proxies: what sessions and requests are told of them, scripts that find them, and stored settings. Nothing here asks the
 * network for a script. */
#include "http_calls.h"

#ifndef WINHTTP_ACCESS_TYPE_AUTOMATIC_PROXY
#define WINHTTP_ACCESS_TYPE_AUTOMATIC_PROXY 4
#endif

#define MACHINE WINHTTP_ACCESS_TYPE_DEFAULT_PROXY
#define DIRECT WINHTTP_ACCESS_TYPE_NO_PROXY
#define NAMED WINHTTP_ACCESS_TYPE_NAMED_PROXY
#define USER WINHTTP_ACCESS_TYPE_AUTOMATIC_PROXY

/* Text of ASCII in quotes; NULL is spelled so. Two stay valid. */
static const char *shown(LPCWSTR text)
{
    static char buffers[2][256];
    static unsigned next;
    char *buffer = buffers[next++ % 2];
    size_t index = 0;
    if (text == NULL)
        return "NULL";
    buffer[index++] = '"';
    for (; *text != 0 && index + 2 < sizeof buffers[0]; text++)
        buffer[index++] = *text < 0x80 ? (char)*text : '?';
    buffer[index++] = '"';
    buffer[index] = 0;
    return buffer;
}

static const char *given(const char *text)
{
    static char buffers[2][256];
    static unsigned next;
    if (text == NULL)
        return "NULL";
    next = (next + 1) % 2;
    snprintf(buffers[next], sizeof buffers[next], "%s", spelled(text));
    return buffers[next];
}

/* What a function has given, which is freed. */
static void say_info(WINHTTP_PROXY_INFO *info)
{
    say("  type %u, proxy %s, bypass %s", (unsigned)info->dwAccessType, shown(info->lpszProxy),
        shown(info->lpszProxyBypass));
    GlobalFree(info->lpszProxy);
    GlobalFree(info->lpszProxyBypass);
}

static void query_proxy(HINTERNET handle)
{
    WINHTTP_PROXY_INFO info;
    DWORD size = sizeof info;
    char call[128];
    memset(&info, 0, sizeof info);
    snprintf(call, sizeof call, "QueryOption(%s, PROXY)", handle_name(handle));
    SetLastError(UNTOUCHED);
    if (result(call, WinHttpQueryOption(handle, WINHTTP_OPTION_PROXY, &info, &size)))
        say_info(&info);
}

static BOOL set_proxy(HINTERNET handle, DWORD type, const char *proxy, const char *bypass)
{
    char call[512];
    WINHTTP_PROXY_INFO info;
    info.dwAccessType = type;
    info.lpszProxy = (LPWSTR)wide(proxy);
    info.lpszProxyBypass = (LPWSTR)wide(bypass);
    snprintf(call, sizeof call, "SetOption(%s, PROXY, %u, %s, %s)", handle_name(handle), (unsigned)type,
        given(proxy), given(bypass));
    SetLastError(UNTOUCHED);
    return result(call, WinHttpSetOption(handle, WINHTTP_OPTION_PROXY, &info, sizeof info));
}

static void opened(DWORD type, const char *proxy, const char *bypass)
{
    char call[512];
    HINTERNET session;
    snprintf(call, sizeof call, "Open(%u, %s, %s)", (unsigned)type, given(proxy), given(bypass));
    SetLastError(UNTOUCHED);
    session = named(call, WinHttpOpen(L"differential", type, wide(proxy), wide(bypass), 0), "session");
    if (session == NULL)
        return;
    query_proxy(session);
    quiet(TRUE);
    WinHttpCloseHandle(session);
    quiet(FALSE);
}

/* Facts 29.1.7 and 40.7. */
static void access_types(void)
{
    opened(MACHINE, NULL, NULL);
    opened(DIRECT, NULL, NULL);
    opened(USER, NULL, NULL);
    opened(NAMED, "proxy:8080", NULL);
    opened(NAMED, "proxy:8080", "<local>;*.test");
    opened(NAMED, "proxy:8080", "");
    opened(NAMED, NULL, NULL);
    opened(NAMED, "", NULL);
    opened(NAMED, NULL, "<local>");
    opened(DIRECT, "proxy:8080", "<local>");
    opened(DIRECT, "", "");
    opened(MACHINE, "proxy:8080", NULL);
    opened(USER, "proxy:8080", "<local>");
    opened(2, NULL, NULL);
    opened(5, "proxy:8080", NULL);
    opened(42, NULL, NULL);
}

/* Facts 29.1.1 to 29.1.3. */
static void lists(void)
{
    opened(NAMED, "proxy", NULL);
    opened(NAMED, "http=one:80 https=two", NULL);
    opened(NAMED, "one:80;two:81", NULL);
    opened(NAMED, "http://proxy:8080", NULL);
    opened(NAMED, "http://proxy:8080/", NULL);
    opened(NAMED, "socks=proxy:1080", NULL);
    opened(NAMED, "proxy:99999", NULL);
    opened(NAMED, " ", NULL);
}

/* Fact 29.3.10. */
static void options(void)
{
    FLOW flow;
    quiet(TRUE);
    open_session(&flow, plain_port);
    open_asked(&flow, &(ASKED) { NULL, "/status", NULL, NULL, NULL, 0 });
    quiet(FALSE);
    query_proxy(flow.session);
    query_proxy(flow.connection);
    query_proxy(flow.request);
    set_proxy(flow.session, NAMED, "proxy:8080", "<local>");
    query_proxy(flow.session);
    query_proxy(flow.request);
    set_proxy(flow.request, NAMED, "other:81", NULL);
    query_proxy(flow.request);
    query_proxy(flow.session);
    set_proxy(flow.connection, NAMED, "proxy:8080", NULL);
    set_proxy(flow.request, DIRECT, NULL, NULL);
    query_proxy(flow.request);
    set_proxy(flow.session, MACHINE, NULL, NULL);
    query_proxy(flow.session);
    finish(&flow);
}

static void option_values(void)
{
    FLOW flow;
    quiet(TRUE);
    open_session(&flow, plain_port);
    quiet(FALSE);
    set_proxy(flow.session, NAMED, NULL, NULL);
    set_proxy(flow.session, NAMED, "", NULL);
    set_proxy(flow.session, NAMED, NULL, "<local>");
    set_proxy(flow.session, NAMED, "proxy", "");
    query_proxy(flow.session);
    set_proxy(flow.session, DIRECT, "proxy", "<local>");
    query_proxy(flow.session);
    set_proxy(flow.session, USER, NULL, NULL);
    set_proxy(flow.session, 2, NULL, NULL);
    set_proxy(flow.session, 42, "proxy", NULL);
    query_proxy(flow.session);
    finish(&flow);
}

static void option_sizes(void)
{
    FLOW flow;
    BYTE room[sizeof(WINHTTP_PROXY_INFO)];
    WINHTTP_PROXY_INFO info;
    DWORD size;
    quiet(TRUE);
    open_session(&flow, plain_port);
    quiet(FALSE);
    info.dwAccessType = DIRECT;
    info.lpszProxy = info.lpszProxyBypass = NULL;
    SetLastError(UNTOUCHED);
    result("SetOption(session, PROXY, 8 bytes)", WinHttpSetOption(flow.session, WINHTTP_OPTION_PROXY, &info, 8));
    SetLastError(UNTOUCHED);
    result("SetOption(session, PROXY, NULL)", WinHttpSetOption(flow.session, WINHTTP_OPTION_PROXY, NULL, sizeof info));
    size = 0;
    SetLastError(UNTOUCHED);
    result("QueryOption(session, PROXY, no room)", WinHttpQueryOption(flow.session, WINHTTP_OPTION_PROXY, NULL, &size));
    say("  %u bytes", (unsigned)size);
    size = sizeof room - 1;
    SetLastError(UNTOUCHED);
    result("QueryOption(session, PROXY, too little)",
        WinHttpQueryOption(flow.session, WINHTTP_OPTION_PROXY, room, &size));
    say("  %u bytes", (unsigned)size);
    finish(&flow);
}

/* A script answers this to every URL, or fails so. */
static const char *scripted(const char *answer)
{
    static char text[512], url[WIDE_CHARACTERS];
    char body[256];
    snprintf(body, sizeof body, "function FindProxyForURL(url, host) { %s }", answer);
    snprintf(text, sizeof text,
        "HTTP/1.1 200 OK\r\nContent-Type: application/x-ns-proxy-autoconfig\r\nContent-Length: %u\r\n\r\n%s",
        (unsigned)strlen(body), body);
    snprintf(url, sizeof url, "http://127.0.0.1:%u%s", (unsigned)plain_port, answering(text, "fin"));
    return url;
}

static void find(HINTERNET session, const char *label, const char *url, WINHTTP_AUTOPROXY_OPTIONS *options)
{
    WINHTTP_PROXY_INFO info;
    char call[512];
    memset(&info, 0, sizeof info);
    snprintf(call, sizeof call, "GetProxyForUrl(%s, %s)", given(url), label);
    SetLastError(UNTOUCHED);
    if (result(call, WinHttpGetProxyForUrl(session, wide(url), options, &info)))
        say_info(&info);
}

static void find_scripted(HINTERNET session, const char *url, const char *answer)
{
    WINHTTP_AUTOPROXY_OPTIONS options;
    memset(&options, 0, sizeof options);
    options.dwFlags = WINHTTP_AUTOPROXY_CONFIG_URL;
    options.lpszAutoConfigUrl = wide(scripted(answer));
    find(session, answer, url, &options);
}

/* Facts 30.1.6 to 30.1.8. */
static void scripts(void)
{
    FLOW flow;
    quiet(TRUE);
    open_session(&flow, plain_port);
    quiet(FALSE);
    find_scripted(flow.session, "http://host/", "return 'PROXY x:8080';");
    find_scripted(flow.session, "http://host/", "return 'PROXY a:1; PROXY b:2; DIRECT';");
    find_scripted(flow.session, "http://host/", "return 'PROXY a';");
    find_scripted(flow.session, "http://host/", "return 'DIRECT';");
    find_scripted(flow.session, "http://host/", "return 'DIRECT; PROXY a:1';");
    find_scripted(flow.session, "http://host/", "return 'SOCKS s:1';");
    find_scripted(flow.session, "http://Host/", "return 'PROXY ' + host + ':1';");
    find_scripted(flow.session, "HTTP://host:81/", "return 'PROXY ' + url.substring(0, 4) + ':' + url.length;");
    find_scripted(flow.session, "https://host/", "return 'PROXY x:8080';");
    finish(&flow);
}

/* Facts 30.1.8 and 30.1.9. */
static void scripts_that_fail(void)
{
    FLOW flow;
    WINHTTP_AUTOPROXY_OPTIONS options;
    char url[WIDE_CHARACTERS];
    quiet(TRUE);
    open_session(&flow, plain_port);
    quiet(FALSE);
    find_scripted(flow.session, "http://host/", "throw 1;");
    find_scripted(flow.session, "http://host/", "return (");
    find_scripted(flow.session, "http://host/", "return '';");
    memset(&options, 0, sizeof options);
    options.dwFlags = WINHTTP_AUTOPROXY_CONFIG_URL;
    options.lpszAutoConfigUrl = L"http://127.0.0.1:1/proxy.pac";
    find(flow.session, "nobody listens", "http://host/", &options);
    snprintf(url, sizeof url, "http://127.0.0.1:%u%s", (unsigned)plain_port,
        answering("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "fin"));
    options.lpszAutoConfigUrl = wide(url);
    find(flow.session, "404", "http://host/", &options);
    options.lpszAutoConfigUrl = L"ftp://127.0.0.1/proxy.pac";
    find(flow.session, "ftp", "http://host/", &options);
    options.lpszAutoConfigUrl = L"nonsense";
    find(flow.session, "no URL", "http://host/", &options);
    finish(&flow);
}

/* Fact 30.1.1. */
static void arguments(void)
{
    FLOW flow;
    WINHTTP_AUTOPROXY_OPTIONS options;
    WINHTTP_PROXY_INFO info;
    quiet(TRUE);
    open_session(&flow, plain_port);
    quiet(FALSE);
    memset(&options, 0, sizeof options);
    memset(&info, 0, sizeof info);
    find(flow.session, "NULL", "http://host/", NULL);
    find(flow.session, "no flags", "http://host/", &options);
    options.dwFlags = WINHTTP_AUTOPROXY_AUTO_DETECT;
    find(flow.session, "detection of no kind", "http://host/", &options);
    options.dwFlags = WINHTTP_AUTOPROXY_CONFIG_URL;
    find(flow.session, "no script", "http://host/", &options);
    options.lpszAutoConfigUrl = L"";
    find(flow.session, "empty script", "http://host/", &options);
    options.lpszAutoConfigUrl = L"http://127.0.0.1:1/";
    find(flow.session, "script", NULL, &options);
    find(flow.session, "script", "", &options);
    find(flow.session, "script", "nonsense", &options);
    find(flow.session, "script", "ftp://host/", &options);
    find(flow.connection, "a connection", "http://host/", &options);
    find(NULL, "no handle", "http://host/", &options);
    options.dwAutoDetectFlags = WINHTTP_AUTO_DETECT_TYPE_DHCP;
    find(flow.session, "script and a kind of detection", "http://host/", &options);
    options.dwAutoDetectFlags = 0;
    options.dwFlags = 0;
    find(flow.session, "script without its flag", "http://host/", &options);
    options.dwFlags = WINHTTP_AUTOPROXY_CONFIG_URL;
    SetLastError(UNTOUCHED);
    result("GetProxyForUrl(no place)", WinHttpGetProxyForUrl(flow.session, L"http://host/", &options, NULL));
    finish(&flow);
}

/* Fact 30.3.2; DNS would be asked. */
static void detection(void)
{
    LPWSTR url = NULL;
    SetLastError(UNTOUCHED);
    result("DetectAutoProxyConfigUrl(0)", WinHttpDetectAutoProxyConfigUrl(0, &url));
    say("  %s", shown(url));
    SetLastError(UNTOUCHED);
    result("DetectAutoProxyConfigUrl(DHCP)",
        WinHttpDetectAutoProxyConfigUrl(WINHTTP_AUTO_DETECT_TYPE_DHCP, &url));
    say("  %s", shown(url));
    SetLastError(UNTOUCHED);
    result("DetectAutoProxyConfigUrl(DHCP, NULL)",
        WinHttpDetectAutoProxyConfigUrl(WINHTTP_AUTO_DETECT_TYPE_DHCP, NULL));
}

static void get_default(void)
{
    WINHTTP_PROXY_INFO info;
    memset(&info, 0, sizeof info);
    SetLastError(UNTOUCHED);
    if (result("GetDefaultProxyConfiguration", WinHttpGetDefaultProxyConfiguration(&info)))
        say_info(&info);
}

static void set_default(DWORD type, const char *proxy, const char *bypass)
{
    char call[512];
    WINHTTP_PROXY_INFO info;
    info.dwAccessType = type;
    info.lpszProxy = (LPWSTR)wide(proxy);
    info.lpszProxyBypass = (LPWSTR)wide(bypass);
    snprintf(call, sizeof call, "SetDefaultProxyConfiguration(%u, %s, %s)", (unsigned)type, given(proxy),
        given(bypass));
    SetLastError(UNTOUCHED);
    result(call, WinHttpSetDefaultProxyConfiguration(&info));
}

/* Facts 8.4.1 and 30.5.1. */
static void machine_setting(void)
{
    get_default();
    set_default(NAMED, "proxy:8080", NULL);
    get_default();
    opened(MACHINE, NULL, NULL);
    set_default(NAMED, "http=one:80;https=two:81", "<local>;*.test");
    get_default();
    set_default(NAMED, "proxy", "");
    get_default();
    set_default(DIRECT, "proxy:8080", "<local>");
    get_default();
    set_default(DIRECT, NULL, NULL);
    get_default();
}

static void machine_setting_nowhere(void)
{
    SetLastError(UNTOUCHED);
    result("GetDefaultProxyConfiguration(NULL)", WinHttpGetDefaultProxyConfiguration(NULL));
    SetLastError(UNTOUCHED);
    result("SetDefaultProxyConfiguration(NULL)", WinHttpSetDefaultProxyConfiguration(NULL));
}

/* What is refused changes nothing. */
static void machine_setting_refused(void)
{
    set_default(MACHINE, NULL, NULL);
    set_default(USER, NULL, NULL);
    set_default(42, NULL, NULL);
    set_default(NAMED, NULL, NULL);
    set_default(NAMED, NULL, "<local>");
    set_default(NAMED, "", NULL);
    get_default();
    quiet(TRUE);
    set_default(DIRECT, NULL, NULL);
    quiet(FALSE);
}

/* Facts 8.4.3 and 30.5.2. */
static void user_settings(void)
{
    WINHTTP_CURRENT_USER_IE_PROXY_CONFIG config;
    memset(&config, 0, sizeof config);
    SetLastError(UNTOUCHED);
    if (result("GetIEProxyConfigForCurrentUser", WinHttpGetIEProxyConfigForCurrentUser(&config)))
        say("  detection %d, script %s", (int)config.fAutoDetect, shown(config.lpszAutoConfigUrl));
    say("  proxy %s, bypass %s", shown(config.lpszProxy), shown(config.lpszProxyBypass));
    SetLastError(UNTOUCHED);
    result("GetIEProxyConfigForCurrentUser(NULL)", WinHttpGetIEProxyConfigForCurrentUser(NULL));
}

const SCENARIO proxy_scenarios[] = {
    { "proxy-access-types", ONLY_SYNC, access_types },
    { "proxy-lists", ONLY_SYNC, lists },
    { "proxy-options", BOTH, options },
    { "proxy-option-values", ONLY_SYNC, option_values },
    { "proxy-option-sizes", ONLY_SYNC, option_sizes },
    { "proxy-scripts", BOTH, scripts },
    { "proxy-scripts-that-fail", BOTH, scripts_that_fail },
    { "proxy-script-arguments", BOTH, arguments },
    { "proxy-detection", ONLY_SYNC, detection },
    { "proxy-machine-setting", ONLY_SYNC, machine_setting },
    { "proxy-machine-setting-nowhere", ONLY_SYNC, machine_setting_nowhere },
    { "proxy-machine-setting-refused", ONLY_SYNC, machine_setting_refused },
    { "proxy-user-settings", ONLY_SYNC, user_settings },
    { NULL, BOTH, NULL },
};
