"""What an explained cell would need, behind a click: its contrast budget."""

from __future__ import annotations

import streamlit as st

from quietwing.coverage.app.questions import as_offered_now
from quietwing.coverage.app.state import session
from quietwing.coverage.report import budget_sentence, contrast_remarks, contrast_rows
from quietwing.coverage.results import ContrastBudget, Verdict
from quietwing.coverage.study import contrast_budget, holes_by_silence

__all__ = ["contrast_expander"]

KEPT = "blockers contrast"


def contrast_expander(room: str, verdict: Verdict | None) -> None:
    """An expander with the budget's lines, where the full assessment has a hole there; by what may be bought now."""
    if verdict is None or room not in holes_by_silence(verdict):
        return
    with st.expander("Contrast budget"):
        own = session()
        key = (room, verdict.scenario_id, own.scenario)
        kept: tuple[tuple[object, ...], ContrastBudget | None] | None = st.session_state.get(KEPT)
        if kept is None or kept[0] != key:
            if not st.button("Work out what this cell would need", key=f"blockers contrast {room}"):
                return
            with st.spinner("Working out what the cell would need"):
                kept = (key, contrast_budget(as_offered_now(own, verdict), room, catalogue=own.catalogue))
            st.session_state[KEPT] = kept
        budget = kept[1]
        if budget is None:
            st.text("No blocking is needed there.")
            return
        rows = contrast_rows(budget)
        st.text(budget_sentence(budget))
        st.dataframe(
            {
                "Line": [words for words, _, _ in rows],
                "Value": [value for _, value, _ in rows],
                "Unit": [unit for _, _, unit in rows],
            },
            hide_index=True,
            height="content",
            alt=f"Contrast budget of {room}, line by line",
        )
        st.caption(" ".join(contrast_remarks(budget)))
