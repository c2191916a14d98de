"""The solver's own child, started many times over: each is a fork of one process that has imported HiGHS already.

python -P forked_solver.py CHILD SOCKET  (until its parent ends)
python -I -S forked_solver.py SOCKET FOLDER    (in the place of `_highs_child.py FOLDER`)
"""

from __future__ import annotations

import importlib.util
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from forking import fork_for_each, server_of_forks


@contextmanager
def forked_solver(child: Path, folder: Path) -> Iterator[tuple[str, ...]]:
    """The command for `solve(…, solver=…)`, while the process behind it runs; its socket stands in `folder`."""
    place = folder / "solver"
    with server_of_forks(__file__, child, place, place=place):
        yield (sys.executable, "-I", "-S", str(Path(__file__).with_name("ask_forked_solver.py")), str(place))


def serve(child: str, place: str) -> None:
    """Fork for each folder that is sent, run the child there, and answer with its exit code."""
    spec = importlib.util.spec_from_file_location("highs_child", child)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)

    def solve(caller: socket.socket) -> int:
        code = 1
        try:
            module.main(Path(caller.recv(4096).decode()))
            code = 0
        finally:
            caller.sendall(bytes([code]))
        return code

    fork_for_each(place, solve)


if __name__ == "__main__":
    serve(*sys.argv[1:])
