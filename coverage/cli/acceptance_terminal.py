"""``quietwing acceptance``: the form of a walk test, and the score of a filled one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer

from quietwing.coverage import study
from quietwing.coverage.acceptance import acceptance_test, form_bytes, score_form
from quietwing.coverage.cli.question import layout_question
from quietwing.coverage.cli.tables import print_table, progress_bar
from quietwing.coverage.cli.terminal import print_json, refuse_written, say
from quietwing.coverage.exit_codes import MISSED
from quietwing.coverage.report import acceptance_pdf
from quietwing.coverage.whole_files import write_whole
from quietwing.sites import SiteError

__all__ = ["answer_form", "answer_score"]


def answer_form(
    site: str,
    layout_file: Path | None,
    scenario_file: Path | None,
    options: dict[str, Any],
    out: Path,
    overwrite: bool,
    as_json: bool,
    **asked: Any,
) -> None:
    """Judge the layout, draw the points, write workbook and PDF."""
    if out.suffix.lower() != ".xlsx":
        raise SiteError(f"{out.name}: is no .xlsx; the form is a workbook, name it so (a PDF comes beside it)")
    paper = out.with_suffix(".pdf")
    for path in (out, paper):
        refuse_written(path, overwrite)
    with progress_bar() as progress:
        place, scenario, devices, catalogue = layout_question(site, scenario_file, layout_file, options, progress)
        progress("judging the layout", 0.1)
        verdict = study.evaluate(place, scenario, devices=devices, catalogue=catalogue, maps=False)
        test = acceptance_test(verdict, **asked)
        progress("drawing the form", 0.9)
        book, pages = form_bytes(test), acceptance_pdf(test)
    write_whole(out, book)
    write_whole(paper, pages)
    if as_json:
        print_json(
            {
                "points_inside": len(test.inside),
                "points_outside": len(test.outside),
                "failures": test.failures,
                "share": test.share,
                "confidence": test.confidence,
                "networks": list(test.networks),
                "files": [str(out), str(paper)],
            }
        )
        return
    typer.echo(
        f"{len(test.inside)} points inside, at most {test.failures} may fail: that proves {test.share:.0%} of places "
        f"at {test.confidence:.0%} confidence. {len(test.outside)} points outside."
    )
    storeys: dict[str, int] = {}
    for one in test.inside:
        storeys[one.storey] = storeys.get(one.storey, 0) + 1
    print_table(["storey", "points"], [[name, str(many)] for name, many in sorted(storeys.items())])
    typer.echo(f"Tried at each point, the likeliest to work first: {', '.join(test.networks)}.")
    say(f"wrote {out} and {paper}; fill in the workbook, then `quietwing acceptance score {out.name}`")


def answer_score(form: Path, as_json: bool) -> None:
    """Read the filled form and say what may be claimed; exit code 4 if it does not prove what it was to prove."""
    found = score_form(form)
    if as_json:
        print_json({name: getattr(found, name) for name in type(found).__slots__})
    else:
        for claim in found.claims:
            typer.echo(claim)
        if found.tried:
            rows = [[name, str(tried), str(failed)] for name, tried, failed in found.by_storey]
            print_table(["storey", "points tried", "failed"], rows)
            rows = [[name, str(tried), str(worked)] for name, tried, worked in found.by_network]
            print_table(["network", "attempts", "worked"], rows)
    if not found.proved or found.receptors_lost:
        raise typer.Exit(MISSED)
