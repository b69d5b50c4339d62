// A C++ program as they are: handles in unique_ptr, std::wstring for text. Arguments: host, port, path.
#include <winhttp.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

struct Closer {
    using pointer = HINTERNET;
    void operator()(HINTERNET handle) const { WinHttpCloseHandle(handle); }
};

using Handle = std::unique_ptr<void, Closer>;

Handle take(HINTERNET handle)
{
    if (handle == nullptr)
        throw std::runtime_error("error " + std::to_string(GetLastError()));
    return Handle(handle);
}

void check(BOOL result)
{
    if (!result)
        throw std::runtime_error("error " + std::to_string(GetLastError()));
}

std::wstring header(HINTERNET request, const std::wstring &name)
{
    DWORD size = 0;
    WinHttpQueryHeaders(request, WINHTTP_QUERY_CUSTOM, name.c_str(), nullptr, &size, nullptr);
    if (GetLastError() != ERROR_INSUFFICIENT_BUFFER)
        return std::wstring();
    std::wstring value(size / sizeof(wchar_t), L'\0');
    check(WinHttpQueryHeaders(
        request, WINHTTP_QUERY_CUSTOM, name.c_str(), &value[0], &size, nullptr));
    value.resize(size / sizeof(wchar_t));
    return value;
}

} // namespace

int main(int argc, char **argv)
try {
    if (argc != 4)
        return 2;
    const std::string narrow_host(argv[1]), narrow_path(argv[3]);
    const std::wstring host(narrow_host.begin(), narrow_host.end());
    const std::wstring path(narrow_path.begin(), narrow_path.end());
    Handle session = take(WinHttpOpen(L"raii/1.0", WINHTTP_ACCESS_TYPE_NO_PROXY, nullptr, nullptr, 0));
    Handle connection = take(WinHttpConnect(
        session.get(), host.c_str(), static_cast<INTERNET_PORT>(std::atoi(argv[2])), 0));
    Handle request = take(WinHttpOpenRequest(
        connection.get(), L"POST", path.c_str(), nullptr, nullptr, nullptr, 0));
    std::string body("posted");
    check(WinHttpSendRequest(request.get(), L"Content-Type: text/plain", static_cast<DWORD>(-1), &body[0],
        static_cast<DWORD>(body.size()), static_cast<DWORD>(body.size()), 0));
    check(WinHttpReceiveResponse(request.get(), nullptr));
    const std::wstring length = header(request.get(), L"Content-Length");
    std::printf("length %s of %zu characters\n", std::string(length.begin(), length.end()).c_str(),
        length.size());
    std::printf("missing: %zu characters\n", header(request.get(), L"X-Missing").size());
    std::vector<char> data(64);
    DWORD read = 0;
    check(WinHttpReadData(request.get(), data.data(), static_cast<DWORD>(data.size()), &read));
    std::printf("body: %.*s\n", static_cast<int>(read), data.data());
    try {
        take(WinHttpConnect(session.get(), nullptr, 80, 0));
    } catch (const std::runtime_error &error) {
        std::printf("caught: %s\n", error.what());
    }
    return 0;
} catch (const std::exception &error) {
    std::printf("failed: %s\n", error.what());
    return 1;
}
