/* A handler as managed programs have it: one session, many threads, and before each request
   everything that a caller may want is set on it: redirects, credentials, cookies, decompression.
   Arguments: host, port, how many requests, how many threads, sync or async.

   The path of a request says what it has asked for, so that the server can judge what it gets:
   /redirects/credentials/cookies/decompression/number. */
#include "await.h"

enum { NO_CREDENTIALS, BASIC, DIGEST, OPTIONS, KINDS };

static const char *const credential_names[KINDS] = { "none", "basic", "digest", "options" };

struct choice {
    int follows, credentials, cookies, decompresses;
};

/* Each has a request of its own. */
struct worker {
    pthread_t thread;
    struct awaited awaited;
};

static HINTERNET session, connect_handle;
static unsigned total, next, right;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void CALLBACK notified(
    HINTERNET handle, DWORD_PTR context, DWORD status, LPVOID information, DWORD length)
{
    struct worker *worker = (struct worker *)context;
    (void)handle;
    if (worker != NULL)
        await_notified(&worker->awaited, status, information, length);
}

static struct choice choice_of(unsigned number)
{
    struct choice choice = { number % 2, (int)(number / 2 % KINDS), (int)(number / 8 % 2),
        (int)(number / 16 % 2) };
    return choice;
}

static void set_dword(HINTERNET request, DWORD option, DWORD value)
{
    CHECK(WinHttpSetOption(request, option, &value, sizeof value));
}

static void set_credentials(HINTERNET request, int kind, unsigned number)
{
    char text[TEXT_MAX];
    WCHAR user[TEXT_MAX];
    snprintf(text, sizeof text, "user%u", number);
    wide(user, text);
    if (kind == OPTIONS) {
        CHECK(WinHttpSetOption(request, WINHTTP_OPTION_USERNAME, user, (DWORD)strlen(text)));
        CHECK(WinHttpSetOption(request, WINHTTP_OPTION_PASSWORD, (void *)L"pa55word", 8));
    } else if (kind != NO_CREDENTIALS) {
        DWORD scheme = kind == BASIC ? WINHTTP_AUTH_SCHEME_BASIC : WINHTTP_AUTH_SCHEME_DIGEST;
        CHECK(WinHttpSetCredentials(
            request, WINHTTP_AUTH_TARGET_SERVER, scheme, user, L"pa55word", NULL));
    }
}

static void set_all(HINTERNET request, struct choice choice, unsigned number)
{
    set_dword(request, WINHTTP_OPTION_REDIRECT_POLICY,
        choice.follows ? WINHTTP_OPTION_REDIRECT_POLICY_ALWAYS
                       : WINHTTP_OPTION_REDIRECT_POLICY_NEVER);
    if (choice.decompresses)
        set_dword(request, WINHTTP_OPTION_DECOMPRESSION, WINHTTP_DECOMPRESSION_FLAG_ALL);
    if (!choice.cookies) {
        char text[TEXT_MAX];
        WCHAR field[TEXT_MAX];
        set_dword(request, WINHTTP_OPTION_DISABLE_FEATURE, WINHTTP_DISABLE_COOKIES);
        snprintf(text, sizeof text, "Cookie: own=%u", number);
        CHECK(WinHttpAddRequestHeaders(
            request, wide(field, text), (DWORD)-1, WINHTTP_ADDREQ_FLAG_ADD));
    }
    set_credentials(request, choice.credentials, number);
}

/* The status that this choice leads to. */
static DWORD expected_status(struct choice choice)
{
    if (!choice.follows)
        return 302;
    return choice.credentials == NO_CREDENTIALS ? 401 : 200;
}

static int is_right(struct worker *worker, HINTERNET request, struct choice choice, unsigned number)
{
    char body[TEXT_MAX], expected[TEXT_MAX];
    DWORD status = status_of(request);
    await_body(&worker->awaited, request, body, sizeof body);
    snprintf(expected, sizeof expected, "%u for %u", (unsigned)status, number);
    return status == expected_status(choice) && strcmp(body, expected) == 0;
}

static int one_request(struct worker *worker, unsigned number)
{
    char text[TEXT_MAX];
    WCHAR path[TEXT_MAX];
    struct choice choice = choice_of(number);
    snprintf(text, sizeof text, "/%s/%s/%s/%s/%u", choice.follows ? "follow" : "stay",
        credential_names[choice.credentials], choice.cookies ? "jar" : "own",
        choice.decompresses ? "coded" : "plain", number);
    HINTERNET request
        = WinHttpOpenRequest(connect_handle, L"GET", wide(path, text), NULL, NULL, NULL, 0);
    CHECK(request != NULL);
    set_all(request, choice, number);
    struct awaited *awaited = &worker->awaited;
    CHECK(await_end(awaited, WinHttpSendRequest(request, NULL, 0, NULL, 0, 0, (DWORD_PTR)worker)) == 0);
    CHECK(await_end(awaited, WinHttpReceiveResponse(request, NULL)) == 0);
    int answer = is_right(worker, request, choice, number);
    CHECK(WinHttpCloseHandle(request));
    return answer;
}

static void *work(void *argument)
{
    struct worker *worker = argument;
    for (;;) {
        pthread_mutex_lock(&lock);
        unsigned number = next++;
        pthread_mutex_unlock(&lock);
        if (number >= total)
            return NULL;
        int answer = one_request(worker, number);
        pthread_mutex_lock(&lock);
        right += (unsigned)answer;
        pthread_mutex_unlock(&lock);
    }
}

int main(int argc, char **argv)
{
    WCHAR host[TEXT_MAX];
    static struct worker workers[16];
    CHECK(argc == 6);
    total = (unsigned)atoi(argv[3]);
    unsigned many = (unsigned)atoi(argv[4]);
    CHECK(many <= sizeof workers / sizeof workers[0]);
    session = await_open(argv[5], notified);
    connect_handle = WinHttpConnect(session, wide(host, argv[1]), (INTERNET_PORT)atoi(argv[2]), 0);
    CHECK(connect_handle != NULL);
    for (unsigned index = 0; index < many; index++) {
        struct worker *worker = &workers[index];
        CHECK(pthread_mutex_init(&worker->awaited.lock, NULL) == 0);
        CHECK(pthread_cond_init(&worker->awaited.changed, NULL) == 0);
        CHECK(pthread_create(&worker->thread, NULL, work, worker) == 0);
    }
    for (unsigned index = 0; index < many; index++)
        CHECK(pthread_join(workers[index].thread, NULL) == 0);
    printf("%u of %u right\n", right, total);
    CHECK(WinHttpCloseHandle(connect_handle) && WinHttpCloseHandle(session));
    return 0;
}
