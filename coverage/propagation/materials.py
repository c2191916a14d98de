"""Electrical properties of building materials, Rec. ITU-R P.2040."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.constants import epsilon_0

from quietwing.sites import OutOfRangeError

__all__ = [
    "FREQ_MAX_MHZ",
    "FREQ_MIN_MHZ",
    "Material",
    "check_freq_mhz",
    "extrapolated",
    "load_materials",
    "relative_permittivity",
]

FREQ_MIN_MHZ = 300.0  # below TETRA; the tables of 1 GHz and up are extrapolated down to here and no further
FREQ_MAX_MHZ = 7125.0  # end of 3GPP FR1
MHZ_PER_GHZ = 1e3
HZ_PER_GHZ = 1e9


@dataclass(frozen=True, slots=True)
class Material:
    """One row of the table: permittivity a·f^b, conductivity c·f^d in S/m, f in GHz.

    Attributes
    ----------
    name : str
    f_min_ghz, f_max_ghz : float
        Range over which the source says the row holds, ends included. [GHz]
    a, b, c, d : float
        Coefficients.
    """

    name: str
    f_min_ghz: float
    f_max_ghz: float
    a: float
    b: float
    c: float
    d: float

    def permittivity(self, freq_mhz: NDArray[np.float64]) -> NDArray[np.complex128]:
        """The law itself at any frequency, unchecked: eps' − j·sigma/(2π·f·eps0)."""
        f_ghz = freq_mhz / MHZ_PER_GHZ
        conductivity_s_per_m = self.c * f_ghz**self.d
        imaginary = conductivity_s_per_m / (2 * np.pi * f_ghz * HZ_PER_GHZ * epsilon_0)
        return np.asarray(self.a * f_ghz**self.b - 1j * imaginary)


@cache
def load_materials() -> dict[str, Material]:
    """The table of materials, keyed by name.

    Returns
    -------
    dict of str to Material

    References
    ----------
    ``tables/materials.csv``: Rec. ITU-R P.2040-3, Table 3.
    """
    text = files("quietwing.coverage.propagation.tables").joinpath("materials.csv").read_text("utf-8")
    rows = csv.DictReader(line for line in text.splitlines() if not line.startswith("#"))
    numbers = ("f_min_ghz", "f_max_ghz", "a", "b", "c", "d")
    return {row["material"]: Material(row["material"], *(float(row[key]) for key in numbers)) for row in rows}


def relative_permittivity(material: str, freq_mhz: ArrayLike) -> NDArray[np.complex128]:
    """Complex relative permittivity eps' − j·eps'' of a material.

    Below the row's range, down to 300 MHz, the same law is extrapolated; `extrapolated` says where.

    Parameters
    ----------
    material : str
        Name in ``tables/materials.csv``; ``"air"`` is 1.
    freq_mhz : array_like, shape (...)
        Frequency, 300 to 7125. [MHz]

    Returns
    -------
    complex ndarray, shape (...)
        Permittivity over that of vacuum. [1]

    Raises
    ------
    OutOfRangeError
        If the material is not in the table or a frequency is outside 300 to 7125 MHz.

    References
    ----------
    Rec. ITU-R P.2040-3, Table 3 and the laws a·f^b, c·f^d it belongs to.
    """
    return _row(material).permittivity(check_freq_mhz(freq_mhz))


def extrapolated(material: str, freq_mhz: ArrayLike) -> NDArray[np.bool_]:
    """Whether each frequency lies outside the range the source gives for the material.

    Parameters
    ----------
    material : str
        Name in ``tables/materials.csv``.
    freq_mhz : array_like, shape (...)
        Frequency, 300 to 7125. [MHz]

    Returns
    -------
    bool ndarray, shape (...)
        True where the law is stretched beyond its table. Range ends are inside.

    Raises
    ------
    OutOfRangeError
        As for `relative_permittivity`.
    """
    row = _row(material)
    f_ghz = check_freq_mhz(freq_mhz) / MHZ_PER_GHZ
    return np.asarray((f_ghz < row.f_min_ghz) | (f_ghz > row.f_max_ghz))


def check_freq_mhz(freq_mhz: ArrayLike) -> NDArray[np.float64]:
    """The frequencies as an array, or an error if one is outside 300 to 7125 MHz.

    Parameters
    ----------
    freq_mhz : array_like, shape (...)
        Frequency. [MHz]

    Returns
    -------
    ndarray, shape (...)
        The same frequencies. [MHz]

    Raises
    ------
    OutOfRangeError
        If one is outside.
    """
    freq_mhz = np.asarray(freq_mhz, np.float64)
    outside = ~((freq_mhz >= FREQ_MIN_MHZ) & (freq_mhz <= FREQ_MAX_MHZ))
    if outside.any():
        raise OutOfRangeError(
            f"frequency {freq_mhz[outside].flat[0]:g} MHz (materials hold from {FREQ_MIN_MHZ:g} to "
            f"{FREQ_MAX_MHZ:g} MHz); correct the carrier frequency, which is given in MHz"
        )
    return freq_mhz


def _row(material: str) -> Material:
    """The row of a material, or an error that names what there is."""
    rows = load_materials()
    if material not in rows:
        raise OutOfRangeError(
            f"no material {material!r} (the table holds {', '.join(rows)}); "
            f"choose one of these or add a row with its source to materials.csv"
        )
    return rows[material]
