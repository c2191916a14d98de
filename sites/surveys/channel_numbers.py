"""Channel numbers of scanners and phones as downlink frequencies: ARFCN, UARFCN, EARFCN, NR-ARFCN."""

from __future__ import annotations

from quietwing.sites.errors import OutOfRangeError

__all__ = ["band_of", "frequency_mhz", "gsm_mhz", "lte_mhz", "nr_mhz", "umts_mhz"]

# 3GPP TS 36.101 table 5.7.3-1: band, F_DL_low [MHz], N_Offs-DL, last N_DL.
_LTE = (
    (1, 2110.0, 0, 599), (2, 1930.0, 600, 1199), (3, 1805.0, 1200, 1949), (4, 2110.0, 1950, 2399),
    (5, 869.0, 2400, 2649), (7, 2620.0, 2750, 3449), (8, 925.0, 3450, 3799), (11, 1475.9, 4750, 4949),
    (12, 729.0, 5010, 5179), (13, 746.0, 5180, 5279), (14, 758.0, 5280, 5379), (17, 734.0, 5730, 5849),
    (18, 860.0, 5850, 5999), (19, 875.0, 6000, 6149), (20, 791.0, 6150, 6449), (21, 1495.9, 6450, 6599),
    (25, 1930.0, 8040, 8689), (26, 859.0, 8690, 9039), (28, 758.0, 9210, 9659), (29, 717.0, 9660, 9769),
    (30, 2350.0, 9770, 9869), (31, 462.5, 9870, 9919), (32, 1452.0, 9920, 10359), (33, 1900.0, 36000, 36199),
    (34, 2010.0, 36200, 36349), (38, 2570.0, 37750, 38249), (39, 1880.0, 38250, 38649),
    (40, 2300.0, 38650, 39649), (41, 2496.0, 39650, 41589), (42, 3400.0, 41590, 43589),
    (43, 3600.0, 43590, 45589), (65, 2110.0, 65536, 66435), (66, 2110.0, 66436, 67335),
    (67, 738.0, 67336, 67535), (68, 753.0, 67536, 67835), (69, 2570.0, 67836, 68335),
    (71, 617.0, 68586, 68935),
)  # fmt: skip
# Bands of other continents lie across these, so a frequency alone is of one in use in Europe first; assumed.
_LTE_IN_EUROPE = (1, 3, 7, 8, 20, 28, 31, 32, 38, 40, 42, 43, 67, 68)
_LTE_BY_FREQUENCY = sorted(_LTE, key=lambda row: row[0] not in _LTE_IN_EUROPE)
# 3GPP TS 25.101 section 5.4.4: band, offset [MHz], first and last downlink UARFCN; F = offset + N / 5.
_UMTS = ((1, 0.0, 10562, 10838), (3, 1575.0, 1162, 1513), (7, 2175.0, 2237, 2563), (8, 340.0, 2937, 3088))
# 3GPP TS 38.104 table 5.4.2.1-1: first and last N_REF, raster [kHz], offset [MHz], N_REF-Offs.
_NR = ((0, 599_999, 5.0, 0.0, 0), (600_000, 2_016_666, 15.0, 3000.0, 600_000))
# 3GPP TS 38.104 table 5.2-1: downlink of the bands in use in Europe, narrow ones first where they overlap. [MHz]
_NR_BANDS = (
    ("n1", 2110, 2170), ("n3", 1805, 1880), ("n8", 925, 960), ("n20", 791, 821), ("n28", 758, 803),
    ("n67", 738, 758), ("n38", 2570, 2620), ("n7", 2620, 2690), ("n40", 2300, 2400), ("n41", 2496, 2690),
    ("n75", 1432, 1517), ("n76", 1427, 1432), ("n78", 3300, 3800), ("n77", 3300, 4200),
)  # fmt: skip
_DUPLEX_900_MHZ, _DUPLEX_1800_MHZ, _DUPLEX_850_MHZ = 45.0, 95.0, 45.0


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
        return 890.0 + 0.2 * arfcn + _DUPLEX_900_MHZ
    if 955 <= arfcn <= 1023:
        return 890.0 + 0.2 * (arfcn - 1024) + _DUPLEX_900_MHZ
    if 128 <= arfcn <= 251:
        return 824.2 + 0.2 * (arfcn - 128) + _DUPLEX_850_MHZ
    if 512 <= arfcn <= 885:
        return 1710.2 + 0.2 * (arfcn - 512) + _DUPLEX_1800_MHZ
    raise OutOfRangeError(f"ARFCN {arfcn} is no GSM channel (0-251, 512-885, 955-1023); correct it or the technology")


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
    for _, low_mhz, first, last in _LTE:
        if first <= earfcn <= last:
            return round(low_mhz + 0.1 * (earfcn - first), 3)
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
    if technology == "NR":
        return next((name for name, low, high in _NR_BANDS if low <= freq_mhz <= high), None)
    if technology == "LTE":
        for band, low_mhz, first, last in _LTE_BY_FREQUENCY:
            if number is not None and first <= number <= last:
                return f"B{band}"
            if number is None and low_mhz <= freq_mhz <= low_mhz + 0.1 * (last - first + 1):
                return f"B{band}"
        return None
    ranges = {"B8": (925, 960), "B3": (1805, 1880), "B1": (2110, 2170), "B5": (869, 894), "B7": (2620, 2690)}
    return next((name for name, (low, high) in ranges.items() if low <= freq_mhz <= high), None)
