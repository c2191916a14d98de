"""The bands of mobile networks: what a number such as 7 means, in B7 and n7 alike."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

__all__ = ["Band", "band_number", "bands", "known_band"]


@dataclass(frozen=True, slots=True)
class Band:
    """A row of ``tables/bands.csv``; None where it says nothing.

    Attributes
    ----------
    number : str
        ``7``.
    duplex : str
        ``FDD``, ``SDL`` or ``TDD``.
    low_mhz, high_mhz : float
        Edges of the downlink. [MHz]
    duplex_mhz : float or None
        Downlink less uplink of an FDD band. [MHz]
    spoken_mhz : int or None
        What people call the band. [MHz]
    europe : bool
        Whether it is in use there.
    first_earfcn : int or None
        First downlink channel number of LTE, at `low_mhz`.
    ssb_khz : float or None
        Spacing of NR; None: the band is none of NR. [kHz]
    nr_widths_mhz : tuple of float
        Widths an NR carrier may have. [MHz]
    """

    number: str
    duplex: str
    low_mhz: float
    high_mhz: float
    duplex_mhz: float | None
    spoken_mhz: int | None
    europe: bool
    first_earfcn: int | None
    ssb_khz: float | None
    nr_widths_mhz: tuple[float, ...]

    @property
    def earfcns(self) -> range:
        """Downlink channel numbers of LTE, ten a MHz; empty where none are listed."""
        first = self.first_earfcn
        return range(0) if first is None else range(first, first + round(10 * (self.high_mhz - self.low_mhz)))


@cache
def bands() -> dict[str, Band]:
    """Every band by its number, where a frequency is of several the likelier first.

    Returns
    -------
    dict of str to Band

    References
    ----------
    ``tables/bands.csv``, whose header names the tables of 3GPP TS 36.101 and TS 38.101-1.
    """
    text = files("quietwing.sites.tables").joinpath("bands.csv").read_text("utf-8")
    rows = [
        Band(
            number=row["band"],
            duplex=row["duplex"],
            low_mhz=float(row["downlink_low_mhz"]),
            high_mhz=float(row["downlink_high_mhz"]),
            duplex_mhz=float(row["duplex_mhz"]) if row["duplex_mhz"] else None,
            spoken_mhz=int(row["spoken_mhz"]) if row["spoken_mhz"] else None,
            europe=row["europe"] == "yes",
            first_earfcn=int(row["first_earfcn"]) if row["first_earfcn"] else None,
            ssb_khz=float(row["ssb_khz"]) if row["ssb_khz"] else None,
            nr_widths_mhz=tuple(float(width) for width in row["nr_widths_mhz"].split()),
        )
        for row in csv.DictReader(line for line in text.splitlines() if not line.startswith("#"))
    ]
    return {band.number: band for band in sorted(rows, key=lambda band: not band.europe)}


def band_number(band: str) -> str:
    """``B28`` and ``n28`` are one band: 28."""
    return band.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")


def known_band(band: str) -> Band | None:
    """The row of a band as ``masts.csv`` names it, such as ``B28``; nothing where the table has none."""
    return bands().get(band_number(band).lstrip("0"))
