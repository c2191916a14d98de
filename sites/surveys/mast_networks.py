"""Which network and carriers a row of a list of masts is of: operators by PLMN or name, bands by channel number."""

from __future__ import annotations

import functools
import re

from quietwing.sites.bands import bands, known_band
from quietwing.sites.errors import OutOfRangeError
from quietwing.sites.findings import clean
from quietwing.sites.networks import Carrier, carriers
from quietwing.sites.records import plain_number
from quietwing.sites.surveys.channel_numbers import band_of, frequency_mhz

__all__ = ["OF_NETWORK", "Told", "is_negative", "told_of"]

# What tells the network and carrier of a row.
OF_NETWORK = ("technology", "mcc", "mnc", "plmn", "operator", "arfcn", "freq_mhz", "band", "bandwidth_mhz")
_Carried = tuple[Carrier | tuple[str, float, float], tuple[str, ...]]  # with what was guessed of it
Told = tuple[tuple[str, str, str], list[_Carried]]
WIDTHS_MHZ = {"GSM": 0.2, "UMTS": 5.0, "LTE": 10.0, "NR": 20.0}  # where nothing says more; assumed
NAMES = {
    "vodafone": "VF", "vf": "VF", "o2": "O2", "telefonica": "O2", "virginmediao2": "O2", "vmo2": "O2",
    "three": "Three",
    "hutchison": "Three", "3": "Three", "h3g": "Three", "ee": "EE", "bt": "EE", "tmobile": "EE", "orange": "EE",
    "everythingeverywhere": "EE",
}  # fmt: skip
WORDS = {"GSM": "GSM", "2G": "GSM", "UMTS": "UMTS", "3G": "UMTS", "WCDMA": "UMTS", "LTE": "LTE", "4G": "LTE",
         "NR": "NR", "5G": "NR", "5GNR": "NR", "NBIOT": "LTE"}  # fmt: skip
OTHER_NAMES_MHZ = {1400: "32", 3600: "78"}  # of bands that are mostly called otherwise


def is_negative(text: str) -> bool:
    """Whether a number of a network, a band or a cell is below 0; by -1 a list marks what it does not know."""
    return re.fullmatch(r"-[0-9.]+", text) is not None and text != "-1"


def _network(row: dict[str, str]) -> tuple[str, str, str] | str:
    """Operator, PLMN and technology of a row, or why there is none."""
    word = WORDS.get(re.sub(r"[^A-Z0-9]", "", row.get("technology", "").upper()))
    if word is None:
        return f"technology {clean(row.get('technology', ''), 20) or 'not told'}"
    for key in ("mcc", "mnc", "plmn"):
        if is_negative(row.get(key, "")):
            return f"{key} {clean(row[key], 20)} is below 0"
    mcc, mnc = row.get("mcc", ""), row.get("mnc", "")
    digits = re.sub(r"[^0-9]", "", row.get("plmn", ""))
    plmn = f"{mcc}-{mnc.zfill(2)}" if f"{mcc}{mnc}".isdigit() and mcc and mnc else f"{digits[:3]}-{digits[3:]}"
    if re.fullmatch(r"[2-7][0-9]{2}-[0-9]{2,3}", plmn):
        operator = _operator_of_plmn().get(plmn, plmn)
        return operator, plmn, word
    name = NAMES.get(
        re.sub(r"[^a-z0-9]", "", row.get("operator", "").casefold().replace("uk", "").replace("limited", ""))
    )
    if name is None:
        return f"operator {clean(row.get('operator', ''), 20) or 'not told'} (give PLMN, or mcc and mnc)"
    return name, next(one.plmn for one in carriers() if one.operator == name), word


@functools.cache
def _operator_of_plmn() -> dict[str, str]:
    """EE shows a second one, as the table of networks says."""
    return {one.plmn: one.operator for one in carriers()} | {"234-33": "EE"}


def _band_called(mhz: int) -> str | None:
    """The number of the band that people call so: of several the first of the table."""
    called = (band.number for band in bands().values() if band.spoken_mhz == mhz)
    return OTHER_NAMES_MHZ.get(mhz) or next(called, None)


def told_of(row: dict[str, str]) -> Told | str:
    """Network and carriers of a row, or why there is none.

    Parameters
    ----------
    row : dict of str to str
        By meaning; see `mast_rows`.

    Returns
    -------
    (operator, plmn, technology), carriers : tuple
        Each carrier, or its band, frequency and width [MHz], with what of it was guessed.
    why : str
        In their place, where the row names none.
    """
    network = _network(row)
    if isinstance(network, str):
        return network
    found = _carriers(row, *network)
    return found if isinstance(found, str) else (network, found)


def _carriers(row: dict[str, str], operator: str, plmn: str, technology: str) -> list[_Carried] | str:
    """The carriers a row is of, with what was guessed of them."""
    mine = [one for one in carriers() if one.operator == operator and one.technology == technology]
    number, freq = plain_number(row.get("arfcn", "")), plain_number(row.get("freq_mhz", ""))
    band_number = None
    if number is not None and not number.is_integer():
        return f"channel number {clean(row['arfcn'], 20)} is no whole number"
    if number is not None:
        try:
            freq, band_number = frequency_mhz(technology, int(number)), int(number)
        except OutOfRangeError:
            return f"{technology} channel number {clean(row['arfcn'], 20)} is of no band"
    if freq and not 300 <= freq <= 7125:
        return f"frequency {clean(row.get('freq_mhz', ''), 20)} is not from 300 to 7125 MHz"
    if freq:
        band = band_of(technology, freq, band_number if technology == "LTE" else None)
        if band is None:
            return f"{technology} at {freq:g} MHz is of no band"
        near = [one for one in mine if abs(one.freq_mhz - freq) <= one.bandwidth_mhz / 2 and one.band == band]
        width = plain_number(row.get("bandwidth_mhz", ""))
        if width is not None and 0.1 <= width <= 200:
            return [((band, freq, width), ())]
        if near:
            return [((band, freq, near[0].bandwidth_mhz), ("bandwidth",))]
        of_band = known_band(band) if technology == "NR" else None
        widest = of_band.nr_widths_mhz[-1:] if of_band else ()
        return [((band, freq, min((WIDTHS_MHZ[technology], *widest))), ("bandwidth",))]
    if is_negative(row.get("band", "")):
        return f"band {clean(row['band'], 20)} is below 0"
    named = re.search(r"[0-9]{1,9}", row.get("band", ""))
    if named:
        wanted = _band_called(int(named[0])) or named[0]
        found = [one for one in mine if one.band.lstrip("Bn") == wanted]
        return [
            (one, ("carrier",)) for one in found
        ] or f"{operator} has no {technology} in band {clean(row['band'], 20)}"
    if not mine:
        return f"{operator} has no {technology} in the table of networks, and the row names no frequency"
    return [(one, ("band and carrier",)) for one in mine]
