"""Words and JSON on a terminal: JSON to stdout, messages to stderr. Nothing here is slow to load."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import typer

__all__ = ["print_json", "say"]


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
