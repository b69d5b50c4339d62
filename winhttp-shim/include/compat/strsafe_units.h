/* strsafe_units.h - the functions of strsafe.h, which count units or bytes, for char and for WCHAR (see
 * both_units.h).
 *
 * Licence: MIT OR Apache-2.0.
 */

/* S_OK, or how a copy failed. */
static inline HRESULT WINHTTP_COMPAT_OWN(strsafe)(
    WINHTTP_COMPAT_UNIT *out, size_t size, size_t used, const WINHTTP_COMPAT_UNIT *text,
    size_t count)
{
    size_t length;
    if (out == NULL || text == NULL || size == 0 || size > STRSAFE_MAX_CCH || used >= size)
        return STRSAFE_E_INVALID_PARAMETER;
    length = WINHTTP_COMPAT_OWN(length)(text, count);
    if (length < size - used) {
        memcpy(out + used, text, length * sizeof(*out));
        out[used + length] = 0;
        return S_OK;
    }
    memcpy(out + used, text, (size - used - 1) * sizeof(*out));
    out[size - 1] = 0;
    return STRSAFE_E_INSUFFICIENT_BUFFER;
}

static inline HRESULT WINHTTP_COMPAT_OF(StringCchCopyA, StringCchCopyW)(
    WINHTTP_COMPAT_UNIT *out, size_t size, const WINHTTP_COMPAT_UNIT *text)
{
    return WINHTTP_COMPAT_OWN(strsafe)(
        out, size, 0, text, STRSAFE_MAX_CCH);
}

static inline HRESULT WINHTTP_COMPAT_OF(StringCchCopyNA, StringCchCopyNW)(
    WINHTTP_COMPAT_UNIT *out, size_t size, const WINHTTP_COMPAT_UNIT *text, size_t count)
{
    return WINHTTP_COMPAT_OWN(strsafe)(out, size, 0, text, count);
}

static inline HRESULT WINHTTP_COMPAT_OF(StringCchCatNA, StringCchCatNW)(
    WINHTTP_COMPAT_UNIT *out, size_t size, const WINHTTP_COMPAT_UNIT *text, size_t count)
{
    size_t used = out == NULL || size > STRSAFE_MAX_CCH
        ? size
        : WINHTTP_COMPAT_OWN(length)(out, size);
    return WINHTTP_COMPAT_OWN(strsafe)(out, size, used, text, count);
}

static inline HRESULT WINHTTP_COMPAT_OF(StringCchCatA, StringCchCatW)(
    WINHTTP_COMPAT_UNIT *out, size_t size, const WINHTTP_COMPAT_UNIT *text)
{
    return WINHTTP_COMPAT_OF(StringCchCatNA, StringCchCatNW)(out, size, text, STRSAFE_MAX_CCH);
}

/* The length without the NUL; text without one among the first size units is an error. */
static inline HRESULT WINHTTP_COMPAT_OF(StringCchLengthA, StringCchLengthW)(
    const WINHTTP_COMPAT_UNIT *text, size_t size, size_t *length)
{
    size_t found = size;
    if (text != NULL && size <= STRSAFE_MAX_CCH)
        found = WINHTTP_COMPAT_OWN(length)(text, size);
    if (length != NULL)
        *length = found < size ? found : 0;
    return found < size ? S_OK : STRSAFE_E_INVALID_PARAMETER;
}

static inline HRESULT WINHTTP_COMPAT_OF(StringCchVPrintfA, StringCchVPrintfW)(
    WINHTTP_COMPAT_UNIT *out, size_t size, const WINHTTP_COMPAT_UNIT *format, va_list arguments)
{
    int length;
    if (out == NULL || format == NULL || size == 0 || size > STRSAFE_MAX_CCH)
        return STRSAFE_E_INVALID_PARAMETER;
    length = WINHTTP_COMPAT_OWN(store)(
        out, size - 1, format, arguments);
    out[length < 0 ? 0 : (size_t)length < size ? (size_t)length : size - 1] = 0;
    return length >= 0 && (size_t)length < size ? S_OK : STRSAFE_E_INSUFFICIENT_BUFFER;
}

static inline HRESULT WINHTTP_COMPAT_OF(StringCchPrintfA, StringCchPrintfW)(
    WINHTTP_COMPAT_UNIT *out, size_t size, const WINHTTP_COMPAT_UNIT *format, ...)
{
    va_list arguments;
    HRESULT result;
    va_start(arguments, format);
    result = WINHTTP_COMPAT_OF(StringCchVPrintfA, StringCchVPrintfW)(out, size, format, arguments);
    va_end(arguments);
    return result;
}

/* The same with sizes in bytes. */

static inline HRESULT WINHTTP_COMPAT_OF(StringCbCopyA, StringCbCopyW)(
    WINHTTP_COMPAT_UNIT *out, size_t bytes, const WINHTTP_COMPAT_UNIT *text)
{
    return WINHTTP_COMPAT_OF(StringCchCopyA, StringCchCopyW)(out, bytes / sizeof(*out), text);
}

static inline HRESULT WINHTTP_COMPAT_OF(StringCbCopyNA, StringCbCopyNW)(
    WINHTTP_COMPAT_UNIT *out, size_t bytes, const WINHTTP_COMPAT_UNIT *text, size_t count)
{
    return WINHTTP_COMPAT_OF(StringCchCopyNA, StringCchCopyNW)(
        out, bytes / sizeof(*out), text, count / sizeof(*out));
}

static inline HRESULT WINHTTP_COMPAT_OF(StringCbCatA, StringCbCatW)(
    WINHTTP_COMPAT_UNIT *out, size_t bytes, const WINHTTP_COMPAT_UNIT *text)
{
    return WINHTTP_COMPAT_OF(StringCchCatA, StringCchCatW)(out, bytes / sizeof(*out), text);
}

static inline HRESULT WINHTTP_COMPAT_OF(StringCbCatNA, StringCbCatNW)(
    WINHTTP_COMPAT_UNIT *out, size_t bytes, const WINHTTP_COMPAT_UNIT *text, size_t count)
{
    return WINHTTP_COMPAT_OF(StringCchCatNA, StringCchCatNW)(
        out, bytes / sizeof(*out), text, count / sizeof(*out));
}

static inline HRESULT WINHTTP_COMPAT_OF(StringCbLengthA, StringCbLengthW)(
    const WINHTTP_COMPAT_UNIT *text, size_t bytes, size_t *length)
{
    HRESULT result = WINHTTP_COMPAT_OF(StringCchLengthA, StringCchLengthW)(
        text, bytes / sizeof(*text), length);
    if (length != NULL)
        *length *= sizeof(*text);
    return result;
}

static inline HRESULT WINHTTP_COMPAT_OF(StringCbVPrintfA, StringCbVPrintfW)(
    WINHTTP_COMPAT_UNIT *out, size_t bytes, const WINHTTP_COMPAT_UNIT *format, va_list arguments)
{
    return WINHTTP_COMPAT_OF(StringCchVPrintfA, StringCchVPrintfW)(
        out, bytes / sizeof(*out), format, arguments);
}

static inline HRESULT WINHTTP_COMPAT_OF(StringCbPrintfA, StringCbPrintfW)(
    WINHTTP_COMPAT_UNIT *out, size_t bytes, const WINHTTP_COMPAT_UNIT *format, ...)
{
    va_list arguments;
    HRESULT result;
    va_start(arguments, format);
    result = WINHTTP_COMPAT_OF(StringCbVPrintfA, StringCbVPrintfW)(out, bytes, format, arguments);
    va_end(arguments);
    return result;
}
