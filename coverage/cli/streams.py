"""Output that always works: a closed stream, one of another encoding, a full disk, a reader that has gone."""

from __future__ import annotations

import contextlib
import io
import os
import sys

__all__ = ["prepare_streams", "without_reader"]


def prepare_streams() -> None:
    """Have stdout and stderr take any text: closed ones lead nowhere, signs they lack are written escaped."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:  # closed by whoever started us
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def without_reader() -> None:
    """Nobody reads stdout any more: what is still to come leads nowhere, so that the end of the program is quiet."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
