/* Opens libwinhttp at run time and calls it under a plain name, as languages without a compiler do. */
#include <dlfcn.h>
#include <stdio.h>

int main(int argc, char **argv)
{
    void *library;
    int (*check_platform)(void);

    if (argc != 2) {
        fprintf(stderr, "usage: %s library\n", argv[0]);
        return 2;
    }
    library = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
    if (!library) {
        fprintf(stderr, "%s\n", dlerror());
        return 1;
    }
    /* C has no cast from an object pointer to a function pointer; POSIX says to write it so. */
    *(void **)&check_platform = dlsym(library, "WinHttpCheckPlatform");
    if (!check_platform || !check_platform()) {
        fprintf(stderr, "WinHttpCheckPlatform is missing or says no\n");
        return 1;
    }
    return 0;
}
