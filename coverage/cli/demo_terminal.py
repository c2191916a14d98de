"""``quietwing demo``: what leaks in, what money buys, and one plan in full, on the bundled houseblock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import typer

from quietwing.coverage import report
from quietwing.coverage.cli.demo_worker import Compiled, Drawn, Half, Shown
from quietwing.coverage.cli.frontier_terminal import over_steps
from quietwing.coverage.cli.plan_terminal import show_plan
from quietwing.coverage.cli.question import layout_question
from quietwing.coverage.cli.tables import progress_bar
from quietwing.coverage.equipment import Model
from quietwing.coverage.exit_codes import INTERRUPTED
from quietwing.coverage.other_process import Asked, OtherProcess
from quietwing.coverage.plan_store import write_plan
from quietwing.coverage.planning import PlanResult
from quietwing.coverage.report import FRONTIER_FILES
from quietwing.coverage.result_folder import PLAN_FILES, SUMMARY, refuse_taken
from quietwing.coverage.study import frontier, with_explained_holes

__all__ = ["DEMO_BUDGETS_GBP", "DEMO_BUDGET_GBP", "answer_demo"]

SITE = "houseblock"
DEMO_BUDGETS_GBP = (25_000.0, 50_000.0, 75_000.0, 100_000.0)
DEMO_BUDGET_GBP = 50_000.0  # whose plan is shown in full
DEMO_EQUIPMENT = ("micro_jammer", "mas_node")
DEMO_TREATMENTS = ("window_mesh",)


def answer_demo(out: Path, as_json: bool, helper: OtherProcess) -> None:
    """Plan for four budgets while another process works out what leaks in and the layout given; write and show it."""
    refuse_taken(out, (SUMMARY, *PLAN_FILES, *FRONTIER_FILES))
    helper.ask(Compiled())
    with progress_bar() as progress:
        options = {"effort": "quick", "equipment": DEMO_EQUIPMENT, "treat_with": DEMO_TREATMENTS}
        place, scenario, devices, catalogue = layout_question(SITE, None, None, options, progress)
        other = helper.ask(Half(place, scenario, devices, catalogue))
        pictures: list[Asked[Drawn]] = []

        def tell(plan: PlanResult) -> None:
            if plan.asked.budget_gbp == DEMO_BUDGET_GBP:
                pictures[:] = [helper.ask(Shown(plan, catalogue))]

        found = frontier(
            place,
            scenario,
            DEMO_BUDGETS_GBP,
            devices=devices,
            catalogue=catalogue,
            before=lambda: other.result().verdict,
            progress=over_steps(progress, 0.05, 0.85),
            tell=tell,
            other=helper,
        )
        shown = next((one for one in found.points if one.budget_gbp == DEMO_BUDGET_GBP), found.points[-1]).result
        given = other.result()
        drawn = _drawn(shown, catalogue, helper, pictures)
        result = with_explained_holes(
            replace(shown, verdict=replace(shown.verdict, maps=drawn.maps)), catalogue, always=True
        )

        def draw(workshop: Path) -> list[str]:
            return report.make_files(
                result,
                workshop,
                lambda done: progress("drawing the maps", 0.85 + 0.15 * done),
                before=given.leaks,
                frontier=found,
                drawn={**given.pictures, **drawn.pictures},
            )

        files = write_plan(result, out, catalogue=catalogue, pages=draw)
    show_plan(result, catalogue, files, as_json, found)
    if found.interrupted:
        raise typer.Exit(INTERRUPTED)


def _drawn(
    shown: PlanResult, catalogue: Mapping[str, Model], helper: OtherProcess, pictures: Sequence[Asked[Drawn]]
) -> Drawn:
    """The plan with maps and pictures: those made while others were sought, if they are of this very verdict."""
    for one in pictures:
        drawn = one.result()
        if drawn.scenario_id == shown.verdict.scenario_id:
            return drawn
    return helper.ask(Shown(shown, catalogue)).result()
