"""The part of a page that says what a cell would need."""

from __future__ import annotations

from typing import Any

from quietwing.coverage.report.contrast_text import (
    WORST_HEADER,
    budget_sentence,
    contrast_remarks,
    contrast_rows,
    worst_rows,
)
from quietwing.coverage.results import Verdict

__all__ = ["CONTRAST_PICTURE", "contrast_values"]

CONTRAST_PICTURE = "contrast-budget.png"


def contrast_values(verdict: Verdict) -> dict[str, Any]:
    """What ``contrast.html`` is filled with."""
    budgets = verdict.contrast
    if not budgets:
        return {"budgets": ()}
    return {
        "budgets": budgets,
        "sentence": budget_sentence(budgets[0]),
        "picture": CONTRAST_PICTURE,
        "rows": contrast_rows(budgets[0]),
        "remarks": contrast_remarks(budgets[0]),
        "header": WORST_HEADER,
        "worst": worst_rows(budgets),
    }
