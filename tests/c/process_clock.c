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
        int from = event_count;
        BOOL sent = WinHttpSendRequest(request, NULL, 0, NULL, 0, 0, 0);
        printf("error %u\n", (unsigned)end_of(request, sent ? 0 : GetLastError(), from));
        CHECK(WinHttpCloseHandle(request) && WinHttpCloseHandle(connect));
    }
    leave(0);
}
