"""Into a building that has no plan: one loss for the façade and the indoor depth together.

Where a building has a plan its slabs are used instead, never both. The loss is a distribution over many buildings:
for leakage in and for spill out take the low quantile, for the reach of a blocker the high one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri

from quietwing.coverage.propagation.materials import MHZ_PER_GHZ
from quietwing.sites import OutOfRangeError

__all__ = ["BuildingClass", "building_entry_loss_db"]

BuildingClass = Literal["traditional", "thermally_efficient"]

P2109_MIN_MHZ, P2109_MAX_MHZ = 80.0, 100_000.0
ELEVATION_MAX_DEG = 90.0


@dataclass(frozen=True, slots=True)
class _EntryCoefficients:
    """One row of Rec. ITU-R P.2109-2, Table 1, in its own letters."""

    r: float
    s: float
    t: float
    u: float
    v: float
    w: float
    x: float
    y: float
    z: float


# Rec. ITU-R P.2109-2 (08/2023), Table 1; checked 2026-11-24 against crc-covlib
_P2109: dict[str, _EntryCoefficients] = {
    "traditional": _EntryCoefficients(12.64, 3.72, 0.96, 9.6, 2.0, 9.1, -3.0, 4.5, -2.0),
    "thermally_efficient": _EntryCoefficients(28.19, -3.00, 8.48, 13.5, 3.8, 27.8, -2.9, 9.4, -2.1),
}
P2109_ELEVATION_DB_PER_DEG = 0.212
P2109_LEAST_TERM_DB = -3.0


def building_entry_loss_db(
    freq_mhz: ArrayLike,
    probability: ArrayLike,
    building_class: BuildingClass,
    elevation_deg: ArrayLike = 0.0,
) -> NDArray[np.float64]:
    """Building entry loss that a share of buildings and places indoors does not exceed.

    Parameters
    ----------
    freq_mhz : array_like, shape (...)
        Frequency, 80 to 100,000. [MHz]
    probability : array_like, broadcastable
        Probability that the loss is not exceeded, above 0 and below 1. [1]
    building_class : {"traditional", "thermally_efficient"}
    elevation_deg : array_like, broadcastable
        Elevation of the path at the façade, −90 to 90. [deg]

    Returns
    -------
    ndarray, shape (...)
        Loss; may be a little below 0 for the luckiest places. [dB]

    Raises
    ------
    OutOfRangeError
        If the class is unknown or a value is out of range.

    References
    ----------
    Rec. ITU-R P.2109-2, the loss formula with the coefficients of Table 1.
    """
    row = _P2109.get(building_class)
    if row is None:
        raise OutOfRangeError(f"building class {building_class!r} (known: {', '.join(_P2109)}); choose one of these")
    freq_mhz = _within(freq_mhz, P2109_MIN_MHZ, P2109_MAX_MHZ, "frequency", "MHz")
    elevation_deg = _within(elevation_deg, -ELEVATION_MAX_DEG, ELEVATION_MAX_DEG, "elevation", "degrees")
    probability = np.asarray(probability, np.float64)
    if not np.all((probability > 0) & (probability < 1)):
        raise OutOfRangeError(
            f"probability from {np.min(probability):g} to {np.max(probability):g} "
            f"(expected above 0 and below 1); give a share, not a percentage"
        )
    lg_f = np.log10(freq_mhz / MHZ_PER_GHZ)
    quantile = ndtri(probability)
    horizontal_db = row.r + row.s * lg_f + row.t * lg_f**2
    mean_1_db = horizontal_db + P2109_ELEVATION_DB_PER_DEG * np.abs(elevation_deg)
    mean_2_db = row.w + row.x * lg_f
    term_a_db = quantile * (row.u + row.v * lg_f) + mean_1_db
    term_b_db = quantile * (row.y + row.z * lg_f) + mean_2_db
    power = 10 ** (term_a_db / 10) + 10 ** (term_b_db / 10) + 10 ** (P2109_LEAST_TERM_DB / 10)
    return np.asarray(10 * np.log10(power))


def _within(values: ArrayLike, least: float, most: float, what: str, unit: str) -> NDArray[np.float64]:
    """The values as an array, or an error if one is out of range."""
    values = np.asarray(values, np.float64)
    outside = ~((values >= least) & (values <= most))
    if outside.any():
        raise OutOfRangeError(
            f"{what} {values[outside].flat[0]:g} {unit} (expected {least:g} to {most:g} {unit}); "
            f"correct the value, or check that it is in {unit}"
        )
    return values
