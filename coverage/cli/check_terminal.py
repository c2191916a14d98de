"""What the check of a site found, on a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from quietwing.coverage.cli.terminal import print_table, say

if TYPE_CHECKING:
    from quietwing.sites.findings import CheckReport

__all__ = ["report_object", "show_report"]


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
