/* Exchanges of every kind with an HTTP server, many beside each other:
 *
 *     exchanges http://host:port/ sync|async REQUESTS THREADS PAUSES [PROXY]
 *
 * What the server must have is said in exchanges.py. Each answer is compared with what it must be. Every
 * thread pauses PAUSES times for about a second, so that a server that keeps idle connections that long
 * closes them at the moment when they are used again. Async: the same calls, each one's completion
 * awaited. Prints "N requests, N connections, N chunked", the last of the answers. Exit code 0: every answer
 * was right. */
#define _GNU_SOURCE
#include <winhttp.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <wchar.h>

#define FILES 100
#define BIG (3u << 20)
#define POST_MAX 40000u

#define CHECK(condition)                                                                          \
    do {                                                                                          \
        if (!(condition)) {                                                                       \
            fprintf(stderr, "line %d: %s, error %u\n", __LINE__, #condition,                      \
                    (unsigned)GetLastError());                                                    \
            exit(1);                                                                              \
        }                                                                                         \
    } while (0)

enum kind { GET, CHUNKED, POST, POST_CHUNKS, HEAD, NOT_MODIFIED, KINDS };

static const WCHAR *const methods[KINDS] = { L"GET", L"GET", L"POST", L"POST", L"HEAD", L"GET" };
static const WCHAR *const places[KINDS] = { L"number/", L"chunked/", L"echo/", L"echo/", L"number/", L"number/" };

/* One request at a time; async: what its callbacks have said. */
struct worker {
    HINTERNET connect, request;
    unsigned number, requests, pauses, seed;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    DWORD told, length, error;
    char *body;
};

static int asynchronous, secure;
static WCHAR host[256];
static INTERNET_PORT port;
static unsigned connected, chunked;

static void CALLBACK notified(HINTERNET handle, DWORD_PTR context, DWORD status, LPVOID information, DWORD length)
{
    struct worker *worker = (struct worker *)context;
    (void)handle;
    if (status == WINHTTP_CALLBACK_STATUS_CONNECTED_TO_SERVER)
        __atomic_add_fetch(&connected, 1, __ATOMIC_RELAXED);
    if (!asynchronous || !worker)
        return;
    switch (status) {
    case WINHTTP_CALLBACK_STATUS_SENDREQUEST_COMPLETE:
    case WINHTTP_CALLBACK_STATUS_HEADERS_AVAILABLE:
    case WINHTTP_CALLBACK_STATUS_READ_COMPLETE:
    case WINHTTP_CALLBACK_STATUS_WRITE_COMPLETE:
    case WINHTTP_CALLBACK_STATUS_REQUEST_ERROR:
    case WINHTTP_CALLBACK_STATUS_HANDLE_CLOSING:
        pthread_mutex_lock(&worker->lock);
        worker->told = status;
        worker->length = status == WINHTTP_CALLBACK_STATUS_WRITE_COMPLETE ? *(DWORD *)information : length;
        worker->error = status == WINHTTP_CALLBACK_STATUS_REQUEST_ERROR
            ? ((WINHTTP_ASYNC_RESULT *)information)->dwError : 0;
        pthread_cond_signal(&worker->changed);
        pthread_mutex_unlock(&worker->lock);
        break;
    default:
        break;
    }
}

/* Waits for the completion of a call that has returned `accepted`; its length. */
static DWORD completed(struct worker *worker, BOOL accepted, DWORD wanted, int line)
{
    DWORD told, length, error = 0;
    if (!accepted)
        error = GetLastError();
    else if (!asynchronous)
        return worker->length;
    pthread_mutex_lock(&worker->lock);
    while (!error && !worker->told)
        pthread_cond_wait(&worker->changed, &worker->lock);
    told = worker->told;
    length = worker->length;
    error = error ? error : worker->error;
    worker->told = 0;
    pthread_mutex_unlock(&worker->lock);
    if (error || told != wanted) {
        fprintf(stderr, "line %d, request %u: error %u, told 0x%x\n", line, worker->number, (unsigned)error,
                (unsigned)told);
        exit(1);
    }
    return length;
}

#define COMPLETED(worker, call, status)                                                           \
    completed(worker, call, WINHTTP_CALLBACK_STATUS_##status, __LINE__)

/* Where a synchronous call leaves its length. */
static DWORD *synchronous_length(struct worker *worker)
{
    return asynchronous ? NULL : &worker->length;
}

static void open_request(struct worker *worker, const WCHAR *method, const WCHAR *path, DWORD flags)
{
    DWORD_PTR context = (DWORD_PTR)worker;
    worker->request = WinHttpOpenRequest(worker->connect, method, path, NULL, NULL, NULL,
                                         flags | (secure ? WINHTTP_FLAG_SECURE : 0));
    CHECK(worker->request);
    CHECK(WinHttpSetOption(worker->request, WINHTTP_OPTION_CONTEXT_VALUE, &context, sizeof(context)));
}

static void send_request(struct worker *worker, const WCHAR *headers, void *data, DWORD length, DWORD total)
{
    COMPLETED(worker, WinHttpSendRequest(worker->request, headers, headers ? (DWORD)-1 : 0, data, length, total,
                                         (DWORD_PTR)worker), SENDREQUEST_COMPLETE);
}

static void write_data(struct worker *worker, const char *data, DWORD length)
{
    DWORD written = COMPLETED(worker, WinHttpWriteData(worker->request, data, length, synchronous_length(worker)),
                              WRITE_COMPLETE);
    CHECK(written == length);
}

/* Receives a response; the length of its body, which is in `worker->body`. */
static DWORD receive(struct worker *worker, DWORD wanted)
{
    DWORD status = 0, size = sizeof(status), total = 0, got;
    COMPLETED(worker, WinHttpReceiveResponse(worker->request, NULL), HEADERS_AVAILABLE);
    CHECK(WinHttpQueryHeaders(worker->request, WINHTTP_QUERY_STATUS_CODE | WINHTTP_QUERY_FLAG_NUMBER, NULL,
                              &status, &size, NULL));
    if (status != wanted)
        fprintf(stderr, "request %u: status %u\n", worker->number, (unsigned)status);
    CHECK(status == wanted);
    do {
        CHECK(total <= BIG);
        got = COMPLETED(worker, WinHttpReadData(worker->request, worker->body + total, BIG + 1 - total,
                                                synchronous_length(worker)), READ_COMPLETE);
        total += got;
    } while (got > 0);
    return total;
}

static void close_request(struct worker *worker)
{
    COMPLETED(worker, WinHttpCloseHandle(worker->request), HANDLE_CLOSING);
}

static DWORD content_length(struct worker *worker)
{
    DWORD value = 0, size = sizeof(value);
    CHECK(WinHttpQueryHeaders(worker->request, WINHTTP_QUERY_CONTENT_LENGTH | WINHTTP_QUERY_FLAG_NUMBER, NULL,
                              &value, &size, NULL));
    return value;
}

/* What POST number `number` carries. */
static DWORD fill(char *data, unsigned number)
{
    DWORD length = 20 + number * 7919 % (POST_MAX - 20), written;
    written = (DWORD)snprintf(data, 20, "post %u ", number);
    memset(data + written, 'a' + (int)(number % 26), length - written);
    return length;
}

static void post(struct worker *worker, int chunks)
{
    static const DWORD pieces[] = { 1, 0x1000, 17, POST_MAX };
    static __thread char data[POST_MAX];
    DWORD length = fill(data, worker->number), sent = 0, piece;
    size_t index;
    if (!chunks && worker->number % 2) {
        send_request(worker, NULL, data, length, length);
        return;
    }
    send_request(worker, NULL, NULL, 0, chunks ? WINHTTP_IGNORE_REQUEST_TOTAL_LENGTH : length);
    for (index = 0; index < 4 && sent < length; index++, sent += piece) {
        piece = pieces[index] < length - sent ? pieces[index] : length - sent;
        write_data(worker, data + sent, piece);
    }
    if (chunks)
        COMPLETED(worker, WinHttpWriteData(worker->request, NULL, 0, synchronous_length(worker)), WRITE_COMPLETE);
}

static void exchange(struct worker *worker, enum kind kind)
{
    WCHAR path[64], field[128];
    char expected[POST_MAX];
    DWORD length, wanted, size = sizeof(field);
    swprintf(path, 64, L"/%ls%u", places[kind], worker->number % FILES);
    open_request(worker, methods[kind], path, kind == POST_CHUNKS ? WINHTTP_FLAG_AUTOMATIC_CHUNKING : 0);
    if (kind == POST || kind == POST_CHUNKS) {
        post(worker, kind == POST_CHUNKS);
        wanted = fill(expected, worker->number);
    } else {
        send_request(worker, kind == NOT_MODIFIED ? L"If-None-Match: *" : NULL, NULL, 0, 0);
        wanted = (DWORD)snprintf(expected, sizeof(expected), "number %u\n", worker->number % FILES);
    }
    length = receive(worker, kind == NOT_MODIFIED ? 304 : 200);
    if (kind == HEAD || kind == NOT_MODIFIED) {
        CHECK(length == 0);
        CHECK(kind != HEAD || content_length(worker) == wanted);
    } else {
        if (length != wanted || memcmp(worker->body, expected, wanted))
            fprintf(stderr, "request %u: %u bytes for %u: %.60s\n", worker->number, (unsigned)length,
                    (unsigned)wanted, worker->body);
        CHECK(length == wanted && !memcmp(worker->body, expected, wanted));
    }
    if (WinHttpQueryHeaders(worker->request, WINHTTP_QUERY_TRANSFER_ENCODING, NULL, field, &size, NULL)
        && !wcscmp(field, L"chunked"))
        __atomic_add_fetch(&chunked, 1, __ATOMIC_RELAXED);
    close_request(worker);
}

static void get_big(struct worker *worker)
{
    unsigned index;
    open_request(worker, L"GET", L"/big", 0);
    send_request(worker, NULL, NULL, 0, 0);
    CHECK(receive(worker, 200) == BIG);
    for (index = 0; index < BIG; index++)
        CHECK((unsigned char)worker->body[index] == (index * 31 + (index >> 8)) % 251);
    close_request(worker);
}

static void nap(struct worker *worker)
{
    struct timespec time = { 0, 0 };
    long nanoseconds = 990000000 + (long)(rand_r(&worker->seed) % 15000) * 1000;
    time.tv_sec = nanoseconds / 1000000000;
    time.tv_nsec = nanoseconds % 1000000000;
    nanosleep(&time, NULL);
}

static void *work(void *argument)
{
    struct worker *worker = argument;
    unsigned index, every = worker->pauses ? worker->requests / (worker->pauses + 1) : 0;
    for (index = 0; index < worker->requests; index++, worker->number++) {
        if (every && index && index % every == 0) {
            /* What may be sent twice: a POST may meet the end of its connection, and then fails. */
            if (worker->pauses-- == 0)
                every = 0;
            else
                nap(worker);
            exchange(worker, GET);
        } else if (index % 100 == 99) {
            get_big(worker);
        } else {
            exchange(worker, (enum kind)(index % KINDS));
        }
    }
    return NULL;
}

static HINTERNET open_session(const char *text, const char *proxy)
{
    WCHAR url[512], path[64], list[256];
    URL_COMPONENTS parts;
    HINTERNET session;
    DWORD unlimited = 1000;
    CHECK(mbstowcs(url, text, 512) < 512);
    memset(&parts, 0, sizeof(parts));
    parts.dwStructSize = sizeof(parts);
    parts.lpszHostName = host;
    parts.dwHostNameLength = sizeof(host) / sizeof(host[0]);
    parts.lpszUrlPath = path;
    parts.dwUrlPathLength = sizeof(path) / sizeof(path[0]);
    CHECK(WinHttpCrackUrl(url, 0, 0, &parts));
    port = parts.nPort;
    secure = parts.nScheme == INTERNET_SCHEME_HTTPS;
    CHECK(!proxy || mbstowcs(list, proxy, 256) < 256);
    session = WinHttpOpen(L"exchanges", proxy ? WINHTTP_ACCESS_TYPE_NAMED_PROXY : WINHTTP_ACCESS_TYPE_NO_PROXY,
                          proxy ? list : NULL, proxy ? L"<-loopback>" : NULL, asynchronous ? WINHTTP_FLAG_ASYNC : 0);
    CHECK(session);
    CHECK(WinHttpSetOption(session, WINHTTP_OPTION_MAX_CONNS_PER_SERVER, &unlimited, sizeof(unlimited)));
    CHECK(WinHttpSetStatusCallback(session, notified, WINHTTP_CALLBACK_FLAG_ALL_NOTIFICATIONS, 0)
          != WINHTTP_INVALID_STATUS_CALLBACK);
    return session;
}

int main(int argc, char **argv)
{
    unsigned index, threads, requests;
    struct worker *workers;
    HINTERNET session, connect;
    CHECK(argc == 6 || argc == 7);
    asynchronous = !strcmp(argv[2], "async");
    requests = (unsigned)atoi(argv[3]);
    threads = (unsigned)atoi(argv[4]);
    session = open_session(argv[1], argc == 7 ? argv[6] : NULL);
    connect = WinHttpConnect(session, host, port, 0);
    CHECK(connect);
    workers = calloc(threads, sizeof(*workers));
    CHECK(workers);
    for (index = 0; index < threads; index++) {
        struct worker *worker = &workers[index];
        worker->connect = connect;
        worker->requests = requests / threads;
        worker->number = index * worker->requests;
        worker->pauses = (unsigned)atoi(argv[5]);
        worker->seed = index;
        worker->body = malloc(BIG + 1);
        CHECK(worker->body);
        pthread_mutex_init(&worker->lock, NULL);
        pthread_cond_init(&worker->changed, NULL);
        CHECK(!pthread_create(&worker->thread, NULL, work, worker));
    }
    for (index = 0; index < threads; index++)
        pthread_join(workers[index].thread, NULL);
    CHECK(WinHttpCloseHandle(connect) && WinHttpCloseHandle(session));
    printf("%u requests, %u connections, %u chunked\n", requests / threads * threads,
           __atomic_load_n(&connected, __ATOMIC_RELAXED), __atomic_load_n(&chunked, __ATOMIC_RELAXED));
    /* The workers stay: the session's last callback may still run. */
    return 0;
}
