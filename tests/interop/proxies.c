/* A request through a proxy nobody here wrote:
 *
 *     proxies URL sync|async METHOD proxy=LIST [proxy-user=U proxy-password=P] [user=U password=P] [loop]
 *             [body=B] [by=data|chunks] [times=N] [ws=MESSAGES]
 *
 * Sends the request N times on one session, each time with a handle of its own, and prints a line "STATUS
 * URL SENDS BODY" for each: how often it was sent by this program, and the body's first line; or "error
 * NUMBER URL SENDS". The names and passwords are options; with `loop` they are given when a 407 or a 401
 * has come, as most programs do it: the best scheme of WinHttpQueryAuthSchemes, WinHttpSetCredentials, and
 * once more. by=data: the body goes with WinHttpWriteData; by=chunks: its length is not announced either.
 * ws=: a WebSocket that echoes so many messages, of growing length. */
#include "program.h"

static struct awaited awaited = AWAITED_INITIAL;

#define SENDS_MAX 6
#define MESSAGE_MAX (1u << 20)

static int count;
static char **words;
/* A WebSocket, if there is one, and what its last receive has got. */
static HINTERNET websocket;
static WINHTTP_WEB_SOCKET_BUFFER_TYPE kind;

static void CALLBACK notified(HINTERNET handle, DWORD_PTR context, DWORD status, LPVOID information, DWORD bytes)
{
    (void)context;
    if (websocket && handle == websocket && status == WINHTTP_CALLBACK_STATUS_READ_COMPLETE) {
        kind = ((WINHTTP_WEB_SOCKET_STATUS *)information)->eBufferType;
        bytes = ((WINHTTP_WEB_SOCKET_STATUS *)information)->dwBytesTransferred;
    }
    await_notified(&awaited, status, information, bytes);
}

/* As await_end, of a call that returns its error. */
static DWORD end_of(DWORD status)
{
    return status ? status : await_end(&awaited, TRUE);
}

static const char *word(const char *name)
{
    return given(count, words, name);
}

/* Both names and passwords, as options. */
static void put_all(HINTERNET request)
{
    static const struct { const char *name; DWORD option; } all[] = {
        { "proxy-user=", WINHTTP_OPTION_PROXY_USERNAME }, { "proxy-password=", WINHTTP_OPTION_PROXY_PASSWORD },
        { "user=", WINHTTP_OPTION_USERNAME }, { "password=", WINHTTP_OPTION_PASSWORD },
    };
    size_t index;
    for (index = 0; index < sizeof(all) / sizeof(all[0]); index++)
        if (word(all[index].name))
            put(request, all[index].option, word(all[index].name));
}

static void set(HINTERNET request, DWORD target, DWORD scheme, const char *user, const char *password)
{
    WCHAR name[TEXT_MAX], secret[TEXT_MAX];
    CHECK(WinHttpSetCredentials(request, target, scheme, wide(name, word(user)), wide(secret, word(password)), NULL));
}

/* What a program does with a 407 or a 401; 0: nothing, it has no more to say. */
static int answer(HINTERNET request, DWORD status, DWORD *proxy_scheme)
{
    DWORD supported, first, target, scheme;
    if (!word("loop") || (status != 407 && status != 401) || !word(status == 407 ? "proxy-user=" : "user="))
        return 0;
    CHECK(WinHttpQueryAuthSchemes(request, &supported, &first, &target));
    CHECK(target == (status == 407 ? WINHTTP_AUTH_TARGET_PROXY : WINHTTP_AUTH_TARGET_SERVER));
    CHECK(supported & (WINHTTP_AUTH_SCHEME_BASIC | WINHTTP_AUTH_SCHEME_DIGEST));
    scheme = supported & WINHTTP_AUTH_SCHEME_DIGEST ? WINHTTP_AUTH_SCHEME_DIGEST : WINHTTP_AUTH_SCHEME_BASIC;
    if (status == 407)
        *proxy_scheme = scheme;
    else
        set(request, target, scheme, "user=", "password=");
    /* They are for one exchange: again before each send. */
    if (*proxy_scheme)
        set(request, WINHTTP_AUTH_TARGET_PROXY, *proxy_scheme, "proxy-user=", "proxy-password=");
    return 1;
}

static DWORD write_all(HINTERNET request, const char *body, DWORD bytes)
{
    DWORD sent = 0, piece, failure, written;
    for (; sent < bytes; sent += piece) {
        piece = bytes - sent < 3 ? bytes - sent : 3;
        failure = await_end(&awaited, WinHttpWriteData(request, body + sent, piece, await_flags ? NULL : &written));
        if (failure)
            return failure;
    }
    return 0;
}

/* Sends the request and receives the answer's head. */
static DWORD exchange(HINTERNET request)
{
    const char *body = word("body="), *by = word("by=");
    DWORD bytes = body ? (DWORD)strlen(body) : 0, written, failure, received;
    int chunks = by && strcmp(by, "chunks") == 0;
    DWORD total = chunks ? WINHTTP_IGNORE_REQUEST_TOTAL_LENGTH : bytes;
    failure = await_end(&awaited, WinHttpSendRequest(request, L"X-Own: own", (DWORD)-1,
                                                     by ? NULL : (void *)(uintptr_t)body, by ? 0 : bytes, total, 0));
    if (failure)
        return failure;
    if (by)
        failure = write_all(request, body, bytes);
    if (!failure && chunks)
        failure = await_end(&awaited, WinHttpWriteData(request, NULL, 0, await_flags ? NULL : &written));
    /* Whoever has refused the rest of a body may have said why. */
    received = await_end(&awaited, WinHttpReceiveResponse(request, NULL));
    return received == ERROR_WINHTTP_INCORRECT_HANDLE_STATE && failure ? failure : received;
}

static void print_body(HINTERNET request)
{
    char text[4096];
    await_body(&awaited, request, text, sizeof(text));
    text[strcspn(text, "\r\n")] = 0;
    printf(" %s\n", text);
}

/* Messages there and back, each longer than the one before, and the end that both sides agree on. */
static void converse(HINTERNET request, unsigned messages)
{
    char *out = malloc(MESSAGE_MAX), *in = malloc(MESSAGE_MAX);
    unsigned index;
    CHECK(out && in);
    websocket = WinHttpWebSocketCompleteUpgrade(request, 0);
    CHECK(websocket);
    for (index = 0; index < messages; index++) {
        DWORD bytes = (index * index * 37) % (MESSAGE_MAX / 2) + index, got = 0, piece = 0;
        memset(out, 'a' + (int)(index % 26), bytes);
        CHECK(end_of(WinHttpWebSocketSend(websocket, WINHTTP_WEB_SOCKET_BINARY_MESSAGE_BUFFER_TYPE, out,
                                                 bytes)) == 0);
        do {
            CHECK(end_of(WinHttpWebSocketReceive(websocket, in + got, MESSAGE_MAX - got,
                                                        await_flags ? NULL : &piece, await_flags ? NULL : &kind)) == 0);
            got += await_flags ? awaited.length : piece;
        } while (kind == WINHTTP_WEB_SOCKET_BINARY_FRAGMENT_BUFFER_TYPE);
        CHECK(kind == WINHTTP_WEB_SOCKET_BINARY_MESSAGE_BUFFER_TYPE);
        CHECK(got == bytes && memcmp(in, out, bytes) == 0);
    }
    CHECK(end_of(WinHttpWebSocketClose(websocket, 1000, NULL, 0)) == 0);
    CHECK(WinHttpCloseHandle(websocket));
    printf(" %u messages\n", messages);
    free(out);
    free(in);
}

static void one(HINTERNET connect, const WCHAR *method, const WCHAR *path, DWORD flags)
{
    DWORD status = 0, failure, proxy_scheme = 0;
    const char *messages = word("ws="), *by = word("by=");
    HINTERNET request;
    unsigned sends = 0;
    if (by && strcmp(by, "chunks") == 0)
        flags |= WINHTTP_FLAG_AUTOMATIC_CHUNKING;
    request = WinHttpOpenRequest(connect, method, path, NULL, NULL, NULL, flags);
    CHECK(request);
    if (!word("loop"))
        put_all(request);
    if (messages)
        CHECK(WinHttpSetOption(request, WINHTTP_OPTION_UPGRADE_TO_WEB_SOCKET, NULL, 0));
    do {
        failure = exchange(request);
        sends++;
        if (!failure)
            status = status_of(request);
    } while (sends < SENDS_MAX
             && (failure == ERROR_WINHTTP_RESEND_REQUEST || (!failure && answer(request, status, &proxy_scheme))));
    printf(failure ? "error %u " : "%u ", (unsigned)(failure ? failure : status));
    print_url(request);
    printf(" %u", sends);
    if (failure)
        putchar('\n');
    else if (messages && status == 101)
        converse(request, (unsigned)atoi(messages));
    else
        print_body(request);
    CHECK(WinHttpCloseHandle(request));
}

int main(int argc, char **argv)
{
    URL_COMPONENTS parts;
    WCHAR host[256], path[1024], url[TEXT_MAX], method[TEXT_MAX], list[TEXT_MAX], bypass[] = L"<-loopback>";
    WINHTTP_PROXY_INFO proxy = { WINHTTP_ACCESS_TYPE_NAMED_PROXY, list, bypass };
    HINTERNET session, connect;
    int times;
    CHECK(argc >= 5);
    count = argc;
    words = argv;
    memset(&parts, 0, sizeof(parts));
    parts.dwStructSize = sizeof(parts);
    parts.lpszHostName = host;
    parts.dwHostNameLength = 256;
    parts.lpszUrlPath = path;
    parts.dwUrlPathLength = 1024;
    wide(method, argv[3]);
    wide(list, word("proxy="));
    CHECK(WinHttpCrackUrl(wide(url, argv[1]), 0, 0, &parts));
    session = await_open(argv[2], notified);
    CHECK(WinHttpSetOption(session, WINHTTP_OPTION_PROXY, &proxy, sizeof(proxy)));
    connect = WinHttpConnect(session, host, parts.nPort, 0);
    CHECK(connect);
    for (times = word("times=") ? atoi(word("times=")) : 1; times > 0; times--)
        one(connect, method, path, parts.nScheme == INTERNET_SCHEME_HTTPS ? WINHTTP_FLAG_SECURE : 0);
    CHECK(WinHttpCloseHandle(connect));
    CHECK(WinHttpCloseHandle(session));
    return 0;
}
