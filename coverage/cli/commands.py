"""The command line: read input, call the engine, show. Nothing is computed here.

Each command loads the module that answers it when it runs, so that ``--help`` waits for no engine.

Tables go to stdout, messages and progress to stderr. Exit codes: 0 answered, 1 done in part, 2 bad input, 3 proven
infeasible, 4 a limit or target asked for was missed, 5 environment (disk, permission), 130 interrupted.
"""

from __future__ import annotations

import gc
import runpy
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer

import quietwing
from quietwing.coverage import cli
from quietwing.coverage.cli.command_inputs import guarded
from quietwing.coverage.cli.estate_command import estate
from quietwing.coverage.cli.example_commands import example
from quietwing.coverage.cli.frontier_command import frontier
from quietwing.coverage.cli.helped import helped
from quietwing.coverage.cli.import_command import import_site
from quietwing.coverage.cli.memory import keep_memory
from quietwing.coverage.cli.options import (
    CalibrationOption,
    ConfidenceOption,
    EquipmentOption,
    GradeOption,
    GridOption,
    JsonOption,
    LocalClusterOption,
    RulesOption,
    ScenarioOption,
    SchedulerOption,
    SeedOption,
    SiteArgument,
    TierOption,
    TreatWithOption,
)
from quietwing.coverage.cli.streams import prepare_streams
from quietwing.coverage.cli.survey_commands import add_survey_commands
from quietwing.coverage.other_process import other_process

__all__ = ["app", "main"]

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Where the public mobile network leaks into each prison cell, which phones still work there, "
    "and what blocking them would leave and spill. Simulation and planning only.",
)
app.add_typer(example, name="example")


def main() -> None:
    """Entry point of the ``quietwing`` command."""
    prepare_streams()
    try:
        app()
    finally:
        gc.freeze()  # leaving, Python would look through all there is once more: half a second


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"quietwing {quietwing.__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Options before the command."""


@app.command()
@guarded
def demo(
    out: Annotated[Path, typer.Option("--out", help="Folder for maps, tables and summary.")] = Path("quietwing-demo"),
    as_json: JsonOption = False,
) -> None:
    """The bundled houseblock: what leaks in, a given layout, plans for four budgets; maps, tables, summary.html."""
    with other_process("quietwing.coverage.cli.demo_worker") as helper:
        cli.answer_demo(out, as_json, helper)


@app.command()
@guarded
def evaluate(
    site: SiteArgument,
    layout: Annotated[
        Path | None,
        typer.Option("--layout", help="Devices to judge; without it the site's own layout.csv, else blockers off."),
    ] = None,
    scenario: ScenarioOption = None,
    explain: Annotated[
        str | None, typer.Option("--explain", metavar="ROOM", help="Also why a phone works in this room, or not.")
    ] = None,
    contrast: Annotated[
        bool, typer.Option("--contrast", help="Also what the worst rooms would need, in decibels that add up.")
    ] = False,
    whatif: Annotated[
        bool, typer.Option("--whatif", help="Also what would change the answer; several times the work.")
    ] = False,
    worlds: Annotated[
        int | None, typer.Option("--worlds", help="Simulations (random worlds) the verdict is judged in.")
    ] = None,
    calibration: CalibrationOption = None,
    grade: GradeOption = None,
    rules: RulesOption = None,
    confidence: ConfidenceOption = None,
    grid_m: GridOption = None,
    seed: SeedOption = None,
    spill_tier: TierOption = None,
    out: Annotated[Path | None, typer.Option("--out", help="Result folder: maps, tables, summary, manifest.")] = None,
    scheduler: SchedulerOption = None,
    local_cluster: LocalClusterOption = None,
    as_json: JsonOption = False,
) -> None:
    """Which rooms a layout blocks, where a phone may still work, what spills, and how sure that is."""
    options = {
        "calibration": calibration,
        "worlds": worlds,
        "grade": grade,
        "rules": rules,
        "confidence": confidence,
        "grid_m": grid_m,
        "seed": seed,
        "spill_tier": spill_tier,
    }
    with ExitStack() as stack:
        stack.callback(keep_memory())
        alone = out is None or (scheduler, local_cluster) != (None, None)
        other = stack.enter_context(helped(site, alone=alone))
        cli.answer_verdict(
            site,
            layout,
            scenario,
            out,
            as_json,
            options,
            room=explain,
            contrast=contrast,
            changes=whatif,
            cluster=(scheduler, local_cluster),
            other=other,
        )


@app.command(name="whatif")
@guarded
def what_if(
    site: SiteArgument,
    layout: Annotated[
        Path | None,
        typer.Option("--layout", help="Devices to judge; without it the site's own layout.csv, else blockers off."),
    ] = None,
    scenario: ScenarioOption = None,
    grade: Annotated[str | None, typer.Option("--grade", help="planning or evidence: which one sorts.")] = None,
    worlds: Annotated[
        int | None, typer.Option("--worlds", help="Simulations (random worlds) every row is judged in.")
    ] = None,
    seed: SeedOption = None,
    top: Annotated[int | None, typer.Option("--top", min=1, help="Only so many changes, most rooms first.")] = None,
    out: Annotated[Path | None, typer.Option("--out", help="Folder for whatif.csv and summary.html.")] = None,
    as_json: JsonOption = False,
) -> None:
    """What would change the answer: the same simulations, one rule, window, mast, operator or band changed a row."""
    options = {"grade": grade, "worlds": worlds, "seed": seed}
    cli.answer_whatif(site, layout, scenario, out, as_json, options, top=top)


@app.command()
@guarded
def optimise(
    site: SiteArgument,
    budget_gbp: Annotated[float | None, typer.Option("--budget-gbp", help="Pounds to spend at most.")] = None,
    objective: Annotated[
        str | None, typer.Option("--objective", help="most_protected (most rooms blocked) or least_cost")
    ] = None,
    target_rooms: Annotated[
        int | None, typer.Option("--target-rooms", help="With least_cost: how many rooms must be blocked.")
    ] = None,
    target_share: Annotated[
        float | None, typer.Option("--target-share", help="Or a share of the rooms, above 0 to 1: 0.5 is half.")
    ] = None,
    target_named: Annotated[
        list[str] | None,
        typer.Option("--target-named", metavar="ROOM", help="Or this room, or rooms like A1-*; repeatable."),
    ] = None,
    target_wing: Annotated[
        list[str] | None,
        typer.Option("--target-wing", metavar="WING", help="Or a building, its storey (HB1/0), a wing; repeatable."),
    ] = None,
    layout: Annotated[
        Path | None,
        typer.Option("--layout", help="What stands: its existing devices stay, and the plan is compared with it."),
    ] = None,
    scenario: ScenarioOption = None,
    equipment: EquipmentOption = None,
    treat_with: TreatWithOption = None,
    effort: Annotated[str | None, typer.Option("--effort", help="quick, normal or thorough")] = None,
    worlds: Annotated[
        int | None, typer.Option("--worlds", help="Simulations (random worlds) the verdict is judged in.")
    ] = None,
    calibration: CalibrationOption = None,
    grade: GradeOption = None,
    rules: RulesOption = None,
    confidence: ConfidenceOption = None,
    spill_tier: TierOption = None,
    seed: SeedOption = None,
    grid_m: GridOption = None,
    time_limit_s: Annotated[
        float | None,
        typer.Option(
            "--time-limit",
            help="Start no new attempt after this many seconds; exit code 4 if the search was cut short.",
        ),
    ] = None,
    gap: Annotated[
        float | None,
        typer.Option(
            "--gap", help="End the search within this share of the planning model's bound; else exit code 4."
        ),
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", help="Result folder: plan, maps, summary.")] = None,
    as_json: JsonOption = False,
) -> None:
    """What to buy within a budget, what it leaves open and why."""
    options = {
        "calibration": calibration,
        "budget_gbp": budget_gbp,
        "objective": objective,
        "target_rooms": target_rooms,
        "target_share": target_share,
        "target_named": tuple(target_named) if target_named else None,
        "target_wing": tuple(target_wing) if target_wing else None,
        "equipment": tuple(equipment) if equipment else None,
        "treat_with": tuple(treat_with) if treat_with else None,
        "effort": effort,
        "worlds": worlds,
        "grade": grade,
        "rules": rules,
        "confidence": confidence,
        "spill_tier": spill_tier,
        "seed": seed,
        "grid_m": grid_m,
    }
    with helped(site, plans=True) as other:
        cli.answer_plan(
            site, layout, scenario, out, as_json, options, time_limit_s=time_limit_s, gap=gap, other=other
        )


app.command(name="frontier")(frontier)
app.command(name="estate")(estate)


@app.command()
@guarded
def batch(
    source: Annotated[Path, typer.Argument(metavar="SWEEP", help="Sweep TOML, or a folder of scenario TOML files.")],
    out: Annotated[Path, typer.Option("--out", help="Results folder; what is done in it is not done again.")],
    workers: Annotated[int, typer.Option("--workers", min=1, max=256, help="Processes at work at once.")] = 1,
    sets: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=A,B,C", help="Sweep a scenario key; repeatable.")
    ] = None,
    sites: Annotated[
        list[str] | None, typer.Option("--site", help="Sites for a folder of scenarios; repeatable.")
    ] = None,
    mode: Annotated[str | None, typer.Option("--mode", help="evaluate, leakage or optimise")] = None,
    scheduler: SchedulerOption = None,
    local_cluster: LocalClusterOption = None,
    as_json: JsonOption = False,
) -> None:
    """Many questions at once, into one folder and two tables; stop it anywhere and run it again."""
    cli.answer_batch(
        source, out, workers, sets, sites, mode, as_json, scheduler=scheduler, local_cluster=local_cluster
    )


@app.command()
@guarded
def verify(
    result: Annotated[Path, typer.Argument(metavar="RESULT", help="Folder that --out wrote.")],
    as_json: JsonOption = False,
) -> None:
    """Check a result's files against its manifest, compute it again, and check every word of a plan."""
    cli.answer_verify(result, as_json)


@app.command()
@guarded
def leakage(
    site: SiteArgument,
    scenario: ScenarioOption = None,
    channel: Annotated[
        list[str] | None, typer.Option("--channel", help="Only this channel, e.g. EE/B20/LTE; repeatable.")
    ] = None,
    grid_m: GridOption = None,
    calibration: CalibrationOption = None,
    grade: GradeOption = None,
    rules: RulesOption = None,
    confidence: ConfidenceOption = None,
    seed: SeedOption = None,
    measured: Annotated[
        Path | None,
        typer.Option(
            "--measured",
            metavar="FILE.csv",
            help="Levels read on the site, held beside the model; nothing is fitted.",
        ),
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", help="Folder for maps, leakage.csv and summary.html.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Where the public network leaks in, per room and channel, with all blockers off."""
    options = {
        "calibration": calibration,
        "channels": tuple(channel) if channel else None,
        "grid_m": grid_m,
        "grade": grade,
        "rules": rules,
        "confidence": confidence,
        "seed": seed,
    }
    cli.answer_leakage(site, scenario, out, as_json, options, measured_file=measured)


@app.command()
@guarded
def check(site: SiteArgument, as_json: JsonOption = False) -> None:
    """Report every problem of a site at once, by file and feature."""
    with ExitStack() as stack:
        stack.callback(keep_memory())
        cli.answer_check(site, as_json)


app.command(name="import")(import_site)
add_survey_commands(app)


@app.command()
@guarded
def schema(
    command: Annotated[str, typer.Argument(help="leakage, evaluate, optimise, frontier or whatif")],
) -> None:
    """Print the JSON Schema of what a command prints with --json."""
    cli.answer_schema(command)


@app.command()
@guarded
def validate(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder that holds one folder for each set (rf-…).")],
    as_json: JsonOption = False,
) -> None:
    """Compare the engine with reference data and measurements; exit code 4 if a tolerance is missed."""
    cli.answer_validate(folder, as_json)


@app.command(name="app")
@guarded
def app_in_browser(
    port: Annotated[int, typer.Option("--port", min=1024, max=65535, help="Port on this computer.")] = 8501,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Print the address and open nothing.")] = False,
) -> None:
    """The planner's app in your browser; served to this computer alone."""
    # A program of its own, run in this process: the command line imports nothing of the app, so Ctrl-C and the exit
    # code are the server's.
    sys.argv = ["quietwing app", "--port", str(port), *(["--no-browser"] if no_browser else [])]
    runpy.run_module("quietwing.coverage.app", run_name="__main__")
