/* WinHTTP's calls as the scenarios make them: each prints itself with its result. */
#ifndef DIFFERENTIAL_CALLS_H
#define DIFFERENTIAL_CALLS_H

#include "transcript.h"

#define BINARY_MESSAGE WINHTTP_WEB_SOCKET_BINARY_MESSAGE_BUFFER_TYPE
#define BINARY_FRAGMENT WINHTTP_WEB_SOCKET_BINARY_FRAGMENT_BUFFER_TYPE
#define UTF8_MESSAGE WINHTTP_WEB_SOCKET_UTF8_MESSAGE_BUFFER_TYPE
#define UTF8_FRAGMENT WINHTTP_WEB_SOCKET_UTF8_FRAGMENT_BUFFER_TYPE
#define CLOSE_TYPE WINHTTP_WEB_SOCKET_CLOSE_BUFFER_TYPE

#define READ_COMPLETE WINHTTP_CALLBACK_STATUS_READ_COMPLETE
#define WRITE_COMPLETE WINHTTP_CALLBACK_STATUS_WRITE_COMPLETE
#define CLOSE_COMPLETE WINHTTP_CALLBACK_STATUS_CLOSE_COMPLETE
#define SHUTDOWN_COMPLETE WINHTTP_CALLBACK_STATUS_SHUTDOWN_COMPLETE
#define REQUEST_ERROR WINHTTP_CALLBACK_STATUS_REQUEST_ERROR
#define HANDLE_CLOSING WINHTTP_CALLBACK_STATUS_HANDLE_CLOSING

/* The contexts of the handles. */
#define SESSION_CONTEXT 1
#define REQUEST_CONTEXT 2
#define SOCKET_CONTEXT 3

/* The handles of one conversation. */
typedef struct FLOW {
    HINTERNET session, connection, request, socket;
} FLOW;

/* Whether a session has a pool of its own, so that it finds no connection that another scenario has left. */
extern BOOL connections_apart;

/* Text for a call that copies it: four stay valid. NULL stays NULL. */
#define WIDE_CHARACTERS 2048
const WCHAR *wide(const char *text);

/* Up to a connection. */
void open_session(FLOW *flow, INTERNET_PORT port);
/* Up to an upgrade request that can be sent. */
void open_handles(FLOW *flow, INTERNET_PORT port, const char *path, DWORD flags);
BOOL send_request(FLOW *flow);
BOOL receive_response(FLOW *flow);
HINTERNET complete_upgrade(HINTERNET request, const char *name);
/* All of it without a word, unless it fails. */
void upgrade(FLOW *flow, const char *path);
/* Closes what is open, request first, and waits for the notices; prints only what the WebSocket tells. */
void finish(FLOW *flow);
/* Closes a handle, prints it and waits for its notice. */
void close_handle(HINTERNET *handle);
/* Only the call. */
void start_close_handle(HINTERNET handle);

/* The functions whose name begins with start_ only call; the others also wait for the completion. */
DWORD start_send(HINTERNET socket, int type, const void *bytes, DWORD count);
void send_bytes(HINTERNET socket, int type, const void *bytes, DWORD count);
void send_text(HINTERNET socket, const char *text);
DWORD start_receive(HINTERNET socket, DWORD size);
void receive(HINTERNET socket, DWORD size);
/* Receives until a message ends, however it is cut, and prints its sum. */
void receive_message(HINTERNET socket, DWORD size);
DWORD start_shutdown(HINTERNET socket, USHORT status, const void *reason, DWORD length);
void shut_down(HINTERNET socket, USHORT status, const char *reason);
DWORD start_close(HINTERNET socket, USHORT status, const void *reason, DWORD length);
void close_socket(HINTERNET socket, USHORT status, const char *reason);
void query_close_status(HINTERNET socket);
/* With a buffer of this size; none with size 0. */
void query_close_status_into(HINTERNET socket, DWORD size);

/* Prints a TRUE or FALSE with the last error. */
BOOL result(const char *call, BOOL answer);
/* Prints a new handle, or NULL with the last error, and names it. */
HINTERNET named(const char *call, HINTERNET handle, const char *name);
void query_header(HINTERNET handle, const char *label, DWORD header, const WCHAR *name);
void query_status(HINTERNET request);
void set_number(HINTERNET handle, const char *label, DWORD option, DWORD value);
void query_number(HINTERNET handle, const char *label, DWORD option);

#endif
