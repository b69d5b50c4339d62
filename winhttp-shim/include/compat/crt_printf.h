/* crt_printf.h - formatted output into memory, and wide text on files.
 *
 * Licence: MIT OR Apache-2.0.
 *
 * The wide functions that C has too, wprintf and its relatives, are taken over where wchar_t is WCHAR:
 * they format as on Windows, write UTF-8 whatever the locale, and may be mixed with printf. A program
 * that wants C's defines WINHTTP_COMPAT_KEEP_WIDE_STDIO. The narrow functions that C has stay C's, but
 * under -fshort-wchar they, too, are replaced: by functions that read wide text of 16 bits. */
#ifndef WINHTTP_SHIM_COMPAT_CRT_PRINTF_H
#define WINHTTP_SHIM_COMPAT_CRT_PRINTF_H

#include "crt_format.h"
#include "crt_string.h"

#ifdef __cplusplus
extern "C" {
#endif

#define WINHTTP_COMPAT_UNITS "crt_printf_units.h"
#include "both_units.h"

/* As C's: -1 also where the text does not fit, and then it is cut. */
static inline int winhttp_compat_vswprintf(
    LPWSTR out, size_t size, LPCWSTR format, va_list arguments)
{
    return _vsnwprintf_s(out, size, _TRUNCATE, format, arguments);
}

static inline int winhttp_compat_swprintf(LPWSTR out, size_t size, LPCWSTR format, ...)
{
    va_list arguments;
    int length;
    va_start(arguments, format);
    length = winhttp_compat_vswprintf(out, size, format, arguments);
    va_end(arguments);
    return length;
}

static inline int winhttp_compat_vwprintf(LPCWSTR format, va_list arguments)
{
    return winhttp_compat_vfwprintf(stdout, format, arguments);
}

/* As C's: negative where it failed. */
static inline int winhttp_compat_fputws(LPCWSTR text, FILE *file)
{
    WINHTTP_COMPAT_OUTPUT output;
    memset(&output, 0, sizeof(output));
    output.file = file;
    output.is_wide = TRUE;
    flockfile(file);
    while (*text != 0)
        winhttp_compat_emit(&output, (DWORD)*text++);
    if (output.surrogate != 0)
        winhttp_compat_write(&output, "\xEF\xBF\xBD", 3);
    funlockfile(file);
    return output.failed ? -1 : 0;
}

/* The unit, or WEOF. The halves of a surrogate pair are characters only together, as text. */
static inline wint_t winhttp_compat_fputwc(WCHAR unit, FILE *file)
{
    WCHAR text[2];
    text[0] = unit;
    text[1] = 0;
    if (unit == 0)
        return putc(0, file) == EOF ? WEOF : 0;
    return winhttp_compat_fputws(text, file) < 0 ? WEOF : (wint_t)unit;
}

/* The text and the end of the line. */
static inline int _putws(LPCWSTR text)
{
    return winhttp_compat_fputws(text, stdout) < 0 || putc('\n', stdout) == EOF ? -1 : 0;
}

/* The character of UTF-8 that begins with this byte; the rest is read. */
static inline DWORD winhttp_compat_read_file(int first, FILE *file)
{
    size_t whole = first < 0xC2 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : first < 0xF5 ? 4 : 1;
    size_t length = 1, position = 0;
    char bytes[4];
    DWORD character;
    bytes[0] = (char)first;
    while (length < whole) {
        int next = getc(file);
        if (next == EOF || (next & 0xC0) != 0x80) {
            ungetc(next, file);
            break;
        }
        bytes[length++] = (char)next;
    }
    character = winhttp_compat_read_utf8(bytes, length, &position);
    return character == WINHTTP_COMPAT_NO_CHARACTER ? WINHTTP_COMPAT_REPLACEMENT : character;
}

/* A line of UTF-8, its end included, or as many characters as fit with a NUL; NULL: there is none. */
static inline LPWSTR winhttp_compat_fgetws(LPWSTR out, int size, FILE *file)
{
    int used = 0, byte = 0;
    if (out == NULL || size <= 0 || file == NULL) {
        winhttp_compat_crt_error(EINVAL);
        return NULL;
    }
    while (used + 1 < size && byte != '\n' && (byte = getc(file)) != EOF) {
        BOOL is_last = WINHTTP_WCHAR_BITS == 16 && used + 2 >= size;
        DWORD character;
        if (is_last && byte >= 0xF0 && used > 0) {
            ungetc(byte, file);
            break; /* two units, and room for one */
        }
        character = winhttp_compat_read_file(byte, file);
        if (is_last && character > 0xFFFF)
            character = WINHTTP_COMPAT_REPLACEMENT; /* never will there be more room */
        used += winhttp_compat_write_wide(character, out + used);
    }
    if (used == 0 && size > 1)
        return NULL;
    out[used] = 0;
    return out;
}

#ifdef __cplusplus
}

/* In C++ the size of an array need not be said. */

template <size_t Size>
inline int sprintf_s(char (&out)[Size], const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = vsprintf_s(out, Size, format, arguments);
    va_end(arguments);
    return length;
}

template <size_t Size>
inline int swprintf_s(WCHAR (&out)[Size], const WCHAR *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = vswprintf_s(out, Size, format, arguments);
    va_end(arguments);
    return length;
}

template <size_t Size>
inline int _snprintf_s(char (&out)[Size], size_t count, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = _vsnprintf_s(out, Size, count, format, arguments);
    va_end(arguments);
    return length;
}

template <size_t Size>
inline int _snwprintf_s(WCHAR (&out)[Size], size_t count, const WCHAR *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = _vsnwprintf_s(out, Size, count, format, arguments);
    va_end(arguments);
    return length;
}

template <size_t Size>
inline int vsprintf_s(char (&out)[Size], const char *format, va_list arguments)
{
    return vsprintf_s(out, Size, format, arguments);
}

template <size_t Size>
inline int vswprintf_s(WCHAR (&out)[Size], const WCHAR *format, va_list arguments)
{
    return vswprintf_s(out, Size, format, arguments);
}
#endif

#if !defined(WINHTTP_CHAR16) && !defined(WINHTTP_COMPAT_KEEP_WIDE_STDIO)
#if WINHTTP_WCHAR_BITS == 16
#include "crt_printf_narrow.h"
#endif
#ifdef __cplusplus
namespace std {
using ::fwprintf_s;
using ::winhttp_compat_fgetws;
using ::winhttp_compat_fputwc;
using ::winhttp_compat_fputws;
using ::winhttp_compat_swprintf;
using ::winhttp_compat_vfwprintf;
using ::winhttp_compat_vswprintf;
using ::winhttp_compat_vwprintf;
using ::wprintf_s;
} // namespace std
#endif
/* With arguments, so that only calls mean them. The C library may have macros of its own. */
#undef fgetws
#undef fputwc
#undef fputws
#undef fwprintf
#undef putwc
#undef putwchar
#undef swprintf
#undef vfwprintf
#undef vswprintf
#undef vwprintf
#undef wprintf
#define wprintf(...) wprintf_s(__VA_ARGS__)
#define fwprintf(...) fwprintf_s(__VA_ARGS__)
#define vwprintf(...) winhttp_compat_vwprintf(__VA_ARGS__)
#define vfwprintf(...) winhttp_compat_vfwprintf(__VA_ARGS__)
#define swprintf(...) winhttp_compat_swprintf(__VA_ARGS__)
#define vswprintf(...) winhttp_compat_vswprintf(__VA_ARGS__)
#define fputws(...) winhttp_compat_fputws(__VA_ARGS__)
#define fputwc(...) winhttp_compat_fputwc(__VA_ARGS__)
#define putwc(...) winhttp_compat_fputwc(__VA_ARGS__)
#define putwchar(unit) winhttp_compat_fputwc((unit), stdout)
#define fgetws(...) winhttp_compat_fgetws(__VA_ARGS__)
#endif

#endif
