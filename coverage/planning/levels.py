"""What a plan is worked out from: levels of the public network and of everything that could be placed.

Levels stand in the reference bandwidth of each carrier. A *base* is a model at a place at its catalogue power; a
*candidate* is a base with a power profile, one decibel figure a carrier. Rooms have *modes*: untreated (0), or with
one of the treatments on their windows. A candidate that stands in a room holds for one of its modes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Alive", "Candidates", "HeadEnds", "LimitBlock", "RoomBlock"]

Floats = NDArray[np.float64]
Levels = NDArray[np.float32]


@dataclass(frozen=True)
class Candidates:
    """Everything that may be placed, one entry a candidate.

    Attributes
    ----------
    id : tuple of str
        Unique; ties between plans go to the smallest.
    base : int64 ndarray
        Whose levels it has.
    position : int64 ndarray
        At most one candidate stands at a position.
    trim_db : float64 ndarray, shape (candidate, carrier)
        Added to the levels of its base.
    cost_pence : int64 ndarray
        Head-ends and treatments left out.
    is_mas : bool ndarray
    head_end : int64 ndarray
        Kind of head-end it hangs on, -1: none.
    room, mode : int64 ndarray
        It holds only while this room is in this mode; room -1: always.
    existing : bool ndarray
        Stands already: on whenever its mode is.
    """

    id: tuple[str, ...]
    base: NDArray[np.int64]
    position: NDArray[np.int64]
    trim_db: Floats
    cost_pence: NDArray[np.int64]
    is_mas: NDArray[np.bool_]
    head_end: NDArray[np.int64]
    room: NDArray[np.int64]
    mode: NDArray[np.int64]
    existing: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.id)


@dataclass(frozen=True)
class HeadEnds:
    """Kinds of head-end, shape (kind,) each: price of one in pence, nodes one feeds, how many stand already."""

    name: tuple[str, ...]
    cost_pence: NDArray[np.int64]
    capacity: NDArray[np.int64]
    existing: NDArray[np.int64]


@dataclass(frozen=True)
class RoomBlock:
    """Levels at the test points of one room in one of its modes.

    Attributes
    ----------
    room, mode : int
    rsrp_dbm, alone_db : float64 ndarray, shape (carrier, point)
        The public network's strongest sector, and by how much it may be stronger (`draft.spread_alone_db`).
    bases : int64 ndarray, shape (near,)
        The bases that matter here.
    path_db : float32 ndarray, shape (near, carrier, point)
        Path gain from each, antenna pattern included. [dB]
    sent_dbm, offered_dbm : float32 ndarray, shape (near, carrier)
        What each sends as interference; as a managed-access cell of the carrier's PLMN. ``-inf``: nothing.
    spot : int64 ndarray, shape (near,)
        Row of `spread_db`: bases at one place have one.
    spread_db : float32 ndarray, shape (spot, carrier, point)
        `draft.spread_against_db`.
    reserve_db : float
        Added to `spread_db`: what the Monte Carlo showed to be missing in the room; `alone_db` holds it. [dB]
    """

    room: int
    mode: int
    rsrp_dbm: Floats
    alone_db: Floats
    bases: NDArray[np.int64]
    path_db: Levels
    sent_dbm: Levels
    offered_dbm: Levels
    spot: NDArray[np.int64]
    spread_db: Levels
    reserve_db: float = 0.0

    @property
    def level_dbm(self) -> Levels:
        """Level of each base as interference, shape (near, carrier, point): too large to keep."""
        return self.path_db + self.sent_dbm[:, :, None]

    @property
    def mas_dbm(self) -> Levels:
        """Level of each base's managed-access cell, shape (near, carrier, point)."""
        return self.path_db + self.offered_dbm[:, :, None]

    @property
    def against_db(self) -> Levels:
        """By how much each base must be stronger than the medians say, shape (near, carrier, point)."""
        return self.spread_db[self.spot] + np.float32(self.reserve_db)


@dataclass(frozen=True)
class LimitBlock:
    """Sums that must stay below a limit: one row a place and carrier.

    Attributes
    ----------
    name : tuple of str
        Each row in words, for the answer what binds.
    carrier : int64 ndarray, shape (row,)
        Whose trim counts; -1: none, of a block with `stray_db` or `heard` what these say.
    limit_dbm : float64 ndarray, shape (row,)
    level_dbm : float32 ndarray, shape (row, base, mode)
        Upper quantile of each base's level in each mode of its own room; ``-inf``: nothing. A base without a room has
        the same in all.
    cell_over_db : float32 ndarray, shape (row, base, mode), or None
        How far a base's managed-access cell captures there at zero trim; at 0 or above it must not stand.
    slack : bool
        Whether the planner may move the limit within what the Monte Carlo allows.
    stray_db : float32 ndarray, shape (row, base), or None
        How far below the level what a base sends beside its carriers lies, at zero trim: that part goes with the
        largest of a candidate's trims. None: no such part.
    heard : bool ndarray, shape (row, carrier), or None
        The level goes with the largest trim of these carriers. None: not of this kind.
    bases : int64 ndarray, shape (base,), or None
        The bases it is given for, ascending; None: all of them.
    part : str
        Blocks of one part hold the same rows for other bases; empty: its rows are in no other block.
    row_of, cell_row_of : int64 ndarray, shape (carrier, base, mode), or None
        Of a part of many rows only the largest on each carrier: levels and cells have this shape, `carrier` and
        `limit_dbm` are one a carrier, `name` has every row of the part, and these say which row it is.
    """

    name: tuple[str, ...]
    carrier: NDArray[np.int64]
    limit_dbm: Floats
    level_dbm: Levels
    cell_over_db: Levels | None = None
    slack: bool = False
    stray_db: Levels | None = None
    heard: NDArray[np.bool_] | None = None
    bases: NDArray[np.int64] | None = None
    part: str = ""
    row_of: NDArray[np.int64] | None = None
    cell_row_of: NDArray[np.int64] | None = None


@dataclass
class Alive:
    """Bases of which a candidate is left: whoever makes blocks of limits leaves the others out."""

    bases: NDArray[np.int64]
