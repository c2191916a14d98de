"""The layers of a site: which class each holds, how a feature becomes one and goes back to a file."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pydantic import ConfigDict
from pydantic.dataclasses import dataclass
from shapely.geometry import LineString, Point, Polygon
from shapely.geometry.base import BaseGeometry

from quietwing.sites.fields import keys_of
from quietwing.sites.findings import Findings, Unreadable
from quietwing.sites.geojson import RawLayer, shape_of
from quietwing.sites.model import Opening, Perimeter, Position, Receptor, Room, Site, Slab, Wall
from quietwing.sites.quantities import Identifier
from quietwing.sites.records import MOST_RECORD_PROBLEMS, build

__all__ = ["LAYERS", "BuildingOutline", "Layer", "features_of", "read_layer"]


@dataclass(frozen=True, config=ConfigDict(extra="forbid", arbitrary_types_allowed=True))
class BuildingOutline:
    """A building's outline; its name and storeys stand in ``site.toml`` under the same id."""

    id: Identifier
    outline: Polygon


@dataclasses.dataclass(frozen=True, slots=True)
class Layer:
    """One layer: its file's name, the class of its features, and how they are drawn."""

    name: str
    cls: type[Any]
    geometry_key: str
    geometry: str
    required: bool
    about: str


LAYERS = (
    Layer("perimeter", Perimeter, "outline", "Polygon", True, "Exactly one: the line the authority may act within."),
    Layer("buildings", BuildingOutline, "outline", "Polygon", True, "Outlines; storeys stand in `site.toml`."),
    Layer("walls", Wall, "line", "LineString", True, "Walls by their mid-lines, each on one storey."),
    Layer("openings", Opening, "line", "LineString", False, "Doors, windows, hatches, gates: a piece of a wall."),
    Layer("slabs", Slab, "outline", "Polygon", False, "Floors and roofs; atria and stairs are holes in the polygon."),
    Layer("rooms", Room, "outline", "Polygon", True, "Rooms, landings, yards; a yard has no `building`."),
    Layer("positions", Position, "point", "Point", False, "Where a device may or (with `forbidden`) may not stand."),
    Layer("receptors", Receptor, "point", "Point", False, "Named places outside where people must keep service."),
)  # fmt: skip


# What stands for a geometry that could not be read, so that its properties are checked all the same.
_STAND_IN: Mapping[str, BaseGeometry] = {
    "Polygon": Polygon([(0, 0), (1, 0), (0, 1)]),
    "LineString": LineString([(0, 0), (1, 0)]),
    "Point": Point(0, 0),
}


def read_layer(
    layer: Layer,
    raw: RawLayer,
    findings: Findings,
    file: str,
    fill: Callable[[Mapping[str, Any]], Mapping[str, Any]] = lambda properties: properties,
) -> list[Any]:
    """The features of a layer as classes of the model; what cannot be one is a problem.

    Parameters
    ----------
    layer : Layer
        Which layer it is.
    raw : RawLayer
        Its features as found.
    findings : Findings
        Receives problems and counts.
    file : str
        Where the features stand, for the messages.
    fill : function, optional
        Adds what the site's defaults give to the properties of a feature.

    Returns
    -------
    list of instances of ``layer.cls``, in the order of the file
    """
    made: list[Any] = []
    before = len(findings.problems)
    findings.found[layer.name] += len(raw.features)
    for feature in raw.features:
        if len(findings.problems) - before > MOST_RECORD_PROBLEMS:
            findings.unread.add(layer.name)
            findings.problem(
                file, "", f"has over {MOST_RECORD_PROBLEMS:,} problems, the rest was not read; correct these"
            )
            break
        own_id = feature.properties.get("id")
        if own_id is not None:
            findings.ids[layer.name].add(str(own_id).strip() if isinstance(own_id, str | int) else "")
        shape: BaseGeometry | None = None
        try:
            shape = shape_of(feature.geometry, layer.geometry, findings, layer.name, feature.label)
        except Unreadable as error:
            findings.problem(file, feature.label, str(error))
        record = build(
            layer.cls,
            fill(feature.properties),
            findings,
            file,
            feature.label,
            given={layer.geometry_key: _STAND_IN[layer.geometry] if shape is None else shape},
            ignore_unknown=True,
        )
        if record is None or shape is None:
            findings.refused[layer.name] += 1
        else:
            made.append(record)
    if raw.not_a_number and len(findings.problems) == before:
        findings.problem(file, "", "holds NaN or Infinity in a column that is not used; empty that column")
    return made


def features_of(layer: Layer, site: Site) -> Iterator[tuple[BaseGeometry, dict[str, Any]]]:
    """Geometry and properties of a layer's features as they are written; what is not given is left out."""
    if layer.name == "buildings":
        records: tuple[Any, ...] = tuple(BuildingOutline(b.id, b.outline) for b in site.buildings)
    elif layer.name == "perimeter":
        records = (site.perimeter,)
    else:
        records = getattr(site, layer.name)
    for record in records:
        properties = {
            name: getattr(record, name)
            for name, key in keys_of(layer.cls).items()
            if name != layer.geometry_key and (getattr(record, name) or getattr(record, name) != key.default)
        }
        yield getattr(record, layer.geometry_key), properties
