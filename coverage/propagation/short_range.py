"""Short links outdoors over a kilometre or less, Rec. ITU-R P.1411: along streets, round a corner, over roofs.

All are losses of the street and its buildings as a whole: no wall, edge or clutter is added to them. The loss over
rows of houses, which holds below 2 GHz too, is in `roof_screens`.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri

from quietwing.coverage.propagation.free_space import HZ_PER_MHZ
from quietwing.coverage.propagation.materials import MHZ_PER_GHZ
from quietwing.coverage.propagation.model_range import above, between, within
from quietwing.sites import OutOfRangeError

__all__ = [
    "Neighbourhood",
    "StreetEnvironment",
    "below_roofs_loss_db",
    "below_roofs_range",
    "near_street_loss_db",
    "over_roofs_loss_db",
    "over_roofs_range",
    "rounded_wavelength_m",
    "street_corner_loss_db",
]

StreetEnvironment = Literal["urban_high_rise", "urban_low_rise", "residential"]
Neighbourhood = Literal["suburban", "urban", "dense_urban_high_rise"]

Array = NDArray[np.float64]

M_PER_KM = 1e3
# The reference values of CRC Canada, the only ones there are, take the speed of light rounded so; the exact one
# moves a loss by 0.0002 dB at most.
SPEED_OF_LIGHT_M_PER_S = 2.998e8

# Section 4.1.3.1
CORNER_MHZ = (800.0, 2000.0)
CORNER_DEG = (float(np.degrees(0.6)), 180.0)  # the text: 0.6 < alpha < pi rad
CORNER_NAME = "P.1411 section 4.1.3.1"

# Section 4.3.1
NEAR_STREET_MHZ = (300.0, 3000.0)
NEAR_STREET_MOST_M = 3000.0
NEAR_STREET_NAME = "P.1411 section 4.3.1"
NEAR_STREET_SIGMA_DB = 7.0  # with and without sight
URBAN_LOSS_DB: dict[str, float] = {"suburban": 0.0, "urban": 6.8, "dense_urban_high_rise": 2.3}
CORNER_REGION_M = 20.0  # the width the text suggests for the passage from sight to no sight


@dataclass(frozen=True, slots=True)
class _SiteGeneral:
    """One row of the tables of sections 4.1.1 and 4.2.1."""

    freq_ghz: tuple[float, float]
    distance_m: tuple[float, float]
    a: float
    b: float
    g: float


def below_roofs_loss_db(
    freq_mhz: ArrayLike, distance_m: ArrayLike, environment: StreetEnvironment, line_of_sight: bool
) -> Array:
    """Median loss between two stations below the roofs, in a street or round its corners.

    Parameters
    ----------
    freq_mhz : array_like, shape (...)
        Frequency, 800 to 82,000; without sight to 73,000 in residential streets and 10,000 to 73,000 in low-rise
        ones. [MHz]
    distance_m : array_like, broadcastable
        Straight distance in three dimensions: 5 to 660 with sight, 30 to 715, 250 or 170 without. [m]
    environment : {"urban_high_rise", "urban_low_rise", "residential"}
        Residential streets have no row with line of sight.
    line_of_sight : bool

    Returns
    -------
    ndarray, shape (...)
        Loss between isotropic antennas. [dB]

    Raises
    ------
    OutOfRangeError
        If there is no such row, or a value is outside its range.

    References
    ----------
    Rec. ITU-R P.1411-12, section 4.1.1 and its table: ``tables/short_range.csv``.
    """
    return _site_general_db("below_roofs", freq_mhz, distance_m, environment, line_of_sight)


def below_roofs_range(
    environment: StreetEnvironment, line_of_sight: bool
) -> tuple[tuple[float, float], tuple[float, float]]:
    """Where `below_roofs_loss_db` holds.

    Parameters
    ----------
    environment : {"urban_high_rise", "urban_low_rise", "residential"}
    line_of_sight : bool

    Returns
    -------
    freq_mhz, distance_m : tuple of float
        Least and most, ends inside. [MHz], [m]

    Raises
    ------
    OutOfRangeError
        If there is no such row.
    """
    return _range("below_roofs", environment, line_of_sight)


def over_roofs_loss_db(
    freq_mhz: ArrayLike, distance_m: ArrayLike, environment: StreetEnvironment, line_of_sight: bool
) -> Array:
    """Median loss between a station above the roofs and one in the street.

    Parameters
    ----------
    freq_mhz : array_like, shape (...)
        Frequency, 2200 to 73,000, without sight to 66,500. [MHz]
    distance_m : array_like, broadcastable
        Straight distance in three dimensions: 55 to 1200 with sight, 260 to 1200 without. [m]
    environment : {"urban_high_rise", "urban_low_rise"}
        Without sight high-rise alone has a row.
    line_of_sight : bool

    Returns
    -------
    ndarray, shape (...)
        Loss between isotropic antennas. [dB]

    Raises
    ------
    OutOfRangeError
        If there is no such row, or a value is outside its range; below 2.2 GHz `roof_screens` may hold.

    References
    ----------
    Rec. ITU-R P.1411-12, section 4.2.1 and its table: ``tables/short_range.csv``.
    """
    return _site_general_db("over_roofs", freq_mhz, distance_m, environment, line_of_sight)


def over_roofs_range(
    environment: StreetEnvironment, line_of_sight: bool
) -> tuple[tuple[float, float], tuple[float, float]]:
    """Where `over_roofs_loss_db` holds; as `below_roofs_range`."""
    return _range("over_roofs", environment, line_of_sight)


def street_corner_loss_db(
    freq_mhz: ArrayLike,
    x1_m: ArrayLike,
    x2_m: ArrayLike,
    w1_m: ArrayLike,
    w2_m: ArrayLike,
    corner_deg: ArrayLike = 90.0,
) -> Array:
    """Loss between two stations below the roofs round one street corner: reflected and diffracted power added.

    Parameters
    ----------
    freq_mhz : array_like, shape (...)
        Frequency, 800 to 2000. [MHz]
    x1_m, x2_m : array_like, broadcastable
        Distance of each station to the crossing, above 0. [m]
    w1_m, w2_m : array_like, broadcastable
        Width of the street of each station, above 0. [m]
    corner_deg : array_like, broadcastable
        Angle between the streets, above 34.4 (0.6 rad) and below 180. [deg]

    Returns
    -------
    ndarray, shape (...)
        Loss between isotropic antennas. [dB]

    Raises
    ------
    OutOfRangeError
        If a value is outside its range.

    References
    ----------
    Rec. ITU-R P.1411-12, section 4.1.3.1. The powers add as −10 lg(10^(−Lr/10) + 10^(−Ld/10)): the text as printed
    lacks the first minus sign.
    """
    freq_mhz = within(freq_mhz, CORNER_MHZ, "frequency", "MHz", CORNER_NAME)
    x1_m, x2_m = (above(x, 0.0, "distance to the crossing", "m", CORNER_NAME) for x in (x1_m, x2_m))
    w1_m, w2_m = (above(w, 0.0, "street width", "m", CORNER_NAME) for w in (w1_m, w2_m))
    corner_deg = between(corner_deg, CORNER_DEG, "corner angle", "degrees", CORNER_NAME)
    spreading_db = 20 * np.log10(4 * np.pi / rounded_wavelength_m(freq_mhz))
    bend = 3.86 / np.radians(corner_deg) ** 3.5
    reflected_db = 20 * np.log10(x1_m + x2_m) + x1_m * x2_m * bend / (w1_m * w2_m) + spreading_db
    # wedge loss of a right-angled corner, 40/(2 pi) dB per radian of the two ways into the crossing
    wedge_db = 40 / (2 * np.pi) * (np.arctan(x2_m / w2_m) + np.arctan(x1_m / w1_m) - np.pi / 2)
    spread_db = 10 * np.log10(x1_m * x2_m * (x1_m + x2_m))
    diffracted_db = spread_db + 2 * wedge_db - 0.1 * (90 - corner_deg) + spreading_db
    return np.asarray(-10 * np.log10(10 ** (-reflected_db / 10) + 10 ** (-diffracted_db / 10)))


def near_street_loss_db(
    freq_mhz: ArrayLike,
    distance_m: ArrayLike,
    neighbourhood: Neighbourhood,
    probability: ArrayLike = 0.5,
    corner_region_m: ArrayLike = CORNER_REGION_M,
) -> Array:
    """Loss between two stations near the street that a share of places does not exceed; antennas 1.9 to 3 m high.

    Within a distance that the share of places decides the link has sight; beyond it and a passage of some metres
    it has none; between them the loss rises in a straight line.

    Parameters
    ----------
    freq_mhz : array_like, shape (...)
        Frequency, 300 to 3000. [MHz]
    distance_m : array_like, broadcastable
        Distance, above 0, at most 3000. [m]
    neighbourhood : {"suburban", "urban", "dense_urban_high_rise"}
    probability : array_like, broadcastable
        Share of places in which the loss is not exceeded, above 0 and below 1. [1]
    corner_region_m : array_like, broadcastable
        Width of the passage from sight to no sight, above 0; 20 m is the text's suggestion. [m]

    Returns
    -------
    ndarray, shape (...)
        Loss between isotropic antennas. [dB]

    Raises
    ------
    OutOfRangeError
        If the neighbourhood is unknown or a value is outside its range.

    References
    ----------
    Rec. ITU-R P.1411-12, section 4.3.1, step by step.
    """
    if neighbourhood not in URBAN_LOSS_DB:
        raise OutOfRangeError(
            f"neighbourhood {neighbourhood!r} (known: {', '.join(URBAN_LOSS_DB)}); choose one of these"
        )
    freq_mhz = within(freq_mhz, NEAR_STREET_MHZ, "frequency", "MHz", NEAR_STREET_NAME)
    distance_m = above(distance_m, 0.0, "distance", "m", NEAR_STREET_NAME)
    distance_m = within(distance_m, (0.0, NEAR_STREET_MOST_M), "distance", "m", NEAR_STREET_NAME)
    corner_region_m = above(corner_region_m, 0.0, "corner region", "m", NEAR_STREET_NAME)
    share = between(probability, (0.0, 1.0), "probability", "", NEAR_STREET_NAME, "give a share, not a percentage")
    lg_share = np.log10(share)
    sight_m = np.where(share < 0.45, 212 * lg_share**2 - 64 * lg_share, 79.2 - 70 * share)
    urban_db = URBAN_LOSS_DB[neighbourhood]
    seen_db = _with_sight_db(freq_mhz, distance_m, share)
    hidden_db = _without_sight_db(freq_mhz, distance_m, share, urban_db)
    first_db = _with_sight_db(freq_mhz, sight_m, share)
    last_db = _without_sight_db(freq_mhz, sight_m + corner_region_m, share, urban_db)
    passage_db = first_db + (last_db - first_db) * (distance_m - sight_m) / corner_region_m
    far = distance_m > sight_m + corner_region_m
    return np.where(distance_m < sight_m, seen_db, np.where(far, hidden_db, passage_db))


def rounded_wavelength_m(freq_mhz: Array) -> Array:
    """Wavelength with the speed of light rounded to 2.998e8 m/s, as the reference values of P.1411 take it. [m]"""
    return np.asarray(SPEED_OF_LIGHT_M_PER_S / (freq_mhz * HZ_PER_MHZ))


def _with_sight_db(freq_mhz: Array, distance_m: Array, share: Array) -> Array:
    """Free space in the text's rounding, with the text's stand-in for a Rayleigh quantile."""
    median_db = 32.45 + 20 * np.log10(freq_mhz) + 20 * np.log10(distance_m / M_PER_KM)
    spread_db = 1.5624 * NEAR_STREET_SIGMA_DB * (np.sqrt(-2 * np.log(1 - share)) - 1.1774)
    return np.asarray(median_db + spread_db)


def _without_sight_db(freq_mhz: Array, distance_m: Array, share: Array, urban_db: float) -> Array:
    """40 dB per decade and 45 dB per decade of frequency, normal about the median."""
    median_db = 9.5 + 45 * np.log10(freq_mhz) + 40 * np.log10(distance_m / M_PER_KM) + urban_db
    return np.asarray(median_db + NEAR_STREET_SIGMA_DB * ndtri(share))


def _site_general_db(
    model: str, freq_mhz: ArrayLike, distance_m: ArrayLike, environment: str, line_of_sight: bool
) -> Array:
    """10 a lg d + b + 10 g lg f of one row."""
    row = _row(model, environment, line_of_sight)
    state = "with" if line_of_sight else "without"
    source = f"P.1411 {model} {environment} {state} sight"
    span_mhz = (row.freq_ghz[0] * MHZ_PER_GHZ, row.freq_ghz[1] * MHZ_PER_GHZ)
    f_ghz = within(freq_mhz, span_mhz, "frequency", "MHz", source) / MHZ_PER_GHZ
    away_m = within(distance_m, row.distance_m, "distance", "m", source)
    return np.asarray(10 * row.a * np.log10(away_m) + row.b + 10 * row.g * np.log10(f_ghz))


def _range(model: str, environment: str, line_of_sight: bool) -> tuple[tuple[float, float], tuple[float, float]]:
    """Frequencies and distances of one row. [MHz], [m]"""
    row = _row(model, environment, line_of_sight)
    return (row.freq_ghz[0] * MHZ_PER_GHZ, row.freq_ghz[1] * MHZ_PER_GHZ), row.distance_m


def _row(model: str, environment: str, line_of_sight: bool) -> _SiteGeneral:
    """One row of the tables, or an error that names what there is."""
    rows = _site_general_rows()
    row = rows.get((model, environment, bool(line_of_sight)))
    state = "with" if line_of_sight else "without"
    if row is None:
        known = sorted({name for each, name, sight in rows if each == model and sight == bool(line_of_sight)})
        raise OutOfRangeError(
            f"environment {environment!r} {state} line of sight (known: {', '.join(known)}); choose one of these"
        )
    return row


@cache
def _site_general_rows() -> dict[tuple[str, str, bool], _SiteGeneral]:
    """``tables/short_range.csv`` by model, environment and line of sight."""
    text = files("quietwing.coverage.propagation.tables").joinpath("short_range.csv").read_text("utf-8")
    table = csv.DictReader(line for line in text.splitlines() if not line.startswith("#"))
    return {
        (row["model"], row["environment"], row["line_of_sight"] == "yes"): _SiteGeneral(
            (float(row["f_min_ghz"]), float(row["f_max_ghz"])),
            (float(row["d_min_m"]), float(row["d_max_m"])),
            *(float(row[key]) for key in ("a", "b", "g")),
        )
        for row in table
    }
