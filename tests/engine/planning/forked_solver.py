"""The solver's own child, started many times over: each is a fork of one process that has imported HiGHS already.

python -P forked_solver.py serve CHILD SOCKET  (until its parent ends)
python -I -S forked_solver.py SOCKET FOLDER    (in the place of `_highs_child.py FOLDER`)
"""

from __future__ import annotations

import importlib.util
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LOOK_FOR_PARENT_S = 1.0
STARTS_WITHIN_S = 60.0


@contextmanager
def forked_solver(child: Path, folder: Path) -> Iterator[tuple[str, ...]]:
    """The command for `solve(…, solver=…)`, while the process behind it runs; its socket stands in `folder`."""
    place = folder / "solver"
    server = subprocess.Popen([sys.executable, "-P", __file__, child, place])
    try:
        end = time.monotonic() + STARTS_WITHIN_S
        while not place.exists():
            assert server.poll() is None
            assert time.monotonic() < end
            time.sleep(0.05)
        yield (sys.executable, "-I", "-S", str(Path(__file__).with_name("ask_forked_solver.py")), str(place))
    finally:
        server.kill()
        server.wait()


def serve(child: str, place: str) -> None:
    """Fork for each folder that is sent, run the child there, and answer with its exit code."""
    spec = importlib.util.spec_from_file_location("highs_child", child)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for them
    parent = os.getppid()
    with socket.socket(socket.AF_UNIX) as door:
        door.settimeout(LOOK_FOR_PARENT_S)
        door.bind(f"{place}.part")
        door.listen(16)
        os.rename(f"{place}.part", place)
        while os.getppid() == parent:
            try:
                caller, _ = door.accept()
            except TimeoutError:
                continue
            if os.fork() == 0:
                caller.settimeout(None)
                code = 1
                try:
                    module.main(Path(caller.recv(4096).decode()))
                    code = 0
                finally:
                    caller.sendall(bytes([code]))
                    os._exit(code)
            caller.close()


if __name__ == "__main__":
    serve(*sys.argv[1:])
