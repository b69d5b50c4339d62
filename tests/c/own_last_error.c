/* A program that brings its own GetLastError and SetLastError: it sees one value with the library, through errno too. */
#include "common.h"

#include <errno.h>
#include <pthread.h>

static __thread DWORD own = 0;
static __thread int writes = 0;

DWORD GetLastError(void)
{
    return own;
}

void SetLastError(DWORD number)
{
    own = number;
    writes++;
}

static void *other_thread(void *handle)
{
    (void)handle;
    errno = 0;
    BOOL closed = WinHttpCloseHandle(NULL);
    printf("other thread: %d, %u, errno %d\n", (int)closed, (unsigned)GetLastError(), errno);
    return NULL;
}

int main(void)
{
    SetLastError(77);
    writes = 0;
    HINTERNET session = WinHttpOpen(L"own", WINHTTP_ACCESS_TYPE_NO_PROXY, NULL, NULL, 0);
    printf("success: %u, written %d\n", (unsigned)GetLastError(), writes > 0);
    HINTERNET connect = WinHttpConnect(session, NULL, 80, 0);
    printf("failure: %d, %u, errno %d\n", connect != NULL, (unsigned)GetLastError(), errno);
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, other_thread, NULL) == 0);
    CHECK(pthread_join(thread, NULL) == 0);
    printf("this thread: %u\n", (unsigned)GetLastError());
    CHECK(WinHttpCloseHandle(session));
    printf("at the end: %u\n", (unsigned)GetLastError());
    return 0;
}
