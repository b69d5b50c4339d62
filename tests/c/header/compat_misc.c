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

/* The zones of POSIX count west of Greenwich: this one is 5 hours and a half ahead. */
static void local_time_is_that_of_the_zone(void)
{
    FILETIME utc, local;
    SYSTEMTIME time;
    ULARGE_INTEGER before, after;
    CHECK(setenv("TZ", "XYZ-5:30", 1) == 0);
    tzset();
    GetSystemTimePreciseAsFileTime(&utc);
    GetLocalTime(&time);
    CHECK(SystemTimeToFileTime(&time, &local) && time.wDayOfWeek < 7);
    before.LowPart = utc.dwLowDateTime;
    before.HighPart = utc.dwHighDateTime;
    after.LowPart = local.dwLowDateTime;
    after.HighPart = local.dwHighDateTime;
    /* Whole milliseconds, and a minute for a busy machine. */
    CHECK(after.QuadPart + 10000 >= before.QuadPart + 198000000000ull);
    CHECK(after.QuadPart <= before.QuadPart + 198600000000ull);
}

static void variables_of_the_environment_are_found_and_measured(void)
{
    WCHAR wide[6];
    char narrow[8];
    CHECK(setenv("COMPAT_VARIABLE", "gr\303\274\303\237e", 1) == 0);
    CHECK(setenv("COMPAT_EMPTY", "", 1) == 0);
    CHECK(GetEnvironmentVariableW(W("COMPAT_VARIABLE"), NULL, 0) == 6);
    CHECK(GetEnvironmentVariableW(W("COMPAT_VARIABLE"), wide, 5) == 6);
    CHECK(GetEnvironmentVariableW(W("COMPAT_VARIABLE"), wide, 6) == 5);
    CHECK(wide[2] == 0xFC && wide[4] == 'e' && wide[5] == 0);
    CHECK(GetEnvironmentVariableA("COMPAT_VARIABLE", narrow, 7) == 8);
    CHECK(GetEnvironmentVariableA("COMPAT_VARIABLE", narrow, 8) == 7 && narrow[6] == 'e');
    SetLastError(ERROR_INVALID_HANDLE);
    CHECK(GetEnvironmentVariableW(W("COMPAT_EMPTY"), wide, 6) == 0);
    CHECK(GetLastError() == ERROR_SUCCESS && wide[0] == 0);
    CHECK(GetEnvironmentVariableA("COMPAT_EMPTY", NULL, 0) == 1);
    CHECK(FAILS_WITH(GetEnvironmentVariableA("COMPAT_NONE", narrow, 8), ERROR_ENVVAR_NOT_FOUND));
    CHECK(FAILS_WITH(GetEnvironmentVariableW(NULL, wide, 6), ERROR_ENVVAR_NOT_FOUND));
}

static void the_program_knows_its_path(void)
{
    char path[4096], cut[5];
    WCHAR wide[4096], short_one[5];
    DWORD length = GetModuleFileNameA(NULL, path, sizeof(path));
    CHECK(length > 5 && length == strlen(path) && access(path, X_OK) == 0);
    CHECK(GetModuleFileNameW(GetModuleHandleW(NULL), wide, ARRAYSIZE(wide)) == length);
    CHECK(wide[0] == '/' && wide[length - 1] == (WCHAR)path[length - 1] && wide[length] == 0);
    CHECK(GetModuleFileNameA(NULL, cut, sizeof(cut)) == sizeof(cut));
    CHECK(GetLastError() == ERROR_INSUFFICIENT_BUFFER && memcmp(cut, path, 4) == 0 && cut[4] == 0);
    CHECK(GetModuleFileNameW(NULL, short_one, 5) == 5 && short_one[3] == wide[3]);
    CHECK(GetLastError() == ERROR_INSUFFICIENT_BUFFER && short_one[4] == 0);
    CHECK(FAILS_WITH(GetModuleFileNameA(NULL, NULL, 0), ERROR_INSUFFICIENT_BUFFER));
    CHECK(FAILS_WITH(GetModuleFileNameA((HMODULE)path, cut, 5), ERROR_MOD_NOT_FOUND));
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
    CHECK(sizeof(INT8) + sizeof(UINT8) + sizeof(INT16) + sizeof(UINT16) + sizeof(INT32) == 10);
    dates_convert_both_ways();
    local_time_is_that_of_the_zone();
    variables_of_the_environment_are_found_and_measured();
    the_program_knows_its_path();
    winhttp_dll_is_the_linked_library_in_the_width_of_the_program();
    module_handles_are_those_of_loaded_libraries();
    CHECK(GetCurrentProcessId() != 0);
    ExitProcess(7);
}
