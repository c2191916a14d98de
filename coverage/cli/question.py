"""What is asked of the engine: the site, the scenario and the layout, of their files and of the options."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from quietwing.coverage.cli.command_inputs import name_files
from quietwing.coverage.cli.terminal import say
from quietwing.coverage.equipment import Device, Model
from quietwing.coverage.rules import read_rules
from quietwing.coverage.scenario import Scenario, read_scenario
from quietwing.coverage.site_inputs import equipment_of
from quietwing.coverage.treatments import has_rows, read_treatments
from quietwing.sites import Site, beside, clean, load_site, read_calibration

__all__ = ["layout_question", "question"]

TREATMENTS = "treatments.csv"  # as a plan writes it beside its layout


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


def layout_question(
    site: str,
    scenario_file: Path | None,
    layout_file: Path | None,
    options: dict[str, Any],
    progress: Callable[[str, float], None],
) -> tuple[Site, Scenario, tuple[Device, ...], dict[str, Model]]:
    """The site, what is asked of it, and the layout with its catalogue; a file of treatments joins the scenario's."""
    options = dict(options)
    treated = options.pop("treatments", None)
    place, scenario = question(site, scenario_file, options, progress, layout_file)
    devices, catalogue = equipment_of(site, layout_file)
    layout = layout_file or beside(site, "layout.csv")
    if treated is not None:
        scenario = replace(scenario, treatments=read_treatments(treated, place, scenario.treatments, catalogue))
    elif layout is not None and not scenario.treatments and has_rows(layout.with_name(TREATMENTS)):
        beside_it = f"{TREATMENTS} beside {clean(layout.name)}"
        say(f"note: the meshes and films of {beside_it} are not counted; evaluate --treatments counts them")
    return place, scenario, devices, catalogue
