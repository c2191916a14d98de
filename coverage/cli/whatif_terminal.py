"""``quietwing whatif``: what would change the answer, one thing changed a row."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from quietwing.coverage import report, warmup
from quietwing.coverage.cli.question import layout_question
from quietwing.coverage.cli.tables import print_table, progress_bar
from quietwing.coverage.cli.terminal import print_json, say
from quietwing.coverage.report import ADVICE, WHATIF_FILES, whatif_header, whatif_headline, whatif_object, whatif_rows
from quietwing.coverage.result_folder import SUMMARY, refuse_taken
from quietwing.coverage.study import whatif

if TYPE_CHECKING:
    from quietwing.coverage.results import WhatIf

__all__ = ["answer_whatif", "show_changes"]


def answer_whatif(
    site: str,
    layout_file: Path | None,
    scenario_file: Path | None,
    out: Path | None,
    as_json: bool,
    options: dict[str, Any],
    *,
    top: int | None,
) -> None:
    """Judge a layout with one thing changed at a time, write what is asked for, show the table."""
    warmup.start()
    refuse_taken(out, (SUMMARY, *WHATIF_FILES))
    with progress_bar() as progress:
        place, scenario, devices, catalogue = layout_question(site, scenario_file, layout_file, options, progress)
        found = whatif(place, scenario, devices=devices, catalogue=catalogue, progress=progress)
        files = report.write(found, out) if out else ()
    _show(found, files, as_json, top)


def show_changes(found: WhatIf, top: int | None = None) -> None:
    """The changes in words and a table."""
    for sentence in whatif_headline(found):
        typer.echo(sentence)
    print_table(whatif_header(found, in_full=False), whatif_rows(found, top, in_full=False))
    if top is not None and top < len(found.rows):
        say(f"note: {len(found.rows) - top} more changes are not shown; leave --top out to see all")
    say(f"note: {ADVICE}")


def _show(found: WhatIf, files: tuple[Path, ...], as_json: bool, top: int | None) -> None:
    if as_json:
        print_json({**whatif_object(found, top), "files": [str(path) for path in files]})
        return
    show_changes(found, top)
    if files:
        say(f"wrote {len(files)} files; open {files[0]}")
