/* Exercises the dates, modules and process of compat/windows.h. Exit code 7: all hold. */
#include "compat_check.h"

typedef BOOL(WINAPI *CRACK_URL)(LPCWSTR url, DWORD length, DWORD flags, URL_COMPONENTS *parts);

static void dates_convert_both_ways(void)
{
    /* A Thursday in a leap year: 13353552123 seconds and 456 milliseconds after 1601. */
    static const SYSTEMTIME day = {2024, 2, 4, 29, 6, 2, 3, 456};
    SYSTEMTIME back, wrong = day;
    FILETIME time, zero = {0, 0}, end = {0xFFFFFFFFu, 0x7FFFFFFF}, after = {0, 0x80000000u};
    ULARGE_INTEGER ticks;
    CHECK(SystemTimeToFileTime(&day, &time));
    ticks.LowPart = time.dwLowDateTime;
    ticks.HighPart = time.dwHighDateTime;
    CHECK(ticks.QuadPart == (1709186523ull + 11644473600ull) * 10000000 + 4560000);
    CHECK(FileTimeToSystemTime(&time, &back) && memcmp(&day, &back, sizeof(day)) == 0);
    CHECK(FileTimeToSystemTime(&zero, &back) && back.wYear == 1601 && back.wDayOfWeek == 1);
    CHECK(FileTimeToSystemTime(&end, &back) && back.wYear == 30828 && back.wMonth == 9);
    CHECK(FAILS_WITH(FileTimeToSystemTime(&after, &back), ERROR_INVALID_PARAMETER));
    wrong.wYear = 2023;
    CHECK(FAILS_WITH(SystemTimeToFileTime(&wrong, &time), ERROR_INVALID_PARAMETER));
    GetSystemTime(&back);
    CHECK(back.wYear >= 2024 && SystemTimeToFileTime(&back, &time));
}

static void winhttp_dll_is_the_linked_library_in_the_width_of_the_program(void)
{
    HMODULE module = LoadLibraryW(W("C:\\Windows\\System32\\WinHTTP.dll"));
    CRACK_URL crack;
    URL_COMPONENTS parts;
    CHECK(module != NULL);
    crack = (CRACK_URL)GetProcAddress(module, "WinHttpCrackUrl");
    CHECK(crack != NULL);
    ZeroMemory(&parts, sizeof(parts));
    parts.dwStructSize = sizeof(parts);
    parts.dwHostNameLength = 1;
    CHECK(crack(W("http://example.org:81/"), 0, 0, &parts));
    CHECK(parts.nPort == 81 && parts.dwHostNameLength == 11);
    CHECK(GetProcAddress(NULL, "WinHttpCrackUrl") == (FARPROC)crack);
    CHECK(GetProcAddress(module, "GetLastError") == (FARPROC)GetLastError);
    CHECK(FAILS_WITH(GetProcAddress(module, "WinHttpNothing") != NULL, ERROR_PROC_NOT_FOUND));
    CHECK(FAILS_WITH(GetProcAddress(module, (LPCSTR)(uintptr_t)1) != NULL, ERROR_PROC_NOT_FOUND));
    CHECK(FreeLibrary(module) && !FreeLibrary(NULL));
    CHECK(FAILS_WITH(LoadLibraryA("no_such_library.dll") != NULL, ERROR_MOD_NOT_FOUND));
}

static void module_handles_are_those_of_loaded_libraries(void)
{
    HMODULE program = GetModuleHandleW(NULL), module = LoadLibraryW(W("winhttp.dll"));
    CHECK(program != NULL && program == GetModuleHandleA(NULL));
    CHECK(module != NULL && GetModuleHandleW(W("WINHTTP.DLL")) == module);
    CHECK(GetModuleHandleA("C:\\Windows\\winhttp") == module);
    CHECK(GetProcAddress(GetModuleHandleW(W("winhttp.dll")), "WinHttpOpen") != NULL);
    CHECK(FreeLibrary(module) && GetModuleHandleW(W("winhttp.dll")) == module);
    CHECK(FAILS_WITH(GetModuleHandleW(W("kernel32.dll")) != NULL, ERROR_MOD_NOT_FOUND));
}

int main(void)
{
    unsigned __int64 large = 0;
    CHECK(sizeof(large) == 8 && large - 1 > large);
    dates_convert_both_ways();
    winhttp_dll_is_the_linked_library_in_the_width_of_the_program();
    module_handles_are_those_of_loaded_libraries();
    CHECK(GetCurrentProcessId() != 0);
    ExitProcess(7);
}
