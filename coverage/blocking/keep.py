"""Rooms that must keep their service: the operators named for them, on one channel at every point of the room."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import numpy as np
from numpy.typing import NDArray

from quietwing.coverage.blocking import _spill_kernels
from quietwing.coverage.blocking.blocker_link_model import BlockerLinks, blocker_links
from quietwing.coverage.blocking.interference import carrier_needs_outside, kernel_limits, known_links
from quietwing.coverage.blocking.links import LinkModel, PublicLinks, public_links, stable_key
from quietwing.coverage.blocking.world_links import kernel_links, kernel_network, seed_of
from quietwing.coverage.equipment import Device, Model
from quietwing.coverage.propagation import in_parts
from quietwing.coverage.scenario import Scenario
from quietwing.sites import PointSet

__all__ = ["demanding_points", "keep_rooms", "operators_served", "service_in_rooms"]


def keep_rooms(
    model: LinkModel,
    scenario: Scenario,
    devices: tuple[Device, ...],
    catalogue: Mapping[str, Model],
    points: PointSet,
    *,
    stream: int = 0,
) -> tuple[tuple[str, str, float], ...]:
    """How surely each operator named for a keep room still serves it.

    Parameters
    ----------
    model : LinkModel
    scenario : Scenario
        Number of worlds and seed.
    devices : tuple of Device
    catalogue : mapping of str to Model
    points : PointSet
        Test points of the site; those of other rooms are left out.
    stream : int

    Returns
    -------
    tuple of tuple
        Room id, operator, probability of service. A room that names no operator demands nothing.

    References
    ----------
    Assumptions A20, A27. As for spill, any overlap of a blocker's band counts and no emission is below barrage.
    """
    kept = demanding_points(model, points)
    rooms, good = np.zeros(0, np.int32), np.zeros((0, len(model.channels), scenario.worlds), np.bool_)
    if len(kept):
        public = public_links(model, kept)
        blockers = blocker_links(model, devices, catalogue, kept, outside=True)
        rooms, good = service_in_rooms(model, scenario, kept, public, blockers, stream=stream)
    return operators_served(model, rooms, good)


def operators_served(
    model: LinkModel, rooms: NDArray[np.int32], good: NDArray[np.bool_]
) -> tuple[tuple[str, str, float], ...]:
    """How surely each operator named for a keep room serves it.

    Parameters
    ----------
    model : LinkModel
    rooms, good : ndarray
        From `service_in_rooms`.

    Returns
    -------
    tuple of tuple
        As from `keep_rooms`; a room without a test point is not served.
    """
    worlds, site = good.shape[2], model.scene.site
    operator_of = [channel.split("/")[0] for channel in model.channels]
    row_of = {room: row for row, room in enumerate(rooms.tolist())}
    rows = []
    for index, room in enumerate(site.rooms):
        for operator in dict.fromkeys(room.operators) if room.role == "keep" else ():
            mine = [channel for channel, name in enumerate(operator_of) if name == operator]
            served = int(good[row_of[index], mine].any(axis=0).sum()) if index in row_of and mine else 0
            rows.append((room.id, operator, served / worlds))
    return tuple(rows)


def demanding_points(model: LinkModel, points: PointSet) -> PointSet:
    """The test points of the keep rooms that name an operator, in their order."""
    rooms = model.scene.site.rooms
    kept = np.array(
        [room >= 0 and rooms[room].role == "keep" and bool(rooms[room].operators) for room in points.room.tolist()],
        bool,
    )
    return points.some(np.flatnonzero(kept))


def service_in_rooms(
    model: LinkModel,
    scenario: Scenario,
    points: PointSet,
    public: PublicLinks,
    blockers: BlockerLinks,
    *,
    stream: int = 0,
) -> tuple[NDArray[np.int32], NDArray[np.bool_]]:
    """In which worlds each channel serves every point of each room.

    At a point a channel serves if any of its carriers does: a phone with −3 dBi and 4 dB body loss has
    S − (ΣJ ⊕ N) ≥ gamma_keep there, N at NF 9 dB, and no MAS cell is as strong as the public one.

    Parameters
    ----------
    model : LinkModel
    scenario : Scenario
    points : PointSet
        Those of one room together.
    public, blockers : PublicLinks, BlockerLinks
        Links at these points.
    stream : int

    Returns
    -------
    rooms : int32 ndarray, shape (room,)
        Index of each room in the site.
    good : bool ndarray, shape (room, channel, world)
        A carrier that is not known serves nobody.
    """
    rooms, starts = np.unique(points.room, return_index=True)
    of_room = model.scene.site.rooms
    room_key = np.array([stable_key(of_room[room].id) for room in rooms.tolist()], np.int64)
    public, blockers, unknown = known_links(model, public, blockers)
    links, los_keys = kernel_links(public, blockers)
    seed = seed_of(scenario.seed, stream)
    network = kernel_network(model, seed, scenario.worlds, los_keys, blockers.device_key, boosted=False)
    good = np.empty((len(rooms), len(model.channels), scenario.worlds), np.bool_)
    limits, gamma_db = kernel_limits(model, scenario, scenario.judged), carrier_needs_outside(model).gamma_db
    start = np.append(starts, len(points))
    in_parts(partial(_spill_kernels.keep_worlds, network, links, start, room_key, limits, gamma_db, good), len(rooms))
    _fail_unknown(model, points, rooms, unknown, good)
    return rooms.astype(np.int32), good


def _fail_unknown(
    model: LinkModel,
    points: PointSet,
    rooms: NDArray[np.int32],
    unknown: NDArray[np.bool_],
    good: NDArray[np.bool_],
) -> None:
    """A channel with an unknown carrier at any point of a room does not serve it, in place."""
    for point, carrier in zip(*np.nonzero(unknown), strict=True):
        good[np.searchsorted(rooms, points.room[point]), model.carrier_channel[carrier]] = False
