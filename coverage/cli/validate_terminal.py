"""``quietwing validate``: the engine beside reference data and measurements, in a table."""

from __future__ import annotations

from pathlib import Path

import typer

from quietwing.coverage import validation
from quietwing.coverage.cli.tables import print_table
from quietwing.coverage.cli.terminal import print_json, say
from quietwing.coverage.exit_codes import MISSED

__all__ = ["answer_validate"]


def answer_validate(folder: Path, as_json: bool) -> None:
    """Compare, show, and say by the exit code whether every tolerance was met."""
    results = validation.validate(folder)
    if as_json:
        print_json(validation.results_object(results))
    else:
        print_table(validation.TABLE_HEADER, validation.results_table(results))
    for remark in validation.remarks(results):
        say(remark)
    if validation.failures(results):
        raise typer.Exit(MISSED)
