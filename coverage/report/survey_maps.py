"""Maps of a survey: where to measure next, storey by storey, and the masts around a site. No tiles, no network."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Circle

from quietwing.coverage.report.plain_text import with_plain_text
from quietwing.coverage.report.plan_drawing import HOLE_COLOUR, QUIET_COLOUR, UNKNOWN_COLOUR, WALL_COLOUR
from quietwing.sites import Sector, Site

__all__ = ["mast_figure", "places_figure"]

MOST_STOREYS = 12  # of one picture
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
    storeys = sorted({(one[3], one[4]) for one in places})[:MOST_STOREYS] or [(-1, 0)]
    columns = min(2, len(storeys))
    rows = math.ceil(len(storeys) / columns)
    figure = Figure(figsize=(6.5 * columns, 4.2 * rows + 0.5), layout="constrained")
    FigureCanvasAgg(figure)
    figure.suptitle(title, fontsize=11)
    for number, (building, storey) in enumerate(storeys):
        ax = figure.add_subplot(rows, columns, number + 1)
        _draw_storey(ax, site, building, storey)
        together: dict[tuple[float, float], list[str]] = {}
        for label, x, y, at_building, at_storey in places:
            if (at_building, at_storey) == (building, storey):
                together.setdefault((x, y), []).append(label)
        for (x, y), labels in together.items():
            ax.plot(x, y, "o", color=HOLE_COLOUR, markersize=9, markeredgecolor="white", zorder=4)
            words = ", ".join(labels)
            ax.annotate(words, (x, y), (7, 5), textcoords="offset points", fontsize=9, weight="bold", zorder=5)
    with_plain_text(figure)
    return figure


def _draw_storey(ax: Axes, site: Site, building: int, storey: int) -> None:
    """Rooms of one storey as outlines."""
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
    words = "outside" if building < 0 else site.buildings[building].storey_in_words(storey)
    ax.set_title(words, fontsize=10)
    ax.set_aspect("equal")
    ax.tick_params(labelsize=7)
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
