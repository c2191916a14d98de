"""A GeoPackage is a program of a kind: what it may ask for is bounded, and what no layer has is not parsed."""

from __future__ import annotations

import sqlite3
import struct
import time

import pytest
import shapely

from quietwing.sites import check, load_site, save_geopackage
from quietwing.sites.importers.geopackage_tables import _geometry

pytestmark = pytest.mark.usefixtures("forked_readers")
HEADER = b"GP\0\x01" + struct.pack("<i", 27700)


@pytest.fixture
def path(tiny, tmp_path):
    made = tmp_path / "site.gpkg"
    save_geopackage(load_site(tiny.write(tmp_path / "site")), made)
    return made


def spoilt(path, *statements, values=()):
    """The file after statements of SQL; triggers of the spatial index call functions that only GDAL has."""
    connection = sqlite3.connect(path)
    for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        connection.execute(f'DROP TRIGGER "{name}"')
    for statement in statements:
        connection.execute(statement, values)
    connection.commit()
    connection.close()
    return path


def nested(kind: int, deep: int) -> bytes:
    """A geometry of one part, that has one part, and so on."""
    return struct.pack("<BII", 1, kind, 1) * deep + struct.pack("<BIdd", 1, 1, 0.0, 0.0)


@pytest.mark.parametrize("kind", [4, 5, 6, 7])
@pytest.mark.parametrize("deep", [2, 10_000, 200_000])
def test_geometries_within_geometries_are_one_line(path, kind, deep):
    spoilt(path, "UPDATE rooms SET geom = ? WHERE id = 'cell'", values=(HEADER + nested(kind, deep),))
    began = time.process_time()
    problems = check(path).problems
    assert time.process_time() - began < 3
    assert any(one.startswith("site.gpkg/rooms: ") and one.count("\n") == 0 for one in problems)


@pytest.mark.parametrize(
    ("kind", "name"), [(8, "CircularString"), (10, "CurvePolygon"), (1012, "MultiSurface"), (2009, "CompoundCurve")]
)
def test_curves_are_refused_by_name_and_feature(path, kind, name):
    curve = struct.pack("<BII", 1, kind, 0)
    spoilt(path, "UPDATE rooms SET geom = ? WHERE id = 'cell'", values=(HEADER + curve,))
    problems = check(path).problems
    assert f"site.gpkg/rooms: cell: is a {name} (expected a Polygon); draw it as a Polygon" in problems


def test_several_parts_are_counted_and_one_part_is_read_as_itself():
    square = shapely.box(0, 0, 1, 1)
    one = _geometry(HEADER + shapely.to_wkb(shapely.MultiPolygon([square])), 1)
    two = _geometry(HEADER + shapely.to_wkb(shapely.MultiPolygon([square, shapely.box(2, 2, 3, 3)])), 1)
    assert one == shapely.geometry.mapping(shapely.MultiPolygon([square]))
    assert (two["type"], len(two["coordinates"])) == ("MultiPolygon", 2)
    for flavour in ("iso", "extended"):
        for order in (0, 1):
            line = shapely.to_wkb(shapely.LineString([(0, 0, 5), (1, 1, 5)]), flavor=flavour, byte_order=order)
            assert _geometry(HEADER + line, 1)["coordinates"] == ((0, 0), (1, 1))


@pytest.mark.parametrize("stored", ["VIRTUAL", "STORED"])
@pytest.mark.parametrize("table", ["masts", "someone_elses"])
def test_generated_columns_are_refused_before_they_are_worked_out(path, table, stored):
    bomb = f"bomb TEXT GENERATED ALWAYS AS (printf('%*c', 400000000, 'x')) {stored}"
    made = (
        "CREATE TABLE masts_2 (id TEXT, operator TEXT, {bomb})" if table == "masts" else "CREATE TABLE x (a, {bomb})"
    )
    statements = [made.format(bomb=bomb)]
    if table == "masts":
        statements += ["DROP TABLE masts", "ALTER TABLE masts_2 RENAME TO masts"]
    spoilt(path, *statements)
    assert any("has the generated column 'bomb'" in problem for problem in check(path).problems)


def test_one_cell_of_a_table_takes_no_more_than_its_limit(path):
    spoilt(path, "CREATE TABLE big (a)", "UPDATE walls SET construction = zeroblob(30000000) WHERE id = 'w-east'")
    assert any("damaged" in problem for problem in check(path).problems)


def test_the_toml_inside_is_bounded_as_the_file_is(path):
    spoilt(path, "UPDATE site_toml SET text = text || ?", values=("\n#" + "x" * 300_000,))
    assert any("limit 262,144" in problem for problem in check(path).problems)
