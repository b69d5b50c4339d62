/* How the programs that exercise the compat headers give up, and literals in either width. */
#include "compat/windows.h"

#include <stdio.h>

#define CHECK(condition)                                                                    \
    do {                                                                                    \
        if (!(condition)) {                                                                 \
            fprintf(stderr, "%s:%d: %s, error %u\n", __FILE__, __LINE__, #condition,        \
                (unsigned)GetLastError());                                                  \
            exit(1);                                                                        \
        }                                                                                   \
    } while (0)

#define FAILS_WITH(call, error) \
    (SetLastError(ERROR_SUCCESS), (call) == 0 && GetLastError() == (DWORD)(error))

/* TEXT of a UNICODE program; the tests define UNICODE. */
#define W(text) TEXT(text)
