"""`quietwing example`: the bundled sites, copies of a site, and new sites from a few numbers."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from quietwing.coverage import cli
from quietwing.coverage.cli.command_inputs import guarded
from quietwing.coverage.cli.options import JsonOption, SiteArgument

__all__ = ["example"]

example = typer.Typer(no_args_is_help=True, help="Bundled sites, and new ones from a few numbers.")


@example.command("list")
@guarded
def example_list(as_json: JsonOption = False) -> None:
    """The bundled sites."""
    cli.answer_list(as_json)


@example.command("copy")
@guarded
def example_copy(
    site: SiteArgument,
    target: Annotated[Path, typer.Argument(help="New folder, or a new file ending in .gpkg for QGIS.")],
) -> None:
    """Copy a site into a folder of your own, or into one GeoPackage, to change it."""
    cli.answer_copy(site, target)


@example.command("new")
@guarded
def example_new(
    folder: Annotated[Path, typer.Argument(help="New folder for the site.")],
    description: Annotated[
        Path | None, typer.Option("--from", help="Wing described in TOML; options override it.")
    ] = None,
    kind: Annotated[str | None, typer.Option("--type", help="houseblock, radial or wing")] = None,
    cells: Annotated[int | None, typer.Option("--cells", help="Cells per wing and storey.")] = None,
    storeys: Annotated[int | None, typer.Option("--storeys", help="Storeys.")] = None,
    area: Annotated[
        str | None, typer.Option("--area", help="rural, suburban or urban: where assumed masts stand.")
    ] = None,
    bearing_deg: Annotated[float | None, typer.Option("--bearing-deg", help="Compass bearing of the wing.")] = None,
    window_state: Annotated[str | None, typer.Option("--window-state", help="open, shut or sealed")] = None,
    fence_m: Annotated[
        float | None, typer.Option("--fence-m", help="Distance from the building to the fence.")
    ] = None,
) -> None:
    """Make a site from a few numbers, with typical masts marked assumed."""
    overrides = {
        "type": kind,
        "cells": cells,
        "storeys": storeys,
        "area": area,
        "bearing_deg": bearing_deg,
        "window_state": window_state,
        "fence_distance_m": fence_m,
    }
    cli.answer_new(folder, description, overrides)
