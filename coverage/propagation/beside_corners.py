"""Straight rays that pass close beside a block's corner: the same knife edge as over its top, on the clear side.

On the other side of the edge of the shadow the ray goes through the block, and round its corner the detour bends.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from quietwing.coverage.propagation.diffraction import CLEAR_V, fresnel_v
from quietwing.coverage.propagation.scene import PERIMETER, Block

__all__ = ["Beside", "beside_corners", "widest_m"]

Array = NDArray[np.float64]

NEAREST_M = 0.1  # an end at the edge: nearer than this it is none
WITHIN_M = 1e-3  # a ray this far past an edge meets what stands there; site files are rounded to millimetres


@dataclass(frozen=True, slots=True)
class Beside:
    """The rays that pass close beside one block.

    Attributes
    ----------
    building : int
        Index of the building.
    at : int ndarray, shape (ray,)
        Points they lead to.
    v : float64 ndarray, shape (ray, freq)
        Of the corner that matters most, below 0. [1]
    turned_m : float64 ndarray, shape (ray, 3)
        Their ends, moved so far that the rays just meet the block. [m]
    """

    building: int
    at: NDArray[np.intp]
    v: Array
    turned_m: Array


def widest_m(length_m: Array, longest_m: float) -> Array:
    """Clearance from which on no edge matters to a ray of this length, at the longest wavelength. [m]

    Half-way along a ray v is the largest for its clearance: there 1/d1 + 1/d2 is 4/d.
    """
    return np.asarray(-CLEAR_V * np.sqrt(longest_m * length_m / 8))


def beside_corners(
    blocks: Iterable[Block],
    mast_m: Array,
    xyz_m: Array,
    building: NDArray[np.int32],
    freq_mhz: Array,
    longest_m: float,
) -> Iterator[Beside]:
    """The rays from one place that pass close beside corners of blocks other than those of their ends.

    Parameters
    ----------
    blocks : iterable of Block
        The perimeter is left out: no detour leads round it.
    mast_m : ndarray, shape (3,)
        [m]
    xyz_m : ndarray, shape (point, 3)
        [m]
    building : int ndarray, shape (point,)
        Each point's own, -1 in none.
    freq_mhz : ndarray, shape (freq,)
        [MHz]
    longest_m : float
        Their longest wavelength. [m]

    Yields
    ------
    Beside

    References
    ----------
    Rec. ITU-R P.526-15, eq. (26). Above the top the clearance is the distance from the corner's upper end.
    """
    start, way = mast_m[:2], xyz_m[:, :2] - mast_m[:2]
    length_m = np.maximum(np.hypot(*way.T), 3 * NEAREST_M)
    across = np.column_stack([-way[:, 1], way[:, 0]]) / length_m[:, None]
    most_m = widest_m(length_m, longest_m)
    for block in blocks:
        from_middle_m = np.abs(((block.middle_m - start) * across).sum(axis=1))
        near = (from_middle_m <= block.radius_m + most_m) & (building != block.building)
        near &= np.minimum(mast_m[2], xyz_m[:, 2]) < block.top_m + most_m
        at = np.flatnonzero(near)
        if block.building == PERIMETER or not len(at):
            continue
        corner_m = shapely.get_coordinates(block.outline.exterior)[:-1] - start
        aside_m = across[at] @ corner_m.T  # (ray, corner), to the left of the ray above 0
        share = (way[at] @ corner_m.T) / length_m[at, None] ** 2
        past = (aside_m > 0).all(axis=1) | (aside_m < 0).all(axis=1)
        between = past[:, None] & (share > 0) & (share < 1)
        share = np.where(between, share, 0.5)
        away_m = np.clip(share * length_m[at, None], NEAREST_M, length_m[at, None] - NEAREST_M)
        above_m = np.maximum(mast_m[2] + share * (xyz_m[at, 2] - mast_m[2])[:, None] - block.top_m, 0.0)
        clear_m = np.where(between, np.hypot(aside_m, above_m), np.inf)
        left_m = length_m[at, None] - away_m
        v_longest = -clear_m * np.sqrt(2 / longest_m * (1 / away_m + 1 / left_m))
        close = np.flatnonzero(v_longest.max(axis=1) > CLEAR_V)
        if not len(close):
            continue
        which = np.arange(len(close)), v_longest[close].argmax(axis=1)
        one = clear_m[close][which], away_m[close][which], left_m[close][which]
        v = fresnel_v(-one[0][:, None], one[1][:, None], one[2][:, None], freq_mhz)
        rays, share = at[close], np.maximum(share[close], NEAREST_M / length_m[at[close], None])
        turn_m = np.where(between[close], np.abs(aside_m[close]) / share, np.inf)
        first = (
            np.arange(len(close)),
            turn_m.argmin(axis=1),
        )  # the corner that a ray turned about its start meets first
        side = np.sign(aside_m[close][first]) * (turn_m[first] + WITHIN_M / share[first])
        lower_m = np.where(above_m[close][first] > 0, (above_m[close][first] + WITHIN_M) / share[first], 0.0)
        turned_m = np.column_stack([xyz_m[rays, :2] + side[:, None] * across[rays], xyz_m[rays, 2] - lower_m])
        yield Beside(block.building, rays, v, turned_m)
