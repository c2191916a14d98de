"""Over hills and valleys from a terrain profile: the Irregular Terrain Model of Longley and Rice, by `itmlogic`.

`itmlogic` is the extra ``terrain``; nothing of it is imported before a loss is asked for.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quietwing.coverage.propagation.model_range import above, between, within
from quietwing.sites import OutOfRangeError

__all__ = ["CLIMATES", "RadioClimate", "irregular_terrain_loss_db", "profile_height_m"]

RadioClimate = Literal[
    "equatorial",
    "continental_subtropical",
    "maritime_subtropical",
    "desert",
    "continental_temperate",
    "maritime_temperate_land",
    "maritime_temperate_sea",
]
CLIMATES: tuple[RadioClimate, ...] = (
    "equatorial",
    "continental_subtropical",
    "maritime_subtropical",
    "desert",
    "continental_temperate",
    "maritime_temperate_land",
    "maritime_temperate_sea",
)

NAME = "ITM"
FREQ_MHZ = (20.0, 20_000.0)
TERMINAL_M = (0.5, 3000.0)
SEA_LEVEL_N = (250.0, 400.0)
SURFACE_N_LEAST = 250.0
LEAST_POINTS = 3
MOST_POINTS = 100_000
MOST_KM = 2000.0
M_PER_KM = 1e3
SCALE_HEIGHT_M = 9460.0  # refractivity falls by e over this height
PROFILE_MARGIN = 0.1  # the mean height is taken over the middle 80 % of the profile
SINGLE_MESSAGE_NO_PLACES = 12  # mode of variability: mobile, without location variability


def irregular_terrain_loss_db(
    freq_mhz: float,
    ground_m: ArrayLike,
    spacing_m: float,
    h_tx_m: float,
    h_rx_m: float,
    *,
    vertical: bool,
    climate: RadioClimate = "maritime_temperate_land",
    permittivity: float = 15.0,
    conductivity_s_per_m: float = 0.008,
    refractivity_n: float = 301.0,
    time: float = 0.5,
    location: float = 0.5,
    situation: float = 0.5,
    variability: int = SINGLE_MESSAGE_NO_PLACES,
) -> float:
    """Basic transmission loss over one terrain profile, not exceeded for the shares of time, places, situations.

    Parameters
    ----------
    freq_mhz : float
        Frequency, 20 to 20,000. [MHz]
    ground_m : array_like, shape (point,)
        Height of the ground above the sea from transmitter to receiver, at equal steps, 3 points or more. [m]
    spacing_m : float
        Step along the profile, above 0. [m]
    h_tx_m, h_rx_m : float
        Heights of the antennas above the ground, 0.5 to 3000. [m]
    vertical : bool
        Polarisation: vertical or horizontal.
    climate : str
        One of `CLIMATES`; Britain is maritime temperate over land.
    permittivity : float
        Relative permittivity of the ground, above 1. [1]
    conductivity_s_per_m : float
        Conductivity of the ground, above 0. [S/m]
    refractivity_n : float
        Surface refractivity reduced to the sea, 250 to 400. [N-units]
    time, location, situation : float
        Shares, above 0 and below 1. [1]
    variability : int
        Mode of variability as ITM numbers it: 0 to 3, + 10 without location variability, + 20 without situation
        variability.

    Returns
    -------
    float
        Loss between isotropic antennas. [dB]

    Raises
    ------
    OutOfRangeError
        If a value is outside its range, or the model says that it does not hold.
    ModuleNotFoundError
        If the extra ``terrain`` is not installed.

    References
    ----------
    G. A. Hufford, "The ITS Irregular Terrain Model, version 1.2.2: The Algorithm", NTIA; computed by itmlogic 1.2
    (MIT). On paths with line of sight itmlogic 1.2 takes the last but one point of the profile for the ground under
    the receiver.
    """
    ground = np.asarray(ground_m, np.float64)
    if ground.ndim != 1 or not LEAST_POINTS <= len(ground) <= MOST_POINTS:
        raise OutOfRangeError(
            f"a profile of shape {ground.shape} ({NAME} takes {LEAST_POINTS} to {MOST_POINTS:,} points in a row); "
            f"sample the ground along the path at equal steps"
        )
    if not np.isfinite(ground).all():
        raise OutOfRangeError("a profile with heights that are no numbers; fill the gaps of the terrain model")
    if climate not in CLIMATES:
        raise OutOfRangeError(f"climate {climate!r} (known: {', '.join(CLIMATES)}); choose one of these")
    if variability % 10 > 3 or not 0 <= variability <= 33:
        raise OutOfRangeError(f"mode of variability {variability} (known: 0 to 3, + 10, + 20); choose one of these")
    freq = float(within(freq_mhz, FREQ_MHZ, "frequency", "MHz", NAME))
    step_m = float(above(spacing_m, 0.0, "step of the profile", "m", NAME))
    within(step_m * (len(ground) - 1) / M_PER_KM, (0.0, MOST_KM), "length of the path", "km", NAME)
    heights_m = [float(within(h, TERMINAL_M, "height of an antenna", "m", NAME)) for h in (h_tx_m, h_rx_m)]
    eps = float(above(permittivity, 1.0, "permittivity", "", NAME))
    sigma = float(above(conductivity_s_per_m, 0.0, "conductivity", "S/m", NAME))
    sea_level_n = float(within(refractivity_n, SEA_LEVEL_N, "refractivity", "N-units", NAME))
    shares = [float(between(share, (0.0, 1.0), "share", "", NAME)) for share in (time, location, situation)]
    surface_n = sea_level_n * float(np.exp(-profile_height_m(ground) / SCALE_HEIGHT_M))
    above(surface_n, SURFACE_N_LEAST, "refractivity at the height of the path", "N-units", NAME)
    # Of the extra `terrain`, which need not be installed.
    from quietwing.coverage.propagation.by_itmlogic import itm_loss_db

    return itm_loss_db(
        freq, ground, step_m, heights_m, int(vertical), CLIMATES.index(climate) + 1, eps, sigma, surface_n, shares,
        variability,
    )  # fmt: skip


def profile_height_m(ground_m: NDArray[np.float64]) -> float:
    """Mean height of the middle 80 % of a profile, to which refractivity is reduced.

    Parameters
    ----------
    ground_m : ndarray, shape (point,)
        Heights from end to end. [m]

    Returns
    -------
    float
        Height. [m]
    """
    steps = len(ground_m) - 1
    margin = int(PROFILE_MARGIN * steps)
    return float(np.mean(ground_m[margin : steps - margin + 1]))
