"""What the tables of equipment say of radiating cables: the losses of a model, the route of a device."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterable, Iterator, Sequence

from pydantic import ConfigDict
from pydantic.dataclasses import dataclass

from quietwing.coverage.equipment import CableLoss, Model, RoutePoint
from quietwing.coverage.tables.rows import cell_text, items_of
from quietwing.sites import ZM, CoordinateM, Findings, build, shown

__all__ = [
    "cable_contradictions",
    "cable_losses",
    "cable_text",
    "route_length_m",
    "route_points",
    "route_problems",
    "route_text",
]

CABLE_FORM = "freq_mhz:loss_db_per_100m:coupling_50_db:coupling_95_db like 800:4:65:76"
ROUTE_FORM = "x y z in metres like 12.5 5 2.7; 60 5 2.7"
MOST_ROUTE_POINTS = 100
SAME_PLACE_M = 0.01
LIGHT_M_PER_S = 299_792_458.0  # by definition; the first screen of the app reads catalogues without scipy
_COUPLING_AT_M = 2.0  # as in propagation.radiating_cable


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class _RoutePoint:
    """One item of ``route_m``."""

    x_m: CoordinateM
    y_m: CoordinateM
    z_m: ZM


def cable_losses(text: str, findings: Findings, file: str, where: str) -> list[CableLoss]:
    """The items of ``radiating_cable``; what is none is a problem."""
    found: list[CableLoss] = []
    for item in items_of(text):
        parts = [part.strip() for part in item.split(":")]
        if len(parts) != 4:
            findings.problem(file, where, f"radiating_cable has {shown(item)} (expected {CABLE_FORM}); write it so")
            continue
        names = ("freq_mhz", "loss_db_per_100m", "coupling_50_db", "coupling_95_db")
        row = build(
            CableLoss, dict(zip(names, parts, strict=True)), findings, file, f"{where}: radiating_cable {shown(item)}"
        )
        if row is None:
            continue
        if row.coupling_95_db < row.coupling_50_db:
            findings.problem(
                file,
                where,
                f"radiating_cable {shown(item)} couples better at 95 % of places ({row.coupling_95_db:g} dB) than at "
                f"50 % ({row.coupling_50_db:g} dB); exchange them",
            )
        radiated = _radiated_per_m(row)
        lost = row.loss_db_per_100m / 100 * math.log(10) / 10
        if radiated > lost:
            findings.problem(
                file,
                where,
                f"radiating_cable {shown(item)} radiates {100 * radiated:.2g} % of its power a metre, but loses only "
                f"{100 * lost:.2g} %; correct coupling_50_db or loss_db_per_100m",
            )
        if found and row.freq_mhz <= found[-1].freq_mhz:
            findings.problem(
                file,
                where,
                f"radiating_cable has {row.freq_mhz:g} MHz after {found[-1].freq_mhz:g}; list each frequency once, "
                f"the lowest first",
            )
        found.append(row)
    return found


def _radiated_per_m(row: CableLoss) -> float:
    """Share of the power in a cable that a metre of it radiates: (4π/λ)² · (2 m/π) · 10^(−L_c/10)."""
    wave_m = LIGHT_M_PER_S / (row.freq_mhz * 1e6)
    share: float = (4 * math.pi / wave_m) ** 2 * _COUPLING_AT_M / math.pi * 10 ** (-row.coupling_50_db / 10)
    return share


def cable_contradictions(model: Model) -> Iterator[str]:
    """What a row of the catalogue says of its cable that cannot hold together, each with what to do."""
    cable = model.radiating_cable
    if not cable:
        for name in ("radiating_gbp_per_m", "longest_m"):
            if getattr(model, name):
                yield f"{name} is given without radiating_cable; give the cable's losses too, or empty it"
        return
    if model.kind not in ("jammer", "mas"):
        yield f"a {model.kind} has a radiating_cable; leave it out, or set kind to jammer or mas, which feeds it"
        return
    if model.pattern != "omni":
        yield f"pattern is {model.pattern}, but a radiating_cable has no antenna; set pattern to omni"
    if model.gain_dbi:
        yield f"gain_dbi is {model.gain_dbi:g}, but a radiating_cable has no antenna; set it to 0"
    if not model.longest_m:
        yield "longest_m is missing (expected above 0 for a radiating_cable); say how long a run may be"
    low_mhz, high_mhz = cable[0].freq_mhz, cable[-1].freq_mhz
    for band in model.bands:
        if not (low_mhz <= band.low_mhz and band.high_mhz <= high_mhz):
            yield (
                f"bands {shown(band.band)} ({band.low_mhz:g} to {band.high_mhz:g} MHz) reaches beyond "
                f"radiating_cable ({low_mhz:g} to {high_mhz:g} MHz); add an item with the "
                f"maker's figures, or remove the band"
            )


def cable_text(cable: Sequence[CableLoss]) -> str:
    """The losses as they stand in a cell."""
    return "; ".join(
        ":".join(
            cell_text(value) for value in (row.freq_mhz, row.loss_db_per_100m, row.coupling_50_db, row.coupling_95_db)
        )
        for row in cable
    )


def route_points(text: str, findings: Findings, file: str, where: str) -> tuple[RoutePoint, ...]:
    """The points of ``route_m``; what is none is a problem."""
    found: list[RoutePoint] = []
    column = findings.label("route_m")
    for item in items_of(text):
        parts = re.split(r"[\s,]+", item)
        if len(parts) != 3:
            findings.problem(file, where, f"{column} has {shown(item)} (expected {ROUTE_FORM}); write it so")
            continue
        raw = dict(zip(("x_m", "y_m", "z_m"), parts, strict=True))
        point = build(_RoutePoint, raw, findings, file, f"{where}: {column} {shown(item)}")
        if point is not None:
            found.append((point.x_m, point.y_m, point.z_m))
    return tuple(found)


def route_text(route_m: Iterable[RoutePoint]) -> str:
    """A route as it stands in a cell."""
    return "; ".join(" ".join(cell_text(float(axis)) for axis in point) for point in route_m)


def route_length_m(line_m: Sequence[RoutePoint]) -> float:
    """Length of a run through some points. [m]"""
    return math.fsum(math.dist(one, two) for one, two in itertools.pairwise(line_m))


def route_problems(model: Model, line_m: Sequence[RoutePoint], column: str = "route_m") -> Iterator[str]:
    """What is wrong with the run of a device of a model, each with what to do.

    Parameters
    ----------
    model : Model
    line_m : sequence of points
        Where the device stands, and its route. [m]
    column : str
        What the column of the route is called.
    """
    if not model.radiating_cable:
        if len(line_m) > 1:
            yield f"{column} is given, but {shown(model.name)} feeds no radiating cable; remove it"
        return
    if len(line_m) < 2:
        yield (
            f"{shown(model.name)} feeds a radiating cable, but {column} is empty (expected {ROUTE_FORM}); give the "
            f"points it runs through"
        )
        return
    if len(line_m) - 1 > MOST_ROUTE_POINTS:
        yield f"{column} has {len(line_m) - 1} points (at most {MOST_ROUTE_POINTS}); leave out those on straight runs"
        return
    for number, (one, two) in enumerate(itertools.pairwise(line_m), 1):
        if math.dist(one, two) < SAME_PLACE_M:
            where = "where the cable is fed" if number == 1 else "where the one before it is"
            yield f"point {number} of {column} ({route_text([two])}) is {where}; remove it"
    length_m = route_length_m(line_m)
    if length_m > model.longest_m + SAME_PLACE_M:
        yield (
            f"{column} is {length_m:.1f} m long, above the {model.longest_m:g} m of {shown(model.name)}; shorten "
            f"it or feed a second cable"
        )
