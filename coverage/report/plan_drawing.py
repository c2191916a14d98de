"""What every plan shares: colours, walls with a white casing, openings, scale bar, north, and where it came from."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import IO, Protocol

import shapely
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from quietwing.coverage.report.plain_text import with_plain_text
from quietwing.coverage.report.plan_marks import (
    DOOR_COLOUR,
    HOLE_COLOUR,
    QUIET_COLOUR,
    UNKNOWN_COLOUR,
    WALL_COLOUR,
    WINDOW_COLOUR,
    openings_of,
    plan_corners,
)
from quietwing.sites import Patch, Site

__all__ = [
    "DOOR_COLOUR",
    "HOLE_COLOUR",
    "HOLE_HATCH",
    "NOTHING_DRAWN",
    "QUIET_COLOUR",
    "UNKNOWN_COLOUR",
    "WALL_COLOUR",
    "WINDOW_COLOUR",
    "Storeyed",
    "draw_plan",
    "new_axes",
    "north_and_scale",
    "openings_of",
    "picture_into",
    "plan_corners",
    "png_of",
    "provenance",
    "save_png",
    "set_map_title",
]

HOLE_HATCH = "////"
SCALE_BARS_M = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
DPI = 130
NOTHING_DRAWN: Mapping[str, bytes] = MappingProxyType({})
COMPRESSION = 3  # of zlib: half the time of its usual 6, files a little larger
_DRAWING = threading.Lock()  # matplotlib's settings are the whole process's


class Storeyed(Protocol):
    """A map over one storey of a building, or over one yard (building -1)."""

    @property
    def title(self) -> str:
        """Building and storey in words."""

    @property
    def building(self) -> int:
        """Index of the building, -1 for a yard."""

    @property
    def storey(self) -> int:
        """Number of the storey."""

    @property
    def patch(self) -> Patch:
        """The grid."""


def new_axes() -> Axes:
    """Axes of a figure of their own."""
    figure = Figure(figsize=(9, 5), layout="constrained")
    FigureCanvasAgg(figure)
    return figure.subplots()


def save_png(figure: Figure, path: Path | IO[bytes], dpi: int = DPI) -> None:
    """Write a figure without a date or a version in it, so that equal results give equal bytes.

    Drawn once: `savefig` would draw all of it a second time, unseen, for the layout. Letters are not fitted to whole
    pixels (hinting): that takes a quarter of a picture's time, and nobody sees it at this size.
    """
    figure.set_dpi(dpi)
    with _DRAWING, rc_context({"text.hinting": "no_hinting"}):
        FigureCanvasAgg(with_plain_text(figure)).print_png(  # type: ignore[no-untyped-call]
            path, metadata={"Software": None}, pil_kwargs={"compress_level": COMPRESSION}
        )


def png_of(figure: Figure, dpi: int = DPI) -> bytes:
    """What `save_png` writes."""
    held = io.BytesIO()
    save_png(figure, held, dpi)
    return held.getvalue()


def picture_into(folder: Path, name: str, figure: Callable[[], Figure], drawn: Mapping[str, bytes]) -> None:
    """Write a picture into a folder: the bytes there are of its name, else those of a figure."""
    if name in drawn:
        (folder / name).write_bytes(drawn[name])
    else:
        save_png(figure(), folder / name)


def set_map_title(ax: Axes, words: str) -> None:
    """Write the title of a map, at a given height: matplotlib takes a seventh of a picture's time to look for one."""
    ax.set_title(words, loc="left", fontsize=11, y=1.0)


def draw_plan(ax: Axes, site: Site, storey: Storeyed) -> None:
    """Walls over the map with a white casing, openings in their own colours, scale bar and north arrow."""
    building = site.buildings[storey.building].id if storey.building >= 0 else None
    lines = [
        shapely.get_coordinates(wall.line)
        for wall in site.walls
        if wall.building == building and wall.storey == storey.storey
    ]
    ax.add_collection(LineCollection(lines, colors="white", linewidths=2.4))
    ax.add_collection(LineCollection(lines, colors=WALL_COLOUR, linewidths=1.0))
    for kinds, colour in ((("window", "hatch"), WINDOW_COLOUR), (("door", "gate"), DOOR_COLOUR)):
        ax.add_collection(LineCollection(openings_of(site, storey, kinds), colors=colour, linewidths=1.8))
    if building is None:
        yards = [
            shapely.get_coordinates(room.outline.exterior)
            for room in site.rooms
            if room.building is None and f"Yard {room.id}" == storey.title
        ]
        ax.add_collection(LineCollection(yards, colors=WALL_COLOUR, linewidths=1.0))
    x, y = plan_corners(storey.patch)
    north_and_scale(ax, (float(x.min()), float(y.min()), float(x.max()), float(y.max())))


def north_and_scale(ax: Axes, bounds_m: tuple[float, float, float, float]) -> None:
    """Scale bar and north arrow below a plan; sets the limits around it, equal in x and y."""
    west, south, east, north = bounds_m
    ax.set_aspect("equal")
    ax.set_axis_off()
    width_m, tall_m = east - west, max(north - south, (east - west) / 4)
    bar_m = max((m for m in SCALE_BARS_M if m <= width_m / 4), default=SCALE_BARS_M[0])
    below, thick = south - 0.07 * tall_m, 0.012 * tall_m
    ax.add_patch(Rectangle((west, below), bar_m, thick, color="black"))
    ax.text(west + bar_m / 2, below - thick, f"{bar_m} m", ha="center", va="top", fontsize=8)
    ax.annotate(
        "N",
        (east, below + 3 * thick),
        (east, below - 3 * thick),
        arrowprops={"arrowstyle": "-|>", "color": "black"},
        ha="center",
        va="top",
        fontsize=8,
    )
    ax.set_xlim(west - thick, east + thick)
    ax.set_ylim(below - 6 * thick, north + thick)


def provenance(site: Site, scenario_id: str, detail: str) -> str:
    """The line under every figure: site, date of its input data, scenario; never the date of the run."""
    return (
        f"{site.name} · input data as of {site.as_of.isoformat()} · scenario {scenario_id} · {detail} · "
        f"Simulation only."
    )
