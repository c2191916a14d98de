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
from typing import Annotated, Any

import typer

import quietwing
from quietwing.coverage import cli
from quietwing.coverage.cli.command_inputs import guarded
from quietwing.coverage.cli.example_commands import example
from quietwing.coverage.cli.helped import helped
from quietwing.coverage.cli.import_command import import_site
from quietwing.coverage.cli.memory import keep_memory
from quietwing.coverage.cli.options import (
    GapOption,
    JsonOption,
    LayoutOption,
    LocalClusterOption,
    ScenarioOption,
    SchedulerOption,
    SiteArgument,
    asks_scenario,
)
from quietwing.coverage.cli.streams import prepare_streams
from quietwing.coverage.cli.survey_commands import add_survey_commands
from quietwing.coverage.other_process import other_process

__all__ = ["app", "main"]

app = typer.Typer(
    no_args_is_help=True,
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
@asks_scenario("evaluate")
def evaluate(
    site: SiteArgument,
    layout: LayoutOption = None,
    scenario: ScenarioOption = None,
    explain: Annotated[
        str | None, typer.Option("--explain", metavar="ROOM", help="Also why a phone works in this room, or not.")
    ] = None,
    contrast: Annotated[
        bool,
        typer.Option(
            "--contrast", help="Also what rooms nearest to being blocked would need, in decibels that add up."
        ),
    ] = False,
    whatif: Annotated[
        bool, typer.Option("--whatif", help="Also what would change the answer; several times the work.")
    ] = False,
    *,
    options: dict[str, Any],
    out: Annotated[Path | None, typer.Option("--out", help="Result folder: maps, tables, summary, manifest.")] = None,
    scheduler: SchedulerOption = None,
    local_cluster: LocalClusterOption = None,
    as_json: JsonOption = False,
) -> None:
    """Which rooms a layout blocks, where a phone may still work, what spills, and how sure that is."""
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
@asks_scenario("whatif")
def what_if(
    site: SiteArgument,
    layout: LayoutOption = None,
    scenario: ScenarioOption = None,
    top: Annotated[int | None, typer.Option("--top", min=1, help="Only so many changes, most rooms first.")] = None,
    *,
    options: dict[str, Any],
    out: Annotated[Path | None, typer.Option("--out", help="Folder for whatif.csv and summary.html.")] = None,
    as_json: JsonOption = False,
) -> None:
    """What would change the answer: the same simulations, one rule, window, mast, operator or band changed a row."""
    cli.answer_whatif(site, layout, scenario, out, as_json, options, top=top)


@app.command()
@guarded
@asks_scenario("optimise")
def optimise(
    site: SiteArgument,
    layout: Annotated[
        Path | None,
        typer.Option("--layout", help="Its existing devices stay, and the plan is compared with all of it."),
    ] = None,
    scenario: ScenarioOption = None,
    *,
    options: dict[str, Any],
    time_limit_s: Annotated[
        float | None,
        typer.Option(
            "--time-limit",
            help="Start no new attempt after this many seconds; exit code 4 if the search was cut short.",
        ),
    ] = None,
    gap: GapOption = None,
    out: Annotated[Path | None, typer.Option("--out", help="Result folder: plan, maps, summary.")] = None,
    as_json: JsonOption = False,
) -> None:
    """What to buy within a budget, what it leaves open and why."""
    with helped(site, plans=True) as other:
        cli.answer_plan(
            site, layout, scenario, out, as_json, options, time_limit_s=time_limit_s, gap=gap, other=other
        )


@app.command()
@guarded
@asks_scenario("frontier")
def frontier(
    site: SiteArgument,
    budgets: Annotated[
        str | None, typer.Option("--budgets", metavar="A,B,C", help="Budgets in pounds, 20 at most.")
    ] = None,
    auto: Annotated[
        bool,
        typer.Option(
            "--auto", help="Choose eight budgets: from the cheapest plan that blocks a room to where gains stop."
        ),
    ] = False,
    least_cost_of: Annotated[
        str | None,
        typer.Option(
            "--least-cost-of", metavar="ROOMS,…", help="Also the cheapest plan for so many rooms, or 50% of them."
        ),
    ] = None,
    layout: Annotated[Path | None, typer.Option("--layout", help="Its existing devices stay in every plan.")] = None,
    scenario: ScenarioOption = None,
    *,
    options: dict[str, Any],
    time_limit_s: Annotated[
        float | None, typer.Option("--time-limit", help="Start no new attempt of a search after this many seconds.")
    ] = None,
    gap: GapOption = None,
    out: Annotated[Path | None, typer.Option("--out", help="Result folder: figure, tables, page, plans.")] = None,
    as_json: JsonOption = False,
    scheduler: SchedulerOption = None,
    local_cluster: LocalClusterOption = None,
) -> None:
    """What more money buys: a plan for each budget, and what a further room costs."""
    with helped(site, alone=(scheduler, local_cluster) != (None, None), plans=True) as other:
        cli.answer_frontier(
            site,
            layout,
            scenario,
            out,
            as_json,
            options,
            budgets=budgets,
            auto=auto,
            least_cost_of=least_cost_of,
            time_limit_s=time_limit_s,
            gap=gap,
            cluster=(scheduler, local_cluster),
            other=other,
        )


@app.command()
@guarded
def estate(
    results: Annotated[
        Path, typer.Argument(metavar="RESULTS", help="Folder with results of optimise, frontier, evaluate or batch.")
    ],
    budget_gbp: Annotated[
        float | None, typer.Option("--budget-gbp", help="Split this money over the sites, in pounds.")
    ] = None,
    grade: Annotated[
        str, typer.Option("--grade", help="Count rooms at this grade: planning or evidence.")
    ] = "planning",
    basis: Annotated[
        str, typer.Option("--basis", help="Money that is counted: capex, whole_life or npv (present value).")
    ] = "capex",
    out: Annotated[Path | None, typer.Option("--out", help="Folder for tables, workbook and figure.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Many sites in one table: rooms that leak, rooms blocked, money, what binds; and one budget split over them."""
    cli.answer_estate(results, budget_gbp, grade, basis, out, as_json)


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
@asks_scenario("leakage")
def leakage(
    site: SiteArgument,
    scenario: ScenarioOption = None,
    *,
    options: dict[str, Any],
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
