"""Over and round one edge: the knife edge of Rec. ITU-R P.526."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quietwing.coverage.propagation.free_space import wavelength_m
from quietwing.sites.errors import OutOfRangeError

__all__ = ["fresnel_v", "knife_edge_loss_db"]

CLEAR_V = -0.78  # at and below: enough clearance, the approximation has reached 0


def fresnel_v(height_m: ArrayLike, d1_m: ArrayLike, d2_m: ArrayLike, freq_mhz: ArrayLike) -> NDArray[np.float64]:
    """Diffraction parameter of one edge, v = h·√(2/λ·(1/d1 + 1/d2)).

    Parameters
    ----------
    height_m : array_like, shape (...)
        How far the edge stands above the straight line, negative if below it. [m]
    d1_m, d2_m : array_like, broadcastable
        Distances from the edge to the two ends, above 0. [m]
    freq_mhz : array_like, broadcastable
        Frequency, above 0. [MHz]

    Returns
    -------
    ndarray, shape (...)
        v, with the sign of `height_m`. [1]

    Raises
    ------
    OutOfRangeError
        If a distance or a frequency is 0 or less.

    References
    ----------
    Rec. ITU-R P.526-15, single knife edge.
    """
    d1_m, d2_m = np.asarray(d1_m, np.float64), np.asarray(d2_m, np.float64)
    if not (np.all(d1_m > 0) and np.all(d2_m > 0)):
        raise OutOfRangeError(
            f"an end {min(np.min(d1_m), np.min(d2_m)):g} m from the edge (expected above 0); "
            f"move the end away from the edge"
        )
    height_m = np.asarray(height_m, np.float64)
    return np.asarray(height_m * np.sqrt(2 / wavelength_m(freq_mhz) * (1 / d1_m + 1 / d2_m)))


def knife_edge_loss_db(v: ArrayLike) -> NDArray[np.float64]:
    """Loss of a single knife edge over free space, J(v).

    Parameters
    ----------
    v : array_like, shape (...)
        Diffraction parameter of `fresnel_v`. [1]

    Returns
    -------
    ndarray, shape (...)
        Loss: 0 for v ≤ −0.78, 6.03 at grazing. [dB]

    References
    ----------
    Rec. ITU-R P.526-15, eq. (31): 6.9 + 20 lg(√((v − 0.1)² + 1) + v − 0.1).
    """
    v = np.asarray(v, np.float64)
    shifted = np.maximum(v, CLEAR_V) - 0.1
    loss_db = 6.9 + 20 * np.log10(np.sqrt(shifted**2 + 1) + shifted)
    return np.where(v > CLEAR_V, loss_db, 0.0)
