"""Devices of a layout on a plan: one symbol per model, the id beside it, and the run of a radiating cable."""

from __future__ import annotations

import shapely
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patheffects import withStroke

from quietwing.coverage.equipment import Device
from quietwing.coverage.report.plan_drawing import Storeyed, plan_corners
from quietwing.coverage.report.plan_marks import DEVICE_COLOUR, short_names
from quietwing.coverage.results import Verdict

__all__ = ["PLATE", "device_legend", "devices_on", "draw_devices", "short_names"]

MARKERS = "^sDovP*Xp<>h"
_CASED = [withStroke(linewidth=3.4, foreground="black")]
BESIDE_A_WALL_M = 2.0  # a device on the outer face still belongs to its building
NAME_PT = 7.0
PLATE = {"boxstyle": "square,pad=0.12", "facecolor": "white", "edgecolor": "none", "alpha": 0.88}  # behind letters
LETTER = 0.6  # width of a letter by its height


def devices_on(verdict: Verdict, storey: Storeyed) -> tuple[Device, ...]:
    """Devices of the layout that stand on this storey of this building, or in this yard."""
    outlines = [building.outline for building in verdict.site.buildings]
    if storey.building >= 0:
        near = shapely.buffer(outlines[storey.building], BESIDE_A_WALL_M)
        return tuple(
            device
            for device in verdict.devices
            if device.storey == storey.storey and near.intersects(shapely.Point(device.x_m, device.y_m))
        )
    x, y = plan_corners(storey.patch)
    yard = shapely.difference(
        shapely.box(float(x.min()), float(y.min()), float(x.max()), float(y.max())), shapely.union_all(outlines)
    )
    return tuple(d for d in verdict.devices if d.storey == 0 and yard.intersects(shapely.Point(d.x_m, d.y_m)))


def draw_devices(
    ax: Axes, verdict: Verdict, devices: tuple[Device, ...], *, labels: bool = True, also: tuple[Device, ...] = ()
) -> None:
    """One symbol per model, hollow where the device is off, with its short name beside it where there is room.

    With `also` the devices of another map that stands beside this one have their symbols in common with these.
    """
    marker_of = _markers((*verdict.devices, *also))
    name_of = short_names(device.id for device in verdict.devices)
    roomy = _with_room(ax, {device.id: (device.x_m, device.y_m, name_of[device.id]) for device in devices})
    for device in devices:
        off = device.state == "off"
        if device.route_m:
            ax.plot(
                *zip(*(point[:2] for point in device.line_m), strict=True),
                color="#888888" if off else DEVICE_COLOUR,
                linewidth=1.8,
                path_effects=_CASED,
                zorder=4,
            )
        ax.plot(
            device.x_m,
            device.y_m,
            marker=marker_of[device.model],
            markersize=7,
            markerfacecolor="none" if off else DEVICE_COLOUR,
            markeredgecolor="black",
            markeredgewidth=1.0,
            linestyle="none",
            zorder=5,
        )
        if labels and device.id in roomy:
            ax.annotate(
                f"{name_of[device.id]} (off)" if off else name_of[device.id],
                (device.x_m, device.y_m),
                xytext=(0, 6),
                textcoords="offset points",
                ha="center",
                fontsize=NAME_PT,
                bbox=PLATE,
                zorder=6,
                in_layout=False,  # measuring each of them takes as long as drawing it
            )


def device_legend(verdict: Verdict, devices: tuple[Device, ...], *, also: tuple[Device, ...] = ()) -> list[Line2D]:
    """One entry per model among some devices; `also` as in `draw_devices`."""
    marker_of = _markers((*verdict.devices, *also))
    cable = [Line2D([], [], color=DEVICE_COLOUR, linewidth=1.8, path_effects=_CASED, label="radiating cable")]
    return [
        Line2D([], [], marker=marker_of[model], markerfacecolor=DEVICE_COLOUR, markeredgecolor="black",
               markersize=7, linestyle="none", label=model)
        for model in sorted({device.model for device in devices})
    ] + (cable if any(device.route_m for device in devices) else [])  # fmt: skip


def _with_room(ax: Axes, placed: dict[str, tuple[float, float, str]]) -> set[str]:
    """Devices whose name covers none drawn before it, by the scale the axes have now."""
    width_m, height_m = abs(ax.get_xlim()[1] - ax.get_xlim()[0]), abs(ax.get_ylim()[1] - ax.get_ylim()[0])
    box = ax.get_position()
    inches = ax.figure.get_figure(root=True).get_size_inches()
    m_per_pt = max(width_m / (72 * inches[0] * box.width), height_m / (72 * inches[1] * box.height))
    kept: dict[str, tuple[float, float, str]] = {}
    for each, (x_m, y_m, name) in placed.items():
        if not any(
            abs(x_m - x) < m_per_pt * NAME_PT * LETTER * (len(name) + len(other)) / 2
            and abs(y_m - y) < m_per_pt * NAME_PT
            for x, y, other in kept.values()
        ):
            kept[each] = (x_m, y_m, name)
    return set(kept)


def _markers(devices: tuple[Device, ...]) -> dict[str, str]:
    models = sorted({device.model for device in devices})
    return {model: MARKERS[index % len(MARKERS)] for index, model in enumerate(models)}
