/* Exercises the string functions of compat/crt_string.h and crt_wide.h. Exit code 0: all hold. */
#include "compat_check.h"

/* Narrow and wide functions are the same text; both are tried. */
#define GIVES(call, error) (errno = 0, (call) == (error) && errno == (error))

static void copies_fit_or_leave_an_empty_string(void)
{
    char out[4] = "xyz";
    WCHAR wide[4] = {'x', 'y', 'z', 0};
    CHECK(strcpy_s(out, 4, "abc") == 0 && strcmp(out, "abc") == 0);
    CHECK(GIVES(strcpy_s(out, 4, "abcd"), ERANGE) && out[0] == 0);
    CHECK(strcpy_s(out, 4, "abc") == 0 && GIVES(strcpy_s(out, 4, NULL), EINVAL) && out[0] == 0);
    CHECK(GIVES(strcpy_s(NULL, 4, "a"), EINVAL) && GIVES(strcpy_s(out, 0, "a"), ERANGE));
    CHECK(wcscpy_s(wide, 4, W("abc")) == 0 && lstrcmpiW(wide, W("abc")) == 0);
    CHECK(GIVES(wcscpy_s(wide, 4, W("abcd")), ERANGE) && wide[0] == 0);
    CHECK(GIVES(wcscpy_s(wide, 4, NULL), EINVAL) && GIVES(wcscpy_s(NULL, 4, W("a")), EINVAL));
    /* Towards the front an overlap works; towards the back the end is overwritten and never comes. */
    CHECK(strcpy_s(out, 4, "abc") == 0 && strcpy_s(out, 4, out + 1) == 0 && strcmp(out, "bc") == 0);
    CHECK(strcpy_s(out, 4, "abc") == 0 && GIVES(strcpy_s(out + 1, 3, out), ERANGE) && out[1] == 0);
}

static void counted_copies_end_and_are_cut_where_that_is_asked_for(void)
{
    char out[4];
    WCHAR wide[4];
    CHECK(strncpy_s(out, 4, "abcdef", 3) == 0 && strcmp(out, "abc") == 0);
    CHECK(GIVES(strncpy_s(out, 4, "abcdef", 4), ERANGE) && out[0] == 0);
    CHECK(strncpy_s(out, 4, "ab", 9) == 0 && strcmp(out, "ab") == 0);
    errno = 0;
    CHECK(strncpy_s(out, 4, "abcdef", _TRUNCATE) == STRUNCATE && strcmp(out, "abc") == 0 && errno == 0);
    CHECK(strncpy_s(out, 4, "abc", _TRUNCATE) == 0 && strcmp(out, "abc") == 0);
    CHECK(GIVES(strncpy_s(out, 0, "abc", 1), EINVAL) && strcmp(out, "abc") == 0);
    CHECK(GIVES(strncpy_s(out, 4, NULL, 1), EINVAL) && out[0] == 0);
    CHECK(wcsncpy_s(wide, 4, W("abcdef"), _TRUNCATE) == STRUNCATE && lstrlenW(wide) == 3);
    CHECK(wcsncpy_s(wide, 4, W("abcdef"), 2) == 0 && lstrlenW(wide) == 2 && wide[1] == 'b');
    CHECK(GIVES(wcsncpy_s(wide, 2, W("abcdef"), 2), ERANGE) && wide[0] == 0);
}

static void appending_needs_an_end_and_room(void)
{
    char out[6] = "ab", open[2] = {'x', 'y'};
    WCHAR wide[6] = {'a', 0};
    CHECK(strcat_s(out, 6, "cd") == 0 && strcmp(out, "abcd") == 0);
    CHECK(GIVES(strcat_s(out, 6, "ef"), ERANGE) && out[0] == 0);
    CHECK(GIVES(strcat_s(open, 2, "z"), EINVAL) && open[0] == 'x');
    CHECK(strncat_s(out, 6, "abcdef", 2) == 0 && strncat_s(out, 6, "cdefgh", _TRUNCATE) == STRUNCATE);
    CHECK(strcmp(out, "abcde") == 0);
    CHECK(wcscat_s(wide, 6, W("bc")) == 0 && wcsncat_s(wide, 6, W("defg"), 2) == 0);
    CHECK(_wcsicmp(wide, W("ABCDE")) == 0 && GIVES(wcscat_s(wide, 6, W("f")), ERANGE) && wide[0] == 0);
}

static void tokens_are_cut_out(void)
{
    static const char *const tokens[] = {"a", "bc", "d"};
    char text[] = ",a;;bc,d;", *context = NULL, *token = strtok_s(text, ",;", &context);
    WCHAR wide[16], *wide_context = NULL;
    size_t index;
    for (index = 0; index < ARRAYSIZE(tokens); index++, token = strtok_s(NULL, ",;", &context))
        CHECK(token != NULL && strcmp(token, tokens[index]) == 0);
    CHECK(token == NULL && strtok_s(NULL, ",;", &context) == NULL);
    CHECK(wcscpy_s(wide, 16, W("one two")) == 0);
    CHECK(lstrlenW(wcstok_s(wide, W(" "), &wide_context)) == 3);
    CHECK(_wcsicmp(wcstok_s(NULL, W(" "), &wide_context), W("TWO")) == 0);
    CHECK(wcstok_s(NULL, W(" "), &wide_context) == NULL);
    context = NULL;
    CHECK(GIVES(strtok_s(NULL, ",", &context) != NULL ? 0 : EINVAL, EINVAL));
    CHECK(GIVES(strtok_s(text, NULL, &context) != NULL ? 0 : EINVAL, EINVAL));
    CHECK(GIVES(strtok_s(text, ",", NULL) != NULL ? 0 : EINVAL, EINVAL));
}

static void memory_is_copied_or_zeroed(void)
{
    BYTE out[4] = {1, 2, 3, 4};
    WCHAR wide[2] = {7, 7};
    CHECK(memcpy_s(out, 4, "ab", 2) == 0 && out[0] == 'a' && out[2] == 3);
    CHECK(GIVES(memcpy_s(out, 2, "abc", 3), ERANGE) && out[0] == 0 && out[1] == 0 && out[2] == 3);
    out[0] = 1;
    CHECK(GIVES(memcpy_s(out, 4, NULL, 1), EINVAL) && out[0] == 0 && out[3] == 0);
    CHECK(GIVES(memcpy_s(NULL, 4, "a", 1), EINVAL) && memcpy_s(NULL, 0, NULL, 0) == 0);
    out[0] = 1;
    out[1] = 2;
    CHECK(memmove_s(out + 1, 3, out, 2) == 0 && out[1] == 1 && out[2] == 2);
    CHECK(GIVES(memmove_s(out, 1, "ab", 2), ERANGE) && out[0] == 1);
    CHECK(wmemcpy_s(wide, 2, W("ab"), 2) == 0 && wide[1] == 'b');
    CHECK(GIVES(wmemcpy_s(wide, 1, W("ab"), 2), ERANGE) && wide[0] == 0 && wide[1] == 'b');
}

static void numbers_stop_at_their_limits(void)
{
    CHECK(_wtoi(W(" \t-42x")) == -42 && _wtoi(W("+7")) == 7 && _wtoi(W("x")) == 0 && _wtoi(W("")) == 0);
    CHECK(_wtoi(W("2147483647")) == INT_MAX && _wtoi(W("-2147483648")) == INT_MIN);
    errno = 0;
    CHECK(_wtoi(W("2147483648")) == INT_MAX && errno == ERANGE);
    CHECK(_wtoi(W("-99999999999")) == INT_MIN && _wtol(W("4294967296")) == INT_MAX);
    CHECK(_wtoi64(W("-9223372036854775808")) == INT64_MIN && _wtoi64(W("9223372036854775807")) == INT64_MAX);
    errno = 0;
    CHECK(_wtoi64(W("9223372036854775808")) == INT64_MAX && errno == ERANGE);
    CHECK(_atoi64("12x") == 12 && GIVES(_wtoi(NULL) == 0 ? EINVAL : 0, EINVAL));
    CHECK(__min(1, 2) == 1 && __max(1, 2) == 2);
}

static void copies_on_the_heap_are_freed_by_free(void)
{
    char *narrow = _strdup("abc");
    WCHAR *wide = _wcsdup(W("abc"));
    CHECK(narrow != NULL && strcmp(narrow, "abc") == 0 && wide != NULL && lstrlenW(wide) == 3);
    CHECK(_strdup(NULL) == NULL && _wcsdup(NULL) == NULL);
    free(narrow);
    free(wide);
}

/* One, two, three and four bytes; the last takes two units of 16 bits. */
static void text_is_converted_as_utf_8(void)
{
    static const char text[] = "a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80";
    const size_t units = WINHTTP_WCHAR_BITS == 16 ? 5 : 4;
    WCHAR wide[8];
    char back[16];
    size_t made = 9;
    CHECK(mbstowcs_s(&made, NULL, 0, text, 0) == 0 && made == units + 1);
    CHECK(mbstowcs_s(&made, wide, 8, text, _TRUNCATE) == 0 && made == units + 1 && wide[2] == 0x20AC);
    CHECK(mbstowcs_s(&made, wide, units + 1, text, units) == 0 && made == units + 1);
    CHECK(GIVES(mbstowcs_s(&made, wide, units, text, units), ERANGE) && wide[0] == 0 && made == 0);
    CHECK(mbstowcs_s(&made, wide, units, text, _TRUNCATE) == STRUNCATE && made == 4 && wide[3] == 0);
    CHECK(mbstowcs_s(&made, wide, 8, text, 2) == 0 && made == 3 && wide[1] == 0xE9 && wide[2] == 0);
    CHECK(GIVES(mbstowcs_s(&made, wide, 8, "a\xFF", 8), EILSEQ) && wide[0] == 0);
    CHECK(GIVES(mbstowcs_s(NULL, NULL, 1, text, 0), EINVAL) && GIVES(mbstowcs_s(NULL, wide, 0, text, 0), EINVAL));
    CHECK(GIVES(mbstowcs_s(NULL, wide, 8, NULL, 0), EINVAL) && wide[0] == 0);
    CHECK(mbstowcs_s(NULL, wide, 8, text, _TRUNCATE) == 0);
    CHECK(wcstombs_s(&made, NULL, 0, wide, 0) == 0 && made == 11);
    CHECK(wcstombs_s(&made, back, 16, wide, 16) == 0 && made == 11 && strcmp(back, text) == 0);
    CHECK(wcstombs_s(&made, back, 6, wide, _TRUNCATE) == STRUNCATE && strcmp(back, "a\xC3\xA9") == 0);
    CHECK(wcstombs_s(&made, back, 16, wide, 5) == 0 && made == 4 && strcmp(back, "a\xC3\xA9") == 0);
    CHECK(GIVES(wcstombs_s(&made, back, 10, wide, 10), ERANGE) && back[0] == 0);
    wide[1] = 0xD800;
    CHECK(GIVES(wcstombs_s(&made, back, 16, wide, 16), EILSEQ) && back[0] == 0);
}

/* By the C library's names, but where WCHAR is not wchar_t. */
#define WCS(name) WINHTTP_COMPAT_WCS(name)
#if !defined(WINHTTP_CHAR16) || WINHTTP_WCHAR_BITS == 16
static void wide_functions_of_c_work_in_this_width(void)
{
    WCHAR text[16], *end, *context = NULL;
    CHECK(WCS(wcslen)(W("abc")) == 3 && WCS(wcsnlen)(W("abc"), 2) == 2);
    CHECK(WCS(wcscpy)(text, W("a-b")) == text && WCS(wcscat)(text, W("-c")) == text);
    CHECK(WCS(wcsncat)(text, W("defg"), 2) == text && WCS(wcscmp)(text, W("a-b-cde")) == 0);
    CHECK(WCS(wcscmp)(W("a"), W("b")) < 0 && WCS(wcsncmp)(W("ab"), W("ac"), 1) == 0);
    CHECK(WCS(wcschr)(text, '-') == text + 1 && WCS(wcsrchr)(text, '-') == text + 3);
    CHECK(WCS(wcschr)(text, 0) == text + 7 && WCS(wcschr)(text, 'x') == NULL);
    CHECK(WCS(wcsstr)(text, W("b-c")) == text + 2 && WCS(wcsstr)(text, W("bc")) == NULL);
    CHECK(WCS(wcsspn)(text, W("a-")) == 2 && WCS(wcscspn)(text, W("b")) == 2);
    CHECK(WCS(wcspbrk)(text, W("xb")) == text + 2 && WCS(wcspbrk)(text, W("x")) == NULL);
    CHECK(WCS(wcstok)(text, W("-"), &context) == text && WCS(wcstok)(NULL, W("-"), &context) == text + 2);
    CHECK(WCS(wcsncpy)(text, W("ab"), 4) == text && text[2] == 0 && text[3] == 0);
    CHECK(WCS(wcstol)(W("-0x1Fz"), &end, 16) == -31 && *end == 'z');
    CHECK(WCS(wcstoul)(W("12"), NULL, 10) == 12 && WCS(wcstod)(W("1.5e1x"), &end) == 15.0 && *end == 'x');
    CHECK(WCS(wmemcmp)(W("ab"), W("ac"), 2) < 0 && WCS(wmemchr)(W("ab"), 'b', 2) != NULL);
    CHECK(WCS(wmemset)(text, 'x', 2) == text && WCS(wmemcpy)(text + 2, W("yz"), 3) == text + 2);
    CHECK(WCS(wmemmove)(text + 1, text, 4) == text + 1 && WCS(wcscmp)(text, W("xxxyz")) != 0);
    CHECK(text[1] == 'x' && text[2] == 'x' && text[3] == 'y' && text[4] == 'z');
}
#endif

#ifdef __cplusplus
static void arrays_say_their_own_size(void)
{
    char out[4];
    WCHAR wide[4];
    size_t made;
    CHECK(strcpy_s(out, "abc") == 0 && wcscpy_s(wide, W("abc")) == 0);
    CHECK(GIVES(strcpy_s(out, "abcd"), ERANGE) && GIVES(wcscpy_s(wide, W("abcd")), ERANGE));
    CHECK(strncpy_s(out, "abcdef", _TRUNCATE) == STRUNCATE && wcsncpy_s(wide, W("abcdef"), 3) == 0);
    CHECK(GIVES(strcat_s(out, "d"), ERANGE) && GIVES(wcscat_s(wide, W("d")), ERANGE));
    CHECK(strncat_s(out, "ab", 1) == 0 && wcsncat_s(wide, W("ab"), 1) == 0);
    CHECK(mbstowcs_s(&made, wide, "abc", _TRUNCATE) == 0 && wcstombs_s(&made, out, wide, _TRUNCATE) == 0);
    CHECK(made == 4 && strcmp(out, "abc") == 0);
}
#endif

int main(void)
{
    copies_fit_or_leave_an_empty_string();
    counted_copies_end_and_are_cut_where_that_is_asked_for();
    appending_needs_an_end_and_room();
    tokens_are_cut_out();
    memory_is_copied_or_zeroed();
    numbers_stop_at_their_limits();
    copies_on_the_heap_are_freed_by_free();
    text_is_converted_as_utf_8();
#if !defined(WINHTTP_CHAR16) || WINHTTP_WCHAR_BITS == 16
    wide_functions_of_c_work_in_this_width();
#endif
#ifdef __cplusplus
    arrays_say_their_own_size();
#endif
    return 0;
}
