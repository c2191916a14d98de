"""Over rows of houses down into a street: the multi-screen loss of Rec. ITU-R P.1411, section 4.2.2.1.

Walfisch and Ikegami as the Recommendation extends it: free space, the last roof down to the street, and the rows of
roofs as screens; where the rows are too few for the field to settle another law holds, and the two are joined.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quietwing.coverage.propagation.model_range import above, within
from quietwing.coverage.propagation.short_range import rounded_wavelength_m
from quietwing.sites import OutOfRangeError

__all__ = ["TownSize", "roof_screens_loss_db"]

TownSize = Literal["medium_city_or_suburb", "metropolitan"]

Array = NDArray[np.float64]

NAME = "P.1411 section 4.2.2.1"
# The validity stated at the head of the section
FREQ_MHZ = (800.0, 26_000.0)
DISTANCE_M = (20.0, 5000.0)
MAST_M = (4.0, 55.0)
STREET_STATION_M = (1.0, 3.0)
SHF_MHZ = 2000.0  # above it the town no longer matters
SETTLING_WIDTH = 0.1  # chi of the text: how wide the two laws are joined where the settled one lies above
SETTLING_SLOPE = 0.0417  # upsilon of the text: the same where it lies below, per dB of the gap
NEAR_M = 500.0  # nearer, a mast below the roofs loses in proportion to the distance
M_PER_KM = 1e3
FREQ_SLOPE_DB: dict[str, float] = {"medium_city_or_suburb": 0.7, "metropolitan": 1.5}


def roof_screens_loss_db(
    freq_mhz: ArrayLike,
    distance_m: ArrayLike,
    h1_m: ArrayLike,
    h2_m: ArrayLike,
    roof_m: ArrayLike,
    rows_length_m: ArrayLike,
    row_spacing_m: ArrayLike,
    street_width_m: ArrayLike,
    street_angle_deg: ArrayLike = 90.0,
    town: TownSize = "medium_city_or_suburb",
) -> Array:
    """Loss from a station near roof height, over rows of houses, to one in the street.

    Parameters
    ----------
    freq_mhz : array_like, shape (...)
        Frequency, 800 to 26,000. [MHz]
    distance_m : array_like, broadcastable
        Length of the path, 20 to 5000. [m]
    h1_m : array_like, broadcastable
        Height of the upper station, 4 to 55, above or below the roofs. [m]
    h2_m : array_like, broadcastable
        Height of the station in the street, 1 to 3. [m]
    roof_m : array_like, broadcastable
        Mean height of the roofs, above `h2_m`. [m]
    rows_length_m : array_like, broadcastable
        How far along the path the rows of houses extend, above 0. [m]
    row_spacing_m : array_like, broadcastable
        Mean distance between rows, above 0. [m]
    street_width_m : array_like, broadcastable
        Width of the street, above 0. [m]
    street_angle_deg : array_like, broadcastable
        Angle between the street and the direct path, 0 to 90. [deg]
    town : {"medium_city_or_suburb", "metropolitan"}
        Matters up to 2000 MHz.

    Returns
    -------
    ndarray, shape (...)
        Loss between isotropic antennas, never below free space. [dB]

    Raises
    ------
    OutOfRangeError
        If the town is unknown or a value is outside its range.

    References
    ----------
    Rec. ITU-R P.1411-12, section 4.2.2.1.
    """
    if town not in FREQ_SLOPE_DB:
        raise OutOfRangeError(f"town {town!r} (known: {', '.join(FREQ_SLOPE_DB)}); choose one of these")
    freq = within(freq_mhz, FREQ_MHZ, "frequency", "MHz", NAME)
    away = within(distance_m, DISTANCE_M, "distance", "m", NAME)
    h1 = within(h1_m, MAST_M, "height of the upper station", "m", NAME)
    h2 = within(h2_m, STREET_STATION_M, "height of the station in the street", "m", NAME)
    roof = above(roof_m, 0.0, "height of the roofs", "m", NAME)
    length = above(rows_length_m, 0.0, "length of the rows", "m", NAME)
    spacing = above(row_spacing_m, 0.0, "distance between rows", "m", NAME)
    width = above(street_width_m, 0.0, "street width", "m", NAME)
    angle = within(street_angle_deg, (0.0, 90.0), "angle of the street", "degrees", NAME)
    above(roof - h2, 0.0, "height of the roofs over the station in the street", "m", NAME)
    freq, away, over, roof, length, spacing = np.broadcast_arrays(freq, away, h1 - roof, roof, length, spacing)
    free_db = 32.4 + 20 * np.log10(away / M_PER_KM) + 20 * np.log10(freq)
    drop_db = -8.2 - 10 * np.log10(width) + 10 * np.log10(freq) + 20 * np.log10(roof - h2) + _turned_db(angle)
    screens_db = _screens_db(freq, away, over, roof, length, spacing, FREQ_SLOPE_DB[town])
    return np.asarray(free_db + np.maximum(drop_db + screens_db, 0.0))


def _turned_db(angle_deg: Array) -> Array:
    """Correction for a street that does not lie across the path, L_ori."""
    steep_db = np.where(angle_deg < 55, 2.5 + 0.075 * (angle_deg - 35), 4.0 - 0.114 * (angle_deg - 55))
    return np.where(angle_deg < 35, -10 + 0.354 * angle_deg, steep_db)


def _screens_db(
    freq: Array, away: Array, over: Array, roof: Array, length: Array, spacing: Array, slope: float
) -> Array:
    """The rows of roofs, L_msd: the settled and the unsettled law, joined about the distance where one ends."""
    wavelength = rounded_wavelength_m(freq)
    at_roof = over == 0  # the field never settles, and there is no distance to join at
    lift = np.where(at_roof, 1.0, np.abs(over))
    settled = ~at_roof & (length > wavelength * away**2 / lift**2)
    joint = lift * np.sqrt(length / wavelength)
    near_db = _unsettled_db(freq, away, over, spacing)
    far_db = _settled_db(freq, away, over, roof, spacing, slope)
    upper_db = _settled_db(freq, joint, over, roof, spacing, slope)
    lower_db = _unsettled_db(freq, joint, over, spacing)
    gap_db = upper_db - lower_db
    middle_db = (upper_db + lower_db) / 2
    past = np.log10(away) - np.log10(joint)
    rising = np.tanh(past / SETTLING_WIDTH)
    falling = np.tanh(past / (np.where(gap_db == 0, 1.0, gap_db) * SETTLING_SLOPE))
    half_db = gap_db / 2
    joined_db = np.where(
        gap_db > 0,
        np.where(settled, -rising * (far_db - middle_db), rising * (near_db - middle_db)) + middle_db,
        np.where(settled, far_db - falling * half_db - half_db, near_db + falling * half_db + half_db),
    )
    return np.where(at_roof | (gap_db == 0), near_db, joined_db)


def _settled_db(freq: Array, away: Array, over: Array, roof: Array, spacing: Array, slope: float) -> Array:
    """L1_msd: enough rows for the field to have settled (grazing incidence)."""
    raised = over > 0
    high = freq > SHF_MHZ
    lift_db = np.where(raised, -18 * np.log10(1 + np.maximum(over, 0.0)), 0.0)
    base_db = np.where(
        high,
        np.where(raised, 71.4, 73 - 0.8 * over),
        np.where(raised, 54.0, 54 - 0.8 * over),
    )
    # below the roofs and nearer than 500 m the same term in proportion: 1.6 over d/1000
    base_db = np.where(~raised & (away < NEAR_M), base_db + 0.8 * over - 1.6 * over * away / M_PER_KM, base_db)
    distance_db = np.where(raised, 18.0, 18 - 15 * over / roof) * np.log10(away / M_PER_KM)
    freq_db = np.where(high, -8.0, -4 + slope * (freq / 925 - 1)) * np.log10(freq)
    return np.asarray(lift_db + base_db + distance_db + freq_db - 9 * np.log10(spacing))


def _unsettled_db(freq: Array, away: Array, over: Array, spacing: Array) -> Array:
    """L2_msd: so few rows that each counts: above, about and below the roofs."""
    wavelength = rounded_wavelength_m(freq)
    per_row = np.sqrt(spacing / wavelength)
    upper = 10 ** (-np.log10(per_row) - np.log10(away) / 9 + 10 / 9 * np.log10(spacing / 2.35))
    lower = (0.00023 * spacing**2 - 0.1827 * spacing - 9.4978) / np.log10(freq) ** 2.938
    lower = lower + 0.000781 * spacing + 0.06923
    raised = 2.35 * (np.maximum(over, 0.0) / away * per_row) ** 0.9
    # an angle of exactly 0 belongs to "about the roofs" wherever `lower` is negative, as it is for real streets
    angle = np.arctan(np.where(over == 0, -1.0, over) / spacing)
    edge_m = np.hypot(over, spacing)
    sunk = spacing / (2 * np.pi * away) * np.sqrt(wavelength / edge_m) * (1 / angle - 1 / (2 * np.pi + angle))
    field = np.where(over > upper, raised, np.where(over < lower, sunk, spacing / away))
    return np.asarray(-20 * np.log10(np.where(field == 0, 1.0, np.abs(field))))
