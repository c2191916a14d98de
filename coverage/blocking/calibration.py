"""Levels measured on the site take the place of the mast arithmetic: one offset per sector."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quietwing.coverage.blocking.networks import reference_eirp_dbm
from quietwing.coverage.propagation.mast_gain import MastGain, MastModel
from quietwing.sites.model import OutsideLevel
from quietwing.sites.points import scattered

__all__ = [
    "MEASURED_SIGMA_DB",
    "Calibration",
    "calibrate",
    "sector_levels_dbm",
    "sight_by_rule",
    "sight_probability_limit",
]

MEASURED_SIGMA_DB = 3.0  # DESIGN §3, outside_levels.csv


@dataclass(frozen=True, slots=True)
class Calibration:
    """What measured levels say of each sector.

    Attributes
    ----------
    offset_db : float64 ndarray, shape (sector,)
        To be added to every level of the sector; 0 where nothing was measured. [dB]
    sigma_db : float64 ndarray, shape (sector,)
        How well the level is known on the site. [dB]
    measured : bool ndarray, shape (sector,)
        Whether a level was measured that this sector explains.
    clear : bool ndarray, shape (sector,)
        State of sight that the offset of a measured sector was worked out with; it then holds everywhere.
    notes : tuple of str
    """

    offset_db: NDArray[np.float64]
    sigma_db: NDArray[np.float64]
    measured: NDArray[np.bool_]
    clear: NDArray[np.bool_]
    notes: tuple[str, ...]

    def sight(self, gain: MastGain, confidence: float) -> NDArray[np.bool_]:
        """State of sight for each sector × point: as measured, else by `sight_by_rule`."""
        return np.where(self.measured[:, None], self.clear[:, None], sight_by_rule(gain, confidence))

    def only(self, kept: NDArray[np.intp]) -> Calibration:
        """What is known of some of the sectors, by index."""
        return Calibration(
            self.offset_db[kept], self.sigma_db[kept], self.measured[kept], self.clear[kept], self.notes
        )


def sight_by_rule(gain: MastGain, confidence: float) -> NDArray[np.bool_]:
    """Line of sight wherever it is likelier than the doubt the scenario allows, 1 − q.

    A clear path in one world of twenty makes a phone usable in one world of twenty: at q = 95 % the room could not
    be called silent, so the single-state leakage map shows it. The Monte Carlo draws the state instead.
    """
    return gain.los_probability >= sight_probability_limit(confidence)


def sight_probability_limit(confidence: float) -> float:
    """Probability of line of sight from which the single-state maps take the path as clear."""
    return 1.0 - confidence


def sector_levels_dbm(
    model: MastModel, calibration: Calibration, gain: MastGain, confidence: float
) -> NDArray[np.float32]:
    """Level of every sector at every point in the one state of sight the leakage map shows.

    Parameters
    ----------
    model : MastModel
    calibration : Calibration
    gain : MastGain
        Of `model` at the points asked about.
    confidence : float
        The scenario's q, see `sight_by_rule`.

    Returns
    -------
    float32 ndarray, shape (sector, point)
        In each sector's reference bandwidth. [dBm]
    """
    eirp_dbm = np.array([reference_eirp_dbm(sector) for sector in model.sectors]) + calibration.offset_db
    return eirp_dbm[:, None].astype(np.float32) + gain.where_clear(calibration.sight(gain, confidence))


def calibrate(model: MastModel, levels: tuple[OutsideLevel, ...], confidence: float) -> Calibration:
    """One offset per sector from levels measured outdoors on the site.

    A level belongs to the sector of its channel that is predicted strongest there. Its state of sight is the one that
    explains its readings with the smaller mean residual, and that residual is its offset. A weaker sector of the
    channel cannot be above what was read, so its offset is at most the smallest residual and never above 0.

    Parameters
    ----------
    model : MastModel
        The masts.
    levels : tuple of OutsideLevel
        May be empty; levels of channels without a mast are noted and left out.
    confidence : float
        The scenario's q, for the state of sight at the places of the readings.

    Returns
    -------
    Calibration
    """
    sectors = model.sectors
    sigma_db = np.array([sector.sigma_db for sector in sectors])
    measured = np.zeros(len(sectors), np.bool_)
    clear = np.zeros(len(sectors), np.bool_)
    if not levels:
        return Calibration(np.zeros(len(sectors)), sigma_db, measured, clear, ())
    places = scattered(np.array([[level.x_m, level.y_m, level.height_m] for level in levels]), "measured")
    gain = model.gain(places)
    sight = sight_by_rule(gain, confidence)
    eirp_dbm = np.array([reference_eirp_dbm(sector) for sector in sectors])[:, None]
    predicted_dbm = eirp_dbm + gain.where_clear(sight)
    of_channel: dict[str, list[int]] = defaultdict(list)
    for index, sector in enumerate(sectors):
        of_channel[sector.channel].append(index)
    readings: dict[int, list[int]] = defaultdict(list)
    offset_db = np.zeros(len(sectors))
    for place, level in enumerate(levels):
        members = of_channel.get(level.channel, [])
        if members:
            residual_db = level.rsrp_dbm - predicted_dbm[members, place]
            offset_db[members] = np.minimum(offset_db[members], residual_db)
            readings[members[int(np.argmax(predicted_dbm[members, place]))]].append(place)
    read_dbm = np.array([level.rsrp_dbm for level in levels])
    for index, at in readings.items():
        los_db, nlos_db = (
            float(np.mean(read_dbm[at] - (eirp_dbm[index] + state_db[index, at])))
            for state_db in (gain.los_db, gain.nlos_db)
        )
        clear[index] = abs(los_db) <= abs(nlos_db)
        offset_db[index] = los_db if clear[index] else nlos_db
        measured[index] = True
        sigma_db[index] = min(sigma_db[index], MEASURED_SIGMA_DB)
    unknown = sorted({level.channel for level in levels} - set(of_channel))
    notes = [f"levels measured on the site set {len(readings)} of {len(sectors)} sectors"]
    if unknown:
        notes.append(f"measured levels without a mast of their channel are not used: {', '.join(unknown)}")
    return Calibration(offset_db, sigma_db, measured, clear, tuple(notes))
