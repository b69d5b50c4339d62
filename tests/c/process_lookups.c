/* Many look-ups of one name that does not answer, and some of others: a good name answers at once all the same. Arguments:
 * port, mode (sync, async). */
#include "process_fork.h"

#include <dlfcn.h>
#include <netdb.h>

#define SAME_NAME 100
#define OTHER_NAMES 20

static int asked_for_same = 0, asked_for_others = 0, may_answer = 0, ended = 0;

int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints, struct addrinfo **result)
{
    typedef int look_up(const char *, const char *, const struct addrinfo *, struct addrinfo **);
    look_up *system = (look_up *)dlsym(RTLD_NEXT, "getaddrinfo");
    if (strstr(name, ".test") == NULL)
        return system(name, service, hints, result);
    pthread_mutex_lock(&lock);
    if (strcmp(name, "same.test") == 0)
        asked_for_same++;
    else
        asked_for_others++;
    pthread_cond_broadcast(&changed);
    while (!may_answer)
        pthread_cond_wait(&changed, &lock);
    pthread_mutex_unlock(&lock);
    return system("localhost", service, hints, result);
}

static void *ask(void *request)
{
    CHECK(exchange((HINTERNET)request));
    pthread_mutex_lock(&lock);
    ended++;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
    return NULL;
}

int main(int argc, char **argv)
{
    CHECK(argc == 3);
    port = atoi(argv[1]);
    async_mode = strcmp(argv[2], "async") == 0;
    HINTERNET session = open_session();
    for (int index = 0; index < SAME_NAME + OTHER_NAMES; index++) {
        WCHAR other[] = L"x.test";
        other[0] = (WCHAR)('a' + index % 26);
        HINTERNET request = open_request(session, index < SAME_NAME ? L"same.test" : other, L"/status");
        pthread_t thread;
        CHECK(pthread_create(&thread, NULL, ask, request) == 0 && pthread_detach(thread) == 0);
    }
    pthread_mutex_lock(&lock);
    while (asked_for_same < 1 || asked_for_others < OTHER_NAMES)
        pthread_cond_wait(&changed, &lock);
    pthread_mutex_unlock(&lock);
    get(session, L"localhost");
    pthread_mutex_lock(&lock);
    CHECK(ended == 0);
    may_answer = 1;
    pthread_cond_broadcast(&changed);
    while (ended < SAME_NAME + OTHER_NAMES)
        pthread_cond_wait(&changed, &lock);
    pthread_mutex_unlock(&lock);
    /* All who ask meanwhile ask once; a thread that came late may ask again. */
    printf("asked %s\n", asked_for_same < SAME_NAME / 2 ? "for all" : "for each");
    leave(0);
}
