// Looks whether a port is open, and what answers there: WinHTTP with handles that close themselves, std::wstring and
// exceptions, beside Winsock.
//
//   probe URL
#include <winsock2.h>
#include <ws2tcpip.h>
#include <windows.h>
#include <winhttp.h>
#include <versionhelpers.h>

#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#pragma comment(lib, "ws2_32.lib")
#pragma comment(lib, "winhttp.lib")

class Error : public std::runtime_error {
public:
    explicit Error(const char *what, DWORD code = GetLastError()) : std::runtime_error(what), m_code(code) {}
    HRESULT Result() const { return HRESULT_FROM_WIN32(m_code); }

private:
    DWORD m_code;
};

struct Closer {
    typedef HINTERNET pointer;
    void operator()(HINTERNET handle) const { WinHttpCloseHandle(handle); }
};
typedef std::unique_ptr<HINTERNET, Closer> Handle;

static std::string Narrow(const std::wstring &text)
{
    int size = WideCharToMultiByte(CP_UTF8, 0, text.c_str(), -1, NULL, 0, NULL, NULL);
    std::vector<char> bytes(static_cast<size_t>(__max(size, 1)));
    WideCharToMultiByte(CP_UTF8, 0, text.c_str(), -1, bytes.data(), size, NULL, NULL);
    return bytes.data();
}

struct Target {
    explicit Target(const wchar_t *url)
    {
        URL_COMPONENTS parts;
        ZeroMemory(&parts, sizeof(parts));
        parts.dwStructSize = sizeof(parts);
        parts.dwHostNameLength = parts.dwUrlPathLength = static_cast<DWORD>(-1);
        if (!WinHttpCrackUrl(url, 0, 0, &parts))
            throw Error("cracking the URL");
        host.assign(parts.lpszHostName, parts.dwHostNameLength);
        path.assign(parts.lpszUrlPath, parts.dwUrlPathLength);
        port = parts.nPort;
    }

    std::wstring host, path;
    INTERNET_PORT port;
};

static bool IsOpen(const Target &target)
{
    WSADATA data;
    if (WSAStartup(MAKEWORD(2, 2), &data) != 0)
        return false;
    addrinfo hints, *found = NULL;
    ZeroMemory(&hints, sizeof(hints));
    hints.ai_socktype = SOCK_STREAM;
    bool open = false;
    if (getaddrinfo(Narrow(target.host).c_str(), std::to_string(target.port).c_str(), &hints, &found) == 0) {
        SOCKET connection = socket(found->ai_family, found->ai_socktype, found->ai_protocol);
        open = connection != INVALID_SOCKET
            && connect(connection, found->ai_addr, static_cast<int>(found->ai_addrlen)) != SOCKET_ERROR;
        if (connection != INVALID_SOCKET)
            closesocket(connection);
        freeaddrinfo(found);
    }
    WSACleanup();
    return open;
}

static std::wstring Header(HINTERNET request, DWORD query)
{
    DWORD size = 0;
    WinHttpQueryHeaders(request, query, WINHTTP_HEADER_NAME_BY_INDEX, NULL, &size, WINHTTP_NO_HEADER_INDEX);
    if (GetLastError() != ERROR_INSUFFICIENT_BUFFER)
        throw Error("querying a header");
    std::wstring text(size / sizeof(wchar_t), L'\0');
    if (!WinHttpQueryHeaders(request, query, WINHTTP_HEADER_NAME_BY_INDEX, &text[0], &size, WINHTTP_NO_HEADER_INDEX))
        throw Error("querying a header");
    text.resize(size / sizeof(wchar_t));
    return text;
}

int wmain(int argc, wchar_t **argv)
{
    if (argc != 2 || !IsWindows7OrGreater())
        return 2;
    try {
        Target target(argv[1]);
        std::cout << Narrow(target.host) << (IsOpen(target) ? " is open" : " is closed") << std::endl;
        Handle session(WinHttpOpen(L"probe", WINHTTP_ACCESS_TYPE_NO_PROXY, NULL, NULL, 0));
        Handle connection(session ? WinHttpConnect(session.get(), target.host.c_str(), target.port, 0) : NULL);
        Handle request(connection
                ? WinHttpOpenRequest(connection.get(), L"HEAD", target.path.c_str(), NULL, NULL, NULL, 0)
                : NULL);
        if (!request || !WinHttpSendRequest(request.get(), NULL, 0, NULL, 0, 0, 0)
            || !WinHttpReceiveResponse(request.get(), NULL))
            throw Error("asking");
        std::wstring line = Header(request.get(), WINHTTP_QUERY_VERSION) + L' '
            + Header(request.get(), WINHTTP_QUERY_STATUS_CODE);
        std::cout << Narrow(line) << ", " << std::stoi(Header(request.get(), WINHTTP_QUERY_CONTENT_LENGTH)) << " bytes"
                  << std::endl;
        return 0;
    } catch (const Error &error) {
        fprintf(stderr, "%s failed: 0x%08X\n", error.what(), static_cast<unsigned>(error.Result()));
        return 1;
    }
}
