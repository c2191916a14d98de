"""The three bundled sites, invented from start to end: ``python -m quietwing.sites.bundled DIR`` writes them.

Nothing here is taken from a real prison: sizes are those public texts give for the building type, places of
masts and measured levels are made up and say so.
"""

from __future__ import annotations

import datetime as dt
import math
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

from shapely.geometry import Point, Polygon

from quietwing.sites.blocks import HallMake, HallRoom, hall, houseblock_building
from quietwing.sites.constructions import Construction, Layer
from quietwing.sites.galleries import radial_building
from quietwing.sites.model import OutsideLevel, Receptor, Room, Sector, Site
from quietwing.sites.networks import Mast, carriers, sectors_of
from quietwing.sites.parts import Frame, fence
from quietwing.sites.synthetic import assemble, homes
from quietwing.sites.wing_description import WingDescription

__all__ = ["BUNDLED", "campus", "houseblock", "radial", "write_all"]

SURVEY_DATE = dt.date(2026, 11, 10)  # invented
SURVEY_HEIGHT_M = 1.5
MEASURED_SIGMA_DB = 3.0  # DESIGN §3
LOW_BANDS_MHZ, MIDDLE_BANDS_MHZ = 1000.0, 2200.0  # far masts are counted up to here

BRICK_HALL = HallMake(
    9.0, 3.6, "brick_cavity_block", "brick_215", "metal_deck_roof", "timber_door", "glass_double", (2.0, 1.0, 2.2)
)
METAL_CLADDING = Construction(
    name="metal_cladding",
    layers=(
        Layer("metal", 0.7),
        Layer("air", 100.0),
        Layer("metal", 0.5),
    ),
    max_loss_db=30.0,
    sigma_db=3.0,
    assumed=True,
    source="domain 6.1: metal-faced walls 20-40 dB unless gaps; the cap of 30 dB is the middle",
    description="Metal-faced composite cladding, joints leak",
)
WORKSHOP = HallMake(
    24.0, 6.0, "metal_cladding", "brick_215", "metal_deck_roof", "timber_door", "glass_6", (3.0, 3.5, 5.0)
)


def _mast(name: str, operators: tuple[str, ...], distance_m: float, bearing_deg: float, area: str, **more: float) -> Mast:
    """A mast at a distance and bearing from the site's origin, its first sector looking 20° past the site."""
    bearing = math.radians(bearing_deg)
    x_m, y_m = round(distance_m * math.sin(bearing), 1), round(distance_m * math.cos(bearing), 1)
    return Mast(name, operators, x_m, y_m, (bearing_deg + 200.0) % 360, area, **more)


def _stated(sectors: tuple[Sector, ...], sigma_db: float) -> tuple[Sector, ...]:
    """Sectors as a site owner would list them: given, not assumed."""
    return tuple(replace(sector, assumed=False, sigma_db=sigma_db) for sector in sectors)


# ------------------------------------------------------------------ houseblock

# Invented readings 5 m from the façade that faces the mast, 1.5 m above the ground, strongest of a slow walk.
# README of the site shows what they mean at a window.
NORTH_OF_CORE_M = (0.0, 10.3)
SOUTH_OF_WING_A_M = (18.0, -10.3)
SURVEY: Mapping[str, tuple[tuple[float, float], float]] = {
    "EE": (NORTH_OF_CORE_M, -100.0),
    "O2": (NORTH_OF_CORE_M, -102.0),
    "VF": (SOUTH_OF_WING_A_M, -105.0),
    "Three": (SOUTH_OF_WING_A_M, -106.0),
}
