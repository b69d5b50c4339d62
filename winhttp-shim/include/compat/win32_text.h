/* win32_text.h - conversion between UTF-8 and WCHAR, and the string functions of Win32.
 *
 * Licence: MIT OR Apache-2.0.
 *
 * WCHAR is UTF-16 or UTF-32, as winhttp.h says. CP_ACP and its relatives are UTF-8 here. */
#ifndef WINHTTP_SHIM_COMPAT_WIN32_TEXT_H
#define WINHTTP_SHIM_COMPAT_WIN32_TEXT_H

#include "win32_error.h"

#ifdef __cplusplus
extern "C" {
#endif

#ifndef CP_ACP
#define CP_ACP 0
#endif
#ifndef CP_OEMCP
#define CP_OEMCP 1
#endif
#ifndef CP_THREAD_ACP
#define CP_THREAD_ACP 3
#endif
#ifndef CP_UTF8
#define CP_UTF8 65001
#endif
#ifndef MB_PRECOMPOSED
#define MB_PRECOMPOSED 0x1
#endif
#ifndef MB_ERR_INVALID_CHARS
#define MB_ERR_INVALID_CHARS 0x8
#endif
#ifndef WC_ERR_INVALID_CHARS
#define WC_ERR_INVALID_CHARS 0x80
#endif
#ifndef WC_COMPOSITECHECK
#define WC_COMPOSITECHECK 0x200
#endif
#ifndef WC_NO_BEST_FIT_CHARS
#define WC_NO_BEST_FIT_CHARS 0x400
#endif

/* Lengths, of NULL too. */

static inline int lstrlenA(LPCSTR text)
{
    size_t length = text != NULL ? strlen(text) : 0;
    return length > INT_MAX ? INT_MAX : (int)length;
}

static inline int lstrlenW(LPCWSTR text)
{
    int length = 0;
    while (text != NULL && length < INT_MAX && text[length] != 0)
        length++;
    return length;
}

/* One character at a time: read takes at least one unit and says 0xFFFFFFFF for what is no
 * character, write gives the number of units. */

#define WINHTTP_COMPAT_NO_CHARACTER 0xFFFFFFFFu
#define WINHTTP_COMPAT_REPLACEMENT 0xFFFDu

/* What is no character ends before the first byte that cannot belong to it. */
static inline DWORD winhttp_compat_read_utf8(const char *text, size_t length, size_t *position)
{
    const BYTE *bytes = (const BYTE *)text;
    DWORD first = bytes[(*position)++];
    DWORD low = 0x80, high = 0xBF, value;
    int more;
    if (first < 0x80)
        return first;
    if (first < 0xC2 || first > 0xF4)
        return WINHTTP_COMPAT_NO_CHARACTER;
    more = first < 0xE0 ? 1 : first < 0xF0 ? 2 : 3;
    value = first & (0x3Fu >> more);
    if (first == 0xE0)
        low = 0xA0; /* no overlong forms */
    else if (first == 0xED)
        high = 0x9F; /* no surrogates */
    else if (first == 0xF0)
        low = 0x90;
    else if (first == 0xF4)
        high = 0x8F; /* nothing above U+10FFFF */
    for (; more > 0; more--) {
        if (*position >= length || bytes[*position] < low || bytes[*position] > high)
            return WINHTTP_COMPAT_NO_CHARACTER;
        value = value << 6 | (bytes[(*position)++] & 0x3Fu);
        low = 0x80;
        high = 0xBF;
    }
    return value;
}

static inline int winhttp_compat_write_utf8(DWORD character, char *out)
{
    if (character < 0x80) {
        out[0] = (char)character;
        return 1;
    }
    if (character < 0x800) {
        out[0] = (char)(0xC0 | character >> 6);
        out[1] = (char)(0x80 | (character & 0x3F));
        return 2;
    }
    if (character < 0x10000) {
        out[0] = (char)(0xE0 | character >> 12);
        out[1] = (char)(0x80 | (character >> 6 & 0x3F));
        out[2] = (char)(0x80 | (character & 0x3F));
        return 3;
    }
    out[0] = (char)(0xF0 | character >> 18);
    out[1] = (char)(0x80 | (character >> 12 & 0x3F));
    out[2] = (char)(0x80 | (character >> 6 & 0x3F));
    out[3] = (char)(0x80 | (character & 0x3F));
    return 4;
}

static inline DWORD winhttp_compat_read_wide(LPCWSTR text, size_t length, size_t *position)
{
    DWORD unit = (DWORD)text[(*position)++];
#if WINHTTP_WCHAR_BITS == 16
    if (unit >= 0xD800 && unit < 0xDC00 && *position < length) {
        DWORD next = (DWORD)text[*position];
        if (next >= 0xDC00 && next < 0xE000) {
            (*position)++;
            return 0x10000 + ((unit - 0xD800) << 10) + (next - 0xDC00);
        }
    }
#else
    (void)length;
#endif
    return (unit >= 0xD800 && unit < 0xE000) || unit > 0x10FFFF ? WINHTTP_COMPAT_NO_CHARACTER
                                                               : unit;
}

static inline int winhttp_compat_write_wide(DWORD character, WCHAR *out)
{
#if WINHTTP_WCHAR_BITS == 16
    if (character >= 0x10000) {
        out[0] = (WCHAR)(0xD800 + ((character - 0x10000) >> 10));
        out[1] = (WCHAR)(0xDC00 + (character & 0x3FF));
        return 2;
    }
#endif
    out[0] = (WCHAR)character;
    return 1;
}

/* Conversion. A size of 0 asks for the size. A length below 0 means up to the NUL, which is then
 * converted and counted; any other length converts exactly that much and adds no NUL. What is no
 * character becomes U+FFFD, unless the flags make it an error. */

/* Returns 0 with the last error set. */
static inline int winhttp_compat_no_text(DWORD error)
{
    SetLastError(error);
    return 0;
}

static inline BOOL winhttp_compat_is_utf8(UINT code_page)
{
    return code_page == CP_UTF8 || code_page == CP_ACP || code_page == CP_OEMCP
        || code_page == CP_THREAD_ACP;
}

static inline int MultiByteToWideChar(
    UINT code_page, DWORD flags, LPCSTR text, int length, LPWSTR out, int size)
{
    DWORD allowed = code_page == CP_UTF8 ? MB_ERR_INVALID_CHARS
                                         : MB_ERR_INVALID_CHARS | MB_PRECOMPOSED;
    size_t end, position = 0;
    int count = 0;
    if (!winhttp_compat_is_utf8(code_page) || text == NULL || length == 0 || size < 0
        || (size > 0 && (out == NULL || (const void *)out == (const void *)text)))
        return winhttp_compat_no_text(ERROR_INVALID_PARAMETER);
    if ((flags & ~allowed) != 0)
        return winhttp_compat_no_text(ERROR_INVALID_FLAGS);
    end = length < 0 ? strlen(text) + 1 : (size_t)length;
    while (position < end) {
        WCHAR units[2];
        DWORD character = winhttp_compat_read_utf8(text, end, &position);
        int used, index;
        if (character == WINHTTP_COMPAT_NO_CHARACTER) {
            if ((flags & MB_ERR_INVALID_CHARS) != 0)
                return winhttp_compat_no_text(ERROR_NO_UNICODE_TRANSLATION);
            character = WINHTTP_COMPAT_REPLACEMENT;
        }
        used = winhttp_compat_write_wide(character, units);
        if (used > (size > 0 ? size : INT_MAX) - count)
            return winhttp_compat_no_text(ERROR_INSUFFICIENT_BUFFER);
        for (index = 0; size > 0 && index < used; index++)
            out[count + index] = units[index];
        count += used;
    }
    return count;
}

/* A default character is refused for CP_UTF8, as on Windows, and never needed for the others. */
static inline int WideCharToMultiByte(UINT code_page, DWORD flags, LPCWSTR text, int length,
    LPSTR out, int size, LPCSTR default_character, BOOL *used_default)
{
    DWORD allowed = code_page == CP_UTF8
        ? WC_ERR_INVALID_CHARS
        : WC_ERR_INVALID_CHARS | WC_COMPOSITECHECK | WC_NO_BEST_FIT_CHARS;
    size_t end = 0, position = 0;
    int count = 0;
    if (!winhttp_compat_is_utf8(code_page) || text == NULL || length == 0 || size < 0
        || (size > 0 && (out == NULL || (const void *)out == (const void *)text))
        || (code_page == CP_UTF8 && (default_character != NULL || used_default != NULL)))
        return winhttp_compat_no_text(ERROR_INVALID_PARAMETER);
    if ((flags & ~allowed) != 0)
        return winhttp_compat_no_text(ERROR_INVALID_FLAGS);
    if (used_default != NULL)
        *used_default = FALSE;
    if (length < 0) {
        while (text[end++] != 0) {
        }
    } else {
        end = (size_t)length;
    }
    while (position < end) {
        char bytes[4];
        DWORD character = winhttp_compat_read_wide(text, end, &position);
        int used;
        if (character == WINHTTP_COMPAT_NO_CHARACTER) {
            if ((flags & WC_ERR_INVALID_CHARS) != 0)
                return winhttp_compat_no_text(ERROR_NO_UNICODE_TRANSLATION);
            character = WINHTTP_COMPAT_REPLACEMENT;
        }
        used = winhttp_compat_write_utf8(character, bytes);
        if (used > (size > 0 ? size : INT_MAX) - count)
            return winhttp_compat_no_text(ERROR_INSUFFICIENT_BUFFER);
        if (size > 0)
            memcpy(out + count, bytes, (size_t)used);
        count += used;
    }
    return count;
}

/* Comparison: only the ASCII letters fold; the rest compares by code, whatever the locale. NULL is an
 * error of the functions of the C library, with EINVAL. */

#ifndef _NLSCMPERROR
#define _NLSCMPERROR INT_MAX
#endif

static inline int winhttp_compat_no_comparison(void)
{
    errno = EINVAL;
    return _NLSCMPERROR;
}

static inline DWORD winhttp_compat_fold(DWORD unit)
{
    return unit >= 'A' && unit <= 'Z' ? unit + ('a' - 'A') : unit;
}

static inline int _strnicmp(LPCSTR left, LPCSTR right, size_t count)
{
    if (left == NULL || right == NULL)
        return winhttp_compat_no_comparison();
    for (; count > 0; left++, right++, count--) {
        DWORD one = winhttp_compat_fold((BYTE)*left), other = winhttp_compat_fold((BYTE)*right);
        if (one != other)
            return one < other ? -1 : 1;
        if (one == 0)
            break;
    }
    return 0;
}

static inline int _wcsnicmp(LPCWSTR left, LPCWSTR right, size_t count)
{
    if (left == NULL || right == NULL)
        return winhttp_compat_no_comparison();
    for (; count > 0; left++, right++, count--) {
        DWORD one = winhttp_compat_fold((DWORD)*left), other = winhttp_compat_fold((DWORD)*right);
        if (one != other)
            return one < other ? -1 : 1;
        if (one == 0)
            break;
    }
    return 0;
}

static inline int _stricmp(LPCSTR left, LPCSTR right)
{
    return _strnicmp(left, right, SIZE_MAX);
}

static inline int _wcsicmp(LPCWSTR left, LPCWSTR right)
{
    return _wcsnicmp(left, right, SIZE_MAX);
}

/* Sorts by code, where Windows sorts by the user's language; NULL comes first. */
static inline int lstrcmpiA(LPCSTR left, LPCSTR right)
{
    return left == NULL || right == NULL ? (left != NULL) - (right != NULL) : _stricmp(left, right);
}

static inline int lstrcmpiW(LPCWSTR left, LPCWSTR right)
{
    return left == NULL || right == NULL ? (left != NULL) - (right != NULL) : _wcsicmp(left, right);
}

/* Copies at most size - 1 units and always ends the copy; NULL: nothing to copy, or no room. */

static inline LPSTR lstrcpynA(LPSTR out, LPCSTR text, int size)
{
    int index;
    if (out == NULL || text == NULL || size <= 0)
        return NULL;
    for (index = 0; index + 1 < size && text[index] != 0; index++)
        out[index] = text[index];
    out[index] = 0;
    return out;
}

static inline LPWSTR lstrcpynW(LPWSTR out, LPCWSTR text, int size)
{
    int index;
    if (out == NULL || text == NULL || size <= 0)
        return NULL;
    for (index = 0; index + 1 < size && text[index] != 0; index++)
        out[index] = text[index];
    out[index] = 0;
    return out;
}

#ifndef lstrlen
#define lstrlen WINHTTP_COMPAT_NAME(lstrlen)
#endif
#ifndef lstrcpyn
#define lstrcpyn WINHTTP_COMPAT_NAME(lstrcpyn)
#endif
#ifndef lstrcmpi
#define lstrcmpi WINHTTP_COMPAT_NAME(lstrcmpi)
#endif

#ifdef __cplusplus
}
#endif

#endif
