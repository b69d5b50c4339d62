// Receives messages of a WebSocket in callbacks, and hands them to a thread: an asynchronous client in C++.
//
//   watcher HOST PORT PATH
#include <WinSock2.h>
#include <windows.h>
#include <winhttp.h>
#include <process.h>
#include <Assert.h>
#include <StdIo.h>
#include <StdLib.h>

#include <string>
#include <vector>

namespace {

struct Message {
    Message *next;
    std::string text;
};

class Watcher {
public:
    Watcher() : m_session(NULL), m_connect(NULL), m_request(NULL), m_socket(NULL), m_error(0)
    {
        InitializeCriticalSection(&m_lock);
        m_changed = CreateEvent(NULL, FALSE, FALSE, NULL);
        m_closed = CreateEvent(NULL, TRUE, FALSE, NULL);
    }

    ~Watcher()
    {
        CloseHandle(m_changed);
        CloseHandle(m_closed);
        DeleteCriticalSection(&m_lock);
    }

    bool Start(const wchar_t *host, INTERNET_PORT port, const wchar_t *path)
    {
        wcscpy_s(m_path, path);
        m_session = WinHttpOpen(L"watcher", WINHTTP_ACCESS_TYPE_NO_PROXY, NULL, NULL, WINHTTP_FLAG_ASYNC);
        if (!m_session)
            return false;
        WinHttpSetStatusCallback(m_session, &Watcher::OnStatus, WINHTTP_CALLBACK_FLAG_ALL_NOTIFICATIONS, 0);
        m_connect = WinHttpConnect(m_session, host, port, 0);
        m_request = m_connect ? WinHttpOpenRequest(m_connect, L"GET", m_path, NULL, NULL, NULL, 0) : NULL;
        return m_request && WinHttpSetOption(m_request, WINHTTP_OPTION_UPGRADE_TO_WEB_SOCKET, NULL, 0)
            && WinHttpSendRequest(m_request, NULL, 0, NULL, 0, 0, reinterpret_cast<DWORD_PTR>(this));
    }

    DWORD Wait()
    {
        WaitForSingleObject(m_closed, INFINITE);
        SetEvent(m_changed);
        return m_error;
    }

    // The thread: prints messages until the last one was "bye" or the connection ended.
    static unsigned __stdcall Print(void *context)
    {
        Watcher *self = static_cast<Watcher *>(context);
        unsigned printed = 0;
        for (bool more = true; more;) {
            HANDLE handles[2] = {self->m_changed, self->m_closed};
            more = WaitForMultipleObjects(_countof(handles), handles, FALSE, INFINITE) == WAIT_OBJECT_0;
            std::vector<std::string> texts;
            EnterCriticalSection(&self->m_lock);
            texts.swap(self->m_texts);
            LeaveCriticalSection(&self->m_lock);
            for (size_t i = 0; i < texts.size(); i++)
                printf("message %u: %s\n", ++printed, texts[i].c_str());
        }
        return printed;
    }

private:
    static void CALLBACK OnStatus(HINTERNET handle, DWORD_PTR context, DWORD status, LPVOID info, DWORD length)
    {
        Watcher *self = reinterpret_cast<Watcher *>(context);
        if (self)
            self->Handle(handle, status, info, length);
    }

    FORCEINLINE void Fail(DWORD error)
    {
        InterlockedExchange(&m_error, static_cast<LONG>(error));
        WinHttpCloseHandle(m_socket ? m_socket : m_request);
    }

    void Receive()
    {
        DWORD error = WinHttpWebSocketReceive(m_socket, m_buffer, sizeof(m_buffer), NULL, NULL);
        if (error != NO_ERROR)
            Fail(error);
    }

    void Handle(HINTERNET handle, DWORD status, LPVOID info, DWORD length)
    {
        UNREFERENCED_PARAMETER(length);
        switch (status) {
        case WINHTTP_CALLBACK_STATUS_SENDREQUEST_COMPLETE:
            if (!WinHttpReceiveResponse(handle, NULL))
                Fail(GetLastError());
            break;
        case WINHTTP_CALLBACK_STATUS_HEADERS_AVAILABLE:
            m_socket = WinHttpWebSocketCompleteUpgrade(handle, reinterpret_cast<DWORD_PTR>(this));
            assert(m_socket != NULL);
            WinHttpCloseHandle(m_request);
            m_request = NULL;
            Receive();
            break;
        case WINHTTP_CALLBACK_STATUS_READ_COMPLETE:
            Read(static_cast<WINHTTP_WEB_SOCKET_STATUS *>(info));
            break;
        case WINHTTP_CALLBACK_STATUS_CLOSE_COMPLETE:
            WinHttpCloseHandle(handle);
            break;
        case WINHTTP_CALLBACK_STATUS_REQUEST_ERROR:
            Fail(static_cast<WINHTTP_ASYNC_RESULT *>(info)->dwError);
            break;
        case WINHTTP_CALLBACK_STATUS_HANDLE_CLOSING:
            if (handle == m_socket || !m_socket) {
                WinHttpCloseHandle(m_connect);
                WinHttpCloseHandle(m_session);
                SetEvent(m_closed);
            }
            break;
        }
    }

    void Read(struct _WINHTTP_WEB_SOCKET_STATUS *read)
    {
        if (read->eBufferType == WINHTTP_WEB_SOCKET_CLOSE_BUFFER_TYPE) {
            DWORD error = WinHttpWebSocketClose(m_socket, WINHTTP_WEB_SOCKET_SUCCESS_CLOSE_STATUS, NULL, 0);
            if (error != NO_ERROR)
                Fail(error);
            return;
        }
        EnterCriticalSection(&m_lock);
        m_text.append(m_buffer, read->dwBytesTransferred);
        if (read->eBufferType != WINHTTP_WEB_SOCKET_BINARY_FRAGMENT_BUFFER_TYPE
            && read->eBufferType != WINHTTP_WEB_SOCKET_UTF8_FRAGMENT_BUFFER_TYPE) {
            char size[32];
            sprintf_s(size, " (%Iu bytes)", m_text.size());
            m_texts.push_back(m_text.substr(0, 5) + size);
            m_text.clear();
        }
        LeaveCriticalSection(&m_lock);
        SetEvent(m_changed);
        Receive();
    }

    CRITICAL_SECTION m_lock;
    HANDLE m_changed, m_closed;
    HINTERNET m_session, m_connect, m_request, m_socket;
    wchar_t m_path[MAX_PATH];
    char m_buffer[16];
    volatile LONG m_error;
    std::string m_text;
    std::vector<std::string> m_texts;
};

} // namespace

int wmain(int argc, wchar_t *argv[])
{
    if (argc != 4)
        return 2;
    Watcher watcher;
    unsigned id = 0;
    HANDLE thread = reinterpret_cast<HANDLE>(_beginthreadex(NULL, 0, &Watcher::Print, &watcher, 0, &id));
    if (!thread || !watcher.Start(argv[1], static_cast<INTERNET_PORT>(_wtoi(argv[2])), argv[3]))
        return 1;
    DWORD error = watcher.Wait(), printed = 0;
    WaitForSingleObject(thread, INFINITE);
    GetExitCodeThread(thread, &printed);
    CloseHandle(thread);
    wprintf(L"%u messages, error %u\n", printed, error);
    return error == NO_ERROR ? 0 : 1;
}
