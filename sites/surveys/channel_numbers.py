"""Channel numbers of scanners and phones as downlink frequencies: ARFCN, UARFCN, EARFCN, NR-ARFCN."""

from __future__ import annotations

from quietwing.sites.bands import Band, bands
from quietwing.sites.errors import OutOfRangeError

__all__ = ["band_of", "frequency_mhz", "gsm_mhz", "lte_mhz", "nr_mhz", "umts_mhz"]

# 3GPP TS 25.101 section 5.4.4: band, offset [MHz], first and last downlink UARFCN; F = offset + N / 5.
_UMTS = ((1, 0.0, 10562, 10838), (3, 1575.0, 1162, 1513), (7, 2175.0, 2237, 2563), (8, 340.0, 2937, 3088))
# 3GPP TS 38.104 table 5.4.2.1-1: first and last N_REF, raster [kHz], offset [MHz], N_REF-Offs.
_NR = ((0, 599_999, 5.0, 0.0, 0), (600_000, 2_016_666, 15.0, 3000.0, 600_000))
_GSM_AND_UMTS = ("1", "3", "5", "7", "8")  # bands those may be in


def gsm_mhz(arfcn: int) -> float:
    """Downlink of a GSM channel.

    Parameters
    ----------
    arfcn : int
        0 to 124 and 955 to 1023 (900 MHz), 128 to 251 (850 MHz), 512 to 885 (DCS 1800, not PCS 1900).

    Returns
    -------
    float
        Carrier frequency. [MHz]

    Raises
    ------
    OutOfRangeError
        For any other number.

    References
    ----------
    3GPP TS 45.005 section 2, table 2-2.
    """
    if 0 <= arfcn <= 124:
        return 890.0 + 0.2 * arfcn + _duplex_mhz("8")
    if 955 <= arfcn <= 1023:
        return 890.0 + 0.2 * (arfcn - 1024) + _duplex_mhz("8")
    if 128 <= arfcn <= 251:
        return 824.2 + 0.2 * (arfcn - 128) + _duplex_mhz("5")
    if 512 <= arfcn <= 885:
        return 1710.2 + 0.2 * (arfcn - 512) + _duplex_mhz("3")
    raise OutOfRangeError(f"ARFCN {arfcn} is no GSM channel (0-251, 512-885, 955-1023); correct it or the technology")


def _duplex_mhz(number: str) -> float:
    """Downlink less uplink of a band that has both. [MHz]"""
    return bands()[number].duplex_mhz or 0.0


def umts_mhz(uarfcn: int) -> float:
    """Downlink of a UMTS channel (3GPP TS 25.101 section 5.4.4, bands I, III, VII, VIII). [MHz]"""
    for _, offset_mhz, first, last in _UMTS:
        if first <= uarfcn <= last:
            return offset_mhz + uarfcn / 5
    raise OutOfRangeError(f"UARFCN {uarfcn} is of no known band (I, III, VII, VIII); give the frequency in MHz")


def lte_mhz(earfcn: int) -> float:
    """Downlink of an LTE channel: F_DL = F_DL_low + 0.1 (N_DL − N_Offs-DL).

    Parameters
    ----------
    earfcn : int
        Downlink number, as phones and scanners give it.

    Returns
    -------
    float
        Carrier frequency. [MHz]

    Raises
    ------
    OutOfRangeError
        If the number is of no band of the table.

    References
    ----------
    3GPP TS 36.101 section 5.7.3, table 5.7.3-1.
    """
    for band in bands().values():
        if earfcn in band.earfcns:
            return round(band.low_mhz + 0.1 * band.earfcns.index(earfcn), 3)
    raise OutOfRangeError(f"EARFCN {earfcn} is of no known downlink band; correct it, or give the frequency in MHz")


def nr_mhz(arfcn: int) -> float:
    """Frequency of an NR-ARFCN below 24 GHz (3GPP TS 38.104 section 5.4.2.1). [MHz]"""
    for first, last, raster_khz, offset_mhz, first_of_range in _NR:
        if first <= arfcn <= last:
            return round(offset_mhz + raster_khz * (arfcn - first_of_range) / 1000, 4)
    raise OutOfRangeError(f"NR-ARFCN {arfcn} is above 24 GHz or none; correct it, or give the frequency in MHz")


def frequency_mhz(technology: str, number: int) -> float:
    """Downlink frequency of a channel number of a technology (``GSM``, ``UMTS``, ``LTE`` or ``NR``). [MHz]"""
    return {"GSM": gsm_mhz, "UMTS": umts_mhz, "LTE": lte_mhz, "NR": nr_mhz}[technology](number)


def band_of(technology: str, freq_mhz: float, number: int | None = None) -> str | None:
    """Band as ``masts.csv`` names it: of the channel number where it tells, else of the frequency.

    Parameters
    ----------
    technology : str
    freq_mhz : float
        Downlink. [MHz]
    number : int, optional
        EARFCN, which names its band.

    Returns
    -------
    str or None
        ``B20``, ``n78``; nothing where no band has it.
    """
    for band in bands().values():
        if technology == "LTE":
            found = number in band.earfcns if number is not None else bool(band.earfcns) and _holds(band, freq_mhz)
        else:
            used = band.ssb_khz is not None if technology == "NR" else band.number in _GSM_AND_UMTS
            found = used and _holds(band, freq_mhz)
        if found:
            return f"{'n' if technology == 'NR' else 'B'}{band.number}"
    return None


def _holds(band: Band, freq_mhz: float) -> bool:
    return band.low_mhz <= freq_mhz <= band.high_mhz
