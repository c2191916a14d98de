"""A frontier as a folder: ``summary.html``, the figure, ``frontier.json``, ``frontier.csv`` and each plan's files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import quietwing
from quietwing.coverage.layout import layout_text
from quietwing.coverage.planning import Frontier
from quietwing.coverage.report.frontier_tables import (
    FRONTIER_GLOSSARY,
    frontier_csv,
    frontier_details,
    frontier_header,
    frontier_json,
    frontier_lead,
    frontier_rows,
)
from quietwing.coverage.report.grades import rules_in_words
from quietwing.coverage.report.plan_tables import plan_files
from quietwing.coverage.report.plan_words import exact_pounds
from quietwing.coverage.report.publishing import page
from quietwing.coverage.result_folder import SUMMARY, put, workshop_near

__all__ = ["FRONTIER_FILES", "frontier_values", "make_frontier_files", "write_frontier"]

TABLE, OBJECT, PICTURE = "frontier.csv", "frontier.json", "frontier.png"
FRONTIER_FILES = (OBJECT, TABLE, PICTURE)


def write_frontier(
    found: Frontier, folder: Path, inputs: Callable[[Path], Mapping[str, Any]] | None = None
) -> tuple[Path, ...]:
    """Write a frontier with a manifest of all its files; equal frontiers give equal bytes.

    Parameters
    ----------
    found : Frontier
    folder : Path
        Made if missing. Of an existing one only files of an earlier result, unchanged since, are replaced or removed.
    inputs : callable, optional
        Puts what the frontier was made from into the folder it is given, and returns what the manifest says of it:
        `quietwing.coverage.frontier_store.write_frontier_result`.

    Returns
    -------
    tuple of Path
        The files written, ``summary.html`` first and ``manifest.json`` last.

    Raises
    ------
    QuietwingError
        If something in the folder is in the way of the result; then nothing in it has been touched.
    OSError
        If the folder cannot be written.
    """
    with workshop_near(folder) as made:
        names = make_frontier_files(found, made)
        plans = _make_plans(found, made)
        text = page(
            "frontier_page.html",
            site=found.site,
            as_of=found.site.as_of.isoformat(),
            grade=found.asked.grade,
            rules=rules_in_words(found.asked.rules),
            lead=frontier_lead(found),
            plans=plans,
            version=quietwing.__version__,
            glossary=FRONTIER_GLOSSARY,
            **frontier_values(found),
        )
        (made / SUMMARY).write_text(text, encoding="utf-8", newline="\n")
        about = None if inputs is None else inputs(made)
        manifest = put(made, folder, about)
    every = (SUMMARY, *names, *(f"{name}/{file}" for name, _, files in plans for file in files))
    return (*(folder / name for name in every), manifest)


def make_frontier_files(found: Frontier, workshop: Path) -> list[str]:
    """The figure, the table and the object in a folder; their names."""
    from quietwing.coverage.report.frontier_chart import frontier_picture  # slow to load, and few answers are drawn

    frontier_picture(found, workshop / PICTURE)
    (workshop / OBJECT).write_text(frontier_json(found), encoding="utf-8", newline="\n")
    (workshop / TABLE).write_text(frontier_csv(found), encoding="utf-8", newline="\n")
    return [PICTURE, OBJECT, TABLE]


def frontier_values(found: Frontier) -> dict[str, object]:
    """What ``frontier.html``, the part of a page that shows a frontier, is filled with."""
    return {
        "curve": {
            "picture": PICTURE,
            "table": TABLE,
            "object": OBJECT,
            "lead": frontier_lead(found),
            "details": frontier_details(found),
            "header": frontier_header(found),
            "rows": frontier_rows(found),
        }
    }


def _make_plans(found: Frontier, workshop: Path) -> list[tuple[str, str, list[str]]]:
    """A folder of each distinct plan: name, title, files."""
    made: list[tuple[str, str, list[str]]] = []
    before = None
    for point in found.points:
        plan = point.result.plan
        if before == (plan.devices, plan.treatments):
            continue
        before = (plan.devices, plan.treatments)
        name = f"plan-{round(point.budget_gbp):06d}"
        alike = sum(other == name or other.startswith(f"{name}-") for other, _, _ in made)
        name += f"-{alike + 1}" if alike else ""  # budgets that differ in pence
        (workshop / name).mkdir()
        texts = {"layout.csv": layout_text(plan.devices), **plan_files(point.result)}
        for file, text in texts.items():
            (workshop / name / file).write_text(text, encoding="utf-8", newline="\n")
        made.append((name, f"plan for {exact_pounds(point.budget_gbp)}", list(texts)))
    return made
