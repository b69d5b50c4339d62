/* Forks while connections are idle, in use and drained: the child opens its own, and the
 * parent goes on with those it had. Arguments: port, mode (sync, async). */
#include "process_fork.h"

static void read_all(HINTERNET request, int bytes)
{
    while (bytes > 0) {
        char buffer[1];
        DWORD read = 0;
        int from = event_count;
        BOOL began = WinHttpReadData(request, buffer, 1, &read);
        CHECK(end_of(request, began ? 0 : GetLastError(), from) == 0);
        bytes--;
    }
}

int main(int argc, char **argv)
{
    CHECK(argc == 3);
    port = atoi(argv[1]);
    async_mode = strcmp(argv[2], "async") == 0;
    HINTERNET session = open_session();
    HINTERNET used = open_request(session, L"127.0.0.1", L"/held");
    CHECK(exchange(used));
    HINTERNET drained = open_request(session, L"127.0.0.1", L"/held");
    CHECK(exchange(drained));
    read_all(drained, 1);
    get(session, L"127.0.0.1");
    CHECK(WinHttpCloseHandle(drained));
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        fresh(2);
        leave(0);
    }
    wait_for_child(child);
    read_all(used, 5);
    CHECK(WinHttpCloseHandle(used));
    for (int index = 0; index < 3; index++)
        get(session, L"127.0.0.1");
    CHECK(WinHttpCloseHandle(session));
    leave(0);
}
