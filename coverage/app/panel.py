"""The right side of every page: what the layout achieves, what is asked for, and the button that judges it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import streamlit as st

from quietwing.coverage.app.button_actions import clicked, show_problems_of
from quietwing.coverage.app.jobs import start_verdict
from quietwing.coverage.app.layout_facts import LayoutFacts, stored_sample
from quietwing.coverage.app.questions import judged_by
from quietwing.coverage.app.site_words import literal
from quietwing.coverage.app.state import Session, change_scenario, current_verdict, session
from quietwing.coverage.errors import ScenarioError
from quietwing.coverage.rules import GRADES, TIERS

if TYPE_CHECKING:
    from quietwing.coverage.app.layout_facts import GradeFact

__all__ = [
    "GRADE",
    "RUN",
    "answer_in_words",
    "facts_here",
    "judge_button",
    "limit_in_short",
    "limit_in_words",
    "numbers",
]

GRADE, CONFIDENCE, TIER, BUDGET = "grade asked for", "confidence asked for", "limit asked for", "budget asked for"
CONFIDENCES = (0.5, 0.8, 0.9, 0.95, 0.99)
RUN = "Full assessment"
LEAKS = "leaks of"  # in the session's state: the site and question, and how many rooms leak
LEAKS_HELP = "Rooms where a phone may work without any blocker, in the same simulations."
NOT_ASSESSED = "not assessed"
SPILL_HELP = (
    "Quick estimate at the worst place outside that counts. The full assessment judges it, with rooms that keep "
    "their service, other users of the bands and people."
)


def facts_here() -> LayoutFacts | None:
    """What is known of the current layout: of its assessment, or of the stored sample; None without either."""
    verdict = current_verdict()
    if verdict is None:
        return stored_sample(session())
    from quietwing.coverage.app.kept_facts import facts_of_verdict  # the stored sample does without

    return facts_of_verdict(verdict)


def answer_in_words(facts: LayoutFacts) -> str:
    """Before and after in one sentence, both in the same simulations."""
    asked = facts.grades[0]
    blocked = " and ".join(f"{one.silent} at {one.name} grade" for one in facts.grades)
    quiet = f" ({asked.quiet} have no signal even without blockers)" if asked.quiet else ""
    limits = "; ".join(f"{limit_in_words(one)} at {one.name} grade" for one in facts.grades)
    return (
        f"With blockers off a phone may work in {asked.leaks} of {facts.silence} rooms. This layout blocks "
        f"{blocked}{quiet}. Spill limit: {limits}."
    )


def limit_in_words(one: GradeFact) -> str:
    """``kept, 2.1 dB left`` or ``exceeded by 14.1 dB``."""
    if one.kept is None:
        return "not known: treat it as exceeded"
    if one.margin_db is None:
        return "kept" if one.kept else "exceeded"
    margin = f"{abs(one.margin_db):g} dB"
    if one.kept:
        return f"kept, {margin} left"
    return f"exceeded by {margin}" if one.margin_db < 0 else f"exceeded, though not outside ({margin} left)"


def numbers(
    where: str,
    facts: LayoutFacts | None,
    cost: str,
    *,
    estimate: tuple[str, str] | None = None,
    spill: str | None = None,
) -> None:
    """Cells at both grades, limits and cost: the same on every page.

    Parameters
    ----------
    where : str
        Names the page.
    facts : LayoutFacts or None
        None: the layout has not been assessed.
    cost : str
        What it costs, in a few letters.
    estimate : tuple of str, optional
        What is shown of the quick estimate where there are no facts: label and number.
    spill : str, optional
        What is shown of the quick estimate of spill there.
    """
    own = session()
    with st.container(key=f"quietwing-numbers-{where}"):
        known = st.session_state.get(LEAKS)
        if facts is None:
            leaks = (
                known[2] if known is not None and known[:2] == (own.site, judged_by(own.scenario)) else NOT_ASSESSED
            )
            label, number = estimate or ("Blocked", NOT_ASSESSED)
            _two(("Leaks, blockers off", leaks, LEAKS_HELP), ("Cost", cost, _cost_help(own)))
            _two(
                (label, number, "Quick estimate of this storey: one safety margin in place of many simulations."),
                ("Spill limit", NOT_ASSESSED, "The full assessment judges it.")
                if spill is None
                else (f"Spill, {own.scenario.grade}, estimate", spill, SPILL_HELP),
            )
            return
        first, *others = facts.grades
        st.session_state[LEAKS] = (own.site, judged_by(own.scenario), f"{first.leaks} of {facts.silence}")
        _two(
            ("Leaks, blockers off", f"{first.leaks} of {facts.silence}", LEAKS_HELP),
            ("Cost", cost, _cost_help(own)),
        )
        for one in (first, *others):
            quiet = f"; {one.quiet} more have no signal even without blockers" if one.quiet else ""
            _two(
                (f"Blocked, {one.name}", f"{one.silent} of {facts.silence}", f"{one.words}{quiet}."),
                (f"Spill limit, {one.name}", limit_in_short(one), f"{limit_in_words(one)}. Worst: {one.where}"),
            )


def _two(*metrics: tuple[str, str, str]) -> None:
    for column, (label, number, words) in zip(st.columns(2, gap="small"), metrics, strict=True):
        column.metric(label, number, help=literal(words) if words else None)


def limit_in_short(one: GradeFact) -> str:
    """``kept, 2.1 dB left`` or ``over by 14.1 dB``."""
    if one.kept is None:
        return "not known"
    if one.margin_db is None or (not one.kept and one.margin_db >= 0):
        return "kept" if one.kept else "exceeded"
    return f"kept, {one.margin_db:g} dB left" if one.kept else f"over by {-one.margin_db:g} dB"


def _cost_help(own: Session) -> str:
    years = own.scenario.horizon_years
    return f"To buy and install. The bill with running costs over {years} years is under Files and in the report."


def judge_button(key: str) -> None:
    """The button that has the layout assessed, and what is asked for beside it."""
    own = session()
    job = own.jobs.get("verdict")
    running, again = job is not None and job.running(), current_verdict() is not None
    with st.container(key=f"quietwing-asked-{key}"):
        left, right = st.columns([3, 2], gap="small")
    left.button(
        RUN,
        type="primary",
        key=f"{key} run",
        width="stretch",
        disabled=running or again,
        help="This layout has its full assessment." if again else "Judge the whole site in a thousand simulations.",
        on_click=clicked,
        args=(f"{key} run", start_verdict),
    )
    with right.popover("Criteria", width="stretch", help="Grade, confidence, spill limit and budget."):
        _question(own)
    show_problems_of(f"{key} run")


def _question(own: Session) -> None:
    """What is asked of a layout; every answer follows."""
    asked, state = own.scenario.asked, st.session_state
    state[GRADE] = own.scenario.grade
    st.selectbox(
        "Grade asked for",
        GRADES,
        key=GRADE,
        format_func=str.capitalize,
        on_change=clicked,
        args=(GRADE, _ask_grade),
        help="; ".join(f"{one.name}: {one.meaning}" for one in own.scenario.rules.grades)
        + ". Every result shows both; maps, escapes and plans go by this one.",
    )
    choices = sorted({*CONFIDENCES, asked.confidence})
    state[CONFIDENCE] = asked.confidence
    st.select_slider(
        "Confidence: a room counts as blocked in so many simulations",
        choices,
        key=CONFIDENCE,
        format_func=lambda share: f"{100 * share:g} %",
        on_change=clicked,
        args=(CONFIDENCE, _ask_confidence),
    )
    state[TIER] = asked.tier
    st.selectbox(
        "Spill limit outside the fence",
        TIERS,
        key=TIER,
        format_func=str.capitalize,
        on_change=clicked,
        args=(TIER, _ask_tier),
        help="From the strictest to the one where 999 can still be called.",
    )
    state[BUDGET] = own.scenario.budget_gbp
    st.number_input(
        "Budget [£], empty: no budget limit",
        min_value=0.0,
        max_value=1e9,
        step=10_000.0,
        format="%.0f",
        key=BUDGET,
        on_change=clicked,
        args=(BUDGET, _ask_budget),
    )
    for key in (GRADE, CONFIDENCE, TIER, BUDGET):
        show_problems_of(key)


def _ask(**changes: object) -> None:
    """Ask something else: where a layout was judged, the current one is judged anew."""
    own = session()
    new = replace(own.scenario, **changes)  # type: ignore[arg-type]
    if new == own.scenario:
        return
    change_scenario(new)
    if own.verdict is not None and current_verdict() is None:
        start_verdict()


def _ask_grade() -> None:
    grade = st.session_state[GRADE]
    if grade in GRADES:
        _ask(grade=grade)


def _ask_confidence() -> None:
    own, share = session(), float(st.session_state[CONFIDENCE])
    _ask(confidence=None if share == own.scenario.rules.grade(own.scenario.grade).confidence else share)


def _ask_tier() -> None:
    own, tier = session(), st.session_state[TIER]
    _ask(spill_tier=None if tier == own.scenario.rules.grade(own.scenario.grade).tier else tier)


def _ask_budget() -> None:
    budget = st.session_state[BUDGET]
    if budget is not None and budget < 0:
        raise ScenarioError(f"Budget: is £{budget:,.0f} (expected £0 or more); correct it")
    change_scenario(replace(session().scenario, budget_gbp=budget))
