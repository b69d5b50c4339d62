/* What threads keep after large messages. Each has a WebSocket and echoes one small message and then one of a megabyte, all
 * at the same time; prints what the process has grown by meanwhile. Arguments: port, mode (sync, async),
 * scheme (plain, tls). */
#include "process_fork.h"

#include <malloc.h>

#define THREADS 96
#define LARGE (1024 * 1024)
#define PIECE 65536

static char message[LARGE];
static char received[THREADS][PIECE];
static pthread_barrier_t barrier;
static HINTERNET session;
static int secure;

static long resident(void)
{
    /* What the allocator keeps of freed memory is its own business. */
    malloc_trim(0);
    long pages = 0, all = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    CHECK(file != NULL && fscanf(file, "%ld %ld", &all, &pages) == 2);
    fclose(file);
    return pages * sysconf(_SC_PAGESIZE);
}

/* Waits for so many notifications of a handle; events are few enough to be looked through. */
static void wait_count(HINTERNET handle, DWORD status, int count)
{
    pthread_mutex_lock(&lock);
    for (int seen = 0; seen < count;) {
        seen = 0;
        for (int index = 0; index < event_count; index++)
            seen += events[index].handle == handle && events[index].status == status;
        if (seen < count)
            pthread_cond_wait(&changed, &lock);
    }
    pthread_mutex_unlock(&lock);
}

static void echo(HINTERNET websocket, char *buffer, DWORD length, int *sends, int *receives)
{
    DWORD type = WINHTTP_WEB_SOCKET_BINARY_MESSAGE_BUFFER_TYPE;
    CHECK(WinHttpWebSocketSend(websocket, type, message, length) == 0);
    if (async_mode)
        wait_count(websocket, WINHTTP_CALLBACK_STATUS_WRITE_COMPLETE, ++*sends);
    for (DWORD total = 0; total < length;) {
        DWORD read = 0;
        WINHTTP_WEB_SOCKET_BUFFER_TYPE kind = WINHTTP_WEB_SOCKET_BINARY_MESSAGE_BUFFER_TYPE;
        memset(buffer, 0, 8);
        CHECK(WinHttpWebSocketReceive(websocket, buffer, PIECE, &read, &kind) == 0);
        if (async_mode) {
            wait_count(websocket, WINHTTP_CALLBACK_STATUS_READ_COMPLETE, ++*receives);
            read = last_read(websocket);
        }
        total += read;
    }
}

static void *converse(void *place)
{
    int sends = 0, receives = 0;
    HINTERNET connect = WinHttpConnect(session, L"localhost", (INTERNET_PORT)port, 0);
    CHECK(connect != NULL);
    HINTERNET request = WinHttpOpenRequest(
        connect, NULL, L"/echo", NULL, NULL, NULL, secure ? WINHTTP_FLAG_SECURE : 0);
    CHECK(request != NULL);
    CHECK(WinHttpSetOption(request, WINHTTP_OPTION_UPGRADE_TO_WEB_SOCKET, NULL, 0));
    CHECK(exchange(request));
    HINTERNET websocket = WinHttpWebSocketCompleteUpgrade(request, 0);
    CHECK(websocket != NULL && WinHttpCloseHandle(request) && WinHttpCloseHandle(connect));
    memset(place, 1, PIECE);
    echo(websocket, (char *)place, 1000, &sends, &receives);
    pthread_barrier_wait(&barrier);
    pthread_barrier_wait(&barrier);
    echo(websocket, (char *)place, LARGE, &sends, &receives);
    pthread_barrier_wait(&barrier);
    pthread_barrier_wait(&barrier);
    return NULL;
}

int main(int argc, char **argv)
{
    CHECK(argc == 4);
    port = atoi(argv[1]);
    async_mode = strcmp(argv[2], "async") == 0;
    secure = strcmp(argv[3], "tls") == 0;
    memset(message, 7, sizeof message);
    CHECK(pthread_barrier_init(&barrier, NULL, THREADS + 1) == 0);
    session = open_session();
    pthread_t threads[THREADS];
    for (int index = 0; index < THREADS; index++)
        CHECK(pthread_create(&threads[index], NULL, converse, received[index]) == 0);
    pthread_barrier_wait(&barrier);
    long before = resident();
    pthread_barrier_wait(&barrier);
    pthread_barrier_wait(&barrier);
    long after = resident();
    printf("%ld KiB for %d threads\n", (after - before) / 1024, THREADS);
    leave(0);
}
