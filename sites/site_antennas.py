"""Antenna files of a site: ``antennas/*.msi`` and ``*.pln`` beside the layers, named ``file:NAME.msi`` by masts."""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

from quietwing.sites.antenna_files import MOST_BYTES, AntennaFile, parse_msi
from quietwing.sites.errors import SiteError
from quietwing.sites.findings import Findings, Unreadable, clean, did_you_mean, shown
from quietwing.sites.model import FILE_PATTERN, Sector
from quietwing.sites.safe_reading import read_text

__all__ = [
    "ANTENNA_ENDINGS",
    "ANTENNA_FOLDER",
    "MOST_ANTENNAS",
    "add_antenna",
    "check_antennas",
    "check_file_pattern",
    "is_antenna_file",
    "read_antennas",
]

ANTENNA_FOLDER = "antennas"
ANTENNA_ENDINGS = (".msi", ".pln")
MOST_ANTENNAS = 200  # makers' files of one site, assumed: more is a library
OFF_FREQUENCY = 0.15  # share of the carrier, assumed: beyond it an antenna is another one
TILT_TWICE_DEG = 0.5  # tilt_deg this near to the tilt in the file's own cut was probably entered twice, assumed
LEAST_TILT_DEG = 1.0  # a beam nearer to the horizon is not tilted
_PLAIN_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+() -]{0,69}")  # and short enough for the column `pattern`


def is_antenna_file(name: str) -> bool:
    """Whether a file's name ends like that of an antenna file."""
    return name.lower().endswith(ANTENNA_ENDINGS)


def read_antennas(folder: Path, findings: Findings) -> dict[str, AntennaFile]:
    """The antenna files of a site folder by name; problems of all of them go to the findings.

    Parameters
    ----------
    folder : Path
        The site's folder; its ``antennas`` need not exist.
    findings : Findings

    Returns
    -------
    dict of str to AntennaFile
        In order of name.
    """
    home = folder / ANTENNA_FOLDER
    found: dict[str, AntennaFile] = {}
    if not os.path.lexists(home):
        return found
    if home.is_symlink() or not home.is_dir():
        findings.unread.add(ANTENNA_FOLDER)
        what = "is a link or file (expected a folder of .msi or .pln files); put the folder itself here"
        findings.problem(ANTENNA_FOLDER, "", what)
        return found
    names = []
    for name in sorted(os.listdir(home)):
        if is_antenna_file(name):
            names.append(name)
        elif not name.startswith("."):
            findings.remark(f"{ANTENNA_FOLDER}/{clean(name)}: is not an antenna file (.msi, .pln) and is not read")
    if not _few_enough(len(names), ANTENNA_FOLDER, findings):
        return found
    for name in names:
        file = f"{ANTENNA_FOLDER}/{name}"
        try:
            text = read_text(home / name, folder, MOST_BYTES)
        except Unreadable as error:
            findings.unread.add(ANTENNA_FOLDER)
            findings.problem(file, "", str(error))
            continue
        add_antenna(found, name, text, file, findings)
    return found


def add_antenna(found: dict[str, AntennaFile], name: str, text: str, file: str, findings: Findings) -> None:
    """Read the text of one antenna file into `found`, or its problems into the findings."""
    if not _PLAIN_NAME.fullmatch(name) or not is_antenna_file(name):
        problems = [
            f"{clean(file)}: is no plain name of an antenna file (expected at most 70 letters, digits, blanks and "
            f"_.+()-, ending in .msi or .pln); rename it"
        ]
    elif "\0" in text:
        problems = [f"{clean(file)}: holds NUL bytes, so it is no text; save as UTF-8"]
    else:
        try:
            found[name] = parse_msi(text, file)
            return
        except SiteError as error:
            problems = list(error.problems)
    findings.unread.add(ANTENNA_FOLDER)
    findings.problems |= dict.fromkeys(problems)


def _few_enough(count: int, file: str, findings: Findings) -> bool:
    if count > MOST_ANTENNAS:
        findings.unread.add(ANTENNA_FOLDER)
        what = f"holds {count:,} antenna files (limit {MOST_ANTENNAS}); keep those that masts.csv names"
        findings.problem(file, "", what)
    return count <= MOST_ANTENNAS


def check_antennas(antennas: Mapping[str, AntennaFile], sectors: Iterable[Sector], findings: Findings) -> None:
    """Names that differ in case only are a problem, files no mast names a remark."""
    if not _few_enough(len(antennas), ANTENNA_FOLDER, findings):
        return
    alike: dict[str, list[str]] = defaultdict(list)
    for name in antennas:
        alike[name.casefold()].append(name)
    for names in alike.values():
        if len(names) > 1:
            what = f"and {shown(names[1])} differ in case only; give each file a name of its own"
            findings.problem(ANTENNA_FOLDER, names[0], what)
    used = {sector.antenna_name for sector in sectors}
    for name in antennas:
        if name not in used:
            findings.remark(f"{ANTENNA_FOLDER}/{clean(name)}: no mast names it; it is kept and not used")


def check_file_pattern(
    sector: Sector, antennas: Mapping[str, AntennaFile], findings: Findings, masts_file: str
) -> None:
    """Whether the file a mast names is there, and whether it is likely to be meant as it stands."""
    name = sector.antenna_name or ""
    if "/" in name or "\\" in name or ".." in name or not is_antenna_file(name):
        findings.problem(
            masts_file,
            sector.id,
            f"pattern {shown(sector.pattern)} is no file of the folder {ANTENNA_FOLDER} (expected "
            f"{FILE_PATTERN}NAME.msi or .pln, without a path); put the file there and give its name alone",
        )
        return
    antenna = antennas.get(name)
    if antenna is None:
        if ANTENNA_FOLDER not in findings.unread:  # a file that could not be read has its own message
            advice = did_you_mean(name, antennas) if antennas else "add the file or choose another pattern"
            findings.problem(
                masts_file,
                sector.id,
                f"pattern {shown(sector.pattern)}: {ANTENNA_FOLDER}/{clean(name)} does not exist; {advice}",
            )
        return
    if antenna.freq_mhz is not None and abs(antenna.freq_mhz - sector.freq_mhz) > OFF_FREQUENCY * sector.freq_mhz:
        findings.note(
            f"masts: {sector.id}: its antenna file {name} was measured at {antenna.freq_mhz:g} MHz, the carrier "
            f"is at {sector.freq_mhz:g} MHz"
        )
    down_deg = antenna.peak_depression_deg
    if down_deg >= LEAST_TILT_DEG and abs(sector.tilt_deg - down_deg) <= TILT_TWICE_DEG:
        findings.note(
            f"masts: {sector.id}: tilt_deg {sector.tilt_deg:g} is added to the {down_deg:g}° that are in {name} "
            f"already: give the mechanical tilt alone"
        )
