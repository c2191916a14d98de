"""Page: which operator leaks where with all blockers off, and the masts behind it."""

from __future__ import annotations

import csv
import io
from typing import Any

import streamlit as st

from quietwing.coverage.app.button_actions import clicked, show_problems_of
from quietwing.coverage.app.jobs import start_leakage
from quietwing.coverage.app.signals_map import VIEWS, channel_figure, rooms_of_storey, view_figure, worst_storey
from quietwing.coverage.app.site_masts import masts_editor
from quietwing.coverage.app.site_watch import kept, picture, watch
from quietwing.coverage.app.site_words import literal
from quietwing.coverage.app.state import session
from quietwing.coverage.report import (
    channel_in_words,
    headline,
    leakage_csv,
    percent,
    place_in_words,
    service_by_channel,
)
from quietwing.coverage.results import Leakage, StoreyMap

__all__ = ["show"]

FEW_CHANNELS = 6  # that fit without a scroll
STRONGEST = "All channels: the strongest service"


def show() -> None:
    """Draw the page."""
    own = session()
    st.title("Signals")
    st.caption(
        "Where the public mobile network reaches into the site with every blocker switched off, and which operator "
        "on which frequency does it. Simulation only."
    )
    running = watch("leakage")
    if own.leakage is None and not running:
        st.info(
            "Not worked out yet for this site and these masts. It takes some seconds; a large site up to a minute."
        )
        st.button(
            "Work out where the network leaks in",
            type="primary",
            key="signals-run",
            on_click=clicked,
            args=("signals-run", start_leakage),
        )
        show_problems_of("signals-run")
    elif own.leakage is not None:
        _leaks(own.leakage)
    st.divider()
    masts_editor("signals")


def _leaks(leakage: Leakage) -> None:
    """Headline, operators, then one storey of one channel as map and table."""
    st.header(literal(headline(leakage)))
    doubted = percent(1 - leakage.scenario.asked.confidence)
    st.caption(
        f"Based on median levels. The full assessment includes uncertainty, so a cell that looks silent here may "
        f"still be a hole: a phone works there in more than {doubted} of the simulated worlds."
    )
    rows = kept(leakage, "rows", lambda: _rows(leakage), "Making the tables")
    by_operator, by_channel = st.columns([3, 2])
    with by_operator:
        st.markdown("**Coverage by operator**")
        st.dataframe(_operators(rows), hide_index=True, height="content")
    services = service_by_channel(leakage)
    with by_channel:
        st.markdown("**Which channel**")
        st.dataframe(
            [{"channel": channel_in_words(channel), "cells and spaces": count} for channel, count in services],
            hide_index=True,
            height=250 if len(services) > FEW_CHANNELS else "content",
        )
        st.caption("A channel is one operator on one frequency band with one technology (2G to 5G).")
    if not leakage.maps:
        return
    left, right = st.columns(2)
    titles = [storey.title for storey in leakage.maps]
    worst = kept(leakage, "worst", lambda: worst_storey(leakage))
    picked = left.selectbox("Storey", titles, index=worst, key="signals-storey", help="The worst one comes first.")
    storey = leakage.maps[titles.index(str(picked))]
    working = [channel for channel, _ in services]
    silent = [str(name) for name in leakage.by_room["channel"].values if str(name) not in working]
    chosen = right.selectbox(
        "Channel",
        [STRONGEST, *working, *sorted(silent)],
        format_func=lambda name: name if name == STRONGEST else channel_in_words(name),
        key="signals-channel",
        help="The most widespread comes first.",
    )
    if chosen == STRONGEST:
        _strongest(leakage, storey, rows)
    else:
        _one_channel(leakage, storey, str(chosen), rows)
    st.download_button(
        "Download all levels (leakage.csv)",
        lambda: leakage_csv(leakage),
        "leakage.csv",
        "text/csv",
        key="signals-csv",
        on_click="ignore",
    )
    with st.expander(f"What limits this result ({len(leakage.notes)})"):
        for note in leakage.notes:
            st.markdown(f"- {literal(note)}")


def _strongest(leakage: Leakage, storey: StoreyMap, rows: list[dict[str, str]]) -> None:
    view = str(st.radio("Map of", list(VIEWS), format_func=VIEWS.__getitem__, horizontal=True, key="signals-view"))
    png = kept(leakage, f"{view} {storey.title}", lambda: picture(lambda: view_figure(leakage, storey, view)))
    st.image(
        png,
        width="stretch",
        alt=f"Plan of {storey.title}, {VIEWS[view].lower()}: dead zones blue, the others from yellow to orange. The "
        f"table below says the same room by room.",
    )
    names = rooms_of_storey(leakage, storey)
    works: dict[str, list[str]] = {name: [] for name in names}
    for row in rows:
        if row["room"] in works and row["usable"] == "yes":
            works[row["room"]].append(row["channel"])
    st.dataframe(
        [
            {
                "cell or space": name,
                "must be silent": "yes" if names[name] else "no",
                "channels that work": len(channels),
                "which": ", ".join(channel_in_words(channel) for channel in channels) or "none: no phone works",
            }
            for name, channels in sorted(works.items(), key=lambda pair: -len(pair[1]))
        ],
        hide_index=True,
    )


def _one_channel(leakage: Leakage, storey: StoreyMap, channel: str, rows: list[dict[str, str]]) -> None:
    png = kept(
        leakage, f"{channel} {storey.title}", lambda: picture(lambda: channel_figure(leakage, storey, channel))
    )
    words = channel_in_words(channel)
    st.image(
        png,
        width="stretch",
        alt=f"Plan of {storey.title}: rooms where {words} works are orange and hatched, the others blue. The table "
        f"below says the same.",
    )
    names = rooms_of_storey(leakage, storey)
    st.dataframe(
        [
            {
                "cell or space": row["room"],
                "works": row["usable"],
                "strongest": place_in_words(row["best_point"]),
                "signal [dBm]": _number(row["rsrp_dbm"]),
                "above what a phone needs [dB]": _number(row["headroom_db"]),
                "must be silent": "yes" if names[row["room"]] else "no",
            }
            for row in sorted(rows, key=lambda row: row["usable"] == "no")  # where it works first
            if row["channel"] == channel and row["room"] in names
        ],
        hide_index=True,
    )
    st.caption("Signal is RSRP at the best place in the room; below 0 dB of headroom no phone can use the channel.")


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
            "cells and spaces": len(own["rooms"]),
            "through": ", ".join(
                channel_in_words(channel).removeprefix(f"{operator} ") for channel in sorted(own["channels"])
            )
            or "nothing",
        }
        for operator, own in sorted(found.items(), key=lambda pair: (-len(pair[1]["rooms"]), pair[0]))
    ]


def _number(text: str) -> float | None:
    return float(text) if text else None
