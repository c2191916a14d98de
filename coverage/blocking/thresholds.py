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

__all__ = ["Threshold", "load_thresholds", "noise_dbm", "search_margin_db"]

REFERENCE_TEMPERATURE_K = 290.0  # the T0 of every noise figure
BEST_PHONE_NOISE_FIGURE_DB = 5.0  # DESIGN §4 "Usable" (assumed)
SEARCH_GAIN_DB = 5.0  # the strongest spot of the public signal a searcher finds: CHOICES 17 (assumed)

# The search margin of DESIGN §4 by carrier width: a narrow carrier fades deeper, so its best spot stands out more.
_NARROW_MHZ, _WIDE_MHZ = 0.2, 20.0
_SEARCH_DB = {"narrow": 17.0, "medium": 10.0, "wide": 7.0}


@dataclass(frozen=True, slots=True)
class Threshold:
    """The thresholds of one technology, powers in its reference bandwidth."""

    technology: str
    reference_khz: float
    floor_dbm: float
    js_deny_db: float
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
            js_deny_db=float(row["js_deny_db"]),
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


def search_margin_db(technology: str, bandwidth_mhz: float) -> float:
    """How much better than the middle a searching prisoner's best spot is, by carrier width.

    Parameters
    ----------
    technology : str
        ``GSM``, ``UMTS``, ``LTE`` or ``NR``.
    bandwidth_mhz : float
        Width of the carrier; for NR the width of its SSB (20 resource blocks) counts. [MHz]

    Returns
    -------
    float
        17 dB for 200 kHz, 10 dB below 20 MHz, 7 dB from 20 MHz. [dB]

    References
    ----------
    DESIGN §4, "search_margin"; assumed.
    """
    if technology == "NR":
        bandwidth_mhz = min(bandwidth_mhz, 20 * 12 * 0.030)  # SSB: 20 RB of 12 elements of at most 30 kHz
    if bandwidth_mhz <= _NARROW_MHZ:
        return _SEARCH_DB["narrow"]
    return _SEARCH_DB["medium"] if bandwidth_mhz < _WIDE_MHZ else _SEARCH_DB["wide"]
