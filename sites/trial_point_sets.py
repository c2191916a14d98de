"""The places where a phone is tried: test points of every room, and regular grids for the maps."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Collection

import numpy as np
import shapely
from numpy.typing import NDArray

from quietwing.sites.errors import SiteError
from quietwing.sites.model import Opening, Room, Site
from quietwing.sites.openings import OpeningPlace, opening_places
from quietwing.sites.points import Patch, PointSet

__all__ = ["map_grid", "trial_points"]

CENTRE_HEIGHTS_M = (0.3, 1.5, 2.2)  # floor, hand, top bunk: assumption A36
BUNK_HEIGHT_M = 0.5
DOOR_HEIGHT_M = 1.5
MAP_HEIGHT_M = 1.5
INSIDE_WINDOW_M = 0.1  # assumption A5
OUTSIDE_WINDOW_M = 0.3  # an arm held out of an unsealed window: assumption A5
INSIDE_DOOR_M = 0.5  # assumed: a phone user stands half a metre behind the door
PHONE_PASSES_MM = 50.0  # assumed: between bars 100 mm apart yes, through anti-line mesh up to 50 mm no
LARGE_ROOM_M2 = 30.0  # assumed: above this one centre does not stand for the room
LARGE_ROOM_SPACING_M = 5.0  # assumed: spacing of further points in large rooms
MOST_MAP_POINTS = 4_000_000


def trial_points(site: Site, rooms: Collection[int] | None = None) -> PointSet:
    """Where a phone is tried in every room that must be silent or keep its service.

    The centre at 0.3, 1.5 and 2.2 m, the bunk at 0.5 m (half-way between centre and window: assumed), behind
    each door at 1.5 m, and at every window and hatch with the phone held in it, 0.1 m inside; 0.3 m outside
    too where it can be held out. Rooms above 30 m² have further points every 5 m at 1.5 m.

    Parameters
    ----------
    site : Site
        A checked site.
    rooms : collection of int, optional
        Indices of the rooms that are asked for; all without it.

    Returns
    -------
    PointSet
        Scattered points in the order of ``site.rooms``; rooms with role ``ignore`` have none.
    """
    places_of: dict[int, list[OpeningPlace]] = defaultdict(list)
    for place in opening_places(site):
        for joined in sorted(set(place.rooms) - {-1}):
            places_of[joined].append(place)
    rows: list[tuple[float, float, float, int, int, int, str]] = []
    for index, room in enumerate(site.rooms):
        if room.role == "ignore" or (rooms is not None and index not in rooms):
            continue
        building = -1 if room.building is None else site.building_index[room.building]
        floor_m = 0.0 if building < 0 else site.buildings[building].storeys[room.storey].floor_m
        for x, y, height_m, kind in _room_points(site, index, room, places_of[index]):
            z = height_m if kind.startswith("window") else floor_m + height_m
            rows.append((x, y, z, index, room.storey, building, kind))
    xyz = np.array([row[:3] for row in rows], float).reshape(-1, 3)
    whole = np.array([row[3:6] for row in rows], np.int32).reshape(-1, 3)
    return PointSet(xyz, whole[:, 0], whole[:, 1], whole[:, 2], tuple(row[6] for row in rows))


def _room_points(
    site: Site, index: int, room: Room, places: list[OpeningPlace]
) -> list[tuple[float, float, float, str]]:
    """x, y, height and kind; the height of window points is above the ground, of others above the floor."""
    x, y = _middle(room)
    found = [(x, y, height_m, "centre") for height_m in CENTRE_HEIGHTS_M]
    windows = [place for place in places if site.openings[place.opening].kind in ("window", "hatch")]
    doors = [place for place in places if site.openings[place.opening].kind in ("door", "gate")]
    outer = [place for place in windows if place.outer]
    bunk = (x, y)
    if outer:
        wx, wy, _ = outer[0].centre_m
        bunk = ((x + wx) / 2, (y + wy) / 2)
    found.append((*bunk, BUNK_HEIGHT_M, "bunk"))
    for place in doors:
        dx, dy, _ = place.beside_m(index, INSIDE_DOOR_M)
        found.append((dx, dy, DOOR_HEIGHT_M, "door"))
    for place in windows:
        found.append((*place.beside_m(index, INSIDE_WINDOW_M), "window"))
        if _phone_passes(site, site.openings[place.opening]):
            found.append((*place.beside_m(index, -OUTSIDE_WINDOW_M), "window-out"))
    if room.outline.area > LARGE_ROOM_M2:
        found.extend((px, py, MAP_HEIGHT_M, "spread") for px, py in _spread(room))
    return found


def _phone_passes(site: Site, opening: Opening) -> bool:
    """Whether a hand holds a phone out of it: not sealed, and no mesh narrower than a phone."""
    pitch_mm = site.constructions[opening.grille].mesh_pitch_mm
    return opening.state != "sealed" and (pitch_mm is None or pitch_mm >= PHONE_PASSES_MM)


def _middle(room: Room) -> tuple[float, float]:
    """Centroid of the room, or a point surely inside where the centroid is not."""
    centre = room.outline.centroid
    if not room.outline.contains(centre):
        centre = room.outline.representative_point()
    return float(centre.x), float(centre.y)


def _spread(room: Room) -> list[tuple[float, float]]:
    """Points on a grid of 5 m along the room's longer side."""
    (ox, oy), along, across, length_m, width_m = _frame(room.outline)
    columns = max(1, math.ceil(length_m / LARGE_ROOM_SPACING_M))
    rows = max(1, math.ceil(width_m / LARGE_ROOM_SPACING_M))
    points = []
    for j in range(rows):
        for i in range(columns):
            s, t = (i + 0.5) * length_m / columns, (j + 0.5) * width_m / rows
            x, y = ox + s * along[0] + t * across[0], oy + s * along[1] + t * across[1]
            if shapely.contains_xy(room.outline, x, y):
                points.append((x, y))
    return points


def _frame(
    outline: shapely.Polygon,
) -> tuple[tuple[float, float], tuple[float, float], tuple[float, float], float, float]:
    """Corner, two unit vectors, length and width of the smallest rectangle around an outline."""
    ring = shapely.get_coordinates(shapely.minimum_rotated_rectangle(outline))[:4]
    sides = np.roll(ring, -1, axis=0) - ring
    lengths = np.hypot(sides[:, 0], sides[:, 1]).round(9)
    # Start at the corner with the longest side; among equals the lowest corner, so that the frame is unique.
    first = min(range(4), key=lambda k: (-lengths[k], round(ring[k, 1], 6), round(ring[k, 0], 6)))
    after = (first + 1) % 4
    along = sides[first] / np.hypot(*sides[first])
    across = sides[after] / np.hypot(*sides[after])
    return (
        (float(ring[first, 0]), float(ring[first, 1])),
        (float(along[0]), float(along[1])),
        (float(across[0]), float(across[1])),
        float(lengths[first]),
        float(lengths[after]),
    )


def map_grid(site: Site, grid_m: float = 0.5, building: int | None = None) -> PointSet:
    """A regular grid over every storey, one patch per building × storey, for maps.

    Points are the centres of squares of side `grid_m`, aligned with the building, 1.5 m above the floor.
    `room` is -1 for points in no room. Open-air rooms (yards) each get a patch of their own.

    Parameters
    ----------
    site : Site
        A checked site.
    grid_m : float
        Spacing. [m]
    building : int, optional
        Only this building; without it the whole site.

    Returns
    -------
    PointSet
        With patches, in the order of buildings, storeys, yards.

    Raises
    ------
    SiteError
        If the grid would have more than four million points.
    """
    if not 0.1 <= grid_m <= 5.0:
        raise SiteError(f"grid_m: spacing of {grid_m:g} m (expected 0.1 to 5); choose another grid_m")
    plans: list[tuple[shapely.Polygon, float, int, int]] = []
    for index, built in enumerate(site.buildings):
        if building is None or building == index:
            plans.extend(
                (built.outline, storey.floor_m + MAP_HEIGHT_M, index, number)
                for number, storey in enumerate(built.storeys)
            )
    if building is None:
        plans.extend((room.outline, MAP_HEIGHT_M, -1, 0) for room in site.rooms if room.building is None)
    frames = [_frame(outline) for outline, *_ in plans]
    counts = [(max(1, math.ceil(f[3] / grid_m)), max(1, math.ceil(f[4] / grid_m))) for f in frames]
    total = sum(ni * nj for ni, nj in counts)
    if total > MOST_MAP_POINTS:
        raise SiteError(f"grid_m: {total:,} map points at {grid_m:g} m (limit {MOST_MAP_POINTS:,}); raise grid_m")
    xyz, room, storey, owner, patches = [], [], [], [], []
    first = 0
    for (_, z, index, number), frame, (ni, nj) in zip(plans, frames, counts, strict=True):
        patch = _patch(frame, z, grid_m, ni, nj, first)
        points = _patch_points(patch)
        patches.append(patch)
        xyz.append(points)
        room.append(_rooms_at(site, points[:, :2], index, number))
        storey.append(np.full(len(points), number, np.int32))
        owner.append(np.full(len(points), index, np.int32))
        first += len(points)
    return PointSet(
        np.concatenate(xyz) if xyz else np.zeros((0, 3)),
        np.concatenate(room) if room else np.zeros(0, np.int32),
        np.concatenate(storey) if storey else np.zeros(0, np.int32),
        np.concatenate(owner) if owner else np.zeros(0, np.int32),
        ("grid",) * first,
        tuple(patches),
    )


def _patch(
    frame: tuple[tuple[float, float], tuple[float, float], tuple[float, float], float, float],
    z_m: float,
    grid_m: float,
    count_i: int,
    count_j: int,
    first: int,
) -> Patch:
    """Square centres that cover a frame, the rest beyond its far sides left even on both sides."""
    (ox, oy), along, across, length_m, width_m = frame
    s0 = (length_m - (count_i - 1) * grid_m) / 2
    t0 = (width_m - (count_j - 1) * grid_m) / 2
    return Patch(
        (ox + s0 * along[0] + t0 * across[0], oy + s0 * along[1] + t0 * across[1], z_m),
        (grid_m * along[0], grid_m * along[1], 0.0),
        (grid_m * across[0], grid_m * across[1], 0.0),
        count_i,
        count_j,
        first,
    )


def _patch_points(patch: Patch) -> NDArray[np.float64]:
    """All points of a patch, i fastest: the one formula, shared with the kernel."""
    i = np.arange(patch.count_i, dtype=float)[None, :, None]
    j = np.arange(patch.count_j, dtype=float)[:, None, None]
    points: NDArray[np.float64] = (
        np.array(patch.origin_m) + i * np.array(patch.step_i_m) + j * np.array(patch.step_j_m)
    ).reshape(-1, 3)
    return points


def _rooms_at(site: Site, xy_m: NDArray[np.float64], building: int, storey: int) -> NDArray[np.int32]:
    """Room at each place of one storey, the first in the site's order where outlines touch."""
    found = np.full(len(xy_m), -1, np.int32)
    for index, room in enumerate(site.rooms):
        owner = -1 if room.building is None else site.building_index[room.building]
        if owner != building or room.storey != storey:
            continue
        west, south, east, north = room.outline.bounds
        near = (
            (found < 0) & (xy_m[:, 0] >= west) & (xy_m[:, 0] <= east) & (xy_m[:, 1] >= south) & (xy_m[:, 1] <= north)
        )
        candidates = np.flatnonzero(near)
        inside = shapely.intersects_xy(room.outline, xy_m[candidates, 0], xy_m[candidates, 1])
        found[candidates[inside]] = index
    return found
