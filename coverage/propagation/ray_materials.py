"""Walls as a ray tracer knows them: one sheet of one material for each surface of a site.

A ray tracer of the kind of Sionna RT takes a wall as a plane with a relative permittivity, a conductivity and a
thickness, and computes transmission and reflection of that one slab. Ours are stacks, loss laws and meshes:

1. One layer of one material is itself, ITU-R P.2040 at the carrier; below 1 GHz the law is extrapolated as
   everywhere.
2. Several layers without metal become one slab as thick as all of them, with the mean permittivity weighted by
   thickness and the conductivity at which it loses at normal incidence what the stack loses.
3. All else (loss laws, meshes, what is capped, layers with metal, several constructions in one opening, and stacks
   that lose less than the slab of 2 would without any conductivity) becomes a thin sheet with the conductivity at
   which it loses that much at normal incidence. It reflects most of what it stops, as coatings, foil and meshes do.
4. What loses nothing is not there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.constants import epsilon_0
from scipy.optimize import brentq

from quietwing.coverage.propagation.constructions import surface_loss_db
from quietwing.coverage.propagation.materials import relative_permittivity
from quietwing.coverage.propagation.slab import MM_PER_M, slab_transmission_db
from quietwing.sites import Construction, Layer

__all__ = ["SHEET_M", "RaySlab", "ray_slab"]

HZ_PER_MHZ = 1e6
SHEET_M = 1e-5  # so thin that a sheet is told by conductivity × thickness alone
LEAST_LOSS_DB = 1e-3  # below it a surface is not there
CONDUCTIVITY_S_PER_M = (1e-9, 1e9)  # where the conductivity is looked for
METAL = "metal"


@dataclass(frozen=True, slots=True)
class RaySlab:
    """One homogeneous slab.

    Attributes
    ----------
    permittivity : float
        Relative, real part. [1]
    conductivity_s_per_m : float
        [S/m]
    thickness_m : float
        [m]
    """

    permittivity: float
    conductivity_s_per_m: float
    thickness_m: float

    def loss_db(self, freq_mhz: float) -> float:
        """Loss at normal incidence. [dB]"""
        imaginary = self.conductivity_s_per_m / (2 * np.pi * freq_mhz * HZ_PER_MHZ * epsilon_0)
        eta = self.permittivity - 1j * imaginary
        return -float(slab_transmission_db(eta, self.thickness_m, 1.0, freq_mhz, "TE"))


def ray_slab(constructions_in_order: Sequence[Construction], freq_mhz: float) -> RaySlab | None:
    """The slab that stands for the constructions of one surface at one frequency.

    Parameters
    ----------
    constructions_in_order : sequence of Construction
        As in `Facets.surfaces`; none at all is an open hole.
    freq_mhz : float
        Carrier, 300 to 7125. [MHz]

    Returns
    -------
    RaySlab or None
        None: nothing is there. By the rules of this module.

    Raises
    ------
    OutOfRangeError
        If the frequency is out of range or a material unknown.
    """
    loss_db = float(surface_loss_db(constructions_in_order, np.ones(1), [freq_mhz])[0, 0])
    if loss_db < LEAST_LOSS_DB:
        return None
    layers = _plain_layers(constructions_in_order, loss_db, freq_mhz)
    if len(layers) == 1:
        return _of_layers(layers, freq_mhz)
    if layers:
        stack = _of_layers(layers, freq_mhz)
        lossless = RaySlab(stack.permittivity, CONDUCTIVITY_S_PER_M[0], stack.thickness_m)
        if lossless.loss_db(freq_mhz) < loss_db:
            return _losing(loss_db, freq_mhz, lambda sigma: RaySlab(stack.permittivity, sigma, stack.thickness_m))
    return _losing(loss_db, freq_mhz, lambda sigma: RaySlab(1.0, sigma, SHEET_M))


def _plain_layers(constructions: Sequence[Construction], loss_db: float, freq_mhz: float) -> tuple[Layer, ...]:
    """The layers of a surface that is one construction of them, no metal among several and its cap not reached."""
    if len(constructions) != 1 or not constructions[0].layers:
        return ()
    only = constructions[0]
    if len(only.layers) > 1 and any(layer.material == METAL for layer in only.layers):
        return ()
    capped = only.max_loss_db is not None and loss_db >= only.max_loss_db
    return () if capped else only.layers


def _of_layers(layers: Sequence[Layer], freq_mhz: float) -> RaySlab:
    """Mean permittivity and conductivity of layers, weighted by thickness."""
    thickness_m = np.array([layer.thickness_mm for layer in layers]) / MM_PER_M
    etas = np.array([complex(relative_permittivity(layer.material, freq_mhz)) for layer in layers])
    eta = complex(np.average(etas, weights=thickness_m))
    conductivity = -eta.imag * 2 * np.pi * freq_mhz * HZ_PER_MHZ * epsilon_0
    return RaySlab(eta.real, conductivity, float(thickness_m.sum()))


def _losing(loss_db: float, freq_mhz: float, made: Callable[[float], RaySlab]) -> RaySlab:
    """The slab with the conductivity at which it loses so much at normal incidence."""
    low, high = np.log(CONDUCTIVITY_S_PER_M)
    found = brentq(lambda log_sigma: made(float(np.exp(log_sigma))).loss_db(freq_mhz) - loss_db, low, high)
    return made(float(np.exp(found)))
