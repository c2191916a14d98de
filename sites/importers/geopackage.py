"""A site as one GeoPackage for QGIS: the same layers, plus tables for ``site.toml``, masts and levels.

Written with geopandas; read with SQLite and shapely alone, in a child process, after a look at what the file is.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import tempfile
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

from quietwing.sites.errors import SiteError
from quietwing.sites.findings import Findings, Unreadable, clean
from quietwing.sites.geojson import Feature, RawLayer
from quietwing.sites.importers.child import plain_path, run_reader
from quietwing.sites.importers.geopackage_tables import CALIBRATION_TABLE
from quietwing.sites.layers import LAYERS, features_of
from quietwing.sites.model import Site
from quietwing.sites.raw_site import RawSite
from quietwing.sites.safe_reading import MOST_BYTES, read_bytes
from quietwing.sites.site_antennas import ANTENNA_FOLDER, add_antenna
from quietwing.sites.site_calibration import calibration_text, parse_calibration
from quietwing.sites.site_toml import read_site_toml, site_toml_text
from quietwing.sites.tables_csv import RawTable, mast_columns, row_values

__all__ = ["read_raw", "save_geopackage"]

NO_TERRAIN = "terrain is kept in a site's folder only: this GeoPackage was written without it, as on flat ground"
ROOM_BYTES = 1 << 20  # where a GeoPackage could not be written and this can, the disk is not full
_TABLES = ("masts", "outside_levels")


def save_geopackage(site: Site, path: Path, *, overwrite: bool = False) -> None:
    """Write a site as a GeoPackage; `load_site` of it gives an equal site.

    Parameters
    ----------
    site : Site
        What to write.
    path : Path
        Where, ending in ``.gpkg``.
    overwrite : bool
        Replace an existing file.

    Raises
    ------
    SiteError
        If the file exists and `overwrite` is not given, or its name does not end in ``.gpkg`` or is no UTF-8.
    OSError
        If it cannot be written.
    """
    # Slow to load, and reading does without them.
    import geopandas
    import pandas
    import pyogrio

    path = Path(path)
    if path.suffix.lower() != ".gpkg":
        raise SiteError(f"{clean(path.name)}: a GeoPackage's name ends in .gpkg; rename it")
    if any("\ud800" <= letter <= "\udfff" for letter in str(path)):
        raise SiteError(f"{clean(path.name)}: GeoPackages need a path in UTF-8; choose another name or folder")
    if path.exists() and not (overwrite and path.is_file()):
        raise SiteError(f"{clean(path.name)}: exists; choose another name or overwrite it")
    path.parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=f".{path.name}-", dir=path.parent))
    written = folder / "site.gpkg"
    try:
        with warnings.catch_warnings():
            # A local grid has no CRS, which is meant.
            warnings.filterwarnings("ignore", message="'crs' was not provided", category=UserWarning)
            for layer in LAYERS:
                features = list(features_of(layer, site))
                if not features:
                    continue
                columns = _columns([properties for _, properties in features])
                frame = geopandas.GeoDataFrame(
                    {name: pandas.Series(values, dtype=_dtype(values)) for name, values in columns.items()},
                    geometry=[geometry for geometry, _ in features],
                    crs=None if site.crs == "local" else site.crs,
                )
                pyogrio.write_dataframe(
                    frame, written, layer=layer.name, driver="GPKG", geometry_type=layer.geometry, append=True
                )
            written_columns = mast_columns(site.sectors)
            tables = {
                "site_toml": [{"text": site_toml_text(_without_terrain(site), exact=True)}],
                CALIBRATION_TABLE: [] if site.calibration is None else [{"text": calibration_text(site.calibration)}],
                "masts": [
                    {name: value for name, value in row_values(sector).items() if name in written_columns}
                    for sector in site.sectors
                ],
                "outside_levels": [row_values(level) | {"date": str(level.date)} for level in site.outside_levels],
                ANTENNA_FOLDER: [{"name": name, "text": antenna.text} for name, antenna in site.antenna_files],
            }
            for name, rows in tables.items():
                if rows:
                    frame = pandas.DataFrame(rows)
                    pyogrio.write_dataframe(frame, written, layer=name, driver="GPKG", append=True)
        os.replace(written, path)
    except RuntimeError as error:  # pyogrio's own: it has what GDAL says in words, no number of the system
        (folder / "room").write_bytes(bytes(ROOM_BYTES))  # on a full disk this says so
        raise OSError(errno.EIO, f"GDAL cannot write it ({clean(str(error), 120)})", str(path)) from None
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _without_terrain(site: Site) -> Site:
    """The site as this file holds it: heights are kept in folders only, and the file says so."""
    return site if site.terrain is None else replace(site, terrain=None, notes=(*site.notes, NO_TERRAIN))


def _columns(rows: list[dict[str, Any]]) -> dict[str, list[Any]]:
    """Properties column by column; lists as JSON text, what is left out as nothing."""
    names = dict.fromkeys(name for row in rows for name in row)
    return {
        name: [
            json.dumps(list(row[name]), ensure_ascii=False) if isinstance(row.get(name), tuple) else row.get(name)
            for row in rows
        ]
        for name in names
    }


def _dtype(values: list[Any]) -> str:
    """The column type that keeps every value as it is, and nothing as nothing."""
    given = {type(value) for value in values if value is not None}
    if given == {bool}:
        return "boolean"
    if given == {int}:
        return "Int64"
    return "Float64" if given <= {int, float} else "object"


def read_raw(path: Path, findings: Findings) -> RawSite:
    """The parts of a site in a GeoPackage, unchecked. The file itself is opened in a child process.

    Parameters
    ----------
    path : Path
        An existing regular file.
    findings : Findings
        Receives the problems.

    Returns
    -------
    RawSite
        Empty where the file is no GeoPackage of a site.
    """
    raw = RawSite()
    name = path.name
    raw.files = {part: f"{name}/{part}" for part in (*(layer.name for layer in LAYERS), *_TABLES)}
    raw.files["site"] = f"{name}/site_toml"
    try:
        _look_at(path)
        layers = {layer.name: layer.required for layer in LAYERS}
        found, _ = run_reader(
            "quietwing.sites.importers.geopackage_tables:read_tables",
            {"path": plain_path(path), "layers": layers, "tables": list(_TABLES)},
            name=name,
        )
        _take(found, raw, findings, name)
    except Unreadable as error:
        findings.problem(name, "", str(error))
    except SiteError as error:
        for problem in error.problems:
            findings.problems[problem] = None
    if findings.problems:
        findings.unread |= set(raw.files) - set(raw.layers) - set(raw.tables) - ({"site"} if raw.header else set())
    return raw


def _take(found: dict[str, Any], raw: RawSite, findings: Findings, name: str) -> None:
    """The child's answer as parts of a site."""
    for problem in found["problems"]:
        findings.problems[problem] = None
    for remark in found["remarks"]:
        findings.remark(remark)
    for layer, (features, crs) in found["layers"].items():
        raw.layers[layer] = RawLayer(tuple(Feature(*feature) for feature in features), crs)
    for table, rows in found["tables"].items():
        columns = tuple(rows[0][1]) if rows else ()
        raw.tables[table] = RawTable(columns, tuple((where, row) for where, row in rows))
    for antenna, text in found["antennas"]:
        add_antenna(raw.antennas, antenna, text, f"{name}/{ANTENNA_FOLDER}/{antenna}", findings)
    if found["site_toml"] is not None:
        raw.header = read_site_toml(found["site_toml"], findings, raw.files["site"])
    if found[CALIBRATION_TABLE] is not None:
        raw.calibration = parse_calibration(found[CALIBRATION_TABLE], findings, f"{name}/{CALIBRATION_TABLE}")


def _look_at(path: Path) -> None:
    """What can be told before SQLite opens the file."""
    if not read_bytes(path, path.parent, MOST_BYTES).startswith(b"SQLite format 3\0"):
        raise Unreadable("is no GeoPackage (its first bytes are not SQLite's); export it as GeoPackage")
    log = path.with_name(path.name + "-wal")
    if log.exists() and log.stat().st_size > 0:
        raise Unreadable(f"is still being written ({clean(log.name)} beside it); close it in QGIS and try again")
