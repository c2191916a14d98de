"""From a mast to a place as if the site's own buildings were not there: the median loss in both states of sight.

TR 38.901 for UMa, UMi and RMa. A small cell below the roofs (``street``) is P.1411's where that holds, else UMi's.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quietwing.coverage.propagation.free_space import free_space_loss_db
from quietwing.coverage.propagation.outdoor import NEAREST_M, clipped_mast_loss_db, los_probability
from quietwing.coverage.propagation.short_range import StreetEnvironment, below_roofs_loss_db, below_roofs_range
from quietwing.sites.model import Sector
from quietwing.sites.quantities import Environment

__all__ = ["path_states_db", "scenario_of", "sight_probability"]

Array = NDArray[np.float64]

STREET = "street"
# Kind of street by `area` of the site and state of sight; P.1411 has no residential row with sight, and for low-rise
# towns without it none below 10 GHz.
STREETS: dict[str, tuple[StreetEnvironment, StreetEnvironment]] = {
    "urban": ("urban_high_rise", "urban_high_rise"),
    "suburban": ("urban_low_rise", "residential"),
    "rural": ("urban_low_rise", "residential"),
}
BEYOND = "P.1411 in streets, outside its range of {:g} to {:g} m from {:g} MHz {}: TR 38.901 UMi is taken"


def scenario_of(environment: Environment) -> Environment:
    """The scenario of TR 38.901 for what P.1411 does not say of streets: chance of sight, spread in azimuth."""
    return "UMi" if environment == STREET else environment


def sight_probability(environment: Environment, distance_2d_m: ArrayLike, h_ut_m: ArrayLike = 1.5) -> Array:
    """Probability of a clear path from a mast, see `los_probability`; in streets that of UMi."""
    return los_probability(scenario_of(environment), distance_2d_m, h_ut_m)


def path_states_db(
    sector: Sector, area: str, distance_2d_m: Array, height_m: Array, over_db: Array | None = None
) -> tuple[Array, Array, tuple[str, ...]]:
    """Median loss with and without line of sight, never below free space.

    Parameters
    ----------
    sector : Sector
    area : {"rural", "suburban", "urban"}
        Of the site: which streets a mast of the environment ``street`` stands in.
    distance_2d_m : ndarray, shape (point,)
        Distance in plan. [m]
    height_m : ndarray, shape (point,)
        Height of each point above the ground. [m]
    over_db : ndarray, shape (point,), optional
        What the ground adds to both states, see `terrain_path`. [dB]

    Returns
    -------
    los_db, nlos_db : ndarray, shape (point,)
        Loss between isotropic antennas. [dB]
    notes : tuple of str
        Ranges that were left.

    References
    ----------
    3GPP TR 38.901 v19.4.0, table 7.4.1-1, clipped as in `clipped_mast_loss_db`; Rec. ITU-R P.1411-12, section 4.1.1.
    """
    states: list[Array] = []
    notes: list[str] = []
    distance_m = np.hypot(distance_2d_m, sector.height_m - height_m)
    free_db = free_space_loss_db(np.maximum(distance_m, NEAREST_M), sector.freq_mhz)
    for clear in (True, False):
        within = _within_streets(sector, area, distance_m, clear)
        loss_db, clipped = np.empty(len(distance_m)), tuple[str, ...]()
        if not within.all():
            loss_db, clipped = clipped_mast_loss_db(
                scenario_of(sector.environment), sector.freq_mhz, distance_2d_m, sector.height_m, height_m, clear
            )
        if sector.environment != STREET:
            notes += clipped
        elif not within.all():
            lowest_mhz, span_m = _span(area, clear)
            notes.append(BEYOND.format(*span_m, lowest_mhz, "with sight" if clear else "without sight"))
        if within.any():
            street = STREETS[area][0 if clear else 1]
            street_db = below_roofs_loss_db(sector.freq_mhz, distance_m[within], street, clear)
            loss_db[within] = np.maximum(street_db, free_db[within])
        states.append(loss_db)
    if over_db is not None:
        states = [np.maximum(loss_db + over_db, free_db) for loss_db in states]
    return states[0], np.maximum(states[0], states[1]), tuple(dict.fromkeys(notes))


def _within_streets(sector: Sector, area: str, distance_m: Array, clear: bool) -> NDArray[np.bool_]:
    """Where P.1411 holds for a mast below the roofs."""
    if sector.environment != STREET:
        return np.zeros(len(distance_m), np.bool_)
    lowest_mhz, span_m = _span(area, clear)
    return (distance_m >= span_m[0]) & (distance_m <= span_m[1]) & (sector.freq_mhz >= lowest_mhz)


def _span(area: str, clear: bool) -> tuple[float, tuple[float, float]]:
    """Lowest frequency and distances of the row of P.1411 for streets of an area."""
    freq_mhz, distance_m = below_roofs_range(STREETS[area][0 if clear else 1], clear)
    return freq_mhz[0], distance_m
