"""The best ways from one place to the portals of a site: to all of them, or to those that matter alone."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quietwing.coverage.propagation import _detour_kernels as kernels

__all__ = ["Ways", "WaysTo"]

Floats = NDArray[np.float64]
Gains = NDArray[np.float32]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Ways:
    """The best ways from one transmitter to every portal, by slot (`_detour_kernels`).

    Attributes
    ----------
    gain : float32 ndarray, shape (way, freq)
        Elements before the portal, linear, of the ways that are worth trying: a tenth to a third of all slots.
    way : int32 ndarray, shape (portal, slot)
        Row of `gain`, -1 where there is none.
    bound : float32 ndarray, shape (portal, slot, reference)
        The same less the bends before, at the reference frequencies.
    before, slot_before : int32 and int8 ndarray, shape (portal, slot)
        The portal before and the slot there; -1 the transmitter, -2 no such way.
    length_m : float64 ndarray, shape (portal, slot)
        Up to the portal's source. [m]
    """

    gain: Gains
    way: NDArray[np.int32]
    bound: Gains
    before: NDArray[np.int32]
    slot_before: NDArray[np.int8]
    length_m: Floats

    @cached_property
    def compiled(self) -> kernels.Slots:
        """As the compiled loops take them."""
        return kernels.Slots(self.gain, self.bound, self.before, self.slot_before, self.length_m)

    @cached_property
    def most(self) -> Gains:
        """The largest `bound` of any way to each portal, shape (portal, reference)."""
        return np.asarray(self.bound.max(axis=1), np.float32)

    @property
    def nbytes(self) -> int:
        """Memory it takes."""
        return sum(int(getattr(self, part.name).nbytes) for part in fields(self))


@dataclass(frozen=True, eq=False)
class WaysTo:
    """The ways to some portals alone, without those to the others: on a large site a twentieth of the memory.

    Attributes
    ----------
    portal : int64 ndarray, shape (row,)
        These portals and those that a way to one of them comes over, ascending.
    ways : Ways
        By row instead of by portal.
    """

    portal: Ints
    ways: Ways

    @classmethod
    def of(cls, ways: Ways, wanted: NDArray[np.bool_]) -> WaysTo:
        """Those to the portals wanted, shape (portal,)."""
        way = np.where(wanted[:, None], ways.way, -1)
        over, rows = ways.before[way >= 0], wanted.copy()
        rows[over[over >= 0]] = True  # the first of three portals is always reached straight
        portal = np.flatnonzero(rows)
        way = way[portal]
        gain = ways.gain[way[way >= 0]]
        way[way >= 0] = np.arange(len(gain))
        length_m = ways.length_m[portal]
        return cls(
            portal, Ways(gain, way, ways.bound[portal], ways.before[portal], ways.slot_before[portal], length_m)
        )

    def spread(self, portals: int) -> Ways:
        """The ways by portal, with none to those that were not wanted."""

        def put(part: NDArray[Any], without: int) -> NDArray[Any]:
            every = np.full((portals, *part.shape[1:]), without, part.dtype)
            every[self.portal] = part
            return every

        own, before = self.ways, put(self.ways.before, -2)
        before[:, 0] = -1  # straight from the transmitter
        way, bound = put(own.way, -1), put(own.bound, 0)
        return Ways(own.gain, way, bound, before, put(own.slot_before, 0), put(own.length_m, 0))
