/* Exercises the threads of compat/process.h and small names of the other headers. Exit code 0: all hold. */
#include "compat/process.h"
#include "compat/versionhelpers.h"
#include "compat/winapifamily.h"
#include "compat/wincrypt.h"
#include "compat/winsock2.h"
#include "compat/ws2tcpip.h"

#include "compat_check.h"

typedef struct RECORD {
    int first;
    int second;
} RECORD;

static HANDLE done;

static FORCEINLINE int twice(int value)
{
    return 2 * value;
}

static void leave(unsigned code)
{
    _endthreadex(code);
}

static unsigned __stdcall ends_in_a_call(void *parameter)
{
    leave((unsigned)twice(*(int *)parameter));
    return 1;
}

static unsigned __stdcall returns(void *parameter)
{
    return *(unsigned *)parameter;
}

static void __cdecl sets_the_event(void *parameter)
{
    SetEvent(parameter);
    _endthread();
}

static void threads_have_the_code_they_ended_with(void)
{
    int number = 21;
    unsigned id = 0;
    DWORD code = 0;
    HANDLE thread = (HANDLE)_beginthreadex(NULL, 0, ends_in_a_call, &number, 0, &id);
    CHECK(thread != NULL && id != 0 && WaitForSingleObject(thread, INFINITE) == WAIT_OBJECT_0);
    CHECK(GetExitCodeThread(thread, &code) && code == 42 && CloseHandle(thread));
    thread = (HANDLE)_beginthreadex(NULL, 0, returns, &number, 0, NULL);
    CHECK(thread != NULL && WaitForSingleObject(thread, INFINITE) == WAIT_OBJECT_0);
    CHECK(GetExitCodeThread(thread, &code) && code == 21 && CloseHandle(thread));
    CHECK(_beginthreadex(NULL, 0, NULL, NULL, 0, NULL) == 0 && errno == EINVAL);
    done = CreateEventW(NULL, FALSE, FALSE, NULL);
    CHECK(_beginthread(sets_the_event, 0, done) != (uintptr_t)-1);
    CHECK(WaitForSingleObject(done, INFINITE) == WAIT_OBJECT_0 && CloseHandle(done));
    CHECK(_beginthread(NULL, 0, NULL) == (uintptr_t)-1 && _getpid() == (int)GetCurrentProcessId());
}

static void sockets_are_those_of_posix(void)
{
    WSADATA data;
    SOCKET socket_ = INVALID_SOCKET;
    ULONG on = 1;
    CHECK(WSAStartup(MAKEWORD(2, 2), &data) == 0 && data.wVersion == 0x0202);
    CHECK(closesocket(socket_) == SOCKET_ERROR && WSAGetLastError() == 10038);
    socket_ = socket(AF_INET, SOCK_DGRAM, 0);
    CHECK(socket_ != INVALID_SOCKET && ioctlsocket(socket_, FIONBIO, &on) == 0);
    CHECK(recv(socket_, (char *)&data, 1, 0) == SOCKET_ERROR && WSAGetLastError() == WSAEWOULDBLOCK);
    CHECK(closesocket(socket_) == 0 && WSACleanup() == 0);
    WSASetLastError(WSAETIMEDOUT);
    CHECK(WSAGetLastError() == WSAETIMEDOUT && GetLastError() == WSAETIMEDOUT);
}

static void small_names_are_there(void)
{
    RECORD record = {1, 2};
    BYTE bytes[2] = {1, 2};
    PCCERT_CONTEXT certificate = NULL;
    CHECK(CONTAINING_RECORD(&record.second, RECORD, second) == &record);
    CHECK(FIELD_OFFSET(RECORD, second) == (LONG)sizeof(int));
    RtlZeroMemory(bytes, sizeof(bytes));
    CHECK(bytes[0] == 0 && bytes[1] == 0 && SleepEx(0, TRUE) == 0);
    CHECK(E_NOTIMPL == (HRESULT)0x80004001 && E_POINTER == (HRESULT)0x80004003);
    CHECK(E_UNEXPECTED == (HRESULT)0x8000FFFF && HRESULT_CODE(HRESULT_FROM_WIN32(12002)) == 12002);
    CHECK(HRESULT_FACILITY(E_INVALIDARG) == FACILITY_WIN32 && MAKE_HRESULT(1, 7, 87) == E_INVALIDARG);
    CHECK(IsWindows8OrGreater() && IsWindowsVersionOrGreater(6, 3, 0) && !IsWindowsVersionOrGreater(10, 1, 0));
    CHECK(CertDuplicateCertificateContext(certificate) == NULL);
#if !WINAPI_FAMILY_PARTITION(WINAPI_PARTITION_DESKTOP)
    CHECK(!"a program for the desktop");
#endif
}

int main(void)
{
    threads_have_the_code_they_ended_with();
    sockets_are_those_of_posix();
    small_names_are_there();
    return 0;
}
