"""Levels outside that were worked out before, kept for the next search of the same site."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from quietwing.coverage.blocking import OutsideLimit, OutsidePoints, counted, outside_limit, public_links
from quietwing.coverage.planning.levels import LimitBlock
from quietwing.coverage.planning.planning_links import PlanningLinks
from quietwing.sites import PointSet

__all__ = ["Known"]

MOST_KNOWN_BYTES = 2**29  # of levels there that are kept for the next search
Levels = NDArray[np.float32]


@dataclass
class Known:
    """Upper levels of spots at all places outside that were worked out before.

    What is asked for again and again does not depend on a search's reserve: only which bases candidates are left of.
    A treated window changes the level at the few places that are seen through it, so only these are kept by mode.
    """

    most_bytes: int = MOST_KNOWN_BYTES
    held_bytes: int = 0
    spots: dict[int, tuple[Levels, NDArray[np.intp], Levels]] = field(default_factory=dict)
    limits: tuple[PointSet, list[str], OutsideLimit] | None = None
    peaks: dict[int, LimitBlock] = field(default_factory=dict)  # by base, its largest rows alone
    missed: NDArray[np.bool_] | None = None  # rows that plans broke before they were looked at

    def limits_outside(
        self, around: PlanningLinks, places: OutsidePoints
    ) -> tuple[PointSet, list[str], OutsideLimit]:
        """The places outside that count, what they are called, and the limits there."""
        if self.limits is None:
            self.limits = _limits_outside(around, places)
        return self.limits

    def keep(self, spot: int, upper: Levels) -> None:
        """Remember the levels of a spot, shape (mode, carrier, point), as long as there is room."""
        changed = np.flatnonzero((upper[1:] != upper[:1]).any(axis=(0, 1)))
        part = upper[0].copy(), changed, upper[1:, :, changed]
        size = sum(one.nbytes for one in part)
        if self.held_bytes + size <= self.most_bytes:
            self.held_bytes += size
            self.spots[spot] = part

    def put(self, spot: int, into: Levels) -> None:
        """Write what is known of a spot into an array of shape (mode, carrier, point)."""
        plain, changed, treated = self.spots[spot]
        into[:] = plain
        into[1:, :, changed] = treated


def _limits_outside(around: PlanningLinks, places: OutsidePoints) -> tuple[PointSet, list[str], OutsideLimit]:
    """The places outside that count, what they are called, and the limits of power and of capture there."""
    rows = np.flatnonzero(counted(places, around.scenario.tier))
    points = places.points.some(rows)
    limit = outside_limit(around.plain, around.scenario, public_links(around.plain, points))
    return points, [places.name[row] for row in rows.tolist()], limit
