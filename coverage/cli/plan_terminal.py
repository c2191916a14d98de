"""``quietwing optimise``: what a plan holds and costs first, then what to buy and what stays open."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from quietwing.coverage import report, study, warmup
from quietwing.coverage.cli.contrast_terminal import show_contrast
from quietwing.coverage.cli.frontier_terminal import show_frontier
from quietwing.coverage.cli.question import layout_question
from quietwing.coverage.cli.tables import print_table, progress_bar
from quietwing.coverage.cli.terminal import print_json, say
from quietwing.coverage.cli.verdict_worker import Judged, Picture
from quietwing.coverage.exit_codes import INFEASIBLE, INTERRUPTED, MISSED
from quietwing.coverage.other_process import Answers, OtherProcess
from quietwing.coverage.plan_store import write_plan
from quietwing.coverage.report import (
    bought_lines,
    exact_pounds,
    frontier_object,
    grouped_holes,
    limits_in_words,
    name_on_bill,
    plan_details,
    plan_lead,
    plan_object,
    pounds,
    rooms_in_words,
    target_table,
)
from quietwing.coverage.result_folder import PLAN_FILES, SUMMARY, refuse_taken
from quietwing.coverage.store import describe, result_object

if TYPE_CHECKING:
    from quietwing.coverage.equipment import Model
    from quietwing.coverage.planning import Frontier, PlanResult

__all__ = ["answer_plan", "show_plan"]

MOST_REASONS = 5  # holes.csv and --json have all
MOST_ASKED = 20  # rooms asked for by name; --json and plan.json have all


def answer_plan(
    site: str,
    layout_file: Path | None,
    scenario_file: Path | None,
    out: Path | None,
    as_json: bool,
    options: dict[str, Any],
    *,
    time_limit_s: float | None,
    gap: float | None,
    other: OtherProcess | None = None,
) -> None:
    """Choose a plan, write what is asked for, show it; the exit code says what it is worth.

    A part of the work is left to `other`.
    """
    refuse_taken(out, (SUMMARY, *PLAN_FILES))
    other = other if warmup.all_compiled() else None
    with ExitStack() as stack:
        warmup.start()
        progress = stack.enter_context(progress_bar())
        place, scenario, devices, catalogue = layout_question(site, scenario_file, layout_file, options, progress)
        result = study.optimise(
            place,
            scenario,
            devices=devices,
            catalogue=catalogue,
            maps=out is not None,
            time_limit_s=time_limit_s,
            gap=gap,
            progress=lambda what, done: progress(what, 0.1 + 0.75 * done),
            other=other,
        )
        drawn: Mapping[str, bytes] = {}
        if out is not None and other is not None:
            other.tell(Judged(result.verdict, result.before))
            names = report.verdict_pictures(result.verdict, result.before)
            drawn = Answers({}, {name: other.ask(Picture(name)) for name in names})
        files: tuple[Path, ...] = ()
        if out is not None:

            def draw(workshop: Path) -> list[str]:
                def tell(done: float) -> None:
                    progress("drawing the maps", 0.85 + 0.15 * done)

                return report.make_files(result, workshop, tell, drawn=drawn)

            files = write_plan(result, out, catalogue=catalogue, pages=draw)
    show_plan(result, catalogue, files, as_json)
    plan = result.plan
    if plan.status == "infeasible":
        raise typer.Exit(INFEASIBLE)
    if plan.status == "interrupted":
        raise typer.Exit(INTERRUPTED)
    if plan.status == "none found":
        say("the target was missed; the nearest plan was kept")
        raise typer.Exit(MISSED)
    late = time_limit_s is not None and not plan.reproducible
    if late or (gap is not None and not plan.is_within(gap)):
        say("a limit asked for was missed; the best plan was kept")
        raise typer.Exit(MISSED)


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
    if as_json:
        manifest = {"manifest": describe(result.verdict, catalogue)}
        found = {**result_object(result.verdict, catalogue), **plan_object(result), **manifest}
        if frontier is not None:
            found["frontier"] = frontier_object(frontier)
        print_json(found)
        return
    if frontier is not None:
        show_frontier(frontier, (), False)
        typer.echo(f"\nThe plan for {exact_pounds(result.asked.budget_gbp or 0.0)}:")
    if result.verdict.uncovered_routes:
        typer.echo("Not addressed by any cellular blocker:")
        for route in result.verdict.uncovered_routes:
            typer.echo(f"  {route}")
    for sentence in (*plan_lead(result), *limits_in_words(result.verdict), *plan_details(result)):
        typer.echo(sentence)
    asked = target_table(result)
    if asked:
        typer.echo("")
        print_table(["room asked for", "holds", "blocked in simulations"], asked[:MOST_ASKED])
    if (more := len(asked) - MOST_ASKED) > 0:
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
            ["why rooms stay unblocked", "number", "which"],
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
