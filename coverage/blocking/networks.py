"""The public network at a phone: reference powers, strongest sector per channel, what is usable."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from quietwing.coverage.blocking.thresholds import load_thresholds, noise_dbm
from quietwing.coverage.dims import CHANNEL, POINT, SECTOR
from quietwing.coverage.errors import OutOfRangeError
from quietwing.coverage.named_arrays import xr
from quietwing.coverage.rules import Grade, load_rules
from quietwing.sites import Sector, known_band, shown

__all__ = [
    "below_carrier_db",
    "headroom_db",
    "reference_bandwidth_khz",
    "reference_eirp_dbm",
    "reference_khz",
    "resource_blocks",
    "strongest_sector",
]

# Transmission bandwidth in resource blocks by channel bandwidth in MHz.
# LTE: 3GPP TS 36.101, table 5.6-1. NR: TS 38.101-1, table 5.3.2-1, 15 kHz and 30 kHz spacing.
_LTE_BLOCKS: dict[float, int] = {1.4: 6, 3: 15, 5: 25, 10: 50, 15: 75, 20: 100}
_NR_BLOCKS: dict[float, dict[float, int]] = {
    15: {5: 25, 10: 52, 15: 79, 20: 106, 25: 133, 30: 160, 35: 188, 40: 216, 45: 242, 50: 270},
    30: {
        5: 11, 10: 24, 15: 38, 20: 51, 25: 65, 30: 78, 35: 92, 40: 106, 45: 119, 50: 133, 60: 162, 70: 189, 80: 217,
        90: 245, 100: 273,
    },
}  # fmt: skip
_RSCP_BELOW_CARRIER_DB = 10.0  # UMTS pilot channel: assumption A17


def _nr_spacing_khz(band: str) -> float:
    known = known_band(band)
    if known is None or known.ssb_khz is None:
        raise OutOfRangeError(f"no spacing of NR is known in band {shown(band)}; correct the band, or the technology")
    return known.ssb_khz


def resource_blocks(technology: str, bandwidth_mhz: float, band: str) -> int:
    """Resource blocks of an LTE or NR carrier.

    Parameters
    ----------
    technology : str
        ``LTE`` or ``NR``.
    bandwidth_mhz : float
        Channel bandwidth, one the standard lists. [MHz]
    band : str
        As ``masts.csv`` names it, or its number; for NR it decides between 15 and 30 kHz spacing.

    Returns
    -------
    int

    Raises
    ------
    OutOfRangeError
        If the standard has no such bandwidth, or the band is none of NR.

    References
    ----------
    3GPP TS 36.101, table 5.6-1; TS 38.101-1, table 5.3.2-1.
    """
    table = _LTE_BLOCKS if technology == "LTE" else _NR_BLOCKS[_nr_spacing_khz(band)]
    if bandwidth_mhz not in table:
        known = ", ".join(f"{width:g}" for width in table)
        raise OutOfRangeError(
            f"{technology} carrier of {bandwidth_mhz:g} MHz in band {shown(band)} (the standard lists {known} MHz); "
            f"give bandwidth_mhz as one of these"
        )
    return table[bandwidth_mhz]


def reference_khz(technology: str, band: str) -> float:
    """The bandwidth a technology's powers are compared in: CRS or SSB element, GSM carrier, UMTS carrier. [kHz]"""
    return _nr_spacing_khz(band) if technology == "NR" else load_thresholds()[technology].reference_khz


def reference_bandwidth_khz(sector: Sector) -> float:
    """The bandwidth the sector's powers are compared in. [kHz]"""
    return reference_khz(sector.technology, sector.band)


def below_carrier_db(technology: str, bandwidth_mhz: float, band: str) -> float:
    """How far the reference power of a carrier lies below its whole power.

    LTE and NR: 10 lg(12·N_RB), the power spread evenly over the elements (assumption A1). GSM: 0, the 200 kHz carrier
    itself. UMTS: 10 dB, the pilot (assumption A17).

    Raises
    ------
    OutOfRangeError
        If an LTE or NR bandwidth is not one the standard lists, or the band is none of NR.
    """
    if technology == "GSM":
        return 0.0
    if technology == "UMTS":
        return _RSCP_BELOW_CARRIER_DB
    return 10 * float(np.log10(12 * resource_blocks(technology, bandwidth_mhz, band)))


def reference_eirp_dbm(sector: Sector) -> float:
    """EIRP of a sector in its reference bandwidth, at the peak of its pattern; see `below_carrier_db`.

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
    return sector.eirp_dbm - below_carrier_db(sector.technology, sector.bandwidth_mhz, sector.band)


def headroom_db(
    rsrp_dbm: xr.DataArray,
    sectors: tuple[Sector, ...],
    inside: ArrayLike = True,
    *,
    grade: Grade | None = None,
    boost_db: ArrayLike | None = None,
) -> xr.DataArray:
    """How far each sector is above the level at which no phone could use it, all blockers off.

    The smaller of S + 5 dB − floor (a searcher finds the stronger spots) and S − N + J/S to deny + search margin, N
    being the noise of the best phone in the reference bandwidth (assumptions A17, A47).

    Parameters
    ----------
    rsrp_dbm : DataArray, dims (sector, point)
        Level in the reference bandwidth; ``-inf`` where there is none. [dBm]
    sectors : tuple of Sector
        The sectors in the order of `rsrp_dbm`.
    inside : array_like of bool, shape () or (point,)
        In a room to be silenced the LTE reference-signal boost counts; outside and in keep rooms it does not.
    grade : Grade, optional
        Whose J/S and search margin count; planning without it.
    boost_db : array_like, shape (sector,), optional
        Boost of each sector, where levels that were measured hold it already. [dB]

    Returns
    -------
    DataArray, dims (sector, point), float32
        Negative: not usable. ``-inf`` too where the carrier cannot be camped on by itself. [dB]

    Raises
    ------
    OutOfRangeError
        If a level is NaN: "not computed" must never read as "not usable".
    """
    by_sector_dbm = rsrp_dbm.transpose(SECTOR, POINT).values
    if np.isnan(by_sector_dbm).any():
        raise OutOfRangeError("RSRP holds NaN (expected dBm or -inf); compute every sector before asking for service")
    thresholds, rules = load_thresholds(), load_rules()
    grade = grade or rules.grade("planning")
    boosts = [thresholds[sector.technology].crs_boost_db for sector in sectors]
    boosts = boosts if boost_db is None else np.asarray(boost_db, float).tolist()
    indoors = np.broadcast_to(np.asarray(inside, bool), by_sector_dbm.shape[1:])
    headroom = np.empty(by_sector_dbm.shape, np.float32)
    for index, sector in enumerate(sectors):
        row = thresholds[sector.technology]
        search_db = grade.search_db.of(sector.technology, sector.bandwidth_mhz)
        noise = noise_dbm(reference_bandwidth_khz(sector))
        lowest_dbm = max(
            row.floor_dbm - rules.phone.search_gain_db, noise - grade.js_deny_db[sector.technology] - search_db
        )
        boosted_dbm = by_sector_dbm[index] + np.where(indoors, boosts[index], 0.0)
        headroom[index] = boosted_dbm - lowest_dbm if sector.campable else -np.inf
    return rsrp_dbm.transpose(SECTOR, POINT).copy(data=headroom).rename("headroom_db").assign_attrs(units="dB")


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
