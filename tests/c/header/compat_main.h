/* What the programs that begin in wmain share. */
#ifndef OWN_MAIN
#include <tchar.h>
#include <windows.h>

#include <stdio.h>

#if defined(NARROW)
typedef char UNIT;
#elif defined(OF_THE_COMPILER)
typedef wchar_t UNIT;
#else
typedef WCHAR UNIT;
#endif

/* Prints the units of all arguments but the first. */
static inline int print(int count, UNIT *arguments[])
{
    int index, unit;
    printf("%d", count);
    for (index = 1; index < count; index++) {
        for (unit = 0; arguments[index][unit] != 0; unit++)
            printf(" %x", (unsigned)arguments[index][unit] & (sizeof(UNIT) == 1 ? 0xFFu : 0xFFFFFFu));
        if (index + 1 < count)
            printf(",");
    }
    printf("\n");
    return arguments[count] != NULL;
}

#if !defined(NARROW) && !defined(OF_THE_COMPILER)
static inline int has_wanted(WCHAR **environment)
{
    static const WCHAR wanted[] = {'W', 'A', 'N', 'T', 'E', 'D', '=', 0xE9, 0};
    while (*environment != NULL && _wcsicmp(*environment, wanted) != 0)
        environment++;
    return *environment != NULL;
}
#endif
#endif
