/* Loads winhttp.dll at run time, as programs do that must start without it, and splits a list of URLs.
 *
 *   loader URL;URL... */
#define WIN32_LEAN_AND_MEAN
#include <windows.h>
#include <winhttp.h>
#include <winapifamily.h>
#include <stdio.h>
#include <wchar.h>
#include <strsafe.h>

#if !WINAPI_FAMILY_PARTITION(WINAPI_PARTITION_DESKTOP)
#error "for the desktop"
#endif

typedef HINTERNET(WINAPI *PFN_OPEN)(LPCWSTR, DWORD, LPCWSTR, LPCWSTR, DWORD);
typedef BOOL(WINAPI *PFN_CLOSE)(HINTERNET);
typedef BOOL(WINAPI *PFN_CRACK)(LPCWSTR, DWORD, DWORD, LPURL_COMPONENTS);

typedef struct _ENTRY {
    struct _ENTRY *pNext;
    union _LARGE_INTEGER liWhen;
} ENTRY;

typedef struct _API {
    HMODULE hModule;
    PFN_OPEN pfnOpen;
    PFN_CLOSE pfnClose;
    PFN_CRACK pfnCrack;
    ENTRY entry;
} API;

static HRESULT LoadApi(API *pApi)
{
    if (pApi == NULL)
        return E_POINTER;
    pApi->hModule = LoadLibraryExW(L"winhttp.dll", NULL, LOAD_LIBRARY_SEARCH_SYSTEM32);
    if (pApi->hModule == NULL)
        return HRESULT_FROM_WIN32(GetLastError());
    if (GetModuleHandleW(L"winhttp.dll") != pApi->hModule)
        return E_UNEXPECTED;
    pApi->pfnOpen = (PFN_OPEN)GetProcAddress(pApi->hModule, "WinHttpOpen");
    pApi->pfnClose = (PFN_CLOSE)GetProcAddress(pApi->hModule, "WinHttpCloseHandle");
    pApi->pfnCrack = (PFN_CRACK)GetProcAddress(pApi->hModule, "WinHttpCrackUrl");
    return pApi->pfnOpen && pApi->pfnClose && pApi->pfnCrack ? S_OK : E_NOTIMPL;
}

static HRESULT PrintHost(ENTRY *pEntry, PCWSTR pszUrl)
{
    API *pApi = CONTAINING_RECORD(pEntry, API, entry);
    WCHAR szHost[64], szLine[20];
    URL_COMPONENTS parts;
    HRESULT hr;
    ZeroMemory(&parts, sizeof(parts));
    parts.dwStructSize = sizeof(parts);
    parts.lpszHostName = szHost;
    parts.dwHostNameLength = ARRAYSIZE(szHost);
    if (!pApi->pfnCrack(pszUrl, (DWORD)wcslen(pszUrl), 0, &parts))
        return HRESULT_FROM_WIN32(GetLastError());
    hr = StringCchPrintfW(szLine, ARRAYSIZE(szLine), L"%ls on %hu", szHost, parts.nPort);
    wprintf(L"%ls%ls\n", szLine, hr == STRSAFE_E_INSUFFICIENT_BUFFER ? L"..." : L"");
    return S_OK;
}

int main(int argc, char **argv)
{
    API api = {0};
    WCHAR szList[512], *pszContext = NULL, *pszUrl, *pszCopy;
    size_t cch = 0;
    HINTERNET hSession;
    HRESULT hr = LoadApi(&api);
    if (argc != 2 || FAILED(hr)) {
        fprintf(stderr, "loading: 0x%08X\n", (unsigned)hr);
        return 1;
    }
    if (mbstowcs_s(&cch, szList, ARRAYSIZE(szList), argv[1], _TRUNCATE) != 0)
        return 1;
    hSession = api.pfnOpen(L"loader", WINHTTP_ACCESS_TYPE_NO_PROXY, NULL, NULL, 0);
    if (hSession == NULL)
        return 1;
    QueryPerformanceCounter(&api.entry.liWhen);
    pszCopy = _wcsdup(szList);
    for (pszUrl = wcstok_s(pszCopy, L";", &pszContext); pszUrl != NULL; pszUrl = wcstok_s(NULL, L";", &pszContext)) {
        hr = PrintHost(&api.entry, pszUrl);
        if (FAILED(hr))
            printf("0x%08X (%d characters)\n", (unsigned)hr, _scwprintf(L"%s", pszUrl));
    }
    free(pszCopy);
    api.pfnClose(hSession);
    FreeLibrary(api.hModule);
    printf("%u characters, slept %u\n", (unsigned)cch - 1, (unsigned)SleepEx(1, TRUE));
    return 0;
}
