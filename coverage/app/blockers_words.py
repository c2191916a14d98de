"""The Blockers page in sentences: the draft, the verdict, what changed, what it costs."""

from __future__ import annotations

from collections.abc import Iterable

from quietwing.coverage.app.model_words import model_in_words
from quietwing.coverage.live import DEAD_ZONE, HOLE, MARGINAL, MARGINAL_DB, Draft
from quietwing.coverage.planning import Cost, over_budget
from quietwing.coverage.report import KEEP, QUIET, SILENT, count_rooms, pounds, rooms_in_words, state_of_rooms
from quietwing.coverage.results import Verdict
from quietwing.coverage.scenario import Scenario, TreatmentWish
from quietwing.sites import toml_value

__all__ = [
    "change_in_words",
    "cost_in_words",
    "dead_by_verdict",
    "draft_in_words",
    "model_in_words",
    "treatments_toml",
    "verdict_states",
]


def draft_in_words(draft: Draft) -> str:
    """The draft of one storey in a sentence that says it is one."""
    if not draft.rooms:
        return f"{draft.title}: no room here is to be blocked."
    dead, near, holes = (draft.count(state) for state in (DEAD_ZONE, MARGINAL, HOLE))
    return (
        f"Quick estimate, {draft.title}: {dead} of {len(draft.rooms)} rooms are blocked, {near} borderline (within "
        f"{MARGINAL_DB:g} dB), {holes} not blocked. "
        f"Provisional: run the full assessment to confirm."
    )


def change_in_words(before: Verdict | None, after: Verdict) -> str:
    """How the verdict differs from the one before, cell by cell; empty where there is none of the same site."""
    if before is None:
        return ""
    old, new = dead_by_verdict(before), dead_by_verdict(after)
    if set(old) != set(new):
        return ""
    gained = tuple(room for room in new if new[room] and not old[room])
    lost = tuple(room for room in new if old[room] and not new[room])
    then, now = _silent_by_grade(before), _silent_by_grade(after)
    first = "Against the assessment before: " + "; ".join(
        f"{then.get(grade, 'not known how many')} blocked at {grade} grade then, {count} now"
        for grade, count in now.items()
    )
    parts = []
    if gained:
        parts.append(f"now blocked: {rooms_in_words(gained)}")
    if lost:
        parts.append(f"no longer blocked: {rooms_in_words(lost)}")
    return f"{first}; {'; '.join(parts) or 'no room has changed'}."


def _silent_by_grade(verdict: Verdict) -> dict[str, int]:
    """Silent rooms by name of the grade, the one asked for first."""
    return {one.grade.name: count_rooms(verdict, number).silent for number, one in enumerate(verdict.grades)}


def cost_in_words(spent: Cost, scenario: Scenario) -> str:
    """What a layout costs, what of it is illustrative, and how it stands to the budget."""
    years = f"{scenario.horizon_years} year{'' if scenario.horizon_years == 1 else 's'}"
    text = (
        f"This layout costs {pounds(spent.capex_gbp)} to buy and install, {pounds(spent.opex_gbp_per_year)} a year "
        f"to run, {pounds(spent.whole_life_gbp)} over its whole life of {years}."
    )
    guesses, figures = spent.illustrative
    if guesses:
        which = "All prices are" if guesses == figures else f"{guesses} of {figures} prices {_is(guesses)}"
        text += f" {which} placeholder{'s' * (guesses != 1)}; enter quotes."
    over = over_budget(spent, scenario)
    if over is not None and scenario.budget_gbp is not None:
        budget = f"the budget of {pounds(scenario.budget_gbp)}"
        text += f" OVER BUDGET: {budget} is exceeded." if over else f" That is within {budget}."
    return text


def _is(count: int) -> str:
    return "is" if count == 1 else "are"


def dead_by_verdict(verdict: Verdict) -> dict[str, bool]:
    """Room to whether it is a dead zone at the grade asked for, made by the layout or quiet anyway."""
    return {room: state in (SILENT, QUIET) for room, state in verdict_states(verdict).items()}


def verdict_states(verdict: Verdict) -> dict[str, str]:
    """State of each room that must be silent at the grade asked for, in the words of the report."""
    names = verdict.by_room["room"].values.tolist()
    return {str(name): state for name, state in zip(names, state_of_rooms(verdict), strict=True) if state != KEEP}


def treatments_toml(wishes: Iterable[TreatmentWish]) -> str:
    """Treated windows as a scenario file asks for them."""
    tables = [
        f"[[treatments]]\nmodel = {toml_value(wish.model)}\nrooms = {toml_value(tuple(wish.rooms))}\n"
        for wish in wishes
    ]
    return "\n".join(["# Meshes and films of a layout: put these lines at the end of scenario.toml.", *tables])
