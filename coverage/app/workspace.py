"""The plan that stands in the middle of every page, with its storeys, layers and stack."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import streamlit as st

from quietwing.coverage.app.blockers_state import WHOLE_SITE, Desk, editor_key, on_edit
from quietwing.coverage.app.plan_editor import plan_editor
from quietwing.coverage.app.plan_editor.drawing import Look, on_plan, picture
from quietwing.coverage.app.plan_editor.layers import SIGNAL, STRONGEST, compared
from quietwing.coverage.app.plan_editor.places import Place, rooms_of
from quietwing.coverage.app.plan_editor.site_plan import site_picture, stack_of
from quietwing.coverage.app.state import session
from quietwing.coverage.report import channel_in_words

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator

    from quietwing.coverage.app.layout_facts import LayoutFacts, OutsidePlace, RoomFact
    from quietwing.coverage.app.state import Layout
    from quietwing.coverage.equipment import Treatment

__all__ = ["OFF", "bench", "here", "leave_if_asked", "show_plan", "show_site", "side_by_side", "without_blockers"]

OFF = "No blockers"
OMNI = "omni"  # a pattern with no direction
LEAVING = "page that is on its way"

QUIET_STATES = ("silent", "quiet anyway")


def bench(key: str) -> tuple[DeltaGenerator, DeltaGenerator]:
    """The plan's place and the panel beside it."""
    with st.container(key=f"quietwing-bench-{key}"):
        plan, panel = st.columns([5, 2], gap="small")
    return plan, panel.container(key=f"quietwing-panel-{key}")


def leave_if_asked() -> None:
    """From a fragment: have the whole page run where a click has asked for another one, once."""
    asked, state = session().way_on, st.session_state
    if asked and state.get(LEAVING) != asked:
        state[LEAVING] = asked
        st.rerun()
    state[LEAVING] = asked


def here(at: Desk) -> list[str]:
    """Rooms of the storey that is looked at."""
    return [str(room["id"]) for room in at.ground.rooms]


def show_plan(
    at: Desk,
    page: str,
    look: Look,
    layout: Layout,
    treatments: Sequence[Treatment],
    rooms: Mapping[str, RoomFact],
    *,
    layers: Sequence[str] = (),
    still: bool = False,
    section: Mapping[str, Any] | None = None,
    cuts: bool = False,
) -> None:
    """Draw a storey.

    Parameters
    ----------
    at : Desk
    page : str
        Whose layer it is, and whose plan in the session's state.
    look : Look
    layout : Layout
        The devices to draw.
    treatments : sequence of Treatment
    rooms : mapping of str to RoomFact
        What is known of all rooms, for the stack; empty: the quick estimates at hand count.
    layers : sequence of str
        To choose from.
    still : bool
        Whether it only shows: nothing can be moved.
    section : mapping, optional
        As of `section_picture`.
    cuts : bool
        Whether a section can be drawn here.
    """
    devices = on_plan(at.site, at.ground, layout.devices)
    models = [device.model for device in session().layout.devices]
    shares, words = _shares(at, layout, treatments, rooms)
    answer = _answer(at, page, layers, still) | {
        "message": at.message or look.aria,
        "stack": stack_of(at.site, at.places, shares, words) if len(at.places) > 1 else None,
        "section": section,
        "cuts": cuts,
    }
    plan_editor(
        picture(at.ground, look, devices, [*models, *(device.model for device in devices)], treatments, answer),
        key=editor_key(page),
        on_edit=partial(on_edit, page),
    )


def side_by_side(
    at: Desk, page: str, sides: Sequence[tuple[str, Mapping[str, RoomFact]]], grade: str, layout: Layout
) -> None:
    """Draw layouts on one plan, each in its part of it, with borders that are drawn aside.

    Parameters
    ----------
    at : Desk
    page : str
        Whose plan in the session's state.
    sides : sequence of (str, mapping of str to RoomFact)
        From left to right.
    grade : str
    layout : Layout
        Whose blockers are drawn: those of the last.
    """
    at.place = max(at.place, 0)
    look = compared(sides, grade, here(at))
    show_plan(at, page, look, layout, layout.treatments, sides[-1][1], still=True)


def without_blockers(facts: LayoutFacts) -> dict[str, RoomFact]:
    """The rooms with every blocker off, in the same worlds."""
    return {
        name: replace(room, state="hole" if room.leaks else "quiet anyway", chance=room.off)
        for name, room in facts.rooms.items()
    }


def show_site(at: Desk, page: str, facts: LayoutFacts | None, drafted: Sequence[OutsidePlace] = ()) -> None:
    """Draw the site from above, with what is known of spill: as assessed, else as `drafted` by the quick estimate."""
    shares, words = _shares(at, session().layout, (), facts.rooms if facts is not None else {})
    answer = _answer(at, page, (), True) | {
        "at": WHOLE_SITE,
        "message": at.message or "The whole site; click a building to open its plan",
        "stack": stack_of(at.site, at.places, shares, words),
    }
    shown = site_picture(at.site, at.places, facts, answer, drafted)
    plan_editor(shown, key=editor_key(page), on_edit=partial(on_edit, page))


def _answer(at: Desk, page: str, layers: Sequence[str], still: bool) -> dict[str, Any]:
    """What every picture carries beside the plan."""
    own, layer = session(), at.layers.get(page, "")
    signals: list[list[str]] = []
    if layer == SIGNAL and layers:
        channels = sorted({sector.channel for sector in at.site.sectors})
        signals = [[STRONGEST, "Strongest of all"], *([each, channel_in_words(each)] for each in channels)]
    shown = [{"place": index, "title": place.title, "short": _short(at, place)}
             for index, place in enumerate(at.places)]  # fmt: skip
    return {
        "ack": at.ack,
        "select": at.select,
        "group": list(at.group),
        "directional": [name for name, model in at.catalogue.items() if model.pattern != OMNI],
        "places": [*shown, {"place": WHOLE_SITE, "title": "Whole site", "short": "Site"}],
        "at": at.place,
        "layers": list(layers),
        "layer": layer,
        "signals": signals,
        "channel": at.channel,
        "picked": at.room,
        "chosen": at.chosen,
        "undo": bool(own.past) and not still,
        "redo": bool(own.future) and not still,
        "still": still,
    }


def _short(at: Desk, place: Place) -> str:
    """``1st``; where it is not the first building its name too, after the level: what is cut off is the name."""
    building, _, level = place.title.partition(", ")
    level = level.removesuffix(" floor").capitalize() or building
    if place.building <= 0:
        return level
    return building if len(at.site.buildings[place.building].storeys) == 1 else f"{level}: {building}"


def _shares(
    at: Desk, layout: Layout, treatments: Sequence[Treatment], rooms: Mapping[str, RoomFact]
) -> tuple[dict[int, float], dict[int, str]]:
    """By storey the share of rooms that are blocked, and that in words: as assessed, or by estimates at hand."""
    shares, words = {}, {}
    for index, place in enumerate(at.places):
        if rooms:
            counted = Counter(rooms[room.id].state for _, room in rooms_of(at.site, place) if room.id in rooms)
            many, blocked = sum(counted.values()), sum(counted[state] for state in QUIET_STATES)
            how = ""
        else:
            draft = at.known(index, layout.devices, tuple(treatments))
            if draft is None:
                continue
            many, blocked = len(draft.rooms), sum(room.margin_db > 0 for room in draft.rooms)
            how = " (quick estimate)"
        if many:
            shares[index], words[index] = blocked / many, f"{blocked} of {many} rooms blocked{how}"
    return shares, words
