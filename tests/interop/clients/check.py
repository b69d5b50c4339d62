"""Python's `websockets` as a client of an echo server: check.py URL

Prints a line for each check: its column, its name, and "ok" or what was wrong, with tabs in between.
clients/check.mjs makes the same checks.
"""

import asyncio
import sys

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

LIMIT_SECONDS = 30  # of one check
MESSAGE_LIMIT = 64 * 1024 * 1024
GREETING = "grüß dich, 世界 🌍"
CODES = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 3000, 4999]


def expect(got, wanted, what):
    if got != wanted:
        raise AssertionError(f"{what}: {str(got)[:100]!r} instead of {str(wanted)[:100]!r}")


async def echo(socket, message):
    await socket.send(message)
    expect(await socket.recv(), message, "the echo")


async def text(socket):
    for message in ("", GREETING, "y" * 60000):
        await echo(socket, message)


async def binary(socket):
    for message in (b"", bytes(range(256)), b"y" * 60000):
        await echo(socket, message)


async def many(socket):
    messages = [f"message {n} {'x' * (n * 37 % 3000)}" for n in range(300)]
    sending = asyncio.ensure_future(send_all(socket, messages))
    for message in messages:
        expect(await socket.recv(), message, "the echo")
    await sending


async def send_all(socket, messages):
    for message in messages:
        await socket.send(message)


async def large(socket):
    """Sends and receives at a time: an echo server stops reading from a client that does not read."""
    for message in ("0123456789abcdefüöß" * 55189, bytes(range(256)) * 65536):
        sending = asyncio.ensure_future(socket.send(message))
        expect(await socket.recv() == message, True, f"the echo of {len(message)}")
        await sending


async def fragments(socket):
    for parts in (["one ", "", "two ", GREETING], [b"one ", b"", b"\xff" * 70000]):
        await socket.send(parts)
        expect(await socket.recv(), parts[0][:0].join(parts), "the echo")


async def ping(socket):
    for payload in (b"", b"hello", b"x" * 125):
        await (await socket.ping(payload))
    await socket.pong(b"unsolicited")
    await echo(socket, GREETING)


async def closes(socket, code, reason):
    await socket.close(code, reason)
    answer = socket.protocol.close_rcvd
    expect((answer.code, answer.reason), (code, reason), "the server's answer")


async def subprotocol(socket):
    expect(socket.subprotocol, None, "the agreement")
    await echo(socket, GREETING)


async def run(url, column, name, check, **settings):
    try:
        async with asyncio.timeout(LIMIT_SECONDS):
            async with connect(url, max_size=MESSAGE_LIMIT, **settings) as socket:
                await check(socket)
                await socket.close()
                expect(socket.protocol.close_rcvd is not None, True, "a close frame came")
        result = "ok"
    except (AssertionError, ConnectionClosed, OSError, TimeoutError) as wrong:
        result = f"{type(wrong).__name__} {wrong}"
    print(f"{column}\t{name}\t{result}", flush=True)


async def main(url):
    for check in (text, binary, many, large, fragments, ping):
        # By default the client offers permessage-deflate, which is not selected.
        await run(url, check.__name__, "as it is", check)
    await run(url + "other/path?query", "text", "another path", text, compression=None)
    for code in CODES:
        for reason in ("", "grüße", "r" * 123):
            await run(url, "client closes", f"{code} {reason[:5]}", lambda s, c=code, r=reason: closes(s, c, r))
    await run(url, "subprotocol", "none of two", subprotocol, subprotocols=["chat.v1", "chat.v2"])


asyncio.run(main(sys.argv[1]))
