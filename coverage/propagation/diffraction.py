"""Over and round one edge: the knife edge of Rec. ITU-R P.526, and one edge for a whole profile of ground."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quietwing.coverage.propagation.free_space import wavelength_m
from quietwing.sites import OutOfRangeError

__all__ = ["CLEAR_V", "EARTH_M", "bullington_loss_db", "fresnel_v", "knife_edge_gain", "knife_edge_loss_db"]

EARTH_M = 8.5e6  # effective radius, P.526-15 section 4.5: 4/3 of the Earth's
LEAST_POINTS = 3  # of a profile: its ends and the ground between
CLEAR_V = -0.78  # at and below: enough clearance, the approximation has reached 0
EDGE_DB = 6.9  # of P.526-15, eq. (31)


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
    return np.where(v > CLEAR_V, EDGE_DB + 20 * np.log10(_past_edge(v)), 0.0)


def knife_edge_gain(v: ArrayLike) -> NDArray[np.float64]:
    """Amplitude of the wave past a single knife edge over that of free space, 10^(−J(v)/20).

    Parameters
    ----------
    v : array_like, shape (...)
        Diffraction parameter of `fresnel_v`. [1]

    Returns
    -------
    ndarray, shape (...)
        1 for v ≤ −0.78, 0.5 at grazing. [1]

    References
    ----------
    Rec. ITU-R P.526-15, eq. (31), as `knife_edge_loss_db`.
    """
    v = np.asarray(v, np.float64)
    return np.where(v > CLEAR_V, 10 ** (-EDGE_DB / 20) / _past_edge(v), 1.0)


def _past_edge(v: NDArray[np.float64]) -> NDArray[np.float64]:
    """What eq. (31) takes the logarithm of."""
    shifted = np.maximum(v, CLEAR_V) - 0.1
    return np.asarray(np.sqrt(shifted**2 + 1) + shifted)


def bullington_loss_db(
    ground_m: ArrayLike, spacing_m: float, h_tx_m: float, h_rx_m: float, freq_mhz: ArrayLike
) -> NDArray[np.float64]:
    """Diffraction loss over free space of a whole terrain profile, by one edge that stands for all of it.

    Parameters
    ----------
    ground_m : array_like, shape (point,)
        Height of the ground above the sea from one antenna to the other, at equal steps, 3 points or more. [m]
    spacing_m : float
        Step along the profile, above 0. [m]
    h_tx_m, h_rx_m : float
        Heights of the antennas above the ground, above 0. [m]
    freq_mhz : array_like, shape (...)
        Frequency, above 0. [MHz]

    Returns
    -------
    ndarray, shape (...)
        Loss, 0 or more. [dB]

    Raises
    ------
    OutOfRangeError
        If the profile is shorter than 3 points or holds no numbers, or a value is 0 or less.

    References
    ----------
    Rec. ITU-R P.526-15, section 4.5.1 (the general Bullington method), with an Earth of 4/3 its radius.
    """
    ground = np.asarray(ground_m, np.float64)
    if ground.ndim != 1 or len(ground) < LEAST_POINTS or not np.isfinite(ground).all():
        raise OutOfRangeError(
            f"a profile of shape {ground.shape} (expected {LEAST_POINTS} heights or more in a row, all known); "
            f"sample the ground along the path at equal steps"
        )
    if not (spacing_m > 0 and h_tx_m > 0 and h_rx_m > 0):
        raise OutOfRangeError(
            f"step {spacing_m:g} m and antennas {h_tx_m:g} and {h_rx_m:g} m above ground (expected above 0); "
            f"correct them"
        )
    away_m = spacing_m * np.arange(1, len(ground) - 1)
    length_m = spacing_m * (len(ground) - 1)
    left_m = length_m - away_m
    top_m = ground[1:-1] + away_m * left_m / (2 * EARTH_M)
    tx_m, rx_m = ground[0] + h_tx_m, ground[-1] + h_rx_m
    slope = float(np.max((top_m - tx_m) / away_m))
    if slope < (rx_m - tx_m) / length_m:  # line of sight: the point that comes nearest to the ray
        over_m = top_m - (tx_m * left_m + rx_m * away_m) / length_m
        v = np.max(fresnel_v(over_m, away_m, left_m, np.asarray(freq_mhz, np.float64)[..., None]), axis=-1)
    else:  # where the two horizon rays meet
        back = float(np.max((top_m - rx_m) / left_m))
        edge_m = (rx_m - tx_m + back * length_m) / (slope + back)
        over_m = tx_m + slope * edge_m - (tx_m * (length_m - edge_m) + rx_m * edge_m) / length_m
        v = fresnel_v(over_m, edge_m, length_m - edge_m, freq_mhz)
    edge_db = knife_edge_loss_db(v)
    return np.asarray(edge_db + (1 - np.exp(-edge_db / 6)) * (10 + 0.02 * length_m / 1e3))
