"""One short name for the whole content of a site, so that a figure can be traced to its input."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
from typing import Any

from shapely.geometry.base import BaseGeometry

__all__ = ["NAMED_IF_SET", "fingerprint"]

# Metadata of a field that came later: content that does not use it keeps the name it had.
NAMED_IF_SET = {"named if set": True}


def fingerprint(*values: Any) -> str:
    """SHA-256 over the fields of frozen data: equal content, equal name.

    Parameters
    ----------
    *values : dataclass, geometry, date or plain value
        For example a site and a scenario.

    Returns
    -------
    str
        64 hexadecimal digits.
    """
    text = json.dumps([_plain(value) for value in values], sort_keys=True, ensure_ascii=True, allow_nan=False)
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {
            field.name: _plain(getattr(value, field.name))
            for field in dataclasses.fields(value)
            if field.compare
            and not (field.metadata.get("named if set") and getattr(value, field.name) == field.default)
        }
    if isinstance(value, BaseGeometry):
        return value.wkb_hex
    if isinstance(value, bytes):
        return hashlib.sha256(value).hexdigest()
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if value is None or isinstance(value, bool | int | str) or (isinstance(value, float) and math.isfinite(value)):
        return value
    return str(value)
