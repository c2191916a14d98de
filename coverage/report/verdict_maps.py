"""Dead zones and holes by storey, how sure they are, and what was there before.

Colours are opaque, the hole carries a hatch too, and walls lie over both with a white casing, so that a map reads in
black and white and with any colour vision (assumption A59).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
import shapely
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch as LegendPatch
from matplotlib.patches import PathPatch
from matplotlib.path import Path as Outline
from matplotlib.patheffects import withStroke
from numpy.typing import NDArray
from shapely.geometry.polygon import orient

from quietwing.coverage.equipment import Device
from quietwing.coverage.report.device_marks import PLATE, device_legend, devices_on, draw_devices
from quietwing.coverage.report.escapes import HOLE, QUIET, SILENT, STATE_WORDS, UNKNOWN, state_of_rooms
from quietwing.coverage.report.grades import asked_in_words, grade_in_words
from quietwing.coverage.report.plan_drawing import (
    DOOR_COLOUR,
    HOLE_COLOUR,
    HOLE_HATCH,
    QUIET_COLOUR,
    UNKNOWN_COLOUR,
    WINDOW_COLOUR,
    Storeyed,
    draw_plan,
    new_axes,
    openings_of,
    plan_corners,
    provenance,
    set_map_title,
)
from quietwing.coverage.report.words import earlier_in_words
from quietwing.coverage.results import Leakage, StoreyMap, Verdict, VerdictMap
from quietwing.sites import Room, Site

__all__ = [
    "before_after_figure",
    "before_map",
    "dead_zone_map",
    "margin_figure",
    "margin_map",
    "rooms_on",
    "verdict_figure",
]

LARGEST_MARGIN_DB = 20.0  # fixed scale, so that two layouts compare
TREATED_COLOUR = "#801650"
HALO = [withStroke(linewidth=2.0, foreground="white")]  # behind texts on a map
LOOKS: dict[str, dict[str, Any]] = {  # of rooms, by state
    SILENT: {"facecolor": QUIET_COLOUR},
    QUIET: {"facecolor": QUIET_COLOUR, "edgecolor": "#9DB4D6", "hatch": ".."},
    HOLE: {"facecolor": HOLE_COLOUR, "edgecolor": "black", "hatch": HOLE_HATCH},
    UNKNOWN: {"facecolor": UNKNOWN_COLOUR, "edgecolor": "#808080"},
}
MARGIN_SCALE = "black line: 0 dB; scale ends at ±20 dB"
LETTER_IN = (0.055, 0.1)  # width and height of a letter at 7 points
WIDEST_BESIDE = 1.2  # longer plans stand one above the other


def dead_zone_map(
    verdict: Verdict, storey: VerdictMap, ax: Axes | None = None, *, also: tuple[Device, ...] = ()
) -> Axes:
    """Dead zones, holes and what is not known over one storey, with the layout's devices and treated windows.

    Parameters
    ----------
    verdict : Verdict
    storey : VerdictMap
        One of ``verdict.maps``.
    ax : Axes, optional
        Where to draw; a new figure without it.
    also : tuple of Device
        Those of another map beside this one: models have the same symbols on both.

    Returns
    -------
    Axes
    """
    ax, alone = (ax, False) if ax is not None else (new_axes(), True)
    _draw_rooms(ax, verdict, storey, _states(verdict))
    _name_keep_rooms(ax, verdict.site, storey)
    _finish(ax, verdict, storey, also)
    set_map_title(ax, f"{storey.title}:\n{_holes_here(verdict, storey)}")
    if alone:
        ax.legend(
            handles=legend_of(verdict, storey), loc="upper left", bbox_to_anchor=(0, -0.06), ncols=4, fontsize=7
        )
    return ax


def margin_map(
    verdict: Verdict, storey: VerdictMap, ax: Axes | None = None, *, also: tuple[Device, ...] = ()
) -> Axes:
    """Draft margin over one storey on a fixed scale, bright where a phone may work, with the line where it is 0 dB.

    Parameters
    ----------
    verdict : Verdict
    storey : VerdictMap
        One of ``verdict.maps``.
    ax : Axes, optional
        Where to draw; a new figure without it.
    also : tuple of Device
        Those of another map beside this one: models have the same symbols on both.

    Returns
    -------
    Axes
    """
    ax = ax if ax is not None else new_axes()
    margin_db = np.ma.masked_array(storey.data["margin_db"].values, ~_shown(verdict, storey))
    # what is silent without any signal is as sure as the scale goes
    clipped_db = np.ma.masked_invalid(np.ma.clip(margin_db, -1e3, 1e3))
    mesh = ax.pcolormesh(
        *plan_corners(storey.patch),
        clipped_db,
        cmap="viridis_r",
        vmin=-LARGEST_MARGIN_DB,
        vmax=LARGEST_MARGIN_DB,
        rasterized=True,
    )
    bar = ax.figure.colorbar(mesh, ax=ax, shrink=0.8, pad=0.02, extend="both")
    bar.set_label(f"estimated margin [dB]: above 0 blocked at {grade_in_words(verdict.scenario.asked)}")
    bar.ax.axhline(0.0, color="black", linewidth=1.5)
    if clipped_db.count() and clipped_db.min() < 0 < clipped_db.max() and min(clipped_db.shape) > 1:
        x, y = _centres(storey)
        for colour, width in (("white", 2.6), ("black", 1.1)):
            ax.contour(x, y, clipped_db, levels=[0.0], colors=colour, linewidths=width)
    _finish(ax, verdict, storey, also)
    set_map_title(ax, f"{storey.title}: estimated margin of the channel nearest to working")
    return ax


def verdict_figure(verdict: Verdict, storey: VerdictMap) -> Figure:
    """Blocked rooms and margin of one storey with legend, marking, date of the input data and scenario id."""
    figure, (upper, lower) = _panels(storey, 2)
    dead_zone_map(verdict, storey, upper)
    margin_map(verdict, storey, lower)
    _dress(figure, verdict, storey, MARGIN_SCALE, legend_of(verdict, storey))
    return figure


def margin_figure(verdict: Verdict, storey: VerdictMap, before: Verdict | None = None) -> Figure:
    """The margin of one storey alone, beside a figure of its dead zones `before` and after, in the same symbols."""
    figure, (only,) = _panels(storey, 1)
    also = () if before is None else before.devices
    margin_map(verdict, storey, only, also=also)
    _dress(figure, verdict, storey, MARGIN_SCALE, _plan_legend(verdict, devices_on(verdict, storey), also))
    return figure


def before_map(before: Leakage | Verdict, storey: Storeyed) -> StoreyMap | VerdictMap | None:
    """The map of another result that shows the same building and storey, None if it has none."""
    same = (storey.building, storey.storey, storey.title)
    maps: tuple[StoreyMap | VerdictMap, ...] = before.maps
    return next((one for one in maps if (one.building, one.storey, one.title) == same), None)


def before_after_figure(before: Leakage | Verdict | None, verdict: Verdict, storey: VerdictMap) -> Figure:
    """The same storey twice in the same colours and scale: before, and with this layout.

    Parameters
    ----------
    before : Leakage, Verdict or None
        Blockers off, or another layout, on the same site and grid. None: blockers, treatments and operator actions
        taken away, as the verdict itself judged it, a room being a dead zone where it is quiet anyway.
    verdict : Verdict
    storey : VerdictMap
        One of ``verdict.maps``; `before` must have the same storey.

    Returns
    -------
    Figure

    Raises
    ------
    ValueError
        If `before` has no map of this storey.
    """
    earlier = storey if before is None else before_map(before, storey)
    if earlier is None:
        raise ValueError(f"no map of {storey.title!r} before; compute both with maps on the same site")
    figure, (upper, lower) = _panels(storey, 2)
    if before is None:
        rooms = verdict.by_room
        calm = dict(zip(rooms["room"].values.tolist(), rooms["quiet_anyway"].values.tolist(), strict=True))
        _draw_rooms(upper, verdict, storey, {name: QUIET if quiet else HOLE for name, quiet in calm.items()})
        draw_plan(upper, verdict.site, storey)
        set_map_title(upper, f"Before, {storey.title}:\n{_rooms_here(verdict, storey, (HOLE, UNKNOWN, SILENT))}")
    elif isinstance(before, Verdict) and isinstance(earlier, VerdictMap):
        dead_zone_map(before, earlier, upper, also=verdict.devices)
        set_map_title(upper, f"{earlier_in_words(before)}, {upper.get_title(loc='left')}")
    else:
        works = (earlier.data["usable_channels"].values > 0).astype(np.int8)
        _draw_squares(upper, earlier, np.ma.masked_array(works, ~_shown(verdict, storey)))
        _name_rooms(upper, verdict, storey)
        draw_plan(upper, verdict.site, earlier)
        set_map_title(upper, f"Before, {storey.title}: blockers off")
    other = before if isinstance(before, Verdict) else None
    dead_zone_map(verdict, storey, lower, also=() if other is None else other.devices)
    set_map_title(lower, f"After, {lower.get_title(loc='left')}")
    _dress(figure, verdict, storey, "same colours and scale in both", legend_of(verdict, storey, other))
    return figure


def _shown(verdict: Verdict, storey: Storeyed) -> NDArray[np.bool_]:
    """Squares that lie in a room that must be silent; elsewhere a verdict would mean nothing."""
    silence = np.array([room.role == "silence" for room in verdict.site.rooms] + [False])
    room = storey.data["room"].values  # type: ignore[attr-defined]
    return np.asarray(silence[np.where(room >= 0, room, len(silence) - 1)])


def _centres(storey: Storeyed) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    x, y = plan_corners(storey.patch)
    return (x[1:, 1:] + x[:-1, :-1]) / 2, (y[1:, 1:] + y[:-1, :-1]) / 2


def _states(verdict: Verdict, grade: int = 0) -> dict[str, str]:
    """State of each room that must be silent, at one of ``verdict.grades``."""
    return dict(zip(verdict.by_room["room"].values.tolist(), state_of_rooms(verdict, grade), strict=True))


def _draw_rooms(ax: Axes, verdict: Verdict, storey: VerdictMap, states: Mapping[str, str]) -> None:
    """Each room of a storey that must be silent in the colour of its state, with its name."""
    site = verdict.site
    for state, look in LOOKS.items():
        rooms = [site.rooms[site.room_index[name]] for name, one in states.items() if one == state]
        outlines = [room.outline for room in rooms if _is_drawn(site, room, storey)]
        if outlines:
            ax.add_patch(PathPatch(_path_of(outlines), linewidth=0, **look))
    _name_rooms(ax, verdict, storey, [name for name, state in states.items() if state in (SILENT, QUIET)])


def _path_of(shapes: list[shapely.Polygon]) -> Outline:
    """One path of all shapes, courtyards left out."""
    rings = [ring for shape in map(orient, shapes) for ring in (shape.exterior, *shape.interiors)]
    return Outline.make_compound_path(*(Outline(shapely.get_coordinates(ring), closed=True) for ring in rings))


def _draw_squares(ax: Axes, storey: Storeyed, works: Any) -> None:
    """Opaque squares: 1 where a phone may work, with a black hatch, 0 where none does."""
    colours = ListedColormap([QUIET_COLOUR, HOLE_COLOUR])
    x, y = plan_corners(storey.patch)
    ax.pcolormesh(x, y, works, cmap=colours, vmin=-0.5, vmax=1.5, rasterized=True)
    corners: list[NDArray[np.float64]] = []
    for j, row in enumerate(np.ma.filled(works == 1, False)):
        edges = np.flatnonzero(np.diff(np.concatenate(([False], row, [False])).astype(np.int8)))
        for first, last in edges.reshape(-1, 2).tolist():
            ends = [(j, first), (j, last), (j + 1, last), (j + 1, first), (j, first)]
            corners.append(np.array([(x[at], y[at]) for at in ends]))
    if corners:
        shapes = Outline.make_compound_path(*(Outline(ring, closed=True) for ring in corners))
        ax.add_patch(PathPatch(shapes, fill=False, hatch=HOLE_HATCH, edgecolor="black", linewidth=0))


def _name_keep_rooms(ax: Axes, site: Site, storey: Storeyed) -> None:
    for room in site.rooms:
        if room.role == "keep" and _stands_on(site, room, storey):
            middle = room.outline.representative_point()
            ax.text(
                middle.x, middle.y, "keep", ha="center", va="center", fontsize=7, style="italic", path_effects=HALO
            )


def _name_rooms(ax: Axes, verdict: Verdict, storey: VerdictMap, dark: Collection[str] = ()) -> None:
    """Name each room of a storey that must be silent: white in the `dark` ones, on a plate where a phone may work."""
    for name in verdict.by_room["room"].values.tolist():
        room = verdict.site.rooms[verdict.site.room_index[name]]
        if not _is_drawn(verdict.site, room, storey):
            continue
        if _fits(ax, storey, name, room.outline.bounds):
            middle = room.outline.representative_point()
            look: dict[str, Any] = {"color": "white"} if name in dark else {"bbox": PLATE}
            # below the middle: a device often stands there
            ax.annotate(name, (middle.x, middle.y), xytext=(0, -5), textcoords="offset points", ha="center", va="top",
                        fontsize=7, zorder=4, in_layout=False, annotation_clip=False, **look)  # fmt: skip


def _is_drawn(site: Site, room: Room, storey: Storeyed) -> bool:
    """Whether a room must be silent and stands on a storey."""
    return room.role == "silence" and _stands_on(site, room, storey)


def _stands_on(site: Site, room: Room, storey: Storeyed) -> bool:
    if room.building is None:  # yards have a map each
        return storey.title == f"Yard {room.id}"
    return (site.building_index[room.building], room.storey) == (storey.building, storey.storey)


def _fits(ax: Axes, storey: Storeyed, name: str, bounds_m: tuple[float, float, float, float]) -> bool:
    """Whether a label stays within its room; on a long plan labels would hide the map."""
    x, y = plan_corners(storey.patch)
    figure = ax.get_figure(root=True)
    if figure is None:
        return False
    place = ax.get_position()
    width_in, height_in = figure.get_figwidth() * place.width, figure.get_figheight() * place.height
    in_per_m = min(width_in / float(np.ptp(x)), height_in / float(np.ptp(y)))
    west, south, east, north = bounds_m
    wide = (east - west) * in_per_m >= LETTER_IN[0] * len(name)
    return wide and (north - south) * in_per_m >= LETTER_IN[1]


def _finish(ax: Axes, verdict: Verdict, storey: VerdictMap, also: tuple[Device, ...] = ()) -> None:
    """Plan, treated windows and devices over a map."""
    draw_plan(ax, verdict.site, storey)
    treated = frozenset(treatment.opening for treatment in verdict.treatments)
    lines = openings_of(verdict.site, storey, ("window", "hatch"), treated)
    ax.add_collection(LineCollection(lines, colors="white", linewidths=5.0))
    ax.add_collection(LineCollection(lines, colors=TREATED_COLOUR, linewidths=3.4))
    draw_devices(ax, verdict, devices_on(verdict, storey), also=also)


def rooms_on(verdict: Verdict, storey: Storeyed, grade: int = 0) -> list[str]:
    """States of the rooms of a storey that must be silent, at one of ``verdict.grades``."""
    site = verdict.site
    return [
        state
        for name, state in _states(verdict, grade).items()
        if _is_drawn(site, site.rooms[site.room_index[name]], storey)
    ]


def _holes_here(verdict: Verdict, storey: VerdictMap) -> str:
    """How many rooms of this storey are holes at each grade, as a title."""
    return _rooms_here(verdict, storey, (HOLE, UNKNOWN))


def _rooms_here(verdict: Verdict, storey: Storeyed, states: tuple[str, ...]) -> str:
    """In how many rooms of a storey, those of some states, a phone may work: at each grade, one a line."""
    found = [rooms_on(verdict, storey, number) for number in range(len(verdict.grades))]
    counts = [sum(state in states for state in here) for here in found]
    first, *others = zip(counts, (one.grade.name for one in verdict.grades), strict=True)
    text = f"a phone may work in {first[0]} of {len(found[0])} rooms at {first[1]} grade"
    return "".join([text, *(f",\nin {count} at {name} grade" for count, name in others)])


def _panels(storey: Storeyed, count: int) -> tuple[Figure, list[Axes]]:
    """One panel, or two: side by side for compact plans, one above the other for long ones."""
    x, y = plan_corners(storey.patch)
    ratio = float(np.ptp(x) / np.ptp(y))
    beside = count > 1 and ratio < WIDEST_BESIDE
    width_in = 16.0 if beside else 13.0
    panel_in = (width_in / count if beside else width_in) * 0.85 / max(ratio, 0.5) + 0.8
    figure = Figure(figsize=(width_in, (panel_in if beside else count * panel_in) + 1.0), layout="constrained")
    FigureCanvasAgg(figure)
    panels = figure.subplots(*((1, count) if beside else (count, 1)), squeeze=False)
    return figure, panels.ravel().tolist()


def _dress(
    figure: Figure, verdict: Verdict, storey: VerdictMap, detail: str, legend: list[LegendPatch | Line2D]
) -> None:
    """Marking above; legend and provenance below."""
    figure.suptitle(verdict.site.marking, fontsize=9, fontweight="bold")
    grid = f"grid {verdict.scenario.grid_m:g} m, height 1.5 m, {asked_in_words(verdict)}"
    figure.legend(
        handles=legend,
        loc="outside lower center",
        ncols=5,
        fontsize=9,
        frameon=False,
        title=provenance(verdict.site, verdict.scenario_id, f"{grid}; {detail}"),
        title_fontsize=8,
    )


def legend_of(verdict: Verdict, storey: VerdictMap, also: Verdict | None = None) -> list[LegendPatch | Line2D]:
    """What the colours of rooms and plan mean, and the symbols of the devices of both."""
    others = () if also is None else devices_on(also, storey)
    every = () if also is None else also.devices
    return [
        LegendPatch(color=QUIET_COLOUR, label="blocked"),
        LegendPatch(**LOOKS[HOLE], label="not blocked (a phone may work)"),
        LegendPatch(**LOOKS[QUIET], label=STATE_WORDS[QUIET]),
        LegendPatch(**LOOKS[UNKNOWN], label="not known"),
        *_plan_legend(verdict, (*devices_on(verdict, storey), *others), every),
    ]


def _plan_legend(verdict: Verdict, shown: tuple[Device, ...], also: tuple[Device, ...]) -> list[LegendPatch | Line2D]:
    """What the lines of the plan mean, and the symbols of the devices `shown`, beside `also` of another map."""
    entries: list[LegendPatch | Line2D] = [
        LegendPatch(color=WINDOW_COLOUR, label="window"),
        LegendPatch(color=DOOR_COLOUR, label="door"),
    ]
    if verdict.treatments:
        entries.append(LegendPatch(color=TREATED_COLOUR, label="window with mesh or film"))
    return [*entries, *device_legend(verdict, shown, also=also)]
