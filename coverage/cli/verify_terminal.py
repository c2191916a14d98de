"""``quietwing verify``: whether a result's files are as they were written and come out the same again."""

from __future__ import annotations

from pathlib import Path

import typer

from quietwing.coverage import study
from quietwing.coverage.cli.tables import progress_bar
from quietwing.coverage.cli.terminal import print_json, say
from quietwing.coverage.exit_codes import BAD_INPUT
from quietwing.coverage.frontier_store import holds_frontier, verify_frontier_folder
from quietwing.coverage.plan_store import holds_plan, verify_plan_folder
from quietwing.coverage.result_folder import other_versions, versions
from quietwing.coverage.store import read_manifest, verify_result

__all__ = ["answer_verify"]


def answer_verify(result: Path, as_json: bool) -> None:
    """Check a result folder and compute it again; every problem in a line."""
    with progress_bar() as progress:
        progress("computing it again", 0.0)
        verify_one = verify_plan_folder if holds_plan(result) else verify_result
        problems = (verify_frontier_folder if holds_frontier(result) else verify_one)(result, study.evaluate)
    manifest = read_manifest(result)
    if not problems and (other := other_versions(manifest.get("versions", versions()))):
        say(f"note: {other}")
    if as_json:
        found = {"result": result.name, "ok": not problems, "problems": list(problems)}
        print_json(found | {"inputs_kept": "inputs" in manifest})
    for problem in problems:
        say(f"error: {problem}")
    if problems:
        raise typer.Exit(BAD_INPUT)
    if not as_json:
        again = "and computing it again gives the same"
        if "inputs" not in manifest:
            again = "but it keeps no inputs to compute it again from"
        typer.echo(f"{result}: every file is as it was written, {again}")
