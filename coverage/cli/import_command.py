"""`quietwing import`: a site from elsewhere is checked and written as a folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from quietwing.coverage.cli.command_inputs import guarded
from quietwing.coverage.cli.options import JsonOption

__all__ = ["import_site"]


@guarded
def import_site(
    source: Annotated[str, typer.Argument(metavar="FILE", help="A site folder, a zip of one, or a GeoPackage.")],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="SITE", help="New folder for the site.")],
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace the files of the site in SITE; other files in it stay.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Check a site folder, a zip of one or a GeoPackage, and write it as a site folder with what lies beside it."""
    from quietwing.coverage.cli.import_terminal import answer_import  # slow to load

    answer_import(source, out, overwrite, as_json)
