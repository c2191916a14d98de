"""Maps: what leaks where, drawn so that they read in black and white and carry their own caption."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from typing import Any

import numpy as np
import shapely
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import BoundaryNorm, LinearSegmentedColormap, ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Patch as LegendPatch
from matplotlib.patches import Polygon

from quietwing.coverage.report.measured_maps import draw_measured, measured_legend, measured_on
from quietwing.coverage.report.measured_tables import measured_id
from quietwing.coverage.report.plan_drawing import (
    DOOR_COLOUR,
    HOLE_COLOUR,
    HOLE_HATCH,
    QUIET_COLOUR,
    WINDOW_COLOUR,
    draw_plan,
    new_axes,
    plan_corners,
    provenance,
    save_png,
    set_map_title,
)
from quietwing.coverage.report.words import channel_in_words
from quietwing.coverage.results import Leakage, StoreyMap

__all__ = ["channel_count_map", "save_png", "service_map", "storey_figure"]

WEAK_COLOUR, STRONG_COLOUR = "#F9E3A8", "#C8441B"
LARGEST_HEADROOM_DB = 60.0  # fixed scale, so that two maps compare
WIDEST_BESIDE = 2.0  # plans longer than twice their width stand one above the other

_LEAK = LinearSegmentedColormap.from_list("leak", [WEAK_COLOUR, HOLE_COLOUR, STRONG_COLOUR])


def service_map(leakage: Leakage, storey: StoreyMap, ax: Axes | None = None) -> Axes:
    """Headroom of the strongest usable service over one storey; where none is usable, a dead zone.

    Levels measured on the storey, if any were given, lie over it as markers.

    Parameters
    ----------
    leakage : Leakage
    storey : StoreyMap
        One of ``leakage.maps``.
    ax : Axes, optional
        Where to draw; a new figure without it.

    Returns
    -------
    Axes
    """
    ax, alone = (ax, False) if ax is not None else (new_axes(), True)
    headroom_db = _in_rooms(storey, "headroom_db")
    mesh = ax.pcolormesh(
        *plan_corners(storey.patch),
        np.ma.masked_less(headroom_db, 0.0),
        cmap=_LEAK,
        vmin=0.0,
        vmax=LARGEST_HEADROOM_DB,
        rasterized=True,
    )
    _draw_quiet(ax, storey, headroom_db < 0)
    figure = ax.figure
    bar = figure.colorbar(mesh, ax=ax, shrink=0.8, pad=0.02, extend="max")
    bar.set_label("above the level a phone needs [dB]")
    _draw_holes(ax, leakage, storey)
    draw_plan(ax, leakage.site, storey)
    read_here = measured_on(leakage, storey)
    if leakage.measured is not None and len(read_here):
        draw_measured(ax, leakage.measured, read_here)
    if alone:
        ax.legend(
            handles=[*_legend(), *(measured_legend() if len(read_here) else ())],
            loc="upper left",
            bbox_to_anchor=(0, -0.06),
            ncols=5,
            fontsize=7,
            frameon=False,
        )
    set_map_title(ax, f"{storey.title}: strongest usable service, blockers off")
    return ax


def channel_count_map(leakage: Leakage, storey: StoreyMap, ax: Axes | None = None) -> Axes:
    """Number of usable channels (operator × band × technology) over one storey.

    Parameters
    ----------
    leakage : Leakage
    storey : StoreyMap
        One of ``leakage.maps``.
    ax : Axes, optional
        Where to draw; a new figure without it.

    Returns
    -------
    Axes
    """
    ax, alone = (ax, False) if ax is not None else (new_axes(), True)
    count = _in_rooms(storey, "usable_channels")
    most = leakage.at_points.sizes["channel"]
    steps = np.unique(np.ceil(np.linspace(1, most + 1, min(most, 8) + 1)).astype(int))
    colours = ListedColormap(_LEAK(np.linspace(0, 1, len(steps) - 1)))
    mesh = ax.pcolormesh(
        *plan_corners(storey.patch),
        np.ma.masked_less(count, 1),
        cmap=colours,
        norm=BoundaryNorm(steps, colours.N),
        rasterized=True,
    )
    _draw_quiet(ax, storey, count == 0)
    bar = ax.figure.colorbar(mesh, ax=ax, shrink=0.8, pad=0.02)
    bar.set_ticks([(a + b - 1) / 2 + 0.5 for a, b in itertools.pairwise(steps)])
    bar.set_ticklabels([f"{a}" if b == a + 1 else f"{a}–{b - 1}" for a, b in itertools.pairwise(steps)])
    bar.set_label(f"usable channels, of {most}")
    _draw_holes(ax, leakage, storey)
    draw_plan(ax, leakage.site, storey)
    if alone:
        ax.legend(handles=_legend(), loc="upper left", bbox_to_anchor=(0, -0.06), ncols=5, fontsize=7, frameon=False)
    set_map_title(ax, f"{storey.title}: number of usable channels, blockers off")
    return ax


def storey_figure(leakage: Leakage, storey: StoreyMap) -> Figure:
    """Both maps of one storey with marking, date of the input data and scenario id."""
    x, y = plan_corners(storey.patch)
    ratio = float(np.ptp(x) / np.ptp(y))
    beside = ratio < WIDEST_BESIDE
    width_in = 15.0 if beside else 11.0
    panel_in = (width_in / 2 if beside else width_in) * 0.8 / max(ratio, 0.6) + 1.2
    figure = Figure(figsize=(width_in, (panel_in if beside else 2 * panel_in) + 0.8), layout="constrained")
    FigureCanvasAgg(figure)
    upper, lower = figure.subplots(*((1, 2) if beside else (2, 1)))
    service_map(leakage, storey, upper)
    channel_count_map(leakage, storey, lower)
    site = leakage.site
    figure.suptitle(site.marking, fontsize=9, fontweight="bold")
    read_here = len(measured_on(leakage, storey)) > 0
    figure.legend(
        handles=[*_legend(), *(measured_legend() if read_here else ())],
        loc="outside lower center",
        ncols=5,
        fontsize=9,
        frameon=False,
        title=f"{_strongest_in_words(leakage, storey)}\n"
        f"{provenance(site, leakage.scenario_id, _detail(leakage, storey))}",
        title_fontsize=9,
    )
    return figure


def _detail(leakage: Leakage, storey: StoreyMap) -> str:
    """The grid, and which readings lie over it."""
    grid = f"grid {leakage.scenario.grid_m:g} m at 1.5 m"
    if leakage.measured is None or not len(measured_on(leakage, storey)):
        return grid
    return f"{grid}, readings {measured_id(leakage.measured)} each at its own height"


def _in_rooms(storey: StoreyMap, name: str) -> Any:
    """Values of the points that lie in a room."""
    return np.ma.masked_array(storey.data[name].values, storey.data["room"].values < 0)


def _draw_quiet(ax: Axes, storey: StoreyMap, quiet: Any) -> None:
    """Dead zones as opaque squares of one colour."""
    shown = np.ma.masked_array(np.ones(quiet.shape), ~np.ma.filled(quiet, False))
    ax.pcolormesh(*plan_corners(storey.patch), shown, cmap=ListedColormap([QUIET_COLOUR]), rasterized=True)


def _draw_holes(ax: Axes, leakage: Leakage, storey: StoreyMap) -> None:
    """Hatch over each partly quiet room where a phone works all the same: at its window, or higher than the map."""
    works = leakage.by_room["usable"].any("channel").values
    site = leakage.site
    partly_quiet = set(storey.data["room"].values[storey.data["usable_channels"].values == 0].tolist())
    for name, hole in zip(leakage.by_room["room"].values.tolist(), works.tolist(), strict=True):
        index = site.room_index[name]
        room = site.rooms[index]
        building = -1 if room.building is None else site.building_index[room.building]
        here = building == storey.building and room.storey == storey.storey
        if hole and here and index in partly_quiet:
            ring = shapely.get_coordinates(room.outline.exterior)
            ax.add_patch(Polygon(ring, fill=False, hatch=HOLE_HATCH, edgecolor=HOLE_COLOUR, linewidth=0))


def _legend() -> list[LegendPatch]:
    return [
        LegendPatch(color=QUIET_COLOUR, label="no phone works here"),
        LegendPatch(color=HOLE_COLOUR, label="a phone works here"),
        LegendPatch(facecolor="white", edgecolor=HOLE_COLOUR, hatch=HOLE_HATCH, label="… somewhere in this cell"),
        LegendPatch(color=WINDOW_COLOUR, label="window"),
        LegendPatch(color=DOOR_COLOUR, label="door"),
    ]


def _strongest_in_words(leakage: Leakage, storey: StoreyMap) -> str:
    """The services that are strongest over most of the storey's area."""
    in_rooms = storey.data["room"].values >= 0
    strongest = storey.data["strongest"].values[in_rooms]
    usable = strongest[strongest >= 0]
    if not len(usable):
        return "No channel is usable on this storey."
    names = leakage.at_points["channel"].values
    shares = Counter(usable.tolist()).most_common(4)
    parts = [f"{channel_in_words(str(names[index]))} {_share(n, len(strongest))}" for index, n in shares]
    return "Strongest over the largest parts of the floor area in rooms: " + ", ".join(parts)


def _share(part: int, whole: int) -> str:
    percent = math.floor(100 * part / whole)
    return f"{percent} %" if percent else "under 1 %"
