"""A contrast budget as lines of a table, as sentences and as plain values."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Mapping
from typing import Any

from quietwing.coverage.report.words import channel_in_words, place_in_words
from quietwing.coverage.results import ContrastBudget, ContrastLine

__all__ = [
    "LEVELS",
    "WORST_HEADER",
    "budget_from",
    "budget_sentence",
    "contrast_object",
    "contrast_remarks",
    "contrast_rows",
    "worst_rows",
]

LEVELS = ("public_inside", "level_needed", "public_outside", "level_allowed")
WORST_HEADER = (
    "channel",
    "what binds",
    "cells",
    "level needed [dBm]",
    "level allowed [dBm]",
    "offered [dB]",
    "short by [dB]",
)
MOST_NAMED = 4


def contrast_rows(budget: ContrastBudget) -> tuple[tuple[str, str, str], ...]:
    """Each line of a budget: words, value and unit; steps with their sign."""
    return tuple(
        (one.words, f"{one.db:.1f}", "dBm")
        if one.name in LEVELS
        else (one.words, f"{one.db:.1f}" if one.name == "short_by" else f"{one.db:+.1f}", "dB")
        for one in budget.lines
    )


def budget_sentence(budget: ContrastBudget) -> str:
    """What a room that is not blocked lacks, in one sentence."""
    where = f"{budget.room}: {channel_in_words(budget.channel)} {place_in_words(budget.point)}"
    if budget.short_db is None:
        return f"{where} needs {budget.needed_dbm:.1f} dBm from blockers; no device on offer, or no limit outside."
    kit = budget.device + (f" with {budget.treatment}" if budget.treatment else "")
    if budget.short_db > 0:
        return (
            f"{where} is {budget.short_db:.1f} dB short: the best device there, {kit}, would break the limit at "
            f"{budget.place} by so much."
        )
    told = f"{where} can be blocked: {kit} does it with {-budget.short_db:.1f} dB to spare at {budget.place}"
    if budget.power_db is not None and budget.power_db < 0:
        told += f", but its power is {-budget.power_db:.1f} dB too low"
    return f"{told}."


def contrast_remarks(budget: ContrastBudget) -> tuple[str, ...]:
    """What the lines leave out, in sentences."""
    said = []
    if budget.reference:
        said.append("The layout's blockers are far too weak in this cell: the need is that of a blocker of its own.")
    else:
        said.append(f"The blockers there are would have to be {budget.raise_db:.1f} dB stronger, all alike.")
    if budget.used_dbm is not None:
        said.append(f"They send {budget.used_dbm:.1f} dBm to {budget.place} already; the limit is on the sum.")
    if budget.power_db is not None:
        louder = "louder" if budget.power_db >= 0 else "weaker"
        said.append(
            f"{budget.device} at the catalogue's power is {abs(budget.power_db):.1f} dB {louder} there than needed."
        )
    return tuple(said)


def worst_rows(budgets: Iterable[ContrastBudget]) -> list[list[str]]:
    """Holes with one channel and one place that binds, in one row each, the most short first; `WORST_HEADER`."""
    groups: dict[tuple[str, str], list[ContrastBudget]] = {}
    for budget in budgets:
        groups.setdefault((budget.channel, budget.place), []).append(budget)

    def short(budget: ContrastBudget) -> float:
        return -math.inf if budget.short_db is None else budget.short_db

    rows = []
    for (channel, place), members in sorted(groups.items(), key=lambda pair: -max(map(short, pair[1]))):
        worst = max(members, key=short)
        names = ", ".join(one.room for one in members[:MOST_NAMED])
        if len(members) > MOST_NAMED:
            names += f" and {len(members) - MOST_NAMED} more"
        figures = (worst.needed_dbm, worst.allowed_dbm, worst.offered_db, worst.short_db)
        shown = ["–" if value is None else f"{value:.1f}" for value in figures]
        rows.append([channel_in_words(channel), place or "–", names, *shown])
    return rows


def contrast_object(budget: ContrastBudget) -> dict[str, Any]:
    """A budget for JSON: None where there is nothing, never NaN or infinity."""
    values = dataclasses.asdict(budget)
    values["lines"] = [dataclasses.asdict(line) for line in budget.lines]
    return values


def budget_from(values: Mapping[str, Any]) -> ContrastBudget:
    """A budget again from what `contrast_object` made of it.

    Raises
    ------
    TypeError
        If a key is missing, or one too many.
    """
    lines = tuple(ContrastLine(**line) for line in values["lines"])
    return ContrastBudget(**(dict(values) | {"lines": lines}))
