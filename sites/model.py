"""A site: the place as frozen, checked data. Metres, MHz, dBm, degrees; z = 0 is the ground."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import field
from functools import cached_property
from typing import Annotated, Literal

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass
from shapely.geometry import LineString, Point, Polygon

from quietwing.sites.antenna_files import AntennaFile
from quietwing.sites.constructions import Construction, load_constructions
from quietwing.sites.fingerprints import NAMED_IF_SET
from quietwing.sites.quantities import (
    AsOf,
    AzimuthDeg,
    BandwidthMhz,
    CoordinateM,
    EirpDbm,
    Environment,
    FreqMhz,
    HeightM,
    Identifier,
    LevelDbm,
    OpeningKind,
    OpeningState,
    Plmn,
    Role,
    RoofM,
    RowSpacingM,
    SigmaDb,
    StreetWidthM,
    Technology,
    Text,
    TiltDeg,
)
from quietwing.sites.site_calibration import SiteCalibration, shifted
from quietwing.sites.terrain import Terrain

__all__ = [
    "FILE_PATTERN",
    "Building",
    "Opening",
    "OutsideLevel",
    "Perimeter",
    "Position",
    "Receptor",
    "Room",
    "Sector",
    "Site",
    "Slab",
    "Storey",
    "Surroundings",
    "Wall",
]

FILE_PATTERN = "file:"  # before the name of an antenna file

_CHECKED = ConfigDict(extra="forbid", arbitrary_types_allowed=True)

ZM = Annotated[float, Field(ge=-20, le=120, allow_inf_nan=False)]
StoreyNumber = Annotated[int, Field(ge=0, le=30)]


@dataclass(frozen=True, config=_CHECKED)
class Storey:
    """One storey of a building; its number is its place in the building's list, 0 at the ground."""

    name: Identifier
    floor_m: ZM
    height_m: Annotated[float, Field(ge=1.8, le=20, allow_inf_nan=False)]

    @property
    def ceiling_m(self) -> float:
        """Height of the storey's ceiling above the ground. [m]"""
        return self.floor_m + self.height_m


@dataclass(frozen=True, config=_CHECKED)
class Building:
    """A building: outline and storeys from the ground up."""

    id: Identifier
    outline: Polygon
    storeys: tuple[Storey, ...]
    name: Text = ""

    def storey_in_words(self, number: int) -> str:
        """``houseblock, ground floor``: a storey by its own name, by its level where that is a number or nothing."""
        called = self.storeys[number].name
        if called and not called.isdigit():
            return f"{self.name or self.id}, {called}"
        return f"{self.name or self.id}, {_level_in_words(number)}"


def _level_in_words(number: int) -> str:
    """As people in the United Kingdom count: the 1st floor is the one above the ground floor."""
    if number == 0:
        return "ground floor"
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending} floor"


@dataclass(frozen=True, config=_CHECKED)
class Perimeter:
    """The line the authority may act within: spill is counted outside it."""

    id: Identifier
    outline: Polygon
    height_m: Annotated[float, Field(ge=0, le=20, allow_inf_nan=False)] = 5.2
    construction: str = "open"


@dataclass(frozen=True, config=_CHECKED)
class Wall:
    """A wall by its mid-line. Without `base_m` and `top_m` it spans its storey."""

    id: Identifier
    building: Identifier
    storey: StoreyNumber
    line: LineString
    construction: str
    base_m: ZM | None = None
    top_m: ZM | None = None


@dataclass(frozen=True, config=_CHECKED)
class Opening:
    """A door, window, hatch or gate that cuts its wall; sill and head are above the storey's floor."""

    id: Identifier
    wall: Identifier
    kind: OpeningKind
    line: LineString
    sill_m: Annotated[float, Field(ge=0, le=20, allow_inf_nan=False)]
    head_m: Annotated[float, Field(gt=0, le=20, allow_inf_nan=False)]
    construction: str
    state: OpeningState
    grille: str = "open"
    film: str = "open"

    @property
    def passed_constructions(self) -> tuple[str, ...]:
        """What a ray through the opening passes, outermost first.

        Windows and hatches count as open unless sealed: a prisoner opens them. Doors and gates are as stated. A film
        sits on the pane, so it goes with it.
        """
        held_open = self.state == "open" or (self.kind in ("window", "hatch") and self.state != "sealed")
        passed = (self.grille,) if held_open else (self.grille, self.film, self.construction)
        return tuple(name for name in passed if name != "open")


@dataclass(frozen=True, config=_CHECKED)
class Slab:
    """A floor or roof at one level; voids (atria, stairs) are holes in its outline."""

    id: Identifier
    building: Identifier
    outline: Polygon
    level_m: ZM
    construction: str
    kind: Literal["floor", "roof"] = "floor"


@dataclass(frozen=True, config=_CHECKED)
class Room:
    """A prison cell or any other space. `role`: silence it, keep service in it, or ignore it."""

    id: Identifier
    building: Identifier | None
    storey: StoreyNumber
    outline: Polygon
    role: Role
    weight: Annotated[float, Field(ge=0, le=10_000, allow_inf_nan=False)] = 1.0
    name: Text = ""
    operators: tuple[str, ...] = ()


@dataclass(frozen=True, config=_CHECKED)
class Position:
    """A place where a device may stand, or with `forbidden` one where it may not."""

    id: Identifier
    point: Point
    z_m: ZM
    building: Identifier | None = None
    storey: StoreyNumber = 0
    forbidden: bool = False


@dataclass(frozen=True, config=_CHECKED)
class Receptor:
    """A named place outside where people must keep their service."""

    id: Identifier
    point: Point
    kind: Text = "home"
    people: Annotated[float, Field(ge=0, le=1e6, allow_inf_nan=False)] = 0.0
    heights_m: tuple[Annotated[float, Field(ge=0.5, le=100, allow_inf_nan=False)], ...] = (1.5,)


@dataclass(frozen=True, config=_CHECKED)
class Surroundings:
    """What stands between the masts and the site, on the mean: ``[surroundings]`` of ``site.toml``.

    Attributes
    ----------
    roof_m : float, optional
        Height of the roofs above the ground. [m]
    row_spacing_m : float, optional
        From the middle of one row of houses to that of the next. [m]
    street_width_m : float, optional
        From house to house. [m]
    """

    roof_m: RoofM | None = None
    row_spacing_m: RowSpacingM | None = None
    street_width_m: StreetWidthM | None = None


@dataclass(frozen=True, config=_CHECKED)
class Sector:
    """One antenna of the public network on one carrier: a row of ``masts.csv``.

    `eirp_dbm` is the whole carrier's, at the peak of the pattern; `sigma_db` says how well its level on the
    site is known (8 unmeasured, 3 measured). `pattern` is a built-in one or ``file:NAME.msi`` of the site's own.
    `azimuth_deg` may be unknown where levels measured on the site tell it. `corner_x_m` and `corner_y_m` name the
    crossing at which the street of a small cell below the roofs meets the one that leads to the site.
    """

    id: Identifier
    operator: Identifier
    plmn: Plmn
    band: Annotated[str, Field(pattern=r"^[A-Za-z]{0,3}[0-9]{1,4}$")]
    technology: Technology
    freq_mhz: FreqMhz
    bandwidth_mhz: BandwidthMhz
    x_m: CoordinateM
    y_m: CoordinateM
    height_m: HeightM
    azimuth_deg: AzimuthDeg | None
    tilt_deg: TiltDeg
    pattern: Identifier
    eirp_dbm: EirpDbm
    environment: Environment
    sigma_db: SigmaDb = 8.0
    campable: bool = True
    assumed: bool = False
    corner_x_m: CoordinateM | None = field(default=None, metadata=NAMED_IF_SET)
    corner_y_m: CoordinateM | None = field(default=None, metadata=NAMED_IF_SET)

    @property
    def corner_m(self) -> tuple[float, float] | None:
        """The crossing, nothing where none is named. [m]"""
        return None if self.corner_x_m is None or self.corner_y_m is None else (self.corner_x_m, self.corner_y_m)

    @property
    def antenna_name(self) -> str | None:
        """Name of its file in the folder ``antennas``, nothing where the pattern is a built-in one."""
        return self.pattern.removeprefix(FILE_PATTERN) if self.pattern.startswith(FILE_PATTERN) else None

    @property
    def channel(self) -> str:
        """Operator × band × technology, the unit of every verdict: ``EE/B20/LTE``."""
        return f"{self.operator}/{self.band}/{self.technology}"


@dataclass(frozen=True, config=_CHECKED)
class OutsideLevel:
    """A level of one channel measured on the site, outdoors: a row of ``outside_levels.csv``."""

    channel: Annotated[str, Field(pattern=r"^[^/]+/[^/]+/(GSM|UMTS|LTE|NR)$")]
    x_m: CoordinateM
    y_m: CoordinateM
    height_m: HeightM
    rsrp_dbm: LevelDbm
    date: dt.date


@dataclass(frozen=True, config=_CHECKED)
class Site:
    """The whole place. Build it with `load_site` or `synthetic`; `checks` says what is wrong with one."""

    name: Identifier
    crs: Annotated[str, Field(pattern=r"^(EPSG:[0-9]{4,6}|local)$")]
    marking: Text
    as_of: AsOf
    buildings: tuple[Building, ...]
    walls: tuple[Wall, ...]
    openings: tuple[Opening, ...]
    slabs: tuple[Slab, ...]
    rooms: tuple[Room, ...]
    perimeter: Perimeter
    sectors: tuple[Sector, ...]
    positions: tuple[Position, ...] = ()
    receptors: tuple[Receptor, ...] = ()
    outside_levels: tuple[OutsideLevel, ...] = ()
    own_constructions: tuple[Construction, ...] = ()
    description: Text = ""
    area: Literal["rural", "suburban", "urban"] = "suburban"
    window_state: OpeningState = "open"
    door_state: OpeningState = "shut"
    notes: tuple[str, ...] = ()
    terrain: Terrain | None = field(default=None, metadata=NAMED_IF_SET)
    antenna_files: tuple[tuple[Identifier, AntennaFile], ...] = field(default=(), metadata=NAMED_IF_SET)
    surroundings: Surroundings = field(default=Surroundings(), metadata=NAMED_IF_SET)
    calibration: SiteCalibration | None = field(default=None, metadata=NAMED_IF_SET)

    @cached_property
    def antennas(self) -> Mapping[str, AntennaFile]:
        """The antenna files of the folder ``antennas``, by name."""
        return dict(self.antenna_files)

    @cached_property
    def constructions(self) -> Mapping[str, Construction]:
        """The library's constructions and the site's own, which rule, by name; shifted as readings found them."""
        known = load_constructions() | {own.name: own for own in self.own_constructions}
        return shifted(known, self.calibration)

    @cached_property
    def building_index(self) -> Mapping[str, int]:
        """Place of each building in `buildings`, by id."""
        return {building.id: index for index, building in enumerate(self.buildings)}

    @cached_property
    def room_index(self) -> Mapping[str, int]:
        """Place of each room in `rooms`, by id."""
        return {room.id: index for index, room in enumerate(self.rooms)}

    @cached_property
    def channels(self) -> tuple[str, ...]:
        """Channels of the site's masts in order of name."""
        return tuple(sorted({sector.channel for sector in self.sectors}))
