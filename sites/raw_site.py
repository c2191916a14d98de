"""A site as found on disk, in folder or GeoPackage: the same parts for both."""

from __future__ import annotations

from dataclasses import dataclass, field

from quietwing.sites.antenna_files import AntennaFile
from quietwing.sites.geojson import RawLayer
from quietwing.sites.layers import LAYERS
from quietwing.sites.site_calibration import SiteCalibration
from quietwing.sites.site_toml import Header
from quietwing.sites.tables_csv import TABLES, RawTable
from quietwing.sites.terrain import Terrain

__all__ = ["RawSite", "file_names"]


def file_names() -> dict[str, str]:
    """Name of the file of every layer and table of a site folder."""
    layers = {layer.name: f"{layer.name}.geojson" for layer in LAYERS}
    return layers | {table: f"{table}.csv" for table in TABLES} | {"site": "site.toml"}


@dataclass(slots=True)
class RawSite:
    """Layers, tables and antennas by name, and where each stands, for the messages: as in a folder, if none says."""

    header: Header | None = None
    layers: dict[str, RawLayer] = field(default_factory=dict)
    tables: dict[str, RawTable] = field(default_factory=dict)
    antennas: dict[str, AntennaFile] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=file_names)
    terrain: Terrain | None = None
    terrain_crs: str | None = None
    calibration: SiteCalibration | None = None
