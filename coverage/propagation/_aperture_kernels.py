"""Compiled loop of the field behind a rectangular opening. `aperture_field` converts; nothing is checked here.

No fast-math flag: order and rounding are those of the source, so a place's answer does not depend on the others asked
with it.
"""
# mypy: ignore-errors

import math
from typing import NamedTuple

import numpy as np

from quietwing.coverage.compiling import HELPER, KERNEL, njit

GRAZING = 1e-3  # argument of the Fresnel integral below which a ray meets the edge and needs no correction


class Behind(NamedTuple):
    """Places behind openings, each array of shape (place,). [m]"""

    width_m: np.ndarray
    height_m: np.ndarray
    depth_m: np.ndarray
    across_m: np.ndarray
    up_m: np.ndarray


@njit(**HELPER)
def _past_edge(away_m, offset_m, sine, cosine, wavelength_m):
    """Field of all that lies beyond one edge, over the free field: real and imaginary part.

    `away_m` is the distance from the plane, `offset_m` how far the place lies within the edge, sine and cosine those
    of the arriving wave's angle.
    """
    ray_m = math.sqrt(away_m * away_m + offset_m * offset_m)
    longer_m = max(ray_m - offset_m * sine - away_m * cosine, 0.0)
    v = 2.0 * math.sqrt(longer_m / wavelength_m)
    f = (1.0 + 0.926 * v) / (2.0 + v * (1.792 + v * 3.104))
    g = 1.0 / (2.0 + v * (4.142 + v * (3.492 + v * 6.670)))
    size = 0.5
    if v > GRAZING:  # the edge's wave at its true angle and distance, not those near the shadow's line
        size *= math.sqrt(2.0 * longer_m / ray_m) * away_m / abs(sine * ray_m - offset_m)
    phase = 2.0 * math.pi / wavelength_m * longer_m
    c, s = math.cos(phase), math.sin(phase)
    real, imaginary = size * ((g + f) * c - (f - g) * s), size * ((g + f) * s + (f - g) * c)
    if offset_m * cosine > away_m * sine:  # the ray itself passes
        return 1.0 - real, -imaginary
    return real, imaginary


@njit(**HELPER)
def _less_than(angle, decay):
    """Share of a Laplacian about 0 between 0 and an angle, with its sign."""
    share = 0.5 * (1.0 - math.exp(-abs(angle) / decay))
    return share if angle > 0 else -share


@njit(**KERNEL)
def mean_power(behind, wavelength_m, steps, decay, first, end, power):
    """Write the mean over the half circle of azimuths into ``power[first:end]``, shape (place, freq).

    `decay` is that of the elevations in radians, 0 for level waves alone.
    """
    sines, cosines, spread = np.empty(steps), np.empty(steps), np.zeros(steps)
    for step in range(steps):
        angle = ((step + 0.5) / steps - 0.5) * math.pi
        sines[step], cosines[step] = math.sin(angle), math.cos(angle)
    for at in range(first, end):
        half_width_m, half_height_m = behind.width_m[at] / 2, behind.height_m[at] / 2
        depth_m, across_m, up_m = behind.depth_m[at], behind.across_m[at], behind.up_m[at]
        for step in range(steps if decay > 0 else 0):
            upper = math.atan2((up_m + half_height_m) * cosines[step], depth_m)
            lower = math.atan2((up_m - half_height_m) * cosines[step], depth_m)
            spread[step] = _less_than(upper, decay) - _less_than(lower, decay)
        for band in range(len(wavelength_m)):
            wave_m, total = wavelength_m[band], 0.0
            for step in range(steps):
                sine, cosine = sines[step], cosines[step]
                a, b = _past_edge(depth_m, across_m + half_width_m, sine, cosine, wave_m)
                c, d = _past_edge(depth_m, across_m - half_width_m, sine, cosine, wave_m)
                horizontal = (a - c) ** 2 + (b - d) ** 2
                a, b = _past_edge(depth_m / cosine, up_m + half_height_m, 0.0, 1.0, wave_m)
                c, d = _past_edge(depth_m / cosine, up_m - half_height_m, 0.0, 1.0, wave_m)
                total += horizontal * max((a - c) ** 2 + (b - d) ** 2, spread[step])
            power[at, band] = total / steps
