"""The command line: read input, call the engine, show. Nothing is computed here.

Tables go to stdout, messages and progress to stderr. Exit codes: 0 answered, 2 bad input, 5 environment (disk,
permission), 130 interrupted.
"""

from __future__ import annotations

import functools
import json
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ParamSpec, TypeVar

import typer

import quietwing
from quietwing.sites.errors import QuietwingError

if TYPE_CHECKING:
    from quietwing.coverage.results import Leakage

__all__ = ["app", "main"]

P = ParamSpec("P")
R = TypeVar("R")

BAD_INPUT, ENVIRONMENT, INTERRUPTED = 2, 5, 130

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Where the public mobile network leaks into each prison cell, and which phones still work there. "
    "Simulation and planning only.",
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


def main() -> None:
    """Entry point of the ``quietwing`` command."""
    app()


def _say(message: str) -> None:
    typer.echo(message, err=True)


def _guarded(command: Callable[P, R]) -> Callable[P, R]:
    """Turn what a user can put right into one message and its exit code; anything else keeps its traceback."""

    @functools.wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except QuietwingError as error:
            _say(f"error: {error}")
            raise typer.Exit(BAD_INPUT) from None
        except OSError as error:
            _say(f"error: {error.filename or 'file system'}: {error.strerror or error}; check disk and permissions")
            raise typer.Exit(ENVIRONMENT) from None
        except KeyboardInterrupt:
            _say("interrupted; nothing half-written was left")
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
    """Predict leakage on the bundled houseblock and write maps, leakage.csv and summary.html."""
    _run_leakage("houseblock", None, out, as_json, {})


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
        _print_json(
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

        _say(f"{len(report.problems)} problem{'s' if len(report.problems) > 1 else ''} in {clean(site)}:")
        _say(problems_text(tuple(report.problems)))
        raise typer.Exit(BAD_INPUT)
    _print_table(
        ["layer", "features in", "used", "dropped"],
        [[layer, *map(str, counts)] for layer, counts in report.features.items()],
    )
    for layer, identifier, reason in report.dropped:
        _say(f"dropped: {layer}: {identifier}: {reason}")
    for note in report.notes:
        _say(f"note: {note}")
    _say(f"{site}: no problems found")


@example.command("list")
@_guarded
def example_list(as_json: JsonOption = False) -> None:
    """The bundled sites."""
    from quietwing.sites import load_site
    from quietwing.sites.files import BUNDLED

    sites = [load_site(name) for name in BUNDLED]
    if as_json:
        _print_json(
            {"sites": [{"name": name, "title": site.name} for name, site in zip(BUNDLED, sites, strict=True)]}
        )
        return
    _print_table(
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
        own = _own_scenario(site)
        if own is not None:
            shutil.copyfile(own, target / own.name)
    _say(f"wrote {target}; try: quietwing check {target}")


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
    _say(f"wrote {folder}; try: quietwing leakage {folder} --out {folder}-leakage")


def _refuse_existing(folder: Path) -> None:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise QuietwingError(f"{folder}: exists and is not empty; give a new folder")


def _run_leakage(
    site: str, scenario_file: Path | None, out: Path | None, as_json: bool, options: dict[str, Any]
) -> None:
    from quietwing.coverage.report import write
    from quietwing.coverage.scenario import read_scenario
    from quietwing.coverage.study import leakage as study_leakage
    from quietwing.sites import load_site

    if out is not None and out.exists() and not out.is_dir():
        raise QuietwingError(f"{out}: exists and is not a folder; give another --out")
    with _progress_bar() as progress:
        progress("reading the site", 0.0)
        place = load_site(site)
        scenario = read_scenario(scenario_file or _own_scenario(site), **options)
        share = 0.5 if out else 1.0
        result = study_leakage(
            place, scenario, maps=out is not None, progress=lambda what, done: progress(what, share * done)
        )
        files = (
            write(result, out, progress=lambda done: progress("drawing the maps", 0.5 + 0.5 * done)) if out else ()
        )
    _show_leakage(result, files, as_json)


def _own_scenario(site: str) -> Path | None:
    """The scenario that lies in the site's folder, if there is one."""
    from quietwing.sites.guards import site_path

    own = site_path(site) / "scenario.toml"
    return own if own.is_file() else None


def _show_leakage(result: Leakage, files: tuple[Path, ...], as_json: bool) -> None:
    from quietwing.coverage.report.tables import service_by_channel
    from quietwing.coverage.report.words import channel_in_words, headline

    services = service_by_channel(result)
    silence = result.by_room["role"].values == "silence"
    works = result.by_room["usable"].values.any(axis=0) & silence
    if as_json:
        _print_json(
            {
                "site": result.site.name,
                "scenario_id": result.scenario_id,
                "as_of": result.site.as_of.isoformat(),
                "rooms": {
                    "silence": int(silence.sum()),
                    "holes": int(works.sum()),
                    "quiet_anyway": int((silence & ~works).sum()),
                    "unknown": 0,
                },
                "escapes": [{"channel": channel, "rooms": count} for channel, count in services],
                "notes": list(result.notes),
                "seed": result.scenario.seed,
                "files": [str(path) for path in files],
            }
        )
        return
    typer.echo(headline(result))
    _print_table(
        ["channel", "in words", "cells and spaces where it works"],
        [[channel, channel_in_words(channel), f"{count} of {silence.sum()}"] for channel, count in services],
    )
    for note in result.notes:
        _say(f"note: {note}")
    if files:
        _say(f"wrote {len(files)} files; open {files[0]}")


def _print_json(value: dict[str, Any]) -> None:
    typer.echo(json.dumps(value, ensure_ascii=False, allow_nan=False))


def _print_table(header: list[str], rows: list[list[str]]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False)
    for title in header:
        table.add_column(title, overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))  # Text: names are never read as markup
    Console(file=sys.stdout, width=None if sys.stdout.isatty() else 120, highlight=False).print(table)


@contextmanager
def _progress_bar() -> Iterator[Callable[[str, float], None]]:
    """A bar on a terminal, nothing elsewhere."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TimeElapsedColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    ) as bar:
        task = bar.add_task("starting", total=1.0)
        yield lambda what, share: bar.update(task, description=what, completed=share)
