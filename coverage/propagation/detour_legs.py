"""The last legs of detours: from the portals that a point is reached by, or from one portal to every point.

They are the same for all transmitters. With other windows treated, those that cross none of these are too.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quietwing.coverage.kept import Kept
from quietwing.coverage.propagation import _detour_kernels as kernels
from quietwing.coverage.propagation._threads import in_parts
from quietwing.coverage.propagation.facet_changes import ChangedFacets
from quietwing.coverage.propagation.multiwall import element_loss_db
from quietwing.coverage.propagation.portal_graphs import PortalGraph
from quietwing.coverage.propagation.prepared_facets import check_finite
from quietwing.sites import PointSet, scattered

if TYPE_CHECKING:
    from quietwing.coverage.propagation.detour import DetourModel

__all__ = [
    "NearLegs",
    "PointLegs",
    "changed_legs",
    "checked_points",
    "crossed_pairs",
    "leg_gain",
    "near_legs",
    "point_legs",
    "single_legs",
]

Floats = NDArray[np.float64]
Gains = NDArray[np.float32]
Ints = NDArray[np.int64]

KEPT_BYTES = 2**28  # of legs from single portals
LEGS_TOGETHER = 4_000  # traced at a time: what they lose stays near the processor


@dataclass(frozen=True, eq=False)
class PointLegs:
    """Points and the legs to them from the portals they are reached by; made by `point_legs`.

    Attributes
    ----------
    points : PointSet
    first, portal : int64 ndarray, shape (point + 1,) and (pair,)
        Point p is reached by ``portal[first[p]:first[p + 1]]``.
    leg : float32 ndarray, shape (pair, freq)
        Gain of the last leg over free space, linear.
    kept : Kept of int to PointLegs, optional
        Legs to all points from single portals, kept as they are asked for.
    """

    points: PointSet
    first: Ints
    portal: Ints
    leg: Gains
    kept: Kept[int, PointLegs] | None = field(default=None, repr=False)

    def part(self, begin: int, end: int) -> PointLegs:
        """Those of points begin to end - 1."""
        if (begin, end) == (0, len(self.points)):
            return self
        pairs = slice(self.first[begin], self.first[end])
        first = self.first[begin : end + 1] - self.first[begin]
        return PointLegs(self.points.some(np.arange(begin, end)), first, self.portal[pairs], self.leg[pairs])

    def some(self, rows: NDArray[np.intp]) -> PointLegs:
        """Those of the points at some indices."""
        count = np.diff(self.first)[rows]
        first = np.concatenate([[0], np.cumsum(count)])
        pairs = np.repeat(self.first[rows] - first[:-1], count) + np.arange(first[-1])
        return PointLegs(self.points.some(rows), first, self.portal[pairs], self.leg[pairs])

    def only(self, pairs: NDArray[np.bool_]) -> PointLegs:
        """Some of the pairs of point and portal, at all points."""
        first = np.concatenate([[0], np.cumsum(pairs)])[self.first]
        return PointLegs(self.points, first, self.portal[pairs], self.leg[pairs])

    @cached_property
    def compiled(self) -> kernels.Legs:
        """As the compiled loops take them."""
        reference = np.ascontiguousarray(self.leg[:, : kernels.REFERENCES])
        return kernels.Legs(self.points.xyz_m, self.first, self.portal, self.leg, reference)

    @property
    def ends_m(self) -> Floats:
        """The point of each pair, shape (pair, 3). [m]"""
        return np.repeat(self.points.xyz_m, np.diff(self.first), axis=0)

    def reached_by(self, pairs: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Points with any of these pairs, shape (point,)."""
        return np.asarray(np.diff(np.concatenate([[0], np.cumsum(pairs)])[self.first]) > 0)


@dataclass(frozen=True, eq=False)
class NearLegs:
    """Legs to some points from portals near senders, side by side; made by `near_legs`.

    Attributes
    ----------
    row : dict of int to int
        Of each portal.
    leg : float32 ndarray, shape (row · point, freq)
        Gain of the leg over free space, linear.
    reference : float32 ndarray, shape (row · point, reference)
        The same at the reference frequencies.
    in_open : bool ndarray, shape (point,)
        Places that outer openings are tried towards.
    """

    row: dict[int, int]
    leg: Gains
    reference: Gains
    in_open: NDArray[np.bool_]

    def of(self, near: dict[int, int], exits: dict[int, int]) -> kernels.Near:
        """Those of one sender (`Sender`), as the compiled loops take them."""
        alone = exits if self.in_open.any() else {}
        portal = [*near, *alone]
        return kernels.Near(
            np.array(portal, np.int64),
            np.array([self.row[each] for each in portal], np.int64),
            np.array([*near.values(), *alone.values()], np.int64),
            np.repeat([False, True], [len(near), len(alone)]),
            self.leg,
            self.reference,
            self.in_open,
        )


def near_legs(model: DetourModel, portals: list[int], legs: PointLegs) -> NearLegs:
    """The legs from some portals to the points of some legs, which keep them where they keep any."""
    found = _legs_from(model, portals, legs)
    leg = np.concatenate([np.empty((0, len(model.root)), np.float32), *(found[portal].leg for portal in portals)])
    reference = np.ascontiguousarray(leg[:, : kernels.REFERENCES])
    row = {portal: index for index, portal in enumerate(portals)}
    return NearLegs(row, leg, reference, model.graph.in_open(legs.points))


def point_legs(model: DetourModel, points: PointSet | ArrayLike, *, keep: bool = False) -> PointLegs:
    """The last legs to some points. Keep them for the next transmitters.

    Parameters
    ----------
    model : DetourModel
    points : PointSet or array_like, shape (point, 3)
        Receivers. [m]
    keep : bool
        Legs from single portals are kept as they are asked for: of all portals, or what fits into `KEPT_BYTES`.

    Returns
    -------
    PointLegs
        Some 150 bytes × portals of its room for each point at 40 frequencies.

    Raises
    ------
    OutOfRangeError
        If a coordinate is not finite.
    """
    places = checked_points(points)
    _, first, portal = model.graph.candidates(places.xyz_m)
    every_bytes = 4 * len(model.graph.portals) * len(places) * len(model.root)
    kept = single_legs(min(every_bytes, KEPT_BYTES)) if keep else None
    legs = PointLegs(places, first, portal, np.empty((len(portal), len(model.root)), np.float32), kept)
    _fill_legs(model, legs, np.ones(len(portal), np.bool_))
    return legs


def crossed_pairs(graph: PortalGraph, legs: PointLegs, changed: ChangedFacets) -> NDArray[np.bool_]:
    """Legs that cross something that changed, shape (pair,)."""
    return changed.crossed_legs(graph.portals.source_m[legs.portal], legs.ends_m)


def changed_legs(model: DetourModel, legs: PointLegs, changed: ChangedFacets) -> PointLegs:
    """What `point_legs` gives where only some pieces of the scene are made of something else than for `legs`."""
    found = replace(legs, leg=legs.leg.copy())
    _fill_legs(model, found, crossed_pairs(model.graph, legs, changed))
    return found


def _fill_legs(model: DetourModel, legs: PointLegs, wanted: NDArray[np.bool_]) -> None:
    """Gains of some legs, in place."""
    source_m = model.graph.portals.source_m
    pairs = np.flatnonzero(wanted)
    portal, end_m = legs.portal[pairs], legs.ends_m[pairs]
    lost_db = element_loss_db(model.graph.scene.prepared, model.table, source_m[portal], end_m, paired=True)[0]
    legs.leg[pairs] = leg_gain(lost_db, model.graph.guided_db(portal, end_m))


def _legs_from(model: DetourModel, portals: list[int], legs: PointLegs) -> dict[int, PointLegs]:
    """`_portal_legs` of some portals to the points of some legs, which keep them where they keep any."""
    kept = single_legs() if legs.kept is None else legs.kept
    found = {portal: kept[portal] for portal in portals if portal in kept}
    new = [portal for portal in portals if portal not in found]
    together = max(1, LEGS_TOGETHER // max(len(legs.points), 1))
    blocks = [new[first : first + together] for first in range(0, len(new), together)]
    made: list[list[PointLegs]] = [[]] * len(blocks)

    def part(begin: int, end: int) -> None:
        for row in range(begin, end):
            made[row] = _portal_legs(model, blocks[row], legs.points)

    in_parts(part, len(blocks))
    found |= dict(zip(new, (one for block in made for one in block), strict=True))
    for portal in new:
        kept[portal] = found[portal]
    kept.touch(found)
    kept.trim()
    return found


def single_legs(most_bytes: float = KEPT_BYTES) -> Kept[int, PointLegs]:
    """Where the legs from single portals are kept."""
    return Kept(most_bytes, lambda legs: legs.leg.nbytes)


def _portal_legs(model: DetourModel, portals: list[int], points: PointSet) -> list[PointLegs]:
    """The last legs from each of some portals to every point, wherever they are."""
    source_m, count = model.graph.portals.source_m[portals], len(points)
    lost_db = element_loss_db(model.graph.scene.prepared, model.table, source_m, points)
    which = np.repeat(np.array(portals, np.int64)[:, None], count, axis=1)
    guided_db = np.concatenate([model.graph.guided_db(portal[:1], points.xyz_m) for portal in which])
    leg = leg_gain(lost_db.reshape(which.size, lost_db.shape[2]), guided_db).reshape(lost_db.shape)
    first = np.arange(count + 1)
    return [PointLegs(points, first, *each) for each in zip(which, leg, strict=True)]


def leg_gain(lost_db: Gains, guided_db: Floats) -> Gains:
    """Gain of legs over free space, linear, shape (leg, freq); `lost_db` is overwritten."""
    gain = np.subtract(guided_db.astype(np.float32)[:, None], lost_db, out=lost_db)
    gain *= np.float32(np.log2(10) / 10)
    return np.exp2(gain, out=gain)


def checked_points(places: PointSet | ArrayLike) -> PointSet:
    """Places as points; raises `OutOfRangeError` if a coordinate is not finite."""
    points = places if isinstance(places, PointSet) else scattered(np.asarray(places, np.float64))
    check_finite(points.xyz_m, "a point")
    return points
