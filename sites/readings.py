"""Levels measured on a site, indoors or outdoors, to hold beside the model: read, checked, found in their rooms.

They change nothing: ``outside_levels.csv`` sets the masts of a site, a table of readings is compared with them.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import numpy as np
import shapely
from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from quietwing.sites.checks import LOUDEST_DBM
from quietwing.sites.errors import SiteError
from quietwing.sites.findings import MOST_ALIKE, Findings, Unreadable, clean, did_you_mean, near, shown
from quietwing.sites.model import Site
from quietwing.sites.points import PointSet
from quietwing.sites.quantities import CoordinateM, LevelDbm, Text
from quietwing.sites.records import MOST_RECORD_PROBLEMS, build, whole
from quietwing.sites.rooms import room_of_points, room_reach_m, storey_reach_m, with_storeys
from quietwing.sites.safe_reading import path_of, read_text
from quietwing.sites.tables_csv import parse_table

__all__ = [
    "READING_COLUMNS",
    "Measurements",
    "Reading",
    "locate",
    "misplaced_readings",
    "parse_measurements",
    "read_measurements",
]

READING_COLUMNS = ("channel", "x", "y", "height_m", "rsrp_dbm", "date", "room", "note")  # optional ones last
MOST_READINGS = 20_000
MOST_FILE_BYTES = 4 * 2**20
FARTHEST_M = 5_000.0  # from the perimeter, assumed: beyond it a coordinate is wrong
BESIDE_ROOM_M = 0.5  # a phone held out of a window belongs to its room: arm and half a wall, assumed
YARD_TOP_M = 3.0  # above it nobody stands in a yard, assumed


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class Reading:
    """A level of one channel measured at one place: a row of the table.

    `height_m` is above the ground, not the floor; `rsrp_dbm` in the reference bandwidth, as in
    ``outside_levels.csv``; `room` says which room the place belongs to where its coordinates alone do not.
    """

    channel: Annotated[str, Field(pattern=r"^[^/]+/[^/]+/(GSM|UMTS|LTE|NR)$")]
    x_m: CoordinateM
    y_m: CoordinateM
    height_m: Annotated[float, Field(ge=-20, le=400, allow_inf_nan=False)]
    rsrp_dbm: LevelDbm
    date: dt.date
    room: Text = ""
    note: Text = ""


@dataclasses.dataclass(frozen=True, slots=True)
class Measurements:
    """All readings of one table, in the order of its lines.

    Attributes
    ----------
    file : str
        Name of the file, without its folder.
    readings : tuple of Reading
    """

    file: str
    readings: tuple[Reading, ...]


def read_measurements(path: Path, site: Site) -> Measurements:
    """The readings of a table, checked against the site they were taken on.

    Parameters
    ----------
    path : Path
        CSV with the columns `READING_COLUMNS`; `room` and `note` may be left out.
    site : Site

    Returns
    -------
    Measurements

    Raises
    ------
    SiteError
        With every problem of the file at once, ``file: line: what is wrong; what to do``.
    """
    path = path_of(path, "measurements")
    name = clean(path.name or str(path))
    if "\0" in str(path) or not (path.is_symlink() or path.exists()):
        close = near(path.name, _tables_beside(path))
        advice = f"did you mean {shown(close[0])}?" if close else "give a table of readings (.csv)"
        raise SiteError(f"{name}: no such file; {advice}")
    try:
        text = read_text(path, path.parent, MOST_FILE_BYTES)
    except Unreadable as error:
        raise SiteError(f"{name}: {error}") from None
    return parse_measurements(text, site, name)


def _tables_beside(path: Path) -> list[str]:
    """Tables in the folder a missing file was looked for in."""
    try:
        return sorted(other.name for other in path.parent.glob("*.csv"))
    except (OSError, ValueError):
        return []


def parse_measurements(text: str, site: Site, file: str) -> Measurements:
    """The readings in a text. See `read_measurements`."""
    findings = Findings()
    readings: list[tuple[str, Reading]] = []
    try:
        lines = sum(1 for line in text.splitlines() if line.strip()) - 1
        if lines > MOST_READINGS:
            raise Unreadable(
                f"has {lines:,} rows (limit {MOST_READINGS:,}); average readings of one place, or split it"
            )
        for where, raw in parse_table(text, Reading, findings, file).rows:
            reading = build(Reading, raw, findings, file, where, ignore_unknown=True)
            if reading is not None:
                readings.append((where, reading))
    except Unreadable as error:
        findings.problem(file, "", str(error))
    _check_channels(readings, site, findings, file)
    for where, reading in readings:
        if len(findings.problems) > MOST_RECORD_PROBLEMS:
            what = f"has over {MOST_RECORD_PROBLEMS:,} problems, the rest was not read; correct these"
            findings.problem(file, "", what)
            break
        for problem in _impossible(reading, site):
            findings.problem(file, where, problem)
    if findings.problems:
        raise SiteError(findings.problems)
    return Measurements(file, tuple(reading for _, reading in readings))


def _check_channels(readings: list[tuple[str, Reading]], site: Site, findings: Findings, file: str) -> None:
    """Every channel has a mast; one that has none is named once, with all it concerns."""
    lines: dict[str, list[str]] = defaultdict(list)
    for where, reading in readings:
        if reading.channel not in site.channels:
            lines[reading.channel].append(where)
    for number, (channel, at) in enumerate(lines.items()):
        if number > MOST_ALIKE:
            break
        more = f" (and {len(at) - 1} more)" if len(at) > 1 else ""
        findings.problem(
            file,
            at[0] + more,
            f"no mast has channel {shown(channel)}; {did_you_mean(channel, site.channels)} Or add it to masts.csv",
        )


def misplaced_readings(readings: tuple[Reading, ...], site: Site, today: dt.date) -> dict[int, str]:
    """What is wrong with readings that did not come through `read_measurements`.

    Parameters
    ----------
    readings : tuple of Reading
    site : Site
    today : date
        A reading may be of the day after, by the clock of another place, but no later.

    Returns
    -------
    dict of int to str
        By their index; nothing where all could be taken.
    """
    found = ((at, [*_untold(reading, today), *_impossible(reading, site)]) for at, reading in enumerate(readings))
    return {at: problems[0] for at, problems in found if problems}


def _untold(reading: Reading, today: dt.date) -> Iterator[str]:
    """A day to come, and text that cannot be shown as it stands."""
    if reading.date - today > dt.timedelta(days=1):
        yield f"date is {reading.date}, a day to come (today is {today}); correct it, or this machine's clock"
    for name in ("channel", "room", "note"):
        try:
            whole(getattr(reading, name))
        except ValueError as error:
            yield f"{name}: {error}"


def _impossible(reading: Reading, site: Site) -> list[str]:
    """What is wrong with a reading as a place or level of this site."""
    problems = []
    if reading.rsrp_dbm > LOUDEST_DBM:
        problems.append(
            f"rsrp_dbm is {reading.rsrp_dbm:g} (expected at most {LOUDEST_DBM:g}); give dBm per reference element, "
            f"and leave out what was not received"
        )
    away_m = site.perimeter.outline.distance(shapely.Point(reading.x_m, reading.y_m))
    if away_m > FARTHEST_M:
        swapped_m = site.perimeter.outline.distance(shapely.Point(reading.y_m, reading.x_m))
        fix = "x and y look swapped: exchange them" if swapped_m <= FARTHEST_M else "correct x and y"
        return [
            *problems,
            f"({reading.x_m:,.1f}, {reading.y_m:,.1f}) is {away_m / 1000:,.1f} km from the perimeter; {fix}",
        ]
    if not reading.room:
        return problems
    index = site.room_index.get(reading.room)
    if index is None:
        return [
            *problems,
            f"room {shown(reading.room)} does not exist; {did_you_mean(reading.room, site.room_index)}",
        ]
    room = site.rooms[index]
    beside_m = room.outline.distance(shapely.Point(reading.x_m, reading.y_m))
    if beside_m > BESIDE_ROOM_M:
        problems.append(
            f"({reading.x_m:g}, {reading.y_m:g}) is {beside_m:.1f} m outside room {shown(reading.room)}; correct the "
            f"place or the room"
        )
    low_m, high_m = room_reach_m(site, room, YARD_TOP_M)
    if not low_m <= reading.height_m < high_m:
        problems.append(
            f"height_m is {reading.height_m:g} (room {shown(reading.room)} reaches from {low_m:g} to {high_m:g} "
            f"above the ground); give the height above the ground, not the floor"
        )
    return problems


def locate(site: Site, readings: tuple[Reading, ...]) -> PointSet:
    """Where each reading was taken: the room it names, else the building, storey and room its place lies in.

    Parameters
    ----------
    site : Site
    readings : tuple of Reading
        Checked by `read_measurements`.

    Returns
    -------
    PointSet
        Kind ``measured``, in the order of `readings`; room, storey and building −1 in the open.
    """
    xyz_m = np.array([(reading.x_m, reading.y_m, reading.height_m) for reading in readings], float).reshape(-1, 3)
    room = room_of_points(site, xyz_m, yards_up_to_m=YARD_TOP_M)
    for at, reading in enumerate(readings):
        room[at] = site.room_index[reading.room] if reading.room else room[at]
    known = with_storeys(site, room)
    for at in np.flatnonzero(room < 0).tolist():
        known[at, 2], known[at, 1] = _storey_of(site, readings[at])
    return PointSet(xyz_m, known[:, 0], known[:, 1], known[:, 2], ("measured",) * len(readings))


def _storey_of(site: Site, reading: Reading) -> tuple[int, int]:
    """Building and storey a place lies in, −1 and −1 in the open."""
    for number, built in enumerate(site.buildings):
        if shapely.intersects_xy(built.outline, reading.x_m, reading.y_m):
            for storey in range(len(built.storeys)):
                low_m, high_m = storey_reach_m(built, storey)
                if low_m <= reading.height_m < high_m:
                    return number, storey
    return -1, -1
