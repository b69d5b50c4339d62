/* websocket.h - the WebSocket Protocol Component API for Linux and macOS.
 *
 * Licence: MIT OR Apache-2.0.
 *
 * The protocol of RFC 6455 without I/O, for clients and servers that move the bytes themselves.
 * Include it alone, or with winhttp.h in either order. A program that has Win32 base types of its own, with the
 * sizes of Windows, defines WINHTTP_NO_BASE_TYPES before including this header.
 *
 * Threads: any function may be called from any thread; calls on one handle wait for each other, and no call blocks.
 * Memory: what a function hands out belongs to the library; each function says until when it may be used. */
#ifndef WINHTTP_SHIM_WEBSOCKET_H
#define WINHTTP_SHIM_WEBSOCKET_H

#ifdef _WIN32
#error "This websocket.h is for Linux and macOS. On Windows use the one of the Windows SDK."
#endif

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Enumerations have an int below, as on Windows; older C picks a type of the same size. */
#if defined(__cplusplus) || (defined(__STDC_VERSION__) && __STDC_VERSION__ >= 202311L)
#define WEB_SOCKET_ENUM_BASE : int32_t
#else
#define WEB_SOCKET_ENUM_BASE
#endif

/* Calling conventions and qualifiers mean nothing here. */
#ifndef WINAPI
#define WINAPI
#endif
#ifndef VOID
#define VOID void
#endif
#ifndef CONST
#define CONST const
#endif
#ifndef TRUE
#define TRUE 1
#endif
#ifndef FALSE
#define FALSE 0
#endif

/* Base types that winhttp.h and websocket.h share: this block is the same in both. */
#if !defined(WINHTTP_NO_BASE_TYPES) && !defined(WINHTTP_SHIM_SHARED_TYPES)
#define WINHTTP_SHIM_SHARED_TYPES
typedef uint8_t BYTE, *PBYTE, *LPBYTE;
typedef uint8_t UCHAR, *PUCHAR;
typedef char CHAR, *PCHAR;
typedef uint16_t WORD, *PWORD, *LPWORD;
typedef uint16_t USHORT, *PUSHORT;
typedef int32_t INT, *PINT, *LPINT;
typedef int32_t BOOL, *PBOOL, *LPBOOL;
typedef int32_t LONG, *PLONG, *LPLONG;
typedef int32_t HRESULT;
typedef uint32_t UINT, *PUINT, *LPUINT;
typedef uint32_t ULONG, *PULONG;
typedef uint32_t DWORD, *PDWORD, *LPDWORD;
typedef void *PVOID, *LPVOID;
typedef char *PSTR, *LPSTR;
typedef const char *PCSTR, *LPCSTR;
#endif

/* Results. A program tests them with SUCCEEDED and FAILED; success is always S_OK. */

#ifndef S_OK
#define S_OK ((HRESULT)0)
#endif
#ifndef E_INVALIDARG
#define E_INVALIDARG ((HRESULT)0x80070057)
#endif
#ifndef E_OUTOFMEMORY
#define E_OUTOFMEMORY ((HRESULT)0x8007000E)
#endif
#ifndef E_UNEXPECTED
#define E_UNEXPECTED ((HRESULT)0x8000FFFF)
#endif
#ifndef SUCCEEDED
#define SUCCEEDED(result) ((HRESULT)(result) >= 0)
#endif
#ifndef FAILED
#define FAILED(result) ((HRESULT)(result) < 0)
#endif

/* The call is not allowed in this state, or the peer sent a frame that is not. */
#define E_INVALID_PROTOCOL_OPERATION ((HRESULT)0x83760001)
/* A handshake's headers, or what the peer sent, are malformed. */
#define E_INVALID_PROTOCOL_FORMAT ((HRESULT)0x83760002)
/* An extension was selected that was not offered, or none although some were. */
#define E_PROTOCOL_EXTENSIONS_NOT_SUPPORTED ((HRESULT)0x83760003)
/* A sub-protocol was selected that was not offered, or none although some were. */
#define E_SUBPROTOCOL_NOT_SUPPORTED ((HRESULT)0x83760004)
/* The client speaks another version of the protocol. */
#define E_PROTOCOL_VERSION_NOT_SUPPORTED ((HRESULT)0x83760005)

/* Most bytes of a close reason. */
#define WEB_SOCKET_MAX_CLOSE_REASON_LENGTH 123

/* Close statuses (RFC 6455 section 7.4). 1005, 1006 and 1015 are never on the wire: a send with 1005 and no reason makes a
 * close frame without a status, as which it is received. */
typedef enum _WEB_SOCKET_CLOSE_STATUS WEB_SOCKET_ENUM_BASE {
    WEB_SOCKET_SUCCESS_CLOSE_STATUS = 1000,
    WEB_SOCKET_ENDPOINT_UNAVAILABLE_CLOSE_STATUS = 1001,
    WEB_SOCKET_PROTOCOL_ERROR_CLOSE_STATUS = 1002,
    WEB_SOCKET_INVALID_DATA_TYPE_CLOSE_STATUS = 1003,
    WEB_SOCKET_EMPTY_CLOSE_STATUS = 1005,
    WEB_SOCKET_ABORTED_CLOSE_STATUS = 1006,
    WEB_SOCKET_INVALID_PAYLOAD_CLOSE_STATUS = 1007,
    WEB_SOCKET_POLICY_VIOLATION_CLOSE_STATUS = 1008,
    WEB_SOCKET_MESSAGE_TOO_BIG_CLOSE_STATUS = 1009,
    WEB_SOCKET_UNSUPPORTED_EXTENSIONS_CLOSE_STATUS = 1010,
    WEB_SOCKET_SERVER_ERROR_CLOSE_STATUS = 1011,
    WEB_SOCKET_SECURE_HANDSHAKE_ERROR_CLOSE_STATUS = 1015
} WEB_SOCKET_CLOSE_STATUS;

/* Properties. pvValue points to the value, ulValueSize is its size in bytes. */
typedef enum _WEB_SOCKET_PROPERTY_TYPE WEB_SOCKET_ENUM_BASE {
    /* ULONG: size of the receive buffer in bytes, at least 256; 4096 unless set. */
    WEB_SOCKET_RECEIVE_BUFFER_SIZE_PROPERTY_TYPE = 0,
    /* ULONG: size of the send buffer in bytes, at least 16; a client's 4096, a server's 16 unless set. */
    WEB_SOCKET_SEND_BUFFER_SIZE_PROPERTY_TYPE = 1,
    /* BOOL: a client masks with the key 0, a server takes frames that are not masked. */
    WEB_SOCKET_DISABLE_MASKING_PROPERTY_TYPE = 2,
    /* PVOID: memory for the buffers, aligned to 8 bytes and valid until the handle is deleted. pvValue points to
     * a variable that holds the pointer; ulValueSize is the size of the memory: at least that of both buffers and
     * 144 bytes more. */
    WEB_SOCKET_ALLOCATED_BUFFER_PROPERTY_TYPE = 3,
    /* BOOL: received text is not checked. */
    WEB_SOCKET_DISABLE_UTF8_VERIFICATION_PROPERTY_TYPE = 4,
    /* ULONG, global: after how many milliseconds of silence an application should send something. */
    WEB_SOCKET_KEEPALIVE_INTERVAL_PROPERTY_TYPE = 5,
    /* Array of ULONG, global: versions of the protocol, the preferred one first. */
    WEB_SOCKET_SUPPORTED_VERSIONS_PROPERTY_TYPE = 6
} WEB_SOCKET_PROPERTY_TYPE;

/* Queues of WebSocketGetAction. */
typedef enum _WEB_SOCKET_ACTION_QUEUE WEB_SOCKET_ENUM_BASE {
    WEB_SOCKET_SEND_ACTION_QUEUE = 0x1,
    WEB_SOCKET_RECEIVE_ACTION_QUEUE = 0x2,
    WEB_SOCKET_ALL_ACTION_QUEUE = WEB_SOCKET_SEND_ACTION_QUEUE | WEB_SOCKET_RECEIVE_ACTION_QUEUE
} WEB_SOCKET_ACTION_QUEUE;

/* What data is. The numbers are those of Windows, 0x80000000 and up, as the signed int that an enumerator is. */
typedef enum _WEB_SOCKET_BUFFER_TYPE WEB_SOCKET_ENUM_BASE {
    WEB_SOCKET_UTF8_MESSAGE_BUFFER_TYPE = -0x7FFFFFFF - 1,
    WEB_SOCKET_UTF8_FRAGMENT_BUFFER_TYPE = -0x7FFFFFFF,
    WEB_SOCKET_BINARY_MESSAGE_BUFFER_TYPE = -0x7FFFFFFE,
    WEB_SOCKET_BINARY_FRAGMENT_BUFFER_TYPE = -0x7FFFFFFD,
    WEB_SOCKET_CLOSE_BUFFER_TYPE = -0x7FFFFFFC,
    /* Sent: a ping, or the pong that answers one. Received: a pong. */
    WEB_SOCKET_PING_PONG_BUFFER_TYPE = -0x7FFFFFFB,
    /* Sent only: a pong that nobody asked for. */
    WEB_SOCKET_UNSOLICITED_PONG_BUFFER_TYPE = -0x7FFFFFFA
} WEB_SOCKET_BUFFER_TYPE;

/* What WebSocketGetAction asks the application to do. */
typedef enum _WEB_SOCKET_ACTION WEB_SOCKET_ENUM_BASE {
    WEB_SOCKET_NO_ACTION = 0,
    WEB_SOCKET_SEND_TO_NETWORK_ACTION = 1,
    WEB_SOCKET_INDICATE_SEND_COMPLETE_ACTION = 2,
    WEB_SOCKET_RECEIVE_FROM_NETWORK_ACTION = 3,
    WEB_SOCKET_INDICATE_RECEIVE_COMPLETE_ACTION = 4
} WEB_SOCKET_ACTION;

/* One end of a connection: an opaque number, never a pointer to anything. */
typedef struct WEB_SOCKET_HANDLE__ *WEB_SOCKET_HANDLE;

typedef struct _WEB_SOCKET_PROPERTY {
    WEB_SOCKET_PROPERTY_TYPE Type;
    PVOID pvValue;     /* Points to the value, aligned for its type */
    ULONG ulValueSize; /* In bytes */
} WEB_SOCKET_PROPERTY, *PWEB_SOCKET_PROPERTY;

/* A header field. Lengths are in bytes and do not count a terminator; what the library hands out is terminated. */
typedef struct _WEB_SOCKET_HTTP_HEADER {
    PCHAR pcName;
    ULONG ulNameLength;
    PCHAR pcValue;
    ULONG ulValueLength;
} WEB_SOCKET_HTTP_HEADER, *PWEB_SOCKET_HTTP_HEADER;

typedef union _WEB_SOCKET_BUFFER {
    /* All types but WEB_SOCKET_CLOSE_BUFFER_TYPE. */
    struct {
        PBYTE pbBuffer;
        ULONG ulBufferLength; /* In bytes */
    } Data;
    /* WEB_SOCKET_CLOSE_BUFFER_TYPE. */
    struct {
        PBYTE pbReason;       /* UTF-8 */
        ULONG ulReasonLength; /* In bytes, 0 to WEB_SOCKET_MAX_CLOSE_REASON_LENGTH */
        USHORT usStatus;
    } CloseStatus;
} WEB_SOCKET_BUFFER, *PWEB_SOCKET_BUFFER;

/* Creates one end of a connection; *phWebSocket is NULL after a failure.
 * E_INVALIDARG: a property is unknown, not for a handle, or has a wrong value. */
HRESULT WINAPI WebSocketCreateClientHandle(const PWEB_SOCKET_PROPERTY pProperties, ULONG ulPropertyCount,
                                           WEB_SOCKET_HANDLE *phWebSocket);
HRESULT WINAPI WebSocketCreateServerHandle(const PWEB_SOCKET_PROPERTY pProperties, ULONG ulPropertyCount,
                                           WEB_SOCKET_HANDLE *phWebSocket);

/* Gives the header fields that the application adds to its request; they replace fields of the same name that it has. They
 * may be used until the handshake ends. The request line and Host are the application's. Sub-protocols and extensions to
 * offer, and the fields it has already (they are only checked), may each be NULL with a count of 0. What is passed is not
 * needed after the call, here and below. */
HRESULT WINAPI WebSocketBeginClientHandshake(WEB_SOCKET_HANDLE hWebSocket, PCSTR *pszSubprotocols,
                                             ULONG ulSubprotocolCount, PCSTR *pszExtensions, ULONG ulExtensionCount,
                                             const PWEB_SOCKET_HTTP_HEADER pInitialHeaders,
                                             ULONG ulInitialHeaderCount,
                                             PWEB_SOCKET_HTTP_HEADER *pAdditionalHeaders,
                                             ULONG *pulAdditionalHeaderCount);

/* Checks the response's header fields; its status must be 101, which the application checks itself. The last three
 * are NULL or receive what the server selected, as indices into what was offered; *pulSelectedExtensionCount is the
 * number of indices that fit. After a failure the handshake may be ended again with other fields. */
HRESULT WINAPI WebSocketEndClientHandshake(WEB_SOCKET_HANDLE hWebSocket,
                                           const PWEB_SOCKET_HTTP_HEADER pResponseHeaders,
                                           ULONG ulReponseHeaderCount, ULONG *pulSelectedExtensions,
                                           ULONG *pulSelectedExtensionCount, ULONG *pulSelectedSubprotocol);

/* Checks the request's header fields, Host among them, and gives those of the response with status 101. They may be used until
 * the handshake ends. Sub-protocol and extensions are those of the client's that the application selects: none with NULL.
 * After success the handle's handshake cannot begin again. */
HRESULT WINAPI WebSocketBeginServerHandshake(WEB_SOCKET_HANDLE hWebSocket, PCSTR pszSubprotocolSelected,
                                             PCSTR *pszExtensionSelected, ULONG ulExtensionSelectedCount,
                                             const PWEB_SOCKET_HTTP_HEADER pRequestHeaders,
                                             ULONG ulRequestHeaderCount, PWEB_SOCKET_HTTP_HEADER *pResponseHeaders,
                                             ULONG *pulResponseHeaderCount);

/* Ends the handshake; the first send, receive or action of a server does it too. */
HRESULT WINAPI WebSocketEndServerHandshake(WEB_SOCKET_HANDLE hWebSocket);

/* Queues a frame. The bytes behind *pBuffer, not *pBuffer itself, must stay as they are until
 * WEB_SOCKET_INDICATE_SEND_COMPLETE_ACTION comes with Context. pBuffer is NULL for pings and pongs, and may be for an empty
 * frame. The peer's pings are answered without this; its close frame is not: the application sends one. */
HRESULT WINAPI WebSocketSend(WEB_SOCKET_HANDLE hWebSocket, WEB_SOCKET_BUFFER_TYPE BufferType,
                             WEB_SOCKET_BUFFER *pBuffer, PVOID Context);

/* Queues a receive, which ends with one WEB_SOCKET_INDICATE_RECEIVE_COMPLETE_ACTION. Without pBuffer the data is handed
 * out where it lies in the library's memory, else as much as fits is copied to pBuffer->Data and the rest waits for the next
 * receive. The type is a fragment's until the last bytes of a message. A receive that was cancelled or aborted ends with a
 * fragment's type, NULL and length 0. After the peer's close frame it fails with E_INVALID_PROTOCOL_OPERATION. */
HRESULT WINAPI WebSocketReceive(WEB_SOCKET_HANDLE hWebSocket, WEB_SOCKET_BUFFER *pBuffer, PVOID pvContext);

/* Says what is to be done next. *pulDataBufferCount is the number of entries that fit, then of those written: two are
 * always enough. What they point to may be used until WebSocketCompleteAction is called with *pvActionContext, which
 * every action but WEB_SOCKET_NO_ACTION needs; until then its side offers nothing else. pvApplicationContext may be NULL.
 * WEB_SOCKET_SEND_TO_NETWORK_ACTION: the bytes are sent undivided, and in the order in which the actions were got. A thread
 * for each queue therefore holds a lock of its own from getting such an action until its bytes are written.
 * Fails when the peer broke the protocol: send a close frame, or call WebSocketAbortHandle. */
HRESULT WINAPI WebSocketGetAction(WEB_SOCKET_HANDLE hWebSocket, WEB_SOCKET_ACTION_QUEUE eActionQueue,
                                  WEB_SOCKET_BUFFER *pDataBuffers, ULONG *pulDataBufferCount,
                                  WEB_SOCKET_ACTION *pAction, WEB_SOCKET_BUFFER_TYPE *pBufferType,
                                  PVOID *pvApplicationContext, PVOID *pvActionContext);

/* Says that an action is done. ulBytesTransferred: bytes sent (fewer than all cancel the send) or received (0 cancels
 * the receive); of no meaning for the others. */
VOID WINAPI WebSocketCompleteAction(WEB_SOCKET_HANDLE hWebSocket, PVOID pvActionContext, ULONG ulBytesTransferred);

/* Ends the session: what is queued is indicated as complete, and nothing more is sent or received. */
VOID WINAPI WebSocketAbortHandle(WEB_SOCKET_HANDLE hWebSocket);

/* Frees the handle and all it handed out. */
VOID WINAPI WebSocketDeleteHandle(WEB_SOCKET_HANDLE hWebSocket);

/* Reads WEB_SOCKET_KEEPALIVE_INTERVAL_PROPERTY_TYPE or WEB_SOCKET_SUPPORTED_VERSIONS_PROPERTY_TYPE. *ulSize is the size
 * of the memory in bytes, then that of the value. */
HRESULT WINAPI WebSocketGetGlobalProperty(WEB_SOCKET_PROPERTY_TYPE eType, PVOID pvValue, ULONG *ulSize);

/* Sizes the library relies on; a program's own base types must agree. */
#define WEB_SOCKET_ASSERT_SIZE(type, size) \
    extern const char websocket_size_of_##type[sizeof(type) == (size) ? 1 : -1]
WEB_SOCKET_ASSERT_SIZE(USHORT, 2);
WEB_SOCKET_ASSERT_SIZE(ULONG, 4);
WEB_SOCKET_ASSERT_SIZE(BOOL, 4);
WEB_SOCKET_ASSERT_SIZE(HRESULT, 4);
WEB_SOCKET_ASSERT_SIZE(WEB_SOCKET_BUFFER_TYPE, 4);
WEB_SOCKET_ASSERT_SIZE(WEB_SOCKET_BUFFER, sizeof(void *) + 8);
#undef WEB_SOCKET_ASSERT_SIZE

#ifdef __cplusplus
}
#endif

#endif
