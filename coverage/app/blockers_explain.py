"""One cell explained: its sentence, its channels, and the link budget line by line."""

from __future__ import annotations

import math

import streamlit as st

from quietwing.coverage.app.blockers_contrast import contrast_expander
from quietwing.coverage.app.blockers_state import Desk
from quietwing.coverage.app.blockers_words import verdict_states
from quietwing.coverage.app.plan_editor.layers import margin_in_words, room_in_words
from quietwing.coverage.app.state import scenario_with, session
from quietwing.coverage.blocking import LinkBudget, RoomBudgets
from quietwing.coverage.live import Draft
from quietwing.coverage.report import (
    STATE_WORDS,
    budget_lines,
    channel_in_words,
    escape_in_words,
    escapes_of,
    percent,
    place_in_words,
    state_of_rooms,
)
from quietwing.coverage.results import Verdict
from quietwing.coverage.study import explain

__all__ = ["explain_cell", "sentences_of"]

MOST_CHANNELS = 12
HEIGHT = 210


def explain_cell(at: Desk, draft: Draft, verdict: Verdict | None) -> None:
    """Say why a phone works in the chosen cell or does not: sentences, channels, one link budget."""
    for sentence in sentences_of(at.room, draft, verdict):
        st.text(sentence)
    nearest = _weakest_first(_budgets(at), draft, at.room)
    if not nearest:
        st.text("No channel of the site's masts can be used there by itself.")
        return
    by_draft = _by_channel(draft, at.room)
    st.dataframe(
        {
            "Channel": [channel_in_words(one.channel) for one in nearest],
            "Margin": [margin_in_words(by_draft[one.channel]) if by_draft else "" for one in nearest],
            "Where": [place_in_words(one.point) for one in nearest],
            "Network [dBm]": [_level(one.rsrp_dbm) for one in nearest],
            "Blockers [dBm]": [_level(one.jam_dbm) for one in nearest],
            "Typical [dB]": [_level(one.margin_db) for one in nearest],
        },
        hide_index=True,
        height=HEIGHT,
        column_config={  # what is asked first stands within the panel
            "Channel": st.column_config.TextColumn(width=126),
            "Margin": st.column_config.TextColumn(width=66),
            "Where": st.column_config.TextColumn(width=134),
        },
        alt=f"Channels in {at.room}, the one nearest to working first",
    )
    chosen = st.selectbox(
        "Link budget of",
        range(len(nearest)),
        format_func=lambda index: (
            f"{channel_in_words(nearest[index].channel)} {place_in_words(nearest[index].point)}"
        ),
        key=f"blockers budget {at.room}",
        help="Below 0 dB a phone works. The margin is stricter than the typical one: it includes uncertainty.",
    )
    _lines(nearest[chosen or 0])
    contrast_expander(at.room, verdict)


def sentences_of(room: str, draft: Draft, verdict: Verdict | None) -> tuple[str, ...]:
    """A cell in plain sentences: as judged where there is a verdict, and by the draft."""
    said = []
    if verdict is not None and room in verdict_states(verdict):
        at = verdict.by_room["room"].values.tolist().index(room)
        for number, one in enumerate(verdict.grades):
            state, silent = state_of_rooms(verdict, number)[at], float(one.by_room["silent_probability"].values[at])
            said.append(
                f"Full assessment, {one.grade.name} grade: {room} is {STATE_WORDS[state]}; no phone works in "
                f"{percent(silent)} of simulations."
            )
        said += [escape_in_words(escape) for escape in escapes_of(verdict) if escape.room == room][:MOST_CHANNELS]
    by_draft = next((one for one in draft.rooms if one.room == room), None)
    if by_draft is not None:
        said.append(f"{room_in_words(by_draft)}.")
    else:
        said.append(f"{room} must keep its service: nothing here is to be blocked.")
    return tuple(said)


def _by_channel(draft: Draft, room: str) -> dict[str, float]:
    """Draft margin of each channel in a room; empty where nothing shall be silenced."""
    found = next((one for one in draft.rooms if one.room == room), None)
    return dict(zip(draft.channels, found.channel_margins_db, strict=True)) if found is not None else {}


def _weakest_first(budgets: RoomBudgets, draft: Draft, room: str) -> tuple[LinkBudget, ...]:
    """The point with the least margin of each channel, in the order of the draft."""
    by_draft = _by_channel(draft, room)
    return tuple(sorted(budgets.nearest_to_working(), key=lambda one: by_draft.get(one.channel, one.margin_db)))


def _budgets(at: Desk) -> RoomBudgets:
    """Worked out once for each cell and layout."""
    own = session()
    key = (at.room, own.layout)
    if not at.explained or at.explained[0] != key:
        with st.spinner("Working out the link budgets"):
            asked = scenario_with(own.layout)
            at.explained = (key, explain(own.site, asked, at.room, own.layout.devices, own.catalogue))
    budgets: RoomBudgets = at.explained[1]
    return budgets


def _lines(budget: LinkBudget) -> None:
    lines = budget_lines(budget)
    st.dataframe(
        {
            "From the mast to what a phone needs": [words for words, _, _ in lines],
            "Value": [_level(value) for _, value, _ in lines],
            "Unit": [unit for _, _, unit in lines],
        },
        hide_index=True,
        height="content",
        column_config={  # values and units stand within the panel
            "From the mast to what a phone needs": st.column_config.TextColumn(width=192),
            "Value": st.column_config.TextColumn(width=62),
            "Unit": st.column_config.TextColumn(width=58),
        },
        alt=f"Link budget of {budget.channel}, line by line",
    )


def _level(value: float) -> str:
    return f"{value:.1f}" if math.isfinite(value) else "nothing"
