"""Antenna arrays that send their sync signals in beams: what phones camp by, and what a connected phone gets.

A phone finds and measures the sync beam (SSB) that is strongest where it is: the envelope of all of them is the
pattern of the sector. Once connected the array turns a beam to it, which gains more.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quietwing.coverage.propagation.antennas import SectorPattern, load_patterns

__all__ = ["ArrayPattern", "load_arrays"]

_PEAK_STEPS = 18_001  # directions in the half circle before the array that are looked at for the peak, 0.01° apart


@dataclass(frozen=True, slots=True)
class ArrayPattern:
    """A uniform panel of equal elements.

    Attributes
    ----------
    name : str
    element : SectorPattern
    element_dbi : float
        Peak gain of one element. [dBi]
    columns, rows : int
        Elements side by side and one above the other.
    column_step_wl, row_step_wl : float
        Their distances. [wavelengths]
    ssb_beams : int
        Sync beams, side by side at one height, the fan centred on the main direction.
    ssb_step_deg : float
        Angle between two of them. [deg]
    ssb_rows : int
        Rows whose beam is as high as a sync beam; the whole power is sent in it all the same.
    floor_db : float
        No sync beam is taken further below the peak of the fan. [dB]
    """

    name: str
    element: SectorPattern
    element_dbi: float
    columns: int
    rows: int
    column_step_wl: float
    row_step_wl: float
    ssb_beams: int
    ssb_step_deg: float
    ssb_rows: int
    floor_db: float

    @property
    def ssb_peak_dbi(self) -> float:
        """Gain of the sync beam that gains most, where it does; `eirp_dbm` of a mast is stated there. [dBi]"""
        return _ssb_peak_dbi(self)

    def beam_dbi(
        self, azimuth_off_deg: ArrayLike, depression_off_deg: ArrayLike, steered_deg: float, rows: int
    ) -> NDArray[np.float64]:
        """Gain of one beam of some rows, turned sideways.

        Parameters
        ----------
        azimuth_off_deg, depression_off_deg : array_like, shape (...)
            Direction from the axes of the array. [deg]
        steered_deg : float
            Where the beam is turned to, to the right of the array's own axis. [deg]
        rows : int

        Returns
        -------
        ndarray, shape (...)
            ``-inf`` in a null. [dBi]

        References
        ----------
        Rec. ITU-R M.2101-0, Annex 1, section 5.2 (as 3GPP TR 37.840): A = A_E + 10 lg |Σ Σ w·v|² with
        v = exp(j2π(n·d_V·cos θ + m·d_H·sin θ·sin φ)) and equal weights whose phases undo v at the beam's axis.
        """
        off, down = (np.radians(np.asarray(angle, np.float64)) for angle in (azimuth_off_deg, depression_off_deg))
        sideways = np.cos(down) * np.sin(off) - np.sin(np.radians(steered_deg))
        power = _row_power(self.columns, self.column_step_wl * sideways)
        power = power * _row_power(rows, self.row_step_wl * np.sin(down))
        with np.errstate(divide="ignore"):  # a null
            factor_db = 10 * np.log10(power)
        return np.asarray(self.element_dbi + self.element.gain_db(azimuth_off_deg, depression_off_deg) + factor_db)

    def gain_db(self, azimuth_off_deg: ArrayLike, depression_off_deg: ArrayLike) -> NDArray[np.float64]:
        """Gain of the sync beam that is strongest in each direction, below the peak of the fan; at most 0.

        Parameters
        ----------
        azimuth_off_deg, depression_off_deg : array_like, shape (...)
            Direction from the axes of the array. [deg]

        Returns
        -------
        ndarray, shape (...)
            [dB]
        """
        best_db = _envelope_dbi(self, azimuth_off_deg, depression_off_deg) - self.ssb_peak_dbi
        return np.clip(best_db, -self.floor_db, 0.0)

    def traffic_gain_db(self, azimuth_off_deg: ArrayLike, depression_off_deg: ArrayLike) -> NDArray[np.float64]:
        """Gain of a beam turned to each direction, over the peak of the sync beams; never below `gain_db`.

        Parameters
        ----------
        azimuth_off_deg, depression_off_deg : array_like, shape (...)
            Direction from the axes of the array. [deg]

        Returns
        -------
        ndarray, shape (...)
            Above 0 ahead. [dB]

        Notes
        -----
        At its own axis every element adds in phase: A_E + 10 lg(rows·columns), turned as far as one likes.
        """
        whole_dbi = self.element_dbi + 10 * np.log10(self.rows * self.columns)
        turned_db = whole_dbi + self.element.gain_db(azimuth_off_deg, depression_off_deg) - self.ssb_peak_dbi
        return np.asarray(np.maximum(turned_db, self.gain_db(azimuth_off_deg, depression_off_deg)))


def _row_power(count: int, step: NDArray[np.float64]) -> NDArray[np.float64]:
    """|Σ exp(j2π·m·step)|² ÷ count over a row of elements: `count` where they are in phase."""
    turn, total = np.exp(2j * np.pi * step), np.zeros(np.shape(step), complex)
    for _ in range(count):
        total = total * turn + 1
    return np.asarray(np.abs(total) ** 2 / count)


def _envelope_dbi(
    array: ArrayPattern, azimuth_off_deg: ArrayLike, depression_off_deg: ArrayLike
) -> NDArray[np.float64]:
    """The strongest sync beam in each direction. [dBi]"""
    middle = (array.ssb_beams - 1) / 2
    steered_deg = [(beam - middle) * array.ssb_step_deg for beam in range(array.ssb_beams)]
    beams = (array.beam_dbi(azimuth_off_deg, depression_off_deg, axis, array.ssb_rows) for axis in steered_deg)
    best = next(beams)
    for beam in beams:
        best = np.maximum(best, beam)
    return best


@cache
def _ssb_peak_dbi(array: ArrayPattern) -> float:
    return float(_envelope_dbi(array, np.linspace(-90.0, 90.0, _PEAK_STEPS), 0.0).max())


@cache
def load_arrays() -> dict[str, ArrayPattern]:
    """The built-in arrays, keyed by name.

    Returns
    -------
    dict of str to ArrayPattern

    References
    ----------
    ``tables/arrays.csv``, whose first lines give sources and what is assumed.
    """
    text = files("quietwing.coverage.propagation.tables").joinpath("arrays.csv").read_text("utf-8")
    rows = csv.DictReader(line for line in text.splitlines() if line.strip() and not line.startswith("#"))
    return {
        row["pattern"]: ArrayPattern(
            row["pattern"],
            load_patterns()[row["element"]],
            float(row["element_dbi"]),
            int(row["columns"]),
            int(row["rows"]),
            float(row["column_step_wl"]),
            float(row["row_step_wl"]),
            int(row["ssb_beams"]),
            float(row["ssb_step_deg"]),
            int(row["ssb_rows"]),
            float(row["floor_db"]),
        )
        for row in rows
    }
