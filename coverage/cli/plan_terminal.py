"""A plan on a terminal: what holds and what it costs first, then what to buy and what stays open."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from quietwing.coverage.cli.terminal import print_json, print_table, say

if TYPE_CHECKING:
    from quietwing.coverage.equipment import Model
    from quietwing.coverage.planning.curve import Frontier
    from quietwing.coverage.planning.plan import PlanResult

__all__ = ["show_plan"]

MOST_REASONS = 5  # holes.csv and --json have all
MOST_ASKED = 20  # rooms asked for by name; --json and plan.json have all


def show_plan(
    result: PlanResult,
    catalogue: Mapping[str, Model],
    files: tuple[Path, ...],
    as_json: bool,
    frontier: Frontier | None = None,
) -> None:
    """The plan in words and two tables, or as the object of ``--json``.

    Parameters
    ----------
    result : PlanResult
    catalogue : mapping of str to Model
        The one the plan was bought from.
    files : tuple of Path
        Those written, ``summary.html`` first; empty if none were.
    as_json : bool
        One object on stdout, with the manifest.
    frontier : Frontier, optional
        That the plan is one of: shown first.
    """
    from quietwing.coverage.cli.contrast_terminal import show_contrast
    from quietwing.coverage.report.hole_words import grouped_holes
    from quietwing.coverage.report.plan_tables import plan_object
    from quietwing.coverage.report.plan_words import (
        bought_lines,
        name_on_bill,
        plan_details,
        plan_lead,
        pounds,
        rooms_in_words,
        target_table,
    )
    from quietwing.coverage.report.words import limits_in_words

    if as_json:
        from quietwing.coverage.store import describe, result_object

        manifest = {"manifest": describe(result.verdict, catalogue)}
        found = result_object(result.verdict, catalogue) | plan_object(result) | manifest
        if frontier is not None:
            from quietwing.coverage.report.frontier_tables import frontier_object

            found["frontier"] = frontier_object(frontier)
        print_json(found)
        return
    if frontier is not None:
        from quietwing.coverage.cli.frontier_terminal import show_frontier
        from quietwing.coverage.report.plan_words import exact_pounds

        show_frontier(frontier, (), False)
        typer.echo(f"\nThe plan for {exact_pounds(result.asked.budget_gbp or 0.0)}:")
    if result.verdict.uncovered_routes:
        typer.echo("Not addressed by any cellular blocker:")
        for route in result.verdict.uncovered_routes:
            typer.echo(f"  {route}")
    for sentence in (*plan_lead(result), *limits_in_words(result.verdict), *plan_details(result)):
        typer.echo(sentence)
    asked, more = target_table(result, MOST_ASKED)
    if asked:
        typer.echo("")
        print_table(["room asked for", "holds", "silent in worlds"], asked)
    if more:
        say(f"{more} more rooms asked for in --json, or plan.json (--out)")
    spent = result.plan.cost
    lines = bought_lines(spent)
    if lines:
        typer.echo("")
        print_table(
            ["what to buy", "number", "bought and installed", "whole life", "price"],
            [
                [
                    name_on_bill(line),
                    f"{line.quantity:,.0f} m" if line.unit == "m" else f"{line.quantity:,.0f}",
                    pounds(line.price_gbp + line.install_gbp),
                    pounds(line.whole_life_gbp),
                    "illustrative" if line.illustrative else "quoted",
                ]
                for line in lines
            ],
        )
    groups = grouped_holes(result.plan.holes)
    if groups:
        typer.echo("")
        print_table(
            ["why cells stay open", "number", "which"],
            [[reason, str(len(rooms)), rooms_in_words(rooms)] for reason, rooms in groups[:MOST_REASONS]],
        )
    if len(groups) > MOST_REASONS:
        say(f"{len(groups) - MOST_REASONS} more reasons in holes.csv (--out) or --json")
    show_contrast(result.verdict.contrast)
    for note in dict.fromkeys((*result.plan.notes, *spent.notes)):
        say(f"note: {note}")
    left = len(set(result.verdict.notes) - set(result.plan.notes) - set(spent.notes))
    if left:
        say(f"note: {left} more on what limits this result in summary.html (--out) or --json")
    if files:
        say(f"wrote {len(files)} files; open {files[0]}")
