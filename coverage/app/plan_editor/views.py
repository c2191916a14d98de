"""The four views of a storey: dead zones, margin, best blocker, change against the last run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from quietwing.coverage.app.plan_editor.drawing import Look, Raster, borders
from quietwing.coverage.decibel import floored
from quietwing.coverage.report import HOLE as HOLE_ROOM
from quietwing.coverage.report import (
    KEEP,
    QUIET,
    SILENT,
    UNKNOWN,
    UNKNOWN_COLOUR,
    channel_in_words,
    escapes_of,
    percent,
    place_in_words,
    short_names,
    state_of_rooms,
)
from quietwing.coverage.results import Verdict
from quietwing.coverage.study import DEAD_ZONE, HOLE, MARGINAL, MARGINAL_DB, Draft, DraftRoom
from quietwing.sites import Site

__all__ = [
    "BEST",
    "CHANGE",
    "DEAD_ZONES",
    "MARGIN",
    "VIEWS",
    "best_blocker",
    "change",
    "dead_zones",
    "margin",
    "margin_in_words",
    "room_in_words",
    "verdict_states",
]

DEAD_ZONES, MARGIN, BEST, CHANGE = "Dead zones", "Margin", "Best blocker", "Change"
VIEWS = (DEAD_ZONES, MARGIN, BEST, CHANGE)
SCALE_DB = 20.0  # fixed, so that two layouts compare
NO_SIGNAL_DB = 100.0  # a margin above it: nothing is heard there at all
_DRAWN = {DEAD_ZONE: "dead", MARGINAL: "marginal", HOLE: "hole"}
_JUDGED = {SILENT: "dead", QUIET: "quiet", HOLE_ROOM: "hole", UNKNOWN: "unknown"}
_COLOURS = ("#E69F00", "#56B4E9", "#009E73", "#F0E442", "#0072B2", "#D55E00", "#CC79A7", "#9B8BD6")
_OTHER = {"state": "other", "text": "Need not be silent"}
_DEAD = {"state": "dead", "text": "Dead zone (no phone works)"}
_HOLE = {"state": "hole", "text": "Hole (a phone still works)"}


def dead_zones(draft: Draft, verdict: Verdict | None) -> Look:
    """Each cell as the full assessment judged it, or by the draft where there is none.

    Parameters
    ----------
    draft : Draft
    verdict : Verdict or None
        Of the layout that is drawn.

    Returns
    -------
    Look
    """
    if verdict is None:
        states = {room.room: _DRAWN[room.state] for room in draft.rooms}
        near = f"Within {MARGINAL_DB:g} dB of the limit: the full assessment decides"
        legend = (_DEAD, {"state": "marginal", "text": near}, _HOLE, _OTHER)
        labels = {room.room: (room.room, margin_in_words(room.margin_db)) for room in draft.rooms}
        titles = {room.room: room_in_words(room) for room in draft.rooms}
        aria = (
            f"Draft: {draft.count(DEAD_ZONE)} dead zones, {draft.count(MARGINAL)} near the limit, "
            f"{draft.count(HOLE)} holes."
        )
        return Look(states, labels, titles, legend, aria)
    here = {room.room for room in draft.rooms}
    judged = {room: state for room, state in verdict_states(verdict).items() if room in here}
    silent, grade = _silent(verdict), verdict.grades[0].grade.name
    counted = Counter(judged.values())
    unknown = ({"state": "unknown", "text": "Not known: counts as a hole"},) if counted[UNKNOWN] else ()
    quiet = {"state": "quiet", "text": "Quiet anyway (without any blocker)"}
    said: dict[str, str] = {}
    for escape in escapes_of(verdict):
        said.setdefault(
            escape.room, f"; {channel_in_words(escape.channel)} still works {place_in_words(escape.place)}"
        )
    return Look(
        states={room: _JUDGED[state] for room, state in judged.items()},
        labels={room: (room, percent(silent[room])) for room in judged},
        titles={
            room: f"{room}: {state} at {grade} grade, silent in {percent(silent[room])} of cases{said.get(room, '')}"
            for room, state in judged.items()
        },
        legend=(_DEAD, quiet, _HOLE, *unknown, _OTHER),
        aria=f"At {grade} grade {counted[SILENT]} silent, {counted[QUIET]} quiet anyway, {counted[HOLE_ROOM]} holes.",
    )


def margin(site: Site, draft: Draft) -> Look:
    """Draft margin of the channel nearest to working, on the fixed scale, with the line where it is 0 dB."""
    from matplotlib import colormaps

    cividis = colormaps["cividis"]
    shown = _shown(site, draft)
    margin_db = draft.data["margin_db"].values
    rgba = cividis((np.clip(margin_db, -SCALE_DB, SCALE_DB) + SCALE_DB) / (2 * SCALE_DB), bytes=True)
    rgba[~shown] = 0
    steps = (
        (-SCALE_DB, "−20 dB or less: a phone works"),
        (-SCALE_DB / 2, "−10"),
        (0.0, "0"),
        (SCALE_DB / 2, "+10"),
        (SCALE_DB, "+20 dB or more: silenced"),
    )
    legend = tuple(
        {"colour": _hex(cividis((step + SCALE_DB) / (2 * SCALE_DB))), "text": text} for step, text in steps
    )
    negative = int((margin_db[shown] < 0).sum())
    return Look(
        states=_clear(draft),
        labels={room.room: (room.room, margin_in_words(room.margin_db)) for room in draft.rooms},
        titles={room.room: room_in_words(room) for room in draft.rooms},
        legend=(*legend, {"line": "zero", "text": "0 dB: silenced on one side, not on the other"}),
        aria=f"Draft margin 1.5 m above the floor: {negative} of {int(shown.sum())} squares are below 0 dB.",
        image=Raster(draft.patch, rgba),
        lines_m=borders(draft.patch, margin_db >= 0, shown),
        colours=dict.fromkeys(draft.devices, "#FFFFFF"),  # yellow means +20 dB here
    )


def best_blocker(site: Site, draft: Draft) -> Look:
    """Which device is strongest on the channel nearest to working."""
    shown = _shown(site, draft)
    device = draft.data["device"].values
    present = [index for index in np.unique(device[shown]).tolist() if index >= 0]
    name_of = short_names(draft.devices)
    colour_of = {index: _COLOURS[number % len(_COLOURS)] for number, index in enumerate(present)}
    rgba = np.zeros((*device.shape, 4), np.uint8)
    rgba[shown] = (*_bytes(UNKNOWN_COLOUR), 255)
    for index, colour in colour_of.items():
        rgba[shown & (device == index)] = (*_bytes(colour), 255)
    legend: list[Mapping[str, str]] = [
        {
            "colour": _COLOURS[0],
            "text": "the colour of the blocker that is strongest there on the channel that matters",
        }
    ]
    if (device[shown] < 0).any():
        legend.append({"colour": UNKNOWN_COLOUR, "text": "no blocker sends on that channel"})
    return Look(
        states=_clear(draft),
        labels={room.room: (room.room, name_of.get(room.device, "none")) for room in draft.rooms},
        titles={
            room.room: f"{room.room}: strongest is {room.device or 'no blocker'} on {channel_in_words(room.channel)}"
            for room in draft.rooms
        },
        legend=tuple(legend),
        aria=f"Areas of {len(present)} blockers.",
        image=Raster(draft.patch, rgba),
        lines_m=borders(draft.patch, device, shown),
        colours={draft.devices[index]: colour for index, colour in colour_of.items()},
    )


def change(draft: Draft, before: Mapping[str, bool], now: Mapping[str, bool], what: str) -> Look:
    """Cells that turned into dead zones or holes.

    Parameters
    ----------
    draft : Draft
        Of the layout that is drawn.
    before, now : mapping of str to bool
        Room to whether it is a dead zone.
    what : str
        What is compared with what, in words.

    Returns
    -------
    Look
    """
    names = {
        (False, True): ("gained", "Now a dead zone"),
        (True, False): ("lost", "Now a hole"),
        (True, True): ("still-dead", "Dead zone as before"),
        (False, False): ("still-hole", "Hole as before"),
    }
    here = [room.room for room in draft.rooms if room.room in before and room.room in now]
    pair = {room: (before[room], now[room]) for room in here}
    counted = Counter(pair.values())
    return Look(
        states={room: names[pair[room]][0] for room in here},
        labels={room: (room,) for room in here},
        titles={room: f"{room}: {names[pair[room]][1].lower()}" for room in here},
        legend=(*({"state": state, "text": text} for state, text in names.values()), _OTHER),
        aria=f"{what}: {counted[False, True]} cells turned into dead zones, {counted[True, False]} into holes.",
    )


def verdict_states(verdict: Verdict) -> dict[str, str]:
    """State of each room that must be silent at the grade asked for, in the words of the report."""
    names = verdict.by_room["room"].values.tolist()
    return {str(name): state for name, state in zip(names, state_of_rooms(verdict), strict=True) if state != KEEP}


def margin_in_words(margin_db: float) -> str:
    """A margin rounded down to 1 dB: ``+7 dB``, ``−3 dB``."""
    if margin_db >= NO_SIGNAL_DB:
        return "no signal"
    whole = int(floored(margin_db, 0))
    return f"{'−' if whole < 0 else '+'}{abs(whole)} dB"


def room_in_words(room: DraftRoom) -> str:
    """``A1-05: hole by the draft, −7 dB; EE 800 MHz 4G at the window is nearest to working``."""
    return (
        f"{room.room}: {room.state} by the draft, {margin_in_words(room.margin_db)}; "
        f"{channel_in_words(room.channel)} {place_in_words(room.point)} is nearest to working"
    )


def _silent(verdict: Verdict) -> dict[str, float]:
    rooms = verdict.by_room
    return dict(
        zip(map(str, rooms["room"].values.tolist()), rooms["silent_probability"].values.tolist(), strict=True)
    )


def _clear(draft: Draft) -> dict[str, str]:
    """Rooms that let the picture through."""
    return {room.room: "clear" for room in draft.rooms}


def _shown(site: Site, draft: Draft) -> NDArray[np.bool_]:
    """Squares of rooms that must be silent; elsewhere a margin means nothing."""
    silence = np.array([room.role == "silence" for room in site.rooms] + [False])
    return np.asarray(silence[draft.data["room"].values])  # −1 is the last: in no room


def _bytes(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _hex(rgba: tuple[float, float, float, float]) -> str:
    return "#" + "".join(f"{round(255 * part):02X}" for part in rgba[:3])
