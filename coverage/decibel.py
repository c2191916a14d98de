"""Sums and ratios in decibels: powers add in milliwatts, never in dB."""

from __future__ import annotations

from typing import cast

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

__all__ = ["add_powers_db", "floored", "power_sum_dbm", "share_percent"]


def power_sum_dbm(power_dbm: xr.DataArray, dim: str) -> xr.DataArray:
    """Add powers along `dim`: two equal powers give +3.01 dB.

    Parameters
    ----------
    power_dbm : DataArray
        Powers in one and the same bandwidth; ``-inf`` is nothing on the air. [dBm]
    dim : str
        Dimension to add over.

    Returns
    -------
    DataArray
        Without `dim`. [dBm]
    """
    total_mw = (10 ** (power_dbm / 10)).sum(dim, skipna=False)
    with np.errstate(divide="ignore"):  # nothing on the air: log10(0) is the right answer
        total_dbm = xr.apply_ufunc(lambda mw: 10 * np.log10(mw), total_mw)
    return cast(xr.DataArray, total_dbm).assign_attrs(units="dBm")


def add_powers_db(*levels_db: ArrayLike) -> NDArray[np.float64]:
    """The ⊕ of docs/glossary.md: levels in the same unit and bandwidth, added as powers.

    Parameters
    ----------
    *levels_db : array_like
        Broadcastable levels; ``-inf`` adds nothing. [dB or dBm]

    Returns
    -------
    ndarray
        Their sum. [same unit]
    """
    total = sum(10 ** (np.asarray(level, float) / 10) for level in levels_db)
    with np.errstate(divide="ignore"):
        summed: NDArray[np.float64] = 10 * np.log10(np.asarray(total, float))
    return summed


def floored(value_db: float, digits: int = 1) -> float:
    """A margin rounded down, so that a print never says more than the number."""
    scale = 10**digits
    # The small nudge takes back float dust: 0.3 is stored as 0.29999…, and prints as 0.3.
    return float(np.floor(value_db * scale + 1e-9) / scale)


def share_percent(part: float, whole: float) -> float:
    """A share floored to 0.1 %: 99.96 % never prints as 100 %."""
    return floored(100 * part / whole) if whole else 0.0
