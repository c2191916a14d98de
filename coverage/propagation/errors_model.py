"""How far computed levels may be from the real ones: four parts, and which links share each.

========  =============================  ==================================================================
part      one draw per                   shared by
========  =============================  ==================================================================
sector    sector                         every point of the site
build     construction × band            every link that crosses it, inward and outward; k crossings take
                                         k times its error, after the floor cap
local     source × room × band, and      nobody else: never by two sources, so never by J and S
          source × point × band
device    device                         every point and band of that device
========  =============================  ==================================================================

Each is Gaussian in dB with mean 0 and is not clamped. Each outside point counts as a room of its own. Here are
the sizes only; the worlds are drawn from them elsewhere.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quietwing.coverage.propagation.constructions import sigma_db
from quietwing.coverage.propagation.materials import check_freq_mhz
from quietwing.sites.constructions import Construction
from quietwing.sites.errors import OutOfRangeError
from quietwing.sites.model import Sector

__all__ = ["ErrorModel", "LocalErrors", "error_model", "load_local_errors"]


@dataclass(frozen=True, slots=True)
class LocalErrors:
    """The parts that belong to no mast and no construction.

    Attributes
    ----------
    local_room_band_db : float
        Standard deviation per source × room × band. [dB]
    local_point_band_db : float
        Standard deviation per source × point × band. [dB]
    device_db : float
        Standard deviation per device. [dB]
    local_window_db : float
        Only sources within this of the strongest at a point need local draws. [dB]
    """

    local_room_band_db: float
    local_point_band_db: float
    device_db: float
    local_window_db: float

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if not (np.isfinite(value) and value >= 0):
                raise OutOfRangeError(f"{field.name} is {value:g} dB (expected 0 or more); correct it")


@dataclass(frozen=True, slots=True)
class ErrorModel:
    """All sizes of errors for one site and set of bands.

    Attributes
    ----------
    sector_sigma_db : float64 ndarray, shape (sector,)
        Part 1, from the masts. [dB]
    construction_names : tuple of str
        Names along the first axis of the next.
    construction_sigma_db : float64 ndarray, shape (construction, band)
        Part 2, wider below 1 GHz for concrete, brick and metal. [dB]
    freq_mhz : float64 ndarray, shape (band,)
        The bands. [MHz]
    local : LocalErrors
        Parts 3 and 4.
    """

    sector_sigma_db: NDArray[np.float64]
    construction_names: tuple[str, ...]
    construction_sigma_db: NDArray[np.float64]
    freq_mhz: NDArray[np.float64]
    local: LocalErrors

    def __post_init__(self) -> None:
        expected = (len(self.construction_names), len(self.freq_mhz))
        if self.construction_sigma_db.shape != expected:
            raise OutOfRangeError(
                f"construction errors of shape {self.construction_sigma_db.shape} (expected {expected}: one "
                f"row per name, one column per band); build it with error_model"
            )


@cache
def load_local_errors() -> LocalErrors:
    """The default sizes of the local and device errors.

    Returns
    -------
    LocalErrors

    References
    ----------
    ``tables/errors.csv``: DESIGN section 4, all assumed.
    """
    text = files("quietwing.coverage.propagation.tables").joinpath("errors.csv").read_text("utf-8")
    rows = csv.DictReader(line for line in text.splitlines() if not line.startswith("#"))
    return LocalErrors(**{row["key"]: float(row["value"]) for row in rows})


def error_model(
    sectors: Sequence[Sector],
    constructions: Mapping[str, Construction],
    freq_mhz: ArrayLike,
    local: LocalErrors | None = None,
) -> ErrorModel:
    """Sizes of all errors for masts, constructions and bands.

    Parameters
    ----------
    sectors : sequence of Sector
        Their `sigma_db` says how well each level on the site is known.
    constructions : mapping of str to Construction
        Those in use; the result is in the order of their names.
    freq_mhz : array_like, shape (band,)
        Bands, 300 to 7125. [MHz]
    local : LocalErrors, optional
        Other than the defaults of ``tables/errors.csv``.

    Returns
    -------
    ErrorModel

    Raises
    ------
    OutOfRangeError
        If a frequency is out of range.

    References
    ----------
    DESIGN section 4, Errors; CHOICES 14.
    """
    bands_mhz = check_freq_mhz(freq_mhz).reshape(-1)
    names = tuple(sorted(constructions))
    by_band_db = np.zeros((len(names), len(bands_mhz)))
    for index, name in enumerate(names):
        by_band_db[index] = sigma_db(constructions[name], bands_mhz)
    sector_sigma_db = np.array([sector.sigma_db for sector in sectors], np.float64)
    return ErrorModel(sector_sigma_db, names, by_band_db, bands_mhz, local or load_local_errors())
