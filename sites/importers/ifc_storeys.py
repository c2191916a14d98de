"""The storeys of a building model that people walk on; foundations and parapets go to the next one."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import median
from typing import Any

from quietwing.sites.errors import SiteError
from quietwing.sites.findings import clean
from quietwing.sites.importers.plan_parts import Report, unique_name

__all__ = ["Level", "heights_of", "levels_of"]

LOWEST_M, HIGHEST_M = 1.8, 20.0  # heights of a storey of a site
USUAL_M = 3.0  # assumed where nothing above tells the height
MOST_LEVELS = 31
LEAST_WALLS = 3  # of a floor, where a model tells none; assumed
DEEPEST_M, HIGHEST_GROUND_M = -20.0, 3.0  # of the lowest storey, above the ground; what is beyond is above sea level


@dataclass(frozen=True, slots=True)
class Level:
    """A storey of the site, and the storeys of the model that are part of it."""

    name: str
    floor_m: float
    height_m: float
    ids: frozenset[int]


def levels_of(
    model: Any,
    unit_m: float,
    reaches: Mapping[int, tuple[float, float]],
    report: Report,
    label: str,
    datum_m: float = 0.0,
) -> list[Level]:
    """The storeys from the lowest up.

    Parameters
    ----------
    model : ifcopenshell file
    unit_m : float
        Metres of its unit of length.
    reaches : mapping of int to (float, float)
        Bottom and top of each shape, by the element's id. [m]
    report : Report
    label : str
        The file, for the messages.
    datum_m : float
        The height that is 0 in the site, as elevations of storeys tell it. [m]

    Returns
    -------
    list of Level

    Raises
    ------
    SiteError
        If the model has no storey with walls, or more than a site holds.
    """
    found = []
    for storey in model.by_type("IfcBuildingStorey"):
        parts = [one for relation in storey.ContainsElements or () for one in relation.RelatedElements]
        spaces = [
            one for relation in storey.IsDecomposedBy or () for one in relation.RelatedObjects if one.is_a("IfcSpace")
        ]
        feet = [reaches[one.id()] for one in (*parts, *spaces) if one.id() in reaches]
        floor_m = float(storey.Elevation or 0.0) * unit_m - datum_m
        if storey.Elevation is None and feet:
            floor_m = min(low for low, _ in feet)
        if math.isfinite(floor_m) and (parts or spaces):
            found.append((floor_m, storey, bool(spaces), feet, any(one.is_a("IfcWall") for one in parts)))
    found.sort(key=lambda one: one[0])
    if not found:
        return _without_storeys(reaches, report, label)
    walked = [one for one in found if one[2]] or [one for one in found if one[4]] or found
    kept: list[Any] = []
    for one in walked:
        if kept and one[0] - kept[-1][0] < LOWEST_M:
            continue
        kept.append(one)
    if len(kept) > MOST_LEVELS:
        raise SiteError(f"{label}: holds {len(kept)} storeys (limit {MOST_LEVELS}); export one building alone")
    if len(kept) == 1:
        own = _not_in([one[1] for one in found if one not in walked], reaches)
        stacked = _stacked(model, own, kept[0][0], report, label)
        if stacked:
            return stacked
    levels = []
    names: set[str] = set()
    for number, (floor_m, storey, _, feet, _) in enumerate(kept):
        if number + 1 < len(kept):
            height_m = kept[number + 1][0] - floor_m
        else:
            above = [one[0] for one in found if one[0] - floor_m >= LOWEST_M]
            top_m = max((high for _, high in feet), default=floor_m + USUAL_M)
            height_m = (above[0] - floor_m) if above else top_m - floor_m
        name = unique_name(clean(str(storey.Name or f"storey {number}"), 60).strip() or f"storey {number}", names)
        if not LOWEST_M <= height_m <= HIGHEST_M:
            report.add(name, None, "storey", f"height of {height_m:.2f} m is none of a storey; {USUAL_M:g} m assumed")
            height_m = USUAL_M
        nearest = frozenset(
            other.id() for elevation, other, *_ in found if _home(elevation, [one[0] for one in kept]) == number
        )
        levels.append(Level(name, round(floor_m, 3), round(height_m, 3), nearest))
    for elevation, storey, *_ in found:
        if all(storey.id() != one[1].id() for one in kept):
            home = levels[_home(elevation, [one[0] for one in kept])].name
            what = f"nobody walks on it, or it is too low: its parts belong to {home}, each at its own height"
            report.add(home, None, f"storey {clean(str(storey.Name), 40)} at {elevation:.2f} m", what)
    return levels


def _home(elevation_m: float, floors_m: list[float]) -> int:
    """The storey below a height, or the lowest."""
    return max((number for number, floor_m in enumerate(floors_m) if floor_m <= elevation_m + 1e-3), default=0)


def _not_in(storeys: list[Any], reaches: Mapping[int, tuple[float, float]]) -> dict[int, tuple[float, float]]:
    """Reaches of what stands in none of some storeys."""
    held = [one for storey in storeys for one in storey.ContainsElements or ()]
    elsewhere = {one.id() for relation in held for one in relation.RelatedElements}
    return {number: span for number, span in reaches.items() if number not in elsewhere}


def _stacked(
    model: Any, reaches: Mapping[int, tuple[float, float]], floor_m: float, report: Report, label: str
) -> list[Level]:
    """The levels of a model that keeps all in one storey: where walls stand above each other; else nothing."""
    upright = [*model.by_type("IfcWall"), *model.by_type("IfcBuildingElementProxy")]
    held = [reaches[one.id()] for one in upright if one.id() in reaches]
    feet = sorted((low, high) for low, high in held if high - low >= LOWEST_M)
    bands: list[list[tuple[float, float]]] = []
    for reach in feet:
        if bands and reach[0] - bands[-1][0][0] < LOWEST_M:
            bands[-1].append(reach)
        else:
            bands.append([reach])
    bands = [band for band in bands if len(band) >= LEAST_WALLS]
    if len(bands) < 2:
        return []
    floors = [floor_m if abs(band[0][0] - floor_m) < LOWEST_M / 2 else band[0][0] for band in bands]
    tops = [*floors[1:], max(high for _, high in bands[-1])]
    what = f"keeps all in one storey; walls stand on {len(bands)} floors, one above the other: taken as storeys"
    report.add("", None, label, what)
    return [
        Level(str(number) if number else "G", round(low, 3), round(min(high - low, HIGHEST_M), 3), frozenset())
        for number, (low, high) in enumerate(zip(floors, tops, strict=True))
    ]


def heights_of(
    model: Any, unit_m: float, reaches: Mapping[int, tuple[float, float]], report: Report, label: str
) -> tuple[float, float]:
    """What shapes are higher than elevations of storeys say, and the elevation that is taken for the ground. [m]

    Shapes stand where the site is placed, above sea level perhaps; elevations go by the building, or not.
    """
    apart, floors = [], []
    for storey in model.by_type("IfcBuildingStorey"):
        parts = [one for relation in storey.ContainsElements or () for one in relation.RelatedElements]
        upright = [one for one in parts if one.is_a("IfcWall") or one.is_a("IfcBuildingElementProxy")]
        feet = [reaches[one.id()][0] for one in upright if one.id() in reaches]
        if feet:
            floors.append(float(storey.Elevation or 0.0) * unit_m)
            if storey.Elevation is not None:
                apart.append(median(feet) - floors[-1])
    lift_m = median(apart) if apart else 0.0
    lift_m = lift_m if abs(lift_m) >= LOWEST_M else 0.0
    lowest_m = min(floors, default=0.0)
    datum_m = lowest_m if not DEEPEST_M <= lowest_m <= HIGHEST_GROUND_M else 0.0
    if lift_m or datum_m:
        what = f"heights above a datum: {lift_m + datum_m:.2f} m taken off, so that the ground is at 0"
        report.add("", None, label, what)
    return lift_m, datum_m


def _without_storeys(reaches: Mapping[int, tuple[float, float]], report: Report, label: str) -> list[Level]:
    """One storey for a model without any."""
    if not reaches:
        raise SiteError(f"{label}: holds no storeys and no shapes; export the architect's model")
    low_m = min(low for low, _ in reaches.values())
    high_m = max(high for _, high in reaches.values())
    height_m = high_m - low_m if LOWEST_M <= high_m - low_m <= HIGHEST_M else USUAL_M
    report.add("", None, label, f"holds no storeys: one of {height_m:.2f} m assumed")
    return [Level("G", round(low_m, 3), round(height_m, 3), frozenset())]
