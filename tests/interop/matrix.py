#!/usr/bin/env python3
"""Every example against every foreign server, plain and TLS: matrix.py (started by ./run, which installs).

A *peer* is one address of one server. A *check* is a function of a peer that raises Wrong; it belongs
to a column of the table that is printed at the end. Exit status: 0 when every check passed.
"""

import argparse
import contextlib
import os
import pathlib
import queue
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
LIMIT_SECONDS = 30  # of one check; most take a fraction of a second
COLUMNS = ["text", "binary", "many", "large", "fragments", "ping", "client closes", "server closes",
           "subprotocol", "trust"]
CATS = {"cat": [], "cat --sync": ["--sync"]}
GREETING = "grüß dich, 世界 🌍"


class Wrong(Exception):
    """What a check found."""


def expect(got, wanted, what):
    if got != wanted:
        raise Wrong(f"{what}: {str(got)[:200]!r} instead of {str(wanted)[:200]!r}")


def environment_of(authority):
    """The environment of a program that trusts this authority and no other."""
    environment = {**os.environ, "SSL_CERT_FILE": str(authority)}
    environment.pop("SSL_CERT_DIR", None)
    return environment


def run_to_end(command, authority, limit=LIMIT_SECONDS, text=True, **given):
    """Runs a program that trusts this authority; `given`: what subprocess.run is to give it."""
    try:
        return subprocess.run([str(word) for word in command], capture_output=True, text=text, timeout=limit,
                              env=environment_of(authority), check=False, **given)
    except subprocess.TimeoutExpired as late:
        raise Wrong(f"{command[0]} was still running after {limit} s; {late.stderr}") from None


# --- servers ---------------------------------------------------------------------------------------


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_for_port(port, process):
    deadline = time.monotonic() + LIMIT_SECONDS
    while True:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        if process.poll() is not None or time.monotonic() > deadline:
            sys.exit(f"interop: nobody listens on port {port}")
        time.sleep(0.05)


class Servers:
    """Processes that are all ended together, and the lines that they print."""

    def __init__(self, work):
        self.work = work
        self.processes = []

    def start(self, name, command, env=None):
        """Starts a server; its output goes to NAME.log and to the queue that is returned."""
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.STDOUT, text=True, start_new_session=True,
                                   env={**os.environ, **(env or {})}, cwd=self.work)
        self.processes.append(process)
        lines = queue.Queue()

        def collect():
            with open(self.work / f"{name}.log", "w") as log:
                for line in process.stdout:
                    log.write(line)
                    log.flush()
                    lines.put(line.rstrip("\n"))

        threading.Thread(target=collect, daemon=True).start()
        return process, lines

    def stop(self):
        for process in self.processes:
            for sig in (signal.SIGTERM, signal.SIGKILL):
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, sig)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(5)
                    break


class Peer:
    """One address of a server; `said` has the lines of the process that speaks WebSocket."""

    def __init__(self, name, url, checks, said=None, options=()):
        self.name, self.url, self.checks, self.said, self.options = name, url, checks, said, list(options)
        self.secure = url.startswith("wss")

    def forget(self):
        """Drops what the server has said so far."""
        with contextlib.suppress(queue.Empty):
            while self.said is not None:
                self.said.get_nowait()

    def wait_for(self, line):
        heard = []
        with contextlib.suppress(queue.Empty):
            while line not in heard:
                heard.append(self.said.get(timeout=10))
            return
        raise Wrong(f"the server did not say {line!r} but {heard}")


def both(name, plain, tls, checks, said=None, options=()):
    return [Peer(name, f"ws://127.0.0.1:{plain}/", checks, said, options),
            Peer(name, f"wss://localhost:{tls}/", checks, said, options)]


def echo_server(servers, name, command, env=None):
    """One of ours over a foreign library: servers/echo.*"""
    process, lines = servers.start(name, command, env)
    try:
        line = lines.get(timeout=LIMIT_SECONDS)
        ports = dict(word.split("=") for word in line.split())
        return ports["plain"], ports["tls"], lines
    except (queue.Empty, ValueError, KeyError):
        sys.exit(f"interop: {name} does not start; see {servers.work / (name + '.log')}")


NGINX = """\
daemon off;
pid {work}/nginx.pid;
error_log stderr notice;
user root;
worker_processes 1;
events {{ worker_connections 256; }}
http {{
  access_log off;
  client_body_temp_path {work}/body; proxy_temp_path {work}/proxy; fastcgi_temp_path {work}/fastcgi;
  uwsgi_temp_path {work}/uwsgi; scgi_temp_path {work}/scgi;
  server {{
    listen 127.0.0.1:{plain};
    listen 127.0.0.1:{tls} ssl;
    ssl_certificate {work}/server.pem;
    ssl_certificate_key {work}/server.key;
    location / {{
      proxy_pass http://127.0.0.1:{behind};
      proxy_http_version 1.1;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection "upgrade";
      proxy_set_header Host $host;
      proxy_read_timeout 120s;
    }}
  }}
}}
"""


def nginx(servers, behind, said):
    plain, tls = free_port(), free_port()
    text = NGINX.format(work=servers.work, plain=plain, tls=tls, behind=behind)
    if os.geteuid() != 0:
        text = text.replace("user root;\n", "")
    (servers.work / "nginx.conf").write_text(text)
    program = next(p for p in ("/usr/sbin/nginx", "nginx") if os.path.exists(p) or p == "nginx")
    process, _ = servers.start("nginx", [program, "-p", servers.work, "-e", "stderr", "-c", servers.work / "nginx.conf"])
    for port in (plain, tls):
        wait_for_port(port, process)
    return both("nginx + ws", plain, tls, ECHO_CHECKS, said)


def libwebsockets(servers):
    """The library's own test server: its mirror protocol sends back what it gets, in pieces of 4 KiB at most."""
    ports = free_port(), free_port()
    secure = ["--ssl", "-C", servers.work / "server.pem", "-K", servers.work / "server.key"]
    for port, more in zip(ports, ([], secure)):
        process, _ = servers.start(f"libwebsockets{port}", ["libwebsockets-test-server", f"--port={port}", "--interface=lo", *more])
        wait_for_port(port, process)
    return both("libwebsockets", *ports, LIBWEBSOCKETS_CHECKS, options=["-s", "lws-mirror-protocol"])


# --- clients ---------------------------------------------------------------------------------------


def run(command, stdin=None, ca=True):
    given = {"stdin": subprocess.DEVNULL} if stdin is None else {"input": stdin}
    return run_to_end(command, WORK / ("ca.pem" if ca else "other-ca.pem"), text=False, **given)


def talk(peer, mode, *arguments, status=0, ca=True):
    """Runs winhttp-cat; its output and what it says of the end."""
    ended = run([PROGRAMS["cat"], *CATS[mode], *peer.options, *arguments, peer.url], ca=ca)
    if ended.returncode != status:
        raise Wrong(f"exit status {ended.returncode} instead of {status}: {ended.stderr.decode()}")
    return ended.stdout.decode(), ended.stderr.decode()


def feed(pipe, data):
    with contextlib.suppress(BrokenPipeError):  # the program ended early: its exit status tells
        pipe.write(data)
        pipe.flush()


def stream(peer, mode, lines, *arguments):
    """Gives winhttp-cat messages, waits for all of them to come back, and only then ends its input."""
    end = b"\0" if "--null" in arguments else b"\n"
    command = [PROGRAMS["cat"], *CATS[mode], *peer.options, *arguments, peer.url]
    environment = environment_of(WORK / "ca.pem")
    wanted = b"".join(line + end for line in lines)
    with subprocess.Popen([str(word) for word in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, env=environment) as process:
        guard = threading.Timer(LIMIT_SECONDS, process.kill)
        guard.start()
        feeder = threading.Thread(target=feed, args=(process.stdin, wanted))
        feeder.start()
        got = process.stdout.read(len(wanted))
        feeder.join()
        with contextlib.suppress(BrokenPipeError):
            process.stdin.close()
        rest, errors = process.stdout.read(), process.stderr.read()
        status = process.wait()
        guard.cancel()
    if got + rest != wanted:
        raise Wrong(f"{len(got)} of {len(wanted)} bytes came back, or other ones: {errors.decode()}")
    expect(status, 0, f"exit status ({errors.decode()})")


def closed(errors):
    """The line "closed: STATUS REASON" of winhttp-cat, "closed: STATUS" without a reason."""
    return [line for line in errors.splitlines() if line.startswith("closed:")][-1:]


# --- checks ----------------------------------------------------------------------------------------


def echoes(peer, client, message):
    ended = run([PROGRAMS[client], peer.url, message])
    output = ended.stdout.decode()
    if ended.returncode != 0 or f"received: {message}\n" not in output or "closed: 1000" not in output:
        raise Wrong(f"exit status {ended.returncode}: {output[-200:]}{ended.stderr.decode()}")


def cat_echoes(peer, mode, message, *arguments):
    output, errors = talk(peer, mode, "-x", message, *arguments)
    expect(output, message if "--binary" in arguments else message + "\n", "the echo")
    expect(closed(errors), ["closed: 1000"], "the end")


def many(peer, mode):
    stream(peer, mode, [f"message {n} {'x' * (n * 37 % 3000)}".encode() for n in range(300)])


def large(peer, mode, mebibytes, *arguments):
    block = ("0123456789abcdefghijklmnopqrstuvwxyzüöß" * 26214).encode()
    stream(peer, mode, [(block * mebibytes)[: mebibytes << 20].decode(errors="ignore").encode()], *arguments)


def receives_fragments(peer, mode):
    output, _ = talk(peer, mode, "-x", "server: fragments")
    expect(output, "one two three\n", "the message")


def sends_fragments(peer):
    ended = run([PROGRAMS["fragments"], peer.url])
    expect(ended.returncode, 0, f"exit status ({ended.stderr.decode()})")


def answers_ping(peer, mode):
    output, _ = talk(peer, mode, "-x", "server: ping")
    expect(output, "pong are you there?\n", "what the server says of the pong")


def closes(peer, mode, status, reason):
    peer.forget()
    arguments = ["--close", status] + (["--reason", reason] if reason else [])
    _, errors = talk(peer, mode, "-x", GREETING, *arguments)
    expect(closed(errors)[0].split()[1], str(status), "the server's answer")
    if peer.said:
        peer.wait_for(f"closed {status} {reason}")


def is_closed(peer, mode, status, reason, exit_status):
    """`exit_status`: winhttp-cat's for this status."""
    peer.forget()
    _, errors = talk(peer, mode, "-x", f"server: close {status} {reason}".rstrip(), "-w", "30", status=exit_status)
    expect(closed(errors), [f"closed: {status} {reason}".rstrip()], "the end")


def agrees_on_subprotocol(peer, mode, offered, agreed):
    offers = [word for name in offered for word in ("-s", name)]
    _, errors = talk(peer, mode, *offers, "-x", "hello")
    expect(errors.splitlines()[0], f"connected to {peer.url}" + (f", subprotocol {agreed}" if agreed else ""),
           "the agreement")


def distrusts(peer, mode):
    _, errors = talk(peer, mode, "-x", "hello", status=3, ca=False)
    if "12175" not in errors and "SECURE" not in errors.upper():
        raise Wrong(f"refused for another reason: {errors}")


def echo_checks(peer):
    """(column, what it is, check) for a server that knows servers/echo's words."""
    for client in ("echo_sync", "echo_async", "echo-rust"):
        for name, message in (("text", GREETING), ("empty", ""), ("60000 bytes", "y" * 60000)):
            yield "text", f"{client} {name}", lambda c=client, m=message: echoes(peer, c, m)
    yield "fragments", "fragments", lambda: sends_fragments(peer)
    for mode in CATS:
        yield "text", mode, lambda m=mode: cat_echoes(peer, m, GREETING)
        yield "binary", mode, lambda m=mode: cat_echoes(peer, m, "\x01\x02" + GREETING, "--binary")
        yield "binary", f"{mode} 60000 bytes", lambda m=mode: cat_echoes(peer, m, "y" * 60000, "--binary")
        yield "many", mode, lambda m=mode: many(peer, m)
        for size in (1, 16):
            yield "large", f"{mode} {size} MiB text", lambda m=mode, s=size: large(peer, m, s)
            yield "large", f"{mode} {size} MiB binary", lambda m=mode, s=size: large(peer, m, s, "--binary", "--null")
        yield "fragments", mode, lambda m=mode: receives_fragments(peer, m)
        yield "ping", mode, lambda m=mode: answers_ping(peer, m)
        for status, reason in ((1000, ""), (1000, "grüße"), (1001, ""), (1011, "r" * 123), (3000, "x"), (4999, "")):
            yield "client closes", f"{mode} {status}", lambda m=mode, s=status, r=reason: closes(peer, m, s, r)
        for status, reason, code in ((1000, "", 0), (1001, "going", 0), (1008, "", 4), (1011, "oops", 4),
                                     (3000, "ü" * 61, 4), (4001, "bye now", 4)):
            yield ("server closes", f"{mode} {status}",
                   lambda m=mode, s=status, r=reason, c=code: is_closed(peer, m, s, r, c))
        yield ("subprotocol", f"{mode} agreed",
               lambda m=mode: agrees_on_subprotocol(peer, m, ["chat.v1", "chat.v2"], "chat.v2"))
        yield "subprotocol", f"{mode} none", lambda m=mode: agrees_on_subprotocol(peer, m, [], None)
        if peer.secure:
            yield "trust", mode, lambda m=mode: distrusts(peer, m)


def increments(peer, mode):
    """dumb-increment-protocol: the server sends numbers by itself, twenty a second, without end."""
    plain = Peer(peer.name, peer.url, None, options=["-s", "dumb-increment-protocol"])
    output, _ = talk(plain, mode, "-x", "hello", "--expect", "5", "--max-messages", "5")
    expect(output.split()[:5], ["0", "1", "2", "3", "4"], "the numbers")


def asks_to_be_closed(peer, mode):
    plain = Peer(peer.name, peer.url, None, options=["-s", "dumb-increment-protocol"])
    _, errors = talk(plain, mode, "-x", "closeme\n", "-w", "30")
    expect(closed(errors), ["closed: 1001 seeya"], "the end")


def libwebsockets_checks(peer):
    """The same for libwebsockets' test server, which has protocols of its own instead."""
    for mode in CATS:
        yield "text", mode, lambda m=mode: cat_echoes(peer, m, GREETING)
        yield "text", f"{mode} 2000 bytes", lambda m=mode: cat_echoes(peer, m, "y" * 2000)
        yield "many", mode, lambda m=mode: increments(peer, m)
        for status, reason in ((1000, ""), (1000, "grüße"), (1001, ""), (3000, "x")):
            yield "client closes", f"{mode} {status}", lambda m=mode, s=status, r=reason: closes(peer, m, s, r)
        yield "server closes", mode, lambda m=mode: asks_to_be_closed(peer, m)
        yield ("subprotocol", mode,
               lambda m=mode: agrees_on_subprotocol(peer, m, [], "lws-mirror-protocol"))
        if peer.secure:
            yield "trust", mode, lambda m=mode: distrusts(peer, m)


ECHO_CHECKS, LIBWEBSOCKETS_CHECKS = echo_checks, libwebsockets_checks


# --- the run ---------------------------------------------------------------------------------------


def judge(peers):
    table, failures = {}, []
    for peer in peers:
        row = table.setdefault((peer.name, "wss" if peer.secure else "ws"), {})
        for column, name, check in peer.checks(peer):
            counts = row.setdefault(column, [0, 0])
            counts[1] += 1
            try:
                check()
                counts[0] += 1
            except Wrong as wrong:
                failures.append(f"{peer.name} {peer.url}, {column}, {name}: {wrong}")
                print(f"FAILED {failures[-1]}", flush=True)
        print(f"{peer.name} {peer.url}: done", flush=True)
    return table, failures


def show(table):
    widths = [max(len(column), 5) for column in COLUMNS]
    print("\n" + f"{'server':<16}{'':<4}" + "  ".join(c.rjust(w) for c, w in zip(COLUMNS, widths)))
    total = [0, 0]
    for (name, scheme), row in table.items():
        cells = []
        for column, width in zip(COLUMNS, widths):
            good, all_ = row.get(column, (0, 0))
            total[0] += good
            total[1] += all_
            cells.append((f"{good}/{all_}" if all_ else "-").rjust(width))
        print(f"{name:<16}{scheme:<4}" + "  ".join(cells))
    print(f"\n{total[0]} of {total[1]} checks passed")


def certificates(work):
    """An authority of our own, a server's certificate from it, and a stranger's authority."""
    def openssl(*arguments):
        subprocess.run(["openssl", *arguments], check=True, cwd=work, stdin=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)

    for name in ("ca", "other-ca"):
        openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={name}",
                "-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign,cRLSign",
                "-keyout", f"{name}.key", "-out", f"{name}.pem")
    (work / "extensions").write_text("subjectAltName=DNS:localhost,DNS:server.test,IP:127.0.0.1\nextendedKeyUsage=serverAuth\n"
                                     "basicConstraints=CA:FALSE\nkeyUsage=digitalSignature,keyEncipherment\n")
    openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-keyout", "server.key", "-out", "server.csr")
    openssl("x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2",
            "-extfile", "extensions", "-out", "server.pem")


def main():
    global WORK, PROGRAMS
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--programs", type=pathlib.Path, required=True, help="the folder of the built programs")
    parser.add_argument("--python", required=True, help="a Python that has websockets")
    parser.add_argument("--node-modules", required=True, help="the folder that has ws")
    parser.add_argument("--only", default="", help="only servers whose name contains this")
    args = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what was started is ended
    PROGRAMS = {"echo_sync": args.programs / "interop-echo_sync", "echo_async": args.programs / "interop-echo_async",
                "fragments": args.programs / "interop-fragments", "echo-rust": args.programs / "echo-rust",
                "cat": args.programs / "winhttp-cat"}
    with tempfile.TemporaryDirectory(prefix="winhttp-interop-") as work:
        WORK = pathlib.Path(work)
        certificates(WORK)
        identity = [WORK / "server.key", WORK / "server.pem"]
        servers = Servers(WORK)
        try:
            # Modules are looked for beside the script.
            script = pathlib.Path(args.node_modules).parent / "echo.mjs"
            script.write_text((HERE / "servers/echo.mjs").read_text())
            plain, tls, said = echo_server(servers, "node", ["node", script, *identity])
            peers = both("ws (Node)", plain, tls, ECHO_CHECKS, said)
            peers += nginx(servers, plain, said)
            plain, tls, said = echo_server(servers, "python", [args.python, HERE / "servers/echo.py", *identity])
            peers += both("websockets (Py)", plain, tls, ECHO_CHECKS, said)
            peers += libwebsockets(servers)
            table, failures = judge([peer for peer in peers if args.only in peer.name])
        finally:
            servers.stop()
    show(table)
    for failure in failures:
        print(f"FAILED {failure}", file=sys.stderr)
    sys.exit(1 if failures or not table else 0)


if __name__ == "__main__":
    main()
