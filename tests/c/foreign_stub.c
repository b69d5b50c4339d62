/* A program that is linked to another library with stubs of our plain names, in either order: it still gets ours. */
#include "common.h"

int stub_is_here(void);

int main(void)
{
    HINTERNET session = WinHttpOpen(L"foreign", WINHTTP_ACCESS_TYPE_NO_PROXY, NULL, NULL, 0);
    printf("stub %d, open %d, error %u\n", stub_is_here(), session != NULL, (unsigned)GetLastError());
    CHECK(session != NULL);
    CHECK(WinHttpCloseHandle(session));
    BOOL again = WinHttpCloseHandle(session);
    printf("again %d, error %u\n", (int)again, (unsigned)GetLastError());
    return 0;
}
