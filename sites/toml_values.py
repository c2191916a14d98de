"""Values as TOML writes them, on one line; equal values give equal text."""

from __future__ import annotations

import json

__all__ = ["toml_value"]


def toml_value(value: object) -> str:
    """A flag, number, text or tuple of these as a TOML literal.

    Raises
    ------
    TypeError
        For anything else.
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, tuple):
        return f"[{', '.join(toml_value(item) for item in value)}]"
    raise TypeError(f"no TOML form for {type(value).__name__}")
