"""What devices near each room bring into it, mode by mode of its windows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from quietwing.coverage.blocking import (
    draft_signal,
    signal_alone_db,
    spread_against_db,
)
from quietwing.coverage.planning.levels import RoomBlock
from quietwing.coverage.planning.modes import mode_links
from quietwing.coverage.planning.places import Spot
from quietwing.coverage.planning.planning_links import PlanningLinks
from quietwing.coverage.propagation import Outdoors
from quietwing.sites import PointSet

__all__ = ["RoomsTogether", "room_blocks", "room_parts"]

NEAREST_SPOTS = 48  # in metres, among which the loudest are looked for
NEAR_SPOTS = 12  # whose candidates are looked at for a room, the loudest there; others only help, and are left out
NEAR_CABLES = 4  # likewise of radiating cables: of two runs if two models may feed each
NEAR_RUN_M = 6.0  # further from all points of a part of a building a run of cable is not looked at
ROOMS_AT_A_TIME = 32
Levels = NDArray[np.float32]


@dataclass(frozen=True)
class _NearRoom:
    """What is looked at for a room, whatever mode it is in.

    Attributes
    ----------
    bases : int64 ndarray, shape (base,)
    path_db : float32 ndarray, shape (base, carrier, point)
        Gain with the pattern. [dB]
    spot : int64 ndarray, shape (base,)
        Row in `crossed`.
    crossed : uint8 ndarray, shape (spot, point, construction)
    """

    bases: NDArray[np.int64]
    path_db: Levels
    spot: NDArray[np.intp]
    crossed: NDArray[np.uint8]


@dataclass(frozen=True)
class _KnownInEveryMode:
    """What holds of some points in every mode.

    Attributes
    ----------
    points : PointSet
    gain_db : float32 ndarray, shape (spot, point, freq)
        From the spots near them. [dB]
    crossed : uint8 ndarray, shape (spot, point, construction)
    outdoors : Outdoors
    standing : int ndarray
        Those of the spots where a device stands already.
    near : dict
        Of each room, by its number and the rows of its points.
    """

    points: PointSet
    gain_db: Levels
    crossed: NDArray[np.uint8]
    outdoors: Outdoors
    standing: NDArray[np.intp]
    near: dict[tuple[int, bytes], _NearRoom]


def room_parts(around: PlanningLinks, wanted: NDArray[np.bool_]) -> tuple[RoomsTogether, ...]:
    """The wanted rooms in parts whose levels are worked out together, building by building.

    Parameters
    ----------
    around : PlanningLinks
    wanted : bool ndarray, shape (room,)
        Rooms of the site to look at.

    Returns
    -------
    tuple of RoomsTogether
    """
    site, found = around.plain.scene.site, []
    building_of = np.array([-1 if r.building is None else site.building_index[r.building] for r in site.rooms])
    for building in np.unique(building_of[wanted]).tolist():
        rooms = np.flatnonzero(wanted & (building_of == building))
        found += [
            RoomsTogether(building, rooms[first : first + ROOMS_AT_A_TIME])
            for first in range(0, len(rooms), ROOMS_AT_A_TIME)
        ]
    return tuple(found)


@dataclass(frozen=True)
class RoomsTogether:
    """Some rooms of a building, by their numbers."""

    building: int
    rooms: NDArray[np.intp]


def room_blocks(around: PlanningLinks, together: RoomsTogether, z: float) -> Iterator[RoomBlock]:
    """Levels at the test points of some rooms in each of their modes.

    Parameters
    ----------
    around : PlanningLinks
    together : RoomsTogether
        One of `room_parts`.
    z : float
        Standard deviations of each draft margin.

    Yields
    ------
    RoomBlock
        Spots of other buildings are left out: through two façades they neither help nor harm.
    """
    spot_building = np.array([spot.building for spot in around.spots], int)
    inside = np.flatnonzero((spot_building == together.building) | (spot_building == -1))
    known: _KnownInEveryMode | None = None
    spots = np.empty(0, np.intp)
    for mode, every in enumerate(around.tested):
        looked_at = together.rooms[around.modes.cost_pence[together.rooms, mode] >= 0]
        points = every.some(np.flatnonzero(np.isin(every.room, looked_at)))
        if not len(points):
            continue
        if known is None or not _among(points, known.points):
            spots = _nearest(around, inside, points)
            gain_db, _, way = around.links(around.plain, spots, points, outside=False)
            standing = np.flatnonzero([_stands(around, spot) for spot in spots.tolist()])
            outdoors = around.plain.masts.outdoors(points)
            known = _KnownInEveryMode(points, gain_db, way.crossed, outdoors, standing, {})
        yield from _blocks_of(around, mode, points, spots, known, z)


def _nearest(around: PlanningLinks, spots: NDArray[np.intp], points: PointSet) -> NDArray[np.intp]:
    """The spots near any of some points, cables that pass near them, and those with a device already."""
    always = [
        spot
        for spot in spots.tolist()
        if _stands(around, spot) or (around.by_cable[spot] and _passes(around.spots[spot], points))
    ]
    spots = spots[~around.by_cable[spots]]
    if not len(spots):
        return np.array(sorted(always), np.intp)
    count = min(NEAREST_SPOTS, len(spots))
    _, near = cKDTree(around.spot_m[spots]).query(points.xyz_m, np.arange(1, count + 1))
    return np.union1d(spots[np.unique(near)], np.array(always, np.intp))


def _passes(spot: Spot, points: PointSet) -> bool:
    """Whether a run of radiating cable comes near any of some points."""
    line_m = np.array([(spot.x_m, spot.y_m, spot.z_m), *spot.route_m])
    for start, way in zip(line_m[:-1], np.diff(line_m, axis=0), strict=True):
        share = np.clip((points.xyz_m - start) @ way / (way @ way), 0.0, 1.0)
        if (np.linalg.norm(points.xyz_m - start - share[:, None] * way, axis=1) <= NEAR_RUN_M).any():
            return True
    return False


def _among(points: PointSet, known: PointSet) -> bool:
    """Whether all points are among those whose links are known."""
    return set(_places(points)) <= set(_places(known))


def _places(points: PointSet) -> Iterator[tuple[float, ...]]:
    """Where each point is, and in which room."""
    yield from zip(*points.xyz_m.T.tolist(), points.room.tolist(), strict=True)


def _blocks_of(
    around: PlanningLinks,
    mode: int,
    points: PointSet,
    spots: NDArray[np.intp],
    known: _KnownInEveryMode,
    z: float,
) -> Iterator[RoomBlock]:
    """Blocks of some rooms in one mode."""
    plain = around.plain
    row_of = {place: row for row, place in enumerate(_places(known.points))}
    known_row = np.array([row_of[place] for place in _places(points)], np.intp)
    signal = draft_signal(plain, mode_links(around.modes, mode, points, known.outdoors.at(known_row)))
    alone_db = signal_alone_db(z, signal, plain)
    sent, offered, _ = around.sent
    for room in np.unique(points.room).tolist():
        members = np.flatnonzero(points.room == room)
        own_rows = known_row[members]
        asked = room, own_rows.tobytes()
        if asked not in known.near:
            known.near[asked] = _near_room(around, spots, known, own_rows)
        near = known.near[asked]
        yield RoomBlock(
            room=room,
            mode=mode,
            rsrp_dbm=signal.rsrp_dbm[:, members],
            alone_db=alone_db[:, members],
            bases=near.bases,
            path_db=near.path_db,
            sent_dbm=sent[near.bases],
            offered_dbm=offered[near.bases],
            spot=near.spot,
            spread_db=spread_against_db(z, signal, near.crossed, plain, members),
        )


def _near_room(
    around: PlanningLinks, spots: NDArray[np.intp], known: _KnownInEveryMode, own_rows: NDArray[np.intp]
) -> _NearRoom:
    """What is looked at for a room whose points these rows of the known ones are."""
    # The carriers differ little in which spots are loudest; existing devices are always looked at.
    mean_db = known.gain_db[:, own_rows].mean(axis=(1, 2))
    # The gain of a cable has its coupling in it, and is no measure against that of an antenna.
    loudest, cable = np.argsort(-mean_db, kind="stable"), around.by_cable[spots]
    near = np.union1d(loudest[~cable[loudest]][:NEAR_SPOTS], known.standing)
    near = np.union1d(near, loudest[cable[loudest]][:NEAR_CABLES])
    pairs = sorted((base, row) for row in near.tolist() for base in around.bases_of.get(int(spots[row]), []))
    bases, rows = np.array([base for base, _ in pairs], np.int64), np.array([row for _, row in pairs], np.intp)
    to_m = known.points.xyz_m[own_rows]
    pattern_db = np.array([around.pattern_db(base, to_m) for base in bases.tolist()])
    path_db = known.gain_db[np.ix_(rows, own_rows, around.freqs)].transpose(0, 2, 1)
    path_db = path_db + pattern_db.reshape(len(bases), 1, len(own_rows)).astype(np.float32)
    return _NearRoom(bases, path_db, np.searchsorted(near, rows), known.crossed[np.ix_(near, own_rows)])


def _stands(around: PlanningLinks, spot: int) -> bool:
    return any(around.bases[base].existing for base in around.bases_of.get(spot, []))
