/* What becomes of calls whose memory their caller or the peer decides, when there is not so much. Arguments: port, mode (sync,
 * async). */
#include "process_fork.h"

#include <sys/resource.h>

static const DWORD REFUSED = ERROR_NOT_ENOUGH_MEMORY;

/* From now on the process gets no more than so many bytes beyond what it has. */
static void limit(size_t more)
{
    long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    CHECK(file != NULL && fscanf(file, "%ld", &pages) == 1);
    fclose(file);
    struct rlimit most = { (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE) + more, RLIM_INFINITY };
    CHECK(setrlimit(RLIMIT_AS, &most) == 0);
}

/* It gets what it wants again. */
static void no_limit(void)
{
    struct rlimit most = { RLIM_INFINITY, RLIM_INFINITY };
    CHECK(setrlimit(RLIMIT_AS, &most) == 0);
}

/* A header as long as that, or the text of a URL. */
static WCHAR *long_text(const WCHAR *start, size_t units)
{
    WCHAR *text = (WCHAR *)malloc((units + 1) * sizeof *text);
    CHECK(text != NULL);
    size_t length = 0;
    for (; start[length] != 0; length++)
        text[length] = start[length];
    for (; length < units; length++)
        text[length] = 'x';
    text[units] = 0;
    return text;
}

int main(int argc, char **argv)
{
    CHECK(argc == 3);
    port = atoi(argv[1]);
    async_mode = strcmp(argv[2], "async") == 0;
    HINTERNET session = open_session();
    get(session, L"localhost");
    WCHAR *header = long_text(L"X-Long: ", 8 * 1024 * 1024), *path = long_text(L"/", 8 * 1024 * 1024);
    HINTERNET request = open_request(session, L"localhost", L"/endless-head");
    HINTERNET other = open_request(session, L"localhost", L"/status");
    DWORD most = 0x7fffffff;
    CHECK(WinHttpSetOption(request, WINHTTP_OPTION_MAX_RESPONSE_HEADER_SIZE, &most, sizeof most));
    limit(64 * 1024 * 1024);

    /* One long text is refused, or several of a size that is taken. */
    int added = 0;
    DWORD flags = WINHTTP_ADDREQ_FLAG_ADD;
    while (added < 100 && WinHttpAddRequestHeaders(other, header, (DWORD)-1, flags))
        added++;
    CHECK(added < 100 && GetLastError() == REFUSED);
    CHECK(!WinHttpSendRequest(other, header, (DWORD)-1, NULL, 0, 0, 0) && GetLastError() == REFUSED);
    CHECK(!WinHttpSetOption(session, WINHTTP_OPTION_USER_AGENT, header, 8 * 1024 * 1024));
    CHECK(GetLastError() == REFUSED);
    HINTERNET connect = WinHttpConnect(session, L"localhost", (INTERNET_PORT)port, 0);
    CHECK(connect != NULL);
    CHECK(WinHttpOpenRequest(connect, NULL, path, NULL, NULL, NULL, 0) == NULL);
    CHECK(GetLastError() == REFUSED);

    /* A peer whose header does not end. */
    CHECK(WinHttpSendRequest(request, NULL, 0, NULL, 0, 0, 0));
    if (async_mode)
        CHECK(wait_for(request, WINHTTP_CALLBACK_STATUS_SENDREQUEST_COMPLETE, 0) >= 0);
    int from = event_count;
    BOOL received = WinHttpReceiveResponse(request, NULL);
    CHECK(end_of(request, received ? 0 : GetLastError(), from) == REFUSED);

    /* All that is left works on, once there is memory: a freed heap need not have room for a thread. */
    CHECK(WinHttpCloseHandle(request) && WinHttpCloseHandle(other) && WinHttpCloseHandle(connect));
    no_limit();
    get(session, L"localhost");
    CHECK(WinHttpCloseHandle(session));
    printf("done\n");
    leave(0);
}
