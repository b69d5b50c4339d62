/* Looks functions up by their plain names at run time, as language bindings do: those are the UTF-16 ones, whatever the
 * width of wchar_t. Needs no header of ours. Arguments: library, port, path. */
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static void *library;

static void *find(const char *name)
{
    void *found = dlsym(library, name);
    if (found == NULL) {
        printf("no %s\n", name);
        exit(1);
    }
    return found;
}

static const uint16_t *utf16(uint16_t *buffer, const char *text)
{
    size_t index = 0;
    do
        buffer[index] = (uint16_t)(unsigned char)text[index];
    while (text[index++] != 0);
    return buffer;
}

int main(int argc, char **argv)
{
    uint16_t agent[64], host[64], path[64], header[64];
    if (argc != 4 || (library = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL)) == NULL) {
        printf("cannot open: %s\n", dlerror());
        return 1;
    }
    void *(*open)(const uint16_t *, uint32_t, const uint16_t *, const uint16_t *, uint32_t);
    void *(*connect)(void *, const uint16_t *, uint16_t, uint32_t);
    void *(*open_request)(void *, const uint16_t *, const uint16_t *, const uint16_t *, const uint16_t *,
        const uint16_t **, uint32_t);
    int32_t (*send)(void *, const uint16_t *, uint32_t, void *, uint32_t, uint32_t, uintptr_t);
    int32_t (*receive)(void *, void *);
    int32_t (*query)(void *, uint32_t, const uint16_t *, void *, uint32_t *, uint32_t *);
    int32_t (*close)(void *);
    uint32_t (*last_error)(void);
    *(void **)&open = find("WinHttpOpen");
    *(void **)&connect = find("WinHttpConnect");
    *(void **)&open_request = find("WinHttpOpenRequest");
    *(void **)&send = find("WinHttpSendRequest");
    *(void **)&receive = find("WinHttpReceiveResponse");
    *(void **)&query = find("WinHttpQueryHeaders");
    *(void **)&close = find("WinHttpCloseHandle");
    *(void **)&last_error = find("GetLastError");

    void *session = open(utf16(agent, "dlsym"), 1, NULL, NULL, 0);
    void *connection = connect(session, utf16(host, "127.0.0.1"), (uint16_t)atoi(argv[2]), 0);
    void *request = open_request(connection, NULL, utf16(path, argv[3]), NULL, NULL, NULL, 0);
    int32_t sent = send(request, NULL, 0, NULL, 0, 0, 0);
    int32_t received = receive(request, NULL);
    printf("sent %d, received %d, error %u\n", sent, received, last_error());
    uint32_t size = sizeof header;
    int32_t found = query(request, 19, NULL, header, &size, NULL);
    printf("status %d: %c%c%c, %u bytes\n", found, header[0], header[1], header[2], size);
    int32_t closed = close(request) + close(connection) + close(session);
    int32_t again = close(session);
    printf("closed %d, again %d, error %u\n", closed, again, last_error());
    return 0;
}
