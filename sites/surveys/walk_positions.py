"""Where samples of a walk were taken: by columns, by GPS in the site's grid, or between waypoints in time."""

from __future__ import annotations

import csv
import datetime as dt
import math
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from quietwing.sites.errors import SiteError
from quietwing.sites.findings import Unreadable, clean, shown
from quietwing.sites.late_modules import LateModule
from quietwing.sites.model import Site
from quietwing.sites.records import plain_number
from quietwing.sites.safe_reading import read_text

__all__ = ["STOREYS_BELOW", "Waypoints", "grid_of", "read_waypoints", "seconds_of"]

Array = NDArray[np.float64]

pyproj = LateModule("pyproj")  # slow to load

MOST_WAYPOINTS_BYTES = 4 * 2**20
STOREYS_BELOW = 1000  # a larger number is no storey; assumed
MOST_SECONDS = 1e10  # the year 2286; what is larger is no time, or in smaller units
MILLISECONDS_FROM = 1e11  # a number of seconds this large is in the year 5138
_GNETTRACK = re.compile(r"(\d{4})\.(\d\d)\.(\d\d)[_ ](\d\d)\.(\d\d)\.(\d\d)")
_CLOCK = re.compile(r"(\d{1,2}):(\d\d):(\d\d(?:\.\d+)?)")


@dataclass(frozen=True, slots=True, eq=False)
class Waypoints:
    """Places passed at known times, in order; motion between them is linear."""

    seconds: Array
    xy_m: Array
    storey: NDArray[np.int64]

    def at(self, seconds: Array) -> tuple[Array, NDArray[np.int64], NDArray[np.bool_]]:
        """Places in plan, storeys, and which are known: before, after, and on stairs between storeys nobody knows."""
        xy_m = np.column_stack([np.interp(seconds, self.seconds, self.xy_m[:, axis]) for axis in (0, 1)])
        after = np.clip(np.searchsorted(self.seconds, seconds), 1, len(self.seconds) - 1)
        exact = np.isin(seconds, self.seconds)
        same = (self.storey[after] == self.storey[after - 1]) | exact
        inside = (seconds >= self.seconds[0]) & (seconds <= self.seconds[-1])
        storey = np.where(exact & (seconds == self.seconds[after]), self.storey[after], self.storey[after - 1])
        return xy_m, storey, inside & same


def seconds_of(text: str, date: dt.date | None = None) -> float | None:
    """A time of a log in seconds since 1970: ISO 8601, G-NetTrack's, a clock on `date`, or a number; else nothing."""
    text = text.strip()
    if found := _GNETTRACK.fullmatch(text):
        year, month, day, hour, minute, second = (int(part) for part in found.groups())
        try:
            return dt.datetime(year, month, day, hour, minute, second, tzinfo=dt.UTC).timestamp()
        except ValueError:
            return None
    if found := _CLOCK.fullmatch(text):
        midnight = dt.datetime.combine(date or dt.date(1970, 1, 1), dt.time(), dt.UTC).timestamp()
        return midnight + 3600 * int(found[1]) + 60 * int(found[2]) + float(found[3])
    number = plain_number(text)
    if number is not None and math.isfinite(number):
        seconds = number / 1000 if abs(number) >= MILLISECONDS_FROM else number
        return seconds if abs(seconds) <= MOST_SECONDS else None
    try:
        moment = dt.datetime.fromisoformat(text.replace("/", "-"))
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)).timestamp()


def _is_storey(number: float) -> bool:
    return abs(number) < STOREYS_BELOW and number.is_integer()


def read_waypoints(path: Path, date: dt.date | None = None) -> Waypoints:
    """``waypoints.csv``: time, x, y and optionally storey, in the order they were passed.

    Raises
    ------
    SiteError
        With file, line and what to do.
    """
    file = clean(path.name)
    try:
        rows = list(csv.reader(read_text(path, path.parent, MOST_WAYPOINTS_BYTES).splitlines()))
    except (Unreadable, csv.Error) as error:
        raise SiteError(f"{file}: {error}") from None
    header = [name.strip().casefold() for name in rows[0]]
    missing = [name for name in ("time", "x", "y") if name not in header]
    if missing:
        raise SiteError(f"{file}: line 1: has no column {', '.join(missing)}; write time,x,y,storey")
    problems, found = [], []
    for line, row in enumerate(rows[1:], 2):
        if not any(value.strip() for value in row):
            continue
        values = dict(zip(header, row, strict=False))
        moment = seconds_of(values.get("time", ""), date)
        place = [plain_number(values.get(axis, "")) for axis in ("x", "y")]
        storey = plain_number(values.get("storey") or "0")
        if moment is None or None in place or storey is None or not _is_storey(storey):
            problems.append(
                f"{file}: line {line}: is no waypoint; write time,x,y,storey as 2026-11-20T10:15:00,12.5,3,0"
            )
        else:
            found.append((moment, place[0], place[1], int(storey)))
    if len(found) < 2 and not problems:
        problems.append(f"{file}: has {len(found)} waypoints (expected 2 or more); give start and end of the walk")
    if [one[0] for one in found] != sorted(one[0] for one in found):
        problems.append(f"{file}: its times do not ascend; put the rows into the order they were passed in")
    if problems:
        raise SiteError(problems)
    table = np.array(found, float)
    return Waypoints(table[:, 0], table[:, 1:3], table[:, 3].astype(np.int64))


def grid_of(site: Site, lat: Array, lon: Array, file: str) -> Array:
    """WGS 84 in the site's own grid, shape (place, 2). [m]

    Raises
    ------
    SiteError
        If the site has no frame, or nothing in the log lies near it.
    """
    if site.crs == "local":
        raise SiteError(
            f"{file}: has WGS 84 positions, and the site's crs is {shown(site.crs)}; give x and y in site metres, "
            f"waypoints, or the site's EPSG code in site.toml"
        )
    east, north = pyproj.Transformer.from_crs("EPSG:4326", site.crs, always_xy=True).transform(lon, lat)
    return np.column_stack([east, north])
