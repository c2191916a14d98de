"""What a device radiates on each carrier of the public network, in that carrier's reference bandwidth."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from quietwing.coverage.blocking.networks import below_carrier_db, reference_khz
from quietwing.coverage.decibel import add_powers_db
from quietwing.coverage.equipment import BandPower, Device, Model

if TYPE_CHECKING:
    from quietwing.coverage.blocking.links import Carrier

__all__ = ["carrier_levels_dbm"]

SWEPT_DB = -5.0  # CHOICES 18, assumed: peaks against average
MOST_SYNC_GAIN_DB = 7.0  # CHOICES 18, assumed
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

    References
    ----------
    CHOICES 3, 18, 19.
    """
    sent = np.full(len(carriers), -np.inf)
    offered = np.full(len(carriers), -np.inf)
    for index, carrier in enumerate(carriers):
        if model.kind == "jammer":
            for band in model.bands:
                level = _jammer_dbm(device, model, band, carrier, outside)
                sent[index] = float(add_powers_db(sent[index], level))
        elif model.kind == "mas":
            sent[index], offered[index] = _mas_dbm(device, model, carrier, outside)
    return sent, offered


def _power_dbm(device: Device, band: BandPower, carrier: Carrier) -> float:
    """Conducted power in a band with the trims of the band and of the carrier's channel."""
    power_dbm = band.power_dbm if device.power_dbm is None else device.power_dbm
    return power_dbm + sum(trim for name, trim in device.trim_db if _trims(name, band.band, carrier))


def _trims(name: str, band: str, carrier: Carrier) -> bool:
    """Whether a trim's name means this band (``B20``), operator and band (``EE/B20``) or channel (``EE/B20/LTE``)."""
    return name == band or carrier.channel == name or carrier.channel.startswith(f"{name}/")


def _covers(low_mhz: float, high_mhz: float, carrier: Carrier, outside: bool) -> bool:
    """Whole carrier inside the band, or for spill any overlap; a hertz of rounding is forgiven."""
    below, above = carrier.freq_mhz - carrier.bandwidth_mhz / 2, carrier.freq_mhz + carrier.bandwidth_mhz / 2
    if outside:
        return below < high_mhz and above > low_mhz
    return low_mhz <= below + 1e-6 and above <= high_mhz + 1e-6


def _jammer_dbm(device: Device, model: Model, band: BandPower, carrier: Carrier, outside: bool) -> float:
    """Power of one band of a jammer in the carrier's reference bandwidth."""
    if not _covers(band.low_mhz, band.high_mhz, carrier, outside):
        return -np.inf
    width_mhz = band.high_mhz - band.low_mhz
    if model.emission == "sync":
        if not any(abs(carrier.freq_mhz - listed) <= CARRIER_MATCH_MHZ for listed in model.sync_carriers_mhz):
            return -np.inf
        sync_khz = _SYNC_KHZ.get(carrier.technology, 20 * 12 * reference_khz(carrier.technology, carrier.freq_mhz))
        emission_db = min(10 * float(np.log10(width_mhz * 1e3 / sync_khz)), MOST_SYNC_GAIN_DB)
    else:
        emission_db = SWEPT_DB if model.emission == "swept" else 0.0
    if outside:
        emission_db = max(emission_db, 0.0)
    share_db = 10 * float(np.log10(width_mhz * 1e3 / reference_khz(carrier.technology, carrier.freq_mhz)))
    return _power_dbm(device, band, carrier) - share_db + emission_db


def _mas_dbm(device: Device, model: Model, carrier: Carrier, outside: bool) -> tuple[float, float]:
    """A managed-access node on one carrier: as interference, and as a cell that phones of its PLMN prefer."""
    sent, offered = -np.inf, -np.inf
    for cell in model.mas_carriers:
        half_mhz = cell.bandwidth_mhz / 2
        if not _covers(cell.freq_mhz - half_mhz, cell.freq_mhz + half_mhz, carrier, outside):
            continue
        bands = [band for band in model.bands if band.low_mhz <= cell.freq_mhz <= band.high_mhz]
        if not bands:
            continue
        power_dbm = _power_dbm(device, bands[0], carrier)
        density_db = 10 * float(
            np.log10(cell.bandwidth_mhz * 1e3 / reference_khz(carrier.technology, carrier.freq_mhz))
        )
        level = power_dbm - density_db
        same = cell.technology == carrier.technology and abs(cell.freq_mhz - carrier.freq_mhz) <= CARRIER_MATCH_MHZ
        if same:
            level = power_dbm - below_carrier_db(cell.technology, cell.bandwidth_mhz, cell.freq_mhz)
            if cell.plmn == carrier.plmn:
                offered = max(offered, level)
            if cell.technology == "UMTS":
                level = power_dbm  # J counts over the whole carrier, the pilot is a tenth of it
        sent = max(sent, level)  # cells of several PLMNs on one carrier are one transmission
    return sent, offered
