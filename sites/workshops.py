"""Hidden folders in which files are made before they are moved into place; those of dead processes are removed."""

from __future__ import annotations

import hashlib
import os
import shutil
import socket
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["workshop_at"]


@contextmanager
def workshop_at(near: Path, name: str) -> Iterator[Path]:
    """A new hidden folder, gone in any case; what processes that were killed left under the same name goes too.

    Parameters
    ----------
    near : Path
        An existing folder.
    name : str
        What is made there: the start of the folder's name, after its dot.

    Yields
    ------
    Path
    """
    here = hashlib.sha256(socket.gethostname().encode()).hexdigest()[:6]  # another computer's processes are not known
    start = f".{name}-{here}-"
    for left in near.iterdir() if sys.platform != "win32" else ():
        if left.name.startswith(start) and not left.is_symlink() and not _lives(left.name.removeprefix(start)):
            shutil.rmtree(left, ignore_errors=True)
    try:
        made = Path(tempfile.mkdtemp(prefix=f"{start}{os.getpid()}-", dir=near))
    except OSError as error:  # nobody asked for a hidden folder: the place where none can be made is named
        error.filename = str(near)
        raise
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _lives(rest: str) -> bool:
    """Whether the process of a folder's name may still run."""
    number = rest.split("-", 1)[0]
    if not number.isdecimal() or len(number) > 10:
        return True  # not ours
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
