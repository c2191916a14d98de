"""What a device sends beside its bands: noise at `out_of_band_dbc` and harmonics at `harmonics_dbc`.

Noise: in any bandwidth, so many decibels below what the band sends in the same bandwidth where it sends most. It
reaches an octave to either side of the band's edges: the filter of the band's own amplifier is trusted beyond that
and not before (assumed). Of several bands the loudest counts, not their sum: each has a branch of its own (assumed).
Harmonics: the second and the third, so many decibels below the emission, spread over two and three times its width.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import TYPE_CHECKING

import numpy as np

from quietwing.coverage.blocking.emissions import Emission, band_emissions, transmissions
from quietwing.coverage.decibel import add_powers_db
from quietwing.coverage.equipment import ASSUMED_HARMONICS_DBC, ASSUMED_OUT_OF_BAND_DBC, Device, Model
from quietwing.coverage.trims import Span, share_spectrum

if TYPE_CHECKING:
    from quietwing.coverage.blocking.links import Carrier

__all__ = ["NOTHING", "Radiated", "Stray", "radiated", "reaches", "stray_into"]

REACH = 2.0  # times or parts of a band's edges that its noise reaches to: assumed
HARMONICS = (2, 3)


@dataclass(frozen=True, slots=True)
class Stray:
    """Conducted power in a receiver's bandwidth, what most of it is, and whether that rests on an assumed figure."""

    level_dbm: float
    words: str
    assumed: bool


NOTHING = Stray(-np.inf, "", False)


@dataclass(frozen=True, slots=True)
class Radiated:
    """What a device of a model sends: each emission, and the sum in each band."""

    model: Model
    emissions: tuple[Emission, ...]
    bands: tuple[Emission, ...]


def radiated(device: Device, model: Model, carriers: Sequence[Carrier]) -> Radiated:
    """What a device sends, to be asked with `stray_into` for every receiver.

    Parameters
    ----------
    device : Device
    model : Model
        Its row of the catalogue.
    carriers : sequence of Carrier
        Of the public network: trims name their channels.

    Returns
    -------
    Radiated
    """
    sent = transmissions(device, model, carriers)
    return Radiated(model, sent, band_emissions(model, sent))


def stray_into(sender: Radiated, span: Span, bandwidth_mhz: float, *, in_band: bool = False) -> Stray:
    """What a device sends into the worst place of a receiver's band, conducted, by noise and harmonics.

    Parameters
    ----------
    sender : Radiated
        Blank figures of its model are the assumed ones.
    span : tuple of float
        Edges of the band that the receiver may listen in. [MHz]
    bandwidth_mhz : float
        What it listens to at a time. [MHz]
    in_band : bool
        Whether what the device sends there on purpose counts too.

    Returns
    -------
    Stray
        `level_dbm` in the receiver's bandwidth, ``-inf`` where nothing reaches it. [dBm]

    References
    ----------
    Noise and harmonics as the module says; the figures are the maker's or assumed.
    """
    model = sender.model
    noise_dbc = ASSUMED_OUT_OF_BAND_DBC if model.out_of_band_dbc is None else model.out_of_band_dbc
    harmonics_dbc = ASSUMED_HARMONICS_DBC if model.harmonics_dbc is None else model.harmonics_dbc
    wide_db = 10 * float(np.log10(bandwidth_mhz))
    noises = [
        (band.dbm_per_mhz + wide_db + noise_dbc, band.name)
        for band in sender.bands
        if _is_near(band.low_mhz, band.high_mhz, span)
    ]
    found: list[Stray] = []
    if noises:
        level_dbm, name = max(noises, key=itemgetter(0))
        found.append(Stray(level_dbm, f"noise of {name}", model.out_of_band_dbc is None))
    for sent in sender.emissions:
        for times in HARMONICS:
            if _meets(sent, times, span):
                level_dbm = _within_dbm(sent, times, bandwidth_mhz) + harmonics_dbc
                found.append(Stray(level_dbm, f"{times} × {sent.name}", model.harmonics_dbc is None))
        if in_band and _meets(sent, 1, span):
            found.append(Stray(_within_dbm(sent, 1, bandwidth_mhz), sent.name, False))
    loudest = max(found, key=lambda one: one.level_dbm, default=NOTHING)
    total_dbm = float(add_powers_db(-np.inf, *(one.level_dbm for one in found)))
    return Stray(total_dbm, loudest.words, loudest.assumed) if np.isfinite(total_dbm) else NOTHING


def reaches(low_mhz: float, high_mhz: float, span: Span) -> bool:
    """Whether noise or a harmonic of what is sent between two edges lies in a band."""
    harmonics = ((times * low_mhz, times * high_mhz) for times in HARMONICS)
    return _is_near(low_mhz, high_mhz, span) or any(share_spectrum(edges, span) for edges in harmonics)


def _is_near(low_mhz: float, high_mhz: float, span: Span) -> bool:
    """Whether noise of a band reaches another."""
    return low_mhz <= REACH * span[1] and REACH * high_mhz >= span[0]


def _meets(sent: Emission, times: int, span: Span) -> bool:
    """Whether some times the frequencies of an emission lie in a band; most do not, as the first look says."""
    edges = times * sent.low_mhz, times * sent.high_mhz
    return edges[0] < span[1] and edges[1] > span[0] and share_spectrum(edges, span)


def _within_dbm(sent: Emission, times: int, bandwidth_mhz: float) -> float:
    """Of an emission spread over some times its frequencies, the most that lies in a bandwidth."""
    return min(sent.power_dbm, sent.dbm_per_mhz + 10 * float(np.log10(bandwidth_mhz / times)))
