// What leaves a function of the library other than by returning. Arguments: port, mode (sync, async), and what: cancel (a
// thread is cancelled in a call), cancel_late (as it returns), cancel_self (a callback cancels its own thread), jump (longjmp
// out of a callback), or, in a child whose end is printed, throw and pthread_exit (out of a callback).
#include "common.h"

#include <csetjmp>
#include <pthread.h>
#include <stdexcept>
#include <sys/wait.h>
#include <unistd.h>

static int async_mode, port;
static const char *what;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int complete = 0, sent = 0, closed = 0;
static HINTERNET session;
static jmp_buf before;
static bool armed = true;

static void set(int *flag)
{
    pthread_mutex_lock(&lock);
    *flag = 1;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}

static void wait_for(int *flag)
{
    pthread_mutex_lock(&lock);
    while (!*flag)
        pthread_cond_wait(&changed, &lock);
    pthread_mutex_unlock(&lock);
}

static void CALLBACK notified(HINTERNET, DWORD_PTR, DWORD status, LPVOID, DWORD)
{
    if (status == WINHTTP_CALLBACK_STATUS_SENDREQUEST_COMPLETE)
        set(&complete);
    if (status == WINHTTP_CALLBACK_STATUS_SENDING_REQUEST && armed) {
        armed = false;
        if (strcmp(what, "jump") == 0)
            longjmp(before, 1);
        if (strcmp(what, "throw") == 0)
            throw std::runtime_error("out of a callback");
        if (strcmp(what, "pthread_exit") == 0)
            pthread_exit(nullptr);
        if (strcmp(what, "cancel_self") == 0) {
            CHECK(pthread_cancel(pthread_self()) == 0);
            pthread_testcancel();
        }
    }
}

static HINTERNET open_request(const WCHAR *path)
{
    HINTERNET connect = WinHttpConnect(session, L"localhost", static_cast<INTERNET_PORT>(port), 0);
    CHECK(connect != nullptr);
    HINTERNET request = WinHttpOpenRequest(connect, nullptr, path, nullptr, nullptr, nullptr, 0);
    CHECK(request != nullptr && WinHttpCloseHandle(connect));
    return request;
}

static void send(HINTERNET request)
{
    CHECK(WinHttpSendRequest(request, nullptr, 0, nullptr, 0, 0, 0));
    if (async_mode)
        wait_for(&complete);
}

static void still_works()
{
    complete = 0;
    HINTERNET request = open_request(L"/status");
    send(request);
    CHECK(WinHttpCloseHandle(request));
    printf("works\n");
}

static void *send_and_receive(void *request)
{
    CHECK(WinHttpSendRequest(static_cast<HINTERNET>(request), nullptr, 0, nullptr, 0, 0, 0));
    set(&sent);
    CHECK(!WinHttpReceiveResponse(static_cast<HINTERNET>(request), nullptr));
    // The handle may be closed before the call begins.
    DWORD error = GetLastError();
    CHECK(error == ERROR_WINHTTP_OPERATION_CANCELLED || error == ERROR_INVALID_HANDLE);
    set(&closed);
    // The call is over: now the thread may be cancelled.
    for (;;)
        pause();
}

static void *receive_in_call(void *request)
{
    send(static_cast<HINTERNET>(request));
    set(&sent);
    for (;;)
        pause();
}

// A thread that is cancelled while it waits in a call goes on until that is over.
static void cancel()
{
    HINTERNET request = open_request(L"/stall?name=never");
    pthread_t thread;
    CHECK(pthread_create(&thread, nullptr, async_mode ? receive_in_call : send_and_receive, request) == 0);
    // A wait for a condition would be cancelled with the program's own lock held.
    wait_for(&sent);
    CHECK(pthread_cancel(thread) == 0);
    if (!async_mode) {
        CHECK(WinHttpCloseHandle(request));
        wait_for(&closed);
    }
    void *result = nullptr;
    CHECK(pthread_join(thread, &result) == 0 && result == PTHREAD_CANCELED);
    still_works();
}

static void *return_when_cancelled(void *request)
{
    send(static_cast<HINTERNET>(request));
    set(&sent);
    while (!__atomic_load_n(&closed, __ATOMIC_SEQ_CST))
        ;
    return nullptr;
}

// A thread that returns with a cancellation pending is not cancelled in the library's destructors.
static void cancel_late()
{
    pthread_t thread;
    CHECK(pthread_create(&thread, nullptr, return_when_cancelled, open_request(L"/status")) == 0);
    wait_for(&sent);
    CHECK(pthread_cancel(thread) == 0);
    __atomic_store_n(&closed, 1, __ATOMIC_SEQ_CST);
    void *result = &thread;
    CHECK(pthread_join(thread, &result) == 0 && result == nullptr);
    still_works();
}

static void *run(void *)
{
    HINTERNET request = open_request(L"/status");
    send(request);
    return nullptr;
}

static void in_child(void)
{
    fflush(stdout);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        // The library says what kills it.
        CHECK(freopen("/dev/null", "w", stderr) != nullptr);
        session = WinHttpOpen(L"child", WINHTTP_ACCESS_TYPE_NO_PROXY, nullptr, nullptr,
            async_mode ? WINHTTP_FLAG_ASYNC : 0);
        CHECK(WinHttpSetStatusCallback(session, notified, WINHTTP_CALLBACK_FLAG_ALL_NOTIFICATIONS, 0) == nullptr);
        pthread_t thread;
        CHECK(pthread_create(&thread, nullptr, run, nullptr) == 0);
        CHECK(pthread_join(thread, nullptr) == 0);
        _exit(0);
    }
    int status = 0;
    CHECK(waitpid(child, &status, 0) == child);
    printf(WIFSIGNALED(status) ? "killed by %d\n" : "ended with %d\n",
        WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
}

int main(int argc, char **argv)
{
    CHECK(argc == 4);
    port = atoi(argv[1]);
    async_mode = strcmp(argv[2], "async") == 0;
    what = argv[3];
    session = WinHttpOpen(L"unwinding", WINHTTP_ACCESS_TYPE_NO_PROXY, nullptr, nullptr,
        async_mode ? WINHTTP_FLAG_ASYNC : 0);
    CHECK(session != nullptr);
    CHECK(WinHttpSetStatusCallback(session, notified, WINHTTP_CALLBACK_FLAG_ALL_NOTIFICATIONS, 0) == nullptr);
    if (strcmp(what, "cancel") == 0) {
        cancel();
    } else if (strcmp(what, "cancel_late") == 0) {
        cancel_late();
    } else if (strcmp(what, "cancel_self") == 0) {
        pthread_t thread;
        CHECK(pthread_create(&thread, nullptr, receive_in_call, open_request(L"/status")) == 0);
        wait_for(&sent);
        if (async_mode)
            CHECK(pthread_cancel(thread) == 0);
        void *result = nullptr;
        CHECK(pthread_join(thread, &result) == 0 && result == PTHREAD_CANCELED);
        still_works();
    } else if (strcmp(what, "jump") == 0) {
        if (setjmp(before) == 0)
            send(open_request(L"/status"));
        CHECK(!armed);
        still_works();
    } else {
        in_child();
    }
    fflush(stdout);
    _exit(0);
}
