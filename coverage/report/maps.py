"""Maps: what leaks where, drawn so that they read in black and white and carry their own caption."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection
from matplotlib.colors import BoundaryNorm, LinearSegmentedColormap, ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Patch as LegendPatch
from matplotlib.patches import Polygon, Rectangle
from numpy.typing import NDArray

from quietwing.coverage.report.words import channel_in_words
from quietwing.coverage.results import Leakage, StoreyMap
from quietwing.sites.model import Site
from quietwing.sites.points import Patch

__all__ = ["channel_count_map", "save_png", "service_map", "storey_figure"]

# Dead zones calm, leaks loud: the colours of ecosystem.md §7.2, told apart with any colour vision.
QUIET_COLOUR = "#12436D"
WEAK_COLOUR, STRONG_COLOUR = "#F9E3A8", "#C8441B"
WALL_COLOUR, WINDOW_COLOUR, DOOR_COLOUR = "#1a1a1a", "#2A9DF4", "#8a5a2b"
LARGEST_HEADROOM_DB = 60.0  # fixed scale, so that two maps compare
SCALE_BARS_M = (1, 2, 5, 10, 20, 50, 100, 200)
DPI = 130
HOLE_HATCH, HOLE_COLOUR = "////", "#F46A25"
WIDEST_BESIDE = 2.0  # plans longer than twice their width stand one above the other

_LEAK = LinearSegmentedColormap.from_list("leak", [WEAK_COLOUR, "#F46A25", STRONG_COLOUR])


def service_map(leakage: Leakage, storey: StoreyMap, ax: Axes | None = None) -> Axes:
    """Headroom of the strongest usable service over one storey; where none is usable, a dead zone.

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
    ax, alone = (ax, False) if ax is not None else (_new_axes(), True)
    headroom_db = _in_rooms(storey, "headroom_db")
    mesh = ax.pcolormesh(
        *_corners(storey.patch),
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
    _draw_plan(ax, leakage.site, storey)
    if alone:
        ax.legend(handles=_legend(), loc="upper left", bbox_to_anchor=(0, -0.06), ncols=5, fontsize=7, frameon=False)
    ax.set_title(f"{storey.title}: strongest usable service, blockers off", loc="left", fontsize=11)
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
    ax, alone = (ax, False) if ax is not None else (_new_axes(), True)
    count = _in_rooms(storey, "usable_channels")
    most = leakage.at_points.sizes["channel"]
    steps = np.unique(np.ceil(np.linspace(1, most + 1, min(most, 8) + 1)).astype(int))
    colours = ListedColormap(_LEAK(np.linspace(0, 1, len(steps) - 1)))
    mesh = ax.pcolormesh(
        *_corners(storey.patch),
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
    _draw_plan(ax, leakage.site, storey)
    if alone:
        ax.legend(handles=_legend(), loc="upper left", bbox_to_anchor=(0, -0.06), ncols=5, fontsize=7, frameon=False)
    ax.set_title(f"{storey.title}: number of usable channels, blockers off", loc="left", fontsize=11)
    return ax


def storey_figure(leakage: Leakage, storey: StoreyMap) -> Figure:
    """Both maps of one storey with marking, date of the input data and scenario id."""
    x, y = _corners(storey.patch)
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
    figure.legend(
        handles=_legend(),
        loc="outside lower center",
        ncols=5,
        fontsize=9,
        frameon=False,
        title=f"{_strongest_in_words(leakage, storey)}\n{site.name} · input data as of {site.as_of.isoformat()} · "
        f"scenario {leakage.scenario_id} · grid {leakage.scenario.grid_m:g} m at 1.5 m · Simulation only.",
        title_fontsize=9,
    )
    return figure


def save_png(figure: Figure, path: Path) -> None:
    """Write a figure without a date or a version in it, so that equal results give equal bytes."""
    figure.savefig(path, dpi=DPI, metadata={"Software": None})


def _new_axes() -> Axes:
    figure = Figure(figsize=(9, 5), layout="constrained")
    FigureCanvasAgg(figure)
    return figure.subplots()


def _corners(patch: Patch) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Plan corners of the squares around the grid's points, shape (count_j + 1, count_i + 1)."""
    i = np.arange(patch.count_i + 1)[None, :] - 0.5
    j = np.arange(patch.count_j + 1)[:, None] - 0.5
    x = patch.origin_m[0] + i * patch.step_i_m[0] + j * patch.step_j_m[0]
    y = patch.origin_m[1] + i * patch.step_i_m[1] + j * patch.step_j_m[1]
    return x, y


def _in_rooms(storey: StoreyMap, name: str) -> Any:
    """Values of the points that lie in a room."""
    return np.ma.masked_array(storey.data[name].values, storey.data["room"].values < 0)


def _draw_quiet(ax: Axes, storey: StoreyMap, quiet: Any) -> None:
    """Dead zones as opaque squares of one colour."""
    shown = np.ma.masked_array(np.ones(quiet.shape), ~np.ma.filled(quiet, False))
    ax.pcolormesh(*_corners(storey.patch), shown, cmap=ListedColormap([QUIET_COLOUR]), rasterized=True)


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


def _draw_plan(ax: Axes, site: Site, storey: StoreyMap) -> None:
    """Walls over the map with a white casing, openings in their own colours, scale bar and north arrow."""
    building = site.buildings[storey.building].id if storey.building >= 0 else None
    walls = [wall for wall in site.walls if wall.building == building and wall.storey == storey.storey]
    ids = {wall.id for wall in walls}
    lines = [shapely.get_coordinates(wall.line) for wall in walls]
    ax.add_collection(LineCollection(lines, colors="white", linewidths=2.4))
    ax.add_collection(LineCollection(lines, colors=WALL_COLOUR, linewidths=1.0))
    for kinds, colour in ((("window", "hatch"), WINDOW_COLOUR), (("door", "gate"), DOOR_COLOUR)):
        gaps = [
            shapely.get_coordinates(opening.line)
            for opening in site.openings
            if opening.wall in ids and opening.kind in kinds
        ]
        ax.add_collection(LineCollection(gaps, colors=colour, linewidths=1.8))
    if building is None:
        yards = [
            shapely.get_coordinates(room.outline.exterior)
            for room in site.rooms
            if room.building is None and f"Yard {room.id}" == storey.title
        ]
        ax.add_collection(LineCollection(yards, colors=WALL_COLOUR, linewidths=1.0))
    x, y = _corners(storey.patch)
    ax.set_aspect("equal")
    ax.set_axis_off()
    _scale_bar(ax, x, y)


def _scale_bar(ax: Axes, x: NDArray[np.float64], y: NDArray[np.float64]) -> None:
    width_m = float(np.ptp(x))
    bar_m = max((m for m in SCALE_BARS_M if m <= width_m / 4), default=SCALE_BARS_M[0])
    left, below = float(x.min()), float(y.min()) - 0.07 * max(float(np.ptp(y)), width_m / 4)
    thick = 0.012 * max(float(np.ptp(y)), width_m / 4)
    ax.add_patch(Rectangle((left, below), bar_m, thick, color="black"))
    ax.text(left + bar_m / 2, below - thick, f"{bar_m} m", ha="center", va="top", fontsize=8)
    ax.annotate(
        "N",
        (float(x.max()), below + 3 * thick),
        (float(x.max()), below - 3 * thick),
        arrowprops={"arrowstyle": "-|>", "color": "black"},
        ha="center",
        va="top",
        fontsize=8,
    )
    ax.set_xlim(left - thick, float(x.max()) + thick)
    ax.set_ylim(below - 6 * thick, float(y.max()) + thick)


def _legend() -> list[LegendPatch]:
    return [
        LegendPatch(color=QUIET_COLOUR, label="no phone works here"),
        LegendPatch(color="#F46A25", label="a phone works here"),
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
