"""``quietwing estate``: results of many sites as one table, and one budget split over them."""

from __future__ import annotations

from pathlib import Path

from quietwing.coverage.cli.tables import print_table
from quietwing.coverage.cli.terminal import print_json, say
from quietwing.coverage.estate_store import read_estate
from quietwing.coverage.planning import with_split
from quietwing.coverage.report import (
    ESTATE_FILES,
    estate_header,
    estate_lead,
    estate_object,
    estate_shown,
    write_estate,
)
from quietwing.coverage.result_folder import refuse_taken
from quietwing.sites import clean

__all__ = ["answer_estate"]

SHOWN = 10  # columns of the table that fit a terminal; the files have all


def answer_estate(
    results: Path, budget_gbp: float | None, grade: str, basis: str, out: Path | None, as_json: bool
) -> None:
    """Read the results, split the budget where one is given, write what is asked for, show it."""
    refuse_taken(out, ESTATE_FILES)
    found = read_estate(results, grade=grade, basis=basis)
    if budget_gbp is not None:
        found = with_split(found, budget_gbp)
    files = () if out is None else write_estate(found, out)
    if as_json:
        print_json(estate_object(found) | {"files": [str(path) for path in files]})
        return
    for sentence in estate_lead(found):
        say(sentence)
    print_table(estate_header(found)[:SHOWN], estate_shown(found))
    for note in found.notes:
        say(f"note: {note}")
    if files:
        say(f"wrote {len(files)} files to {clean(str(out))}")
