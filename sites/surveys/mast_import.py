"""A list of masts becomes the site's own: operators by PLMN, bands by channel number, duplicates merged.

What the list does not say is assumed and marked.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import lazy_loader

from quietwing.sites.errors import OutOfRangeError, SiteError
from quietwing.sites.findings import clean, shown
from quietwing.sites.model import Sector, Site
from quietwing.sites.networks import (
    PATTERN,
    UNMEASURED_SIGMA_DB,
    Carrier,
    carriers,
    macro_defaults,
    typical_eirp_dbm,
)
from quietwing.sites.records import plain_number
from quietwing.sites.surveys.channel_numbers import band_of, frequency_mhz
from quietwing.sites.surveys.grid_reference import osgb_m
from quietwing.sites.surveys.mast_rows import mast_rows

__all__ = ["Anchor", "ImportedSector", "MastImport", "import_masts"]

pyproj = lazy_loader.load("pyproj")  # slow to load

SAME_MAST_M = 30.0  # positions of one mast in public lists differ by so much; assumed
SAME_AZIMUTH_DEG = 10.0
MOST_SECTORS = 2000  # of a site; the engine's work grows with them
# What tells the network and carrier of a row.
OF_NETWORK = ("technology", "mcc", "mnc", "plmn", "operator", "arfcn", "freq_mhz", "band", "bandwidth_mhz")
MOST_TOLD = 10_000  # of them kept
_Carried = tuple[Carrier | tuple[str, float, float], tuple[str, ...]]  # with what was guessed of it
_Told = tuple[tuple[str, str, str], list[_Carried]]
WIDTHS_MHZ = {"GSM": 0.2, "UMTS": 5.0, "LTE": 10.0, "NR": 20.0}  # where nothing says more; assumed
DBW_DBM = 30.0
NAMES = {
    "vodafone": "VF", "vf": "VF", "o2": "O2", "telefonica": "O2", "virginmediao2": "O2", "vmo2": "O2",
    "three": "Three",
    "hutchison": "Three", "3": "Three", "h3g": "Three", "ee": "EE", "bt": "EE", "tmobile": "EE", "orange": "EE",
    "everythingeverywhere": "EE",
}  # fmt: skip
WORDS = {"GSM": "GSM", "2G": "GSM", "UMTS": "UMTS", "3G": "UMTS", "WCDMA": "UMTS", "LTE": "LTE", "4G": "LTE",
         "NR": "NR", "5G": "NR", "5GNR": "NR", "NBIOT": "LTE"}  # fmt: skip
BANDS_MHZ = {
    700: "28",
    800: "20",
    900: "8",
    1400: "32",
    1800: "3",
    2100: "1",
    2300: "40",
    2600: "7",
    3500: "78",
    3600: "78",
}


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
    file = clean(path.name)
    if not 100 <= radius_m <= 40_000:
        raise SiteError(f"--radius: is {radius_m:g} (expected 100 to 40000 m); give how far masts may be")
    left_out: Counter[str] = Counter()
    making = _Making(site, radius_m, file, left_out, anchor)
    count = 0
    for _, row in mast_rows(path, mapping):
        count += 1
        making.add(row)
        if len(making.found) > MOST_SECTORS:  # it can only become more: the rest of a long list is not read
            raise SiteError(
                f"{file}: comes to over {MOST_SECTORS:,} sectors within {radius_m:g} m of the site; "
                "take a smaller --radius"
            )
    if not making.found:
        why = ", ".join(f"{reason}: {many:,}" for reason, many in left_out.most_common(4))
        raise SiteError(
            f"{file}: none of {count:,} rows is a mast of this site ({why or 'no rows'}); check the columns"
        )
    middle = site.perimeter.outline.centroid
    kept = sorted(
        making.found,
        key=lambda one: (math.dist((one.sector.x_m, one.sector.y_m), (middle.x, middle.y)), one.sector.id),
    )
    return MastImport(tuple(kept), count, making.merged, tuple(left_out.most_common()))


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
        self.told: dict[tuple[str | None, ...], _Told | str] = {}  # a list names few networks, in a million rows

    def add(self, row: dict[str, str]) -> None:
        """One row: its place, its network, its carriers."""
        place = self._place(row)
        if place is None:
            return
        if self.anchor is not None and not {"x", "y"} <= set(row):
            row = _with_turned(row, self.anchor.bearing_deg)
        asked = tuple(row.get(name) for name in OF_NETWORK)
        told = self.told.get(asked)
        if told is None:
            told = _told(row)
            if len(self.told) < MOST_TOLD:
                self.told[asked] = told
        if isinstance(told, str):
            self.left_out[told] += 1
            return
        (operator, plmn, technology), found = told
        for carrier, guessed in found:
            self._sector(row, place, carrier, operator, plmn, technology, guessed)

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
        east, north = self.frames[source].transform(u, v)  # type: ignore[attr-defined]
        if self.anchor is not None:
            x, y = self.anchor.turned(float(east), float(north))
            return self.middle.x + x, self.middle.y + y
        return float(east), float(north)

    def _sector(
        self,
        row: dict[str, str],
        place: tuple[float, float],
        carrier: Carrier | tuple[str, float, float],
        operator: str,
        plmn: str,
        technology: str,
        guessed: tuple[str, ...],
    ) -> None:
        usual, assumed = macro_defaults(self.site.area), list(guessed)
        known = isinstance(carrier, Carrier)
        band, freq, width = (carrier.band, carrier.freq_mhz, carrier.bandwidth_mhz) if known else carrier  # type: ignore[union-attr, misc]

        def given(name: str, low: float, high: float, default: float, word: str) -> float:
            value = plain_number(row.get(name, ""))
            if value is None or not low <= value <= high:
                assumed.append(word)
                return default
            return value

        towards = math.degrees(math.atan2(self.middle.x - place[0], self.middle.y - place[1])) % 360
        azimuth = given("azimuth_deg", 0, 360, round(towards, 1) % 360, "azimuth (towards the site)") % 360
        twin = self._twin(operator, technology, freq, place, azimuth)
        if twin is not None:
            self.merged += 1
            old = self.found[twin]
            self.found[twin] = ImportedSector(old.sector, old.assumed, old.rows + 1)
            return
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
        self.at.setdefault(self._cell(operator, technology, freq, place), []).append(len(self.found) - 1)

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


def _with_dbm(row: dict[str, str]) -> dict[str, str]:
    """A row whose power in dBW stands in dBm too."""
    dbw = plain_number(row.get("eirp_dbw", ""))
    return row | {"eirp_dbm": str(dbw + DBW_DBM)} if "eirp_dbm" not in row and dbw is not None else row


def _with_turned(row: dict[str, str], bearing_deg: float) -> dict[str, str]:
    """A row whose azimuth counts from the site's y axis and not from north."""
    azimuth = plain_number(row.get("azimuth_deg", ""))
    return row if azimuth is None else row | {"azimuth_deg": repr((azimuth - bearing_deg) % 360)}


def _network(row: dict[str, str]) -> tuple[str, str, str] | str:
    """Operator, PLMN and technology of a row, or why there is none."""
    word = WORDS.get(re.sub(r"[^A-Z0-9]", "", row.get("technology", "").upper()))
    if word is None:
        return f"technology {clean(row.get('technology', ''), 20) or 'not told'}"
    mcc, mnc = row.get("mcc", ""), row.get("mnc", "")
    digits = "".join(one for one in row.get("plmn", "") if one.isdigit())
    plmn = f"{mcc}-{mnc.zfill(2)}" if mcc.isdigit() and mnc.isdigit() else f"{digits[:3]}-{digits[3:]}"
    by_plmn = {one.plmn: one.operator for one in carriers()} | {
        "234-33": "EE"
    }  # EE shows a second one, as the table says
    if re.fullmatch(r"[2-7]\d\d-\d{2,3}", plmn):
        operator = by_plmn.get(plmn, plmn)
        return operator, plmn, word
    name = NAMES.get(
        re.sub(r"[^a-z0-9]", "", row.get("operator", "").casefold().replace("uk", "").replace("limited", ""))
    )
    if name is None:
        return f"operator {clean(row.get('operator', ''), 20) or 'not told'} (give PLMN, or mcc and mnc)"
    return name, next(one.plmn for one in carriers() if one.operator == name), word


def _told(row: dict[str, str]) -> _Told | str:
    """Network and carriers of a row, or why there is none."""
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
    if number is not None and number.is_integer():
        try:
            freq, band_number = frequency_mhz(technology, int(number)), int(number)
        except OutOfRangeError:
            return f"{technology} channel number {int(number)} is of no band"
    if freq is not None and 300 <= freq <= 7125:
        band = band_of(technology, freq, band_number if technology == "LTE" else None)
        if band is None:
            return f"{technology} at {freq:g} MHz is of no band"
        near = [one for one in mine if abs(one.freq_mhz - freq) <= one.bandwidth_mhz / 2 and one.band == band]
        width = plain_number(row.get("bandwidth_mhz", ""))
        if width is not None and 0.1 <= width <= 200:
            return [((band, freq, width), ())]
        if near:
            return [((band, freq, near[0].bandwidth_mhz), ("bandwidth",))]
        return [((band, freq, WIDTHS_MHZ[technology]), ("bandwidth",))]
    named = re.search(r"\d+", row.get("band", ""))
    if named:
        wanted = BANDS_MHZ.get(int(named[0]), named[0])
        found = [one for one in mine if one.band.lstrip("Bn") == wanted]
        return [
            (one, ("carrier",)) for one in found
        ] or f"{operator} has no {technology} in band {clean(row['band'], 20)}"
    if not mine:
        return f"{operator} has no {technology} in the table of networks, and the row names no frequency"
    return [(one, ("band and carrier",)) for one in mine]
