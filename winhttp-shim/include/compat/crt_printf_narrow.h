/* crt_printf_narrow.h - printf and its narrow relatives for wide text of 16 bits.
 *
 * Licence: MIT OR Apache-2.0.
 *
 * The C library's take %ls for text of 32 bits, whatever the compiler makes of wchar_t. These are C's
 * otherwise, with long as it is here; they have neither %n nor numbered arguments. */
#ifndef WINHTTP_SHIM_COMPAT_CRT_PRINTF_NARROW_H
#define WINHTTP_SHIM_COMPAT_CRT_PRINTF_NARROW_H

#include "crt_format.h"

#ifdef __cplusplus
extern "C" {
#endif

static inline int winhttp_compat_c_vfprintf(FILE *file, const char *format, va_list arguments)
{
    WINHTTP_COMPAT_OUTPUT output;
    int length;
    memset(&output, 0, sizeof(output));
    output.file = file;
    output.long_is_c = TRUE;
    flockfile(file);
    length = winhttp_compat_format(&output, format, NULL, arguments);
    funlockfile(file);
    return length;
}

static inline int winhttp_compat_c_vprintf(const char *format, va_list arguments)
{
    return winhttp_compat_c_vfprintf(stdout, format, arguments);
}

static inline int winhttp_compat_c_vsnprintf(
    char *out, size_t size, const char *format, va_list arguments)
{
    WINHTTP_COMPAT_OUTPUT output;
    int length;
    memset(&output, 0, sizeof(output));
    output.narrow = out;
    output.room = size > 0 ? size - 1 : 0;
    output.long_is_c = TRUE;
    length = winhttp_compat_format(&output, format, NULL, arguments);
    if (size > 0)
        out[length < 0 ? 0 : (size_t)length < size ? (size_t)length : size - 1] = 0;
    return length;
}

static inline int winhttp_compat_c_vsprintf(char *out, const char *format, va_list arguments)
{
    return winhttp_compat_c_vsnprintf(out, SIZE_MAX, format, arguments);
}

__attribute__((format(printf, 1, 2))) static inline int winhttp_compat_c_printf(
    const char *format, ...)
{
    va_list arguments;
    int length;
    va_start(arguments, format);
    length = winhttp_compat_c_vfprintf(stdout, format, arguments);
    va_end(arguments);
    return length;
}

__attribute__((format(printf, 2, 3))) static inline int winhttp_compat_c_fprintf(
    FILE *file, const char *format, ...)
{
    va_list arguments;
    int length;
    va_start(arguments, format);
    length = winhttp_compat_c_vfprintf(file, format, arguments);
    va_end(arguments);
    return length;
}

__attribute__((format(printf, 3, 4))) static inline int winhttp_compat_c_snprintf(
    char *out, size_t size, const char *format, ...)
{
    va_list arguments;
    int length;
    va_start(arguments, format);
    length = winhttp_compat_c_vsnprintf(out, size, format, arguments);
    va_end(arguments);
    return length;
}

__attribute__((format(printf, 2, 3))) static inline int winhttp_compat_c_sprintf(
    char *out, const char *format, ...)
{
    va_list arguments;
    int length;
    va_start(arguments, format);
    length = winhttp_compat_c_vsprintf(out, format, arguments);
    va_end(arguments);
    return length;
}

#ifdef __cplusplus
}

namespace std {
using ::winhttp_compat_c_fprintf;
using ::winhttp_compat_c_printf;
using ::winhttp_compat_c_snprintf;
using ::winhttp_compat_c_sprintf;
using ::winhttp_compat_c_vfprintf;
using ::winhttp_compat_c_vprintf;
using ::winhttp_compat_c_vsnprintf;
using ::winhttp_compat_c_vsprintf;
} // namespace std
#endif

/* With arguments, so that only calls mean them. The C library may have macros of its own. */
#undef fprintf
#undef printf
#undef snprintf
#undef sprintf
#undef vfprintf
#undef vprintf
#undef vsnprintf
#undef vsprintf
#define fprintf(...) winhttp_compat_c_fprintf(__VA_ARGS__)
#define printf(...) winhttp_compat_c_printf(__VA_ARGS__)
#define snprintf(...) winhttp_compat_c_snprintf(__VA_ARGS__)
#define sprintf(...) winhttp_compat_c_sprintf(__VA_ARGS__)
#define vfprintf(...) winhttp_compat_c_vfprintf(__VA_ARGS__)
#define vprintf(...) winhttp_compat_c_vprintf(__VA_ARGS__)
#define vsnprintf(...) winhttp_compat_c_vsnprintf(__VA_ARGS__)
#define vsprintf(...) winhttp_compat_c_vsprintf(__VA_ARGS__)

#endif
