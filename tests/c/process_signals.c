/* Signals that are sent to the process reach the program's own threads only. Every thread of the library is made to
 * exist: two callback threads (one callback blocks), the monitor, and a look-up. Synchronously the look-up's thread is the
 * only one, and says itself what it blocks. Arguments: port, mode (sync, async). */
#include "common.h"

#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <sys/types.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int looking_up = 0, blocked = 0, overtaken = 0, may_go_on = 0;
static HINTERNET first, second;

/* A look-up that lasts until the signals were sent. */
int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints, struct addrinfo **result)
{
    (void)name, (void)service, (void)hints, (void)result;
    sigset_t blocked_here;
    CHECK(pthread_sigmask(SIG_SETMASK, NULL, &blocked_here) == 0);
    CHECK(sigismember(&blocked_here, SIGUSR1) && sigismember(&blocked_here, SIGCHLD));
    /* What the thread does itself is the program's to handle. */
    CHECK(!sigismember(&blocked_here, SIGSEGV));
    pthread_mutex_lock(&lock);
    looking_up = 1;
    pthread_cond_broadcast(&changed);
    while (!may_go_on)
        pthread_cond_wait(&changed, &lock);
    pthread_mutex_unlock(&lock);
    return EAI_NONAME;
}

static void wait_for(int *flag)
{
    pthread_mutex_lock(&lock);
    while (!*flag)
        pthread_cond_wait(&changed, &lock);
    pthread_mutex_unlock(&lock);
}

static void set(int *flag)
{
    pthread_mutex_lock(&lock);
    *flag = 1;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}

static void CALLBACK notified(
    HINTERNET handle, DWORD_PTR context, DWORD status, LPVOID information, DWORD length)
{
    (void)context, (void)information, (void)length;
    if (status != WINHTTP_CALLBACK_STATUS_SENDREQUEST_COMPLETE)
        return;
    if (handle == first) {
        set(&blocked);
        wait_for(&may_go_on);
    } else if (handle == second) {
        set(&overtaken);
    }
}

static HINTERNET open_request(HINTERNET session, const WCHAR *host, int port)
{
    HINTERNET connect = WinHttpConnect(session, host, (INTERNET_PORT)port, 0);
    CHECK(connect != NULL);
    HINTERNET request = WinHttpOpenRequest(connect, NULL, L"/status", NULL, NULL, NULL, 0);
    CHECK(request != NULL);
    return request;
}

/* The program that waits for its signals itself: each of them arrives there, and ends nothing. */
static void send_signals(void)
{
    static const int numbers[] = { SIGUSR1, SIGUSR2, SIGTERM, SIGINT, SIGHUP, SIGALRM, SIGQUIT };
    sigset_t all;
    sigemptyset(&all);
    for (size_t index = 0; index < sizeof numbers / sizeof *numbers; index++)
        sigaddset(&all, numbers[index]);
    CHECK(pthread_sigmask(SIG_BLOCK, &all, NULL) == 0);
    for (int round = 0; round < 20; round++) {
        for (size_t index = 0; index < sizeof numbers / sizeof *numbers; index++) {
            int arrived = 0;
            CHECK(kill(getpid(), numbers[index]) == 0);
            CHECK(sigwait(&all, &arrived) == 0 && arrived == numbers[index]);
        }
    }
}

int main(int argc, char **argv)
{
    CHECK(argc == 3);
    int port = atoi(argv[1]);
    int async = strcmp(argv[2], "async") == 0;
    HINTERNET session = WinHttpOpen(
        L"signals", WINHTTP_ACCESS_TYPE_NO_PROXY, NULL, NULL, async ? WINHTTP_FLAG_ASYNC : 0);
    CHECK(session != NULL);
    CHECK(WinHttpSetStatusCallback(session, notified, WINHTTP_CALLBACK_FLAG_ALL_COMPLETIONS, 0) == NULL);
    HINTERNET third = open_request(session, L"slow.test", port);
    if (async) {
        first = open_request(session, L"127.0.0.1", port);
        second = open_request(session, L"127.0.0.1", port);
        CHECK(WinHttpSendRequest(first, NULL, 0, NULL, 0, 0, 0));
        wait_for(&blocked);
        CHECK(WinHttpSendRequest(second, NULL, 0, NULL, 0, 0, 0));
        wait_for(&overtaken);
        CHECK(WinHttpSendRequest(third, NULL, 0, NULL, 0, 0, 0));
        wait_for(&looking_up);
        send_signals();
        set(&may_go_on);
    } else {
        may_go_on = 1;
        CHECK(!WinHttpSendRequest(third, NULL, 0, NULL, 0, 0, 0));
        CHECK(GetLastError() == ERROR_WINHTTP_NAME_NOT_RESOLVED && looking_up);
    }
    /* The caller's own mask was left as it was. */
    sigset_t mask;
    CHECK(pthread_sigmask(SIG_SETMASK, NULL, &mask) == 0 && !sigismember(&mask, SIGCHLD));
    printf("done\n");
    return 0;
}
