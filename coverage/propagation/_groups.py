"""Groups of arrays that the wall-shadow kernels take and pass on, so that no two are exchanged unseen."""

from typing import NamedTuple

import numpy as np


class Quads(NamedTuple):
    """What casts shadows, in the order of the tree: per quad `facet`, `size`, `surface` and whether it is `active`.

    Of the active quads those that are `lossy` lose, which rays alone ask. Per node of the tree `box` and `span`;
    `trees` are the node ranges of slabs and of walls.
    """

    facet: np.ndarray
    size: np.ndarray
    surface: np.ndarray
    active: np.ndarray
    lossy: np.ndarray
    box: np.ndarray
    span: np.ndarray
    trees: np.ndarray


class Losses(NamedTuple):
    """What a crossing loses: `table` (surface, cosine, lane), `lookup` from a cosine to its row.

    `ceiling` (slabs,): the floor cap, empty for none. To every sum `lane_db` is added, and free space if asked.
    """

    lookup: np.ndarray
    table: np.ndarray
    ceiling: np.ndarray
    lane_db: np.ndarray
    free_space: bool


class Taken(NamedTuple):
    """Output of rays: the loss, shape (tx, point, lane); `bare`, the same without lane_db and free space; `counted`
    (tx, point, surface), how often each surface is crossed. Of the last two, empty arrays take nothing.
    """

    out: np.ndarray
    bare: np.ndarray
    counted: np.ndarray


class Patches(NamedTuple):
    """Regular patches of receivers: origin and both steps; counts, first point, points to a row; all points."""

    tile_m: np.ndarray
    grid: np.ndarray
    xyz_m: np.ndarray


class Sums(NamedTuple):
    """Scratch of a patch, or where it lies: 1/distance, sums, dearest slabs and their count, looked-up places."""

    inverse: np.ndarray
    sums: np.ndarray
    dearest: np.ndarray
    slabs: np.ndarray
    where: np.ndarray
    share: np.ndarray


class Ends(NamedTuple):
    """Scratch of a quad on a patch: low and high ends of its runs, rows in doubt, its half-planes."""

    lows: np.ndarray
    highs: np.ndarray
    unsure: np.ndarray
    half: np.ndarray


class Into(NamedTuple):
    """Addresses of a ray's sums and dearest slabs, and how far the next block of lanes lies behind."""

    sums: int
    dearest: int
    apart: int
