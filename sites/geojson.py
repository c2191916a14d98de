"""GeoJSON with `json` and shapely only: GDAL would follow links and open other files (assumption A58)."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import shapely
from shapely.geometry import Point, Polygon
from shapely.geometry.base import BaseGeometry

from quietwing.sites.findings import Findings, Unreadable, clean, shown

__all__ = [
    "MOST_FEATURES",
    "Feature",
    "RawLayer",
    "collection_text",
    "parse_layer",
    "rounded",
    "shape_of",
]

MOST_FEATURES = 120_000  # per layer; a campus has about 3,000 openings
MOST_VERTICES = 500_000  # per layer
MOST_COMMAS = 8_000_000  # keeps the parsed tree below 1 GiB whatever the file holds
MOST_MEMBERS = 3_000_000  # keys of all objects; a feature of a site has about 15
MOST_FEATURE_VERTICES = 20_000  # one outline; a hand-drawn one has below 200
MOST_LINE_VERTICES = 2_000  # a wall: each opening in it is held against every part
MOST_COORDINATE_M = 1e7
CLOSES_M = 0.01  # assumption A58: a ring open by no more than this is closed, with a note
CRS_PREFIXES = ("urn:ogc:def:crs:EPSG::", "EPSG:")


@dataclass(frozen=True, slots=True)
class Feature:
    """One feature as it stands in a file, unchecked. `geometry` is a GeoJSON geometry or nothing."""

    place: int  # 1 for the first of its file
    geometry: Any
    properties: Mapping[str, Any]

    @property
    def label(self) -> str:
        """Its id, else its place in the file: ``#3``."""
        name = self.properties.get("id")
        if isinstance(name, str) and name.strip():
            return clean(name.strip(), 80)
        return f"#{self.place}" if name is None or isinstance(name, bool | float) else clean(str(name)[:80], 80)


@dataclass(frozen=True, slots=True)
class RawLayer:
    """The features of one layer and the EPSG name its file states, if any."""

    features: tuple[Feature, ...]
    crs: str | None
    not_a_number: bool = False  # NaN or Infinity stands somewhere in the file


def parse_layer(text: str) -> RawLayer:
    """The features of a GeoJSON text, unchecked but bounded in number.

    Parameters
    ----------
    text : str
        Whole content of the file.

    Returns
    -------
    RawLayer

    Raises
    ------
    Unreadable
        If the text is not one GeoJSON FeatureCollection, or is too large to be one of a site.
    """
    _check_size(text)
    constants: list[str] = []
    loaded = _loaded(text, constants)
    if not isinstance(loaded, dict) or loaded.get("type") != "FeatureCollection":
        raise Unreadable(_not_a_collection(loaded))
    features = loaded.get("features")
    if not isinstance(features, list):
        raise Unreadable("has no list 'features'; export it as a GeoJSON FeatureCollection")
    _check_count(len(features))
    found = []
    for place, feature in enumerate(features, 1):
        if not isinstance(feature, dict) or feature.get("type") != "Feature":
            raise Unreadable(f"#{place}: is no GeoJSON Feature (found {shown(feature)}); export the layer again")
        properties = feature.get("properties")
        if properties is None:
            properties = {}
        if not isinstance(properties, dict):
            raise Unreadable(f"#{place}: 'properties' is {shown(properties)}, expected a table; export it again")
        found.append(Feature(place, feature.get("geometry"), properties))
    return RawLayer(tuple(found), _named_crs(loaded.get("crs")), bool(constants))


def _check_size(text: str) -> None:
    start = text.lstrip()[:1]
    if start == "<":
        raise Unreadable("holds XML (VRT, KML, GPX or SVG?), not GeoJSON, and is not opened; export as GeoJSON")
    if start not in ("{", "["):
        raise Unreadable(f"is not GeoJSON (starts with {shown(text.lstrip()[:12])}); export as GeoJSON")
    brackets, tables, commas = text.count("["), text.count("{"), text.count(",")
    if (members := text.count(":")) > MOST_MEMBERS:
        raise Unreadable(f"holds about {members:,} keys (limit {MOST_MEMBERS:,}); remove columns that are not needed")
    if brackets > MOST_VERTICES + 2 * MOST_FEATURES or tables > 4 * MOST_FEATURES or commas > MOST_COMMAS:
        raise Unreadable(
            f"holds about {brackets:,} coordinates in {tables:,} tables (limit {MOST_VERTICES:,} coordinates and "
            f"{MOST_FEATURES:,} features); simplify the drawing"
        )


def _check_count(count: int) -> None:
    if count > MOST_FEATURES:
        raise Unreadable(f"holds {count:,} features (limit {MOST_FEATURES:,}); remove what is not needed")


def _loaded(text: str, constants: list[str]) -> Any:
    """JSON without duplicate keys. NaN stays in, and is listed: the feature that holds it is named later."""

    def not_finite(literal: str) -> float:
        constants.append(literal)
        return float(literal)

    try:
        return json.loads(text, object_pairs_hook=_unique, parse_constant=not_finite)
    except RecursionError as error:
        raise Unreadable("is nested too deeply to be GeoJSON; export it again") from error
    except json.JSONDecodeError as error:
        raise Unreadable(
            f"line {error.lineno} column {error.colno}: is not complete JSON ({error.msg}); "
            f"it may be cut short: copy or export it again"
        ) from error
    except ValueError as error:
        raise Unreadable(f"holds a number that is too long ({clean(str(error), 80)}); export it again") from error


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object; a key that stands twice would silently lose its first value."""
    made = dict(pairs)
    if len(made) < len(pairs):
        twice, _ = next((key, count) for key, count in Counter(key for key, _ in pairs).items() if count > 1)
        owner = f" in the object with id {shown(made['id'])}" if "id" in made else ""
        raise Unreadable(f"key {shown(twice)} stands twice{owner}; keep one of them")
    return made


def _not_a_collection(loaded: Any) -> str:
    kind = loaded.get("type") if isinstance(loaded, dict) else None
    if isinstance(loaded, dict) and ("geometryType" in loaded or "spatialReference" in loaded):
        return "is ESRI JSON, not GeoJSON; export as GeoJSON"
    if kind == "Topology":
        return "is TopoJSON, not GeoJSON; export as GeoJSON"
    if kind is not None:
        return f"has type {shown(kind)}, expected 'FeatureCollection'; nothing else is opened: export as GeoJSON"
    return f"holds {shown(loaded)}, expected a GeoJSON FeatureCollection; export as GeoJSON"


def _named_crs(crs: Any) -> str | None:
    """The EPSG name a file states; a link is refused and never followed."""
    if crs is None:
        return None
    kind = crs.get("type") if isinstance(crs, dict) else None
    inner = crs.get("properties") if isinstance(crs, dict) else None
    if kind != "name" or not isinstance(inner, dict) or not isinstance(inner.get("name"), str):
        raise Unreadable(
            f"states its CRS by {shown(kind)} (expected a name); links are never followed: write "
            f'"crs": {{"type": "name", "properties": {{"name": "urn:ogc:def:crs:EPSG::27700"}}}} or leave it out'
        )
    name = str(inner["name"]).strip()
    for prefix in CRS_PREFIXES:
        if name.startswith(prefix) and name.removeprefix(prefix).isdecimal():
            return f"EPSG:{name.removeprefix(prefix)}"
    return name


def shape_of(geometry: Any, wanted: str, findings: Findings, layer: str, label: str) -> BaseGeometry:
    """A feature's geometry as a flat shapely geometry of one part.

    Parameters
    ----------
    geometry : object
        As found: a GeoJSON geometry.
    wanted : str
        ``Polygon``, ``LineString`` or ``Point``.
    findings : Findings
        Receives a note for each repair.
    layer, label : str
        Layer and feature, for the notes.

    Returns
    -------
    shapely geometry

    Raises
    ------
    Unreadable
        If it is of another type, has several parts, or a coordinate is not a plausible number.
    """
    if geometry is None:
        raise Unreadable(f"has no geometry (expected a {wanted}); draw it or delete the row")
    kind = geometry.get("type") if isinstance(geometry, Mapping) else None
    parts = geometry.get("coordinates") if isinstance(geometry, Mapping) else None
    if kind == f"Multi{wanted}":
        if not isinstance(parts, list | tuple) or len(parts) != 1:
            count = len(parts) if isinstance(parts, list | tuple) else 0
            raise Unreadable(f"is a {kind} of {count} parts (expected 1); split it into features of their own")
        kind, parts = wanted, parts[0]
    if kind != wanted:
        raise Unreadable(f"is a {clean(str(kind), 40)} (expected a {wanted}); draw it as a {wanted}")
    if not isinstance(parts, list | tuple) or not parts:
        raise Unreadable(f"is an empty {wanted}; draw it or delete the row")
    if wanted == "Point":
        return Point(_position(parts, findings, layer))
    if wanted == "LineString":
        line = _positions(parts, findings, layer, MOST_LINE_VERTICES)
        if len(parts) < 2:
            raise Unreadable("is a line of one point (expected 2 or more); draw it again")
        return shapely.linestrings(line if len(line) > 1 else line * 2)
    rings = [_ring(ring, findings, layer, label) for ring in parts]
    return _checked_polygon(Polygon(rings[0], rings[1:]))


def _positions(
    found: Any, findings: Findings, layer: str, most: int = MOST_FEATURE_VERTICES
) -> list[tuple[float, float]]:
    """Positions without exact repetitions."""
    if not isinstance(found, list | tuple):
        raise Unreadable(f"has {shown(found)} where a list of positions is expected; draw it again")
    if len(found) > most:
        raise Unreadable(f"has {len(found):,} vertices (limit {most:,} for one feature); simplify it")
    kept: list[tuple[float, float]] = []
    for position in found:
        xy = _position(position, findings, layer)
        if not kept or xy != kept[-1]:
            kept.append(xy)
    if len(kept) < len(found):
        findings.remark(f"{layer}: vertices drawn twice at the same place are taken once")
    return kept


def _position(position: Any, findings: Findings, layer: str) -> tuple[float, float]:
    if not isinstance(position, list | tuple) or not 2 <= len(position) <= 4:
        raise Unreadable(f"has {shown(position)} where a position [x, y] is expected; draw it again")
    x, y = position[0], position[1]
    for value in (x, y):
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise Unreadable(f"has the coordinate {shown(value)} (expected a number); write numbers without quotes")
        if not -MOST_COORDINATE_M <= value <= MOST_COORDINATE_M:  # nan too
            raise Unreadable(
                f"has the coordinate {shown(value)} (expected within ±{MOST_COORDINATE_M:,.0f} m); correct it"
            )
    if len(position) > 2:
        findings.remark(f"{layer}: Z coordinates are not used, heights come from the storeys")
    return float(x), float(y)


def _ring(found: Any, findings: Findings, layer: str, label: str) -> list[tuple[float, float]]:
    ring = _positions(found, findings, layer)
    if not ring:
        raise Unreadable("has an empty ring; draw it again")
    gap_m = math.dist(ring[0], ring[-1])
    if gap_m > CLOSES_M:
        raise Unreadable(f"has a ring that does not close (gap of {gap_m:.3g} m); repeat its first vertex at the end")
    if gap_m > 0:
        ring[-1] = ring[0]
        findings.note(f"{layer}: {label}: ring closed over a gap of {1000 * gap_m:.1f} mm")
    if len(ring) < 4:
        raise Unreadable(f"has a ring of only {len(ring)} vertices, the closing one included (expected 4); redraw it")
    return ring


def _checked_polygon(polygon: Polygon) -> Polygon:
    """A polygon that encloses what it seems to; nothing is repaired: either reading could be unsafe."""
    if not polygon.is_valid:
        reason = shapely.is_valid_reason(polygon)
        raise Unreadable(f"crosses itself or has no area or a hole outside ({reason}); redraw its outline")
    if polygon.area < 1e-4 or 2 * polygon.area / polygon.length < CLOSES_M:
        west, south, east, north = polygon.bounds
        if polygon.area < 1e-4 and -180 <= west <= east <= 180 and -90 <= south <= north <= 90:
            raise Unreadable("is in longitude and latitude, or has no area; save the layer in metres (EPSG:27700)")
        raise Unreadable(f"has next to no area ({polygon.area:.3g} m²); redraw or delete it")
    _refuse_spikes(polygon)
    return polygon


def _refuse_spikes(polygon: Polygon) -> None:
    """A vertex visited along two nearly equal long edges encloses nothing: a slip of the mouse."""
    for ring in (polygon.exterior, *polygon.interiors):
        corners = shapely.get_coordinates(ring)[:-1].tolist()
        for index, (x, y) in enumerate(corners):
            (ax, ay), (bx, by) = corners[index - 1], corners[(index + 1) % len(corners)]
            ux, uy, vx, vy = ax - x, ay - y, bx - x, by - y
            short = min(math.hypot(ux, uy), math.hypot(vx, vy))
            if short > 0.5 and math.degrees(abs(math.atan2(ux * vy - uy * vx, ux * vx + uy * vy))) < 0.5:
                raise Unreadable(f"has a spike at ({x:.2f}, {y:.2f}); delete that vertex")


def rounded(value: Any) -> Any:
    """A value for a file: numbers to a micrometre, no negative zero, tuples as lists."""
    if isinstance(value, bool | str) or value is None:
        return value
    if isinstance(value, float):
        return round(value, 6) + 0.0
    if isinstance(value, tuple | list):
        return [rounded(item) for item in value]
    return value


def collection_text(name: str, crs: str, features: Iterable[tuple[BaseGeometry, Mapping[str, Any]]]) -> str:
    """A GeoJSON text of one feature a line; equal content gives equal bytes.

    Parameters
    ----------
    name : str
        Name of the layer.
    crs : str
        ``EPSG:…``, written as the named-CRS member, or ``local``, which writes none.
    features : iterable of (geometry, properties)
        In the order they are to stand.

    Returns
    -------
    str
    """
    head = f'"type": "FeatureCollection", "name": {_json(name)}'
    if crs != "local":
        urn = CRS_PREFIXES[0] + crs.removeprefix("EPSG:")
        head += f', "crs": {{"type": "name", "properties": {{"name": {_json(urn)}}}}}'
    lines = [
        _json(
            {
                "type": "Feature",
                "properties": {key: rounded(value) for key, value in properties.items()},
                "geometry": {
                    "type": geometry.geom_type,
                    "coordinates": rounded(shapely.geometry.mapping(geometry)["coordinates"]),
                },
            }
        )
        for geometry, properties in features
    ]
    return f'{{{head}, "features": [\n' + ",\n".join(lines) + "\n]}\n"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)
