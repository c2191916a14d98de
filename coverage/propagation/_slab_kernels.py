"""Compiled recursion through a stack of layers, both polarisations at once; `slab` checks and converts.

Arrays of layers have the far side first and one value for each of ``at``: a frequency, or a place of its own.
No fast-math flag: order and rounding are those of the source.
"""
# mypy: ignore-errors

import math
from typing import NamedTuple

import numpy as np

from quietwing.coverage.compiling import njit

KERNEL = {"nogil": True, "cache": True, "error_model": "numpy"}


class Media(NamedTuple):
    """Layers before any wave is in them (layer, at): 1 / permittivity, its root, wavenumber × thickness × root."""

    over: np.ndarray
    root: np.ndarray
    depth: np.ndarray


@njit(**KERNEL)
def _reciprocal(real, imag):
    share = 1 / (real * real + imag * imag)
    return complex(real * share, -imag * share)


@njit(**KERNEL)
def _amplitudes(media, at, cos):
    """A_0 and B_0 of TE, A_0 and B_0 of TM, and the exponent of the growth that all lack.

    Across the layers stands an admittance (TE: cosine × root) or an impedance (TM: cosine / root); Y of P.2040 is a
    ratio of two of these. A product is quicker than a quotient.
    """
    over, root, depth = media
    te, tm = complex(cos, 0.0), complex(cos, 0.0)  # across the medium beyond: air
    te_on, tm_on = complex(1.0, 0.0), complex(1.0, 0.0)  # forward
    te_back, tm_back = complex(0.0, 0.0), complex(0.0, 0.0)
    grown, sin2 = 0.0, 1 - cos * cos
    for layer in range(len(over)):
        here = root[layer, at]
        under = _reciprocal(here.real, here.imag)
        # Snell's law; x is above 0, for no permittivity of a material is less than that of air
        x, y = 1 - sin2 * over[layer, at].real, -sin2 * over[layer, at].imag
        real = math.sqrt(0.5 * (math.sqrt(x * x + y * y) + x))
        inside = complex(real, 0.5 * y / real)
        secant = _reciprocal(inside.real, inside.imag)
        phase = depth[layer, at] * inside
        half_cos, half_sin = 0.5 * math.cos(phase.real), 0.5 * math.sin(phase.real)
        decay = math.exp(2 * phase.imag)  # the imaginary part is 0 or negative
        onward, backward = complex(half_cos, half_sin), complex(decay * half_cos, -decay * half_sin)
        ratio = te * (secant * under)
        te_on, te_back = (
            onward * (te_on * (1 + ratio) + te_back * (1 - ratio)),
            backward * (te_on * (1 - ratio) + te_back * (1 + ratio)),
        )
        ratio = tm * (secant * here)
        tm_on, tm_back = (
            onward * (tm_on * (1 + ratio) + tm_back * (1 - ratio)),
            backward * (tm_on * (1 - ratio) + tm_back * (1 + ratio)),
        )
        te, tm = inside * here, inside * under
        grown -= phase.imag
    te_ratio, tm_ratio = te / cos, tm / cos
    return (
        0.5 * (te_on * (1 + te_ratio) + te_back * (1 - te_ratio)),
        0.5 * (te_on * (1 - te_ratio) + te_back * (1 + te_ratio)),
        0.5 * (tm_on * (1 + tm_ratio) + tm_back * (1 - tm_ratio)),
        0.5 * (tm_on * (1 - tm_ratio) + tm_back * (1 + tm_ratio)),
        grown,
    )


@njit(**KERNEL)
def amplitudes(media, cos, found, grown):
    """`_amplitudes` of each place, into `found` (at, 4) and `grown` (at)."""
    for at in range(len(cos)):
        found[at, 0], found[at, 1], found[at, 2], found[at, 3], grown[at] = _amplitudes(media, at, cos[at])


@njit(**KERNEL)
def mean_power(media, cos, steps, power):
    """Mean |T|² of both polarisations and of `steps` neighbouring frequencies, into `power` (cos, frequency)."""
    for number in range(len(cos)):
        for freq in range(power.shape[1]):
            total = 0.0
            for at in range(freq * steps, (freq + 1) * steps):
                te, _, tm, _, grown = _amplitudes(media, at, cos[number])
                passed = math.exp(-2 * grown)
                total += passed / (te.real * te.real + te.imag * te.imag)
                total += passed / (tm.real * tm.real + tm.imag * tm.imag)
            power[number, freq] = total / (2 * steps)
