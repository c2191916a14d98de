"""Measured levels as a layer of their own over the maps: a marker for each place, by how far it is from the model.

Shape says which way the model errs and holds in black and white, colour says how far. The map below is not touched.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import numpy as np
import shapely
from matplotlib import patheffects
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.cm import ScalarMappable
from matplotlib.collections import LineCollection
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from quietwing.coverage.report.measured_tables import measured_id, signed
from quietwing.coverage.report.plan_drawing import WALL_COLOUR, north_and_scale, provenance, set_map_title
from quietwing.coverage.results import Comparison, Leakage, StoreyMap

__all__ = ["AGREES_WITHIN_DB", "draw_measured", "measured_legend", "measured_on", "outdoor_figure"]

AGREES_WITHIN_DB = 3.0  # how well a level measured on a site is known: assumption A35
SCALE_DB = 20.0  # fixed colours, so that two maps compare
MOST_LABELS = 40  # more would hide the map; every figure stands in measured.csv
_COLOURS = "PRGn"  # no hue of the leakage map; both ends dark, told apart by the shapes too
_WORDS = (
    ("^", f"measured, over {AGREES_WITHIN_DB:g} dB above the model"),
    ("o", f"measured, within {AGREES_WITHIN_DB:g} dB of the model"),
    ("v", f"measured, over {AGREES_WITHIN_DB:g} dB below the model"),
)


@dataclass(frozen=True, slots=True)
class _Place:
    """The readings of one place together: where in plan, and the mean of their residuals."""

    x_m: float
    y_m: float
    residual_db: float


def measured_on(leakage: Leakage, storey: StoreyMap) -> NDArray[np.int_]:
    """Rows of the readings with a residual that were taken on one storey, or in one yard."""
    comparison = leakage.measured
    if comparison is None:
        return np.zeros(0, int)
    points = comparison.points
    if storey.building >= 0:
        here = (points.building == storey.building) & (points.storey == storey.storey)
    else:
        yards = {index for index, room in enumerate(leakage.site.rooms) if f"Yard {room.id}" == storey.title}
        here = (points.building < 0) & np.isin(points.room, sorted(yards))
    return np.flatnonzero(here & np.isfinite(comparison.at_readings["residual_db"].values))


def _outdoors(comparison: Comparison) -> NDArray[np.int_]:
    """Rows of the readings with a residual that no storey's and no yard's map shows."""
    points = comparison.points
    here = (points.building < 0) & (points.room < 0)
    return np.flatnonzero(here & np.isfinite(comparison.at_readings["residual_db"].values))


def _places(comparison: Comparison, rows: NDArray[np.int_]) -> list[_Place]:
    """One place for readings that share x and y to a centimetre, whatever their channel and height."""
    together: dict[tuple[float, float], list[float]] = defaultdict(list)
    residual_db = comparison.at_readings["residual_db"].values
    for row in rows.tolist():
        x_m, y_m, _ = comparison.points.xyz_m[row].tolist()
        together[round(x_m, 2), round(y_m, 2)].append(float(residual_db[row]))
    return [_Place(*place, float(np.mean(found))) for place, found in together.items()]


def _marker_of(residual_db: float) -> str:
    if residual_db > AGREES_WITHIN_DB:
        return "^"
    return "v" if residual_db < -AGREES_WITHIN_DB else "o"


def draw_measured(ax: Axes, comparison: Comparison, rows: NDArray[np.int_]) -> None:
    """Markers over a plan, with a scale of their own; the plan below stays as it is.

    Parameters
    ----------
    ax : Axes
    comparison : Comparison
    rows : ndarray, shape (reading,)
        Which of its readings; at least one.
    """
    places = _places(comparison, rows)
    scale = Normalize(-SCALE_DB, SCALE_DB)
    for marker, _ in _WORDS:
        these = [place for place in places if _marker_of(place.residual_db) == marker]
        if these:
            ax.scatter(
                [place.x_m for place in these],
                [place.y_m for place in these],
                c=[place.residual_db for place in these],
                cmap=_COLOURS,
                norm=scale,
                marker=marker,
                s=70,
                edgecolors="black",
                linewidths=1.1,
                zorder=5,
                path_effects=[patheffects.withStroke(linewidth=3.2, foreground="white")],
            )
    if len(places) <= MOST_LABELS:
        for place in places:
            ax.annotate(
                signed(place.residual_db, 0),
                (place.x_m, place.y_m),
                (6, 5),
                textcoords="offset points",
                fontsize=8,
                zorder=6,
                path_effects=[patheffects.withStroke(linewidth=2.5, foreground="white")],
            )
    bar = ax.figure.colorbar(
        ScalarMappable(scale, _COLOURS),
        ax=ax,
        orientation="horizontal",
        shrink=0.5,
        pad=0.02,
        extend="both",
        aspect=40,
    )
    bar.set_label("measured − modelled [dB], mean over the channels read at the place", fontsize=8)


def measured_legend() -> list[Line2D]:
    """What the markers mean, whatever their colour."""
    return [
        Line2D([], [], linestyle="", marker=marker, markersize=8, color="white", markeredgecolor="black", label=words)
        for marker, words in _WORDS
    ]


def outdoor_figure(leakage: Leakage) -> Figure | None:
    """Readings in the open on a plan of perimeter and buildings; nothing if there are none.

    Parameters
    ----------
    leakage : Leakage
        With `measured`.

    Returns
    -------
    Figure or None
    """
    comparison = leakage.measured
    rows = np.zeros(0, int) if comparison is None else _outdoors(comparison)
    if comparison is None or not len(rows):
        return None
    site = leakage.site
    figure = Figure(figsize=(9.0, 8.0), layout="constrained")
    FigureCanvasAgg(figure)
    ax = figure.subplots()
    fence = shapely.get_coordinates(site.perimeter.outline.exterior)
    built = [shapely.get_coordinates(building.outline.exterior) for building in site.buildings]
    ax.add_collection(LineCollection([fence], colors=WALL_COLOUR, linewidths=1.0, linestyles="--"))
    ax.add_collection(LineCollection(built, colors=WALL_COLOUR, linewidths=1.2))
    draw_measured(ax, comparison, rows)
    everything = np.concatenate([fence, comparison.points.xyz_m[rows, :2]])
    (west, south), (east, north) = everything.min(axis=0).tolist(), everything.max(axis=0).tolist()
    north_and_scale(ax, (west, south, east, north))
    set_map_title(ax, "In the open: measured levels against the model, blockers off")
    figure.suptitle(site.marking, fontsize=9, fontweight="bold")
    fence_line = Line2D([], [], color=WALL_COLOUR, linestyle="--", label="perimeter")
    figure.legend(
        handles=[*measured_legend(), fence_line],
        loc="outside lower center",
        ncols=2,
        fontsize=9,
        frameon=False,
        title=provenance(site, leakage.scenario_id, f"readings {measured_id(comparison)}"),
        title_fontsize=8,
    )
    return figure
