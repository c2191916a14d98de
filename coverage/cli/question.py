"""What is asked of the engine: the site and the scenario, of their files and of the options."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from quietwing.coverage.cli.command_inputs import name_files
from quietwing.coverage.rules import read_rules
from quietwing.coverage.scenario import Scenario, read_scenario
from quietwing.sites import Site, beside, load_site, read_calibration

__all__ = ["question"]


def question(
    site: str,
    scenario_file: Path | None,
    options: dict[str, Any],
    progress: Callable[[str, float], None],
    layout_file: Path | None = None,
) -> tuple[Site, Scenario]:
    """The site and what is asked of it: the file given, else the site's own, single keys replaced by options.

    A rules file is an option by its path; a scenario names one that lies beside it.
    """
    if options.get("rules") is not None:
        options = options | {"rules": read_rules(options["rules"])}
    progress("reading the site", 0.0)
    place = load_site(site)
    options = dict(options)
    layer = options.pop("calibration", None)
    if layer is not None:
        names = [sector.id for sector in place.sectors]
        place = replace(place, calibration=read_calibration(layer, place.constructions, names))
    path = scenario_file or beside(site, "scenario.toml")
    name_files(
        {
            "scenario": path,
            "catalogue": beside(site, "catalogue.csv"),
            "layout": layout_file or beside(site, "layout.csv"),
        }
    )
    return place, read_scenario(path, **options)
