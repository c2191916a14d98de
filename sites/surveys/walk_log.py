"""A log of a walk becomes a table of readings: channels told, places found, medians by square of the plan.

Columns that identify a phone are dropped as the file is read, and the report says so.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
from array import array
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import shapely
from numpy.typing import NDArray

from quietwing.sites.errors import OutOfRangeError, SiteError
from quietwing.sites.findings import Unreadable, clean
from quietwing.sites.model import Sector, Site
from quietwing.sites.readings import FARTHEST_M, MOST_READINGS, Reading
from quietwing.sites.records import plain_number
from quietwing.sites.safe_reading import path_of, refuse_odd
from quietwing.sites.surveys.channel_numbers import frequency_mhz
from quietwing.sites.surveys.log_columns import Mapped, TableHead, head_of, is_private, map_columns
from quietwing.sites.surveys.text_rows import count_reason, text_rows
from quietwing.sites.surveys.walk_positions import STOREYS_BELOW, Waypoints, grid_of, seconds_of

__all__ = ["WalkImport", "import_walk", "log_head", "readings_text"]

Array = NDArray[np.float64]

MOST_LOG_BYTES = 512 * 2**20
MOST_LOG_ROWS = 2_000_000
ROWS_OF_HEAD = 5
HAND_M = 1.5  # height of a phone or scanner above the floor; assumed
LOUDEST_DBM, WEAKEST_DBM = -20.0, -160.0
WORDS = {  # of loggers; a mapping's [technologies] rules
    "2g": "GSM", "gsm": "GSM", "gprs": "GSM", "edge": "GSM", "3g": "UMTS", "umts": "UMTS", "wcdma": "UMTS",
    "hspa": "UMTS", "hsdpa": "UMTS", "4g": "LTE", "lte": "LTE", "lte fdd": "LTE", "lte tdd": "LTE", "5g": "NR",
    "nr": "NR", "5g nr": "NR", "nr sa": "NR",
}  # fmt: skip
NEAR_CARRIER = 0.5  # of the bandwidth: a number inside a carrier is the carrier's


@dataclass(frozen=True, slots=True)
class WalkImport:
    """What a log came to.

    Attributes
    ----------
    readings : tuple of Reading
        Medians by square, the note of each saying how many samples and how they spread.
    rows : int
        Samples in the file.
    used : int
        Of them in a reading.
    columns : tuple of (str, str)
        What was taken for what.
    private : tuple of str
        Columns that were dropped because they identify a phone.
    left_out : tuple of (str, int)
        Why samples are in no reading, and how many.
    """

    readings: tuple[Reading, ...]
    rows: int
    used: int
    columns: tuple[tuple[str, str], ...]
    private: tuple[str, ...]
    left_out: tuple[tuple[str, int], ...]


def import_walk(
    path: Path, site: Site, mapped: Mapped | None = None, waypoints: Waypoints | None = None, square_m: float = 2.0
) -> WalkImport:
    """The readings in a log of a scanner or phone.

    Parameters
    ----------
    path : Path
        CSV or tab-separated text with a header.
    site : Site
        Whose channels and grid count.
    mapped : Mapped, optional
        Which column is what, and what the log does not say.
    waypoints : Waypoints, optional
        Places passed at known times; they rule over positions in the log.
    square_m : float
        Side of the squares medians are taken in, 0.25 to 50. [m]

    Returns
    -------
    WalkImport

    Raises
    ------
    SiteError
        If the file cannot be read, lacks a column, or no sample can be used.
    """
    path = path_of(path, "log")
    mapped, file = mapped or Mapped(), clean(path.name)
    if not 0.25 <= square_m <= 50:
        raise SiteError(f"--square: is {square_m:g} (expected 0.25 to 50 m); give the side of the squares")
    lines = _rows(path, file)
    header = next(lines)[1]
    place = map_columns(header, mapped, file)
    _check_columns(place, mapped, waypoints, header, file)
    samples = _Samples(site, mapped, place, waypoints is not None)
    count = 0
    for _, row in lines:
        count += 1
        samples.add(row)
    readings, used = _medians(samples, site, mapped, waypoints, square_m, file)
    if not readings:
        why = ", ".join(f"{clean(reason)}: {many:,}" for reason, many in samples.left_out.most_common(4))
        raise SiteError(f"{file}: none of {count:,} samples can be used ({why or 'no rows'}); correct the mapping")
    return WalkImport(
        readings,
        count,
        used,
        tuple((meaning, header[at].strip()) for meaning, at in place.items()),
        tuple(clean(name.strip()) for name in header if is_private(name)),
        tuple(samples.left_out.most_common()),
    )


def log_head(path: Path) -> TableHead:
    """Columns of a log with what each is taken for by its name, and its first rows.

    Raises
    ------
    SiteError
        If it cannot be read.
    """
    file = clean(path.name)
    lines = _rows(path, file)
    header = next(lines)[1]
    return head_of(header, map_columns(header, Mapped(), file), (row for _, row in islice(lines, ROWS_OF_HEAD)))


def _rows(path: Path, file: str) -> Iterator[tuple[int, list[str]]]:
    """Lines of a log with their numbers, the header first; read piece by piece."""
    try:
        target = refuse_odd(path, path.parent)
    except Unreadable as error:
        raise SiteError(f"{file}: {error}") from None
    size = target.stat().st_size
    if size > MOST_LOG_BYTES:
        raise SiteError(f"{file}: has {size:,} bytes (limit {MOST_LOG_BYTES:,}); split it")
    with open(target, "rb") as raw:
        text = io.TextIOWrapper(raw, encoding="utf-8-sig", errors="strict", newline="")
        try:
            for number, row in enumerate(text_rows(text, file), 1):
                if number == 1 and ("\0" in "".join(row) or not "".join(row).strip()):
                    raise SiteError(f"{file}: line 1: is no header of a text log; export it as CSV or text in UTF-8")
                if number > MOST_LOG_ROWS + 1:
                    raise SiteError(f"{file}: line {number:,}: is beyond {MOST_LOG_ROWS:,} samples; split the log")
                if row:
                    yield number, row
        except UnicodeDecodeError as error:
            raise SiteError(f"{file}: byte 0x{error.object[error.start]:02x} is not UTF-8; save as UTF-8") from None
        except csv.Error as error:
            raise SiteError(f"{file}: is no CSV ({clean(str(error))}); correct its quotes") from None


def _check_columns(
    place: dict[str, int], mapped: Mapped, waypoints: Waypoints | None, header: list[str], file: str
) -> None:
    """The log says level, channel and place, or the mapping does."""
    names = ", ".join(clean(name.strip(), 30) for name in header[:20] if not is_private(name))
    missing = []
    if "level_dbm" not in place:
        missing.append("a level in dBm (level_dbm)")
    if "channel" not in place and not {"arfcn", "freq_mhz"} & set(place):
        missing.append("a channel number or frequency (arfcn, freq_mhz)")
    if "channel" not in place and "technology" not in place and "technology" not in mapped.fixed:
        missing.append("a technology (column, or technology under [fixed])")
    if waypoints is not None and "time" not in place:
        missing.append("a time, to go with the waypoints")
    if waypoints is None and not ({"x", "y"} <= set(place) or {"lat", "lon"} <= set(place)):
        missing.append("a place (x and y, lat and lon, or waypoints)")
    if "time" not in place and "date" not in mapped.fixed:
        missing.append("a time (column, or date under [fixed])")
    if missing:
        raise SiteError(
            f"{file}: line 1: lacks {'; '.join(missing)}; name the columns in a mapping (it has: {names})"
        )


class _Samples:
    """Samples gathered in plain arrays: a million takes 60 MB."""

    def __init__(self, site: Site, mapped: Mapped, place: dict[str, int], timed: bool) -> None:
        self.site, self.mapped, self.place, self.timed = site, mapped, place, timed
        self.by_gps = not timed and not {"x", "y"} <= set(place)
        self.channels = {name: number for number, name in enumerate(site.channels)}
        self.left_out: Counter[str] = Counter()
        self.kept = {name: array("d") for name in ("channel", "level", "u", "v", "storey", "height", "seconds")}
        self.told: dict[tuple[str, ...], int | str] = {}
        date = mapped.fixed.get("date")
        self.date = date if isinstance(date, dt.date) else None
        self.words = WORDS | {key.casefold(): value for key, value in mapped.technologies.items()}

    def text(self, row: list[str], meaning: str) -> str:
        at = self.place.get(meaning, -1)
        return row[at].strip() if 0 <= at < len(row) else ""

    def add(self, row: list[str]) -> None:
        """Keep one sample, or count why not."""
        level = plain_number(self.text(row, "level_dbm"))
        if level is None or not WEAKEST_DBM <= level <= LOUDEST_DBM:
            self.left_out[f"no level between {WEAKEST_DBM:g} and {LOUDEST_DBM:g} dBm"] += 1
            return
        asked = tuple(
            self.text(row, each) for each in ("channel", "plmn", "mcc", "mnc", "technology", "arfcn", "freq_mhz")
        )
        if asked not in self.told:
            self.told[asked] = self._channel(*asked)
        channel = self.told[asked]
        if isinstance(channel, str):
            count_reason(self.left_out, channel)
            return
        seconds = seconds_of(self.text(row, "time"), self.date) if "time" in self.place else None
        if seconds is None and (self.timed or self.date is None):
            self.left_out["no time that can be read"] += 1
            return
        place = (0.0, 0.0) if self.timed else self._place(row)
        if place is None:
            self.left_out["no position"] += 1
            return
        storey = plain_number(self.text(row, "storey"))
        if storey is not None and abs(storey) >= STOREYS_BELOW:
            self.left_out["no storey that can be read"] += 1
            return
        height = plain_number(self.text(row, "height_m"))
        values = (channel, level, *place, storey, height, seconds)
        for name, value in zip(self.kept, values, strict=True):
            self.kept[name].append(np.nan if value is None else float(value))

    def _place(self, row: list[str]) -> tuple[float, float] | None:
        names = ("lon", "lat") if self.by_gps else ("x", "y")
        found = [plain_number(self.text(row, name)) for name in names]
        if found[0] is None or found[1] is None:
            return None
        if self.by_gps and not (abs(found[0]) <= 180 and abs(found[1]) < 90 and any(found)):
            return None
        return found[0], found[1]

    def _channel(
        self, channel: str, plmn: str, mcc: str, mnc: str, technology: str, arfcn: str, freq: str
    ) -> int | str:
        """The site's channel a sample is of, or why there is none."""
        if channel:
            found = self.channels.get(channel)
            return f"channel {clean(channel, 30)} has no mast" if found is None else found
        fixed = self.mapped.fixed
        told = technology or str(fixed.get("technology", ""))
        word = self.words.get(told.casefold(), told.upper())
        if word not in ("GSM", "UMTS", "LTE", "NR"):
            return f"technology {clean(told, 20) or 'not told'}"
        mhz, number = plain_number(freq), plain_number(arfcn)
        if mhz is None:
            if number is None or not number.is_integer():
                return "no channel number or frequency"
            try:
                mhz = frequency_mhz(word, int(number))
            except OutOfRangeError:
                return f"{word} channel number {int(number)} is of no band"
        mine = _plmn(plmn or str(fixed.get("plmn", "")), mcc, mnc)
        near = [one for one in self.site.sectors if one.technology == word and _inside(one, mhz)]
        if mine is not None:
            near = [one for one in near if one.plmn == mine]
        if not near:
            whose = f" of {mine}" if mine else ""
            return f"{word} at {mhz:g} MHz{whose} is no carrier of masts.csv"
        best = min(near, key=lambda one: abs(one.freq_mhz - mhz))
        if mine is None and len({one.operator for one in near}) > 1:
            return f"{word} at {mhz:g} MHz is of several operators; give the PLMN"
        return self.channels[best.channel]


def _inside(sector: Sector, mhz: float) -> bool:
    """Whether a frequency lies on a carrier."""
    return abs(sector.freq_mhz - mhz) <= max(NEAR_CARRIER * sector.bandwidth_mhz, 0.1)


def _plmn(plmn: str, mcc: str, mnc: str) -> str | None:
    """``234-30`` of what logs write: 23430, 234-30, 234 30, or country and network apart."""
    digits = "".join(one for one in plmn if one.isdigit()) if plmn else ""
    if mcc.isdigit() and mnc.isdigit():
        return f"{mcc}-{mnc.zfill(2)}"
    return f"{digits[:3]}-{digits[3:]}" if len(digits) in (5, 6) else None


def _medians(
    samples: _Samples, site: Site, mapped: Mapped, waypoints: Waypoints | None, square_m: float, file: str
) -> tuple[tuple[Reading, ...], int]:
    """Samples as readings: one for each channel in each square of each room, and how many were used."""
    kept = {
        name: np.frombuffer(values, float) if len(values) else np.zeros(0) for name, values in samples.kept.items()
    }
    xy_m = np.column_stack([kept["u"], kept["v"]])
    storey = np.nan_to_num(kept["storey"], nan=float(mapped.fixed.get("storey", 0) or 0))
    known = np.ones(len(xy_m), bool)
    if waypoints is not None:
        xy_m, passed, known = waypoints.at(kept["seconds"])
        storey = passed.astype(float)
        samples.left_out["before, after or between storeys of the waypoints"] += int(np.count_nonzero(~known))
    elif samples.by_gps and len(xy_m):
        xy_m = grid_of(site, kept["v"], kept["u"], file)
    finite = np.isfinite(xy_m).all(axis=1)
    xy_m = np.where(finite[:, None], xy_m, 0.0)
    far = ~finite | (shapely.distance(site.perimeter.outline, shapely.points(xy_m)) > FARTHEST_M)
    samples.left_out[f"more than {FARTHEST_M / 1000:g} km from the perimeter"] += int(np.count_nonzero(far & known))
    nowhere = known & ~far & _without_storey(site, xy_m, storey) & ~np.isfinite(kept["height"])
    samples.left_out["on a storey that the building there does not have"] += int(np.count_nonzero(nowhere))
    samples.left_out += Counter()  # drops what is nought
    use = np.flatnonzero(known & ~far & ~nowhere)
    if not len(use):
        return (), 0
    height_m = _heights(site, xy_m[use], storey[use], kept["height"][use], mapped)
    square = np.floor(xy_m[use] / square_m).astype(np.int64)
    room = _rooms(site, xy_m[use], storey[use])
    key = np.column_stack(
        [kept["channel"][use].astype(np.int64), room, np.round(height_m * 10).astype(np.int64), square]
    )
    groups, row = np.unique(key, axis=0, return_inverse=True)
    if len(groups) > MOST_READINGS:
        raise SiteError(
            f"{file}: comes to {len(groups):,} medians (limit {MOST_READINGS:,}); take larger squares (--square "
            f"{min(50.0, 2 * square_m):g}) or split the log"
        )
    return _as_readings(samples, kept, xy_m, height_m, use, row.reshape(-1), len(groups)), len(use)


def _as_readings(
    samples: _Samples,
    kept: dict[str, Array],
    xy_m: Array,
    height_m: Array,
    use: NDArray[np.intp],
    row: NDArray[np.intp],
    count: int,
) -> tuple[Reading, ...]:
    """The median of each group, at the mean of its places."""
    order = np.argsort(row, kind="stable")
    found = []
    for members in np.split(order, np.searchsorted(row[order], np.arange(1, count))):
        at = use[members]
        level = kept["level"][at]
        low, middle, high = np.percentile(level, [10, 50, 90])
        last = np.nanmax(kept["seconds"][at]) if np.isfinite(kept["seconds"][at]).any() else None
        day = (
            samples.date
            if last is None or samples.date is not None
            else dt.datetime.fromtimestamp(last, dt.UTC).date()
        )
        if day is None:
            continue
        x, y = xy_m[at].mean(axis=0)
        many = f"{len(at)} sample{'s' * (len(at) > 1)}"
        spread = f"{many}, 10 to 90 %: {low:.1f} to {high:.1f} dBm"
        name = samples.site.channels[int(kept["channel"][at[0]])]
        tenth = round(float(height_m[members[0]]), 1)
        found.append(
            Reading(name, round(float(x), 2), round(float(y), 2), tenth, round(float(middle), 1), day, "", spread)
        )
    return tuple(found)


def _without_storey(site: Site, xy_m: Array, storey: Array) -> NDArray[np.bool_]:
    """Places in a building on a storey it does not have: their height is not known."""
    found = np.zeros(len(xy_m), bool)
    for building in site.buildings:
        strange = (storey < 0) | (storey >= len(building.storeys))
        found |= strange & shapely.contains_xy(building.outline, xy_m[:, 0], xy_m[:, 1])
    return found


def _heights(site: Site, xy_m: Array, storey: Array, height_m: Array, mapped: Mapped) -> Array:
    """Height above the ground: as the log says, else the hand's above the floor of the storey. [m]"""
    hand_m = float(mapped.fixed.get("height_above_floor_m", HAND_M) or HAND_M)
    found = np.full(len(xy_m), hand_m)
    for building in site.buildings:
        inside = shapely.contains_xy(building.outline, xy_m[:, 0], xy_m[:, 1])
        floors = np.array([one.floor_m for one in building.storeys])
        number = np.clip(storey[inside].astype(int), 0, len(floors) - 1)
        found[inside] = floors[number] + hand_m
    return np.where(np.isfinite(height_m), height_m, found)


def _rooms(site: Site, xy_m: Array, storey: Array) -> NDArray[np.int64]:
    """The room around each place on its storey, −1 in none: no median is taken across a wall."""
    found = np.full(len(xy_m), -1, np.int64)
    for number, one in enumerate(site.rooms):
        low_x, low_y, high_x, high_y = one.outline.bounds
        near = np.flatnonzero(
            (xy_m[:, 0] >= low_x) & (xy_m[:, 0] <= high_x) & (xy_m[:, 1] >= low_y) & (xy_m[:, 1] <= high_y)
            & (storey == one.storey) & (found < 0)
        )  # fmt: skip
        found[near[shapely.intersects_xy(one.outline, xy_m[near, 0], xy_m[near, 1])]] = number
    return found


def readings_text(readings: tuple[Reading, ...]) -> str:
    """The table of readings as CSV, in the order of READING_COLUMNS; equal readings give equal bytes."""
    lines = ["channel,x,y,height_m,rsrp_dbm,date,room,note"]
    for one in readings:
        note = one.note.replace('"', "'")
        lines.append(
            f'{one.channel},{one.x_m:.2f},{one.y_m:.2f},{one.height_m:g},{one.rsrp_dbm:g},{one.date},{one.room},"{note}"'
        )
    return "\n".join(lines) + "\n"
