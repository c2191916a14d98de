"""Page: the site at a glance. Where no phone works, where one still does and on what, and what no blocker covers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from quietwing.coverage.app.button_actions import clicked, show_problems_of
from quietwing.coverage.app.jobs import start_verdict
from quietwing.coverage.app.overview_facts import OverviewFacts, stored_sample
from quietwing.coverage.app.project_panel import recent_projects
from quietwing.coverage.app.report_button import verdict_report
from quietwing.coverage.app.site_words import literal
from quietwing.coverage.app.state import current_verdict, session

if TYPE_CHECKING:
    from quietwing.coverage.results import Verdict

__all__ = ["show"]

KEPT = "overview of"  # in the session's state: what was drawn last, and of which verdict


def show() -> None:
    """Draw the page."""
    own = session()
    st.title(f"Where phones still work: {literal(own.site.name)}")
    to_blockers, to_site, report, _ = st.columns([1, 1, 1.2, 2.8])
    to_blockers.button("Move blockers", type="primary", width="stretch", on_click=_go, args=("blockers",))
    to_site.button("Open my site", width="stretch", on_click=_go, args=("my-site",))
    verdict_report(report, "overview report")
    recent_projects(own)
    verdict = current_verdict()
    known = _drawn(verdict) if verdict is not None else stored_sample(own)
    if known is None:
        _ask()
        return
    facts, picture = known
    _numbers(facts)
    if picture is not None:
        worst = f"Dead zones and holes on the storey with most holes: {facts.storey}."
        st.image(picture, width="stretch", alt=f"{worst} The cells with a hole are in the table below the map.")
        st.caption(f"{literal(worst)} The table below lists the cells with a hole on every storey.")
    _cells(facts)
    _not_covered(facts)
    with st.expander("The verdict in full, and what limits it"):
        for sentence in (*facts.sentences, *facts.spill):
            st.text(sentence)
        st.markdown("**What limits this result**")
        for note in facts.notes:
            st.text(f"• {note}")
        st.caption(f"Input data as of {facts.as_of}, scenario {facts.scenario_id}.")


def _go(page: str) -> None:
    session().way_on = page


def _drawn(verdict: Verdict) -> tuple[OverviewFacts, bytes | None]:
    """Facts and map of a verdict of this session, worked out once."""
    kept = st.session_state.get(KEPT)
    if kept is None or kept[0] is not verdict:
        with st.spinner("Drawing the map"):
            from quietwing.coverage.app.overview_of_verdict import facts_of, picture_of  # the sample does without

            kept = (verdict, facts_of(verdict), picture_of(verdict))
        st.session_state[KEPT] = kept
    return kept[1], kept[2]


def _ask() -> None:
    """There is no verdict of this layout yet."""
    job = session().jobs.get("verdict")
    if job is not None and job.running():
        st.info("The full assessment is being worked out; its progress stands at the left. This page fills itself.")
        return
    st.info("There is no verdict for this layout yet. It takes some seconds for a wing, minutes for a campus.")
    st.button("Run the full assessment", key="run verdict", on_click=clicked, args=("run verdict", start_verdict))
    show_problems_of("run verdict")


def _numbers(facts: OverviewFacts) -> None:
    """Three numbers, each in words."""
    for column, (label, number, words) in zip(st.columns(3), facts.numbers, strict=True):
        column.metric(label, number, border=True)
        column.caption(literal(words))


def _cells(facts: OverviewFacts) -> None:
    st.header("Cells where a phone still works")
    if not facts.cells:
        st.write("None: no channel works in any cell more often than the confidence allows.")
        return
    st.dataframe(
        {
            "Cell": [cell.room for cell in facts.cells],
            "Storey": [cell.storey for cell in facts.cells],
            "A phone still works on": [cell.works for cell in facts.cells],
            "Likeliest": [cell.where for cell in facts.cells],
            "Chance that no phone works": [cell.silent for cell in facts.cells],
            "What would end the likeliest": [cell.reason for cell in facts.cells],
        },
        hide_index=True,
        alt="Cells where a phone still works, with operator, band and generation, and what would end it",
    )
    st.caption("Operator, band, and generation of the network (2G to 5G). The storey on the map comes first.")


def _not_covered(facts: OverviewFacts) -> None:
    st.header("What no blocker here covers")
    for channel, rooms in facts.unreached:
        works = f"a phone works on it in {rooms} cells" if rooms else "no phone in a cell works on it by itself"
        st.text(f"• No blocker of this layout sends on {channel}; {works}.")
    for route in facts.routes:
        st.text(f"• {route[:1].upper()}{route[1:]}.")
