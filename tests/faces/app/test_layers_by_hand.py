"""Layers of a plan made up by hand: three rooms of two squares, each state in its word and its outline."""

import math
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import xarray as xr

from quietwing.coverage.app.layout_facts import RoomFact
from quietwing.coverage.app.plan_editor.layers import (
    _COLOURS,
    OTHER_COLOUR,
    STRONGEST,
    best_blocker,
    blocked,
    compared,
    difference,
    estimated,
    margin,
    room_in_words,
    signal,
    usable_channels,
    waiting,
)
from quietwing.coverage.live import Draft, DraftRoom
from quietwing.coverage.report import UNKNOWN_COLOUR
from quietwing.sites import Patch

CHANNELS = ("EE/B20/LTE", "O2/B8/GSM")
ROLES = {"A1": "silence", "A2": "silence", "A3": "silence", "office": "keep"}
SITE = SimpleNamespace(rooms=tuple(SimpleNamespace(id=name, role=role) for name, role in ROLES.items()))
GRID = np.array([[0, 0, 1, 1], [2, 2, 3, -1]])  # two squares a room; one of the office, one in no room
MARGINS = {"A1": (7.9, "dead zone"), "A2": (-1.2, "marginal"), "A3": (-12.5, "hole")}


def draft(margins=MARGINS, device=0, usable=1) -> Draft:
    by_room = {0: margins["A1"][0], 1: margins["A2"][0], 2: margins["A3"][0], 3: np.nan, -1: np.nan}
    data = xr.Dataset(
        {
            "margin_db": (("j", "i"), np.vectorize(by_room.get)(GRID).astype(float)),
            "channel": (("j", "i"), np.where(GRID < 0, -1, 0)),
            "device": (("j", "i"), np.broadcast_to(device, GRID.shape)),
            "usable": (("j", "i"), np.broadcast_to(usable, GRID.shape).astype(float)),
            "room": (("j", "i"), GRID),
        }
    )
    rooms = tuple(
        DraftRoom(name, db, CHANNELS[0], "window-out", "J1" if name == "A1" else "", state)
        for name, (db, state) in margins.items()
    )
    patch = Patch((0.5, 0.5, 1.5), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), 4, 2, 0)
    return Draft("B1, ground floor", 0, 0, patch, CHANNELS, ("J1", "J2"), data, rooms, ())


def fact(state, chance, escape="") -> RoomFact:
    return RoomFact(state, chance, "", escape, 0.0, True)


FACTS = {
    "A1": fact("silent", 0.93), "A2": fact("quiet anyway", 1.0), "A3": fact("hole", 0.2, "EE may work at the window"),
    "B9": fact("not known", 0.0),
}  # fmt: skip


# --- As assessed.


@pytest.mark.parametrize(
    ("room", "outline", "words"),
    [
        ("A1", "o-dead", "A1: blocked at planning grade; no phone works in 93"),
        ("A2", "o-quiet", "A2: no signal even without blockers at planning grade"),
        ("A3", "o-hole", "A3: not blocked (a phone may work) at planning grade"),
        ("B9", "o-unknown", "B9: not known: counts as not blocked"),
    ],
)
def test_a_room_is_outlined_and_told_as_it_was_judged(room, outline, words):
    look = blocked(FACTS, "planning", [room])
    assert look.states == {room: outline}
    assert look.titles[room].startswith(words)
    assert look.by_room == {room: FACTS[room].chance}


def test_what_works_likeliest_is_said_last():
    assert blocked(FACTS, "planning", ["A3"]).titles["A3"].endswith("; EE may work at the window")


@pytest.mark.parametrize(
    ("here", "entries", "aria"),
    [
        (
            ["A1", "A3"],
            3,
            "On this storey, at planning grade: 1 room blocked, 0 without signal anyway, 1 not blocked.",
        ),
        (
            ["A1", "A2"],
            4,
            "On this storey, at planning grade: 1 room blocked, 1 without signal anyway, 0 not blocked.",
        ),
        (
            ["A3", "B9"],
            4,
            "On this storey, at planning grade: 0 rooms blocked, 0 without signal anyway, 2 not blocked.",
        ),
        (
            ["A2", "B9"],
            5,
            "On this storey, at planning grade: 0 rooms blocked, 1 without signal anyway, 1 not blocked.",
        ),
    ],
)
def test_the_legend_holds_what_is_on_the_storey_and_not_known_counts_as_not_blocked(here, entries, aria):
    look = blocked(FACTS, "planning", [*here, "office"])  # the office was not judged
    assert (len(look.legend), look.aria) == (entries, aria)
    assert "office" not in look.states


def test_layouts_side_by_side_keep_their_order_and_their_words():
    other = {"A1": fact("hole", 0.5)}
    look = compared([("now", FACTS), ("plan", other)], "planning", ["A1", "A2", "office"])
    assert look.slices == (("now", {"A1": 0.93, "A2": 1.0}), ("plan", {"A1": 0.5}))
    assert look.titles["A1"].startswith("A1: now 93")
    assert "; plan 50" in look.titles["A1"]
    assert set(look.states) == {"A1", "A2"}
    assert look.aria.endswith("from left to right: now, plan.")


def test_while_nothing_is_known_no_room_has_a_colour():
    look = waiting(["A1", "A2"])
    assert (look.states, look.labels) == ({"A1": "clear", "A2": "clear"}, {"A1": ("A1",), "A2": ("A2",)})
    assert look.scale is None


# --- As estimated.


def test_an_estimate_has_three_outlines_and_counts_them():
    look = estimated(draft())
    assert look.states == {"A1": "o-dead", "A2": "o-near", "A3": "o-hole"}
    assert look.aria == "Quick estimate: 1 blocked, 1 borderline, 1 not blocked."
    assert look.labels["A3"] == ("A3", "−13 dB")  # −12.5 rounded down
    assert look.channels == ("EE 800 MHz 4G", "O2 900 MHz 2G")


@pytest.mark.parametrize(
    ("at", "words"),
    [
        (0, "A1: blocked (quick estimate), +7 dB; EE 800 MHz 4G "),
        (1, "A2: borderline (quick estimate), −2 dB; EE 800 MHz 4G "),
        (2, "A3: not blocked (quick estimate), −13 dB; EE 800 MHz 4G "),
    ],
)
def test_a_room_in_words_has_state_margin_and_channel(at, words):
    said = room_in_words(draft().rooms[at])
    assert said.startswith(words)
    assert said.endswith("is nearest to working")


def test_margins_are_shown_in_rooms_that_must_be_silent_alone():
    look = margin(SITE, draft())
    assert np.isfinite(look.grid.values).tolist() == [[True] * 4, [True, True, False, False]]
    assert look.aria == "Quick estimate 1.5 m above the floor: 4 of 6 squares are below 0 dB."
    assert (look.scale.low, look.scale.high, look.scale.line) == (-20.0, 20.0, 0.0)  # two layouts compare


LEVELS = np.array(
    [[[-80.0, -85, -120, -np.inf], [-90, -90, -60, -60]], [[-100.0, -70, -119, -np.inf], [-90, -91, 0, 0]]]
)


@pytest.mark.parametrize(
    ("channel", "labels"),
    [
        (CHANNELS[0], ["−80", "−120", "−90"]),  # the loudest square of each room
        (STRONGEST, ["−70", "−119", "−90"]),  # whichever is heard best
    ],
)
def test_a_room_is_labelled_with_its_loudest_square(channel, labels):
    look = signal(SITE, draft(), CHANNELS, LEVELS, channel)
    assert [look.labels[name][1] for name in ("A1", "A2", "A3")] == labels
    assert look.grid.values[0, 3] == -200.0  # nothing is heard: below every scale, and no hole in the picture
    assert np.isnan(look.grid.values[1, 2:]).all()


def test_the_strongest_channel_is_read_out_square_by_square():
    best = signal(SITE, draft(), CHANNELS, LEVELS, STRONGEST).hover["channel"].values
    assert best[0, :3].tolist() == [0, 1, 1]


@pytest.mark.parametrize(("blockers", "words"), [(True, "with this layout"), (False, "blockers off")])
def test_usable_channels_are_counted_at_the_worst_square(blockers, words):
    usable = np.array([[0, 0, 2, 5], [0, 0, 9, 9]])
    look = usable_channels(SITE, draft(usable=usable), blockers)
    assert {name: label[1] for name, label in look.labels.items()} == {"A1": "0", "A2": "5", "A3": "0"}
    assert look.aria == (f"Quick estimate of usable channels, {words}, 1.5 m above the floor: none in 2 of 3 rooms.")


def test_areas_have_the_colour_of_their_blocker_and_none_is_grey():
    look = best_blocker(SITE, draft(device=np.array([[0, 0, 1, 1], [-1, -1, 0, 0]])))
    assert look.scale.classes == {0: look.colours["J1"], 1: look.colours["J2"], -1: UNKNOWN_COLOUR}
    assert look.colours["J1"] != look.colours["J2"]
    assert look.legend[-1]["text"] == "no blocker sends on that channel"
    assert (look.labels["A1"][1], look.labels["A2"][1]) == ("J1", "none")
    assert len(best_blocker(SITE, draft()).legend) == 1  # one blocker is strongest everywhere


def test_no_two_blockers_of_the_legend_share_a_colour_and_the_smallest_areas_are_grey():
    """With more blockers than colours two areas far apart had the same one."""
    one = draft()
    wide = {name: (("j", "i"), np.repeat(one.data[name].values, 4, axis=1)) for name in one.data}
    silent = np.isin(wide["room"][1], [0, 1, 2])
    wide["device"][1][silent] = np.repeat(np.arange(10), [1, 2, 2, 2, 2, 2, 2, 2, 8, 1])
    many = replace(one, data=xr.Dataset(wide), patch=replace(one.patch, count_i=16))
    look = best_blocker(SITE, replace(many, devices=tuple(f"J{number}" for number in range(10))))
    colours = [entry["colour"] for entry in look.legend]
    assert len(set(colours)) == len(colours) == 9
    assert look.legend[-1]["text"] == "2 more, with the smallest areas"
    assert look.colours["J0"] == look.colours["J9"] == colours[-1]


@pytest.mark.parametrize(
    ("before_db", "now_db", "state", "label"),
    [
        (-4.0, 3.0, "o-gained", "+7 dB"),
        (3.0, -4.0, "o-lost", "−7 dB"),
        (0.0, 1.0, "o-gained", "+1 dB"),  # 0 dB is not blocked
        (1.0, 0.0, "o-lost", "−1 dB"),
        (-9.0, -2.0, "clear", "+7 dB"),  # better, and still not blocked
        (2.0, 9.0, "clear", "+7 dB"),
    ],
)
def test_a_room_is_gained_or_lost_as_its_margin_passes_0(before_db, now_db, state, label):
    before, now = (draft(MARGINS | {"A2": (db, "hole")}) for db in (before_db, now_db))
    look = difference(SITE, now, before, "now against before")
    assert (look.states["A2"], look.labels["A2"][1]) == (state, label)
    assert look.grid.values[0].tolist() == [0.0, 0.0, now_db - before_db, now_db - before_db]
    assert look.states["A1"] == "clear"


def test_the_same_layout_twice_differs_nowhere():
    look = difference(SITE, draft(), replace(draft()), "again")
    assert np.nanmax(np.abs(look.grid.values)) == 0.0
    assert look.aria == "On this storey, again: 0 rooms newly blocked, 0 no longer blocked."


def test_the_scale_of_a_difference_has_its_middle_at_no_change_and_reads_as_signed():
    look = difference(SITE, draft(), draft(), "again")
    assert (look.scale.low, look.scale.high) == (-15.0, 15.0)
    assert [(at, words) for at, words in look.scale.ticks if at in (-15, 0, 5)] == [
        (-15.0, "−15"),
        (0.0, "0"),
        (5.0, "+5"),
    ]


def test_colours_of_blockers_are_told_apart_from_each_other_and_from_what_is_none():
    shades = [
        tuple(int(one[at : at + 2], 16) for at in (1, 3, 5)) for one in (*_COLOURS, OTHER_COLOUR, UNKNOWN_COLOUR)
    ]
    for number, shade in enumerate(shades):
        for other in shades[:number]:
            assert math.dist(shade, other) > 40  # of 442 between black and white


def test_areas_keep_the_order_of_devices_in_the_legend_whatever_their_size():
    look = best_blocker(SITE, draft(device=np.array([[1, 1, 1, 1], [1, 0, 0, 0]])))
    assert [entry["text"] for entry in look.legend] == ["J1", "J2"]
    assert look.aria == "Areas of 2 blockers, those of other storeys too."
