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
from quietwing.sites.files import save_site
from quietwing.sites.galleries import radial_building
from quietwing.sites.model import OutsideLevel, Perimeter, Receptor, Room, Sector, Site
from quietwing.sites.networks import UNMEASURED_SIGMA_DB, Mast, sectors_of
from quietwing.sites.parts import Frame, fence
from quietwing.sites.synthetic import assemble, homes
from quietwing.sites.wing_description import WingDescription

__all__ = ["BUNDLED", "campus", "houseblock", "radial", "write_all"]

SURVEY_DATE = dt.date(2026, 11, 10)  # invented
SURVEY_HEIGHT_M = 1.5
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
    source="assumed: metal-faced walls 20-40 dB unless gaps; the cap of 30 dB is the middle",
    description="Metal-faced composite cladding, joints leak",
)
WORKSHOP = HallMake(
    24.0, 6.0, "metal_cladding", "brick_215", "metal_deck_roof", "timber_door", "glass_6", (3.0, 3.5, 5.0)
)


def _mast(
    name: str, operators: tuple[str, ...], distance_m: float, bearing_deg: float, area: str, **more: float
) -> Mast:
    """A mast at a distance and bearing from the site's origin, its first sector looking 20° past the site."""
    bearing = math.radians(bearing_deg)
    x_m, y_m = round(distance_m * math.sin(bearing), 1), round(distance_m * math.cos(bearing), 1)
    return Mast(name, operators, x_m, y_m, (bearing_deg + 200.0) % 360, area, **more)


def _stated(sectors: tuple[Sector, ...], sigma_db: float) -> tuple[Sector, ...]:
    """Sectors as a site owner would list them: given, not assumed."""
    return tuple(replace(sector, assumed=False, sigma_db=sigma_db) for sector in sectors)


# ------------------------------------------------------------------ houseblock

# Invented readings of the strongest spot of a slow walk 5 m from the façade that faces the mast, as at the edge of a
# UK town: between the clear and the hidden medians of 3GPP TR 38.901 (RMa) at 1 to 2.5 km, −61 and −102 dBm at
# 800 MHz, −69 and −112 at 1,800. LTE and NR in one resource element, GSM in 200 kHz. [dBm]
NORTH_READINGS: Mapping[str, float] = {
    "EE/n67/NR": -84.0,
    "EE/n28/NR": -83.0,
    "EE/B20/LTE": -82.0,
    "EE/B3/GSM": -68.0,
    "EE/B3/LTE": -92.0,
    "EE/B1/LTE": -94.0,
    "EE/B7/LTE": -98.0,
    "EE/n78/NR": -102.0,
    "O2/B28/LTE": -83.0,
    "O2/n28/NR": -83.0,
    "O2/B20/LTE": -81.0,
    "O2/B8/GSM": -65.0,
    "O2/B8/LTE": -83.0,
    "O2/B32/LTE": -88.0,
    "O2/B3/LTE": -91.0,
    "O2/B1/LTE": -93.0,
    "O2/B40/LTE": -96.0,
    "O2/B38/LTE": -98.0,
    "O2/n78/NR": -101.0,
}
SOUTH_READINGS: Mapping[str, float] = {
    "VF/B20/LTE": -85.0,
    "VF/B8/GSM": -68.0,
    "VF/B8/LTE": -86.0,
    "VF/B3/LTE": -95.0,
    "VF/B1/LTE": -97.0,
    "VF/B38/LTE": -101.0,
    "VF/B7/LTE": -101.0,
    "VF/n78/NR": -104.0,
    "Three/n28/NR": -86.0,
    "Three/B20/LTE": -85.0,
    "Three/n75/NR": -91.0,
    "Three/B3/LTE": -95.0,
    "Three/B1/LTE": -97.0,
    "Three/n78/NR": -105.0,
}


# Where each operator's mast is faced, and by how much what was read there differs from the list. [m, dB]
SURVEY: tuple[tuple[tuple[str, ...], Mapping[str, float], tuple[tuple[float, float, float], ...]], ...] = (
    (("EE",), NORTH_READINGS, ((0.0, 10.3, 0.0), (18.0, 10.3, -2.0), (34.3, 0.0, 1.0))),
    (("O2",), NORTH_READINGS, ((0.0, 10.3, 0.0), (-18.0, 10.3, 1.0), (-34.3, 0.0, -2.0))),
    (("VF", "Three"), SOUTH_READINGS, ((18.0, -10.3, 0.0), (10.3, -20.0, -1.0), (0.0, -34.3, 2.0))),
)


def houseblock() -> Site:
    """A modern T-block of 240 cells behind sealed, metallised glass; levels measured on the site: the demo."""
    wing = WingDescription(name="houseblock", area="rural")
    frame = Frame()
    block, parts = houseblock_building(wing, "houseblock", frame)
    bounds_m = _bounds_m(block.outline)
    lodge = hall(
        "lodge",
        "Control room and healthcare",
        Frame(36.0, 30.0).moved(0.0, 0.0, 1),
        BRICK_HALL,
        (HallRoom("stores", 24.0, "ignore", 0.0),),
        (
            HallRoom("control", 10.0, "keep", 3.0),
            HallRoom("healthcare", 14.0, "keep", 4.0),
        ),
    )
    masts = (
        _mast("M1", ("EE",), 2600.0, 40.0, "rural"),
        _mast("M2", ("O2",), 1900.0, 305.0, "rural"),
        _mast("M3", ("Three", "VF"), 3100.0, 165.0, "rural"),
    )
    levels = tuple(
        OutsideLevel(channel, x_m, y_m, SURVEY_HEIGHT_M, level_dbm + apart_db, SURVEY_DATE)
        for operators, readings, places in SURVEY
        for x_m, y_m, apart_db in places
        for channel, level_dbm in readings.items()
        if channel.split("/")[0] in operators
    )
    return assemble(
        wing,
        ((block, parts), lodge),
        perimeter=fence(frame, bounds_m, (90.0, 100.0, 80.0, 60.0), wing.fence),
        receptors=homes(frame, bounds_m, 100.0, 60.0),
        sectors=_stated(sectors_of(masts, (0.0, 0.0)), UNMEASURED_SIGMA_DB),
        outside_levels=levels,
        description="Modern precast T-block, 3 wings of 20 cells on 4 storeys; levels measured on the site",
    )


# ------------------------------------------------------------------ radial


def radial() -> Site:
    """A Victorian radial prison tight in a city, four galleried spurs, masts unmeasured: the hard case."""
    wing = WingDescription(name="radial", type="radial")
    frame = Frame()
    block, parts = radial_building(wing, "radial", frame)
    # EE alone serves the control room with blockers off; in the clinic no operator does in nine worlds of ten
    parts = replace(
        parts,
        rooms=tuple(replace(room, operators=("EE",)) if room.id == "hub1-control" else room for room in parts.rooms),
    )
    bounds_m = _bounds_m(block.outline)
    masts = (
        _mast("R1", ("EE", "Three"), 380.0, 50.0, "urban"),
        _mast("R2", ("O2", "VF"), 700.0, 290.0, "urban"),
        _mast("R3", ("O2", "VF"), 460.0, 160.0, "urban"),
        _mast("R4", ("EE", "Three"), 900.0, 230.0, "urban"),
    )
    return assemble(
        wing,
        ((block, parts),),
        perimeter=fence(frame, bounds_m, (12.0, 16.0, 20.0, 14.0), wing.fence, wing.fence_height_m),
        receptors=homes(frame, bounds_m, 20.0, wing.homes_distance_m),
        sectors=_stated(sectors_of(masts, (0.0, 0.0)), UNMEASURED_SIGMA_DB),
        description="Victorian radial prison, 4 galleried spurs of 50 cells on 4 landings, plain open windows",
    )


# ------------------------------------------------------------------ campus

BLOCKS: tuple[tuple[str, float, float, float], ...] = (
    # id, x, y, bearing
    ("HB1", -190.0, 120.0, 0.0),
    ("HB2", 0.0, 125.0, 15.0),
    ("HB3", 190.0, 120.0, 340.0),
    ("HB4", -190.0, -105.0, 180.0),
    ("HB5", 0.0, -110.0, 195.0),
    ("HB6", 190.0, -105.0, 160.0),
)
CAMPUS_MASTS = (
    _mast("C01", ("EE", "Three"), 700.0, 60.0, "rural"),
    _mast("C02", ("O2", "VF"), 1100.0, 310.0, "rural"),
    _mast("C03", ("EE", "Three"), 2100.0, 215.0, "rural"),
    _mast("C04", ("O2", "VF"), 2400.0, 140.0, "rural"),
    _mast("C05", ("EE",), 2900.0, 15.0, "rural", highest_mhz=MIDDLE_BANDS_MHZ),
    _mast("C06", ("Three", "VF"), 3200.0, 265.0, "rural", highest_mhz=MIDDLE_BANDS_MHZ),
    _mast("C07", ("O2",), 3600.0, 85.0, "rural", highest_mhz=MIDDLE_BANDS_MHZ),
    _mast("C08", ("EE", "Three"), 4100.0, 330.0, "rural", highest_mhz=MIDDLE_BANDS_MHZ),
    _mast("C09", ("O2", "VF"), 4400.0, 185.0, "rural", highest_mhz=LOW_BANDS_MHZ),
    _mast("C10", ("Three",), 4900.0, 120.0, "rural", highest_mhz=LOW_BANDS_MHZ),
    _mast("C11", ("EE",), 5400.0, 245.0, "rural", highest_mhz=LOW_BANDS_MHZ),
    _mast("C12", ("O2", "VF"), 6000.0, 35.0, "rural", highest_mhz=LOW_BANDS_MHZ),
)


def campus() -> Site:
    """Six T-blocks, workshops and yards behind one wall in the country: the scale case."""
    wing = WingDescription(
        name="campus", cell_names="{building}-{wing}{storey}-{n:02d}", fence="perimeter_concrete", area="rural"
    )
    blocks = tuple(
        houseblock_building(wing, name, Frame(x_m, y_m, bearing_deg), f"{name}-")
        for name, x_m, y_m, bearing_deg in BLOCKS
    )
    shops = tuple(
        hall(
            name,
            f"Workshops {name[-1]}",
            Frame(x_m, y_m).moved(0.0, 0.0, 1),
            WORKSHOP,
            tuple(HallRoom(f"shop{n}", 20.0, "silence", 15.0) for n in (1, 2)),
        )
        for name, x_m, y_m in (("WS1", -255.0, -5.0), ("WS2", -205.0, -5.0), ("WS3", -155.0, -5.0))
    )
    staff = (
        hall(
            "gatehouse",
            "Gatehouse",
            Frame(-18.0, -218.0).moved(0.0, 0.0, 1),
            BRICK_HALL,
            (
                HallRoom("gate", 18.0, "keep", 4.0, ("EE", "O2")),
                HallRoom("control", 18.0, "keep", 4.0, ("EE", "O2")),
            ),
        ),
        hall(
            "healthcare",
            "Healthcare",
            Frame(150.0, 5.0).moved(0.0, 0.0, 1),
            BRICK_HALL,
            tuple(HallRoom(name, 15.0, "keep", 5.0, ("EE",)) for name in ("surgery", "ward")),
        ),
    )
    grid = Frame().moved(0.0, 0.0, 1)
    yards = tuple(
        Room(name, None, 0, grid.rectangle(*corners), "silence", 40.0, name.replace("-", " "))
        for name, corners in (
            ("yard-west", (-70.0, -20.0, -20.0, 30.0)),
            ("yard-east", (30.0, -20.0, 80.0, 30.0)),
        )
    )
    outline = grid.rectangle(-300.0, -225.0, 300.0, 225.0)
    site = assemble(
        wing,
        (*blocks, *shops, *staff),
        perimeter=Perimeter("perimeter", outline, wing.fence_height_m, wing.fence),
        receptors=(
            Receptor("lane-south", Point(0.0, -250.0), "road", 5.0),
            Receptor("farm-east", Point(560.0, 60.0), "home", 4.0, (1.5, 4.5)),
            Receptor("cottages-north", Point(-80.0, 420.0), "home", 9.0, (1.5, 4.5)),
            Receptor("village-west", Point(-950.0, -120.0), "home", 160.0, (1.5, 4.5)),
        ),
        sectors=_stated(sectors_of(CAMPUS_MASTS, (0.0, 0.0)), UNMEASURED_SIGMA_DB),
        own_constructions=(METAL_CLADDING,),
        description="Six T-blocks of 240 cells, workshops, yards, gatehouse and healthcare in the country",
    )
    return replace(site, rooms=site.rooms + yards)


def _bounds_m(outline: Polygon) -> tuple[float, float, float, float]:
    west, south, east, north = outline.bounds
    return west, south, east, north


# ------------------------------------------------------------------ folders

BUNDLED: Mapping[str, Callable[[], Site]] = {"houseblock": houseblock, "radial": radial, "campus": campus}
SCENARIO = "format = 1\ngrid_m = {}\nseed = 1\n"
COARSE_GRID_M, GRID_M = {"campus": 1.0}, 0.5  # maps of the scale case by the metre: a quarter of the points


def write_all(folder: Path) -> None:
    """Write the folder of each bundled site; equal code gives equal bytes.

    Parameters
    ----------
    folder : Path
        Receives ``houseblock/``, ``radial/`` and ``campus/``; their files are replaced.
    """
    written = files("quietwing.sites.examples")
    for name, make in BUNDLED.items():
        save_site(make(), folder / name, overwrite=True)
        scenario = SCENARIO.format(COARSE_GRID_M.get(name, GRID_M))
        (folder / name / "scenario.toml").write_text(scenario, "utf-8", newline="")
        readme = written.joinpath(name, "README.md").read_text("utf-8")  # written by hand
        (folder / name / "README.md").write_text(readme, "utf-8", newline="")


if __name__ == "__main__":
    write_all(Path(sys.argv[1]))
