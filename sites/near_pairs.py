"""Which shapes lie near which, without ever holding all pairs of a hostile drawing at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from quietwing.sites.findings import Unreadable

__all__ = ["near_groups", "near_pairs"]

CHUNK = 64  # of 120,000 shapes at one place: 8 million pairs at a time
MOST_PAIRS = 5_000_000  # a campus has 100,000; a drawing with more has long shown its problems


def near_pairs(
    shapes: Sequence[BaseGeometry], others: Sequence[BaseGeometry], distance_m: float
) -> Iterator[tuple[int, int]]:
    """Pairs of places in the two lists whose shapes are no farther apart than a distance.

    Parameters
    ----------
    shapes, others : sequence of shapely geometry
        May be the same list: then each shape is near itself, too.
    distance_m : float
        0 for shapes that touch or overlap. [m]

    Yields
    ------
    tuple of int

    Raises
    ------
    Unreadable
        After five million pairs: what follows would stay unchecked.
    """
    for first, second in near_groups(shapes, others, distance_m):
        yield from zip(first.tolist(), second.tolist(), strict=True)


def near_groups(
    shapes: Sequence[BaseGeometry], others: Sequence[BaseGeometry], distance_m: float
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """The pairs of `near_pairs` by the thousand: two arrays at a time, with all pairs of a shape in the same two.

    Parameters
    ----------
    shapes, others : sequence of shapely geometry
    distance_m : float
        As for `near_pairs`. [m]

    Yields
    ------
    ndarray, ndarray, shape (pair,)
        Places in `shapes` and in `others`.

    Raises
    ------
    Unreadable
        After five million pairs.
    """
    if not shapes or not others:
        return
    tree = shapely.STRtree(others)
    asked = np.array(shapes, dtype=object)
    count = 0
    for start in range(0, len(asked), CHUNK):
        first, second = tree.query(asked[start : start + CHUNK], predicate="dwithin", distance=distance_m)
        yield start + first, second
        count += len(first)
        if count > MOST_PAIRS:
            raise Unreadable(f"over {MOST_PAIRS:,} shapes lie upon each other; draw each once and check again")
