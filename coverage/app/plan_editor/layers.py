"""The layers of a plan: what each colours, says and lists. Numbers are the draft's or the assessment's own.

Colours mean the same on all of them: bright is where the network is heard, dark is where nothing works.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from quietwing.coverage.app.plan_editor.drawing import Field, Look, Scale
from quietwing.coverage.decibel import floored
from quietwing.coverage.report import (
    STATE_WORDS,
    UNKNOWN_COLOUR,
    channel_in_words,
    percent,
    place_in_words,
    short_names,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from quietwing.coverage.app.layout_facts import RoomFact
    from quietwing.coverage.live import Draft, DraftRoom
    from quietwing.sites import Site

__all__ = [
    "BEST",
    "BLOCKED",
    "CHANGE",
    "CHANNELS",
    "LAYERS",
    "MARGIN",
    "MARGIN_SCALE",
    "SIGNAL",
    "STRONGEST",
    "best_blocker",
    "blocked",
    "blocker_scale",
    "compared",
    "difference",
    "estimated",
    "level_scale",
    "margin",
    "margin_in_words",
    "on_silence",
    "room_in_words",
    "signal",
    "usable_channels",
    "waiting",
]

BLOCKED, MARGIN, SIGNAL, CHANNELS, BEST, CHANGE = (
    "Blocked", "Margin", "Signal", "Usable channels", "Best blocker", "Difference",
)  # fmt: skip
LAYERS = (BLOCKED, MARGIN, SIGNAL, CHANNELS, BEST, CHANGE)
STRONGEST = ""  # in place of a channel: whichever is heard best
SCALE_DB = 20.0  # fixed, so that two layouts compare
WEAKEST_DBM, STRONG_DBM = -140.0, -70.0  # of RSRP: the lowest level reported (TS 36.133, 9.1.4), and plenty
FAINT_DBM, LOUD_DBM = -120.0, -50.0  # of blockers together, in the same bandwidth (assumed)
MOST_CHANNELS = 12.0  # usable at once: more are drawn alike
CHANGE_DB = 15.0
NO_SIGNAL_DB = 100.0  # a margin above it: nothing is heard there at all
_COLOURS = ("#E69F00", "#56B4E9", "#009E73", "#F0E442", "#0072B2", "#D55E00", "#CC79A7", "#9B8BD6")
OTHER_COLOUR = "#8C8C8C"  # of more blockers than there are colours to tell apart
_DRAWN = {"dead zone": "dead", "marginal": "near", "hole": "hole"}
_JUDGED = {"silent": "dead", "quiet anyway": "quiet", "hole": "hole", "not known": "unknown"}
_OTHER = {"state": "other", "text": "Not to be blocked"}
_CHANCE = Scale(
    "Chance that no phone works", 0.0, 1.0, "quiet",
    ((0.0, "0 %"), (0.25, "25"), (0.5, "50"), (0.75, "75"), (1.0, "100 %")), "%",
)  # fmt: skip
MARGIN_SCALE = Scale(
    "Margin of the channel nearest to working [dB], below 0 a phone may work", -SCALE_DB, SCALE_DB, "quiet",
    ((-20.0, "−20"), (-10.0, "−10"), (0.0, "0"), (10.0, "+10"), (20.0, "+20")), "dB", 0.0,
)  # fmt: skip
_LEVEL_TICKS, _BLOCKER_TICKS = (
    tuple((float(at), f"−{-at}") for at in range(int(low), int(high) + 1, 10))
    for low, high in ((WEAKEST_DBM, STRONG_DBM), (FAINT_DBM, LOUD_DBM))
)


def level_scale(words: str) -> Scale:
    """Of the public network's RSRP on a channel in words."""
    return Scale(f"RSRP, {words}, blockers off [dBm]", WEAKEST_DBM, STRONG_DBM, "level", _LEVEL_TICKS, "dBm")


def blocker_scale(words: str) -> Scale:
    """Of all blockers together on a channel in words; dark is where much is blocked, as on every layer."""
    title = f"All blockers, {words} [dBm, bandwidth as RSRP]"
    return Scale(title, FAINT_DBM, LOUD_DBM, "quiet", _BLOCKER_TICKS, "dBm")


def blocked(rooms: Mapping[str, RoomFact], grade: str, here: Sequence[str], draft: Draft | None = None) -> Look:
    """Rooms as the full assessment judged them: the chance as fill, the state it is called as outline.

    Parameters
    ----------
    rooms : mapping of str to RoomFact
        Of the whole site.
    grade : str
        The one asked for.
    here : sequence of str
        Rooms of the storey.
    draft : Draft, optional
        Read out at a square besides.

    Returns
    -------
    Look
    """
    shown = {name: rooms[name] for name in here if name in rooms}
    counted = Counter(room.state for room in shown.values())
    unknown = ({"state": "unknown", "text": "Not known: counts as not blocked"},) if counted["not known"] else ()
    quiet = ({"outline": "quiet", "text": "No signal even without blockers"},) if counted["quiet anyway"] else ()
    return Look(
        states={name: f"o-{_JUDGED[room.state]}" for name, room in shown.items()},
        labels={name: (name, percent(room.chance)) for name, room in shown.items()},
        titles={
            name: f"{name}: {STATE_WORDS[room.state]} at {grade} grade; no phone works in "
            f"{percent(room.chance)} of simulations{f'; {room.escape}' if room.escape else ''}"
            for name, room in shown.items()
        },
        legend=(
            {"outline": "dead", "text": f"Blocked at {grade} grade"},
            *quiet,
            {"outline": "hole", "text": "Not blocked (a phone may work)"},
            *unknown,
            _OTHER,
        ),
        aria=f"On this storey, at {grade} grade: {_rooms(counted['silent'])} blocked, "
        f"{counted['quiet anyway']} without signal anyway, {counted['hole'] + counted['not known']} not blocked.",
        scale=_CHANCE,
        by_room={name: room.chance for name, room in shown.items()},
        hover=_hover(draft) if draft is not None else {},
        channels=_channels(draft) if draft is not None else (),
    )


def waiting(here: Sequence[str]) -> Look:
    """Rooms while their first estimate is being worked out."""
    return Look(
        states=dict.fromkeys(here, "clear"),
        labels={name: (name,) for name in here},
        titles={},
        legend=(_OTHER,),
        aria="The quick estimate is being worked out.",
    )


def estimated(draft: Draft) -> Look:
    """Rooms by the quick estimate, while there is no assessment of this layout."""
    counted = Counter(room.state for room in draft.rooms)
    return Look(
        states={room.room: f"o-{_DRAWN[room.state]}" for room in draft.rooms},
        labels={room.room: (room.room, margin_in_words(room.margin_db)) for room in draft.rooms},
        titles={room.room: room_in_words(room) for room in draft.rooms},
        legend=(
            {"outline": "dead", "text": "Blocked (quick estimate)"},
            {"outline": "near", "text": "Borderline (within 3 dB): the full assessment decides"},
            {"outline": "hole", "text": "Not blocked (a phone may work)"},
            _OTHER,
        ),
        aria=f"Quick estimate: {counted['dead zone']} blocked, {counted['marginal']} borderline, "
        f"{counted['hole']} not blocked.",
        scale=replace(
            MARGIN_SCALE, title="Margin at a room's weakest spot [dB], below 0 a phone may work", line=None
        ),
        by_room={room.room: room.margin_db for room in draft.rooms},
        hover=_hover(draft),
        channels=_channels(draft),
    )


def margin(site: Site, draft: Draft) -> Look:
    """Margin of the channel nearest to working, on a fixed scale, with the line where it is 0 dB."""
    shown = on_silence(site, draft)
    margin_db = draft.data["margin_db"].values
    negative = int((margin_db[shown] < 0).sum())
    return Look(
        states=_clear(draft),
        labels={room.room: (room.room, margin_in_words(room.margin_db)) for room in draft.rooms},
        titles={room.room: room_in_words(room) for room in draft.rooms},
        legend=({"line": "zero", "text": "0 dB: blocked on one side, not on the other"}, _OTHER),
        aria=f"Quick estimate 1.5 m above the floor: {negative} of {int(shown.sum())} squares are below 0 dB.",
        scale=MARGIN_SCALE,
        grid=_field(draft, np.where(shown, margin_db, np.nan)),
        hover=_hover(draft),
        channels=_channels(draft),
    )


def signal(site: Site, draft: Draft, channels: Sequence[str], levels: NDArray[Any], channel: str) -> Look:
    """RSRP of one channel, or of the strongest at each square.

    Parameters
    ----------
    site : Site
    draft : Draft
        Of the same storey: its grid and rooms.
    channels : sequence of str
    levels : ndarray, shape (channel, j, i)
        As of `Drafting.levels`. [dBm]
    channel : str
        One of them, or `STRONGEST`.

    Returns
    -------
    Look
    """
    shown = on_silence(site, draft)
    one = channel in channels
    rsrp_dbm = np.full(shown.shape, np.nan)
    picked = levels[list(channels).index(channel)] if one else levels.max(axis=0)
    rsrp_dbm[shown] = np.where(np.isfinite(picked[shown]), picked[shown], -200.0)
    best = np.where(shown, list(channels).index(channel) if one else levels.argmax(axis=0), np.nan)
    words = channel_in_words(channel) if one else "strongest channel"
    room_of = draft.data["room"].values
    most = {site.rooms[room].id: float(rsrp_dbm[room_of == room].max()) for room in np.unique(room_of[shown])}
    return Look(
        states=_clear(draft),
        labels={name: (name, _whole(floored(level, 0))) for name, level in most.items()},
        titles={name: f"{name}: {words} up to {_whole(level)} dBm" for name, level in most.items()},
        legend=(_OTHER,),
        aria=f"RSRP of the {words}, blockers off, 1.5 m above the floor." if one else
        "RSRP of the strongest channel, blockers off, 1.5 m above the floor.",
        scale=level_scale(words),
        grid=_field(draft, rsrp_dbm),
        hover={"level": _field(draft, rsrp_dbm), "channel": _field(draft, best)},
        channels=tuple(channel_in_words(each) for each in channels),
    )  # fmt: skip


def usable_channels(site: Site, draft: Draft, blockers: bool) -> Look:
    """How many channels a phone may use at each square, by the quick estimate."""
    shown = on_silence(site, draft)
    usable = np.where(shown, draft.data["usable"].values, np.nan)
    room_of = draft.data["room"].values
    most = {site.rooms[room].id: int(np.nanmax(usable[room_of == room])) for room in np.unique(room_of[shown])}
    what = "with this layout" if blockers else "blockers off"
    ticks = tuple((float(at), f"{at}{' or more' if at == MOST_CHANNELS else ''}") for at in (0, 3, 6, 9, 12))
    return Look(
        states=_clear(draft),
        labels={name: (name, str(count)) for name, count in most.items()},
        titles={name: f"{name}: up to {count} channels may be used, {what}" for name, count in most.items()},
        legend=(_OTHER,),
        aria=f"Quick estimate of usable channels, {what}, 1.5 m above the floor: none in "
        f"{sum(not count for count in most.values())} of {len(most)} rooms.",
        scale=Scale(f"Channels a phone may use, {what}", 0.0, MOST_CHANNELS, "level", ticks, "channels"),
        grid=_field(draft, usable),
        hover=_hover(draft),
        channels=_channels(draft),
    )


def best_blocker(site: Site, draft: Draft) -> Look:
    """Which device is strongest on the channel nearest to working."""
    shown = on_silence(site, draft)
    device = draft.data["device"].values
    present, squares = np.unique(device[shown & (device >= 0)], return_counts=True)
    largest = sorted(present[np.argsort(-squares, kind="stable")][: len(_COLOURS)].tolist())
    name_of = short_names(draft.devices)
    colour_of = dict(zip(largest, _COLOURS, strict=False))
    legend: list[Mapping[str, str]] = [
        {"colour": colour, "text": name_of[draft.devices[index]]} for index, colour in colour_of.items()
    ]
    if others := [index for index in present.tolist() if index not in colour_of]:
        legend.append({"colour": OTHER_COLOUR, "text": f"{len(others)} more, with the smallest areas"})
        colour_of |= dict.fromkeys(others, OTHER_COLOUR)
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
        aria=f"Areas of {len(present)} blockers, those of other storeys too.",
        scale=Scale("Strongest blocker on the channel nearest to working", 0, 1, "level", (),
                    classes=colour_of | {-1: UNKNOWN_COLOUR}),
        grid=_field(draft, np.where(shown, device, np.nan)),
        hover=_hover(draft),
        channels=_channels(draft),
        colours={draft.devices[index]: colour for index, colour in colour_of.items()},
    )  # fmt: skip


def difference(site: Site, draft: Draft, before: Draft, what: str) -> Look:
    """By how much the margin of the channel nearest to working differs between two layouts.

    Parameters
    ----------
    site : Site
    draft, before : Draft
        Of one storey.
    what : str
        What is compared with what, in words.

    Returns
    -------
    Look
    """
    shown = on_silence(site, draft)
    moved_db = np.where(shown, draft.data["margin_db"].values - before.data["margin_db"].values, np.nan)
    old = {room.room: room.margin_db for room in before.rooms}
    gained = sum(room.margin_db > 0 >= old[room.room] for room in draft.rooms)
    lost = sum(old[room.room] > 0 >= room.margin_db for room in draft.rooms)
    ticks = tuple((float(at), f"{at:+d}".replace("-", "−") if at else "0") for at in (-15, -10, -5, 0, 5, 10, 15))
    return Look(
        states={room.room: "o-gained" if room.margin_db > 0 >= old[room.room] else
                "o-lost" if old[room.room] > 0 >= room.margin_db else "clear" for room in draft.rooms},
        labels={room.room: (room.room, f"{room.margin_db - old[room.room]:+.0f} dB".replace("-", "−"))
                for room in draft.rooms},
        titles={room.room: f"{room.room}: margin {margin_in_words(old[room.room])} before, "
                f"{margin_in_words(room.margin_db)} now" for room in draft.rooms},
        legend=({"outline": "gained", "text": "Now blocked"}, {"outline": "lost", "text": "No longer blocked"},
                _OTHER),
        aria=f"On this storey, {what}: {_rooms(gained)} newly blocked, {lost} no longer blocked.",
        scale=Scale(f"Change of the margin, {what} [dB]", -CHANGE_DB, CHANGE_DB, "change", ticks, "dB"),
        grid=_field(draft, moved_db),
        hover=_hover(draft),
        channels=_channels(draft),
    )  # fmt: skip


def compared(layouts: Sequence[tuple[str, Mapping[str, RoomFact]]], grade: str, here: Sequence[str]) -> Look:
    """Layouts side by side on one plan: the chance in each that no phone works, room by room."""
    slices, said = [], {name: [] for name in here}  # type: ignore[var-annotated]
    for label, rooms in layouts:
        slices.append((label, {name: rooms[name].chance for name in here if name in rooms}))
        for name in here:
            if name in rooms:
                said[name].append(f"{label} {percent(rooms[name].chance)}, {STATE_WORDS[rooms[name].state]}")
    return Look(
        states={name: "clear" for name in here if said[name]},
        labels={name: (name,) for name in here if said[name]},
        titles={name: f"{name}: {'; '.join(words)}" for name, words in said.items() if words},
        legend=(_OTHER,),
        aria=f"Chance that no phone works at {grade} grade, from left to right: "
        + ", ".join(label for label, _ in layouts) + ".",
        scale=_CHANCE,
        slices=tuple(slices),
    )  # fmt: skip


def margin_in_words(margin_db: float) -> str:
    """A margin rounded down to 1 dB: ``+7 dB``, ``−3 dB``."""
    if margin_db >= NO_SIGNAL_DB:
        return "no signal"
    whole = int(floored(margin_db, 0))
    return f"{'−' if whole < 0 else '+'}{abs(whole)} dB"


def room_in_words(room: DraftRoom) -> str:
    """``A1-05: not blocked (quick estimate), −7 dB; EE 800 MHz 4G at the window is nearest to working``."""
    state = {"dead zone": "blocked", "marginal": "borderline", "hole": "not blocked"}[room.state]
    return (
        f"{room.room}: {state} (quick estimate), {margin_in_words(room.margin_db)}; "
        f"{channel_in_words(room.channel)} {place_in_words(room.point)} is nearest to working"
    )


def _rooms(many: int) -> str:
    return f"{many} room{'' if many == 1 else 's'}"


def _whole(value: float) -> str:
    return f"{value:.0f}".replace("-", "−")


def _clear(draft: Draft) -> dict[str, str]:
    """Rooms that let the field through."""
    return {room.room: "clear" for room in draft.rooms}


def on_silence(site: Site, draft: Draft) -> NDArray[np.bool_]:
    """Squares of rooms that must be silent; elsewhere a margin means nothing."""
    silence = np.array([room.role == "silence" for room in site.rooms] + [False])
    return np.asarray(silence[draft.data["room"].values])  # −1 is the last: in no room


def _field(draft: Draft, values: NDArray[Any]) -> Field:
    return Field(draft.patch, values, draft.data["room"].values)


def _hover(draft: Draft) -> dict[str, Field]:
    """What is read out at a square of any layer."""
    margin_db, channel = draft.data["margin_db"].values, draft.data["channel"].values
    return {"margin": _field(draft, margin_db), "channel": _field(draft, np.where(channel < 0, np.nan, channel))}


def _channels(draft: Draft) -> tuple[str, ...]:
    return tuple(channel_in_words(channel) for channel in draft.channels)
