"""A frontier as sentences, tables, CSV and JSON. Every number is the result's own."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Iterator
from dataclasses import asdict
from typing import cast

from quietwing.coverage.answer_parts import FrontierPointAnswer, UnmetAnswer
from quietwing.coverage.answers import FrontierAnswer
from quietwing.coverage.decibel import floored
from quietwing.coverage.planning import Frontier, FrontierPoint, Marginal
from quietwing.coverage.report.grades import grade_in_words, kept_in_words, measured_in_words
from quietwing.coverage.report.plan_words import exact_pounds, pounds, target_of
from quietwing.coverage.rules import GRADES

__all__ = [
    "FRONTIER_GLOSSARY",
    "frontier_csv",
    "frontier_details",
    "frontier_header",
    "frontier_json",
    "frontier_lead",
    "frontier_object",
    "frontier_rows",
    "marginal_in_words",
]

FRONTIER_GLOSSARY = (
    ("budget", "money to spend at most; a plan may spend less"),
    ("blocked", "no channel works in so large a share of independent simulations, on which no plan was chosen"),
    ("a further room", "money spent more than in the row above, for each room gained"),
    ("spill margin", "what is left of the limits outside at the worst place; below 0 dB one is exceeded"),
)
MOST_NAMED = 4  # budgets in the first sentence
NO_MARGIN = "nothing radiates"
NEVER_FEWER = (
    "At the grade asked for, more money never blocks fewer rooms here: a budget whose own plan does worse in "
    "independent simulations keeps the plan for less money."
)


def frontier_lead(found: Frontier) -> tuple[str, ...]:
    """What a governor reads first: cells for money, what breaks a limit, where gains fall off.

    Parameters
    ----------
    found : Frontier

    Returns
    -------
    tuple of str
    """
    verdict = found.points[0].result.verdict
    words = [grade_in_words(one.grade) for one in verdict.grades]
    if not found.rooms:
        return ("The site has no room to be blocked.",)
    first, *others = _named(found)
    counts = f"{exact_pounds(first.budget_gbp)} blocks {first.cells[0]} of {found.rooms} rooms"
    lead = "; ".join((counts, *(f"{exact_pounds(one.budget_gbp)} {one.cells[0]}" for one in others)))
    further = "".join(
        f" {words[grade][:1].upper()}{words[grade][1:]}: "
        f"{', '.join(str(one.cells[grade]) for one in (first, *others))}."
        for grade in range(1, len(words))
    )
    sentences = (
        f"{lead}, at {words[0]}.{further}",
        _missing_in_words(found),
        _limits_in_words(found),
        _knee_in_words(found),
        measured_in_words(verdict),
    )
    return tuple(sentence for sentence in sentences if sentence)


def frontier_details(found: Frontier) -> tuple[str, ...]:
    """That more money never blocks less, whether a plan is known to be the best, what is illustrative, notes."""
    guesses = [point.result.plan.cost.illustrative for point in found.points]
    prices = ""
    if any(number for number, _ in guesses):
        prices = "Some prices are illustrative, not quotes: the curve moves with them."
    return tuple(one for one in (NEVER_FEWER, _how_good(found), prices, *_notes(found)) if one)


def _how_good(found: Frontier) -> str:
    """Whether any plan is known to be the best there is."""
    unknown = sum(point.result.plan.status != "optimal" for point in found.points)
    which = "These plans are" if unknown == len(found.points) else f"{unknown} of these plans are"
    return f"{which} the best found; how much better is possible is not known." if unknown else ""


def _notes(found: Frontier) -> Iterator[str]:
    """How budgets were chosen, which targets no plan meets, what an interruption left out."""
    if found.chosen_from is not None:
        budgets = [point.budget_gbp for point in found.points if point.result.asked.objective == "most_protected"]
        budgets += found.missing_gbp
        lowest = {
            "further cell": "the cheapest plan found that blocks a further room",
            "highest": "a part of the highest",
        }[found.chosen_from]
        yield (
            f"Budgets were chosen from {exact_pounds(min(budgets))}, {lowest}, to {exact_pounds(max(budgets))}, "
            f"the price of the plan found without a limit of money, in equal ratios."
        )
    for one in found.unmet:
        share = "" if one.share is None else f", {100 * one.share:g} % of all with those without signal anyway,"
        proven = "nothing for sale meets it" if one.proven else "none was found"
        yield (
            f"No plan blocks {one.cells} rooms{share} for {exact_pounds(one.most_gbp)} or less ({proven}); "
            f"the nearest blocks {one.nearest_cells} for {pounds(one.nearest_gbp)}."
        )
    if not found.given_judged:
        yield "Interrupted before the layout given was judged."
    if found.searched_apart:
        yield "Budgets were searched apart; one after the other, each from cheaper plans, may block more."


def frontier_header(found: Frontier) -> list[str]:
    """Titles of the columns of `frontier_rows`."""
    return [
        "budget",
        "spent",
        *(f"blocked, {name}" for name in found.grades),
        *(f"spill margin, {name}" for name in found.grades),
        "a further room costs",
        "remark",
    ]


def frontier_rows(found: Frontier) -> list[list[str]]:
    """Every point in words."""
    return [
        [
            exact_pounds(point.budget_gbp),
            pounds(point.spent_gbp),
            *(f"{cells} of {found.rooms}" for cells in point.cells),
            *(_margin(*one) for one in zip(point.margin_db, point.kept, strict=True)),
            marginal_in_words(point.marginal),
            _remark(found, at),
        ]
        for at, point in enumerate(found.points)
    ]


def marginal_in_words(one: Marginal | None) -> str:
    """What a further room costs."""
    if one is None:
        return ""
    return "no further room" if one.per_cell_gbp is None else pounds(one.per_cell_gbp)


def frontier_csv(found: Frontier) -> str:
    """Every point as CSV text: a number a column, empty where it is not known."""
    text = io.StringIO()
    out = csv.writer(text, lineterminator="\n")
    names = [name for name in GRADES if name in found.grades]
    header = ["budget_gbp", "spent_gbp", "rooms"]
    for name in names:
        header += [f"silent_{name}", f"spill_margin_db_{name}", f"limits_kept_{name}"]
    header += [
        "silent_on_worlds_of_choice",
        "status",
        "further_cells",
        "further_gbp",
        "per_cell_gbp",
        "knee",
        "target_rooms",
        "target_share",
    ]
    out.writerow(header)
    for at, point in enumerate(found.points):
        row = [_money(point.budget_gbp), _money(point.spent_gbp), str(found.rooms)]
        for name in names:
            grade = found.grades.index(name)
            margin_db = point.margin_db[grade]
            row += [
                str(point.cells[grade]),
                f"{floored(margin_db):g}" if math.isfinite(margin_db) else "",
                str(point.kept[grade]).lower(),
            ]
        step = point.marginal
        row += [str(point.cells_choice), point.result.plan.status]
        row += ["", ""] if step is None else [str(step.cells), _money(step.gbp)]
        row.append("" if step is None or step.per_cell_gbp is None else _money(step.per_cell_gbp))
        row.append(str(at == found.knee).lower())
        asked = point.result.asked
        row += ["" if one is None else f"{one:g}" for one in (asked.target_rooms, asked.target_share)]
        out.writerow(row)
    return text.getvalue()


def frontier_object(found: Frontier) -> FrontierAnswer:
    """Everything as plain values, for ``--json`` and ``frontier.json``."""

    def plain(at: int, point: FrontierPoint) -> FrontierPointAnswer:
        step = point.marginal
        return {
            "budget_gbp": point.budget_gbp,
            "target_rooms": point.result.asked.target_rooms,
            "target_share": point.result.asked.target_share,
            "spent_gbp": round(point.spent_gbp, 2),
            "found_for_gbp": point.found_for_gbp,
            "silent": dict(zip(found.grades, point.cells, strict=True)),
            "silent_on_worlds_of_choice": point.cells_choice,
            "spill": {
                name: {"margin_db": floored(margin_db) if math.isfinite(margin_db) else None, "kept": kept}
                for name, margin_db, kept in zip(found.grades, point.margin_db, point.kept, strict=True)
            },
            "status": point.result.plan.status,
            "further": None
            if step is None
            else {
                "cells": step.cells,
                "gbp": round(step.gbp, 2),
                "per_cell_gbp": _pence(step.per_cell_gbp),
            },
            "knee": at == found.knee,
            "scenario_id": point.result.verdict.scenario_id,
        }

    return {
        "site": found.site.name,
        "as_of": found.site.as_of.isoformat(),
        "grades": list(found.grades),
        "budget_basis": found.asked.budget_basis,
        "rooms": {"silence": found.rooms},
        "points": [plain(at, point) for at, point in enumerate(found.points)],
        "knee_gbp": None if found.knee is None else found.points[found.knee].budget_gbp,
        "headline": list(frontier_lead(found)),
        "interrupted": found.interrupted,
        "missing_gbp": list(found.missing_gbp),
        "chosen_from": found.chosen_from,
        "unmet": [cast(UnmetAnswer, asdict(one)) for one in found.unmet],
        "given_judged": found.given_judged,
        "searched_apart": found.searched_apart,
        "seed": found.asked.seed,
        "notes": [*frontier_details(found)],
    }


def frontier_json(found: Frontier) -> str:
    """Text of ``frontier.json``."""
    return json.dumps(frontier_object(found), indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _named(found: Frontier) -> list[FrontierPoint]:
    """Points of the first sentence: all of a few, else first, last, the knee and one between."""
    number = len(found.points)
    if number <= MOST_NAMED:
        return list(found.points)
    chosen = {0, number - 1} | ({found.knee} if found.knee is not None else {number // 3})
    between = [at for at in range(number) if at not in chosen]
    # the one farthest from those named
    chosen.add(max(between, key=lambda at: (min(abs(at - one) for one in chosen), -at)))
    return [found.points[at] for at in sorted(chosen)]


def _missing_in_words(found: Frontier) -> str:
    if not found.interrupted:
        return ""
    if not found.missing_gbp:
        return "The search was interrupted: these are the best plans so far."
    missing = ", ".join(exact_pounds(one) for one in found.missing_gbp)
    return f"The search was interrupted: these are the best plans so far, and there is none for {missing}."


def _limits_in_words(found: Frontier) -> str:
    """Which plans break a limit, at which grade."""
    said = []
    for grade, name in enumerate(found.grades):
        broken = [exact_pounds(point.budget_gbp) for point in found.points if not point.kept[grade]]
        if broken and len(broken) == len(found.points):
            said.append(f"at {name} grade by none of these plans")
        elif broken:
            said.append(f"at {name} grade NOT by the plan{'s' * (len(broken) > 1)} for {', '.join(broken)}")
        else:
            said.append(f"at {name} grade by every plan")
    return f"Limits outside, in keep rooms and of protected services are kept {', '.join(said)}."


def _knee_in_words(found: Frontier) -> str:
    """Where gains fall off, with what a cell costs on either side of it."""
    if found.knee is None:
        return ""
    first, here, last = found.points[0], found.points[found.knee], found.points[-1]
    before = (here.spent_gbp - first.spent_gbp) / max(here.cells[0] - first.cells[0], 1)
    more = last.cells[0] - here.cells[0]
    after = "no further room is gained"
    if more > 0:
        each = pounds((last.spent_gbp - here.spent_gbp) / more)
        after = f"a further room costs some {each}, up to there {pounds(before)}"
    return f"Gains fall off at {exact_pounds(here.budget_gbp)}: beyond it {after}."


def _remark(found: Frontier, at: int) -> str:
    point = found.points[at]
    said = []
    if at == found.knee:
        said.append("knee")
    asked = point.result.asked
    target = target_of(point.result)
    if target is not None:
        share = "" if asked.target_share is None else f" ({100 * asked.target_share:g} %)"
        said.append(f"least cost of {target}{share}")
    if (
        at
        and point.result.plan.devices == found.points[at - 1].result.plan.devices
        and (point.result.plan.treatments == found.points[at - 1].result.plan.treatments)
    ):
        said.append("same plan as above")
    elif point.found_for_gbp != point.budget_gbp and target is None:
        said.append(f"plan found for {exact_pounds(point.found_for_gbp)}")
    if point.result.plan.status == "interrupted":
        said.append("interrupted")
    return ", ".join(said)


def _margin(margin_db: float, kept: bool) -> str:
    """``3.1 dB, kept``."""
    said = kept_in_words(kept)
    if not math.isfinite(margin_db):
        return f"{NO_MARGIN}, {said}"
    return f"{floored(margin_db):g} dB, {said}"


def _money(amount_gbp: float) -> str:
    return f"{amount_gbp:.2f}"


def _pence(amount_gbp: float | None) -> float | None:
    return None if amount_gbp is None else round(amount_gbp, 2)
