/* Proxy settings of a process. Compiled with RAISED the system says that the program has more rights than whoever started
 * it. Argument: show (what the machine and the user have configured, and whether that can be changed), fork (a child
 * looks, stores and watches for itself), fork-inside (a child that a callback has made watches, too), request (one with each access type that obeys settings), or starved (looks while
 * there are no descriptors, and then). */
#define _GNU_SOURCE
#include "common.h"
#include "raised.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int calls = 0;

static void print(const char *name, LPWSTR text)
{
    printf(", %s ", name);
    if (text == NULL)
        printf("none");
    for (LPWSTR unit = text; unit != NULL && *unit != 0; unit++)
        putchar((int)*unit);
    GlobalFree(text);
}

static void show(void)
{
    WINHTTP_PROXY_INFO info;
    CHECK(WinHttpGetDefaultProxyConfiguration(&info));
    printf("machine %u", (unsigned)info.dwAccessType);
    print("proxy", info.lpszProxy);
    print("bypass", info.lpszProxyBypass);
    WINHTTP_CURRENT_USER_IE_PROXY_CONFIG user;
    CHECK(WinHttpGetIEProxyConfigForCurrentUser(&user));
    printf("\nuser %d", user.fAutoDetect);
    print("script", user.lpszAutoConfigUrl);
    print("proxy", user.lpszProxy);
    print("bypass", user.lpszProxyBypass);
    printf("\n");
}

/* Takes all descriptors that there are, or gives them back. */
static void starve(int starves)
{
    static int taken[64], count = 0;
    if (starves) {
        struct rlimit most = {64, 64};
        CHECK(setrlimit(RLIMIT_NOFILE, &most) == 0);
        while (count < 64 && (taken[count] = open("/dev/null", O_RDONLY)) >= 0)
            count++;
    }
    while (!starves && count > 0)
        close(taken[--count]);
}

/* What is configured is not "directly" because it cannot be looked at. */
static void starved(void)
{
    char file[4096];
    CHECK(snprintf(file, sizeof file, "%s/winhttp/proxy.conf", getenv("XDG_CONFIG_HOME")) < (int)sizeof file);
    WINHTTP_PROXY_INFO info;
    WINHTTP_CURRENT_USER_IE_PROXY_CONFIG user;
    starve(1);
    CHECK(!WinHttpGetDefaultProxyConfiguration(&info) && GetLastError() == ERROR_NOT_ENOUGH_MEMORY);
    CHECK(!WinHttpGetIEProxyConfigForCurrentUser(&user) && GetLastError() == ERROR_NOT_ENOUGH_MEMORY);
    CHECK(WinHttpOpen(NULL, WINHTTP_ACCESS_TYPE_DEFAULT_PROXY, NULL, NULL, 0) == NULL
          && GetLastError() == ERROR_NOT_ENOUGH_MEMORY);
    starve(0);
    show();
    FILE *changed_file = fopen(file, "w");
    CHECK(changed_file != NULL && fputs("default-proxy = changed:2\n", changed_file) >= 0);
    CHECK(fclose(changed_file) == 0);
    starve(1);
    show();
    starve(0);
    show();
}

static DWORD store(LPWSTR proxy)
{
    WINHTTP_PROXY_INFO info = {WINHTTP_ACCESS_TYPE_NAMED_PROXY, proxy, NULL};
    return WinHttpSetDefaultProxyConfiguration(&info) ? 0 : GetLastError();
}

static void CALLBACK notified(ULONGLONG flags, PVOID context)
{
    CHECK(flags == WINHTTP_PROXY_NOTIFY_CHANGE && context == &calls);
    pthread_mutex_lock(&lock);
    calls++;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}

static WINHTTP_PROXY_CHANGE_REGISTRATION_HANDLE watch(void)
{
    WINHTTP_PROXY_CHANGE_REGISTRATION_HANDLE registration = NULL;
    CHECK(WinHttpRegisterProxyChangeNotification(
              WINHTTP_PROXY_NOTIFY_CHANGE, notified, &calls, &registration)
        == 0);
    return registration;
}

static void wait_for_calls(int count)
{
    struct timespec limit;
    clock_gettime(CLOCK_REALTIME, &limit);
    limit.tv_sec += 20;
    pthread_mutex_lock(&lock);
    while (calls < count)
        CHECK(pthread_cond_timedwait(&changed, &lock, &limit) == 0);
    pthread_mutex_unlock(&lock);
}

static void child(WINHTTP_PROXY_CHANGE_REGISTRATION_HANDLE parents)
{
    CHECK(WinHttpUnregisterProxyChangeNotification(parents) == ERROR_INVALID_HANDLE);
    show();
    WINHTTP_PROXY_CHANGE_REGISTRATION_HANDLE own = watch();
    CHECK(store(L"child:2") == 0);
    wait_for_calls(1);
    CHECK(WinHttpUnregisterProxyChangeNotification(own) == 0);
}

static void fork_and_watch(void)
{
    WINHTTP_PROXY_CHANGE_REGISTRATION_HANDLE registration = watch();
    CHECK(store(L"parent:1") == 0);
    wait_for_calls(1);
    calls = 0;
    fflush(stdout);
    pid_t process = fork();
    CHECK(process >= 0);
    if (process == 0) {
        child(registration);
        fflush(stdout);
        _exit(0);
    }
    int status = 0;
    CHECK(waitpid(process, &status, 0) == process);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    /* What the child has stored. */
    wait_for_calls(1);
    CHECK(WinHttpUnregisterProxyChangeNotification(registration) == 0);
    show();
}

static int made[2];
static pthread_key_t inherited;
static int has_ended = 0;

static void inherited_ends(void *of)
{
    (void)of;
    pthread_mutex_lock(&lock);
    has_ended = 1;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}

/* Of the child: on a thread of its own, which is there alone. */
static void CALLBACK notified_child(ULONGLONG flags, PVOID context)
{
    struct timespec limit;
    (void)flags, (void)context;
    clock_gettime(CLOCK_REALTIME, &limit);
    limit.tv_sec += 20;
    pthread_mutex_lock(&lock);
    while (!has_ended)
        CHECK(pthread_cond_timedwait(&changed, &lock, &limit) == 0);
    fflush(stdout);
    _exit(0);
}

/* The first time it makes a child, which registers and stores here, and returns into the library. */
static void CALLBACK forks(ULONGLONG flags, PVOID context)
{
    WINHTTP_PROXY_CHANGE_REGISTRATION_HANDLE own = NULL;
    (void)flags, (void)context;
    if (calls++ > 0)
        return;
    pid_t process = fork();
    CHECK(process >= 0);
    if (process > 0) {
        CHECK(write(made[1], &process, sizeof process) == sizeof process);
        return;
    }
    alarm(60);
    CHECK(pthread_setspecific(inherited, &inherited) == 0);
    CHECK(WinHttpRegisterProxyChangeNotification(
              WINHTTP_PROXY_NOTIFY_CHANGE, notified_child, NULL, &own)
        == 0);
    CHECK(store(L"child:2") == 0);
}

static void fork_inside(void)
{
    WINHTTP_PROXY_CHANGE_REGISTRATION_HANDLE registration = NULL;
    pid_t process = 0;
    int status = 0;
    CHECK(pipe(made) == 0 && pthread_key_create(&inherited, inherited_ends) == 0);
    CHECK(WinHttpRegisterProxyChangeNotification(WINHTTP_PROXY_NOTIFY_CHANGE, forks, NULL, &registration) == 0);
    CHECK(store(L"parent:1") == 0);
    CHECK(read(made[0], &process, sizeof process) == sizeof process);
    CHECK(waitpid(process, &status, 0) == process);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    CHECK(WinHttpUnregisterProxyChangeNotification(registration) == 0);
    show();
}

/* To a name that only a proxy knows. */
static void request(DWORD access)
{
    HINTERNET session = WinHttpOpen(L"settings", access, NULL, NULL, 0);
    CHECK(session != NULL);
    HINTERNET connect = WinHttpConnect(session, L"nosuchhost.invalid", 80, 0);
    CHECK(connect != NULL);
    HINTERNET request = WinHttpOpenRequest(connect, NULL, L"/", NULL, NULL, NULL, 0);
    CHECK(request != NULL);
    if (!WinHttpSendRequest(request, NULL, 0, NULL, 0, 0, 0) || !WinHttpReceiveResponse(request, NULL)) {
        printf("type %u: error %u\n", (unsigned)access, (unsigned)GetLastError());
    } else {
        printf("type %u: %u\n", (unsigned)access, (unsigned)status_of(request));
    }
    CHECK(WinHttpCloseHandle(request) && WinHttpCloseHandle(connect) && WinHttpCloseHandle(session));
}

int main(int count, char **arguments)
{
    CHECK(count == 2);
    if (strcmp(arguments[1], "fork") == 0) {
        fork_and_watch();
    } else if (strcmp(arguments[1], "fork-inside") == 0) {
        fork_inside();
    } else if (strcmp(arguments[1], "starved") == 0) {
        starved();
    } else if (strcmp(arguments[1], "request") == 0) {
        request(WINHTTP_ACCESS_TYPE_DEFAULT_PROXY);
        request(WINHTTP_ACCESS_TYPE_AUTOMATIC_PROXY);
    } else {
        show();
        printf("stored: %u\n", (unsigned)store(L"new:1"));
    }
    return 0;
}
