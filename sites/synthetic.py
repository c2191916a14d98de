"""Whole sites from a description of one wing: building, perimeter, homes around it and typical masts."""

from __future__ import annotations

from dataclasses import replace

from shapely.geometry import Point

from quietwing.sites.blocks import houseblock_building, wing_building
from quietwing.sites.galleries import radial_building
from quietwing.sites.model import Building, Receptor, Site
from quietwing.sites.networks import typical_sectors
from quietwing.sites.parts import Frame, Parts, fence
from quietwing.sites.wing_description import WingDescription, describe, description_toml, read_description

__all__ = ["WingDescription", "build_wing", "describe", "description_toml", "homes", "read_description"]

PEOPLE_IN_A_HOME = 2.4  # mean UK household, assumed
ROAD_BEYOND_FENCE_M = 10.0  # nearest public road, assumed
FLOORS_OF_A_HOME_M = (1.5, 4.5)  # ground and first floor, assumed

_BUILDERS = {"houseblock": houseblock_building, "radial": radial_building, "wing": wing_building}


def build_wing(description: WingDescription) -> Site:
    """The site a description stands for.

    Parameters
    ----------
    description : WingDescription
        From `describe`, `read_description` or written out.

    Returns
    -------
    Site
        Local grid, its origin in the middle of the core (houseblock, radial) or of the wing's start (wing); typical
        masts, marked assumed.
    """
    frame = Frame(bearing_deg=description.bearing_deg)
    building, parts = _BUILDERS[description.type](description, "main", frame)
    bounds_m = _own_bounds_m(description)
    distance_m = description.fence_distance_m
    perimeter = fence(frame, bounds_m, (distance_m,) * 4, description.fence, description.fence_height_m)
    west, south, east, north = bounds_m
    middle_m = frame.moved(0.0, 0.0, 1).at((west + east) / 2, (south + north) / 2)
    return assemble(
        description,
        ((building, parts),),
        perimeter=perimeter,
        receptors=homes(frame, bounds_m, distance_m, description.homes_distance_m),
        sectors=typical_sectors(description.area, middle_m, perimeter.outline),
        description=f"Synthetic {description.type}, {description.cells} cells a wing and storey; nothing measured",
    )


def assemble(wing: WingDescription, buildings: tuple[tuple[Building, Parts], ...], /, **fields: object) -> Site:
    """A site of drawn buildings; `fields` are those of `Site` that neither buildings nor wing hold."""
    parts = sum((drawn for _, drawn in buildings), Parts())
    return Site(
        name=wing.name,
        crs="local",
        marking=wing.marking,
        as_of=wing.as_of,
        buildings=tuple(building for building, _ in buildings),
        walls=parts.walls,
        openings=parts.openings,
        slabs=parts.slabs,
        rooms=parts.rooms,
        positions=parts.positions,
        area=wing.area,
        window_state=wing.window_state,
        door_state=wing.door_state,
        **fields,  # type: ignore[arg-type]
    )


def _own_bounds_m(description: WingDescription) -> tuple[float, float, float, float]:
    """West, south, east, north of the building in its own grid."""
    upright = Frame()
    outline = _BUILDERS[description.type](replace(description, storeys=1), "main", upright)[0].outline
    west, south, east, north = outline.bounds
    return west, south, east, north


def homes(
    frame: Frame, bounds_m: tuple[float, float, float, float], fence_m: float, beyond_m: float
) -> tuple[Receptor, ...]:
    """A home beyond each side of the perimeter, and a road along its south side.

    Parameters
    ----------
    frame : Frame
        The building's grid.
    bounds_m : tuple of float
        West, south, east, north of the building in that grid. [m]
    fence_m, beyond_m : float
        From the bounds to the perimeter, and from there to the homes. [m]
    """
    east_up = replace(frame, p_m=0.0, q_m=0.0, quarter_turns=1)
    west, south, east, north = bounds_m
    middle_p, middle_q = (west + east) / 2, (south + north) / 2
    away_m = fence_m + beyond_m
    places = {
        "home-north": (middle_p, north + away_m),
        "home-east": (east + away_m, middle_q),
        "home-south": (middle_p, south - away_m),
        "home-west": (west - away_m, middle_q),
    }
    found = [
        Receptor(name, Point(east_up.at(*place)), "home", PEOPLE_IN_A_HOME, FLOORS_OF_A_HOME_M)
        for name, place in places.items()
    ]
    road = Point(east_up.at(middle_p, south - fence_m - ROAD_BEYOND_FENCE_M))
    return (*found, Receptor("road-south", road, "road", 5.0))
