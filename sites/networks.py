"""The United Kingdom's public networks of 2026 as data, and typical masts for a site that has none of its own."""

from __future__ import annotations

import csv
import difflib
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Annotated, Literal

from pydantic import ConfigDict, Field, TypeAdapter
from pydantic.dataclasses import dataclass as checked_dataclass
from shapely import Polygon

from quietwing.sites.errors import OutOfRangeError, SiteError
from quietwing.sites.model import Sector
from quietwing.sites.quantities import (
    AsOf,
    BandwidthMhz,
    EirpDbm,
    Environment,
    FreqMhz,
    HeightM,
    Identifier,
    Technology,
    Text,
    TiltDeg,
)

__all__ = [
    "UNMEASURED_SIGMA_DB",
    "Carrier",
    "MacroDefaults",
    "Mast",
    "carriers",
    "macro_defaults",
    "mast_sectors",
    "sectors_of",
    "typical_eirp_dbm",
    "typical_masts",
    "typical_sectors",
]

UNMEASURED_SIGMA_DB = 8.0  # assumption A35: a mast nobody has measured on the site
PATTERN = "sector_65"  # assumption A2
SECTORS_OF_A_MAST = 3
NEIGHBOUR_WITHIN_DEG = 75.0  # a second sector whose pattern has lost less than 16 dB towards the site
FULL_ARRAY_MHZ = 100.0  # bandwidth the table's SSB EIRP is stated for
MASSIVE_MIMO_FROM_MHZ = 3400.0

_CHECKED = ConfigDict(extra="forbid")


@checked_dataclass(frozen=True, config=_CHECKED)
class Carrier:
    """One carrier of one operator: a row of ``tables/uk_networks_2026.csv``."""

    operator: Identifier
    plmn: str
    band: str
    technology: Technology
    freq_mhz: FreqMhz
    bandwidth_mhz: BandwidthMhz
    campable: bool
    block_low_mhz: FreqMhz
    block_high_mhz: FreqMhz
    as_of: AsOf
    source: Text
    mark: Literal["F", "C", "K", "A"]

    @property
    def channel(self) -> str:
        """Operator × band × technology: ``EE/B20/LTE``."""
        return f"{self.operator}/{self.band}/{self.technology}"


@checked_dataclass(frozen=True, config=_CHECKED)
class MacroDefaults:
    """A typical base station of one kind of area: a row of ``tables/macro_defaults.csv``."""

    area: Literal["rural", "suburban", "urban"]
    radius_m: Annotated[float, Field(gt=0)]
    height_m: HeightM
    tilt_deg: TiltDeg
    tx_5_dbm: EirpDbm
    tx_10_dbm: EirpDbm
    tx_20_dbm: EirpDbm
    gain_dbi: float
    feeder_db: float
    gsm_tx_dbm: EirpDbm
    ssb_eirp_100_dbm: EirpDbm
    environment: Environment


@dataclass(frozen=True, slots=True)
class Mast:
    """One mast: whose carriers it sends, where it stands, where the first of its three sectors looks."""

    id: str
    operators: tuple[str, ...]
    x_m: float
    y_m: float
    azimuth_deg: float
    area: str
    highest_mhz: float = math.inf


def _rows(name: str) -> list[dict[str, str]]:
    text = files("quietwing.sites.tables").joinpath(name).read_text("utf-8")
    return list(csv.DictReader(line for line in text.splitlines() if line and not line.startswith("#")))


@cache
def carriers() -> tuple[Carrier, ...]:
    """Every carrier of the four operators, in order of frequency.

    Returns
    -------
    tuple of Carrier

    References
    ----------
    ``tables/uk_networks_2026.csv``, whose rows carry source and doubt.
    """
    return TypeAdapter(tuple[Carrier, ...]).validate_python(_rows("uk_networks_2026.csv"))


@cache
def _macro_table() -> dict[str, MacroDefaults]:
    rows = TypeAdapter(tuple[MacroDefaults, ...]).validate_python(_rows("macro_defaults.csv"))
    return {row.area: row for row in rows}


def macro_defaults(area: str) -> MacroDefaults:
    """The typical base station of an area.

    Parameters
    ----------
    area : str
        ``rural``, ``suburban`` or ``urban``.

    Returns
    -------
    MacroDefaults

    Raises
    ------
    SiteError
        If there is no such area.

    References
    ----------
    Report ITU-R M.2292, as quoted in ``tables/macro_defaults.csv``.
    """
    known = _macro_table()
    if area not in known:
        near = difflib.get_close_matches(area, known, 1)
        advice = f"did you mean {near[0]!r}?" if near else "choose one of these"
        raise SiteError(f"area: {area!r} (expected {', '.join(known)}); {advice}")
    return known[area]


def typical_eirp_dbm(area: str, technology: str, freq_mhz: float, bandwidth_mhz: float) -> float:
    """EIRP of a whole carrier at the peak of the pattern, as is typical for the area.

    Parameters
    ----------
    area : str
        ``rural``, ``suburban`` or ``urban``.
    technology : str
        ``GSM``, ``LTE`` or ``NR``.
    freq_mhz : float
        Carrier centre: from 3.4 GHz an antenna array sends its sync signals in beams. [MHz]
    bandwidth_mhz : float
        Width of the carrier. [MHz]

    Returns
    -------
    float
        For NR from 3.4 GHz the power the carrier would have if the sync beams filled it. [dBm]

    Raises
    ------
    OutOfRangeError
        For a technology without a typical power.

    References
    ----------
    Report ITU-R M.2292 for 5, 10 and 20 MHz; the power of 10 and 20 MHz is equal, so 15 MHz has it too.
    """
    usual = macro_defaults(area)
    if technology not in ("GSM", "LTE", "NR"):
        raise OutOfRangeError(
            f"no typical power for {technology!r} (table has GSM, LTE, NR); state eirp_dbm in masts.csv"
        )
    if technology == "NR" and freq_mhz >= MASSIVE_MIMO_FROM_MHZ:
        return round(usual.ssb_eirp_100_dbm + 10 * math.log10(bandwidth_mhz / FULL_ARRAY_MHZ), 1)
    if technology == "GSM":
        tx_dbm = usual.gsm_tx_dbm
    elif bandwidth_mhz < 10:
        tx_dbm = usual.tx_5_dbm
    else:
        tx_dbm = usual.tx_10_dbm if bandwidth_mhz < 20 else usual.tx_20_dbm
    return tx_dbm + usual.gain_dbi - usual.feeder_db


def mast_sectors(mast: Mast, towards_m: tuple[float, float]) -> tuple[Sector, ...]:
    """The sectors of a mast that matter at a place: the one that faces it, and its neighbour where near enough.

    Parameters
    ----------
    mast : Mast
        A typical mast; height, tilt and power are those of its area.
    towards_m : tuple of float
        The site. [m]

    Returns
    -------
    tuple of Sector
        One per carrier and sector, `assumed`, sigma 8 dB, in order of frequency.
    """
    usual = macro_defaults(mast.area)
    bearing_deg = math.degrees(math.atan2(towards_m[0] - mast.x_m, towards_m[1] - mast.y_m))
    facing = sorted(_facing(mast.azimuth_deg, bearing_deg))
    unknown = set(mast.operators) - {carrier.operator for carrier in carriers()}
    if unknown:
        raise SiteError(f"mast {mast.id}: no carriers of {', '.join(sorted(unknown))}; use EE, O2, Three, VF")
    return tuple(
        Sector(
            id=f"{mast.id}-{carrier.operator}-{carrier.band}-{carrier.technology}-{carrier.freq_mhz:g}-{number}",
            operator=carrier.operator,
            plmn=carrier.plmn,
            band=carrier.band,
            technology=carrier.technology,
            freq_mhz=carrier.freq_mhz,
            bandwidth_mhz=carrier.bandwidth_mhz,
            x_m=mast.x_m,
            y_m=mast.y_m,
            height_m=usual.height_m,
            azimuth_deg=azimuth_deg,
            tilt_deg=usual.tilt_deg,
            pattern=PATTERN,
            eirp_dbm=typical_eirp_dbm(mast.area, carrier.technology, carrier.freq_mhz, carrier.bandwidth_mhz),
            environment=usual.environment,
            sigma_db=UNMEASURED_SIGMA_DB,
            campable=carrier.campable,
            assumed=True,
        )
        for carrier in carriers()
        if carrier.operator in mast.operators and carrier.freq_mhz <= mast.highest_mhz
        for number, azimuth_deg in facing
    )


def _facing(first_deg: float, bearing_deg: float) -> Iterator[tuple[int, float]]:
    """Number and azimuth of the sectors that look towards a bearing."""
    turn_deg = 360.0
    looks = [(first_deg + k * turn_deg / SECTORS_OF_A_MAST) % turn_deg for k in range(SECTORS_OF_A_MAST)]
    off = [abs((look - bearing_deg + turn_deg / 2) % turn_deg - turn_deg / 2) for look in looks]
    nearest = min(range(SECTORS_OF_A_MAST), key=lambda k: off[k])
    for number, look in enumerate(looks):
        if number == nearest or off[number] <= NEIGHBOUR_WITHIN_DEG:
            yield number + 1, look


# Around a site of the user's own: the two networks of shared masts (EE and Three, O2 and VF), each with one mast
# that covers the site and one further off. Distance in typical radii of the area, bearing from the site; assumed.
_AROUND = (
    ("M1", ("EE", "Three"), 0.5, 35.0, math.inf),
    ("M2", ("O2", "VF"), 0.6, 305.0, math.inf),
    ("M3", ("EE", "Three"), 1.1, 200.0, 2200.0),
    ("M4", ("O2", "VF"), 1.2, 110.0, 2200.0),
)
_FIRST_SECTOR_OFF_DEG = 20.0  # a sector rarely looks straight at the site; assumed
_BEYOND_FENCE_M = 30.0  # a typical mast stands on other people's ground: at least this far outside; assumed


def typical_masts(area: str, centre_m: tuple[float, float], fence: Polygon | None = None) -> tuple[Mast, ...]:
    """Masts as they typically stand around a site, assumed throughout.

    Parameters
    ----------
    area : str
        ``rural``, ``suburban`` or ``urban``.
    centre_m : tuple of float
        Middle of the site. [m]
    fence : shapely.Polygon, optional
        The perimeter: every mast stands 30 m beyond its farthest corner or further, however large the site.

    Returns
    -------
    tuple of Mast
        Two near ones with every carrier, two further off with those below 2.2 GHz.
    """
    usual = macro_defaults(area)
    corners_m = () if fence is None else fence.exterior.coords
    nearest_m = max((math.dist(centre_m, corner[:2]) + _BEYOND_FENCE_M for corner in corners_m), default=0.0)
    masts = []
    for name, operators, radii, bearing_deg, highest_mhz in _AROUND:
        bearing = math.radians(bearing_deg)
        distance_m = max(radii * usual.radius_m, nearest_m)
        x_m = round(centre_m[0] + distance_m * math.sin(bearing), 1)
        y_m = round(centre_m[1] + distance_m * math.cos(bearing), 1)
        azimuth_deg = (bearing_deg + 180.0 + _FIRST_SECTOR_OFF_DEG) % 360
        masts.append(Mast(name, operators, x_m, y_m, azimuth_deg, area, highest_mhz))
    return tuple(masts)


def typical_sectors(area: str, centre_m: tuple[float, float], fence: Polygon | None = None) -> tuple[Sector, ...]:
    """Sectors of typical masts around a site whose masts nobody has listed.

    Parameters
    ----------
    area : str
        ``rural``, ``suburban`` or ``urban``.
    centre_m : tuple of float
        Middle of the site. [m]
    fence : shapely.Polygon, optional
        The perimeter: no mast stands inside.

    Returns
    -------
    tuple of Sector
        Every operator, band and technology of 2026, marked `assumed`, sigma 8 dB.

    Raises
    ------
    SiteError
        If there is no such area.
    """
    return sectors_of(typical_masts(area, centre_m, fence), centre_m)


def sectors_of(masts: Iterable[Mast], towards_m: tuple[float, float]) -> tuple[Sector, ...]:
    """The sectors of several masts that matter at a place, mast by mast."""
    return tuple(sector for mast in masts for sector in mast_sectors(mast, towards_m))
