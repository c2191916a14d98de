"""Maps of a survey: storeys, what was read on them, where to measure next, masts around. No tiles, no network."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.patches import Circle
from matplotlib.patheffects import withStroke

from quietwing.coverage.calibration import NextReadings
from quietwing.coverage.report.plain_text import with_plain_text
from quietwing.coverage.report.plan_drawing import (
    DOOR_COLOUR,
    HOLE_COLOUR,
    QUIET_COLOUR,
    UNKNOWN_COLOUR,
    WALL_COLOUR,
    WINDOW_COLOUR,
    openings_of,
    png_of,
)
from quietwing.sites import Reading, Sector, Site, locate

__all__ = [
    "StoreyPicture",
    "mast_figure",
    "next_readings_figure",
    "places_figure",
    "readings_figure",
    "storey_picture",
    "storeys_figure",
]

MOST_STOREYS = 12  # of one picture
PLAN_IN, HEADING_IN = 5.4, 0.9  # width of a plan, and of its title and axis [in]
LEAST_TALL = 0.35  # of its width
AROUND_M = 1.5  # drawn beyond the outline of a storey
LONGER_PX = 1100
LEVELS = "viridis"
_ON_WALLS: dict[str, Any] = {  # words that are read over lines
    "textcoords": "offset points",
    "zorder": 6,
    "path_effects": [withStroke(linewidth=2.5, foreground="white")],
}
MARKERS = "osD^vP*X"


def places_figure(site: Site, places: Sequence[tuple[str, float, float, int, int]], title: str) -> Figure:
    """Numbered places on the plans of their storeys.

    Parameters
    ----------
    site : Site
    places : sequence of (str, float, float, int, int)
        Label, x, y, building (−1 outside) and storey of each.
    title : str

    Returns
    -------
    Figure
        One plan for each storey that has a place, at most 12.
    """
    figure, axes = _plans(site, sorted({(one[3], one[4]) for one in places}) or [(-1, 0)], title)
    for storey, ax in axes.items():
        together: dict[tuple[float, float], list[str]] = {}
        for label, x, y, at_building, at_storey in places:
            if (at_building, at_storey) == storey:
                together.setdefault((x, y), []).append(label)
        for (x, y), labels in together.items():
            ax.plot(x, y, "o", color=HOLE_COLOUR, markersize=9, markeredgecolor="white", zorder=4)
            words = ", ".join(labels)
            ax.annotate(words, (x, y), (7, 5), fontsize=9, weight="bold", **_ON_WALLS)
    with_plain_text(figure)
    return figure


def next_readings_figure(site: Site, found: NextReadings) -> Figure:
    """Where to measure next, numbered as in the table."""
    places = [
        (str(number), one.x_m, one.y_m, one.building, one.storey) for number, one in enumerate(found.readings, 1)
    ]
    return places_figure(site, places, f"Measure here next: {site.name} ({site.marking})")


def storeys_figure(site: Site) -> Figure:
    """Every storey with its rooms, walls, doors and windows, 12 at most."""
    storeys = [(index, number) for index, one in enumerate(site.buildings) for number in range(len(one.storeys))]
    figure, axes = _plans(site, storeys, f"{site.name} ({site.marking})")
    first = next(iter(axes.values()))
    for colour, words in ((WALL_COLOUR, "wall"), (WINDOW_COLOUR, "window"), (DOOR_COLOUR, "door")):
        first.plot([], [], color=colour, label=words)
    figure.legend(loc="outside lower right", ncols=3, fontsize=8)
    with_plain_text(figure)
    return figure


def readings_figure(site: Site, readings: Sequence[Reading]) -> Figure:
    """Levels of one channel where they were read, storey by storey.

    Parameters
    ----------
    site : Site
    readings : sequence of Reading
        Of one channel, one or more.

    Returns
    -------
    Figure
    """
    at = locate(site, tuple(readings))
    figure, axes = _plans(site, sorted(set(zip(at.building.tolist(), at.storey.tolist(), strict=True))),
                          f"{readings[0].channel}: medians read at {site.name} ({site.marking})")  # fmt: skip
    rsrp_dbm = np.array([one.rsrp_dbm for one in readings])
    low, high = rsrp_dbm.min() - 1, rsrp_dbm.max() + 1
    for (building, storey), ax in axes.items():
        here = (at.building == building) & (at.storey == storey)
        x, y = at.xyz_m[here, 0], at.xyz_m[here, 1]
        drawn = ax.scatter(x, y, c=rsrp_dbm[here], cmap=LEVELS, vmin=low, vmax=high, marker="s", s=42, zorder=5)
        if len(x) <= 40:  # so many numbers can be read
            for u, v, level in zip(x, y, rsrp_dbm[here], strict=True):
                ax.annotate(f"{level:.0f}", (u, v), (5, 4), fontsize=8, **_ON_WALLS)
    figure.colorbar(drawn, ax=list(axes.values()), label="level [dBm]", shrink=0.8)
    with_plain_text(figure)
    return figure


class StoreyPicture(NamedTuple):
    """A storey as a picture whose edges are known: west, south, east, north. [m]"""

    png: bytes
    width_px: int
    height_px: int
    edges_m: tuple[float, float, float, float]

    def place_m(self, x_px: float, y_px: float) -> tuple[float, float]:
        """Where a pixel lies in the site. [m]"""
        west, south, east, north = self.edges_m
        return (
            west + (east - west) * x_px / self.width_px,
            north - (north - south) * y_px / self.height_px,
        )


def storey_picture(
    site: Site, building: int, storey: int, way_m: Sequence[tuple[float, float]] = ()
) -> StoreyPicture:
    """A storey without a margin, to be clicked on, with the way walked so far."""
    west, south, east, north = site.buildings[building].outline.buffer(AROUND_M).bounds
    longer = LONGER_PX / max(east - west, north - south)
    width, height = round((east - west) * longer), round((north - south) * longer)
    figure = Figure(figsize=(width / 100, height / 100), dpi=100)
    ax = figure.add_axes((0, 0, 1, 1))
    _draw_storey(ax, site, building, storey)
    ax.set_aspect("auto")
    ax.set_xlim(west, east)
    ax.set_ylim(south, north)
    ax.set_axis_off()
    ax.set_title("")
    if way_m:
        ax.plot(*zip(*way_m, strict=True), "-o", color=HOLE_COLOUR, lw=2, markersize=9, zorder=5)
        for number, place in enumerate(way_m, 1):
            ax.annotate(str(number), place, (8, 6), fontsize=12, weight="bold", **_ON_WALLS)
    return StoreyPicture(png_of(figure, dpi=100), width, height, (west, south, east, north))


class _Here(NamedTuple):
    """A storey of a building, as `openings_of` asks for it."""

    building: int
    storey: int


def _plans(site: Site, storeys: Sequence[tuple[int, int]], title: str) -> tuple[Figure, dict[tuple[int, int], Axes]]:
    """A figure with a plan of each storey, 12 at most."""
    shown = list(storeys)[:MOST_STOREYS]
    columns = min(2, len(shown))
    rows = math.ceil(len(shown) / columns)
    built = [site.perimeter.outline, *(site.buildings[building].outline for building, _ in shown if building >= 0)]
    west, south, east, north = built[-1].bounds
    tall = min(max((north - south) / (east - west), LEAST_TALL), 1.0)
    figure = Figure(figsize=(PLAN_IN * columns, (PLAN_IN * tall + HEADING_IN) * rows + 0.4), layout="constrained")
    FigureCanvasAgg(figure)
    figure.suptitle(title, fontsize=11)
    axes = {}
    for number, (building, storey) in enumerate(shown):
        axes[building, storey] = ax = figure.add_subplot(rows, columns, number + 1)
        _draw_storey(ax, site, building, storey)
    return figure, axes


def _draw_storey(ax: Axes, site: Site, building: int, storey: int) -> None:
    """One storey: rooms, walls, doors and windows; -1 the open ground with all buildings."""
    name = site.buildings[building].id if building >= 0 else None
    for room in site.rooms:
        if room.building == name and (building < 0 or room.storey == storey):
            x, y = room.outline.exterior.xy
            ax.fill(
                x, y, facecolor=UNKNOWN_COLOUR if room.role == "silence" else "white", edgecolor=WALL_COLOUR, lw=0.7
            )
    if building < 0:
        x, y = site.perimeter.outline.exterior.xy
        ax.plot(x, y, color=WALL_COLOUR, lw=1)
        for one in site.buildings:
            x, y = one.outline.exterior.xy
            ax.fill(x, y, facecolor=UNKNOWN_COLOUR, edgecolor=WALL_COLOUR, lw=0.7)
    else:
        lines = [one.line.coords for one in site.walls if one.building == name and one.storey == storey]
        ax.add_collection(LineCollection(lines, colors=WALL_COLOUR, linewidths=1.4))
        for kinds, colour in ((("window", "hatch"), WINDOW_COLOUR), (("door", "gate"), DOOR_COLOUR)):
            found = openings_of(site, _Here(building, storey), kinds)
            ax.add_collection(LineCollection(found, colors=colour, linewidths=2.4))
    words = "outside" if building < 0 else site.buildings[building].storey_in_words(storey)
    ax.set_title(words, fontsize=10)
    ax.set_aspect("equal")
    ax.tick_params(labelsize=7)
    ax.ticklabel_format(useOffset=False, style="plain")  # metres of a national grid are read as they are
    ax.set_xlabel("x [m]", fontsize=8)
    ax.set_ylabel("y [m]", fontsize=8)


def mast_figure(site: Site, sectors: Sequence[Sector]) -> Figure:
    """Masts around a site with the directions their sectors look, rings of distance and the perimeter.

    Parameters
    ----------
    site : Site
    sectors : sequence of Sector

    Returns
    -------
    Figure
    """
    figure = Figure(figsize=(8, 8), layout="constrained")
    FigureCanvasAgg(figure)
    ax = figure.subplots()
    middle = site.perimeter.outline.centroid
    x, y = site.perimeter.outline.exterior.xy
    ax.fill(np.array(x) - middle.x, np.array(y) - middle.y, color=UNKNOWN_COLOUR, ec=WALL_COLOUR, zorder=2)
    away_m = [math.hypot(one.x_m - middle.x, one.y_m - middle.y) for one in sectors]
    reach_m = max([*away_m, 100.0]) * 1.15
    step_m = 10 ** math.floor(math.log10(reach_m))
    step_m = step_m / 2 if reach_m / step_m < 3 else step_m
    for ring in np.arange(step_m, reach_m, step_m):
        ax.add_patch(Circle((0, 0), ring, fill=False, lw=0.5, color="grey", ls=":"))
        ax.annotate(f"{ring:,.0f} m", (0, ring), fontsize=7, color="grey", ha="center", va="bottom")
    operators = sorted({one.operator for one in sectors})
    count = len(operators)
    for number, operator in enumerate(operators):
        mine = [one for one in sectors if one.operator == operator]
        colour = f"C{number % 10}"
        spots = sorted({(one.x_m - middle.x, one.y_m - middle.y) for one in mine})
        ax.scatter(
            [x for x, _ in spots],
            [y for _, y in spots],
            marker=MARKERS[number % len(MARKERS)],
            color=colour,
            label=f"{operator}: {len(spots)} mast{'s' * (len(spots) != 1)}",
            s=45 + 70 * (count - 1 - number),  # operators on one mast are rings around each other
            zorder=4 + 0.1 * number,
            edgecolors="white",
        )
        for one in mine:
            if one.azimuth_deg is not None and one.pattern != "omni":
                turn = math.radians(one.azimuth_deg)
                start = (one.x_m - middle.x, one.y_m - middle.y)
                end = start[0] + 0.06 * reach_m * math.sin(turn), start[1] + 0.06 * reach_m * math.cos(turn)
                ax.plot(*zip(start, end, strict=True), color=colour, lw=1, zorder=3)
    ax.set_xlim(-reach_m, reach_m)
    ax.set_ylim(-reach_m, reach_m)
    ax.set_aspect("equal")
    ax.set_xlabel("metres east of the middle of the site", fontsize=9)
    ax.set_ylabel("metres north", fontsize=9)
    ax.set_title(
        f"Masts around {site.name} ({site.marking}): {len(sectors)} sectors", fontsize=11, color=QUIET_COLOUR
    )
    ax.legend(fontsize=8, loc="upper left")
    with_plain_text(figure)
    return figure
