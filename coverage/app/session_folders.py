"""Temporary folders of the app, and their end: with the session, with the server, and after a server was killed.

A server process has one root in the system's temporary folder, mode 0700, and each session a folder in it. A thread
takes away folders of sessions that have ended. A process of its own (this file, run with the root's name) waits at a
pipe from the server: when the pipe closes, however the server died, it ends the jobs left and removes the root.
Roots of servers whose janitor died too are swept when the next server starts.

Run as a file it imports the standard library only.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO

__all__ = ["hand_over", "root", "session_folder", "sweep"]

PREFIX = "quietwing-app-"
LOCK = "lock"
PROCESS = "pid"  # of a job, in its folder
LOOK_EVERY_S = 3.0
GRACE_S = 20.0  # a browser that lost its connection comes back within it

_guard = threading.Lock()
_root: Path | None = None
_lock_file: IO[str] | None = None  # held open: its lock says that this server lives
_sessions: dict[str, Path] = {}


def root() -> Path:
    """This server's folder; made on first use, with its janitor."""
    global _root, _lock_file
    with _guard:
        if _root is None or not _root.is_dir():
            sweep()
            made = Path(tempfile.mkdtemp(prefix=PREFIX))
            _lock_file = (made / LOCK).open("w")
            _hold(_lock_file)
            janitor = subprocess.Popen(
                [sys.executable, "-P", __file__, str(made)],
                stdin=subprocess.PIPE,  # kept open by this process alone; it closes when the process ends
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=os.name == "posix",
            )
            atexit.register(_leave, janitor)
            threading.Thread(target=_watch, name="quietwing janitor", daemon=True).start()
            _root = made
        return _root


def session_folder() -> Path:
    """A new folder for the session that asks, mode 0700."""
    from streamlit.runtime.scriptrunner import get_script_run_ctx  # not in a job's process

    folder = Path(tempfile.mkdtemp(prefix="session-", dir=root()))
    context = get_script_run_ctx(suppress_warning=True)
    if context is not None:
        with _guard:
            old, _sessions[context.session_id] = _sessions.get(context.session_id), folder
        if old is not None and _has_runtime():  # in tests, without a server, all sessions have one name
            shutil.rmtree(old, ignore_errors=True)
    return folder


def hand_over(old: str, new: str, folder: Path) -> None:
    """A folder, and the jobs in it, belong to another session from now: the same tab after a reload."""
    with _guard:
        if _sessions.get(old) == folder:
            del _sessions[old]
        if folder.is_dir():
            _sessions[new] = folder


def sweep() -> None:
    """Remove roots of servers that are dead."""
    for old in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError):
            if old.is_symlink() or (os.name == "posix" and old.stat().st_uid != os.getuid()):
                continue
            if _is_dead(old):
                clear(old)


def clear(folder: Path) -> None:
    """End jobs of a dead server and remove its folder."""
    for file in folder.glob(f"*/*/{PROCESS}"):
        with contextlib.suppress(OSError, ValueError):
            _end(int(file.read_text("utf-8")), file.parent)
    for _ in range(5):  # a job that dies may still write
        shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists():
            return
        time.sleep(0.2)


def _leave(janitor: subprocess.Popen[bytes]) -> None:
    """On an ordinary exit: wait for the janitor, so that nothing is left when the server is gone."""
    if janitor.stdin is not None:
        with contextlib.suppress(OSError):
            janitor.stdin.close()
    with contextlib.suppress(subprocess.TimeoutExpired):
        janitor.wait(5.0)


def _has_runtime() -> bool:
    from streamlit import runtime  # not in a job's process

    return runtime.exists()


def _watch() -> None:
    """Take away folders of ended sessions."""
    from streamlit import runtime  # not in a job's process

    gone_since: dict[str, float] = {}
    while True:
        time.sleep(LOOK_EVERY_S)
        if runtime.exists():
            _look(runtime.get_instance().is_active_session, gone_since, time.monotonic())


def _look(is_active: Callable[[str], bool], gone_since: dict[str, float], now_s: float) -> None:
    """Take away folders of sessions that have been gone for the grace; note when others went."""
    from quietwing.coverage.app.jobs import end_all  # which imports this module

    with _guard:
        known = dict(_sessions)
    for name, folder in known.items():
        if is_active(name):
            gone_since.pop(name, None)
        elif now_s - gone_since.setdefault(name, now_s) >= GRACE_S:
            with _guard:
                if _sessions.get(name) == folder:
                    del _sessions[name]
            gone_since.pop(name, None)
            end_all(folder)
            shutil.rmtree(folder, ignore_errors=True)


def _hold(file: IO[str]) -> bool:
    """Whether the lock of a root is ours now; the system takes it back when we die."""
    try:
        if sys.platform == "win32":
            import msvcrt  # on Windows alone

            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl  # not on Windows

            fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _is_dead(old: Path) -> bool:
    """Whether no living server holds a root's lock; one without a lock is perhaps just being made."""
    path = old / LOCK
    if not path.exists():
        return time.time() - old.stat().st_mtime > 60
    with path.open("a") as file:
        return _hold(file)


def _end(pid: int, folder: Path) -> None:
    """Kill a job, if the process of this number is still the one that works in `folder`."""
    if os.name != "posix":
        return  # the pipe it listens to has closed: it ends by itself
    with contextlib.suppress(OSError):
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        if os.fsencode(str(folder)) in words:
            os.killpg(pid, signal.SIGKILL)


def main(folder: Path) -> None:
    """Wait for the server's end, then clear up."""
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):  # meant for the server: we go after it
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    sys.stdin.buffer.read()
    clear(folder)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
