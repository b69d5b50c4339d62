/* A connection that is idle must not keep the process's last descriptor: the thread that would look after it gets none for
 * its poll. Its end is what the test waits for before it ends the standard input. Argument: port. */
#include "process_fork.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/resource.h>

/* A descriptor like any other of the program; -1 if there is none left. */
static int take_one(void)
{
    return open("/dev/null", O_RDONLY);
}

int main(int argc, char **argv)
{
    CHECK(argc == 2);
    port = atoi(argv[1]);
    HINTERNET session = open_session();
    /* Whatever a first request opens for good is open after this one, and no connection is. */
    HINTERNET first = open_request(session, L"127.0.0.1", L"/status");
    DWORD without = WINHTTP_DISABLE_KEEP_ALIVE;
    CHECK(WinHttpSetOption(first, WINHTTP_OPTION_DISABLE_FEATURE, &without, sizeof without));
    CHECK(exchange(first) && WinHttpCloseHandle(first));

    int lowest = take_one();
    CHECK(lowest >= 0 && close(lowest) == 0);
    struct rlimit most = { (rlim_t)lowest + 1, (rlim_t)lowest + 1 };
    CHECK(setrlimit(RLIMIT_NOFILE, &most) == 0);
    get(session, L"127.0.0.1");
    until_input_ends();
    /* The other end knows a moment before the descriptor is there again. */
    time_t limit = time(NULL) + 10;
    int own = take_one();
    for (; own < 0 && time(NULL) < limit; own = take_one())
        sched_yield();
    CHECK(own >= 0 && close(own) == 0);

    get(session, L"127.0.0.1");
    CHECK(WinHttpCloseHandle(session));
    puts("done");
    return 0;
}
