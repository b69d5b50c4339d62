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
    CHECK(closesocket(socket_) == SOCKET_ERROR && WSAGetLastError() == WSAENOTSOCK);
    CHECK(socket(-1, SOCK_STREAM, 0) == INVALID_SOCKET && WSAGetLastError() == WSAEAFNOSUPPORT);
    socket_ = socket(AF_INET, SOCK_DGRAM, 0);
    CHECK(socket_ != INVALID_SOCKET && ioctlsocket(socket_, FIONBIO, &on) == 0);
    CHECK(recv(socket_, (char *)&data, 1, 0) == SOCKET_ERROR && WSAGetLastError() == WSAEWOULDBLOCK);
    CHECK(closesocket(socket_) == 0 && WSACleanup() == 0);
    WSASetLastError(WSAETIMEDOUT);
    CHECK(WSAGetLastError() == WSAETIMEDOUT && GetLastError() == WSAETIMEDOUT);
}

/* The numbers of BSD's <errno.h>, 10000 above. */
static void errors_of_sockets_have_the_numbers_of_winsock(void)
{
    static const int errors[][2] = {
        {EINTR, 10004}, {EACCES, 10013}, {EFAULT, 10014}, {EINVAL, 10022}, {EMFILE, 10024},
        {EAGAIN, 10035}, {EWOULDBLOCK, 10035}, {EINPROGRESS, 10035}, {EALREADY, 10037},
        {ENOTSOCK, 10038}, {EDESTADDRREQ, 10039}, {EMSGSIZE, 10040}, {EPROTOTYPE, 10041},
        {ENOPROTOOPT, 10042}, {EPROTONOSUPPORT, 10043}, {EOPNOTSUPP, 10045}, {EAFNOSUPPORT, 10047},
        {EADDRINUSE, 10048}, {EADDRNOTAVAIL, 10049}, {ENETDOWN, 10050}, {ENETUNREACH, 10051},
        {ENETRESET, 10052}, {ECONNABORTED, 10053}, {ECONNRESET, 10054}, {EPIPE, 10054},
        {ENOBUFS, 10055}, {EISCONN, 10056}, {ENOTCONN, 10057}, {ETIMEDOUT, 10060},
        {ECONNREFUSED, 10061}, {ELOOP, 10062}, {ENAMETOOLONG, 10063}, {EHOSTUNREACH, 10065},
#ifdef ESOCKTNOSUPPORT
        {ESOCKTNOSUPPORT, 10044},
#endif
#ifdef EPFNOSUPPORT
        {EPFNOSUPPORT, 10046},
#endif
#ifdef ESHUTDOWN
        {ESHUTDOWN, 10058},
#endif
#ifdef EHOSTDOWN
        {EHOSTDOWN, 10064},
#endif
    };
    char name[64];
    size_t index;
    for (index = 0; index < sizeof(errors) / sizeof(errors[0]); index++) {
        int error;
        errno = errors[index][0];
        error = WSAGetLastError();
        CHECK(error == errors[index][1]);
        CHECK(FormatMessageA(FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS, NULL,
            (DWORD)error, 0, name, sizeof(name), NULL) != 0);
        CHECK(strncmp(name, "WSAE", 4) == 0);
    }
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
    errors_of_sockets_have_the_numbers_of_winsock();
    small_names_are_there();
    return 0;
}
