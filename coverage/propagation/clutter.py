"""Clutter at one end of a path, Rec. ITU-R P.2108: for models that know no buildings (free space, ITM), never on
top of TR 38.901 or P.1411, which hold it already, and not for a storey above the clutter.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri

from quietwing.coverage.propagation.diffraction import knife_edge_loss_db
from quietwing.coverage.propagation.materials import MHZ_PER_GHZ
from quietwing.coverage.propagation.model_range import above, between, within
from quietwing.sites import OutOfRangeError

__all__ = [
    "ClutterType",
    "clutter_height_m",
    "height_gain_clutter_loss_db",
    "slant_clutter_loss_db",
    "terrestrial_clutter_loss_db",
]

ClutterType = Literal["water", "open", "suburban", "urban", "trees", "dense_urban"]

Array = NDArray[np.float64]

# Section 3.1
HEIGHT_GAIN_NAME = "P.2108 section 3.1"
HEIGHT_GAIN_MHZ = (30.0, 3000.0)
STREET_WIDTH_M = 27.0  # the text's default
FREE_OF_HEIGHT = ("water", "open")  # the others are a knife edge
# The table of section 3.1: representative clutter heights
CLUTTER_HEIGHT_M: dict[str, float] = {
    "water": 10.0,
    "open": 10.0,
    "suburban": 10.0,
    "urban": 15.0,
    "trees": 15.0,
    "dense_urban": 20.0,
}
GRAZING_DB = 6.03  # J(0), taken off so that a terminal at roof height has no clutter loss

# Section 3.2
TERRESTRIAL_NAME = "P.2108 section 3.2"
TERRESTRIAL_MHZ = (500.0, 67_000.0)
TERRESTRIAL_LEAST_M = 250.0
TERRESTRIAL_FULL_M = 2000.0  # from here on the loss grows no more
M_PER_KM = 1e3
SIGMA_LONG_DB, SIGMA_SHORT_DB = 4.0, 6.0

# Section 3.3
SLANT_NAME = "P.2108 section 3.3"
SLANT_MHZ = (10_000.0, 100_000.0)
SLANT_DEG = (0.0, 90.0)
SLANT_A1 = 0.05
SLANT_SIGMA_DB = 0.6


def clutter_height_m(clutter: ClutterType) -> float:
    """Representative height of a kind of clutter.

    Parameters
    ----------
    clutter : {"water", "open", "suburban", "urban", "trees", "dense_urban"}

    Returns
    -------
    float
        Height. [m]

    Raises
    ------
    OutOfRangeError
        If the kind is unknown.

    References
    ----------
    Rec. ITU-R P.2108-1, section 3.1.
    """
    if clutter not in CLUTTER_HEIGHT_M:
        raise OutOfRangeError(f"clutter {clutter!r} (known: {', '.join(CLUTTER_HEIGHT_M)}); choose one of these")
    return CLUTTER_HEIGHT_M[clutter]


def height_gain_clutter_loss_db(
    freq_mhz: ArrayLike,
    height_m: ArrayLike,
    clutter: ClutterType,
    clutter_m: ArrayLike | None = None,
    street_width_m: ArrayLike = STREET_WIDTH_M,
) -> Array:
    """Loss of the clutter round a low terminal, for a path that is given at the height of the clutter.

    Parameters
    ----------
    freq_mhz : array_like, shape (...)
        Frequency, 30 to 3000. [MHz]
    height_m : array_like, broadcastable
        Height of the terminal above ground, above 0. [m]
    clutter : {"water", "open", "suburban", "urban", "trees", "dense_urban"}
    clutter_m : array_like, broadcastable, optional
        Height of the clutter, above 0; without it that of `clutter_height_m`. [m]
    street_width_m : array_like, broadcastable
        Width of the street, above 0. [m]

    Returns
    -------
    ndarray, shape (...)
        Loss: 0 for a terminal at or above the clutter. [dB]

    Raises
    ------
    OutOfRangeError
        If the kind is unknown or a value is outside its range.

    References
    ----------
    Rec. ITU-R P.2108-1, section 3.1; J(v) of Rec. ITU-R P.526.
    """
    usual_m = clutter_height_m(clutter)
    f_ghz = within(freq_mhz, HEIGHT_GAIN_MHZ, "frequency", "MHz", HEIGHT_GAIN_NAME) / MHZ_PER_GHZ
    height_m = above(height_m, 0.0, "height of the terminal", "m", HEIGHT_GAIN_NAME)
    street_m = above(street_width_m, 0.0, "street width", "m", HEIGHT_GAIN_NAME)
    given_m = usual_m if clutter_m is None else clutter_m
    top_m = above(given_m, 0.0, "height of the clutter", "m", HEIGHT_GAIN_NAME)
    if clutter in FREE_OF_HEIGHT:
        loss_db = -(21.8 + 6.2 * np.log10(f_ghz)) * np.log10(height_m / top_m)
    else:
        below_m = np.maximum(top_m - height_m, 0.0)
        clearance_deg = np.degrees(np.arctan(below_m / street_m))
        loss_db = knife_edge_loss_db(0.342 * np.sqrt(f_ghz * below_m * clearance_deg)) - GRAZING_DB
    return np.where(height_m >= top_m, 0.0, loss_db)


def terrestrial_clutter_loss_db(freq_mhz: ArrayLike, distance_m: ArrayLike, probability: ArrayLike) -> Array:
    """Clutter loss at one end of a path on the ground that a share of places does not exceed.

    Parameters
    ----------
    freq_mhz : array_like, shape (...)
        Frequency, 500 to 67,000. [MHz]
    distance_m : array_like, broadcastable
        Length of the path, 250 or more; 1000 or more if it is applied at both ends. [m]
    probability : array_like, broadcastable
        Share of places, above 0 and below 1. [1]

    Returns
    -------
    ndarray, shape (...)
        Loss, at most that over 2 km. [dB]

    Raises
    ------
    OutOfRangeError
        If a value is outside its range.

    References
    ----------
    Rec. ITU-R P.2108-1, section 3.2.
    """
    f_ghz = within(freq_mhz, TERRESTRIAL_MHZ, "frequency", "MHz", TERRESTRIAL_NAME) / MHZ_PER_GHZ
    distance_m = within(distance_m, (TERRESTRIAL_LEAST_M, np.inf), "distance", "m", TERRESTRIAL_NAME)
    share = between(probability, (0.0, 1.0), "probability", "", TERRESTRIAL_NAME, "give a share, not a percentage")
    here_db = _terrestrial_db(f_ghz, distance_m / M_PER_KM, share)
    return np.minimum(here_db, _terrestrial_db(f_ghz, np.asarray(TERRESTRIAL_FULL_M / M_PER_KM), share))


def slant_clutter_loss_db(freq_mhz: ArrayLike, elevation_deg: ArrayLike, probability: ArrayLike) -> Array:
    """Clutter loss at the lower end of a path to an aircraft or satellite that a share of places does not exceed.

    Parameters
    ----------
    freq_mhz : array_like, shape (...)
        Frequency, 10,000 to 100,000. [MHz]
    elevation_deg : array_like, broadcastable
        Elevation of the path at the ground, 0 to 90. [deg]
    probability : array_like, broadcastable
        Share of places, above 0 and below 1. [1]

    Returns
    -------
    ndarray, shape (...)
        Loss. [dB]

    Raises
    ------
    OutOfRangeError
        If a value is outside its range.

    References
    ----------
    Rec. ITU-R P.2108-1, section 3.3.
    """
    f_ghz = within(freq_mhz, SLANT_MHZ, "frequency", "MHz", SLANT_NAME) / MHZ_PER_GHZ
    elevation_deg = within(elevation_deg, SLANT_DEG, "elevation", "degrees", SLANT_NAME)
    share = between(probability, (0.0, 1.0), "probability", "", SLANT_NAME, "give a share, not a percentage")
    k1 = 93 * f_ghz**0.175
    turned_rad = SLANT_A1 * (1 - elevation_deg / 90) + np.radians(elevation_deg)
    cot = np.maximum(1 / np.tan(turned_rad), 0.0)  # rounding at the zenith may end below 0
    power = 0.5 * (90 - elevation_deg) / 90
    return np.asarray((-k1 * np.log(1 - share) * cot) ** power - 1 + SLANT_SIGMA_DB * ndtri(share))


def _terrestrial_db(f_ghz: Array, distance_km: Array, share: Array) -> Array:
    """The formula of section 3.2 without the hold at 2 km."""
    long_db = -2 * np.log10(10 ** (-5 * np.log10(f_ghz) - 12.5) + 10**-16.5)
    short_db = 32.98 + 23.9 * np.log10(distance_km) + 3 * np.log10(f_ghz)
    long, short = 10 ** (-0.2 * long_db), 10 ** (-0.2 * short_db)
    sigma_db = np.sqrt((SIGMA_LONG_DB**2 * long + SIGMA_SHORT_DB**2 * short) / (long + short))
    return np.asarray(-5 * np.log10(long + short) + sigma_db * ndtri(share))
