"""Whole buildings drawn from parts: corridor blocks around a core, one wing alone, plain halls."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from shapely.geometry import Polygon
from shapely.geometry.polygon import orient

from quietwing.sites.model import Building, Opening, Storey
from quietwing.sites.parts import (
    GATE_HEAD_M,
    GATE_WIDTH_M,
    GRID_DIGITS,
    PEOPLE_ON_LANDING,
    CellSpec,
    Frame,
    Level,
    Parts,
    Uv,
    corridor_wing,
    opening,
    room,
    slab_with_void,
    stair_void,
    wall,
    wall_with,
)
from quietwing.sites.quantities import OpeningState, Role
from quietwing.sites.wing_description import WingDescription

__all__ = [
    "DOOR_HEAD_M",
    "DOOR_WIDTH_M",
    "HallMake",
    "HallRoom",
    "cell_names",
    "cell_spec",
    "hall",
    "houseblock_building",
    "levels",
    "outside",
    "ring_polygon",
    "storeyed",
    "window",
    "wing_building",
]

WING_SIDES = {1: (1,), 2: (1, 3), 3: (1, 2, 3), 4: (1, 2, 3, 0)}  # quarter turns of wings A, B, C, D
CORE_ROOMS: tuple[tuple[str, Role, float], ...] = (
    # Corner clockwise of side 0 (north), 1 (east), …: name, role, people
    ("office", "keep", 2.0),
    ("servery", "silence", 2.0),
    ("store", "ignore", 0.0),
    ("stair", "silence", 0.0),
)
PIER_M = 0.2  # least wall beside a window of the core, assumed
DOOR_WIDTH_M, DOOR_HEAD_M = 0.9, 2.1  # doors of rooms that are not cells, assumed


def cell_spec(description: WingDescription) -> CellSpec:
    """Size and make of the cells of a description."""
    return CellSpec(
        width_m=description.cell_width_m,
        depth_m=description.cell_depth_m,
        outer_wall=description.outer_wall,
        cell_wall=description.cell_wall,
        door=description.door,
        door_state=description.door_state,
        window=description.window,
        window_state=description.window_state,
        grille=description.grille,
        window_width_m=description.window_width_m,
        window_sill_m=description.window_sill_m,
        window_head_m=round(description.window_sill_m + description.window_height_m, GRID_DIGITS),
    )


def levels(description: WingDescription, building: str, frame: Frame, prefix: str) -> Iterator[Level]:
    """Storeys of a building from the ground up."""
    for storey in range(description.storeys):
        yield Level(building, storey, frame, prefix, description.storey_height_m)


def cell_names(description: WingDescription, building: str, wing: str, storey: int) -> list[str]:
    """Ids of the cells of one wing on one storey."""
    return [description.cell_name(building, wing, storey, n + 1) for n in range(description.cells)]


def storeyed(description: WingDescription, building: str, outline: Polygon) -> Building:
    """The building around an outline."""
    height_m = description.storey_height_m
    storeys = tuple(
        Storey(str(number + 1), round(number * height_m, GRID_DIGITS), height_m)
        for number in range(description.storeys)
    )
    return Building(building, outline, storeys)


def ring_polygon(ring: Sequence[tuple[Frame, float, float]]) -> Polygon:
    """Polygon through points of several frames of one building."""
    return orient(Polygon([own.at(u, v) for own, u, v in ring]))


def outside(frame: Frame, apothem_m: float, half_m: float, arms: dict[int, float]) -> Polygon:
    """Outline of arms around a square (apothem = half) or chamfered core; `arms` are lengths by side."""
    ring: list[tuple[Frame, float, float]] = []
    for side in range(4):
        turned = frame.moved(0.0, 0.0, side)
        reach = [apothem_m, apothem_m + arms[side]] if side in arms else [apothem_m]
        left = [(turned, round(u, GRID_DIGITS), half_m) for u in reach]
        right = [(own, u, -v) for own, u, v in reversed(left)]
        # On a square core the right end of one side is the left end of the next.
        ring += left + (right if apothem_m > half_m else right[:-1])
    return ring_polygon(ring)


# ------------------------------------------------------------------ corridor block


def houseblock_building(
    description: WingDescription, building: str, frame: Frame, prefix: str = ""
) -> tuple[Building, Parts]:
    """Corridor wings around a square core with stair, office, servery and store.

    Parameters
    ----------
    description : WingDescription
        Sizes and constructions.
    building : str
        Id of the building, also ``{building}`` of the cells' names.
    frame : Frame
        Middle of the core; north of the frame has a wing only where there are four.
    prefix : str
        Opens the ids of everything but cells where a site has several such buildings.

    Returns
    -------
    tuple of Building and Parts
    """
    front_m = description.corridor_m / 2
    half_m = round(front_m + description.cell_depth_m, GRID_DIGITS)
    length_m = round(description.cells // 2 * description.cell_width_m, GRID_DIGITS)
    sides = WING_SIDES[description.wings]
    outline = outside(frame, half_m, half_m, dict.fromkeys(sides, length_m))
    stair = stair_void(frame.moved(0.0, 0.0, 1), -half_m, front_m, description.cell_depth_m)
    parts = Parts()
    for level in levels(description, building, frame, prefix):
        for letter, side in zip("ABCD", sides, strict=False):
            wing_frame = frame.moved(0.0, 0.0, side).moved(half_m, 0.0)
            wing = level.framed(wing_frame, f"{prefix}{letter}{level.storey + 1}-")
            names = cell_names(description, building, letter, level.storey)
            parts += corridor_wing(wing, cell_spec(description), description.corridor_m, names)
        parts += _core(description, level.framed(frame, f"{prefix}core{level.storey + 1}-"), half_m, front_m)
        voids = [stair] if level.storey else []
        slab = level.framed(frame, f"{prefix}{level.storey + 1}-")
        parts += Parts(slabs=(slab_with_void(slab, "floor", outline, description.floor, voids),))
    parts += Parts(slabs=(slab_with_void(slab, "roof", outline, description.roof, roof=True),))
    return storeyed(description, building, outline), parts


def _core(description: WingDescription, level: Level, half_m: float, front_m: float) -> Parts:
    """One storey of the core: a crossing of corridors and a room in each corner."""
    sides = WING_SIDES[description.wings]
    parts = Parts()
    for side in range(4):
        turned = level.framed(level.frame.moved(0.0, 0.0, side))
        name = f"side-{'nesw'[side]}"
        line = (half_m, half_m), (half_m, -half_m)
        if side in sides:
            ends = (half_m, GATE_WIDTH_M / 2), (half_m, -GATE_WIDTH_M / 2)
            gate = opening(
                turned, name, f"gate-{'nesw'[side]}", "gate", ends, (0.0, GATE_HEAD_M), "barred_gate", "shut"
            )
            parts += wall_with(turned, name, *line, description.cell_wall, gate)
        else:
            parts += _core_front(description, turned, name, side, half_m, front_m)
        corner, role, people = CORE_ROOMS[side]
        # The corner clockwise of this side: its walls towards the two corridors.
        along = wall(turned, f"{corner}-a", (front_m, -front_m), (half_m, -front_m), description.cell_wall)
        across = wall(turned, f"{corner}-b", (front_m, -front_m), (front_m, -half_m), description.cell_wall)
        ends = (front_m + 0.4, -front_m), (front_m + 0.4 + DOOR_WIDTH_M, -front_m)
        door = opening(
            turned,
            f"{corner}-a",
            f"{corner}-door",
            "door",
            ends,
            (0.0, DOOR_HEAD_M),
            "timber_door",
            "shut",
        )
        outline = turned.frame.rectangle(front_m, -half_m, half_m, -front_m)
        parts += Parts((along, across), (door,), rooms=(room(turned, corner, outline, role, people),))
    ring = [
        (level.frame.moved(0.0, 0.0, side), u, v)
        for side in range(4)
        for u, v in ((front_m, front_m), (half_m, front_m), (half_m, -front_m))
    ]
    crossing = room(level, "hall", ring_polygon(ring), "silence", PEOPLE_ON_LANDING)
    return parts + Parts(rooms=(crossing,))


def _core_front(
    description: WingDescription, level: Level, name: str, side: int, half_m: float, front_m: float
) -> Parts:
    """A side of the core without a wing: outer wall with windows, and the entrance on the ground."""
    middle_m = (front_m + half_m) / 2
    left, right = CORE_ROOMS[side - 1][0], CORE_ROOMS[side][0]
    lit = [("hall", 0.0), (left, middle_m), (right, -middle_m)]
    cuts = []
    for lit_room, v_m in lit:
        if lit_room == "hall" and level.storey == 0 and side == 0:
            ends = (half_m, GATE_WIDTH_M / 2), (half_m, -GATE_WIDTH_M / 2)
            cuts.append(opening(level, name, "entrance", "door", ends, (0.0, GATE_HEAD_M), description.door, "shut"))
        elif lit_room != "store":
            between_m = 2 * front_m if lit_room == "hall" else half_m - front_m
            half_window_m = min(description.window_width_m, between_m - 2 * PIER_M) / 2
            ends = (half_m, v_m + half_window_m), (half_m, v_m - half_window_m)
            cuts.append(window(description, level, name, f"{lit_room}-window-{'nesw'[side]}", ends))
    return wall_with(level, name, (half_m, half_m), (half_m, -half_m), description.outer_wall, *cuts)


def window(description: WingDescription, level: Level, wall_name: str, name: str, ends: tuple[Uv, Uv]) -> Opening:
    """A window like those of the cells, anywhere else."""
    spec = cell_spec(description)
    return opening(
        level,
        wall_name,
        name,
        "window",
        ends,
        (spec.window_sill_m, spec.window_head_m),
        spec.window,
        spec.window_state,
        spec.grille,
    )


def wing_building(
    description: WingDescription, building: str, frame: Frame, prefix: str = ""
) -> tuple[Building, Parts]:
    """One corridor wing alone, closed at both ends; u of the frame runs along it from its entrance."""
    half_m = round(description.corridor_m / 2 + description.cell_depth_m, GRID_DIGITS)
    length_m = round(description.cells // 2 * description.cell_width_m, GRID_DIGITS)
    outline = frame.rectangle(0.0, -half_m, length_m, half_m)
    parts = Parts()
    for level in levels(description, building, frame, prefix):
        wing = level.framed(frame, f"{prefix}A{level.storey + 1}-")
        names = cell_names(description, building, "A", level.storey)
        parts += corridor_wing(wing, cell_spec(description), description.corridor_m, names)
        ends = (0.0, GATE_WIDTH_M / 2), (0.0, -GATE_WIDTH_M / 2)
        cut = opening(wing, "start", "start-door", "door", ends, (0.0, GATE_HEAD_M), description.door, "shut")
        parts += wall_with(wing, "start", (0.0, half_m), (0.0, -half_m), description.outer_wall, cut)
        slab = level.framed(frame, f"{prefix}{level.storey + 1}-")
        parts += Parts(slabs=(slab_with_void(slab, "floor", outline, description.floor),))
    parts += Parts(slabs=(slab_with_void(slab, "roof", outline, description.roof, roof=True),))
    return storeyed(description, building, outline), parts


# ------------------------------------------------------------------ workshops, gatehouse, healthcare


@dataclass(frozen=True, slots=True)
class HallRoom:
    """One room of a plain hall: name, length along the hall, what it must be."""

    name: str
    length_m: float
    role: Role
    people: float = 1.0
    operators: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HallMake:
    """Size and make of a plain hall."""

    depth_m: float
    height_m: float
    outer_wall: str
    inner_wall: str
    roof: str
    door: str
    glazing: str
    window_m: tuple[float, float, float]  # width, sill, head
    window_state: OpeningState = "shut"


def hall(
    building: str, name: str, frame: Frame, make: HallMake, *plans: Sequence[HallRoom]
) -> tuple[Building, Parts]:
    """Rooms in a row along u from 0, storey by storey: a door each in front (v = 0), a window each at the back.

    Parameters
    ----------
    building, name : str
        Id, also the start of all ids, and name for people.
    frame : Frame
        The front's left end seen from inside looking along u.
    make : HallMake
        Depth, storey height, constructions, windows.
    *plans : sequence of HallRoom
        The rooms of each storey from the ground up; all plans are equally long.
    """
    length_m = round(sum(item.length_m for item in plans[0]), GRID_DIGITS)
    outline = frame.rectangle(0.0, 0.0, length_m, make.depth_m)
    parts = Parts()
    for number, plan in enumerate(plans):
        level = Level(building, number, frame, f"{building}-", make.height_m)
        slab = level.framed(frame, f"{building}-{number + 1}-")
        parts += Parts(slabs=(slab_with_void(slab, "floor", outline, "concrete_200"),))
        parts += _hall_storey(level, slab.prefix, make, plan, length_m)
    parts += Parts(slabs=(slab_with_void(slab, "roof", outline, make.roof, roof=True),))
    storeys = tuple(
        Storey(str(number + 1), round(number * make.height_m, GRID_DIGITS), make.height_m)
        for number in range(len(plans))
    )
    return Building(building, outline, storeys, name), parts


def _hall_storey(level: Level, prefix: str, make: HallMake, plan: Sequence[HallRoom], length_m: float) -> Parts:
    """One storey of a hall; rooms keep the building's prefix, walls that of the storey."""
    named, level = level, level.framed(level.frame, prefix)
    depth_m = make.depth_m
    width_m, sill_m, head_m = make.window_m
    parts = Parts(
        walls=(
            wall(level, "front", (0.0, 0.0), (length_m, 0.0), make.outer_wall),
            wall(level, "back", (length_m, depth_m), (0.0, depth_m), make.outer_wall),
            wall(level, "start", (0.0, depth_m), (0.0, 0.0), make.outer_wall),
            wall(level, "end", (length_m, 0.0), (length_m, depth_m), make.outer_wall),
        )
    )
    u1 = 0.0
    for index, item in enumerate(plan):
        u0, u1 = u1, round(u1 + item.length_m, GRID_DIGITS)
        middle_m = (u0 + u1) / 2
        if index:
            parts += Parts((wall(level, f"wall-{index}", (u0, 0.0), (u0, depth_m), make.inner_wall),))
        way_in = (middle_m - DOOR_WIDTH_M / 2, 0.0), (middle_m + DOOR_WIDTH_M / 2, 0.0)
        glazed = (middle_m + width_m / 2, depth_m), (middle_m - width_m / 2, depth_m)
        door = opening(level, "front", f"{item.name}-door", "door", way_in, (0.0, DOOR_HEAD_M), make.door, "shut")
        lit = opening(
            level,
            "back",
            f"{item.name}-window",
            "window",
            glazed,
            (sill_m, head_m),
            make.glazing,
            make.window_state,
        )
        outline = level.frame.rectangle(u0, 0.0, u1, depth_m)
        drawn = replace(room(named, item.name, outline, item.role, item.people), operators=item.operators)
        parts += Parts(openings=(door, lit), rooms=(drawn,))
    return parts
