/* A process that forks while a request looks for its proxies, in the script that the user's settings name. Arguments: the
 * mode (sync, async). It forks when its standard input ends. */
#include "process_fork.h"

static const DWORD REFUSED = ERROR_WINHTTP_INCORRECT_HANDLE_STATE;
static HINTERNET session, connection, request;
static int answered = 0;

static HINTERNET open_automatic(void)
{
    HINTERNET opened = WinHttpOpen(
        L"fork", WINHTTP_ACCESS_TYPE_AUTOMATIC_PROXY, NULL, NULL, async_mode ? WINHTTP_FLAG_ASYNC : 0);
    CHECK(opened != NULL);
    CHECK(WinHttpSetStatusCallback(opened, notified, WINHTTP_CALLBACK_FLAG_ALL_NOTIFICATIONS, 0) == NULL);
    return opened;
}

static void open_all(void)
{
    session = open_automatic();
    connection = WinHttpConnect(session, L"nosuchhost.invalid", 80, 0);
    CHECK(connection != NULL);
    request = WinHttpOpenRequest(connection, NULL, L"/", NULL, NULL, NULL, 0);
    CHECK(request != NULL);
}

static void close_parents_first(void)
{
    CHECK(WinHttpCloseHandle(session) && WinHttpCloseHandle(connection) && WinHttpCloseHandle(request));
    CHECK(wait_for(session, WINHTTP_CALLBACK_STATUS_HANDLE_CLOSING, 0) >= 0);
    CHECK(count_events(request, WINHTTP_CALLBACK_STATUS_HANDLE_CLOSING) == 1);
}

/* What the parent's thread works on is refused and can be closed; what is opened anew asks anew. */
static void use_inherited(void)
{
    CHECK(!WinHttpSendRequest(request, NULL, 0, NULL, 0, 0, 0) && GetLastError() == REFUSED);
    close_parents_first();
    event_count = 0;
    open_all();
    CHECK(exchange(request));
    close_parents_first();
}

static void *ask(void *unused_argument)
{
    (void)unused_argument;
    answered = exchange(request);
    return NULL;
}

int main(int count, char **arguments)
{
    CHECK(count == 2);
    async_mode = strcmp(arguments[1], "async") == 0;
    open_all();
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, ask, NULL) == 0);
    until_input_ends();
    in_child(use_inherited);
    CHECK(pthread_join(thread, NULL) == 0 && answered);
    close_parents_first();
    return 0;
}
