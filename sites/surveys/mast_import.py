"""A list of masts becomes the site's own: operators by PLMN, bands by channel number, duplicates merged.

What the list does not say is assumed and marked.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from numbers import Real
from pathlib import Path

from quietwing.sites.errors import SiteError
from quietwing.sites.findings import clean, shown
from quietwing.sites.late_modules import LateModule
from quietwing.sites.model import Sector, Site
from quietwing.sites.networks import (
    PATTERN,
    UNMEASURED_SIGMA_DB,
    Carrier,
    macro_defaults,
    typical_eirp_dbm,
)
from quietwing.sites.records import plain_number
from quietwing.sites.safe_reading import path_of
from quietwing.sites.surveys.grid_reference import osgb_m
from quietwing.sites.surveys.mast_networks import OF_NETWORK, Told, is_negative, told_of
from quietwing.sites.surveys.mast_rows import mast_rows
from quietwing.sites.surveys.text_rows import count_reason

__all__ = ["Anchor", "ImportedSector", "MastImport", "import_masts"]

pyproj = LateModule("pyproj")  # slow to load

SAME_MAST_M = 30.0  # positions of one mast in public lists differ by so much; assumed
SAME_AZIMUTH_DEG = 10.0
MOST_SECTORS = 2000  # of a site; the engine's work grows with them
MOST_TOLD = 10_000  # of them, of places and of rows alike, kept
MOST_SEARCHED = 100_000  # rows near the site that are not one with another at sight; some seconds
DBW_DBM = 30.0
FAR_M = 50_000.0  # beyond the places of a site whose grid is its own; assumed


@dataclass(frozen=True, slots=True)
class Anchor:
    """Where a site in a grid of its own lies on the earth.

    Attributes
    ----------
    lat_deg, lon_deg : float
        Of the middle of its perimeter, WGS 84. [°]
    bearing_deg : float
        Where its y axis, "up" in most drawings, points; clockwise from north. [°]
    """

    lat_deg: float
    lon_deg: float
    bearing_deg: float = 0.0

    def __post_init__(self) -> None:
        """Refuse what is no place."""
        if not (abs(self.lat_deg) <= 89 and abs(self.lon_deg) <= 180 and abs(self.bearing_deg) <= 360):
            raise SiteError(
                f"place of the site: latitude {self.lat_deg:g}, longitude {self.lon_deg:g}, bearing "
                f"{self.bearing_deg:g} (expected −89 to 89, −180 to 180, −360 to 360 degrees); correct it"
            )

    @property
    def frame(self) -> str:
        """Metres east and north of the middle: true in distance and direction from it (azimuthal equidistant)."""
        return f"+proj=aeqd +lat_0={self.lat_deg} +lon_0={self.lon_deg} +datum=WGS84 +units=m +no_defs"

    def turned(self, east_m: float, north_m: float) -> tuple[float, float]:
        """Metres along the site's own axes, from its middle."""
        along, across = math.cos(math.radians(self.bearing_deg)), math.sin(math.radians(self.bearing_deg))
        return east_m * along - north_m * across, east_m * across + north_m * along


@dataclass(frozen=True, slots=True)
class ImportedSector:
    """A sector and what of it was assumed, such as ``EIRP`` and ``azimuth``."""

    sector: Sector
    assumed: tuple[str, ...]
    rows: int


@dataclass(frozen=True, slots=True)
class MastImport:
    """What a list came to.

    Attributes
    ----------
    sectors : tuple of ImportedSector
        Nearest first.
    rows : int
    merged : int
        Rows that were one with another.
    left_out : tuple of (str, int)
        Why rows are in no sector, and how many.
    """

    sectors: tuple[ImportedSector, ...]
    rows: int
    merged: int
    left_out: tuple[tuple[str, int], ...]


def import_masts(
    path: Path,
    site: Site,
    mapping: Mapping[str, str] | None = None,
    radius_m: float = 5000.0,
    anchor: Anchor | None = None,
) -> MastImport:
    """The masts round a site in a list of cells or masts.

    Parameters
    ----------
    path : Path
        CSV (OpenCelliD and Mozilla, with header or without; Ofcom-style) or XLSX.
    site : Site
        Its grid, its area (typical heights and powers) and where it is.
    mapping : mapping of str to str, optional
        What a column is → its name.
    radius_m : float
        Only masts within it of the perimeter, 100 m to 40 km. [m]
    anchor : Anchor, optional
        Where a site whose crs is ``local`` lies; needed for lists in degrees or grid references.

    Returns
    -------
    MastImport

    Raises
    ------
    SiteError
        If the file cannot be read, or no mast comes of it.
    """
    path = path_of(path, "list of masts")
    file = clean(path.name)
    if not _is_number(radius_m) or not 100 <= radius_m <= 40_000:
        raise SiteError(f"--radius: is {shown(radius_m)} (expected 100 to 40000 m); give how far masts may be")
    left_out: Counter[str] = Counter()
    making = _Making(site, radius_m, file, left_out, anchor)
    count = 0
    for row in mast_rows(path, mapping):
        count += 1
        making.add(row)
        if len(making.found) > MOST_SECTORS:  # it can only become more: the rest of a long list is not read
            raise SiteError(
                f"{file}: comes to over {MOST_SECTORS:,} sectors within {radius_m:g} m of the site; "
                "take a smaller --radius"
            )
        if making.searched > MOST_SEARCHED:
            raise SiteError(
                f"{file}: has over {MOST_SEARCHED:,} rows of different places within {radius_m:g} m of the site, and "
                f"they come to {len(making.found):,} sectors; take a smaller --radius, or keep one row for each cell"
            )
    if not making.found:
        why = ", ".join(f"{reason}: {many:,}" for reason, many in left_out.most_common(4))
        raise SiteError(
            f"{file}: none of {count:,} rows is a mast of this site ({why or 'no rows'}); check the columns"
        )
    middle = site.perimeter.outline.centroid
    kept = sorted(
        (replace(one, rows=rows) for one, rows in zip(making.found, making.rows, strict=True)),
        key=lambda one: (math.dist((one.sector.x_m, one.sector.y_m), (middle.x, middle.y)), one.sector.id),
    )
    return MastImport(tuple(kept), count, making.merged, tuple(left_out.most_common()))


def _is_number(value: object) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)


class _Making:
    """Sectors made so far, and how places become metres of the site."""

    def __init__(self, site: Site, radius_m: float, file: str, left_out: Counter[str], anchor: Anchor | None) -> None:
        self.site, self.radius_m, self.file, self.left_out = site, radius_m, file, left_out
        self.anchor = anchor if site.crs == "local" else None
        self.found: list[ImportedSector] = []
        self.at: dict[tuple[str, str, float, int, int], list[int]] = {}
        self.ids: Counter[str] = Counter()
        self.merged = 0
        self.middle = site.perimeter.outline.centroid
        low_x, low_y, high_x, high_y = site.perimeter.outline.bounds
        self.reach_m = radius_m + math.hypot(high_x - low_x, high_y - low_y) / 2
        self.frames: dict[str, object] = {}
        self.told: dict[tuple[object, ...], Told | str] = {}  # a list names few networks, in a million rows
        self.places: dict[tuple[str, float, float], tuple[float, float]] = {}  # of other grids, in the site's
        self.rows: list[int] = []  # of each sector found
        # Sectors of rows of one place, network and azimuth, and how many were found then: the next row is no search.
        self.same: dict[tuple[object, ...], tuple[int, list[int]]] = {}
        self.searched = 0

    def add(self, row: dict[str, str]) -> None:
        """One row: its place, its network, its carriers."""
        row = row if self.anchor is None else _in_figures(row, self.middle.x, self.middle.y)
        place = self._place(row)
        if place is None:
            return
        if is_negative(row.get("id", "")):
            count_reason(self.left_out, f"{clean(row['id'], 20)} as its number is below 0")
            return
        if self.anchor is not None and not {"x", "y"} <= set(row):
            row = _with_turned(row, self.anchor.bearing_deg)
        asked: tuple[object, ...] = tuple([row.get(name) for name in OF_NETWORK])
        told = self.told.get(asked)
        if told is None:
            told = told_of(row)
            if len(self.told) < MOST_TOLD:
                self.told[asked] = told
        if isinstance(told, str):
            count_reason(self.left_out, told)
            return
        asked = (place, asked, row.get("azimuth_deg"))
        before, twins = self.same.get(asked, (-1, []))
        if before == len(self.found):
            self.merged += len(twins)
            for twin in twins:
                self.rows[twin] += 1
            return
        self.searched += 1
        (operator, plmn, technology), found = told
        twins = [self._sector(row, place, carrier, operator, plmn, technology, guessed) for carrier, guessed in found]
        if asked in self.same or len(self.same) < MOST_TOLD:
            self.same[asked] = len(self.found), twins

    def _place(self, row: dict[str, str]) -> tuple[float, float] | None:
        """Metres of the site, if near enough."""
        source, pair = "", None
        if "x" in row and "y" in row:
            pair = (plain_number(row["x"]), plain_number(row["y"]))
        elif "lat" in row and "lon" in row:
            source, pair = "EPSG:4326", (plain_number(row["lon"]), plain_number(row["lat"]))
        elif "grid_ref" in row:
            source, pair = "EPSG:27700", osgb_m(row["grid_ref"]) or (None, None)
        if pair is None or pair[0] is None or pair[1] is None:
            self.left_out["no place that can be read"] += 1
            return None
        u, v = float(pair[0]), float(pair[1])
        if source and source != self.site.crs:
            u, v = self._turned(source, u, v)
        if (
            not (math.isfinite(u) and math.isfinite(v))
            or math.hypot(u - self.middle.x, v - self.middle.y) > self.reach_m
        ):
            self.left_out[f"farther than {self.radius_m:g} m"] += 1
            return None
        return round(u, 1), round(v, 1)

    def _turned(self, source: str, u: float, v: float) -> tuple[float, float]:
        """A place of another grid in the site's."""
        if self.site.crs == "local" and self.anchor is None:
            raise SiteError(
                f"{self.file}: has places in {source}, and the site's crs is {shown(self.site.crs)}; say where the "
                f"site is (--at), give its EPSG code in site.toml, or x and y in site metres"
            )
        frame, middle_m = self.site.crs, (self.middle.x, self.middle.y)
        if self.anchor is not None:
            frame, middle_m = self.anchor.frame, (0.0, 0.0)
        if source not in self.frames:
            self.frames[source] = pyproj.Transformer.from_crs(source, frame, always_xy=True)
            back = pyproj.Transformer.from_crs(frame, source, always_xy=True)
            self.frames[f"{source} middle"] = back.transform(*middle_m)
        middle = self.frames[f"{source} middle"]
        near = (
            self.reach_m / 50_000 if source == "EPSG:4326" else 2 * self.reach_m
        )  # degrees at 63° north, twice over
        if abs(u - middle[0]) > near or abs(v - middle[1]) > near:  # type: ignore[index]
            return math.inf, math.inf  # far away, without the arithmetic: lists hold whole countries
        known = self.places.get((source, u, v))
        if known is not None:
            return known
        east, north = map(float, self.frames[source].transform(u, v))  # type: ignore[attr-defined]
        if self.anchor is not None:
            x, y = self.anchor.turned(east, north)
            east, north = self.middle.x + x, self.middle.y + y
        if len(self.places) < MOST_TOLD:
            self.places[source, u, v] = east, north
        return east, north

    def _sector(
        self,
        row: dict[str, str],
        place: tuple[float, float],
        carrier: Carrier | tuple[str, float, float],
        operator: str,
        plmn: str,
        technology: str,
        guessed: tuple[str, ...],
    ) -> int:
        """The place in `found` of the sector a row is, made if it is new."""
        usual, assumed = macro_defaults(self.site.area), list(guessed)
        known = isinstance(carrier, Carrier)
        band, freq, width = (carrier.band, carrier.freq_mhz, carrier.bandwidth_mhz) if known else carrier  # type: ignore[union-attr, misc]

        def given(name: str, low: float, high: float, default: float, word: str) -> float:
            value = plain_number(row.get(name, ""))
            if value is None or not low <= value <= high:
                assumed.append(word if value is None else f"{word}, for {_not_within(row[name], low, high)}")
                return default
            return value

        towards = math.degrees(math.atan2(self.middle.x - place[0], self.middle.y - place[1])) % 360
        azimuth = given("azimuth_deg", -360, 360, round(towards, 1) % 360, "azimuth (towards the site)") % 360
        twin = self._twin(operator, technology, freq, place, azimuth)
        if twin is not None:
            self.merged += 1
            self.rows[twin] += 1
            return twin
        typical = typical_eirp_dbm(self.site.area, "LTE" if technology == "UMTS" else technology, freq, width)
        row = _with_dbm(row)
        eirp = given("eirp_dbm", -30, 90, typical, "EIRP")
        height = given("height_m", 0.5, 400, usual.height_m, "height")
        tilt = given("tilt_deg", -30, 45, usual.tilt_deg, "tilt")
        name = re.sub(r"[^A-Za-z0-9_.-]+", "-", f"{row.get('id') or 'mast'}-{operator}-{band}-{technology}")[
            :60
        ].strip("-")
        self.ids[name.casefold()] += 1
        turn = self.ids[name.casefold()]
        sector = Sector(
            id=name if turn == 1 else f"{name}-{turn}",
            operator=operator,
            plmn=plmn,
            band=band,
            technology=technology,  # type: ignore[arg-type]
            freq_mhz=freq,
            bandwidth_mhz=width,
            x_m=place[0],
            y_m=place[1],
            height_m=height,
            azimuth_deg=azimuth,
            tilt_deg=tilt,
            pattern=PATTERN,
            eirp_dbm=eirp,
            environment=usual.environment,
            sigma_db=UNMEASURED_SIGMA_DB,
            campable=carrier.campable if known else True,  # type: ignore[union-attr]
            assumed=bool(assumed),
        )
        self.found.append(ImportedSector(sector, tuple(assumed), 1))
        self.rows.append(1)
        self.at.setdefault(self._cell(operator, technology, freq, place), []).append(len(self.found) - 1)
        return len(self.found) - 1

    def _cell(
        self, operator: str, technology: str, freq: float, place: tuple[float, float]
    ) -> tuple[str, str, float, int, int]:
        return operator, technology, freq, math.floor(place[0] / SAME_MAST_M), math.floor(place[1] / SAME_MAST_M)

    def _twin(
        self, operator: str, technology: str, freq: float, place: tuple[float, float], azimuth: float
    ) -> int | None:
        """A sector that is this one already: same carrier, within 30 m, looking the same way."""
        for dx in (-SAME_MAST_M, 0.0, SAME_MAST_M):
            for dy in (-SAME_MAST_M, 0.0, SAME_MAST_M):
                for index in self.at.get(self._cell(operator, technology, freq, (place[0] + dx, place[1] + dy)), ()):
                    other = self.found[index].sector
                    turned = abs((azimuth - (other.azimuth_deg or 0.0) + 180) % 360 - 180)
                    if math.dist(place, (other.x_m, other.y_m)) <= SAME_MAST_M and turned <= SAME_AZIMUTH_DEG:
                        return index
        return None


def _not_within(said: str, low: float, high: float) -> str:
    return f"{clean(said, 20)} is not from {low:g} to {high:g}"


def _with_dbm(row: dict[str, str]) -> dict[str, str]:
    """A row whose power in dBW stands in dBm too."""
    dbw = plain_number(row.get("eirp_dbw", ""))
    return row | {"eirp_dbm": str(dbw + DBW_DBM)} if "eirp_dbm" not in row and dbw is not None else row


def _in_figures(row: dict[str, str], middle_x: float, middle_y: float) -> dict[str, str]:
    """A row whose x and y lie off any site: they are easting and northing of the British grid."""
    x, y = plain_number(row.get("x", "")), plain_number(row.get("y", ""))
    if x is None or y is None or not (0 <= x < 700_000 and 0 <= y < 1_300_000):
        return row
    if math.hypot(x - middle_x, y - middle_y) < FAR_M:
        return row
    return {key: value for key, value in row.items() if key not in ("x", "y")} | {"grid_ref": f"{x:06.0f} {y:06.0f}"}


def _with_turned(row: dict[str, str], bearing_deg: float) -> dict[str, str]:
    """A row whose azimuth counts from the site's y axis and not from north."""
    azimuth = plain_number(row.get("azimuth_deg", ""))
    return row if azimuth is None else row | {"azimuth_deg": repr((azimuth - bearing_deg) % 360)}
