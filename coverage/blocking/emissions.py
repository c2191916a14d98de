"""What a device radiates: on each carrier of the public network, and as a whole.

Powers on a carrier stand in its reference bandwidth. A trim belongs to the emission and not to who hears it: what a
jammer sends in a band is one density for each stretch of it (`quietwing.coverage.trims.trims_across`), and levels on
carriers, the band's power and its largest density all follow from that.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from quietwing.coverage.blocking.networks import below_carrier_db, reference_khz
from quietwing.coverage.decibel import add_powers_db
from quietwing.coverage.equipment import BandPower, Device, Model
from quietwing.coverage.errors import ScenarioError
from quietwing.coverage.trims import (
    OnAir,
    Span,
    TrimmedPart,
    contradictory_parts,
    span_of,
    trim_over_db,
    trimmed_parts,
    trims_across,
)

if TYPE_CHECKING:
    from quietwing.coverage.blocking.links import Carrier

__all__ = ["Emission", "band_emissions", "carrier_levels_dbm", "flat_spans", "transmissions"]

SWEPT_DB = -5.0  # assumption A18: peaks against average
FILLS_BAND_DB = {"barrage": 0.0, "swept": SWEPT_DB}  # of emissions that fill their bands
MOST_SYNC_GAIN_DB = 7.0  # assumption A18
CARRIER_MATCH_MHZ = 0.05  # a listed carrier is meant when its centre is this near

# Width of what a phone synchronises to: GSM carrier, UMTS carrier, LTE six blocks, NR twenty blocks of its spacing.
_SYNC_KHZ = {"GSM": 200.0, "UMTS": 3840.0, "LTE": 6 * 180.0}


def carrier_levels_dbm(
    device: Device, model: Model, carriers: Sequence[Carrier], *, outside: bool
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Conducted power of one device on each carrier, before antenna and path.

    Parameters
    ----------
    device : Device
    model : Model
        Its row of the catalogue.
    carriers : sequence of Carrier
    outside : bool
        Spill: any overlap counts and no emission is below barrage.

    Returns
    -------
    sent_dbm : float64 ndarray, shape (carrier,)
        As interference, in the carrier's reference bandwidth, emission kind included; ``-inf``: nothing. [dBm]
    offered_dbm : float64 ndarray, shape (carrier,)
        As a managed-access cell of the carrier's PLMN; ``-inf``: not offered. [dBm]

    Raises
    ------
    ScenarioError
        If two trims of the device give one emission two powers.

    Notes
    -----
    Where a carrier lies only partly in spectrum that a trim names, the larger power counts for spill and the smaller
    inside.

    References
    ----------
    Assumptions A3, A18, A19.
    """
    parts = _parts_of(device, model, carriers)
    sent = np.full(len(carriers), -np.inf)
    offered = np.full(len(carriers), -np.inf)
    if model.kind == "jammer":
        spans = [span_of(carrier) for carrier in carriers]
        across = [
            (band, _band_power_dbm(device, band), trims_across(parts, spans, (band.low_mhz, band.high_mhz)))
            for band in model.bands
        ]
        total_mw = [  # summed as by `add_powers_db`, then all carriers at once
            sum(
                10 ** (_jammer_dbm(model, band, power_dbm, carrier, span, trims, outside) / 10)
                for band, power_dbm, trims in across
                if _covers(band.low_mhz, band.high_mhz, span, outside)
            )
            for carrier, span in zip(carriers, spans, strict=True)
        ]
        with np.errstate(divide="ignore"):
            sent[:] = 10 * np.log10(total_mw)
    elif model.kind == "mas":
        for index, carrier in enumerate(carriers):
            sent[index], offered[index] = _mas_dbm(device, model, carrier, parts, outside)
    return sent, offered


def flat_spans(model: Model) -> tuple[Span, ...]:
    """Edges of what a model sends at one power each: a managed-access node its carriers. [MHz]"""
    return tuple(dict.fromkeys(span_of(cell) for cell in model.mas_carriers)) if model.kind == "mas" else ()


def _parts_of(device: Device, model: Model, carriers: Iterable[OnAir]) -> tuple[TrimmedPart, ...]:
    """The spectrum that the device's trims name, each with one power."""
    parts = trimmed_parts(device, carriers)
    problem = contradictory_parts(parts, flat_spans(model))
    if problem:
        raise ScenarioError(f"device {device.id}: {problem}")
    return parts


def _band_power_dbm(device: Device, band: BandPower) -> float:
    """Conducted power in a band with the trims of the whole band."""
    power_dbm = band.power_dbm if device.power_dbm is None else device.power_dbm
    return power_dbm + sum(trim for name, trim in device.trim_db if name == band.band)


@dataclass(frozen=True, slots=True)
class Emission:
    """All the power sent between two edges, and the most of it in 1 MHz. [MHz, dBm]"""

    name: str
    low_mhz: float
    high_mhz: float
    power_dbm: float
    dbm_per_mhz: float


def _flat(name: str, low_mhz: float, high_mhz: float, power_dbm: float) -> Emission:
    """Power spread evenly between two edges."""
    return Emission(name, low_mhz, high_mhz, power_dbm, power_dbm - 10 * float(np.log10(high_mhz - low_mhz)))


def transmissions(device: Device, model: Model, carriers: Sequence[OnAir]) -> tuple[Emission, ...]:
    """What a device sends, emission by emission.

    Parameters
    ----------
    device : Device
    model : Model
    carriers : sequence of OnAir
        Of the public network: trims name their channels.

    Returns
    -------
    tuple of Emission
        A jammer's bands, each with the sum over its stretches of density times width, and the density of the loudest;
        a managed-access node's carriers. Nothing of what does not radiate.

    Notes
    -----
    The power of a sync-only jammer may all go to the listed carrier that is trimmed least.

    References
    ----------
    Assumption A3.
    """
    parts = _parts_of(device, model, carriers)
    if model.kind == "jammer":
        spans = [span_of(carrier) for carrier in carriers] if parts else []
        return tuple(
            _of_band(device, model, band, trims_across(parts, spans, (band.low_mhz, band.high_mhz)))
            for band in model.bands
        )
    found = []
    for low_mhz, high_mhz in flat_spans(model):
        band = _band_of(model, (low_mhz + high_mhz) / 2)
        if band is not None:
            _, trim_db = trim_over_db(parts, (low_mhz, high_mhz))
            name = f"{(low_mhz + high_mhz) / 2:g} MHz"
            found.append(_flat(name, low_mhz, high_mhz, _band_power_dbm(device, band) + trim_db))
    return tuple(found)


def _of_band(device: Device, model: Model, band: BandPower, trims: tuple[TrimmedPart, ...]) -> Emission:
    """What a jammer sends in a band that is trimmed like this."""
    if model.emission == "sync":
        listed = [one for one in trims if any(one.low_mhz <= at <= one.high_mhz for at in model.sync_carriers_mhz)]
        trims = (TrimmedPart(band.low_mhz, band.high_mhz, max(one.trim_db for one in listed or trims), ""),)
    flat = _flat(band.band, band.low_mhz, band.high_mhz, _band_power_dbm(device, band))
    if not any(one.trim_db for one in trims):
        return flat
    mean = sum((one.high_mhz - one.low_mhz) * 10 ** (one.trim_db / 10) for one in trims)
    return replace(
        flat,
        power_dbm=flat.power_dbm + 10 * float(np.log10(mean / sum(one.high_mhz - one.low_mhz for one in trims))),
        dbm_per_mhz=flat.dbm_per_mhz + max(one.trim_db for one in trims),
    )


def band_emissions(model: Model, sent: tuple[Emission, ...]) -> tuple[Emission, ...]:
    """What a device sends in each of its bands, spread over the band: of a managed-access node all carriers in it."""
    if model.kind == "jammer":
        return sent
    found = []
    for band in model.bands:
        of_band = [one.power_dbm for one in sent if _band_of(model, (one.low_mhz + one.high_mhz) / 2) is band]
        if of_band:
            found.append(_flat(band.band, band.low_mhz, band.high_mhz, float(add_powers_db(*of_band))))
    return tuple(found)


def _band_of(model: Model, freq_mhz: float) -> BandPower | None:
    """The model's band that holds a frequency."""
    return next((band for band in model.bands if band.low_mhz <= freq_mhz <= band.high_mhz), None)


def _trim_db(parts: tuple[TrimmedPart, ...], span: Span, outside: bool) -> float:
    """The trim within some spectrum: for spill the largest, inside the least."""
    least_db, most_db = trim_over_db(parts, span)
    return most_db if outside else least_db


def _covers(low_mhz: float, high_mhz: float, span: Span, outside: bool) -> bool:
    """Whole carrier inside the band, or for spill any overlap; a hertz of rounding is forgiven."""
    below, above = span
    if outside:
        return below < high_mhz and above > low_mhz
    return low_mhz <= below + 1e-6 and above <= high_mhz + 1e-6


def _jammer_dbm(
    model: Model,
    band: BandPower,
    power_dbm: float,
    carrier: Carrier,
    span: Span,
    parts: tuple[TrimmedPart, ...],
    outside: bool,
) -> float:
    """Power of one band of a jammer in the reference bandwidth of a carrier, which lies at `span` and is covered."""
    width_mhz = band.high_mhz - band.low_mhz
    if model.emission == "sync":
        if not any(abs(carrier.freq_mhz - listed) <= CARRIER_MATCH_MHZ for listed in model.sync_carriers_mhz):
            return -np.inf
        sync_khz = _SYNC_KHZ.get(carrier.technology, 20 * 12 * reference_khz(carrier.technology, carrier.band))
        emission_db = min(10 * float(np.log10(width_mhz * 1e3 / sync_khz)), MOST_SYNC_GAIN_DB)
    else:
        emission_db = FILLS_BAND_DB[model.emission]
    if outside:
        emission_db = max(emission_db, 0.0)
    share_db = 10 * float(np.log10(width_mhz * 1e3 / reference_khz(carrier.technology, carrier.band)))
    trim_db = _trim_db(parts, (max(span[0], band.low_mhz), min(span[1], band.high_mhz)), outside)
    return power_dbm + trim_db - share_db + emission_db


def _mas_dbm(
    device: Device, model: Model, carrier: Carrier, parts: tuple[TrimmedPart, ...], outside: bool
) -> tuple[float, float]:
    """A managed-access node on one carrier: as interference, and as a cell that phones of its PLMN prefer."""
    sent, offered = -np.inf, -np.inf
    for cell in model.mas_carriers:
        if not _covers(*span_of(cell), span_of(carrier), outside):
            continue
        band = _band_of(model, cell.freq_mhz)
        if band is None:
            continue
        power_dbm = _band_power_dbm(device, band) + _trim_db(parts, span_of(cell), outside)
        density_db = 10 * float(np.log10(cell.bandwidth_mhz * 1e3 / reference_khz(carrier.technology, carrier.band)))
        level = power_dbm - density_db
        same = cell.technology == carrier.technology and abs(cell.freq_mhz - carrier.freq_mhz) <= CARRIER_MATCH_MHZ
        if same:
            level = power_dbm - below_carrier_db(cell.technology, cell.bandwidth_mhz, carrier.band)
            if cell.plmn == carrier.plmn:
                offered = max(offered, level)
            if cell.technology == "UMTS":
                level = power_dbm  # J counts over the whole carrier, the pilot is a tenth of it
        sent = max(sent, level)  # cells of several PLMNs on one carrier are one transmission
    return sent, offered
