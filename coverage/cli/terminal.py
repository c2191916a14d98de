"""Words and JSON on a terminal: JSON to stdout, messages to stderr. Nothing here is slow to load."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import typer

from quietwing.sites import SiteError, clean

__all__ = ["print_json", "refuse_written", "say"]


def say(message: str) -> None:
    """A message for people, on stderr; one that cannot be written stops no answer."""
    with suppress(OSError, ValueError):
        typer.echo(message, err=True)


def print_json(value: Mapping[str, Any]) -> None:
    """One JSON object on stdout; NaN and infinity are refused."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    try:
        text.encode(getattr(sys.stdout, "encoding", None) or "utf-8")
    except UnicodeEncodeError:
        text = json.dumps(value, allow_nan=False)
    typer.echo(text)


def refuse_written(out: Path | None, overwrite: bool, *sources: Path | None) -> None:
    """Refuse a file that is there already or is read, or a place where none can be, before anything is computed."""
    if out is None:
        return
    if out.is_dir() or (out.exists() and not overwrite):
        what = "is a folder" if out.is_dir() else "exists"
        raise SiteError(f"{clean(str(out))}: {what}; give a new file, or --overwrite")
    if any(source is not None and source.exists() and out.exists() and out.samefile(source) for source in sources):
        raise SiteError(f"{clean(str(out))}: is the file that is read, and would be lost; give a new file")
    if not out.parent.is_dir():
        raise SiteError(f"{clean(str(out.parent))}: no such folder; make it, or give another --out")
