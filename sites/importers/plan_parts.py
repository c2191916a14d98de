"""What is read off a drawing, before it is a site: walls by mid-line and thickness, openings, rooms, guesses."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from shapely.geometry import LineString, MultiPolygon, Polygon

from quietwing.sites.findings import clean

__all__ = [
    "Cut",
    "Guess",
    "Marker",
    "PlanRoom",
    "PlanSlab",
    "Report",
    "StoreyPlan",
    "Strip",
    "Xy",
    "name_of",
    "parts_of",
    "unique_name",
]

Xy = tuple[float, float]
MOST_LEFT_OUT = 20  # of one file named in the report, the rest counted
GRID_DIGITS = 4  # 0.1 mm: walls that meet do so within the millimetre that counts as a gap


@dataclass(frozen=True, slots=True)
class Strip:
    """A straight piece of wall: its mid-line, how thick it is, what it is made of.

    `base_m` and `top_m` are above the site's ground, where they differ from floor and ceiling of the storey. [m]
    """

    start: Xy
    end: Xy
    thickness_m: float
    construction: str
    id: str = ""
    base_m: float | None = None
    top_m: float | None = None

    @property
    def length_m(self) -> float:
        """From end to end. [m]"""
        return math.dist(self.start, self.end)

    @property
    def unit(self) -> Xy:
        """Direction from start to end, of length 1."""
        length = self.length_m or 1.0
        return (self.end[0] - self.start[0]) / length, (self.end[1] - self.start[1]) / length

    @property
    def line(self) -> LineString:
        """The mid-line."""
        return LineString([self.start, self.end])

    @property
    def area(self) -> Polygon:
        """What the wall covers on the plan, cut off square at its ends."""
        ux, uy = self.unit
        dx, dy = -uy * self.thickness_m / 2, ux * self.thickness_m / 2
        (x0, y0), (x1, y1) = self.start, self.end
        return Polygon([(x0 + dx, y0 + dy), (x0 - dx, y0 - dy), (x1 - dx, y1 - dy), (x1 + dx, y1 + dy)])

    def at(self, along_m: float) -> Xy:
        """A point of the mid-line, or of its prolongation."""
        ux, uy = self.unit
        return self.start[0] + along_m * ux, self.start[1] + along_m * uy

    def along(self, point: Xy) -> tuple[float, float]:
        """Where a point lies: along the line from its start, and to the left of it. [m]"""
        ux, uy = self.unit
        dx, dy = point[0] - self.start[0], point[1] - self.start[1]
        return dx * ux + dy * uy, dy * ux - dx * uy


@dataclass(frozen=True, slots=True)
class Marker:
    """Where a drawing shows a door or a window: what its symbol covers, and how wide it is said to be."""

    id: str
    kind: str
    shape: Polygon
    construction: str
    width_m: float | None = None
    glazing: bool = False  # where no wall is, it is a wall of glass itself
    hint: bool = False  # a thin line that is glazing where it runs along a gap of a wall, and nothing elsewhere
    filled: bool = False  # drawn filled like a wall: a stretch of wall by itself, between the walls beside it


@dataclass(frozen=True, slots=True)
class Cut:
    """A door or window in a wall; sill and head above the storey's floor. [m]"""

    id: str
    kind: str
    wall: str
    start: Xy
    end: Xy
    sill_m: float
    head_m: float
    construction: str
    state: str | None = None


@dataclass(frozen=True, slots=True)
class PlanRoom:
    """A room as drawn, or as found between walls."""

    id: str
    outline: Polygon
    role: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class PlanSlab:
    """A floor or roof as modelled, at the middle of its thickness."""

    id: str
    outline: Polygon
    level_m: float
    construction: str
    kind: str


@dataclass(frozen=True, slots=True)
class Guess:
    """Something the drawing does not say, or that was put right, and where."""

    storey: str
    x_m: float | None
    y_m: float | None
    feature: str
    what: str


@dataclass(slots=True)
class Report:
    """What was guessed and counted while a drawing was read; local to one import."""

    guesses: list[Guess] = field(default_factory=list)
    counts: dict[str, Any] = field(default_factory=dict)

    def add(self, storey: str, at: Xy | None, feature: str, what: str) -> None:
        """List a guess with its place."""
        x_m, y_m = (None, None) if at is None else (round(at[0], 2), round(at[1], 2))
        self.guesses.append(Guess(storey, x_m, y_m, feature, what))

    def left_out(self, storey: str, label: str, names: Sequence[str], why: str) -> None:
        """List what of a file cannot be used, each by its name up to some twenty."""
        for name in names[:MOST_LEFT_OUT]:
            self.add(storey, None, clean(name, 80), f"{why} and was left out")
        if len(names) > MOST_LEFT_OUT:
            self.add(storey, None, label, f"{len(names) - MOST_LEFT_OUT:,} more: {why}, left out too")


@dataclass(frozen=True, slots=True)
class StoreyPlan:
    """One storey, ready to become part of a site.

    `voids` are holes of its floor. Without `slabs` a floor below it and a roof on what is bare are assumed.
    """

    name: str
    floor_m: float
    height_m: float
    walls: tuple[Strip, ...]
    cuts: tuple[Cut, ...]
    rooms: tuple[PlanRoom, ...]
    outline: Polygon | MultiPolygon
    floor: str
    roof: str
    voids: tuple[Polygon, ...] = ()
    slabs: tuple[PlanSlab, ...] = ()


def name_of(kind: str, storey: str, start: Xy, end: Xy, taken: set[str]) -> str:
    """An id that stays the same as long as the line does, however the drawing is mapped: ``G-wall-3fa21b``."""
    first, last = sorted([start, end])
    text = " ".join(f"{round(value, 2) + 0.0:.2f}" for value in (*first, *last))
    stem = f"{storey}-{kind}-{hashlib.sha256(text.encode()).hexdigest()[:6]}"
    return unique_name(stem, taken)


def unique_name(stem: str, taken: set[str]) -> str:
    """The name itself, or with a number after it where it is in use; ids that differ in case alone are one."""
    name, number = stem, 2
    while name.casefold() in taken:
        name, number = f"{stem}-{number}", number + 1
    taken.add(name.casefold())
    return name


def parts_of(shape: Any) -> list[Polygon]:
    """The polygons of a geometry, however they are wrapped."""
    if isinstance(shape, Polygon):
        return [] if shape.is_empty else [shape]
    return [part for one in getattr(shape, "geoms", ()) for part in parts_of(one)]
