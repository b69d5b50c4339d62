/* What the C programs of the behaviour tests share: text in either width, and how to give up. */
#ifndef WINHTTP_TESTS_COMMON_H
#define WINHTTP_TESTS_COMMON_H

#include <winhttp.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>


/* Ends the program with what failed and the last error. */
#define CHECK(condition)                                                                          \
    do {                                                                                          \
        if (!(condition)) {                                                                       \
            printf("line %d: %s, error %u\n", __LINE__, #condition, (unsigned)GetLastError());    \
            exit(1);                                                                              \
        }                                                                                         \
    } while (0)

#define TEXT_MAX 512

/* An ASCII argument of the command line in the width of WCHAR. */
static inline const WCHAR *wide(WCHAR buffer[TEXT_MAX], const char *text)
{
    size_t index = 0;
    for (; text[index] != 0 && index + 1 < TEXT_MAX; index++)
        buffer[index] = (WCHAR)(unsigned char)text[index];
    buffer[index] = 0;
    return buffer;
}

/* Text of the library for printing; what is not ASCII becomes a question mark. */
static inline const char *narrow(char buffer[TEXT_MAX], const WCHAR *text)
{
    size_t index = 0;
    for (; text[index] != 0 && index + 1 < TEXT_MAX; index++)
        buffer[index] = text[index] < 0x80 ? (char)text[index] : '?';
    buffer[index] = 0;
    return buffer;
}

/* The response's status. */
static inline DWORD status_of(HINTERNET request)
{
    DWORD status = 0, length = sizeof status;
    CHECK(WinHttpQueryHeaders(request, WINHTTP_QUERY_STATUS_CODE | WINHTTP_QUERY_FLAG_NUMBER,
        WINHTTP_HEADER_NAME_BY_INDEX, &status, &length, WINHTTP_NO_HEADER_INDEX));
    CHECK(length == sizeof status);
    return status;
}

#endif
