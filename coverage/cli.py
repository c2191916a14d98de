"""The command line: read input, call the engine, show. Nothing is computed here.

Tables go to stdout, messages and progress to stderr. Exit codes: 0 answered, 2 bad input, 5 environment (disk,
permission), 130 interrupted.
"""

from __future__ import annotations

import functools
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ParamSpec, TypeVar

import typer

import quietwing
from quietwing.coverage.ui.terminal import (
    print_json,
    print_table,
    progress_bar,
    say,
    show_leakage,
    show_verdict,
)
from quietwing.sites.errors import QuietwingError

if TYPE_CHECKING:
    from quietwing.coverage.blocking.explain import RoomBudgets
    from quietwing.coverage.equipment import Device, Model
    from quietwing.coverage.scenario import Scenario
    from quietwing.sites.model import Site

__all__ = ["app", "main"]

P = ParamSpec("P")
R = TypeVar("R")

BAD_INPUT, ENVIRONMENT, INTERRUPTED = 2, 5, 130

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Where the public mobile network leaks into each prison cell, which phones still work there, "
    "and what blocking them would leave and spill. Simulation and planning only.",
)
example = typer.Typer(no_args_is_help=True, help="Bundled sites, and new ones from a few numbers.")
app.add_typer(example, name="example")

SiteArgument = Annotated[
    str, typer.Argument(metavar="SITE", help="houseblock, radial, campus, a site folder or a .gpkg")
]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON object on stdout instead of a table.")]
ScenarioOption = Annotated[Path | None, typer.Option("--scenario", help="Scenario TOML; its keys are options too.")]
GridOption = Annotated[float | None, typer.Option("--grid-m", help="Spacing of the maps' grid in metres.")]
ConfidenceOption = Annotated[float | None, typer.Option("--confidence", help="Probability a claim must hold with.")]
SeedOption = Annotated[int | None, typer.Option("--seed", help="Seed of every random draw.")]

OWN_FILES = ("scenario.toml", "layout.csv", "catalogue.csv")  # beside the layers in a site's folder


def main() -> None:
    """Entry point of the ``quietwing`` command."""
    app()


def _guarded(command: Callable[P, R]) -> Callable[P, R]:
    """Turn what a user can put right into one message and its exit code; anything else keeps its traceback."""

    @functools.wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except QuietwingError as error:
            say(f"error: {error}")
            raise typer.Exit(BAD_INPUT) from None
        except OSError as error:
            say(f"error: {error.filename or 'file system'}: {error.strerror or error}; check disk and permissions")
            raise typer.Exit(ENVIRONMENT) from None
        except KeyboardInterrupt:
            say("interrupted; nothing half-written was left")
            raise typer.Exit(INTERRUPTED) from None

    return run


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
@_guarded
def demo(
    out: Annotated[Path, typer.Option("--out", help="Folder for maps, tables and summary.")] = Path("quietwing-demo"),
    as_json: JsonOption = False,
) -> None:
    """The bundled houseblock before and after its layout: maps, rooms.csv, leakage.csv and summary.html."""
    _evaluate("houseblock", None, None, out, as_json, {}, room=None, with_leakage=True)


@app.command()
@_guarded
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
    worlds: Annotated[int | None, typer.Option("--worlds", help="Random worlds the verdict is judged on.")] = None,
    confidence: ConfidenceOption = None,
    grid_m: GridOption = None,
    seed: SeedOption = None,
    spill_tier: Annotated[
        str | None, typer.Option("--spill-tier", help="strict, standard, service or emergency")
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", help="Result folder: maps, tables, summary, manifest.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Dead zones, holes and spill of a layout, with how sure."""
    options = {
        "worlds": worlds,
        "confidence": confidence,
        "grid_m": grid_m,
        "seed": seed,
        "spill_tier": spill_tier,
    }
    _evaluate(site, layout, scenario, out, as_json, options, room=explain, with_leakage=False)


@app.command()
@_guarded
def verify(
    result: Annotated[Path, typer.Argument(metavar="RESULT", help="Folder that evaluate --out wrote.")],
    as_json: JsonOption = False,
) -> None:
    """Check a result's files against its manifest, then compute it again."""
    from quietwing.coverage.store import verify_result
    from quietwing.coverage.study import run

    with progress_bar() as progress:
        progress("computing it again", 0.0)
        problems = verify_result(result, run)
    if as_json:
        print_json({"result": result.name, "ok": not problems, "problems": list(problems)})
    for problem in problems:
        say(f"error: {problem}")
    if problems:
        raise typer.Exit(BAD_INPUT)
    if not as_json:
        typer.echo(f"{result}: every file is as it was written, and computing it again gives the same")


@app.command()
@_guarded
def leakage(
    site: SiteArgument,
    scenario: ScenarioOption = None,
    channel: Annotated[
        list[str] | None, typer.Option("--channel", help="Only this channel, e.g. EE/B20/LTE; repeatable.")
    ] = None,
    grid_m: GridOption = None,
    confidence: ConfidenceOption = None,
    seed: SeedOption = None,
    out: Annotated[Path | None, typer.Option("--out", help="Folder for maps, leakage.csv and summary.html.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Where the public network leaks in, per room and channel, with all blockers off."""
    options = {
        "channels": tuple(channel) if channel else None,
        "grid_m": grid_m,
        "confidence": confidence,
        "seed": seed,
    }
    _run_leakage(site, scenario, out, as_json, options)


@app.command()
@_guarded
def check(site: SiteArgument, as_json: JsonOption = False) -> None:
    """Report every problem of a site at once, by file and feature."""
    from quietwing.sites import check as check_site

    report = check_site(site)
    if as_json:
        print_json(
            {
                "site": site,
                "ok": not report.problems,
                "problems": list(report.problems),
                "notes": list(report.notes),
                "features": {
                    layer: {"in": counts[0], "used": counts[1], "dropped": counts[2]}
                    for layer, counts in report.features.items()
                },
                "dropped": [list(item) for item in report.dropped],
            }
        )
        if report.problems:
            raise typer.Exit(BAD_INPUT)
        return
    if report.problems:
        from quietwing.sites.errors import problems_text
        from quietwing.sites.findings import clean

        say(f"{len(report.problems)} problem{'s' if len(report.problems) > 1 else ''} in {clean(site)}:")
        say(problems_text(tuple(report.problems)))
        raise typer.Exit(BAD_INPUT)
    print_table(
        ["layer", "features in", "used", "dropped"],
        [[layer, *map(str, counts)] for layer, counts in report.features.items()],
    )
    for layer, identifier, reason in report.dropped:
        say(f"dropped: {layer}: {identifier}: {reason}")
    for note in report.notes:
        say(f"note: {note}")
    say(f"{site}: no problems found")


@example.command("list")
@_guarded
def example_list(as_json: JsonOption = False) -> None:
    """The bundled sites."""
    from quietwing.sites import load_site
    from quietwing.sites.files import BUNDLED

    sites = [load_site(name) for name in BUNDLED]
    if as_json:
        print_json({"sites": [{"name": name, "title": site.name} for name, site in zip(BUNDLED, sites, strict=True)]})
        return
    print_table(
        ["site", "cells and spaces", "masts' channels", "what it is"],
        [
            [name, str(sum(room.role == "silence" for room in site.rooms)), str(len(site.channels)), site.name]
            for name, site in zip(BUNDLED, sites, strict=True)
        ],
    )


@example.command("copy")
@_guarded
def example_copy(
    site: SiteArgument,
    target: Annotated[Path, typer.Argument(help="New folder, or a new file ending in .gpkg for QGIS.")],
) -> None:
    """Copy a site into a folder of your own, or into one GeoPackage, to change it."""
    from quietwing.sites import load_site, save_geopackage, save_site

    _refuse_existing(target)
    place = load_site(site)
    if target.suffix == ".gpkg":
        save_geopackage(place, target)
    else:
        save_site(place, target)
        for name in OWN_FILES:
            own = _own_file(site, name)
            if own is not None:
                shutil.copyfile(own, target / name)
    say(f"wrote {target}; try: quietwing check {target}")


@example.command("new")
@_guarded
def example_new(
    folder: Annotated[Path, typer.Argument(help="New folder for the site.")],
    description: Annotated[
        Path | None, typer.Option("--from", help="Wing described in TOML; options override it.")
    ] = None,
    kind: Annotated[str | None, typer.Option("--type", help="houseblock, radial or wing")] = None,
    cells: Annotated[int | None, typer.Option("--cells", help="Cells per wing and storey.")] = None,
    storeys: Annotated[int | None, typer.Option("--storeys", help="Storeys.")] = None,
    area: Annotated[
        str | None, typer.Option("--area", help="rural, suburban or urban: where assumed masts stand.")
    ] = None,
    bearing_deg: Annotated[float | None, typer.Option("--bearing-deg", help="Compass bearing of the wing.")] = None,
    window_state: Annotated[str | None, typer.Option("--window-state", help="open, shut or sealed")] = None,
    fence_m: Annotated[
        float | None, typer.Option("--fence-m", help="Distance from the building to the fence.")
    ] = None,
) -> None:
    """Make a site from a few numbers, with typical masts marked assumed."""
    from quietwing.sites import save_site
    from quietwing.sites.synthetic import build, describe, read_description

    _refuse_existing(folder)
    overrides = {
        "type": kind,
        "cells": cells,
        "storeys": storeys,
        "area": area,
        "bearing_deg": bearing_deg,
        "window_state": window_state,
        "fence_distance_m": fence_m,
    }
    given = {key: value for key, value in overrides.items() if value is not None}
    wing = read_description(description, **given) if description else describe("options", **given)
    save_site(build(wing), folder)
    say(f"wrote {folder}; try: quietwing leakage {folder} --out {folder}-leakage")


def _refuse_existing(folder: Path) -> None:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise QuietwingError(f"{folder}: exists and is not empty; give a new folder")


def _run_leakage(
    site: str, scenario_file: Path | None, out: Path | None, as_json: bool, options: dict[str, Any]
) -> None:
    from quietwing.coverage.report import write
    from quietwing.coverage.study import leakage as study_leakage

    _refuse_file(out)
    with progress_bar() as progress:
        place, scenario = _question(site, scenario_file, options, progress)
        share = 0.5 if out else 1.0
        result = study_leakage(
            place, scenario, maps=out is not None, progress=lambda what, done: progress(what, share * done)
        )
        files = (
            write(result, out, progress=lambda done: progress("drawing the maps", 0.5 + 0.5 * done)) if out else ()
        )
    show_leakage(result, files, as_json)


def _evaluate(
    site: str,
    layout_file: Path | None,
    scenario_file: Path | None,
    out: Path | None,
    as_json: bool,
    options: dict[str, Any],
    *,
    room: str | None,
    with_leakage: bool,
) -> None:
    """Run a layout, write what is asked for, show the verdict."""
    from quietwing.coverage.report import write
    from quietwing.coverage.store import describe, write_result
    from quietwing.coverage.study import leakage as study_leakage
    from quietwing.coverage.study import run

    _refuse_file(out)
    with progress_bar() as progress:
        place, scenario = _question(site, scenario_file, options, progress)
        devices, catalogue = _equipment(site, layout_file)
        budgets = _budgets(place, scenario, room, devices, catalogue) if room is not None else None
        verdict = run(
            place,
            scenario,
            devices=devices,
            catalogue=catalogue,
            maps=out is not None,
            progress=lambda what, done: progress(what, 0.6 * done),
        )
        files: tuple[Path, ...] = ()
        if out is not None:
            progress("blockers off", 0.6)
            before = study_leakage(place, scenario) if with_leakage else None
            files = write(
                verdict, out, progress=lambda done: progress("drawing the maps", 0.7 + 0.3 * done), before=before
            )
            files += (write_result(verdict, out, catalogue=catalogue),)
    show_verdict(verdict, describe(verdict, catalogue), budgets, files, as_json)


def _question(
    site: str, scenario_file: Path | None, options: dict[str, Any], progress: Callable[[str, float], None]
) -> tuple[Site, Scenario]:
    """The site and what is asked of it: the file given, else the site's own, single keys replaced by options."""
    from quietwing.coverage.scenario import read_scenario
    from quietwing.sites import load_site

    progress("reading the site", 0.0)
    place = load_site(site)
    return place, read_scenario(scenario_file or _own_file(site, "scenario.toml"), **options)


def _equipment(site: str, layout_file: Path | None) -> tuple[tuple[Device, ...], dict[str, Model]]:
    """The layout given, else the site's own, else nothing; with the site's own catalogue, else the bundled one."""
    from quietwing.coverage.catalogue import read_catalogue
    from quietwing.coverage.layout import read_layout

    catalogue = read_catalogue(_own_file(site, "catalogue.csv"))
    layout = layout_file or _own_file(site, "layout.csv")
    return (read_layout(layout, catalogue) if layout is not None else ()), catalogue


def _budgets(
    place: Site, scenario: Scenario, room: str, devices: tuple[Device, ...], catalogue: dict[str, Model]
) -> RoomBudgets:
    """Link budgets of one room with the scenario's treatments in its windows."""
    from quietwing.coverage.blocking.explain import explain_room
    from quietwing.coverage.treatments import resolve_treatments, treated_site

    treated = treated_site(place, resolve_treatments(place, scenario.treatments, catalogue), catalogue)
    return explain_room(treated, scenario, room, devices=devices, catalogue=catalogue)


def _own_file(site: str, name: str) -> Path | None:
    """A file that lies beside the layers in the site's folder, if there is one."""
    from quietwing.sites.guards import site_path

    own = site_path(site) / name
    return own if own.is_file() else None


def _refuse_file(out: Path | None) -> None:
    if out is not None and out.exists() and not out.is_dir():
        raise QuietwingError(f"{out}: exists and is not a folder; give another --out")
