"""`quietwing example`: the bundled sites, copies of a site, and new sites from a few numbers."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from quietwing.coverage.cli.command_inputs import guarded, refuse_existing
from quietwing.coverage.cli.options import JsonOption, SiteArgument
from quietwing.coverage.cli.terminal import print_json, print_table, say

__all__ = ["example"]

example = typer.Typer(no_args_is_help=True, help="Bundled sites, and new ones from a few numbers.")


@example.command("list")
@guarded
def example_list(as_json: JsonOption = False) -> None:
    """The bundled sites."""
    from quietwing.sites import load_site
    from quietwing.sites.files import BUNDLED

    sites = [load_site(name) for name in BUNDLED]
    if as_json:
        print_json({"sites": [{"name": name, "title": site.name} for name, site in zip(BUNDLED, sites, strict=True)]})
        return
    print_table(
        ["site", "cells and spaces", "masts' channels", "what it is"],
        [
            [name, str(sum(room.role == "silence" for room in site.rooms)), str(len(site.channels)), site.name]
            for name, site in zip(BUNDLED, sites, strict=True)
        ],
    )


@example.command("copy")
@guarded
def example_copy(
    site: SiteArgument,
    target: Annotated[Path, typer.Argument(help="New folder, or a new file ending in .gpkg for QGIS.")],
) -> None:
    """Copy a site into a folder of your own, or into one GeoPackage, to change it."""
    from quietwing.coverage.site_inputs import files_beside
    from quietwing.sites import load_site, save_geopackage, save_site
    from quietwing.sites.safe_reading import site_path

    refuse_existing(target)
    place = load_site(site)
    if target.suffix == ".gpkg":
        save_geopackage(place, target)
    else:
        source = site_path(site)
        save_site(place, target, beside=files_beside(source) if source.is_dir() else {})
    say(f"wrote {target}; try: quietwing check {target}")


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
    from quietwing.sites import save_site
    from quietwing.sites.synthetic import build, describe, read_description

    refuse_existing(folder)
    overrides = {
        "type": kind,
        "cells": cells,
        "storeys": storeys,
        "area": area,
        "bearing_deg": bearing_deg,
        "window_state": window_state,
        "fence_distance_m": fence_m,
    }
    given = {key: value for key, value in overrides.items() if value is not None}
    wing = read_description(description, **given) if description else describe("options", **given)
    save_site(build(wing), folder)
    say(f"wrote {folder}; try: quietwing leakage {folder} --out {folder}-leakage")
