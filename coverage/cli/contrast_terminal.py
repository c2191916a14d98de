"""Contrast budgets on a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from quietwing.coverage.cli.tables import print_table
from quietwing.coverage.report import WORST_HEADER, budget_sentence, contrast_remarks, contrast_rows, worst_rows

if TYPE_CHECKING:
    from quietwing.coverage.results import ContrastBudget

__all__ = ["show_contrast"]


def show_contrast(budgets: tuple[ContrastBudget, ...]) -> None:
    """The first budget line by line, and of several a row for each channel and place that binds."""
    if not budgets:
        return
    first = budgets[0]
    typer.echo(f"\nContrast budget of {first.room}: what it would need, the lines add up")
    print_table(["", "value", "unit"], [list(row) for row in contrast_rows(first)])
    for sentence in (budget_sentence(first), *contrast_remarks(first)):
        typer.echo(sentence)
    if len(budgets) > 1:
        typer.echo(f"\nWhat binds {len(budgets)} rooms that are not blocked, each by itself")
        print_table(list(WORST_HEADER), worst_rows(budgets))
