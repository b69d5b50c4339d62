/* Uses a bit of every chapter of winhttp.h; included after it by the header tests. */

#ifndef WINHTTP_WEB_SOCKET_UTF8_MESSAGE_BUFFER_TYPE
#error "enumerators are macros too"
#endif

#if WINHTTP_ERROR_BASE != 12000 || WINHTTP_CALLBACK_FLAG_ALL_NOTIFICATIONS != 0xFFFFFFFF
#error "numbers work in #if"
#endif

static VOID CALLBACK on_status(_In_ HINTERNET handle, _In_ DWORD_PTR context, _In_ DWORD status,
    _In_reads_bytes_opt_(length) LPVOID data, _In_ DWORD length)
{
    (void)handle;
    (void)context;
    (void)length;
    switch (status) {
    case WINHTTP_CALLBACK_STATUS_REQUEST_ERROR:
        SetLastError(((WINHTTP_WEB_SOCKET_ASYNC_RESULT *)data)->AsyncResult.dwError);
        break;
    case WINHTTP_CALLBACK_STATUS_READ_COMPLETE:
        SetLastError(((WINHTTP_WEB_SOCKET_STATUS *)data)->dwBytesTransferred);
        break;
    default:
        break;
    }
}

static DWORD receive(_In_ HINTERNET socket, _Out_writes_bytes_to_(size, *read) PVOID buffer,
    DWORD size, _Out_ DWORD *read)
{
    WINHTTP_WEB_SOCKET_BUFFER_TYPE type = WINHTTP_WEB_SOCKET_CLOSE_BUFFER_TYPE;
    DWORD error = WinHttpWebSocketReceive(socket, buffer, size, read, &type);
    if (error == ERROR_WINHTTP_TIMEOUT || type == WINHTTP_WEB_SOCKET_UTF8_FRAGMENT_BUFFER_TYPE)
        return ERROR_INVALID_OPERATION;
    switch (type) {
    case WINHTTP_WEB_SOCKET_BINARY_MESSAGE_BUFFER_TYPE:
    case WINHTTP_WEB_SOCKET_UTF8_MESSAGE_BUFFER_TYPE:
        return NO_ERROR;
    default:
        return error;
    }
}

int main(void)
{
    static const WCHAR agent[] = {'t', 'e', 's', 't', 0};
    static WCHAR date[WINHTTP_TIME_FORMAT_BUFSIZE / sizeof(WCHAR)];
    static char small_date[sizeof(date) == 31 * sizeof(WCHAR) ? 1 : -1];
    HINTERNET session = WinHttpOpen(agent, WINHTTP_ACCESS_TYPE_NO_PROXY, WINHTTP_NO_PROXY_NAME,
        WINHTTP_NO_PROXY_BYPASS, WINHTTP_FLAG_ASYNC);
    WINHTTP_EXTENDED_HEADER header;
    WINHTTP_CONNECTION_INFO info;
    DWORD read = 0, flags = WINHTTP_QUERY_FLAG_REQUEST_HEADERS | WINHTTP_QUERY_FLAG_NUMBER;
    int status = 200;

    info.cbSize = sizeof(info);
    info.RemoteAddress.ss_family = WINHTTP_AF_INET6;
    header.pwszName = agent;
    header.pszValue = "value";
    if (WinHttpSetStatusCallback(session, on_status, WINHTTP_CALLBACK_FLAG_ALL_NOTIFICATIONS, 0)
        == WINHTTP_INVALID_STATUS_CALLBACK)
        return (int)GetLastError();
    if (status == HTTP_STATUS_OK && (flags & WINHTTP_QUERY_FLAG_REQUEST_HEADERS) != 0)
        WinHttpAddRequestHeadersEx(session, WINHTTP_ADDREQ_FLAG_REPLACE,
            WINHTTP_EXTENDED_HEADER_FLAG_UNICODE, 0, 1, &header);
    WinHttpSendRequest(session, WINHTTP_NO_ADDITIONAL_HEADERS, (DWORD)-1, WINHTTP_NO_REQUEST_DATA,
        0, WINHTTP_IGNORE_REQUEST_TOTAL_LENGTH, (DWORD_PTR)&info);
    (void)small_date;
    return receive(session, date, sizeof(date), &read) == NO_ERROR && !WinHttpCloseHandle(session);
}
