"""How much the level of a mast varies around its median outdoors, and how far apart two places vary alike."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quietwing.coverage.propagation.mast_path import scenario_of
from quietwing.coverage.propagation.materials import MHZ_PER_GHZ
from quietwing.coverage.propagation.outdoor import rma_break_m
from quietwing.sites import Sector

__all__ = ["Shadowing", "shadowing"]

RURAL = "RMa"


@dataclass(frozen=True, slots=True)
class Shadowing:
    """Log-normal shadow fading of one mast.

    Attributes
    ----------
    sigma_db : float
        Standard deviation. [dB]
    correlation_m : float
        Distance in plan over which the correlation falls to 1/e. [m]
    """

    sigma_db: float
    correlation_m: float

    def covariance_db2(self, distance_m: ArrayLike) -> NDArray[np.float64]:
        """Covariance of the fading at two places, σ² exp(−d/d_cor).

        Parameters
        ----------
        distance_m : array_like, shape (...)
            Between the places, in plan. [m]

        Returns
        -------
        ndarray, shape (...)
            [dB²]

        References
        ----------
        3GPP TR 38.901, section 7.4.4, eq. (7.4-5).
        """
        return np.asarray(self.sigma_db**2 * np.exp(-np.asarray(distance_m, np.float64) / self.correlation_m))


def shadowing(sector: Sector, clear: bool, distance_2d_m: float, h_ut_m: float) -> Shadowing:
    """Shadow fading of a sector's level near a place outdoors.

    Parameters
    ----------
    sector : Sector
    clear : bool
        State of sight.
    distance_2d_m : float
        From the mast to the place, in plan. [m]
    h_ut_m : float
        Height of the place above the ground. [m]

    Returns
    -------
    Shadowing

    References
    ----------
    3GPP TR 38.901, tables 7.4.1-1 and 7.5-6; in streets the row of UMi, over roofs that of UMa.
    """
    environment = scenario_of(sector.environment)
    near, far_sigma_db = _table()[environment, clear]
    if environment == RURAL and distance_2d_m > rma_break_m(sector.freq_mhz / MHZ_PER_GHZ, sector.height_m, h_ut_m):
        return Shadowing(far_sigma_db, near.correlation_m)
    return near


@cache
def _table() -> dict[tuple[str, bool], tuple[Shadowing, float]]:
    """Each scenario and state of sight: its shadowing, and the deviation beyond the break point. [dB]"""
    text = files("quietwing.coverage.propagation.tables").joinpath("shadowing.csv").read_text("utf-8")
    return {
        (row["environment"], row["line_of_sight"] == "yes"): (
            Shadowing(float(row["sigma_db"]), float(row["correlation_m"])),
            float(row["far_sigma_db"]),
        )
        for row in csv.DictReader(line for line in text.splitlines() if not line.startswith("#"))
    }
