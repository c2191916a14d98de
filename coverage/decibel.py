"""Sums in decibels: powers add in milliwatts, never in dB."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["add_powers_db", "all_floored", "floored"]


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
    return float(all_floored(value_db, digits))


def all_floored(values_db: Any, digits: int = 1) -> Any:
    """Margins rounded down, element by element."""
    scale = 10**digits
    # The small nudge takes back float dust: 0.3 is stored as 0.29999…, and prints as 0.3.
    return np.floor(values_db * scale + 1e-9) / scale
