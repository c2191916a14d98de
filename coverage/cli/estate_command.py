"""Options of `quietwing estate`: results of many sites rolled up, and one budget split over them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from quietwing.coverage import cli
from quietwing.coverage.cli.command_inputs import guarded
from quietwing.coverage.cli.options import JsonOption

__all__ = ["estate"]


@guarded
def estate(
    results: Annotated[
        Path, typer.Argument(metavar="RESULTS", help="Folder with results of optimise, frontier, evaluate or batch.")
    ],
    budget_gbp: Annotated[
        float | None, typer.Option("--budget-gbp", help="Split this money over the sites, in pounds.")
    ] = None,
    grade: Annotated[
        str, typer.Option("--grade", help="Count rooms at this grade: planning or evidence.")
    ] = "planning",
    basis: Annotated[
        str, typer.Option("--basis", help="Money that is counted: capex, whole_life or npv (present value).")
    ] = "capex",
    out: Annotated[Path | None, typer.Option("--out", help="Folder for tables, workbook and figure.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Many sites in one table: rooms that leak, rooms blocked, money, what binds; and one budget split over them."""
    cli.answer_estate(results, budget_gbp, grade, basis, out, as_json)
