"""Leakage over one storey as large as a page allows: all channels, or the rooms where one of them works."""

from __future__ import annotations

import numpy as np
import shapely
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Polygon

from quietwing.coverage.report import (
    DOOR_COLOUR,
    HOLE_COLOUR,
    HOLE_HATCH,
    QUIET_COLOUR,
    WINDOW_COLOUR,
    channel_count_map,
    channel_in_words,
    draw_plan,
    plan_corners,
    provenance,
    service_map,
)
from quietwing.coverage.results import Leakage, StoreyMap

__all__ = ["VIEWS", "channel_figure", "rooms_of_storey", "view_figure", "worst_storey"]

VIEWS = {"strength": "Strongest service", "count": "Number of channels"}

WIDTH_IN = 11.0


def rooms_of_storey(leakage: Leakage, storey: StoreyMap) -> dict[str, bool]:
    """Rooms of a storey with whether they must be silent, in the order of the result."""
    site = leakage.site
    found = {}
    for name in leakage.by_room["room"].values.tolist():
        room = site.rooms[site.room_index[name]]
        building = -1 if room.building is None else site.building_index[room.building]
        yard = building < 0 and storey.title == f"Yard {room.id}"
        if building == storey.building and room.storey == storey.storey and (building >= 0 or yard):
            found[name] = room.role == "silence"
    return found


def worst_storey(leakage: Leakage) -> int:
    """Place in ``leakage.maps`` of the storey with most rooms that must be silent and are not."""
    works = leakage.by_room["usable"].any("channel")
    loud = {name for name, one in zip(works["room"].values.tolist(), works.values.tolist(), strict=True) if one}
    counts = [
        sum(silence and name in loud for name, silence in rooms_of_storey(leakage, storey).items())
        for storey in leakage.maps
    ]
    return counts.index(max(counts))


def view_figure(leakage: Leakage, storey: StoreyMap, view: str) -> Figure:
    """One of the two maps of all channels, as large as a page allows.

    Parameters
    ----------
    leakage : Leakage
    storey : StoreyMap
        One of ``leakage.maps``.
    view : str
        A key of `VIEWS`.

    Returns
    -------
    Figure
    """
    ax = (service_map if view == "strength" else channel_count_map)(leakage, storey)
    figure = ax.get_figure(root=True)
    if figure is None:
        raise ValueError("the map has no figure; report this as a fault of quietwing")
    figure.set_size_inches(WIDTH_IN, _height_in(storey))
    _dress(figure, leakage, f"grid {leakage.scenario.grid_m:g} m at 1.5 m")
    return figure


def _height_in(storey: StoreyMap) -> float:
    x, y = plan_corners(storey.patch)
    ratio = float(np.ptp(x) / np.ptp(y))
    return WIDTH_IN * 0.85 / min(max(ratio, 0.8), 5.0) + 1.3


def _dress(figure: Figure, leakage: Leakage, detail: str) -> None:
    """Marking above, where it comes from below."""
    figure.suptitle(leakage.site.marking, fontsize=9, fontweight="bold", parse_math=False)
    figure.supxlabel(provenance(leakage.site, leakage.scenario_id, detail), fontsize=8, parse_math=False)


def channel_figure(leakage: Leakage, storey: StoreyMap, channel: str) -> Figure:
    """Rooms of a storey by whether one channel is usable at some test point of theirs.

    Parameters
    ----------
    leakage : Leakage
    storey : StoreyMap
        One of ``leakage.maps``.
    channel : str
        ``EE/B20/LTE``.

    Returns
    -------
    Figure
    """
    figure = Figure(figsize=(WIDTH_IN, _height_in(storey)), layout="constrained")
    FigureCanvasAgg(figure)
    ax = figure.subplots()
    usable = leakage.by_room["usable"].sel(channel=channel)
    names = rooms_of_storey(leakage, storey)
    works = 0
    for name in names:
        room = leakage.site.rooms[leakage.site.room_index[name]]
        ring = shapely.get_coordinates(room.outline.exterior)
        if bool(usable.sel(room=name)):
            works += 1
            ax.add_patch(Polygon(ring, facecolor=HOLE_COLOUR, edgecolor="black", hatch=HOLE_HATCH, linewidth=0))
        else:
            ax.add_patch(Polygon(ring, facecolor=QUIET_COLOUR, linewidth=0))
    draw_plan(ax, leakage.site, storey)
    ax.set_title(
        f"{storey.title}: {channel_in_words(channel)} works in {works} of {len(names)} rooms, blockers off",
        loc="left",
        fontsize=11,
        parse_math=False,
    )
    ax.legend(
        handles=[
            Patch(facecolor=HOLE_COLOUR, edgecolor="black", hatch=HOLE_HATCH, label="works somewhere in this room"),
            Patch(color=QUIET_COLOUR, label="does not work"),
            Patch(color=WINDOW_COLOUR, label="window"),
            Patch(color=DOOR_COLOUR, label="door"),
        ],
        loc="upper left",
        bbox_to_anchor=(0, -0.06),
        ncols=4,
        fontsize=9,
        frameon=False,
    )
    _dress(figure, leakage, "room by room, at the best test point")
    return figure
