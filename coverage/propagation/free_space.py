"""Free space: the loss of distance alone, and the wavelength everything is measured in."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.constants import speed_of_light

from quietwing.sites import OutOfRangeError

__all__ = ["NEAREST_FREE_SPACE_M", "free_space_loss_db", "wavelength_m"]

HZ_PER_MHZ = 1e6
# Path gain counts what is nearer as 0.1 m (assumed): about where the near field of a small antenna begins, λ/2π is
# 6 cm at 800 MHz. A phone or node is taken as small.
NEAREST_FREE_SPACE_M = 0.1


def wavelength_m(freq_mhz: ArrayLike) -> NDArray[np.float64]:
    """Wavelength in vacuum.

    Parameters
    ----------
    freq_mhz : array_like, shape (...)
        Frequency, above 0. [MHz]

    Returns
    -------
    ndarray, shape (...)
        Wavelength. [m]

    Raises
    ------
    OutOfRangeError
        If a frequency is 0 or less.
    """
    freq_mhz = np.asarray(freq_mhz, np.float64)
    if not np.all(freq_mhz > 0):
        raise OutOfRangeError(
            f"frequency {np.min(freq_mhz):g} MHz (expected above 0); give the carrier frequency in MHz"
        )
    return np.asarray(speed_of_light / (freq_mhz * HZ_PER_MHZ))


def free_space_loss_db(distance_m: ArrayLike, freq_mhz: ArrayLike) -> NDArray[np.float64]:
    """Free-space basic transmission loss between isotropic antennas, 20 lg(4πd/λ).

    Parameters
    ----------
    distance_m : array_like, shape (...)
        Straight-line distance, above 0. [m]
    freq_mhz : array_like, broadcastable with `distance_m`
        Carrier frequency, above 0. [MHz]

    Returns
    -------
    ndarray, shape (...)
        Loss; negative nearer than λ/4π, where the formula no longer describes an antenna. [dB]

    Raises
    ------
    OutOfRangeError
        If a distance or a frequency is 0 or less.

    References
    ----------
    Rec. ITU-R P.525-4, eq. (3).
    """
    distance_m = np.asarray(distance_m, np.float64)
    if not np.all(distance_m > 0):
        raise OutOfRangeError(
            f"distance {np.min(distance_m):g} m (expected above 0); "
            f"move the two ends apart, or hold the distance at {NEAREST_FREE_SPACE_M:g} m as path gain does"
        )
    # a sum of two logarithms: of many links at many frequencies each is taken once a link and once a frequency
    return np.asarray(20 * np.log10(distance_m) + 20 * np.log10(4 * np.pi / wavelength_m(freq_mhz)))
