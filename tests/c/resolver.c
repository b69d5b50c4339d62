/* A program with a look-up of its own: "both.test" has ::1 and 127.0.0.1, "stuck.test" never gets an answer. Arguments:
 * what to do (both, timeout, cancel) and a port. */
#include "common.h"

#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <time.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int asked = 0;

struct answer {
    struct addrinfo info;
    struct sockaddr_in6 address;
};

static struct addrinfo *make(int family, uint16_t port, struct addrinfo *next)
{
    struct answer *answer = (struct answer *)calloc(1, sizeof *answer);
    CHECK(answer != NULL);
    answer->info.ai_family = family;
    answer->info.ai_socktype = SOCK_STREAM;
    answer->info.ai_protocol = IPPROTO_TCP;
    answer->info.ai_addr = (struct sockaddr *)(void *)&answer->address;
    answer->info.ai_next = next;
    answer->address.sin6_family = (sa_family_t)family;
    if (family == AF_INET6) {
        answer->info.ai_addrlen = sizeof(struct sockaddr_in6);
        answer->address.sin6_port = port;
        answer->address.sin6_addr.s6_addr[15] = 1;
    } else {
        struct sockaddr_in *address = (struct sockaddr_in *)(void *)&answer->address;
        answer->info.ai_addrlen = sizeof *address;
        address->sin_port = port;
        address->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    }
    return &answer->info;
}

int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints, struct addrinfo **result)
{
    (void)service, (void)hints;
    pthread_mutex_lock(&lock);
    asked = 1;
    pthread_cond_broadcast(&changed);
    while (strcmp(name, "stuck.test") == 0)
        pthread_cond_wait(&changed, &lock);
    pthread_mutex_unlock(&lock);
    if (strcmp(name, "both.test") != 0)
        return EAI_NONAME;
    *result = make(AF_INET6, 0, make(AF_INET, 0, NULL));
    return 0;
}

void freeaddrinfo(struct addrinfo *list)
{
    while (list != NULL) {
        struct addrinfo *next = list->ai_next;
        free(list);
        list = next;
    }
}

static void CALLBACK notified(
    HINTERNET handle, DWORD_PTR context, DWORD status, LPVOID information, DWORD length)
{
    (void)handle, (void)context, (void)length;
    char text[TEXT_MAX];
    if (status == WINHTTP_CALLBACK_STATUS_CONNECTING_TO_SERVER)
        printf("connecting to %s\n", narrow(text, (const WCHAR *)information));
    if (status == WINHTTP_CALLBACK_STATUS_CONNECTED_TO_SERVER)
        printf("connected to %s\n", narrow(text, (const WCHAR *)information));
}

static void *close_when_asked(void *request)
{
    pthread_mutex_lock(&lock);
    while (!asked)
        pthread_cond_wait(&changed, &lock);
    pthread_mutex_unlock(&lock);
    CHECK(WinHttpCloseHandle(request));
    return NULL;
}

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
    CHECK(argc == 3);
    int both = strcmp(argv[1], "both") == 0, cancel = strcmp(argv[1], "cancel") == 0;
    HINTERNET session = WinHttpOpen(L"resolver", WINHTTP_ACCESS_TYPE_NO_PROXY, NULL, NULL, 0);
    CHECK(session != NULL);
    CHECK(WinHttpSetTimeouts(session, cancel ? 0 : 300, 5000, 5000, 5000));
    WinHttpSetStatusCallback(session, notified, WINHTTP_CALLBACK_FLAG_ALL_NOTIFICATIONS, 0);
    HINTERNET connect =
        WinHttpConnect(session, both ? L"both.test" : L"stuck.test", (INTERNET_PORT)atoi(argv[2]), 0);
    HINTERNET request = WinHttpOpenRequest(connect, NULL, L"/status", NULL, NULL, NULL, 0);
    CHECK(request != NULL);
    pthread_t closer;
    if (cancel)
        CHECK(pthread_create(&closer, NULL, close_when_asked, request) == 0);
    double start = seconds();
    BOOL sent = WinHttpSendRequest(request, NULL, 0, NULL, 0, 0, 0);
    DWORD error = GetLastError();
    double took = seconds() - start;
    printf("sent %d, error %u\n", (int)sent, (unsigned)error);
    if (!both && !cancel)
        printf("in time: %d\n", took >= 0.3 && took < 3.0);
    if (cancel) {
        printf("soon: %d\n", took < 3.0);
        CHECK(pthread_join(closer, NULL) == 0);
    }
    return 0;
}
