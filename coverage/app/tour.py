"""A minute's tour of the first screen: what to look at, step by step, with the part it speaks of outlined."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

__all__ = ["STEPS", "tour", "tour_button"]

AT = "tour step"  # in the session's state: index of the step that is shown, None: no tour
OUTLINE = "3px solid #D0006F"  # the colour of what is selected on the plan
PLAN = (
    ".st-key-quietwing-bench-blockers > [data-testid='stLayoutWrapper'] > [data-testid='stHorizontalBlock'] > "
    "[data-testid='stColumn']:first-child"
)


@dataclass(frozen=True)
class Step:
    """A step of the tour.

    Attributes
    ----------
    title, words : str
    part : str
        CSS selector of what it speaks of.
    """

    title: str
    words: str
    part: str


STEPS = (
    Step(
        "What leaks",
        "In how many rooms a phone works today, how many this layout blocks at both grades, whether the spill limit "
        "outside holds, and what it costs. These numbers are the same on every page.",
        ".st-key-quietwing-numbers-blockers",
    ),
    Step(
        "Where",
        "Every room is coloured by the chance that no phone works in it. Choose storey and layer above the plan. "
        "Point at a place to read its level; click a room to see which channel works there and why.",
        PLAN,
    ),
    Step(
        "Your hand",
        "Drag a blocker and the plan follows. ✚ adds one, a click on a window treats it, ↶ takes anything back. "
        "Keys do the same; the page Help lists them.",
        PLAN,
    ),
    Step(
        "What counts",
        "What follows your hand is a quick estimate. The full assessment judges the whole site in a thousand "
        "simulations. Criteria holds grade, confidence, spill limit and budget.",
        ".st-key-quietwing-asked-blockers",
    ),
    Step(
        "What next",
        "Plan finds what to buy for a budget and shows the bill, Compare sets layouts side by side, Report gives one "
        "page for the governor and annexes for the buyer.",
        "[data-testid='stSidebarNav']",
    ),
    Step(
        "Your own site",
        "This prison is invented. Open yours here: describe it, trace a drawing, or upload files. Nothing leaves "
        "this computer.",
        ".st-key-open-own",
    ),
)


def tour_button() -> None:
    """The button that begins the tour."""
    st.button("Tour (1 min)", key="tour begin", width="stretch", on_click=_go, args=(0,))


@st.fragment
def tour() -> None:
    """The step that is shown, in a card over the plan; nothing where there is no tour."""
    at = st.session_state.get(AT)
    if not isinstance(at, int) or not 0 <= at < len(STEPS):
        return
    step, last = STEPS[at], at == len(STEPS) - 1
    st.html(f"<style>{step.part} {{ outline: {OUTLINE}; outline-offset: 2px; border-radius: 0.25rem; }}</style>")
    with st.container(key="quietwing-tour", border=True):
        st.markdown(f"**{at + 1} of {len(STEPS)}: {step.title}**")
        st.markdown(step.words)
        skip, back, on = st.columns([1, 1, 1.3], gap="small")
        on.button(
            "Done" if last else "Next",
            key="tour on",
            type="primary",
            width="stretch",
            on_click=_go,
            args=(None if last else at + 1,),
        )
        back.button("Back", key="tour back", width="stretch", disabled=at == 0, on_click=_go, args=(at - 1,))
        skip.button("Skip", key="tour skip", width="stretch", on_click=_go, args=(None,), shortcut="Escape")


def _go(to: int | None) -> None:
    st.session_state[AT] = to
