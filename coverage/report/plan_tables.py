"""A plan as tables and as one JSON object: money to the penny, each figure as it is judged."""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from typing import Any

from quietwing.coverage.decibel import floored
from quietwing.coverage.equipment import Device
from quietwing.coverage.planning import Attempt, Cost, Plan, PlanResult, Search
from quietwing.coverage.report.hole_words import binding_of, reason_in_words
from quietwing.coverage.report.plan_words import exact_pounds, exceeds_budget, target_of
from quietwing.coverage.report.verdict_tables import actions_object, csv_text, verdict_object
from quietwing.coverage.report.words import safe_cell
from quietwing.coverage.tables.rows import text_of_rows
from quietwing.coverage.treatments import TREATMENT_COLUMNS
from quietwing.sites import Site, opening_places

__all__ = ["bill_csv", "holes_csv", "notes_of", "plan_files", "plan_object", "treatments_csv"]


def bill_csv(spent: Cost) -> str:
    """The bill of materials: one row of equal things at an equal price, the totals last.

    Parameters
    ----------
    spent : Cost

    Returns
    -------
    str
        CSV text with a header; £ to the penny. What is there already costs nothing now.
    """
    header = [
        "kind",
        "model",
        "description",
        "quantity",
        "unit",
        "unit_price_gbp",
        "price_gbp",
        "install_gbp",
        "capex_gbp",
        "opex_gbp_per_year",
        "refresh_gbp",
        "whole_life_gbp",
        "illustrative",
        "price_source",
    ]
    rows = [
        [
            line.kind,
            line.model,
            line.description,
            f"{line.quantity:.0f}" if line.unit == "each" else f"{line.quantity:.2f}",
            line.unit,
            _gbp(line.unit_price_gbp),
            _gbp(line.price_gbp),
            _gbp(line.install_gbp),
            _gbp(line.price_gbp + line.install_gbp),
            _gbp(line.opex_gbp_per_year),
            _gbp(line.refresh_gbp),
            _gbp(line.whole_life_gbp),
            "yes" if line.illustrative else "no",
            line.price_source,
        ]
        for line in spent.lines
    ]
    total = [
        "total",
        *[""] * 5,
        _gbp(math.fsum(line.price_gbp for line in spent.lines)),
        _gbp(math.fsum(line.install_gbp for line in spent.lines)),
        _gbp(spent.capex_gbp),
        _gbp(spent.opex_gbp_per_year),
        _gbp(math.fsum(line.refresh_gbp for line in spent.lines)),
        _gbp(spent.whole_life_gbp),
        _illustrative(spent),
        "",
    ]
    return csv_text(header, [*rows, total])


def holes_csv(plan: Plan) -> str:
    """One row per room the plan leaves open, with why."""
    return csv_text(["room", "reason"], [[hole.room, reason_in_words(hole.reason)] for hole in plan.holes])


def treatments_csv(result: PlanResult) -> str:
    """One row per mesh or film, with the rooms of its window and whether the plan buys it.

    Parameters
    ----------
    result : PlanResult

    Returns
    -------
    str
        CSV text with a header; several rooms of one window are separated by semicolons.
    """
    bought = set(result.plan.treatments)
    rooms = _rooms_of_openings(result.verdict.site)
    rows = [
        [each.opening, rooms.get(each.opening, ""), each.model, "yes" if each in bought else "no"]
        for each in result.verdict.treatments
    ]
    return text_of_rows(TREATMENT_COLUMNS, [[safe_cell(cell) for cell in row] for row in rows])


def plan_object(result: PlanResult) -> dict[str, Any]:
    """The ``--json`` keys that a plan fills, and those of its own.

    Parameters
    ----------
    result : PlanResult

    Returns
    -------
    dict
        Plain values; None where a key does not apply, never NaN or infinity. `value`, `bound` and `gap` belong to the
        problem as it is judged; the planning model's own figures are not told.
    """
    plan, verdict = result.plan, result.verdict
    said = verdict_object(verdict)
    devices = said["devices"]
    return {
        "site": verdict.site.name,
        "scenario_id": verdict.scenario_id,
        "grade": said["grade"],
        "rules": said["rules"],
        "measured": said["measured"],
        "grades": said["grades"],
        "status": plan.status,
        "value": plan.value,
        "bound": plan.bound,
        "gap": plan.gap,
        "rooms_model": plan.rooms_model,
        "target_rooms": target_of(result),
        "target": _target_object(result),
        "devices": [known | _bid(device) for known, device in zip(devices, verdict.devices, strict=True)],
        "treatments": [
            {"opening": each.opening, "model": each.model, "bought": each in plan.treatments}
            for each in verdict.treatments
        ],
        "operator_actions": actions_object(verdict),
        "cost": {
            "capex_gbp": plan.cost.capex_gbp,
            "opex_gbp_per_year": plan.cost.opex_gbp_per_year,
            "whole_life_gbp": plan.cost.whole_life_gbp,
            "npv_gbp": plan.cost.npv_gbp,
            "illustrative": _illustrative(plan.cost),
        },
        "budget_gbp": result.asked.budget_gbp,
        "over_budget": exceeds_budget(result),
        "claimed": [asdict(claim) for claim in plan.claimed],
        "holes": [
            {"room": hole.room, "reason": reason_in_words(hole.reason), **asdict(hole.reason)} for hole in plan.holes
        ],
        "binding": binding_of(plan.holes, verdict.spill),
        "attempts": [_attempt_object(attempt) for attempt in plan.attempts],
        "chosen": plan.chosen,
        "candidates": plan.candidates,
        "notes": list(notes_of(result)),
        "plan_notes": list(plan.notes),
        "found_by": None if plan.found_by is None else asdict(plan.found_by),
        "seed": plan.seed,
        "reproducible": plan.reproducible,
    }


def notes_of(result: PlanResult) -> tuple[str, ...]:
    """What limits the plan, its price and its verdict, each once."""
    found_by = result.plan.found_by
    search = () if found_by is None else (_search_in_words(found_by),)
    return tuple(dict.fromkeys((*search, *result.plan.notes, *result.plan.cost.notes, *result.verdict.notes)))


def _search_in_words(search: Search) -> str:
    """Which other search found a plan."""
    words = "without a limit of money" if search.budget_gbp is None else f"for {exact_pounds(search.budget_gbp)}"
    if search.objective == "least_cost":
        words = "for a plan of least cost"
    return f"found by the search {words}, whose notes these are"


def _target_object(result: PlanResult) -> dict[str, Any] | None:
    """What was asked for at least cost and whether it holds on fresh worlds, named rooms each by itself."""
    target, asked = result.target, result.asked
    if target is None:
        return None
    return {
        "share": asked.target_share,
        "named": list(asked.target_named),
        "wing": list(asked.target_wing),
        "needed": target.asked.needed,
        "held": target.held,
        "met": target.met,
        "missing": list(target.missing),
        "rooms": [
            {
                "room": one.room,
                "holds": one.holds,
                "quiet_anyway": one.quiet_anyway,
                "silent_probability": floored(one.silent_probability, 3),
            }
            for one in target.rooms
        ],
    }


def _attempt_object(attempt: Attempt) -> dict[str, Any]:
    margin_db = _finite(attempt.spill_margin_db)
    return asdict(attempt) | {"spill_margin_db": None if margin_db is None else floored(margin_db)}


def _bid(device: Device) -> dict[str, Any]:
    """What a layout holds besides place and power."""
    return {"unit_price_gbp": device.unit_price_gbp, "trim_db": dict(device.trim_db)}


def _rooms_of_openings(site: Site) -> dict[str, str]:
    return {
        site.openings[place.opening].id: "; ".join(site.rooms[room].id for room in place.rooms if room >= 0)
        for place in opening_places(site)
    }


def _illustrative(spent: Cost) -> str:
    return f"{spent.illustrative[0]} of {spent.illustrative[1]} prices"


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def _gbp(amount_gbp: float) -> str:
    return f"{amount_gbp:.2f}"


def plan_files(result: PlanResult) -> dict[str, str]:
    """Name and text of every file that a plan adds to its verdict's."""
    return {
        "plan.json": json.dumps(plan_object(result), indent=1, ensure_ascii=False, allow_nan=False) + "\n",
        "treatments.csv": treatments_csv(result),
        "bill_of_materials.csv": bill_csv(result.plan.cost),
        "holes.csv": holes_csv(result.plan),
    }
