"""The public network at a phone: reference powers, strongest sector per channel, what is usable."""

from __future__ import annotations

import numpy as np
import xarray as xr

from quietwing.coverage.blocking.thresholds import (
    SEARCH_GAIN_DB,
    load_thresholds,
    noise_dbm,
    search_margin_db,
)
from quietwing.coverage.dims import CHANNEL, SECTOR
from quietwing.coverage.errors import OutOfRangeError
from quietwing.sites.model import Sector

__all__ = [
    "reference_bandwidth_khz",
    "reference_eirp_dbm",
    "resource_blocks",
    "strongest_sector",
    "usable_sectors",
]

# Transmission bandwidth in resource blocks by channel bandwidth in MHz.
# LTE: 3GPP TS 36.101, table 5.6-1. NR: TS 38.101-1, table 5.3.2-1, 15 kHz and 30 kHz spacing.
_LTE_BLOCKS: dict[float, int] = {1.4: 6, 3: 15, 5: 25, 10: 50, 15: 75, 20: 100}
_NR_BLOCKS_15_KHZ: dict[float, int] = {5: 25, 10: 52, 15: 79, 20: 106, 25: 133, 30: 160, 40: 216, 50: 270}
_NR_BLOCKS_30_KHZ: dict[float, int] = {
    5: 11, 10: 24, 15: 38, 20: 51, 25: 65, 30: 78, 40: 106, 50: 133, 60: 162, 70: 189, 80: 217, 90: 245, 100: 273,
}  # fmt: skip
_NR_SPACING_CHANGE_MHZ = (
    2300.0  # 15 kHz SSB on the FDD bands below, 30 kHz on the TDD bands above (TS 38.104, 5.4.3.3)
)
_RSCP_BELOW_CARRIER_DB = 10.0  # UMTS pilot channel: CHOICES 17


def _nr_spacing_khz(freq_mhz: float) -> float:
    return 15.0 if freq_mhz < _NR_SPACING_CHANGE_MHZ else 30.0


def resource_blocks(technology: str, bandwidth_mhz: float, freq_mhz: float) -> int:
    """Resource blocks of an LTE or NR carrier.

    Parameters
    ----------
    technology : str
        ``LTE`` or ``NR``.
    bandwidth_mhz : float
        Channel bandwidth, one the standard lists. [MHz]
    freq_mhz : float
        Carrier centre; for NR it decides between 15 and 30 kHz spacing. [MHz]

    Returns
    -------
    int

    Raises
    ------
    OutOfRangeError
        If the standard has no such bandwidth.

    References
    ----------
    3GPP TS 36.101, table 5.6-1; TS 38.101-1, table 5.3.2-1.
    """
    if technology == "LTE":
        table = _LTE_BLOCKS
    elif _nr_spacing_khz(freq_mhz) == 15.0:
        table = _NR_BLOCKS_15_KHZ
    else:
        table = _NR_BLOCKS_30_KHZ
    if bandwidth_mhz not in table:
        known = ", ".join(f"{width:g}" for width in table)
        raise OutOfRangeError(
            f"{technology} carrier of {bandwidth_mhz:g} MHz at {freq_mhz:g} MHz (the standard lists {known} MHz); "
            f"give bandwidth_mhz as one of these"
        )
    return table[bandwidth_mhz]


def reference_bandwidth_khz(sector: Sector) -> float:
    """The bandwidth the sector's powers are compared in: CRS or SSB element, GSM carrier, UMTS carrier. [kHz]"""
    if sector.technology == "NR":
        return _nr_spacing_khz(sector.freq_mhz)
    return load_thresholds()[sector.technology].reference_khz


def reference_eirp_dbm(sector: Sector) -> float:
    """EIRP of a sector in its reference bandwidth, at the peak of its pattern.

    LTE and NR: the carrier's EIRP spread evenly over its elements, EIRP − 10 lg(12·N_RB) (CHOICES 1). GSM: the
    200 kHz carrier itself. UMTS: the pilot, 10 dB below the carrier (CHOICES 17).

    Parameters
    ----------
    sector : Sector
        A row of ``masts.csv``.

    Returns
    -------
    float
        [dBm]

    Raises
    ------
    OutOfRangeError
        If an LTE or NR bandwidth is not one the standard lists.
    """
    if sector.technology == "GSM":
        return sector.eirp_dbm
    if sector.technology == "UMTS":
        return sector.eirp_dbm - _RSCP_BELOW_CARRIER_DB
    blocks = resource_blocks(sector.technology, sector.bandwidth_mhz, sector.freq_mhz)
    return sector.eirp_dbm - 10 * float(np.log10(12 * blocks))


def usable_sectors(rsrp_dbm: xr.DataArray, sectors: tuple[Sector, ...], *, inside: bool = True) -> xr.DataArray:
    """Whether a phone could camp or hold a call on each sector with all blockers off.

    Usable is S + 5 dB ≥ floor (a searcher finds the stronger spots) and N − S < J/S to deny + search margin, N being
    the noise of the best phone in the reference bandwidth (DESIGN §4 "Usable" with J = 0; CHOICES 17).

    Parameters
    ----------
    rsrp_dbm : DataArray, dims (sector, ...)
        Level in the reference bandwidth; ``-inf`` where there is none. [dBm]
    sectors : tuple of Sector
        The sectors in the order of `rsrp_dbm`.
    inside : bool
        Inside a room to be silenced the LTE reference-signal boost counts; outside and in keep rooms it does not.

    Returns
    -------
    DataArray of bool, dims as `rsrp_dbm`
        False too where the sector's carrier cannot be camped on by itself.

    Raises
    ------
    OutOfRangeError
        If a level is NaN: "not computed" must never read as "not usable".
    """
    if bool(np.isnan(rsrp_dbm).any()):
        raise OutOfRangeError("RSRP holds NaN (expected dBm or -inf); compute every sector before asking for service")
    thresholds = load_thresholds()
    rows = [thresholds[sector.technology] for sector in sectors]

    def per_sector(values: list[float]) -> xr.DataArray:
        return xr.DataArray(np.array(values, np.float32), dims=SECTOR)

    boost_db = per_sector([row.crs_boost_db if inside else 0.0 for row in rows])
    floor_dbm = per_sector([row.floor_dbm for row in rows])
    noise = per_sector([noise_dbm(reference_bandwidth_khz(sector)) for sector in sectors])
    most_noise_over_signal_db = per_sector(
        [
            row.js_deny_db + search_margin_db(sector.technology, sector.bandwidth_mhz)
            for row, sector in zip(rows, sectors, strict=True)
        ]
    )
    campable = xr.DataArray([sector.campable for sector in sectors], dims=SECTOR)
    signal_dbm = rsrp_dbm + boost_db
    heard = signal_dbm + SEARCH_GAIN_DB >= floor_dbm
    above_noise = noise - signal_dbm < most_noise_over_signal_db
    return heard & above_noise & campable


def strongest_sector(per_sector: xr.DataArray, sectors: tuple[Sector, ...]) -> xr.DataArray:
    """The largest value over the sectors of each channel: RSRP, or whether any is usable.

    Parameters
    ----------
    per_sector : DataArray, dims (sector, ...)
        In the order of `sectors`.
    sectors : tuple of Sector
        At least one.

    Returns
    -------
    DataArray, dims (channel, ...)
        Channels in order of name.

    Notes
    -----
    Strongest, not serving: a phone re-selects once its own sector is blocked.
    """
    channels = sorted({sector.channel for sector in sectors})
    of_channel = {
        channel: [index for index, sector in enumerate(sectors) if sector.channel == channel] for channel in channels
    }
    return xr.concat(
        [per_sector.isel({SECTOR: of_channel[channel]}).max(SECTOR) for channel in channels],
        dim=xr.DataArray(channels, dims=CHANNEL, name=CHANNEL),
        coords="minimal",
        compat="override",
    )
