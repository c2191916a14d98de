"""The command line, run many times over: each command is a fork of one process that has loaded the engine.

python -P forked_command.py SOCKET  (until its parent ends)

A fork knows nothing of what another one computed. It reads its arguments, writes to its two streams and ends with its
exit code as a command does. How a process of ``quietwing`` itself starts is the business of tests that start one.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path

from forking import fork_for_each, load_what_xarray_looks_for, server_of_forks

LOADED = ("example", "frontier", "leakage", "plan", "verdict", "verify", "whatif")
WITHIN_S = 600.0

Run = Callable[[list[str], Path], subprocess.CompletedProcess[str]]


@contextmanager
def forked_command(folder: Path) -> Iterator[Run]:
    """Runs ``quietwing`` with arguments, in a folder, while the process behind it runs; its socket is in `folder`."""
    place = folder / "command"

    def run(arguments: list[str], where: Path) -> subprocess.CompletedProcess[str]:
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err, socket.socket(socket.AF_UNIX) as line:
            line.settimeout(WITHIN_S)
            line.connect(str(place))
            told = json.dumps([str(where), *arguments]).encode()
            socket.send_fds(line, [told], [out.fileno(), err.fileno()])
            code = line.recv(1)
            assert code, "the command ended without a word"
            said = []
            for stream in (out, err):
                stream.seek(0)
                said.append(stream.read().decode())
        return subprocess.CompletedProcess(["quietwing", *arguments], code[0], *said)

    with server_of_forks(__file__, place, place=place):
        yield run


def serve(place: str) -> None:
    """Fork for each command that is asked for."""
    main = import_module("quietwing.coverage.cli").main
    for name in LOADED:
        import_module(f"quietwing.coverage.cli.{name}_terminal")
    import_module("quietwing.coverage.warmup").compile_kernels()  # or rather: fetch them from the disk
    load_what_xarray_looks_for()
    import_module("quietwing.coverage.report.document")

    def command(caller: socket.socket) -> int:
        told, streams, _, _ = socket.recv_fds(caller, 65536, 2)
        for number, stream in enumerate(streams, start=1):
            os.dup2(stream, number)
        where, *arguments = json.loads(told)
        os.chdir(where)
        sys.argv = ["quietwing", *arguments]
        code = 1
        try:
            main()
            code = 0
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else int(end.code is not None)
        except BaseException:
            sys.excepthook(*sys.exc_info())
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            caller.sendall(bytes([code]))
        return code

    fork_for_each(place, command)


if __name__ == "__main__":
    serve(*sys.argv[1:])
