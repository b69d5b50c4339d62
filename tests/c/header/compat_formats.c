/* Exercises the formats of compat/crt_printf.h and strsafe.h. Exit code 0: all hold. */
#include "compat/strsafe.h"

#include "compat_check.h"

static char out[256];
static WCHAR wide_out[256];

/* The same arguments by a narrow and a wide format. */
#define FORMATS(expected, format, ...)                                                        \
    do {                                                                                      \
        CHECK(sprintf_s(out, sizeof(out), format, __VA_ARGS__) == (int)strlen(expected));     \
        CHECK(strcmp(out, expected) == 0);                                                    \
        CHECK(swprintf_s(wide_out, 256, W(format), __VA_ARGS__) == (int)strlen(expected));    \
        CHECK(WideCharToMultiByte(CP_UTF8, 0, wide_out, -1, out, 256, NULL, NULL) != 0);      \
        CHECK(strcmp(out, expected) == 0);                                                    \
    } while (0)

static void numbers_have_the_sizes_of_windows(void)
{
    DWORD large = 4294967295u;
    FORMATS("4294967295 -1 ffffffff", "%lu %ld %lx", large, (LONG)-1, large);
    FORMATS("-9223372036854775808 18446744073709551615", "%I64d %I64u", INT64_MIN, UINT64_MAX);
    FORMATS("-5 7 9 11", "%lld %Iu %zu %I32d", (LONGLONG)-5, (SIZE_T)7, (SIZE_T)9, 11);
    FORMATS("-1 255 -1 65535", "%hhd %hhu %hd %hu", 255, -1, 65535, -1);
    FORMATS("000000000000BEEF", "%p", (void *)(uintptr_t)0xBEEF);
}

static void fields_have_width_and_precision(void)
{
    FORMATS("[   42][42   ][00042][  042]", "[%5d][%-5d][%05d][%5.3d]", 42, 42, 42, 42);
    FORMATS("[+7][ 7][-7][0x1f][0X1F][017][0]", "[%+d][% d][%+d][%#x][%#X][%#o][%#x]", 7, 7, -7, 31, 31, 15, 0);
    FORMATS("[][  ]", "[%.0d][%2.0d]", 0, 0);
    FORMATS("[   42][42   ][007]", "[%*d][%*d][%.*d]", 5, 42, -5, 42, 3, 7);
    FORMATS("[-0042][0x002a]", "[%05d][%#06x]", -42, 42);
    FORMATS("3.14 1.500000e+00   2.5 0.25 100%", "%.2f %e %5.1f %g %d%%", 3.14159, 1.5, 2.5, 0.25, 100);
    FORMATS("%k", "%%%k", 0);
    FORMATS("[1.50]", "[%.2Lf]", 1.5L);
}

static void text_has_the_width_of_the_format_unless_it_says_otherwise(void)
{
    const WCHAR *wide = W("w\u00E9de");
    CHECK(sprintf_s(out, 256, "%s|%S|%ls|%ws|%hs|%c|%C", "n", wide, wide, wide, "h", 'c', 0xE9) == 26);
    CHECK(strcmp(out, "n|w\xC3\xA9" "de|w\xC3\xA9" "de|w\xC3\xA9" "de|h|c|\xC3\xA9") == 0);
    CHECK(swprintf_s(wide_out, 256, W("%s|%S|%ls|%hs|%c|%C"), wide, "n\xC3\xA9", wide, "h", 0xE9, 'c') == 18);
    CHECK(_wcsicmp(wide_out, W("w\u00E9de|n\u00E9|w\u00E9de|h|\u00E9|c")) == 0);
    CHECK(sprintf_s(out, 256, "[%6.2s][%-4s][%.3ls]", "abc", "x", wide) == 19);
    CHECK(strcmp(out, "[    ab][x   ][w\xC3\xA9]") == 0);
    /* Four units of UTF-8 are not cut in two, nor are they a unit. */
    CHECK(sprintf_s(out, 256, "[%.3ls]", W("\U0001F600")) == 2);
    CHECK(swprintf_s(wide_out, 256, W("%hs"), "\xF0\x9F\x98\x80") == (WINHTTP_WCHAR_BITS == 16 ? 2 : 1));
    CHECK(sprintf_s(out, 256, "%s %ls", (const char *)NULL, (const WCHAR *)NULL) == 13);
    CHECK(strcmp(out, "(null) (null)") == 0);
    /* Precision reads no further. */
    out[0] = 'a';
    out[1] = 'b';
    CHECK(swprintf_s(wide_out, 256, W("%.2hs"), out) == 2);
    /* In the middle of a character it ends before that; what is none stays one. */
    CHECK(StringCchPrintfW(wide_out, 256, W("[%.2hs][%3.3S]"), "a\xC3\xA9z", "\xF0\x9F\x98\x80") == S_OK);
    CHECK(_wcsicmp(wide_out, W("[a][   ]")) == 0);
    CHECK(swprintf_s(wide_out, 256, W("%.3hs|%.4hs|%.0hs|%.1hs"), "a\xC3\xA9z", "\xF0\x9F\x98\x80z", "\xC3\xA9", "") > 0);
    CHECK(_wcsicmp(wide_out, W("a\u00E9|\U0001F600||")) == 0);
    CHECK(swprintf_s(wide_out, 256, W("%.2hs|%.2hs|%.1hs|%.9hs"), "a\xFF", "\xE0\x80", "\x80", "a\xC3") > 0);
    CHECK(_wcsicmp(wide_out, W("a\uFFFD|\uFFFD\uFFFD|\uFFFD|a\uFFFD")) == 0);
    CHECK(sprintf_s(out, 256, "%.2s", "a\xC3\xA9z") == 2 && out[1] == '\xC3');
}

static int formatted(char *to, size_t size, size_t count, const char *format, ...)
{
    va_list arguments;
    int length;
    va_start(arguments, format);
    length = _vsnprintf_s(to, size, count, format, arguments);
    va_end(arguments);
    return length;
}

static void what_is_too_long_is_cut_or_refused(void)
{
    char small[4];
    WCHAR wide[4];
    CHECK(_snprintf_s(small, 4, _TRUNCATE, "%s", "abc") == 3 && strcmp(small, "abc") == 0);
    errno = 0;
    CHECK(_snprintf_s(small, 4, _TRUNCATE, "%s", "abcdef") == -1 && strcmp(small, "abc") == 0 && errno == 0);
    CHECK(_snprintf_s(small, 4, 2, "%s", "abcdef") == -1 && strcmp(small, "ab") == 0 && errno == 0);
    CHECK(_snprintf_s(small, 4, 4, "%s", "abcdef") == -1 && small[0] == 0 && errno == ERANGE);
    CHECK(formatted(small, 4, 9, "%d", 123) == 3 && formatted(small, 4, _TRUNCATE, "%d", 12345) == -1);
    errno = 0;
    CHECK(sprintf_s(small, 4, "%d", 1234) == -1 && small[0] == 0 && errno == ERANGE);
    CHECK(swprintf_s(wide, 4, W("%d"), 1234) == -1 && wide[0] == 0);
    CHECK(_snwprintf_s(wide, 4, _TRUNCATE, W("%d"), 1234) == -1 && wide[2] == '3' && wide[3] == 0);
    errno = 0;
    CHECK(sprintf_s(NULL, 4, "a") == -1 && errno == EINVAL && sprintf_s(small, 0, "a") == -1);
    small[0] = 'x';
    CHECK(_snprintf_s(small, 4, 1, NULL) == -1 && small[0] == 0);
    errno = 0;
    CHECK(_snprintf_s(small, 4, 0, "a") == -1 && small[0] == 0 && errno == EINVAL);
    errno = 0;
    CHECK(sprintf_s(small, 4, "%n", (int *)NULL) == -1 && errno == EINVAL && small[0] == 0);
}

static void the_older_functions_do_not_always_write_a_nul(void)
{
    char small[4] = {'w', 'x', 'y', 'z'};
    WCHAR wide[2];
    CHECK(_snprintf(small, 4, "%s", "ab") == 2 && small[2] == 0 && small[3] == 'z');
    CHECK(_snprintf(small, 3, "%s", "abc") == 3 && small[2] == 'c' && small[3] == 'z');
    CHECK(_snprintf(small, 3, "%s", "abcd") < 0 && small[3] == 'z');
    CHECK(_snprintf(NULL, 0, "%s", "abcd") == 4 && _snprintf(NULL, 1, "a") == -1 && errno == EINVAL);
    CHECK(_snwprintf(wide, 2, W("%d"), 12) == 2 && wide[1] == '2');
    CHECK(_scprintf("%d-%d", 1, 2) == 3 && _scwprintf(W("%d"), 12345) == 5);
}

#if !defined(WINHTTP_CHAR16)
/* C's functions, with text of the width that the compiler gives it, and C's long. */
static void narrow_functions_of_c_know_the_width_of_wide_text(void)
{
    FILE *file = tmpfile();
    CHECK(snprintf(out, 4, "%ls", L"abcdef") == 6 && strcmp(out, "abc") == 0);
    CHECK(sprintf(out, "%ls|%lc|%s|%ld|%lx", L"ab", (wint_t)L'c', "d", LONG_MIN, LONG_MAX) == 44);
    CHECK(strcmp(out, "ab|c|d|-9223372036854775808|7fffffffffffffff") == 0);
    CHECK(file != NULL && fprintf(file, "%ls %d", L"wide", 7) == 6 && fseek(file, 0, SEEK_SET) == 0);
    CHECK(fgets(out, sizeof(out), file) == out && strcmp(out, "wide 7") == 0);
    fclose(file);
}
#endif

static void strsafe_cuts_and_says_so(void)
{
    char small[4];
    WCHAR wide[4];
    size_t length = 9;
    CHECK(StringCchCopyA(small, 4, "abc") == S_OK && strcmp(small, "abc") == 0);
    CHECK(StringCchCopyA(small, 4, "abcdef") == STRSAFE_E_INSUFFICIENT_BUFFER && strcmp(small, "abc") == 0);
    CHECK(StringCchCopyA(small, 0, "a") == STRSAFE_E_INVALID_PARAMETER && FAILED(StringCchCopyA(small, 4, NULL)));
    CHECK(StringCchCopyW(wide, 4, W("ab")) == S_OK && StringCchCat(wide, 4, W("c")) == S_OK);
    CHECK(StringCchCatW(wide, 4, W("d")) == STRSAFE_E_INSUFFICIENT_BUFFER && wide[2] == 'c' && wide[3] == 0);
    CHECK(StringCbCopyW(wide, sizeof(wide), W("abcd")) == STRSAFE_E_INSUFFICIENT_BUFFER && lstrlenW(wide) == 3);
    CHECK(StringCchCopyNW(wide, 4, W("abcdef"), 2) == S_OK && lstrlenW(wide) == 2);
    CHECK(StringCchCatNA(small, 4, "xyz", 0) == S_OK && strcmp(small, "abc") == 0);
    CHECK(StringCchLengthW(wide, 4, &length) == S_OK && length == 2);
    CHECK(StringCbLengthW(wide, sizeof(wide), &length) == S_OK && length == 2 * sizeof(WCHAR));
    CHECK(StringCchLengthA("abcd", 4, &length) == STRSAFE_E_INVALID_PARAMETER && length == 0);
    CHECK(StringCchPrintfW(wide, 4, W("%s"), W("xyz")) == S_OK && wide[2] == 'z');
    CHECK(StringCchPrintfA(small, 4, "%d", 12345) == STRSAFE_E_INSUFFICIENT_BUFFER && strcmp(small, "123") == 0);
    CHECK(StringCbPrintfA(small, 4, "%d", 7) == S_OK && strcmp(small, "7") == 0);
}

#ifdef __cplusplus
static void arrays_say_their_own_size(void)
{
    char small[4];
    WCHAR wide[4];
    CHECK(sprintf_s(small, "%d", 123) == 3 && sprintf_s(small, "%d", 1234) == -1);
    CHECK(swprintf_s(wide, W("%d"), 123) == 3 && swprintf_s(wide, W("%d"), 1234) == -1);
    CHECK(_snprintf_s(small, _TRUNCATE, "%d", 1234) == -1 && strcmp(small, "123") == 0);
    CHECK(_snwprintf_s(wide, _TRUNCATE, W("%d"), 1234) == -1 && wide[2] == '3');
}
#endif

int main(void)
{
    numbers_have_the_sizes_of_windows();
    fields_have_width_and_precision();
    text_has_the_width_of_the_format_unless_it_says_otherwise();
    what_is_too_long_is_cut_or_refused();
    the_older_functions_do_not_always_write_a_nul();
#if !defined(WINHTTP_CHAR16)
    narrow_functions_of_c_know_the_width_of_wide_text();
#endif
    strsafe_cuts_and_says_so();
#ifdef __cplusplus
    arrays_say_their_own_size();
#endif
    return 0;
}
