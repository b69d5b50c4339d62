/* Websocket.h - the spelling of websocket.h, libwebsocket's, that some programs use.
 *
 * Where file names ignore case, this file may find itself under that name: then it looks on behind its
 * own directory. It may be included again, as websocket.h may. */
#ifndef WINHTTP_SHIM_COMPAT_CASE_WEBSOCKET_H
#define WINHTTP_SHIM_COMPAT_CASE_WEBSOCKET_H
#include <websocket.h>
#undef WINHTTP_SHIM_COMPAT_CASE_WEBSOCKET_H
#else
#pragma GCC system_header
#include_next <websocket.h>
#endif
