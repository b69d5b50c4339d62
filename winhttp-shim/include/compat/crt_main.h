/* crt_main.h - programs that begin in wmain.
 *
 * Licence: MIT OR Apache-2.0.
 *
 * Where a source file names wmain first, be it to declare or to define it, a main comes before, which
 * calls it with the arguments in WCHAR; of bytes that are no UTF-8 there are U+FFFD. That main is weak:
 * a file without wmain may define another. A program whose main and wmain are in one file defines
 * WINHTTP_COMPAT_KEEP_WMAIN before it includes windows.h. */
#ifndef WINHTTP_SHIM_COMPAT_CRT_MAIN_H
#define WINHTTP_SHIM_COMPAT_CRT_MAIN_H

#include "win32_text.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef int (*WINHTTP_COMPAT_WMAIN)(int count, WCHAR **arguments, WCHAR **environment);
typedef void (*WINHTTP_COMPAT_ANY_MAIN)(void);

/* Texts up to the NULL behind the last, in WCHAR, for the life of the process. */
static inline WCHAR **winhttp_compat_wide_texts(char **texts)
{
    size_t count = 0, index;
    WCHAR **wide;
    while (texts != NULL && texts[count] != NULL)
        count++;
    wide = (WCHAR **)calloc(count + 1, sizeof(*wide));
    for (index = 0; wide != NULL && index < count; index++) {
        int length = MultiByteToWideChar(CP_UTF8, 0, texts[index], -1, NULL, 0);
        wide[index] = (WCHAR *)calloc(length > 0 ? (size_t)length : 1, sizeof(WCHAR));
        if (wide[index] == NULL)
            return NULL;
        MultiByteToWideChar(CP_UTF8, 0, texts[index], -1, wide[index], length);
    }
    return wide;
}

/* Calls wmain, which may have no parameters, two or three: the caller of a function cleans up. */
static inline int winhttp_compat_call_wmain(
    WINHTTP_COMPAT_ANY_MAIN function, int count, char **arguments, char **environment)
{
    static WCHAR **wide_arguments, **wide_environment; /* found by those who look for leaks */
    wide_arguments = winhttp_compat_wide_texts(arguments);
    wide_environment = winhttp_compat_wide_texts(environment);
    if (wide_arguments == NULL || wide_environment == NULL)
        abort(); /* no memory, and nobody to tell */
    SetLastError(ERROR_SUCCESS);
    return ((WINHTTP_COMPAT_WMAIN)function)(count, wide_arguments, wide_environment);
}

#ifdef __cplusplus
}
#endif

#if !defined(wmain) && !defined(WINHTTP_COMPAT_KEEP_WMAIN)
#ifdef __cplusplus
#define WINHTTP_COMPAT_MAIN_LINKAGE extern "C"
#else
#define WINHTTP_COMPAT_MAIN_LINKAGE
#endif
/* What stands before wmain, its type, becomes that of winhttp_compat_before_wmain. From the second time
 * on wmain is an ordinary name. */
#pragma push_macro("wmain")
#define wmain(...)                                                                             \
    winhttp_compat_before_wmain(void);                                                         \
    _Pragma("pop_macro(\"wmain\")")                                                            \
    WINHTTP_COMPAT_MAIN_LINKAGE __typeof__(winhttp_compat_before_wmain()) wmain(__VA_ARGS__);  \
    __attribute__((weak)) int main(int count, char **arguments, char **environment)            \
    {                                                                                          \
        return winhttp_compat_call_wmain(                                                      \
            (WINHTTP_COMPAT_ANY_MAIN)wmain, count, arguments, environment);                    \
    }                                                                                          \
    WINHTTP_COMPAT_MAIN_LINKAGE __typeof__(winhttp_compat_before_wmain()) wmain(__VA_ARGS__)
#endif

#endif
