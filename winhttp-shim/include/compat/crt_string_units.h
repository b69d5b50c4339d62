/* crt_string_units.h - the string functions that exist for char and for WCHAR (see both_units.h).
 *
 * Licence: MIT OR Apache-2.0.
 */

/* The length of text, or max where no NUL comes before. */
static inline size_t WINHTTP_COMPAT_OWN(length)(
    const WINHTTP_COMPAT_UNIT *text, size_t max)
{
    size_t length = 0;
    while (length < max && text[length] != 0)
        length++;
    return length;
}

/* Empties what a function of this library could not fill. */
static inline errno_t WINHTTP_COMPAT_OWN(refuse)(
    WINHTTP_COMPAT_UNIT *out, rsize_t size, errno_t error)
{
    if (out != NULL && size > 0)
        out[0] = 0;
    return winhttp_compat_crt_error(error);
}

/* Puts text, at most count units of it, behind the first used units of out, and ends it. */
static inline errno_t WINHTTP_COMPAT_OWN(put)(
    WINHTTP_COMPAT_UNIT *out, rsize_t size, size_t used, const WINHTTP_COMPAT_UNIT *text,
    size_t count)
{
    size_t index;
    for (index = 0; index < count && text[index] != 0; index++) {
        if (used + index + 1 < size) {
            out[used + index] = text[index];
        } else if (count == _TRUNCATE) {
            out[size - 1] = 0;
            return STRUNCATE; /* no error: errno stays */
        } else {
            return WINHTTP_COMPAT_OWN(refuse)(out, size, ERANGE);
        }
    }
    out[used + index] = 0;
    return 0;
}

/* EINVAL: a pointer is NULL; ERANGE: too small. In both cases out is emptied. */
static inline errno_t WINHTTP_COMPAT_OF(strcpy_s, wcscpy_s)(
    WINHTTP_COMPAT_UNIT *out, rsize_t size, const WINHTTP_COMPAT_UNIT *text)
{
    if (out == NULL || text == NULL || size == 0)
        return WINHTTP_COMPAT_OWN(refuse)(
            out, size, out == NULL || text == NULL ? EINVAL : ERANGE);
    return WINHTTP_COMPAT_OWN(put)(out, size, 0, text, WINHTTP_COMPAT_ALL);
}

/* Copies at most count units and ends them; STRUNCATE where _TRUNCATE had to leave some out. */
static inline errno_t WINHTTP_COMPAT_OF(strncpy_s, wcsncpy_s)(
    WINHTTP_COMPAT_UNIT *out, rsize_t size, const WINHTTP_COMPAT_UNIT *text, rsize_t count)
{
    if (out == NULL || text == NULL || size == 0)
        return WINHTTP_COMPAT_OWN(refuse)(out, size, EINVAL);
    return WINHTTP_COMPAT_OWN(put)(out, size, 0, text, count);
}

/* Appends at most count units; EINVAL also where out has no end yet, and then it stays. */
static inline errno_t WINHTTP_COMPAT_OF(strncat_s, wcsncat_s)(
    WINHTTP_COMPAT_UNIT *out, rsize_t size, const WINHTTP_COMPAT_UNIT *text, rsize_t count)
{
    size_t used;
    if (out == NULL || text == NULL || size == 0)
        return WINHTTP_COMPAT_OWN(refuse)(
            out, size, out == NULL || text == NULL ? EINVAL : ERANGE);
    used = WINHTTP_COMPAT_OWN(length)(out, size);
    if (used == size)
        return winhttp_compat_crt_error(EINVAL);
    return WINHTTP_COMPAT_OWN(put)(out, size, used, text, count);
}

static inline errno_t WINHTTP_COMPAT_OF(strcat_s, wcscat_s)(
    WINHTTP_COMPAT_UNIT *out, rsize_t size, const WINHTTP_COMPAT_UNIT *text)
{
    return WINHTTP_COMPAT_OF(strncat_s, wcsncat_s)(out, size, text, WINHTTP_COMPAT_ALL);
}

static inline BOOL WINHTTP_COMPAT_OWN(is_one_of)(
    WINHTTP_COMPAT_UNIT unit, const WINHTTP_COMPAT_UNIT *set)
{
    while (*set != 0 && *set != unit)
        set++;
    return *set != 0;
}

/* The next token of text, or, where text is NULL, of what context remembers; NULL behind the last. */
static inline WINHTTP_COMPAT_UNIT *WINHTTP_COMPAT_OF(strtok_s, wcstok_s)(
    WINHTTP_COMPAT_UNIT *text, const WINHTTP_COMPAT_UNIT *delimiters, WINHTTP_COMPAT_UNIT **context)
{
    WINHTTP_COMPAT_UNIT *token;
    if (delimiters == NULL || context == NULL || (text == NULL && *context == NULL)) {
        winhttp_compat_crt_error(EINVAL);
        return NULL;
    }
    token = text != NULL ? text : *context;
    while (*token != 0
        && WINHTTP_COMPAT_OWN(is_one_of)(*token, delimiters))
        token++;
    text = token;
    while (*text != 0
        && !WINHTTP_COMPAT_OWN(is_one_of)(*text, delimiters))
        text++;
    *context = text;
    if (*text != 0) {
        *text = 0;
        *context = text + 1;
    }
    return text == token ? NULL : token;
}

/* A copy in memory for free; NULL of NULL, or where there is no memory. */
static inline WINHTTP_COMPAT_UNIT *WINHTTP_COMPAT_OF(_strdup, _wcsdup)(
    const WINHTTP_COMPAT_UNIT *text)
{
    size_t bytes;
    void *copy;
    if (text == NULL)
        return NULL;
    bytes = WINHTTP_COMPAT_OWN(length)(text, SIZE_MAX) + 1;
    bytes *= sizeof(WINHTTP_COMPAT_UNIT);
    copy = malloc(bytes);
    return (WINHTTP_COMPAT_UNIT *)(copy == NULL ? NULL : memcpy(copy, text, bytes));
}

/* The number that text begins with, spaces apart, between the limits; ERANGE: at a limit. */
static inline int64_t WINHTTP_COMPAT_OWN(number)(
    const WINHTTP_COMPAT_UNIT *text, int64_t minimum, int64_t maximum)
{
    BOOL negative;
    int64_t value = 0; /* negative values are gathered as such: there is one more of them */
    if (text == NULL) {
        winhttp_compat_crt_error(EINVAL);
        return 0;
    }
    while (*text == ' ' || (*text >= '\t' && *text <= '\r'))
        text++;
    negative = *text == '-';
    if (*text == '-' || *text == '+')
        text++;
    for (; *text >= '0' && *text <= '9'; text++) {
        int digit = (int)(*text - '0');
        if (negative ? value < (minimum + digit) / 10 : value > (maximum - digit) / 10) {
            winhttp_compat_crt_error(ERANGE);
            return negative ? minimum : maximum;
        }
        value = value * 10 + (negative ? -digit : digit);
    }
    return value;
}

static inline int64_t WINHTTP_COMPAT_OF(_atoi64, _wtoi64)(const WINHTTP_COMPAT_UNIT *text)
{
    return WINHTTP_COMPAT_OWN(number)(text, INT64_MIN, INT64_MAX);
}
