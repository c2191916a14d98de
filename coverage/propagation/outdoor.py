"""From a mast to the site over town or country (3GPP TR 38.901), and over the ground beyond the map (two-ray)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quietwing.coverage.propagation.free_space import free_space_loss_db, wavelength_m
from quietwing.coverage.propagation.materials import MHZ_PER_GHZ
from quietwing.sites import Environment, OutOfRangeError

__all__ = [
    "NEAREST_M",
    "clipped_mast_loss_db",
    "furthest_m",
    "los_probability",
    "mast_loss_db",
    "rma_break_m",
    "two_ray_extra_db",
]

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

FREQ_MIN_MHZ, FREQ_MAX_MHZ = 500.0, 100_000.0  # TR 38.901 section 7.4.1
DISTANCE_MIN_M = 10.0
SPEED_OF_LIGHT_M_PER_S = 3.0e8  # table 7.4.1-1 note 1: the break point uses the rounded value
ENVIRONMENT_HEIGHT_M = 1.0  # h_E; UMa draws it for terminals above 13 m, we keep 1 m (the usual reading)
RMA_BUILDING_HEIGHT_M = 5.0  # defaults of table 7.4.1-1
RMA_STREET_WIDTH_M = 20.0
NEAREST_M = 1.0  # nearer, an antenna is not a point; free space is held here
LOWEST_MAST_M = 1.5  # below the break point's (h_BS − h_E) reaches 0
HZ_PER_GHZ = 1e9


@dataclass(frozen=True, slots=True)
class _Range:
    """Where table 7.4.1-1 says a model holds. [m]"""

    mast_m: tuple[float, float]
    terminal_m: tuple[float, float]
    los_max_m: float
    nlos_max_m: float


_RANGES: dict[str, _Range] = {
    "UMa": _Range((25, 25), (1.5, 22.5), 5000, 5000),
    "UMi": _Range((10, 10), (1.5, 22.5), 5000, 5000),
    "RMa": _Range((10, 150), (1, 10), 10_000, 5000),
}


def mast_loss_db(
    environment: Environment,
    freq_mhz: ArrayLike,
    distance_2d_m: ArrayLike,
    h_bs_m: ArrayLike,
    h_ut_m: ArrayLike,
    line_of_sight: ArrayLike,
) -> Array:
    """Median loss between isotropic antennas from a mast to a terminal outdoors, within the model's range.

    Parameters
    ----------
    environment : {"UMa", "UMi", "RMa"}
        Urban macro, urban micro in a street canyon, rural macro (buildings 5 m, streets 20 m).
    freq_mhz : array_like, shape (...)
        Carrier frequency, 500 to 100,000. [MHz]
    distance_2d_m : array_like, broadcastable
        Distance in plan, 10 to 5000, RMa with line of sight to 10,000. [m]
    h_bs_m : array_like, broadcastable
        Height of the mast's antenna: UMa 25, UMi 10, RMa 10 to 150. [m]
    h_ut_m : array_like, broadcastable
        Height of the terminal: UMa and UMi 1.5 to 22.5, RMa 1 to 10. [m]
    line_of_sight : array_like of bool, broadcastable
        The state of each link.

    Returns
    -------
    ndarray, shape (...)
        Loss. [dB]

    Raises
    ------
    OutOfRangeError
        If the environment is unknown or a value is outside the model's range.

    References
    ----------
    3GPP TR 38.901 v19.4.0, table 7.4.1-1.
    """
    span = _range_of(environment)
    clear = np.asarray(line_of_sight, bool)
    distance_2d_m = np.asarray(distance_2d_m, np.float64)
    h_bs_m, h_ut_m = np.asarray(h_bs_m, np.float64), np.asarray(h_ut_m, np.float64)
    _check(environment, "frequency", freq_mhz, (FREQ_MIN_MHZ, FREQ_MAX_MHZ), "MHz")
    _check(environment, "mast height", h_bs_m, span.mast_m, "m")
    _check(environment, "terminal height", h_ut_m, span.terminal_m, "m")
    away_m, sight = np.broadcast_arrays(distance_2d_m, clear)
    _check(environment, "distance", away_m[sight], (DISTANCE_MIN_M, span.los_max_m), "m")
    _check(environment, "distance", away_m[~sight], (DISTANCE_MIN_M, span.nlos_max_m), "m")
    f_ghz = np.asarray(freq_mhz, np.float64) / MHZ_PER_GHZ
    return _loss_db(environment, f_ghz, distance_2d_m, h_bs_m - h_ut_m, h_bs_m, h_ut_m, clear)


def clipped_mast_loss_db(
    environment: Environment,
    freq_mhz: ArrayLike,
    distance_2d_m: ArrayLike,
    h_bs_m: ArrayLike,
    h_ut_m: ArrayLike,
    line_of_sight: ArrayLike,
) -> tuple[Array, tuple[str, ...]]:
    """Median loss from a mast to any point, with a note for every way in which the model's range is left.

    The distance is always the true one in three dimensions and the loss is never below free space over it.
    Terminal heights are held at the ends of the range. Mast heights (from 1.5 m) and frequencies below 500 MHz are
    taken as they are; beyond the range in distance the formula goes on. Nearer than 10 m in plan it is free space.

    Parameters
    ----------
    environment : {"UMa", "UMi", "RMa"}
    freq_mhz : array_like, shape (...)
        Carrier frequency, above 0. [MHz]
    distance_2d_m : array_like, broadcastable
        Distance in plan, 0 or more. [m]
    h_bs_m, h_ut_m : array_like, broadcastable
        Heights of the mast's antenna and of the point above the ground. [m]
    line_of_sight : array_like of bool, broadcastable
        The state of each link.

    Returns
    -------
    loss_db : ndarray, shape (...)
        Loss. [dB]
    notes : tuple of str
        One per kind of departure, without the values, so that many links give few notes.

    Raises
    ------
    OutOfRangeError
        If the environment is unknown, a distance is negative, or a value is not a number.

    References
    ----------
    3GPP TR 38.901 v19.4.0, table 7.4.1-1; clipping: assumption A11.
    """
    span = _range_of(environment)
    clear = np.asarray(line_of_sight, bool)
    freq_mhz = np.asarray(freq_mhz, np.float64)
    distance_2d_m = np.asarray(distance_2d_m, np.float64)
    h_bs_m, h_ut_m = np.asarray(h_bs_m, np.float64), np.asarray(h_ut_m, np.float64)
    _check(environment, "distance", distance_2d_m, (0.0, np.inf), "m")
    for what, height_m in (("mast height", h_bs_m), ("terminal height", h_ut_m)):
        _check(environment, what, height_m, (-np.inf, np.inf), "m")
    rise_m = h_bs_m - h_ut_m
    free_db = free_space_loss_db(np.maximum(np.hypot(distance_2d_m, rise_m), NEAREST_M), freq_mhz)
    loss_db = _loss_db(
        environment,
        freq_mhz / MHZ_PER_GHZ,
        np.maximum(distance_2d_m, DISTANCE_MIN_M),
        rise_m,
        np.maximum(h_bs_m, LOWEST_MAST_M),
        np.clip(h_ut_m, *span.terminal_m),
        clear,
    )
    loss_db = np.where(distance_2d_m < DISTANCE_MIN_M, free_db, np.maximum(loss_db, free_db))
    return loss_db, _departures(environment, freq_mhz, distance_2d_m, h_bs_m, h_ut_m, clear)


def furthest_m(environment: Environment, line_of_sight: bool) -> float:
    """The longest distance in plan a scenario holds for, table 7.4.1-1. [m]"""
    span = _range_of(environment)
    return span.los_max_m if line_of_sight else span.nlos_max_m


def rma_break_m(f_ghz: ArrayLike, h_bs_m: ArrayLike, h_ut_m: ArrayLike) -> Array:
    """Break point of RMa with line of sight, table 7.4.1-1 note 5, from GHz and heights. [m]"""
    square_m2 = 2 * np.pi * np.asarray(h_bs_m, np.float64) * np.asarray(h_ut_m, np.float64)
    return square_m2 * np.asarray(f_ghz, np.float64) * HZ_PER_GHZ / SPEED_OF_LIGHT_M_PER_S


def los_probability(environment: Environment, distance_2d_m: ArrayLike, h_ut_m: ArrayLike = 1.5) -> Array:
    """Probability of a clear path from a mast to a terminal outdoors.

    Parameters
    ----------
    environment : {"UMa", "UMi", "RMa"}
    distance_2d_m : array_like, shape (...)
        Distance in plan to the terminal, or to the façade of the building it is in. [m]
    h_ut_m : array_like, broadcastable
        Height of the terminal; matters for UMa above 13 m and is held at 23 m. [m]

    Returns
    -------
    ndarray, shape (...)
        Probability. [1]

    Raises
    ------
    OutOfRangeError
        If the environment is unknown or a distance negative.

    References
    ----------
    3GPP TR 38.901 v19.4.0, table 7.4.2-1.
    """
    _range_of(environment)
    distance_m = np.asarray(distance_2d_m, np.float64)
    h_ut_m = np.asarray(h_ut_m, np.float64)
    _check(environment, "distance", distance_m, (0.0, np.inf), "m")
    distance_m, h_ut_m = np.broadcast_arrays(distance_m, h_ut_m)
    if environment == "RMa":
        return np.exp(-np.maximum(distance_m - 10, 0) / 1000)
    reach_m = 63.0 if environment == "UMa" else 36.0
    far_m = np.maximum(distance_m, 18.0)
    chance = 18 / far_m + np.exp(-far_m / reach_m) * (1 - 18 / far_m)
    if environment == "UMa":
        raised = (np.clip(h_ut_m - 13, 0, 10) / 10) ** 1.5
        chance = chance * (1 + raised * 5 / 4 * (far_m / 100) ** 3 * np.exp(-far_m / 150))
    return np.where(distance_m <= 18, 1.0, np.minimum(chance, 1.0))


def two_ray_extra_db(
    distance_m: ArrayLike,
    leave_distance_m: ArrayLike,
    h1_m: ArrayLike,
    h2_m: ArrayLike,
    freq_mhz: ArrayLike,
) -> Array:
    """Loss beyond free space where a ray runs on over open ground: 20 lg(d/d0) past d0.

    d0 is the larger of the break point 4·h1·h2/λ and the distance at which the ray leaves what is mapped.

    Parameters
    ----------
    distance_m : array_like, shape (...)
        Length of the ray. [m]
    leave_distance_m : array_like, broadcastable
        Where along it the mapped geometry ends, ``inf`` if it does not. [m]
    h1_m, h2_m : array_like, broadcastable
        Heights of the two ends above the ground. [m]
    freq_mhz : array_like, broadcastable
        Frequency, above 0. [MHz]

    Returns
    -------
    ndarray, shape (...)
        Extra loss, 0 or more: together with free space 20, then 40 dB per decade. [dB]

    Raises
    ------
    OutOfRangeError
        If a frequency is 0 or less.

    References
    ----------
    Two-ray model over flat ground, break point 4·h1·h2/λ; assumption A12.
    """
    product_m2 = np.asarray(h1_m, np.float64) * np.asarray(h2_m, np.float64)
    break_m = 4 * product_m2 / wavelength_m(freq_mhz)
    start_m = np.maximum(np.maximum(break_m, np.asarray(leave_distance_m, np.float64)), NEAREST_M)
    return np.asarray(20 * np.log10(np.maximum(np.asarray(distance_m, np.float64) / start_m, 1.0)))


def _loss_db(
    environment: str,
    f_ghz: Array,
    distance_2d_m: Array,
    rise_m: Array,
    h_bs_m: Array,
    h_ut_m: Array,
    clear: Mask,
) -> Array:
    """Table 7.4.1-1 as it stands, unchecked; `rise_m` is the difference of the true heights."""
    if environment == "RMa":
        los_db = _rma_los_db(f_ghz, distance_2d_m, rise_m, h_bs_m, h_ut_m)
        nlos_db = _rma_nlos_db(f_ghz, np.hypot(distance_2d_m, rise_m), h_bs_m, h_ut_m)
    else:
        los_db, nlos_db = _urban_db(environment, f_ghz, distance_2d_m, rise_m, h_bs_m, h_ut_m)
    return np.where(clear, los_db, np.maximum(los_db, nlos_db))


def _urban_db(
    environment: str, f_ghz: Array, distance_2d_m: Array, rise_m: Array, h_bs_m: Array, h_ut_m: Array
) -> tuple[Array, Array]:
    """UMa and UMi street canyon: line of sight, and the other formula before the larger is taken."""
    lg_f, lg_d = np.log10(f_ghz), np.log10(np.hypot(distance_2d_m, rise_m))
    effective_m2 = (h_bs_m - ENVIRONMENT_HEIGHT_M) * (h_ut_m - ENVIRONMENT_HEIGHT_M)
    break_m = 4 * effective_m2 * f_ghz * HZ_PER_GHZ / SPEED_OF_LIGHT_M_PER_S
    lg_break = np.log10(break_m**2 + rise_m**2)
    if environment == "UMa":
        near_db = 28.0 + 22 * lg_d + 20 * lg_f
        far_db = 28.0 + 40 * lg_d + 20 * lg_f - 9 * lg_break
        nlos_db = 13.54 + 39.08 * lg_d + 20 * lg_f - 0.6 * (h_ut_m - 1.5)
    else:
        near_db = 32.4 + 21 * lg_d + 20 * lg_f
        far_db = 32.4 + 40 * lg_d + 20 * lg_f - 9.5 * lg_break
        nlos_db = 35.3 * lg_d + 22.4 + 21.3 * lg_f - 0.3 * (h_ut_m - 1.5)
    return np.where(distance_2d_m <= break_m, near_db, far_db), np.asarray(nlos_db)


def _rma_los_db(f_ghz: Array, distance_2d_m: Array, rise_m: Array, h_bs_m: Array, h_ut_m: Array) -> Array:
    """RMa with line of sight."""
    distance_m = np.hypot(distance_2d_m, rise_m)
    break_m = rma_break_m(f_ghz, h_bs_m, h_ut_m)
    far_db = _rma_pl1_db(f_ghz, break_m) + 40 * np.log10(distance_m / break_m)
    return np.where(distance_2d_m <= break_m, _rma_pl1_db(f_ghz, distance_m), far_db)


def _rma_pl1_db(f_ghz: Array, distance_m: Array) -> Array:
    """PL1 of RMa."""
    built = RMA_BUILDING_HEIGHT_M**1.72
    lg_d = np.log10(distance_m)
    slope_db = min(0.03 * built, 10) * lg_d + 0.002 * np.log10(RMA_BUILDING_HEIGHT_M) * distance_m
    return np.asarray(20 * np.log10(40 * np.pi * f_ghz / 3) + 20 * lg_d + slope_db - min(0.044 * built, 14.77))


def _rma_nlos_db(f_ghz: Array, distance_m: Array, h_bs_m: Array, h_ut_m: Array) -> Array:
    """RMa without line of sight, before the larger of this and line of sight is taken."""
    lg_mast = np.log10(h_bs_m)
    width_db = 161.04 - 7.1 * np.log10(RMA_STREET_WIDTH_M) + 7.5 * np.log10(RMA_BUILDING_HEIGHT_M)
    mast_db = (24.37 - 3.7 * (RMA_BUILDING_HEIGHT_M / h_bs_m) ** 2) * lg_mast
    distance_db = (43.42 - 3.1 * lg_mast) * (np.log10(distance_m) - 3)
    terminal_db = 3.2 * np.log10(11.75 * h_ut_m) ** 2 - 4.97
    return np.asarray(width_db - mast_db + distance_db + 20 * np.log10(f_ghz) - terminal_db)


def _departures(
    environment: str, freq_mhz: Array, distance_2d_m: Array, h_bs_m: Array, h_ut_m: Array, clear: Mask
) -> tuple[str, ...]:
    """In words, every way in which the range of table 7.4.1-1 is left."""
    span = _RANGES[environment]
    most_m = np.where(clear, span.los_max_m, span.nlos_max_m)
    mast_span = "–".join(f"{each:g}" for each in sorted(set(span.mast_m)))
    low_m, high_m = span.terminal_m
    found = (
        (freq_mhz < FREQ_MIN_MHZ, f"carriers below {FREQ_MIN_MHZ:g} MHz are computed by the same formula"),
        (distance_2d_m < DISTANCE_MIN_M, f"points nearer than {DISTANCE_MIN_M:g} m to a mast are in free space"),
        (
            distance_2d_m > most_m,
            f"beyond {span.los_max_m:g} m ({span.nlos_max_m:g} m without sight) the formula is extrapolated",
        ),
        (
            (h_bs_m < span.mast_m[0]) | (h_bs_m > span.mast_m[1]),
            f"masts of another height than {mast_span} m are taken at their own, {LOWEST_MAST_M:g} m or more",
        ),
        (h_ut_m < low_m, f"points lower than {low_m:g} m count as {low_m:g} m high"),
        (h_ut_m > high_m, f"points higher than {high_m:g} m count as {high_m:g} m high"),
    )
    return tuple(
        f"TR 38.901 {environment}, outside its range: {words}" for outside, words in found if np.any(outside)
    )


def _range_of(environment: str) -> _Range:
    """The range of an environment, or an error that names what there is."""
    if environment not in _RANGES:
        raise OutOfRangeError(
            f"environment {environment!r} (known: {', '.join(_RANGES)}); choose one of these for the mast"
        )
    return _RANGES[environment]


def _check(environment: str, what: str, values: ArrayLike, span: tuple[float, float], unit: str) -> None:
    """Raise if a value is outside the span or not a number."""
    values = np.asarray(values, np.float64)
    outside = ~((values >= span[0]) & (values <= span[1]))
    if outside.any():
        raise OutOfRangeError(
            f"{what} {values[outside].flat[0]:g} {unit} (TR 38.901 {environment} holds from {span[0]:g} to "
            f"{span[1]:g} {unit}); correct it, or use clipped_mast_loss_db, which notes what it clips"
        )
