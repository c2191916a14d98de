"""Builders of bad inputs: each writes below a folder and returns what is given as SITE.

`tiny` is the helper module `tiny_site`.
"""

from __future__ import annotations

import functools
import json
import os
import sqlite3
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

Parts = dict[str, Any]
Builder = Callable[[Path, ModuleType], str]

VRT = (
    '<OGRVRTDataSource><OGRVRTLayer name="x"><SrcDataSource>{source}</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>'
)


@dataclass(frozen=True)
class Row:
    """One bad input: its id, its builder, and patterns for file, feature or key, and fix."""

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


def piled(layer: str, index: int, count: int, key: str = "", values: tuple[Any, ...] = ()) -> Builder:
    """Copies of one feature at the same place under other ids, with one key going round some values."""

    def change(parts: Parts) -> None:
        model = parts[layer][index]
        for number in range(count):
            own = {"id": f"copy-{number}"} | ({key: values[number % len(values)]} if key else {})
            parts[layer].append({**model, "properties": model["properties"] | own})

    return site(change)


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


@functools.cache  # a tenth of a second of every row
def packed(tiny: ModuleType) -> bytes:
    """The tiny site as a GeoPackage."""
    from quietwing.sites import load_site, save_geopackage

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "site.gpkg"
        save_geopackage(load_site(tiny.write(Path(folder) / "source")), path)
        return path.read_bytes()


def gpkg(spoil: Callable[[Path], object]) -> Builder:
    """The tiny site as a GeoPackage, spoilt."""

    def build(folder: Path, tiny: ModuleType) -> str:
        path = folder / "site.gpkg"
        path.write_bytes(packed(tiny))
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
    """4 KiB of noise over the page a table of ours lives on."""
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


def in_crs(name: str) -> Builder:
    """A site whose layers state no CRS and whose site.toml states this one."""

    def change(parts: Parts) -> None:
        for layer, content in list(parts.items()):
            if isinstance(content, list):
                parts[layer] = {"type": "FeatureCollection", "features": content}
        parts["toml"] = replaced(parts["toml"], 'area = "rural"', f'crs = "{name}"')

    return site(change)


def file(name: str, content: bytes) -> Builder:
    """No site but a single file."""

    def build(folder: Path, tiny: ModuleType) -> str:
        (folder / name).write_bytes(content)
        return str(folder / name)

    return build


def pipe(name: str) -> Builder:
    """No site but a named pipe."""

    def build(folder: Path, tiny: ModuleType) -> str:
        os.mkfifo(folder / name)
        return str(folder / name)

    return build


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


def many_vertices(count: int) -> Callable[[str], str]:
    def drawn(text: str) -> str:
        ring = ",".join(f"[{400000 + i % 1000}.5,{300000 + i // 1000}.5]" for i in range(count))
        return (
            '{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"id":"cell","building":"b1",'
            '"storey":0,"role":"silence"},"geometry":{"type":"Polygon","coordinates":[[' + ring + "]]}}]}"
        )

    return drawn
