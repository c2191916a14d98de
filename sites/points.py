"""Where path gain is asked for: scattered test points, regular map grids, and points outside."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Patch", "PointSet", "scattered"]


@dataclass(frozen=True, slots=True)
class Patch:
    """A regular parallelogram of points: ``origin + i * step_i + j * step_j``.

    Point (i, j) has index ``first + j * count_i + i`` in its `PointSet`.
    """

    origin_m: tuple[float, float, float]
    step_i_m: tuple[float, float, float]
    step_j_m: tuple[float, float, float]
    count_i: int
    count_j: int
    first: int


@dataclass(frozen=True, slots=True)
class PointSet:
    """Points with what is known of each.

    Attributes
    ----------
    xyz_m : float64 ndarray, shape (point, 3)
        Position, z above the site's datum. [m]
    room : int32 ndarray, shape (point,)
        Index of the room in the site, -1 where there is none.
    storey : int32 ndarray, shape (point,)
        Storey number within the building, 0 for the ground storey; -1 outside.
    building : int32 ndarray, shape (point,)
        Index of the building, -1 outside.
    kind : tuple of str
        What each point is: ``centre``, ``bunk``, ``door``, ``window``, ``window-out``, ``grid``, ``outside``.
    patches : tuple of Patch
        Together all points, in order, where the set is made of regular grids; empty where it is scattered.
    """

    xyz_m: NDArray[np.float64]
    room: NDArray[np.int32]
    storey: NDArray[np.int32]
    building: NDArray[np.int32]
    kind: tuple[str, ...]
    patches: tuple[Patch, ...] = ()

    def __len__(self) -> int:
        return len(self.xyz_m)

    def some(self, rows: NDArray[np.intp]) -> PointSet:
        """The points at some indices, without patches."""
        kinds = tuple(self.kind[row] for row in rows.tolist())
        return PointSet(self.xyz_m[rows], self.room[rows], self.storey[rows], self.building[rows], kinds)

    def followed_by(self, others: PointSet) -> PointSet:
        """These points and then others, without patches."""
        return PointSet(
            np.concatenate([self.xyz_m, others.xyz_m]),
            np.concatenate([self.room, others.room]),
            np.concatenate([self.storey, others.storey]),
            np.concatenate([self.building, others.building]),
            (*self.kind, *others.kind),
        )


def scattered(xyz_m: NDArray[np.float64], kind: str = "outside") -> PointSet:
    """Points that belong to no room: masts, devices, places outside."""
    xyz_m = np.ascontiguousarray(xyz_m, dtype=np.float64).reshape(-1, 3)
    nowhere = np.full(len(xyz_m), -1, np.int32)
    return PointSet(xyz_m, nowhere, nowhere, nowhere, (kind,) * len(xyz_m))
