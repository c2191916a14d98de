"""`quietwing import`: a site from elsewhere is checked and written as a folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from quietwing.coverage import cli
from quietwing.coverage.cli.command_inputs import guarded
from quietwing.coverage.cli.options import JsonOption

__all__ = ["import_site"]


@guarded
def import_site(
    sources: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE…",
            help="A site folder, a zip of one, a GeoPackage; or a drawing: DXF, IFC, PDF, an indoor plan. "
            "Several DXF or PDF are storeys, the lowest first; a picture comes with its plan in GeoJSON.",
        ),
    ],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="SITE", help="New folder for the site.")],
    overwrite: Annotated[
        bool,
        typer.Option(
            "--overwrite",
            help="Replace the files of the site in SITE; other files stay, and so do edits of an imported drawing.",
        ),
    ] = False,
    mapping: Annotated[
        Path | None,
        typer.Option("--mapping", metavar="TOML", help="What layers, types and materials of a drawing stand for."),
    ] = None,
    unit: Annotated[str, typer.Option("--unit", help="Unit of a DXF: mm, cm, dm, m, in or ft.")] = "",
    scale: Annotated[
        str, typer.Option("--scale", help="Of a PDF 1:100; of it or a picture two points and metres: 'x,y x,y 12'.")
    ] = "",
    storey_height: Annotated[
        float | None,
        typer.Option("--storey-height", metavar="M", help="Height of storeys where a drawing gives none; 3 assumed."),
    ] = None,
    page: Annotated[int | None, typer.Option("--page", help="The one page of a PDF to read.")] = None,
    crs: Annotated[str, typer.Option("--crs", help="Grid in metres of a drawing, such as EPSG:27700.")] = "",
    name: Annotated[str, typer.Option("--name", help="Name of the site; the drawing's file name without it.")] = "",
    as_json: JsonOption = False,
) -> None:
    """Check a site folder, a zip of one, a GeoPackage or a drawing, and write it as a site folder."""
    asked = cli.Asked(mapping, unit, scale, storey_height, page, crs, name)
    cli.answer_import(sources, out, overwrite, asked, as_json)
