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
from matplotlib.patches import Rectangle
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
    ax = ax or _new_axes()
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
    _draw_plan(ax, leakage.site, storey)
    _legend(ax)
    ax.set_title(f"{storey.title}: strongest usable service, blockers off", loc="left", fontsize=11)
    ax.text(0, -0.02, _strongest_in_words(leakage, storey), transform=ax.transAxes, fontsize=8, va="top")
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
    ax = ax or _new_axes()
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
    _draw_plan(ax, leakage.site, storey)
    _legend(ax)
    ax.set_title(f"{storey.title}: number of usable channels, blockers off", loc="left", fontsize=11)
    return ax


def storey_figure(leakage: Leakage, storey: StoreyMap) -> Figure:
    """Both maps of one storey with marking, date of the input data and scenario id."""
    x, y = _corners(storey.patch)
    wide = np.ptp(x) > 1.4 * np.ptp(y)
    figure = Figure(figsize=(11, 9.5) if wide else (13, 7), layout="constrained")
    FigureCanvasAgg(figure)
    upper, lower = figure.subplots(*((2, 1) if wide else (1, 2)))
    service_map(leakage, storey, upper)
    channel_count_map(leakage, storey, lower)
    site = leakage.site
    figure.suptitle(site.marking, fontsize=9, fontweight="bold")
    figure.supxlabel(
        f"{site.name} · input data as of {site.as_of.isoformat()} · scenario {leakage.scenario_id} · "
        f"grid {leakage.scenario.grid_m:g} m at 1.5 m · Simulation only.",
        fontsize=8,
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


def _legend(ax: Axes) -> None:
    ax.legend(
        handles=[
            LegendPatch(color=QUIET_COLOUR, label="no phone works"),
            LegendPatch(color="#F46A25", label="a phone works"),
            LegendPatch(color=WINDOW_COLOUR, label="window"),
            LegendPatch(color=DOOR_COLOUR, label="door"),
        ],
        loc="upper center",
        bbox_to_anchor=(0.55, 0.06),
        ncols=4,
        fontsize=8,
        frameon=False,
    )


def _strongest_in_words(leakage: Leakage, storey: StoreyMap) -> str:
    """The services that are strongest over most of the storey's area."""
    in_rooms = storey.data["room"].values >= 0
    strongest = storey.data["strongest"].values[in_rooms]
    usable = strongest[strongest >= 0]
    if not len(usable):
        return "No channel is usable on this storey."
    names = leakage.at_points["channel"].values
    shares = Counter(usable.tolist()).most_common(4)
    parts = [f"{channel_in_words(str(names[index]))} {math.floor(100 * n / len(strongest))} %" for index, n in shares]
    return "Strongest over most of the area: " + ", ".join(parts)
