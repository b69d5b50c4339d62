/* Fetches a resource and prints its status, a header and its size: a synchronous client that begins in wmain.
 *
 *   fetch HOST PORT PATH */
#include <windows.h>
#include <winhttp.h>
#include <stdio.h>
#include <stdlib.h>

#pragma comment(lib, "winhttp.lib")

#define MAX_HEADER 64
#define AGENT L"fetch/1.0"

static void PrintLastError(const wchar_t *pszWhat)
{
    DWORD dwError = GetLastError();
    LPWSTR pszMessage = NULL;
    FormatMessageW(FORMAT_MESSAGE_ALLOCATE_BUFFER | FORMAT_MESSAGE_FROM_HMODULE | FORMAT_MESSAGE_IGNORE_INSERTS,
        GetModuleHandleW(L"winhttp.dll"), dwError, MAKELANGID(LANG_NEUTRAL, SUBLANG_DEFAULT),
        (LPWSTR)&pszMessage, 0, NULL);
    wprintf(L"%s failed with %lu: %s", pszWhat, dwError, pszMessage != NULL ? pszMessage : L"?\n");
    LocalFree(pszMessage);
}

static BOOL __cdecl ReadAll(HINTERNET hRequest, ULONGLONG *pcbTotal)
{
    BYTE rgbBuffer[4096];
    DWORD cbRead = 0;
    *pcbTotal = 0;
    do {
        RtlZeroMemory(rgbBuffer, sizeof(rgbBuffer));
        if (!WinHttpReadData(hRequest, rgbBuffer, sizeof(rgbBuffer), &cbRead))
            return FALSE;
        *pcbTotal += cbRead;
    } while (cbRead > 0);
    return TRUE;
}

int __cdecl wmain(int argc, wchar_t *argv[])
{
    HINTERNET hSession = NULL, hConnect = NULL, hRequest = NULL;
    wchar_t szHost[MAX_HEADER], szHeader[MAX_HEADER], szLine[2 * MAX_HEADER];
    DWORD dwStatus = 0, cbStatus = sizeof(dwStatus), cbHeader = sizeof(szHeader);
    ULONGLONG cbTotal = 0;
    int nResult = EXIT_FAILURE;

    if (argc != 4 || wcscpy_s(szHost, _countof(szHost), argv[1]) != 0) {
        fwprintf(stderr, L"usage: %s HOST PORT PATH\n", argv[0]);
        return EXIT_FAILURE;
    }
    hSession = WinHttpOpen(AGENT, WINHTTP_ACCESS_TYPE_NO_PROXY, WINHTTP_NO_PROXY_NAME, WINHTTP_NO_PROXY_BYPASS, 0);
    if (hSession)
        hConnect = WinHttpConnect(hSession, szHost, (INTERNET_PORT)_wtoi(argv[2]), 0);
    if (hConnect)
        hRequest = WinHttpOpenRequest(hConnect, L"GET", argv[3], NULL, WINHTTP_NO_REFERER,
            WINHTTP_DEFAULT_ACCEPT_TYPES, 0);
    if (!hRequest || !WinHttpSendRequest(hRequest, WINHTTP_NO_ADDITIONAL_HEADERS, 0, WINHTTP_NO_REQUEST_DATA, 0, 0, 0)) {
        PrintLastError(L"sending");
        goto Cleanup;
    }
    if (!WinHttpReceiveResponse(hRequest, NULL)) {
        PrintLastError(L"receiving");
        goto Cleanup;
    }
    if (!WinHttpQueryHeaders(hRequest, WINHTTP_QUERY_STATUS_CODE | WINHTTP_QUERY_FLAG_NUMBER,
            WINHTTP_HEADER_NAME_BY_INDEX, &dwStatus, &cbStatus, WINHTTP_NO_HEADER_INDEX)
        || !WinHttpQueryHeaders(hRequest, WINHTTP_QUERY_CUSTOM, L"X-Answer", szHeader, &cbHeader,
            WINHTTP_NO_HEADER_INDEX)) {
        PrintLastError(L"querying");
        goto Cleanup;
    }
    if (!ReadAll(hRequest, &cbTotal)) {
        PrintLastError(L"reading");
        goto Cleanup;
    }
    swprintf_s(szLine, _countof(szLine), L"%-8s|%4lu|%s|%I64u", szHost + 4, dwStatus, szHeader, cbTotal);
    wprintf(L"%s, %u of %u characters\n", szLine, (unsigned)(cbHeader / sizeof(wchar_t)), (unsigned)wcslen(szHeader));
    printf("%S has %d characters\n", szHeader, _snwprintf_s(szLine, 5, _TRUNCATE, L"%s!", szHeader));
    nResult = EXIT_SUCCESS;

Cleanup:
    if (hRequest)
        WinHttpCloseHandle(hRequest);
    if (hConnect)
        WinHttpCloseHandle(hConnect);
    if (hSession)
        WinHttpCloseHandle(hSession);
    return nResult;
}
