// Calls of every kind where a thread or the process ends. Arguments: port, mode (sync, async), and where the calls are made:
// atexit, static, thread_local, main_thread_local, key, key_again (a destructor that comes after all others of its thread).
#include "common.h"

#include <pthread.h>
#include <time.h>

static int async_mode, port;
static HINTERNET session;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static DWORD awaited, failed;

static void CALLBACK notified(HINTERNET, DWORD_PTR, DWORD status, LPVOID information, DWORD)
{
    pthread_mutex_lock(&lock);
    if (status == awaited)
        awaited = 0;
    if (status == WINHTTP_CALLBACK_STATUS_REQUEST_ERROR) {
        failed = static_cast<WINHTTP_ASYNC_RESULT *>(information)->dwError;
        awaited = 0;
    }
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}

static void expect(DWORD status)
{
    awaited = status;
    failed = 0;
}

// The end of a call that was made; at once in synchronous mode.
static void finish()
{
    if (!async_mode)
        return;
    timespec limit;
    clock_gettime(CLOCK_REALTIME, &limit);
    limit.tv_sec += 10;
    pthread_mutex_lock(&lock);
    while (awaited != 0)
        CHECK(pthread_cond_timedwait(&changed, &lock, &limit) == 0);
    CHECK(failed == 0);
    pthread_mutex_unlock(&lock);
}

static HINTERNET open_request(const WCHAR *path)
{
    HINTERNET connect = WinHttpConnect(session, L"localhost", static_cast<INTERNET_PORT>(port), 0);
    CHECK(connect != nullptr);
    HINTERNET request = WinHttpOpenRequest(connect, nullptr, path, nullptr, nullptr, nullptr, 0);
    CHECK(request != nullptr);
    CHECK(WinHttpCloseHandle(connect));
    return request;
}

static void exchange(HINTERNET request)
{
    expect(WINHTTP_CALLBACK_STATUS_SENDREQUEST_COMPLETE);
    CHECK(WinHttpSendRequest(request, nullptr, 0, nullptr, 0, 0, 0));
    finish();
    expect(WINHTTP_CALLBACK_STATUS_HEADERS_AVAILABLE);
    CHECK(WinHttpReceiveResponse(request, nullptr));
    finish();
}

static void get()
{
    HINTERNET request = open_request(L"/slow");
    exchange(request);
    static char body[256];
    DWORD read = 0;
    expect(WINHTTP_CALLBACK_STATUS_READ_COMPLETE);
    CHECK(WinHttpReadData(request, body, sizeof body, &read));
    finish();
    CHECK(WinHttpCloseHandle(request));
}

static void web_socket()
{
    HINTERNET request = open_request(L"/slow");
    CHECK(WinHttpSetOption(request, WINHTTP_OPTION_UPGRADE_TO_WEB_SOCKET, nullptr, 0));
    exchange(request);
    HINTERNET socket = WinHttpWebSocketCompleteUpgrade(request, 0);
    CHECK(socket != nullptr);
    CHECK(WinHttpCloseHandle(request));
    static char text[] = "hello", buffer[64];
    DWORD read = 0;
    WINHTTP_WEB_SOCKET_BUFFER_TYPE type = WINHTTP_WEB_SOCKET_BINARY_MESSAGE_BUFFER_TYPE;
    expect(WINHTTP_CALLBACK_STATUS_WRITE_COMPLETE);
    CHECK(WinHttpWebSocketSend(socket, WINHTTP_WEB_SOCKET_UTF8_MESSAGE_BUFFER_TYPE, text, 5) == 0);
    finish();
    expect(WINHTTP_CALLBACK_STATUS_READ_COMPLETE);
    CHECK(WinHttpWebSocketReceive(socket, buffer, sizeof buffer, &read, &type) == 0);
    finish();
    CHECK(buffer[0] == 'h');
    expect(WINHTTP_CALLBACK_STATUS_CLOSE_COMPLETE);
    CHECK(WinHttpWebSocketClose(socket, 1000, nullptr, 0) == 0);
    finish();
    CHECK(WinHttpCloseHandle(socket));
}

static void everything()
{
    get();
    web_socket();
    // Nothing has to have happened on the thread before.
    HINTERNET first = session;
    session = WinHttpOpen(L"endings", WINHTTP_ACCESS_TYPE_NO_PROXY, nullptr, nullptr,
        async_mode ? WINHTTP_FLAG_ASYNC : 0);
    CHECK(session != nullptr);
    CHECK(WinHttpSetStatusCallback(session, notified, WINHTTP_CALLBACK_FLAG_ALL_NOTIFICATIONS, 0) == nullptr);
    get();
    CHECK(WinHttpCloseHandle(session));
    session = first;
    // What the library keeps for the thread is used without it.
    CHECK(!WinHttpCloseHandle(nullptr));
    printf("everything worked\n");
    fflush(stdout);
}

struct AtEnd {
    bool armed = false;
    ~AtEnd()
    {
        if (armed)
            everything();
    }
};

static AtEnd static_end;
static thread_local AtEnd thread_end;
static pthread_key_t key, late_key;

// glibc calls the destructors of keys again as long as values are set: what is set here comes after all others.
static void again(void *rounds)
{
    intptr_t left = reinterpret_cast<intptr_t>(rounds);
    if (left > 1)
        pthread_setspecific(late_key, reinterpret_cast<void *>(left - 1));
    else
        everything();
}

static void in_key(void *)
{
    everything();
}

static void *thread(void *where)
{
    const char *name = static_cast<const char *>(where);
    if (strcmp(name, "thread_local") == 0)
        thread_end.armed = true;
    if (strcmp(name, "key") == 0)
        pthread_setspecific(key, &key);
    if (strcmp(name, "key_again") == 0)
        pthread_setspecific(late_key, reinterpret_cast<void *>(3));
    // The thread uses the library: what that keeps for it is gone when the destructors run.
    get();
    web_socket();
    return nullptr;
}

int main(int argc, char **argv)
{
    CHECK(argc == 4);
    port = atoi(argv[1]);
    async_mode = strcmp(argv[2], "async") == 0;
    const char *where = argv[3];
    session = WinHttpOpen(L"endings", WINHTTP_ACCESS_TYPE_NO_PROXY, nullptr, nullptr,
        async_mode ? WINHTTP_FLAG_ASYNC : 0);
    CHECK(session != nullptr);
    CHECK(WinHttpSetStatusCallback(session, notified, WINHTTP_CALLBACK_FLAG_ALL_NOTIFICATIONS, 0) == nullptr);
    CHECK(pthread_key_create(&key, in_key) == 0 && pthread_key_create(&late_key, again) == 0);
    if (strcmp(where, "atexit") == 0)
        CHECK(atexit(everything) == 0);
    static_end.armed = strcmp(where, "static") == 0;
    if (strcmp(where, "main_thread_local") == 0)
        thread_end.armed = true;
    pthread_t other;
    CHECK(pthread_create(&other, nullptr, thread, argv[3]) == 0);
    CHECK(pthread_join(other, nullptr) == 0);
    get();
    web_socket();
    return 0;
}
