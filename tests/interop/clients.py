#!/usr/bin/env python3
"""Foreign clients against the echo server of examples/c: clients.py (started by ./run, which installs).

Each client is a program in clients/ that makes its checks and prints a line for each: column, name and
result, with tabs in between. Exit status: 0 when every check of every client passed.
"""

import argparse
import contextlib
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
COLUMNS = ["text", "binary", "many", "large", "fragments", "ping", "client closes", "subprotocol"]
LIMIT_SECONDS = 300  # of one client


@contextlib.contextmanager
def echo_server(program):
    """Gives the server's URL; ends its input afterwards, upon which it must end by itself."""
    with subprocess.Popen([program, "--until-eof"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        try:
            yield server.stdout.readline().removeprefix("listening on ").strip()
            server.stdin.close()
            if server.wait(30) != 0:
                sys.exit(f"interop: the echo server ended with status {server.returncode}")
        finally:
            server.kill()


def results(command):
    """What a client prints, as lists of three; a client that breaks off adds a failure."""
    try:
        ended = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=LIMIT_SECONDS)
        output, trouble = ended.stdout, ended.stderr if ended.returncode else ""
    except subprocess.TimeoutExpired as late:
        output, trouble = (late.stdout or b"").decode(), f"still running after {LIMIT_SECONDS} s"
    rows = [line.split("\t") for line in output.splitlines()]
    if trouble or not rows:
        rows.append(["text", "the whole program", trouble or "it printed nothing"])
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--server", type=pathlib.Path, required=True, help="the built echo server")
    parser.add_argument("--python", required=True, help="a Python that has websockets")
    parser.add_argument("--node-modules", type=pathlib.Path, required=True, help="the folder that has ws")
    args = parser.parse_args()
    good = total = 0
    print(f"\n{'client':<20}" + "  ".join(column.rjust(5) for column in COLUMNS))
    with tempfile.TemporaryDirectory(dir=args.node_modules.parent) as folder, echo_server(args.server) as url:
        # Node looks for modules in the folders above the script.
        script = pathlib.Path(folder) / "check.mjs"
        script.write_text((HERE / "clients/check.mjs").read_text())
        for name, command in (("ws (Node)", ["node", script, url]),
                              ("websockets (Py)", [args.python, HERE / "clients/check.py", url])):
            counts = {column: [0, 0] for column in COLUMNS}
            for column, check, result in results(command):
                counts[column][1] += 1
                if result == "ok":
                    counts[column][0] += 1
                else:
                    print(f"FAILED {name}, {column}, {check}: {result}", file=sys.stderr)
            cells = [f"{passed}/{of}" if of else "-" for passed, of in counts.values()]
            print(f"{name:<20}" + "  ".join(cell.rjust(max(5, len(column))) for cell, column in zip(cells, COLUMNS)))
            good += sum(passed for passed, _ in counts.values())
            total += sum(of for _, of in counts.values())
    print(f"\n{good} of {total} checks of foreign clients passed")
    sys.exit(0 if good == total else 1)


if __name__ == "__main__":
    main()
