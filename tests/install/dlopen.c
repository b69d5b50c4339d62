/* Opens a library at run time and calls it under a plain name, as languages without a compiler do.
 *
 *   dlopen winhttp|websocket LIBRARY */
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

/* C has no cast from an object pointer to a function pointer; POSIX says to write it so. */
#define FIND(function, library, name) (*(void **)&(function) = dlsym(library, name))

static int winhttp_works(void *library)
{
    int (*check_platform)(void);

    return FIND(check_platform, library, "WinHttpCheckPlatform") && check_platform();
}

static int websocket_works(void *library)
{
    int (*global_property)(int type, void *value, unsigned *size);
    unsigned interval = 0, size = sizeof(interval);

    return FIND(global_property, library, "WebSocketGetGlobalProperty") &&
           global_property(5, &interval, &size) == 0 && interval >= 15000;
}

int main(int argc, char **argv)
{
    void *library;
    int works;

    if (argc != 3) {
        fprintf(stderr, "usage: %s winhttp|websocket library\n", argv[0]);
        return 2;
    }
    library = dlopen(argv[2], RTLD_NOW | RTLD_LOCAL);
    if (!library) {
        fprintf(stderr, "%s\n", dlerror());
        return 1;
    }
    works = strcmp(argv[1], "websocket") == 0 ? websocket_works(library) : winhttp_works(library);
    if (!works) {
        fprintf(stderr, "a function is missing or says no\n");
        return 1;
    }
    return 0;
}
