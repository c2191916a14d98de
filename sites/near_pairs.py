"""Which shapes lie near which, without ever holding all pairs of a hostile drawing at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from quietwing.sites.findings import Unreadable

__all__ = ["near_pairs"]

CHUNK = 64  # of 200,000 shapes at one place: 13 million pairs at a time
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
    if not shapes or not others:
        return
    tree = shapely.STRtree(others)
    asked = np.array(shapes, dtype=object)
    count = 0
    for start in range(0, len(asked), CHUNK):
        first, second = tree.query(asked[start : start + CHUNK], predicate="dwithin", distance=distance_m)
        for a, b in zip(first.tolist(), second.tolist(), strict=True):
            yield start + a, b
        count += len(first)
        if count > MOST_PAIRS:
            raise Unreadable(f"over {MOST_PAIRS:,} shapes lie upon each other; draw each once and check again")
