"""What was computed in a project, as a file that holds no code: arrays as npz, all else as one JSON text among them.

An object is a record, the name of its class and its fields, told once however often it is held. Only classes that the
fields of a session declare are made again, and each value must be of the type that its class declares.
"""

from __future__ import annotations

import base64
import dataclasses
import functools
import hashlib
import io
import json
import zipfile
from collections.abc import Callable, Mapping
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
TOLD = "told"  # the JSON text among the arrays
PLAIN = (str, int, float, bool, NoneType)
# What JSON has no word for, told as text: how, and how it is made again.
TEXTS: dict[type, tuple[Callable[[Any], str], Callable[[Any, str], Any]]] = {
    bytes: (lambda one: base64.b64encode(one).decode(), lambda _, text: base64.b64decode(text, validate=True)),
    date: (date.isoformat, lambda _, text: date.fromisoformat(text)),
    PurePath: (str, lambda kind, text: kind(text)),
    Enum: (lambda one: one.value, lambda kind, text: kind(text)),
    BaseGeometry: (lambda one: one.wkb_hex, lambda _, text: shapely.from_wkb(text)),
}
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
    text = f'{head}, "kept": {kept}, "records": [{", ".join(teller.records)}]}}'
    out = io.BytesIO()  # not compressed: it cannot grow when it is read
    arrays: dict[str, Any] = {TOLD: np.frombuffer(text.encode(), np.uint8), **dict(teller.arrays.values())}
    np.savez(out, **arrays)
    return out.getvalue()


def read_results(content: bytes, of: str) -> tuple[dict[str, Any], str]:
    """What was computed for a site, and a line on what is left out, empty where nothing is.

    Of what other code made (`other_code`) only what a planner brought stays: drawing, lists and readings.
    """
    try:
        packed = np.load(io.BytesIO(content), allow_pickle=False)
        members = packed.zip.infolist()
        stored = all(one.compress_type == zipfile.ZIP_STORED for one in members)
        _demand(stored and sum(one.file_size for one in members) <= len(content))
        text = packed[TOLD].tobytes()
        _demand(sum(text.count(mark) for mark in (b",", b"[", b"{")) <= MOST_JSON_PARTS)
        told = json.loads(text)
        if told["of"] != of:
            return {}, ""
        other, reader = other_code(told["code"]), _Reader(packed, told["records"])
        kept = {name: one for name, one in told["kept"].items() if name == SURVEY or not other}
        found = {name: reader.value(one, _kinds()[name]) for name, one in kept.items()}
    except Exception as error:  # damaged, made to do harm, or of classes that are no longer so: nothing of it is used
        return {}, f"Results that were kept cannot be read ({type(error).__name__}): compute them again."
    if other and SURVEY in found:
        found[SURVEY] = dataclasses.replace(found[SURVEY].on_changed_site(), score=None)
    return found, f"Results: {other}: compute them again." if other else ""


class _Teller:
    """Tells values as JSON; objects and arrays stand apart, equal ones once."""

    def __init__(self) -> None:
        self.records: dict[str, int] = {}
        self.arrays: dict[tuple[Any, ...], tuple[str, NDArray[Any]]] = {}
        self._known: dict[int, int] = {}  # by identity

    def told(self, value: Any) -> Any:
        if type(value) in PLAIN:
            return value
        if isinstance(value, np.generic):
            return value.item()
        if id(value) in self._known:
            return {"is": self._known[id(value)]}
        if names := _fields_of(type(value)):
            text = json.dumps([type(value).__name__, {name: self.told(getattr(value, name)) for name in names}])
            self._known[id(value)] = self.records.setdefault(text, len(self.records))
            return self.told(value)
        if isinstance(value, xr.Dataset):
            parts = [
                [name, name in value.coords, list(one.dims), self._array(one.values), self.told(one.attrs)]
                for name, one in (*value.data_vars.items(), *value.coords.items())
            ]
            return [parts, self.told(value.attrs)]
        if isinstance(value, np.ndarray):
            return self._array(value)
        if isinstance(value, tuple):
            return [self.told(one) for one in value]
        if isinstance(value, Mapping):
            return [[self.told(key), self.told(one)] for key, one in value.items()]
        if isinstance(value, list):  # only in what came as JSON: the counts of an import
            return {"json": value}
        for base, (as_text, _) in TEXTS.items():
            if isinstance(value, base):
                return as_text(value)
        raise QuietwingError(f"{type(value).__name__} cannot be kept (expected a result); report this to the makers")

    def _array(self, value: NDArray[Any]) -> Any:
        if value.dtype == object and all(type(one) is str for one in value.flat):
            return {"texts": value.tolist()}
        key = (value.dtype.str, value.shape, hashlib.sha256(value.tobytes()).digest())
        return self.arrays.setdefault(key, (str(len(self.arrays)), value))[0]


class _Reader:
    """Makes values again, each of the type that is asked for, or raises `ValueError`."""

    def __init__(self, packed: Any, records: list[Any]) -> None:
        self._packed, self._records, self._below = packed, records, len(records)
        self._made: dict[int, Any] = {}
        self._arrays: dict[str, NDArray[Any]] = {}

    def value(self, told: Any, kind: Any) -> Any:
        form, of = get_origin(kind), get_args(kind)
        if form in (Union, UnionType):  # of one kind and None
            return None if told is None else self.value(told, next(one for one in of if one is not NoneType))
        if form is Literal:
            return _demand(told in of and type(told) in PLAIN, told)
        if form in (tuple, dict, Mapping):
            _demand(type(told) is list)
        if form is tuple:
            kinds = (of[0],) * len(told) if of[1:] == (...,) else of
            return tuple(self.value(one, each) for one, each in zip(told, kinds, strict=True))
        if form in (dict, Mapping):
            return {self.value(key, of[0]): self.value(one, of[1]) for key, one in told}
        if form is np.ndarray:
            return self._array(told, get_args(of[1])[0])
        if kind is Any:
            return told["json"] if type(told) is dict else _demand(type(told) in PLAIN, told)
        if kind in PLAIN:
            return _demand(type(told) is kind or (kind is float and type(told) is int), told)
        if kind is xr.Dataset:
            return self._dataset(*told)
        if _fields_of(kind):
            return self._record(told["is"], kind)
        made = next(how for base, (_, how) in TEXTS.items() if issubclass(kind, base))(kind, self.value(told, str))
        return _demand(isinstance(made, kind), made)

    def _record(self, number: int, kind: type) -> Any:
        """An object, made once. A record holds only records before it: none holds itself."""
        _demand(type(number) is int and 0 <= number < self._below)
        name, fields = self._records[number]
        _demand(name == kind.__name__ and set(fields) == set(_kinds_of(kind)))
        if number not in self._made:
            before, self._below = self._below, number
            self._made[number] = kind(**{one: self.value(told, _kinds_of(kind)[one]) for one, told in fields.items()})
            self._below = before
        return _demand(type(self._made[number]) is kind, self._made[number])

    def _array(self, told: Any, kind: Any = np.generic) -> NDArray[Any]:
        if type(told) is dict:
            found = np.array(told["texts"], dtype=object)
            _demand(all(type(one) is str for one in found.flat))
            return found
        if told not in self._arrays:
            self._arrays[told] = self._packed[told]
        array = self._arrays[told]
        _demand(array.dtype.kind in "biufU" and issubclass(array.dtype.type, kind))
        return array

    def _dataset(self, parts: list[Any], attributes: Any) -> Any:
        made: tuple[dict[str, Any], dict[str, Any]] = {}, {}
        for name, is_coordinate, dims, array, attrs in parts:
            of = self.value(dims, tuple[str, ...]), self._array(array), self.value(attrs, Mapping[str, Any])
            made[bool(is_coordinate)][self.value(name, str)] = of
        return xr.Dataset(*made, attrs=self.value(attributes, Mapping[str, Any]))


def _demand(holds: bool, value: Any = None) -> Any:
    if not holds:
        raise ValueError("not what is written there")
    return value


def _fields_of(kind: type) -> tuple[str, ...]:
    """Names of the fields of a dataclass or a named tuple."""
    fields = dataclasses.fields(kind) if dataclasses.is_dataclass(kind) else ()
    return tuple(one.name for one in fields) or getattr(kind, "_fields", ())


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
