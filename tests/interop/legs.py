#!/usr/bin/env python3
"""legs.c against nginx and Apache: what a request does by itself (started by ./run, which installs).

Basic and Digest (Apache's mod_auth_digest), with the right password and a wrong one, by options and by
WinHttpSetCredentials, with bodies; chains of redirects across addresses, with and without TLS; a chain
without an end; cookies that a chain needs; compressed bodies.
"""

import argparse
import base64
import hashlib
import os
import pathlib
import signal
import sys
import tempfile

sys.dont_write_bytecode = True
from exchanges import find
from matrix import Servers, Wrong, certificates, expect, free_port, run_to_end, wait_for_port

USER, PASSWORD, REALM = "user", "pa55:word", "the realm"
TEXT = "compressed " * 300

NGINX = """\
daemon off;
pid {work}/nginx.pid;
error_log stderr notice;
{user}
events {{ worker_connections 256; }}
http {{
  access_log off;
  client_body_temp_path {work}/body; proxy_temp_path {work}/proxy; fastcgi_temp_path {work}/fastcgi;
  uwsgi_temp_path {work}/uwsgi; scgi_temp_path {work}/scgi;
  ssl_certificate {work}/server.pem;
  ssl_certificate_key {work}/server.key;
  default_type text/plain;
  root {work}/www;
  server {{
    listen 127.0.0.1:{plain};
    listen 127.0.0.1:{tls} ssl;
    location /basic/ {{ auth_basic "{realm}"; auth_basic_user_file {work}/passwords; }}
    location /there {{ return 302 https://localhost:{tls}/open/hello; }}
    location /back {{ return 301 http://127.0.0.1:{plain}/open/hello; }}
    location /relative {{ return 307 open/hello; }}
    location /loop {{ return 302 /loop; }}
    location /gzip/ {{ gzip on; gzip_min_length 1; gzip_types *; }}
    location /set {{ add_header Set-Cookie "seen=yes; Path=/"; return 303 /get; }}
    location /get {{ return 200 "cookie $cookie_seen\\n"; }}
  }}
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
LoadModule authz_user_module {modules}/mod_authz_user.so
LoadModule authn_core_module {modules}/mod_authn_core.so
LoadModule authn_file_module {modules}/mod_authn_file.so
LoadModule auth_basic_module {modules}/mod_auth_basic.so
LoadModule auth_digest_module {modules}/mod_auth_digest.so
LoadModule alias_module {modules}/mod_alias.so
LoadModule headers_module {modules}/mod_headers.so
LoadModule filter_module {modules}/mod_filter.so
LoadModule deflate_module {modules}/mod_deflate.so
LoadModule cgid_module {modules}/mod_cgid.so
LoadModule setenvif_module {modules}/mod_setenvif.so
LoadModule ssl_module {modules}/mod_ssl.so
ScriptSock {work}/cgid.sock
StartServers 1
ErrorLog {work}/apache-error.log
DocumentRoot {work}/www
<Directory {work}>
  Require all granted
</Directory>
SSLCertificateFile {work}/server.pem
SSLCertificateKeyFile {work}/server.key
ScriptAliasMatch ^/digest/echo {work}/echo.sh
ScriptAliasMatch ^/get {work}/cookie.sh
<Location /basic/>
  AuthType Basic
  AuthName "{realm}"
  AuthUserFile {work}/passwords
  Require valid-user
</Location>
<Location /digest/>
  AuthType Digest
  AuthName "{realm}"
  AuthDigestDomain /digest/
  AuthDigestProvider file
  AuthUserFile {work}/digests
  Require valid-user
</Location>
<Location /gzip/>
  SetOutputFilter DEFLATE
</Location>
<Location /set>
  Header always set Set-Cookie "seen=yes; Path=/"
</Location>
Redirect 303 /set /get
Redirect 302 /there https://localhost:{tls}/open/hello
Redirect 301 /back http://127.0.0.1:{plain}/open/hello
Redirect 307 /relative /open/hello
Redirect 302 /loop /loop
Listen 127.0.0.1:{plain}
Listen 127.0.0.1:{tls}
<VirtualHost 127.0.0.1:{tls}>
  SSLEngine on
</VirtualHost>
"""

SCRIPTS = {
    "echo.sh": "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\n'\nexec cat\n",
    "cookie.sh": "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\ncookie %s\\n' \"${HTTP_COOKIE#seen=}\"\n",
}


def documents(work):
    for folder, text in (("open", "hello\n"), ("basic", "hello\n"), ("digest", "hello\n"), ("gzip", TEXT)):
        (work / "www" / folder).mkdir(parents=True)
        (work / "www" / folder / "hello").write_text(text)
    for name, text in SCRIPTS.items():
        (work / name).write_text(text)
        (work / name).chmod(0o755)
    hashed = base64.b64encode(hashlib.sha1(PASSWORD.encode()).digest()).decode()
    (work / "passwords").write_text(f"{USER}:{{SHA}}{hashed}\n")
    digest = hashlib.md5(f"{USER}:{REALM}:{PASSWORD}".encode()).hexdigest()
    (work / "digests").write_text(f"{USER}:{REALM}:{digest}\n")


class Server:
    def __init__(self, name, plain, tls):
        self.name, self.plain, self.tls = name, f"http://127.0.0.1:{plain}", f"https://localhost:{tls}"


def start(servers, name, config, command, root):
    plain, tls = free_port(), free_port()
    users = {"nginx": "user root;", "Apache": "User www-data\nGroup www-data"}
    modules = find("/usr/lib/apache2/modules", "/usr/lib64/httpd/modules")
    file = servers.work / f"{name}.conf"
    file.write_text(config.format(work=servers.work, plain=plain, tls=tls, realm=REALM, modules=modules,
                                  user=users[name] if root else ""))
    process, _ = servers.start(name, [*command, file])
    for port in (plain, tls):
        wait_for_port(port, process)
    return Server(name, plain, tls)


def cases(server):
    """What is asked, and the lines that must come."""
    login = [f"user={USER}", f"password={PASSWORD}"]
    wrong = [f"user={USER}", "password=wrong"]
    for base in (server.plain, server.tls):
        schemes = ["basic"] if server.name == "nginx" else ["basic", "digest"]
        for scheme in schemes:
            url = f"{base}/{scheme}/hello"
            yield [url, "GET", *login, "times=3"], [f"200 {url} 2 hello"] * 3
            first = 1 if scheme == "basic" else 2
            yield [url, "GET", *login, f"set={scheme}", "times=2"], [f"200 {url} {first} hello"] * 2
            yield [url, "GET", *wrong], [f"401 {url} 2 "]
            yield [url, "GET"], [f"401 {url} 1 "]
        if server.name == "Apache":
            url = f"{base}/digest/echo?a=b&c=%20d"
            yield [url, "POST", *login, "body=a body"], [f"200 {url} 2 a body"]
        yield [f"{base}/there", "GET"], [f"200 {server.tls}/open/hello 2 hello"]
        yield [f"{base}/relative", "GET"], [f"200 {base}/open/hello 2 hello"]
        yield [f"{base}/set", "POST", "body=x"], [f"200 {base}/get 2 cookie yes"]
        # Ten are followed, and the eleventh fails.
        yield [f"{base}/loop", "GET"], [f"error 12156 {base}/loop 11"]
        yield [f"{base}/gzip/hello", "GET", "gzip"], [f"200 {base}/gzip/hello 1 {TEXT}"]
    # From https to http only where the program says so: the answer is the program's.
    yield [f"{server.plain}/back", "GET"], [f"200 {server.plain}/open/hello 2 hello"]
    yield [f"{server.tls}/back", "GET"], [f"301 {server.tls}/back 1 "]


def run(program, work, mode, arguments, expected):
    url, method, *more = arguments
    ended = run_to_end([program, url, mode, method, *more], work / "ca.pem")
    expect(ended.returncode, 0, f"exit status ({(ended.stdout + ended.stderr)[-300:]})")
    lines = ended.stdout.splitlines()
    expect(len(lines), len(expected), "lines")
    for found, wanted in zip(lines, expected, strict=True):
        # Of an answer in the server's own words only the beginning counts.
        expect(found[:len(wanted)] if wanted.endswith(" ") else found, wanted, "answer")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", type=pathlib.Path, required=True, help="legs, built")
    args = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what was started is ended
    root = os.geteuid() == 0
    failures, done = [], 0
    with tempfile.TemporaryDirectory(prefix="winhttp-legs-") as name:
        work = pathlib.Path(name)
        work.chmod(0o755)
        certificates(work)
        documents(work)
        servers = Servers(work)
        try:
            nginx = [find("/usr/sbin/nginx", "nginx"), "-p", work, "-e", "stderr", "-c"]
            apache = [find("/usr/sbin/apache2", "httpd"), "-D", "FOREGROUND", "-f"]
            peers = [start(servers, "nginx", NGINX, nginx, root), start(servers, "Apache", APACHE, apache, root)]
            for server in peers:
                for arguments, expected in cases(server):
                    for mode in ("sync", "async"):
                        done += 1
                        try:
                            run(args.program, work, mode, arguments, expected)
                        except (Wrong, ValueError) as wrong:
                            failures.append(f"{server.name} {mode} {' '.join(arguments)}: {wrong}")
                            print(f"FAILED {failures[-1]}", flush=True)
            print(f"{done} cases of redirects, challenges, cookies and codings, {len(failures)} failed")
        finally:
            servers.stop()
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
