"""`quietwing calibrate`, `measure-next`, `walktest`, `masts` and `acceptance`: from readings to proof."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from quietwing.coverage import cli
from quietwing.coverage.cli.command_inputs import guarded
from quietwing.coverage.cli.options import (
    CalibrationOption,
    JsonOption,
    RulesOption,
    ScenarioOption,
    SiteArgument,
    asks_scenario,
)

__all__ = ["add_survey_commands"]


def add_survey_commands(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command(name="calibrate")(calibrate)
    app.command(name="measure-next")(measure_next)
    app.add_typer(walktest, name="walktest")
    app.add_typer(masts, name="masts")
    app.add_typer(acceptance, name="acceptance")


acceptance = typer.Typer(no_args_is_help=True, help="The walk test that proves a layout.")

masts = typer.Typer(no_args_is_help=True, help="Lists of the public network's masts.")
walktest = typer.Typer(no_args_is_help=True, help="Logs of scanners and phones.")


@guarded
def calibrate(
    site: SiteArgument,
    readings: Annotated[
        Path,
        typer.Option("--readings", metavar="FILE.csv", help="Levels read on the site, as for leakage --measured."),
    ],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="FILE.toml", help="Where to write the layer (new file).")
    ] = None,
    compare: Annotated[
        bool, typer.Option("--compare", help="Also judge the layout before and after: rooms at both grades.")
    ] = False,
    layout: Annotated[
        Path | None,
        typer.Option("--layout", help="With --compare: devices to judge; else the site's own layout.csv."),
    ] = None,
    scenario: ScenarioOption = None,
    rules: RulesOption = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the file that --out names.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Fit walls and masts to readings, within what the rules hold likely; a layer on top of the site."""
    cli.answer_calibrate(site, readings, out, compare, layout, scenario, rules, overwrite, as_json)


@walktest.command(name="import")
@guarded
def walktest_import(
    log: Annotated[Path, typer.Argument(metavar="FILE", help="CSV or text log: scanner, G-NetTrack, TEMS, Nemo.")],
    site: Annotated[str, typer.Option("--site", metavar="SITE", help="Whose channels and grid count.")],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="READINGS.csv", help="New table of readings.")],
    mapping: Annotated[
        Path | None, typer.Option("--mapping", metavar="FILE.toml", help="Which column is what; else by usual names.")
    ] = None,
    waypoints: Annotated[
        Path | None, typer.Option("--waypoints", metavar="FILE.csv", help="time,x,y,storey; linear between them.")
    ] = None,
    square_m: Annotated[float, typer.Option("--square", help="Side of the squares of the medians, in metres.")] = 2.0,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the file that --out names.")] = False,
    as_json: JsonOption = False,
) -> None:
    """A log of a walk as readings: medians by square of the plan; no identifier of any phone is kept."""
    cli.answer_walktest(log, site, out, mapping, waypoints, square_m, overwrite, as_json)


@guarded
@asks_scenario("measure-next")
def measure_next(
    site: SiteArgument,
    layout: Annotated[
        Path | None, typer.Option("--layout", help="Devices of the verdict; else the site's layout.csv, else none.")
    ] = None,
    scenario: ScenarioOption = None,
    count: Annotated[int, typer.Option("--count", min=1, max=50, help="How many readings to propose.")] = 10,
    *,
    options: dict[str, Any],
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FOLDER", help="New folder for measure_next.csv and .png.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Where to measure next: the places and channels that are expected to settle the most rooms in doubt."""
    cli.answer_measure_next(site, layout, scenario, options, count, out, as_json)


@masts.command(name="import")
@guarded
def masts_import(
    source: Annotated[
        Path, typer.Argument(metavar="FILE", help="OpenCelliD or Mozilla CSV, XLSX, Ofcom-style list.")
    ],
    site: Annotated[str, typer.Option("--site", metavar="SITE", help="Whose grid, area and surroundings count.")],
    out: Annotated[
        Path, typer.Option("--out", "-o", metavar="MASTS.csv", help="New table; SITE/masts.csv puts it in.")
    ],
    mapping: Annotated[
        Path | None, typer.Option("--mapping", metavar="FILE.toml", help="\\[columns]: what each column is.")
    ] = None,
    radius_m: Annotated[float, typer.Option("--radius", help="How far masts may be, in metres.")] = 5000.0,
    at: Annotated[
        str,
        typer.Option("--at", metavar="LAT,LON", help="Middle of a site in a grid of its own (crs local), WGS 84."),
    ] = "",
    bearing_deg: Annotated[
        float, typer.Option("--bearing", help="With --at: where the site's y axis points, clockwise from north.")
    ] = 0.0,
    picture: Annotated[
        Path | None, typer.Option("--map", metavar="FILE.png", help="Also a map of the masts round the site.")
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the files that are named.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Masts round a site from a list: networks told, duplicates merged, what is assumed marked in a second table."""
    cli.answer_masts(source, site, out, mapping, radius_m, (at, bearing_deg), picture, overwrite, as_json)


@acceptance.command(name="form")
@guarded
def acceptance_form(
    site: SiteArgument,
    out: Annotated[
        Path, typer.Option("--out", "-o", metavar="FORM.xlsx", help="New workbook; a PDF comes beside it.")
    ],
    layout: Annotated[
        Path | None, typer.Option("--layout", help="What was built; else the site's own layout.csv.")
    ] = None,
    scenario: ScenarioOption = None,
    calibration: CalibrationOption = None,
    share: Annotated[float, typer.Option("--share", help="Of places that is to be proved, 0.95 is 95 %.")] = 0.95,
    confidence: Annotated[float, typer.Option("--confidence", help="Of the proof, 0.95 is 95 %.")] = 0.95,
    failures: Annotated[int, typer.Option("--failures", min=0, max=1000, help="Points that may fail.")] = 0,
    silent_only: Annotated[
        bool, typer.Option("--silent-only", help="Only rooms called blocked, or without signal anyway.")
    ] = False,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Another one draws other points.")] = 1,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the files.")] = False,
    as_json: JsonOption = False,
) -> None:
    """The form of the walk test: points by lot, storey by storey, the worst first; call attempts; outside too."""
    options = {"calibration": calibration}
    asked = {
        "share": share,
        "confidence": confidence,
        "failures": failures,
        "claimed_only": silent_only,
        "seed": seed,
    }
    cli.answer_form(site, layout, scenario, options, out, overwrite, as_json, **asked)


@acceptance.command(name="score")
@guarded
def acceptance_score(
    form: Annotated[Path, typer.Argument(metavar="FORM.xlsx", help="The filled form.")],
    as_json: JsonOption = False,
) -> None:
    """What a filled form lets you claim, exactly; exit code 4 if it does not prove what it was to prove."""
    cli.answer_score(form, as_json)
