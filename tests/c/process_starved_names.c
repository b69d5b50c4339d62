/* Names while there are hardly any descriptors: C's library says then that there is no such name, which is not passed on.
 * Argument: port. */
#include "process_fork.h"

#include <fcntl.h>
#include <sys/resource.h>

#define MOST 256

int main(int argc, char **argv)
{
    CHECK(argc == 2);
    port = atoi(argv[1]);
    HINTERNET session = open_session();
    struct rlimit most = { MOST, MOST };
    CHECK(setrlimit(RLIMIT_NOFILE, &most) == 0);
    int answered = 0;
    for (int left = 0; left < 16; left++) {
        HINTERNET request = open_request(session, L"localhost", L"/status");
        DWORD without = WINHTTP_DISABLE_KEEP_ALIVE;
        CHECK(WinHttpSetOption(request, WINHTTP_OPTION_DISABLE_FEATURE, &without, sizeof without));
        int taken[MOST], count = 0;
        while (count < MOST && (taken[count] = open("/dev/null", O_RDONLY)) >= 0)
            count++;
        for (int given = 0; given < left && count > 0; given++)
            close(taken[--count]);
        int worked = exchange(request);
        DWORD error = GetLastError();
        while (count > 0)
            close(taken[--count]);
        CHECK(worked || error == ERROR_NOT_ENOUGH_MEMORY);
        answered += worked;
        CHECK(WinHttpCloseHandle(request));
    }
    CHECK(answered > 0);
    CHECK(WinHttpCloseHandle(session));
    puts("done");
    return 0;
}
