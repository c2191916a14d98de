"""What was computed in a project, as a file that holds no code: arrays as npz, all else as one JSON text among them.

An object is a record, the name of its class and its fields, told once however often it is held. Only classes that a
session may keep are made again, and each value must be of the type that its class declares.
"""

from __future__ import annotations

import base64
import dataclasses
import functools
import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from datetime import date
from enum import Enum
from pathlib import PurePath
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from quietwing.coverage.acceptance import Scored
from quietwing.coverage.app.jobs import Job
from quietwing.coverage.app.layout_facts import LayoutFacts
from quietwing.coverage.app.projects import RESULTS, SURVEY
from quietwing.coverage.app.report_files import MadeReport
from quietwing.coverage.app.state import Layout, Session
from quietwing.coverage.calibration import CalibrationFit, NextReadings
from quietwing.coverage.code_digest import code_digest, other_code
from quietwing.coverage.errors import QuietwingError
from quietwing.coverage.named_arrays import xr
from quietwing.coverage.planning import Frontier, PlanResult
from quietwing.coverage.result_folder import MOST_JSON_PARTS
from quietwing.coverage.results import Leakage, Verdict, WhatIf
from quietwing.coverage.site_inputs import ImportedSite
from quietwing.sites import DrawingChoices, MastImport, PlanMapping, Reading, TableHead, WalkImport

__all__ = ["pack_results", "read_results"]

SAVED = "saved"  # verdicts of saved layouts by name; the rest are fields of a session
TEXT = "told.json"
PLAIN = (str, int, float, bool, NoneType)
ATTRIBUTES = Mapping[str, str | int | float | bool | None]
# Names that modules of the app import for annotations alone.
_NAMES: dict[str, Any] = {
    kind.__name__: kind
    for kind in (
        *(CalibrationFit, DrawingChoices, Frontier, ImportedSite, Job, Layout, LayoutFacts, Leakage, MadeReport),
        *(MastImport, NextReadings, PlanMapping, PlanResult, Reading, Scored, TableHead, Verdict, WalkImport, WhatIf),
    )
}


def pack_results(results: Mapping[str, Any], of: str) -> bytes:
    """What was computed, as a file; empty where nothing was.

    Parameters
    ----------
    results : mapping
        Fields of a session by name, and the verdicts of its saved layouts.
    of : str
        Hash of the site.

    Raises
    ------
    QuietwingError
        If something in it cannot be told.
    """
    if not results:
        return b""
    teller = _Teller()
    kept = json.dumps({name: teller.told(value) for name, value in results.items()})
    head = json.dumps({"code": code_digest(), "of": of})[:-1]
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:  # stored, not compressed: it cannot grow when it is read
        packed.writestr(TEXT, f'{head}, "kept": {kept}, "records": [{", ".join(teller.records)}]}}')
        for number, array in teller.arrays.values():
            with packed.open(f"{number}.npy", "w", force_zip64=True) as file:
                np.lib.format.write_array(file, array, allow_pickle=False)
    return out.getvalue()


def read_results(content: bytes, of: str) -> tuple[dict[str, Any], str]:
    """What was computed for a site, and a line on what is left out, empty where nothing is.

    Of what other code made (`other_code`) only what a planner brought stays: drawing, lists and readings.
    """
    try:
        packed = zipfile.ZipFile(io.BytesIO(content))
        sizes = [one.file_size for one in packed.infolist() if one.compress_type == zipfile.ZIP_STORED]
        if len(sizes) < len(packed.infolist()) or sum(sizes) > len(content):
            raise ValueError("it would grow")
        text = packed.read(TEXT)
        if sum(text.count(mark) for mark in (b",", b"[", b"{")) > MOST_JSON_PARTS:
            raise ValueError("too many values")
        told = json.loads(text)
        if told["of"] != of:
            return {}, ""
        other, kept, reader = other_code(told["code"]), told["kept"], _Reader(packed, told["records"])
        names = [name for name in kept if name == SURVEY or not other]
        found = {name: reader.value(kept[name], _kinds()[name]) for name in names}
    except Exception as error:  # damaged, made to do harm, or of classes that are no longer so: nothing of it is used
        return {}, f"Results that were kept cannot be read ({type(error).__name__}): compute them again."
    if not other:
        return found, ""
    if SURVEY in found:
        found[SURVEY] = dataclasses.replace(found[SURVEY].on_changed_site(), score=None)
    return found, f"Results: {other}: compute them again."


class _Teller:
    """Tells values as JSON; objects and arrays stand apart, equal ones once."""

    def __init__(self) -> None:
        self.records: dict[str, int] = {}
        self.arrays: dict[tuple[str, tuple[int, ...], bytes], tuple[int, NDArray[Any]]] = {}
        self._known: dict[int, int] = {}  # by identity

    def told(self, value: Any) -> Any:
        if type(value) in PLAIN:
            return value
        if id(value) in self._known:
            return {"is": self._known[id(value)]}
        if names := _fields_of(type(value)):
            text = json.dumps([type(value).__name__, {name: self.told(getattr(value, name)) for name in names}])
            self._known[id(value)] = self.records.setdefault(text, len(self.records))
            return self.told(value)
        match value:
            case np.generic():
                return value.item()
            case np.ndarray():
                return self._array(value)
            case bytes():
                return base64.b64encode(value).decode()
            case tuple():
                return [self.told(one) for one in value]
            case list():  # only in what came as JSON: the counts of an import
                return {"json": value}
            case Mapping() if not isinstance(value, xr.Dataset):
                return [[self.told(key), self.told(one)] for key, one in value.items()]
            case Enum():
                return value.value
            case date():
                return value.isoformat()
            case PurePath():
                return str(value)
            case BaseGeometry():
                return value.wkb_hex
            case xr.Dataset():
                parts = [
                    [name, name in value.coords, list(one.dims), self._array(one.values), self.told(one.attrs)]
                    for name, one in value.variables.items()
                ]
                return [parts, self.told(value.attrs)]
        raise QuietwingError(f"{type(value).__name__} cannot be kept (expected a result); report this to the makers")

    def _array(self, value: NDArray[Any]) -> Any:
        if value.dtype == object and all(type(one) is str for one in value.flat):
            return {"texts": value.tolist()}
        key = (value.dtype.str, value.shape, hashlib.sha256(value.tobytes()).digest())
        return {"array": self.arrays.setdefault(key, (len(self.arrays), value))[0]}


class _Reader:
    """Makes values again, each of the type that is asked for, or raises `ValueError`."""

    def __init__(self, packed: zipfile.ZipFile, records: list[Any]) -> None:
        self._packed, self._records, self._below = packed, records, len(records)
        self._made: dict[int, Any] = {}
        self._arrays: dict[int, NDArray[Any]] = {}

    def value(self, told: Any, kind: Any) -> Any:
        form, of = get_origin(kind), get_args(kind)
        if form in (Union, UnionType):
            return self._one_of(told, of)
        if form is Literal:
            return self._demand(told, told in of and type(told) in PLAIN)
        if form in (tuple, dict, Mapping):
            self._demand(told, type(told) is list)
        if form is tuple:
            kinds = (of[0],) * len(told) if of[1:] == (...,) else of
            return tuple(self.value(one, each) for one, each in zip(told, kinds, strict=True))
        if form in (dict, Mapping):
            return {self.value(key, of[0]): self.value(one, of[1]) for key, one in told}
        if form is np.ndarray:
            return self._array(told, get_args(of[1])[0])
        if kind is Any:
            return told["json"] if type(told) is dict else self._demand(told, type(told) in PLAIN)
        if kind in PLAIN:
            return self._demand(told, type(told) is kind or (kind is float and type(told) is int))
        if kind is bytes:
            return base64.b64decode(self.value(told, str), validate=True)
        if kind is xr.Dataset:
            return self._dataset(*told)
        if kind.__name__ in _classes():
            return self._record(told["is"], kind)
        text = self.value(told, str)
        if issubclass(kind, BaseGeometry):
            return self._demand(found := shapely.from_wkb(text), type(found) is kind)
        return date.fromisoformat(text) if kind is date else kind(text)  # a path, or a word of an enumeration

    @staticmethod
    def _demand(value: Any, holds: bool) -> Any:
        if not holds:
            raise ValueError("not of the type that is declared")
        return value

    def _one_of(self, told: Any, kinds: tuple[Any, ...]) -> Any:
        for kind in kinds:
            try:
                return self.value(told, kind)
            except (ValueError, TypeError, KeyError):
                continue
        return self._demand(told, holds=False)

    def _record(self, number: int, kind: type) -> Any:
        """An object, made once. A record holds only records before it: none holds itself."""
        self._demand(number, type(number) is int and 0 <= number < self._below)
        name, fields = self._records[number]
        self._demand(name, _classes().get(name) is kind)
        if number not in self._made:
            kinds, before = _kinds_of(kind), self._below
            self._demand(fields, set(fields) == set(kinds))
            self._below = number
            try:
                self._made[number] = kind(**{one: self.value(told, kinds[one]) for one, told in fields.items()})
            finally:
                self._below = before
        return self._made[number]

    def _array(self, told: Any, kind: Any = np.generic) -> NDArray[Any]:
        if "texts" in told:
            found = np.array(told["texts"], dtype=object)
            self._demand(found, all(type(one) is str for one in found.flat))
            return found
        number = self.value(told["array"], int)
        if number not in self._arrays:
            with self._packed.open(f"{number}.npy") as file:
                self._arrays[number] = np.lib.format.read_array(file, allow_pickle=False)
        array = self._arrays[number]
        self._demand(array, array.dtype.kind in "biufU" and issubclass(array.dtype.type, kind))
        return array

    def _dataset(self, parts: list[Any], attributes: Any) -> Any:
        made: tuple[dict[str, Any], dict[str, Any]] = {}, {}
        for name, is_coordinate, dims, array, attrs in parts:
            dims = self.value(dims, tuple[str, ...])
            made[bool(is_coordinate)][self.value(name, str)] = dims, self._array(array), self.value(attrs, ATTRIBUTES)
        return xr.Dataset(*made, attrs=self.value(attributes, ATTRIBUTES))


def _fields_of(kind: type) -> tuple[str, ...]:
    """Names of the fields of a dataclass or a named tuple."""
    if dataclasses.is_dataclass(kind):
        return tuple(field.name for field in dataclasses.fields(kind))
    return getattr(kind, "_fields", ())


@functools.cache
def _kinds_of(kind: type) -> dict[str, Any]:
    """Declared types of the fields of a class."""
    hints = get_type_hints(kind, localns=_NAMES if kind.__module__.startswith("quietwing.coverage.app.") else None)
    return {name: hints[name] for name in _fields_of(kind)}


@functools.cache
def _kinds() -> dict[str, Any]:
    """What a file may hold by name."""
    fields = _kinds_of(Session)
    return {name: fields[name] for name in (*RESULTS, SURVEY)} | {SAVED: dict[str, Verdict]}


@functools.cache
def _classes() -> dict[str, type]:
    """Every class that what is kept may hold, by its name."""
    found: dict[str, type] = {}
    left = [*_kinds().values()]
    while left:
        kind = left.pop()
        left += get_args(kind)
        if _fields_of(kind) and kind.__name__ not in found:
            found[kind.__name__] = kind
            left += _kinds_of(kind).values()
    return found
