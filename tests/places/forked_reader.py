"""The child that reads a file of a stranger, started many times over: each is a fork of a process with the libraries.

python -P -B forked_reader.py SOCKET  (until its parent ends)

The fork sets itself the same limits and refuses the same things as the child of `child.run_reader`, and hears and
says the same bytes. How that child itself starts, ends and breaks down is the business of other tests.
"""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path

from forking import fork_for_each, server_of_forks

LOADED = (
    "quietwing.sites.importers.drawing", "quietwing.sites.importers.geopackage_tables",
    "quietwing.sites.importers.archive", "quietwing.sites.importers.picture", "quietwing.sites.surveys.workbook_rows",
    "ezdxf", "ezdxf.recover", "ezdxf.path", "ifcopenshell", "ifcopenshell.geom", "ifcopenshell.util.unit",
    "pypdfium2", "pypdfium2.raw", "pyproj",
)  # fmt: skip

Run = Callable[[bytes, str, int, int], tuple[bytes, bytes, str]]


@contextmanager
def forked_reader(folder: Path) -> Iterator[Run]:
    """What stands in for ``child._run`` while the process behind it runs; its socket stands in `folder`."""
    place = folder / "reader"
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
        "HOME": str(folder), "TMPDIR": str(folder), "XDG_CACHE_HOME": str(folder),
        "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "PYTHONHASHSEED": "0", "PYTHONIOENCODING": "utf-8",
    }  # fmt: skip

    def run(task: bytes, _folder: str, seconds: int, _answer_bytes: int) -> tuple[bytes, bytes, str]:
        with socket.socket(socket.AF_UNIX) as line:
            line.settimeout(seconds)
            line.connect(str(place))
            line.sendall(task)
            with line.makefile("rb") as answer:
                found = answer.read()
        told, _, rest = found.partition(b"\n")
        return told, rest, "0" if told else "1"

    with server_of_forks("-B", __file__, place, place=place, environment=environment):
        yield run


def serve(place: str) -> None:
    """Fork for each task that is sent: one after another, as they are asked for."""
    child_main = import_module("quietwing.sites.importers.child_main")
    for name in LOADED:
        with suppress(ModuleNotFoundError):  # of an extra: who asks for its drawings is told so
            import_module(name)

    def read(caller: socket.socket) -> int:
        os.dup2(caller.fileno(), 0)
        os.dup2(caller.fileno(), 1)
        caller.close()
        child_main.main()
        return 1  # it ends by itself

    fork_for_each(place, read)


if __name__ == "__main__":
    serve(*sys.argv[1:])
