#!/usr/bin/env python3
"""exchanges.c against nginx and Apache, plain and TLS: exchanges.py (started by ./run, which installs).

Each server has addresses with its own limits of kept connections, and others that end them early: after
ten requests, or one idle second. Demanded of each: every answer right (the program compares), connections
used again (the program counts them, and the server's log has each request's place on its connection), and
no request twice (the log has as many as the program made).
"""

import argparse
import os
import pathlib
import re
import signal
import sys
import tempfile
import time

sys.dont_write_bytecode = True
from matrix import (LIMIT_SECONDS, Servers, Wrong, certificates, expect, free_port, run_to_end,
                    wait_for_port)

FILES = 100
BIG = 3 << 20
LIMIT = 10  # the servers' own, of requests on a connection; Apache does not count the first

NGINX = """\
daemon off;
pid {work}/nginx.pid;
error_log stderr notice;
{user}
worker_processes 1;
events {{ worker_connections 1024; }}
http {{
  log_format reuse '$server_port $connection_requests $request_method';
  access_log {work}/nginx-access.log reuse;
  client_body_temp_path {work}/body; proxy_temp_path {work}/proxy; fastcgi_temp_path {work}/fastcgi;
  uwsgi_temp_path {work}/uwsgi; scgi_temp_path {work}/scgi;
  ssl_certificate {work}/server.pem;
  ssl_certificate_key {work}/server.key;
  default_type text/plain;
  root {work}/www;
  {servers}
}}
"""

# A filter that may change the length makes chunks of an answer.
NGINX_SERVER = """
  server {{
    listen 127.0.0.1:{plain};
    listen 127.0.0.1:{tls} ssl;
    {limits}
    location /chunked/ {{ sub_filter_types *; sub_filter absent present; alias {work}/www/number/; }}
    location /echo/ {{ proxy_pass http://127.0.0.1:{behind}; proxy_http_version 1.1; client_max_body_size 0; }}
  }}
"""

APACHE = """\
ServerRoot {work}
ServerName localhost
PidFile {work}/apache.pid
DefaultRuntimeDir {work}
Mutex posixsem
{user}
LoadModule mpm_event_module {modules}/mod_mpm_event.so
LoadModule authz_core_module {modules}/mod_authz_core.so
LoadModule alias_module {modules}/mod_alias.so
LoadModule cgid_module {modules}/mod_cgid.so
LoadModule ssl_module {modules}/mod_ssl.so
ScriptSock {work}/cgid.sock
StartServers 2
ThreadsPerChild 32
MaxRequestWorkers 128
ErrorLog {work}/apache-error.log
LogFormat "%p %k %m" reuse
DocumentRoot {work}/www
<Directory {work}>
  Require all granted
</Directory>
ScriptAliasMatch ^/echo/ {work}/echo.sh
ScriptAliasMatch ^/chunked/ {work}/chunked.sh
SSLCertificateFile {work}/server.pem
SSLCertificateKeyFile {work}/server.key
{servers}
"""

APACHE_SERVER = """
Listen 127.0.0.1:{port}
<VirtualHost 127.0.0.1:{port}>
  CustomLog {work}/apache-access.log reuse
  SSLEngine {engine}
  {limits}
</VirtualHost>
"""

# The number is the last part of the path. What comes in parts, one later, comes in chunks, unless
# the server is later still.
SCRIPTS = {
    "echo.sh": "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\n'\nexec cat\n",
    "chunked.sh": "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\nnumber '\nsleep 0.02\n"
                  "printf '%s\\n' \"${REQUEST_URI##*/}\"\n",
}


class Address:
    """One address of a server. `limited`: it ends connections after a few requests."""

    def __init__(self, name, port, secure, limited, log):
        self.name, self.port, self.secure, self.limited, self.log = name, port, secure, limited, log
        scheme, host = ("https", "localhost") if secure else ("http", "127.0.0.1")
        self.url = f"{scheme}://{host}:{port}/"

    def places(self):
        """The places on their connections of all requests so far, as the server has logged them."""
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        return [int(line.split()[1]) for line in lines if line.split()[0] == str(self.port)]


def documents(work):
    numbers = work / "www/number"
    numbers.mkdir(parents=True)
    for number in range(FILES):
        (numbers / str(number)).write_text(f"number {number}\n")
    (work / "www/big").write_bytes(bytes((n * 31 + (n >> 8)) % 251 for n in range(BIG)))
    for name, text in SCRIPTS.items():
        (work / name).write_text(text)
        (work / name).chmod(0o755)


def find(*candidates):
    return next((path for path in candidates if os.path.exists(path)), candidates[-1])


def addresses(name, ports, log):
    return [Address(name, port, secure, limited, log)
            for (limited, secure), port in zip(((False, False), (False, True), (True, False), (True, True)), ports)]


def apache(servers, root):
    ports = [free_port() for _ in range(5)]
    blocks = ""
    for index, port in enumerate(ports):
        limits = (f"MaxKeepAliveRequests {LIMIT}\n  KeepAliveTimeout 1" if index in (2, 3)
                  else "MaxKeepAliveRequests 0\n  KeepAliveTimeout 60")
        blocks += APACHE_SERVER.format(port=port, work=servers.work, limits=limits,
                                       engine="on" if index in (1, 3) else "off")
    modules = find("/usr/lib/apache2/modules", "/usr/lib64/httpd/modules")
    (servers.work / "apache.conf").write_text(APACHE.format(
        work=servers.work, modules=modules, servers=blocks, user="User www-data\nGroup www-data" if root else ""))
    process, _ = servers.start("apache", [find("/usr/sbin/apache2", "httpd"), "-D", "FOREGROUND",
                                          "-f", servers.work / "apache.conf"])
    for port in ports:
        wait_for_port(port, process)
    return addresses("Apache", ports, servers.work / "apache-access.log"), ports[4]


def nginx(servers, root, behind):
    """`behind`: a port of Apache, which answers what nginx's own modules cannot."""
    ports = [free_port() for _ in range(4)]
    blocks = ""
    for plain, tls, limits in ((ports[0], ports[1], "keepalive_requests 1000000; keepalive_timeout 60s;"),
                               (ports[2], ports[3],
                                f"keepalive_requests {LIMIT}; keepalive_timeout 1s;")):
        blocks += NGINX_SERVER.format(plain=plain, tls=tls, limits=limits, work=servers.work, behind=behind)
    (servers.work / "nginx.conf").write_text(
        NGINX.format(work=servers.work, servers=blocks, user="user root;" if root else ""))
    process, _ = servers.start("nginx", [find("/usr/sbin/nginx", "nginx"), "-p", servers.work, "-e", "stderr",
                                         "-c", servers.work / "nginx.conf"])
    for port in ports:
        wait_for_port(port, process)
    return addresses("nginx", ports, servers.work / "nginx-access.log")


def exchange(program, work, address, mode, requests, threads, pauses, proxy=None):
    """Runs the program; what was wrong is raised, what was measured comes back."""
    before = len(address.places())
    command = [program, address.url, mode, requests, threads, pauses, *([proxy] if proxy else [])]
    ended = run_to_end(command, work / "ca.pem", limit=LIMIT_SECONDS * 10)
    expect(ended.returncode, 0, f"exit status ({ended.stderr[-500:]})")
    said = re.fullmatch(r"(\d+) requests, (\d+) connections, (\d+) chunked\n", ended.stdout)
    made, connections, chunked = map(int, said.groups())
    expect(made, requests // threads * threads, "requests")
    if chunked == 0:
        raise Wrong("no answer came in chunks")
    # A server may log a request a moment after its last byte.
    deadline = time.monotonic() + LIMIT_SECONDS
    while len(places := address.places()[before:]) < made and time.monotonic() < deadline:
        time.sleep(0.05)
    expect(len(places), made, "requests in the server's log")
    if proxy and not address.secure:
        least, most = 1, threads  # what the proxy does behind itself is its own matter
    elif address.limited:
        # Threads share the connections, so that few end unused: below twice as many as there must be.
        most_of_one = LIMIT + 1 if address.name == "Apache" else LIMIT
        least, most = -(-made // most_of_one), 2 * made // most_of_one + threads * (pauses + 1)
        # nginx counts from 1 and Apache from 0; both end at the limit.
        expect(max(places), LIMIT, "the last place on a connection")
    else:
        least, most = 1, threads
    if not least <= connections <= most:
        raise Wrong(f"{connections} connections instead of {least} to {most}")
    return made, connections


def judge(program, work, peers, requests, threads):
    """What was wrong, and for each address how many requests its server must have logged."""
    failures, total, logged = [], 0, {}
    for address in peers:
        logged[address], before = len(address.places()), len(failures)
        for mode in ("sync", "async"):
            for count, pauses in ((1, 0), (threads, 3 if address.limited else 0)):
                what = (f"{address.name:<7}{'tls' if address.secure else 'plain':<6}"
                        f"{'ends early' if address.limited else 'keeps':<11}{mode:<6}{count:>3} threads, {pauses} pauses")
                try:
                    made, connections = exchange(program, work, address, mode, requests, count, pauses)
                    print(f"{what}: {made} requests on {connections} connections", flush=True)
                    total += made
                    logged[address] += made
                except Wrong as wrong:
                    failures.append(f"{what}: {wrong}")
                    print(f"FAILED {failures[-1]}", flush=True)
        if len(failures) > before:
            del logged[address]  # nobody knows what a run that failed has asked for
    print(f"\n{total} requests answered right, {len(failures)} runs failed")
    return failures, logged


def judge_logs(logged):
    """Once the servers have stopped: what they have logged behind the runs, too."""
    failures = [f"{address.url}: {len(address.places())} requests in the server's log instead of {wanted}"
                for address, wanted in logged.items() if len(address.places()) != wanted]
    for failure in failures:
        print(f"FAILED {failure}", flush=True)
    return failures


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", type=pathlib.Path, required=True, help="exchanges, built")
    parser.add_argument("--requests", type=int, default=1000, help="of each run")
    parser.add_argument("--threads", type=int, default=20)
    parser.add_argument("--only", default="", help="only this server")
    args = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what was started is ended
    root = os.geteuid() == 0
    with tempfile.TemporaryDirectory(prefix="winhttp-interop-") as name:
        work = pathlib.Path(name)
        work.chmod(0o755)
        certificates(work)
        documents(work)
        servers = Servers(work)
        try:
            peers, behind = apache(servers, root)
            peers = nginx(servers, root, behind) + peers
            failures, logged = judge(args.program, work, [peer for peer in peers if args.only in peer.name],
                                     args.requests, args.threads)
            if failures:
                for log in ("nginx.log", "apache.log", "apache-error.log"):
                    text = (work / log).read_text(errors="replace")[-1500:] if (work / log).exists() else ""
                    print(f"--- {log}\n{text}", file=sys.stderr)
        finally:
            servers.stop()
        failures += judge_logs(logged)
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
