"""Compiled recursion through a stack of layers, both polarisations at once; `slab` checks and converts.

Arrays of layers have the far side first and one value for each of ``at``: a frequency, or a place of its own. Complex
numbers are kept in two parts, the real one first, and loops over ``at`` call nothing: compilers then work out several
at a time. No fast-math flag: order and rounding are those of the source.
"""
# mypy: ignore-errors

import math
from typing import NamedTuple

import numpy as np

from quietwing.coverage.compiling import HELPER, KERNEL, njit

BLOCK = 128  # of `at` whose waves stand in memory together
ROWS = 20  # of what is worked with
# A number this large has no fraction left: what is added to it is rounded, and its last bits are the whole number.
WHOLE = 1.5 * 2.0**52
MANTISSA_BITS, EXPONENT_OF_ONE = 52, 1023
LEAST_EXPONENT = -700.0  # of e: less is nothing
OCTAVES_PER_NEPER, QUARTERS_PER_RADIAN = 1 / math.log(2), 2 / math.pi
# ln 2 and π/2 in parts: a whole number times the first is exact, so that nothing of the rest is lost
LN_2 = float.fromhex("0x1.62e42feep-1"), float.fromhex("0x1.a39ef35793c76p-33")
HALF_PI = (
    float.fromhex("0x1.921fb544p0"),
    float.fromhex("0x1.0b4611a6p-34"),
    float.fromhex("0x1.3198a2e037073p-69"),
)
SERIES = tuple(1 / math.factorial(n) for n in range(17))  # Taylor: the next term is below the last bit


class Media(NamedTuple):
    """Layers before any wave is in them (part, layer, at), the last one the air where the wave comes from.

    1 / permittivity, its root, 1 / root, wavenumber × thickness × root.
    """

    over: np.ndarray
    root: np.ndarray
    under: np.ndarray
    depth: np.ndarray


@njit(**HELPER)
def _exp(x):
    """e to the power of x, which is 0 or negative: the power of 2 in it is left to `_powers_of_2`.

    Returns the rest, from 1/√2 to √2, and the whole number as the last bits of a float.
    """
    whole = max(x, LEAST_EXPONENT) * OCTAVES_PER_NEPER + WHOLE
    octaves = whole - WHOLE
    r = (max(x, LEAST_EXPONENT) - octaves * LN_2[0]) - octaves * LN_2[1]
    s = SERIES
    low = 1 + r * (1 + r * (s[2] + r * (s[3] + r * (s[4] + r * (s[5] + r * s[6])))))
    high = s[7] + r * (s[8] + r * (s[9] + r * (s[10] + r * (s[11] + r * (s[12] + r * s[13])))))
    cube = r * r * r
    return low + cube * cube * r * high, whole


@njit(**HELPER)
def _odd(whole):
    """1 for odd whole numbers, 0 for even ones."""
    return whole - 2 * np.floor(0.5 * whole)


@njit(**HELPER)
def _cosine_and_sine(x):
    quarters = np.floor(x * QUARTERS_PER_RADIAN + 0.5)
    r = ((x - quarters * HALF_PI[0]) - quarters * HALF_PI[1]) - quarters * HALF_PI[2]
    q, s = r * r, SERIES
    sine = s[9] - q * (s[11] - q * (s[13] - q * s[15]))
    sine = r - r * q * (s[3] - q * (s[5] - q * (s[7] - q * sine)))
    cosine = s[8] - q * (s[10] - q * (s[12] - q * (s[14] - q * s[16])))
    cosine = 1 - q * (s[2] - q * (s[4] - q * (s[6] - q * cosine)))
    crossed = _odd(quarters) > 0
    below_0 = _odd(np.floor(0.5 * (quarters + 1))), _odd(np.floor(0.5 * quarters))
    return (1 - 2 * below_0[0]) * (sine if crossed else cosine), (1 - 2 * below_0[1]) * (cosine if crossed else sine)


@njit(**HELPER)
def _powers_of_2(octaves, count):
    """Turn whole numbers, as `_exp` leaves them, into powers of 2 in place."""
    bits = octaves.view(np.int64)
    for w in range(count):
        bits[w] = (bits[w] + EXPONENT_OF_ONE) << MANTISSA_BITS


@njit(**HELPER)
def _times(a, a_im, b, b_im):
    return a * b - a_im * b_im, a * b_im + a_im * b


@njit(**HELPER)
def _reciprocal(a, a_im):
    share = 1 / (a * a + a_im * a_im)
    return a * share, -a_im * share


@njit(**HELPER)
def _meet(on, on_im, back, back_im, ratio, ratio_im):
    """Forward and backward wave on the near side of an interface, before the phase of the layer there."""
    a, a_im = _times(on, on_im, 1 + ratio, ratio_im)
    b, b_im = _times(back, back_im, 1 - ratio, -ratio_im)
    c, c_im = _times(on, on_im, 1 - ratio, -ratio_im)
    d, d_im = _times(back, back_im, 1 + ratio, ratio_im)
    return a + b, a_im + b_im, c + d, c_im + d_im


@njit(**HELPER)
def _find_phases(media, layer, first, count, waves):
    """What both polarisations have in common in a layer, into the last rows of `waves`."""
    over, over_im = media.over[0, layer], media.over[1, layer]
    depth, depth_im = media.depth[0, layer], media.depth[1, layer]
    grown, sin2, inner, inner_im = waves[12], waves[13], waves[14], waves[15]
    cosine, sine, decay, octaves = waves[16], waves[17], waves[18], waves[19]
    for w in range(count):
        at = first + w
        # Snell's law; x is above 0, for no permittivity of a material is less than that of air
        x, y = 1 - sin2[w] * over[at], -sin2[w] * over_im[at]
        inner[w] = math.sqrt(0.5 * (math.sqrt(x * x + y * y) + x))
        inner_im[w] = 0.5 * y / inner[w]
        phase, phase_im = _times(depth[at], depth_im[at], inner[w], inner_im[w])
        c, s = _cosine_and_sine(phase)
        cosine[w], sine[w] = 0.5 * c, 0.5 * s
        decay[w], octaves[w] = _exp(2 * phase_im)  # the imaginary part is 0 or negative
        grown[w] -= phase_im
    _powers_of_2(octaves, count)
    for w in range(count):
        decay[w] *= octaves[w]


@njit(**HELPER)
def _pass_one(wave, phase, across, beyond, layer, first, count):
    """Take the waves of one polarisation through a layer; across it stands its cosine times `across`."""
    on, on_im, back, back_im, y, y_im = wave
    inner, inner_im, cosine, sine, decay = phase
    near, near_im, far, far_im = across[0, layer], across[1, layer], beyond[0, layer], beyond[1, layer]
    for w in range(count):
        at = first + w
        ratio, ratio_im = _times(y[w], y_im[w], *_times(*_reciprocal(inner[w], inner_im[w]), far[at], far_im[at]))
        c, c_im, d, d_im = _meet(on[w], on_im[w], back[w], back_im[w], ratio, ratio_im)
        on[w], on_im[w] = _times(cosine[w], sine[w], c, c_im)
        back[w], back_im[w] = _times(decay[w] * cosine[w], -decay[w] * sine[w], d, d_im)
        y[w], y_im[w] = _times(inner[w], inner_im[w], near[at], near_im[at])


@njit(**HELPER)
def _pass_all(media, first, count, cos, waves):
    """A_0 and B_0 of TE, A_0 and B_0 of TM into the first rows of `waves`, the growth all lack into row 12.

    Across the layers stands an admittance (TE: cosine × root) or an impedance (TM: cosine / root); Y of P.2040 is a
    ratio of two of these. A product is quicker than a quotient.
    """
    waves[:] = 0
    te = waves[0], waves[1], waves[2], waves[3], waves[8], waves[9]
    tm = waves[4], waves[5], waves[6], waves[7], waves[10], waves[11]
    for w in range(count):
        te[0][w] = tm[0][w] = 1
        te[4][w] = tm[4][w] = cos[w]  # across the medium beyond: air
        waves[13, w] = 1 - cos[w] * cos[w]
    phase = waves[14], waves[15], waves[16], waves[17], waves[18]
    last = media.over.shape[1] - 1
    for layer in range(last + 1):
        if layer < last:
            _find_phases(media, layer, first, count, waves)
        else:  # air before the first layer
            for w in range(count):
                phase[0][w], phase[1][w], phase[2][w], phase[3][w], phase[4][w] = cos[w], 0, 0.5, 0, 1
        _pass_one(te, phase, media.root, media.under, layer, first, count)
        _pass_one(tm, phase, media.under, media.root, layer, first, count)


@njit(**KERNEL)
def amplitudes(media, cos, found, grown):
    """A_0 and B_0 of TE, A_0 and B_0 of TM of each place into `found` (at, 4), the growth they lack into `grown`."""
    waves = np.empty((ROWS, BLOCK))
    for first in range(0, len(cos), BLOCK):
        count = min(BLOCK, len(cos) - first)
        _pass_all(media, first, count, cos[first:], waves)
        for w in range(count):
            for number in range(4):
                found[first + w, number] = complex(waves[2 * number, w], waves[2 * number + 1, w])
            grown[first + w] = waves[12, w]


@njit(**KERNEL)
def mean_power(media, cos, steps, power):
    """Mean |T|² of both polarisations and of `steps` neighbouring frequencies, into `power` (cos, frequency)."""
    waves, every, same = np.empty((ROWS, BLOCK)), np.empty(steps * power.shape[1]), np.empty(BLOCK)
    te, te_im, tm, tm_im, grown, octaves = waves[0], waves[1], waves[4], waves[5], waves[12], waves[19]
    for number in range(len(cos)):
        same[:] = cos[number]
        for first in range(0, len(every), BLOCK):
            count = min(BLOCK, len(every) - first)
            _pass_all(media, first, count, same, waves)
            for w in range(count):
                grown[w], octaves[w] = _exp(-2 * grown[w])
            _powers_of_2(octaves, count)
            for w in range(count):
                both = 1 / (te[w] * te[w] + te_im[w] * te_im[w]) + 1 / (tm[w] * tm[w] + tm_im[w] * tm_im[w])
                every[first + w] = grown[w] * octaves[w] * both
        for freq in range(power.shape[1]):
            total = 0.0
            for at in range(freq * steps, (freq + 1) * steps):
                total += every[at]
            power[number, freq] = total / (2 * steps)
