"""The workers of a batch, started many times over: each is a fork of one process that has the engine already.

python -P forked_worker.py SOCKET  (until its parent ends)

The fork hears and says the same as a worker of its own, ends when it is left, and its end is told by the same code.
How such a worker itself starts and ends is the business of tests that start one.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from forking import fork_for_each, load_what_xarray_looks_for, server_of_forks

HERE = Path(__file__).parent
ONE_THREAD = ("NUMBA_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


@contextmanager
def forked_worker(folder: Path) -> Iterator[SimpleNamespace]:
    """What stands in for ``workers.subprocess`` while the process behind it runs; its socket stands in `folder`."""
    place = folder / "worker"
    asked = [sys.executable, "-I", "-S", str(HERE / "ask_forked_worker.py"), str(place)]
    paths = [str(HERE), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = os.environ | dict.fromkeys(ONE_THREAD, "1") | {"PYTHONPATH": os.pathsep.join(paths)}

    def begun(_command: list[str], **options: Any) -> subprocess.Popen[bytes]:
        return subprocess.Popen(asked, **options)

    with server_of_forks(__file__, place, place=place, environment=environment):
        yield SimpleNamespace(Popen=begun, PIPE=subprocess.PIPE)


def serve(place: str) -> None:
    """Fork for each worker that is asked for."""
    worker = import_module("quietwing.coverage.batch.worker")
    for name in ("quietwing.coverage.batch.tasks", "odd_tasks"):
        import_module(name)
    import_module("quietwing.coverage.warmup").compile_kernels()  # or rather: fetch them from the disk
    load_what_xarray_looks_for()

    def serve_items(caller: socket.socket) -> int:
        flag, pipes, _, _ = socket.recv_fds(caller, 4096, 3)
        os.environ["QUIETWING_TEST_FLAG"] = flag.decode()
        for place, pipe in enumerate(pipes):
            os.dup2(pipe, place)
            os.close(pipe)
        threading.Thread(target=lambda: caller.recv(1) or os._exit(1), daemon=True).start()  # it was left
        sys.argv[1:] = [str(os.getppid())]
        worker.main()
        caller.sendall(b"\0")
        return 0

    fork_for_each(place, serve_items)


if __name__ == "__main__":
    serve(*sys.argv[1:])
