/* winsock2.h - the sockets of POSIX by the names of Winsock.
 *
 * Licence: MIT OR Apache-2.0.
 *
 * A SOCKET is a file descriptor, and calls for it take the system's struct sockaddr_in and so on;
 * SOCKADDR_IN is what winhttp.h hands out. Events of sockets and overlapped operations do not exist. */
#ifndef WINHTTP_SHIM_COMPAT_WINSOCK2_H
#define WINHTTP_SHIM_COMPAT_WINSOCK2_H

#include "windows.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <sys/socket.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef int SOCKET;
typedef struct sockaddr SOCKADDR, *PSOCKADDR, *LPSOCKADDR;
typedef struct addrinfo ADDRINFOA, *PADDRINFOA;
typedef struct pollfd WSAPOLLFD;

#define INVALID_SOCKET  (-1)
#define SOCKET_ERROR    (-1)
#define SD_RECEIVE      SHUT_RD
#define SD_SEND         SHUT_WR
#define SD_BOTH         SHUT_RDWR

#define WINSOCK_VERSION MAKEWORD(2, 2)

typedef struct WSAData {
    WORD wVersion;
    WORD wHighVersion;
    char szDescription[257];
    char szSystemStatus[129];
} WSADATA, *LPWSADATA;

/* There is nothing to start or to end. */
static inline int WSAStartup(WORD version, WSADATA *data)
{
    if (data == NULL)
        return WSAEFAULT;
    memset(data, 0, sizeof(*data));
    data->wVersion = version;
    data->wHighVersion = WINSOCK_VERSION;
    return 0;
}

static inline int WSACleanup(void)
{
    return 0;
}

/* The error of the last call for sockets in this thread: errno, by Winsock's numbers where it has one. */
static inline int WSAGetLastError(void)
{
    switch (errno) {
    case EINTR:
        return WSAEINTR;
    case EBADF:
    case ENOTSOCK:
        return WSAENOTSOCK;
    case EACCES:
        return WSAEACCES;
    case EFAULT:
        return WSAEFAULT;
    case EINVAL:
        return WSAEINVAL;
    case EMFILE:
        return WSAEMFILE;
    case EAGAIN:
    case EINPROGRESS:
        return WSAEWOULDBLOCK; /* also for a connect that goes on */
    case EALREADY:
        return WSAEALREADY;
    case EDESTADDRREQ:
        return WSAEDESTADDRREQ;
    case EMSGSIZE:
        return WSAEMSGSIZE;
    case EPROTOTYPE:
        return WSAEPROTOTYPE;
    case ENOPROTOOPT:
        return WSAENOPROTOOPT;
    case EPROTONOSUPPORT:
        return WSAEPROTONOSUPPORT;
#ifdef ESOCKTNOSUPPORT
    case ESOCKTNOSUPPORT:
        return WSAESOCKTNOSUPPORT;
#endif
    case EOPNOTSUPP:
        return WSAEOPNOTSUPP;
#ifdef EPFNOSUPPORT
    case EPFNOSUPPORT:
        return WSAEPFNOSUPPORT;
#endif
    case EAFNOSUPPORT:
        return WSAEAFNOSUPPORT;
    case EADDRINUSE:
        return WSAEADDRINUSE;
    case EADDRNOTAVAIL:
        return WSAEADDRNOTAVAIL;
    case ENETDOWN:
        return WSAENETDOWN;
    case ENETUNREACH:
        return WSAENETUNREACH;
    case ENETRESET:
        return WSAENETRESET;
    case ECONNABORTED:
        return WSAECONNABORTED;
    case ECONNRESET:
    case EPIPE:
        return WSAECONNRESET;
    case ENOBUFS:
    case ENOMEM:
        return WSAENOBUFS;
    case EISCONN:
        return WSAEISCONN;
    case ENOTCONN:
        return WSAENOTCONN;
#ifdef ESHUTDOWN
    case ESHUTDOWN:
        return WSAESHUTDOWN;
#endif
    case ETIMEDOUT:
        return WSAETIMEDOUT;
    case ECONNREFUSED:
        return WSAECONNREFUSED;
    case ELOOP:
        return WSAELOOP;
    case ENAMETOOLONG:
        return WSAENAMETOOLONG;
#ifdef EHOSTDOWN
    case EHOSTDOWN:
        return WSAEHOSTDOWN;
#endif
    case EHOSTUNREACH:
        return WSAEHOSTUNREACH;
    default:
        return errno;
    }
}

static inline void WSASetLastError(int error)
{
    SetLastError((DWORD)error);
    errno = error;
}

static inline int closesocket(SOCKET socket)
{
    return close(socket);
}

/* FIONBIO and FIONREAD. */
static inline int ioctlsocket(SOCKET socket, long command, ULONG *argument)
{
    int value = (int)*argument;
    int result = ioctl(socket, (unsigned long)command, &value);
    *argument = (ULONG)value;
    return result;
}

static inline int WSAPoll(WSAPOLLFD *sockets, ULONG count, INT timeout)
{
    return poll(sockets, count, timeout);
}

#ifdef __cplusplus
}
#endif

#endif
