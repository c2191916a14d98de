"""Building models in IFC 2x3 and 4: walls, slabs, spaces, doors, windows, storeys; runs in a child process."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import shapely
from shapely.geometry import Point, Polygon
from shapely.ops import unary_union

from quietwing.sites.constructions import Construction
from quietwing.sites.errors import SiteError
from quietwing.sites.findings import clean
from quietwing.sites.importers.ifc_materials import Materials
from quietwing.sites.importers.ifc_shapes import Body, bodies_of, opened_ifc
from quietwing.sites.importers.ifc_storeys import heights_of, levels_of
from quietwing.sites.importers.ifc_unnamed import cut_storeys, is_unnamed
from quietwing.sites.importers.plan_mapping import PlanMapping, role_of_room
from quietwing.sites.importers.plan_parts import (
    GRID_DIGITS,
    Cut,
    PlanRoom,
    PlanSlab,
    Report,
    StoreyPlan,
    Strip,
    Xy,
    parts_of,
    unique_name,
)
from quietwing.sites.importers.plan_rooms import hull_of, rooms_between
from quietwing.sites.importers.plan_storey import given_rooms
from quietwing.sites.importers.wall_joints import gaps_of, joined, settled
from quietwing.sites.importers.wall_strips import strips_of_solid, without_overlaps

__all__ = ["storeys_of_model"]

SAME_LINE_M = 0.021  # of two walls of the model: what a site takes for one wall drawn twice
THICKEST_SLAB_M = 0.7  # between a ceiling and the floor above; assumed
WHOLE_GAP = 0.8  # of a gap between walls that a door or window fills; assumed
FLUSH_M = 0.02  # between a wall and floor or ceiling of its storey


def storeys_of_model(
    paths: Sequence[str], mapping: PlanMapping, report: Report
) -> tuple[list[StoreyPlan], PlanMapping, Sequence[Construction]]:
    """The storeys of a building model, from the lowest up.

    Parameters
    ----------
    paths : sequence of str
        One file.
    mapping : PlanMapping
    report : Report

    Returns
    -------
    storeys : list of StoreyPlan
    mapping : PlanMapping
        With every type and material that was met.
    constructions : sequence of Construction
        Made of the model's layers.

    Raises
    ------
    SiteError
        If the file is no building model, or holds no walls.
    """
    label = clean(os.path.basename(paths[0]))
    model, unit_m = opened_ifc(paths[0], label)
    reader = _Reader(model, unit_m, mapping, report, label)
    storeys = reader.storeys()
    materials = reader.materials
    mapping = mapping.with_entries({}, {}, materials.types, materials.materials)
    return storeys, mapping, tuple(materials.own.values())


class _Reader:
    """One model while it is read."""

    def __init__(self, model: Any, unit_m: float, mapping: PlanMapping, report: Report, label: str) -> None:
        self.model = model
        self.mapping = mapping
        self.report = report
        self.label = label
        self.materials = Materials(mapping, report, unit_m)
        self.taken: set[str] = set()
        shaped = (
            "IfcWall",
            "IfcSlab",
            "IfcSpace",
            "IfcOpeningElement",
            "IfcRoof",
            "IfcCurtainWall",
            "IfcPlate",
            "IfcBuildingElementProxy",
        )
        self.bodies = bodies_of([one for kind in shaped for one in model.by_type(kind)], report, label)
        self.lift_m, datum_m = heights_of(model, unit_m, self._reaches(), report, label)
        self.lift_m += datum_m
        self.bodies = {
            number: replace(body, low_m=body.low_m - self.lift_m, high_m=body.high_m - self.lift_m)
            for number, body in self.bodies.items()
        }
        slabs = [self.bodies[slab.id()] for slab in model.by_type("IfcSlab") if slab.id() in self.bodies]
        self.slab_spans = {(round(body.low_m, 2), round(body.high_m, 2)) for body in slabs}
        self.levels = levels_of(model, unit_m, self._reaches(), report, label, datum_m)
        self.strips: dict[int, list[Strip]] = {}  # by id of the wall in the model
        self.home: dict[int, int] = {}
        self.rooflights: dict[int, list[tuple[Any, Body]]] = {}  # by id of the slab they are in

    def storeys(self) -> list[StoreyPlan]:
        """All storeys; walls first, because openings and rooms go by them."""
        if is_unnamed(self.model):
            cut = cut_storeys(self.model, self.levels, self.lift_m, self.mapping, self.report, self.label)
            if cut:
                return cut
        self._walls()
        cuts = self._openings()
        slabs = self._slabs()
        rooms = self._rooms()
        found = []
        for number, level in enumerate(self.levels):
            walls = [strip for wall, strips in self.strips.items() if self.home[wall] == number for strip in strips]
            areas = [*(strip.area for strip in walls), *(room.outline for room in rooms[number])]
            outline = hull_of(areas)
            inside = given_rooms(rooms[number], outline, level.name, self.report)
            if not inside:  # a model without spaces
                role = self.mapping.role
                inside = rooms_between(walls, (), (), outline, level.name, role, self.report, self.taken)
            names = {strip.id for strip in walls}
            own_cuts = tuple(cut for cut in cuts if cut.wall in names)
            lights = sum(slab.construction == "rooflight_glass" for slab in slabs.get(number, ()))
            self.report.counts.setdefault("storeys", []).append(
                {
                    "name": level.name,
                    "floor_m": level.floor_m,
                    "wall_elements": sum(1 for wall in self.strips if self.home[wall] == number),
                    "walls": len(walls),
                    "doors": sum(cut.kind == "door" for cut in own_cuts),
                    "windows": sum(cut.kind == "window" for cut in own_cuts),
                    "rooflights": lights,
                    "rooms": len(inside),
                }
            )
            found.append(
                StoreyPlan(
                    level.name, level.floor_m, level.height_m, tuple(walls), own_cuts, tuple(inside), outline,
                    self.mapping.floor, self.mapping.roof, (), tuple(slabs.get(number, ())),
                )
            )  # fmt: skip
        for kind in ("IfcWall", "IfcDoor", "IfcWindow", "IfcSpace", "IfcSlab", "IfcBuildingStorey"):
            self.report.counts[kind] = len(self.model.by_type(kind))
        return found

    def _reaches(self) -> dict[int, tuple[float, float]]:
        """Bottom and top of every shape, for the heights of storeys."""
        return {number: (body.low_m, body.high_m) for number, body in self.bodies.items()}

    def _level(self, element: Any, body: Body) -> int:
        """The storey an element stands on: the one it is contained in, else the one at its foot."""
        for relation in getattr(element, "ContainedInStructure", None) or ():
            for number, level in enumerate(self.levels):
                if relation.RelatingStructure.id() in level.ids:
                    return number
        middle_m = min((body.low_m + body.high_m) / 2, body.low_m + 1.0)
        below = [number for number, level in enumerate(self.levels) if level.floor_m <= middle_m]
        return max(below, default=0)

    def _walls(self) -> None:
        """Mid-lines of all walls, joined storey by storey where they stand side by side."""
        drawn: dict[int, list[tuple[int, Strip]]] = {}
        kinds = [*self.model.by_type("IfcWall"), *self.model.by_type("IfcCurtainWall")]
        for wall in kinds:
            body = self.bodies.get(wall.id())
            bodies = [body] if body is not None else self._plates(wall)
            if not bodies:
                self.report.add("", None, _called(wall), "this wall has no shape and was left out")
                continue
            for one in bodies:
                number = self._level(wall, one)
                self.home[wall.id()] = number
                drawn.setdefault(number, []).extend(
                    (wall.id(), strip)
                    for part in parts_of(one.cover)
                    for strip in self._strips(wall, part, one, number)
                )
        for number, pairs in sorted(drawn.items()):
            self._join(number, pairs)
        if not self.strips:
            raise SiteError(
                f"{self.label}: holds no walls with a shape; call them IfcWall in the program that drew "
                "them, or export the architect's model"
            )

    def _plates(self, wall: Any) -> list[Body]:
        """Shapes of the parts of a curtain wall."""
        parts = [part for relation in wall.IsDecomposedBy or () for part in relation.RelatedObjects]
        found = [self.bodies[part.id()] for part in parts if part.id() in self.bodies]
        if not found:
            return []
        cover = unary_union([one.cover.buffer(0.05) for one in found])
        return [Body(cover, min(one.low_m for one in found), max(one.high_m for one in found))]

    def _strips(self, wall: Any, part: Polygon, body: Body, number: int) -> list[Strip]:
        """Mid-lines of one wall, with its heights where they are not the storey's."""
        level = self.levels[number]
        base_m = None if self._is_flush(level.floor_m, body.low_m) else round(body.low_m, 3)
        top_m = None if self._is_flush(body.high_m, level.floor_m + level.height_m) else round(body.high_m, 3)
        usual = "glass_double" if wall.is_a("IfcCurtainWall") else "by thickness"
        made = []
        for strip in strips_of_solid(part, "open"):
            construction = self.materials.construction(wall, strip.thickness_m, usual)
            made.append(replace(strip, construction=construction, base_m=base_m, top_m=top_m))
        return made

    def _is_flush(self, low_m: float, high_m: float) -> bool:
        """Whether nothing or only a slab lies between two heights: slabs of a site have no thickness."""
        gap_m = high_m - low_m
        if abs(gap_m) <= FLUSH_M:
            return True
        return 0 < gap_m <= THICKEST_SLAB_M and any(
            foot_m <= low_m + FLUSH_M and top_m >= high_m - FLUSH_M for foot_m, top_m in self.slab_spans
        )

    def _join(self, number: int, pairs: list[tuple[int, Strip]]) -> None:
        """Lead the walls of a storey that stand at the same height to where they meet; give them their ids."""
        level = self.levels[number]
        by_height: dict[tuple[float | None, float | None], list[tuple[int, Strip]]] = {}
        for wall, strip in pairs:
            by_height.setdefault((strip.base_m, None), []).append((wall, strip))
        led: list[Strip] = []
        for group in by_height.values():
            own = [strip for _, strip in group]
            ends = settled(joined(own, self.mapping.gap_m, level.name, self.report, nibs=True))
            led += [replace(strip, id=str(wall)) for strip, (wall, _) in zip(ends, group, strict=True)]
        for strip in without_overlaps(led, SAME_LINE_M, (level.floor_m, level.floor_m + level.height_m)):
            wall = int(strip.id)
            name = unique_name(_called(self.model.by_id(wall)), self.taken)
            self.strips.setdefault(wall, []).append(replace(strip, id=name))

    def _openings(self) -> list[Cut]:
        """Doors and windows in the walls they fill a hole of, and holes that nothing fills."""
        cuts: list[Cut] = []
        elsewhere = []
        for hole in self.model.by_type("IfcOpeningElement"):
            host = next((one.RelatingBuildingElement for one in hole.VoidsElements or ()), None)
            fills = [one.RelatedBuildingElement for one in hole.HasFillings or ()]
            if host is None or not (host.is_a("IfcWall") or fills):
                continue
            body = self.bodies.get(hole.id())
            for filled in fills or [None]:
                kind = "door" if filled is None or filled.is_a("IfcDoor") else "window"
                cut = None if body is None else self._cut(host, body, filled, kind, cuts)
                if cut is not None:
                    cuts.append(cut)
                elif body is not None and filled is not None and host.is_a() in ("IfcSlab", "IfcRoof"):
                    self.rooflights.setdefault(host.id(), []).append((filled, body))
                elif filled is not None:
                    elsewhere.append(filled)
        self._loose(elsewhere, cuts)
        return cuts

    def _loose(self, elsewhere: Sequence[Any], cuts: list[Cut]) -> None:
        """Doors and windows that fill no hole of a wall: in the wall they stand in, if they stand in one."""
        known = {element.id() for element in elsewhere}
        kinds = {"IfcDoor": "door", "IfcWindow": "window"}
        loose = [
            (kind, element)
            for name, kind in kinds.items()
            for element in self.model.by_type(name)
            if not element.FillsVoids or element.id() in known
        ]
        bodies = bodies_of([element for _, element in loose], self.report, self.label, self.lift_m)
        for kind, element in loose:
            body = bodies.get(element.id())
            cut = None
            if body is not None:
                middle_m = (body.low_m + body.high_m) / 2
                near = [
                    (body.cover.intersection(strip.area.buffer(0.02)).area, wall)
                    for wall, strips in self.strips.items()
                    for strip in strips
                    if self._reaches_up(wall, strip, middle_m)
                ]
                shared_m2, wall = max(near, default=(0.0, 0))
                if shared_m2 > 0.2 * body.cover.area:
                    cut = self._cut(self.model.by_id(wall), body, element, kind, cuts)
                host = self._led_across(element, body, middle_m) if cut is None else None
                if host is not None:
                    cut = self._cut(self.model.by_id(host), body, element, kind, cuts)
            if cut is not None:
                cuts.append(cut)
            else:
                self.report.add("", None, _called(element), f"this {kind} is in no wall; left out")

    def _led_across(self, element: Any, body: Body, middle_m: float) -> int | None:
        """The wall that is led across the gap a door or window stands in, if it stands in one."""
        number = self._level(element, body)
        walls = [
            (wall, strip)
            for wall, strips in self.strips.items()
            for strip in strips
            if self.home[wall] == number and self._reaches_up(wall, strip, middle_m)
        ]
        reach = body.cover.buffer(0.1)
        shares = [(gap.line.intersection(reach).length / gap.width_m, gap) for gap in gaps_of([s for _, s in walls])]
        share, gap = max(shares, key=lambda one: one[0], default=(0.0, None))
        if gap is None or share < WHOLE_GAP:
            return None
        wall, beside = min(walls, key=lambda one: (one[1].line.distance(Point(gap.start)), one[1].id))
        name = unique_name(f"{beside.id}-across", self.taken)
        bridge = replace(beside, start=gap.start, end=gap.end, thickness_m=gap.thickness_m, id=name)
        self.strips[wall].append(bridge)
        return wall

    def _reaches_up(self, wall: int, strip: Strip, height_m: float) -> bool:
        """Whether a wall stands at a height."""
        level = self.levels[self.home[wall]]
        base_m = level.floor_m if strip.base_m is None else strip.base_m
        top_m = level.floor_m + level.height_m if strip.top_m is None else strip.top_m
        return base_m <= height_m <= top_m

    def _cut(self, host: Any, body: Body, filled: Any, kind: str, before: Sequence[Cut]) -> Cut | None:
        """One opening on the mid-line of its wall."""
        strips = self.strips.get(host.id(), [])
        corners = shapely.get_coordinates(body.cover)
        if not strips or not len(corners):
            return None
        shared_m = {one.id: round(one.line.intersection(body.cover).length, 2) for one in strips}
        strip = min(
            strips, key=lambda one: (round(one.line.distance(body.cover), 3), -shared_m[one.id], -one.length_m)
        )
        spans = [strip.along((float(x), float(y)))[0] for x, y in corners]
        low, high = max(0.0, min(spans)), min(strip.length_m, max(spans))
        level = self.levels[self.home[host.id()]]
        base_m = level.floor_m if strip.base_m is None else strip.base_m
        top_m = level.floor_m + level.height_m if strip.top_m is None else strip.top_m
        sill_m = max(body.low_m, base_m, level.floor_m) - level.floor_m
        head_m = min(body.high_m, top_m) - level.floor_m
        start, end = _rounded(strip.at(low)), _rounded(strip.at(high))
        for other in before:
            if other.wall == strip.id and other.sill_m < head_m - 0.01 and sill_m < other.head_m - 0.01:
                s = sorted((strip.along(other.start)[0], strip.along(other.end)[0]))
                if s[0] < high - 0.01 and low < s[1] - 0.01:
                    return None
        if high - low < 0.05 or head_m - sill_m < 0.05:
            return None
        if filled is None:
            at = strip.at((low + high) / 2)
            self.report.add(level.name, at, strip.id, "a hole that no door or window fills was left open")
            name, construction, state = unique_name(f"{strip.id}-hole", self.taken), "open", "open"
            return Cut(name, kind, strip.id, start, end, sill_m, head_m, construction, state)
        construction = self.materials.opening(filled, kind)
        name = unique_name(_called(filled), self.taken)
        return Cut(name, kind, strip.id, start, end, sill_m, head_m, construction)

    def _slabs(self) -> dict[int, list[PlanSlab]]:
        """Floors and roofs as modelled, each at the middle of its thickness."""
        found: dict[int, list[PlanSlab]] = {}
        roof_parts = {
            part.id()
            for roof in self.model.by_type("IfcRoof")
            for one in roof.IsDecomposedBy or ()
            for part in one.RelatedObjects
        }
        for slab in [*self.model.by_type("IfcSlab"), *self.model.by_type("IfcRoof")]:
            body = self.bodies.get(slab.id())
            parts = [part for one in slab.IsDecomposedBy or () for part in one.RelatedObjects]
            if body is None or any(part.id() in self.bodies for part in parts):
                continue  # a roof made of slabs is those slabs
            number = self._level(slab, body)
            predefined = str(getattr(slab, "PredefinedType", "") or "")
            kind = "roof" if slab.is_a("IfcRoof") or predefined == "ROOF" or slab.id() in roof_parts else "floor"
            usual = self.mapping.roof if kind == "roof" else self.mapping.floor
            wholes = [slab, *(one.RelatingObject for one in slab.Decomposes or ())]
            wholes = [one for one in wholes if one.is_a("IfcElement")]
            made_of = next((one for one in (*wholes, *parts) if self.materials.has_layers(one)), slab)
            construction = self.materials.construction(made_of, body.high_m - body.low_m, usual)
            holes = [
                self.bodies[hole.RelatedOpeningElement.id()].cover
                for one in wholes
                for hole in one.HasOpenings or ()
                if hole.RelatedOpeningElement.id() in self.bodies
            ]
            cover = body.cover.difference(unary_union(holes)) if holes else body.cover
            level_m = (body.low_m + body.high_m) / 2
            for part in parts_of(cover):
                name = unique_name(_called(slab), self.taken)
                found.setdefault(number, []).append(PlanSlab(name, part, level_m, construction, kind))
            for window, light in [light for one in wholes for light in self.rooflights.pop(one.id(), ())]:
                name = unique_name(_called(window), self.taken)
                at = light.cover.centroid
                what = f"a {window.is_a()[3:].lower()} in a {kind}: entered as a slab of rooflight_glass"
                self.report.add(self.levels[number].name, (at.x, at.y), name, what)
                glass = [PlanSlab(name, part, level_m, "rooflight_glass", kind) for part in parts_of(light.cover)[:1]]
                found.setdefault(number, []).extend(glass)
        return found

    def _rooms(self) -> list[list[PlanRoom]]:
        """Spaces by storey."""
        found: list[list[PlanRoom]] = [[] for _ in self.levels]
        for space in self.model.by_type("IfcSpace"):
            body = self.bodies.get(space.id())
            parts = [] if body is None else sorted(parts_of(body.cover), key=lambda part: -part.area)
            if body is None or not parts:
                self.report.add("", None, str(space.Name), "this space has no shape and was left out")
                continue
            number = next(
                (
                    index
                    for relation in space.Decomposes or ()
                    for index, level in enumerate(self.levels)
                    if relation.RelatingObject.id() in level.ids
                ),
                self._level(space, body),
            )
            said = clean(" ".join(str(space.LongName or space.Name or "").split()), 80)
            role = role_of_room(said, self.mapping.role)
            name = unique_name(clean(str(space.Name or space.LongName or "space"), 60), self.taken)
            at = parts[0].representative_point()
            self.report.add(self.levels[number].name, (at.x, at.y), name, f"{said or 'space'}: role {role} assumed")
            found[number].append(PlanRoom(name, parts[0], role, said))
        return found


def _called(element: Any) -> str:
    """A short name for people: kind and tag, else the model's own key."""
    kind = element.is_a()[3:].removesuffix("StandardCase").removesuffix("Element").lower()
    tag = str(getattr(element, "Tag", None) or element.GlobalId or element.id())
    return f"{kind}-{clean(tag, 40)}"


def _rounded(point: Xy) -> Xy:
    return round(point[0], GRID_DIGITS) + 0.0, round(point[1], GRID_DIGITS) + 0.0
