"""A wing in twenty lines of TOML: what `synthetic.build` turns into a whole site."""

from __future__ import annotations

import datetime as dt
import difflib
import string
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, ConfigDict, Field, TypeAdapter, ValidationError, model_validator
from pydantic.dataclasses import dataclass
from pydantic_core import ArgsKwargs

from quietwing.sites.constructions import load_constructions
from quietwing.sites.errors import SiteError
from quietwing.sites.findings import Unreadable, clean
from quietwing.sites.quantities import AsOf, AzimuthDeg, Identifier, OpeningState, Text
from quietwing.sites.safe_reading import read_text
from quietwing.sites.toml_text import toml_of

__all__ = ["WingDescription", "describe", "description_toml", "read_description"]

LARGEST_FILE_BYTES = 1 << 20
NAME_FIELDS = ("building", "wing", "storey", "n")
JAMB_M = 0.1  # least wall beside a window

VICTORIAN: Mapping[str, object] = {
    # Cell 13 × 7 × 9 ft, partitions 18 in: assumption A34; between mid-lines the walls add half of each.
    "wings": 4,
    "cells": 50,
    "storey_height_m": 3.05,
    "cell_width_m": 2.587,
    "cell_depth_m": 4.49,
    "outer_wall": "brick_600",
    "cell_wall": "brick_457",
    "floor": "concrete_150",
    "roof": "slate_roof",
    "window": "glass_6",
    "window_state": "open",
    "grille": "bars",
    "window_width_m": 0.9,
    "window_height_m": 0.6,
    "window_sill_m": 1.5,
    "fence": "brick_457",
    "fence_distance_m": 16.0,
    "homes_distance_m": 30.0,
    "area": "urban",
}
TYPE_DEFAULTS: Mapping[str, Mapping[str, object]] = {
    "houseblock": {},
    "radial": VICTORIAN,
    "wing": {"wings": 1},
}


def _known_construction(name: str) -> str:
    known = load_constructions()
    if name not in known:
        near = difflib.get_close_matches(name, known, 1)
        advice = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(sorted(known))}"
        raise ValueError(f"unknown construction; {advice}")
    return name


def _even(count: int) -> int:
    if count % 2:
        raise ValueError("cells stand on both sides of a wing, so their number is even; give an even number")
    return count


def _name_pattern(pattern: str) -> str:
    try:
        parts = [part for part in string.Formatter().parse(pattern) if part[1] is not None]
    except ValueError as error:
        raise ValueError(f"not a name pattern ({error}); write for example '{{wing}}{{storey}}-{{n:02d}}'") from None
    for _, name, form, conversion in parts:
        plain = (form or "").removesuffix("d")
        if name not in NAME_FIELDS or conversion or not (plain == "" or (plain.isdigit() and len(plain) <= 2)):
            raise ValueError(
                f"cannot use {{{name}{':' + form if form else ''}}} in a name; use {{building}}, {{wing}}, "
                "{storey} and {n}, with a width such as {n:02d}"
            )
    return pattern


ConstructionName = Annotated[str, AfterValidator(_known_construction)]
LengthM = Annotated[float, Field(gt=0, le=20, allow_inf_nan=False)]


@dataclass(frozen=True, kw_only=True, config=ConfigDict(extra="forbid"))
class WingDescription:
    """What a synthetic site is made of. Without a value each field has the one usual for its `type`.

    Attributes
    ----------
    name : str
        Name of the site.
    type : {"houseblock", "radial", "wing"}
        Corridor wings around a square core; galleried spurs off an octagonal hub; one corridor wing alone.
    wings : int
        Wings around the core: 1–4 (houseblock), 2–4 (radial), 1 (wing).
    cells : int
        Cells of one wing on one storey, both sides together.
    storeys : int
        Storeys, ground included.
    storey_height_m, cell_width_m, cell_depth_m, corridor_m, landing_m, void_m : float
        Between mid-lines of walls and slabs; `landing_m` and `void_m` for galleried spurs only. [m]
    outer_wall, cell_wall, floor, roof, rooflight, door, window, grille, fence : str
        Names of constructions; the rooflight covers the void of galleried spurs (give the roof's own for none).
    window_state, door_state : {"open", "shut", "sealed"}
        Unsealed windows count as open.
    window_width_m, window_height_m, window_sill_m : float
        Window of a cell; sill above the floor. [m]
    cell_names : str
        Pattern of the room ids with ``{building} {wing} {storey} {n}``; storeys count from 1.
    bearing_deg : float
        Compass bearing the drawing's north is turned to. [deg]
    fence_distance_m, fence_height_m, homes_distance_m : float
        From the building's bounds to the perimeter, its height, from there to the nearest homes. [m]
    area : {"rural", "suburban", "urban"}
        Which typical masts stand around the site.
    marking, as_of
        Marking printed on every page; date the inputs hold for.
    """

    name: Identifier = "example"
    type: Literal["houseblock", "radial", "wing"] = "houseblock"
    wings: Annotated[int, Field(ge=1, le=4)] = 3
    cells: Annotated[int, Field(ge=2, le=100), AfterValidator(_even)] = 20
    storeys: Annotated[int, Field(ge=1, le=8)] = 4
    storey_height_m: Annotated[float, Field(ge=2.4, le=6, allow_inf_nan=False)] = 3.0
    cell_width_m: Annotated[float, Field(ge=1.8, le=6, allow_inf_nan=False)] = 2.4
    cell_depth_m: Annotated[float, Field(ge=2, le=8, allow_inf_nan=False)] = 3.8
    corridor_m: Annotated[float, Field(ge=1.6, le=10, allow_inf_nan=False)] = 3.0
    landing_m: Annotated[float, Field(ge=0.8, le=3, allow_inf_nan=False)] = 1.2
    void_m: Annotated[float, Field(ge=2, le=12, allow_inf_nan=False)] = 5.0
    outer_wall: ConstructionName = "precast_sandwich_foil"
    cell_wall: ConstructionName = "concrete_150"
    floor: ConstructionName = "concrete_200"
    roof: ConstructionName = "foil_roof"
    rooflight: ConstructionName = "rooflight_glass"
    door: ConstructionName = "steel_cell_door"
    door_state: OpeningState = "shut"
    window: ConstructionName = "glass_low_e"
    window_state: OpeningState = "sealed"
    grille: ConstructionName = "open"
    window_width_m: LengthM = 1.0
    window_height_m: LengthM = 1.0
    window_sill_m: Annotated[float, Field(ge=0, le=5, allow_inf_nan=False)] = 1.0
    cell_names: Annotated[Text, AfterValidator(_name_pattern)] = "{wing}{storey}-{n:02d}"
    bearing_deg: AzimuthDeg = 0.0
    fence: ConstructionName = "weld_mesh_fence"
    fence_distance_m: Annotated[float, Field(ge=8, le=1000, allow_inf_nan=False)] = 80.0
    fence_height_m: Annotated[float, Field(ge=1, le=20, allow_inf_nan=False)] = 5.2
    homes_distance_m: Annotated[float, Field(ge=1, le=5000, allow_inf_nan=False)] = 60.0
    area: Literal["rural", "suburban", "urban"] = "suburban"
    marking: Text = "OFFICIAL (invented example)"
    as_of: AsOf = dt.date(2026, 11, 24)

    @model_validator(mode="before")
    @classmethod
    def _usual_for_type(cls, given: Any) -> Any:
        values = given.kwargs if isinstance(given, ArgsKwargs) else given
        if not isinstance(values, dict):
            return given
        usual = TYPE_DEFAULTS.get(str(values.get("type", "houseblock")), {})
        filled = {**usual, **values}
        return ArgsKwargs((), filled) if isinstance(given, ArgsKwargs) else filled

    @model_validator(mode="after")
    def _fits_together(self) -> WingDescription:
        problems = list(_misfits(self))
        if problems:
            raise ValueError("\n".join(problems))
        return self

    def cell_name(self, building: str, wing: str, storey: int, number: int) -> str:
        """Id of a cell; `storey` counts from 0 here and from 1 in the name."""
        return self.cell_names.format(building=building, wing=wing, storey=storey + 1, n=number)


def _misfits(description: WingDescription) -> list[str]:
    """What does not fit together, each with its key in front."""
    found = []
    allowed = {"houseblock": (1, 4), "radial": (2, 4), "wing": (1, 1)}[description.type]
    if not allowed[0] <= description.wings <= allowed[1]:
        found.append(
            f"wings: {description.wings} for type {description.type!r} (expected {allowed[0]} to {allowed[1]}); "
            "change wings or type"
        )
    head_m = description.window_sill_m + description.window_height_m
    if head_m > description.storey_height_m:
        found.append(
            f"window_height_m: window head at {head_m:g} m in a storey of {description.storey_height_m:g} m; "
            "lower window_sill_m or window_height_m"
        )
    if description.window_width_m > description.cell_width_m - 2 * JAMB_M:
        found.append(
            f"window_width_m: {description.window_width_m:g} m in a cell {description.cell_width_m:g} m wide; "
            f"give at most {description.cell_width_m - 2 * JAMB_M:g} m"
        )
    used = {part[1] for part in string.Formatter().parse(description.cell_names)}
    needed = ["n", *["storey"] * (description.storeys > 1), *["wing"] * (description.wings > 1)]
    if missing := [name for name in needed if name not in used]:
        found.append(
            f"cell_names: {description.cell_names!r} names two cells alike; add "
            + ", ".join(f"{{{name}}}" for name in missing)
        )
    return found


_ADAPTER: TypeAdapter[WingDescription] = TypeAdapter(WingDescription)


def describe(source: str = "description", /, **values: object) -> WingDescription:
    """A checked description from keys and values, every problem in one error.

    Parameters
    ----------
    source : str
        What the message names as the place of the problems.
    **values : object
        Fields of `WingDescription`.

    Returns
    -------
    WingDescription

    Raises
    ------
    SiteError
        Unknown keys (with the nearest known one), values out of range, values that do not fit together.
    """
    try:
        return _ADAPTER.validate_python(values)
    except ValidationError as error:
        problems = [line for item in error.errors(include_url=False) for line in _explained(dict(item))]
        raise SiteError(f"{source}: {problem}" for problem in problems) from None


def _explained(item: Mapping[str, Any]) -> list[str]:
    """One line for each problem of one pydantic error."""
    message = str(item["msg"]).removeprefix("Value error, ")
    if not item["loc"]:
        return message.splitlines()
    key = str(item["loc"][0])
    if item["type"] in ("unexpected_keyword_argument", "extra_forbidden"):
        known = list(WingDescription.__dataclass_fields__)
        near = difflib.get_close_matches(key, known, 1)
        return [f"{key}: unknown key; " + (f"did you mean {near[0]!r}?" if near else f"known: {', '.join(known)}")]
    return [f"{key}: {message} (found {item['input']!r:.60}); correct the value"]


def read_description(path: Path, **overrides: object) -> WingDescription:
    """The description in a TOML file.

    Parameters
    ----------
    path : Path
        A TOML file whose keys are the fields of `WingDescription`.
    **overrides : object
        Fields that replace those of the file.

    Returns
    -------
    WingDescription

    Raises
    ------
    SiteError
        Everything that is wrong with the file, together.
    """
    name = clean(path.name or str(path))
    if "\0" in str(path) or not (path.is_symlink() or path.exists()):
        raise SiteError(f"{name}: no such file; give an existing TOML file")
    try:
        values = toml_of(read_text(path, path.parent, LARGEST_FILE_BYTES))
    except Unreadable as error:
        raise SiteError(f"{name}: {error}") from None
    return describe(path.name, **(values | overrides))


def description_toml(description: WingDescription) -> str:
    """A description as TOML: the keys a reader looks for first, then what is unusual for its type.

    Reading it back gives an equal description.
    """
    usual = WingDescription(type=description.type)
    always = ("name", "type", "cells", "storeys", "area")
    lines = []
    for key in WingDescription.__dataclass_fields__:
        value = getattr(description, key)
        if key in always or value != getattr(usual, key):
            lines.append(f"{key} = {_toml_value(value)}")
    return "\n".join(lines) + "\n"


def _toml_value(value: str | float | dt.date) -> str:
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        escaped = "".join(c if c.isprintable() else f"\\U{ord(c):08X}" for c in escaped)
        return f'"{escaped}"'
    return value.isoformat() if isinstance(value, dt.date) else repr(value)
