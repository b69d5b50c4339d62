/* What the programs of this folder have in common that do one request after the other: arguments NAME=VALUE,
 * and what becomes of them. */
#ifndef INTEROP_PROGRAM_H
#define INTEROP_PROGRAM_H

#include "../c/await.h"

static const char *given(int argc, char **argv, const char *name)
{
    int index;
    for (index = 1; index < argc; index++)
        if (strncmp(argv[index], name, strlen(name)) == 0)
            return argv[index] + strlen(name);
    return NULL;
}

static void put(HINTERNET request, DWORD option, const char *value)
{
    WCHAR text[TEXT_MAX];
    CHECK(WinHttpSetOption(request, option, (void *)(uintptr_t)wide(text, value), (DWORD)strlen(value)));
}

static void print_url(HINTERNET request)
{
    WCHAR url[2048];
    DWORD size = sizeof(url), index;
    CHECK(WinHttpQueryOption(request, WINHTTP_OPTION_URL, url, &size));
    for (index = 0; url[index]; index++)
        putchar((int)url[index]);
}

#endif
