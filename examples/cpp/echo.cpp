// Echo client in C++: handles close themselves, errors are exceptions, text is std::wstring.
//
//   echo ws://host:port/path [message]
//
// Exit code 0: the server sent back exactly what it was sent, and the closing handshake worked.
// Builds on Windows with winhttp.lib, and on Linux and macOS with winhttp-shim. C++11.
#ifdef _WIN32
#include <windows.h>
#endif
#include <winhttp.h>
#ifndef _WIN32
#include <winhttp_shim.h>
#endif

#include <iostream>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

// Windows knows the number of an error; winhttp-shim also says what is behind it.
std::string detail(DWORD code) {
#ifdef WINHTTP_SHIM_ERROR_DETAIL
    std::string text(WINHTTP_SHIM_ERROR_DETAIL_MAX, '\0');
    DWORD size = WINHTTP_SHIM_ERROR_DETAIL_MAX;
    if (WinHttpShimGetErrorDetailUtf8(code, &text[0], &size) == ERROR_SUCCESS)
        return ": " + text.substr(0, size);
#endif
    (void)code;
    return "";
}

// A failed call: which one, its Win32 error number, and what is known of it.
class WinHttpError : public std::runtime_error {
public:
    WinHttpError(const std::string &call, DWORD code)
        : std::runtime_error(call + " failed: error " + std::to_string(code) + detail(code)),
          code_(code) {}
    DWORD code() const { return code_; }

private:
    DWORD code_;
};

// Owns one HINTERNET. Movable, not copyable; never empty unless moved from.
class Handle {
public:
    Handle(HINTERNET handle, const char *call) : handle_(handle) {
        if (!handle_)
            throw WinHttpError(call, GetLastError());
    }
    Handle(Handle &&other) noexcept : handle_(other.handle_) { other.handle_ = nullptr; }
    Handle(const Handle &) = delete;
    Handle &operator=(const Handle &) = delete;
    Handle &operator=(Handle &&) = delete;
    ~Handle() {
        if (handle_)
            WinHttpCloseHandle(handle_);
    }
    HINTERNET get() const { return handle_; }

private:
    HINTERNET handle_;
};

// For functions that return BOOL and leave the reason in the last error.
void check(BOOL result, const char *call) {
    if (!result)
        throw WinHttpError(call, GetLastError());
}

// For the WebSocket functions, which return the reason.
void check_code(DWORD code, const char *call) {
    if (code != NO_ERROR)
        throw WinHttpError(call, code);
}

struct Url {
    std::wstring host;
    std::wstring path;
    INTERNET_PORT port;
    bool secure;
};

// WinHTTP knows http and https, not ws and wss: "http" + what follows "ws" is the URL it takes.
Url parse_url(const std::string &text) {
    if (text.compare(0, 5, "ws://") != 0 && text.compare(0, 6, "wss://") != 0)
        throw std::runtime_error(text + ": a URL starts with ws:// or wss://");
    std::wstring url = L"http";
    for (std::string::size_type i = 2; i < text.size(); ++i) {
        const unsigned char unit = static_cast<unsigned char>(text[i]);
        if (unit > 0x7E)
            throw std::runtime_error(text + ": a URL is plain ASCII");
        url.push_back(static_cast<wchar_t>(unit));
    }

    URL_COMPONENTS parts = URL_COMPONENTS();
    parts.dwStructSize = sizeof(parts);
    parts.dwHostNameLength = static_cast<DWORD>(-1); // ask for pointers into the URL
    parts.dwUrlPathLength = static_cast<DWORD>(-1);  // includes the query
    check(WinHttpCrackUrl(url.c_str(), 0, 0, &parts), "WinHttpCrackUrl");

    Url result;
    result.host.assign(parts.lpszHostName, parts.dwHostNameLength);
    result.path.assign(parts.lpszUrlPath, parts.dwUrlPathLength);
    result.port = parts.nPort;
    result.secure = parts.nScheme == INTERNET_SCHEME_HTTPS;
    return result;
}

// Sends the request and checks that the server agreed to the upgrade.
void handshake(const Handle &request) {
    check(WinHttpSetOption(request.get(), WINHTTP_OPTION_UPGRADE_TO_WEB_SOCKET, nullptr, 0),
          "WinHttpSetOption");
    check(WinHttpSendRequest(request.get(), WINHTTP_NO_ADDITIONAL_HEADERS, 0,
                             WINHTTP_NO_REQUEST_DATA, 0, 0, 0),
          "WinHttpSendRequest");
    check(WinHttpReceiveResponse(request.get(), nullptr), "WinHttpReceiveResponse");

    DWORD status = 0;
    DWORD size = sizeof(status);
    check(WinHttpQueryHeaders(request.get(), WINHTTP_QUERY_STATUS_CODE | WINHTTP_QUERY_FLAG_NUMBER,
                              WINHTTP_HEADER_NAME_BY_INDEX, &status, &size,
                              WINHTTP_NO_HEADER_INDEX),
          "WinHttpQueryHeaders");
    if (status != HTTP_STATUS_SWITCH_PROTOCOLS) {
        std::string refused = "the server answered " + std::to_string(status) + " instead of 101";
        // Asked for the WebSocket all the same, the library fails, and knows the answer.
        if (!WinHttpWebSocketCompleteUpgrade(request.get(), 0))
            refused += detail(GetLastError());
        throw std::runtime_error(refused);
    }
}

// An open WebSocket. It needs neither its request nor its connection nor its session any more.
class WebSocket {
public:
    explicit WebSocket(const Handle &request)
        : handle_(WinHttpWebSocketCompleteUpgrade(request.get(), 0),
                  "WinHttpWebSocketCompleteUpgrade") {}

    void send_text(const std::string &text) {
        void *data = text.empty() ? nullptr : const_cast<char *>(text.data());
        check_code(WinHttpWebSocketSend(handle_.get(), WINHTTP_WEB_SOCKET_UTF8_MESSAGE_BUFFER_TYPE,
                                        data, static_cast<DWORD>(text.size())),
                   "WinHttpWebSocketSend");
    }

    // One whole message: WinHTTP may hand it over in any number of pieces.
    std::string receive() {
        std::string message;
        std::vector<char> piece(4096);
        for (;;) {
            WINHTTP_WEB_SOCKET_BUFFER_TYPE type;
            DWORD length = 0;
            check_code(WinHttpWebSocketReceive(handle_.get(), piece.data(),
                                               static_cast<DWORD>(piece.size()), &length, &type),
                       "WinHttpWebSocketReceive");
            if (type == WINHTTP_WEB_SOCKET_CLOSE_BUFFER_TYPE)
                throw std::runtime_error("the server closed before it answered");
            message.append(piece.data(), length);
            if (message.size() > limit_bytes)
                throw std::runtime_error("the message is too long");
            if (type == WINHTTP_WEB_SOCKET_UTF8_MESSAGE_BUFFER_TYPE ||
                type == WINHTTP_WEB_SOCKET_BINARY_MESSAGE_BUFFER_TYPE)
                return message;
        }
    }

    // Closing handshake; the result is the server's status and reason.
    std::pair<USHORT, std::string> close() {
        check_code(WinHttpWebSocketClose(handle_.get(), WINHTTP_WEB_SOCKET_SUCCESS_CLOSE_STATUS,
                                         nullptr, 0),
                   "WinHttpWebSocketClose");
        char reason[WINHTTP_WEB_SOCKET_MAX_CLOSE_REASON_LENGTH];
        USHORT status = 0;
        DWORD length = 0;
        check_code(WinHttpWebSocketQueryCloseStatus(handle_.get(), &status, reason, sizeof(reason),
                                                    &length),
                   "WinHttpWebSocketQueryCloseStatus");
        return std::make_pair(status, std::string(reason, length));
    }

private:
    static const std::string::size_type limit_bytes = 1 << 20; // no echo of a command line is longer
    Handle handle_;
};

WebSocket connect(const Url &url) {
    const Handle session(WinHttpOpen(L"echo-cpp/1.0", WINHTTP_ACCESS_TYPE_AUTOMATIC_PROXY,
                                     WINHTTP_NO_PROXY_NAME, WINHTTP_NO_PROXY_BYPASS, 0),
                         "WinHttpOpen");
    const Handle connection(WinHttpConnect(session.get(), url.host.c_str(), url.port, 0),
                            "WinHttpConnect");
    const Handle request(WinHttpOpenRequest(connection.get(), L"GET", url.path.c_str(), nullptr,
                                            WINHTTP_NO_REFERER, WINHTTP_DEFAULT_ACCEPT_TYPES,
                                            url.secure ? WINHTTP_FLAG_SECURE : 0),
                         "WinHttpOpenRequest");
    handshake(request);
    return WebSocket(request);
}

void run(const std::string &url, const std::string &message) {
    WebSocket socket = connect(parse_url(url));
    std::cout << "connected\n";
    socket.send_text(message);
    std::cout << "sent: " << message << '\n';
    const std::string answer = socket.receive();
    std::cout << "received: " << answer << '\n';
    if (answer != message)
        throw std::runtime_error("that is not what was sent");
    const std::pair<USHORT, std::string> closed = socket.close();
    std::cout << "closed: " << closed.first << ' ' << closed.second << '\n';
}

} // namespace

int main(int argc, char **argv) {
    if (argc < 2 || argc > 3) {
        std::cerr << "usage: " << argv[0] << " ws://host:port/path [message]\n";
        return 2;
    }
    try {
        run(argv[1], argc == 3 ? argv[2] : "hello");
        return 0;
    } catch (const std::exception &error) {
        std::cerr << error.what() << '\n';
        return 1;
    }
}
