/* crt_format.h - formatted output as Microsoft's C library has it.
 *
 * Licence: MIT OR Apache-2.0.
 *
 * Other than C's: %s and %c are wide in wide formats, %S and %C are the other width; %l is the 32 bits
 * of Windows' long; %I, %I32 and %I64 are sizes; %w is wide; %p has 16 digits; %n is an error. */
#ifndef WINHTTP_SHIM_COMPAT_CRT_FORMAT_H
#define WINHTTP_SHIM_COMPAT_CRT_FORMAT_H

#include "crt_base.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Where formatted units go: to memory of the format's width, as far as there is room, and to a file as
 * UTF-8; counted they are in any case. */
typedef struct WINHTTP_COMPAT_OUTPUT {
    char *narrow;
    WCHAR *wide;
    FILE *file;
    size_t room;
    size_t length;
    BOOL is_wide;
    BOOL long_is_c;  /* %l has the bits of this machine's long */
    DWORD surrogate; /* the first half of a pair on its way to a file, or 0 */
    BOOL failed;     /* an error of the file */
} WINHTTP_COMPAT_OUTPUT;

/* The size of an argument, by the letters before its type. */
typedef enum WINHTTP_COMPAT_SIZE {
    WINHTTP_COMPAT_SIZE_NONE,
    WINHTTP_COMPAT_SIZE_CHAR,    /* hh */
    WINHTTP_COMPAT_SIZE_SHORT,   /* h; narrow text */
    WINHTTP_COMPAT_SIZE_LONG,    /* l, w, I32: 32 bits; wide text */
    WINHTTP_COMPAT_SIZE_LARGE,   /* ll, I64, I, j, z, t: 64 bits */
    WINHTTP_COMPAT_SIZE_LONGEST  /* L: a long double of this machine */
} WINHTTP_COMPAT_SIZE;

/* A format on its way: what has been read of it, and the field being read. */
typedef struct WINHTTP_COMPAT_FORMAT {
    const char *narrow;
    const WCHAR *wide;
    size_t position;
    BOOL left, plus, space, zero, other;
    int width;
    int precision; /* -1: none */
    WINHTTP_COMPAT_SIZE size;
    BOOL long_is_c;
    va_list arguments;
} WINHTTP_COMPAT_FORMAT;

/* Output. */

static inline void winhttp_compat_write(
    WINHTTP_COMPAT_OUTPUT *output, const char *bytes, size_t count)
{
    if (fwrite(bytes, 1, count, output->file) != count)
        output->failed = TRUE;
}

/* A wide unit to a file, as UTF-8. */
static inline void winhttp_compat_write_unit(WINHTTP_COMPAT_OUTPUT *output, WCHAR unit)
{
    WCHAR units[2];
    char bytes[4];
    size_t position = 0, count = 0;
    DWORD character;
    if (output->surrogate != 0)
        units[count++] = (WCHAR)output->surrogate;
    units[count++] = unit;
    output->surrogate = 0;
    while (position < count) {
        character = winhttp_compat_read_wide(units, count, &position);
        if (character == WINHTTP_COMPAT_NO_CHARACTER) {
            DWORD lone = (DWORD)units[position - 1];
            if (WINHTTP_WCHAR_BITS == 16 && lone < 0xDC00 && position == count) {
                output->surrogate = lone;
                return;
            }
            character = WINHTTP_COMPAT_REPLACEMENT;
        }
        winhttp_compat_write(output, bytes, (size_t)winhttp_compat_write_utf8(character, bytes));
    }
}

static inline void winhttp_compat_emit(WINHTTP_COMPAT_OUTPUT *output, DWORD unit)
{
    char byte = (char)unit;
    if (output->file != NULL && output->is_wide)
        winhttp_compat_write_unit(output, (WCHAR)unit);
    else if (output->file != NULL)
        winhttp_compat_write(output, &byte, 1);
    else if (output->length < output->room && output->is_wide)
        output->wide[output->length] = (WCHAR)unit;
    else if (output->length < output->room)
        output->narrow[output->length] = byte;
    output->length++;
}

static inline void winhttp_compat_repeat(WINHTTP_COMPAT_OUTPUT *output, DWORD unit, size_t count)
{
    for (; count > 0; count--)
        winhttp_compat_emit(output, unit);
}

/* Characters of the C locale, in either width. */
static inline void winhttp_compat_emit_ascii(
    WINHTTP_COMPAT_OUTPUT *output, const char *text, size_t length)
{
    size_t index;
    for (index = 0; index < length; index++)
        winhttp_compat_emit(output, (BYTE)text[index]);
}

/* Text. */

/* The units that one character of text becomes; of the format's own width every unit is one. Text ends
 * at a NUL; a negative precision does not end it. Returns their number, 0 at the end. */
static inline int winhttp_compat_next(const WINHTTP_COMPAT_OUTPUT *output, const char *narrow,
    const WCHAR *wide, size_t length, size_t *position, DWORD units[4])
{
    DWORD character;
    WCHAR pair[2] = {0, 0};
    char bytes[4] = {0, 0, 0, 0};
    int count, index;
    if (*position >= length)
        return 0;
    if ((wide != NULL) == (output->is_wide != FALSE)) {
        units[0] = wide != NULL ? (DWORD)wide[*position] : (BYTE)narrow[*position];
        (*position)++;
        return 1;
    }
    character = wide != NULL ? winhttp_compat_read_wide(wide, length, position)
                             : winhttp_compat_read_utf8(narrow, length, position);
    if (character == WINHTTP_COMPAT_NO_CHARACTER)
        character = WINHTTP_COMPAT_REPLACEMENT;
    count = output->is_wide ? winhttp_compat_write_wide(character, pair)
                            : winhttp_compat_write_utf8(character, bytes);
    for (index = 0; index < count; index++)
        units[index] = output->is_wide ? (DWORD)pair[index] : (BYTE)bytes[index];
    return count;
}

/* Text of either width, in its field. The precision is the most units there may be. */
static inline void winhttp_compat_emit_text(WINHTTP_COMPAT_OUTPUT *output,
    const WINHTTP_COMPAT_FORMAT *format, const char *narrow, const WCHAR *wide, size_t length)
{
    size_t most = format->precision < 0 ? SIZE_MAX : (size_t)format->precision;
    size_t width = (size_t)format->width, total = 0, position = 0;
    DWORD units[4];
    int count, index;
    while ((count = winhttp_compat_next(output, narrow, wide, length, &position, units)) > 0
        && (size_t)count <= most - total)
        total += (size_t)count;
    if (!format->left && total < width)
        winhttp_compat_repeat(output, format->zero ? '0' : ' ', width - total);
    position = 0;
    for (most = total; most > 0; most -= (size_t)count) {
        count = winhttp_compat_next(output, narrow, wide, length, &position, units);
        for (index = 0; index < count; index++)
            winhttp_compat_emit(output, units[index]);
    }
    if (format->left && total < width)
        winhttp_compat_repeat(output, ' ', width - total);
}

/* The bytes without a character of UTF-8 at their end that lacks its last ones. */
static inline size_t winhttp_compat_whole_characters(const char *text, size_t length)
{
    size_t begin, position = 0;
    while (position < length) {
        BYTE first;
        begin = position;
        first = (BYTE)text[begin];
        if (winhttp_compat_read_utf8(text, length, &position) == WINHTTP_COMPAT_NO_CHARACTER
            && position == length && first >= 0xC2 && first <= 0xF4)
            return begin;
    }
    return length;
}

/* %s and %S, %c and %C: of which width, says the format's, the letter's case and the size. */
static inline void winhttp_compat_emit_string(
    WINHTTP_COMPAT_OUTPUT *output, WINHTTP_COMPAT_FORMAT *format, char type)
{
    BOOL is_wide = (type == 's' || type == 'c') == (output->is_wide != FALSE);
    /* No more is read than the precision asks for: what it stops at need not end there. */
    size_t most = format->precision < 0 ? SIZE_MAX : (size_t)format->precision, length = 0;
    if (format->size == WINHTTP_COMPAT_SIZE_SHORT || format->size == WINHTTP_COMPAT_SIZE_LONG)
        is_wide = format->size == WINHTTP_COMPAT_SIZE_LONG;
    if (type == 'c' || type == 'C') {
        int unit = va_arg(format->arguments, int); /* a wide unit is promoted to no more */
        WCHAR wide = (WCHAR)unit;
        char narrow = (char)unit;
        format->precision = -1;
        winhttp_compat_emit_text(
            output, format, is_wide ? NULL : &narrow, is_wide ? &wide : NULL, 1);
    } else if (is_wide) {
        const WCHAR *text = va_arg(format->arguments, const WCHAR *);
        while (text != NULL && length < most && text[length] != 0)
            length++;
        winhttp_compat_emit_text(
            output, format, text == NULL ? "(null)" : NULL, text, text == NULL ? 6 : length);
    } else {
        const char *text = va_arg(format->arguments, const char *);
        while (text != NULL && length < most && text[length] != 0)
            length++;
        if (output->is_wide && length == most)
            length = winhttp_compat_whole_characters(text, length);
        winhttp_compat_emit_text(
            output, format, text == NULL ? "(null)" : text, NULL, text == NULL ? 6 : length);
    }
}

/* Numbers. */

static inline BOOL winhttp_compat_is_large(const WINHTTP_COMPAT_FORMAT *format)
{
    return format->size == WINHTTP_COMPAT_SIZE_LARGE
        || (format->size == WINHTTP_COMPAT_SIZE_LONG && format->long_is_c);
}

static inline uint64_t winhttp_compat_unsigned(WINHTTP_COMPAT_FORMAT *format)
{
    unsigned value;
    if (winhttp_compat_is_large(format))
        return va_arg(format->arguments, uint64_t);
    value = va_arg(format->arguments, unsigned);
    if (format->size == WINHTTP_COMPAT_SIZE_CHAR)
        return (unsigned char)value;
    return format->size == WINHTTP_COMPAT_SIZE_SHORT ? (uint16_t)value : value;
}

/* The value without its sign; negative is told apart. */
static inline uint64_t winhttp_compat_signed(WINHTTP_COMPAT_FORMAT *format, BOOL *negative)
{
    int64_t value;
    if (winhttp_compat_is_large(format))
        value = va_arg(format->arguments, int64_t);
    else
        value = va_arg(format->arguments, int);
    if (format->size == WINHTTP_COMPAT_SIZE_CHAR)
        value = (signed char)value;
    else if (format->size == WINHTTP_COMPAT_SIZE_SHORT)
        value = (int16_t)value;
    *negative = value < 0;
    return value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
}

/* %d, %i, %o, %u, %x, %X and %p. */
static inline void winhttp_compat_emit_integer(
    WINHTTP_COMPAT_OUTPUT *output, WINHTTP_COMPAT_FORMAT *format, char type)
{
    const char *digits = type == 'x' ? "0123456789abcdef" : "0123456789ABCDEF";
    unsigned base = type == 'o' ? 8 : type == 'x' || type == 'X' || type == 'p' ? 16 : 10;
    char text[24], prefix[2];
    size_t count = 0, before = 0, zeros, width = (size_t)format->width;
    BOOL negative = FALSE, is_signed = type == 'd' || type == 'i';
    uint64_t value;
    if (type == 'p') {
        format->size = WINHTTP_COMPAT_SIZE_LARGE;
        format->precision = 16;
    }
    value = is_signed ? winhttp_compat_signed(format, &negative) : winhttp_compat_unsigned(format);
    if (is_signed && (negative || format->plus || format->space))
        prefix[before++] = negative ? '-' : format->plus ? '+' : ' ';
    if (format->other && value != 0 && base == 16) {
        prefix[before++] = '0';
        prefix[before++] = type == 'x' ? 'x' : 'X';
    }
    for (; value != 0; value /= base)
        text[sizeof(text) - ++count] = digits[value % base];
    zeros = format->precision < 0 ? (count == 0) : 0;
    if (format->precision > 0 && (size_t)format->precision > count)
        zeros = (size_t)format->precision - count;
    if (format->other && base == 8 && zeros == 0)
        zeros = 1;
    if (format->zero && !format->left && format->precision < 0 && before + zeros + count < width)
        zeros = width - before - count;
    if (!format->left && before + zeros + count < width)
        winhttp_compat_repeat(output, ' ', width - before - zeros - count);
    winhttp_compat_emit_ascii(output, prefix, before);
    winhttp_compat_repeat(output, '0', zeros);
    winhttp_compat_emit_ascii(output, text + sizeof(text) - count, count);
    if (format->left && before + zeros + count < width)
        winhttp_compat_repeat(output, ' ', width - before - zeros - count);
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"

/* %a, %e, %f and %g: C's. FALSE: no memory. */
static inline BOOL winhttp_compat_emit_float(
    WINHTTP_COMPAT_OUTPUT *output, WINHTTP_COMPAT_FORMAT *format, char type)
{
    char own[128], specification[16], *text = own;
    size_t used = 0;
    BOOL is_long = format->size == WINHTTP_COMPAT_SIZE_LONGEST;
    long double longest = 0;
    double value = 0;
    int length, again, width = format->width, precision = format->precision;
    if (is_long)
        longest = va_arg(format->arguments, long double);
    else
        value = va_arg(format->arguments, double);
    specification[used++] = '%';
    if (format->left)
        specification[used++] = '-';
    if (format->plus)
        specification[used++] = '+';
    if (format->space)
        specification[used++] = ' ';
    if (format->zero)
        specification[used++] = '0';
    if (format->other)
        specification[used++] = '#';
    memcpy(specification + used, "*.*", 3);
    used += 3;
    if (is_long)
        specification[used++] = 'L';
    specification[used++] = type;
    specification[used] = 0;
    length = (int)sizeof(own);
    for (again = 0; again < 2; again++) {
        size_t room = again ? (size_t)length + 1 : sizeof(own);
        length = is_long ? snprintf(text, room, specification, width, precision, longest)
                         : snprintf(text, room, specification, width, precision, value);
        if (length < 0 || (size_t)length < room)
            break;
        text = (char *)malloc((size_t)length + 1);
        if (text == NULL)
            return FALSE;
    }
    if (length > 0)
        winhttp_compat_emit_ascii(output, text, (size_t)length);
    if (text != own)
        free(text);
    return length >= 0;
}

#pragma GCC diagnostic pop

/* Reading the format. */

/* The unit at the position; what is not ASCII belongs to no field. */
static inline DWORD winhttp_compat_format_unit(const WINHTTP_COMPAT_FORMAT *format)
{
    return format->wide != NULL ? (DWORD)format->wide[format->position]
                                : (BYTE)format->narrow[format->position];
}

static inline BOOL winhttp_compat_accept(WINHTTP_COMPAT_FORMAT *format, char unit)
{
    if (winhttp_compat_format_unit(format) != (DWORD)unit)
        return FALSE;
    format->position++;
    return TRUE;
}

/* A number or a star. */
static inline int winhttp_compat_format_number(WINHTTP_COMPAT_FORMAT *format)
{
    int64_t value = 0;
    if (winhttp_compat_accept(format, '*'))
        return va_arg(format->arguments, int);
    for (;;) {
        DWORD unit = winhttp_compat_format_unit(format);
        if (unit < '0' || unit > '9')
            return value > INT_MAX ? INT_MAX : (int)value;
        if (value <= INT_MAX)
            value = value * 10 + (int64_t)(unit - '0');
        format->position++;
    }
}

static inline void winhttp_compat_format_size(WINHTTP_COMPAT_FORMAT *format)
{
    format->size = WINHTTP_COMPAT_SIZE_NONE;
    if (winhttp_compat_accept(format, 'h'))
        format->size = winhttp_compat_accept(format, 'h') ? WINHTTP_COMPAT_SIZE_CHAR
                                                          : WINHTTP_COMPAT_SIZE_SHORT;
    else if (winhttp_compat_accept(format, 'l'))
        format->size = winhttp_compat_accept(format, 'l') ? WINHTTP_COMPAT_SIZE_LARGE
                                                          : WINHTTP_COMPAT_SIZE_LONG;
    else if (winhttp_compat_accept(format, 'w'))
        format->size = WINHTTP_COMPAT_SIZE_LONG;
    else if (winhttp_compat_accept(format, 'L'))
        format->size = WINHTTP_COMPAT_SIZE_LONGEST;
    else if (winhttp_compat_accept(format, 'j') || winhttp_compat_accept(format, 'z')
        || winhttp_compat_accept(format, 't'))
        format->size = WINHTTP_COMPAT_SIZE_LARGE;
    else if (winhttp_compat_accept(format, 'I')) {
        size_t behind = format->position;
        format->size = WINHTTP_COMPAT_SIZE_LARGE;
        if (winhttp_compat_accept(format, '3') && winhttp_compat_accept(format, '2'))
            format->size = WINHTTP_COMPAT_SIZE_LONG;
        else {
            format->position = behind;
            if (!winhttp_compat_accept(format, '6') || !winhttp_compat_accept(format, '4'))
                format->position = behind;
        }
    }
}

/* Everything between the per cent sign and the type. */
static inline void winhttp_compat_format_field(WINHTTP_COMPAT_FORMAT *format)
{
    BOOL more = TRUE;
    format->left = format->plus = format->space = format->zero = format->other = FALSE;
    while (more) {
        if (winhttp_compat_accept(format, '-'))
            format->left = TRUE;
        else if (winhttp_compat_accept(format, '+'))
            format->plus = TRUE;
        else if (winhttp_compat_accept(format, ' '))
            format->space = TRUE;
        else if (winhttp_compat_accept(format, '0'))
            format->zero = TRUE;
        else if (winhttp_compat_accept(format, '#'))
            format->other = TRUE;
        else
            more = FALSE;
    }
    format->width = winhttp_compat_format_number(format);
    if (format->width < 0) {
        format->left = TRUE;
        format->width = format->width == INT_MIN ? INT_MAX : -format->width;
    }
    format->precision = -1;
    if (winhttp_compat_accept(format, '.'))
        format->precision = winhttp_compat_format_number(format);
    winhttp_compat_format_size(format);
}

/* A whole field. FALSE, with errno: it cannot be done. */
static inline BOOL winhttp_compat_emit_field(
    WINHTTP_COMPAT_OUTPUT *output, WINHTTP_COMPAT_FORMAT *format)
{
    DWORD type;
    winhttp_compat_format_field(format);
    type = winhttp_compat_format_unit(format);
    if (type != 0)
        format->position++;
    switch (type) {
    case 's': case 'S': case 'c': case 'C':
        winhttp_compat_emit_string(output, format, (char)type);
        return TRUE;
    case 'd': case 'i': case 'o': case 'u': case 'x': case 'X': case 'p':
        winhttp_compat_emit_integer(output, format, (char)type);
        return TRUE;
    case 'a': case 'A': case 'e': case 'E': case 'f': case 'F': case 'g': case 'G':
        if (winhttp_compat_emit_float(output, format, (char)type))
            return TRUE;
        winhttp_compat_crt_error(ENOMEM);
        return FALSE;
    case 'n':
        winhttp_compat_crt_error(EINVAL);
        return FALSE;
    default: /* %% and what means nothing stand for themselves */
        if (type != 0)
            winhttp_compat_emit(output, type);
        return TRUE;
    }
}

/* Formats; how many units came out, or -1 with errno. One of the two texts is the format. */
static inline int winhttp_compat_format(
    WINHTTP_COMPAT_OUTPUT *output, const char *narrow, const WCHAR *wide, va_list arguments)
{
    WINHTTP_COMPAT_FORMAT format;
    BOOL good = TRUE;
    DWORD unit;
    memset(&format, 0, sizeof(format));
    format.narrow = narrow;
    format.wide = wide;
    format.long_is_c = output->long_is_c;
    output->is_wide = wide != NULL;
    va_copy(format.arguments, arguments);
    while (good && (unit = winhttp_compat_format_unit(&format)) != 0) {
        format.position++;
        if (unit == '%')
            good = winhttp_compat_emit_field(output, &format);
        else
            winhttp_compat_emit(output, unit);
    }
    va_end(format.arguments);
    if (output->surrogate != 0)
        winhttp_compat_write(output, "\xEF\xBF\xBD", 3);
    if (good && output->length > INT_MAX) {
        winhttp_compat_crt_error(EOVERFLOW);
        good = FALSE;
    }
    return good && !output->failed ? (int)output->length : -1;
}

#ifdef __cplusplus
}
#endif

#endif
