"""Which keys a class of the model has, of which kind and within which range.

Read from the classes themselves, so that reader, messages and ``docs/formats.md`` cannot disagree.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import types
from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import annotated_types
from pydantic import StringConstraints
from pydantic.fields import FieldInfo

__all__ = ["Key", "keys_of"]

_EXAMPLES = {"plmn": "234-30", "band": "B20 or n78", "channel": "EE/B20/LTE", "crs": "EPSG:27700 or local"}


@dataclasses.dataclass(frozen=True, slots=True)
class Key:
    """One key of a class: its kind, what it may hold, and what it is if left out; `field` is the class's own name."""

    name: str
    field: str
    kind: str  # number, integer, flag, text, choice, date, numbers, texts, other
    required: bool
    expected: str
    default: Any = None
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()


def keys_of(cls: type) -> Mapping[str, Key]:
    """The keys of a dataclass of the model, in order, geometry included (kind ``other``)."""
    return _keys_of(cls)


@cache
def _keys_of(cls: Any) -> Mapping[str, Key]:
    hints = get_type_hints(cls, include_extras=True)
    return {key.name: key for item in dataclasses.fields(cls) for key in [_key(item, hints[item.name])]}


def _key(item: dataclasses.Field[Any], hint: Any) -> Key:
    default: Any = item.default
    if item.default_factory is not dataclasses.MISSING:
        default = item.default_factory()
    if isinstance(default, FieldInfo):
        default = dataclasses.MISSING
    if default is dataclasses.MISSING and type(None) in get_args(hint):
        default = None  # `building` of a yard: nothing is an answer, in a file as good as leaving it out
    required = default is dataclasses.MISSING
    bare, metadata = _unwrapped(hint)
    kind, choices = _kind(bare)
    if kind in ("numbers", "texts"):
        _, metadata = _unwrapped(get_args(bare)[0])
    low, high, strict = (None, None, "") if kind == "date" else _range(metadata)
    return Key(
        item.metadata.get("column", item.name),  # of a file that calls it otherwise
        item.name,
        kind,
        required,
        _expected(item.name, kind, choices, low, high, strict, metadata),
        None if required else default,
        low,
        high,
        choices,
    )


def _unwrapped(hint: Any) -> tuple[Any, tuple[Any, ...]]:
    """The bare type and the constraints around it; ``X | None`` counts as X."""
    metadata: tuple[Any, ...] = ()
    while True:
        origin = get_origin(hint)
        if origin is Annotated:
            hint, *more = get_args(hint)
            for constraint in more:
                metadata += tuple(constraint.metadata) if isinstance(constraint, FieldInfo) else (constraint,)
        elif origin in (Union, types.UnionType):
            parts = [part for part in get_args(hint) if part is not type(None)]
            if len(parts) != 1:
                return hint, metadata
            hint = parts[0]
        else:
            return hint, metadata


def _kind(bare: Any) -> tuple[str, tuple[str, ...]]:
    plain = {float: "number", int: "integer", bool: "flag", str: "text", dt.date: "date"}
    if bare in plain:
        return plain[bare], ()
    if get_origin(bare) is Literal:
        values = get_args(bare)
        if all(isinstance(value, int) for value in values):
            return "integer", tuple(str(value) for value in values)
        return "choice", tuple(values)
    if get_origin(bare) is tuple and get_args(bare)[-1] is Ellipsis:
        inner, _ = _unwrapped(get_args(bare)[0])
        return {float: "numbers", str: "texts"}.get(inner, "other"), ()
    return "other", ()


def _range(metadata: tuple[Any, ...]) -> tuple[float | None, float | None, str]:
    low: Any = None
    high: Any = None
    strict = ""
    for constraint in metadata:
        if isinstance(constraint, annotated_types.Ge):
            low = constraint.ge
        elif isinstance(constraint, annotated_types.Gt):
            low, strict = constraint.gt, "low"
        elif isinstance(constraint, annotated_types.Le):
            high = constraint.le
        elif isinstance(constraint, annotated_types.Lt):
            high, strict = constraint.lt, "high"
    return low, high, strict


def _expected(
    name: str,
    kind: str,
    choices: tuple[str, ...],
    low: float | None,
    high: float | None,
    strict: str,
    metadata: tuple[Any, ...],
) -> str:
    """The range of a key in words."""
    if choices:
        return choices[0] if len(choices) == 1 else f"one of {', '.join(choices)}"
    if kind in ("number", "integer", "numbers"):
        noun = {"number": "a number", "integer": "a whole number", "numbers": "numbers"}[kind]
        if low is None or high is None:
            return noun
        start = "above" if strict == "low" else "from"
        end = f"below {_plain(high)}" if strict == "high" else _plain(high)
        return f"{noun} {start} {_plain(low)} to {end}"
    if name in _EXAMPLES:
        return f"text like {_EXAMPLES[name]}"
    for constraint in metadata:
        if isinstance(constraint, StringConstraints) and constraint.max_length is not None:
            least = constraint.min_length or 0
            return (
                f"text of {least} to {constraint.max_length} characters on one line"
                if least
                else (f"text of at most {constraint.max_length} characters")
            )
    since = next((f" from {one.ge} on" for one in metadata if isinstance(one, annotated_types.Ge)), "")
    until = next((f", at most {one.le}" for one in metadata if isinstance(one, annotated_types.Le)), "")
    date = f"a date{since}{until}, like 2026-11-01" if since else "a date like 2026-11-01"
    words = {"flag": "true or false", "text": "text", "texts": "a list of texts", "date": date}
    return words.get(kind, kind)


def _plain(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1e4 else f"{value:g}"
