"""One batch at a time in a folder: a lock the system takes back when its owner dies."""

from __future__ import annotations

import contextlib
import json
import os
import platform
import sys
from collections.abc import Iterator
from pathlib import Path

from quietwing.coverage.errors import ScenarioError
from quietwing.sites import clean

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

__all__ = ["LOCK", "folder_lock"]

LOCK = ".lock"
_FAR_BYTE = 1 << 20  # beyond the text, so that others may read who holds the lock


@contextlib.contextmanager
def folder_lock(folder: Path) -> Iterator[None]:
    """Hold a folder for one batch; the file a dead process left behind does not matter.

    Parameters
    ----------
    folder : Path
        An existing folder.

    Raises
    ------
    ScenarioError
        If a living process holds it, with its number, or a file of that name is none of ours.
    OSError
        If the folder cannot be written.
    """
    path = folder / LOCK
    if path.is_file() and not _is_ours(path):
        raise ScenarioError(
            f"{clean(str(path))}: is in the way and no batch wrote it (expected the lock of a batch, or nothing); "
            f"move it away or give another --out"
        )
    while True:
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            if not _taken(handle):
                raise ScenarioError(
                    f"{clean(str(folder))}: another batch{_owner(path)} is writing there (expected one at a time); "
                    f"wait for it or give another --out"
                )
            if _is_same(handle, path):
                break
        except BaseException:
            os.close(handle)
            raise
        os.close(handle)  # its owner took the file away in the meantime: try the new one
    try:
        os.ftruncate(handle, 0)
        os.write(handle, json.dumps({"pid": os.getpid(), "host": platform.node()}).encode())
        yield
    finally:
        if sys.platform == "win32":  # an open file cannot be removed there
            os.close(handle)
            with contextlib.suppress(OSError):
                path.unlink()
        else:
            with contextlib.suppress(OSError):
                path.unlink()
            os.close(handle)


def _taken(handle: int) -> bool:
    """Whether the lock is ours now."""
    try:
        if sys.platform == "win32":
            os.lseek(handle, _FAR_BYTE, os.SEEK_SET)
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
            os.lseek(handle, 0, os.SEEK_SET)
        else:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    return True


def _is_ours(path: Path) -> bool:
    """Whether a file is a lock of ours, or gone in the meantime."""
    try:
        found = json.loads(path.read_text("utf-8") or "{}")
    except OSError:
        return True  # gone, or said better when it is opened
    except (ValueError, RecursionError):
        return False
    return isinstance(found, dict) and set(found) <= {"pid", "host"}


def _is_same(handle: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), path.stat())
    except FileNotFoundError:
        return False


def _owner(path: Path) -> str:
    """Who holds the lock, as a part of a sentence; empty where the file does not say."""
    try:
        found = json.loads(path.read_text("utf-8"))
        pid, host = int(found["pid"]), str(found["host"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""
    where = "" if host == platform.node() else f" on {clean(host, 60)}"
    return f" (process {pid}{where})"
