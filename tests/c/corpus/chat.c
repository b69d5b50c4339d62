/* Sends text over a WebSocket and prints what comes back: a synchronous client in TCHARs.
 *
 *   chat HOST PORT PATH TEXT... */
#include <Windows.h>
#include <WinHttp.h>
#include <StdIo.h>
#include <StdLib.h>
#include <tchar.h>
#include <winerror.h>
#include <sal.h>

#define BUFFER_SIZE 1024

typedef struct _CHAT {
    HINTERNET hSession;
    HINTERNET hConnect;
    HINTERNET hWebSocket;
} CHAT, *PCHAT;

_Success_(return == NO_ERROR) static DWORD ChatOpen(_Out_ PCHAT pChat, _In_z_ LPCTSTR pszHost, _In_ INTERNET_PORT nPort, _In_z_ LPCTSTR pszPath)
{
    HINTERNET hRequest;
    DWORD dwError = NO_ERROR;
    ZeroMemory(pChat, sizeof(*pChat));
    pChat->hSession = WinHttpOpen(_T("chat/1.0"), WINHTTP_ACCESS_TYPE_NO_PROXY, NULL, NULL, 0);
    if (pChat->hSession == NULL)
        return GetLastError();
    pChat->hConnect = WinHttpConnect(pChat->hSession, pszHost, nPort, 0);
    if (pChat->hConnect == NULL)
        return GetLastError();
    hRequest = WinHttpOpenRequest(pChat->hConnect, _T("GET"), pszPath, NULL, NULL, NULL, 0);
    if (hRequest == NULL)
        return GetLastError();
    if (!WinHttpSetOption(hRequest, WINHTTP_OPTION_UPGRADE_TO_WEB_SOCKET, NULL, 0)
        || !WinHttpSendRequest(hRequest, NULL, 0, NULL, 0, 0, 0) || !WinHttpReceiveResponse(hRequest, NULL)
        || (pChat->hWebSocket = WinHttpWebSocketCompleteUpgrade(hRequest, 0)) == NULL)
        dwError = GetLastError();
    WinHttpCloseHandle(hRequest);
    return dwError;
}

static DWORD ChatSay(PCHAT pChat, LPCTSTR pszText, LPTSTR pszAnswer, int cchAnswer)
{
    char szBuffer[BUFFER_SIZE];
    DWORD cbRead = 0, dwError;
    WINHTTP_WEB_SOCKET_BUFFER_TYPE eType;
    int cb = WideCharToMultiByte(CP_UTF8, 0, pszText, (int)_tcslen(pszText), szBuffer, sizeof(szBuffer), NULL, NULL);
    dwError = WinHttpWebSocketSend(pChat->hWebSocket, WINHTTP_WEB_SOCKET_UTF8_MESSAGE_BUFFER_TYPE, szBuffer, (DWORD)cb);
    if (dwError != ERROR_SUCCESS)
        return dwError;
    dwError = WinHttpWebSocketReceive(pChat->hWebSocket, szBuffer, sizeof(szBuffer), &cbRead, &eType);
    if (dwError != ERROR_SUCCESS)
        return dwError;
    cb = MultiByteToWideChar(CP_UTF8, 0, szBuffer, (int)cbRead, pszAnswer, cchAnswer - 1);
    pszAnswer[__max(cb, 0)] = _T('\0');
    return NO_ERROR;
}

static void ChatClose(PCHAT pChat)
{
    if (pChat->hWebSocket != NULL) {
        WinHttpWebSocketClose(pChat->hWebSocket, WINHTTP_WEB_SOCKET_SUCCESS_CLOSE_STATUS, NULL, 0);
        WinHttpCloseHandle(pChat->hWebSocket);
    }
    if (pChat->hConnect != NULL)
        WinHttpCloseHandle(pChat->hConnect);
    if (pChat->hSession != NULL)
        WinHttpCloseHandle(pChat->hSession);
}

int _tmain(int argc, _TCHAR *argv[])
{
    CHAT chat;
    TCHAR szAnswer[BUFFER_SIZE], szTag[16];
    DWORD dwError;
    HRESULT hr;
    int i;

    if (argc < 5)
        return E_INVALIDARG;
    dwError = ChatOpen(&chat, argv[1], (INTERNET_PORT)_ttoi(argv[2]), argv[3]);
    for (i = 4; i < argc && dwError == NO_ERROR; i++) {
        dwError = ChatSay(&chat, argv[i], szAnswer, ARRAYSIZE(szAnswer));
        if (dwError == NO_ERROR) {
            _tcscpy_s(szTag, _countof(szTag), _T("same"));
            if (_tcsicmp(argv[i], szAnswer) != 0)
                _tcscpy_s(szTag, _countof(szTag), _T("other"));
            _tprintf(_T("%d: %s (%s, %c)\n"), i - 3, szAnswer, szTag, szAnswer[0]);
        }
    }
    ChatClose(&chat);
    hr = HRESULT_FROM_WIN32(dwError);
    printf("done: 0x%08X\n", (unsigned)hr);
    return SUCCEEDED(hr) ? 0 : 1;
}
