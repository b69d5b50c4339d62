/* The spelling of numbers and bytes in the transcript. */
#include "transcript.h"

/* Several names may be in use within one line. */
static char *scratch(void)
{
    static char texts[8][512];
    static unsigned next;
    return texts[next++ % 8];
}

const char *error_name(DWORD error)
{
    char *text = scratch();
    const char *name = "";
    switch (error) {
#define CASE(number, spelling)                                                                    \
    case number:                                                                                  \
        name = " " spelling;                                                                      \
        break;
        CASE(0, "SUCCESS")
        CASE(6, "INVALID_HANDLE")
        CASE(8, "NOT_ENOUGH_MEMORY")
        CASE(87, "INVALID_PARAMETER")
        CASE(122, "INSUFFICIENT_BUFFER")
        CASE(997, "IO_PENDING")
        CASE(4317, "INVALID_OPERATION")
        CASE(10054, "WSAECONNRESET")
        CASE(10060, "WSAETIMEDOUT")
        CASE(12002, "TIMEOUT")
        CASE(12009, "INVALID_OPTION")
        CASE(12017, "OPERATION_CANCELLED")
        CASE(12018, "INCORRECT_HANDLE_TYPE")
        CASE(12019, "INCORRECT_HANDLE_STATE")
        CASE(12029, "CANNOT_CONNECT")
        CASE(12030, "CONNECTION_ERROR")
        CASE(12150, "HEADER_NOT_FOUND")
        CASE(12155, "HEADER_ALREADY_EXISTS")
        CASE(12183, "INVALID_CHUNK_HEADER")
        CASE(12152, "INVALID_SERVER_RESPONSE")
        CASE(12175, "SECURE_FAILURE")
        CASE(UNTOUCHED, "(untouched)")
#undef CASE
    default:
        break;
    }
    snprintf(text, 512, "%u%s", (unsigned)error, name);
    return text;
}

const char *type_name(int type)
{
    static const char *const names[] = {
        "BINARY_MESSAGE", "BINARY_FRAGMENT", "UTF8_MESSAGE", "UTF8_FRAGMENT", "CLOSE"
    };
    char *text = scratch();
    if (type >= 0 && type < 5)
        return names[type];
    snprintf(text, 512, "type %d", type);
    return text;
}

const char *status_name(DWORD status)
{
    char *text = scratch();
    switch (status) {
#define CASE(name)                                                                                \
    case WINHTTP_CALLBACK_STATUS_##name:                                                          \
        return #name;
        CASE(RESOLVING_NAME)
        CASE(NAME_RESOLVED)
        CASE(CONNECTING_TO_SERVER)
        CASE(CONNECTED_TO_SERVER)
        CASE(SENDING_REQUEST)
        CASE(REQUEST_SENT)
        CASE(RECEIVING_RESPONSE)
        CASE(RESPONSE_RECEIVED)
        CASE(CLOSING_CONNECTION)
        CASE(CONNECTION_CLOSED)
        CASE(HANDLE_CREATED)
        CASE(HANDLE_CLOSING)
        CASE(REDIRECT)
        CASE(INTERMEDIATE_RESPONSE)
        CASE(SECURE_FAILURE)
        CASE(HEADERS_AVAILABLE)
        CASE(DATA_AVAILABLE)
        CASE(READ_COMPLETE)
        CASE(WRITE_COMPLETE)
        CASE(REQUEST_ERROR)
        CASE(SENDREQUEST_COMPLETE)
        CASE(CLOSE_COMPLETE)
        CASE(SHUTDOWN_COMPLETE)
#undef CASE
    default:
        snprintf(text, 512, "status 0x%x", (unsigned)status);
        return text;
    }
}

const char *quoted(const BYTE *bytes, DWORD count)
{
    char *text = scratch();
    BOOL printable = count <= 200;
    DWORD index, sum = 0;
    for (index = 0; index < count; index++) {
        printable = printable && bytes[index] >= 0x20 && bytes[index] < 0x7f;
        sum = sum * 31 + bytes[index];
    }
    if (printable)
        snprintf(text, 512, "\"%.*s\"", (int)count, (const char *)bytes);
    else
        snprintf(text, 512, "sum %08x", (unsigned)sum);
    return text;
}
