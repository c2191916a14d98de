"""Several floors together lose less than their sum: the saturating curve of COST 231."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quietwing.sites import OutOfRangeError

__all__ = ["capped_floor_loss_db", "floor_cap_db"]

ONE_FLOOR_DB = 18.3  # COST 231 final report, chapter 4, multi-wall model at 1.8 GHz
SATURATION = 0.46  # the same, exponent b


def floor_cap_db(count: ArrayLike) -> NDArray[np.float64]:
    """Loss of n floors by the curve 18.3·n^((n+2)/(n+1) − 0.46).

    Parameters
    ----------
    count : array_like of int, shape (...)
        Number of slabs crossed, 0 or more. [1]

    Returns
    -------
    ndarray, shape (...)
        Loss: 0, 18.3, 33.5, 43.6, 51.0, 57.1 for 0 to 5 floors. [dB]

    Raises
    ------
    OutOfRangeError
        If a count is below 0.

    References
    ----------
    COST Action 231, final report (1999), chapter 4, multi-wall model.
    """
    n = np.asarray(count, np.float64)  # a float: in whole numbers the exponent's fraction would be lost
    if not np.all(n >= 0):
        raise OutOfRangeError(f"{np.min(n):g} floors crossed (expected 0 or more); count the slabs crossed")
    return np.asarray(ONE_FLOOR_DB * n ** ((n + 2) / (n + 1) - SATURATION))


def capped_floor_loss_db(sum_db: ArrayLike, dearest_db: ArrayLike, count: ArrayLike) -> NDArray[np.float64]:
    """Loss of all slabs on one link, roofs included.

    From two slabs on: the smaller of their sum, and the larger of the curve and the dearest single slab.

    Parameters
    ----------
    sum_db : array_like, shape (...)
        Sum of the losses of the slabs crossed. [dB]
    dearest_db : array_like, broadcastable
        Largest loss among them. [dB]
    count : array_like of int, broadcastable
        How many there are. [1]

    Returns
    -------
    ndarray, shape (...)
        Loss. [dB]

    Raises
    ------
    OutOfRangeError
        If a count is below 0.

    References
    ----------
    Assumption A9; the curve as in `floor_cap_db`.
    """
    sum_db = np.asarray(sum_db, np.float64)
    capped_db = np.minimum(sum_db, np.maximum(floor_cap_db(count), dearest_db))
    return np.where(np.asarray(count) >= 2, capped_db, sum_db)
