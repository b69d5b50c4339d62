/* Records notifications as they come and prints them where the scenario waits for them. */
#include "transcript.h"

#define EVENTS_MAX 4096
#define HANDLES_MAX 64
#define INFORMATION_BYTES 32
#define TEXT_BYTES 128

typedef struct EVENT {
    HINTERNET handle;
    DWORD_PTR context;
    DWORD status;
    DWORD length;
    BOOL has_information;
    BOOL on_caller;
    BOOL taken;
    BOOL is_shown;
    BYTE information[INFORMATION_BYTES];
    char text[TEXT_BYTES];
} EVENT;

BOOL asynchronous;
DWORD patience = 10000;
BYTE inbox[INBOX_BYTES];
void (*reaction)(HINTERNET handle, DWORD status);

static CRITICAL_SECTION lock;
static CONDITION_VARIABLE arrived;
static EVENT events[EVENTS_MAX];
static unsigned event_count;
static struct {
    HINTERNET handle;
    char name[32];
} handles[HANDLES_MAX];
static unsigned handle_count;
static int quietness;
static DWORD caller;
static EVENT last;

void transcript_open(void)
{
    InitializeCriticalSection(&lock);
    InitializeConditionVariable(&arrived);
    caller = GetCurrentThreadId();
}

void say(const char *format, ...)
{
    va_list arguments;
    if (quietness > 0)
        return;
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    printf("\n");
    fflush(stdout);
}

void quiet(BOOL on)
{
    quietness += on ? 1 : -1;
}

void name_handle(HINTERNET handle, const char *name)
{
    if (handle == NULL || handle_count == HANDLES_MAX)
        return;
    handles[handle_count].handle = handle;
    snprintf(handles[handle_count].name, sizeof handles[0].name, "%s", name);
    handle_count++;
}

const char *handle_name(HINTERNET handle)
{
    unsigned index = handle_count;
    if (handle == NULL)
        return "NULL";
    while (index-- > 0)
        if (handles[index].handle == handle)
            return handles[index].name;
    return "unknown";
}

INTERNET_PORT plain_port, tls_port;

void copy_without_port(char *copy, size_t size, const char *line, size_t length)
{
    char port[8];
    size_t from, to = 0, port_length;
    port_length = (size_t)snprintf(port, sizeof port, ":%u", (unsigned)plain_port);
    for (from = 0; from < length && to + 8 < size; from++) {
        if (strncmp(line + from, port, port_length) == 0) {
            to += (size_t)snprintf(copy + to, size - to, ":PORT");
            from += port_length - 1;
        } else if (line[from] == '\t') {
            to += (size_t)snprintf(copy + to, size - to, "\\t");
        } else {
            copy[to++] = line[from];
        }
    }
    copy[to] = 0;
}

static BOOL is_text(DWORD status)
{
    return (status
               & (WINHTTP_CALLBACK_STATUS_RESOLVING_NAME | WINHTTP_CALLBACK_STATUS_NAME_RESOLVED
                   | WINHTTP_CALLBACK_STATUS_CONNECTING_TO_SERVER
                   | WINHTTP_CALLBACK_STATUS_CONNECTED_TO_SERVER | WINHTTP_CALLBACK_STATUS_REDIRECT))
        != 0;
}

static void copy_information(EVENT *event, LPVOID information, DWORD length)
{
    if (information == NULL)
        return;
    if (is_text(event->status)) {
        const WCHAR *text = (const WCHAR *)information;
        unsigned index;
        for (index = 0; text[index] != 0 && index + 1 < TEXT_BYTES; index++)
            event->text[index] = text[index] < 0x80 ? (char)text[index] : '?';
        return;
    }
    memcpy(event->information, information, length < INFORMATION_BYTES ? length : INFORMATION_BYTES);
}

void CALLBACK notified(
    HINTERNET handle, DWORD_PTR context, DWORD status, LPVOID information, DWORD length)
{
    EnterCriticalSection(&lock);
    if (event_count < EVENTS_MAX) {
        EVENT *event = &events[event_count];
        memset(event, 0, sizeof *event);
        event->handle = handle;
        event->context = context;
        event->status = status;
        event->length = length;
        event->has_information = information != NULL;
        event->on_caller = GetCurrentThreadId() == caller;
        copy_information(event, information, length);
        event_count++;
    }
    WakeAllConditionVariable(&arrived);
    LeaveCriticalSection(&lock);
    if (reaction != NULL)
        reaction(handle, status);
}

static BOOL is_socket(HINTERNET handle)
{
    return strncmp(handle_name(handle), "socket", 6) == 0;
}

static void print_error(const char *who, const EVENT *event)
{
    static const char *const calls[]
        = { "0", "RECEIVE_RESPONSE", "QUERY_DATA_AVAILABLE", "READ_DATA", "WRITE_DATA", "SEND_REQUEST" };
    static const char *const operations[] = { "SEND", "RECEIVE", "CLOSE", "SHUTDOWN" };
    if (event->length == sizeof(WINHTTP_WEB_SOCKET_ASYNC_RESULT)) {
        WINHTTP_WEB_SOCKET_ASYNC_RESULT result;
        memcpy(&result, event->information, sizeof result);
        say("%s REQUEST_ERROR: %s, result %u, error %s", who,
            (unsigned)result.Operation < 4 ? operations[result.Operation] : "unknown",
            (unsigned)result.AsyncResult.dwResult, error_name(result.AsyncResult.dwError));
    } else {
        WINHTTP_ASYNC_RESULT result;
        memcpy(&result, event->information, sizeof result);
        say("%s REQUEST_ERROR: %s, error %s, length %u", who,
            result.dwResult < 6 ? calls[result.dwResult] : "unknown", error_name(result.dwError),
            (unsigned)event->length);
    }
}

static void print_transfer(const char *who, const EVENT *event)
{
    WINHTTP_WEB_SOCKET_STATUS status;
    BOOL is_read = event->status == WINHTTP_CALLBACK_STATUS_READ_COMPLETE;
    if (event->length != sizeof status) {
        say("%s %s: length %u", who, status_name(event->status), (unsigned)event->length);
        return;
    }
    memcpy(&status, event->information, sizeof status);
    say("%s %s: %u bytes, %s%s%s", who, status_name(event->status),
        (unsigned)status.dwBytesTransferred, type_name(status.eBufferType), is_read ? ", " : "",
        is_read ? quoted(inbox, status.dwBytesTransferred) : "");
}

/* The number that tells of a request: how much of what. */
static DWORD count_of(const EVENT *event)
{
    DWORD count;
    if (event->status == WINHTTP_CALLBACK_STATUS_READ_COMPLETE)
        return event->length;
    if (event->length != sizeof count || !event->has_information)
        return (DWORD)-1;
    memcpy(&count, event->information, sizeof count);
    return count;
}

static void print_count(const char *who, const EVENT *event)
{
    DWORD count = count_of(event);
    if (event->status == WINHTTP_CALLBACK_STATUS_READ_COMPLETE)
        say("%s %s: %u bytes, %s", who, status_name(event->status), (unsigned)count,
            quoted(inbox, count));
    else if (count == (DWORD)-1)
        say("%s %s: information of length %u", who, status_name(event->status),
            (unsigned)event->length);
    else
        say("%s %s: %u", who, status_name(event->status), (unsigned)count);
}

static void print_event(EVENT *event)
{
    char who[64], text[TEXT_BYTES];
    HINTERNET other;
    event->taken = TRUE;
    event->is_shown = quietness == 0;
    last = *event;
    snprintf(who, sizeof who, "  %s/%u", handle_name(event->handle), (unsigned)event->context);
    switch (event->status) {
    case WINHTTP_CALLBACK_STATUS_REQUEST_ERROR:
        print_error(who, event);
        return;
    case WINHTTP_CALLBACK_STATUS_READ_COMPLETE:
    case WINHTTP_CALLBACK_STATUS_WRITE_COMPLETE:
        if (is_socket(event->handle)) {
            print_transfer(who, event);
            return;
        }
        print_count(who, event);
        return;
    case WINHTTP_CALLBACK_STATUS_DATA_AVAILABLE:
    case WINHTTP_CALLBACK_STATUS_INTERMEDIATE_RESPONSE:
        print_count(who, event);
        return;
    case WINHTTP_CALLBACK_STATUS_HANDLE_CREATED:
    case WINHTTP_CALLBACK_STATUS_HANDLE_CLOSING:
        memcpy(&other, event->information, sizeof other);
        say("%s %s: %s, length %u", who, status_name(event->status), handle_name(other),
            (unsigned)event->length);
        return;
    default:
        break;
    }
    if (is_text(event->status)) {
        copy_without_port(text, sizeof text, event->text, strlen(event->text));
        say("%s %s: \"%s\", length %u", who, status_name(event->status), text, (unsigned)event->length);
    } else if (event->has_information || event->length != 0)
        say("%s %s: information of length %u", who, status_name(event->status),
            (unsigned)event->length);
    else
        say("%s %s", who, status_name(event->status));
}

/* The oldest notification of a handle that was not printed yet; with a status, the oldest of that status. */
static EVENT *oldest(HINTERNET handle, DWORD status)
{
    unsigned index;
    for (index = 0; index < event_count; index++) {
        EVENT *event = &events[index];
        if (!event->taken && event->handle == handle && (status == 0 || event->status == status))
            return event;
    }
    return NULL;
}

/* As oldest, but waits. The lock is held. */
static EVENT *await(HINTERNET handle, DWORD status, ULONGLONG deadline)
{
    EVENT *event;
    while ((event = oldest(handle, status)) == NULL) {
        ULONGLONG now = GetTickCount64();
        if (now >= deadline)
            return NULL;
        SleepConditionVariableCS(&arrived, &lock, (DWORD)(deadline - now));
    }
    return event;
}

static void wait_and_print(HINTERNET handle, DWORD status, BOOL shows_thread)
{
    ULONGLONG deadline = GetTickCount64() + patience;
    EVENT *event;
    EnterCriticalSection(&lock);
    do {
        event = await(handle, 0, deadline);
        if (event == NULL) {
            memset(&last, 0, sizeof last);
            say("  %s: %s does not come", handle_name(handle), status_name(status));
        } else {
            print_event(event);
            event->is_shown = event->is_shown && shows_thread;
        }
    } while (event != NULL && event->status != status
        && event->status != WINHTTP_CALLBACK_STATUS_REQUEST_ERROR
        && event->status != WINHTTP_CALLBACK_STATUS_HANDLE_CLOSING);
    LeaveCriticalSection(&lock);
}

void until(HINTERNET handle, DWORD status)
{
    wait_and_print(handle, status, TRUE);
}

void until_on_any_thread(HINTERNET handle, DWORD status)
{
    wait_and_print(handle, status, FALSE);
}

void drain(HINTERNET handle)
{
    EVENT *event;
    EnterCriticalSection(&lock);
    while ((event = oldest(handle, 0)) != NULL)
        print_event(event);
    LeaveCriticalSection(&lock);
}

void until_both(HINTERNET handle, DWORD first, DWORD second)
{
    DWORD wanted[2];
    ULONGLONG deadline = GetTickCount64() + patience;
    unsigned index;
    wanted[0] = first;
    wanted[1] = second;
    EnterCriticalSection(&lock);
    for (index = 0; index < 2; index++) {
        EVENT *event = await(handle, wanted[index], deadline);
        if (event == NULL)
            say("  %s: %s does not come", handle_name(handle), status_name(wanted[index]));
        else
            print_event(event);
    }
    LeaveCriticalSection(&lock);
}

void created(HINTERNET new_handle)
{
    unsigned index;
    BOOL found = FALSE;
    EnterCriticalSection(&lock);
    for (index = 0; index < event_count; index++) {
        EVENT *event = &events[index];
        if (!event->taken && event->status == WINHTTP_CALLBACK_STATUS_HANDLE_CREATED
            && memcmp(event->information, &new_handle, sizeof new_handle) == 0) {
            print_event(event);
            found = TRUE;
        }
    }
    if (!found && new_handle != NULL)
        say("  no HANDLE_CREATED for %s", handle_name(new_handle));
    LeaveCriticalSection(&lock);
}

DWORD last_read(DWORD *bytes, WINHTTP_WEB_SOCKET_BUFFER_TYPE *type)
{
    WINHTTP_WEB_SOCKET_STATUS status;
    WINHTTP_ASYNC_RESULT result;
    if (last.status == WINHTTP_CALLBACK_STATUS_REQUEST_ERROR) {
        memcpy(&result, last.information, sizeof result);
        return result.dwError;
    }
    if (last.status != WINHTTP_CALLBACK_STATUS_READ_COMPLETE || last.length != sizeof status)
        return (DWORD)-1;
    memcpy(&status, last.information, sizeof status);
    *bytes = status.dwBytesTransferred;
    *type = status.eBufferType;
    return 0;
}

DWORD last_count(void)
{
    switch (last.status) {
    case WINHTTP_CALLBACK_STATUS_DATA_AVAILABLE:
    case WINHTTP_CALLBACK_STATUS_READ_COMPLETE:
    case WINHTTP_CALLBACK_STATUS_WRITE_COMPLETE:
        return count_of(&last);
    default:
        return (DWORD)-1;
    }
}

DWORD last_error(void)
{
    WINHTTP_ASYNC_RESULT result;
    if (last.status != WINHTTP_CALLBACK_STATUS_REQUEST_ERROR)
        return 0;
    memcpy(&result, last.information, sizeof result);
    return result.dwError;
}

void scenario_begin(const char *name, BOOL is_asynchronous)
{
    EnterCriticalSection(&lock);
    event_count = 0;
    handle_count = 0;
    quietness = 0;
    LeaveCriticalSection(&lock);
    asynchronous = is_asynchronous;
    reaction = NULL;
    say("=== %s", name);
}

/* Which threads delivered the notifications of one status to handles of one kind. */
static void print_threads(const char *kind, DWORD status)
{
    unsigned index;
    BOOL on_caller = FALSE, on_other = FALSE;
    for (index = 0; index < event_count; index++) {
        const EVENT *event = &events[index];
        if (!event->is_shown || event->status != status
            || strncmp(handle_name(event->handle), kind, strlen(kind)) != 0)
            continue;
        on_caller = on_caller || event->on_caller;
        on_other = on_other || !event->on_caller;
    }
    if (on_caller || on_other)
        say("thread of %s %s: %s", kind, status_name(status),
            !on_other       ? "caller"
                : !on_caller ? "other"
                             : "caller and other");
}

void scenario_end(void)
{
    static const char *const kinds[] = { "session", "connection", "request", "socket" };
    unsigned index, kind, bit;
    EnterCriticalSection(&lock);
    for (index = 0; index < handle_count; index++) {
        EVENT *event;
        while ((event = oldest(handles[index].handle, 0)) != NULL) {
            say("  left over:");
            print_event(event);
        }
    }
    for (kind = 0; asynchronous && kind < 4; kind++)
        for (bit = 0; bit < 32; bit++)
            print_threads(kinds[kind], (DWORD)1 << bit);
    LeaveCriticalSection(&lock);
}
