"""A site as a folder: ``site.toml``, GeoJSON layers, tables of masts and levels, antenna files, heights."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

from quietwing.sites.files import NEIGHBOURS, OWN_FILES, READ_ELSEWHERE
from quietwing.sites.findings import Findings, Unreadable, clean, near, shown
from quietwing.sites.geojson import parse_layer
from quietwing.sites.layers import LAYERS
from quietwing.sites.raw_site import RawSite
from quietwing.sites.safe_reading import (
    MISSPELT,
    MOST_BYTES,
    MOST_TOML_BYTES,
    misspelt,
    read_bytes,
    read_text,
    refuse_odd,
)
from quietwing.sites.site_antennas import ANTENNA_FOLDER, read_antennas
from quietwing.sites.site_calibration import CALIBRATION_FILE, parse_calibration
from quietwing.sites.site_toml import read_site_toml
from quietwing.sites.tables_csv import TABLES, parse_table
from quietwing.sites.terrain import MOST_TERRAIN_BYTES, TERRAIN_FILE, parse_terrain

__all__ = ["read_raw", "strangers"]

T = TypeVar("T")

MOST_ENTRIES = 1000
MOST_SITE_BYTES = 128 * 2**20  # of all layers and tables: half is read in some five seconds; a campus has 2 MiB


def read_raw(folder: Path, findings: Findings) -> RawSite:
    """The parts of a site in a folder, each sound by itself.

    Parameters
    ----------
    folder : Path
        An existing folder.
    findings : Findings
        Receives the problems.

    Returns
    -------
    RawSite
    """
    raw = RawSite()
    names = sorted(os.listdir(folder))
    if len(names) > MOST_ENTRIES:
        findings.problem(
            folder.name, "", f"holds {len(names):,} files (limit {MOST_ENTRIES:,}); give the site's own folder"
        )
        findings.unread |= set(raw.files)
        return raw
    _note_strangers(names, findings)
    _refuse_odd_neighbours(folder, names, findings)
    before = _stamps(folder, names)
    sizes = {name: stamp[2] for name, stamp in before.items() if stamp is not None and name != TERRAIN_FILE}
    size = sum(each for each in sizes.values() if each <= MOST_BYTES)  # a larger file is refused by itself, unread
    if size > MOST_SITE_BYTES:
        what = f"its layers and tables have {size:,} bytes (limit {MOST_SITE_BYTES:,}); remove what is not needed"
        findings.problem(folder.name, "", what)
        findings.unread |= {name.split(".")[0] for name in OWN_FILES}
        return raw

    def part(name: str, parse: Callable[[str], T], required: bool, most_bytes: int = MOST_BYTES) -> T | None:
        if name not in names:
            if required:
                findings.unread.add(name.split(".")[0])
                findings.problem(name, "", f"is missing from the folder {shown(folder.name)}; add it")
            return None
        try:
            return parse(read_text(folder / name, folder, most_bytes))
        except Unreadable as error:
            findings.unread.add(name.split(".")[0])
            findings.problem(name, "", str(error))
            return None

    raw.header = part("site.toml", lambda text: read_site_toml(text, findings, "site.toml"), True, MOST_TOML_BYTES)
    for layer in LAYERS:
        found = part(f"{layer.name}.geojson", parse_layer, layer.required)
        if found is not None:
            raw.layers[layer.name] = found
    for table, cls in TABLES.items():
        file = f"{table}.csv"
        rows = part(file, lambda text, cls=cls, file=file: parse_table(text, cls, findings, file), False)  # type: ignore[misc]
        if rows is not None:
            raw.tables[table] = rows
    raw.antennas = read_antennas(folder, findings)
    raw.calibration = part(CALIBRATION_FILE, lambda text: parse_calibration(text, findings), False, MOST_TOML_BYTES)
    if TERRAIN_FILE in names:
        try:
            content = read_bytes(folder / TERRAIN_FILE, folder, MOST_TERRAIN_BYTES)
            raw.terrain, raw.terrain_crs = parse_terrain(content)
        except Unreadable as error:
            findings.problem(TERRAIN_FILE, "", str(error))
    for name, after in _stamps(folder, names).items():
        if after != before[name]:
            what = "changed while the site was read; close the program that writes it and try again"
            findings.problem(name, "", what)
    return raw


def _stamps(folder: Path, names: list[str]) -> dict[str, tuple[int, ...] | None]:
    """What tells of each file of a site, without reading it, that it is still the one it was."""
    found: dict[str, tuple[int, ...] | None] = {}
    for name in names:
        if name in OWN_FILES:
            try:
                at = (folder / name).stat()
                found[name] = (at.st_dev, at.st_ino, at.st_size, at.st_mtime_ns, at.st_ctime_ns)
            except OSError:
                found[name] = None
    return found


def _refuse_odd_neighbours(folder: Path, names: list[str], findings: Findings) -> None:
    """A folder, a pipe or a link to nothing in the place of a file that other commands read."""
    for name in READ_ELSEWHERE:
        if name in names:
            try:
                refuse_odd(folder / name, folder)
            except Unreadable as error:
                findings.problem(name, "", str(error))


def strangers(names: Iterable[str]) -> list[str]:
    """Which names of files in a site's folder are no part of it: nobody reads them."""
    own = (*OWN_FILES, *NEIGHBOURS, ANTENNA_FOLDER)
    return [name for name in names if name not in own and not name.startswith(".")]


def _note_strangers(names: list[str], findings: Findings) -> None:
    """Files nobody reads are remarked on, unless one looks like a misspelt file that is missing."""
    absent = OWN_FILES - set(names)
    not_beside = [name for name in READ_ELSEWHERE if name not in names]
    for name in strangers(names):
        close = near(name, sorted(absent), MISSPELT)
        meant = close[0] if close else misspelt(name, not_beside)
        if meant:
            findings.problem(name, "", f"is not a file of a site; did you mean {meant!r}? Rename or remove it")
        else:
            findings.remark(f"{clean(name)}: is not a file of a site and is not read")
