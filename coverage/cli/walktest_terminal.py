"""``quietwing walktest import``: a log becomes a table of readings, with what was taken and what was left out."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import typer

from quietwing.coverage.cli.command_inputs import refuse_days_to_come
from quietwing.coverage.cli.tables import print_table, progress_bar
from quietwing.coverage.cli.terminal import print_json, refuse_written, say
from quietwing.coverage.whole_files import write_whole
from quietwing.sites import Mapped, import_walk, load_site, read_mapping, read_waypoints, readings_text

__all__ = ["answer_walktest"]

MOST_REASONS = 12


def answer_walktest(
    log: Path,
    site: str,
    out: Path,
    mapping: Path | None,
    waypoints_file: Path | None,
    square_m: float,
    overwrite: bool,
    as_json: bool,
) -> None:
    """Read the log, write the readings, say what was left out."""
    refuse_written(out, overwrite, log, mapping, waypoints_file)
    with progress_bar() as progress:
        place = load_site(site)
        mapped = Mapped() if mapping is None else read_mapping(mapping)
        date = mapped.fixed.get("date")
        day = date if isinstance(date, dt.date) else None
        waypoints = None if waypoints_file is None else read_waypoints(waypoints_file, day)
        progress("reading the log", 0.2)
        found = import_walk(log, place, mapped, waypoints, square_m)
        refuse_days_to_come(found.readings, place, log)
    write_whole(out, readings_text(found.readings))
    if as_json:
        print_json(
            {
                "samples": found.rows,
                "used": found.used,
                "readings": len(found.readings),
                "columns": dict(found.columns),
                "private_columns_dropped": list(found.private),
                "left_out": [{"why": why, "samples": many} for why, many in found.left_out],
                "files": [str(out)],
            }
        )
        return
    typer.echo(f"{found.used:,} of {found.rows:,} samples came to {len(found.readings):,} readings (medians).")
    print_table(["taken for", "column"], [[meaning, column] for meaning, column in found.columns])
    if found.private:
        say(f"dropped, for they identify a phone: {', '.join(found.private)}")
    for why, many in found.left_out[:MOST_REASONS]:
        say(f"left out: {many:,} samples: {why}")
    if len(found.left_out) > MOST_REASONS:
        say(f"left out for {len(found.left_out) - MOST_REASONS} more reasons: see --json")
    say(f"wrote {out}")
