"""Where straight rays in plan meet an outline: the first and last edge a knife edge may stand on."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray

from quietwing.coverage.propagation._outline_kernels import met_shares

__all__ = ["first_and_last_share"]


def first_and_last_share(outline: shapely.Polygon, start_m: ArrayLike, end_m: ArrayLike) -> NDArray[np.float64]:
    """Where each ray in plan first and last meets the rings of an outline, as shares of the ray.

    Places inside do not count, only those on a ring, holes' too: a ray that begins inside meets the outline where it
    leaves. A corner that is touched counts, and so does the part of an edge that the ray runs along. Which edges are
    met is exact for the coordinates as stored. ``shapely.intersection`` says the same to 1e-9, but where its nodes
    come too close it begins again with places drawn together that are nearer than some 1e-12 of the largest
    coordinate (under a micrometre on a national grid): a corner just beside the ray, or an edge just past its end,
    then counts there, and here it does not. That is harmless: over its top an obstacle never costs more than through
    it, in either case.

    Parameters
    ----------
    outline : shapely.Polygon
        A valid polygon. [m]
    start_m : array_like, shape (2,)
        Where all rays begin. [m]
    end_m : array_like, shape (ray, 2)
        Where they end. [m]

    Returns
    -------
    float64 ndarray, shape (2, ray)
        First and last share, 0 at the beginning and 1 at the end; nan for rays that meet no ring, and for rays
        without length.

    References
    ----------
    Shewchuk, Adaptive precision floating-point arithmetic and fast robust geometric predicates, Discrete &
    Computational Geometry 18 (1997), sections 2 and 4: sums of which nothing is lost, and the sign of an area.
    """
    start = np.ascontiguousarray(start_m, np.float64)
    end = np.ascontiguousarray(end_m, np.float64)
    corner_m, ring = shapely.get_coordinates(shapely.get_rings(outline), return_index=True)
    shares = np.empty((2, len(end)))
    met_shares(start, end, corner_m, ring, shares[0], shares[1])
    return shares
