/* crt_printf_units.h - formatting into memory, for char and for WCHAR (see both_units.h).
 *
 * Licence: MIT OR Apache-2.0.
 */

/* Formats into memory without a NUL; how many units there are in all, or -1 with errno. */
static inline int WINHTTP_COMPAT_OWN(store)(
    WINHTTP_COMPAT_UNIT *out, size_t room, const WINHTTP_COMPAT_UNIT *format, va_list arguments)
{
    WINHTTP_COMPAT_OUTPUT output;
    memset(&output, 0, sizeof(output));
    output.WINHTTP_COMPAT_OF(narrow, wide) = out;
    output.room = room;
    return winhttp_compat_format(&output, WINHTTP_COMPAT_OF(format, NULL),
        WINHTTP_COMPAT_OF(NULL, format), arguments);
}

/* The number of units, without the NUL. */
static inline int WINHTTP_COMPAT_OF(_vscprintf, _vscwprintf)(
    const WINHTTP_COMPAT_UNIT *format, va_list arguments)
{
    if (format == NULL) {
        winhttp_compat_crt_error(EINVAL);
        return -1;
    }
    return WINHTTP_COMPAT_OWN(store)(NULL, 0, format, arguments);
}

/* A NUL only where there is room for it behind the text; -1: the text is cut. NULL and 0 count. */
static inline int WINHTTP_COMPAT_OF(_vsnprintf, _vsnwprintf)(
    WINHTTP_COMPAT_UNIT *out, size_t count, const WINHTTP_COMPAT_UNIT *format, va_list arguments)
{
    int length;
    if (format == NULL || (out == NULL && count != 0)) {
        winhttp_compat_crt_error(EINVAL);
        return -1;
    }
    length = WINHTTP_COMPAT_OWN(store)(out, count, format, arguments);
    if (out == NULL || length < 0)
        return length;
    if ((size_t)length < count)
        out[length] = 0;
    return (size_t)length > count ? -1 : length;
}

/* Always with a NUL. What is longer than count is cut to it, with -1; what does not fit into size
 * empties out, with -1 and ERANGE, unless count is _TRUNCATE. */
static inline int WINHTTP_COMPAT_OF(_vsnprintf_s, _vsnwprintf_s)(WINHTTP_COMPAT_UNIT *out,
    size_t size, size_t count, const WINHTTP_COMPAT_UNIT *format, va_list arguments)
{
    size_t room;
    int length;
    if (out == NULL || format == NULL || size == 0 || count == 0) {
        WINHTTP_COMPAT_OWN(refuse)(out, size, EINVAL);
        return -1;
    }
    room = count < size ? count : size - 1;
    length = WINHTTP_COMPAT_OWN(store)(out, room, format, arguments);
    if (length < 0) {
        out[0] = 0;
    } else if ((size_t)length <= room) {
        out[length] = 0;
    } else if (count == _TRUNCATE || count < size) {
        out[room] = 0;
        length = -1;
    } else {
        WINHTTP_COMPAT_OWN(refuse)(out, size, ERANGE);
        length = -1;
    }
    return length;
}

/* Always with a NUL; what does not fit empties out, with -1 and ERANGE. */
static inline int WINHTTP_COMPAT_OF(vsprintf_s, vswprintf_s)(
    WINHTTP_COMPAT_UNIT *out, size_t size, const WINHTTP_COMPAT_UNIT *format, va_list arguments)
{
    return WINHTTP_COMPAT_OF(_vsnprintf_s, _vsnwprintf_s)(
        out, size, WINHTTP_COMPAT_ALL, format, arguments);
}

static inline int WINHTTP_COMPAT_OF(_scprintf, _scwprintf)(const WINHTTP_COMPAT_UNIT *format, ...)
{
    va_list arguments;
    int length;
    va_start(arguments, format);
    length = WINHTTP_COMPAT_OF(_vscprintf, _vscwprintf)(format, arguments);
    va_end(arguments);
    return length;
}

static inline int WINHTTP_COMPAT_OF(_snprintf, _snwprintf)(
    WINHTTP_COMPAT_UNIT *out, size_t count, const WINHTTP_COMPAT_UNIT *format, ...)
{
    va_list arguments;
    int length;
    va_start(arguments, format);
    length = WINHTTP_COMPAT_OF(_vsnprintf, _vsnwprintf)(out, count, format, arguments);
    va_end(arguments);
    return length;
}

static inline int WINHTTP_COMPAT_OF(_snprintf_s, _snwprintf_s)(
    WINHTTP_COMPAT_UNIT *out, size_t size, size_t count, const WINHTTP_COMPAT_UNIT *format, ...)
{
    va_list arguments;
    int length;
    va_start(arguments, format);
    length = WINHTTP_COMPAT_OF(_vsnprintf_s, _vsnwprintf_s)(out, size, count, format, arguments);
    va_end(arguments);
    return length;
}

static inline int WINHTTP_COMPAT_OF(sprintf_s, swprintf_s)(
    WINHTTP_COMPAT_UNIT *out, size_t size, const WINHTTP_COMPAT_UNIT *format, ...)
{
    va_list arguments;
    int length;
    va_start(arguments, format);
    length = WINHTTP_COMPAT_OF(vsprintf_s, vswprintf_s)(out, size, format, arguments);
    va_end(arguments);
    return length;
}

/* To a file: how many units, or -1. */
static inline int WINHTTP_COMPAT_OF(winhttp_compat_vfprintf, winhttp_compat_vfwprintf)(
    FILE *file, const WINHTTP_COMPAT_UNIT *format, va_list arguments)
{
    WINHTTP_COMPAT_OUTPUT output;
    int length;
    if (file == NULL || format == NULL) {
        winhttp_compat_crt_error(EINVAL);
        return -1;
    }
    memset(&output, 0, sizeof(output));
    output.file = file;
    flockfile(file);
    length = winhttp_compat_format(&output, WINHTTP_COMPAT_OF(format, NULL),
        WINHTTP_COMPAT_OF(NULL, format), arguments);
    funlockfile(file);
    return length;
}

static inline int WINHTTP_COMPAT_OF(fprintf_s, fwprintf_s)(
    FILE *file, const WINHTTP_COMPAT_UNIT *format, ...)
{
    va_list arguments;
    int length;
    va_start(arguments, format);
    length = WINHTTP_COMPAT_OF(winhttp_compat_vfprintf, winhttp_compat_vfwprintf)(
        file, format, arguments);
    va_end(arguments);
    return length;
}

static inline int WINHTTP_COMPAT_OF(printf_s, wprintf_s)(const WINHTTP_COMPAT_UNIT *format, ...)
{
    va_list arguments;
    int length;
    va_start(arguments, format);
    length = WINHTTP_COMPAT_OF(winhttp_compat_vfprintf, winhttp_compat_vfwprintf)(
        stdout, format, arguments);
    va_end(arguments);
    return length;
}
