"""Storeys of one DXF: by its layouts, by names of layers, or plans side by side with their names beside them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import shapely
from shapely.geometry import Polygon

from quietwing.sites.importers.dxf_content import DxfContent
from quietwing.sites.importers.plan_mapping import PlanMapping, storey_number
from quietwing.sites.importers.plan_parts import Report, Xy, parts_of
from quietwing.sites.importers.plan_storey import Drawn

__all__ = ["by_layer", "by_view", "side_by_side", "views_of"]

Box = tuple[float, float, float, float]  # west, south, east, north
APART_M = 3.8  # between two plans of one drawing, at least; assumed
SMALLEST_PLAN_M2 = 20.0
TITLE_M = 15.0  # from a plan to its name, at most; assumed
ALIKE = 0.03  # of width and depth, for two plans of one building; assumed


def views_of(document: Any) -> list[Box]:
    """What each layout's largest window on the model shows, in units of the drawing."""
    found = []
    for layout in document.layouts:
        if layout.name == "Model":
            continue
        best = None
        for view in layout.query("VIEWPORT"):
            try:
                if int(view.dxf.get("id", 1)) == 1 or view.dxf.get("view_height", 0) <= 0:
                    continue  # the layout's own sheet
                height = float(view.dxf.view_height)
                width = height * float(view.dxf.width) / float(view.dxf.height)
                x, y = view.dxf.view_center_point.x, view.dxf.view_center_point.y
            except (ArithmeticError, ValueError, TypeError, AttributeError):
                continue
            if math.isfinite(width + x + y) and (best is None or width * height > best[0]):
                best = (width * height, (x - width / 2, y - height / 2, x + width / 2, y + height / 2))
        if best is not None:
            found.append(best[1])
    return found


def by_view(drawn: Drawn, views: Sequence[Box], scale: float) -> list[Drawn]:
    """A storey for each layout that shows walls of its own; their windows laid upon each other by the middle."""
    boxes = [shapely.box(*(value * scale for value in view)) for view in views]
    apart = all(a.intersection(b).area < 0.1 * min(a.area, b.area) for i, a in enumerate(boxes) for b in boxes[:i])
    if len(boxes) < 2 or not apart:
        return []
    first = boxes[0].centroid
    moves = [(first.x - frame.centroid.x, first.y - frame.centroid.y) for frame in boxes]
    parts = [_part(drawn, frame, move) for frame, move in zip(boxes, moves, strict=True)]
    return _numbered([part for part in parts if part.extent])


def by_layer(content: DxfContent, mapping: PlanMapping) -> list[DxfContent]:
    """The drawing of each storey, lowest first, where names of layers of walls tell storeys; else nothing.

    Layers that name none belong to all.
    """
    drawn_on = {layer for layer, *_ in content.paths if mapping.layer(layer).use == "walls"}
    told = {layer: storey_number(layer) for layer in content.layers}
    storeys = sorted({number for layer in drawn_on if (number := told[layer]) is not None})
    if len(storeys) < 2:
        return []

    def of(number: int, layer: str) -> bool:
        return told.get(layer) in (None, number)

    return [
        replace(
            content,
            paths=[one for one in content.paths if of(number, one[0])],
            inserts=[one for one in content.inserts if of(number, one[0])],
            texts=[one for one in content.texts if of(number, one[2])],
        )
        for number in storeys
    ]


def side_by_side(drawn: Drawn, titles: Sequence[tuple[Xy, str]], report: Report, label: str) -> list[Drawn]:
    """Plans beside each other as storeys, lowest first, where a name of a storey stands beside each; else nothing.

    Parameters
    ----------
    drawn : Drawn
        All of the drawing.
    titles : sequence of (place, text)
        What names a storey; places in metres.
    report : Report
        Receives what was left out, and plans alike without a name.
    label : str
        The file.

    Returns
    -------
    list of Drawn
    """
    grown = _grown(drawn.extent, APART_M / 2)
    plans = [shapely.box(*part.buffer(-APART_M / 2).bounds) for part in parts_of(grown) if not part.is_empty]
    plans = [shapely.box(*part.bounds) for part in parts_of(shapely.union_all(plans)) if part.area > SMALLEST_PLAN_M2]
    if len(plans) < 2:
        return []
    frames: dict[int, list[Polygon]] = {}
    for plan in plans:
        near = [(plan.distance(shapely.Point(at)), text) for at, text in titles]
        away_m, text = min(near, default=(math.inf, ""))
        number = storey_number(text)
        if away_m <= TITLE_M and number is not None:
            frames.setdefault(number, []).append(plan)
    if len(frames) < 2:
        _say_alike(plans, report, label)
        return []
    named = {id(plan) for held in frames.values() for plan in held}
    for plan in plans:
        if id(plan) not in named:
            at = plan.centroid.x, plan.centroid.y
            report.add("", at, label, "no storey's name stands beside what is drawn here: left out")
    storeys: list[Drawn] = []
    for number in sorted(frames):
        frame = shapely.box(*shapely.union_all(frames[number]).buffer(APART_M / 2 - 0.1).bounds)
        part = _part(drawn, frame, (0.0, 0.0))
        if part.extent:
            storeys.append(_part(part, frame, _move_upon(storeys[0], part)) if storeys else part)
    report.add("", None, label, f"{len(storeys)} plans side by side: taken as storeys by the names beside them")
    return _numbered(storeys)


def _say_alike(plans: Sequence[Polygon], report: Report, label: str) -> None:
    """A line for plans of one size without names: storeys, perhaps."""
    sizes = [(plan.bounds[2] - plan.bounds[0], plan.bounds[3] - plan.bounds[1]) for plan in plans]
    alike = [size for size in sizes if np.allclose(size, sizes[0], rtol=ALIKE)]
    if len(alike) > 1:
        what = (
            f"{len(alike)} plans of one size stand side by side: taken as buildings of one storey; if they are "
            "storeys, write the name of each beside it (Ground floor, First floor) or save each as a file"
        )
        report.add("", (plans[0].centroid.x, plans[0].centroid.y), label, what)


def _move_upon(lowest: Drawn, part: Drawn) -> Xy:
    """The way that lays one storey on another: corner on corner or middle on middle, by the walls they share."""
    below, above = (_grown(one.extent, 0.1) for one in (lowest, part))
    (w0, s0, e0, n0), (w1, s1, e1, n1) = below.bounds, above.bounds
    moves = [(x, y) for x in (w0 - w1, e0 - e1) for y in (s0 - s1, n0 - n1)]
    moves += [(0.0, 0.0), ((w0 + e0 - w1 - e1) / 2, (s0 + n0 - s1 - n1) / 2)]
    shared = [below.intersection(_moved(above, move)).area for move in moves]
    return moves[int(np.argmax(np.round(shared, 6)))]


def _grown(shapes: Sequence[Any], by_m: float) -> Any:
    """The area within some distance of shapes, line by line: all lines of a drawing at once take 25 times as long."""
    return shapely.union_all(shapely.buffer(shapely.get_parts(list(shapes)), by_m, quad_segs=1))


def _moved(shape: Any, move: Xy) -> Any:
    return shapely.transform(shape, lambda xy: xy + np.array(move)) if any(move) else shape


def _numbered(storeys: Sequence[Drawn]) -> list[Drawn]:
    """Storeys named G, 1, 2 …, and their rooms after them."""
    found = []
    for number, part in enumerate(storeys):
        name = str(number) if number else "G"
        rooms = [replace(room, id=f"{name}-{room.id.split('-', 1)[-1]}") for room in part.rooms]
        found.append(replace(part, name=name, rooms=rooms))
    return found


def _part(drawn: Drawn, frame: Polygon, move: Xy) -> Drawn:
    """What is drawn within a frame, moved."""
    part = Drawn(drawn.name)
    part.solids = [(_moved(shape, move), made) for shape, made in drawn.solids if frame.intersects(shape.centroid)]
    for ends, made in drawn.faces:
        inside = shapely.contains_xy(frame, ends.mean(axis=1))
        if inside.any():
            part.faces.append((ends[inside] + np.array(move), made))
    part.markers = [
        replace(one, shape=_moved(one.shape, move)) for one in drawn.markers if frame.intersects(one.shape.centroid)
    ]
    part.rooms = [
        replace(room, outline=_moved(room.outline, move))
        for room in drawn.rooms
        if frame.intersects(room.outline.centroid)
    ]
    part.outline = [_moved(shape, move) for shape in drawn.outline if frame.intersects(shape.centroid)]
    part.voids = [_moved(shape, move) for shape in drawn.voids if frame.intersects(shape.centroid)]
    part.names = [
        ((x + move[0], y + move[1]), text) for (x, y), text in drawn.names if frame.intersects(shapely.Point(x, y))
    ]
    return part
