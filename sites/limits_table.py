"""What a file of a site may hold at most, as a table for ``docs/formats.md``."""

from __future__ import annotations

from quietwing.sites.antenna_files import MOST_BYTES as MOST_ANTENNA_BYTES
from quietwing.sites.constructions import MOST_LAYERS
from quietwing.sites.files import MOST_SITE_FEATURES
from quietwing.sites.geojson import (
    MOST_COMMAS,
    MOST_FEATURE_VERTICES,
    MOST_FEATURES,
    MOST_LINE_VERTICES,
    MOST_MEMBERS,
    MOST_VERTICES,
)
from quietwing.sites.importers.archive import LARGEST_RATIO, MOST_ARCHIVE_BYTES, MOST_UNPACKED_BYTES
from quietwing.sites.importers.archive import MOST_MEMBERS as MOST_ARCHIVED
from quietwing.sites.importers.child import CHILD_MEMORY_BYTES, CHILD_SECONDS
from quietwing.sites.importers.dxf_content import MOST_DRAWN, MOST_ENTITIES
from quietwing.sites.importers.folder import MOST_ENTRIES, MOST_SITE_BYTES
from quietwing.sites.importers.ifc_shapes import MOST_ENTITIES as MOST_IFC_ENTITIES
from quietwing.sites.importers.ifc_shapes import MOST_PRODUCTS
from quietwing.sites.importers.indoor import MOST_POLYGONS
from quietwing.sites.importers.pdf import MOST_POINTS
from quietwing.sites.importers.wall_strips import MOST_SEGMENTS
from quietwing.sites.near_pairs import MOST_PAIRS
from quietwing.sites.opening_checks import MOST_PARTS_LOOKED_AT
from quietwing.sites.plan_checks import (
    MOST_COMPARED_VERTICES,
    MOST_CROSSINGS,
    MOST_OUTLINE_VERTICES,
    MOST_OUTLINES_VERTICES,
)
from quietwing.sites.readings import MOST_FILE_BYTES as MOST_READINGS_BYTES
from quietwing.sites.readings import MOST_READINGS
from quietwing.sites.records import MOST_RECORD_PROBLEMS, MOST_UNKNOWN
from quietwing.sites.safe_reading import MOST_BYTES, MOST_TOML_BYTES
from quietwing.sites.site_antennas import MOST_ANTENNAS
from quietwing.sites.tables_csv import MOST_CELLS, MOST_COLUMNS, MOST_ROWS
from quietwing.sites.terrain import MOST_PIXELS, MOST_TERRAIN_BYTES
from quietwing.sites.toml_text import MOST_TOML_KEYS, MOST_TOML_PARTS

__all__ = ["limits_md"]


def limits_md() -> list[str]:
    """Lines of the table of limits, in Markdown, every figure from the constant that is enforced."""
    rows = (
        ("a site's folder", "files", f"{MOST_ENTRIES:,}"),
        ("a site's folder", "size of all layers and tables", _size(MOST_SITE_BYTES)),
        ("a site", "features of all layers", f"{MOST_SITE_FEATURES:,}"),
        ("any file", "size", _size(MOST_BYTES)),
        ("any file", "problems after which the rest is not read", f"{MOST_RECORD_PROBLEMS:,}"),
        ("a record", "keys or columns nobody knows", f"{MOST_UNKNOWN:,}"),
        ("`site.toml`", "size", _size(MOST_TOML_BYTES)),
        ("any TOML", "parts of a dotted key", f"{MOST_TOML_PARTS:,}"),
        ("any TOML", "keys, each part counted", f"{MOST_TOML_KEYS:,}"),
        ("a construction", "layers", f"{MOST_LAYERS:,}"),
        ("a layer", "features", f"{MOST_FEATURES:,}"),
        ("a layer", "coordinates", f"{MOST_VERTICES:,}"),
        ("a layer", "keys of all its objects", f"{MOST_MEMBERS:,}"),
        ("a layer", "commas", f"{MOST_COMMAS:,}"),
        ("a feature", "vertices of a ring", f"{MOST_FEATURE_VERTICES:,}"),
        ("a wall or opening", "vertices of its line", f"{MOST_LINE_VERTICES:,}"),
        ("perimeter or building", "vertices of its outline", f"{MOST_OUTLINE_VERTICES:,}"),
        ("perimeter and buildings", "vertices of all outlines", f"{MOST_OUTLINES_VERTICES:,}"),
        ("two rooms, a room and a building", "places at which their outlines meet", f"{MOST_CROSSINGS:,}"),
        ("outlines that lie on each other", "vertices, counted for each pair", f"{MOST_COMPARED_VERTICES:,}"),
        ("openings", "straight parts of their walls, for each opening", f"{MOST_PARTS_LOOKED_AT:,}"),
        ("rooms, walls, openings", "pairs that touch", f"{MOST_PAIRS:,}"),
        ("a CSV table", "rows", f"{MOST_ROWS:,}"),
        ("a CSV table", "columns", f"{MOST_COLUMNS:,}"),
        ("a CSV table", "values", f"{MOST_CELLS:,}"),
        ("measurements", "rows; size", f"{MOST_READINGS:,}; {_size(MOST_READINGS_BYTES)}"),
        ("`antennas`", "files; size of each", f"{MOST_ANTENNAS:,}; {_size(MOST_ANTENNA_BYTES)}"),
        ("`terrain.tif`", "cells; size", f"{MOST_PIXELS:,}; {_size(MOST_TERRAIN_BYTES)}"),
        (
            "a drawing",
            "size; time and memory to read it",
            f"{_size(MOST_BYTES)}; {CHILD_SECONDS} s, {_size(CHILD_MEMORY_BYTES)}",
        ),
        ("a DXF", "entities; with blocks laid out", f"{MOST_ENTITIES:,}; {MOST_DRAWN:,}"),
        ("an IFC", "entities; walls, slabs and spaces", f"{MOST_IFC_ENTITIES:,}; {MOST_PRODUCTS:,}"),
        ("a PDF", "points of lines on a page", f"{MOST_POINTS:,}"),
        ("an indoor plan", "polygons", f"{MOST_POLYGONS:,}"),
        ("a drawing", "lines of walls on a storey", f"{MOST_SEGMENTS:,}"),
        ("a zip", "size; unpacked", f"{_size(MOST_ARCHIVE_BYTES)}; {_size(MOST_UNPACKED_BYTES)}"),
        ("a zip", "members; ratio of packing", f"{MOST_ARCHIVED:,}; {LARGEST_RATIO:,}"),
    )
    return ["| of | at most | limit |", "| --- | --- | --- |", *(f"| {' | '.join(row)} |" for row in rows)]


def _size(count: int) -> str:
    """Bytes in the largest unit that gives a whole number."""
    return f"{count // 2**20} MiB" if count % 2**20 == 0 else f"{count // 2**10} KiB"
