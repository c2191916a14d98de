"""What a GeoPackage holds, read with SQLite and shapely alone: runs in a child process, answers in plain JSON."""

from __future__ import annotations

import sqlite3
import struct
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

import shapely
from shapely.errors import ShapelyError

from quietwing.sites.antenna_files import MOST_BYTES as MOST_ANTENNA_BYTES
from quietwing.sites.findings import Findings, Unreadable, clean, near, shown
from quietwing.sites.geojson import MOST_FEATURES, MOST_VERTICES
from quietwing.sites.safe_reading import MOST_TOML_BYTES
from quietwing.sites.site_antennas import ANTENNA_FOLDER

__all__ = ["read_tables"]

APPLICATION_IDS = (0x47504B47, 0x47503130, 0x47503131)  # GPKG, GP10, GP11: OGC 12-128r19, requirement 2
CALIBRATION_TABLE = "calibration_toml"
MOST_STEPS = 200_000_000  # of SQLite's machine, a few seconds: a hostile file must not run for ever
MOST_VALUE_BYTES = 16 * 2**20  # one cell of a table: half a million coordinates are 8 MiB
MOST_TABLES = 1000
_ENVELOPE_BYTES = {0: 0, 1: 32, 2: 48, 3: 48, 4: 64}  # OGC 12-128r19, 2.1.3
_POSITION_BYTES = 16  # two numbers
# ISO 13249-3: points, lines and polygons are 1 to 3, several of them 4 to 6.
_LARGEST_SINGLE, _LARGEST_PLAIN = 3, 6
_MOST_PARTS_COUNTED = 1000
_KINDS = {
    4: "MultiPoint", 5: "MultiLineString", 6: "MultiPolygon", 7: "GeometryCollection", 8: "CircularString",
    9: "CompoundCurve", 10: "CurvePolygon", 11: "MultiCurve", 12: "MultiSurface", 13: "Curve", 14: "Surface",
    15: "PolyhedralSurface", 16: "TIN", 17: "Triangle",
}  # fmt: skip
_GENERATED = (2, 3)  # `hidden` of PRAGMA table_xinfo: worked out from other columns, on reading or when stored
_ALIASES = {"x": "x_m", "y": "y_m"}


def read_tables(path: str, layers: Mapping[str, bool], tables: Sequence[str]) -> dict[str, Any]:
    """The tables of a site in a GeoPackage, as far as they can be read.

    Parameters
    ----------
    path : str
    layers : mapping of str to bool
        Names of the layers, and whether each is needed.
    tables : sequence of str
        Names of the tables without geometry.

    Returns
    -------
    dict
        ``layers``: per name its features (place, geometry, properties) and CRS; ``tables``: per name its rows with
        where each stands; ``antennas``: names and texts; ``site_toml``; ``problems`` and ``remarks``.
    """
    name = path.replace("\\", "/").rsplit("/", 1)[-1]
    findings = Findings()
    found: dict[str, Any] = {"layers": {}, "tables": {}, "antennas": [], "site_toml": None, CALIBRATION_TABLE: None}
    try:
        connection = sqlite3.connect(f"file:{quote(path)}?mode=ro&immutable=1", uri=True)
        try:
            _read_parts(connection, found, findings, name, layers, tables)
        finally:
            connection.close()
    except Unreadable as error:
        findings.problem(name, "", str(error))
    except (sqlite3.Error, OverflowError, UnicodeDecodeError) as error:
        findings.problem(name, "", f"is damaged ({clean(str(error), 120)}); export it again from QGIS")
    return found | {"problems": list(findings.problems), "remarks": list(findings.remarks)}


def _read_parts(
    connection: sqlite3.Connection,
    found: dict[str, Any],
    findings: Findings,
    name: str,
    layers: Mapping[str, bool],
    wanted: Sequence[str],
) -> None:
    steps = 0

    def give_up() -> int:
        nonlocal steps
        steps += 100_000
        return int(steps > MOST_STEPS)

    connection.set_progress_handler(give_up, 100_000)
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MOST_VALUE_BYTES)
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.execute("PRAGMA query_only = ON")
    if connection.execute("PRAGMA application_id").fetchone()[0] not in APPLICATION_IDS:
        raise Unreadable("is an SQLite file but no GeoPackage (application id); export it as GeoPackage")
    ours = {"site_toml", CALIBRATION_TABLE, ANTENNA_FOLDER, *layers, *wanted}
    tables = _check_schema(connection, ours)
    verdict = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
    if verdict != "ok":
        raise Unreadable(f"is damaged ({clean(str(verdict), 120)}); export it again from QGIS")
    for table in sorted(tables - ours):
        if not table.startswith(("gpkg_", "rtree_", "sqlite_", "layer_styles")):
            if close := near(table, sorted(ours - tables), 0.85):
                findings.problem(name, table, f"is not a layer of a site; did you mean {close[0]!r}?")
            else:
                findings.remark(f"{clean(name)}: table {shown(table)} is not used")
    for layer, required in layers.items():
        if layer in tables:
            try:
                found["layers"][layer] = _layer(connection, layer)
            except Unreadable as error:
                findings.problem(f"{name}/{layer}", "", str(error))
        elif required:
            findings.problem(f"{name}/{layer}", "", "this layer is missing; add it")
    for table in wanted:
        if table in tables:
            found["tables"][table] = _table(connection, table)
    if ANTENNA_FOLDER in tables:
        _read_antennas(connection, found, findings, name)
    if "site_toml" not in tables:
        raise Unreadable("has no table 'site_toml' with the text of site.toml; make it with save_geopackage")
    row = connection.execute('SELECT "text" FROM "site_toml" LIMIT 1').fetchone()
    if row is None or not isinstance(row[0], str):
        raise Unreadable("table 'site_toml' holds no text; make it with save_geopackage")
    if len(row[0]) > MOST_TOML_BYTES:
        raise Unreadable(f"table 'site_toml' has {len(row[0]):,} characters (limit {MOST_TOML_BYTES:,}); shorten it")
    found["site_toml"] = row[0]
    if CALIBRATION_TABLE in tables:
        row = connection.execute(f'SELECT "text" FROM "{CALIBRATION_TABLE}" LIMIT 1').fetchone()
        found[CALIBRATION_TABLE] = row[0] if row is not None and isinstance(row[0], str) else ""
        if len(found[CALIBRATION_TABLE]) > MOST_TOML_BYTES:
            raise Unreadable(
                f"table '{CALIBRATION_TABLE}' is longer than {MOST_TOML_BYTES:,} characters; make it anew"
            )


def _read_antennas(connection: sqlite3.Connection, found: dict[str, Any], findings: Findings, name: str) -> None:
    """The antenna files: a table of names and texts."""
    taken = set()
    for place, row in enumerate(_rows(connection, ANTENNA_FOLDER), 1):
        antenna, text = row.get("name"), row.get("text")
        file = f"{name}/{ANTENNA_FOLDER}/{antenna}" if isinstance(antenna, str) else f"{name}/{ANTENNA_FOLDER}"
        if not isinstance(antenna, str) or not isinstance(text, str) or len(text) > MOST_ANTENNA_BYTES:
            findings.problem(
                file,
                f"row {place}",
                f"needs a name and the text of an antenna file in the columns name and text, at most "
                f"{MOST_ANTENNA_BYTES // 2**10} KiB; make it with save_geopackage",
            )
        elif antenna in taken:
            findings.problem(file, f"row {place}", "stands twice; keep one of them")
        else:
            taken.add(antenna)
            found["antennas"].append((antenna, text))


def _check_schema(connection: sqlite3.Connection, ours: set[str]) -> set[str]:
    """Names of the plain tables; views, virtual tables and foreign triggers in place of ours are refused."""
    tables = set()
    query = "SELECT type, name, tbl_name, sql FROM sqlite_master"
    for kind, name, table, sql in connection.execute(query):
        virtual = str(sql or "").lstrip().upper().startswith("CREATE VIRTUAL")
        if kind == "view" or (virtual and not str(name).startswith("rtree_")):
            raise Unreadable(f"holds the view or virtual table {shown(str(name))}; export plain layers only")
        if kind == "trigger" and table in ours and not _is_usual_trigger(str(name)):
            raise Unreadable(
                f"holds the trigger {shown(str(name))} on {shown(str(table))}; export it again from QGIS"
            )
        if kind == "table":
            tables.add(str(name))
    if len(tables) > MOST_TABLES:
        raise Unreadable(f"holds {len(tables):,} tables (limit {MOST_TABLES:,}); export the site's layers only")
    for table in sorted(tables):
        quoted = table.replace('"', '""')
        for column in connection.execute(f'PRAGMA table_xinfo("{quoted}")'):
            if column[6] in _GENERATED:
                raise Unreadable(
                    f"table {shown(table)} has the generated column {shown(str(column[1]))}, which is never worked "
                    f"out here; export it again from QGIS"
                )
    missing = {"gpkg_contents", "gpkg_geometry_columns", "gpkg_spatial_ref_sys"} - tables
    if missing:
        raise Unreadable(f"lacks the table {sorted(missing)[0]!r} of a GeoPackage; export it again from QGIS")
    return tables


def _is_usual_trigger(name: str) -> bool:
    """The triggers GDAL and QGIS write: spatial index and feature counts."""
    return name.startswith(("rtree_", "trigger_insert_feature_count_", "trigger_delete_feature_count_"))


def _rows(connection: sqlite3.Connection, table: str) -> Iterator[dict[str, Any]]:
    """Rows of one of our tables in their order, booleans as such."""
    about = connection.execute(f'PRAGMA table_info("{table}")').fetchall()
    flags = {str(column[1]) for column in about if str(column[2]).upper() == "BOOLEAN"}
    count = connection.execute(f'SELECT count(*) FROM "{table}"').fetchone()[0]
    if count > MOST_FEATURES:
        raise Unreadable(f"holds {count:,} features (limit {MOST_FEATURES:,}); remove what is not needed")
    cursor = connection.execute(f'SELECT * FROM "{table}" ORDER BY rowid')
    names = [str(column[0]) for column in cursor.description]
    for values in cursor:
        row = dict(zip(names, values, strict=True))
        yield {name: bool(value) if name in flags and value in (0, 1) else value for name, value in row.items()}


def _plain(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row as JSON; bytes, which no column of a site holds, as a list, which no column of a site takes for text."""
    return {name: ["bytes"] if isinstance(value, bytes) else value for name, value in row.items()}


def _layer(connection: sqlite3.Connection, name: str) -> tuple[list[Any], str | None]:
    """The features of a layer as GeoJSON geometries and properties, and its CRS."""
    about = connection.execute(
        "SELECT g.column_name, s.organization, s.organization_coordsys_id FROM gpkg_geometry_columns g "
        "LEFT JOIN gpkg_spatial_ref_sys s ON s.srs_id = g.srs_id WHERE g.table_name = ?",
        (name,),
    ).fetchone()
    if about is None:
        raise Unreadable("has no geometry; make it a spatial layer")
    column, organisation, code = about
    crs = f"EPSG:{code}" if str(organisation or "").upper() == "EPSG" else None
    features = []
    vertices = 0
    for place, row in enumerate(_rows(connection, name), 1):
        blob = row.pop(column, None)
        row.pop("fid", None)
        vertices += 0 if not isinstance(blob, bytes) else len(blob) // _POSITION_BYTES
        if vertices > MOST_VERTICES:
            raise Unreadable(f"holds over {MOST_VERTICES:,} coordinates; simplify the drawing")
        features.append((place, _geometry(blob, place), _plain(row)))
    return features, crs


def _geometry(blob: Any, place: int) -> Any:
    """The geometry in a GeoPackage blob: a header, then well-known binary (OGC 12-128r19, 2.1.3).

    What no layer here has is given back by its name alone and never parsed: collections may hold collections
    without end, and curves are no business of the library.
    """
    if blob is None:
        return None
    try:
        magic, _, flags = struct.unpack_from("<2sBB", blob)
        if magic != b"GP":
            raise ValueError("no GP header")
        content = bytes(blob)[8 + _ENVELOPE_BYTES[(flags >> 1) & 7] :]
        kind, parts = _head(content)
        if kind > _LARGEST_PLAIN or (kind > _LARGEST_SINGLE and parts != 1):
            name = _KINDS.get(kind, f"geometry of kind {kind}")
            return {"type": name, "coordinates": [None] * min(parts, _MOST_PARTS_COUNTED)}
        if kind > _LARGEST_SINGLE and _head(content[9:])[0] != kind - _LARGEST_SINGLE:
            raise ValueError("a part of another kind")
        shape = shapely.force_2d(shapely.from_wkb(content))
        return None if shape is None or shape.is_empty else shapely.geometry.mapping(shape)
    except (ValueError, KeyError, TypeError, NotImplementedError, struct.error, ShapelyError) as error:
        raise Unreadable(f"#{place}: its geometry is damaged ({clean(str(error), 80)}); draw it again") from error


def _head(content: bytes) -> tuple[int, int]:
    """Kind of a geometry without its Z and M, and the number that follows: of its parts, where it has any."""
    order = {0: ">", 1: "<"}[content[0]] if content else "<"
    kind, count = struct.unpack_from(f"{order}II", content, 1)
    return int(kind & 0x0FFFFFFF) % 1000, int(count)  # flags of PostGIS, thousands of ISO 13249-3


def _table(connection: sqlite3.Connection, name: str) -> list[tuple[str, dict[str, Any]]]:
    """The rows of a table without geometry, columns named as the fields are."""
    rows: list[tuple[str, dict[str, Any]]] = []
    for place, row in enumerate(_rows(connection, name), 1):
        row.pop("fid", None)
        rows.append((f"row {place}", {_ALIASES.get(key, key): value for key, value in _plain(row).items()}))
    return rows
