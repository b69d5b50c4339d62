/* crt_main.h - programs that begin in wmain.
 *
 * Licence: MIT OR Apache-2.0.
 *
 * Where a source file names wmain first, be it to declare or to define it, a main comes before, which
 * calls it with the arguments in wchar_t; of bytes that are no UTF-8 there are U+FFFD. That main is weak:
 * a file without wmain may define another. A program whose main and wmain are in one file defines
 * WINHTTP_COMPAT_KEEP_WMAIN before it includes windows.h. */
#ifndef WINHTTP_SHIM_COMPAT_CRT_MAIN_H
#define WINHTTP_SHIM_COMPAT_CRT_MAIN_H

#include "win32_text.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef int (*WINHTTP_COMPAT_WMAIN)(int count, void **arguments, void **environment);
typedef void (*WINHTTP_COMPAT_ANY_MAIN)(void);

/* A copy of some text, in WCHAR or with 32 bits to a character, for the life of the process; or NULL. */
static inline void *winhttp_compat_wide_text(const char *text, BOOL in_wchar)
{
    size_t length = strlen(text), position = 0, used = 0;
    /* No text has more units than bytes. */
    void *copy = calloc(length + 1, in_wchar ? sizeof(WCHAR) : sizeof(DWORD));
    while (copy != NULL && position < length) {
        DWORD character = winhttp_compat_read_utf8(text, length, &position);
        if (character == WINHTTP_COMPAT_NO_CHARACTER)
            character = WINHTTP_COMPAT_REPLACEMENT;
        if (in_wchar)
            used += (size_t)winhttp_compat_write_wide(character, (WCHAR *)copy + used);
        else
            ((DWORD *)copy)[used++] = character;
    }
    return copy;
}

/* Texts up to the NULL behind the last. */
static inline void **winhttp_compat_wide_texts(char **texts, BOOL in_wchar)
{
    size_t count = 0, index;
    void **wide;
    while (texts != NULL && texts[count] != NULL)
        count++;
    wide = (void **)calloc(count + 1, sizeof(*wide));
    if (wide == NULL)
        abort(); /* no memory, and nobody to tell */
    for (index = 0; index < count; index++) {
        wide[index] = winhttp_compat_wide_text(texts[index], in_wchar);
        if (wide[index] == NULL)
            abort();
    }
    return wide;
}

/* Calls a wide main, which may have no parameters, two or three: the caller of a function cleans up. */
static inline int winhttp_compat_call_main(WINHTTP_COMPAT_ANY_MAIN function, BOOL in_wchar,
    int count, char **arguments, char **environment)
{
    static void **wide_arguments, **wide_environment; /* found by those who look for leaks */
    wide_arguments = winhttp_compat_wide_texts(arguments, in_wchar);
    wide_environment = winhttp_compat_wide_texts(environment, in_wchar);
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
        return winhttp_compat_call_main((WINHTTP_COMPAT_ANY_MAIN)wmain,                        \
            sizeof(wchar_t) == sizeof(WCHAR), count, arguments, environment);                  \
    }                                                                                          \
    WINHTTP_COMPAT_MAIN_LINKAGE __typeof__(winhttp_compat_before_wmain()) wmain(__VA_ARGS__)
/* The same for _tmain where it gets a WCHAR that is not wchar_t. */
#pragma push_macro("winhttp_compat_tmain")
#define winhttp_compat_tmain(...)                                                              \
    winhttp_compat_before_tmain(void);                                                         \
    _Pragma("pop_macro(\"winhttp_compat_tmain\")")                                             \
    WINHTTP_COMPAT_MAIN_LINKAGE __typeof__(winhttp_compat_before_tmain())                      \
        winhttp_compat_tmain(__VA_ARGS__);                                                     \
    __attribute__((weak)) int main(int count, char **arguments, char **environment)            \
    {                                                                                          \
        return winhttp_compat_call_main((WINHTTP_COMPAT_ANY_MAIN)winhttp_compat_tmain, TRUE,   \
            count, arguments, environment);                                                    \
    }                                                                                          \
    WINHTTP_COMPAT_MAIN_LINKAGE __typeof__(winhttp_compat_before_tmain())                      \
        winhttp_compat_tmain(__VA_ARGS__)
#endif

#endif
