"""A plan in words: what holds, what it costs, what it leaves open. Claims round down, £ up."""

from __future__ import annotations

from collections import Counter

from quietwing.coverage.decibel import floored
from quietwing.coverage.planning import Cost, CostLine, PlanResult, TargetOutcome, over_budget
from quietwing.coverage.report.escapes import (
    QUIET,
    SILENT,
    STATE_WORDS,
    ceiled,
    count_rooms,
    escapes_of,
    rooms_by_channel,
)
from quietwing.coverage.report.grades import lead_in_words, protected_in_words
from quietwing.coverage.report.hole_words import binding_of
from quietwing.coverage.report.money_words import exact_pounds, pounds
from quietwing.coverage.report.words import (
    binding_in_words,
    certainty_in_words,
    channel_in_words,
    earlier_in_words,
    have_no_signal,
    verdict_headline,
)
from quietwing.coverage.results import Verdict

__all__ = [
    "PLAN_GLOSSARY",
    "bought_lines",
    "exact_pounds",
    "exceeds_budget",
    "money_in_words",
    "name_on_bill",
    "plan_details",
    "plan_headline",
    "plan_lead",
    "pounds",
    "rooms_in_words",
    "spent_gbp",
    "target_of",
    "target_rooms_in_words",
    "target_table",
]

PLAN_GLOSSARY = (
    (
        "planning model",
        "a simpler model with one safety margin for each link, used to find plans; simulation then tests each plan",
    ),
    ("to buy and install", "price, labour in a prison at work, cable and head-ends"),
    ("whole life", "that, running costs, and replacement at the end of each technology life; undiscounted"),
    ("illustrative price", "a placeholder, not a quote"),
)
MOST_CHANNELS_NAMED = 3
MOST_ROOMS_NAMED = 8


def spent_gbp(result: PlanResult) -> float:
    """What counts against the budget, on the scenario's basis. [£]"""
    spent = result.plan.cost
    return spent.capex_gbp if result.verdict.scenario.budget_basis == "capex" else spent.whole_life_gbp


def target_of(result: PlanResult) -> int | None:
    """How many rooms must hold at least cost; None where as many as the budget allows are to be."""
    target = result.target
    return None if target is None else target.asked.needed


def target_rooms_in_words(target: TargetOutcome) -> str:
    """What a target asks for: ``all 3 rooms asked for``, ``133 rooms``."""
    if not target.asked.named:
        return f"{target.asked.needed} rooms"
    if target.asked.needed == 1:
        return f"the room asked for, {target.asked.rooms[0]}"
    return f"all {target.asked.needed} rooms asked for"


def exceeds_budget(result: PlanResult) -> bool | None:
    """Whether the plan costs more than its budget; None without one."""
    return over_budget(result.plan.cost, result.asked)


def bought_lines(spent: Cost) -> tuple[CostLine, ...]:
    """Rows of the bill that are bought: all but what is there already."""
    return tuple(line for line in spent.lines if line.price_gbp or line.install_gbp or not line.standing)


def name_on_bill(line: CostLine) -> str:
    """What a row of the bill is: a model, or the cable of one, radiating or to the comms room."""
    if line.kind != "cable":
        return line.model
    return f"{'radiating ' if line.radiating else ''}cable of {line.model}"


def plan_headline(result: PlanResult) -> tuple[str, ...]:
    """The plan in plain sentences, the ones a governor reads first at the top: `plan_lead`, then `plan_details`."""
    return (*plan_lead(result), *plan_details(result))


def plan_lead(result: PlanResult) -> tuple[str, ...]:
    """What fails, what holds, whether better is possible, what it costs.

    Parameters
    ----------
    result : PlanResult

    Returns
    -------
    tuple of str
    """
    verdict = result.verdict
    count = count_rooms(verdict)
    if not count.silence:
        return verdict_headline(verdict)
    within = verdict.spill is not None and verdict.spill.passed
    grade = verdict.grades[0].grade.name
    broken = f"At {grade} grade a limit outside, in a keep room or of a protected service is EXCEEDED: see spill."
    sentences = (
        _failure_in_words(result),
        "" if within else broken,
        *lead_in_words(verdict),
        _how_good(result),
        _target_in_words(result),
        *money_in_words(result),
    )
    return tuple(sentence for sentence in sentences if sentence)


def plan_details(result: PlanResult) -> tuple[str, ...]:
    """What binds, what still works, what is bought, what was before, how sure.

    Parameters
    ----------
    result : PlanResult

    Returns
    -------
    tuple of str
        Empty for a site without a room that must be silent.
    """
    verdict, plan = result.verdict, result.plan
    count = count_rooms(verdict)
    if not count.silence:
        return ()
    grade = verdict.grades[0].grade.name
    rest = f"At {grade} grade {have_no_signal(count.quiet_anyway)}, and a phone may work in {count.holes or 'none'}."
    if count.unknown:
        rest += f" {_are(count.unknown)} not known and count as not blocked."
    sentences = (
        rest,
        _binding_in_words(result),
        _works_in_words(verdict),
        _purchase_in_words(result),
        _before_in_words(result),
        protected_in_words(verdict),
        *certainty_in_words(verdict),
        "" if plan.reproducible else "The search was cut short; running it again may give a different plan.",
    )
    return tuple(sentence for sentence in sentences if sentence)


def money_in_words(result: PlanResult) -> tuple[str, ...]:
    """What the plan costs now and over its life, what of it is illustrative, and how it stands to the budget."""
    spent, scenario = result.plan.cost, result.verdict.scenario
    years = f"{scenario.horizon_years} year{'' if scenario.horizon_years == 1 else 's'}"
    first = (
        f"It costs {pounds(spent.capex_gbp)} to buy and install and {pounds(spent.whole_life_gbp)} over its whole "
        f"life of {years}, running costs and replacements included"
    )
    guesses, figures = spent.illustrative
    if guesses:
        first += f"; {guesses} of {figures} prices {'is' if guesses == 1 else 'are'} illustrative, not quotes"
    over = exceeds_budget(result)
    if over is None or result.asked.budget_gbp is None:
        return (f"{first}. No budget was given.",)
    basis = "to buy and install" if scenario.budget_basis == "capex" else "over its whole life"
    budget = f"the budget of {exact_pounds(result.asked.budget_gbp)} {basis}"
    if over:
        return (
            f"{first}.",
            f"OVER BUDGET by {pounds(spent_gbp(result) - result.asked.budget_gbp)}: {budget} is exceeded.",
        )
    return (f"{first}. That is within {budget}.",)


def rooms_in_words(rooms: tuple[str, ...]) -> str:
    """Names of rooms, the first few of many."""
    named = ", ".join(rooms[:MOST_ROOMS_NAMED])
    left = len(rooms) - MOST_ROOMS_NAMED
    return f"{named} and {left} more" if left > 0 else named


def _weights(verdict: Verdict) -> list[float]:
    """Weights of the rooms that must be silent."""
    rooms = verdict.by_room
    return [
        float(weight)
        for role, weight in zip(rooms["role"].values.tolist(), rooms["weight"].values.tolist(), strict=True)
        if role == "silence"
    ]


def _failure_in_words(result: PlanResult) -> str:
    """That there is no plan of the kind asked for; empty where there is one."""
    target = result.target
    wanted = "does what is asked" if target is None else f"blocks {target_rooms_in_words(target)}"
    if result.plan.status == "infeasible":
        return (
            f"NO SUCH PLAN: nothing that may be bought here for this money {wanted}. What follows is the nearest "
            f"that was found."
        )
    if result.plan.status == "none found":
        return (
            f"NO PLAN FOUND that {wanted} within the limits; that does not prove there is none. What follows is the "
            f"nearest that was found."
        )
    if result.plan.status == "interrupted":
        return "The search was interrupted: this is the best plan so far."
    return ""


def _how_good(result: PlanResult) -> str:
    """Whether a better plan is possible, as far as that is known; empty where the plan misses what was asked."""
    plan = result.plan
    if plan.status in ("infeasible", "none found"):
        return ""
    if plan.bound is None:
        return "This is the best plan found; how much better is possible is not known."
    if result.target is not None:
        return "No plan costs less: the target is met with nothing bought."
    if count_rooms(result.verdict).holes:
        return "No plan does more: nothing is for sale at this price."
    return "No plan does more: every room is blocked or has no signal anyway."


def target_table(result: PlanResult) -> list[list[str]]:
    """Rows of each room asked for by name, whether it holds, in what share of worlds; the nearest missing one first.

    Parameters
    ----------
    result : PlanResult

    Returns
    -------
    list of list of str
    """
    target = result.target
    if target is None:
        return []
    by_name = {one.room: one for one in target.rooms}
    order = [*(by_name[name] for name in target.missing), *(one for one in target.rooms if one.holds)]
    return [
        [
            one.room,
            STATE_WORDS[QUIET] if one.quiet_anyway else STATE_WORDS[SILENT] if one.holds else "NOT blocked",
            f"{floored(100 * one.silent_probability):g} %",
        ]
        for one in order
    ]


def _target_in_words(result: PlanResult) -> str:
    """Whether the target is reached on fresh worlds, and which of the rooms asked for are missing."""
    target = result.target
    if target is None:
        return ""
    needed, quiet = target.asked.needed, sum(one.quiet_anyway for one in target.rooms)
    if target.asked.named:
        anyway = f", {quiet} of them without signal anyway" if quiet else ""
        if target.met:
            return f"The target is reached: {target_rooms_in_words(target)} hold{'s' * (needed == 1)}{anyway}."
        return (
            f"The target is MISSED: {target.held} of the {needed} rooms asked for hold{anyway}; missing "
            f"{rooms_in_words(target.missing)} (the nearest first), in independent simulation runs."
        )
    if result.plan.status == "infeasible":
        return f"The nearest target met is {target.held} of {needed}."
    if target.met:
        return f"The target of {needed} is reached."
    return f"In independent simulation runs the plan MISSES its target of {needed} by {needed - target.held}."


def _before_in_words(result: PlanResult) -> str:
    if result.before is None:
        return ""
    count = count_rooms(result.before)
    both = ", ".join(
        f"{count_rooms(result.before, number).silent} blocked at {one.grade.name} grade"
        for number, one in enumerate(result.before.grades)
    )
    standing = sum(device.state != "off" for device in result.before.devices)
    what = "no blocker on" if not standing else f"{standing} blocker{'s' * (standing > 1)} on"
    found = result.before.spill
    limits = ""
    if standing and found is not None and not found.passed:
        limits = "; a limit outside, in a keep room or of a protected service is EXCEEDED"
        if found.worst_margin_db < 0:
            over_db = ceiled(-found.worst_margin_db, 1)
            limits = f"; it EXCEEDS the spill limit by {over_db:g} dB and must not be switched on"
    return f"{earlier_in_words(result.before)}, with {what}: {both}; {have_no_signal(count.quiet_anyway)}{limits}."


def _purchase_in_words(result: PlanResult) -> str:
    """What is bought, by model; what is there already left out."""
    devices = Counter(device.model for device in result.plan.devices if device.state == "planned")
    windows = Counter(treatment.model for treatment in result.plan.treatments)
    heads = Counter(
        {line.model: int(line.quantity) for line in bought_lines(result.plan.cost) if line.kind == "head_end"}
    )
    parts = [f"{number} × {model}" for model, number in sorted((devices + heads).items())]
    parts += [f"{model} on {number} window{'s' * (number > 1)}" for model, number in sorted(windows.items())]
    return f"It buys {', '.join(parts)}." if parts else "It buys nothing."


def _binding_in_words(result: PlanResult) -> str:
    """What keeps the plan from more, always said where no room is blocked."""
    said = binding_of(result.plan.holes, result.verdict.spill)
    return f"What binds: {said}." if said else binding_in_words(result.verdict)


def _works_in_words(verdict: Verdict) -> str:
    """The channels that escape most."""
    channels = rooms_by_channel(escapes_of(verdict))
    if not channels:
        return ""
    named = ", ".join(f"{channel_in_words(channel)} in {rooms}" for channel, rooms in channels[:MOST_CHANNELS_NAMED])
    left = len(channels) - MOST_CHANNELS_NAMED
    more = f", and {left} more channel{'s' * (left > 1)}" if left > 0 else ""
    return f"What still works in rooms that are not blocked: {named}{more}."


def _are(number: int) -> str:
    return f"{number} {'is' if number == 1 else 'are'}"


def _number(value: float) -> str:
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.1f}"
