"""Parametric pieces of prison buildings: cell rows, corridor and galleried wings, slabs with voids, fences.

Pieces are drawn in the frames of `frames`, so two that touch share their vertices bit for bit, at any bearing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from shapely.geometry import Point, Polygon
from shapely.geometry.polygon import orient

from quietwing.sites.frames import GRID_DIGITS, Frame, Uv
from quietwing.sites.model import Opening, Perimeter, Position, Room, Slab, Wall
from quietwing.sites.quantities import OpeningKind, OpeningState, Role

__all__ = [
    "GATE_HEAD_M",
    "GATE_WIDTH_M",
    "GRID_DIGITS",
    "PEOPLE_ON_LANDING",
    "CellSpec",
    "Frame",
    "Level",
    "Parts",
    "Uv",
    "cell_row",
    "corridor_wing",
    "fence",
    "gallery_wing",
    "landing",
    "opening",
    "room",
    "slab_with_void",
    "stair_void",
    "wall",
    "wall_with",
]

DOOR_OFFSET_M = 0.4  # from the partition to the door, assumed
GATE_WIDTH_M, GATE_HEAD_M = 1.5, 2.1  # wing gate across a corridor, assumed
END_WINDOW_M, END_SILL_M, END_HEAD_M = 1.2, 1.0, 2.2  # window at the end of a landing, assumed
DEVICE_BELOW_CEILING_M = 0.4  # candidate positions hang out of reach, assumed
PEOPLE_ON_LANDING = 2.0  # weight of a landing, assumed


@dataclass(frozen=True, slots=True)
class Level:
    """One storey of a building being drawn: what its pieces share. `prefix` opens their ids: ``A2-``."""

    building: str
    storey: int
    frame: Frame
    prefix: str
    height_m: float

    @property
    def floor_m(self) -> float:
        """Height of the floor above the ground. [m]"""
        return round(self.storey * self.height_m, GRID_DIGITS)

    def framed(self, frame: Frame, prefix: str | None = None) -> Level:
        """The same storey seen in another frame."""
        return replace(self, frame=frame, prefix=self.prefix if prefix is None else prefix)


@dataclass(frozen=True, slots=True)
class CellSpec:
    """Size and make of one cell, measured between mid-lines of its walls."""

    width_m: float
    depth_m: float
    outer_wall: str
    cell_wall: str
    door: str
    door_state: OpeningState
    window: str
    window_state: OpeningState
    grille: str
    window_width_m: float
    window_sill_m: float
    window_head_m: float
    door_width_m: float = 0.8
    door_head_m: float = 2.0


@dataclass(frozen=True, slots=True)
class Parts:
    """Pieces of a site that belong together; `+` joins two sets in order."""

    walls: tuple[Wall, ...] = ()
    openings: tuple[Opening, ...] = ()
    slabs: tuple[Slab, ...] = ()
    rooms: tuple[Room, ...] = ()
    positions: tuple[Position, ...] = field(default=())

    def __add__(self, other: Parts) -> Parts:
        return Parts(
            self.walls + other.walls,
            self.openings + other.openings,
            self.slabs + other.slabs,
            self.rooms + other.rooms,
            self.positions + other.positions,
        )


def wall(level: Level, name: str, start: Uv, end: Uv, construction: str) -> Wall:
    """One straight wall between two local points."""
    line = level.frame.line(start, end)
    return Wall(level.prefix + name, level.building, level.storey, line, construction)


def opening(
    level: Level,
    wall_name: str,
    name: str,
    kind: OpeningKind,
    ends: tuple[Uv, Uv],
    height_m: tuple[float, float],
    construction: str,
    state: OpeningState,
    grille: str = "open",
) -> Opening:
    """One opening in a wall of the same level; `height_m` is sill and head above the floor."""
    line = level.frame.line(*ends)
    return Opening(
        level.prefix + name,
        level.prefix + wall_name,
        kind,
        line,
        *height_m,
        construction=construction,
        state=state,
        grille=grille,
    )


def wall_with(level: Level, name: str, start: Uv, end: Uv, construction: str, *cut: Opening) -> Parts:
    """A wall and the openings that cut it."""
    return Parts(walls=(wall(level, name, start, end, construction),), openings=cut)


def room(level: Level, name: str, outline: Polygon, role: Role = "silence", weight: float = 1.0) -> Room:
    """One room of a level, its outline on the mid-lines of its walls."""
    return Room(level.prefix + name, level.building, level.storey, outline, role, weight)


def landing(level: Level, name: str, u0_m: float, v0_m: float, u1_m: float, v1_m: float) -> Room:
    """A rectangular corridor, landing or atrium floor: must be silent too."""
    return room(level, name, level.frame.rectangle(u0_m, v0_m, u1_m, v1_m), "silence", PEOPLE_ON_LANDING)


def slab_with_void(
    level: Level,
    name: str,
    outline: Polygon,
    construction: str,
    voids: Sequence[Polygon] = (),
    roof: bool = False,
) -> Slab:
    """Floor of a level (or the roof on top of it) with the voids cut out."""
    level_m = round(level.floor_m + (level.height_m if roof else 0.0), GRID_DIGITS)
    holes = [void.exterior.coords for void in voids]
    return Slab(
        level.prefix + name,
        level.building,
        orient(Polygon(outline.exterior.coords, holes)),
        level_m,
        construction,
        "roof" if roof else "floor",
    )


def stair_void(frame: Frame, u0_m: float, v0_m: float, side_m: float, landing_m: float = 0.6) -> Polygon:
    """The well of a stair in a square room, a landing all round it."""
    low, high = landing_m, side_m - landing_m
    return frame.rectangle(u0_m + low, v0_m + low, u0_m + high, v0_m + high)


def cell_row(
    level: Level,
    side: str,
    spec: CellSpec,
    v_front_m: float,
    v_outer_m: float,
    names: Sequence[str],
) -> Parts:
    """Cells side by side along u from 0: outer wall, front wall, partitions, doors, windows, rooms.

    Parameters
    ----------
    level : Level
        Storey and frame.
    side : str
        Word for this row in the ids: ``left``, ``right``.
    spec : CellSpec
        Size and make of each cell.
    v_front_m, v_outer_m : float
        Where the front wall (doors) and the outer wall (windows) stand. [m]
    names : sequence of str
        Ids of the rooms from u = 0 on.

    Returns
    -------
    Parts
        The walls across both ends of the row are not included: they span the wing.
    """
    edges = [round(i * spec.width_m, GRID_DIGITS) for i in range(len(names) + 1)]
    outer, front = f"{side}-outer", f"{side}-front"
    walls = [
        wall(level, outer, (0.0, v_outer_m), (edges[-1], v_outer_m), spec.outer_wall),
        wall(level, front, (0.0, v_front_m), (edges[-1], v_front_m), spec.cell_wall),
    ]
    openings, rooms = [], []
    low, high = min(v_front_m, v_outer_m), max(v_front_m, v_outer_m)
    for index, name in enumerate(names):
        u0, u1 = edges[index], edges[index + 1]
        if index:
            walls.append(wall(level, f"{side}-{index}", (u0, v_front_m), (u0, v_outer_m), spec.cell_wall))
        door = (u0 + DOOR_OFFSET_M, v_front_m), (u0 + DOOR_OFFSET_M + spec.door_width_m, v_front_m)
        half = spec.window_width_m / 2
        window = ((u0 + u1) / 2 - half, v_outer_m), ((u0 + u1) / 2 + half, v_outer_m)
        openings.append(
            replace(
                opening(level, front, "", "door", door, (0.0, spec.door_head_m), spec.door, spec.door_state),
                id=f"{name}-door",
            )
        )
        height_m = spec.window_sill_m, spec.window_head_m
        openings.append(
            replace(
                opening(level, outer, "", "window", window, height_m, spec.window, spec.window_state, spec.grille),
                id=f"{name}-window",
            )
        )
        rooms.append(replace(room(level, "", level.frame.rectangle(u0, low, u1, high)), id=name))
    return Parts(tuple(walls), tuple(openings), rooms=tuple(rooms))


def _end_wall(level: Level, spec: CellSpec, u_m: float, half_m: float, entrance: bool) -> Parts:
    """The outer wall across the end of a wing, with a window on the landing or a door on the ground."""
    ends = (u_m, END_WINDOW_M / 2), (u_m, -END_WINDOW_M / 2)
    if entrance:
        cut = opening(level, "end", "end-door", "door", ends, (0.0, GATE_HEAD_M), spec.door, "shut")
    else:
        height_m = END_SILL_M, END_HEAD_M
        cut = opening(
            level, "end", "end-window", "window", ends, height_m, spec.window, spec.window_state, spec.grille
        )
    return wall_with(level, "end", (u_m, half_m), (u_m, -half_m), spec.outer_wall, cut)


def _hung(level: Level, name: str, u_m: float, v_m: float) -> Position:
    """A place for a device under the ceiling."""
    z_m = round(level.floor_m + level.height_m - DEVICE_BELOW_CEILING_M, GRID_DIGITS)
    point = Point(level.frame.at(u_m, v_m))
    return Position(level.prefix + name, point, z_m, level.building, level.storey)


def corridor_wing(level: Level, spec: CellSpec, corridor_m: float, names: Sequence[str]) -> Parts:
    """A storey of a wing with cells on both sides of a corridor, from u = 0 to its outer end wall.

    The first half of `names` is the left row, the second the right row; both count away from u = 0.
    """
    per_side = len(names) // 2
    front_m = corridor_m / 2
    half_m = round(front_m + spec.depth_m, GRID_DIGITS)
    length_m = round(per_side * spec.width_m, GRID_DIGITS)
    corridor = landing(level, "landing", 0.0, -front_m, length_m, front_m)
    return (
        cell_row(level, "left", spec, front_m, half_m, names[:per_side])
        + cell_row(level, "right", spec, -front_m, -half_m, names[per_side:])
        + _end_wall(level, spec, length_m, half_m, entrance=False)
        + Parts(rooms=(corridor,), positions=(_hung(level, "landing", length_m / 2, 0.0),))
    )


def gallery_wing(
    level: Level, spec: CellSpec, landing_m: float, void_m: float, bridge_m: float, names: Sequence[str]
) -> Parts:
    """A storey of a galleried wing: cells on both sides of a void that is open from the ground to the roof.

    The ground storey has one floor between the cells; above it are two landings along the cells and a bridge
    at the far end. The void itself is cut into the slabs by the building.
    """
    per_side = len(names) // 2
    open_m = void_m / 2
    front_m = round(open_m + landing_m, GRID_DIGITS)
    half_m = round(front_m + spec.depth_m, GRID_DIGITS)
    length_m = round(per_side * spec.width_m, GRID_DIGITS)
    if level.storey == 0:
        floors: tuple[Room, ...] = (landing(level, "atrium", 0.0, -front_m, length_m, front_m),)
    else:
        floors = (
            landing(level, "landing-left", 0.0, open_m, length_m, front_m),
            landing(level, "landing-right", 0.0, -front_m, length_m, -open_m),
            landing(level, "bridge", length_m - bridge_m, -open_m, length_m, open_m),
        )
    return (
        cell_row(level, "left", spec, front_m, half_m, names[:per_side])
        + cell_row(level, "right", spec, -front_m, -half_m, names[per_side:])
        + _end_wall(level, spec, length_m, half_m, entrance=level.storey == 0)
        + Parts(
            rooms=floors,
            positions=(
                _hung(level, "hung-left", length_m / 2, front_m - 0.3),
                _hung(level, "hung-right", length_m / 2, 0.3 - front_m),
            ),
        )
    )


def fence(
    frame: Frame,
    bounds_m: tuple[float, float, float, float],
    distances_m: tuple[float, float, float, float],
    construction: str,
    height_m: float = 5.2,
) -> Perimeter:
    """A rectangular perimeter around buildings.

    Parameters
    ----------
    frame : Frame
        The grid the rectangle follows.
    bounds_m : tuple of float
        West, south, east, north of the buildings in the building's grid (p east, q north). [m]
    distances_m : tuple of float
        From those bounds to the fence: west, south, east, north. [m]
    construction : str
        What it is made of; ``open`` counts as no obstacle.
    height_m : float
        Height. [m]
    """
    west, south, east, north = bounds_m
    to_west, to_south, to_east, to_north = distances_m
    grid = replace(frame, p_m=0.0, q_m=0.0, quarter_turns=1)  # u east, v north
    outline = grid.rectangle(west - to_west, south - to_south, east + to_east, north + to_north)
    return Perimeter("perimeter", outline, height_m, construction)
