"""Python's `websockets` as an echo server on two ports, plain and TLS: echo.py KEY CERTIFICATE

Prints "plain=PORT tls=PORT", then a line for each connection that ended. Messages come back as they
came, but those that begin with "server:" ask for something; servers/echo.mjs knows the same.
"""

import asyncio
import ssl
import sys

from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosed

MESSAGE_LIMIT = 64 * 1024 * 1024


async def obey(socket, words):
    if words[1] == "close":
        await socket.close(int(words[2]), " ".join(words[3:]))
    elif words[1] == "ping":
        await (await socket.ping("are you there?"))
        await socket.send("pong are you there?")
    elif words[1] == "fragments":
        await socket.send(["one ", "", "two ", "three"])
    else:
        await socket.close(1008, "unknown command")


async def echo(socket):
    try:
        async for message in socket:
            words = message.split(" ") if isinstance(message, str) and len(message) < 200 else [""]
            if words[0] == "server:":
                await obey(socket, words)
            else:
                await socket.send(message)
    except ConnectionClosed as error:
        print(f"error {error}", flush=True)
    await socket.wait_closed()
    received = socket.protocol.close_rcvd
    if received:
        print(f"closed {received.code} {received.reason}", flush=True)
    else:
        print("closed 1006", flush=True)


def agree(_, offered):
    """Without this, the library refuses clients that offer no subprotocol."""
    return "chat.v2" if "chat.v2" in offered else None


async def main():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[2], sys.argv[1])
    settings = {"max_size": MESSAGE_LIMIT, "select_subprotocol": agree}
    async with serve(echo, "127.0.0.1", 0, **settings) as plain:
        async with serve(echo, "127.0.0.1", 0, ssl=context, **settings) as secure:
            ports = [server.sockets[0].getsockname()[1] for server in (plain, secure)]
            print(f"plain={ports[0]} tls={ports[1]}", flush=True)
            await asyncio.get_running_loop().create_future()


asyncio.run(main())
