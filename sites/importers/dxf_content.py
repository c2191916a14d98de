"""What a DXF holds on the layers that matter: lines, outlines and symbols, blocks laid out; bounded all the way."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from quietwing.sites.errors import SiteError
from quietwing.sites.findings import clean
from quietwing.sites.importers.plan_mapping import PlanMapping, is_noise, storey_number
from quietwing.sites.importers.plan_parts import Xy, parts_of

__all__ = ["DxfContent", "Path", "content_of", "opened_dxf"]

MOST_ENTITIES = 250_000
MOST_DEPTH = 8  # of blocks within blocks
MOST_DRAWN = 400_000  # entities of all blocks, laid out
LARGEST = 1e9  # a coordinate beyond is none
MOST_POINTS = 20_000  # of one curve
_CURVES = ("ARC", "CIRCLE", "ELLIPSE", "SPLINE")
Path = list[Xy]


@dataclass(slots=True)
class DxfContent:
    """Lines and outlines of the layers that matter, in units of the drawing."""

    paths: list[tuple[str, str, Path, bool]] = field(default_factory=list)  # layer, handle, points, closed
    inserts: list[tuple[str, str, str, NDArray[np.float64]]] = field(default_factory=list)  # …, block, corners
    covers: dict[str, NDArray[np.float64]] = field(default_factory=dict)
    texts: list[tuple[Xy, str, str]] = field(default_factory=list)  # on layers of rooms: place, text, layer
    titles: list[tuple[Xy, str]] = field(default_factory=list)  # on any layer: what names a storey
    layers: Counter[str] = field(default_factory=Counter)
    blocks: Counter[str] = field(default_factory=Counter)
    hidden: frozenset[str] = frozenset()  # layers that are off or frozen
    broken: list[str] = field(default_factory=list)  # what cannot be laid out, by kind, handle and layer
    drawn: int = 0


def opened_dxf(path: str, label: str) -> Any:
    """The document, after a look at what the file is."""
    ezdxf, recover = import_module("ezdxf"), import_module("ezdxf.recover")  # of the extra `plans`
    with open(path, "rb") as file:
        content = file.read()
    if content[:4] in (b"AC10", b"AC1."):
        raise SiteError(f"{label}: is a DWG, expected DXF; save it as DXF in the program that drew it")
    count = _entities_in(content)
    del content
    if count > MOST_ENTITIES:
        raise SiteError(
            f"{label}: holds about {count:,} entities (limit {MOST_ENTITIES:,}); purge it and save the plan alone"
        )
    try:
        try:
            return ezdxf.readfile(path)
        except (ezdxf.DXFError, ValueError, LookupError, UnicodeError):
            return recover.readfile(path)[0]
    except MemoryError:
        raise
    except Exception as error:  # ezdxf meets a damaged file with errors of every kind
        raise SiteError(f"{label}: is no usable DXF ({_told(error, path)}); save it again as DXF") from None


def _entities_in(content: bytes) -> int:
    """How many entities, table rows and the like a text DXF holds: group code 0, on every other line."""
    letters = np.frombuffer(content, np.uint8)
    ends = np.flatnonzero(letters == ord("\n"))
    if not len(ends) or content.startswith(b"AutoCAD Binary"):
        return 0
    starts = np.concatenate([[0], ends[:-1] + 1])[::2]
    last = ends[::2] - 1
    last = last - (letters[np.maximum(last, 0)] == ord("\r"))
    zero = (last >= starts) & (last - starts < 4) & (letters[np.maximum(last, 0)] == ord("0"))
    before = letters[np.maximum(last - 1, 0)]
    return int((zero & ((last == starts) | (before == ord(" ")))).sum())


def _told(error: Exception, path: str) -> str:
    """What a library says of a file, without where it lies on this computer."""
    return clean((str(error) or type(error).__name__).replace(path, "it"), 80)


def content_of(space: Any, document: Any, mapping: PlanMapping, label: str) -> DxfContent:
    """All that matters of a layout, blocks laid out."""
    content = DxfContent(hidden=_hidden_layers(document))
    for entity in space:
        _take(entity, entity.dxf.get("layer", "0"), document, mapping, content, (), label)
    return content


def _hidden_layers(document: Any) -> frozenset[str]:
    """Layers the drawing does not show."""
    found = set()
    for layer in document.layers:
        try:
            if layer.is_off() or layer.is_frozen():
                found.add(str(layer.dxf.name))
        except (ArithmeticError, ValueError, TypeError, AttributeError, LookupError):
            continue
    return frozenset(found)


def _take(
    entity: Any,
    layer: str,
    document: Any,
    mapping: PlanMapping,
    content: DxfContent,
    inside: tuple[str, ...],
    label: str,
) -> None:
    """One entity, where its layer or block matters."""
    content.drawn += 1
    if content.drawn > MOST_DRAWN:
        raise SiteError(
            f"{label}: its blocks hold over {MOST_DRAWN:,} entities when laid out; explode or purge what is no wall"
        )
    kind = entity.dxftype()
    content.layers[layer] += 1
    use = mapping.layer(layer).use
    if layer in content.hidden and layer not in mapping.layers:
        return
    if kind == "INSERT":
        _take_insert(entity, layer, document, mapping, content, inside, label)
        return
    if kind in ("TEXT", "MTEXT", "ATTRIB"):
        _take_text(entity, kind, layer, use, content)
        return
    if use == "ignore":
        return
    try:
        for points, closed in _outlines(entity, kind):
            if all(math.isfinite(v) and abs(v) < LARGEST for point in points for v in point) and len(points) > 1:
                content.paths.append((layer, str(entity.dxf.get("handle", "")), points, closed))
            else:
                content.broken.append(_named(entity, layer))
    except (ArithmeticError, ValueError, TypeError, AttributeError, LookupError):
        content.broken.append(_named(entity, layer))


def _take_text(entity: Any, kind: str, layer: str, use: str, content: DxfContent) -> None:
    """The text of a room, or the name of a storey."""
    try:
        x, y = float(entity.dxf.insert.x), float(entity.dxf.insert.y)
        text = str(entity.plain_text() if kind == "MTEXT" else entity.dxf.text)
    except (ArithmeticError, ValueError, TypeError, AttributeError, LookupError):
        content.broken.append(_named(entity, layer))
        return
    if not abs(x) + abs(y) < LARGEST:
        return
    if use == "rooms":
        content.texts.append(((x, y), text, layer))
    if storey_number(text) is not None:
        content.titles.append(((x, y), text))


def _named(entity: Any, layer: str) -> str:
    """An entity as a message names it: what CAD programs find it by."""
    return f"{entity.dxftype()} {entity.dxf.get('handle', '')} on layer {layer}"


def _take_insert(
    insert: Any,
    layer: str,
    document: Any,
    mapping: PlanMapping,
    content: DxfContent,
    inside: tuple[str, ...],
    label: str,
) -> None:
    """A block: a symbol of a door or window as what it covers, anything else laid out."""
    name = str(insert.dxf.get("name", ""))
    block = document.blocks.get(name)
    if block is None:
        content.broken.append(f"{_named(insert, layer)}, of block {name}, which is not there,")
        return
    if name in inside or len(inside) >= MOST_DEPTH:
        raise SiteError(
            f"{label}: block {clean(name, 60)!r} holds itself, or blocks are nested over {MOST_DEPTH} deep; "
            f"explode it"
        )
    copies = max(1, int(insert.dxf.get("row_count", 1))) * max(1, int(insert.dxf.get("column_count", 1)))
    if copies > MOST_DRAWN:
        raise SiteError(f"{label}: block {clean(name, 60)!r} is repeated {copies:,} times; explode what is needed")
    use = mapping.block(name) or mapping.layer(layer)
    content.blocks[name] += 1
    for attribute in insert.attribs if mapping.layer(layer).use == "rooms" else ():  # the label of a room
        _take_text(attribute, "ATTRIB", layer, "rooms", content)
    # A whole plan may be one block on any layer: it is looked into unless the layer is known to be furniture or text.
    if is_noise(mapping, layer) or (name in mapping.blocks and use.use == "ignore"):
        return
    each = list(insert.multi_insert()) if copies > 1 else [insert]
    for one in each:
        if use.use in ("doors", "windows"):
            corners = _laid_out(one, _cover(document, name, content, inside, label))
            if len(corners) and np.isfinite(corners).all() and np.abs(corners).max() < LARGEST:
                content.inserts.append((layer, str(insert.dxf.get("handle", "")), name, corners))
            continue
        for entity in _virtual(one, content):
            own = entity.dxf.get("layer", "0")
            _take(entity, layer if own == "0" else own, document, mapping, content, (*inside, name), label)


def _virtual(insert: Any, content: DxfContent) -> Iterator[Any]:
    """The entities of a block where they stand; those that cannot be laid out are counted."""
    try:
        yield from insert.virtual_entities()
    except (ArithmeticError, ValueError, TypeError, AttributeError, LookupError):
        content.broken.append(_named(insert, str(insert.dxf.get("layer", "0"))))


def _cover(document: Any, name: str, content: DxfContent, inside: tuple[str, ...], label: str) -> NDArray[np.float64]:
    """Corners of what a block covers, in its own units, shape (corner, 2); worked out once for each block."""
    if name in content.covers:
        return content.covers[name]
    if name in inside or len(inside) >= MOST_DEPTH:
        raise SiteError(
            f"{label}: block {clean(name, 60)!r} holds itself, or blocks are nested over {MOST_DEPTH} deep; "
            f"explode it"
        )
    block = document.blocks.get(name)
    found: list[NDArray[np.float64]] = []
    for entity in block if block is not None else ():
        content.drawn += 1
        if content.drawn > MOST_DRAWN:
            raise SiteError(f"{label}: its blocks hold too much when laid out; explode or purge what is no wall")
        kind = entity.dxftype()
        try:
            if kind == "INSERT":
                inner = _cover(document, str(entity.dxf.get("name", "")), content, (*inside, name), label)
                found.append(_laid_out(entity, inner))
            else:
                found += [np.array(points, dtype=float) for points, _ in _outlines(entity, kind) if points]
        except (ArithmeticError, ValueError, TypeError, AttributeError, LookupError) as error:
            if isinstance(error, SiteError):
                raise
            content.broken.append(f"{_named(entity, str(entity.dxf.get('layer', '0')))} in block {name}")
    corners = _hull(found)
    content.covers[name] = corners
    return corners


def _laid_out(insert: Any, corners: NDArray[np.float64]) -> NDArray[np.float64]:
    """Corners of a block where one insert of it stands."""
    if not len(corners):
        return corners
    matrix = insert.matrix44()
    moved = [(v.x, v.y) for v in matrix.transform_vertices([(float(x), float(y), 0.0) for x, y in corners])]
    return np.array(moved, dtype=float)


def _hull(found: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Corners of the convex hull of some points; those that are no numbers are left out."""
    if not found:
        return np.empty((0, 2))
    points = np.concatenate(found)
    points = points[np.isfinite(points).all(axis=1) & (np.abs(points) < LARGEST).all(axis=1)]
    if not len(points):
        return points
    corners: NDArray[np.float64] = shapely.get_coordinates(shapely.convex_hull(shapely.multipoints(points)))
    return corners


def _outlines(entity: Any, kind: str) -> Iterator[tuple[Path, bool]]:
    """The lines of one entity, and whether they close."""
    if kind == "LINE":
        yield [(entity.dxf.start.x, entity.dxf.start.y), (entity.dxf.end.x, entity.dxf.end.y)], False
    elif kind == "LWPOLYLINE":
        if entity.has_arc:
            points = _flat(_paths_of().make_path(entity))
        else:
            points = [(float(x), float(y)) for x, y in entity.get_points("xy")]
        width = float(entity.dxf.get("const_width", 0.0))
        if width > 0:  # drawn as thick as it is
            ring = [*points, points[0]] if entity.closed else points
            yield from ((side, True) for pair in itertools.pairwise(ring) if (side := _thick(*pair, width)))
            return
        yield points, bool(entity.closed) or (len(points) > 3 and points[0] == points[-1])
    elif kind == "POLYLINE" and entity.is_2d_polyline:
        points = [(float(v.x), float(v.y)) for v in entity.points()]
        yield points, bool(entity.is_closed) or (len(points) > 3 and points[0] == points[-1])
    elif kind == "MLINE":
        for part in entity.virtual_entities():
            yield from _outlines(part, part.dxftype())
    elif kind in _CURVES:
        points = _flat(_paths_of().make_path(entity))
        yield points, kind == "CIRCLE"
    elif kind == "HATCH":
        edges: list[Any] = [getattr(boundary, "edges", None) for boundary in entity.paths]
        if all(
            one is not None and all(hasattr(edge, "end") and hasattr(edge, "start") for edge in one) for one in edges
        ):
            # Edges of one boundary need not hang together: what they enclose is asked for, not their order.
            lines = [shapely.LineString([edge.start[:2], edge.end[:2]]) for one in edges for edge in one]
            for part in parts_of(shapely.polygonize([shapely.union_all(lines)])):
                yield [(float(x), float(y)) for x, y in part.exterior.coords], True
            return
        for path in _paths_of().from_hatch(entity):
            for piece in path.sub_paths():
                yield _flat(piece), True
    elif kind in ("SOLID", "TRACE"):
        corners = [entity.dxf.get(f"vtx{number}") for number in (0, 1, 3, 2)]
        yield [(corner.x, corner.y) for corner in corners if corner is not None], True


def _thick(start: Xy, end: Xy, width: float) -> Path:
    """The rectangle a wide line covers; nothing for a line of no length."""
    length = math.dist(start, end)
    if not 0 < length < LARGEST:
        return []
    dx, dy = (end[1] - start[1]) / length * width / 2, (start[0] - end[0]) / length * width / 2
    left = [(start[0] + dx, start[1] + dy), (end[0] + dx, end[1] + dy)]
    return [*left, (end[0] - dx, end[1] - dy), (start[0] - dx, start[1] - dy)]


def _flat(path: Any) -> Path:
    """A curve as straight pieces, none farther from it than a five-hundredth of its size."""
    corners = [path.start, *path.control_vertices()]
    size = max(
        max(v.x for v in corners) - min(v.x for v in corners), max(v.y for v in corners) - min(v.y for v in corners)
    )
    sag = size / 500 if 0 < size < LARGEST else 1.0
    return [(float(point.x), float(point.y)) for point in path.flattening(distance=sag, segments=4)][:MOST_POINTS]


def _paths_of() -> Any:
    """ezdxf's module of curves."""
    return import_module("ezdxf.path")
