"""What runs in the child process: limits first, then no network and no writing, and only then the reader.

Started by `child.run_reader` alone. One line of JSON comes in on standard input, one goes out on standard output,
and any bytes after it. Before the limits stand nothing but the standard library is loaded.
"""

from __future__ import annotations

import ctypes
import json
import os
import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any, NoReturn

__all__ = ["main"]

# Names of audit events (PEP 578) that a reader has no business with: network and other programs.
_REFUSED = (
    "socket.", "subprocess.", "os.system", "os.exec", "os.fork", "os.posix_spawn", "os.spawn", "os.kill", "os.remove",
    "os.rename", "os.rmdir", "os.mkdir", "os.link", "os.symlink", "os.chmod", "os.chown", "os.truncate", "shutil.",
    "ftplib.", "http.", "smtplib.", "urllib.", "webbrowser.", "pty.",
)  # fmt: skip
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_NEW_USER, _NEW_NETWORK = 0x10000000, 0x40000000  # CLONE_NEWUSER, CLONE_NEWNET of sched.h


def main() -> None:
    """Read the task, set the limits, load the reader and answer."""
    task = json.loads(sys.stdin.buffer.readline())
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what a library prints is no part of the answer
    _limit(task["limits"])
    _leave_the_network()
    sys.setrecursionlimit(2000)
    sys.addaudithook(_guard)
    rest = b""
    try:
        module, _, name = task["reader"].partition(":")
        reader: Callable[..., Any] = getattr(import_module(module), name)
        found = reader(**task["arguments"])
        if isinstance(found, tuple):
            found, rest = found
        text = _text({"answer": found})
    except MemoryError:
        rest, text = b"", '{"fault": "memory"}'
    except RecursionError:
        rest, text = b"", '{"fault": "depth"}'
    except ModuleNotFoundError as error:
        rest, text = b"", _text({"fault": "absent", "what": str(error.name)})
    except Exception as error:  # the reader's own way to say what is wrong, or a fault of the library
        problems = getattr(error, "problems", None)
        told = {"problems": list(problems)} if problems else {"fault": "broken", "what": _in_words(error)}
        if "bad_alloc" in str(told.get("what")):  # of a library in C++
            told = {"fault": "memory"}
        rest, text = b"", _text(told)
    answers.write(text.encode("utf-8", "replace") + b"\n" + rest)
    answers.flush()
    os._exit(0)  # no clean-up of a library that has read a hostile file


def _text(told: dict[str, Any]) -> str:
    """As JSON, signs as they are: where bytes of a name were no text, a library leaves half characters for them."""
    return json.dumps(told, ensure_ascii=False)


def _in_words(error: Exception) -> str:
    """Kind and text of an error of a library, short."""
    try:
        said = str(error)[:200]
    except Exception:  # an error that cannot be printed is still one line
        said = ""
    return f"{type(error).__name__}: {said}" if said else type(error).__name__


def _limit(limits: dict[str, int]) -> None:
    """Memory, time, files; where the system knows no limits, the parent's clock is what is left."""
    try:
        import resource  # not there on Windows
    except ImportError:
        return
    for name, amount in (
        ("RLIMIT_AS", limits["memory"]),
        ("RLIMIT_CPU", limits["seconds"]),
        ("RLIMIT_FSIZE", 0),
        ("RLIMIT_NOFILE", limits["files"]),
        ("RLIMIT_CORE", 0),
    ):
        kind = getattr(resource, name)
        most = resource.getrlimit(kind)[1]
        if most != resource.RLIM_INFINITY:
            amount = min(amount, most)
        try:
            # A second more until the hard limit of time, at which the system kills without saying for what.
            more = name == "RLIMIT_CPU" and (most == resource.RLIM_INFINITY or amount < most)
            resource.setrlimit(kind, (amount, amount + more))
        except (ValueError, OSError):  # macOS refuses some of them
            continue


def _leave_the_network() -> None:
    """A network of its own with nothing in it, where the system lets an ordinary user have one.

    Root keeps its own user: in a new one it could no longer read what belongs to others.
    """
    root = getattr(os, "geteuid", lambda: 1)() == 0
    try:
        ctypes.CDLL(None).unshare(_NEW_NETWORK if root else _NEW_USER | _NEW_NETWORK)
    except (AttributeError, OSError, TypeError):
        return


def _guard(event: str, arguments: tuple[Any, ...]) -> None:
    """No network, no other program, nothing written: the hook cannot be taken off again."""
    if event == "open":
        path, mode, flags = (*arguments, None, None)[:3]
        writes = isinstance(flags, int) and flags & _WRITES
        writes = writes or (isinstance(mode, str) and any(letter in mode for letter in "wax+"))
        if writes and path != os.devnull:
            _refuse(event)
    elif event.startswith(_REFUSED):
        _refuse(event)


def _refuse(event: str) -> NoReturn:
    raise PermissionError(f"{event} is not allowed while a file is read")


if __name__ == "__main__":
    main()
