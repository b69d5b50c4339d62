/* win32_time.h - clocks, sleeping, and dates.
 *
 * Licence: MIT OR Apache-2.0.
 */
#ifndef WINHTTP_SHIM_COMPAT_WIN32_TIME_H
#define WINHTTP_SHIM_COMPAT_WIN32_TIME_H

#include "win32_base.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Sleeping and counting. */

/* Waits at least that long; INFINITE never returns. */
static inline void Sleep(DWORD milliseconds)
{
    struct timespec rest;
    do {
        rest.tv_sec = (time_t)(milliseconds / 1000);
        rest.tv_nsec = (int32_t)(milliseconds % 1000) * 1000000;
        while (nanosleep(&rest, &rest) != 0 && errno == EINTR) {
        }
    } while (milliseconds == INFINITE);
}

/* As Sleep: nothing here queues calls to a thread, so that none can end an alertable wait. */
static inline DWORD SleepEx(DWORD milliseconds, BOOL alertable)
{
    (void)alertable;
    Sleep(milliseconds);
    return 0;
}

/* Milliseconds of a clock that never goes back. */
static inline ULONGLONG GetTickCount64(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (ULONGLONG)now.tv_sec * 1000 + (ULONGLONG)now.tv_nsec / 1000000;
}

static inline DWORD GetTickCount(void)
{
    return (DWORD)GetTickCount64();
}

/* The performance counter ticks every 100 nanoseconds, as on current Windows; the entries of
 * WINHTTP_REQUEST_TIMES count in it. */
static inline BOOL QueryPerformanceFrequency(LARGE_INTEGER *frequency)
{
    frequency->QuadPart = 10000000;
    return TRUE;
}

static inline BOOL QueryPerformanceCounter(LARGE_INTEGER *count)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    count->QuadPart = (LONGLONG)now.tv_sec * 10000000 + (LONGLONG)now.tv_nsec / 100;
    return TRUE;
}

/* Dates. FILETIME counts 100 nanoseconds since 1601 in UTC; leap seconds do not exist. */

#define WINHTTP_COMPAT_TICKS_PER_DAY 864000000000ull
#define WINHTTP_COMPAT_TICKS_TO_1970 116444736000000000ull

/* Days from 1601-01-01 to the first day of a month; month 13 is the next January. */
static inline int64_t winhttp_compat_days_before(int64_t year, int64_t month)
{
    static const int16_t in_year[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365};
    int64_t past = year - 1601;
    int leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return past * 365 + past / 4 - past / 100 + past / 400 + in_year[month - 1]
        + (leap && month > 2 ? 1 : 0);
}

static inline void GetSystemTimeAsFileTime(FILETIME *result)
{
    struct timespec now;
    ULONGLONG ticks;
    clock_gettime(CLOCK_REALTIME, &now);
    ticks = (ULONGLONG)now.tv_sec * 10000000 + (ULONGLONG)now.tv_nsec / 100
        + WINHTTP_COMPAT_TICKS_TO_1970;
    result->dwLowDateTime = (DWORD)ticks;
    result->dwHighDateTime = (DWORD)(ticks >> 32);
}

static inline void GetSystemTimePreciseAsFileTime(FILETIME *result)
{
    GetSystemTimeAsFileTime(result);
}

/* Refuses dates outside the calendar or outside 1601 to 30827; the day of the week is not read. */
static inline BOOL SystemTimeToFileTime(const SYSTEMTIME *time, FILETIME *result)
{
    ULONGLONG ticks;
    int64_t days;
    if (time->wYear < 1601 || time->wYear > 30827 || time->wMonth < 1 || time->wMonth > 12
        || time->wDay < 1 || time->wHour > 23 || time->wMinute > 59 || time->wSecond > 59
        || time->wMilliseconds > 999
        || winhttp_compat_days_before(time->wYear, time->wMonth) + time->wDay
            > winhttp_compat_days_before(time->wYear, time->wMonth + 1)) {
        SetLastError(ERROR_INVALID_PARAMETER);
        return FALSE;
    }
    days = winhttp_compat_days_before(time->wYear, time->wMonth) + time->wDay - 1;
    ticks = (((ULONGLONG)time->wHour * 60 + time->wMinute) * 60 + time->wSecond) * 10000000
        + (ULONGLONG)time->wMilliseconds * 10000 + (ULONGLONG)days * WINHTTP_COMPAT_TICKS_PER_DAY;
    result->dwLowDateTime = (DWORD)ticks;
    result->dwHighDateTime = (DWORD)(ticks >> 32);
    return TRUE;
}

/* Refuses times with the highest bit set, as Windows does. */
static inline BOOL FileTimeToSystemTime(const FILETIME *time, SYSTEMTIME *result)
{
    ULONGLONG ticks = ((ULONGLONG)time->dwHighDateTime << 32) | time->dwLowDateTime;
    int64_t days = (int64_t)(ticks / WINHTTP_COMPAT_TICKS_PER_DAY);
    int64_t year = 1601 + days / 366; /* never too late, and early by 60 years at most */
    int64_t month = 1;
    ULONGLONG milliseconds = ticks % WINHTTP_COMPAT_TICKS_PER_DAY / 10000;
    if (ticks >> 63 != 0) {
        SetLastError(ERROR_INVALID_PARAMETER);
        return FALSE;
    }
    while (winhttp_compat_days_before(year, 13) <= days)
        year++;
    while (winhttp_compat_days_before(year, month + 1) <= days)
        month++;
    result->wYear = (WORD)year;
    result->wMonth = (WORD)month;
    result->wDay = (WORD)(days - winhttp_compat_days_before(year, month) + 1);
    result->wDayOfWeek = (WORD)((days + 1) % 7); /* 1601-01-01 was a Monday */
    result->wHour = (WORD)(milliseconds / 3600000);
    result->wMinute = (WORD)(milliseconds / 60000 % 60);
    result->wSecond = (WORD)(milliseconds / 1000 % 60);
    result->wMilliseconds = (WORD)(milliseconds % 1000);
    return TRUE;
}

static inline void GetSystemTime(SYSTEMTIME *result)
{
    FILETIME now;
    GetSystemTimeAsFileTime(&now);
    FileTimeToSystemTime(&now, result);
}

/* In the time zone of the process: TZ, or the system's. */
static inline void GetLocalTime(SYSTEMTIME *result)
{
    struct timespec now;
    struct tm local;
    clock_gettime(CLOCK_REALTIME, &now);
    localtime_r(&now.tv_sec, &local);
    result->wYear = (WORD)(local.tm_year + 1900);
    result->wMonth = (WORD)(local.tm_mon + 1);
    result->wDay = (WORD)local.tm_mday;
    result->wDayOfWeek = (WORD)local.tm_wday;
    result->wHour = (WORD)local.tm_hour;
    result->wMinute = (WORD)local.tm_min;
    result->wSecond = (WORD)(local.tm_sec > 59 ? 59 : local.tm_sec); /* a leap second */
    result->wMilliseconds = (WORD)(now.tv_nsec / 1000000);
}

#ifdef __cplusplus
}
#endif

#endif
