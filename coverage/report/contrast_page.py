"""The part of a page that says what a cell would need."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from quietwing.coverage.report.contrast_figure import contrast_figure
from quietwing.coverage.report.contrast_text import (
    WORST_HEADER,
    budget_sentence,
    contrast_remarks,
    contrast_rows,
    worst_rows,
)
from quietwing.coverage.report.plan_drawing import save_png
from quietwing.coverage.results import Verdict

__all__ = ["CONTRAST_PICTURE", "contrast_values", "make_contrast_picture"]

CONTRAST_PICTURE = "contrast-budget.png"


def make_contrast_picture(verdict: Verdict, workshop: Path) -> list[str]:
    """The first budget of a verdict as a picture in a folder; names of the files made, none without a budget."""
    if not verdict.contrast:
        return []
    save_png(contrast_figure(verdict.contrast[0]), workshop / CONTRAST_PICTURE)
    return [CONTRAST_PICTURE]


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
