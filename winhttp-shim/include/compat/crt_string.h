/* crt_string.h - the string functions of Microsoft's C library that others lack.
 *
 * Licence: MIT OR Apache-2.0.
 */
#ifndef WINHTTP_SHIM_COMPAT_CRT_STRING_H
#define WINHTTP_SHIM_COMPAT_CRT_STRING_H

#include "crt_base.h"

#ifdef __cplusplus
extern "C" {
#endif

#define WINHTTP_COMPAT_UNITS "crt_string_units.h"
#include "both_units.h"

/* Numbers; Windows' long has 32 bits. */

static inline int _wtoi(LPCWSTR text)
{
    return (int)winhttp_compat_number_w(text, INT_MIN, INT_MAX);
}

static inline LONG _wtol(LPCWSTR text)
{
    return (LONG)winhttp_compat_number_w(text, INT_MIN, INT_MAX);
}

/* Memory. */

/* EINVAL or ERANGE: what there is of out is zeroed. */
static inline errno_t memcpy_s(void *out, rsize_t size, const void *from, rsize_t count)
{
    if (count == 0)
        return 0;
    if (out == NULL)
        return winhttp_compat_crt_error(EINVAL);
    if (from == NULL || size < count) {
        memset(out, 0, size);
        return winhttp_compat_crt_error(from == NULL ? EINVAL : ERANGE);
    }
    memcpy(out, from, count);
    return 0;
}

/* EINVAL or ERANGE: out stays as it is. */
static inline errno_t memmove_s(void *out, rsize_t size, const void *from, rsize_t count)
{
    if (count == 0)
        return 0;
    if (out == NULL || from == NULL || size < count)
        return winhttp_compat_crt_error(out == NULL || from == NULL ? EINVAL : ERANGE);
    memmove(out, from, count);
    return 0;
}

/* Sizes and counts are units. */
static inline errno_t wmemcpy_s(WCHAR *out, rsize_t size, const WCHAR *from, rsize_t count)
{
    return memcpy_s(out, size * sizeof(WCHAR), from, count * sizeof(WCHAR));
}

static inline errno_t wmemmove_s(WCHAR *out, rsize_t size, const WCHAR *from, rsize_t count)
{
    return memmove_s(out, size * sizeof(WCHAR), from, count * sizeof(WCHAR));
}

/* Conversion, from and to UTF-8 whatever the locale. made counts the NUL; out may be NULL, with a size
 * of 0, to ask for it. At most count units are made, and whole characters only; EILSEQ: no character. */

static inline errno_t mbstowcs_s(
    size_t *made, WCHAR *out, size_t size, const char *text, size_t count)
{
    size_t used = 0, position = 0, length;
    errno_t result = 0;
    if (made != NULL)
        *made = 0;
    if ((out == NULL) != (size == 0) || text == NULL)
        return winhttp_compat_refuse_w(out, size, EINVAL);
    length = strlen(text);
    while (position < length && (out == NULL || used < count)) {
        WCHAR units[2];
        DWORD character = winhttp_compat_read_utf8(text, length, &position);
        size_t needed, index;
        if (character == WINHTTP_COMPAT_NO_CHARACTER)
            return winhttp_compat_refuse_w(out, size, EILSEQ);
        needed = (size_t)winhttp_compat_write_wide(character, units);
        if (out != NULL && needed > count - used)
            break;
        if (out != NULL && used + needed >= size) {
            if (count != _TRUNCATE)
                return winhttp_compat_refuse_w(out, size, ERANGE);
            result = STRUNCATE;
            break;
        }
        for (index = 0; index < needed && out != NULL; index++)
            out[used + index] = units[index];
        used += needed;
    }
    if (out != NULL)
        out[used] = 0;
    if (made != NULL)
        *made = used + 1;
    return result;
}

static inline errno_t wcstombs_s(
    size_t *made, char *out, size_t size, const WCHAR *text, size_t count)
{
    size_t used = 0, position = 0, length;
    errno_t result = 0;
    if (made != NULL)
        *made = 0;
    if ((out == NULL) != (size == 0) || text == NULL)
        return winhttp_compat_refuse_a(out, size, EINVAL);
    length = winhttp_compat_length_w(text, SIZE_MAX);
    while (position < length && (out == NULL || used < count)) {
        char bytes[4];
        DWORD character = winhttp_compat_read_wide(text, length, &position);
        size_t needed;
        if (character == WINHTTP_COMPAT_NO_CHARACTER)
            return winhttp_compat_refuse_a(out, size, EILSEQ);
        needed = (size_t)winhttp_compat_write_utf8(character, bytes);
        if (out != NULL && needed > count - used)
            break;
        if (out != NULL && used + needed >= size) {
            if (count != _TRUNCATE)
                return winhttp_compat_refuse_a(out, size, ERANGE);
            result = STRUNCATE;
            break;
        }
        if (out != NULL)
            memcpy(out + used, bytes, needed);
        used += needed;
    }
    if (out != NULL)
        out[used] = 0;
    if (made != NULL)
        *made = used + 1;
    return result;
}

#ifdef __cplusplus
}

/* In C++ the size of an array need not be said. */

template <size_t Size>
inline errno_t strcpy_s(char (&out)[Size], const char *text)
{
    return strcpy_s(out, Size, text);
}

template <size_t Size>
inline errno_t wcscpy_s(WCHAR (&out)[Size], const WCHAR *text)
{
    return wcscpy_s(out, Size, text);
}

template <size_t Size>
inline errno_t strncpy_s(char (&out)[Size], const char *text, size_t count)
{
    return strncpy_s(out, Size, text, count);
}

template <size_t Size>
inline errno_t wcsncpy_s(WCHAR (&out)[Size], const WCHAR *text, size_t count)
{
    return wcsncpy_s(out, Size, text, count);
}

template <size_t Size>
inline errno_t strcat_s(char (&out)[Size], const char *text)
{
    return strcat_s(out, Size, text);
}

template <size_t Size>
inline errno_t wcscat_s(WCHAR (&out)[Size], const WCHAR *text)
{
    return wcscat_s(out, Size, text);
}

template <size_t Size>
inline errno_t strncat_s(char (&out)[Size], const char *text, size_t count)
{
    return strncat_s(out, Size, text, count);
}

template <size_t Size>
inline errno_t wcsncat_s(WCHAR (&out)[Size], const WCHAR *text, size_t count)
{
    return wcsncat_s(out, Size, text, count);
}

template <size_t Size>
inline errno_t mbstowcs_s(size_t *made, WCHAR (&out)[Size], const char *text, size_t count)
{
    return mbstowcs_s(made, out, Size, text, count);
}

template <size_t Size>
inline errno_t wcstombs_s(size_t *made, char (&out)[Size], const WCHAR *text, size_t count)
{
    return wcstombs_s(made, out, Size, text, count);
}
#endif

#endif
