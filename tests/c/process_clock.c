/* A request over TLS on a machine whose clock says 1969. Arguments: port, mode (sync, async). Prints what became of it, with
 * and without tolerance for the dates of certificates. */
#define _GNU_SOURCE
#include "process_fork.h"

#include <sys/syscall.h>

/* Only the wall clock is wrong; the C library's own waits do not ask here. */
int clock_gettime(clockid_t clock, struct timespec *time)
{
    int result = (int)syscall(SYS_clock_gettime, clock, time);
    if (result == 0 && clock == CLOCK_REALTIME && getenv("CLOCK_IS_RIGHT") == NULL)
        time->tv_sec = -1000;
    return result;
}

static DWORD end_of(HINTERNET request)
{
    if (!WinHttpSendRequest(request, NULL, 0, NULL, 0, 0, 0))
        return GetLastError();
    if (!async_mode)
        return 0;
    DWORD error = 0;
    pthread_mutex_lock(&lock);
    for (int ended = 0; !ended;) {
        pthread_cond_wait(&changed, &lock);
        for (int index = 0; index < event_count; index++) {
            if (events[index].handle != request)
                continue;
            ended |= events[index].status == WINHTTP_CALLBACK_STATUS_SENDREQUEST_COMPLETE;
            ended |= events[index].status == WINHTTP_CALLBACK_STATUS_REQUEST_ERROR;
            error |= events[index].error;
        }
    }
    pthread_mutex_unlock(&lock);
    return error;
}

int main(int argc, char **argv)
{
    CHECK(argc == 3);
    port = atoi(argv[1]);
    async_mode = strcmp(argv[2], "async") == 0;
    HINTERNET session = open_session();
    for (int tolerant = 0; tolerant < 2; tolerant++) {
        HINTERNET connect = WinHttpConnect(session, L"localhost", (INTERNET_PORT)port, 0);
        CHECK(connect != NULL);
        HINTERNET request
            = WinHttpOpenRequest(connect, NULL, L"/status", NULL, NULL, NULL, WINHTTP_FLAG_SECURE);
        CHECK(request != NULL);
        DWORD ignore = SECURITY_FLAG_IGNORE_CERT_DATE_INVALID;
        if (tolerant)
            CHECK(WinHttpSetOption(request, WINHTTP_OPTION_SECURITY_FLAGS, &ignore, sizeof ignore));
        printf("error %u\n", (unsigned)end_of(request));
        CHECK(WinHttpCloseHandle(request) && WinHttpCloseHandle(connect));
    }
    leave(0);
}
