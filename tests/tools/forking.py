"""Children that are forks of one process with their libraries: started a hundred times, they load these once."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path

LOOK_FOR_PARENT_S = 1.0
STARTS_WITHIN_S = 60.0


@contextmanager
def server_of_forks(
    *command: str | Path, place: Path, environment: Mapping[str, str] | None = None
) -> Iterator[None]:
    """While a program of Python that calls `fork_for_each` runs: its socket stands at `place`."""
    environment = os.environ if environment is None else environment
    paths = [str(Path(__file__).parent), *filter(None, [environment.get("PYTHONPATH")])]
    server = subprocess.Popen(
        [sys.executable, "-P", *command],
        env={**environment, "PYTHONPATH": os.pathsep.join(paths)},
        stdin=subprocess.DEVNULL,
    )
    try:
        end = time.monotonic() + STARTS_WITHIN_S
        while not place.exists():
            assert server.poll() is None
            assert time.monotonic() < end
            time.sleep(0.05)
        yield
    finally:
        server.kill()
        server.wait()


def fork_for_each(place: str, work: Callable[[socket.socket], int]) -> None:
    """Fork for each caller at `place` until the parent ends; a fork ends with what `work` returns."""
    parent = os.getppid()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for them
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
            caller.settimeout(None)
            if os.fork() == 0:
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                code = 1
                try:
                    code = work(caller)
                finally:
                    os._exit(code)
            caller.close()


def load_what_xarray_looks_for() -> None:
    """Make a data set, for which xarray looks for libraries of arrays: it loads dask in a quarter of a second."""
    import_module("xarray").Dataset({"nothing": ((), 0.0)})
