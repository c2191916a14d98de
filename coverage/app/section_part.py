"""The section along a line drawn on the plan: what the desk keeps of it, and what the plan's script is given."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from quietwing.coverage.app.plan_editor.cut import (
    MOST_M,
    SHORTEST_M,
    Cut,
    CutRoom,
    CutWall,
    Line,
    along,
    beside,
    cut,
)
from quietwing.coverage.app.plan_editor.drawing import Scale, field_values
from quietwing.coverage.app.plan_editor.layers import (
    BEST,
    MARGIN_SCALE,
    SIGNAL,
    blocker_scale,
    level_scale,
    on_silence,
)
from quietwing.coverage.errors import ScenarioError
from quietwing.coverage.report import DEVICE_COLOUR, channel_in_words
from quietwing.sites import shown

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from quietwing.coverage.app.blockers_state import Desk
    from quietwing.coverage.equipment import Device, Treatment
    from quietwing.coverage.live import Draft

__all__ = ["LEVEL", "MARGIN", "NETWORK", "Section", "section_picture", "take_section"]

NETWORK, LEVEL, MARGIN = "Public signal", "Blocker level", "Margin"
QUANTITIES = (MARGIN, NETWORK, LEVEL)
MOST_KEPT = 400  # of storeys' levels along a line
OF_LAYER = {SIGNAL: NETWORK, BEST: LEVEL}  # what the section shows where nothing else was chosen

Layout = tuple[tuple["Device", ...], tuple["Treatment", ...]]


@dataclass
class Section:
    """What the desk keeps of the section.

    Attributes
    ----------
    line_m : Line or None
        None: there is none.
    quantity : str
        Of `QUANTITIES`; empty: as the plan's layer.
    """

    line_m: Line | None = None
    quantity: str = ""
    made: Cut | None = None
    levels: dict[Any, tuple[tuple[float | None, ...], ...]] = field(default_factory=dict)
    last: dict[str, Any] | None = None


def take_section(at: Desk, op: str, edit: Mapping[str, Any]) -> None:
    """Another line, none, or another quantity, as the plan has sent it.

    Raises
    ------
    ScenarioError
        If the line is none, or too short or too long.
    """
    of = at.section
    if op == "quantity":
        if edit.get("quantity") in QUANTITIES:
            of.quantity = str(edit["quantity"])
        return
    if edit.get("off"):
        at.section = Section(quantity=of.quantity)
        return
    numbers = [edit.get(name) for name in ("x0", "y0", "x1", "y1")]
    for value in numbers:
        fine = isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
        if not fine or abs(value) > 1e7:  # type: ignore[arg-type]
            raise ScenarioError(f"the plan sent {shown(value)} (expected metres); draw the line again")
    x0, y0, x1, y1 = (round(float(value), 2) for value in numbers)  # type: ignore[arg-type]
    length_m = math.hypot(x1 - x0, y1 - y0)
    if not SHORTEST_M <= length_m <= MOST_M:
        raise ScenarioError(
            f"the line is {length_m:.1f} m long (expected {SHORTEST_M:g} to {MOST_M:g} m); draw the line again"
        )
    line_m = ((x0, y0), (x1, y1))
    at.section = Section(line_m, of.quantity, cut(at.site, at.places, line_m))


def section_picture(at: Desk, page: str, layout: Layout | None) -> tuple[dict[str, Any] | None, tuple[int, ...]]:
    """The section as plain values, and the storeys on it whose estimates are still to be worked out.

    Parameters
    ----------
    at : Desk
    page : str
        Whose layer it follows.
    layout : tuple of devices and treatments, or None
        None while a blocker is held: the section is as before then, and says so.

    Returns
    -------
    dict or None
        None: no line is drawn.
    tuple of int
        As of `Desk.places`.
    """
    of = at.section
    if of.line_m is None or of.made is None:
        return None, ()
    if layout is None:
        return of.last and {**of.last, "note": "As before this move"}, ()
    devices, treatments = layout
    quantity = of.quantity or OF_LAYER.get(at.layers.get(page, ""), MARGIN)
    if not devices and quantity == LEVEL:
        quantity = NETWORK
    waiting, values = [], {}
    for place in of.made.places:
        key = (place, quantity, at.channel if quantity != MARGIN else "", devices, treatments)
        if key not in of.levels:
            at_hand = at.known(place, devices, treatments) or at.drafting.at_hand(place, devices, treatments)
            if not at_hand:
                waiting.append(place)
                continue
            found = _along(at, of.made, place, quantity, devices, treatments)
            of.levels = {key: found} if len(of.levels) >= MOST_KEPT else {**of.levels, key: found}
        values[place] = iter(of.levels[key])
    of.last = _picture(at, of.made, quantity, values, devices, len(waiting))
    return of.last, tuple(waiting)


def _along(
    at: Desk, made: Cut, place: int, quantity: str, devices: tuple[Device, ...], treatments: tuple[Treatment, ...]
) -> tuple[tuple[float | None, ...], ...]:
    """Levels in each room of one storey that the line cuts."""
    draft = at.draft(place, devices, treatments)
    numbers = _numbers(at, place, quantity, draft, devices, treatments)
    numbers = np.where(on_silence(at.site, draft), numbers, np.nan)
    rooms = draft.data["room"].values
    return tuple(along(made, room, draft.patch, rooms, numbers) for room in made.rooms if room.place == place)


def _numbers(
    at: Desk, place: int, quantity: str, draft: Draft, devices: tuple[Device, ...], treatments: tuple[Treatment, ...]
) -> NDArray[Any]:
    """What is shown of a storey, on its grid."""
    if quantity == MARGIN:
        return np.asarray(draft.data["margin_db"].values)
    channels, levels = at.levels(place, treatments)
    if quantity == LEVEL:
        levels = at.drafting.blocker_levels(place, devices, treatments)
    if at.channel in channels:
        found = levels[channels.index(at.channel)]
    elif quantity == LEVEL:  # on the channel nearest to working at each square
        nearest = np.maximum(draft.data["channel"].values, 0)
        found = np.take_along_axis(levels, nearest[None], axis=0)[0]
    else:
        found = levels.max(axis=0)
    return np.asarray(np.where(np.isneginf(found), -200.0, found))


def _picture(
    at: Desk, made: Cut, quantity: str, values: Mapping[int, Any], devices: tuple[Device, ...], waiting: int
) -> dict[str, Any]:
    """All of it as plain values."""
    one = next((sector for sector in at.site.sectors if sector.channel == at.channel), None)
    scale = _scale(quantity, channel_in_words(at.channel) if one is not None else "")
    rooms = [_room(room, at.places[room.place].title, values) for room in made.rooms]
    storeys = {(at.places[room.place].building, at.places[room.place].storey) for room in made.rooms}
    levels = {room.floor_m: at.places[room.place].title.partition(", ")[2] or "yard" for room in made.rooms}
    near = beside(made, [device for device in devices if device.state != "off"])
    aria = (
        f"Section along {made.length_m:.1f} m through {len(made.rooms)} rooms on {len(storeys)} storeys; it crosses "
        f"{len(made.walls)} walls. " + "; ".join(_in_words(room, scale) for room in rooms if room["values"])
    )
    return {
        "line": [list(end) for end in made.line_m],
        "length": made.length_m,
        "heights": list(made.heights_m),
        "quantity": quantity,
        "quantities": list(QUANTITIES if devices else QUANTITIES[:2]),
        "rooms": rooms,
        "walls": [_wall(wall) for wall in made.walls],
        "floors": [{"from": slab.from_m, "to": slab.to_m, "level": slab.level_m} for slab in made.floors],
        "devices": [{"id": device.id, "at": at_m, "z": device.z_m, "colour": DEVICE_COLOUR} for device, at_m in near],
        "levels": [[level, words] for level, words in sorted(levels.items())],
        "note": "" if not waiting else f"{waiting} storey{'s' if waiting > 1 else ''} still being worked out",
        "aria": aria,
        "legend": _legend(bool(near)),
        **field_values(scale, None, (0.0, 0.0)),
    }


def _room(room: CutRoom, storey: str, values: Mapping[int, Any]) -> dict[str, Any]:
    """A room as it is drawn; `values` gives the levels of a storey's rooms one after the other."""
    known = next(values[room.place]) if room.place in values else None
    return {
        "name": room.name,
        "storey": storey,
        "from": room.from_m,
        "to": room.to_m,
        "floor": room.floor_m,
        "ceiling": room.ceiling_m,
        "known": room.place in values,
        "values": known and [None if value is None else round(value, 1) for value in known],
    }


def _wall(wall: CutWall) -> dict[str, Any]:
    gaps = [list(gap) for gap in wall.gaps_m]
    return {"from": wall.from_m, "to": wall.to_m, "base": wall.base_m, "top": wall.top_m, "gaps": gaps}


def _legend(blockers: bool) -> list[dict[str, str]]:
    return [
        {"line": "cut-wall", "text": "wall"},
        {"line": "cut-window", "text": "window"},
        {"line": "cut-door", "text": "door"},
        *([{"shape": "circle", "colour": DEVICE_COLOUR, "text": "blocker by the line"}] if blockers else []),
        {"state": "other", "text": "not to be blocked"},
    ]


def _scale(quantity: str, channel: str) -> Scale:
    """Of what is shown, with its unit; the height it is for is part of its words."""
    if quantity == MARGIN:
        return MARGIN_SCALE
    if quantity == LEVEL:
        return blocker_scale(channel or "channel nearest to working")
    return level_scale(channel or "strongest channel")


def _in_words(room: Mapping[str, Any], scale: Scale) -> str:
    """``B1-13, ground floor: −97 to −88 dBm``."""
    known = [value for value in room["values"] if value is not None]
    words = f"{room['name']}, {room['storey'].rpartition(', ')[2]}"
    if not known:
        return f"{words}: not to be blocked"
    low, high = (f"{value:.0f}".replace("-", "−") for value in (min(known), max(known)))
    return f"{words}: {low} to {high} {scale.unit}"
