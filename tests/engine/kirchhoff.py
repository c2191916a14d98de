"""The field behind a rectangular opening by Rayleigh and Sommerfeld's integral over a fine grid: slow and exact."""

import functools

import numpy as np

LIGHT_M_PER_US = 299.792458
AZIMUTHS = 240


def power_behind(
    size_m, depth_m, across_m, up_m, freq_mhz, width_deg=np.inf, bearing_deg=0.0, elevations_deg=0.0
) -> float:
    """Power at a place over that before the opening: plane waves from a half circle of azimuths, independent.

    ``across_m`` grows to the side of positive azimuths; the waves' powers are a wrapped Gaussian about `bearing_deg`,
    alike from all sides without a width, and a Laplacian over elevation, level without `elevations_deg`.
    """
    return float(weights(width_deg, bearing_deg) @ _powers(size_m, depth_m, across_m, up_m, freq_mhz, elevations_deg))


@functools.cache
def _powers(size_m, depth_m, across_m, up_m, freq_mhz, elevations_deg):
    """Power at a place over that before the opening for each azimuth of the waves, mean over their elevations."""
    wave_m = LIGHT_M_PER_US / freq_mhz
    k = 2 * np.pi / wave_m
    steps = [int(np.ceil(side * 8 / wave_m)) for side in size_m]
    x, z = (((np.arange(n) + 0.5) / n - 0.5) * side for n, side in zip(steps, size_m, strict=True))
    away_m = np.sqrt(depth_m**2 + (across_m - x[:, None]) ** 2 + (up_m - z) ** 2)
    # 1/(2 pi) u (d / R) (1/R - jk) exp(jkR) / R over the opening: the first Rayleigh-Sommerfeld solution
    kernel = depth_m / away_m * (1 / away_m - 1j * k) * np.exp(1j * k * away_m) / away_m / (2 * np.pi)
    kernel = kernel * (size_m[0] / steps[0]) * (size_m[1] / steps[1])
    azimuth = ((np.arange(AZIMUTHS) + 0.5) / AZIMUTHS - 0.5) * np.pi
    risen = np.radians(np.arange(-56, 57, 4.0)) if elevations_deg else np.zeros(1)
    likely = np.exp(-np.sqrt(2) * np.abs(np.degrees(risen)) / elevations_deg) if elevations_deg else np.ones(1)
    powers = np.zeros(AZIMUTHS)
    for rise, share in zip(risen, likely / likely.sum(), strict=True):
        columns = kernel @ np.exp(1j * k * np.sin(rise) * z)
        field = np.exp(1j * k * np.cos(rise) * np.outer(np.sin(azimuth), x)) @ columns
        powers += share * np.abs(field) ** 2
    return powers


def flux(width_deg=np.inf, bearing_deg=0.0) -> float:
    """Share of the power that flows through the plane of the opening."""
    azimuth = ((np.arange(AZIMUTHS) + 0.5) / AZIMUTHS - 0.5) * np.pi
    return float(weights(width_deg, bearing_deg) @ np.cos(azimuth))


def weights(width_deg, bearing_deg):
    """Powers of the waves, 1 in all."""
    azimuth_deg = ((np.arange(AZIMUTHS) + 0.5) / AZIMUTHS - 0.5) * 180
    power = sum(np.exp(-(((azimuth_deg - bearing_deg + 360 * turn) / width_deg) ** 2) / 2) for turn in range(-4, 5))
    return power / power.sum()
