/* Forks in every state a parent can be in; the child uses a session of its own, as a fresh process would. Arguments: port,
 * mode (sync, async), and the state: idle, busy, callback, lookups, standby, grandchild, threads,
 * trust (SSL_CERT_FILE names a pipe to be made). */
#include "process_fork.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <netdb.h>
#include <sys/stat.h>

static int stuck = 0;

/* Names that end in .test never get an answer in the process that counts them. */
int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints, struct addrinfo **result)
{
    typedef int look_up(const char *, const char *, const struct addrinfo *, struct addrinfo **);
    if (strstr(name, ".test") != NULL) {
        pthread_mutex_lock(&lock);
        stuck++;
        pthread_cond_broadcast(&changed);
        for (;;)
            pthread_cond_wait(&changed, &lock);
    }
    look_up *system = (look_up *)dlsym(RTLD_NEXT, "getaddrinfo");
    return system(name, service, hints, result);
}

static void thirty(void)
{
    fresh(30);
}

static void one(void)
{
    fresh(1);
}

/* Eight at once, which must not meet in anything they have from their parent. */
static void idle(void)
{
    pid_t children[8];
    HINTERNET session = open_session();
    get(session, L"localhost");
    for (int index = 0; index < 8; index++) {
        children[index] = fork();
        CHECK(children[index] >= 0);
        if (children[index] == 0) {
            take_over();
            thirty();
            leave(0);
        }
    }
    for (int index = 0; index < 8; index++)
        wait_for_child(children[index]);
    /* The parent has lost nothing. */
    get(session, L"localhost");
}

static void *stalled(void *request)
{
    exchange((HINTERNET)request);
    return NULL;
}

/* A call waits for its server, for ever. */
static void busy(void)
{
    HINTERNET session = open_session();
    HINTERNET request = open_request(session, L"localhost", L"/stall?name=never");
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, stalled, request) == 0);
    CHECK(wait_for(request, WINHTTP_CALLBACK_STATUS_REQUEST_SENT, 0) >= 0);
    in_child(thirty);
    leave(0);
}

static int forked_in_callback = 0;

static void fork_inside(HINTERNET handle, DWORD status)
{
    (void)handle;
    if (status == WINHTTP_CALLBACK_STATUS_CONNECTED_TO_SERVER) {
        forked_in_callback = 1;
        in_child(thirty);
    }
}

static void callback(void)
{
    HINTERNET session = open_session();
    inside = fork_inside;
    get(session, L"localhost");
    inside = NULL;
    CHECK(forked_in_callback);
    get(session, L"localhost");
}

/* All who look names up are busy with names that never answer. */
static void lookups(void)
{
    HINTERNET session = open_session();
    for (int index = 0; index < 8; index++) {
        WCHAR name[] = L"x.test";
        name[0] = (WCHAR)('a' + index);
        HINTERNET request = open_request(session, name, L"/status");
        pthread_t thread;
        CHECK(pthread_create(&thread, NULL, stalled, request) == 0);
    }
    pthread_mutex_lock(&lock);
    while (stuck < 8)
        pthread_cond_wait(&changed, &lock);
    pthread_mutex_unlock(&lock);
    in_child(thirty);
    leave(0);
}

static HINTERNET blocking = NULL;
static int may_return = 0, has_blocked = 0;

static void block(HINTERNET handle, DWORD status)
{
    if (handle == blocking && status == WINHTTP_CALLBACK_STATUS_SENDREQUEST_COMPLETE) {
        pthread_mutex_lock(&lock);
        has_blocked = 1;
        pthread_cond_broadcast(&changed);
        while (!may_return)
            pthread_cond_wait(&changed, &lock);
        pthread_mutex_unlock(&lock);
    }
}

/* A callback that blocks stalls nobody else: somebody stands by. */
static void with_standby(void)
{
    HINTERNET session = open_session();
    inside = block;
    blocking = open_request(session, L"localhost", L"/status");
    CHECK(WinHttpSendRequest(blocking, NULL, 0, NULL, 0, 0, 0));
    pthread_mutex_lock(&lock);
    while (async_mode && !has_blocked)
        pthread_cond_wait(&changed, &lock);
    pthread_mutex_unlock(&lock);
    get(session, L"localhost");
    pthread_mutex_lock(&lock);
    may_return = 1;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}

static void standby(void)
{
    may_return = !async_mode;
    HINTERNET session = open_session();
    get(session, L"localhost");
    /* The parent's own stand-by exists while the child is made. */
    may_return = 1;
    with_standby();
    may_return = !async_mode;
    has_blocked = 0;
    in_child(with_standby);
}

static void in_the_child(void)
{
    one();
    in_child(one);
    one();
}

static void grandchild(void)
{
    one();
    in_child(in_the_child);
    one();
}

static void *work(void *rounds)
{
    for (int index = 0; index < *(int *)rounds; index++)
        one();
    return NULL;
}

/* Forks while other threads open, use and close handles: no lock of theirs may be held in the child. */
static void threads(void)
{
    pthread_t workers[3];
    int rounds = 60;
    for (int index = 0; index < 3; index++)
        CHECK(pthread_create(&workers[index], NULL, work, &rounds) == 0);
    for (int index = 0; index < 40; index++)
        in_child(one);
    for (int index = 0; index < 3; index++)
        CHECK(pthread_join(workers[index], NULL) == 0);
}

static HINTERNET reading = NULL;

/* A request to a port that nobody listens to. */
static HINTERNET open_secured(void)
{
    HINTERNET connect = WinHttpConnect(reading, L"localhost", 1, 0);
    CHECK(connect != NULL);
    HINTERNET request = WinHttpOpenRequest(connect, NULL, L"/status", NULL, NULL, NULL, WINHTTP_FLAG_SECURE);
    CHECK(request != NULL);
    CHECK(WinHttpCloseHandle(connect));
    return request;
}

/* This fails; what counts is that it ends. */
static void secured(void)
{
    CHECK(unsetenv("SSL_CERT_FILE") == 0);
    /* An asynchronous session at work is refused as a whole. */
    if (!async_mode) {
        HINTERNET request = open_secured();
        CHECK(!exchange(request));
        CHECK(WinHttpCloseHandle(request));
    }
    one();
}

/* Which certificates are trusted is read for a first request, for ever; others of that session do not wait for it in the
 * child. */
static void trust(void)
{
    const char *pipe = getenv("SSL_CERT_FILE");
    CHECK(pipe != NULL && mkfifo(pipe, 0600) == 0);
    reading = open_session();
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, stalled, open_secured()) == 0);
    /* Whoever opens a pipe waits for its reader. */
    CHECK(open(pipe, O_WRONLY | O_CLOEXEC) >= 0);
    in_child(secured);
    leave(0);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*run)(void);
    } states[] = { { "idle", idle }, { "busy", busy }, { "callback", callback }, { "lookups", lookups },
        { "standby", standby }, { "grandchild", grandchild }, { "threads", threads }, { "trust", trust } };
    CHECK(argc == 4);
    port = atoi(argv[1]);
    async_mode = strcmp(argv[2], "async") == 0;
    int ran = 0;
    for (size_t index = 0; index < sizeof states / sizeof *states; index++)
        if (strcmp(states[index].name, argv[3]) == 0) {
            states[index].run();
            ran++;
        }
    CHECK(ran == 1);
    leave(0);
}
