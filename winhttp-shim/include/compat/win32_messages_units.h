/* win32_messages_units.h - FormatMessage for char, which is UTF-8, and for WCHAR (see both_units.h).
 *
 * Licence: MIT OR Apache-2.0.
 */

/* Appends ASCII text and returns where it ends. */
static inline WINHTTP_COMPAT_UNIT *WINHTTP_COMPAT_OWN(message_add)(
    WINHTTP_COMPAT_UNIT *to, const char *text)
{
    while (*text != 0)
        *to++ = (WINHTTP_COMPAT_UNIT)*text++;
    return to;
}

/* The unit goes on with a character that began before it. */
static inline BOOL WINHTTP_COMPAT_OWN(message_goes_on)(WINHTTP_COMPAT_UNIT unit)
{
    if (sizeof(unit) == 1)
        return ((DWORD)unit & 0xC0u) == 0x80u;
    return sizeof(unit) == 2 && ((DWORD)unit & 0xFC00u) == 0xDC00u;
}

/* Knows the codes of Win32 and of WinHTTP, whichever of FROM_SYSTEM and FROM_HMODULE asks; module,
 * language and inserts are ignored, and FROM_STRING is refused. What is known of the error is cut to the
 * buffer. Returns the length without the NUL. */
static inline DWORD WINHTTP_COMPAT_OF(FormatMessageA, FormatMessageW)(DWORD flags, LPCVOID source, DWORD code,
    DWORD language, WINHTTP_COMPAT_UNIT *buffer, DWORD size, va_list *arguments)
{
    char name[WINHTTP_COMPAT_MESSAGE_MAX];
    WINHTTP_COMPAT_UNIT detail[WINHTTP_SHIM_ERROR_DETAIL_MAX];
    DWORD error = winhttp_compat_message_error(code), bytes = sizeof(detail);
    DWORD length = winhttp_compat_message(flags, error, name);
    const char *end = winhttp_compat_message_end(flags);
    DWORD known = 0, shown, index, needed;
    WINHTTP_COMPAT_UNIT *room, *to;
    (void)source;
    (void)language;
    (void)arguments;
    if (length == 0)
        return 0;
    if (WINHTTP_COMPAT_OF(WinHttpShimGetErrorDetailUtf8, WinHttpShimGetErrorDetail)(
            error, detail, &bytes)
        == ERROR_SUCCESS)
        known = bytes / (DWORD)sizeof(WINHTTP_COMPAT_UNIT);
    shown = winhttp_compat_message_fit(flags, size, length, known);
    while (shown != 0 && shown < known
        && WINHTTP_COMPAT_OWN(message_goes_on)(detail[shown]))
        shown--;
    needed = length + (DWORD)strlen(end) + 1;
    if (shown != 0)
        needed += 2 + shown + (shown < known ? 3 : 0);
    room = (WINHTTP_COMPAT_UNIT *)winhttp_compat_message_room(
        flags, buffer, size, needed, sizeof(WINHTTP_COMPAT_UNIT));
    if (room == NULL)
        return 0;
    to = WINHTTP_COMPAT_OWN(message_add)(room, name);
    if (shown != 0) {
        to = WINHTTP_COMPAT_OWN(message_add)(to, ": ");
        for (index = 0; index < shown; index++) {
            BOOL breaks = detail[index] == (WINHTTP_COMPAT_UNIT)'\n'
                && (flags & FORMAT_MESSAGE_MAX_WIDTH_MASK) != 0;
            *to++ = breaks ? (WINHTTP_COMPAT_UNIT)' ' : detail[index];
        }
        if (shown < known)
            to = WINHTTP_COMPAT_OWN(message_add)(to, "...");
    }
    to = WINHTTP_COMPAT_OWN(message_add)(to, end);
    *to = 0;
    return needed - 1;
}
