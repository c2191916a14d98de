"""Which portals a radio path may take one after the other, and by which it reaches each room.

Built once per scene, at three fixed frequencies, so that the ways considered do not depend on the frequencies asked
for. Two portals are joined if they open on the same room or if one is among the other's nearest in dB. A room is
reached by its own openings, those of the rooms it borders on with no wall between, and the nearest others; a place in
plain view of a void by its nearest pieces; a place in the open by the nearest corners and roof edges.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.spatial import KDTree

from quietwing.coverage.propagation import _bend_kernels as bends
from quietwing.coverage.propagation.multiwall import LossTable, element_loss_db
from quietwing.coverage.propagation.portals import (
    EYE_HEIGHT_M,
    Portals,
    portals,
    refuse_too_many_portals,
)
from quietwing.coverage.propagation.scene import Scene
from quietwing.sites import PointSet, Room, Site, room_of_points

__all__ = ["REFERENCE_MHZ", "PortalGraph", "guided_gain_db", "portal_graph"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

REFERENCE_MHZ = (800.0, 2100.0, 3500.0)  # assumed: middles of the low, middle and high mobile bands
PAIR_ROWS = 256  # of a table of all pairs of portals: three coordinates of each are held for so many at a time
NEARBY = 256  # assumed: portals compared in dB are among as many nearest in metres
NEAR_OPENINGS = 8  # assumed: openings and voids joined to each portal beyond those of its rooms
NEAR_EDGES = 4  # assumed: corners and roof edges joined to each portal
NEAR_VOIDS = 6  # assumed: pieces of voids a place is reached by
VOID_REACH_M = 15.0  # assumed: two pieces and a storey
ROOM_OTHERS = 2  # assumed: foreign openings a room is reached by, through its walls
SIDES = 8  # of the compass, by which outer openings are told apart
STEP_M = 1.0  # assumed: from the middle of a wall out of it, and into no further room
OUTSIDE_EDGES = 4  # assumed: corners and roof edges a place in the open is reached by
IN_VIEW_DB = 3.0  # assumed: less than any wall, more than an open grille
LEAST_BORDER_M = 0.5  # assumed: rooms that meet in a corner or over less are not one space
BESIDE_BORDER_M = 0.05  # either side of a border: less than any furniture, more than rounding
IN_PLANE_M = 0.01  # site files are rounded to millimetres
SMALLEST_STEP_M = 1e-9  # keeps a division finite
CORRIDOR_RATIO = 4.0  # assumed: rooms at least this much longer than wide guide waves
# Rec. ITU-R P.1238-11, table 2, corridor LOS: 10 x 1.63 lg d from 2 to 160 m, where free space has 10 x 2 lg d.
CORRIDOR_EXPONENT, CORRIDOR_FROM_M, CORRIDOR_TO_M = 1.63, 2.0, 160.0


def guided_gain_db(length_m: Floats) -> Floats:
    """Gain of a leg along a landing over free space, by the slope of P.1238's corridors.

    Parameters
    ----------
    length_m : ndarray, shape (...)
        Length of the leg. [m]

    Returns
    -------
    ndarray, shape (...)
        (20 − 16.3)·lg(d / 2 m): 0 up to 2 m, 7.0 from 160 m, the ends of the table's range. [dB]

    References
    ----------
    Rec. ITU-R P.1238-11, table 2, corridor LOS. Only the slope is taken; where it starts is assumed.
    """
    held_m = np.clip(length_m, CORRIDOR_FROM_M, CORRIDOR_TO_M)
    return np.asarray(10 * (2 - CORRIDOR_EXPONENT) * np.log10(held_m / CORRIDOR_FROM_M))


@dataclass(frozen=True)
class PortalGraph:
    """Portals of a scene and how they are joined.

    Attributes
    ----------
    scene : Scene
    portals : Portals
    into, origin : int64 ndarray, shape (portal + 1,) and (edge,)
        The edges into portal w come from ``origin[into[w]:into[w + 1]]``; every edge is there both ways.
    room_first, room_portal : int64 ndarray, shape (room + 1,) and (pair,)
        Room r is reached by ``room_portal[room_first[r]:room_first[r + 1]]``.
    group_first, group_member : int64 ndarray, shape (group + 1,) and (aperture,)
        One portal for each different aperture of a group.
    sees_void : bool ndarray, shape (room,)
        Rooms in plain view of a void: places in them are reached by the nearest pieces of voids too.
    corridor : bool ndarray, shape (room,)
        Rooms that guide waves.
    corridor_box : float64 ndarray, shape (room, 12)
        Their boxes: middle (2), unit vectors along and across (2 each), then low and high along, across and up. [m]
    notes : tuple of str
    """

    scene: Scene
    portals: Portals
    into: Ints
    origin: Ints
    room_first: Ints
    room_portal: Ints
    group_first: Ints
    group_member: Ints
    sees_void: NDArray[np.bool_]
    corridor: NDArray[np.bool_]
    corridor_box: Floats
    notes: tuple[str, ...]

    @cached_property
    def _edges_in_the_open(self) -> tuple[Ints, KDTree]:
        members = np.flatnonzero(self.portals.is_kind("corner", "roof-edge"))
        return members, KDTree(self.portals.source_m[members])

    @cached_property
    def compiled(self) -> bends.Portals:
        """The portals as the compiled loops take them."""
        portals = self.portals
        return bends.Portals(portals.source_m, portals.frame, portals.group, self.group_first, self.group_member)

    @property
    def ends(self) -> Ints:
        """The portal that each edge leads into, shape (edge,)."""
        return np.repeat(np.arange(len(self.portals)), np.diff(self.into))

    @cached_property
    def outer(self) -> NDArray[np.bool_]:
        """Outer openings, shape (portal,)."""
        return np.asarray((self.portals.rooms >= 0).sum(axis=1) == 1)

    @cached_property
    def exits(self) -> tuple[Ints, ...]:
        """Outer openings by the side that they face, `SIDES` of them."""
        portals, site = self.portals, self.scene.site
        outer = np.flatnonzero(self.outer)
        room, normal = portals.rooms[outer].max(axis=1, initial=-1), portals.frame[outer, 9:12]
        ahead, behind = (room_of_points(site, portals.source_m[outer] + way * STEP_M * normal) for way in (1, -1))
        outward = np.where(((ahead == room) & (behind != room))[:, None], -normal, normal)
        side = np.round(np.arctan2(outward[:, 1], outward[:, 0]) / (2 * np.pi) * SIDES).astype(int) % SIDES
        return tuple(outer[side == each] for each in range(SIDES))

    @cached_property
    def _voids(self) -> tuple[Ints, KDTree]:
        members = np.flatnonzero(self.portals.is_kind("void"))
        return members, KDTree(self.portals.source_m[members])

    def candidates(self, xyz_m: Floats) -> tuple[NDArray[np.int32], Ints, Ints]:
        """Room of each place and the portals it is reached by.

        Parameters
        ----------
        xyz_m : ndarray, shape (point, 3)
            [m]

        Returns
        -------
        room : int32 ndarray, shape (point,)
            -1 in no room.
        first, portal : int64 ndarray, shape (point + 1,) and (pair,)
            Place p is reached by ``portal[first[p]:first[p + 1]]``: by those of its room and the nearest voids, in
            the open by the nearest corners and roof edges.
        """
        room = room_of_points(self.scene.site, xyz_m)
        owner, portal = [np.empty(0, np.intp)], [np.empty(0, np.int64)]
        for index in np.unique(room[room >= 0]).tolist():
            at = np.flatnonzero(room == index)
            own = self.room_portal[self.room_first[index] : self.room_first[index + 1]]
            owner.append(np.repeat(at, len(own)))
            portal.append(np.tile(own, len(at)))
        seeing = np.flatnonzero((room >= 0) & self.sees_void[room]) if len(self.sees_void) else np.empty(0, np.intp)
        for at, (members, tree), most, reach_m in (
            (seeing, self._voids, NEAR_VOIDS, VOID_REACH_M),
            (np.flatnonzero(room < 0), self._edges_in_the_open, OUTSIDE_EDGES, np.inf),
        ):
            most = min(most, len(members))
            if most and len(at):
                far_m, nearest = tree.query(xyz_m[at], k=np.arange(1, most + 1), distance_upper_bound=reach_m)
                found = np.isfinite(far_m)
                owner.append(at[np.nonzero(found)[0]])
                portal.append(members[nearest[found]])
        owners, portals_ = np.concatenate(owner), np.concatenate(portal)
        order = np.lexsort((portals_, owners))
        return room, _starts(owners[order], len(xyz_m)), portals_[order]

    def in_open(self, points: PointSet) -> NDArray[np.bool_]:
        """Points of no room that lie in none, shape (point,)."""
        found = np.asarray(points.room < 0)
        if found.any():
            found = found & (room_of_points(self.scene.site, points.xyz_m) < 0)
        return found

    def guided_db(self, portal: Ints, end_m: Floats) -> Floats:
        """Gain of legs from portals along the landings these open on.

        Parameters
        ----------
        portal : int64 ndarray, shape (leg,)
            Or a single one, from which all start.
        end_m : ndarray, shape (leg, 3)
            The other end of each leg. [m]

        Returns
        -------
        ndarray, shape (leg,)
            `guided_gain_db` of the part within the landing: it grows steadily from the portal and ends with the
            landing, so that an open border between rooms makes no step. [dB]
        """
        gain_db = np.zeros(len(end_m))
        for side in range(2):
            room = self.portals.rooms[portal, side]
            legs = np.flatnonzero((room >= 0) & self.corridor[room]) if len(self.corridor) else np.empty(0, np.intp)
            if len(legs):
                of = slice(None) if len(legs) == len(portal) else legs
                start_m = self.portals.source_m[portal[of]]
                within_m = _within_m(self.corridor_box[room[of]], start_m, end_m[of])
                gain_db[of] = np.maximum(gain_db[of], guided_gain_db(within_m))
        return gain_db


def portal_graph(scene: Scene) -> PortalGraph:
    """Portals of a scene and how they are joined.

    Parameters
    ----------
    scene : Scene

    Returns
    -------
    PortalGraph

    Raises
    ------
    OutOfRangeError
        If its buildings have more portals than a computer holds tables of.
    """
    site, found = scene.site, portals(scene.site)
    refuse_too_many_portals(site, found.building)
    table = scene.loss_table(np.array(REFERENCE_MHZ))
    pairs: list[NDArray[np.intp]] = [np.empty((0, 2), np.intp)]
    sees_void = np.zeros(len(site.rooms), np.bool_)
    of_room: list[Ints] = [np.empty(0, np.int64)] * len(site.rooms)
    openings = ~found.is_kind("corner", "roof-edge")
    voids = found.is_kind("void")
    for building in range(len(site.buildings)):
        members = np.flatnonzero(found.building == building)
        if not len(members):
            continue
        sources = found.source_m[members]
        joined = _share_a_room(found.rooms[members])
        lost_db = _lost_nearby_db(scene, table, sources, sources, joined)
        worth_db = lost_db + 20 * np.log10(_distance_m(sources, sources))[:, :, None]
        worth_db[_in_one_plane(found, members)] = np.inf
        _mark_nearest(joined, worth_db, openings[members], NEAR_OPENINGS)
        _mark_nearest(joined, worth_db, ~openings[members], NEAR_EDGES)
        joined |= joined.T
        joined &= np.isfinite(worth_db[:, :, 0])
        pairs.append(members[np.argwhere(joined)])
        rooms = [i for i, room in enumerate(site.rooms) if _building_of(site, room) == building]
        if not rooms:
            continue
        middles = np.array([_middle_m(site, site.rooms[i]) for i in rooms])
        own = (found.rooms[members][None] == np.array(rooms)[:, None, None]).any(axis=2)
        lost_db = _lost_nearby_db(scene, table, middles, sources, own)
        worth_db = lost_db + 20 * np.log10(_distance_m(middles, sources))[:, :, None]
        sees_void[rooms] = (lost_db[:, voids[members], 0] <= IN_VIEW_DB).any(axis=1)
        reached = own.copy()
        for one, other in _open_borders(scene, table, rooms):
            reached[one] |= own[other]
            reached[other] |= own[one]
        others = np.where(reached[:, :, None], np.inf, worth_db)
        _mark_nearest(reached, others, openings[members] & ~voids[members], ROOM_OTHERS)
        for row, index in enumerate(rooms):
            of_room[index] = members[np.flatnonzero(reached[row])]
    edge = np.concatenate(pairs)
    edge = edge[np.lexsort((edge[:, 1], edge[:, 0]))]
    group_first, group_member = _apertures(found)
    return PortalGraph(
        scene,
        found,
        _starts(edge[:, 0], len(found)),
        np.ascontiguousarray(edge[:, 1], np.int64),
        np.concatenate([[0], np.cumsum([len(own) for own in of_room])]).astype(np.int64),
        np.concatenate([np.empty(0, np.int64), *of_room]).astype(np.int64),
        group_first,
        group_member,
        sees_void,
        np.array([_is_corridor(room) for room in site.rooms], np.bool_),
        np.array([_box(site, room) for room in site.rooms], np.float64).reshape(-1, 12),
        found.notes,
    )


def _lost_nearby_db(
    scene: Scene, table: LossTable, from_m: Floats, source_m: Floats, also: NDArray[np.bool_]
) -> NDArray[np.float32]:
    """Loss of the elements from some places to the nearest sources and those marked, ``inf`` to all others. [dB]"""
    wanted = also.copy()
    nearest = KDTree(source_m).query(from_m, k=np.arange(1, min(NEARBY, len(source_m)) + 1))[1]
    np.put_along_axis(wanted, nearest, True, axis=1)
    found = np.full((*wanted.shape, len(REFERENCE_MHZ)), np.inf, np.float32)
    between = from_m is source_m  # a ray loses the same both ways
    row, column = np.nonzero(np.triu(wanted | wanted.T) if between else wanted)
    lost_db = element_loss_db(scene.prepared, table, from_m[row], source_m[column], paired=True)[0]
    found[row, column] = lost_db
    if between:
        found[column, row] = lost_db
        found[~wanted] = np.inf
    return found


def _distance_m(a_m: Floats, b_m: Floats) -> Floats:
    """All distances between two sets of places, at least 1 m, shape (a, b). [m]"""
    found = np.empty((len(a_m), len(b_m)))
    for rows in _row_blocks(len(a_m)):
        found[rows] = np.linalg.norm(a_m[rows, None] - b_m[None], axis=2)
    return np.maximum(found, 1.0, out=found)


def _in_one_plane(found: Portals, members: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Pairs in one plane, such as two windows of a façade: a path would bend by 90° at both, and none leads there."""
    origin, normal, source_m = found.frame[members, :3], found.frame[members, 9:12], found.source_m[members]
    near = np.empty((len(members), len(members)), np.bool_)
    for rows in _row_blocks(len(members)):
        away = np.abs((source_m[None] - origin[rows, None]) @ normal[rows, :, None])[:, :, 0]
        near[rows] = away < IN_PLANE_M
    return np.asarray(near & near.T)


def _row_blocks(rows: int) -> list[slice]:
    """Parts of a table of all pairs."""
    return [slice(first, first + PAIR_ROWS) for first in range(0, rows, PAIR_ROWS)]


def _share_a_room(rooms: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Which portals open on one and the same room, shape (portal, portal)."""
    one, other = rooms[:, None, :, None], rooms[None, :, None, :]
    return np.asarray(((one == other) & (one >= 0)).any(axis=(2, 3)))


def _mark_nearest(marked: NDArray[np.bool_], worth_db: Floats, which: NDArray[np.bool_], most: int) -> None:
    """Mark in each row the columns of `which` with the least loss at any reference frequency, in place."""
    columns = np.flatnonzero(which)
    most = min(most, len(columns))
    if not most:
        return
    for freq in range(worth_db.shape[2]):
        for rows in _row_blocks(len(marked)):
            offered = worth_db[rows][:, columns, freq]
            best = np.argsort(offered, axis=1, kind="stable")[:, :most]
            row = np.arange(len(offered))[:, None]
            marked[rows][row, columns[best]] |= np.isfinite(offered[row, best])


def _starts(sorted_of: NDArray[np.intp], count: int) -> Ints:
    """Where each number's run begins in a sorted array, with the end appended."""
    return np.searchsorted(sorted_of, np.arange(count + 1)).astype(np.int64)


def _apertures(found: Portals) -> tuple[Ints, Ints]:
    """One portal for each different aperture, by group."""
    index = np.unique(np.column_stack([found.group, found.frame]), axis=0, return_index=True)[1]
    members = np.sort(index).astype(np.int64)
    groups = int(found.group.max(initial=-1)) + 1
    return _starts(found.group[members].astype(np.intp), groups), members


def _open_borders(scene: Scene, table: LossTable, rooms: list[int]) -> list[tuple[int, int]]:
    """Which of some rooms of one building border on each other with no wall between, each two once."""
    site, found, beside_m = scene.site, [], []
    outlines = np.array([site.rooms[index].outline for index in rooms])
    storey = np.array([site.rooms[index].storey for index in rooms])
    one, other = shapely.STRtree(outlines).query(outlines, predicate="touches")
    beside = (one < other) & (storey[one] == storey[other])
    one, other = one[beside], other[beside]
    borders = shapely.line_merge(shapely.intersection(outlines[one], outlines[other]))
    for at in np.flatnonzero(shapely.length(borders) >= LEAST_BORDER_M).tolist():
        ends = shapely.get_coordinates(max(shapely.get_parts(borders[at]), key=shapely.length))[:2]
        along = (ends[1] - ends[0]) / np.hypot(*(ends[1] - ends[0]))
        across = BESIDE_BORDER_M * np.array([-along[1], along[0], 0.0])
        middle = np.array([*ends.mean(axis=0), _middle_m(site, site.rooms[rooms[one[at]]])[2]])
        found.append((int(one[at]), int(other[at])))
        beside_m.append((middle - across, middle + across))
    from_m, to_m = np.reshape(beside_m, (-1, 2, 3)).swapaxes(0, 1)
    lost_db = element_loss_db(scene.prepared, table, from_m, to_m, paired=True)[0, :, 0]
    return [found[at] for at in np.flatnonzero(lost_db <= 0).tolist()]


def _building_of(site: Site, room: Room) -> int:
    return -1 if room.building is None else site.building_index[room.building]


def _middle_m(site: Site, room: Room) -> tuple[float, float, float]:
    """A place in the room at the height of a phone in the hand."""
    inside = room.outline.centroid
    if not room.outline.contains(inside):
        inside = room.outline.representative_point()
    floor_m = site.buildings[_building_of(site, room)].storeys[room.storey].floor_m
    return float(inside.x), float(inside.y), floor_m + EYE_HEIGHT_M


def _box(site: Site, room: Room) -> Floats:
    """The smallest box around a room, upright and turned with its longer side."""
    around = shapely.get_coordinates(shapely.oriented_envelope(room.outline))
    sides = np.diff(around[:3], axis=0)
    lengths_m = np.hypot(sides[:, 0], sides[:, 1])
    along = sides[np.argmax(lengths_m)] / max(float(lengths_m.max()), IN_PLANE_M)
    half_m = np.sort(lengths_m)[::-1] / 2
    low_m, high_m = 0.0, 0.0
    if room.building is not None:
        storey = site.buildings[site.building_index[room.building]].storeys[room.storey]
        low_m, high_m = storey.floor_m, storey.ceiling_m
    middle = around[:4].mean(axis=0)
    extent = [-half_m[0], half_m[0], -half_m[1], half_m[1], low_m, high_m]
    return np.concatenate([middle, along, [-along[1], along[0]], extent])


def _is_corridor(room: Room) -> bool:
    """Whether a room is long and narrow."""
    around = shapely.get_coordinates(shapely.oriented_envelope(room.outline))
    sides = np.sort(np.hypot(*np.diff(around[:3], axis=0).T))
    return bool(sides[0] > 0 and sides[1] >= CORRIDOR_RATIO * sides[0])


def _within_m(box: Floats, start_m: Floats, end_m: Floats) -> Floats:
    """Length of each segment from its start in a box to where it leaves that, shape (segment,). [m]

    Box and start may be the same for all: shape (1, ...).
    """
    x_m, y_m, z_m = (end_m[:, axis] - start_m[:, axis] for axis in range(3))
    leave = np.ones(len(end_m))
    for axis in range(3):
        if axis < 2:
            ux, uy = box[:, 2 + 2 * axis], box[:, 3 + 2 * axis]
            a = (start_m[:, 0] - box[:, 0]) * ux + (start_m[:, 1] - box[:, 1]) * uy
            step = x_m * ux + y_m * uy
        else:
            a, step = start_m[:, 2], z_m
        # a segment along a side of the box stays within: openings stand in it
        room_m = np.where(step > 0, box[:, 7 + 2 * axis] - a, a - box[:, 6 + 2 * axis]) + IN_PLANE_M
        leave = np.minimum(leave, room_m / np.maximum(np.abs(step), SMALLEST_STEP_M))
    return np.asarray(np.maximum(leave, 0.0) * np.sqrt(x_m**2 + y_m**2 + z_m**2))
