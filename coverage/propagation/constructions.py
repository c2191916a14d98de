"""What constructions lose: layers, loss laws and wire meshes turned into dB by angle and frequency."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, MutableMapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quietwing.coverage.propagation._threads import in_parts
from quietwing.coverage.propagation.free_space import wavelength_m
from quietwing.coverage.propagation.materials import (
    MHZ_PER_GHZ,
    check_freq_mhz,
    extrapolated,
    load_materials,
)
from quietwing.coverage.propagation.slab import MM_PER_M, capped_cos_incidence, layers_loss_db
from quietwing.sites import Construction, SiteError, load_constructions

__all__ = [
    "construction_loss_db",
    "extrapolation_notes",
    "loss_table",
    "mesh_loss_db",
    "sigma_db",
    "surface_loss_db",
]

UNBONDED_COST_DB = 6.0  # assumption A10: the slot round a mesh that is not joined to its frame
HANDS = 8  # parts that two threads take in turn
WIDENED_SIGMA = 1.4  # assumption A14: P.2040's rows start at 1 GHz
WIDENED_BELOW_MHZ = 1000.0
WIDENED_MATERIALS = frozenset({"concrete", "brick", "metal"})  # assumption A14


def construction_loss_db(
    construction: Construction, cos_incidence: ArrayLike, freq_mhz: ArrayLike
) -> NDArray[np.float64]:
    """Loss of one construction on a straight ray.

    Parameters
    ----------
    construction : Construction
        Layers (P.2040 average), a loss law (the same at every angle), a mesh, or nothing.
    cos_incidence : array_like, shape (n,)
        Cosine of the angle between ray and normal, 0 to 1; held at 85°. [1]
    freq_mhz : array_like, shape (m,)
        Carrier frequency, 300 to 7125. [MHz]

    Returns
    -------
    ndarray, shape (n, m)
        Loss, 0 or more, at most the construction's `max_loss_db`, with its `loss_shift_db`. [dB]

    Raises
    ------
    OutOfRangeError
        If a cosine or a frequency is out of range.

    References
    ----------
    Rec. ITU-R P.2040-3 for layers; the construction's own source for a loss law; `mesh_loss_db` for a mesh.
    """
    cos = capped_cos_incidence(cos_incidence).reshape(-1)
    carrier_mhz = check_freq_mhz(freq_mhz).reshape(-1)
    if construction.layers:
        loss_db = layers_loss_db(construction.layers, cos, carrier_mhz)
    elif construction.loss_intercept_db is not None:
        slope_db_per_ghz = construction.loss_slope_db_per_ghz or 0.0
        law_db = construction.loss_intercept_db + slope_db_per_ghz * carrier_mhz / MHZ_PER_GHZ
        loss_db = np.broadcast_to(np.maximum(law_db, 0.0), (len(cos), len(carrier_mhz)))
    elif construction.mesh_pitch_mm is not None and construction.mesh_wire_radius_mm is not None:
        loss_db = mesh_loss_db(construction.mesh_pitch_mm, construction.mesh_wire_radius_mm, cos, carrier_mhz)
        if not construction.mesh_bonded:
            loss_db = np.maximum(loss_db - UNBONDED_COST_DB, 0.0)
    else:
        loss_db = np.zeros((len(cos), len(carrier_mhz)))
    if construction.max_loss_db is not None:
        loss_db = np.minimum(loss_db, construction.max_loss_db)
    return np.array(_shifted_db(loss_db, construction, carrier_mhz))


def _shifted_db(
    loss_db: NDArray[np.float64], construction: Construction, carrier_mhz: NDArray[np.float64]
) -> NDArray[np.float64]:
    """A loss with what calibration added to it; no wall gains."""
    if construction.is_open:
        return loss_db
    return np.maximum(loss_db + construction.shift_at_db(carrier_mhz), 0.0)


def mesh_loss_db(
    pitch_mm: float, wire_radius_mm: float, cos_incidence: ArrayLike, freq_mhz: ArrayLike
) -> NDArray[np.float64]:
    """Loss of a wire mesh with bonded edges, mean of |T|² over both polarisations.

    A square grid whose wires are joined where they cross is a thin sheet across the wave. Its reactance is X·η0 for
    TE and X·(1 − sin²θ/2)·η0 for TM, X = (p/λ)·ln(1/(1 − exp(−2πr/p))):
    TE |T|² = 1/(1 + 1/(4X² cos²θ)), TM |T|² = 1/(1 + cos²θ/(4X² (1 − sin²θ/2)²)).

    Parameters
    ----------
    pitch_mm, wire_radius_mm : float
        Distance between the wires' middles, and their radius. [mm]
    cos_incidence : array_like, shape (n,)
        Cosine of the angle between ray and normal, 0 to 1; held at 85°. [1]
    freq_mhz : array_like, shape (m,)
        Frequency. [MHz]

    Returns
    -------
    ndarray, shape (n, m)
        Loss, above 0. [dB]

    Raises
    ------
    OutOfRangeError
        If a cosine or a frequency is out of range.

    References
    ----------
    Casey, K. F., Electromagnetic shielding behavior of wire-mesh screens, IEEE Transactions on Electromagnetic
    Compatibility 30(3), 1988. It holds for a pitch below half a wavelength; wider ones lose little by it, as they
    should. The mean of the two polarisations is assumed.
    """
    cos = capped_cos_incidence(cos_incidence).reshape(-1, 1)
    filled = 1 - np.exp(-2 * np.pi * wire_radius_mm / pitch_mm)
    reactance = pitch_mm / MM_PER_M / wavelength_m(freq_mhz).reshape(1, -1) * np.log(1 / filled)
    shunt = 1 / (4 * reactance**2)
    tm_factor = (1 + cos**2) / 2  # 1 − sin²θ/2: in the plane of incidence the wires carry charge as well
    power = (1 / (1 + shunt / cos**2) + 1 / (1 + shunt * cos**2 / tm_factor**2)) / 2
    return np.asarray(-10 * np.log10(power))


def surface_loss_db(
    constructions_in_order: Sequence[Construction], cos_incidence: ArrayLike, freq_mhz: ArrayLike
) -> NDArray[np.float64]:
    """Loss of constructions one behind the other, such as a mesh before a pane: the sum of their losses.

    Parameters
    ----------
    constructions_in_order : sequence of Construction
        None at all is an open hole.
    cos_incidence : array_like, shape (n,)
        Cosine of the angle between ray and normal, 0 to 1. [1]
    freq_mhz : array_like, shape (m,)
        Carrier frequency, 300 to 7125. [MHz]

    Returns
    -------
    ndarray, shape (n, m)
        Loss, 0 or more. [dB]

    Raises
    ------
    OutOfRangeError
        If a cosine or a frequency is out of range.
    """
    shape = (capped_cos_incidence(cos_incidence).size, check_freq_mhz(freq_mhz).size)
    total_db = np.zeros(shape)
    for construction in constructions_in_order:
        total_db += construction_loss_db(construction, cos_incidence, freq_mhz)
    return total_db


def sigma_db(construction: Construction, freq_mhz: ArrayLike) -> NDArray[np.float64]:
    """Standard deviation of a construction's real loss about the computed one.

    Parameters
    ----------
    construction : Construction
        Its own `sigma_db`, × 1.4 below 1 GHz if it has a layer of concrete, brick or metal. An open hole
        has no error.
    freq_mhz : array_like, shape (m,)
        Frequency, 300 to 7125. [MHz]

    Returns
    -------
    ndarray, shape (m,)
        Standard deviation. [dB]

    Raises
    ------
    OutOfRangeError
        If a frequency is out of range.

    References
    ----------
    Assumption A14.
    """
    carrier_mhz = check_freq_mhz(freq_mhz)
    if construction.is_open:
        return np.zeros(carrier_mhz.shape)
    stretched = any(layer.material in WIDENED_MATERIALS for layer in construction.layers)
    widened = stretched & (carrier_mhz < WIDENED_BELOW_MHZ)
    return np.asarray(construction.sigma_db * np.where(widened, WIDENED_SIGMA, 1.0))


def loss_table(
    surfaces: Sequence[Sequence[str]],
    constructions: Mapping[str, Construction],
    freq_mhz: ArrayLike,
    cos_nodes: ArrayLike,
    kept: MutableMapping[tuple[Any, ...], NDArray[np.float64]] | None = None,
) -> NDArray[np.float32]:
    """Loss of every surface by angle and frequency, for a kernel to interpolate in.

    Parameters
    ----------
    surfaces : sequence of sequence of str
        Names of the constructions of each surface, outermost first; an empty one is an open hole.
    constructions : mapping of str to Construction
        The site's constructions.
    freq_mhz : array_like, shape (freq,)
        Carrier frequencies, 300 to 7125. [MHz]
    cos_nodes : array_like, shape (node,)
        Cosines of incidence, 0 to 1. [1]
    kept : mutable mapping, optional
        Where losses of a site's own constructions are kept for the next table.

    Returns
    -------
    float32 ndarray, shape (surface, node, freq)
        Loss, 0 or more. [dB]

    Raises
    ------
    SiteError
        If a surface names a construction that is not there.
    OutOfRangeError
        If a cosine or a frequency is out of range.
    """
    cos = capped_cos_incidence(cos_nodes).reshape(-1)
    carrier_mhz = check_freq_mhz(freq_mhz).reshape(-1)
    used = _used(surfaces, constructions)
    # each construction once: a mesh or a wall stands in many surfaces
    shipped, own = load_constructions(), {} if kept is None else kept
    in_use = _dealt(sorted(used, key=lambda name: -len(used[name].layers)))
    loss_db: dict[str, NDArray[np.float64]] = {}

    def part(begin: int, end: int) -> None:
        for name in in_use[begin:end]:
            # as it is without a calibration, whose shifts are tried by the dozen and only add to it
            each, shelf = used[name], shipped.get(name)
            plain = replace(each.unshifted, sigma_db=each.sigma_db if shelf is None else shelf.sigma_db)
            asked = plain, cos.tobytes(), carrier_mhz.tobytes()
            if shelf == plain:
                loss_db[name] = _shifted_db(_kept_loss_db(*asked), each, carrier_mhz)
                continue
            if asked not in own:  # a site's own does not outlive its scenes
                own[asked] = construction_loss_db(plain, cos, carrier_mhz)
            loss_db[name] = _shifted_db(own[asked], each, carrier_mhz)

    in_parts(part, len(in_use))
    table = np.zeros((len(surfaces), len(cos), len(carrier_mhz)))
    for index, names in enumerate(surfaces):
        for name in names:
            table[index] += loss_db[name]
    return table.astype(np.float32)


def _dealt(names: list[str]) -> list[str]:
    """Names with much work first, put so that consecutive parts have about as much each."""
    return [name for first in range(HANDS) for name in names[first::HANDS]]


@lru_cache(maxsize=512)
def _kept_loss_db(construction: Construction, cos: bytes, carrier_mhz: bytes) -> NDArray[np.float64]:
    """Loss of a shipped construction, worked out once for all scenes: a plan tries many treatments of one site."""
    found = construction_loss_db(construction, np.frombuffer(cos), np.frombuffer(carrier_mhz))
    found.flags.writeable = False
    return found


def extrapolation_notes(constructions: Iterable[Construction], freq_mhz: ArrayLike) -> tuple[str, ...]:
    """One note for each material that is used below the frequencies its source covers.

    Parameters
    ----------
    constructions : iterable of Construction
        Those in use.
    freq_mhz : array_like, shape (freq,)
        Carrier frequencies, 300 to 7125. [MHz]

    Returns
    -------
    tuple of str
        In order of material; empty where nothing is extrapolated.

    Raises
    ------
    OutOfRangeError
        If a frequency is out of range.
    """
    carrier_mhz = np.unique(check_freq_mhz(freq_mhz))
    names_by_material: dict[str, set[str]] = {}
    for construction in constructions:
        for layer in construction.layers:
            names_by_material.setdefault(layer.material, set()).add(construction.name)
    notes = []
    for material, names in sorted(names_by_material.items()):
        below_mhz = carrier_mhz[extrapolated(material, carrier_mhz)]
        if not len(below_mhz):
            continue
        starts_mhz = load_materials()[material].f_min_ghz * MHZ_PER_GHZ
        wider = f"; its standard deviation is × {WIDENED_SIGMA:g}" if material in WIDENED_MATERIALS else ""
        notes.append(
            f"{material}: Rec. ITU-R P.2040 gives no value below {starts_mhz:g} MHz; the same law is "
            f"extrapolated at {', '.join(f'{each:g}' for each in below_mhz)} MHz{wider} "
            f"(in {', '.join(sorted(names))})"
        )
    return tuple(notes)


def _used(surfaces: Iterable[Iterable[str]], constructions: Mapping[str, Construction]) -> dict[str, Construction]:
    """The constructions that occur in the surfaces, by name."""
    names = sorted({name for surface in surfaces for name in surface})
    missing = [name for name in names if name not in constructions]
    if missing:
        raise SiteError(
            f"site.toml: constructions: no construction named {name!r}; "
            f"add it under [constructions] or use one of {', '.join(sorted(constructions))}"
            for name in missing
        )
    return {name: constructions[name] for name in names}
