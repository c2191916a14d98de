"""Detours of masts and blockers: from some senders to any point of a site, and what each of them crosses.

The dominant path of `detour` for many senders and points at once: the ways from each sender to every portal are found
once, and legs to the points are shared. The losses hold over the straight path, whatever model that has. From a
sender on the site the portals near it are tried towards every point too; near a mast there are none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quietwing.coverage.propagation._detour_kernels import SLOTS, Best
from quietwing.coverage.propagation._threads import in_parts
from quietwing.coverage.propagation.detour import (
    DetourModel,
    Sender,
    crossed_edges,
    detour_model,
    improve,
    sender_at,
    ways_from,
)
from quietwing.coverage.propagation.detour_legs import NearLegs, PointLegs, near_legs, point_legs
from quietwing.coverage.propagation.facet_changes import changed_facets
from quietwing.coverage.propagation.multiwall import straight_rays
from quietwing.coverage.propagation.portal_graphs import REFERENCE_MHZ, PortalGraph
from quietwing.coverage.propagation.scene import Scene
from quietwing.coverage.propagation.ways import Ways
from quietwing.sites import PointSet

__all__ = ["Routes", "SenderDetours", "changed_portals", "mast_detours", "site_detours", "site_senders"]

Floats = NDArray[np.float64]
Gains = NDArray[np.float32]
Ints = NDArray[np.int64]

POINTS_AT_A_TIME = 20_000  # of a map: the last legs of more take hundreds of megabytes
LONGEST = 4  # legs of a way over three portals
NEAR_BYTES = 2**25  # of legs from the portals near senders that are held together
LEGS_AT_A_TIME = 20_000  # of ways that are traced again: what each passes, surface by surface


@dataclass(frozen=True, eq=False)
class Routes:
    """The dominant detour from each sender to each point.

    Attributes
    ----------
    loss_db : float32 ndarray, shape (sender, point, freq)
        Over the straight path; ``inf`` where no detour leads. [dB]
    last : int32 ndarray, shape (sender, point, traced freq, 2)
        Portal passed last and the slot of the way to it, -1 without a detour; empty if not asked for.
    treated : bool ndarray, shape (sender, point, traced freq)
        Whether the way is one of `SenderDetours.treated`; empty if not asked for.
    """

    loss_db: Gains
    last: NDArray[np.int32]
    treated: NDArray[np.bool_]

    def at(self, points: NDArray[np.intp]) -> Routes:
        """Those to some of the points, where all was asked for."""
        return Routes(self.loss_db[:, points], self.last[:, points], self.treated[:, points])


@dataclass(frozen=True, eq=False)
class SenderDetours:
    """Some senders and the ways from them to the portals of a site.

    Attributes
    ----------
    model : DetourModel
    senders_m : float64 ndarray, shape (sender, 3)
        [m]
    ways : tuple of Ways
        One a sender.
    near : tuple of dict of int to int
        Portals near each sender that are tried towards every point, and how many ways to each (`Sender`).
    exits : tuple of dict of int to int
        Outer openings that are tried towards places in the open alone.
    treated : SenderDetours or None
        The site with every window treated: it holds where a way comes in by a window of the point's own room, for
        only those are treated for sure.
    """

    model: DetourModel
    senders_m: Floats
    ways: tuple[Ways, ...]
    near: tuple[dict[int, int], ...]
    exits: tuple[dict[int, int], ...]
    treated: SenderDetours | None = None

    @classmethod
    def of(cls, model: DetourModel, places_m: Floats, senders: Sequence[Sender]) -> SenderDetours:
        """Those of some places on a site."""
        ways, near, exits = (tuple(part) for part in zip(*senders, strict=True)) if senders else ((), (), ())
        return cls(model, places_m, ways, near, exits)

    def one(self, sender: int) -> SenderDetours:
        """Those of a single sender."""
        only, treated = slice(sender, sender + 1), None if self.treated is None else self.treated.one(sender)
        return SenderDetours(
            self.model, self.senders_m[only], self.ways[only], self.near[only], self.exits[only], treated
        )

    def routes(
        self,
        points: PointSet | PointLegs,
        *,
        traced: bool = False,
        at: int | None = None,
        floor: Gains | None = None,
    ) -> Routes:
        """The dominant detours to some points.

        Parameters
        ----------
        points : PointSet or PointLegs
            `PointLegs` of the same model save the work that is the same for all senders.
        traced : bool
            Remember which way each takes.
        at : int, optional
            Remember it at this frequency alone.
        floor : float32 ndarray, shape (sender, point), optional
            Gain over the straight path below which a detour may be left out, linear.

        Returns
        -------
        Routes
        """
        legs = points if isinstance(points, PointLegs) else None
        places = points.points if isinstance(points, PointLegs) else points
        shape = len(self.senders_m), len(places), len(self.model.freq_mhz)
        lanes = range(shape[2] if traced else 0)[slice(at, None if at is None else at + 1)]
        kept = *shape[:2], len(lanes)
        found = Routes(np.empty(shape, np.float32), np.empty((*kept, 2), np.int32), np.zeros(kept, np.bool_))
        outwards = self.exits if (places.room < 0).any() else ()
        near = sorted({portal for portals in (*self.near, *outwards) for portal in portals})
        each = min(POINTS_AT_A_TIME, max(1, NEAR_BYTES // (4 * len(self.model.root) * max(len(near), 1))))
        for first in range(0, len(places), each):
            end = min(first + each, len(places))
            some = (
                point_legs(self.model, places.some(np.arange(first, end))) if legs is None else legs.part(first, end)
            )
            self._fill(found, slice(first, end), some, lanes, near, floor)
        return found

    def _fill(
        self, found: Routes, part: slice, legs_to: PointLegs, lanes: range, near: list[int], floor: Gains | None
    ) -> None:
        points = legs_to.points
        beside = near_legs(self.model, near, legs_to)
        through = [(self, legs_to)]
        if self.treated is not None:
            own = self._by_own_window(legs_to, points)
            through = [
                (self, legs_to.only(~own)),
                (self.treated, point_legs(self.treated.model, points).only(own)),
            ]

        def of_senders(begin: int, end: int) -> None:
            for sender in range(begin, end):
                least = None if floor is None else floor[sender, part]
                self._fill_sender(found, part, sender, through, beside, lanes, least)

        in_parts(of_senders, len(self.senders_m))

    def _fill_sender(
        self,
        found: Routes,
        part: slice,
        sender: int,
        through: list[tuple[SenderDetours, PointLegs]],
        beside: NearLegs,
        lanes: range,
        floor: Gains | None,
    ) -> None:
        """The detours from one sender, and at some frequencies their ways."""
        known, sender_m, points = len(REFERENCE_MHZ), self.senders_m[sender], through[0][1].points
        gain = np.zeros((len(points), known + len(self.model.freq_mhz)), np.float32)
        if floor is not None:
            gain[:, :known] = floor[:, None]
        last = np.full((len(points), len(lanes), 2), -1, np.int32)
        best, ways = Best(gain, last, known + lanes.start), slice(known + lanes.start, known + lanes.stop)
        for side, legs in through:
            before = gain[:, ways] if side is self else gain[:, ways].copy()
            near = beside.of(self.near[sender], self.exits[sender]) if side is self else beside.of({}, {})
            improve(side.model, sender_m, legs, side.ways[sender], best, near)
            if side is not self:
                found.treated[sender, part] |= gain[:, ways] > before
        with np.errstate(divide="ignore"):  # no way at all: infinite loss is the right answer
            loss_db = np.log10(gain[:, known:], out=found.loss_db[sender, part])
        loss_db *= -10
        found.last[sender, part] = last

    def _by_own_window(self, legs: PointLegs, points: PointSet) -> NDArray[np.bool_]:
        """Pairs of point and portal whose portal leads from the open into the point's own room."""
        rooms = self.model.graph.portals.rooms[legs.portal]
        outer = (rooms >= 0).sum(axis=1) == 1
        room = np.repeat(points.room, np.diff(legs.first))
        return np.asarray(outer & (rooms == room[:, None]).any(axis=1) & (room >= 0))

    def crossed(
        self,
        sender: NDArray[np.intp],
        at: NDArray[np.intp],
        point_m: Floats,
        last: NDArray[np.int32],
        incidence: Gains,
    ) -> tuple[NDArray[np.uint8], Gains]:
        """What some of the ways cross.

        Parameters
        ----------
        sender, at : int ndarray, shape (link,)
            Ends of each link: a sender and one of the points.
        point_m : float64 ndarray, shape (point, 3)
            [m]
        last : int32 ndarray, shape (link, 2)
            As in `Routes`, no -1 among them.
        incidence : float32 ndarray, shape (surface, construction)
            How often each surface holds each construction.

        Returns
        -------
        crossed : uint8 ndarray, shape (link, construction)
            How often each construction is crossed.
        walls_db : float32 ndarray, shape (link, freq)
            What all elements of the way lose. [dB]
        """
        source_m = self.model.graph.portals.source_m
        sizes = len(self.senders_m), len(point_m), len(source_m), SLOTS
        key = np.ravel_multi_index((sender, at, last[:, 0], last[:, 1]), sizes)
        keys, of_link = np.unique(key, return_inverse=True)
        way = np.column_stack(np.unravel_index(keys, sizes))
        legs = self._legs(way)
        total = np.zeros((len(way), incidence.shape[1]), np.float32)
        lost_db = np.zeros((len(way), len(self.model.root)), np.float32)
        ends = np.vstack([source_m, self.senders_m, point_m])
        keys, of_leg = np.unique(np.ravel_multi_index(tuple(legs[:, 1:].T), (len(ends),) * 2), return_inverse=True)
        start_m, end_m = (ends[index] for index in np.unravel_index(keys, (len(ends),) * 2))
        prepared, table = self.model.graph.scene.prepared, self.model.table
        counted = np.empty((len(keys), incidence.shape[1]), np.float32)
        each_db = np.empty((len(keys), len(self.model.root)), np.float32)
        for first in range(0, len(keys), LEGS_AT_A_TIME):  # what each leg passes, surface by surface, is large
            some = slice(first, first + LEGS_AT_A_TIME)
            _, lost, surfaces = straight_rays(prepared, table, start_m[some], end_m[some], paired=True)
            counted[some], each_db[some] = surfaces[0].astype(np.float32) @ incidence, lost[0]
        for turn in range(LONGEST):  # every way has one leg of each number at most: no index comes twice
            of = legs[:, 0] % LONGEST == turn
            total[legs[of, 0] // LONGEST] += counted[of_leg[of]]
            lost_db[legs[of, 0] // LONGEST] += each_db[of_leg[of]]
        crossed = np.minimum(total, 255).astype(np.uint8)
        return crossed[of_link], lost_db[of_link, len(REFERENCE_MHZ) :]

    def _legs(self, way: Ints) -> Ints:
        """The legs of some ways (sender, point, last portal, its slot): way × `LONGEST` + number, and the two ends.

        Ends are numbered portals first, then senders, then points.
        """
        portals, senders = len(self.model.graph.portals), len(self.senders_m)
        legs = []
        which, end = np.arange(len(way)), portals + senders + way[:, 1]
        portal, slot = way[:, 2], way[:, 3]
        for turn in range(LONGEST - 1):
            legs.append(np.column_stack([which * LONGEST + turn, portal, end]))
            before, slot_before = np.empty_like(portal), np.empty_like(slot)
            for sender, ways in enumerate(self.ways):
                of = np.flatnonzero(way[which, 0] == sender)
                before[of] = ways.before[portal[of], slot[of]]
                slot_before[of] = ways.slot_before[portal[of], slot[of]]
            first = before < 0
            legs.append(
                np.column_stack([which[first] * LONGEST + turn + 1, portals + way[which[first], 0], portal[first]])
            )
            end, which, portal, slot = portal[~first], which[~first], before[~first], slot_before[~first]
        return np.concatenate(legs)


def mast_detours(
    scene: Scene | PortalGraph, masts_m: Floats, freq_mhz: Floats, like: SenderDetours | None = None
) -> SenderDetours:
    """Find the ways from masts to the portals of a site.

    Parameters
    ----------
    scene : Scene or PortalGraph
        A graph saves joining the portals anew.
    masts_m : float64 ndarray, shape (mast, 3)
        [m]
    freq_mhz : float64 ndarray, shape (freq,)
        Frequencies, 300 to 7125. [MHz]
    like : SenderDetours, optional
        Of the same masts with other windows treated: saves time, changes nothing.

    Returns
    -------
    SenderDetours

    Raises
    ------
    OutOfRangeError
        If a frequency is out of range.
    """
    model = detour_model(scene, freq_mhz, None if like is None else like.model)
    buildings = None if like is None else _changed_buildings(like, model, masts_m)
    ways: list[Ways | None] = [None] * len(masts_m)

    def part(begin: int, end: int) -> None:
        for mast in range(begin, end):
            if like is None or buildings is None:
                ways[mast] = ways_from(model, masts_m[mast])
            elif len(buildings[mast]):
                ways[mast] = ways_from(model, masts_m[mast], buildings=buildings[mast], like=like.ways[mast])
            else:
                ways[mast] = like.ways[mast]

    in_parts(part, len(masts_m))
    found = tuple(each for each in ways if each is not None)
    return SenderDetours(model, masts_m, found, ({},) * len(masts_m), ({},) * len(masts_m))


def changed_portals(before: SenderDetours, after: SenderDetours) -> NDArray[np.bool_]:
    """Portals to which some way of a sender differs, or crosses something else than before.

    Parameters
    ----------
    before, after : SenderDetours
        Of the same senders; on the same portals.

    Returns
    -------
    bool ndarray, shape (sender, portal)
    """
    graph = after.model.graph
    changed = changed_facets(before.model.graph.scene, graph.scene)
    found = np.zeros((len(after.ways), len(graph.portals)), np.bool_)
    if changed is None or before.model.graph.portals is not graph.portals:
        return ~found
    over_edge = crossed_edges(graph, changed)
    edge_key = _edge_key(graph, np.repeat(np.arange(len(graph.portals)), np.diff(graph.into)), graph.origin)
    from_mast = changed.crossed(after.senders_m, graph.portals.source_m)
    for own, old, new, straight in zip(found, before.ways, after.ways, from_mast, strict=True):
        if new is old:
            continue
        kept = (old.way >= 0) & (new.way >= 0)
        same = ((old.way >= 0) == (new.way >= 0)) & (old.bound == new.bound).all(axis=2)
        for name in ("before", "slot_before", "length_m"):
            same &= getattr(old, name) == getattr(new, name)
        same[kept] &= (old.gain[old.way[kept]] == new.gain[new.way[kept]]).all(axis=1)
        same &= ~((new.before == -1) & straight[:, None])
        portal, slot = np.nonzero(new.before >= 0)
        origin = new.before[portal, slot].astype(np.int64)
        same[portal, slot] &= ~over_edge[np.searchsorted(edge_key, _edge_key(graph, portal, origin))]
        for _ in range(LONGEST - 2):  # a way is the one before and an edge
            same[portal, slot] &= same[origin, new.slot_before[portal, slot]]
        own[:] = (~same & ((old.way >= 0) | (new.way >= 0))).any(axis=1)
    return found


def _edge_key(graph: PortalGraph, end: NDArray[np.intp], origin: Ints) -> Ints:
    """A number for each edge, ascending in their order."""
    return np.asarray(end * len(graph.portals) + origin)


def _changed_buildings(like: SenderDetours, model: DetourModel, masts_m: Floats) -> list[NDArray[np.intp]] | None:
    """Buildings within which, or on the way to which, something changed, for each mast; None: perhaps all."""
    graph = model.graph
    changed = changed_facets(like.model.graph.scene, graph.scene)
    alike = like.model.graph.portals is graph.portals and np.array_equal(like.model.freq_mhz, model.freq_mhz)
    if changed is None or not alike or not np.array_equal(like.senders_m, masts_m):
        return None
    over_edge = graph.portals.building[graph.origin[crossed_edges(graph, changed)]]
    straight = changed.crossed(masts_m, graph.portals.source_m)
    return [np.union1d(over_edge, graph.portals.building[row]).astype(np.intp) for row in straight]


def site_detours(model: DetourModel, places_m: Floats, *, keep: bool = False) -> SenderDetours:
    """Find the ways from places on a site to its portals.

    Parameters
    ----------
    model : DetourModel
    places_m : float64 ndarray, shape (place, 3)
        [m]
    keep : bool
        Remember the ways with the model: a verdict asks from the same blockers for rooms, spill and every map.

    Returns
    -------
    SenderDetours
        Its losses are those of `detour_loss_db`.
    """
    return SenderDetours.of(model, places_m, site_senders(model, places_m, keep=keep))


def site_senders(
    model: DetourModel, places_m: Floats, *, keep: bool = False, reached: NDArray[np.bool_] | None = None
) -> list[Sender]:
    """As `site_detours`, place by place; not to be kept if only for places with portals `reached` (`sender_at`)."""
    names = [place.tobytes() for place in places_m]
    found = {name: model.kept[name] for name in names if name in model.kept}
    new = [index for index, name in enumerate(names) if name not in found]
    made: list[Sender | None] = [None] * len(new)

    def part(begin: int, end: int) -> None:
        for row in range(begin, end):
            made[row] = sender_at(model, places_m[new[row]], reached)

    in_parts(part, len(new))
    found |= {names[index]: each for index, each in zip(new, made, strict=True) if each is not None}
    if keep:
        for name in dict.fromkeys(names):
            model.kept[name] = found[name]
        model.kept.trim()
    return [found[name] for name in names]
