"""A plan as a folder: its verdict's result, what was asked, ``plan.json`` and the bill; whether it still stands."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, Field, FiniteFloat, ValidationError, ValidationInfo, field_validator

from quietwing.coverage.catalogue import read_catalogue
from quietwing.coverage.equipment import Device, Model, Treatment
from quietwing.coverage.errors import ScenarioError
from quietwing.coverage.layout import read_layout
from quietwing.coverage.planning import (
    Attempt,
    Claim,
    Hole,
    HoleKind,
    HoleReason,
    Plan,
    PlanResult,
    Search,
    Status,
    cost,
    verify_plan,
)
from quietwing.coverage.report import plan_files
from quietwing.coverage.result_folder import listed_files
from quietwing.coverage.results import Verdict
from quietwing.coverage.scenario import Objective, Scenario, read_scenario
from quietwing.coverage.store import CATALOGUE, LAYOUT, SITE, Recompute, scenario_text, verify_result, write_result
from quietwing.coverage.study import wanted_sectors
from quietwing.coverage.treatments import resolve_treatments
from quietwing.sites import Site, load_site

__all__ = ["ASKED", "PLAN", "holds_plan", "read_plan", "standing", "told_plan", "verify_plan_folder", "write_plan"]

PLAN = "plan.json"
ASKED = "inputs/asked.toml"


def write_plan(
    result: PlanResult,
    folder: Path,
    *,
    catalogue: Mapping[str, Model],
    pages: Callable[[Path], Iterable[str]] | None = None,
) -> tuple[Path, ...]:
    """Write a plan as a result folder; equal plans give equal bytes.

    Parameters
    ----------
    result : PlanResult
    folder : Path
        As for `write_result`.
    catalogue : mapping of str to Model
        The one it was planned with.
    pages : callable, optional
        As for `write_result`.

    Returns
    -------
    tuple of Path
        The files that `pages` made, in its order, and the manifest.

    Raises
    ------
    QuietwingError
        If something in the folder is in the way of the result; then nothing in it has been touched.
    OSError
        If the folder cannot be written.
    """
    further = plan_files(result) | {ASKED: scenario_text(result.asked)}
    return write_result(result.verdict, folder, catalogue=catalogue, further=further, pages=pages)


def holds_plan(folder: Path) -> bool:
    """Whether a result folder is that of a plan: its manifest names ``plan.json``."""
    return PLAN in (listed_files(Path(folder)) or {})


def verify_plan_folder(folder: Path, recompute: Recompute) -> tuple[str, ...]:
    """Check a plan's files and its verdict as of any result, then everything the plan says, by independent code.

    Parameters
    ----------
    folder : Path
        As `write_plan` left it.
    recompute : callable
        `quietwing.coverage.study.evaluate`.

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
    verdicts: list[Verdict] = []

    def kept(*args: Any, **kwargs: Any) -> Verdict:
        verdicts.append(recompute(*args, **kwargs))
        return verdicts[-1]

    problems = verify_result(folder, kept)
    if problems or not verdicts:  # a report alone has no inputs to compute a verdict from
        return problems
    plan, asked, catalogue = read_plan(folder)
    texts = plan_files(PlanResult(plan=plan, verdict=verdicts[-1], before=None, asked=asked))
    differing = [name for name, text in texts.items() if (folder / name).read_bytes() != text.encode()]
    site = load_site(folder / SITE)
    sectors = wanted_sectors(site, asked)
    faults = verify_plan(site, sectors, asked, catalogue, plan, existing=standing(plan.devices))
    if plan.found_by is not None and "frontier.json" not in (listed_files(folder) or {}):
        faults = (f"{PLAN}: found_by: names another search, and there is no frontier here", *faults)
    return (*(f"{name}: is not what the plan and its verdict say" for name in differing), *faults)


def standing(devices: tuple[Device, ...]) -> tuple[Device, ...]:
    """Those that stood before a plan."""
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
    spoken = _spoken(folder)
    catalogue = read_catalogue(folder / CATALOGUE)
    asked = read_scenario(folder / ASKED)
    return told_plan(folder, load_site(folder / SITE), asked, catalogue, spoken), asked, catalogue


def _spoken(folder: Path) -> str:
    try:
        return (folder / PLAN).read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise ScenarioError(f"{PLAN}: cannot be read ({type(error).__name__}); optimise --out writes it") from None


def told_plan(
    folder: Path, site: Site, asked: Scenario, catalogue: Mapping[str, Model], spoken: str | None = None
) -> Plan:
    """The plan of a folder that holds ``plan.json`` and ``layout.csv``.

    Parameters
    ----------
    folder : Path
    site, asked, catalogue : Site, Scenario, mapping of str to Model
        What it was made for.
    spoken : str, optional
        The text of ``plan.json``, if it was read already.

    Returns
    -------
    Plan

    Raises
    ------
    ScenarioError
        If one of the two cannot be read.
    """
    spoken = _spoken(folder) if spoken is None else spoken
    devices = read_layout(folder / LAYOUT, catalogue)
    try:
        told = _Told.model_validate_json(spoken)
    except ValidationError as error:
        where = ".".join(str(part) for part in error.errors()[0]["loc"])
        raise ScenarioError(f"{PLAN}: {where!r} is missing or wrong; write the result anew") from None
    bought = tuple(Treatment(each.opening, each.model) for each in told.treatments if each.bought)
    given = resolve_treatments(site, asked.treatments, catalogue)
    spent = cost(site, devices, (*given, *bought), catalogue, asked)
    return Plan(
        devices=devices,
        treatments=bought,
        cost=dataclasses.replace(spent, **told.cost.model_dump()),
        status=told.status,
        value=told.value,
        bound=told.bound,
        gap=told.gap,
        rooms_model=told.rooms_model,
        claimed=tuple(told.claimed),
        holes=tuple(each.plain() for each in told.holes),
        attempts=tuple(each.plain() for each in told.attempts),
        chosen=told.chosen,
        candidates=told.candidates,
        seed=told.seed,
        reproducible=told.reproducible,
        notes=tuple(told.plan_notes),
        found_by=None if told.found_by is None else Search(**told.found_by.model_dump()),
    )


class _Money(BaseModel, strict=True, extra="ignore"):
    capex_gbp: FiniteFloat
    opex_gbp_per_year: FiniteFloat
    whole_life_gbp: FiniteFloat
    npv_gbp: FiniteFloat


class _Window(BaseModel, strict=True):
    opening: str
    model: str
    bought: bool


class _Hole(BaseModel, strict=True, extra="ignore"):
    """The sentence follows from the rest and is compared."""

    room: str
    kind: HoleKind = Field(strict=False)
    channel: str = Field(pattern=r"^([^/]+/[^/]+/(GSM|UMTS|LTE|NR))?$")
    limit: str
    missing_db: FiniteFloat | None
    needs_gbp: FiniteFloat | None
    silent_probability: FiniteFloat | None

    def plain(self) -> Hole:
        """As the planner holds it."""
        return Hole(self.room, HoleReason(**self.model_dump(exclude={"room"})))


class _Attempt(BaseModel, strict=True, extra="forbid"):
    confidence: FiniteFloat
    slack_db: FiniteFloat
    rooms_model: int
    rooms_judged: int
    weight_judged: FiniteFloat
    spill_margin_db: FiniteFloat | None
    passed: bool
    capex_gbp: FiniteFloat

    def plain(self) -> Attempt:
        """As the planner holds it; no margin where nothing spills."""
        margin_db = math.inf if self.spill_margin_db is None else self.spill_margin_db
        return Attempt(**(self.model_dump() | {"spill_margin_db": margin_db}))


class _Search(BaseModel, strict=True, extra="forbid"):
    objective: Objective
    budget_gbp: Annotated[FiniteFloat, Field(ge=0, le=1e9)] | None


class _Told(BaseModel, strict=True, extra="ignore"):
    """What of ``plan.json`` makes the plan; the rest follows from it and is compared."""

    @field_validator("chosen")
    @classmethod
    def _is_tried(cls, chosen: int, told: ValidationInfo) -> int:
        if not 0 <= chosen < len(told.data.get("attempts", ())):
            raise ValueError("no attempt has this number")
        return chosen

    status: Status
    value: FiniteFloat | None
    bound: FiniteFloat | None
    gap: FiniteFloat | None
    rooms_model: int
    claimed: list[Claim]
    holes: list[_Hole]
    attempts: list[_Attempt]
    chosen: int
    candidates: int
    seed: int
    reproducible: bool
    plan_notes: list[str]
    found_by: _Search | None
    treatments: list[_Window]
    cost: _Money
