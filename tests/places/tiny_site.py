"""The smallest whole site, written by plain Python: one building of two rooms, a window, a door, two masts.

y
6 +--------+--------+
  |  cell  |  hall  |     storey 0 only, window in the west wall, door between the rooms
0 +--------+--------+
  0        5        10  x
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

X0, Y0 = 400_000.0, 300_000.0  # a place in the British grid

Folder = dict[str, Any]

TOML = """\
format = 1
name = "tiny"
marking = "INVENTED"
as_of = 2026-11-01
area = "rural"
description = "one building, two rooms"

[states]
window = "open"
door = "shut"

[[buildings]]
id = "b1"
name = "Block"
storeys = [{name = "ground", floor_m = 0.0, height_m = 3.0}]
"""

MASTS = """\
id,operator,plmn,band,technology,freq_mhz,bandwidth_mhz,x,y,height_m,azimuth_deg,tilt_deg,pattern,eirp_dbm,environment,sigma_db
m1,EE,234-30,B20,LTE,806,10,400500,300000,25,270,6,sector_65,60,UMa,8
m2,O2,234-10,n78,NR,3500,40,399500,300400,20,120,6,sector_65,66,UMa,8
"""

LEVELS = """\
channel,x,y,height_m,rsrp_dbm,date
EE/B20/LTE,399990,300003,1.5,-80,2026-10-01
"""


def xy(*places: tuple[float, float]) -> list[list[float]]:
    return [[X0 + x, Y0 + y] for x, y in places]


def box(west: float, south: float, east: float, north: float) -> list[list[list[float]]]:
    return [xy((west, south), (east, south), (east, north), (west, north), (west, south))]


def feature(shape: str, coordinates: Any, **properties: Any) -> dict[str, Any]:
    return {
        "type": "Feature",
        "properties": properties,
        "geometry": {"type": shape, "coordinates": coordinates},
    }


def wall(name: str, start: tuple[float, float], end: tuple[float, float], **more: Any) -> dict[str, Any]:
    named = {"id": name, "building": "b1", "storey": 0, "construction": "concrete_200"} | more
    return feature("LineString", xy(start, end), **named)


def layers() -> dict[str, list[dict[str, Any]]]:
    """Every layer's features, fresh."""
    opening = {"sill_m": 1.0, "head_m": 2.0, "construction": "glass_6"}
    door = {"sill_m": 0.0, "head_m": 2.1, "construction": "steel_cell_door"}
    return copy.deepcopy(
        {
            "perimeter": [feature("Polygon", box(-40, -40, 50, 46), id="fence", height_m=5.2)],
            "buildings": [feature("Polygon", box(0, 0, 10, 6), id="b1")],
            "walls": [
                wall("w-south", (0, 0), (10, 0)),
                wall("w-east", (10, 0), (10, 6)),
                wall("w-north", (10, 6), (0, 6)),
                wall("w-west", (0, 6), (0, 0)),
                wall("w-mid", (5, 0), (5, 6), construction="brick_102"),
            ],
            "openings": [
                feature("LineString", xy((0, 2), (0, 3)), id="win", wall="w-west", kind="window", **opening),
                feature("LineString", xy((5, 3), (5, 4)), id="door", wall="w-mid", kind="door", **door),
            ],
            "slabs": [
                feature(
                    "Polygon", box(0, 0, 10, 6), id="s0", building="b1", level_m=0.0, construction="concrete_200"
                ),
                feature(
                    "Polygon",
                    box(0, 0, 10, 6),
                    id="roof",
                    building="b1",
                    level_m=3.0,
                    construction="concrete_200",
                    kind="roof",
                ),
            ],
            "rooms": [
                feature("Polygon", box(0, 0, 5, 6), id="cell", building="b1", storey=0, role="silence", weight=2.0),
                feature(
                    "Polygon", box(5, 0, 10, 6), id="hall", building="b1", storey=0, role="keep", operators=["EE"]
                ),
            ],
            "receptors": [feature("Point", [X0 + 100, Y0], id="home", people=3, heights_m=[1.5, 4.5])],
        }
    )


def collection(features: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::27700"}}
    return {"type": "FeatureCollection", "crs": crs, "features": features} | more


def write(folder: Path, change: Callable[[dict[str, Any]], None] = lambda parts: None) -> Path:
    """Write the site after `change` has been made to its parts.

    Parts are the layers by name (lists of features) and ``toml``, ``masts``, ``levels`` (texts, None for no file).
    """
    parts: dict[str, Any] = {**layers(), "toml": TOML, "masts": MASTS, "levels": LEVELS}
    change(parts)
    folder.mkdir(parents=True, exist_ok=True)
    names = {"toml": "site.toml", "masts": "masts.csv", "levels": "outside_levels.csv"}
    for part, content in parts.items():
        if content is None:
            continue
        if part in names:
            (folder / names[part]).write_text(content, encoding="utf-8", newline="")
        else:
            made = content if isinstance(content, dict) else collection(content)
            (folder / f"{part}.geojson").write_text(json.dumps(made), encoding="utf-8")
    return folder


def edit(folder: Path, layer: str, change: Callable[[dict[str, Any]], object]) -> None:
    """Change the parsed GeoJSON of a layer in place."""
    path = folder / f"{layer}.geojson"
    loaded = json.loads(path.read_text(encoding="utf-8"))
    change(loaded)
    path.write_text(json.dumps(loaded), encoding="utf-8")
