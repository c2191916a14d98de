"""What links cross on their way, and which way rules them: straight, by a detour, or scattered."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from quietwing.coverage.blocking._way_kernels import straight_counts
from quietwing.coverage.propagation import (
    HELD_OUT,
    RoomOpenings,
    Routes,
    ScatterFloor,
    Scene,
    crossing_counts,
    element_loss_db,
    masts_of,
    over_tops,
)
from quietwing.sites import PointSet
from quietwing.sites import scattered as scattered_points

if TYPE_CHECKING:
    from quietwing.coverage.blocking.links import LinkModel

__all__ = [
    "crossed_of",
    "crossings",
    "incidence_of",
    "public_crossings",
    "replace_detoured",
    "replace_scattered",
    "straight_matters",
]

Levels = NDArray[np.float32]
RAYS_AT_A_TIME = 100_000


def straight_matters(
    share: Levels,
    crossed: NDArray[np.uint8],
    walls_db: Levels,
    sigma_db: Levels,
    most_db: Levels,
    *,
    outside: bool,
) -> NDArray[np.bool_]:
    """Whether a straight ray that does not rule adds more than a little in some world.

    Parameters
    ----------
    share, walls_db : float32 ndarray, shape (link, point)
    crossed : uint8 ndarray, shape (link, point, construction)
    sigma_db : float32 ndarray, shape (link, construction)
    most_db : float32 ndarray, shape (link,)
        Standard deviation of all walls of a link together, at most. [dB]
    outside : bool
        For spill: however weak its median is.

    Returns
    -------
    bool ndarray, shape (link, point)
    """
    found = np.empty(share.shape, np.bool_)
    straight_counts(share, crossed, walls_db, np.ascontiguousarray(sigma_db.T), most_db, outside, found)
    return found


def incidence_of(model: LinkModel, scene: Scene) -> NDArray[np.float32]:
    """How often each surface of a scene, treated or not, holds each construction, shape (surface, construction)."""
    surfaces = scene.facets.surfaces
    table = np.zeros((len(surfaces), len(model.constructions)), np.float32)
    for row, surface in enumerate(surfaces):
        for name in surface:
            table[row, model.constructions.index(name)] += 1
    return table


def crossings(model: LinkModel, tx_m: NDArray[np.float64], points: PointSet) -> NDArray[np.uint8]:
    """Crossings of each construction, shape (tx, point, construction)."""
    surfaces = len(model.scene.facets.surfaces)
    found = np.zeros((len(tx_m), len(points), len(model.constructions)), np.uint8)
    if not surfaces:
        return found
    each = max(1, RAYS_AT_A_TIME // max(1, len(points)))
    for first in range(0, len(tx_m), each):
        part = slice(first, first + each)
        counted = crossing_counts(model.scene.prepared, tx_m[part], points, np.arange(surfaces), surfaces)
        found[part] = crossed_of(model, counted)
    return found


def crossed_of(model: LinkModel, counted: NDArray[np.int16]) -> NDArray[np.uint8]:
    """Crossings of each construction, shape (..., construction), from those of each surface, (..., surface)."""
    crossed = counted.astype(np.float32) @ incidence_of(model, model.scene)
    return np.asarray(np.minimum(crossed, 255), np.uint8)


def public_crossings(model: LinkModel, points: PointSet) -> tuple[NDArray[np.uint8], Levels]:
    """Crossings of each sector's straight ray and what they lose; sectors of one mast share their ray."""
    places = [(sector.x_m, sector.y_m, sector.height_m) for sector in model.sectors]
    masts = list(dict.fromkeys(places))
    mast = [masts.index(place) for place in places]
    freq = np.searchsorted(model.masts.freq_mhz, [sector.freq_mhz for sector in model.sectors])
    walls_db = np.empty((len(places), len(points)), np.float32)
    crossed = crossings(model, np.array(masts), points)[mast]
    incidence = incidence_of(model, model.scene)
    for index, place in enumerate(masts):
        tx_m = np.array(place)
        lost_db = element_loss_db(model.scene.prepared, model.masts.table, tx_m[None], points)[0]
        rows = [row for row, of_sector in enumerate(mast) if of_sector == index]
        lossy = model.scene, model.masts.table, model.masts.freq_mhz
        tops = over_tops(*lossy, tx_m, points.xyz_m, points.building, every_db=lost_db.copy())
        for one in tops.obstacles:
            less_db = np.where(one.over, one.through_db, one.through_db - one.loss_db)
            lost_db[one.at] = np.maximum(lost_db[one.at] - less_db, 0.0)
            counted = one.counted(model.scene, tx_m, points.xyz_m) @ incidence
            for row in rows:
                here = crossed[row, one.at]
                crossed[row, one.at] = here - np.minimum(here, counted * one.over[:, freq[row], None])
        for row in rows:
            walls_db[row] = lost_db[:, freq[row]]
    return crossed, walls_db


def replace_detoured(
    model: LinkModel,
    points: PointSet,
    detoured: NDArray[np.bool_],
    routes: Routes,
    crossed: NDArray[np.uint8],
    walls_db: Levels,
) -> None:
    """Where the detour is stronger, the link crosses what that crosses."""
    sectors, at = np.nonzero(detoured)
    if not len(sectors):
        return
    mast_of = np.empty(len(model.sectors), np.intp)
    for number, indices in enumerate(masts_of(model.sectors).values()):
        mast_of[indices] = number
    freq = np.searchsorted(model.masts.freq_mhz, [sector.freq_mhz for sector in model.sectors])[sectors]
    mast = mast_of[sectors]
    last, by_treated = routes.last[mast, at, freq], routes.treated[mast, at, freq]
    for ways, of in (
        (model.masts.detours, np.flatnonzero(~by_treated)),
        (model.masts.detours.treated, np.flatnonzero(by_treated)),
    ):
        if ways is None or not len(of):
            continue
        incidence = incidence_of(model, ways.model.graph.scene)
        passed, lost_db = ways.crossed(mast[of], at[of], points.xyz_m, last[of], incidence)
        crossed[sectors[of], at[of]] = passed
        walls_db[sectors[of], at[of]] = lost_db[np.arange(len(of)), freq[of]]


def replace_scattered(
    model: LinkModel,
    points: PointSet,
    scattered: NDArray[np.bool_],
    scatter: ScatterFloor,
    crossed: NDArray[np.uint8],
    walls_db: Levels,
) -> None:
    """Where scatter rules, the link crosses its opening and the door behind; a hand held out crosses nothing."""
    sectors, at = np.nonzero(scattered)
    if not len(sectors):
        return
    crossed[sectors, at], walls_db[sectors, at] = 0, 0.0
    inside = np.array([kind != HELD_OUT for kind in points.kind], np.bool_)[at]
    sectors, at = sectors[inside], at[inside]
    masts, floor = model.masts, model.masts.floor
    openings, column = floor.site.openings, {name: index for index, name in enumerate(model.constructions)}
    of_place = np.zeros((len(floor.places), len(column)), np.uint8)
    for index, place in enumerate(floor.places):
        for name in openings[place.opening].passed_constructions:
            of_place[index, column[name]] += 1
    freq = np.searchsorted(masts.freq_mhz, [sector.freq_mhz for sector in model.sectors])[sectors]
    room = points.room[at]
    through = scatter.place[sectors, room]
    passed, lost_db = of_place[through], masts.entry_db[through, freq]
    for index in np.unique(room).tolist():
        used = floor.of_room[index]
        if used is not None and used.borrowed:
            links = np.flatnonzero(room == index)
            within_db, within = _within(model, used)
            passed[links] += within[freq[links]]
            lost_db[links] += within_db[freq[links]]
    crossed[sectors, at], walls_db[sectors, at] = passed, lost_db


def _within(model: LinkModel, used: RoomOpenings) -> tuple[NDArray[np.float64], NDArray[np.uint8]]:
    """Loss between a borrowed opening and the room, shape (freq,), and what is crossed, (freq, construction)."""
    masts, floor = model.masts, model.masts.floor
    within_db, door_db = masts.within_loss_db(used), floor.door_loss_db(used, masts.freq_mhz)
    straight = crossings(model, floor.inside_m[[used.places[0]]], scattered_points(np.array([used.middle_m])))[0, 0]
    found = np.repeat(straight[None], len(within_db), axis=0)
    for freq in np.flatnonzero(door_db <= within_db).tolist():
        easiest = min(used.doors, key=lambda door: float(floor.opening_loss_db(door, masts.freq_mhz)[freq]))
        found[freq] = [easiest.passed_constructions.count(name) for name in model.constructions]
    return within_db, found
