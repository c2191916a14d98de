"""How much of a mast's field reaches a façade that does not look at the mast, and from where before it.

TR 38.901 spreads what arrives at a phone over azimuth: a Gaussian about the bearing to the mast, wrapped round the
circle, as wide as its table 7.5-6 says. A façade gets the half of the circle in front of it. With a clear path the
share 1/(1 + K) of the power is scattered, and the rest goes straight.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr

from quietwing.sites import OutOfRangeError

__all__ = ["concentration", "facade_share_db", "scattered_width_deg"]

Array = NDArray[np.float64]

UMA_FROM_GHZ = 6.0  # notes to the table: below these frequencies the values at them hold
UMI_FROM_GHZ = 2.0
TURNS = 3  # of the circle: the widest spread, 200 degrees, is wrapped to better than 1e-6


@dataclass(frozen=True, slots=True)
class _Spread:
    """One column of the table: lg of the azimuth spread of arrival at 1 GHz, its slope per decade, K."""

    log_deg: float
    slope: float
    of_one_plus: bool
    from_ghz: float
    k_db: float = -math.inf

    def width_deg(self, freq_ghz: Array) -> Array:
        held_ghz = np.maximum(freq_ghz, self.from_ghz)
        return np.asarray(10 ** (self.log_deg + self.slope * np.log10(held_ghz + self.of_one_plus)), np.float64)


# TR 38.901 v16.1.0, table 7.5-6: mu_lgASA and mu_K
_TABLE = {
    ("UMa", True): _Spread(1.81, 0.0, False, UMA_FROM_GHZ, 9.0),
    ("UMa", False): _Spread(2.08, -0.27, False, UMA_FROM_GHZ),
    ("UMi", True): _Spread(1.73, -0.08, True, UMI_FROM_GHZ, 9.0),
    ("UMi", False): _Spread(1.81, -0.08, True, UMI_FROM_GHZ),
    ("RMa", True): _Spread(1.52, 0.0, False, 0.0, 7.0),
    ("RMa", False): _Spread(1.52, 0.0, False, 0.0),
}


def facade_share_db(environment: str, clear: bool, freq_mhz: ArrayLike, turned_deg: ArrayLike) -> Array:
    """Scattered power that arrives at a façade, over all the power at that place.

    Parameters
    ----------
    environment : {"UMa", "UMi", "RMa"}
        Scenario of TR 38.901.
    clear : bool
        Whether the path to the mast is in line of sight, were the building not there.
    freq_mhz : array_like, shape (...)
        [MHz]
    turned_deg : array_like, broadcastable
        Angle between the bearing to the mast and the way the façade looks: 0 towards the mast, 180 away. [deg]

    Returns
    -------
    ndarray, shape (...)
        At most 0. [dB]

    Raises
    ------
    OutOfRangeError
        If there is no such scenario.

    References
    ----------
    TR 38.901 v16.1.0, table 7.5-6 (medians) and §7.5 step 7 (wrapped Gaussian, eq. 7.5-9). With line of sight the
    table's width is that of straight and scattered power together, so the scattered part is wider by √(1 + K). That
    a façade gets the half circle before it is ours.
    """
    one_plus_k = _one_plus_k(environment, clear)
    turned = np.asarray(turned_deg, np.float64)
    share = _half_circle(scattered_width_deg(environment, clear, freq_mhz), turned)
    return np.asarray(10 * np.log10(share / one_plus_k), np.float64)


def scattered_width_deg(environment: str, clear: bool, freq_mhz: ArrayLike) -> Array:
    """Standard deviation over azimuth of the scattered power about the bearing to the mast.

    Parameters, raises and source as for `facade_share_db`.

    Returns
    -------
    ndarray, shape (...)
        [deg]
    """
    one_plus_k = _one_plus_k(environment, clear)
    return _TABLE[environment, clear].width_deg(np.asarray(freq_mhz, np.float64) / 1e3) * math.sqrt(one_plus_k)


def concentration(width_deg: ArrayLike, bearing_deg: ArrayLike, seen_deg: ArrayLike) -> Array:
    """Scattered power from one azimuth before a façade over that of a half circle alike from all sides, 1 or more.

    Less than 1 counts as 1 (assumed): the table's medians do not say that nothing stands to the other side.

    Parameters
    ----------
    width_deg : array_like, shape (...)
        Of `scattered_width_deg`. [deg]
    bearing_deg : array_like, broadcastable
        Bearing to the mast from the way the façade looks, with its sign, −180 to 180. [deg]
    seen_deg : array_like, broadcastable
        The azimuth asked for, with the same sign, −90 to 90. [deg]

    Returns
    -------
    ndarray, shape (...)
        [1]
    """
    width = np.asarray(width_deg, np.float64)
    bearing = np.asarray(bearing_deg, np.float64)
    off = np.asarray(seen_deg, np.float64) - bearing
    dense = sum(np.exp(-(((off + 360 * turn) / width) ** 2) / 2) for turn in range(-TURNS, TURNS + 1))
    dense = dense / (width * math.sqrt(2 * math.pi))
    return np.asarray(np.maximum(180 * dense / _half_circle(width, bearing), 1.0), np.float64)


def _one_plus_k(environment: str, clear: bool) -> float:
    """All power over the scattered power, or an error that says what scenarios there are."""
    if (environment, clear) not in _TABLE:
        known = ", ".join(sorted({name for name, _ in _TABLE}))
        raise OutOfRangeError(f"no scenario {environment!r} in TR 38.901 for masts (there are {known}); choose one")
    return 1 + 10 ** (_TABLE[environment, clear].k_db / 10)


def _half_circle(width_deg: Array, turned_deg: Array) -> Array:
    """Share of a wrapped Gaussian in the half circle before a façade."""
    share = sum(
        ndtr((turned_deg + 90 + 360 * turn) / width_deg) - ndtr((turned_deg - 90 + 360 * turn) / width_deg)
        for turn in range(-TURNS, TURNS + 1)
    )
    return np.asarray(share, np.float64)
