"""Which shapes lie near which, without ever holding all pairs of a hostile drawing at once."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from quietwing.sites.findings import Unreadable, shown

__all__ = ["near_groups"]

CHUNK = 64  # of 120,000 shapes at one place: 8 million pairs at a time, two whole numbers each
GROUP = 200_000  # pairs that are handed out together: whoever looks at them needs some hundred bytes for each
MOST_PAIRS = 2_000_000  # a campus has 100,000; a drawing with more has long shown its problems


def near_groups(
    shapes: Sequence[BaseGeometry],
    others: Sequence[BaseGeometry],
    distance_m: float,
    ids: tuple[Sequence[str], Sequence[str]] | None = None,
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Pairs of places in two lists whose shapes are no farther apart than a distance, some 200,000 at a time.

    Parameters
    ----------
    shapes, others : sequence of shapely geometry
        May be the same list: then each shape is near itself, too.
    distance_m : float
        0 for shapes that touch or overlap. [m]
    ids : pair of sequences of str, optional
        What the shapes and the others are called in a message; else by where they lie.

    Yields
    ------
    ndarray, ndarray, shape (pair,)
        Places in `shapes` and in `others`; all pairs of a shape in the same two arrays.

    Raises
    ------
    Unreadable
        At two million pairs; those that go beyond are not handed out. It names the shape most others lie upon.
    """
    if not shapes or not others:
        return
    tree = shapely.STRtree(others)
    asked = np.array(shapes, dtype=object)
    count = 0
    for start in range(0, len(asked), CHUNK):
        first, second = tree.query(asked[start : start + CHUNK], predicate="dwithin", distance=distance_m)
        count += len(first)
        if count > MOST_PAIRS:
            fullest = int(np.bincount(first).argmax())
            one = ids[0][start + fullest] if ids else _place_text(shapes[start + fullest])
            crowded = np.bincount(second)
            beside = sorted(second[first == fullest].tolist(), key=lambda place: -crowded[place])
            names = (ids[1][place] if ids else _place_text(others[place]) for place in beside)
            other = next((name for name in names if name != one), one)
            raise Unreadable(
                f"over {MOST_PAIRS:,} pairs of shapes lie upon each other, {shown(one)} and {shown(other)} "
                f"among them; draw each once and check again"
            )
        # Shapes in their order: a group ends where the next shape begins.
        ends = np.searchsorted(first, first[GROUP::GROUP], side="left").tolist()
        for low, high in itertools.pairwise(dict.fromkeys([0, *ends, len(first)])):
            yield start + first[low:high], second[low:high]


def _place_text(shape: BaseGeometry) -> str:
    """Where a shape without a name lies: the middle of the box round it."""
    west_m, south_m, east_m, north_m = shape.bounds
    return f"({round((west_m + east_m) / 2, 2) + 0.0:.2f}, {round((south_m + north_m) / 2, 2) + 0.0:.2f})"
