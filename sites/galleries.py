"""The Victorian radial prison: galleried spurs off an octagonal hub, one void from the ground to the roof."""

from __future__ import annotations

from shapely.geometry import Polygon

from quietwing.sites.blocks import (
    DOOR_HEAD_M,
    DOOR_WIDTH_M,
    cell_names,
    cell_spec,
    levels,
    outside,
    ring_polygon,
    storeyed,
    window,
)
from quietwing.sites.model import Building
from quietwing.sites.parts import (
    GRID_DIGITS,
    PEOPLE_ON_LANDING,
    Frame,
    Level,
    Parts,
    gallery_wing,
    opening,
    room,
    slab_with_void,
    wall,
    wall_with,
)
from quietwing.sites.quantities import Role
from quietwing.sites.wing_description import WingDescription

__all__ = ["radial_building"]

SPUR_SIDES = {2: (1, 3), 3: (1, 2, 3), 4: (0, 1, 2, 3)}  # quarter turns of spurs A, B, C, D
HUB_ROOMS: tuple[tuple[str, Role, float], ...] = (
    # Ground storey, corner clockwise of side 0 (north), 1 (east), …: name, role, people
    ("control", "keep", 3.0),
    ("servery", "silence", 2.0),
    ("store", "ignore", 0.0),
    ("clinic", "keep", 3.0),
)
HUB_DEPTH_M = 3.8  # from a spur's side wall to the next side of the hub, assumed
HUB_GALLERY_M = 4.0  # floor around the hub's void, assumed
BRIDGE_M = 2.0  # bridge at the far end of a gallery, at most a quarter of it, assumed
HUB_WINDOW_M = 1.2  # reach of a hub window along each axis of its diagonal wall, assumed


class _Plan:
    """Dimensions of one radial building, from the middle of its hub. [m]"""

    def __init__(self, description: WingDescription) -> None:
        self.open_m = description.void_m / 2
        self.front_m = round(self.open_m + description.landing_m, GRID_DIGITS)
        self.half_m = round(self.front_m + description.cell_depth_m, GRID_DIGITS)
        self.hub_m = round(self.half_m + HUB_DEPTH_M, GRID_DIGITS)
        self.rim_m = round(self.hub_m - HUB_GALLERY_M, GRID_DIGITS)  # where the hub's void ends
        self.length_m = round(description.cells // 2 * description.cell_width_m, GRID_DIGITS)
        self.bridge_m = round(min(BRIDGE_M, self.length_m / 4), GRID_DIGITS)
        self.void_end_m = round(self.hub_m + self.length_m - self.bridge_m, GRID_DIGITS)
        self.sides = SPUR_SIDES[description.wings]


def radial_building(
    description: WingDescription, building: str, frame: Frame, prefix: str = ""
) -> tuple[Building, Parts]:
    """Galleried spurs off an octagonal hub.

    Parameters
    ----------
    description : WingDescription
        Sizes and constructions.
    building : str
        Id of the building, also ``{building}`` of the cells' names.
    frame : Frame
        Middle of the hub.
    prefix : str
        Opens the ids of everything but cells where a site has several such buildings.

    Returns
    -------
    tuple of Building and Parts
    """
    plan = _Plan(description)
    outline = outside(frame, plan.hub_m, plan.half_m, dict.fromkeys(plan.sides, plan.length_m))
    void = _void(frame, plan)
    parts = Parts()
    for level in levels(description, building, frame, prefix):
        for letter, side in zip("ABCD", plan.sides, strict=False):
            spur_frame = frame.moved(0.0, 0.0, side).moved(plan.hub_m, 0.0)
            spur = level.framed(spur_frame, f"{prefix}{letter}{level.storey + 1}-")
            names = cell_names(description, building, letter, level.storey)
            parts += gallery_wing(
                spur, cell_spec(description), description.landing_m, description.void_m, plan.bridge_m, names
            )
        hub = level.framed(frame, f"{prefix}hub{level.storey + 1}-")
        parts += _hub_walls(description, hub, plan)
        parts += _hub_ground(description, hub, plan) if level.storey == 0 else _hub_gallery(hub, plan)
        slab = level.framed(frame, f"{prefix}{level.storey + 1}-")
        voids = [void] if level.storey else []
        parts += Parts(slabs=(slab_with_void(slab, "floor", outline, description.floor, voids),))
    roofs = [slab_with_void(slab, "roof", outline, description.roof, roof=True)]
    if description.rooflight != description.roof:
        roofs = [
            slab_with_void(slab, "roof", outline, description.roof, [void], roof=True),
            slab_with_void(slab, "rooflight", void, description.rooflight, roof=True),
        ]
    return storeyed(description, building, outline), parts + Parts(slabs=tuple(roofs))


def _void(frame: Frame, plan: _Plan) -> Polygon:
    """The void of hub and spurs: a star with an arm along each spur."""
    ring = []
    for side in range(4):
        turned = frame.moved(0.0, 0.0, side)
        reach = [plan.rim_m, plan.void_end_m] if side in plan.sides else [plan.rim_m]
        ring += [(turned, u, plan.open_m) for u in reach]
        ring += [(turned, u, -plan.open_m) for u in reversed(reach)]
    return ring_polygon(ring)


def _hub_walls(description: WingDescription, level: Level, plan: _Plan) -> Parts:
    """Outer walls between the spurs, and walls between the hub and the first cells of each spur."""
    parts = Parts()
    for side in range(4):
        turned = level.framed(level.frame.moved(0.0, 0.0, side))
        letter = "nesw"[side]
        # u − v is constant along the diagonal, so whole-millimetre steps stay exactly on it.
        u_m, v_m = plan.hub_m - HUB_DEPTH_M / 2, -plan.half_m - HUB_DEPTH_M / 2
        reach_m = HUB_WINDOW_M / 2
        ends = (u_m + reach_m, v_m + reach_m), (u_m - reach_m, v_m - reach_m)
        cut = window(description, turned, f"corner-{letter}", f"corner-window-{letter}", ends)
        corner = (plan.hub_m, -plan.half_m), (plan.half_m, -plan.hub_m)
        parts += wall_with(turned, f"corner-{letter}", *corner, description.outer_wall, cut)
        if side in plan.sides:
            parts += Parts(
                walls=tuple(
                    wall(
                        turned,
                        f"{hand}-{letter}",
                        (plan.hub_m, sign * plan.front_m),
                        (plan.hub_m, sign * plan.half_m),
                        description.cell_wall,
                    )
                    for hand, sign in (("left", 1), ("right", -1))
                )
            )
        else:
            line = (plan.hub_m, plan.half_m), (plan.hub_m, -plan.half_m)
            parts += wall_with(turned, f"side-{letter}", *line, description.outer_wall)
    return parts


def _hub_ground(description: WingDescription, level: Level, plan: _Plan) -> Parts:
    """The hub's floor and the rooms in its four corners."""
    parts = Parts()
    ring = []
    for side in range(4):
        turned = level.framed(level.frame.moved(0.0, 0.0, side))
        name, role, people = HUB_ROOMS[side]
        start, end = (plan.hub_m, -plan.front_m), (plan.front_m, -plan.hub_m)
        middle_u, middle_v = (start[0] + end[0]) / 2, (start[1] + end[1]) / 2
        reach_m = round(DOOR_WIDTH_M / 2 / 2**0.5, GRID_DIGITS)
        ends = (middle_u + reach_m, middle_v + reach_m), (middle_u - reach_m, middle_v - reach_m)
        door = opening(turned, name, f"{name}-door", "door", ends, (0.0, DOOR_HEAD_M), "timber_door", "shut")
        parts += wall_with(turned, name, start, end, description.cell_wall, door)
        outline = turned.frame.polygon([start, end, (plan.half_m, -plan.hub_m), (plan.hub_m, -plan.half_m)])
        parts += Parts(rooms=(room(turned, name, outline, role, people),))
        ring += [(turned.frame, plan.hub_m, plan.front_m), (turned.frame, plan.hub_m, -plan.front_m)]
    floor = room(level, "floor", ring_polygon(ring), "silence", PEOPLE_ON_LANDING)
    return parts + Parts(rooms=(floor,))


def _hub_gallery(level: Level, plan: _Plan) -> Parts:
    """The four corners of a gallery around the hub's void, and the bay of each side without a spur."""
    rooms = []
    for side in range(4):
        turned = level.framed(level.frame.moved(0.0, 0.0, side))
        corner = [
            (plan.rim_m, -plan.open_m),
            (plan.open_m, -plan.rim_m),
            (plan.open_m, -plan.hub_m),
            (plan.half_m, -plan.hub_m),
            (plan.hub_m, -plan.half_m),
            (plan.hub_m, -plan.open_m),
        ]
        outline = turned.frame.polygon(corner)
        rooms.append(room(turned, f"landing-{'nesw'[side]}", outline, "silence", PEOPLE_ON_LANDING))
        if side not in plan.sides:
            bay = turned.frame.rectangle(plan.rim_m, -plan.open_m, plan.hub_m, plan.open_m)
            rooms.append(room(turned, f"bay-{'nesw'[side]}", bay, "silence", PEOPLE_ON_LANDING))
    return Parts(rooms=tuple(rooms))
