"""``quietwing measure-next``: a list, a map and a table to carry."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer

from quietwing.coverage.calibration import NextReadings, next_readings
from quietwing.coverage.cli.command_inputs import refuse_existing
from quietwing.coverage.cli.question import layout_question
from quietwing.coverage.cli.tables import print_table, progress_bar
from quietwing.coverage.cli.terminal import print_json, say
from quietwing.coverage.report import next_readings_csv, next_readings_figure, save_png
from quietwing.coverage.whole_files import write_whole
from quietwing.sites import Site

__all__ = ["answer_measure_next"]


def answer_measure_next(
    site: str,
    layout_file: Path | None,
    scenario_file: Path | None,
    options: dict[str, Any],
    count: int,
    out: Path | None,
    as_json: bool,
) -> None:
    """Work out the readings, write map and table, say them."""
    if out is not None:
        refuse_existing(out)
    with progress_bar() as progress:
        place, scenario, devices, catalogue = layout_question(site, scenario_file, layout_file, options, progress)
        progress("worlds", 0.2)
        found = next_readings(place, scenario, devices, catalogue, count=count)
    files = [] if out is None or not found.readings else _write(place, found, out)
    if as_json:
        print_json(
            {
                "cells": found.cells,
                "in_doubt": found.in_doubt,
                "confidence": found.confidence,
                "readings": [{name: getattr(one, name) for name in type(one).__slots__} for one in found.readings],
                "files": [str(path) for path in files],
            }
        )
        return
    typer.echo(
        f"{found.in_doubt} of {found.cells} rooms are in doubt: neither blocked nor not in "
        f"{found.confidence:.0%} of simulations."
    )
    if not found.readings:
        say("no reading is expected to settle any call; nothing to measure")
    else:
        print_table(
            ["#", "room", "channel", "x [m]", "y [m]", "height [m]", "expected [dBm]", "rooms settled with it"],
            [
                [
                    str(number), one.room, one.channel, f"{one.x_m:.1f}", f"{one.y_m:.1f}", f"{one.height_m:.1f}",
                    f"{one.expected_dbm:.0f}", f"{one.settled:.1f}",
                ]
                for number, one in enumerate(found.readings, 1)
            ],
        )  # fmt: skip
    if files:
        say(f"wrote {', '.join(str(path) for path in files)}; fill in rsrp_dbm and date, then `quietwing calibrate`")


def _write(site: Site, found: NextReadings, out: Path) -> list[Path]:
    """The table to carry and the map."""
    table, picture = out / "measure_next.csv", out / "measure_next.png"
    figure = next_readings_figure(site, found)
    out.mkdir(parents=True, exist_ok=True)
    write_whole(table, next_readings_csv(found))
    save_png(figure, picture)
    return [table, picture]
