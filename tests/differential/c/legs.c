/* Redirects that are followed, challenges that are answered, and cookies between requests. */
#include "http_calls.h"

/* The path to a redirect with this status and these fields. */
static const char *moved(const char *status, const char *fields)
{
    char bytes[512];
    snprintf(bytes, sizeof bytes, "HTTP/1.1 %s Moved\r\n%s\r\nContent-Length: 4\r\n\r\ngone", status, fields);
    return answering(bytes, "");
}

static void follow(FLOW *flow)
{
    if (receive_response(flow)) {
        query_status(flow->request);
        say_body(flow->request);
    }
    finish(flow);
}

/* Facts 26.1 and 26.2. */
static void redirected(const char *verb, const char *status)
{
    FLOW flow;
    say("--- %s, %s", verb, status);
    open_http(&flow, verb, moved(status, "Location: /headers"));
    if (strcmp(verb, "GET") == 0)
        send_request(&flow);
    else
        send_with(&flow, "Content-Type: text/plain", "body", 4);
    follow(&flow);
}

static void get_301(void) { redirected("GET", "301"); }
static void get_303(void) { redirected("GET", "303"); }
static void get_307(void) { redirected("GET", "307"); }
static void get_308(void) { redirected("GET", "308"); }
static void post_302(void) { redirected("POST", "302"); }
static void post_307(void) { redirected("POST", "307"); }
static void put_302(void) { redirected("PUT", "302"); }
static void put_303(void) { redirected("PUT", "303"); }
static void get_304(void) { redirected("GET", "304"); }
static void get_305(void) { redirected("GET", "305"); }

static void led(const char *fields)
{
    FLOW flow;
    open_http(&flow, NULL, moved("302", fields));
    send_request(&flow);
    follow(&flow);
}

/* Facts 26.3, 26.4, 26.7 and 26.15. */
static void no_location(void) { led("X: y"); }
static void empty_location(void) { led("Location:"); }
static void another_scheme(void) { led("Location: ftp://127.0.0.1/"); }
static void fragment(void) { led("Location: /headers#part"); }
static void query_only(void) { led("Location: ?end=&bytes=HTTP/1.1%20204%20No%0d%0a%0d%0a"); }
static void blanks(void) { led("Location: /headers?a b"); }

/* Facts 26.6 and 26.13. */
static void with_number(const char *label, DWORD option, DWORD value)
{
    FLOW flow;
    open_http(&flow, NULL, moved("302", "Location: /headers"));
    set_number(flow.request, label, option, value);
    send_request(&flow);
    follow(&flow);
}

static void never(void)
{
    with_number("REDIRECT_POLICY", WINHTTP_OPTION_REDIRECT_POLICY, WINHTTP_OPTION_REDIRECT_POLICY_NEVER);
}
static void feature_is_off(void)
{
    with_number("DISABLE_FEATURE", WINHTTP_OPTION_DISABLE_FEATURE, WINHTTP_DISABLE_REDIRECTS);
}
static void none_allowed(void)
{
    with_number("MAX_HTTP_AUTOMATIC_REDIRECTS", WINHTTP_OPTION_MAX_HTTP_AUTOMATIC_REDIRECTS, 0);
}

/* Fact 26.16: what was written cannot be had again. */
static void written(void)
{
    FLOW flow;
    open_http(&flow, "POST", moved("307", "Location: /headers"));
    send_with(&flow, NULL, NULL, 4);
    write_text(flow.request, "body");
    follow(&flow);
}

/* Facts 26.11 and 27.1.2. */
static void cookie_of_redirect(void) { led("Set-Cookie: a=1; Path=/\r\nLocation: /headers"); }

/* Fact 27.1.1: for the session's next requests. */
static void cookie_of_answer(void)
{
    FLOW flow;
    open_http(&flow, NULL, "/status?header=Set-Cookie:a%3d1&body=hello");
    answered(&flow);
    read_all(flow.request, 100);
    open_next(&flow, NULL, "/headers");
    add_headers(flow.request, "Cookie: own=2", WINHTTP_ADDREQ_FLAG_ADD);
    send_request(&flow);
    follow(&flow);
}

static void no_cookies(void)
{
    FLOW flow;
    open_http(&flow, NULL, moved("302", "Set-Cookie: a=1; Path=/\r\nLocation: /headers"));
    set_number(flow.request, "DISABLE_FEATURE", WINHTTP_OPTION_DISABLE_FEATURE, WINHTTP_DISABLE_COOKIES);
    send_request(&flow);
    follow(&flow);
}

/* Credentials of the options, or for a scheme. */
static void log_in(FLOW *flow, DWORD scheme)
{
    WCHAR user[] = L"user", password[] = L"password";
    if (scheme != 0) {
        SetLastError(UNTOUCHED);
        result("SetCredentials",
            WinHttpSetCredentials(flow->request, WINHTTP_AUTH_TARGET_SERVER, scheme, user, password, NULL));
        return;
    }
    WinHttpSetOption(flow->request, WINHTTP_OPTION_USERNAME, user, 4);
    WinHttpSetOption(flow->request, WINHTTP_OPTION_PASSWORD, password, 8);
}

/* Facts 28.1.3, 28.2.1 and 28.3.1. */
static void challenged(const char *path, DWORD scheme)
{
    FLOW flow;
    open_http(&flow, NULL, path);
    log_in(&flow, scheme);
    send_request(&flow);
    follow(&flow);
}

static void basic_of_options(void) { challenged("/guarded", 0); }
static void basic_unasked(void) { challenged("/guarded", WINHTTP_AUTH_SCHEME_BASIC); }
static void unknown_scheme(void) { challenged("/guarded?scheme=Other", 0); }
static void wrong(void)
{
    challenged(answering("HTTP/1.1 401 Who\r\nWWW-Authenticate: Basic\r\nContent-Length: 4\r\n\r\nwho?", ""), 0);
}
static void no_credentials(void)
{
    FLOW flow;
    open_http(&flow, NULL, "/guarded");
    send_request(&flow);
    follow(&flow);
}
static void then_credentials(void)
{
    FLOW flow;
    open_http(&flow, NULL, "/guarded");
    answered(&flow);
    log_in(&flow, WINHTTP_AUTH_SCHEME_BASIC);
    send_request(&flow);
    follow(&flow);
}
static void basic_with_body(void)
{
    FLOW flow;
    open_http(&flow, "POST", "/guarded");
    log_in(&flow, 0);
    send_with(&flow, NULL, "body", 4);
    follow(&flow);
}

const SCENARIO leg_scenarios[] = {
    { "redirect-get-301", BOTH, get_301 },
    { "redirect-get-303", BOTH, get_303 },
    { "redirect-get-307", BOTH, get_307 },
    { "redirect-get-308", BOTH, get_308 },
    { "redirect-post-302", BOTH, post_302 },
    { "redirect-post-307", BOTH, post_307 },
    { "redirect-put-302", BOTH, put_302 },
    { "redirect-put-303", BOTH, put_303 },
    { "redirect-get-304", BOTH, get_304 },
    { "redirect-get-305", BOTH, get_305 },
    { "redirect-no-location", BOTH, no_location },
    { "redirect-empty-location", BOTH, empty_location },
    { "redirect-another-scheme", BOTH, another_scheme },
    { "redirect-fragment", BOTH, fragment },
    { "redirect-query-only", BOTH, query_only },
    { "redirect-blanks", BOTH, blanks },
    { "redirect-never", BOTH, never },
    { "redirect-feature-is-off", BOTH, feature_is_off },
    { "redirect-none-allowed", BOTH, none_allowed },
    { "redirect-written", BOTH, written },
    { "cookie-of-redirect", BOTH, cookie_of_redirect },
    { "cookie-of-answer", BOTH, cookie_of_answer },
    { "cookie-feature-is-off", BOTH, no_cookies },
    { "challenge-options", BOTH, basic_of_options },
    { "challenge-unasked", BOTH, basic_unasked },
    { "challenge-unknown-scheme", BOTH, unknown_scheme },
    { "challenge-wrong", BOTH, wrong },
    { "challenge-no-credentials", BOTH, no_credentials },
    { "challenge-then-credentials", BOTH, then_credentials },
    { "challenge-with-body", BOTH, basic_with_body },
    { NULL, BOTH, NULL },
};
