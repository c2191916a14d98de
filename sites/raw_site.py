"""A site as found on disk, in folder or GeoPackage: the same parts for both."""

from __future__ import annotations

from dataclasses import dataclass, field

from quietwing.sites.antenna_files import AntennaFile
from quietwing.sites.geojson import RawLayer
from quietwing.sites.site_calibration import SiteCalibration
from quietwing.sites.site_toml import Header
from quietwing.sites.tables_csv import RawTable
from quietwing.sites.terrain import Terrain

__all__ = ["RawSite"]


@dataclass(slots=True)
class RawSite:
    """Layers, tables and antennas by name, and where each stands (``walls.geojson``), for the messages."""

    header: Header | None = None
    layers: dict[str, RawLayer] = field(default_factory=dict)
    tables: dict[str, RawTable] = field(default_factory=dict)
    antennas: dict[str, AntennaFile] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    terrain: Terrain | None = None
    terrain_crs: str | None = None
    calibration: SiteCalibration | None = None
