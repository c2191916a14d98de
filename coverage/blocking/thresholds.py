"""What a phone needs and what stops it, read from ``tables/thresholds.csv``."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

import numpy as np
from scipy import constants

from quietwing.coverage.errors import OutOfRangeError

__all__ = ["WORST_NOISE_FIGURE_DB", "Threshold", "load_thresholds", "noise_dbm"]

REFERENCE_TEMPERATURE_K = 290.0  # the T0 of every noise figure
BEST_PHONE_NOISE_FIGURE_DB = 5.0  # assumption A47
WORST_NOISE_FIGURE_DB = 9.0  # of the worst phone: 3GPP TR 36.942, table 4.8


@dataclass(frozen=True, slots=True)
class Threshold:
    """The thresholds of one technology, powers in its reference bandwidth."""

    technology: str
    reference_khz: float
    floor_dbm: float
    gamma_keep_db: float
    crs_boost_db: float
    mark: str


@cache
def load_thresholds() -> Mapping[str, Threshold]:
    """The shipped threshold table by technology.

    Returns
    -------
    Mapping of str to Threshold
        Sources and marks stand in the header of the CSV.
    """
    text = resources.files("quietwing.coverage.blocking.tables").joinpath("thresholds.csv").read_text("utf-8")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return {
        row["technology"]: Threshold(
            technology=row["technology"],
            reference_khz=float(row["reference_khz"]),
            floor_dbm=float(row["floor_dbm"]),
            gamma_keep_db=float(row["gamma_keep_db"]),
            crs_boost_db=float(row["crs_boost_db"]),
            mark=row["mark"],
        )
        for row in csv.DictReader(lines)
    }


def noise_dbm(bandwidth_khz: float, noise_figure_db: float = BEST_PHONE_NOISE_FIGURE_DB) -> float:
    """Thermal noise of a receiver, kT0B and its noise figure.

    Parameters
    ----------
    bandwidth_khz : float
        Reference bandwidth, above 0. [kHz]
    noise_figure_db : float
        Noise figure; 5 dB is the best phone, 9 dB the worst. [dB]

    Returns
    -------
    float
        Noise power. [dBm]

    Raises
    ------
    OutOfRangeError
        If the bandwidth is not above 0.
    """
    if not bandwidth_khz > 0:
        raise OutOfRangeError(f"noise bandwidth {bandwidth_khz:g} kHz (expected above 0); give the carrier's own")
    power_w = constants.Boltzmann * REFERENCE_TEMPERATURE_K * bandwidth_khz * 1e3
    return float(10 * np.log10(power_w * 1e3)) + noise_figure_db
