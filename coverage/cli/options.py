"""Options that several commands of the terminal share, with their words."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = [
    "CalibrationOption",
    "ConfidenceOption",
    "EquipmentOption",
    "GradeOption",
    "GridOption",
    "JsonOption",
    "LocalClusterOption",
    "RulesOption",
    "ScenarioOption",
    "SchedulerOption",
    "SeedOption",
    "SiteArgument",
    "TierOption",
    "TreatWithOption",
]

SiteArgument = Annotated[
    str, typer.Argument(metavar="SITE", help="houseblock, radial, campus, a site folder or a .gpkg")
]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON object on stdout instead of a table.")]
SchedulerOption = Annotated[
    str | None, typer.Option("--scheduler", metavar="ADDRESS", help="Compute on this Dask cluster (extra cluster).")
]
LocalClusterOption = Annotated[
    int | None,
    typer.Option("--local-cluster", metavar="N", help="Compute on a Dask cluster of N processes here."),
]
ScenarioOption = Annotated[Path | None, typer.Option("--scenario", help="Scenario TOML; its keys are options too.")]
EquipmentOption = Annotated[
    list[str] | None,
    typer.Option("--equipment", help="Only this model of the catalogue may be bought; repeatable."),
]
TreatWithOption = Annotated[
    list[str] | None, typer.Option("--treat-with", help="Only this mesh or film; repeatable; none: no treatment.")
]
GridOption = Annotated[float | None, typer.Option("--grid-m", help="Spacing of the maps' grid in metres.")]
GradeOption = Annotated[
    str | None,
    typer.Option("--grade", help="planning (worth a trial?) or evidence (may be promised); both are shown."),
]
RulesOption = Annotated[
    Path | None, typer.Option("--rules", metavar="FILE.toml", help="Rules of your own in place of the product's.")
]
CalibrationOption = Annotated[
    Path | None,
    typer.Option(
        "--calibration", metavar="FILE.toml", help="What `calibrate` made; else the site's calibration.toml."
    ),
]
ConfidenceOption = Annotated[
    float | None, typer.Option("--confidence", help="Share of simulations to block a room in; else the grade's.")
]
TierOption = Annotated[
    str | None,
    typer.Option("--spill-tier", help="Limits outside, e.g. strict; else the grade's."),
]
SeedOption = Annotated[int | None, typer.Option("--seed", help="Seed of every random draw.")]
