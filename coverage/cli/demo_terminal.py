"""``quietwing demo``: what leaks in, what money buys, and one plan in full, on the bundled houseblock."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import typer

from quietwing.coverage import report
from quietwing.coverage.cli.demo_worker import Half, aside
from quietwing.coverage.cli.frontier_terminal import over_steps
from quietwing.coverage.cli.plan_terminal import show_plan
from quietwing.coverage.cli.question import question
from quietwing.coverage.cli.tables import progress_bar
from quietwing.coverage.exit_codes import INTERRUPTED
from quietwing.coverage.plan_store import write_plan
from quietwing.coverage.report import FRONTIER_FILES
from quietwing.coverage.result_folder import PLAN_FILES, SUMMARY, refuse_taken
from quietwing.coverage.site_inputs import equipment_of
from quietwing.coverage.study import frontier, with_explained_holes

__all__ = ["DEMO_BUDGETS_GBP", "DEMO_BUDGET_GBP", "answer_demo"]

SITE = "houseblock"
DEMO_BUDGETS_GBP = (25_000.0, 50_000.0, 75_000.0, 100_000.0)
DEMO_BUDGET_GBP = 50_000.0  # whose plan is shown in full
DEMO_EQUIPMENT = ("micro_jammer", "mas_node")
DEMO_TREATMENTS = ("window_mesh",)


def answer_demo(out: Path, as_json: bool) -> None:
    """Plan for four budgets while another process works out what leaks in and the layout given; write and show it."""
    refuse_taken(out, (SUMMARY, *PLAN_FILES, *FRONTIER_FILES))
    with ExitStack() as stack:
        helper = stack.enter_context(aside())
        progress = stack.enter_context(progress_bar())
        options = {"effort": "quick", "equipment": DEMO_EQUIPMENT, "treat_with": DEMO_TREATMENTS}
        place, scenario = question(SITE, None, options, progress)
        devices, catalogue = equipment_of(SITE, None)
        other = helper.ask(Half(place, scenario, devices, catalogue))
        found = frontier(
            place,
            scenario,
            DEMO_BUDGETS_GBP,
            devices=devices,
            catalogue=catalogue,
            maps=(DEMO_BUDGET_GBP,),
            before=lambda: other.result()[1],
            progress=over_steps(progress, 0.05, 0.85),
        )
        shown = next((one for one in found.points if one.budget_gbp == DEMO_BUDGET_GBP), found.points[-1])
        result = with_explained_holes(shown.result, catalogue)
        leaks = other.result()[0]

        def draw(workshop: Path) -> list[str]:
            def tell(done: float) -> None:
                progress("drawing the maps", 0.85 + 0.15 * done)

            return report.make_files(result, workshop, tell, before=leaks, frontier=found)

        files = write_plan(result, out, catalogue=catalogue, pages=draw)
    show_plan(result, catalogue, files, as_json, found)
    if found.interrupted:
        raise typer.Exit(INTERRUPTED)
