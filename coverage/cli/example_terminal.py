"""``quietwing example``: bundled sites listed and copied, and a new site made from a few numbers."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from quietwing.coverage.cli.command_inputs import refuse_existing
from quietwing.coverage.cli.tables import print_table
from quietwing.coverage.cli.terminal import print_json, say
from quietwing.coverage.site_inputs import files_beside
from quietwing.sites import (
    BUNDLED,
    build_wing,
    describe,
    load_site,
    read_description,
    save_geopackage,
    save_site,
    site_path,
)

__all__ = ["answer_copy", "answer_list", "answer_new"]


def answer_list(as_json: bool) -> None:
    """The bundled sites in a table."""
    sites = [load_site(name) for name in BUNDLED]
    if as_json:
        print_json({"sites": [{"name": name, "title": site.name} for name, site in zip(BUNDLED, sites, strict=True)]})
        return
    print_table(
        ["site", "rooms to be blocked", "masts' channels", "what it is"],
        [
            [name, str(sum(room.role == "silence" for room in site.rooms)), str(len(site.channels)), site.name]
            for name, site in zip(BUNDLED, sites, strict=True)
        ],
    )


def answer_copy(site: str, target: Path) -> None:
    """Copy a site into a folder, or into one GeoPackage."""
    refuse_existing(target)
    place = load_site(site)
    if target.suffix == ".gpkg":
        save_geopackage(place, target)
    else:
        source = site_path(site)
        save_site(place, target, beside=files_beside(source) if source.is_dir() else {})
    say(f"wrote {target}; try: quietwing check {target}")


def answer_new(folder: Path, description: Path | None, overrides: Mapping[str, object]) -> None:
    """Make a site from a description, single keys replaced by the options that were given."""
    refuse_existing(folder)
    given = {key: value for key, value in overrides.items() if value is not None}
    wing = read_description(description, **given) if description else describe("options", **given)
    save_site(build_wing(wing), folder)
    say(f"wrote {folder}; try: quietwing leakage {folder} --out {folder}-leakage")
