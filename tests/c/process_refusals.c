/* Has the system refuse one kind of call, from the beginning or in the middle, and prints what became of a WebSocket and a
 * request then. Arguments: port, mode (sync, async), when (begin, middle, drain), the call's name, the error's number. */
#include "process_fork.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

static const struct {
    const char *name;
    unsigned number;
} calls[] = {
#define CALL(name) { #name, SYS_##name }
    CALL(socket), CALL(connect), CALL(setsockopt), CALL(getpeername), CALL(getsockname), CALL(recvfrom),
    CALL(recvmsg), CALL(sendto), CALL(shutdown), CALL(socketpair), CALL(ppoll), CALL(fcntl), CALL(ioctl),
    CALL(getrandom), CALL(clone3), CALL(epoll_create1), CALL(epoll_ctl), CALL(eventfd2), CALL(timerfd_create),
    CALL(timerfd_settime),
#ifdef SYS_epoll_wait
    CALL(epoll_wait),
#else
    { "epoll_wait", SYS_epoll_pwait },
#endif
};

/* From now on every thread's calls with this name fail. */
static void refuse(const char *name, unsigned error)
{
    unsigned number = (unsigned)-1;
    for (size_t index = 0; index < sizeof calls / sizeof *calls; index++)
        if (strcmp(calls[index].name, name) == 0)
            number = calls[index].number;
    CHECK(number != (unsigned)-1);
    struct sock_filter program[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog filter = { sizeof program / sizeof *program, program };
    CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
    CHECK(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &filter) == 0);
}

static DWORD send_and_receive(HINTERNET request)
{
    int from = event_count;
    BOOL sent = WinHttpSendRequest(request, NULL, 0, NULL, 0, 0, 0);
    DWORD error = end_of(request, sent ? 0 : GetLastError(), from);
    if (error != 0)
        return error;
    from = event_count;
    BOOL received = WinHttpReceiveResponse(request, NULL);
    return end_of(request, received ? 0 : GetLastError(), from);
}

static DWORD echo(HINTERNET websocket)
{
    static char buffer[64];
    DWORD read = 0;
    WINHTTP_WEB_SOCKET_BUFFER_TYPE type = WINHTTP_WEB_SOCKET_UTF8_MESSAGE_BUFFER_TYPE;
    int from = event_count;
    DWORD error = WinHttpWebSocketSend(websocket, type, (PVOID) "hello", 5);
    error = end_of(websocket, error, from);
    if (error != 0)
        return error;
    from = event_count;
    error = WinHttpWebSocketReceive(websocket, buffer, sizeof buffer, &read, &type);
    return end_of(websocket, error, from);
}

/* Waits for the last word of the session, which comes after those of its requests, and checks the time it all took. */
static void end(HINTERNET session)
{
    CHECK(WinHttpCloseHandle(session));
    CHECK(wait_for(session, WINHTTP_CALLBACK_STATUS_HANDLE_CLOSING, 0) >= 0);
    struct rusage used;
    CHECK(getrusage(RUSAGE_SELF, &used) == 0);
    double seconds = (double)used.ru_utime.tv_sec + (double)used.ru_utime.tv_usec / 1e6
        + (double)used.ru_stime.tv_sec + (double)used.ru_stime.tv_usec / 1e6;
    CHECK(seconds < 2.0);
}

/* Refuses while the rest of an answer is to be passed over, which needs a thread with a poll: it is done without. The
 * session stays until the test has seen the end of the connection. */
static void drain(HINTERNET session, const char *call, unsigned refusal)
{
    char buffer[1];
    DWORD read = 0;
    HINTERNET begun = open_request(session, L"localhost", L"/begun");
    CHECK(send_and_receive(begun) == 0);
    int from = event_count;
    BOOL began = WinHttpReadData(begun, buffer, 1, &read);
    CHECK(end_of(begun, began ? 0 : GetLastError(), from) == 0);
    refuse(call, refusal);
    CHECK(WinHttpCloseHandle(begun));
    HINTERNET request = open_request(session, L"localhost", L"/");
    printf("request %u\n", (unsigned)send_and_receive(request));
    CHECK(WinHttpCloseHandle(request));
    until_input_ends();
}

int main(int argc, char **argv)
{
    CHECK(argc == 6);
    port = atoi(argv[1]);
    async_mode = strcmp(argv[2], "async") == 0;
    int begin = strcmp(argv[3], "begin") == 0;
    unsigned refusal = (unsigned)atoi(argv[5]);
    if (begin)
        refuse(argv[4], refusal);
    HINTERNET session = WinHttpOpen(
        L"refusals", WINHTTP_ACCESS_TYPE_NO_PROXY, NULL, NULL, async_mode ? WINHTTP_FLAG_ASYNC : 0);
    if (session == NULL) {
        printf("open %u\n", (unsigned)GetLastError());
        leave(0);
    }
    CHECK(WinHttpSetStatusCallback(session, notified, WINHTTP_CALLBACK_FLAG_ALL_NOTIFICATIONS, 0) == NULL);
    if (strcmp(argv[3], "drain") == 0) {
        drain(session, argv[4], refusal);
        end(session);
        leave(0);
    }
    HINTERNET upgrade = open_request(session, L"localhost", L"/echo");
    CHECK(WinHttpSetOption(upgrade, WINHTTP_OPTION_UPGRADE_TO_WEB_SOCKET, NULL, 0));
    DWORD error = send_and_receive(upgrade);
    if (error != 0) {
        printf("upgrade %u\n", (unsigned)error);
        CHECK(WinHttpCloseHandle(upgrade));
        end(session);
        leave(0);
    }
    HINTERNET websocket = WinHttpWebSocketCompleteUpgrade(upgrade, 0);
    CHECK(websocket != NULL && WinHttpCloseHandle(upgrade));
    error = echo(websocket);
    if (!begin) {
        CHECK(error == 0);
        refuse(argv[4], refusal);
    }
    printf("echo %u", (unsigned)echo(websocket));
    HINTERNET request = open_request(session, L"localhost", L"/status");
    printf(", request %u\n", (unsigned)send_and_receive(request));
    CHECK(WinHttpCloseHandle(websocket) && WinHttpCloseHandle(request));
    end(session);
    leave(0);
}
