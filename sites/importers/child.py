"""Files nobody vouches for are opened in a child process with limits on memory, time, files and network.

What a parser does to itself there (a crash, a bomb, a loop) is one line here. The answer comes back as JSON and
bytes, never as pickle.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

from quietwing.sites.errors import SiteError
from quietwing.sites.findings import clean
from quietwing.sites.importers import child_main

__all__ = ["CHILD_MEMORY_BYTES", "CHILD_SECONDS", "plain_path", "run_reader"]

CHILD_MEMORY_BYTES = 2 * 2**30  # addresses, of which libraries take some 0.5 GiB before they read anything
CHILD_SECONDS = 60
CHILD_FILES = 64
MOST_ANSWER_BYTES = 256 * 2**20
NO_MEMORY_LEFT = "127"  # exit code of the C library where no memory is left for data of a thread
_PLANS = ("ezdxf", "ifcopenshell", "pypdfium2")
_KEPT = ("PATH", "SYSTEMROOT", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "PROJ_DATA", "GDAL_DATA")  # no proxies, no keys


def run_reader(
    reader: str,
    arguments: Mapping[str, Any],
    *,
    name: str,
    seconds: int = CHILD_SECONDS,
    memory_bytes: int = CHILD_MEMORY_BYTES,
    answer_bytes: int = MOST_ANSWER_BYTES,
) -> tuple[Any, bytes]:
    """What a reader finds in a file, read in a child process.

    Parameters
    ----------
    reader : str
        ``package.module:function``; the function gives plain JSON, or a pair of JSON and bytes.
    arguments : mapping
        By keyword, plain JSON.
    name : str
        Of the file, for the messages.
    seconds, memory_bytes : int
        The most the child may take.
    answer_bytes : int
        The most it may answer.

    Returns
    -------
    answer : JSON
    rest : bytes

    Raises
    ------
    SiteError
        The reader's own problems, or one line that says how it ended.
    """
    task = {
        "reader": reader,
        "arguments": dict(arguments),
        "limits": {"memory": memory_bytes, "seconds": seconds, "files": CHILD_FILES},
    }
    with tempfile.TemporaryDirectory(prefix="child-") as nowhere:
        line, rest, ended = _run(json.dumps(task).encode() + b"\n", nowhere, seconds, answer_bytes)
    label = clean(name)
    if ended == "late":
        raise SiteError(
            f"{label}: was still being read after {seconds} s; remove what is not needed and export again"
        )
    if ended == "long":
        raise SiteError(
            f"{label}: holds more than {answer_bytes // 2**20} MiB; remove what is not needed and export it again"
        )
    try:
        told = json.loads(line)
    except ValueError:
        if ended == NO_MEMORY_LEFT:
            raise SiteError(f"{label}: {_fault({'fault': 'memory'}, memory_bytes)}") from None
        raise SiteError(f"{label}: {_death(ended)}; it is damaged or hostile: export it again") from None
    if "answer" in told:
        return told["answer"], rest
    if "problems" in told:
        raise SiteError([str(problem) for problem in told["problems"]])
    raise SiteError(f"{label}: {_fault(told, memory_bytes)}")


def _run(task: bytes, folder: str, seconds: int, answer_bytes: int) -> tuple[bytes, bytes, str]:
    """First line and rest of the answer, and how the child ended: its exit code, ``late`` or ``long``."""
    environment = {key: os.environ[key] for key in _KEPT if key in os.environ}
    environment |= {
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
        "HOME": folder, "TMPDIR": folder, "XDG_CACHE_HOME": folder, "no_proxy": "*",
        "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "PYTHONHASHSEED": "0", "PYTHONIOENCODING": "utf-8",
    }  # fmt: skip
    child = subprocess.Popen(
        [sys.executable, "-P", "-B", child_main.__file__],  # by its path: no package is loaded before the limits
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment,
        cwd=folder,
        close_fds=True,
    )
    late = threading.Event()

    def stop() -> None:
        late.set()
        child.kill()

    clock = threading.Timer(seconds, stop)
    clock.start()
    try:
        pipes = child.stdin, child.stdout
        line, rest, too_long = _talk(pipes, task, answer_bytes)
        if too_long:
            child.kill()
        code = child.wait()
    finally:
        clock.cancel()
        if child.poll() is None:
            child.kill()
            child.wait()
    return line, rest, "long" if too_long else "late" if late.is_set() or code == -_CPU else str(code)


_CPU = getattr(signal, "SIGXCPU", 24)


def _talk(pipes: tuple[IO[bytes] | None, IO[bytes] | None], task: bytes, most: int) -> tuple[bytes, bytes, bool]:
    """Hand over the task and take the answer, at most so many bytes of it."""
    to_child, from_child = pipes
    if to_child is None or from_child is None:
        return b"", b"", False
    with from_child:
        try:
            with to_child:
                to_child.write(task)
        except BrokenPipeError:  # it died at once; how is said by its exit code
            return b"", b"", False
        found = from_child.read(most + 1)
    line, _, rest = found.partition(b"\n")
    return line, rest, len(found) > most


def _death(code: str) -> str:
    """In words: a signal or an exit code."""
    number = -int(code)
    if number > 0:
        try:
            what = signal.Signals(number).name
        except ValueError:
            what = f"signal {number}"
        return f"the program that reads it broke down ({what})"
    return f"the program that reads it ended without an answer (code {code})"


def _fault(told: Mapping[str, Any], memory_bytes: int) -> str:
    """What went wrong in the reader, and what to do."""
    kind, what = told.get("fault"), clean(str(told.get("what", "")), 120)
    if kind == "memory":
        return (
            f"needs more than {memory_bytes / 2**30:.2g} GiB to be read; remove what is not needed and "
            f"export it again"
        )
    if kind == "depth":
        return "is nested too deeply to be read; export it again without blocks inside blocks"
    if kind == "absent":
        package = what.split(".")[0]
        extra = "plans" if package in _PLANS else "terrain"
        return f'needs the package {package}, which is not installed; pip install "quietwing[{extra}]"'
    return f"cannot be read ({what}); it is damaged: export it again"


def plain_path(path: Path) -> str:
    """A path as the child finds it from any working directory."""
    return str(path.resolve())
