"""The table of bad inputs (reliability.md §2): what is written, and what the one message must name.

Each row: id, a builder that writes below a folder and returns what is given as SITE, and patterns for file,
feature or key, and fix. `tiny` is the helper module `tiny_site`.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

Parts = dict[str, Any]
Builder = Callable[[Path, ModuleType], str]

VRT = '<OGRVRTDataSource><OGRVRTLayer name="x"><SrcDataSource>{source}</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>'


@dataclass(frozen=True)
class Row:
    """One bad input. `cli` rows also run ``quietwing leakage``."""

    id: str
    build: Builder
    must_contain: tuple[str, ...]


def site(change: Callable[[Parts], None]) -> Builder:
    """A tiny site with its parts changed before they are written."""

    def build(folder: Path, tiny: ModuleType) -> str:
        return str(tiny.write(folder / "site", change))

    return build


def raw(name: str, content: bytes | str) -> Builder:
    """A tiny site with one file overwritten byte for byte."""

    def build(folder: Path, tiny: ModuleType) -> str:
        made = tiny.write(folder / "site")
        (made / name).write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
        return str(made)

    return build


def reworked(name: str, change: Callable[[str], str | bytes]) -> Builder:
    """A tiny site with the text of one file changed."""

    def build(folder: Path, tiny: ModuleType) -> str:
        made = tiny.write(folder / "site")
        content = change((made / name).read_text(encoding="utf-8"))
        (made / name).write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
        return str(made)

    return build


def done(name: str, act: Callable[[Path], object]) -> Builder:
    """A tiny site in which something is done to one file."""

    def build(folder: Path, tiny: ModuleType) -> str:
        made = tiny.write(folder / "site")
        act(made / name)
        return str(made)

    return build


def literal(text: str) -> Builder:
    """No site at all: the text itself is given as SITE."""
    return lambda folder, tiny: text


def prop(layer: str, index: int, **changes: Any) -> Builder:
    """Properties of one feature changed; None removes."""

    def change(parts: Parts) -> None:
        properties = parts[layer][index]["properties"]
        for key, value in changes.items():
            if value is None:
                properties.pop(key)
            else:
                properties[key] = value

    return site(change)


def geometry(layer: str, index: int, made: Callable[[ModuleType], Any]) -> Builder:
    """The geometry of one feature replaced."""

    def build(folder: Path, tiny: ModuleType) -> str:
        def change(parts: Parts) -> None:
            parts[layer][index]["geometry"] = made(tiny)

        return str(tiny.write(folder / "site", change))

    return build


def polygon(*places: tuple[float, float], holes: tuple[tuple[tuple[float, float], ...], ...] = ()) -> Any:
    return lambda tiny: {"type": "Polygon", "coordinates": [tiny.xy(*places), *(tiny.xy(*hole) for hole in holes)]}


def line(*places: tuple[float, float]) -> Any:
    return lambda tiny: {"type": "LineString", "coordinates": tiny.xy(*places)}


def toml(old: str, new: str) -> Builder:
    return reworked("site.toml", lambda text: replaced(text, old, new))


def masts(old: str, new: str) -> Builder:
    return reworked("masts.csv", lambda text: replaced(text, old, new))


def levels(old: str, new: str) -> Builder:
    return reworked("outside_levels.csv", lambda text: replaced(text, old, new))


def replaced(text: str, old: str, new: str) -> str:
    assert old in text, f"{old!r} is not in the text to be spoilt"
    return text.replace(old, new, 1)


def extra(layer: str, made: Callable[[ModuleType], dict[str, Any]]) -> Builder:
    """One more feature in a layer."""

    def build(folder: Path, tiny: ModuleType) -> str:
        return str(tiny.write(folder / "site", lambda parts: parts[layer].append(made(tiny))))

    return build


def scaled(factor: float, add: float = 0.0) -> Builder:
    """The whole plan in another unit."""

    def change(parts: Parts) -> None:
        for name in ("perimeter", "buildings", "walls", "openings", "slabs", "rooms", "receptors"):
            for feature in parts[name]:
                feature["geometry"]["coordinates"] = stretched(feature["geometry"]["coordinates"])

    def stretched(value: Any) -> Any:
        if isinstance(value, list) and value and isinstance(value[0], list):
            return [stretched(item) for item in value]
        return [(value[0] - 400_000) * factor + add, (value[1] - 300_000) * factor + add]

    return site(change)


def gpkg(spoil: Callable[[Path], object]) -> Builder:
    """The tiny site as a GeoPackage, spoilt."""

    def build(folder: Path, tiny: ModuleType) -> str:
        from quietwing.sites import load_site, save_geopackage

        source = tiny.write(folder / "source")
        path = folder / "site.gpkg"
        save_geopackage(load_site(source), path)
        for file in source.iterdir():
            file.unlink()
        source.rmdir()
        spoil(path)
        return str(path)

    return build


def sql(*statements: str) -> Callable[[Path], None]:
    def run(path: Path) -> None:
        connection = sqlite3.connect(path)
        # The spatial index's triggers call functions only GDAL has.
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f'DROP TRIGGER "{name}"')
        for statement in statements:
            connection.execute(statement)
        connection.commit()
        connection.close()

    return run


def overwrite_page(path: Path) -> None:
    """4 KiB of noise over the page a table of ours lives on (reliability.md F31)."""
    connection = sqlite3.connect(path)
    page = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'walls'").fetchone()[0]
    size = connection.execute("PRAGMA page_size").fetchone()[0]
    connection.close()
    content = bytearray(path.read_bytes())
    content[(page - 1) * size : page * size] = bytes(range(256)) * (size // 256)
    path.write_bytes(bytes(content))


def fifo(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def link_to(target: str) -> Callable[[Path], None]:
    def act(path: Path) -> None:
        path.unlink()
        path.symlink_to(target)

    return act


def folder_instead(path: Path) -> None:
    path.unlink()
    path.mkdir()


def sparse(path: Path) -> None:
    with open(path, "r+b") as file:
        file.truncate(200 * 2**20)


def crs(member: Any, layer: str = "walls") -> Builder:
    def change(parts: Parts) -> None:
        parts[layer] = {"type": "FeatureCollection", "crs": member, "features": parts[layer]}

    return site(change)


def lonlat(parts: Parts) -> None:
    """The plan in degrees, as a web map would give it."""
    for name in ("perimeter", "buildings", "walls", "openings", "slabs", "rooms", "receptors"):
        features = json.loads(json.dumps(parts[name]))
        for feature in features:
            feature["geometry"]["coordinates"] = in_degrees(feature["geometry"]["coordinates"])
        parts[name] = {"type": "FeatureCollection", "features": features}


def in_degrees(value: Any) -> Any:
    if isinstance(value[0], list):
        return [in_degrees(item) for item in value]
    return [-2.0 + (value[0] - 400_000) / 68_000, 52.6 + (value[1] - 300_000) / 111_000]


def deep(parts: Parts) -> None:
    parts["walls"] = None


def many_vertices(count: int) -> Callable[[str], str]:
    ring = ",".join(f"[{400000 + i % 1000}.5,{300000 + i // 1000}.5]" for i in range(count))
    return lambda text: (
        '{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"id":"cell","building":"b1",'
        '"storey":0,"role":"silence"},"geometry":{"type":"Polygon","coordinates":[[' + ring + "]]}}]}"
    )


FILES = [
    Row("missing-path", literal("no/such/place"), ("no/such/place", "does not exist", "give a folder")),
    Row("near-bundled", literal("housblock"), ("housblock", "did you mean 'houseblock'")),
    Row("stdin", literal("-"), ("SITE '-'", "never read", "give a folder")),
    Row("url", literal("http://example.org/site"), ("http://", "addresses", "give a folder")),
    Row("vsicurl", literal("/vsicurl/http://example.org/x.gpkg"), ("/vsicurl/", "addresses", "give a folder")),
    Row("zip", literal("zip://plan.zip"), ("zip://", "archives", "give a folder")),
    Row("postgres", literal("PG:host=x dbname=y"), ("PG:", "addresses", "give a folder")),
    Row("s3", literal("s3://bucket/site.gpkg"), ("s3://", "addresses", "give a folder")),
    Row("nul-in-path", literal("a\0b"), (r"\\x00", "give a folder")),
    Row("empty-path", literal(""), ("SITE ''", "give a folder")),
    Row("device", literal("/dev/zero"), ("/dev/zero", "device", "give a folder")),
    Row("file-as-site", lambda f, t: str(t.write(f / "s") / "walls.geojson"), ("walls.geojson", "single file", "folder it stands in")),
    Row("empty-folder", lambda f, t: str(f), ("site.toml: is missing", "walls.geojson: is missing", "add it")),
    Row("no-walls-file", site(lambda p: p.update(walls=None)), ("walls.geojson", "missing", "add it")),
    Row("no-toml", site(lambda p: p.update(toml=None)), ("site.toml", "missing", "add it")),
    Row("misspelt-file", done("openings.geojson", lambda p: p.rename(p.with_name("opening.geojson"))), ("opening.geojson", "did you mean 'openings.geojson'")),
    Row("fifo", done("walls.geojson", fifo), ("walls.geojson", "pipe", "put the file itself")),
    Row("dangling-link", done("walls.geojson", link_to("nowhere.geojson")), ("walls.geojson", "link to nothing", "put the file itself")),
    Row("link-outside", done("walls.geojson", link_to("/etc/hostname")), ("walls.geojson", "out of the site's folder", "put the file itself")),
    Row("link-to-device", done("masts.csv", link_to("/dev/zero")), ("masts.csv", "out of the site's folder", "put the file itself")),
    Row("folder-as-file", done("rooms.geojson", folder_instead), ("rooms.geojson", "is a folder", "put the file itself")),
    Row("empty-file", raw("walls.geojson", b""), ("walls.geojson", "is empty", "export it again")),
    Row("white-space", raw("walls.geojson", b" \n\t\n"), ("walls.geojson", "is empty", "export it again")),
    Row("one-byte", raw("walls.geojson", b"x"), ("walls.geojson", "not GeoJSON", "export as GeoJSON")),
    Row("all-nul", raw("walls.geojson", b"\0" * 500), ("walls.geojson", "NUL", "export it again")),
    Row("utf-16", reworked("walls.geojson", lambda t: t.encode("utf-16")), ("walls.geojson", "UTF-16", "save as UTF-8")),
    Row("latin-1", raw("site.toml", 'name = "Gef\xe4ngnis"'.encode("latin-1")), ("site.toml", "line 1", "0xe4", "save as UTF-8")),
    Row("latin-1-csv", reworked("masts.csv", lambda t: t.replace("EE", "\xc9").encode("latin-1")), ("masts.csv", "line 2", "save as UTF-8")),
    *(
        Row(f"cut-at-{share}", reworked("walls.geojson", lambda t, share=share: t[: len(t) * share // 100]), ("walls.geojson", "line 1", "cut short"))
        for share in (3, 20, 41, 60, 77, 99)
    ),
    Row("cut-in-a-letter", reworked("rooms.geojson", lambda t: t.replace("cell", "celé").encode()[: t.index("cell") + 4]), ("rooms.geojson", "not UTF-8", "save as UTF-8")),
    Row("vrt", raw("walls.geojson", VRT.format(source="secret.csv")), ("walls.geojson", "VRT", "export as GeoJSON")),
    Row("vrt-curl", raw("walls.geojson", VRT.format(source="/vsicurl/http://127.0.0.1:9/x")), ("walls.geojson", "VRT", "export as GeoJSON")),
    Row("gdalg", raw("walls.geojson", '{"type": "gdal_streamed_alg", "command_line": "gdal vector read /etc/passwd"}'), ("walls.geojson", "gdal_streamed_alg", "export as GeoJSON")),
    Row("esri-json", raw("walls.geojson", '{"geometryType": "esriGeometryPolyline", "features": []}'), ("walls.geojson", "ESRI JSON", "export as GeoJSON")),
    Row("topojson", raw("walls.geojson", '{"type": "Topology", "objects": {}}'), ("walls.geojson", "TopoJSON", "export as GeoJSON")),
    Row("geojson-list", raw("walls.geojson", "[1, 2]"), ("walls.geojson", "a list of 2", "export as GeoJSON")),
    Row("features-not-a-list", raw("walls.geojson", '{"type": "FeatureCollection", "features": {}}'), ("walls.geojson", "'features'", "export it")),
    Row("not-a-feature", raw("walls.geojson", '{"type": "FeatureCollection", "features": [7]}'), ("walls.geojson", "#1", "no GeoJSON Feature", "export")),
    Row("properties-a-list", raw("walls.geojson", '{"type": "FeatureCollection", "features": [{"type": "Feature", "properties": [1], "geometry": null}]}'), ("walls.geojson", "#1", "'properties'", "export")),
    Row("crs-link", crs({"type": "link", "properties": {"href": "http://127.0.0.1:9/crs", "type": "proj4"}}), ("walls.geojson", "'link'", "never followed", "urn:ogc")),
    Row("crs-url", crs({"type": "url", "properties": {"url": "http://127.0.0.1:9/crs"}}), ("walls.geojson", "'url'", "never followed")),
    Row("crs-text", crs("EPSG:27700"), ("walls.geojson", "CRS", "urn:ogc")),
    Row("crs-other", crs({"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::2157"}}), ("walls.geojson", "EPSG:2157", "expected EPSG:27700", "save the layer")),
    Row("crs-84", crs({"type": "name", "properties": {"name": "urn:ogc:def:crs:OGC:1.3:CRS84"}}), ("walls.geojson", "CRS84", "longitudes and latitudes", "metres")),
    Row("crs-on-local-grid", toml('area = "rural"', 'crs = "local"'), ("walls.geojson", "EPSG:27700", "local grid carries no CRS")),
    Row("crs-unknown", site(lambda p: (p.update(toml=p["toml"].replace('area = "rural"', 'crs = "EPSG:99999"')), [p.update({k: {"type": "FeatureCollection", "features": v}}) for k, v in list(p.items()) if isinstance(v, list)])), ("site.toml", "crs", "EPSG:99999", "use EPSG:27700")),
    Row("crs-degrees", site(lambda p: (p.update(toml=p["toml"].replace('area = "rural"', 'crs = "EPSG:4326"')), [p.update({k: {"type": "FeatureCollection", "features": v}}) for k, v in list(p.items()) if isinstance(v, list)])), ("site.toml", "crs", "no grid in metres", "use EPSG:27700")),
    Row("crs-form", toml('area = "rural"', 'crs = "OSGB"'), ("site.toml", "crs", "OSGB", "EPSG:27700 or local")),
    Row("duplicate-key", reworked("walls.geojson", lambda t: replaced(t, '"storey": 0', '"storey": 0, "storey": 1')), ("walls.geojson", "'storey' stands twice", "w-south", "keep one")),
    Row("deep-json", raw("walls.geojson", "[" * 100_000 + "]" * 100_000), ("walls.geojson", "nested too deeply", "export")),
    Row("nan-literal", reworked("walls.geojson", lambda t: replaced(t, "400010.0", "NaN")), ("walls.geojson", "w-south", "nan", "correct")),
    Row("infinity-literal", reworked("walls.geojson", lambda t: replaced(t, "400010.0", "Infinity")), ("walls.geojson", "w-south", "inf", "correct")),
    Row("huge-literal", reworked("walls.geojson", lambda t: replaced(t, "400010.0", "1e999")), ("walls.geojson", "w-south", "inf", "correct")),
    Row("nan-in-unused", prop("walls", 0, remark=float("nan")), ("walls.geojson", "NaN", "empty that column")),
    Row("long-integer", reworked("walls.geojson", lambda t: replaced(t, "400010.0", "9" * 6000)), ("walls.geojson", "too long", "export")),
    Row("pickle", raw("walls.geojson", b"\x80\x04\x95\x0e\x00\x00\x00\x00\x00\x00\x00."), ("walls.geojson", "NUL", "export it again")),
]  # fmt: skip

TOML = [
    Row("toml-syntax", toml("name =", "name"), ("site.toml", "line 2", "correct that line")),
    Row("toml-unknown-key", toml("marking", "markng"), ("site.toml", "'markng'", "did you mean 'marking'")),
    Row("toml-stranger-key", toml("[states]", "colour = 3\n[states]"), ("site.toml", "'colour'", "leave it out")),
    Row("toml-missing-key", toml('marking = "INVENTED"\n', ""), ("site.toml", "marking is missing", "give text")),
    Row("toml-format", toml("format = 1", "format = 7"), ("site.toml", "format is 7", "expected 1")),
    Row("toml-date", toml("2026-11-01", '"01/11/2026"'), ("site.toml", "as_of", "01/11/2026", "year-month-day")),
    Row("toml-nan", toml("height_m = 3.0", "height_m = nan"), ("site.toml", "b1, storey 0", "height_m is nan", "finite")),
    Row("toml-inf", toml("floor_m = 0.0", "floor_m = inf"), ("site.toml", "b1, storey 0", "floor_m is inf", "finite")),
    Row("toml-bool", toml("height_m = 3.0", "height_m = true"), ("site.toml", "storey 0", "height_m is true", "number")),
    Row("toml-storey-mm", toml("height_m = 3.0", "height_m = 3000"), ("site.toml", "storey 0", "3000", "millimetres: write 3")),
    Row("toml-negative", toml("height_m = 3.0", "height_m = -3"), ("site.toml", "storey 0", "-3", "from 1.8 to 20")),
    Row("toml-state", toml('window = "open"', 'window = "opened"'), ("site.toml", "states", "opened", "did you mean 'open'")),
    Row("toml-area", toml('"rural"', '"Rurral"'), ("site.toml", "area", "did you mean 'rural'")),
    Row("toml-no-storeys", toml('storeys = [{name = "ground", floor_m = 0.0, height_m = 3.0}]', "storeys = []"), ("site.toml", "b1", "storeys", "write storeys =")),
    Row("toml-duplicate", toml("[states]", 'name = "again"\n[states]'), ("site.toml", "line 8|overwrite", "correct that line")),
    Row("toml-list-at-top", raw("site.toml", "[1, 2]"), ("site.toml", "line 1", "correct that line")),
    Row("toml-deep", toml("[states]", "x = " + "[" * 5000 + "]" * 5000 + "\n[states]"), ("site.toml", "TOML", "correct")),
    Row("toml-huge", raw("site.toml", b"# " + b"x" * 400_000), ("site.toml", "400,002 bytes", "limit 262,144", "remove")),
    Row("toml-storeys-overlap", toml("height_m = 3.0}]", 'height_m = 3.0}, {name = "first", floor_m = 2.0, height_m = 3.0}]'), ("site.toml", "b1", "overlap", "lower its height_m")),
    Row("toml-storeys-order", toml('[{name = "ground"', '[{name = "first", floor_m = 3.0, height_m = 3.0}, {name = "ground"'), ("site.toml", "b1", "ascending order", "ground up")),
    Row("toml-construction", toml("[[buildings]]", '[[constructions]]\nname = "odd"\nlayers = [{material = "cheese", thickness_mm = 20}]\nassumed = true\n\n[[buildings]]'), ("site.toml", "odd", "cheese", "choose")),
    Row("toml-construction-key", toml("[[buildings]]", '[[constructions]]\nname = "odd"\nlos_intercept_db = 3\nassumed = true\n\n[[buildings]]'), ("site.toml", "constructions odd", "did you mean 'loss_intercept_db'")),
    Row("toml-loss-negative", toml("[[buildings]]", '[[constructions]]\nname = "odd"\nloss_intercept_db = -3\nassumed = true\n\n[[buildings]]'), ("site.toml", "odd", "loss_intercept_db", "-3")),
    Row("building-without-outline", toml("[[buildings]]", '[[buildings]]\nid = "b2"\nstoreys = [{name = "g", floor_m = 0, height_m = 3}]\n\n[[buildings]]'), ("site.toml", "b2", "no outline", "draw it")),
]  # fmt: skip

GEOMETRY = [
    Row("null-geometry", geometry("walls", 1, lambda t: None), ("walls.geojson", "w-east", "no geometry", "draw it")),
    Row("empty-polygon", geometry("rooms", 0, lambda t: {"type": "Polygon", "coordinates": []}), ("rooms.geojson", "cell", "empty Polygon", "draw it")),
    Row("text-coordinates", geometry("walls", 0, lambda t: {"type": "LineString", "coordinates": [["400000", "300000"], ["400010", "300000"]]}), ("walls.geojson", "w-south", "'400000'", "without quotes")),
    Row("circle", geometry("rooms", 0, lambda t: {"type": "Circle", "coordinates": [400000, 300000], "radius": 3}), ("rooms.geojson", "cell", "Circle", "draw it as a Polygon")),
    Row("geometry-collection", geometry("walls", 0, lambda t: {"type": "GeometryCollection", "geometries": []}), ("walls.geojson", "w-south", "GeometryCollection", "LineString")),
    Row("multi-of-two", geometry("walls", 0, lambda t: {"type": "MultiLineString", "coordinates": [t.xy((0, 0), (5, 0)), t.xy((5, 0), (10, 0))]}), ("walls.geojson", "w-south", "2 parts", "split it")),
    Row("polygon-as-wall", geometry("walls", 0, polygon((0, 0), (10, 0), (10, 0.2), (0, 0))), ("walls.geojson", "w-south", "Polygon", "LineString")),
    Row("perimeter-as-line", geometry("perimeter", 0, line((-40, -40), (50, -40), (50, 46), (-40, -40))), ("perimeter.geojson", "fence", "LineString", "Polygon")),
    Row("unclosed-ring", geometry("rooms", 0, polygon((0, 0), (5, 0), (5, 6), (0, 6))), ("rooms.geojson", "cell", "does not close", "gap of 6 m", "repeat its first vertex")),
    Row("two-point-ring", geometry("rooms", 0, polygon((0, 0), (5, 0), (0, 0))), ("rooms.geojson", "cell", "ring of only 3", "redraw")),
    Row("one-point-line", geometry("walls", 0, line((0, 0))), ("walls.geojson", "w-south", "line of one point", "draw it again")),
    Row("bow-tie-room", geometry("rooms", 0, polygon((0, 0), (5, 6), (5, 0), (0, 6), (0, 0))), ("rooms.geojson", "cell", "crosses itself", r"Self-intersection\[400002", "redraw")),
    Row("bow-tie-perimeter", geometry("perimeter", 0, polygon((-40, -40), (50, 46), (50, -40), (-40, 46), (-40, -40))), ("perimeter.geojson", "fence", "crosses itself", "redraw")),
    Row("spike", geometry("rooms", 0, polygon((0, 0), (5, 0), (5, 6), (5, 20), (5, 6), (0, 6), (0, 0))), ("rooms.geojson", "cell", "crosses itself", "redraw")),
    Row("thin-spike", geometry("rooms", 0, polygon((0, 0), (5, 0), (5, 6), (4.999, 20), (4.99, 6), (0, 6), (0, 0))), ("rooms.geojson", "cell", "spike at", "delete that vertex")),
    Row("hole-outside", geometry("slabs", 0, polygon((0, 0), (10, 0), (10, 6), (0, 6), (0, 0), holes=(((20, 0), (21, 0), (21, 1), (20, 0)),))), ("slabs.geojson", "s0", "[Hh]ole", "redraw")),
    Row("holes-overlap", geometry("slabs", 0, polygon((0, 0), (10, 0), (10, 6), (0, 6), (0, 0), holes=(((1, 1), (4, 1), (4, 4), (1, 4), (1, 1)), ((2, 2), (5, 2), (5, 5), (2, 5), (2, 2))))), ("slabs.geojson", "s0", "crosses itself", "redraw")),
    Row("zero-area", geometry("rooms", 0, polygon((0, 0), (5, 0), (2, 0), (0, 0))), ("rooms.geojson", "cell", "no area", "redraw")),
    Row("sliver", geometry("rooms", 0, polygon((0, 0), (5, 0), (5, 0.005), (0, 0.005), (0, 0))), ("rooms.geojson", "cell", "no area", "redraw")),
    Row("far-coordinate", geometry("walls", 0, lambda t: {"type": "LineString", "coordinates": [[400000, 300000], [1e16, 300000]]}), ("walls.geojson", "w-south", r"1e\+16", "correct")),
    Row("stray-vertex", geometry("rooms", 0, polygon((0, 0), (5, 0), (1e6, 6), (0, 6), (0, 0))), ("rooms.geojson", "cell", "spike at .1400000", "delete that vertex")),
    Row("stray-wall-end", geometry("walls", 0, line((0, 0), (1e6, 0))), ("walls.geojson", "w-south", r"\(1,400,000.0", "km from the perimeter", "correct that coordinate")),
    Row("stray-perimeter-vertex", geometry("perimeter", 0, polygon((-40, -40), (50, -40), (8e3, 3), (50, 46), (-40, 46), (-40, -40))), ("perimeter.geojson", "fence", "lies far from the others", "correct or delete")),
    Row("millimetres", scaled(1000.0), ("perimeter.geojson", "fence", "90,000 m wide", "millimetres")),
    Row("kilometres", scaled(0.001), ("perimeter.geojson", "fence", "20 m to 5 km", "another unit|longitude")),
    Row("lon-lat", site(lonlat), ("perimeter.geojson", "fence", "longitude and latitude", "metres")),
    Row("axes-swapped", geometry("receptors", 0, lambda t: {"type": "Point", "coordinates": [t.Y0, t.X0 + 60]}), ("receptors.geojson", "home", "swapped", "exchange")),
    Row("receptor-in-degrees", geometry("receptors", 0, lambda t: {"type": "Point", "coordinates": [-2.0, 52.6]}), ("receptors.geojson", "home", "longitude", "metres")),
    Row("no-perimeter", site(lambda p: p.update(perimeter=[])), ("perimeter.geojson", "0 perimeters", "keep one")),
    Row("two-perimeters", extra("perimeter", lambda t: t.feature("Polygon", t.box(-50, -50, 60, 60), id="outer")), ("perimeter.geojson", "2 perimeters", "keep one")),
    Row("building-outside", geometry("perimeter", 0, polygon((3, -40), (50, -40), (50, 46), (3, 46), (3, -40))), ("buildings.geojson", "b1", "outside the perimeter", "extend the perimeter")),
    Row("room-outside-perimeter", extra("rooms", lambda t: t.feature("Polygon", t.box(60, 0, 65, 5), id="yard", storey=0, role="silence")), ("rooms.geojson", "yard", "outside the perimeter", "move it")),
    Row("room-outside-building", extra("rooms", lambda t: t.feature("Polygon", t.box(20, 0, 25, 5), id="r3", building="b1", storey=0, role="silence")), ("rooms.geojson", "r3", "outside its building 'b1'", "correct")),
    Row("room-without-building", prop("rooms", 0, building=None), ("rooms.geojson", "cell", "has no building but lies in 'b1'", "give its building")),
    Row("rooms-overlap", geometry("rooms", 1, polygon((3, 0), (10, 0), (10, 6), (3, 6), (3, 0))), ("rooms.geojson", "cell", "overlaps room 'hall' by 12.0", "correct")),
    Row("slab-outside", geometry("slabs", 1, polygon((20, 0), (30, 0), (30, 6), (20, 6), (20, 0))), ("slabs.geojson", "roof", "outside its building", "correct")),
    Row("wall-overlaps", extra("walls", lambda t: t.wall("w-again", (2, 0), (7, 0.01))), ("walls.geojson", "w-south", "w-again", "counted twice", "shorten or delete")),
    Row("wall-twice-other-make", extra("walls", lambda t: t.wall("w-again", (0, 0), (10, 0), construction="brick_215")), ("walls.geojson", "w-again", "counted twice")),
    Row("wall-doubles-back", extra("walls", lambda t: t.feature("LineString", t.xy((2, 2), (4, 2), (3, 2)), id="back", building="b1", storey=0, construction="brick_215")), ("walls.geojson", "back", "back along itself", "shorten")),
    Row("opening-off-wall", geometry("openings", 0, line((0.2, 2), (0.2, 3))), ("openings.geojson", "win", "0.20 m off its wall 'w-west'", "move it onto")),
    Row("opening-elsewhere", geometry("openings", 0, line((0, 20), (0, 21))), ("openings.geojson", "win", "off its wall", "move it onto")),
    Row("opening-too-wide", geometry("openings", 0, line((0, -1), (0, 7))), ("openings.geojson", "win", "wider than its wall", "make it narrower")),
    Row("opening-over-the-end", geometry("openings", 0, line((0, 5.5), (0, 6.5))), ("openings.geojson", "win", "0.50 m beyond the end", "move it")),
    Row("opening-no-width", geometry("openings", 0, line((0, 2), (0, 2))), ("openings.geojson", "win", "no width", "draw it along")),
    Row("opening-round-a-corner", geometry("openings", 0, line((0, 5), (0, 6), (1, 6))), ("openings.geojson", "win", "off its wall|beyond", "move it")),
    Row("openings-overlap", extra("openings", lambda t: t.feature("LineString", t.xy((0, 2.5), (0, 3.5)), id="win2", wall="w-west", kind="window", sill_m=1.5, head_m=2.5, construction="glass_6")), ("openings.geojson", "win", "overlaps opening 'win2'", "move one")),
    Row("opening-too-high", prop("openings", 0, head_m=3.4), ("openings.geojson", "win", "0.40 m above the top", "lower it")),
    Row("sill-above-head", prop("openings", 0, sill_m=2.5), ("openings.geojson", "win", "sill_m 2.5 is not below head_m 2", "exchange or correct")),
    Row("opening-on-dropped-wall", geometry("walls", 3, line((0, 0), (0, 0))), ("openings.geojson", "win", "'w-west' was left out", "correct that wall")),
]  # fmt: skip

VALUES = [
    Row("unit-in-text", prop("walls", 0, base_m="0 m"), ("walls.geojson", "w-south", "base_m is '0 m'", "without its unit")),
    Row("bool-as-number", prop("walls", 0, storey=True), ("walls.geojson", "w-south", "storey is true", "write a number")),
    Row("half-a-storey", prop("walls", 0, storey=0.5), ("walls.geojson", "w-south", "storey is 0.5", "whole number")),
    Row("unicode-minus", prop("walls", 0, base_m="\u22121"), ("walls.geojson", "w-south", "base_m", "plain hyphen")),
    Row("full-width", prop("walls", 0, top_m="\uff13"), ("walls.geojson", "w-south", "top_m", "use 0 to 9")),
    Row("decimal-comma", prop("walls", 0, top_m="2,7"), ("walls.geojson", "w-south", "top_m is '2,7'", "decimal point")),
    Row("thousands", prop("walls", 0, top_m="1,000"), ("walls.geojson", "w-south", "top_m", "decimal point|thousands")),
    Row("nan-text", prop("walls", 0, top_m="NaN"), ("walls.geojson", "w-south", "top_m is 'NaN'", "finite")),
    Row("list-as-number", prop("walls", 0, top_m=[3]), ("walls.geojson", "w-south", "top_m is a list", "write a number")),
    Row("huge-integer", prop("walls", 0, top_m=2**70), ("walls.geojson", "w-south", "about 22 digits", "plausible size")),
    Row("negative-weight", prop("rooms", 0, weight=-1), ("rooms.geojson", "cell", "weight is -1", "from 0 to 10,000")),
    Row("sill-in-mm", prop("openings", 0, sill_m=1000), ("openings.geojson", "win", "sill_m is 1000", "millimetres: write 1")),
    Row("unknown-role", prop("rooms", 0, role="silent"), ("rooms.geojson", "cell", "role is 'silent'", "did you mean 'silence'")),
    Row("unknown-kind", prop("openings", 0, kind="windw"), ("openings.geojson", "win", "kind", "did you mean 'window'")),
    Row("unknown-state", prop("openings", 0, state="closed"), ("openings.geojson", "win", "state", "open, shut, sealed", "choose")),
    Row("missing-key", prop("walls", 0, construction=None), ("walls.geojson", "w-south", "construction is missing", "give")),
    Row("missing-id", prop("walls", 2, id=None), ("walls.geojson", "#3", "id is missing", "give")),
    Row("near-miss-key", prop("walls", 0, construction=None, constrction="brick_215"), ("walls.geojson", "w-south", "'constrction'", "did you mean 'construction'")),
    Row("near-miss-optional", prop("walls", 0, base=0.5), ("walls.geojson", "w-south", "'base'", "did you mean 'base_m'")),
    Row("near-miss-state", prop("openings", 0, State="sealed"), ("openings.geojson", "win", "'State'", "did you mean 'state'")),
    Row("control-in-id", prop("walls", 0, id="w\n1"), ("walls.geojson", r"w\\n1", "id is", "one line")),
    Row("long-id", prop("walls", 0, id="w" * 10_000), ("walls.geojson", "www", "id is", "1 to 80")),
    Row("operators-a-table", prop("rooms", 0, operators={"EE": 1}), ("rooms.geojson", "cell", "operators is a table", "square brackets")),
    Row("receptor-height", prop("receptors", 0, heights_m=[1.5, 400]), ("receptors.geojson", "home", "heights_m", "0.5 to 100")),
    Row("freq-in-hz", masts("LTE,806,", "LTE,806000000,"), ("masts.csv", "line 2, m1", "freq_mhz", "300 to 7,?125", "Hz: write 806")),
    Row("freq-in-ghz", masts("NR,3500,", "NR,3.5,"), ("masts.csv", "line 3, m2", "freq_mhz", "GHz: write 3500")),
    Row("eirp-in-watts", masts("sector_65,60,", "sector_65,1000,"), ("masts.csv", "m1", "eirp_dbm is 1000", "not in watts")),
    Row("azimuth-370", masts(",270,6,", ",370,6,"), ("masts.csv", "m1", "azimuth_deg is 370", "write 10")),
    Row("tilt-95", masts(",270,6,", ",270,95,"), ("masts.csv", "m1", "tilt_deg is 95", "-30 to 45")),
    Row("mast-height-0", masts("300000,25,", "300000,0,"), ("masts.csv", "m1", "height_m is 0", "0.5 to 400")),
    Row("sigma-negative", masts("UMa,8", "UMa,-8"), ("masts.csv", "m1", "sigma_db is -8", "0 to 20")),
    Row("plmn-form", masts("234-30", "23430"), ("masts.csv", "m1", "plmn is '23430'", "234-30")),
    Row("technology", masts("NR", "5G"), ("masts.csv", "m2", "technology is '5G'", "GSM, UMTS, LTE, NR")),
    Row("environment", masts("UMa", "urban"), ("masts.csv", "m1", "environment", "UMa, UMi, RMa")),
    Row("lte-bandwidth", masts("806,10,", "806,12,"), ("masts.csv", "m1", "bandwidth_mhz is 12", "1.4, 3, 5, 10")),
    Row("csv-unit", masts("NR,3500,", "NR,3500 MHz,"), ("masts.csv", "m2", "3500 MHz", "without its unit")),
    Row("csv-minus", levels("-80", "\u221280"), ("outside_levels.csv", "line 2", "rsrp_dbm", "plain hyphen")),
    Row("csv-sign", levels("-80", "80"), ("outside_levels.csv", "line 2", "rsrp_dbm is 80", "sign is missing")),
    Row("csv-zero-level", levels("-80", "0"), ("outside_levels.csv", "EE/B20/LTE", "rsrp_dbm is 0", "leave out")),
    Row("csv-empty-value", masts("806,10", ",10"), ("masts.csv", "line 2, m1", "freq_mhz is missing", "give a number")),
    Row("csv-date", levels("2026-10-01", "2026-13-01"), ("outside_levels.csv", "line 2", "date", "no such day")),
    Row("csv-channel", levels("EE/B20/LTE", "EE-B20"), ("outside_levels.csv", "line 2", "channel", "EE/B20/LTE")),
    Row("csv-ragged", masts("UMa,8\nm2", "UMa\nm2"), ("masts.csv", "line 2", "15 values", "expected 16", "comma")),
    Row("csv-comma-decimal", masts("806,10", "806,5,10"), ("masts.csv", "line 2", "17 values", "expected 16")),
    Row("csv-duplicate-header", masts("tilt_deg", "azimuth_deg"), ("masts.csv", "line 1", "'azimuth_deg' stands twice", "keep one")),
    Row("csv-x-twice", masts("height_m", "x_m"), ("masts.csv", "line 1", "stands twice", "keep one")),
    Row("csv-header-only", reworked("masts.csv", lambda t: t.split("\n")[0] + "\n"), ("masts.csv", "no rows", "add rows, or delete")),
    Row("csv-no-header", reworked("masts.csv", lambda t: t.split("\n", 1)[1]), ("masts.csv", "line 1", "no header", "name the columns")),
    Row("csv-unknown-column", masts("azimuth_deg", "azimut_deg"), ("masts.csv", "'azimut_deg'", "did you mean 'azimuth_deg'")),
    Row("csv-unit-left-out", masts("freq_mhz", "freq"), ("masts.csv", "'freq'", "did you mean 'freq_mhz'")),
    Row("csv-missing-column", reworked("outside_levels.csv", lambda t: t.replace(",rsrp_dbm", "").replace(",-80", "")), ("outside_levels.csv", "line 1", "missing rsrp_dbm", "add it")),
    Row("csv-nul", masts("EE", "E\0"), ("masts.csv", "NUL", "UTF-8")),
    Row("csv-quote", masts("m2,O2", 'm2,"O2'), ("masts.csv", "line 3", "quote that never closes", "add or remove")),
    Row("csv-stray-quote", masts("m2,O2", 'm2,"O"2'), ("masts.csv", "line 3", "no CSV", "correct its quotes")),
    Row("csv-long-field", masts("m2,O2", 'm2,"' + "O" * 200_000 + '"'), ("masts.csv", "line 3", "131,072 characters", "shorten")),
    Row("csv-blank", raw("masts.csv", "\n\n"), ("masts.csv", "is empty", "export")),
]  # fmt: skip

REFERENCES = [
    Row("unknown-construction", prop("walls", 0, construction="conrete_200"), ("walls.geojson", "w-south", "'conrete_200' does not exist", "did you mean 'concrete_200'")),
    Row("unknown-grille", prop("openings", 0, grille="barz"), ("openings.geojson", "win", "grille 'barz'", "did you mean .*'bars'")),
    Row("unknown-slab-make", prop("slabs", 0, construction="cheese"), ("slabs.geojson", "s0", "'cheese'", "choose one of|did you mean")),
    Row("unknown-building", prop("rooms", 0, building="b11"), ("rooms.geojson", "cell", "building 'b11'", "did you mean 'b1'")),
    Row("unknown-storey", prop("rooms", 0, storey=3), ("rooms.geojson", "cell", "storey is 3", "expected 0 to 0", "add the storey")),
    Row("unknown-wall", prop("openings", 0, wall="w-wst"), ("openings.geojson", "win", "wall 'w-wst'", "did you mean 'w-west'")),
    Row("unknown-pattern", masts("sector_65,60", "sector65,60"), ("masts.csv", "m1", "pattern 'sector65'", "did you mean 'sector_65'")),
    Row("unknown-channel", levels("EE/B20/LTE", "EE/B3/LTE"), ("outside_levels.csv", "EE/B3/LTE", "no mast", "did you mean 'EE/B20/LTE'")),
    Row("outline-without-storeys", extra("buildings", lambda t: t.feature("Polygon", t.box(20, 0, 30, 6), id="b2")), ("buildings.geojson", "b2", "no storeys", "add \\[\\[buildings\\]\\]")),
    Row("duplicate-wall-id", prop("walls", 1, id="w-south"), ("walls.geojson", "w-south", "stands 2 times", "id of its own")),
    Row("ids-equal-but-case", prop("walls", 1, id="W-South"), ("walls.geojson", "w-south", "W-South", "id of its own")),
    Row("ids-equal-but-form", site(lambda p: (p["rooms"][0]["properties"].update(id="caf\u00e9"), p["rooms"][1]["properties"].update(id="cafe\u0301"))), ("rooms.geojson", "caf\u00e9", "differ in case or form", "id of its own")),
    Row("ids-equal-but-spaces", prop("rooms", 1, id=" cell "), ("rooms.geojson", "cell", "stands 2 times", "id of its own")),
    Row("duplicate-mast", masts("m2,O2", "m1,O2"), ("masts.csv", "m1", "stands 2 times", "id of its own")),
    Row("duplicate-building", extra("buildings", lambda t: t.feature("Polygon", t.box(20, 0, 30, 6), id="b1")), ("buildings.geojson", "b1", "stands twice", "id of its own")),
    Row("nothing-to-silence", prop("rooms", 0, role="ignore"), ("rooms.geojson", "role 'silence'", "set role")),
    Row("no-rooms", site(lambda p: p.update(rooms=[])), ("rooms.geojson", "no rooms", "draw at least one")),
    Row("mast-far-away", masts("400500,300000", "900000,300000"), ("masts.csv", "m1", "km from the perimeter", "correct")),
    Row("two-sites-mixed", site(lambda p: p["rooms"][0]["geometry"].update(coordinates=[[[x + 40_000, y] for x, y in p["rooms"][0]["geometry"]["coordinates"][0]]])), ("rooms.geojson", "cell", "km from the perimeter", "correct")),
    Row("plan-beside-perimeter", geometry("perimeter", 0, polygon((200, 0), (300, 0), (300, 80), (200, 80), (200, 0))), ("buildings.geojson", "rooms.geojson", "outside the perimeter")),
    Row("script-as-reference", prop("walls", 0, construction="<script>alert(1)</script>"), ("walls.geojson", "w-south", "does not exist")),
]  # fmt: skip

PACKAGES = [
    Row("gpkg-text", lambda f, t: (f.joinpath("x.gpkg").write_text("hello world, no database"), str(f / "x.gpkg"))[1], ("x.gpkg", "no GeoPackage", "export it as GeoPackage")),
    Row("gpkg-vrt", lambda f, t: (f.joinpath("x.gpkg").write_text(VRT.format(source="/etc/passwd")), str(f / "x.gpkg"))[1], ("x.gpkg", "no GeoPackage", "export")),
    Row("gpkg-empty", lambda f, t: (f.joinpath("x.gpkg").write_bytes(b""), str(f / "x.gpkg"))[1], ("x.gpkg", "no GeoPackage", "export")),
    Row("gpkg-fifo", lambda f, t: (os.mkfifo(f / "x.gpkg"), str(f / "x.gpkg"))[1], ("x.gpkg", "pipe", "give a folder")),
    Row("gpkg-half", gpkg(lambda p: os.truncate(p, p.stat().st_size // 2)), ("site.gpkg", "damaged|lacks", "export it again")),
    Row("gpkg-page-lost", gpkg(overwrite_page), ("site.gpkg", "damaged", "export it again")),
    Row("gpkg-plain-sqlite", gpkg(sql("PRAGMA application_id = 0")), ("site.gpkg", "application id", "export it as GeoPackage")),
    Row("gpkg-view", gpkg(sql("ALTER TABLE walls RENAME TO hidden", "CREATE VIEW walls AS SELECT * FROM hidden")), ("site.gpkg", "view", "'walls'", "plain layers")),
    Row("gpkg-trigger", gpkg(sql("CREATE TRIGGER evil AFTER INSERT ON walls BEGIN DELETE FROM rooms; END")), ("site.gpkg", "trigger 'evil'", "export it again")),
    Row("gpkg-no-rooms", gpkg(sql("DROP TABLE rooms")), ("site.gpkg/rooms", "missing", "add it")),
    Row("gpkg-misspelt", gpkg(sql("ALTER TABLE rooms RENAME TO room")), ("site.gpkg", "room", "did you mean 'rooms'")),
    Row("gpkg-no-toml", gpkg(sql("DROP TABLE site_toml")), ("site.gpkg", "site_toml", "save_geopackage")),
    Row("gpkg-bad-blob", gpkg(sql("UPDATE walls SET geom = x'4750000100000000FFFF' WHERE fid = 2")), ("site.gpkg/walls", "#2", "geometry is damaged", "draw it again")),
    Row("gpkg-text-blob", gpkg(sql("UPDATE walls SET geom = 'hello' WHERE fid = 1")), ("site.gpkg/walls", "#1", "geometry is damaged", "draw it again")),
    Row("gpkg-null-geometry", gpkg(sql("UPDATE rooms SET geom = NULL WHERE fid = 1")), ("site.gpkg/rooms", "cell", "no geometry", "draw it")),
    Row("gpkg-bad-value", gpkg(sql("UPDATE walls SET construction = 'conrete_200' WHERE fid = 1")), ("site.gpkg/walls", "w-south", "did you mean 'concrete_200'")),
    Row("gpkg-mast-value", gpkg(sql("UPDATE masts SET freq_mhz = 806e6 WHERE fid = 1")), ("site.gpkg/masts", "m1", "Hz: write 806")),
    Row("gpkg-other-crs", gpkg(sql("UPDATE site_toml SET text = replace(text, 'EPSG:27700', 'EPSG:2157')")), ("site.gpkg/walls", "EPSG:27700", "expected EPSG:2157")),
    Row("gpkg-wal", gpkg(lambda p: p.with_name(p.name + "-wal").write_bytes(b"x" * 32)), ("site.gpkg", "still being written", "close it in QGIS")),
]  # fmt: skip

RESOURCES = [
    Row("file-too-large", done("walls.geojson", sparse), ("walls.geojson", "209,715,200 bytes", "limit 67,108,864", "split the site")),
    Row("million-vertices", reworked("rooms.geojson", many_vertices(1_000_000)), ("rooms.geojson", "cell", "1,000,000 vertices", "limit 20,000", "simplify")),
    Row("two-million-vertices", reworked("rooms.geojson", many_vertices(2_000_000)), ("rooms.geojson", "limit 1,000,000", "simplify")),
    Row("many-features", raw("walls.geojson", '{"type":"FeatureCollection","features":[' + ",".join(["{}"] * 300_000) + "]}"), ("walls.geojson", "300,000 features", "limit 200,000", "remove")),
    Row("empty-lists", raw("walls.geojson", "[" + ",".join(["[]"] * 3_000_000) + "]"), ("walls.geojson", "limit", "simplify")),
    Row("many-rows", reworked("masts.csv", lambda t: t.split("\n")[0] + "\n" + "m,EE\n" * 200_000), ("masts.csv", "200,000 rows", "limit 100,000", "near the site")),
]  # fmt: skip

ROWS: list[Row] = [*FILES, *TOML, *GEOMETRY, *VALUES, *REFERENCES, *PACKAGES, *RESOURCES]
