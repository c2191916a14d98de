"""Page: what a governor, a buyer and a regulator take away: rooms, limits, what is not covered, the report itself."""

from __future__ import annotations

import streamlit as st

from quietwing.coverage.app.blockers_state import REPORT, desk
from quietwing.coverage.app.layout_facts import LayoutFacts
from quietwing.coverage.app.panel import answer_in_words, facts_here, judge_button, numbers
from quietwing.coverage.app.questions import earlier
from quietwing.coverage.app.report_button import verdict_report
from quietwing.coverage.app.site_words import literal
from quietwing.coverage.app.state import current_verdict, session
from quietwing.coverage.app.workspace import bench, leave_if_asked, show_site
from quietwing.coverage.report import pounds

__all__ = ["show"]

HEIGHT = 420


def show() -> None:
    """Draw the page."""
    st.title(f"Report: {literal(session().site.name)}")
    facts = facts_here()
    left, panel = bench(REPORT)
    with panel:
        numbers(REPORT, facts, pounds(facts.money_gbp[0]) if facts is not None else "see Blockers")
        judge_button(REPORT)
        verdict_report(st.container(), "report download")
        st.caption(
            "The report is a PDF, or a zip: unpack it and open summary.html in a browser. One page for a governor, "
            "then the maps of every storey, limits, bill and tables for a planner, a buyer and a regulator."
        )
        if facts is not None:
            guesses, figures = facts.placeholders
            if guesses:
                st.caption(f"{'All' if guesses == figures else f'{guesses} of {figures}'} prices are placeholders; "
                           f"enter quotes.")  # fmt: skip
            st.caption(f"Input data as of {facts.as_of}, scenario {facts.scenario_id}.")
    with left:
        if facts is None:
            _nothing_yet()
            return
        st.markdown(f"**{literal(answer_in_words(facts))}**")
        site, rooms, limits, other, words = st.tabs(
            ["Site and spill", "Rooms not blocked", "Limits", "Not covered", "In full"]
        )
        with site:
            _site(facts)
        with rooms:
            _cells(facts)
        with limits:
            _limits(facts)
        with other:
            _not_covered(facts)
        with words:
            for sentence in (*facts.sentences, *facts.spill):
                st.text(sentence)
            st.markdown("**What limits this result**")
            for note in facts.notes:
                st.text(f"• {note}")


def _nothing_yet() -> None:
    job = session().jobs.get("verdict")
    if job is not None and job.running():
        st.info("The full assessment is being worked out; its progress stands at the left. This page fills itself.")
        return
    said = earlier(session(), "verdict") or "This layout has not been assessed yet."
    st.info(literal(f"{said} Click Full assessment. It takes some seconds for a wing, minutes for a campus."))


@st.fragment
def _site(facts: LayoutFacts) -> None:
    """The site from above; a click on a building or a storey opens the workspace there."""
    leave_if_asked()
    show_site(desk(), REPORT, facts)


def _cells(facts: LayoutFacts) -> None:
    if not facts.cells:
        st.write("None: no channel works in any room more often than the confidence allows.")
        return
    st.dataframe(
        {
            "Room": [cell.room for cell in facts.cells],
            "Storey": [cell.storey for cell in facts.cells],
            "Chance blocked": [cell.silent for cell in facts.cells],
            "A phone may work on": [cell.works for cell in facts.cells],
            "Likeliest": [cell.where for cell in facts.cells],
            "What would end the likeliest": [cell.reason for cell in facts.cells],
        },
        hide_index=True,
        height=HEIGHT,
        alt="Rooms where a phone may work, with operator, band and generation, and what would end it",
    )
    st.caption("Operator, band, and generation of the network (2G to 5G). The storey with most of them comes first.")


def _limits(facts: LayoutFacts) -> None:
    verdict = current_verdict()
    if verdict is not None:
        from quietwing.coverage.app.report_limits import limits_part  # with a verdict: the sample waits for none

        limits_part(verdict, facts.outside)
        return
    for sentence in facts.spill:
        st.text(f"• {sentence}")
    st.dataframe(
        {
            "Place": [place.name for place in facts.outside],
            "Ring": [place.ring for place in facts.outside],
            "Channel nearest its limit": [place.channel for place in facts.outside],
            "Headroom to limit [dB]": ["" if p.margin_db is None else f"{p.margin_db:.1f}" for p in facts.outside],
            "Limit": [place.limit_in_words for place in facts.outside],
        },
        hide_index=True,
        height=HEIGHT,
        alt="Every place outside, with the channel nearest to its limit and what is left to it",
    )
    st.caption("Stored with the example. Run the full assessment for every other limit, room by room.")


def _not_covered(facts: LayoutFacts) -> None:
    for channel, rooms in facts.unreached:
        works = f"a phone may work on it in {rooms} rooms" if rooms else "no phone in a room works on it by itself"
        st.text(f"• No blocker of this layout sends on {channel}; {works}.")
    for route in facts.routes:
        st.text(f"• {route[:1].upper()}{route[1:]}.")
