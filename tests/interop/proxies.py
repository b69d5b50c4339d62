#!/usr/bin/env python3
"""proxies.c through squid and tinyproxy: proxies.py (started by ./run, which installs).

Servers for http, https, ws and wss behind proxies that want nothing, Basic or Digest, and behind squid
over TLS. Squid alone knows the servers' name. Everything that a client sends to a proxy goes through a
tap, and the servers keep what they get: neither side may be shown what is meant for the other, and a
proxy never what goes through its tunnel.
"""

import argparse
import base64
import contextlib
import hashlib
import http.server
import os
import pathlib
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading

sys.dont_write_bytecode = True
import exchanges
from matrix import (HERE, Servers, Wrong, certificates, echo_server, expect, free_port, run_to_end,
                    wait_for_port)

PROXY_USER, PROXY_PASSWORD, REALM = "proxyuser", "pa55.word", "the realm"
USER, PASSWORD = "serveruser", "5ecret"
BODY = "a body of some length, which goes in pieces of three"

SQUID = """\
http_port 127.0.0.1:{plain}
https_port 127.0.0.1:{tls} tls-cert={work}/server.pem tls-key={work}/server.key
visible_hostname proxy.test
hosts_file {work}/hosts
dns_nameservers 127.0.0.1
pid_filename {work}/{name}.pid
access_log stdio:{work}/squid/{name}-access.log
cache_log {work}/squid/{name}-cache.log
cache_store_log none
netdb_filename none
coredump_dir {work}/squid
cache deny all
pinger_enable off
shutdown_lifetime 0 seconds
{auth}
http_access deny all
"""

SQUID_AUTH = {
    "open": "http_access allow all",
    "basic": """\
auth_param basic program /usr/lib/squid/basic_ncsa_auth {work}/passwords
auth_param basic children 1
auth_param basic realm {realm}
acl known proxy_auth REQUIRED
http_access allow known""",
    "digest": """\
auth_param digest program /usr/lib/squid/digest_file_auth -c {work}/digests
auth_param digest children 1
auth_param digest realm {realm}
acl known proxy_auth REQUIRED
http_access allow known""",
}

TINYPROXY = """\
Port {plain}
Listen 127.0.0.1
Timeout 60
MaxClients 50
LogLevel Info
{auth}
"""


class Tap:
    """Carries bytes between clients and a port, and keeps those of the clients."""

    def __init__(self, port):
        self.target, self.sent = port, []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            near, _ = self.listener.accept()
            kept = bytearray()
            self.sent.append(kept)
            try:
                far = socket.create_connection(("127.0.0.1", self.target))
            except OSError:
                near.close()
                continue
            for one, other, into in ((near, far, kept), (far, near, None)):
                threading.Thread(target=self.carry, args=(one, other, into), daemon=True).start()

    @staticmethod
    def carry(one, other, kept):
        try:
            while data := one.recv(65536):
                if kept is not None:
                    kept.extend(data)
                other.sendall(data)
        except OSError:
            pass  # a proxy that takes no more may have answered
        with contextlib.suppress(OSError):
            other.shutdown(socket.SHUT_WR)


class Handler(http.server.BaseHTTPRequestHandler):
    """/open/hello, /basic/hello, /echo, /there (to https); what came is kept in `server.heads`."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, text="", **fields):
        self.send_response(status)
        for name, value in {"Content-Length": str(len(text)), **fields}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(text.encode())

    def body(self):
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        parts = []
        while size := int(self.rfile.readline(), 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts).decode()

    def do_GET(self):
        self.server.heads.append(f"{self.requestline}\n{self.headers}")
        body = self.body()
        token = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        if self.path.startswith("/basic/") and self.headers.get("Authorization") != f"Basic {token}":
            self.answer(401, "who?\n", WWW_Authenticate=f'Basic realm="{REALM}"')
        elif self.path == "/there":
            self.answer(302, Location=self.server.there)
        elif self.path.endswith("/echo"):
            self.answer(200, body + "\n")
        else:
            self.answer(200, "hello\n")

    do_POST = do_GET


class Origin(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, work, secure):
        super().__init__(("127.0.0.1", 0), Handler)
        self.heads, self.there, self.context = [], "", None
        if secure:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(work / "server.pem", work / "server.key")
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def finish_request(self, request, client_address):
        if self.context:
            request = self.context.wrap_socket(request, server_side=True)
        super().finish_request(request, client_address)

    def handle_error(self, *_):
        pass  # a client that goes


class Proxy:
    """A proxy under test: what it wants, and the name by which it knows the servers."""

    def __init__(self, name, wants, port, host, secure=False):
        self.name, self.wants, self.host, self.secure = name, wants, host, secure
        self.tap = Tap(port)
        scheme, named = ("https", "localhost") if secure else ("http", "127.0.0.1")
        self.list = f"{scheme}://{named}:{self.tap.port}"


def squid(servers, wants):
    plain, tls = free_port(), free_port()
    work, name = servers.work, f"squid-{wants}"
    auth = SQUID_AUTH[wants].format(work=work, realm=REALM)
    (work / f"{name}.conf").write_text(SQUID.format(work=work, name=name, plain=plain, tls=tls, auth=auth))
    # Its shared memory has the service's name: that of a squid that was killed must not be in the way.
    service = f"winhttp{os.getpid()}{wants}"
    process, _ = servers.start(name, ["squid", "-N", "-n", service, "-f", work / f"{name}.conf"],
                               env={"PATH": f"{os.environ['PATH']}:/usr/sbin"})
    for port in (plain, tls):
        wait_for_port(port, process)
    yield Proxy("squid", wants, plain, "server.test")
    yield Proxy("squid", wants, tls, "server.test", secure=True)


def tinyproxy(servers, wants):
    plain, work, name = free_port(), servers.work, f"tinyproxy-{wants}"
    auth = f"BasicAuth {PROXY_USER} {PROXY_PASSWORD}" if wants == "basic" else ""
    (work / f"{name}.conf").write_text(TINYPROXY.format(work=work, name=name, plain=plain, auth=auth))
    process, _ = servers.start(name, ["tinyproxy", "-d", "-c", work / f"{name}.conf"])
    wait_for_port(plain, process)
    yield Proxy("tinyproxy", wants, plain, "localhost")


def secrets_of_proxies(work, root):
    def crypted(password):
        return subprocess.run(["openssl", "passwd", "-apr1", password], check=True, capture_output=True,
                              text=True).stdout.strip()

    digest = hashlib.md5(f"{PROXY_USER}:{REALM}:{PROXY_PASSWORD}".encode()).hexdigest()
    (work / "passwords").write_text(f"{PROXY_USER}:{crypted(PROXY_PASSWORD)}\n")
    (work / "digests").write_text(f"{PROXY_USER}:{REALM}:{digest}\n")
    (work / "hosts").write_text("127.0.0.1 server.test localhost\n")
    (work / "squid").mkdir()
    if root:
        shutil.chown(work / "squid", "proxy", "proxy")


class World:
    """The servers behind the proxies."""

    def __init__(self, servers, python):
        work = servers.work
        self.plain, self.tls = Origin(work, False), Origin(work, True)
        ws, wss, _ = echo_server(servers, "websockets", [python, HERE / "servers/echo.py", work / "server.key",
                                                         work / "server.pem"])
        self.ports = {"http": self.plain.server_port, "https": self.tls.server_port, "ws": ws, "wss": wss}

    def url(self, proxy, scheme, path):
        return f"{scheme.replace('ws', 'http')}://{proxy.host}:{self.ports[scheme]}{path}"

    def heads(self):
        return [*self.plain.heads, *self.tls.heads]

    def forget(self):
        self.plain.heads.clear()
        self.tls.heads.clear()


LOGIN = [f"proxy-user={PROXY_USER}", f"proxy-password={PROXY_PASSWORD}"]
WRONG = [f"proxy-user={PROXY_USER}", "proxy-password=wrong"]
SERVER_LOGIN = [f"user={USER}", f"password={PASSWORD}"]


def refused(proxy, url, sends, tunnels=False):
    """What becomes of a wrong password: tinyproxy's 401 is no challenge, and no answer to CONNECT."""
    if proxy.name != "tinyproxy":
        return f"407 {url} {sends} "
    sends = min(sends, 2)
    return f"error 12029 {url} {sends}" if tunnels or url.startswith("https") else f"401 {url} {sends} "


def cases(world, proxy):
    """Arguments behind the mode, the lines that must come, and how many connections to the proxy at most."""
    asks = proxy.wants != "open"
    # How often a program sends that sets credentials after a 407.
    sends = 2 if asks else 1
    for scheme in ("http", "https"):
        hello, echo = (world.url(proxy, scheme, path) for path in ("/open/hello", "/echo"))
        secret, both = world.url(proxy, scheme, "/basic/hello"), [*LOGIN, *SERVER_LOGIN]
        yield [hello, "GET", *LOGIN, "times=3"], [f"200 {hello} 1 hello"] * 3
        yield [hello, "GET", *LOGIN, "loop", "times=3"], [f"200 {hello} {sends} hello"] * 3
        if asks:
            yield [hello, "GET"], [f"407 {hello} 1 "]
            yield [hello, "GET", *WRONG], [refused(proxy, hello, 1)]
            yield [hello, "GET", *WRONG, "loop"], [refused(proxy, hello, 6)]
        # tinyproxy ends connections without saying so before, and a POST may meet that end.
        times = 2 if proxy.name == "squid" else 1
        yield [echo, "POST", *LOGIN, f"body={BODY}", f"times={times}"], [f"200 {echo} 1 {BODY}"] * times
        yield [echo, "POST", *LOGIN, "loop", f"body={BODY}"], [f"200 {echo} {sends} {BODY}"]
        for by in ("data", "chunks"):
            # A body that is gone when the challenge comes is asked for again (12032); CONNECT comes first.
            again = 2 if asks and scheme == "http" else 1
            yield [echo, "POST", *LOGIN, f"body={BODY}", f"by={by}"], [f"200 {echo} {again} {BODY}"]
            yield [echo, "POST", *LOGIN, "loop", f"body={BODY}", f"by={by}"], [f"200 {echo} {sends} {BODY}"]
        yield [secret, "GET", *both, "times=2"], [f"200 {secret} 1 hello"] * 2
        yield [secret, "GET", *both, "loop"], [f"200 {secret} {sends + 1} hello"]
        yield [secret, "GET", *LOGIN, f"user={USER}", "password=wrong"], [f"401 {secret} 1 "]
    there = world.url(proxy, "http", "/there")
    world.plain.there = world.url(proxy, "https", "/open/hello")
    yield [there, "GET", *LOGIN], [f"200 {world.plain.there} 1 hello"]
    # A 407 to the GET and, once that is answered by the options alone, another to the CONNECT.
    yield [there, "GET", *LOGIN, "loop"], None
    for scheme in ("ws", "wss"):
        url = world.url(proxy, scheme, "/")
        yield [url, "GET", *LOGIN, "ws=60"], [f"101 {url} 1 60 messages"]
        yield [url, "GET", *LOGIN, "loop", "ws=5", "times=2"], [f"101 {url} {sends} 5 messages"] * 2
        if asks:
            yield [url, "GET", *WRONG, "ws=1"], [refused(proxy, url, 1, tunnels=True)]


def run(program, work, proxy, mode, arguments):
    url, method, *more = arguments
    ended = run_to_end([program, url, mode, method, f"proxy={proxy.list}", *more], work / "ca.pem")
    expect(ended.returncode, 0, f"exit status ({ended.stderr[-300:]})")
    return ended.stdout.splitlines()


def basic(user, password):
    return base64.b64encode(f"{user}:{password}".encode())


def check_wire(proxy, world, arguments):
    """Every byte that the proxy got, and every head that the servers got."""
    proxy_token, server_token = basic(PROXY_USER, PROXY_PASSWORD), basic(USER, PASSWORD)
    for sent in map(bytes, proxy.tap.sent):
        for never in (PROXY_PASSWORD.encode(), PASSWORD.encode()):
            expect(never in sent, False, f"{never} on the wire")
        if proxy.wants != "basic" or proxy.secure:
            expect(proxy_token in sent, False, "Basic toward a proxy that has not asked for it")
        if proxy.secure:
            expect(sent[:1] in (b"", b"\x16"), True, "TLS to the proxy")
            expect(re.search(rb"CONNECT |GET |POST |Authorization|X-Own", sent), None, "something readable")
            continue
        rest = sent
        while rest.startswith(b"CONNECT "):
            head, _, rest = rest.partition(b"\r\n\r\n")
            expect(re.search(rb"\r\n(Authorization|Cookie|X-Own|Content|Transfer)", head), None, f"in {head}")
        if rest is not sent:
            expect(re.search(rb"Proxy-", rest), None, "behind the tunnel's beginning")
            if arguments[0].startswith("https"):
                expect(re.search(rb"GET |POST |X-Own|Authorization", rest), None, "readable in a tunnel of TLS")
                expect(server_token in rest, False, "the server's credentials, readable")
    for head in world.heads():
        expect(re.search("(?i)^proxy-", head, re.M), None, f"what is the proxy's, at the server: {head}")
        expect(proxy_token.decode() in head, False, "the proxy's credentials at the server")
        if not any(argument.startswith("user=") for argument in arguments):
            expect(re.search("(?m)^Authorization", head), None, "credentials that nobody has given")


def check_reuse(proxy, arguments):
    """Requests one after the other to one server share a tunnel, or a connection to the proxy."""
    if "times=3" not in arguments:
        return
    connections = len(proxy.tap.sent)
    # tinyproxy ends each connection with its answer; so do 407s, to CONNECT and of squid, too.
    secure = arguments[0].startswith("https")
    most = {"squid": 1, "tinyproxy": 1 if secure else 3}[proxy.name]
    if proxy.wants != "open":
        # Who has not said yet who they are may not use the tunnel of those who have.
        most += 3 if "loop" in arguments or not secure else 1
    if not 1 <= connections <= most:
        raise Wrong(f"{connections} connections to the proxy, where {most} do")


def check_logs(work):
    for log in [*work.glob("squid/*.log"), *work.glob("tinyproxy*.log")]:
        text = log.read_text(errors="replace")
        for secret in (PROXY_PASSWORD, PASSWORD, basic(PROXY_USER, PROXY_PASSWORD).decode(),
                       basic(USER, PASSWORD).decode()):
            expect(secret in text, False, f"a secret in {log.name}")


def judge(program, world, work, proxies):
    failures, done = [], 0
    for proxy in proxies:
        for arguments, expected in cases(world, proxy):
            for mode in ("sync", "async"):
                done += 1
                proxy.tap.sent.clear()
                world.forget()
                try:
                    lines = run(program, work, proxy, mode, arguments)
                    if expected is None:
                        expect(lines[0].split()[0], "200", "the end of a redirect")
                    else:
                        expect(len(lines), len(expected), "lines")
                    for found, wanted in zip(lines, expected or []):
                        # Of an answer in the proxy's own words only the beginning counts.
                        expect(found[:len(wanted)] if wanted.endswith(" ") else found, wanted, "answer")
                    check_wire(proxy, world, arguments)
                    check_reuse(proxy, arguments)
                except (Wrong, ValueError, IndexError) as wrong:
                    over = " over TLS" if proxy.secure else ""
                    failures.append(f"{proxy.name} {proxy.wants}{over} {mode} {' '.join(arguments)}: {wrong}")
                    print(f"FAILED {failures[-1]}", flush=True)
    print(f"{done} cases through squid and tinyproxy, {len(failures)} failed")
    return failures


def many(program, servers, proxies):
    """exchanges.c through squid: threads share tunnels, and connections to the proxy."""
    failures = []
    exchanges.documents(servers.work)
    addresses, _ = exchanges.apache(servers, os.geteuid() == 0)
    for proxy in proxies:
        if proxy.name != "squid" or proxy.wants != "open":
            continue
        for address in addresses:
            if address.limited and not address.secure:
                continue  # squid meets those ends
            for mode in ("sync", "async"):
                what = f"{'https' if address.secure else 'http':<6}{'ends early' if address.limited else 'keeps':<11}{mode:<6}"
                try:
                    made, connections = exchanges.exchange(program, servers.work, address, mode, 800, 8, 0, proxy.list)
                    print(f"{what}{made} requests on {connections} connections", flush=True)
                except Wrong as wrong:
                    failures.append(f"{what}: {wrong}")
                    print(f"FAILED {failures[-1]}", flush=True)
    return failures


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", type=pathlib.Path, required=True, help="proxies, built")
    parser.add_argument("--exchanges", type=pathlib.Path, required=True, help="exchanges, built")
    parser.add_argument("--python", required=True, help="a Python that has websockets")
    parser.add_argument("--only", default="", help="only proxies whose name contains this")
    args = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what was started is ended
    with tempfile.TemporaryDirectory(prefix="winhttp-proxies-") as name:
        work = pathlib.Path(name)
        work.chmod(0o755)
        certificates(work)
        (work / "server.key").chmod(0o644)  # squid's own user reads it
        secrets_of_proxies(work, os.geteuid() == 0)
        servers = Servers(work)
        try:
            world = World(servers, args.python)
            proxies = [proxy for start, wants in ((squid, "open"), (squid, "basic"), (squid, "digest"),
                                                  (tinyproxy, "open"), (tinyproxy, "basic"))
                       if args.only in start.__name__ for proxy in start(servers, wants)]
            failures = judge(args.program, world, work, proxies)
            failures += many(args.exchanges, servers, proxies)
            check_logs(work)
        finally:
            servers.stop()
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
