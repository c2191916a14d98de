"""``--set key=a,b,c``: values as TOML, bare words as text, commas within brackets and quotes left alone."""

from __future__ import annotations

import re

from quietwing.coverage.errors import ScenarioError
from quietwing.sites import Unreadable, clean, shown, toml_of

__all__ = ["parse_set"]

_WORD = re.compile(r"[A-Za-z_][\w./*-]*")
_KEY = re.compile(r"[A-Za-z_]\w*")
_OPEN, _CLOSE = "[{", "]}"


def parse_set(text: str) -> tuple[str, list[object]]:
    """Key and values of one option.

    Parameters
    ----------
    text : str
        ``seed=1,2,3``, ``spill_tier=strict,standard``, ``channels=[],["EE/B20/LTE"]``.

    Returns
    -------
    tuple of (str, list)

    Raises
    ------
    ScenarioError
        If it is no key with values, naming the value.
    """
    key, equals, rest = text.partition("=")
    key = key.strip()
    if not equals or not _KEY.fullmatch(key):
        raise ScenarioError(f"--set {shown(text)}: expected key=a,b,c like seed=1,2,3; write it so")
    return key, [_value(key, piece.strip()) for piece in _pieces(key, rest)]


def _pieces(key: str, text: str) -> list[str]:
    """The text between commas that stand outside brackets and quotes."""
    pieces, depth, quote, start = [], 0, "", 0
    at = 0
    while at < len(text):
        char = text[at]
        if quote:
            if char == "\\" and quote == '"':
                at += 1
            elif char == quote:
                quote = ""
        elif char in "\"'":
            quote = char
        elif char in _OPEN:
            depth += 1
        elif char in _CLOSE:
            depth -= 1
        elif char == "," and not depth:
            pieces.append(text[start:at])
            start = at + 1
        at += 1
    if quote or depth:
        raise ScenarioError(f"--set: {clean(key)}: a quote or bracket is left open in {shown(text)}; close it")
    return [*pieces, text[start:]]


def _value(key: str, piece: str) -> object:
    if not piece:
        raise ScenarioError(f"--set: {clean(key)}: has an empty value; give one, or remove a comma")
    if piece not in ("true", "false", "inf", "nan") and _WORD.fullmatch(piece):
        return piece
    try:
        if "\n" in piece or "\r" in piece:
            raise ValueError
        return toml_of(f"value = {piece}")["value"]
    except (ValueError, Unreadable):
        raise ScenarioError(
            f"--set: {clean(key)}: {shown(piece)} is no number, word, quoted text or list; correct it"
        ) from None
