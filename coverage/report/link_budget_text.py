"""A link budget as lines that a radio engineer checks by hand, and as plain values."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

from quietwing.coverage.blocking import LinkBudget, RoomBudgets
from quietwing.coverage.decibel import add_powers_db
from quietwing.coverage.propagation import DetourPath

__all__ = ["budget_lines", "budgets_object"]

SAME_DB = 0.01  # sums of single precision
HEARD_DB = 20.0  # below the strongest: what lies lower matters little and is printed as one sum


def budget_lines(budget: LinkBudget) -> tuple[tuple[str, float, str], ...]:
    """The budget as lines of words, value and unit, from the mast to what a phone needs; gains positive.

    Parameters
    ----------
    budget : LinkBudget

    Returns
    -------
    tuple of (str, float, str)
    """
    sight = "line of sight" if budget.line_of_sight else "no line of sight"
    lines = [
        (f"EIRP of {budget.sector} in the reference bandwidth", budget.eirp_dbm, "dBm"),
        ("antenna pattern towards the point", budget.pattern_db, "dB"),
        (
            f"{budget.path_law} over {budget.distance_m:.0f} m, {sight} (P {budget.los_probability:.2f})",
            -budget.path_loss_db,
            "dB",
        ),
    ]
    if budget.ground_db:
        lines.append(("the ground between, over flat ground", -budget.ground_db, "dB"))
    lines += [
        (f"{one.feature}: {one.construction} at {one.angle_deg:.0f}°", -one.loss_db, "dB") for one in budget.crossed
    ]
    if budget.floor_cap_db > 0:
        lines.append(("several slabs lose less than their sum", budget.floor_cap_db, "dB"))
    if budget.over_tops_db > 0:
        lines.append(("over the perimeter and other blocks, less than through them", budget.over_tops_db, "dB"))
    elif budget.over_tops_db < 0:
        lines.append(("close over the top of the perimeter or of other blocks", budget.over_tops_db, "dB"))
    lines.append(("levels measured on the site", budget.calibration_db, "dB"))
    if budget.detour is not None:
        lines.append(("by the straight ray", budget.straight_dbm, "dBm"))
        if budget.detour_dbm > budget.straight_dbm - HEARD_DB:
            lines += _detour_lines(budget.detour)
        route = ", ".join(f"{bend.kind} {bend.id}" for bend in budget.detour.bends)
        lines.append((f"by the detour over {route}, from the same EIRP", budget.detour_dbm, "dBm"))
    if budget.scattered_by:
        through_dbm = budget.rsrp_dbm - budget.falls_off_db
        lines.append((f"instead scattered, through {budget.scattered_by}", through_dbm, "dBm"))
        if budget.falls_off_db:
            lines.append(("falls off inside the room", budget.falls_off_db, "dB"))
    lines += [
        ("signal at the phone (S)", budget.rsrp_dbm, "dBm"),
        ("reference-signal boost counted", budget.boost_db, "dB"),
        ("least signal a searching phone uses", budget.floor_dbm, "dBm"),
        ("noise of the best phone", budget.noise_dbm, "dBm"),
    ]
    loudest_dbm = budget.jammed_by[0][1] if budget.jammed_by else 0.0
    near = [(name, level) for name, level in budget.jammed_by if level >= loudest_dbm - HEARD_DB]
    over = {name: f", mostly {words}" for name, words in budget.heard_over}
    lines += [(f"blocker {name}{over.get(name, '')}", level, "dBm") for name, level in near]
    far = [level for _, level in budget.jammed_by[len(near) :]]
    if far:
        lines.append((f"{len(far)} more than {HEARD_DB:g} dB weaker, together", float(add_powers_db(*far)), "dBm"))
    if budget.jammed_by:
        lines.append(("all blockers together (J), a body before the phone counted", budget.jam_dbm, "dBm"))
    lines.append(("(J + N)/S needed for denial, search margin included", budget.need_db, "dB"))
    if budget.capture_dbm > -math.inf:
        lines.append(("strongest managed-access cell of this network", budget.capture_dbm, "dBm"))
        lines.append(("by how much it must be stronger than S", budget.capture_need_db, "dB"))
    lines.append(("margin of the medians: above 0 blocked", budget.margin_db, "dB"))
    return tuple(lines)


def _detour_lines(detour: DetourPath) -> list[tuple[str, float, str]]:
    """What the detour loses, in order from the mast; gains positive."""
    lines = []
    for number, leg in enumerate(detour.legs):
        lines += [(f"detour, {one.id}: {' + '.join(one.constructions)}", -one.loss_db, "dB") for one in leg.elements]
        capped_db = sum(one.loss_db for one in leg.elements) - leg.elements_db
        if capped_db > SAME_DB:
            lines.append(("detour, several slabs lose less than their sum", capped_db, "dB"))
        if leg.guided_db > 0:
            lines.append(("detour, guided along the landing", leg.guided_db, "dB"))
        if number < len(detour.bends):
            bend = detour.bends[number]
            lines.append((f"detour, bend at {bend.kind} {bend.id}", -bend.loss_db, "dB"))
    lines.append((f"detour, {detour.length_m - detour.straight_m:.0f} m longer", -detour.longer_db, "dB"))
    return lines


def budgets_object(budgets: RoomBudgets) -> list[dict[str, Any]]:
    """All budgets of a room for JSON: None for a level that is not there, never infinity."""
    found = []
    for budget in budgets.budgets:
        values = dataclasses.asdict(budget) | {"margin_db": budget.margin_db}
        values["jammed_by"] = [{"device": name, "level_dbm": level} for name, level in budget.jammed_by]
        values["heard_over"] = [{"device": name, "way": words} for name, words in budget.heard_over]
        found.append({key: None if _endless(value) else value for key, value in values.items()})
    return found


def _endless(value: object) -> bool:
    return isinstance(value, float) and not math.isfinite(value)
