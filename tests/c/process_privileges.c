/* One request over TLS; prints what became of it, and whether a switch of the environment was obeyed. Compiled with RAISED
 * the system says that the program has more rights than whoever started it. Arguments: port, mode (sync, async). */
#define _GNU_SOURCE
#include "common.h"
#include "raised.h"

#include <dirent.h>
#include <pthread.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int ended = 0, sent = 0;
static unsigned error = 0;

static void end(int success, unsigned number)
{
    pthread_mutex_lock(&lock);
    sent = success;
    error = number;
    ended = 1;
    pthread_cond_signal(&changed);
    pthread_mutex_unlock(&lock);
}

static void CALLBACK notified(
    HINTERNET handle, DWORD_PTR context, DWORD status, LPVOID information, DWORD length)
{
    (void)handle, (void)context, (void)length;
    if (status == WINHTTP_CALLBACK_STATUS_SENDREQUEST_COMPLETE)
        end(1, 0);
    if (status == WINHTTP_CALLBACK_STATUS_REQUEST_ERROR)
        end(0, (unsigned)((WINHTTP_ASYNC_RESULT *)information)->dwError);
}

/* Threads that exist only because the environment wants them. */
static int poll_threads(void)
{
    int count = 0;
#ifdef __linux__
    DIR *tasks = opendir("/proc/self/task");
    CHECK(tasks != NULL);
    for (struct dirent *entry = readdir(tasks); entry != NULL; entry = readdir(tasks)) {
        char path[300], name[32] = "";
        snprintf(path, sizeof path, "/proc/self/task/%s/comm", entry->d_name);
        FILE *file = fopen(path, "r");
        if (file != NULL) {
            count += fgets(name, sizeof name, file) != NULL && strcmp(name, "winhttp-poll\n") == 0;
            fclose(file);
        }
    }
    closedir(tasks);
#endif
    return count;
}

int main(int argc, char **argv)
{
    CHECK(argc == 3);
    int async = strcmp(argv[2], "async") == 0;
    HINTERNET session = WinHttpOpen(
        L"privileges", WINHTTP_ACCESS_TYPE_NO_PROXY, NULL, NULL, async ? WINHTTP_FLAG_ASYNC : 0);
    CHECK(session != NULL);
    if (async)
        CHECK(WinHttpSetStatusCallback(session, notified, WINHTTP_CALLBACK_FLAG_ALL_COMPLETIONS, 0)
            == NULL);
    HINTERNET connect = WinHttpConnect(session, L"localhost", (INTERNET_PORT)atoi(argv[1]), 0);
    CHECK(connect != NULL);
    HINTERNET request
        = WinHttpOpenRequest(connect, NULL, L"/status", NULL, NULL, NULL, WINHTTP_FLAG_SECURE);
    CHECK(request != NULL);
    BOOL result = WinHttpSendRequest(request, NULL, 0, NULL, 0, 0, 0);
    if (!async)
        end(result, (unsigned)GetLastError());
    else
        CHECK(result);
    pthread_mutex_lock(&lock);
    while (!ended)
        pthread_cond_wait(&changed, &lock);
    pthread_mutex_unlock(&lock);
    printf("sent %d, error %u, poll threads %d\n", sent, error, poll_threads());
    return 0;
}
