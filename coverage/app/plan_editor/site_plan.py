"""The site from above: buildings, fence, rings, homes, masts with their beams, and what spills over the fence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from numpy.typing import NDArray

from quietwing.coverage.app.plan_editor.drawing import Field, Scale, field_values, path_of
from quietwing.sites import Patch

if TYPE_CHECKING:
    from quietwing.coverage.app.layout_facts import LayoutFacts, OutsidePlace
    from quietwing.coverage.app.plan_editor.places import Place
    from quietwing.sites import Site

__all__ = ["SPILL", "site_picture", "spill_field", "stack_of"]

NEAR_M = 110.0  # round the fence: both near rings
RINGS_M = (20.0, 100.0, 1000.0, 3000.0)  # outer edges, as in maps of spill
GRID = 110  # squares on the longer side of the field
FAR_M = 45.0  # from every point: nothing is drawn (assumed)
NEIGHBOURS = 6
Floats = NDArray[np.float64]
SPILL_DB = 20.0
RISE = 0.2  # of a site's width between two storeys of the stack
SPILL = Scale(
    "Headroom to the spill limit [dB]", -SPILL_DB, SPILL_DB, "quiet",
    ((-20.0, "−20: exceeded"), (-10.0, "−10"), (0.0, "0"), (10.0, "+10"), (20.0, "+20: kept")), "dB", 0.0,
)  # fmt: skip
DRAFTED = replace(SPILL, title="Headroom to the spill limit, quick estimate [dB]")
UNKNOWN = "What spills over the fence comes from the full assessment."
OVER, WITHIN = "Place over the limit", "Place within the limit"
ALLOWED = ", within what the limit allows"  # it lets a share of the places of each ring fail


def site_picture(
    site: Site,
    places: Sequence[Place],
    facts: LayoutFacts | None,
    answer: Mapping[str, Any],
    drafted: Sequence[OutsidePlace] = (),
) -> dict[str, Any]:
    """All the editor is given to draw the site.

    Parameters
    ----------
    site : Site
    places : sequence of Place
        Of the site, as buildings lead to them.
    facts : LayoutFacts or None
        Of the layout; without them spill is drawn as `drafted`.
    answer : mapping
        As of `drawing.picture`.
    drafted : sequence of OutsidePlace
        By the quick estimate, where there are no facts.

    Returns
    -------
    dict
        Plain values for JSON.
    """
    fence = site.perimeter.outline
    west, south, east, north = shapely.buffer(fence, NEAR_M).bounds
    origin = (float(np.floor(west)), float(np.floor(south)))
    outside, scale = (facts.outside, SPILL) if facts is not None else (drafted, DRAFTED)
    field = spill_field(outside, (west, south, east, north), fence) if outside else None
    masts = _masts(site, origin)
    homes = [
        {"x": one.point.x - origin[0], "y": one.point.y - origin[1], "name": one.id, "title": f"{one.id}: receptor"}
        for one in site.receptors
    ]
    points = [
        {"x": place.x_m - origin[0], "y": place.y_m - origin[1], "over": not place.passed, "title": _said(place)}
        for place in outside
    ]
    reach = max([NEAR_M, *(float(shapely.Point(one["x"] + origin[0], one["y"] + origin[1]).distance(fence))
                           for one in (*masts, *homes, *points))])  # fmt: skip
    over = sum(not place.passed for place in outside)
    how = "" if facts is not None else " by the quick estimate"
    allowed = ALLOWED if over and facts is not None and facts.grades[0].kept else ""
    said = f"{over} of {len(outside)} places outside are over the limit{how}{allowed}." if outside else UNKNOWN
    return {
        "place": "site",
        "origin": {"x": origin[0], "y": origin[1]},
        "extents": {"x0": west, "y0": south, "x1": east, "y1": north},
        "farthest": max(1.5, 2.2 * reach / max(east - west, north - south) + 1.0),
        "aria": f"The whole site with {len(site.buildings)} buildings. {said} The report's tables hold the same.",
        "rooms": [],
        "walls": "",
        "doors": "",
        "windows": [],
        "devices": [],
        "cables": "",
        "hover": {},
        "channels": [],
        "byRoom": None,
        "slices": None,
        "legend": _legend(len(outside), over, allowed, bool(homes), bool(masts), 2 * reach),
        **field_values(scale if field is not None else None, field, origin),
        "site": {
            "fence": path_of(shapely.get_coordinates(fence.exterior), origin, closed=True),
            "buildings": _buildings(site, places, origin),
            "rings": [{"d": ring} for ring in _rings(fence, origin, 2 * reach)],
            "names": _names(site, origin),
            "homes": homes,
            "masts": masts,
            "points": points,
        },
        "marks": [*masts, *homes, *points],
        **answer,
    }


def spill_field(
    outside: Sequence[OutsidePlace], bounds_m: tuple[float, float, float, float], fence: shapely.Polygon
) -> Field:
    """Headroom between the places that are judged, weighted by the inverse square of their distance.

    Parameters
    ----------
    outside : sequence of OutsidePlace
    bounds_m : tuple of float
        West, south, east, north. [m]
    fence : Polygon
        Within it nothing is said.

    Returns
    -------
    Field
        A picture for people: only the places themselves are judged.
    """
    west, south, east, north = bounds_m
    step = max(east - west, north - south) / GRID
    across, down = int(np.ceil((east - west) / step)), int(np.ceil((north - south) / step))
    patch = Patch((west + step / 2, south + step / 2, 1.5), (step, 0.0, 0.0), (0.0, step, 0.0), across, down, 0)
    x = patch.origin_m[0] + step * np.arange(across)
    y = patch.origin_m[1] + step * np.arange(down)
    grid_x, grid_y = np.meshgrid(x, y)
    known = [place for place in outside if place.margin_db is not None]
    if not known:
        return Field(patch, np.full(grid_x.shape, np.nan))
    at = np.array([(place.x_m, place.y_m) for place in known])
    margin_db = np.array([place.margin_db for place in known], float)
    values = np.stack([_headroom_between(*row, at, margin_db) for row in zip(grid_x, grid_y, strict=True)])
    values[shapely.contains_xy(fence, grid_x, grid_y)] = np.nan
    return Field(patch, values)


def _headroom_between(x: Floats, y: Floats, at: Floats, margin_db: Floats) -> Floats:
    """Headroom at some points, shape (point,): nan far from every place that is judged, shape (place, 2). [dB]"""
    far2 = (x[:, None] - at[:, 0]) ** 2 + (y[:, None] - at[:, 1]) ** 2
    many = min(NEIGHBOURS, len(at))
    nearest = np.argpartition(far2, many - 1, axis=1)[:, :many]
    near2 = np.take_along_axis(far2, nearest, axis=1)
    weight = 1.0 / (near2 + 1.0)
    found: Floats = (weight * margin_db[nearest]).sum(axis=1) / weight.sum(axis=1)
    found[near2.min(axis=1) > FAR_M**2] = np.nan
    return found


def stack_of(site: Site, places: Sequence[Place], shares: Mapping[int, float], words: Mapping[int, str]) -> Any:
    """Outlines of all storeys with the share of their rooms that is blocked.

    Parameters
    ----------
    site : Site
    places : sequence of Place
    shares, words : mapping of int to float, str
        By index of the place; a storey that is left out is not known.

    Returns
    -------
    dict
    """
    corners = [shapely.get_coordinates(built.outline.simplify(0.5).exterior) for built in site.buildings]
    west, south = np.min([each.min(axis=0) for each in corners], axis=0)
    east, north = np.max([each.max(axis=0) for each in corners], axis=0)
    width = max(float(east - west), float(north - south), 1.0)
    storeys = [
        {
            "place": at,
            "building": place.building,
            "storey": place.storey,
            "outline": np.round(corners[place.building][:-1] - (west, south), 1).tolist(),
            "share": shares.get(at),
            "title": f"{place.title}: {words.get(at, 'not worked out yet')}",
        }
        for at, place in enumerate(places)
        if place.building >= 0
    ]
    high = max((place.storey for place in places), default=0) + 1
    return {"rise": round(RISE * width * min(1.0, 4 / high), 2), "storeys": storeys}


def _legend(
    outside: int, over: int, allowed: str, homes: bool, masts: bool, most_m: float
) -> list[Mapping[str, str]]:
    edges = ", ".join(f"{edge:g}" for edge in RINGS_M if edge <= most_m)
    found: list[Mapping[str, str]] = [
        {"line": "fence", "text": "fence"},
        {"line": "ring", "text": f"{edges} m from the fence"},
    ]
    if outside:
        found += [{"symbol": "over", "text": f"{OVER} ({over}{allowed})"},
                  {"symbol": "within", "text": f"{WITHIN} ({outside - over})"}]  # fmt: skip
    found += [{"symbol": "home", "text": "home or other place to keep clear"}] if homes else []
    found += [{"symbol": "mast", "text": "mast with its sectors"}] if masts else []
    return found


def _buildings(site: Site, places: Sequence[Place], origin: tuple[float, float]) -> list[dict[str, Any]]:
    """Outlines that lead to the first storey of each building."""
    first = {built: at for at, built in reversed(list(enumerate(place.building for place in places)))}
    return [
        {
            "d": path_of(shapely.get_coordinates(built.outline.exterior), origin, closed=True),
            "place": first[index],
            "title": f"{built.name or built.id}: open its plan",
        }
        for index, built in enumerate(site.buildings)
        if index in first
    ]


def _rings(fence: shapely.Polygon, origin: tuple[float, float], most_m: float) -> list[str]:
    """Outer edges of the rings that are not too far."""
    edges = [shapely.buffer(fence, edge).exterior for edge in RINGS_M if edge <= most_m]
    return [path_of(shapely.get_coordinates(edge), origin, closed=True) for edge in edges]


def _masts(site: Site, origin: tuple[float, float]) -> list[dict[str, Any]]:
    """Masts with the directions of their sectors."""
    found: dict[tuple[float, float], list[Any]] = {}
    for sector in site.sectors:
        found.setdefault((round(sector.x_m, 1), round(sector.y_m, 1)), []).append(sector)
    masts = []
    for (x, y), sectors in found.items():
        aimed = [one for one in sectors if one.azimuth_deg is not None and one.pattern != "omni"]
        beams = sorted({round(float(one.azimuth_deg)) for one in aimed})
        operators = ", ".join(sorted({one.operator for one in sectors}))
        name = sectors[0].id
        masts.append(
            {"x": x - origin[0], "y": y - origin[1], "name": str(name), "beams": beams,
             "title": f"Mast {name}: {operators}, {len(sectors)} sectors"}
        )  # fmt: skip
    return masts


def _names(site: Site, origin: tuple[float, float]) -> list[dict[str, Any]]:
    """Each building's name, which stands below its southern wall: over small ones it would hide them."""
    return [
        {
            "x": built.outline.centroid.x - origin[0],
            "y": built.outline.bounds[1] - origin[1],
            "text": built.name or built.id,
        }
        for built in site.buildings
    ]


def _said(place: OutsidePlace) -> str:
    if place.margin_db is None:
        return f"{place.name}: nothing of this layout arrives"
    state = "within" if place.passed else "OVER"
    margin = f"{place.margin_db:g}".replace("-", "−")
    return f"{place.name}: {state} the limit, headroom {margin} dB on {place.channel}"
