#!/usr/bin/env python3
"""A few cases of the suite over TLS: what run.py of the suite does for ws, for wss.

    tls.py --suite DIR --wstest WSTEST --out DIR -- PROGRAM [ARG ...]

{url} is replaced in the program's arguments. The WebSocket layer is the same as without TLS; the
cases chosen here are those that depend on how bytes come in and how a connection ends.
"""

import argparse
import json
import os
import pathlib
import re
import subprocess
import sys

CASES = ["1.1.*", "1.2.*", "2.*", "3.*", "5.*", "6.2.*", "6.4.*", "7.*", "9.1.6", "9.2.6", "10.*"]
RUN_LIMIT_SECONDS = 300


def certificate(folder):
    key, certificate = folder / "key.pem", folder / "cert.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", key, "-out", certificate],
        check=True, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
    key.chmod(0o600)
    return {"key": str(key), "cert": str(certificate)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--suite", required=True, help="the folder that holds run.py and report.py")
    parser.add_argument("--wstest", required=True)
    parser.add_argument("--out", required=True, type=pathlib.Path)
    parser.add_argument("program", nargs="+")
    args = parser.parse_args()
    sys.path.insert(0, args.suite)
    sys.dont_write_bytecode = True
    import report
    import run

    out = args.out.resolve()
    out.mkdir(parents=True, exist_ok=True)
    port = run.free_port()
    url = f"wss://127.0.0.1:{port}"
    spec = {"url": url, "outdir": str(out), "cases": CASES, "exclude-cases": [], "exclude-agent-cases": {},
            **certificate(out)}
    (out / "spec.json").write_text(json.dumps(spec, indent=3) + "\n")
    log = out / "wstest.log"
    trouble = 0
    with open(log, "w") as wstest_log:
        fuzzer = [args.wstest, "-m", "fuzzingserver", "-s", out / "spec.json"]
        with run.started(fuzzer, stdout=wstest_log, stderr=subprocess.STDOUT) as server:
            run.wait_for_port(port, server, f"wstest (see {log})", 60)
            program = [arg.replace("{url}", url) for arg in args.program]
            with run.started(program, env={**os.environ, "AUTOBAHN_URL": url}) as client:
                trouble = client.wait(RUN_LIMIT_SECONDS)
    (out / "key.pem").unlink()
    planned = re.search(r"will run (\d+) test cases", log.read_text(errors="replace"))
    print(f"reports in {out}")
    if trouble:
        print(f"tls.py: the program's exit status is {trouble}", file=sys.stderr)
    return report.report([out], expect=int(planned[1]) if planned else None) or (1 if trouble else 0)


if __name__ == "__main__":
    sys.exit(main())
