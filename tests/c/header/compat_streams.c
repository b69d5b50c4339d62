/* Writes wide and narrow text to one stream, and reads it back. Exit code 0: all hold. */
#include "compat/tchar.h"

#include "compat_check.h"

static void lines_are_read_as_characters(void)
{
    static const char text[] = "gr\xC3\xBC\xF0\x9F\x98\x80\nab\xFF\xC3" "c\n\nend";
    const int units = WINHTTP_WCHAR_BITS == 16 ? 6 : 5;
    FILE *file = tmpfile();
    WCHAR line[16];
    CHECK(file != NULL && fputs(text, file) >= 0 && fseek(file, 0, SEEK_SET) == 0);
    CHECK(_fgetts(line, 16, file) == line && lstrlenW(line) == units && line[2] == 0xFC);
    CHECK(line[units - 1] == '\n');
    CHECK(_fgetts(line, 16, file) == line && lstrlenW(line) == 6 && line[2] == 0xFFFD && line[3] == 0xFFFD);
    CHECK(line[4] == 'c' && _fgetts(line, 16, file) == line && lstrlenW(line) == 1);
    CHECK(_fgetts(line, 3, file) == line && lstrlenW(line) == 2 && line[1] == 'n');
    CHECK(_fgetts(line, 3, file) == line && lstrlenW(line) == 1 && line[0] == 'd');
    CHECK(_fgetts(line, 3, file) == NULL);
    fclose(file);
}

/* A pair of surrogates has no room in a unit, and must not look like the end of the file. */
static void a_buffer_for_one_unit_reads_the_whole_file(void)
{
    const WCHAR large = WINHTTP_WCHAR_BITS == 16 ? 0xFFFD : (WCHAR)0x1F600;
    FILE *file = tmpfile();
    WCHAR line[3];
    CHECK(file != NULL && fputs("a\xF0\x9F\x98\x80\n\xF0\x9F\x98\x80z", file) >= 0 && fseek(file, 0, SEEK_SET) == 0);
    CHECK(_fgetts(line, 2, file) == line && line[0] == 'a' && line[1] == 0);
    CHECK(_fgetts(line, 2, file) == line && line[0] == large && line[1] == 0);
    CHECK(_fgetts(line, 2, file) == line && line[0] == '\n' && line[1] == 0);
    CHECK(_fgetts(line, 3, file) == line && lstrlenW(line) == 2);
    CHECK(_fgetts(line, 2, file) == (WINHTTP_WCHAR_BITS == 16 ? line : NULL));
    CHECK(_fgetts(line, 2, file) == NULL && feof(file));
    fclose(file);
}

int main(void)
{
    fprintf(stderr, "narrow ");
    CHECK(_ftprintf(stderr, W("%s %ls %d\n"), W("gr\u00FC\u00DF"), W("\U0001F600"), 7)
        == (WINHTTP_WCHAR_BITS == 16 ? 10 : 9));
    CHECK(_fputts(W("line\n"), stderr) >= 0);
    CHECK(_ftprintf(stderr, W("%c%hs"), 0xE9, "x") == 2);
#ifdef WINHTTP_CHAR16
    CHECK(winhttp_compat_fputwc(0xD800, stderr) == 0xD800 && winhttp_compat_fputwc('\n', stderr) == '\n');
#else
    CHECK(fputwc(0xD800, stderr) == 0xD800 && fputwc('\n', stderr) == '\n');
#endif
    lines_are_read_as_characters();
    a_buffer_for_one_unit_reads_the_whole_file();
    return 0;
}
