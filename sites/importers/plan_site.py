"""Storeys read off a drawing become a site: buildings, walls, openings, slabs, rooms, a perimeter round them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import shapely
from shapely.geometry import LineString, Polygon, box
from shapely.geometry.polygon import orient
from shapely.ops import unary_union

from quietwing.sites.constructions import Construction
from quietwing.sites.errors import SiteError
from quietwing.sites.findings import clean
from quietwing.sites.importers.plan_mapping import PlanMapping
from quietwing.sites.importers.plan_parts import Report, StoreyPlan, parts_of
from quietwing.sites.model import Building, Opening, Perimeter, Room, Site, Slab, Storey, Wall

__all__ = ["SiteFrame", "check_size", "site_of"]

FENCE_HEIGHT_M = 5.2  # as a site's perimeter without a height
WIDEST_M, NARROWEST_M = 2000.0, 2.0  # of a plan that is one; assumed
LIKELY_M = (3.0, 400.0)  # of a plan in the unit that is advised; assumed
_KEPT = 1e-3


@dataclass(frozen=True, slots=True)
class SiteFrame:
    """What a site says about itself, and which file it comes from."""

    name: str
    source: str
    crs: str = "local"
    marking: str = "OFFICIAL-SENSITIVE"
    as_of: dt.date = dt.date(2000, 1, 1)


def site_of(
    storeys: Sequence[StoreyPlan],
    mapping: PlanMapping,
    frame: SiteFrame,
    report: Report,
    constructions: Sequence[Construction] = (),
    notes: Sequence[str] = (),
) -> Site:
    """The site of some storeys, from the lowest up.

    Parameters
    ----------
    storeys : sequence of StoreyPlan
    mapping : PlanMapping
    frame : SiteFrame
    report : Report
    constructions : sequence of Construction
        Of the site's own.
    notes : sequence of str

    Returns
    -------
    Site
        Without masts and receptors; not yet checked.

    Raises
    ------
    SiteError
        If there is no wall or no room in it.
    """
    label = clean(frame.source)
    if not any(storey.walls for storey in storeys):
        raise SiteError(f"{label}: no wall was found; name the layers of the walls in a mapping (--mapping)")
    whole = _parted(unary_union([part for storey in storeys for part in parts_of(storey.outline)]))
    if not whole:
        raise SiteError(f"{label}: its walls enclose no building of 4 m² or more; check --unit and the mapping")
    if not any(storey.rooms for storey in storeys):
        raise SiteError(f"{label}: no room was found between its walls; check --unit, or raise gap_m in the mapping")
    west, south, east, north = unary_union(whole).bounds
    around = mapping.fence_m
    fence = box(*(round(value, 3) for value in (west - around, south - around, east + around, north + around)))
    report.add("", (west, south), "perimeter", f"a rectangle {around:g} m round the building was assumed")
    made = _Parts(whole, storeys, report)
    return Site(
        name=frame.name,
        crs=frame.crs,
        marking=frame.marking,
        as_of=frame.as_of,
        buildings=made.buildings(),
        walls=made.walls(),
        openings=made.openings(),
        slabs=made.slabs(),
        rooms=made.rooms(),
        perimeter=Perimeter("perimeter", orient(fence), FENCE_HEIGHT_M, "open"),
        sectors=(),
        own_constructions=tuple(constructions),
        description=f"Imported from {clean(frame.source, 80)}",
        notes=tuple(notes),
    )


def _parted(shape: Any) -> list[Polygon]:
    """Outlines of the buildings, the largest first, on the grid of site files."""
    parts = [Polygon(orient(part).exterior) for part in parts_of(shape)]
    return sorted((shapely.set_precision(part, 1e-3) for part in parts), key=lambda part: (-part.area, part.bounds))


class _Parts:
    """The parts of a site by building: each thing belongs to the building it lies in or nearest to."""

    def __init__(self, outlines: Sequence[Polygon], storeys: Sequence[StoreyPlan], report: Report) -> None:
        self.outlines = outlines
        self.names = ["main", *(f"main-{number}" for number in range(2, len(outlines) + 1))]
        self.storeys = storeys
        self.report = report
        self.tree = shapely.STRtree(list(outlines))
        self.kept: set[str] = set()
        self.homes: dict[str, int] = {}

    def home(self, shape: Any) -> int:
        """Which building a shape belongs to."""
        return int(self.tree.nearest(shape)) if len(self.outlines) > 1 else 0

    def buildings(self) -> tuple[Building, ...]:
        floors = tuple(Storey(one.name, round(one.floor_m, 3), round(one.height_m, 3)) for one in self.storeys)
        return tuple(
            Building(name, orient(outline), floors) for name, outline in zip(self.names, self.outlines, strict=True)
        )

    def walls(self) -> tuple[Wall, ...]:
        made = []
        for number, storey in enumerate(self.storeys):
            for strip in storey.walls:
                line = LineString([strip.start, strip.end])
                if line.length <= 2 * _KEPT:
                    continue
                self.kept.add(strip.id)
                home = self.names[self.home(line.centroid)]
                span = (_z(strip.base_m), _z(strip.top_m))
                made.append(Wall(strip.id, home, number, line, strip.construction, *span))
        return tuple(made)

    def openings(self) -> tuple[Opening, ...]:
        return tuple(
            Opening(
                cut.id,
                cut.wall,
                cut.kind,  # type: ignore[arg-type]
                LineString([cut.start, cut.end]),
                round(cut.sill_m, 3),
                round(cut.head_m, 3),
                cut.construction,
                cut.state or ("open" if cut.kind in ("window", "hatch") else "shut"),  # type: ignore[arg-type]
            )
            for storey in self.storeys
            for cut in storey.cuts
            if cut.wall in self.kept
        )

    def slabs(self) -> tuple[Slab, ...]:
        made: list[Slab] = []
        for number, storey in enumerate(self.storeys):
            if storey.slabs:
                made += self._modelled(storey)
                continue
            cover = storey.outline.difference(unary_union(list(storey.voids))) if storey.voids else storey.outline
            made += self._slabs_at(cover, f"{storey.name}-floor", storey.floor_m, storey.floor, "floor")
            above = self.storeys[number + 1].outline if number + 1 < len(self.storeys) else Polygon()
            bare = storey.outline.difference(above.buffer(0.3))
            top_m = storey.floor_m + storey.height_m
            made += self._slabs_at(bare, f"{storey.name}-roof", top_m, storey.roof, "roof")
        return tuple(made)

    def _modelled(self, storey: StoreyPlan) -> list[Slab]:
        """Slabs as modelled, as far as they lie over a building."""
        found = []
        limit = unary_union(list(self.outlines)).buffer(1.5)
        for slab in storey.slabs:
            cover = slab.outline if limit.covers(slab.outline) else slab.outline.intersection(limit)
            parts = self._slabs_at(cover, slab.id, slab.level_m, slab.construction, slab.kind)
            if not parts:
                at = slab.outline.representative_point()
                self.report.add(storey.name, (at.x, at.y), slab.id, "this slab lies beside the building; left out")
            found += parts
        return found

    def _slabs_at(self, cover: Any, name: str, level_m: float, construction: str, kind: str) -> list[Slab]:
        parts = [
            piece
            for part in parts_of(cover)
            for piece in parts_of(shapely.set_precision(part.simplify(5e-3), 1e-3))
            if piece.is_valid and piece.area > 0.5
        ]
        return [
            Slab(
                name if len(parts) == 1 else f"{name}-{number}",
                self.names[self.home(part.representative_point())],
                orient(part),
                round(level_m, 3),
                construction,
                kind,  # type: ignore[arg-type]
            )
            for number, part in enumerate(parts, 1)
        ]

    def rooms(self) -> tuple[Room, ...]:
        made = []
        for number, storey in enumerate(self.storeys):
            for room in storey.rooms:
                outline = shapely.set_precision(room.outline, 1e-3)
                pieces = sorted(parts_of(outline), key=lambda piece: -piece.area)
                if not pieces or pieces[0].area < 0.2:
                    continue
                home = self.names[self.home(pieces[0].representative_point())]
                made.append(Room(room.id, home, number, orient(pieces[0]), room.role, 1.0, room.name))  # type: ignore[arg-type]
        return tuple(made)


def _z(value: float | None) -> float | None:
    return None if value is None else round(value, 3)


def check_size(areas: Sequence[Any], unit: str, units_m: Mapping[str, float], label: str) -> None:
    """Refuse a plan that is no building in its unit, and name the unit in which it would be one.

    Raises
    ------
    SiteError
    """
    if not areas:
        return
    west, south, east, north = (float(edge) for edge in shapely.total_bounds(list(areas)))
    wide_m = max(east - west, north - south)
    if NARROWEST_M <= wide_m <= WIDEST_M:
        return
    fits = [name for name, size_m in units_m.items() if LIKELY_M[0] <= wide_m / units_m[unit] * size_m <= LIKELY_M[1]]
    fix = f"give --unit {' or --unit '.join(fits)}" if fits else "correct it, or map only the layers of the plan"
    raise SiteError(
        f"{label}: its walls are {wide_m:,.4g} m wide in {unit} (expected {NARROWEST_M:g} m to "
        f"{WIDEST_M / 1000:g} km); {fix}"
    )
