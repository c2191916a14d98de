"""``quietwing batch``: many questions answered into one folder, and what came of them."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import typer

from quietwing.coverage.batch import cluster_client, plan_batch, run_batch
from quietwing.coverage.cli.command_inputs import refuse_file
from quietwing.coverage.cli.tables import progress_bar
from quietwing.coverage.cli.terminal import print_json, say
from quietwing.sites import clean

__all__ = ["answer_batch"]


def answer_batch(
    source: Path,
    out: Path,
    workers: int,
    sets: list[str] | None,
    sites: list[str] | None,
    mode: str | None,
    as_json: bool,
    *,
    scheduler: str | None = None,
    local_cluster: int | None = None,
) -> None:
    """Plan a sweep, run what of it is not done yet, say what was answered and what failed."""
    refuse_file(out)
    items = plan_batch(source, sites=tuple(sites or ()), sets=tuple(sets or ()), mode=mode)
    with ExitStack() as stack:
        client = None
        if scheduler is not None or local_cluster is not None:
            client = stack.enter_context(cluster_client(scheduler, local_cluster))
            say(f"cluster: {clean(str(client.scheduler.address))}")
            if scheduler is not None:
                say(f"Dask's dashboard: {clean(str(client.dashboard_link))}")
        progress = stack.enter_context(progress_bar())
        outcome = run_batch(items, out, workers=workers, progress=progress, client=client)
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
