"""Antenna files of manufacturers: the MSI/Planet format (``.msi``, ``.pln``), two cuts of 360 losses below the peak.

Conventions of the format: the horizontal cut runs clockwise, 0 ahead; in the vertical cut 0 is the horizon ahead, 90
straight down, 180 the horizon behind, 270 straight up. A gain without a unit is in dBd. Losses are positive dB below
the peak. An electrical tilt is in the vertical cut already: `tilt_deg` of a mast is then the mechanical tilt alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from quietwing.sites.errors import SiteError
from quietwing.sites.findings import Findings, clean, shown
from quietwing.sites.records import plain_number

__all__ = ["FULL_TURN_DEG", "AntennaFile", "parse_msi"]

FULL_TURN_DEG = 360
DIPOLE_DBI = 2.15  # gain of a half-wave dipole: dBi = dBd + 2.15
MOST_BYTES = 256 * 2**10  # two cuts are about 10 KiB
MOST_LINES = 2_000
MOST_CHARACTERS = 80  # of a name
MOST_LOSS_DB = 120.0  # below the peak, assumed: files of makers end at 40 to 60 dB
MOST_OFF_PEAK_DB = 3.0  # of a cut's least loss, assumed: beyond it the cut misses the beam or is no loss
FREQ_MHZ = (300.0, 7125.0)  # the range of the whole tool
GAIN_DBI = (-30.0, 40.0)
CUTS = ("HORIZONTAL", "VERTICAL")
_QUANTITY = re.compile(r"(\S*?)\s*([A-Za-z]*)")
_TO_MHZ = {"": 1.0, "MHZ": 1.0, "GHZ": 1000.0}
_TO_DBI = {"": DIPOLE_DBI, "DBD": DIPOLE_DBI, "DBI": 0.0}


@dataclass(frozen=True, slots=True)
class AntennaFile:
    """An antenna as its maker measured it, in two cuts through the peak.

    Attributes
    ----------
    name : str
        As the file calls the antenna.
    freq_mhz : float or None
        Where the cuts were measured. [MHz]
    gain_dbi : float or None
        Gain at the peak; `eirp_dbm` of a mast holds it already. [dBi]
    horizontal_loss_db, vertical_loss_db : tuple of 360 floats
        Loss below the peak at each whole degree: clockwise from ahead, and downward from the horizon ahead. [dB]
    tilt : str
        What the file says of its tilt.
    text : str
        The whole file, to be written again as it was.
    """

    name: str
    freq_mhz: float | None
    gain_dbi: float | None
    horizontal_loss_db: tuple[float, ...]
    vertical_loss_db: tuple[float, ...]
    tilt: str = ""
    text: str = ""

    @property
    def peak_depression_deg(self) -> float:
        """Where the vertical cut loses least, below the horizon: the electrical tilt that is in it already. [deg]"""
        lowest = float(self.vertical_loss_db.index(min(self.vertical_loss_db)))
        return lowest - FULL_TURN_DEG if lowest > FULL_TURN_DEG / 2 else lowest

    @property
    def is_directional(self) -> bool:
        """Whether its horizontal cut is not the same all round."""
        return min(self.horizontal_loss_db) < max(self.horizontal_loss_db)


def parse_msi(text: str, file: str) -> AntennaFile:
    """The pattern in the text of an MSI/Planet file.

    Parameters
    ----------
    text : str
    file : str
        What messages call it.

    Returns
    -------
    AntennaFile

    Raises
    ------
    SiteError
        With every problem of the file at once, ``file: line: what is wrong; what to do``.

    References
    ----------
    MSI Planet format as described at radiomobile.pe1mew.nl, Definitions, MSI; sense of the vertical cut as read by
    crc-covlib, `LoadMsiPlanetFile` (90 = nadir).
    """
    reader = _Reader(file, Findings(), text.replace("\r\n", "\n").replace("\r", "\n").split("\n"))
    if len(reader.lines) > MOST_LINES:
        raise SiteError(f"{file}: has {len(reader.lines):,} lines (limit {MOST_LINES:,}); give one antenna a file")
    found = reader.read()
    if found is None or reader.findings.problems:
        raise SiteError(reader.findings.problems)
    return replace(found, text=text)


class _Reader:
    """One pass over the lines; problems are gathered, never raised."""

    def __init__(self, file: str, findings: Findings, lines: list[str]) -> None:
        self.file, self.findings, self.lines = file, findings, lines
        self.texts: dict[str, tuple[int, str]] = {}
        self.cuts: dict[str, tuple[float, ...]] = {}

    def problem(self, line: int | None, what: str) -> None:
        self.findings.problem(self.file, "" if line is None else f"line {line + 1}", what)

    def read(self) -> AntennaFile | None:
        at = 0
        while at < len(self.lines):
            key, _, rest = self.lines[at].strip().replace("\t", " ").partition(" ")
            key = key.upper()
            if key in CUTS:
                at = self._cut(key, rest.strip(), at)
                continue
            if key and key in self.texts and key != "COMMENT":
                self.problem(at, f"{clean(key, 40)} stands twice; keep one of them")
            if key and plain_number(key) is not None:
                self.problem(
                    at, f"{shown(self.lines[at])} belongs to no cut; put it below HORIZONTAL 360 or VERTICAL 360"
                )
                return None  # everything after it would be as astray
            if key:
                self.texts[key] = (at, rest.strip())
            at += 1
        for cut in CUTS:
            if cut not in self.cuts:
                self.problem(None, f"has no {cut} cut; add a line {cut} 360 and its 360 rows of angle and loss")
        name = self.texts.get("NAME", (0, ""))[1]
        tilt = self.texts.get("TILT", (0, ""))[1]
        if not name:
            self.problem(None, "has no NAME; begin with a line NAME and what the antenna is called")
        for key, value in (("NAME", name), ("TILT", tilt)):
            if len(value) > MOST_CHARACTERS or not value.isprintable():
                self.problem(
                    self.texts[key][0],
                    f"{key} is {shown(value)} (expected at most {MOST_CHARACTERS} printable characters); shorten it",
                )
        freq_mhz = self._value("FREQUENCY", _TO_MHZ, lambda value, unit: value * unit, FREQ_MHZ, "MHz")
        gain_dbi = self._value("GAIN", _TO_DBI, lambda value, unit: value + unit, GAIN_DBI, "dBi")
        if self.findings.problems:
            return None
        return AntennaFile(name, freq_mhz, gain_dbi, self.cuts["HORIZONTAL"], self.cuts["VERTICAL"], tilt)

    def _value(
        self,
        key: str,
        units: dict[str, float],
        convert: Callable[[float, float], float],
        span: tuple[float, float],
        unit_words: str,
    ) -> float | None:
        """A number with or without a unit, nothing where the file does not give one."""
        line, text = self.texts.get(key, (0, ""))
        if not text:
            return None
        match = _QUANTITY.fullmatch(text) if len(text) <= MOST_CHARACTERS else None
        value = plain_number(match[1]) if match else None
        factor = units.get(match[2].upper()) if match else None
        if value is None or factor is None:
            known = "MHz or GHz" if key == "FREQUENCY" else "dBd or dBi"
            self.problem(
                line, f"{key} is {shown(text)} (expected one number, with {known} after it or nothing); write it so"
            )
            return None
        found = convert(value, factor)
        if not span[0] <= found <= span[1]:
            self.problem(
                line, f"{key} is {found:g} {unit_words} (expected {span[0]:g} to {span[1]:g}); correct it or its unit"
            )
            return None
        return found

    def _cut(self, cut: str, count: str, start: int) -> int:
        """Read one cut; returns the first line after it."""
        if count != str(FULL_TURN_DEG):
            self.problem(
                start, f"{cut} is followed by {shown(count)} (expected 360); give a row for each whole degree"
            )
        if cut in self.cuts:
            self.problem(start, f"{cut} stands twice; keep one of them")
        found: dict[int, float] = {}
        before = len(self.findings.problems)
        at = start + 1
        while at < len(self.lines):
            row = self.lines[at].split()
            if row and plain_number(row[0]) is None and row[0][:1].isalpha():
                break
            if row:
                self._row(cut, row, at, found)
            at += 1
        missing = [angle for angle in range(FULL_TURN_DEG) if angle not in found]
        self.cuts[cut] = tuple(found.get(angle, 0.0) for angle in range(FULL_TURN_DEG))
        if len(self.findings.problems) > before:
            return at  # a row that could not be read is no missing one
        if missing:
            listed = ", ".join(str(angle) for angle in missing[:5]) + (", …" if len(missing) > 5 else "")
            self.problem(
                start,
                f"{cut} has {FULL_TURN_DEG - len(missing)} of 360 angles (missing {listed}); add a row for each",
            )
        elif min(found.values()) > MOST_OFF_PEAK_DB:
            self.problem(
                start,
                f"{cut} is nowhere nearer than {min(found.values()):g} dB to the peak (expected 0 somewhere); "
                f"give losses below the peak",
            )
        return at

    def _row(self, cut: str, row: list[str], at: int, found: dict[int, float]) -> None:
        """One angle and its loss."""
        angle, loss = (plain_number(value) for value in row) if len(row) == 2 else (None, None)
        if angle is None or loss is None:
            what = shown(" ".join(row))
            self.problem(at, f"{cut} has {what} (expected an angle and a loss, both plain numbers); correct it")
        elif not 0 <= angle < FULL_TURN_DEG or angle != int(angle):
            self.problem(at, f"{cut} has the angle {angle:g} (expected whole degrees from 0 to 359); correct it")
        elif int(angle) in found:
            self.problem(at, f"{cut} has the angle {angle:g} twice; keep one of the rows")
        elif loss < 0:
            self.problem(
                at, f"{cut} has {loss:g} dB at {angle:g}° (expected 0 or more: loss below the peak); drop the minus"
            )
        elif loss > MOST_LOSS_DB:
            self.problem(at, f"{cut} loses {loss:g} dB at {angle:g}° (expected at most {MOST_LOSS_DB:g}); correct it")
        else:
            found[int(angle)] = loss
