"""One record of a file made into a class of the model, with every problem in plain words."""

from __future__ import annotations

import datetime as dt
import functools
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from pydantic import ValidationError

from quietwing.sites.fields import Key, keys_of
from quietwing.sites.findings import Findings, clean, near, shown
from quietwing.sites.quantities import DIRECTION_MARKS

__all__ = ["MOST_RECORD_PROBLEMS", "build", "near_miss", "plain_number", "whole"]

T = TypeVar("T")

MOST_RECORD_PROBLEMS = 1000  # of one file, after which reading it stops

MOST_UNKNOWN = 500  # keys of one record that nobody knows

# A near miss is a typing mistake, not a column of someone's own: `fid` beside `id` (0.80) must pass.
NEAR_MISS = 0.82
_UNIT_ENDINGS = ("_m", "_dbm", "_db", "_mhz", "_deg", "_dbi", "_mm")
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_UNSEEN = re.compile(rf"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f{DIRECTION_MARKS}]")  # not tabs and line ends


def plain_number(text: str) -> float | None:
    """A number written in plain ASCII with a decimal point, else nothing."""
    stripped = text.strip(" \t")
    return float(stripped) if len(stripped) < 60 and _NUMBER.fullmatch(stripped) else None


def near_miss(unknown: str, missing: Iterable[str]) -> str | None:
    """The absent key an unknown one was probably meant to be: a typing mistake, or its unit left out."""
    return _near_miss(unknown[:200], tuple(missing))


@functools.lru_cache(maxsize=4096)  # the columns of a layer are asked for again with each of its features
def _near_miss(unknown: str, missing: tuple[str, ...]) -> str | None:
    for known in missing:
        if any(known == unknown + ending for ending in _UNIT_ENDINGS):
            return known
    close = near(unknown, missing, NEAR_MISS)
    return close[0] if close else None


def build(
    cls: type[T],
    raw: Mapping[str, Any],
    findings: Findings,
    file: str,
    where: str,
    *,
    given: Mapping[str, Any] | None = None,
    ignore_unknown: bool = False,
) -> T | None:
    """An instance of a class of the model, or nothing and the problems added to the findings.

    Parameters
    ----------
    cls : type
        A pydantic dataclass of the model.
    raw : mapping
        Keys and values as found in the file. ``None`` counts as left out.
    findings : Findings
        Receives every problem of the record.
    file, where : str
        Where the record stands, for the messages.
    given : mapping, optional
        Values that do not come from the record, by field: geometry, storeys, lists.
    ignore_unknown : bool
        Keys nobody knows are remarked on and ignored (a table from QGIS has columns of its own), unless one
        looks like a mistyped key that is missing. Otherwise they are problems.

    Returns
    -------
    instance of `cls` or None
    """
    given = given or {}
    keys = {name: key for name, key in keys_of(cls).items() if name not in given}
    present = {name: value for name, value in raw.items() if value is not None}
    before = len(findings.problems)
    excused: set[str] = set()
    unknown = [name for name in raw if name not in keys]
    if len(unknown) > MOST_UNKNOWN:
        advice = "remove what is not needed"
        findings.problem(file, where, f"has {len(unknown):,} unknown keys (limit {MOST_UNKNOWN:,}); {advice}")
        return None
    for name in unknown:
        meant = near_miss(name, (key for key in keys if key not in present))
        if meant is not None:
            excused.add(meant)
            findings.problem(file, where, f"unknown key {shown(name)}; did you mean {meant!r}?")
        elif ignore_unknown:
            findings.remark(f"{clean(file)}: column {shown(name)} is not used")
        else:
            findings.problem(file, where, f"unknown key {shown(name)}; leave it out (known: {', '.join(keys)})")
    values = dict(given)
    for name, key in keys.items():
        if name in present:
            ok, values[key.field] = _converted(key, present[name], findings, file, where)
            if not ok:
                del values[key.field]
                excused.add(name)
        elif not key.required:
            values[key.field] = key.default
        elif name not in excused:
            findings.problem(file, where, f"{findings.label(name)} is missing; give {key.expected}")
    if len(findings.problems) > before:
        # A first look at the rest: ranges of what could be converted belong in the same report.
        absent = [key for key in keys.values() if key.field not in values and key.required]
        values |= {key.field: _harmless(key) for key in absent}
    try:
        made: T = cls.__pydantic_validator__.validate_python(values)  # type: ignore[attr-defined]
    except ValidationError as error:
        for problem in error.errors():
            _add_problem(problem, keys, present, findings, file, where)
        return None
    return made if len(findings.problems) == before else None


def _converted(key: Key, value: Any, findings: Findings, file: str, where: str) -> tuple[bool, Any]:
    """A value as its key wants it, or the problem; pydantic checks ranges and patterns afterwards."""
    try:
        return True, _as_kind(key, value)
    except ValueError as error:
        findings.problem(
            file, where, f"{findings.label(key.name)} is {shown(value)} (expected {key.expected}); {error}"
        )
        return False, None


def _as_kind(key: Key, value: Any) -> Any:
    """The value as number, flag, list or text; a ValueError says what to do."""
    if key.kind in ("number", "integer"):
        return _as_number(value)
    if key.kind == "flag":
        if isinstance(value, bool):
            return value
        known = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
        text = str(value).strip().casefold() if isinstance(value, str | int) else ""
        if text not in known:
            raise ValueError("write true or false")
        return known[text]
    if key.kind in ("texts", "numbers"):
        items = _as_list(value)
        if key.kind == "numbers":
            return tuple(_as_number(item) for item in items)
        if not all(isinstance(item, str) for item in items):
            raise ValueError('write a list of texts like ["EE", "O2"]')
        return tuple(whole(item).strip() for item in items)
    if key.kind in ("text", "choice"):
        if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**15:
            return str(value)  # a column of ids that QGIS keeps as whole numbers
        if not isinstance(value, str):
            raise ValueError("write it as text in quotes")
        return value.strip() if key.kind == "choice" else whole(value)
    if key.kind == "date":
        if isinstance(value, dt.datetime) or not isinstance(value, str | dt.date):
            raise ValueError("write year-month-day")
        if isinstance(value, str):
            if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", value.strip(), re.ASCII):
                raise ValueError("write year-month-day")
            try:
                return dt.date.fromisoformat(value.strip())
            except ValueError as error:
                raise ValueError("there is no such day; correct it") from error
        return value
    return value


def whole(text: str) -> str:
    """The text, unless it cannot be written or shown as it stands.

    JSON can spell half a character, and no file could be written with it. Control characters end a text early in some
    files, and direction marks show what follows in another order, so that one id looks like another.
    """
    unseen = _UNSEEN.search(text)
    if unseen is not None:
        raise ValueError(
            f"it holds the unseen character U+{ord(unseen[0]):04X}, a control or direction mark: "
            f"type it again without"
        )
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            raise ValueError("it holds half a character (a lone surrogate): type it again") from None
    return text


def _as_number(value: Any) -> float | int:
    if isinstance(value, bool):
        raise ValueError("write a number, not true or false")
    if isinstance(value, int):
        if abs(value) > 10**18:
            raise ValueError("write a number of a plausible size")
        return value
    if isinstance(value, float):
        return value
    if not isinstance(value, str):
        raise ValueError("write a number")
    number = plain_number(value)
    if number is None:
        raise ValueError(_number_advice(value))
    return number


def _number_advice(text: str) -> str:
    """What to do about text that is not a plain number."""
    text = text.strip()[:60]
    if "\u2212" in text or "\u2013" in text:
        return "it has a typographic minus: use the plain hyphen -"
    if not text.isascii() and any(c.isdigit() and not c.isascii() for c in text):
        return "it has digits of another script: use 0 to 9"
    if re.fullmatch(r"[+-]?\d+,\d+", text, re.ASCII):
        return "use a decimal point and no comma"
    if re.fullmatch(r"[+-]?\d{1,3}([, '\u2009\u00a0]\d{3})+(\.\d+)?", text):
        return "write it without thousands separators"
    if re.match(r"[+-]?\d+(\.\d+)?\s*[A-Za-z°%]", text, re.ASCII):
        return "write the number without its unit"
    if text.casefold() in ("nan", "inf", "infinity", "-inf", "+inf", "-infinity", "na", "n/a", "null", "none"):
        return "give a finite number, or leave the key out if it is optional"
    return "write a plain number like 12.5"


def _as_list(value: Any) -> list[Any]:
    """A JSON list, or the same as text: from QGIS as ``["EE"]``, by hand as ``EE; O2``."""
    if isinstance(value, list | tuple):
        return list(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return [value]
    if not isinstance(value, str):
        raise ValueError("write a list in square brackets")
    text = value.strip()
    if text.startswith("["):
        try:
            loaded = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise ValueError("write a list in square brackets") from error
        if not isinstance(loaded, list):
            raise ValueError("write a list in square brackets")
        return loaded
    return [part.strip() for part in re.split(r"[;,]", text) if part.strip()]


def _harmless(key: Key) -> Any:
    """Some allowed value for a key whose own value is already a reported problem."""
    if key.kind in ("number", "integer"):
        if key.choices:
            return int(key.choices[0])
        low = -1.0 if key.low is None else key.low
        high = low + 2 if key.high is None else key.high
        return int((low + high) / 2) if key.kind == "integer" else (low + high) / 2
    if key.kind == "choice":
        return key.choices[0]
    if key.kind == "date":
        return dt.date(2000, 1, 1)
    patterned = {"plmn": "234-30", "band": "B1", "channel": "x/B1/LTE", "crs": "local"}
    return patterned.get(key.name, "x")


def _add_problem(
    problem: Any, keys: Mapping[str, Key], present: Mapping[str, Any], findings: Findings, file: str, where: str
) -> None:
    """A validation error of pydantic in our words."""
    field = str(problem["loc"][0]) if problem["loc"] else ""
    key = next((key for key in keys.values() if key.field == field), None)
    if key is None or key.name not in present:
        findings.problem(file, where, f"{clean(str(problem['msg']), 300)}; correct it")
        return
    value = problem["input"]
    advice = _range_advice(key, value)
    findings.problem(file, where, f"{findings.label(key.name)} is {shown(value)} (expected {key.expected}); {advice}")


def _range_advice(key: Key, value: Any) -> str:
    """What a value out of range was probably meant to be."""
    if key.kind == "choice" and isinstance(value, str):
        close = near(value, key.choices)
        return f"did you mean {close[0]!r}?" if close else "choose one of these"
    if key.kind not in ("number", "integer", "numbers") or isinstance(value, bool):
        return "correct it"
    if not isinstance(value, int | float) or value != value or value in (float("inf"), float("-inf")):
        return "give a finite number"
    if key.name == "azimuth_deg":
        return f"count clockwise from grid north: write {value % 360:g}"
    for ending, guesses in _GUESSES.items():
        if key.name.endswith(ending):
            for factor, meant in guesses:
                if _within(key, value * factor):
                    return f"{meant}: write {value * factor:g}"
    if key.name.endswith("_dbm") and key.high is not None and value > key.high:
        return "give the level in dBm, not in watts or milliwatts"
    if key.name.endswith("_dbm"):
        return "give the level in dBm with its sign"
    return "correct it, minding the unit"


_GUESSES: dict[str, tuple[tuple[float, str], ...]] = {
    "_mhz": ((1e-6, "this looks like Hz"), (1e-3, "this looks like kHz"), (1e3, "this looks like GHz")),
    "rsrp_dbm": ((-1.0, "the sign is missing"),),
    "_m": ((1e-3, "this looks like millimetres"), (1e-2, "this looks like centimetres")),
}


def _within(key: Key, value: float) -> bool:
    return (key.low is None or value >= key.low) and (key.high is None or value <= key.high)
