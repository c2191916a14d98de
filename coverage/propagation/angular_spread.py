"""How much of a mast's field reaches a façade that does not look at the mast.

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

from quietwing.sites.errors import OutOfRangeError

__all__ = ["facade_share_db"]

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
    if (environment, clear) not in _TABLE:
        known = ", ".join(sorted({name for name, _ in _TABLE}))
        raise OutOfRangeError(f"no scenario {environment!r} in TR 38.901 for masts (there are {known}); choose one")
    spread = _TABLE[environment, clear]
    one_plus_k = 1 + 10 ** (spread.k_db / 10)
    width_deg = spread.width_deg(np.asarray(freq_mhz, np.float64) / 1e3) * math.sqrt(one_plus_k)
    turned = np.asarray(turned_deg, np.float64)
    share = sum(
        ndtr((turned + 90 + 360 * turn) / width_deg) - ndtr((turned - 90 + 360 * turn) / width_deg)
        for turn in range(-TURNS, TURNS + 1)
    )
    return np.asarray(10 * np.log10(share / one_plus_k), np.float64)
