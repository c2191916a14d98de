"""A plan traced over a picture becomes a site: rooms given as polygons in pixels, walls where rooms end.

Every edge of a room is a wall: inner where another room lies behind it, outer where none does. What is not on the
plan (masts, heights, what walls are made of) is asked for or assumed, and the site's notes say so.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from shapely.geometry import Polygon
from shapely.ops import unary_union

from quietwing.sites.errors import SiteError
from quietwing.sites.frames import Frame
from quietwing.sites.importers.reading import rechecked
from quietwing.sites.importers.traced_walls import (
    DOOR_HEAD_M,
    Cut,
    Stretch,
    TraceChoices,
    TracedOpening,
    TracedRoom,
    cuts_of,
    outlines_of,
    walls_of,
)
from quietwing.sites.model import Building, Opening, Perimeter, Room, Site, Slab, Storey, Wall
from quietwing.sites.networks import typical_sectors
from quietwing.sites.quantities import OpeningState
from quietwing.sites.synthetic import homes

__all__ = [
    "ScaleLine",
    "TraceChoices",
    "TracedOpening",
    "TracedRoom",
    "import_tracing",
    "metres_per_pixel",
    "traced_site",
]

Xy = tuple[float, float]


@dataclass(frozen=True)
class ScaleLine:
    """Two points of the picture and the real distance between them. [m]"""

    first_px: Xy
    second_px: Xy
    distance_m: float


def import_tracing(
    rooms: Sequence[TracedRoom],
    openings: Sequence[TracedOpening],
    scale: ScaleLine,
    height_px: int,
    choices: TraceChoices | None = None,
    near: Path | None = None,
) -> Site:
    """The checked site of a plan traced over a picture; the same plan on every storey.

    Parameters
    ----------
    rooms : sequence of TracedRoom
        Of one building: all touch. Corners that nearly line up (0.3 m) are put in line.
    openings : sequence of TracedOpening
        Windows and doors on or near a wall; more are placed where `choices` asks for them.
    scale : ScaleLine
    height_px : int
        Height of the picture: its lower left corner is the origin.
    choices : TraceChoices, optional
        What the picture does not show; the usual ones without it.
    near : Path, optional
        The folder the site is written in for a moment, to be read through the checks.

    Returns
    -------
    Site
        Local grid, the picture's up at ``bearing_deg``; typical masts, marked assumed.

    Raises
    ------
    SiteError
        With the problems of the scale, else of rooms, else of windows and doors, else of the checks.
    """
    scale_m = metres_per_pixel(scale.first_px, scale.second_px, scale.distance_m)
    try:
        return rechecked(traced_site(rooms, openings, scale_m, height_px, choices or TraceChoices()), near)
    except SiteError:
        raise
    except ValueError as error:  # a name or length the model refuses
        raise SiteError([line.strip() for line in str(error).splitlines()[:3]]) from error


def metres_per_pixel(first_px: Xy, second_px: Xy, distance_m: float) -> float:
    """The scale of a plan from two points and the real distance between them. [m]

    Raises
    ------
    SiteError
        If the points are too near each other or the distance is none.
    """
    apart_px = math.dist(first_px, second_px)
    if not apart_px >= 5:
        raise SiteError("Scale: the two points are the same or nearly so; choose two that lie far apart")
    if not 0.1 <= distance_m <= 5000:
        raise SiteError(f"Scale: the distance is {distance_m:g} m (expected 0.1 to 5,000 m); give it in metres")
    return distance_m / apart_px


def traced_site(
    rooms: Sequence[TracedRoom],
    openings: Sequence[TracedOpening],
    scale_m: float,
    height_px: int,
    choices: TraceChoices,
) -> Site:
    """The site of a traced plan, not yet checked; the same plan on every storey.

    Parameters
    ----------
    rooms : sequence of TracedRoom
    openings : sequence of TracedOpening
    scale_m : float
        Metres per pixel.
    height_px : int
        Height of the picture: its lower left corner is the origin.
    choices : TraceChoices

    Returns
    -------
    Site
        Local grid, the picture's up at `bearing_deg`; typical masts, marked assumed.

    Raises
    ------
    SiteError
        With every problem of rooms, windows and doors.
    """
    outlines = outlines_of(rooms, scale_m, height_px)
    whole = unary_union(list(outlines.values()))
    if not isinstance(whole, Polygon):
        raise SiteError(
            "Rooms: they do not all touch, so they are no one building; trace the corridor between them too, or "
            "trace one building at a time"
        )
    outside = Polygon(whole.exterior)
    walls = walls_of(outlines, outside)
    cuts = cuts_of(rooms, openings, outlines, walls, scale_m, height_px, choices)
    return _assembled(rooms, outlines, outside, walls, cuts, choices)


def _assembled(
    rooms: Sequence[TracedRoom],
    outlines: dict[str, Polygon],
    outside: Polygon,
    walls: list[Stretch],
    cuts: list[Cut],
    choices: TraceChoices,
) -> Site:
    """The same storey as often as there are storeys, turned to the compass."""
    frame = Frame(bearing_deg=choices.bearing_deg, quarter_turns=1)  # u east, v north of the picture
    height_m = choices.storey_height_m
    prefixes = [f"{number + 1}-" if choices.storeys > 1 else "" for number in range(choices.storeys)]
    names = [f"wall-{number + 1}" for number in range(len(walls))]
    outline = frame.polygon(outside.exterior.coords[:-1])
    window = (choices.window_sill_m, round(choices.window_sill_m + choices.window_height_m, 3))
    heights = {"window": window, "door": (0.0, DOOR_HEAD_M)}
    makes: dict[str, tuple[str, OpeningState]] = {
        "window": (choices.window, choices.window_state),
        "door": (choices.door, "shut"),
    }
    west, south, east, north = outside.bounds
    around = choices.fence_distance_m
    fence = frame.rectangle(west - around, south - around, east + around, north + around)
    middle_m = frame.at((west + east) / 2, (south + north) / 2)
    return Site(
        name=choices.name,
        crs="local",
        marking=choices.marking,
        as_of=choices.as_of,
        buildings=(
            Building(
                "main",
                outline,
                tuple(
                    Storey(str(number + 1), round(number * height_m, 3), height_m)
                    for number in range(choices.storeys)
                ),
            ),
        ),
        walls=tuple(
            Wall(
                prefix + name,
                "main",
                storey,
                frame.line(*stretch.line.coords),
                choices.outer_wall if stretch.outer else choices.inner_wall,
            )
            for storey, prefix in enumerate(prefixes)
            for name, stretch in zip(names, walls, strict=True)
        ),
        openings=tuple(
            Opening(
                prefix + cut.name,
                prefix + names[cut.wall],
                "window" if cut.kind == "window" else "door",
                frame.line(*cut.line.coords),
                *heights[cut.kind],
                *makes[cut.kind],
            )
            for prefix in prefixes
            for cut in cuts
        ),
        slabs=(
            *(
                Slab(f"{prefix}floor", "main", outline, round(storey * height_m, 3), choices.floor)
                for storey, prefix in enumerate(prefixes)
            ),
            Slab("roof", "main", outline, round(choices.storeys * height_m, 3), choices.roof, "roof"),
        ),
        rooms=tuple(
            Room(prefix + room.id, "main", storey, frame.polygon(outlines[room.id].exterior.coords[:-1]), room.role)
            for storey, prefix in enumerate(prefixes)
            for room in rooms
        ),
        perimeter=Perimeter("perimeter", fence, 5.2, "weld_mesh_fence"),
        sectors=typical_sectors(choices.area, middle_m, fence),
        receptors=homes(
            Frame(bearing_deg=choices.bearing_deg), outside.bounds, choices.fence_distance_m, choices.homes_distance_m
        ),
        area=choices.area,  # type: ignore[arg-type]
        window_state=choices.window_state,
        description="Traced from a plan; masts, heights and constructions are assumed",
        notes=(
            "traced from a picture of a plan: walls stand where rooms end, good to about 0.3 m; heights and "
            "constructions were chosen, not surveyed",
        ),
    )
