/* ws2tcpip.h - names and addresses of sockets: those of POSIX, which winsock2.h brings.
 *
 * Licence: MIT OR Apache-2.0.
 */
#ifndef WINHTTP_SHIM_COMPAT_WS2TCPIP_H
#define WINHTTP_SHIM_COMPAT_WS2TCPIP_H

#include "winsock2.h"

#endif
