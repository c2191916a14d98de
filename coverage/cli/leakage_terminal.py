"""``quietwing leakage``: where the public network leaks in, in words and a table."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer

from quietwing.coverage import report, study
from quietwing.coverage.cli.command_inputs import refuse_days_to_come
from quietwing.coverage.cli.question import question
from quietwing.coverage.cli.tables import print_table, progress_bar
from quietwing.coverage.cli.terminal import print_json, say
from quietwing.coverage.report import (
    AGREEMENT_HEADER,
    agreement_rows,
    channel_in_words,
    count_rooms,
    headline,
    leakage_object,
    measured_headline,
    measured_object,
    service_by_channel,
)
from quietwing.coverage.result_folder import LEAKAGE_FILES, SUMMARY, refuse_taken
from quietwing.coverage.results import Leakage
from quietwing.sites import read_measurements

__all__ = ["answer_leakage", "show_leakage"]


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
    refuse_taken(out, (SUMMARY, *LEAKAGE_FILES))
    with progress_bar() as progress:
        place, scenario = question(site, scenario_file, options, progress)
        measured = None if measured_file is None else read_measurements(measured_file, place)
        if measured is not None and measured_file is not None:
            refuse_days_to_come(measured.readings, place, measured_file)
        share = 0.5 if out else 1.0
        result = study.leakage(
            place,
            scenario,
            maps=out is not None,
            measured=measured,
            progress=lambda what, done: progress(what, share * done),
        )
        files = (
            report.write(result, out, progress=lambda done: progress("drawing the maps", 0.5 + 0.5 * done))
            if out
            else ()
        )
    show_leakage(result, files, as_json)


def show_leakage(result: Leakage, files: tuple[Path, ...], as_json: bool) -> None:
    """The leakage in words and a table, or as JSON."""
    services = service_by_channel(result)
    count = count_rooms(result)
    if as_json:
        found = leakage_object(result)
        if result.measured is not None:
            found["measured"] = measured_object(result.measured)
        print_json({**found, "files": [str(path) for path in files]})
        return
    typer.echo(headline(result))
    print_table(
        ["channel", "in words", "rooms where it works"],
        [[channel, channel_in_words(channel), f"{rooms} of {count.silence}"] for channel, rooms in services],
    )
    if result.measured is not None:
        typer.echo(f"\n{measured_headline(result.measured)} Residual = measured − modelled.")
        print_table(
            list(AGREEMENT_HEADER), agreement_rows(result.measured, pairs=False)
        )  # --json and the page have both
        for note in result.measured.notes:
            say(f"note: {note}")
    for note in result.notes:
        say(f"note: {note}")
    if files:
        say(f"wrote {len(files)} files; open {files[0]}")
