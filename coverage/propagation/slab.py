"""Flat slabs and stacks of layers under oblique incidence, Rec. ITU-R P.2040.

Time factor exp(+jωt): the imaginary part of a lossy permittivity is negative. TE has the electric field
parallel to the slab, TM in the plane of incidence.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quietwing.coverage.propagation import _slab_kernels as kernels
from quietwing.coverage.propagation.free_space import wavelength_m
from quietwing.coverage.propagation.materials import check_freq_mhz, load_materials, relative_permittivity
from quietwing.sites import Layer, OutOfRangeError

__all__ = [
    "COS_INCIDENCE_MIN",
    "DEEPEST_LOSS_DB",
    "Polarisation",
    "capped_cos_incidence",
    "layers_loss_db",
    "slab_coefficients",
    "slab_reflection_db",
    "slab_transmission_db",
    "stack_coefficients",
]

Polarisation = Literal["TE", "TM"]

INCIDENCE_MAX_DEG = 85.0  # assumption A7: beyond, a real wall has edges and roughness that a slab has not
COS_INCIDENCE_MIN = float(np.cos(np.radians(INCIDENCE_MAX_DEG)))
COS_ROUNDING = 1e-9  # a dot product of unit vectors may end this far above 1
AVERAGE_STEPS = 41  # assumption A7
AVERAGE_SPAN = 0.05  # assumption A7: ±5 % of the carrier takes out thickness resonances
DEEPEST_LOSS_DB = 300.0  # a metal sheet computes to thousands; other paths carry the power long before
LEAST_POWER = 10 ** (-DEEPEST_LOSS_DB / 10)
MM_PER_M = 1e3

Complex = NDArray[np.complex128]


def slab_coefficients(
    permittivity: ArrayLike,
    thickness_m: ArrayLike,
    cos_incidence: ArrayLike,
    freq_mhz: ArrayLike,
    polarisation: Polarisation,
) -> tuple[Complex, Complex]:
    """Transmission and reflection coefficient of one homogeneous slab in air.

    Parameters
    ----------
    permittivity : array_like of complex, shape (...)
        Relative permittivity eps' − j·eps''. [1]
    thickness_m : array_like, broadcastable
        Thickness, 0 or more. [m]
    cos_incidence : array_like, broadcastable
        Cosine of the angle between ray and normal, above 0, at most 1. [1]
    freq_mhz : array_like, broadcastable
        Frequency. [MHz]
    polarisation : {"TE", "TM"}

    Returns
    -------
    tuple of complex ndarray, shape (...)
        Field coefficients T and R. [1]

    Raises
    ------
    OutOfRangeError
        If a cosine is not above 0 and at most 1.

    References
    ----------
    Rec. ITU-R P.2040-3, eqs (37), (43), (44).
    """
    eta = np.asarray(permittivity, np.complex128)
    cos = _checked_cos(cos_incidence)
    inside = np.sqrt(eta - (1 - cos**2))
    outer = cos if polarisation == "TE" else eta * cos
    interface = (outer - inside) / (outer + inside)
    # 1 − r² written as a product: r is within 1e-4 of −1 for metal and the difference would cancel
    passes = 4 * outer * inside / (outer + inside) ** 2
    once = np.exp(-2j * np.pi * np.asarray(thickness_m, np.float64) / wavelength_m(freq_mhz) * inside)
    many = 1 - interface**2 * once**2
    return np.asarray(passes * once / many), np.asarray(interface * (1 - once**2) / many)


def slab_transmission_db(
    permittivity: ArrayLike,
    thickness_m: ArrayLike,
    cos_incidence: ArrayLike,
    freq_mhz: ArrayLike,
    polarisation: Polarisation,
) -> NDArray[np.float64]:
    """Transmitted over incident power of one slab, 20 lg|T|, at most 0 and at least −300 dB.

    Parameters, raises and source as for `slab_coefficients`.

    Returns
    -------
    ndarray, shape (...)
        Gain; the slab's loss is its negative. [dB]
    """
    transmitted, _ = slab_coefficients(permittivity, thickness_m, cos_incidence, freq_mhz, polarisation)
    return _power_db(np.abs(transmitted) ** 2)


def slab_reflection_db(
    permittivity: ArrayLike,
    thickness_m: ArrayLike,
    cos_incidence: ArrayLike,
    freq_mhz: ArrayLike,
    polarisation: Polarisation,
) -> NDArray[np.float64]:
    """Reflected over incident power of one slab, 20 lg|R|, at most 0 and at least −300 dB.

    Parameters, raises and source as for `slab_coefficients`.

    Returns
    -------
    ndarray, shape (...)
        Gain. [dB]
    """
    _, reflected = slab_coefficients(permittivity, thickness_m, cos_incidence, freq_mhz, polarisation)
    return _power_db(np.abs(reflected) ** 2)


def stack_coefficients(
    permittivities: Sequence[Complex],
    thicknesses_m: Sequence[float],
    cos_incidence: ArrayLike,
    freq_mhz: ArrayLike,
    polarisation: Polarisation,
) -> tuple[Complex, Complex]:
    """Transmission and reflection coefficient of a stack of layers in air.

    The recursion runs from the far side back to the incident one with the growth exp(Im) of every layer kept
    aside as an exponent, so that metal and thick concrete neither overflow nor warn.

    Parameters
    ----------
    permittivities : sequence of complex ndarray, each broadcastable with the rest
        Relative permittivity of each layer, incident side first; its real part 1 or more. [1]
    thicknesses_m : sequence of float
        Thickness of each layer. [m]
    cos_incidence : array_like, shape (...)
        Cosine of the angle between ray and normal in air, above 0, at most 1. [1]
    freq_mhz : array_like, broadcastable
        Frequency. [MHz]
    polarisation : {"TE", "TM"}

    Returns
    -------
    tuple of complex ndarray, shape (...)
        Field coefficients T and R. [1]

    Raises
    ------
    OutOfRangeError
        If a cosine is not above 0 and at most 1.

    References
    ----------
    Rec. ITU-R P.2040-3, multilayer slab: A_n, B_n recursion with T = 1/A_0, R = B_0/A_0.
    """
    cos, freq, *etas = np.broadcast_arrays(_checked_cos(cos_incidence), freq_mhz, *permittivities)
    media = _media([eta.ravel() for eta in etas], thicknesses_m, freq.ravel())
    found, grown = np.empty((cos.size, 4), np.complex128), np.empty(cos.size)
    kernels.amplitudes(media, np.ascontiguousarray(cos.ravel()), found, grown)
    first, last = found[:, :2].T if polarisation == "TE" else found[:, 2:].T
    return (np.exp(-grown) / first).reshape(cos.shape), (last / first).reshape(cos.shape)


def _media(
    permittivities: Sequence[Complex], thicknesses_m: Sequence[float], freq_mhz: NDArray[np.float64]
) -> kernels.Media:
    """Layers as the compiled recursion takes them, from those with the incident side first."""
    air = np.ones((1, len(freq_mhz)), np.complex128)
    eta = np.concatenate([*(each.reshape(air.shape) for each in permittivities[::-1]), air])
    root = np.sqrt(eta)
    thickness_m = np.array([*thicknesses_m[::-1], 0.0])[:, None]
    every = 1 / eta, root, 1 / root, 2 * np.pi / wavelength_m(freq_mhz) * thickness_m * root
    return kernels.Media(*(np.stack([each.real, each.imag]) for each in every))


def layers_loss_db(layers: Sequence[Layer], cos_incidence: ArrayLike, freq_mhz: ArrayLike) -> NDArray[np.float64]:
    """Loss of layers, averaged over both polarisations and ±5 % in frequency.

    |T|² is averaged over TE and TM and over 41 equal steps from 0.95 f to 1.05 f, each with the materials of
    its own frequency. Incidence counts as at most 85°.

    Parameters
    ----------
    layers : sequence of Layer
        Layers in order; none at all loses nothing.
    cos_incidence : array_like, shape (n,)
        Cosine of the angle between ray and normal, 0 to 1. [1]
    freq_mhz : array_like, shape (m,)
        Carrier frequency, 300 to 7125. [MHz]

    Returns
    -------
    ndarray, shape (n, m)
        Loss, 0 to 300. [dB]

    Raises
    ------
    OutOfRangeError
        If a material is unknown, or a cosine or a frequency out of range.

    References
    ----------
    Rec. ITU-R P.2040-3, multilayer slab; averaging: assumption A7.
    """
    cos = capped_cos_incidence(cos_incidence).reshape(-1)
    carrier_mhz = check_freq_mhz(freq_mhz).reshape(-1)
    step_mhz = (carrier_mhz[:, None] * np.linspace(1 - AVERAGE_SPAN, 1 + AVERAGE_SPAN, AVERAGE_STEPS)).ravel()
    rows = load_materials()
    for layer in layers:
        relative_permittivity(layer.material, carrier_mhz)  # says what is wrong with a name
    etas = [rows[layer.material].permittivity(step_mhz) for layer in layers]
    media = _media(etas, [layer.thickness_mm / MM_PER_M for layer in layers], step_mhz)
    power = np.empty((len(cos), len(carrier_mhz)))
    kernels.mean_power(media, cos, AVERAGE_STEPS, power)
    return -_power_db(power)


def capped_cos_incidence(cos_incidence: ArrayLike) -> NDArray[np.float64]:
    """Cosine of incidence with the angle held at 85° and rounding above 1 taken off.

    Parameters
    ----------
    cos_incidence : array_like, shape (...)
        Cosine of the angle between ray and normal, 0 to 1. [1]

    Returns
    -------
    ndarray, shape (...)
        cos 85° to 1. [1]

    Raises
    ------
    OutOfRangeError
        If a cosine is below 0 or above 1.
    """
    cos = np.asarray(cos_incidence, np.float64)
    if not np.all((cos >= 0) & (cos <= 1 + COS_ROUNDING)):
        raise OutOfRangeError(
            f"cosine of incidence from {np.min(cos):g} to {np.max(cos):g} (expected 0 to 1); "
            f"give the absolute value of the dot product of two unit vectors"
        )
    return np.clip(cos, COS_INCIDENCE_MIN, 1.0)


def _checked_cos(cos_incidence: ArrayLike) -> NDArray[np.float64]:
    """The cosines, which a formula takes above 0 and at most 1."""
    cos = np.asarray(cos_incidence, np.float64)
    if not np.all((cos > 0) & (cos <= 1)):
        raise OutOfRangeError(
            f"cosine of incidence from {np.min(cos):g} to {np.max(cos):g} (expected above 0, at most 1); "
            f"hold the angle below 90° with capped_cos_incidence"
        )
    return cos


def _power_db(power: NDArray[np.float64]) -> NDArray[np.float64]:
    """Decibels of a power ratio held between −300 dB and 0 (rounding may end above 1)."""
    return np.asarray(10 * np.log10(np.clip(power, LEAST_POWER, 1.0)))
