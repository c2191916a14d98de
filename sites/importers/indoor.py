"""Indoor plans in GeoJSON: levels of typed polygons (WRLD Indoor Map Format 1.0), or of layers under another name,
in metres, degrees, or pixels of a picture; runs in a child process."""

from __future__ import annotations

import itertools
import json
import math
import os
from collections import Counter
from collections.abc import Sequence
from importlib import import_module
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import LineString, Polygon, shape

from quietwing.sites.errors import SiteError
from quietwing.sites.findings import Unreadable, clean, shown
from quietwing.sites.geojson import RawLayer, parse_layer
from quietwing.sites.importers.plan_mapping import PlanMapping, Use, proposed_use, role_of_room
from quietwing.sites.importers.plan_parts import Marker, PlanRoom, Report, parts_of, unique_name
from quietwing.sites.importers.plan_site import check_size
from quietwing.sites.importers.plan_storey import Drawn
from quietwing.sites.safe_reading import text_of

__all__ = ["drawn_levels"]

MOST_LEVELS = 31
MOST_POLYGONS = 60_000
GREAT_BRITAIN = (-8.0, 49.8, 2.0, 61.0)  # where the British grid serves
# Types of the format and what they stand for here: WRLD Indoor Map Format 1.0. Role of those nobody stays in: ignore.
_TYPES = {
    "wall": Use("walls", "by thickness"),
    "door": Use("doors", "timber_door"),
    "window": Use("windows", "glass_double"),
    "building_outline": Use("outline"),
    "floor_opening": Use("voids"),
    "room": Use("rooms"),
    "bathroom": Use("rooms"),
    "stairs": Use("rooms"),
    "elevator": Use("rooms"),
    "escalator": Use("rooms"),
    "inaccessible_space": Use("rooms"),
    "no_geometry": Use("ignore"),
    "pathway": Use("ignore"),
    "entrance": Use("ignore"),
}
# Where other programs say what a feature is, of which the first that tells walls or rooms rules;
# and how thick a wall drawn by a line.
_KIND_KEYS = ("type", "kind", "layer", "class", "category", "element", "feature", "Layer")
_THICKNESS_KEYS = ("thickness_m", "thickness", "width_m", "width")
_EMPTY_OF_PEOPLE = ("stairs", "elevator", "escalator", "inaccessible_space")


def drawn_levels(
    paths: Sequence[str], crs: str, mapping: PlanMapping, report: Report, picture: Any = None
) -> tuple[list[Drawn], PlanMapping, str]:
    """The levels of an indoor plan, from the lowest up.

    Parameters
    ----------
    paths : sequence of str
        ``main.json`` and the plans beside it, or one plan.
    crs : str
        Grid in metres the plan is laid in where it is in degrees; empty: the British grid, or UTM elsewhere.
    mapping : PlanMapping
    report : Report
    picture : callable, optional
        Turns pixels of a picture the plan was drawn over into metres.

    Returns
    -------
    levels : list of Drawn
    mapping : PlanMapping
        With every type that was met.
    crs : str
        Of the coordinates given back.

    Raises
    ------
    SiteError
        If a file is no such plan.
    """
    levels = _levels(paths)
    layers = [(name, label, _layer(path, label)) for name, label, path in levels]
    count = sum(len(layer.features) for _, _, layer in layers)
    if count > MOST_POLYGONS:
        raise SiteError(
            f"{_label(paths)}: holds {count:,} polygons (limit {MOST_POLYGONS:,}); give the building alone"
        )
    every = [layer for *_, layer in layers]
    key = _kind_key(every, mapping, report)
    project, crs = _projection(every, crs, _label(paths), report) if picture is None else (picture, crs or "local")
    met: dict[str, Use] = {}
    found = []
    taken: set[str] = set()
    for name, label, layer in layers:
        drawn, kinds = _drawn(unique_name(name, taken), label, layer, project, mapping, report, key)
        met |= {kind: _use(kind, mapping) for kind in kinds}
        if not drawn.extent:
            report.add(drawn.name, None, label, "this level shows no walls and no rooms; left out")
            continue
        check_size(drawn.extent, "m", {"m": 1.0}, label)
        found.append(drawn)
        said = ", ".join(f"{number} {kind}" for kind, number in sorted(kinds.items()))
        report.add(drawn.name, None, label, f"holds {said}")
    if not found:
        met_with = ", ".join(clean(kind, 30) for kind in list(met)[:8])
        raise SiteError(
            f"{_label(paths)}: no level holds polygons of type wall or room (it holds: {met_with}); give each "
            'feature a property "type" of wall, door, window or room, or say what these are in [layers] of a '
            "mapping: --mapping FILE"
        )
    return found, mapping.with_entries(met, {}, {}, {}), crs


def _label(paths: Sequence[str]) -> str:
    return clean(os.path.basename(paths[0]))


def _levels(paths: Sequence[str]) -> list[tuple[str, str, str]]:
    """Name, file name and path of each level, in the order of their height."""
    beside = {os.path.basename(path): path for path in paths[1:]}
    label = _label(paths)
    with open(paths[0], "rb") as file:
        text = _text(file.read(), label)
    try:
        index = json.loads(text)
    except ValueError as error:
        raise SiteError(f"{label}: is no JSON ({clean(str(error), 80)}); export the plan again") from None
    if not isinstance(index, dict) or "levels" not in index:
        return [("G", label, paths[0])]
    levels = index["levels"]
    if not isinstance(levels, list) or not levels or not all(isinstance(level, dict) for level in levels):
        raise SiteError(f"{label}: levels is {shown(levels)} (expected a list of levels); correct it")
    if len(levels) > MOST_LEVELS:
        raise SiteError(f"{label}: holds {len(levels):,} levels (limit {MOST_LEVELS}); give one building")
    problems = []
    found = []
    for number, level in enumerate(levels, 1):
        order, file_name = level.get("z_order"), level.get("filename")
        if isinstance(order, bool) or not isinstance(order, int | float) or not math.isfinite(order):
            problems.append(
                f"{label}: level {number}: z_order is {shown(order)} (expected a number); give its height order"
            )
        elif not isinstance(file_name, str) or file_name not in beside:
            problems.append(
                f"{label}: level {number}: its plan {shown(file_name)} does not lie beside it; put it there"
            )
        else:
            name = clean(str(level.get("name") or level.get("id") or number), 40).strip() or str(number)
            found.append((float(order), name, file_name, beside[file_name]))
    if problems:
        raise SiteError(problems[:20])
    return [(name, clean(file_name), path) for _, name, file_name, path in sorted(found, key=lambda one: one[0])]


def _layer(path: str, label: str) -> RawLayer:
    """The features of one plan."""
    with open(path, "rb") as file:
        try:
            return parse_layer(_text(file.read(), label))
        except Unreadable as error:
            raise SiteError(f"{label}: {error}") from None


def _text(content: bytes, label: str) -> str:
    try:
        return text_of(content)
    except Unreadable as error:
        raise SiteError(f"{label}: {error}") from None


def _projection(layers: Sequence[RawLayer], crs: str, label: str, report: Report) -> tuple[Any, str]:
    """What turns the plan's coordinates into metres, and the grid they are then in."""
    stated = next((layer.crs for layer in layers if layer.crs), None)
    points = [point for layer in layers for feature in layer.features for point in _corners(feature.geometry)]
    if not points:
        raise SiteError(f"{label}: holds no polygons with coordinates; give an indoor plan")
    x, y = np.array(points, dtype=float).T
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise SiteError(f"{label}: has coordinates that are no numbers; export the plan again")
    in_degrees = bool((np.abs(x) <= 180).all() and (np.abs(y) <= 90).all() and np.ptp(x) < 1 and np.ptp(y) < 1)
    if not in_degrees:
        if stated and stated.startswith("EPSG:") and not crs:
            return None, stated
        report.add("", None, "coordinates", f"taken as metres of {crs or 'a grid of its own'}")
        return None, crs or "local"
    lon, lat = float(np.median(x)), float(np.median(y))
    if not crs:
        west, south, east, north = GREAT_BRITAIN
        zone = min(int((lon + 180) // 6) + 1, 60)
        british = west <= lon <= east and south <= lat <= north
        crs = "EPSG:27700" if british else f"EPSG:{32600 + zone if lat >= 0 else 32700 + zone}"
        report.add("", None, "coordinates", f"longitude and latitude, laid in {crs}")
    pyproj = import_module("pyproj")
    pyproj.network.set_network_enabled(active=False)
    try:
        turn = pyproj.Transformer.from_crs("EPSG:4326", crs, always_xy=True)
    except pyproj.exceptions.CRSError:
        raise SiteError(
            f"{label}: --crs {shown(crs)} is not known; give a grid in metres such as EPSG:27700"
        ) from None

    def project(xy: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.column_stack(turn.transform(xy[:, 0], xy[:, 1]))

    return project, crs


def _corners(geometry: Any) -> list[tuple[float, float]]:
    """All corners of a polygon or of several, whatever else is in their place."""
    found = []
    waiting = [geometry.get("coordinates") if isinstance(geometry, dict) else None]
    while waiting:
        coords = waiting.pop()
        if not isinstance(coords, list | tuple) or not coords:
            continue
        if isinstance(coords[0], int | float):
            if len(coords) >= 2 and isinstance(coords[1], int | float):
                found.append((float(coords[0]), float(coords[1])))
        else:
            waiting += coords
    return found


def _kind_key(layers: Sequence[RawLayer], mapping: PlanMapping, report: Report) -> str:
    """The property that tells what a feature is: ``type``, else the first that tells walls or rooms."""
    for key in _KIND_KEYS:
        told = {str(one.properties[key]) for layer in layers for one in layer.features if one.properties.get(key)}
        if any(_use(kind, mapping).use in ("walls", "rooms") for kind in told):
            if key != "type":
                report.add("", None, "features", f"what they are is told by their property {key}")
            return key
    return "type"


def _use(kind: str, mapping: PlanMapping) -> Use:
    """What a type stands for: as given, as the format says, else by its name."""
    return mapping.layers.get(kind) or _TYPES.get(kind.casefold()) or proposed_use(kind)


def _drawn(
    name: str, label: str, layer: RawLayer, project: Any, mapping: PlanMapping, report: Report, key: str
) -> tuple[Drawn, Counter[str]]:
    """One level in metres, and how many polygons of each type it holds."""
    drawn = Drawn(name)
    kinds: Counter[str] = Counter()
    taken: set[str] = set()
    broken: list[str] = []
    for feature in layer.features:
        kind = clean(str(feature.properties.get(key) or "unnamed"), 60)
        kinds[kind] += 1
        use = _use(kind, mapping)
        if use.use == "ignore":
            continue
        parts = _polygons(feature.geometry, project) or _lines(feature, project, use.use, mapping.single_wall_m)
        own = clean(str(feature.properties.get("id", feature.place)), 40)
        if not parts:
            broken.append(f"{kind} {own}")
            continue
        for part in parts:
            if use.use == "walls":
                drawn.solids.append((part, use.construction))
            elif use.use in ("doors", "windows"):
                one = "door" if use.use == "doors" else "window"
                made = use.construction if use.construction != "open" else "glass_double"
                drawn.markers.append(Marker(f"{kind} {own}", one, part, made, filled=True))
            elif use.use == "rooms":
                said = feature.properties.get("name") or (kind if key == "type" and kind != "room" else "")
                role = "ignore" if kind in _EMPTY_OF_PEOPLE else role_of_room(str(said), mapping.role)
                room = unique_name(f"{name}-{kind}-{own}", taken)
                drawn.rooms.append(PlanRoom(room, part, role, clean(str(said), 80)))
            elif use.use == "outline":
                drawn.outline.append(Polygon(part.exterior))
            elif use.use == "voids":
                drawn.voids.append(part)
    if broken:
        report.left_out(name, label, broken, "has no usable polygon")
    return drawn, kinds


def _lines(feature: Any, project: Any, use: str, usual_m: float) -> list[Polygon]:
    """What a wall, door or window drawn by a line covers: as wide as its properties say, else as assumed."""
    if use not in ("walls", "doors", "windows") or not isinstance(feature.geometry, dict):
        return []
    if feature.geometry.get("type") not in ("LineString", "MultiLineString"):
        return []
    told = (feature.properties.get(key) for key in _THICKNESS_KEYS)
    wide_m = next((one for one in told if isinstance(one, int | float) and 0.01 <= one <= 2), usual_m)
    try:
        found = shapely.force_2d(shape(feature.geometry))
        coords = shapely.get_coordinates(found)
        if not len(coords) or not np.isfinite(coords).all() or np.abs(coords).max() > 1e8:
            return []
        found = shapely.transform(found, project) if project is not None else found
        pieces = [
            LineString([a, b]).buffer(wide_m / 2, cap_style="flat")
            for line in (getattr(found, "geoms", None) or [found])
            for a, b in itertools.pairwise(line.coords)
            if a != b
        ]
    except (ValueError, TypeError, AttributeError, LookupError, shapely.errors.ShapelyError):
        return []
    return [piece for piece in pieces if piece.area > 1e-4]


def _polygons(geometry: Any, project: Any) -> list[Polygon]:
    """The polygons of a feature in metres; none where it has none."""
    if not isinstance(geometry, dict) or geometry.get("type") not in ("Polygon", "MultiPolygon"):
        return []
    try:
        found = shapely.force_2d(shape(geometry))
        coords = shapely.get_coordinates(found)
        if not len(coords) or not np.isfinite(coords).all() or np.abs(coords).max() > 1e8:
            return []
        if project is not None:
            found = shapely.transform(found, project)
        if not np.isfinite(shapely.get_coordinates(found)).all():
            return []
        return [part for part in parts_of(found if found.is_valid else shapely.make_valid(found)) if part.area > 1e-4]
    except (ValueError, TypeError, AttributeError, LookupError, shapely.errors.ShapelyError):
        return []
