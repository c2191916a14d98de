"""The Blockers page in sentences: the draft, the verdict, what changed, what it costs."""

from __future__ import annotations

from collections.abc import Iterable

from quietwing.coverage.app.overview_of_verdict import spill_sentences
from quietwing.coverage.app.plan_editor.views import verdict_states
from quietwing.coverage.equipment import Model
from quietwing.coverage.planning import Cost, over_budget
from quietwing.coverage.report import QUIET, SILENT, count_rooms, pounds, rooms_in_words
from quietwing.coverage.results import Verdict
from quietwing.coverage.scenario import Scenario, TreatmentWish
from quietwing.coverage.study import DEAD_ZONE, HOLE, MARGINAL, MARGINAL_DB, Draft
from quietwing.sites import toml_value

__all__ = [
    "change_in_words",
    "cost_in_words",
    "dead_by_draft",
    "dead_by_verdict",
    "draft_in_words",
    "limits_kept",
    "limits_lead",
    "model_in_words",
    "treatments_toml",
]


def draft_in_words(draft: Draft) -> str:
    """The draft of one storey in a sentence that says it is one."""
    if not draft.rooms:
        return f"{draft.title}: no cell here must be silent."
    dead, near, holes = (draft.count(state) for state in (DEAD_ZONE, MARGINAL, HOLE))
    return (
        f"Quick estimate, {draft.title}: {dead} of {len(draft.rooms)} cells and spaces are dead zones, {near} "
        f"borderline (within {MARGINAL_DB:g} dB), {holes} {'is a hole' if holes == 1 else 'are holes'}. "
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
    first = "Against the verdict before: " + "; ".join(
        f"{then.get(grade, 'not known how many')} silent at {grade} grade then, {count} now"
        for grade, count in now.items()
    )
    parts = []
    if gained:
        parts.append(f"now silent: {rooms_in_words(gained)}")
    if lost:
        parts.append(f"no longer silent: {rooms_in_words(lost)}")
    return f"{first}; {'; '.join(parts) or 'no cell has changed'}."


def _silent_by_grade(verdict: Verdict) -> dict[str, int]:
    """Silent rooms by name of the grade, the one asked for first."""
    return {one.grade.name: count_rooms(verdict, number).silent for number, one in enumerate(verdict.grades)}


def limits_kept(verdict: Verdict) -> bool:
    """Whether every limit outside is known to be kept at the grade asked for."""
    return verdict.spill is not None and verdict.spill.passed


def limits_lead(verdict: Verdict) -> str:
    """Whether the limits outside are kept at the grade asked for, and where the worst is, in one sentence."""
    grade = verdict.grades[0].grade.name
    if verdict.spill is None:
        return "Limits outside the fence are not known: treat them as exceeded."
    if verdict.spill.passed:
        return f"All limits outside the fence are kept at {grade} grade."
    return f"NOT all limits outside the fence are kept at {grade} grade. {spill_sentences(verdict)[0]}"


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


def model_in_words(model: Model) -> str:
    """A model for a list: its kind, its price and whether that is a quote."""
    kind = {"mas": "managed access", "jammer": "jammer", "mesh": "mesh", "film": "film"}.get(model.kind, model.kind)
    if model.radiating_cable:
        kind += f" on radiating cable, {pounds(model.radiating_gbp_per_m)} a metre"
    price = f"{pounds(model.unit_price_gbp)}{', placeholder' if model.illustrative else ''}"
    return f"{model.name} ({kind}, {price})"


def dead_by_verdict(verdict: Verdict) -> dict[str, bool]:
    """Room to whether it is a dead zone at the grade asked for, made by the layout or quiet anyway."""
    return {room: state in (SILENT, QUIET) for room, state in verdict_states(verdict).items()}


def dead_by_draft(draft: Draft) -> dict[str, bool]:
    """Room to whether its draft margin is above 0 dB."""
    return {room.room: room.margin_db > 0 for room in draft.rooms}


def treatments_toml(wishes: Iterable[TreatmentWish]) -> str:
    """Treated windows as a scenario file asks for them."""
    tables = [
        f"[[treatments]]\nmodel = {toml_value(wish.model)}\nrooms = {toml_value(tuple(wish.rooms))}\n"
        for wish in wishes
    ]
    return "\n".join(["# Meshes and films of a layout: put these lines at the end of scenario.toml.", *tables])
