/* Copies of the library in one process, and what dlclose does to them. Arguments: the library, a copy of it (which is another
 * library to the system), port, mode (sync, async), and the case: two (both copies work, also in a child), unload (closed in
 * the middle of everything, and opened again), destructor (closed by a destructor of the thread that used it). Compiled with
 * LINKED the program itself is linked with one more, else with none. */
#include "process_fork.h"

#include <dlfcn.h>

#ifndef LINKED
/* What the header's CHECK says the last error is. */
DWORD GetLastError(void)
{
    return 0;
}
#endif

static const char *library_path, *copy_path;

/* The functions of a library, in this program's width. */
struct api {
    void *library;
    __typeof__(WinHttpOpen) *open;
    __typeof__(WinHttpSetStatusCallback) *set_status_callback;
    __typeof__(WinHttpConnect) *connect;
    __typeof__(WinHttpOpenRequest) *open_request;
    __typeof__(WinHttpSendRequest) *send_request;
    __typeof__(WinHttpReceiveResponse) *receive_response;
    __typeof__(WinHttpCloseHandle) *close_handle;
};

static struct api load(const char *path)
{
    struct api api;
    api.library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    CHECK(api.library != NULL);
    *(void **)&api.open = dlsym(api.library, "winhttp32_WinHttpOpen");
    *(void **)&api.set_status_callback = dlsym(api.library, "winhttp32_WinHttpSetStatusCallback");
    *(void **)&api.connect = dlsym(api.library, "winhttp32_WinHttpConnect");
    *(void **)&api.open_request = dlsym(api.library, "winhttp32_WinHttpOpenRequest");
    *(void **)&api.send_request = dlsym(api.library, "winhttp32_WinHttpSendRequest");
    *(void **)&api.receive_response = dlsym(api.library, "winhttp32_WinHttpReceiveResponse");
    *(void **)&api.close_handle = dlsym(api.library, "winhttp32_WinHttpCloseHandle");
    return api;
}

static HINTERNET session_of(const struct api *api)
{
    HINTERNET session = api->open(
        L"copies", WINHTTP_ACCESS_TYPE_NO_PROXY, NULL, NULL, async_mode ? WINHTTP_FLAG_ASYNC : 0);
    CHECK(session != NULL);
    DWORD flags = WINHTTP_CALLBACK_FLAG_ALL_NOTIFICATIONS;
    CHECK(api->set_status_callback(session, notified, flags, 0) == NULL);
    return session;
}

static HINTERNET request_of(const struct api *api, HINTERNET session, const WCHAR *path)
{
    HINTERNET connect = api->connect(session, L"localhost", (INTERNET_PORT)port, 0);
    CHECK(connect != NULL);
    HINTERNET request = api->open_request(connect, NULL, path, NULL, NULL, NULL, 0);
    CHECK(request != NULL && api->close_handle(connect));
    return request;
}

/* Sends and receives. The copies may use the same numbers for their handles, so events are counted and not told apart. */
static void exchange_with(const struct api *api, HINTERNET request)
{
    int from = event_count;
    CHECK(api->send_request(request, NULL, 0, NULL, 0, 0, 0));
    if (async_mode)
        CHECK(wait_for(request, WINHTTP_CALLBACK_STATUS_SENDREQUEST_COMPLETE, from) >= 0);
    from = event_count;
    CHECK(api->receive_response(request, NULL));
    if (async_mode)
        CHECK(wait_for(request, WINHTTP_CALLBACK_STATUS_HEADERS_AVAILABLE, from) >= 0);
}

/* Closes a library, which stays where it is: its threads, and the handlers that the system has, are in it. */
static void close_api(const struct api *api)
{
    CHECK(dlclose(api->library) == 0);
    void *still = dlopen(library_path, RTLD_NOW | RTLD_NOLOAD);
    CHECK(still != NULL && dlclose(still) == 0);
}

static void use(const struct api *api)
{
    HINTERNET session = session_of(api);
    HINTERNET request = request_of(api, session, L"/status");
    exchange_with(api, request);
    CHECK(api->close_handle(request) && api->close_handle(session));
}

static void two(void)
{
    struct api first = load(library_path), second = load(copy_path);
    CHECK(first.open != second.open);
    HINTERNET one = session_of(&first), other = session_of(&second);
    HINTERNET of_one = request_of(&first, one, L"/status"), of_other = request_of(&second, other, L"/status");
    exchange_with(&first, of_one);
    exchange_with(&second, of_other);
    fflush(stdout);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        pthread_mutex_t fresh_lock = PTHREAD_MUTEX_INITIALIZER;
        pthread_cond_t fresh_condition = PTHREAD_COND_INITIALIZER;
        lock = fresh_lock;
        changed = fresh_condition;
        use(&first);
        use(&second);
        leave(0);
    }
    wait_for_child(child);
    use(&first);
    use(&second);
    CHECK(first.close_handle(of_one) && second.close_handle(of_other));
    CHECK(first.close_handle(one) && second.close_handle(other));
    CHECK(!first.close_handle(one) && !second.close_handle(other));
#ifdef LINKED
    get(open_session(), L"localhost");
#endif
}

struct wait {
    const struct api *api;
    HINTERNET request;
};

static void *wait_in_call(void *argument)
{
    struct wait *wait = (struct wait *)argument;
    wait->api->send_request(wait->request, NULL, 0, NULL, 0, 0, 0);
    if (!async_mode)
        wait->api->receive_response(wait->request, NULL);
    return NULL;
}

static void unload(void)
{
    struct api api = load(library_path);
    HINTERNET session = session_of(&api);
    struct wait wait = { &api, request_of(&api, session, L"/stall?name=never") };
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, wait_in_call, &wait) == 0);
    CHECK(wait_for(wait.request, WINHTTP_CALLBACK_STATUS_REQUEST_SENT, 0) >= 0);
    close_api(&api);
    /* Nothing was pulled from under the call, the callback thread, or the handles. */
    CHECK(api.close_handle(wait.request));
    CHECK(pthread_join(thread, NULL) == 0);
    use(&api);
    struct api again = load(library_path);
    CHECK(again.open == api.open);
    use(&again);
    CHECK(again.close_handle(session));
    close_api(&again);
}

static pthread_key_t key;

static void close_library(void *argument)
{
    struct api *api = (struct api *)argument;
    use(api);
    close_api(api);
}

static void *use_in_thread(void *argument)
{
    struct api *api = (struct api *)argument;
    CHECK(pthread_setspecific(key, api) == 0);
    use(api);
    return NULL;
}

static void destructor(void)
{
    CHECK(pthread_key_create(&key, close_library) == 0);
    for (int round = 0; round < 3; round++) {
        struct api api = load(library_path);
        pthread_t thread;
        CHECK(pthread_create(&thread, NULL, use_in_thread, &api) == 0);
        CHECK(pthread_join(thread, NULL) == 0);
    }
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*run)(void);
    } cases[] = { { "two", two }, { "unload", unload }, { "destructor", destructor } };
    CHECK(argc == 6);
    library_path = argv[1];
    copy_path = argv[2];
    port = atoi(argv[3]);
    async_mode = strcmp(argv[4], "async") == 0;
    int ran = 0;
    for (size_t index = 0; index < sizeof cases / sizeof *cases; index++)
        if (strcmp(cases[index].name, argv[5]) == 0) {
            cases[index].run();
            ran++;
        }
    CHECK(ran == 1);
    printf("done\n");
    return 0;
}
