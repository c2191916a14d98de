"""What a command of the terminal does with its question: call the engine, write what is asked for, show it."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from quietwing.coverage.cli.command_inputs import question
from quietwing.coverage.cli.terminal import progress_bar, say, show_leakage, show_verdict
from quietwing.coverage.exit_codes import INFEASIBLE, INTERRUPTED, MISSED
from quietwing.coverage.result_folder import LEAKAGE_FILES, PLAN_FILES, SUMMARY, VERDICT_FILES, refuse_taken
from quietwing.coverage.site_inputs import equipment_of

if TYPE_CHECKING:
    from quietwing.coverage.blocking.explain import RoomBudgets
    from quietwing.coverage.equipment import Device, Model
    from quietwing.coverage.scenario import Scenario
    from quietwing.sites.model import Site

__all__ = ["answer_leakage", "answer_plan", "answer_verdict"]


def answer_leakage(
    site: str,
    scenario_file: Path | None,
    out: Path | None,
    as_json: bool,
    options: dict[str, Any],
    *,
    measured_file: Path | None = None,
) -> None:
    """Where the public network leaks in, beside the levels measured there if a file of them is given."""
    from quietwing.coverage.report import write
    from quietwing.coverage.study import leakage as study_leakage
    from quietwing.sites.readings import read_measurements

    refuse_taken(out, (SUMMARY, *LEAKAGE_FILES))
    with progress_bar() as progress:
        place, scenario = question(site, scenario_file, options, progress)
        measured = None if measured_file is None else read_measurements(measured_file, place)
        share = 0.5 if out else 1.0
        result = study_leakage(
            place,
            scenario,
            maps=out is not None,
            measured=measured,
            progress=lambda what, done: progress(what, share * done),
        )
        files = (
            write(result, out, progress=lambda done: progress("drawing the maps", 0.5 + 0.5 * done)) if out else ()
        )
    show_leakage(result, files, as_json)


def answer_verdict(
    site: str,
    layout_file: Path | None,
    scenario_file: Path | None,
    out: Path | None,
    as_json: bool,
    options: dict[str, Any],
    *,
    room: str | None,
    contrast: bool = False,
    changes: bool = False,
) -> None:
    """Run a layout, write what is asked for, show the verdict."""
    from quietwing.coverage import warmup

    warmup.start()
    from quietwing.coverage.planning.cable import comms_room
    from quietwing.coverage.planning.cost import cost
    from quietwing.coverage.report import make_files
    from quietwing.coverage.store import write_result
    from quietwing.coverage.study import run
    from quietwing.coverage.study.contrast import HOLES_ON_PAGE, MOST_HOLES, with_budgets
    from quietwing.coverage.study.whatif import whatif
    from quietwing.coverage.treatments import resolve_treatments

    refuse_taken(out, (SUMMARY, *VERDICT_FILES))
    with progress_bar() as progress:
        place, scenario = question(site, scenario_file, options, progress)
        devices, catalogue = equipment_of(site, layout_file)
        comms_room(place, scenario)  # an unknown one is refused before the work, not after it; so is a false price
        cost(place, devices, resolve_treatments(place, scenario.treatments, catalogue), catalogue, scenario)
        budgets = _budgets(place, scenario, room, devices, catalogue) if room is not None else None
        verdict = run(
            place,
            scenario,
            devices=devices,
            catalogue=catalogue,
            maps=out is not None,
            progress=lambda what, done: progress(what, 0.6 * done),
        )
        verdict = with_budgets(verdict, catalogue, room, MOST_HOLES if contrast else HOLES_ON_PAGE if out else 0)
        changed = whatif(place, scenario, devices=devices, catalogue=catalogue) if changes else None
        files: tuple[Path, ...] = ()
        if out is not None:

            def draw(workshop: Path) -> list[str]:
                def tell(done: float) -> None:
                    progress("drawing the maps", 0.6 + 0.4 * done)

                return make_files(verdict, workshop, tell, whatif=changed)

            files = write_result(verdict, out, catalogue=catalogue, pages=draw)
    show_verdict(verdict, catalogue, budgets, files, as_json, changed)


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
) -> None:
    """Choose a plan, write what is asked for, show it; the exit code says what it is worth."""
    refuse_taken(out, (SUMMARY, *PLAN_FILES))
    with ExitStack() as stack:
        from quietwing.coverage import warmup

        warmup.start()
        from quietwing.coverage.cli.plan_terminal import show_plan
        from quietwing.coverage.plan_store import write_plan
        from quietwing.coverage.report import make_files
        from quietwing.coverage.study import optimise as study_optimise

        progress = stack.enter_context(progress_bar())
        place, scenario = question(site, scenario_file, options, progress)
        devices, catalogue = equipment_of(site, layout_file)
        result = study_optimise(
            place,
            scenario,
            devices=devices,
            catalogue=catalogue,
            maps=out is not None,
            time_limit_s=time_limit_s,
            gap=gap,
            progress=lambda what, done: progress(what, 0.1 + 0.75 * done),
        )
        files: tuple[Path, ...] = ()
        if out is not None:

            def draw(workshop: Path) -> list[str]:
                def tell(done: float) -> None:
                    progress("drawing the maps", 0.85 + 0.15 * done)

                return make_files(result, workshop, tell)

            files = write_plan(result, out, catalogue=catalogue, pages=draw)
    show_plan(result, catalogue, files, as_json)
    plan = result.plan
    if plan.status == "infeasible":
        raise typer.Exit(INFEASIBLE)
    if plan.status == "interrupted":
        raise typer.Exit(INTERRUPTED)
    late = time_limit_s is not None and not plan.reproducible
    if late or (gap is not None and (plan.gap is None or plan.gap > gap)):
        say("a limit asked for was missed; the best plan was kept")
        raise typer.Exit(MISSED)


def _budgets(
    place: Site, scenario: Scenario, room: str, devices: tuple[Device, ...], catalogue: dict[str, Model]
) -> RoomBudgets:
    """Link budgets of one room with the scenario's treatments in its windows."""
    from quietwing.coverage.blocking.explain import explain_room
    from quietwing.coverage.treatments import resolve_treatments, treated_site

    treated = treated_site(place, resolve_treatments(place, scenario.treatments, catalogue), catalogue)
    return explain_room(treated, scenario, room, devices=devices, catalogue=catalogue)
