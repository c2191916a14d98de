"""Random worlds: every error is a function of the seed and of what it belongs to, never of order or thread.

A draw is looked up by hashing (seed, part, owner, world): the same source in the same room gets the same error
in the same world however the work is cut up, and inward and outward links that cross a wall share its error.
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from quietwing.coverage.blocking._worlds import TABLE_BITS, fill_normals, key_of

__all__ = ["NORMAL", "Part", "normals", "uniforms"]


class Part(IntEnum):
    """What an error belongs to; each part is a stream of its own."""

    SECTOR = 1
    CONSTRUCTION_BAND = 2
    ROOM = 3
    ROOM_BAND = 4
    SOURCE_ROOM = 5
    SOURCE_ROOM_BAND = 6
    DEVICE = 7
    LOS = 8
    MAST = 9
    CONSTRUCTION = 10


def _normal_table() -> NDArray[np.float32]:
    """Normal quantiles of equal steps of probability, scaled to variance 1."""
    values = ndtri((np.arange(1 << TABLE_BITS) + 0.5) / (1 << TABLE_BITS))
    return np.ascontiguousarray(values / values.std(), np.float32)


NORMAL = _normal_table()


def normals(seed: int, part: Part, worlds: int, a: int = 0, b: int = 0, c: int = 0) -> NDArray[np.float32]:
    """Standard normals of one owner, shape (world,).

    Parameters
    ----------
    seed : int
        Seed of the study, 0 or more.
    part : Part
        Which error.
    worlds : int
        How many worlds; the first ones do not depend on it.
    a, b, c : int
        What the error belongs to within its part, 0 or more.

    Returns
    -------
    float32 ndarray, shape (world,)
        Mean 0, variance 1; 16,384 equal steps of probability.
    """
    out = np.empty(worlds, np.float32)
    fill_normals(out, np.uint64(key_of(seed, int(part), a, b, c)), NORMAL)
    return out


def uniforms(seed: int, part: Part, worlds: int, a: int = 0, b: int = 0, c: int = 0) -> NDArray[np.float64]:
    """Uniform numbers in (0, 1) of one owner, shape (world,); arguments as for `normals`."""
    key = np.uint64(key_of(seed, int(part), a, b, c))
    with np.errstate(over="ignore"):
        hashes = _mixed_array(key + np.arange(1, worlds + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15))
    drawn: NDArray[np.float64] = ((hashes >> np.uint64(11)).astype(float) + 0.5) / 2.0**53
    return drawn


def _mixed_array(z: NDArray[np.uint64]) -> NDArray[np.uint64]:
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))
