"""TOML of a user: bounded before it is parsed, because a small text can ask for gigabytes."""

from __future__ import annotations

import re
import tomllib
from typing import Any

from quietwing.sites.findings import Unreadable, clean

__all__ = ["MOST_TOML_KEYS", "MOST_TOML_PARTS", "toml_of"]

MOST_TOML_PARTS = 8  # of one dotted key; every file here needs three. tomllib takes the square of it
MOST_TOML_KEYS = 20_000  # parts of all keys; a campus has some hundreds

# Texts and comments, in which a dot parts no key; one that never closes counts to the end: no start is tried twice.
_APART = re.compile(
    r'"""(?:[^\\]|\\.)*?(?:"""|\Z)|"(?:[^"\\\n]|\\.)*"?|' + r"'''.*?(?:'''|\Z)|'[^'\n]*'?|#[^\n]*",
    re.DOTALL,
)
_PIECE = re.compile(r"([^=,{}\[\]\n]*)([=,{}\[\]\n]|$)")


def toml_of(text: str) -> dict[str, Any]:
    """The tables of a TOML text.

    Parameters
    ----------
    text : str
        Whole content of a file.

    Returns
    -------
    dict

    Raises
    ------
    Unreadable
        If it is no TOML, or has keys of more parts or more keys than a file here may hold.
    """
    _check_keys(text)
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise Unreadable(f"not valid TOML: {clean(str(error), 200)}; correct that line") from error
    except RecursionError as error:
        raise Unreadable("not valid TOML: is nested too deeply; correct it") from error
    except ValueError as error:  # a whole number of more digits than Python reads
        raise Unreadable(f"is no usable TOML ({clean(str(error), 80)}); correct it") from error


def _check_keys(text: str) -> None:
    """Number of keys and of their parts, counted without building anything."""
    bare = _APART.sub(lambda found: "\n" * found[0].count("\n") or "x", text)
    keys = 0
    line = 1
    for found in _PIECE.finditer(bare):
        piece, end = found.groups()
        parts = piece.count(".") + 1
        if parts > MOST_TOML_PARTS:
            raise Unreadable(
                f"line {line}: has a key of {parts:,} parts (limit {MOST_TOML_PARTS}); write the tables it needs"
            )
        if end in ("=", "]"):
            keys += parts
        line += end == "\n"
    if keys > MOST_TOML_KEYS:
        raise Unreadable(f"holds about {keys:,} keys (limit {MOST_TOML_KEYS:,}); remove what is not needed")
