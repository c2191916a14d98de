"""Where blocking is heard outside: rings, receptors and the perimeter, pass or fail at every point."""

from __future__ import annotations

import textwrap

import numpy as np
import shapely
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Polygon
from matplotlib.path import Path as Outline
from matplotlib.patheffects import withStroke
from numpy.typing import NDArray

from quietwing.coverage.equipment import Device
from quietwing.coverage.report.device_marks import device_legend, draw_devices
from quietwing.coverage.report.grades import asked_in_words
from quietwing.coverage.report.plan_drawing import (
    QUIET_COLOUR,
    UNKNOWN_COLOUR,
    WALL_COLOUR,
    new_axes,
    north_and_scale,
    provenance,
    set_map_title,
)
from quietwing.coverage.report.verdict_tables import seldom_captured
from quietwing.coverage.report.words import limits_in_words
from quietwing.coverage.results import SpillResult, Verdict
from quietwing.coverage.rules import Grade

__all__ = ["points_that_pass", "spill_figure", "spill_map"]

OVER_COLOUR = "#801650"  # assumption A59: over the limit outside the fence
# A square with its diagonals: one marker that is painted again and again, where a hatch is worked out for each point.
CROSSED = Outline(
    [(-1, -1), (1, -1), (1, 1), (-1, 1), (-1, -1), (-1, -1), (1, 1), (-1, 1), (1, -1)],
    [Outline.MOVETO, *[Outline.LINETO] * 3, Outline.CLOSEPOLY, *[Outline.MOVETO, Outline.LINETO] * 2],
)
RING_EDGES_M = (20.0, 100.0, 1000.0, 3000.0)
NEAR_M = 110.0  # the close-up: both near rings
CROWDED = 4.0  # a map that many times as wide as the close-up has no room for names so near
LONGEST_LINE = 165  # characters of the title
PASS_SIZE, FAIL_PT = 6.0, 6.8  # points squared, points


def points_that_pass(spill: SpillResult, grade: Grade) -> NDArray[np.bool_]:
    """Points outside where every channel keeps the limit and managed access captures as rarely as the grade asks.

    What is not known fails. In the emergency tier a point passes where 999 can be called besides.
    """
    margin_db = spill.outside["margin_db"].transpose("channel", "outside").values
    captured = spill.outside["capture_probability"].transpose("channel", "outside").values
    good = ((margin_db >= 0) & seldom_captured(captured, grade)).all(axis=0)
    if spill.tier == "emergency":
        good &= spill.outside["passed"].values
    return np.asarray(good)


def spill_map(
    verdict: Verdict, ax: Axes | None = None, *, around_m: float | None = None, also: tuple[Device, ...] = ()
) -> Axes:
    """Points outside by pass and fail, with rings, receptors, perimeter and devices.

    Parameters
    ----------
    verdict : Verdict
        With a spill result.
    ax : Axes, optional
        Where to draw; a new figure without it.
    around_m : float, optional
        Only this far from the perimeter; everything without it. [m]
    also : tuple of Device
        Of another layout that other pictures show beside this one: a model has one symbol on all of them.

    Returns
    -------
    Axes

    Raises
    ------
    ValueError
        If the verdict has no spill result.
    """
    if verdict.spill is None:
        raise ValueError("no spill result in this verdict; evaluate it with spill")
    ax = ax if ax is not None else new_axes()
    outside = verdict.spill.outside
    x, y = outside["x_m"].values, outside["y_m"].values
    fence = verdict.site.perimeter.outline
    reach = fence.bounds
    if around_m is not None:
        reach = shapely.buffer(fence, around_m).bounds
    elif len(x):
        farthest_m = float(shapely.distance(shapely.points(x, y), fence).max())
        edge_m = next((edge_m for edge_m in sorted(RING_EDGES_M) if edge_m >= farthest_m), farthest_m)
        reach = shapely.buffer(fence, edge_m).bounds  # the whole of the last ring that has places
    pad_m = 0.03 * (reach[2] - reach[0])
    west, south, east, north = (float(edge + side * pad_m) for edge, side in zip(reach, (-1, -1, 1, 1), strict=True))
    inside = (x >= west) & (x <= east) & (y >= south) & (y <= north)
    close = shapely.buffer(fence, NEAR_M).bounds
    named_from_m = NEAR_M if east - west > CROWDED * (close[2] - close[0]) else 0.0
    _draw_ground(ax, verdict, (west, south, east, north), named_from_m)
    good = points_that_pass(verdict.spill, verdict.grades[0].grade)
    ax.scatter(x[good & inside], y[good & inside], s=PASS_SIZE, color=QUIET_COLOUR, zorder=3)
    ax.plot(
        x[~good & inside],
        y[~good & inside],
        linestyle="none",
        marker=CROSSED,
        markersize=FAIL_PT if around_m else FAIL_PT / 1.4,
        markerfacecolor="white",
        markeredgecolor=OVER_COLOUR,
        markeredgewidth=1.0,
        zorder=4,
    )
    _draw_receptors(ax, verdict, (west, south, east, north), named_from_m)
    draw_devices(ax, verdict, verdict.devices, labels=False, also=also)
    north_and_scale(ax, (west, south, east, north))
    return ax


def spill_figure(verdict: Verdict, also: tuple[Device, ...] = ()) -> Figure:
    """The close-up round the fence and the whole, with legend, marking, date of the input data and scenario id.

    Parameters
    ----------
    verdict : Verdict
        With a spill result.
    also : tuple of Device
        As for `spill_map`.

    Returns
    -------
    Figure
    """
    figure = Figure(figsize=(16.0, 9.4), layout="constrained")
    FigureCanvasAgg(figure)
    near, whole = figure.subplots(1, 2)
    spill_map(verdict, near, around_m=NEAR_M, also=also)
    spill_map(verdict, whole, also=also)
    set_map_title(near, "Round the perimeter")
    set_map_title(whole, "Every point and receptor")
    sentences = limits_in_words(verdict)[: len(verdict.grades)]
    words = "\n".join(textwrap.fill(sentence, LONGEST_LINE) for sentence in sentences)
    figure.suptitle(f"{verdict.site.marking}\n{words}", fontsize=11, fontweight="bold")
    detail = f"{asked_in_words(verdict)}; a point passes when every channel keeps its limit"
    if verdict.spill is not None and verdict.spill.tier == "emergency":
        detail = f"{asked_in_words(verdict)}; a point passes when 999 can be called there"
    figure.legend(
        handles=[*_legend(), *device_legend(verdict, verdict.devices, also=also)],
        loc="outside lower center",
        ncols=6,
        fontsize=9,
        frameon=False,
        title=provenance(verdict.site, verdict.scenario_id, detail),
        title_fontsize=8,
    )
    return figure


def _draw_ground(ax: Axes, verdict: Verdict, bounds: tuple[float, float, float, float], named_from_m: float) -> None:
    """Buildings, perimeter, and the rings' outer edges with their distance, if they are so far from the fence."""
    for building in verdict.site.buildings:
        ring = shapely.get_coordinates(building.outline.exterior)
        ax.add_patch(Polygon(ring, facecolor=UNKNOWN_COLOUR, edgecolor=WALL_COLOUR, linewidth=0.8, zorder=1))
    fence = verdict.site.perimeter.outline
    ax.add_collection(
        LineCollection([shapely.get_coordinates(fence.exterior)], colors=WALL_COLOUR, linewidths=2.2, zorder=2)
    )
    halo = [withStroke(linewidth=2.0, foreground="white")]
    view = shapely.box(*bounds)
    for edge_m in RING_EDGES_M:
        ring = shapely.buffer(fence, edge_m).exterior
        if not ring.intersects(view):
            continue
        at = shapely.get_coordinates(ring)
        ax.add_collection(LineCollection([at], colors="#808080", linewidths=0.9, linestyles="dashed", zorder=2))
        west, north = shapely.get_coordinates(shapely.LineString(at)).min(axis=0)[0], float(at[:, 1].max())
        name = f"{edge_m / 1000:g} km" if edge_m >= 1000 else f"{edge_m:g} m"
        if west >= bounds[0] and north <= bounds[3] and edge_m >= named_from_m:
            top = at[at[:, 1].argmax()]
            ax.text(top[0], top[1], name, ha="center", va="center", fontsize=7, path_effects=halo, zorder=6)


def _draw_receptors(
    ax: Axes, verdict: Verdict, bounds: tuple[float, float, float, float], named_from_m: float
) -> None:
    """Receptors, with their names if they are so far from the fence."""
    west, south, east, north = bounds
    halo = [withStroke(linewidth=2.0, foreground="white")]
    for receptor in verdict.site.receptors:
        x, y = receptor.point.x, receptor.point.y
        if west <= x <= east and south <= y <= north:
            ax.plot(x, y, marker="o", markersize=11, markerfacecolor="none", markeredgecolor="black", zorder=5)
            if receptor.point.distance(verdict.site.perimeter.outline) < named_from_m:
                continue
            ax.annotate(
                receptor.id,
                (x, y),
                xytext=(7, 4),
                textcoords="offset points",
                fontsize=7,
                path_effects=halo,
                zorder=6,
            )


def _legend() -> list[Line2D]:
    return [
        Line2D([], [], marker=".", color=QUIET_COLOUR, linestyle="none", markersize=7, label="within the limit"),
        Line2D([], [], marker=CROSSED, markerfacecolor="white", markeredgecolor=OVER_COLOUR, linestyle="none",
               markersize=FAIL_PT, label="over the limit (crossed square)"),
        Line2D([], [], marker="o", markerfacecolor="none", markeredgecolor="black", linestyle="none", markersize=9,
               label="receptor (people)"),
        Line2D([], [], color=WALL_COLOUR, linewidth=2.2, label="perimeter"),
        Line2D([], [], color="#808080", linestyle="dashed", label="edge of a ring"),
    ]  # fmt: skip
