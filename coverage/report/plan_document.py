"""A plan as files: the page and pictures of its verdict, with money and what stays open before them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from quietwing.coverage.decibel import floored
from quietwing.coverage.layout import layout_text
from quietwing.coverage.planning import Attempt, CostLine, Frontier, PlanResult
from quietwing.coverage.report.escapes import count_rooms
from quietwing.coverage.report.frontier_document import frontier_values, make_frontier_files
from quietwing.coverage.report.grades import grade_in_words
from quietwing.coverage.report.hole_words import grouped_holes
from quietwing.coverage.report.plan_drawing import NOTHING_DRAWN
from quietwing.coverage.report.plan_tables import notes_of, plan_files
from quietwing.coverage.report.plan_words import (
    PLAN_GLOSSARY,
    exact_pounds,
    name_on_bill,
    plan_details,
    plan_lead,
    pounds,
    rooms_in_words,
    target_table,
)
from quietwing.coverage.report.verdict_document import make_verdict_files, pictured_before
from quietwing.coverage.report.words import VERDICT_GLOSSARY, earlier_in_words, percent
from quietwing.coverage.results import Verdict

__all__ = ["make_plan_files"]

MOST_REASONS_SHOWN = 12  # on the page; holes.csv has all


def make_plan_files(
    result: PlanResult,
    workshop: Path,
    progress: Callable[[float], None],
    *,
    with_leakage: bool,
    frontier: Frontier | None = None,
    drawn: Mapping[str, bytes] = NOTHING_DRAWN,
) -> list[str]:
    """Make a plan's pictures, tables, ``plan.json`` and page in a folder.

    Parameters
    ----------
    result : PlanResult
    workshop : Path
        An existing folder.
    progress : callable
        Called with the share done, 0 to 1.
    with_leakage : bool
        Whether ``leakage.html`` will lie beside the page, to link to it.
    frontier : Frontier, optional
        That the plan is one of: shown first, with its figure, table and object beside the page.
    drawn : mapping of str to bytes
        As for `make_verdict_files`.

    Returns
    -------
    list of str
        Names of the files, ``summary.html`` first.
    """
    names = make_verdict_files(
        result.verdict,
        workshop,
        progress,
        with_leakage=with_leakage,
        before=result.before,
        template="plan.html",
        values=_page_values(result) | _curve_values(result, frontier),
        drawn=drawn,
    )
    curve = [] if frontier is None else make_frontier_files(frontier, workshop)
    texts = {"layout.csv": layout_text(result.verdict.devices), **plan_files(result)}
    for name, text in texts.items():
        (workshop / name).write_text(text, encoding="utf-8", newline="\n")
    return [names[0], *curve, *texts, *names[1:]]


def _curve_values(result: PlanResult, frontier: Frontier | None) -> dict[str, Any]:
    """What ``plan.html`` needs of a frontier, if there is one."""
    if frontier is None:
        return {"curve": None}
    return {
        **frontier_values(frontier),
        "curve_plan": exact_pounds(result.asked.budget_gbp or 0.0),
        "heading": "what money buys, and a plan",
    }


def _earlier_values(before: Verdict | None) -> dict[str, str]:
    """What the page calls the layout that the plan is held against, and what its pictures begin from."""
    if before is None:
        return {}
    stands = earlier_in_words(before) == "Before"
    found = {"earlier": "before this plan" if stands else "by the layout given"}
    if pictured_before(before) is not None:
        found["before_in_words"] = "the layout before this plan" if stands else "the layout given"
    return found


def _page_values(result: PlanResult) -> dict[str, Any]:
    """What ``plan.html`` needs beyond a verdict's page, or says otherwise."""
    plan, spent, scenario = result.plan, result.plan.cost, result.verdict.scenario
    groups = grouped_holes(plan.holes)
    before = (
        []
        if result.before is None
        else [
            (grade_in_words(one.grade), count_rooms(result.before, number).silent)
            for number, one in enumerate(result.before.grades)
        ]
    )
    return {
        "heading": "the plan",
        "headline": plan_lead(result),
        "details": plan_details(result),
        **_earlier_values(result.before),
        "before": before,
        "plan": plan,
        "money": _money_rows(result),
        "bill": [bill_row(line) for line in spent.lines],
        "bill_total": [pounds(each) for each in (spent.capex_gbp, spent.opex_gbp_per_year, spent.whole_life_gbp)],
        "illustrative": spent.illustrative,
        "holes": [(reason, len(rooms), rooms_in_words(rooms)) for reason, rooms in groups[:MOST_REASONS_SHOWN]],
        "asked_for": target_table(result),
        "reasons_left": max(len(groups) - MOST_REASONS_SHOWN, 0),
        "attempts": [attempt_row(attempt) for attempt in plan.attempts],
        "basis": "to buy and install" if scenario.budget_basis == "capex" else "over its whole life",
        "notes": notes_of(result),
        "glossary": VERDICT_GLOSSARY + PLAN_GLOSSARY,
    }


def _money_rows(result: PlanResult) -> list[tuple[str, str]]:
    spent, scenario = result.plan.cost, result.verdict.scenario
    years = f"{scenario.horizon_years} year{'' if scenario.horizon_years == 1 else 's'}"
    return [
        ("To buy and install", pounds(spent.capex_gbp)),
        ("To run, each year", pounds(spent.opex_gbp_per_year)),
        (f"Over its whole life of {years}", pounds(spent.whole_life_gbp)),
        (f"The same as net present cost, at {100 * scenario.discount_rate:g} % a year", pounds(spent.npv_gbp)),
    ]


def bill_row(line: CostLine) -> dict[str, str]:
    metres = line.unit == "m"
    return {
        "model": name_on_bill(line),
        "description": line.description,
        "quantity": f"{math.ceil(line.quantity - 1e-6):,} m" if metres else f"{line.quantity:,.0f}",
        "unit_price": pounds(line.unit_price_gbp),
        "capex": pounds(line.price_gbp + line.install_gbp),
        "opex": pounds(line.opex_gbp_per_year),
        "whole_life": pounds(line.whole_life_gbp),
        "illustrative": "yes" if line.illustrative else "",
        "source": line.price_source,
    }


def attempt_row(attempt: Attempt) -> dict[str, Any]:
    known = math.isfinite(attempt.spill_margin_db)
    return {
        "confidence": percent(attempt.confidence),
        "slack_db": f"{attempt.slack_db:g}",
        "rooms_model": attempt.rooms_model,
        "rooms_judged": attempt.rooms_judged,
        "spill_margin": f"{floored(attempt.spill_margin_db):g}" if known else "none",
        "passed": attempt.passed,
        "cost": pounds(attempt.capex_gbp),
    }
