"""Over the top of what stands alone on a straight ray: the perimeter's wall, and every block but those of its ends.

A ray through a wall or block loses its slabs; the wave over its top loses a knife edge. Each obstacle counts once:
its slabs, or its top and what else passes through. A ray that clears a top by little loses the same knife edge with
v < 0, so that the level is continuous across the edge of the shadow, and so does one that passes close beside a
block's corner. The block a place is in is left to the detours.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quietwing.coverage.propagation.beside_corners import WITHIN_M, beside_corners, widest_m
from quietwing.coverage.propagation.diffraction import CLEAR_V, fresnel_v, knife_edge_gain
from quietwing.coverage.propagation.free_space import wavelength_m
from quietwing.coverage.propagation.multiwall import LossTable, crossing_counts, element_loss_db
from quietwing.coverage.propagation.outline_rays import first_and_last_share
from quietwing.coverage.propagation.scene import PERIMETER, Block, Scene

__all__ = ["Obstacle", "Tops", "over_tops"]

Array = NDArray[np.float64]
Indices = NDArray[np.intp]

NEAREST_M = 0.1  # an end at the edge: nearer than this it is none


@dataclass(frozen=True, slots=True)
class Obstacle:
    """One obstacle and the rays it stands on.

    Attributes
    ----------
    building : int
        Index of the building, -1 for the perimeter.
    at : int ndarray, shape (ray,)
        Points whose straight rays it stands on.
    through_db : float64 ndarray, shape (ray, freq)
        What its elements lose. [dB]
    loss_db : float64 ndarray, shape (ray, freq)
        What it costs over its top and through it, at most `through_db`. [dB]
    over : bool ndarray, shape (ray, freq)
        The way over its top is the stronger part: none of it is crossed.
    """

    building: int
    at: Indices
    through_db: Array
    loss_db: Array
    over: NDArray[np.bool_]

    def counted(self, scene: Scene, mast_m: Array, xyz_m: Array) -> NDArray[np.int16]:
        """How often the rays cross each surface of it, shape (ray, surface)."""
        surfaces = np.arange(scene.prepared.surfaces)
        if not len(surfaces):  # a block drawn as an outline alone, and nothing else
            return np.zeros((len(self.at), 0), np.int16)
        asked = scene.prepared, mast_m, xyz_m[self.at], surfaces, len(surfaces)
        counts: NDArray[np.int16] = crossing_counts(*asked, building=self.building)[0]
        return counts


@dataclass(frozen=True, slots=True)
class Tops:
    """All obstacles on the straight rays from one mast.

    Attributes
    ----------
    obstacles : tuple of Obstacle
    relief_db : float64 ndarray, shape (point, freq)
        By how much they cost less than through their elements alone, 0 or more. [dB]
    grazing_db : float64 ndarray, shape (point, freq)
        What rays lose to the tops and corners that they clear by little, 0 or more. [dB]
    """

    obstacles: tuple[Obstacle, ...]
    relief_db: Array
    grazing_db: Array

    def straight_db(self, elements_db: NDArray[np.floating]) -> Array:
        """Loss of the straight rays, whose elements lose `elements_db`, over free space, 0 or more. [dB]"""
        return np.maximum(elements_db - self.relief_db + self.grazing_db, 0.0)


def over_tops(
    scene: Scene,
    table: LossTable,
    freq_mhz: Array,
    mast_m: Array,
    xyz_m: Array,
    building: NDArray[np.int32],
    skip_building: int = PERIMETER - 1,
    every_db: NDArray[np.float32] | None = None,
    *,
    from_building: int = PERIMETER,
) -> Tops:
    """The ways over the tops of what stands on the straight rays from one mast, or from a blocker.

    Parameters
    ----------
    scene : Scene
    table : LossTable
        Of the scene's surfaces at `freq_mhz`.
    freq_mhz : ndarray, shape (freq,)
        [MHz]
    mast_m : ndarray, shape (3,)
        [m]
    xyz_m : ndarray, shape (point, 3)
        [m]
    building : int ndarray, shape (point,)
        Each point's own, which is no obstacle to it; -1 in none.
    skip_building : int
        As in `element_loss_db`.
    every_db : float32 ndarray, shape (point, freq), optional
        Loss of all elements without skipping any, where it is at hand. [dB]
    from_building : int
        The transmitter's own, which is no obstacle either; -1 in none.

    Returns
    -------
    Tops

    References
    ----------
    Rec. ITU-R P.526-15, eqs. (26) and (31), at the one edge where the horizon rays meet (Bullington). What the edge
    takes from the wave goes through the obstacle (Babinet); the two add as powers, in random phase (assumed), but
    through a mesh in the phase of a thin lossless sheet, of whose transmission the real part is the power. A clear
    ray has the larger v of the two edges at which it enters and leaves the obstacle's plan. Beside a corner, where
    the detour takes over in the shadow, the block passes its share of all that the edge takes (assumed).
    """
    found, relief_db, grazing_db = [], *np.zeros((2, len(xyz_m), len(freq_mhz)))
    longest_m = float(np.max(wavelength_m(freq_mhz)))
    left_out = {skip_building, from_building} - {PERIMETER}  # -1 is no building
    blocks = [block for block in scene.blocks if block.building not in left_out]
    for index, near, top_m, shares, clear in _standing(blocks, mast_m, xyz_m, building, longest_m):
        v = _edge_v(mast_m, xyz_m[near], top_m, shares, freq_mhz)
        mesh = index == PERIMETER and scene.site.constructions[scene.site.perimeter.construction].is_mesh
        at = near[~clear]
        if len(at):
            all_db = None if every_db is None else every_db[at]
            through_db = _through_db(scene, table, mast_m, xyz_m[at], index, all_db)
            loss_db, over = _over_or_through(through_db, v[~clear], mesh)
            relief_db[at] += through_db - loss_db
            found.append(Obstacle(index, at, through_db, loss_db, over))
        close = clear & (v > CLEAR_V).any(axis=1)
        if close.any():
            below_m = _just_below(mast_m, xyz_m[near[close]], top_m, shares[:, close])
            loss_db = _over_or_through(_through_db(scene, table, mast_m, below_m, index), v[close], mesh)[0]
            # a ray just along the top may have been counted among those that cross it
            loss_db -= _through_db(scene, table, mast_m, xyz_m[near[close]], index)
            grazing_db[near[close]] += np.maximum(loss_db, 0.0)
            relief_db[near[close]] += np.maximum(-loss_db, 0.0)
    for one in beside_corners(blocks, mast_m, xyz_m, building, freq_mhz, longest_m):
        passed = _power(_through_db(scene, table, mast_m, one.turned_m, one.building))
        edge = knife_edge_gain(one.v) ** 2
        grazing_db[one.at] -= 10 * np.log10(edge + passed * (1 - edge))
    return Tops(tuple(found), relief_db, grazing_db)


def _through_db(
    scene: Scene,
    table: LossTable,
    mast_m: Array,
    xyz_m: Array,
    index: int,
    all_db: NDArray[np.float32] | None = None,
) -> Array:
    """What one obstacle's elements lose on straight rays, shape (ray, freq). [dB]"""
    if all_db is None:
        all_db = element_loss_db(scene.prepared, table, mast_m, xyz_m)[0]
    others_db = element_loss_db(scene.prepared, table, mast_m, xyz_m, skip_building=index)[0]
    return np.asarray(np.maximum(all_db - others_db.astype(np.float64), 0.0))


def _over_or_through(through_db: Array, v: Array, mesh: bool) -> tuple[Array, NDArray[np.bool_]]:
    """What an obstacle costs over its top and through it, and whether the way over is the stronger part."""
    edge = knife_edge_gain(v)
    passed = _power(through_db) * (1 - edge) * (1 + edge if mesh else 1 - edge)
    loss_db = np.minimum(through_db, -10 * np.log10(edge**2 + passed))
    return loss_db, (edge**2 > passed) & (loss_db < through_db)


def _power(loss_db: Array) -> Array:
    """Power that a loss leaves, 10^(−loss/10): six times as fast as a power of ten."""
    return np.asarray(np.exp(loss_db * (-np.log(10) / 10)))


def _standing(
    blocks: Iterable[Block], mast_m: Array, xyz_m: Array, building: NDArray[np.int32], longest_m: float
) -> Iterator[tuple[int, Indices, float, Array, NDArray[np.bool_]]]:
    """Each obstacle's index, points, height of the top, first and last share of the ray within, clear of the top.

    Clear rays are left out where they are so high that v is below `CLEAR_V` at the longest wavelength.
    """
    start, way = mast_m[:2], xyz_m[:, :2] - mast_m[:2]
    square = (way**2).sum(axis=1)
    length2 = np.maximum(square, NEAREST_M**2)
    margin_m = widest_m(np.sqrt(length2), longest_m)
    for block in blocks:
        index, outline, top_m, middle, radius_m = (
            block.building, block.outline, block.top_m, block.middle_m, block.radius_m
        )  # fmt: skip
        nearest = np.clip(((middle - start) * way).sum(axis=1) / length2, 0, 1)
        beside_m = np.hypot(*(start + nearest[:, None] * way - middle).T)
        reach = radius_m / np.sqrt(length2)  # the lowest the ray may be over the outline
        ends = np.clip([nearest - reach, nearest + reach], 0, 1)
        low = (mast_m[2] + ends * (xyz_m[:, 2] - mast_m[2])).min(axis=0) < top_m + margin_m
        at = np.flatnonzero((beside_m <= radius_m) & low & ((building != index) | (index == PERIMETER)))
        if not len(at):
            continue
        first, last = first_and_last_share(outline, start, xyz_m[at, :2]) * (square[at] / length2[at])
        lowest_m = mast_m[2] + np.where(mast_m[2] > xyz_m[at, 2], last, first) * (xyz_m[at, 2] - mast_m[2])
        on = np.flatnonzero(np.isfinite(first) & (lowest_m < top_m + margin_m[at]))
        if len(on):
            yield index, at[on], top_m, np.stack([first[on], last[on]]), lowest_m[on] >= top_m


def _just_below(mast_m: Array, xyz_m: Array, top_m: float, shares: Array) -> Array:
    """The ends of clear rays lowered until the rays pass just below the top."""
    share = np.maximum(shares, NEAREST_M / np.maximum(np.hypot(*(xyz_m - mast_m)[:, :2].T), NEAREST_M))
    clear_m = mast_m[2] + share * (xyz_m[:, 2] - mast_m[2]) - top_m
    lower_m = ((clear_m + WITHIN_M) / share).min(axis=0)
    return np.column_stack([xyz_m[:, :2], xyz_m[:, 2] - lower_m])


def _edge_v(mast_m: Array, xyz_m: Array, top_m: float, shares: Array, freq_mhz: Array) -> Array:
    """v of the knife edge in place of the obstacle, shape (ray, freq)."""
    length_m = np.maximum(np.hypot(*(xyz_m - mast_m)[:, :2].T), 3 * NEAREST_M)
    away_m = np.clip(shares * length_m, NEAREST_M, length_m - NEAREST_M)
    rise_tx, rise_rx = top_m - mast_m[2], top_m - xyz_m[:, 2]
    fall = (xyz_m[:, 2] - mast_m[2]) / length_m
    above_m = rise_tx - fall * away_m
    slope_tx, slope_rx = (rise_tx / away_m).max(axis=0), (rise_rx / (length_m - away_m)).max(axis=0)
    hidden = above_m.max(axis=0) > 0
    total = np.where(hidden, slope_tx + slope_rx, 1.0)
    meet_m = np.clip((fall + slope_rx) * length_m / total, NEAREST_M, length_m - NEAREST_M)
    over_m = (slope_tx - fall) * meet_m
    # of a clear ray's two edges the larger v is that of the same edge at every frequency
    larger = fresnel_v(above_m, away_m, length_m - away_m, freq_mhz[0]).argmax(axis=0)[None]
    height_m = np.where(hidden, over_m, np.take_along_axis(above_m, larger, axis=0)[0])
    edge_m = np.where(hidden, meet_m, np.take_along_axis(away_m, larger, axis=0)[0])
    return fresnel_v(height_m[:, None], edge_m[:, None], (length_m - edge_m)[:, None], freq_mhz)
