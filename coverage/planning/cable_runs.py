"""Where a radiating cable may run: along the middle of every long room, under its ceiling."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import shapely

from quietwing.coverage.equipment import Device, RoutePoint
from quietwing.coverage.layout import passes_forbidden
from quietwing.coverage.planning.places import BELOW_CEILING_M, DIGITS, OUT_OF_REACH_M, place_of
from quietwing.sites import Room, Site

__all__ = ["CableRun", "cable_runs", "line_of", "line_of_device"]

LEAST_RUN_M = 6.0  # assumed: shorter, a single antenna does the same
SLENDER = 2.0  # assumed: a room this much longer than wide is a landing or corridor
END_M = 1.0  # assumed: from the wall at each end


@dataclass(frozen=True, slots=True)
class CableRun:
    """A straight run that a plan may use.

    Attributes
    ----------
    id : str
    line_m : tuple of RoutePoint
        From where it is fed, the end nearer to the middle of the building, to the other. [m]
    storey : int
    building : int
        Index in ``site.buildings``.
    """

    id: str
    line_m: tuple[RoutePoint, ...]
    storey: int
    building: int


def cable_runs(site: Site) -> tuple[CableRun, ...]:
    """The runs a plan may use: along every room of a building twice as long as wide, whatever its role.

    Parameters
    ----------
    site : Site
        A checked site.

    Returns
    -------
    tuple of CableRun
        None that passes a forbidden position, none twice at one place.
    """
    found: dict[tuple[float, ...], CableRun] = {}
    for room in site.rooms:
        if room.building is None:
            continue
        building = site.building_index[room.building]
        storey = site.buildings[building].storeys[room.storey]
        z_m = storey.ceiling_m - BELOW_CEILING_M
        if z_m - storey.floor_m < OUT_OF_REACH_M:
            continue
        middle = site.buildings[building].outline.centroid
        line_m = _middle_line(room, round(z_m, 3), (middle.x, middle.y))
        if line_m and not any(True for _ in passes_forbidden(site, line_m)):
            run = CableRun(f"{room.id}-cable", line_m, room.storey, building)
            found.setdefault(line_of(line_m), run)
    return tuple(found.values())


def line_of(line_m: Iterable[RoutePoint]) -> tuple[float, ...]:
    """A run to the centimetre: two alike are one, whichever device is fed there; a single place as well."""
    return tuple(axis for point in line_m for axis in place_of(*point))


def line_of_device(device: Device) -> tuple[float, ...]:
    """Where a device is: its place, or its whole run."""
    return line_of(device.line_m)


def _middle_line(room: Room, z_m: float, middle_m: tuple[float, float]) -> tuple[RoutePoint, ...]:
    """Along the longer side of a slender room, if that stays inside; nothing in others."""
    box = shapely.minimum_rotated_rectangle(room.outline)
    ring = shapely.get_coordinates(box)[:4]
    if len(ring) < 4:
        return ()
    sides = np.roll(ring, -1, axis=0) - ring
    length_m = np.hypot(sides[:, 0], sides[:, 1])
    long, short = (0, 1) if length_m[0] >= length_m[1] else (1, 0)
    run_m = float(length_m[long]) - 2 * END_M
    if run_m < LEAST_RUN_M or length_m[long] < SLENDER * length_m[short]:
        return ()
    start = ring[long] + sides[(long + 1) % 4] / 2
    unit = sides[long] / length_m[long]
    ends = [start + unit * END_M, start + unit * (END_M + run_m)]
    # Equally near ends: the western, then the southern one, so that turning the room's outline changes nothing.
    away_m = [round(float(np.hypot(end[0] - middle_m[0], end[1] - middle_m[1])), 3) for end in ends]
    ends = [ends[at] for at in sorted((0, 1), key=lambda at: (away_m[at], *np.round(ends[at], 3).tolist()))]
    if not room.outline.buffer(1e-6).covers(shapely.LineString(ends)):
        return ()
    first, last = ((round(float(x), DIGITS) + 0.0, round(float(y), DIGITS) + 0.0, z_m) for x, y in ends)
    return (first, last)
