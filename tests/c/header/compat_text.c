/* Exercises the text, message and memory parts of compat/windows.h. Exit code 0: all hold. */
#include "compat_check.h"

/* One character of each UTF-8 length, the last beyond 16 bits. */
static const char narrow[] = "a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80";
#define WIDE_UNITS (WINHTTP_WCHAR_BITS == 16 ? 5 : 4)

static void sizes_are_asked_for_and_count_the_nul_of_unmeasured_text(void)
{
    WCHAR wide[8];
    char back[16];
    CHECK(MultiByteToWideChar(CP_UTF8, 0, narrow, -1, NULL, 0) == WIDE_UNITS + 1);
    CHECK(MultiByteToWideChar(CP_UTF8, 0, narrow, 10, NULL, 0) == WIDE_UNITS);
    CHECK(MultiByteToWideChar(CP_ACP, MB_PRECOMPOSED, narrow, -1, wide, 8) == WIDE_UNITS + 1);
    CHECK(wide[0] == 'a' && wide[1] == 0xE9 && wide[2] == 0x20AC && wide[WIDE_UNITS] == 0);
#if WINHTTP_WCHAR_BITS == 16
    CHECK(wide[3] == 0xD83D && wide[4] == 0xDE00);
#else
    CHECK(wide[3] == 0x1F600);
#endif
    CHECK(lstrlenW(wide) == WIDE_UNITS && lstrlenW(NULL) == 0 && lstrlenA(narrow) == 10);
    CHECK(WideCharToMultiByte(CP_UTF8, 0, wide, -1, NULL, 0, NULL, NULL) == 11);
    CHECK(WideCharToMultiByte(CP_UTF8, 0, wide, WIDE_UNITS, NULL, 0, NULL, NULL) == 10);
    CHECK(WideCharToMultiByte(CP_UTF8, 0, wide, -1, back, 11, NULL, NULL) == 11);
    CHECK(memcmp(back, narrow, 11) == 0);
}

static void measured_text_gets_no_nul(void)
{
    WCHAR wide[3] = {7, 7, 7};
    CHECK(MultiByteToWideChar(CP_UTF8, 0, "abc", 2, wide, 3) == 2);
    CHECK(wide[0] == 'a' && wide[1] == 'b' && wide[2] == 7);
}

static void small_buffers_and_bad_arguments_are_refused(void)
{
    static const WCHAR text[] = {'a', 'b', 0};
    WCHAR wide[2];
    char out[4];
    BOOL used;
    CHECK(FAILS_WITH(MultiByteToWideChar(CP_UTF8, 0, "ab", -1, wide, 2), ERROR_INSUFFICIENT_BUFFER));
    CHECK(FAILS_WITH(MultiByteToWideChar(CP_UTF8, 0, NULL, -1, wide, 2), ERROR_INVALID_PARAMETER));
    CHECK(FAILS_WITH(MultiByteToWideChar(CP_UTF8, 0, "ab", 0, wide, 2), ERROR_INVALID_PARAMETER));
    CHECK(FAILS_WITH(MultiByteToWideChar(CP_UTF8, 0, "ab", 1, NULL, 2), ERROR_INVALID_PARAMETER));
    CHECK(FAILS_WITH(MultiByteToWideChar(1252, 0, "ab", 1, wide, 2), ERROR_INVALID_PARAMETER));
    CHECK(FAILS_WITH(MultiByteToWideChar(CP_UTF8, 1, "ab", 1, wide, 2), ERROR_INVALID_FLAGS));
    CHECK(FAILS_WITH(WideCharToMultiByte(CP_UTF8, 0, text, -1, out, 2, NULL, NULL),
        ERROR_INSUFFICIENT_BUFFER));
    CHECK(FAILS_WITH(WideCharToMultiByte(CP_UTF8, 0, text, -1, out, 4, "?", NULL),
        ERROR_INVALID_PARAMETER));
    CHECK(FAILS_WITH(WideCharToMultiByte(CP_UTF8, 0, text, -1, out, 4, NULL, &used),
        ERROR_INVALID_PARAMETER));
    CHECK(WideCharToMultiByte(CP_ACP, 0, text, -1, out, 4, "?", &used) == 3 && !used);
}

static void what_is_no_character_is_replaced_or_an_error(void)
{
    /* Overlong, a surrogate, above U+10FFFF, a lone byte, cut short. */
    static const char *const bad[] = {"\xC0\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\x80", "\xE2\x82"};
    static const WCHAR lone[] = {0xD800, 'x'};
    WCHAR wide[8];
    char out[8];
    size_t index;
    for (index = 0; index < ARRAYSIZE(bad); index++) {
        int length = lstrlenA(bad[index]);
        CHECK(FAILS_WITH(MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, bad[index], length,
                             wide, 8), ERROR_NO_UNICODE_TRANSLATION));
        CHECK(MultiByteToWideChar(CP_UTF8, 0, bad[index], length, wide, 8) >= 1);
        CHECK(wide[0] == 0xFFFD);
    }
    CHECK(MultiByteToWideChar(CP_UTF8, 0, "\xE2\x82z", 3, wide, 8) == 2 && wide[1] == 'z');
    CHECK(FAILS_WITH(WideCharToMultiByte(CP_UTF8, WC_ERR_INVALID_CHARS, lone, 2, out, 8, NULL, NULL),
        ERROR_NO_UNICODE_TRANSLATION));
    CHECK(WideCharToMultiByte(CP_UTF8, 0, lone, 2, out, 8, NULL, NULL) == 4);
    CHECK(memcmp(out, "\xEF\xBF\xBDx", 4) == 0);
}

static void ascii_letters_compare_without_case(void)
{
    WCHAR copy[4];
    CHECK(_stricmp("Content", "cONTENT") == 0 && _stricmp("a", "B") < 0 && _stricmp("ab", "a") > 0);
    CHECK(_strnicmp("abX", "ABy", 2) == 0 && _strnicmp("abX", "ABy", 3) < 0);
    errno = 0;
    CHECK(_wcsicmp(NULL, W("a")) == _NLSCMPERROR && errno == EINVAL && _strnicmp("a", NULL, 1) == INT_MAX);
    CHECK(lstrcmpiA(NULL, NULL) == 0 && lstrcmpiW(NULL, W("")) < 0 && lstrcmpiA("", NULL) > 0);
    CHECK(_wcsicmp(W("Host"), W("hOST")) == 0 && _wcsicmp(W("["), W("A")) < 0);
    CHECK(_wcsnicmp(W("HTTP/1.1"), W("http"), 4) == 0 && _wcsicmp(W("\xE9"), W("\xC9")) != 0);
    CHECK(lstrcpynW(copy, W("abcdef"), 4) == copy && lstrlenW(copy) == 3 && copy[2] == 'c');
}

static void errors_have_their_name_as_text(void)
{
    DWORD flags = FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS;
    LPWSTR made = NULL;
    char text[64];
    DWORD length = FormatMessageA(flags, NULL, 12002, 0, text, sizeof(text), NULL);
    CHECK(strcmp(text, "ERROR_WINHTTP_TIMEOUT (12002)\r\n") == 0 && length == strlen(text));
    CHECK(FormatMessageA(flags | FORMAT_MESSAGE_MAX_WIDTH_MASK, NULL, 0x80070057, 0, text, 64, NULL));
    CHECK(strcmp(text, "ERROR_INVALID_PARAMETER (87) ") == 0);
    CHECK(FAILS_WITH(FormatMessageA(flags, NULL, 12002, 0, text, 31, NULL),
        ERROR_INSUFFICIENT_BUFFER));
    CHECK(FAILS_WITH(FormatMessageA(flags, NULL, 54321, 0, text, 64, NULL), ERROR_MR_MID_NOT_FOUND));
    CHECK(FAILS_WITH(FormatMessageA(0, NULL, 12002, 0, text, 64, NULL), ERROR_INVALID_PARAMETER));
    flags = FORMAT_MESSAGE_FROM_HMODULE | FORMAT_MESSAGE_ALLOCATE_BUFFER;
    length = FormatMessageW(flags, GetModuleHandleW(W("winhttp.dll")), 12030,
        MAKELANGID(LANG_NEUTRAL, SUBLANG_DEFAULT), (LPWSTR)&made, 0, NULL);
    CHECK(made != NULL && (DWORD)lstrlenW(made) == length);
    CHECK(_wcsicmp(made, W("ERROR_WINHTTP_CONNECTION_ERROR (12030)\r\n")) == 0);
    CHECK(LocalFree(made) == NULL);
}

/* Asks for a port to which no request may be sent, so nothing leaves the machine. */
static void what_is_known_of_an_error_follows_its_name(void)
{
    static const char whole[] = "ERROR_WINHTTP_CANNOT_CONNECT (12029): port 25 is that of another "
                                "protocol, to which no request may be sent\r\n";
    DWORD flags = FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS, length;
    HINTERNET session = WinHttpOpen(W("test"), WINHTTP_ACCESS_TYPE_NO_PROXY, NULL, NULL, 0);
    HINTERNET connect = WinHttpConnect(session, W("127.0.0.1"), 25, 0);
    HINTERNET request = WinHttpOpenRequest(connect, NULL, NULL, NULL, NULL, NULL, 0);
    char text[256];
    WCHAR wide[256], *made = NULL;
    CHECK(!WinHttpSendRequest(request, NULL, 0, NULL, 0, 0, 0) && GetLastError() == 12029);
    length = FormatMessageA(flags, NULL, GetLastError(), 0, text, sizeof(text), NULL);
    CHECK(strcmp(text, whole) == 0 && length == sizeof(whole) - 1);
    CHECK(FormatMessageA(flags, NULL, 12029, 0, text, sizeof(whole), NULL) == length);
    CHECK(FormatMessageW(flags, NULL, 0x80072EFD, 0, wide, 256, NULL) == length);
    CHECK(WideCharToMultiByte(CP_UTF8, 0, wide, -1, text, sizeof(text), NULL, NULL) == sizeof(whole));
    CHECK(strcmp(text, whole) == 0);
    /* It gives way to the name where the buffer is small. */
    length = FormatMessageA(flags, NULL, 12029, 0, text, sizeof(whole) - 1, NULL);
    CHECK(strcmp(text, "ERROR_WINHTTP_CANNOT_CONNECT (12029): port 25 is that of another "
                       "protocol, to which no request may be ...\r\n") == 0);
    CHECK(length == sizeof(whole) - 2);
    length = FormatMessageA(flags, NULL, 12029, 0, text, 44, NULL);
    CHECK(strcmp(text, "ERROR_WINHTTP_CANNOT_CONNECT (12029)\r\n") == 0 && length == strlen(text));
    CHECK(FormatMessageA(flags, NULL, 12029, 0, text, 39, NULL) == 38);
    CHECK(FAILS_WITH(FormatMessageA(flags, NULL, 12029, 0, text, 38, NULL),
        ERROR_INSUFFICIENT_BUFFER));
    length = FormatMessageW(flags | FORMAT_MESSAGE_ALLOCATE_BUFFER, NULL, 12029, 0, (LPWSTR)&made, 0, NULL);
    CHECK(made != NULL && length == sizeof(whole) - 1 && (DWORD)lstrlenW(made) == length);
    LocalFree(made);
    CHECK(FormatMessageA(flags, NULL, 12030, 0, text, sizeof(text), NULL));
    CHECK(strcmp(text, "ERROR_WINHTTP_CONNECTION_ERROR (12030)\r\n") == 0);
    CHECK(WinHttpCloseHandle(request) && WinHttpCloseHandle(connect) && WinHttpCloseHandle(session));
}

static void memory_is_cleared_and_grows(void)
{
    BYTE secret[3] = {1, 2, 3};
    BYTE *bytes = (BYTE *)HeapAlloc(GetProcessHeap(), HEAP_ZERO_MEMORY, 16);
    BYTE *local = (BYTE *)LocalAlloc(LPTR, 4);
    CHECK(SecureZeroMemory(secret, 2) == secret && !secret[0] && !secret[1] && secret[2] == 3);
    CHECK(bytes != NULL && bytes[0] == 0 && bytes[15] == 0 && ((uintptr_t)bytes & 15) == 0);
    FillMemory(bytes, 16, 5);
    bytes = (BYTE *)HeapReAlloc(GetProcessHeap(), HEAP_ZERO_MEMORY, bytes, 4096);
    CHECK(bytes != NULL && bytes[15] == 5 && bytes[16] == 0 && bytes[4095] == 0);
    CHECK(HeapSize(GetProcessHeap(), 0, bytes) == 4096);
    CHECK(HeapAlloc(GetProcessHeap(), 0, SIZE_MAX) == NULL);
    CHECK(HeapFree(GetProcessHeap(), 0, bytes) && HeapFree(GetProcessHeap(), 0, NULL));
    CHECK(local != NULL && local[0] == 0 && local[3] == 0 && LocalFree(local) == NULL);
}

int main(void)
{
    sizes_are_asked_for_and_count_the_nul_of_unmeasured_text();
    measured_text_gets_no_nul();
    small_buffers_and_bad_arguments_are_refused();
    what_is_no_character_is_replaced_or_an_error();
    ascii_letters_compare_without_case();
    errors_have_their_name_as_text();
    what_is_known_of_an_error_follows_its_name();
    memory_is_cleared_and_grows();
    OutputDebugStringA("debug ");
    OutputDebugStringW(W("\u00E9\n"));
    return 0;
}
