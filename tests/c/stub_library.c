/* A library that exports functions of WinHTTP's plain names which do nothing, as FreeRDP's WinPR does. */
#include <stddef.h>

void *WinHttpOpen(const void *agent, unsigned access, const void *proxy, const void *bypass, unsigned flags)
{
    (void)agent, (void)access, (void)proxy, (void)bypass, (void)flags;
    return NULL;
}

int WinHttpCloseHandle(void *handle)
{
    (void)handle;
    return 0;
}

int stub_is_here(void)
{
    return 1;
}
