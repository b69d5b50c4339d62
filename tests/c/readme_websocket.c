/* What a program adds to the README's handshake and loop: sends one message to a server and prints the answer.
 *
 *   program HOST PORT PATH MESSAGE */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>

HRESULT run(WEB_SOCKET_HANDLE handle, int socket);

ULONG write_all(int socket, const WEB_SOCKET_BUFFER *buffers, ULONG count)
{
    ULONG written = 0, index;
    for (index = 0; index < count; index++) {
        ULONG length = buffers[index].Data.ulBufferLength;
        if (write(socket, buffers[index].Data.pbBuffer, length) != (ssize_t)length)
            return written;
        written += length;
    }
    return written;
}

void received(WEB_SOCKET_BUFFER_TYPE type, const WEB_SOCKET_BUFFER *buffer)
{
    if (type == WEB_SOCKET_CLOSE_BUFFER_TYPE)
        printf("close %u\n", (unsigned)buffer->CloseStatus.usStatus);
    else
        printf("%.*s\n", (int)buffer->Data.ulBufferLength, (const char *)buffer->Data.pbBuffer);
}

/* Queues a frame and what answers it, and lets the loop do the rest. */
static int say(WEB_SOCKET_HANDLE handle, int socket, WEB_SOCKET_BUFFER_TYPE type, WEB_SOCKET_BUFFER *buffer)
{
    return SUCCEEDED(WebSocketSend(handle, type, buffer, NULL))
        && SUCCEEDED(WebSocketReceive(handle, NULL, NULL)) && SUCCEEDED(run(handle, socket));
}

int main(int argc, char **argv)
{
    int connection = socket(AF_INET, SOCK_STREAM, 0), good;
    struct sockaddr_in server = {0};
    WEB_SOCKET_HANDLE handle;
    WEB_SOCKET_BUFFER text, close_;

    if (argc != 5 || FAILED(WebSocketCreateClientHandle(NULL, 0, &handle)))
        return 2;
    server.sin_family = AF_INET;
    server.sin_port = htons((uint16_t)atoi(argv[2]));
    server.sin_addr.s_addr = inet_addr(argv[1]);
    if (connect(connection, (struct sockaddr *)&server, sizeof(server)) != 0)
        return 2;
    text.Data.pbBuffer = (PBYTE)argv[4];
    text.Data.ulBufferLength = (ULONG)strlen(argv[4]);
    close_.CloseStatus.pbReason = NULL;
    close_.CloseStatus.ulReasonLength = 0;
    close_.CloseStatus.usStatus = WEB_SOCKET_SUCCESS_CLOSE_STATUS;
    good = shake_hands(handle, connection, argv[1], argv[3]);
    if (!good)
        printf("no handshake\n");
    good = good && say(handle, connection, WEB_SOCKET_UTF8_MESSAGE_BUFFER_TYPE, &text)
        && say(handle, connection, WEB_SOCKET_CLOSE_BUFFER_TYPE, &close_);
    WebSocketDeleteHandle(handle);
    close(connection);
    return good ? 0 : 1;
}
