"""Page: which operator leaks where with all blockers off, and the masts behind it."""

from __future__ import annotations

import csv
import io
from contextlib import nullcontext
from typing import Any

import streamlit as st

from quietwing.coverage.app.blockers_state import SIGNALS, WHOLE_SITE, desk
from quietwing.coverage.app.button_actions import clicked, show_problems_of
from quietwing.coverage.app.jobs import start_leakage
from quietwing.coverage.app.panel import facts_here
from quietwing.coverage.app.plan_editor.layers import CHANNELS, MARGIN, SIGNAL, margin, signal, usable_channels
from quietwing.coverage.app.questions import current, earlier
from quietwing.coverage.app.section_part import section_picture
from quietwing.coverage.app.site_masts import masts_editor
from quietwing.coverage.app.site_watch import kept, watch
from quietwing.coverage.app.site_words import literal, show_problems
from quietwing.coverage.app.state import Layout, current_verdict, session
from quietwing.coverage.app.workspace import bench, show_plan, show_site
from quietwing.coverage.report import (
    channel_in_words,
    headline,
    leakage_csv,
    percent,
    place_in_words,
    service_by_channel,
)
from quietwing.coverage.results import Leakage
from quietwing.sites import QuietwingError

__all__ = ["show"]

LAYERS = (SIGNAL, CHANNELS, MARGIN)
HEIGHT = 420
ALL = "All channels"


def show() -> None:
    """Draw the page."""
    own = session()
    st.title(f"Signals: {literal(own.site.name)}, blockers off")
    running, leakage = watch("leakage"), current(own, "leakage")
    plan, rooms, masts = st.tabs(["Plan", "Rooms and channels", "Masts"])
    with plan:
        left, panel = bench(SIGNALS)
        with left:
            _plan()
        with panel:
            if leakage is None:
                _ask(running, earlier(own, "leakage"))
            else:
                _leaks(leakage)
    with rooms:
        if leakage is None:
            st.info("Calculate the leakage first, beside the plan.")
        else:
            _tables(leakage)
    with masts:
        masts_editor("signals")


@st.fragment
def _plan() -> None:
    """The public network over a storey: fields of the quick estimate, whatever blockers there are."""
    at = desk()
    if at.place == WHOLE_SITE:
        show_site(at, SIGNALS, facts_here() if current_verdict() is not None else None)
        return
    try:
        with nullcontext() if at.known(at.place, (), ()) else st.spinner("Working out the signals"):
            draft = at.draft(at.place, (), ())
        layer = at.layers[SIGNALS]
        if layer == SIGNAL:
            look = signal(at.site, draft, *at.levels(at.place, ()), at.channel)
        else:
            look = usable_channels(at.site, draft, False) if layer == CHANNELS else margin(at.site, draft)
    except QuietwingError as error:
        show_problems(error)
        return
    section, missing = section_picture(at, SIGNALS, ((), ()))
    show_plan(at, SIGNALS, look, Layout(), (), {}, layers=LAYERS, still=True, section=section, cuts=True)
    if missing:
        at.draft(missing[0], (), ())
        st.rerun()


def _ask(running: bool, said: str) -> None:
    if said:
        st.info(literal(f"{said} Work it out again."))
    st.info(
        "The plan shows typical levels. How many rooms leak at both grades is worked out in a thousand simulations: "
        "some seconds, a large site up to a minute."
    )
    if running:
        return
    st.button(
        "Work out where the network leaks in",
        type="primary",
        key="signals-run",
        width="stretch",
        on_click=clicked,
        args=("signals-run", start_leakage),
    )
    show_problems_of("signals-run")


def _leaks(leakage: Leakage) -> None:
    """Headline and who leaks, beside the plan."""
    st.markdown(f"**{literal(headline(leakage))}**")
    doubted = percent(1 - leakage.scenario.asked.confidence)
    rows = kept(leakage, "rows", lambda: _rows(leakage), "Making the tables")
    st.markdown(
        "**Coverage by operator**",
        help=f"A room counts where a phone works in more than {doubted} of the simulations: the yardstick of the "
        f"full assessment. The plan shows typical levels.",
    )
    st.dataframe(_operators(rows), hide_index=True, height="content")
    st.markdown(
        "**Which channel**",
        help="A channel is one operator on one frequency band with one technology (2G to 5G).",
    )
    st.dataframe(
        [{"channel": channel_in_words(channel), "rooms": count} for channel, count in service_by_channel(leakage)],
        hide_index=True,
        height=230,
    )
    st.download_button(
        "Download all levels (leakage.csv)",
        lambda: leakage_csv(leakage),
        "leakage.csv",
        "text/csv",
        key="signals-csv",
        on_click="ignore",
        width="stretch",
    )


def _tables(leakage: Leakage) -> None:
    """Room by room: all channels, or one of them."""
    rows = kept(leakage, "rows", lambda: _rows(leakage), "Making the tables")
    names = {
        str(name): str(role) == "silence"
        for name, role in zip(leakage.by_room["room"].values, leakage.by_room["role"].values, strict=True)
    }
    working = [channel for channel, _ in service_by_channel(leakage)]
    silent = sorted(str(name) for name in leakage.by_room["channel"].values if str(name) not in working)
    chosen = st.selectbox(
        "Channel",
        [ALL, *working, *silent],
        format_func=lambda name: name if name == ALL else channel_in_words(name),
        key="signals-channel",
        help="The most widespread comes first.",
    )
    if chosen == ALL:
        st.dataframe(_by_room(rows, names), hide_index=True, height=HEIGHT)
    else:
        st.dataframe(_by_channel(rows, names, str(chosen)), hide_index=True, height=HEIGHT)
        st.caption(
            "Signal is RSRP at the best place in the room; below 0 dB of headroom no phone can use the channel."
        )
    with st.expander(f"What limits this result ({len(leakage.notes)})"):
        for note in leakage.notes:
            st.markdown(f"- {literal(note)}")


def _by_room(rows: list[dict[str, str]], names: dict[str, bool]) -> list[dict[str, Any]]:
    works: dict[str, list[str]] = {name: [] for name in names}
    for row in rows:
        if row["room"] in works and row["usable"] == "yes":
            works[row["room"]].append(row["channel"])
    return [
        {
            "room": name,
            "to be blocked": "yes" if names[name] else "no",
            "channels that work": len(channels),
            "which": ", ".join(channel_in_words(channel) for channel in channels) or "none: no phone works",
        }
        for name, channels in sorted(works.items(), key=lambda pair: -len(pair[1]))
    ]


def _by_channel(rows: list[dict[str, str]], names: dict[str, bool], channel: str) -> list[dict[str, Any]]:
    return [
        {
            "room": row["room"],
            "works": row["usable"],
            "strongest": place_in_words(row["best_point"]),
            "signal [dBm]": _number(row["rsrp_dbm"]),
            "above what a phone needs [dB]": _number(row["headroom_db"]),
            "to be blocked": "yes" if names.get(row["room"]) else "no",
        }
        for row in sorted(rows, key=lambda row: row["usable"] == "no")  # where it works first
        if row["channel"] == channel
    ]


def _rows(leakage: Leakage) -> list[dict[str, str]]:
    """The rows of ``leakage.csv``, so that page and file say the same."""
    return list(csv.DictReader(io.StringIO(leakage_csv(leakage))))


def _operators(rows: list[dict[str, str]]) -> list[dict[str, Any]]:
    """Rooms that must be silent in which something of an operator works, by operator."""
    found: dict[str, dict[str, set[str]]] = {}
    for row in rows:
        own = found.setdefault(row["operator"], {"rooms": set(), "channels": set()})
        if row["usable"] == "yes" and row["role"] == "silence":
            own["rooms"].add(row["room"])
            own["channels"].add(row["channel"])
    return [
        {
            "operator": operator,
            "rooms": len(own["rooms"]),
            "through": ", ".join(
                channel_in_words(channel).removeprefix(f"{operator} ") for channel in sorted(own["channels"])
            )
            or "nothing",
        }
        for operator, own in sorted(found.items(), key=lambda pair: (-len(pair[1]["rooms"]), pair[0]))
    ]


def _number(text: str) -> float | None:
    return float(text) if text else None
