"""``quietwing batch``: many questions answered into one folder, and what came of them."""

from __future__ import annotations

from pathlib import Path

import typer

from quietwing.coverage.batch import plan_batch, run_batch
from quietwing.coverage.cli.command_inputs import refuse_file
from quietwing.coverage.cli.tables import progress_bar
from quietwing.coverage.cli.terminal import print_json, say

__all__ = ["answer_batch"]


def answer_batch(
    source: Path,
    out: Path,
    workers: int,
    sets: list[str] | None,
    sites: list[str] | None,
    mode: str | None,
    as_json: bool,
) -> None:
    """Plan a sweep, run what of it is not done yet, say what was answered and what failed."""
    refuse_file(out)
    items = plan_batch(source, sites=tuple(sites or ()), sets=tuple(sets or ()), mode=mode)
    with progress_bar() as progress:
        outcome = run_batch(items, out, workers=workers, progress=progress, gains=out.parent / f".{out.name}-gains")
    if as_json:
        print_json(
            {
                "items": len(items),
                "done": len(outcome.done),
                "skipped": len(outcome.skipped),
                "failed": [list(one) for one in outcome.failed],
                "files": [str(path) for path in outcome.files],
            }
        )
    for note in outcome.notes:
        say(f"note: {note}")
    for name, why in outcome.failed:
        say(f"failed: {name}: {why}")
    if not as_json:
        answered = len(outcome.done) + len(outcome.skipped)
        typer.echo(
            f"{answered} of {len(items)} answered, {len(outcome.skipped)} of them before: {out / 'summary.csv'}"
        )
    if outcome.exit_code:
        raise typer.Exit(outcome.exit_code)
