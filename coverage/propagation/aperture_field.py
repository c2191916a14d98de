"""What scatter brings to a place behind an opening, over what arrives before it.

Two parts, added as powers. The field of the opening itself: plane waves from the half circle of azimuths before the
façade, each bent at the opening's four edges, their powers added. And a diffuse floor: what enters is reflected by
walls, floor and ceiling and fills the room evenly (Sabine).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quietwing.coverage.propagation._aperture_kernels import Behind, mean_power
from quietwing.coverage.propagation._threads import in_parts
from quietwing.coverage.propagation.free_space import wavelength_m

__all__ = ["ELEVATIONS_DEG", "HALF_CIRCLE_FLUX", "aperture_share", "diffuse_share"]

Array = NDArray[np.float64]

IN_THE_OPENING_M = 0.1  # a phone held in a window, assumption A5: it has the level of the opening's plane
AZIMUTHS = 60  # of the half circle, every 3 degrees: within 0.3 dB of 720 where the sum is above -20 dB
FREQ_STEP = 1.05  # powers are worked out at frequencies so far apart (assumed), the nearest one counts
FIRST_MHZ = 300.0
ELEVATIONS_DEG = 10**1.01  # TR 38.901 v16.1.0, table 7.5-6, mu_lgZSA of UMa and UMi from outdoors to indoors
HALF_CIRCLE_FLUX = 2 / np.pi  # mean of cos over the half circle: what of the power flows through the opening
ROUNDED_MM = 1e3  # places are told apart by the millimetre: cells alike are worked out once


def aperture_share(
    size_m: ArrayLike,
    depth_m: ArrayLike,
    across_m: ArrayLike,
    up_m: ArrayLike,
    freq_mhz: ArrayLike,
    elevations_deg: float = ELEVATIONS_DEG,
) -> Array:
    """Power at places behind rectangular openings over the power before them, mean of a half circle of azimuths.

    As many waves arrive from each azimuth and are independent of one another. Where more of them would pass between
    sill and head by their spread in elevation (a Laplacian about the level, rays alone) than of level waves bent
    there, those count: the larger of the two (assumed). A place in the opening, at most 0.1 m behind it and within
    its edges, has all of it; one before its plane nothing.

    Parameters
    ----------
    size_m : array_like, shape (place, 2)
        Width and height of the opening. [m]
    depth_m, across_m, up_m : array_like, shape (place,)
        Behind its plane, beside its middle and above it. [m]
    freq_mhz : array_like, shape (freq,)
        [MHz]
    elevations_deg : float
        Standard deviation of the elevations, 0 for level waves alone. [deg]

    Returns
    -------
    ndarray, shape (place, freq)
        From 0 to 1. [1]

    References
    ----------
    Rec. ITU-R P.526-15, §5.2.1.1 (rectangular aperture by Fresnel integrals, in width and height apart), with the
    parameter v of §4.1 from the true path difference (2 √(Δd/λ)) for waves at any azimuth, and each edge's wave by
    Rayleigh and Sommerfeld's integral at its end point, so that it holds away from the axis too. Fresnel's
    integrals: Abramowitz and Stegun, eqs 7.3.32 and 7.3.33 (to 0.002).
    """
    place_mm = np.rint(np.abs(np.column_stack([size_m, across_m, up_m])) * ROUNDED_MM).astype(np.int64)
    depth_mm = np.rint(np.asarray(depth_m, np.float64) * ROUNDED_MM).astype(np.int64)
    width, height, across, up = place_mm.T
    held = (np.abs(depth_mm) <= IN_THE_OPENING_M * ROUNDED_MM) & (2 * across <= width) & (2 * up <= height)
    step = np.rint(np.log(np.asarray(freq_mhz, np.float64) / FIRST_MHZ) / np.log(FREQ_STEP)).astype(np.int64)
    steps, freq = np.unique(step, return_inverse=True)
    found = np.zeros((len(depth_mm), len(steps)))
    found[held] = 1.0
    at = np.flatnonzero((depth_mm > 0) & ~held)
    if len(at):
        key = np.zeros(len(at), np.int64)
        columns = [column[at] for column in (width, height, depth_mm, across, up)]
        for column in columns:
            key = np.unique(key, return_inverse=True)[1].astype(np.int64) * (int(column.max()) + 1) + column
        _, one, alike = np.unique(key, return_index=True, return_inverse=True)
        behind = Behind(*(column[one] / ROUNDED_MM for column in columns))
        power, waves_m = np.empty((len(one), len(steps))), wavelength_m(FIRST_MHZ * FREQ_STEP**steps)
        decay = float(np.radians(elevations_deg)) / np.sqrt(2)
        in_parts(lambda first, end: mean_power(behind, waves_m, AZIMUTHS, decay, first, end, power), len(one))
        found[at] = np.minimum(power, 1.0)[alike]
    return found[:, freq]


def diffuse_share(opening_m2: ArrayLike, surface_m2: ArrayLike, returned: ArrayLike) -> Array:
    """Power of the diffuse field in a room over the power before its opening, if all of that came along the normal.

    What enters is P = S·A_o. Walls, floor and ceiling of area A return the share ρ of what meets them, so that
    P·ρ enters the diffuse field and A·(1 − ρ) absorbs it: S_d = 4 P ρ / (A (1 − ρ)). Where the field arrives from
    a half circle alike, 2/π of it flows through the opening.

    Parameters
    ----------
    opening_m2, surface_m2 : array_like
        Area of the opening and of all surfaces of the room. [m²]
    returned : array_like
        ρ, mean over the surfaces, at least 0, below 1. [1]

    Returns
    -------
    ndarray
        At most 1. [1]

    References
    ----------
    Steady state of a diffuse field with energy density 4P/(cA): H. Kuttruff, Room Acoustics, chapter 5. For radio
    waves: D. A. Hill et al., "Aperture excitation of electrically large, lossy cavities", IEEE Trans. EMC 36 (3),
    1994.
    """
    share = np.asarray(returned, np.float64)
    filled = 4 * np.asarray(opening_m2, np.float64) / np.asarray(surface_m2, np.float64) * share / (1 - share)
    return np.minimum(filled, 1.0)
