"""``quietwing check``, and what a check found on a terminal."""

from __future__ import annotations

from typing import Any

import typer

from quietwing.coverage.cli.tables import print_table
from quietwing.coverage.cli.terminal import print_json, say
from quietwing.coverage.exit_codes import BAD_INPUT
from quietwing.coverage.site_inputs import check_with_inputs
from quietwing.sites import CheckReport, clean, problems_text

__all__ = ["answer_check", "report_object", "show_report"]


def answer_check(site: str, as_json: bool) -> None:
    """Check a site and show what was found."""
    report = check_with_inputs(site)
    if as_json:
        print_json({"site": site} | report_object(report))
    elif report.problems:
        say(f"{len(report.problems)} problem{'s' if len(report.problems) > 1 else ''} in {clean(site)}:")
        say(problems_text(tuple(report.problems)))
    else:
        show_report(report)
        say(f"{site}: no problems found")
    if report.problems:
        raise typer.Exit(BAD_INPUT)


def report_object(report: CheckReport) -> dict[str, Any]:
    """The report for ``--json``."""
    return {
        "ok": not report.problems,
        "problems": list(report.problems),
        "notes": list(report.notes),
        "features": {
            layer: {"in": counts[0], "used": counts[1], "dropped": counts[2]}
            for layer, counts in report.features.items()
        },
        "dropped": [list(item) for item in report.dropped],
    }


def show_report(report: CheckReport) -> None:
    """The features of every layer to stdout, what was left out and doubtful to stderr."""
    print_table(
        ["layer", "features in", "used", "dropped"],
        [[layer, *map(str, counts)] for layer, counts in report.features.items()],
    )
    for layer, identifier, reason in report.dropped:
        say(f"dropped: {layer}: {identifier}: {reason}")
    for note in report.notes:
        say(f"note: {note}")
