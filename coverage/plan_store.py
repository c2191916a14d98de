"""A plan as a folder: its verdict's result, what was asked, ``plan.json`` and the bill; whether it still stands."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from quietwing.coverage.catalogue import read_catalogue
from quietwing.coverage.equipment import Device, Model, Treatment
from quietwing.coverage.errors import ScenarioError
from quietwing.coverage.layout import read_layout
from quietwing.coverage.planning.cost import cost
from quietwing.coverage.planning.plan import Attempt, Claim, Hole, Plan, PlanResult
from quietwing.coverage.planning.verify import verify_plan
from quietwing.coverage.report.plan_tables import bill_csv, holes_csv, plan_files
from quietwing.coverage.scenario import Scenario, read_scenario
from quietwing.coverage.store import CATALOGUE, LAYOUT, SITE, Recompute, scenario_text, verify_result, write_result
from quietwing.coverage.study.common import wanted_sectors
from quietwing.coverage.treatments import resolve_treatments
from quietwing.sites import load_site

__all__ = ["holds_plan", "read_plan", "verify_plan_folder", "write_plan"]

PLAN = "plan.json"
ASKED = "inputs/asked.toml"


def write_plan(result: PlanResult, folder: Path, *, catalogue: Mapping[str, Model]) -> Path:
    """Write a plan as a result folder; equal plans give equal bytes.

    Parameters
    ----------
    result : PlanResult
    folder : Path
        Made if missing. In an existing one the result's own files are replaced and others left alone.
    catalogue : mapping of str to Model
        The one it was planned with.

    Returns
    -------
    Path
        The manifest.

    Raises
    ------
    OSError
        If the folder cannot be written.
    """
    further = plan_files(result) | {ASKED: scenario_text(result.asked)}
    return write_result(result.verdict, folder, catalogue=catalogue, further=further)


def holds_plan(folder: Path) -> bool:
    """Whether a result folder is that of a plan."""
    return (Path(folder) / PLAN).is_file()


def verify_plan_folder(folder: Path, recompute: Recompute) -> tuple[str, ...]:
    """Check a plan's files and its verdict as of any result, then everything the plan says, by independent code.

    Parameters
    ----------
    folder : Path
        As `write_plan` left it.
    recompute : callable
        `quietwing.coverage.study.run`.

    Returns
    -------
    tuple of str
        What does not hold; empty if the plan stands.

    Raises
    ------
    ScenarioError
        If the folder holds no plan.
    """
    folder = Path(folder)
    problems = verify_result(folder, recompute)
    if problems:
        return problems
    plan, asked, catalogue = read_plan(folder)
    site = load_site(folder / SITE)
    texts = {"bill_of_materials.csv": bill_csv(plan.cost), "holes.csv": holes_csv(plan)}
    differing = [name for name, text in texts.items() if (folder / name).read_bytes().decode() != text]
    faults = verify_plan(site, wanted_sectors(site, asked), asked, catalogue, plan, existing=_standing(plan.devices))
    return (*(f"{name}: does not belong to {PLAN}" for name in differing), *faults)


def _standing(devices: tuple[Device, ...]) -> tuple[Device, ...]:
    return tuple(device for device in devices if device.state == "existing")


def read_plan(folder: Path) -> tuple[Plan, Scenario, dict[str, Model]]:
    """A stored plan, with the scenario it answers and its catalogue.

    Parameters
    ----------
    folder : Path
        As `write_plan` left it.

    Returns
    -------
    tuple of Plan, Scenario and dict of str to Model

    Raises
    ------
    ScenarioError
        If the folder holds no plan, or one that cannot be read.
    """
    folder = Path(folder)
    try:
        spoken = json.loads((folder / PLAN).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ScenarioError(f"{PLAN}: cannot be read ({type(error).__name__}); optimise --out writes it") from None
    catalogue = read_catalogue(folder / CATALOGUE)
    asked = read_scenario(folder / ASKED)
    devices = read_layout(folder / LAYOUT, catalogue)
    site = load_site(folder / SITE)
    try:
        bought = tuple(Treatment(**each) for each in spoken["treatments"] if each.pop("bought"))
        given = resolve_treatments(site, asked.treatments, catalogue)
        spent = cost(site, devices, (*given, *bought), catalogue, asked)
        stated = {field: spoken["cost"][field] for field in ("capex_gbp", "opex_gbp_per_year", "whole_life_gbp")}
        plan = Plan(
            devices=devices,
            treatments=bought,
            cost=dataclasses.replace(spent, **stated),
            claimed=tuple(Claim(**each) for each in spoken["claimed"]),
            holes=tuple(Hole(**each) for each in spoken["holes"]),
            attempts=tuple(_attempt(each) for each in spoken["attempts"]),
            bound=spoken["proven_bound"],
            notes=tuple(spoken["plan_notes"]),
            **{key: spoken[key] for key in _PLAIN},
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ScenarioError(f"{PLAN}: {error} is missing or wrong; optimise --out writes it anew") from None
    return plan, asked, catalogue


_PLAIN = (
    "status",
    "value",
    "gap",
    "rooms_model",
    "binding",
    "chosen",
    "candidates",
    "seed",
    "reproducible",
)


def _attempt(spoken: dict[str, Any]) -> Attempt:
    margin_db = spoken["spill_margin_db"]
    return Attempt(**{**spoken, "spill_margin_db": math.inf if margin_db is None else margin_db})
