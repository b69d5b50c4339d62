/* crt_wide.h - the wide functions of C for a WCHAR of 16 bits, which the C library does not have.
 *
 * Licence: MIT OR Apache-2.0.
 *
 * Under -fshort-wchar they take the place of the C library's, whose wchar_t has 32 bits all the same.
 * WINHTTP_COMPAT_WCS(name) is the function of that name for WCHAR, in every width. */
#ifndef WINHTTP_SHIM_COMPAT_CRT_WIDE_H
#define WINHTTP_SHIM_COMPAT_CRT_WIDE_H

#include "crt_string.h"

#if WINHTTP_WCHAR_BITS == 32
#define WINHTTP_COMPAT_WCS(name) name
#else
#define WINHTTP_COMPAT_WCS(name) winhttp_compat_##name

#ifdef __cplusplus
extern "C" {
#endif

static inline size_t winhttp_compat_wcslen(LPCWSTR text)
{
    return winhttp_compat_length_w(text, SIZE_MAX);
}

static inline size_t winhttp_compat_wcsnlen(LPCWSTR text, size_t max)
{
    return winhttp_compat_length_w(text, max);
}

static inline LPWSTR winhttp_compat_wmemcpy(LPWSTR out, LPCWSTR from, size_t count)
{
    return (LPWSTR)memcpy(out, from, count * sizeof(WCHAR));
}

static inline LPWSTR winhttp_compat_wmemmove(LPWSTR out, LPCWSTR from, size_t count)
{
    return (LPWSTR)memmove(out, from, count * sizeof(WCHAR));
}

static inline LPWSTR winhttp_compat_wmemset(LPWSTR out, WCHAR unit, size_t count)
{
    size_t index;
    for (index = 0; index < count; index++)
        out[index] = unit;
    return out;
}

static inline int winhttp_compat_wmemcmp(LPCWSTR left, LPCWSTR right, size_t count)
{
    size_t index;
    for (index = 0; index < count; index++) {
        if (left[index] != right[index])
            return left[index] < right[index] ? -1 : 1;
    }
    return 0;
}

static inline LPWSTR winhttp_compat_wmemchr(LPCWSTR text, WCHAR unit, size_t count)
{
    size_t index;
    for (index = 0; index < count; index++) {
        if (text[index] == unit)
            return (LPWSTR)(uintptr_t)(text + index);
    }
    return NULL;
}

static inline LPWSTR winhttp_compat_wcscpy(LPWSTR out, LPCWSTR text)
{
    return winhttp_compat_wmemcpy(out, text, winhttp_compat_wcslen(text) + 1);
}

/* Fills the rest with NULs, and adds none where there is no rest. */
static inline LPWSTR winhttp_compat_wcsncpy(LPWSTR out, LPCWSTR text, size_t count)
{
    size_t length = winhttp_compat_length_w(text, count);
    winhttp_compat_wmemcpy(out, text, length);
    winhttp_compat_wmemset(out + length, 0, count - length);
    return out;
}

static inline LPWSTR winhttp_compat_wcscat(LPWSTR out, LPCWSTR text)
{
    winhttp_compat_wcscpy(out + winhttp_compat_wcslen(out), text);
    return out;
}

static inline LPWSTR winhttp_compat_wcsncat(LPWSTR out, LPCWSTR text, size_t count)
{
    LPWSTR end = out + winhttp_compat_wcslen(out);
    size_t length = winhttp_compat_length_w(text, count);
    winhttp_compat_wmemcpy(end, text, length);
    end[length] = 0;
    return out;
}

static inline int winhttp_compat_wcsncmp(LPCWSTR left, LPCWSTR right, size_t count)
{
    size_t index;
    for (index = 0; index < count; index++) {
        if (left[index] != right[index])
            return left[index] < right[index] ? -1 : 1;
        if (left[index] == 0)
            break;
    }
    return 0;
}

static inline int winhttp_compat_wcscmp(LPCWSTR left, LPCWSTR right)
{
    return winhttp_compat_wcsncmp(left, right, SIZE_MAX);
}

/* Sorts by code. */
static inline int winhttp_compat_wcscoll(LPCWSTR left, LPCWSTR right)
{
    return winhttp_compat_wcscmp(left, right);
}

/* Finds the NUL too. */
static inline LPWSTR winhttp_compat_wcschr(LPCWSTR text, WCHAR unit)
{
    return winhttp_compat_wmemchr(text, unit, winhttp_compat_wcslen(text) + 1);
}

static inline LPWSTR winhttp_compat_wcsrchr(LPCWSTR text, WCHAR unit)
{
    size_t index = winhttp_compat_wcslen(text) + 1;
    while (index-- > 0) {
        if (text[index] == unit)
            return (LPWSTR)(uintptr_t)(text + index);
    }
    return NULL;
}

static inline size_t winhttp_compat_wcscspn(LPCWSTR text, LPCWSTR set)
{
    size_t length = 0;
    while (text[length] != 0 && !winhttp_compat_is_one_of_w(text[length], set))
        length++;
    return length;
}

static inline size_t winhttp_compat_wcsspn(LPCWSTR text, LPCWSTR set)
{
    size_t length = 0;
    while (text[length] != 0 && winhttp_compat_is_one_of_w(text[length], set))
        length++;
    return length;
}

static inline LPWSTR winhttp_compat_wcspbrk(LPCWSTR text, LPCWSTR set)
{
    text += winhttp_compat_wcscspn(text, set);
    return *text != 0 ? (LPWSTR)(uintptr_t)text : NULL;
}

static inline LPWSTR winhttp_compat_wcsstr(LPCWSTR text, LPCWSTR part)
{
    size_t length = winhttp_compat_wcslen(part);
    for (;; text++) {
        if (winhttp_compat_wcsncmp(text, part, length) == 0)
            return (LPWSTR)(uintptr_t)text;
        if (*text == 0)
            return NULL;
    }
}

static inline LPWSTR winhttp_compat_wcstok(LPWSTR text, LPCWSTR delimiters, LPWSTR *context)
{
    return text == NULL && *context == NULL ? NULL : wcstok_s(text, delimiters, context);
}

/* Numbers consist of ASCII, so that the functions for char read them from a copy; end is as far along. */

static inline char *winhttp_compat_ascii_copy(LPCWSTR text)
{
    size_t length = winhttp_compat_wcslen(text), index;
    char *copy = (char *)malloc(length + 1);
    for (index = 0; copy != NULL && index <= length; index++)
        copy[index] = text[index] < 0x80 ? (char)text[index] : '?';
    return copy;
}

#define WINHTTP_COMPAT_NUMBER(type, narrow_call)                             \
    {                                                                        \
        char *copy = winhttp_compat_ascii_copy(text), *stop = copy;          \
        type value = copy == NULL ? 0 : narrow_call;                         \
        if (end != NULL)                                                     \
            *end = (LPWSTR)(uintptr_t)(text + (copy == NULL ? 0 : stop - copy)); \
        free(copy);                                                          \
        return value;                                                        \
    }

static inline long winhttp_compat_wcstol(LPCWSTR text, LPWSTR *end, int base)
    WINHTTP_COMPAT_NUMBER(long, strtol(copy, &stop, base))

static inline unsigned long winhttp_compat_wcstoul(LPCWSTR text, LPWSTR *end, int base)
    WINHTTP_COMPAT_NUMBER(unsigned long, strtoul(copy, &stop, base))

static inline int64_t winhttp_compat_wcstoll(LPCWSTR text, LPWSTR *end, int base)
    WINHTTP_COMPAT_NUMBER(int64_t, strtoll(copy, &stop, base))

static inline uint64_t winhttp_compat_wcstoull(LPCWSTR text, LPWSTR *end, int base)
    WINHTTP_COMPAT_NUMBER(uint64_t, strtoull(copy, &stop, base))

static inline double winhttp_compat_wcstod(LPCWSTR text, LPWSTR *end)
    WINHTTP_COMPAT_NUMBER(double, strtod(copy, &stop))

#undef WINHTTP_COMPAT_NUMBER

/* Conversion, from and to UTF-8: how many units without the NUL, or (size_t)-1 with EILSEQ. */

static inline size_t winhttp_compat_mbstowcs(LPWSTR out, const char *text, size_t count)
{
    size_t used = 0, position = 0, length = strlen(text);
    while (position < length) {
        WCHAR units[2];
        DWORD character = winhttp_compat_read_utf8(text, length, &position);
        size_t needed, index;
        if (character == WINHTTP_COMPAT_NO_CHARACTER) {
            winhttp_compat_crt_error(EILSEQ);
            return (size_t)-1;
        }
        needed = (size_t)winhttp_compat_write_wide(character, units);
        if (out != NULL && needed > count - used)
            return used;
        for (index = 0; index < needed && out != NULL; index++)
            out[used + index] = units[index];
        used += needed;
    }
    if (out != NULL && used < count)
        out[used] = 0;
    return used;
}

static inline size_t winhttp_compat_wcstombs(char *out, LPCWSTR text, size_t count)
{
    size_t used = 0, position = 0, length = winhttp_compat_wcslen(text);
    while (position < length) {
        char bytes[4];
        DWORD character = winhttp_compat_read_wide(text, length, &position);
        size_t needed;
        if (character == WINHTTP_COMPAT_NO_CHARACTER) {
            winhttp_compat_crt_error(EILSEQ);
            return (size_t)-1;
        }
        needed = (size_t)winhttp_compat_write_utf8(character, bytes);
        if (out != NULL && needed > count - used)
            return used;
        if (out != NULL)
            memcpy(out + used, bytes, needed);
        used += needed;
    }
    if (out != NULL && used < count)
        out[used] = 0;
    return used;
}

#ifdef __cplusplus
}
#endif

#ifndef WINHTTP_CHAR16
#ifdef __cplusplus
namespace std {
using ::winhttp_compat_mbstowcs;
using ::winhttp_compat_wcscat;
using ::winhttp_compat_wcschr;
using ::winhttp_compat_wcscmp;
using ::winhttp_compat_wcscoll;
using ::winhttp_compat_wcscpy;
using ::winhttp_compat_wcscspn;
using ::winhttp_compat_wcslen;
using ::winhttp_compat_wcsncat;
using ::winhttp_compat_wcsncmp;
using ::winhttp_compat_wcsncpy;
using ::winhttp_compat_wcspbrk;
using ::winhttp_compat_wcsrchr;
using ::winhttp_compat_wcsspn;
using ::winhttp_compat_wcsstr;
using ::winhttp_compat_wcstod;
using ::winhttp_compat_wcstok;
using ::winhttp_compat_wcstol;
using ::winhttp_compat_wcstoll;
using ::winhttp_compat_wcstombs;
using ::winhttp_compat_wcstoul;
using ::winhttp_compat_wcstoull;
using ::winhttp_compat_wmemchr;
using ::winhttp_compat_wmemcmp;
using ::winhttp_compat_wmemcpy;
using ::winhttp_compat_wmemmove;
using ::winhttp_compat_wmemset;
} // namespace std
#endif
/* With arguments, so that only calls mean them. The C library may have macros of its own. */
#undef mbstowcs
#undef wcscat
#undef wcschr
#undef wcscmp
#undef wcscoll
#undef wcscpy
#undef wcscspn
#undef wcslen
#undef wcsncat
#undef wcsncmp
#undef wcsncpy
#undef wcsnlen
#undef wcspbrk
#undef wcsrchr
#undef wcsspn
#undef wcsstr
#undef wcstod
#undef wcstok
#undef wcstol
#undef wcstoll
#undef wcstombs
#undef wcstoul
#undef wcstoull
#undef wmemchr
#undef wmemcmp
#undef wmemcpy
#undef wmemmove
#undef wmemset
#define mbstowcs(...) winhttp_compat_mbstowcs(__VA_ARGS__)
#define wcscat(...) winhttp_compat_wcscat(__VA_ARGS__)
#define wcschr(...) winhttp_compat_wcschr(__VA_ARGS__)
#define wcscmp(...) winhttp_compat_wcscmp(__VA_ARGS__)
#define wcscoll(...) winhttp_compat_wcscoll(__VA_ARGS__)
#define wcscpy(...) winhttp_compat_wcscpy(__VA_ARGS__)
#define wcscspn(...) winhttp_compat_wcscspn(__VA_ARGS__)
#define wcslen(...) winhttp_compat_wcslen(__VA_ARGS__)
#define wcsncat(...) winhttp_compat_wcsncat(__VA_ARGS__)
#define wcsncmp(...) winhttp_compat_wcsncmp(__VA_ARGS__)
#define wcsncpy(...) winhttp_compat_wcsncpy(__VA_ARGS__)
#define wcsnlen(...) winhttp_compat_wcsnlen(__VA_ARGS__)
#define wcspbrk(...) winhttp_compat_wcspbrk(__VA_ARGS__)
#define wcsrchr(...) winhttp_compat_wcsrchr(__VA_ARGS__)
#define wcsspn(...) winhttp_compat_wcsspn(__VA_ARGS__)
#define wcsstr(...) winhttp_compat_wcsstr(__VA_ARGS__)
#define wcstod(...) winhttp_compat_wcstod(__VA_ARGS__)
#define wcstok(...) winhttp_compat_wcstok(__VA_ARGS__)
#define wcstol(...) winhttp_compat_wcstol(__VA_ARGS__)
#define wcstoll(...) winhttp_compat_wcstoll(__VA_ARGS__)
#define wcstombs(...) winhttp_compat_wcstombs(__VA_ARGS__)
#define wcstoul(...) winhttp_compat_wcstoul(__VA_ARGS__)
#define wcstoull(...) winhttp_compat_wcstoull(__VA_ARGS__)
#define wmemchr(...) winhttp_compat_wmemchr(__VA_ARGS__)
#define wmemcmp(...) winhttp_compat_wmemcmp(__VA_ARGS__)
#define wmemcpy(...) winhttp_compat_wmemcpy(__VA_ARGS__)
#define wmemmove(...) winhttp_compat_wmemmove(__VA_ARGS__)
#define wmemset(...) winhttp_compat_wmemset(__VA_ARGS__)
#endif
#endif

#endif
