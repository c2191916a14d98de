"""Files that are there whole or not at all, also when the machine stops while they are written."""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path

__all__ = ["fsync_file", "fsync_folder", "publish", "write_whole"]


def write_whole(path: Path, content: str | bytes, workshop: Path | None = None, *, lasting: bool = True) -> None:
    """Write a file so that a reader sees the old one or the new one.

    Parameters
    ----------
    path : Path
        In an existing folder.
    content : str or bytes
        Text is written as UTF-8, its line ends as they are.
    workshop : Path, optional
        Where the draft is written, on the same file system; beside `path`, under a hidden name, without it.
    lasting : bool
        Whether to wait until the disk itself has it; a file that dies with its process need not.
    """
    path = Path(path)
    draft = (path.parent if workshop is None else workshop) / f".{path.name}-{secrets.token_hex(4)}"
    try:
        with open(draft, "xb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
            if lasting:
                file.flush()
                os.fsync(file.fileno())
        if lasting:
            publish(draft, path)
        else:
            os.replace(draft, path)
    except BaseException as error:
        draft.unlink(missing_ok=True)
        if isinstance(error, OSError) and error.filename in (None, str(draft)):
            error.filename = str(path)  # whoever asked knows of no draft
        raise


def publish(draft: Path, path: Path) -> None:
    """Put a finished file in its place, in one step that lasts."""
    os.replace(draft, path)
    fsync_folder(path.parent)


def fsync_file(path: Path) -> None:
    """Have a file that is already written on the disk itself."""
    with open(path, "rb+") as file:
        os.fsync(file.fileno())


def fsync_folder(folder: Path) -> None:
    """Have the names in a folder on the disk, where the system can be asked to."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        with contextlib.suppress(PermissionError):  # some network file systems know no fsync of a folder
            os.fsync(handle)
    finally:
        os.close(handle)
