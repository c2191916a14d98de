"""A frontier as a folder that can be computed again: what it was made from, and whether each of its plans stands.

::

    manifest.json               hashes of every file, fingerprints of the inputs, versions, seed
    summary.html frontier.png   the page and the figure
    frontier.json frontier.csv  every budget's figures
    plan-025000/ ...            each distinct plan: plan.json, layout, bill, treatments, holes
    inputs/site/ inputs/asked.toml inputs/catalogue.csv
"""

from __future__ import annotations

import csv
import dataclasses
import io
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, Field, FiniteFloat, ValidationError

from quietwing.coverage.catalogue import catalogue_text, read_catalogue
from quietwing.coverage.equipment import Model
from quietwing.coverage.errors import ScenarioError
from quietwing.coverage.plan_store import ASKED, PLAN, standing, told_plan
from quietwing.coverage.planning import REPORTING_STREAM, Frontier, Plan, PlanResult, cost, verify_plan
from quietwing.coverage.report import FRONTIER_FILES, count_rooms, plan_files, write_frontier
from quietwing.coverage.result_folder import files_in, listed_files
from quietwing.coverage.results import Verdict
from quietwing.coverage.scenario import Scenario, read_scenario
from quietwing.coverage.store import (
    CATALOGUE,
    SITE,
    Recompute,
    changed_files,
    first_difference,
    read_manifest,
    rules_beside,
    scenario_text,
    versions,
)
from quietwing.coverage.study import as_bought, spent_gbp, wanted_sectors
from quietwing.coverage.treatments import resolve_treatments
from quietwing.sites import Site, clean, fingerprint, load_site, save_site

__all__ = ["FRONTIER_RESULT_FILES", "holds_frontier", "verify_frontier_folder", "write_frontier_result"]

OBJECT, TABLE = "frontier.json", "frontier.csv"
FRONTIER_RESULT_FILES = (*FRONTIER_FILES, ASKED, CATALOGUE, f"{SITE}/site.toml")
PENNY_GBP = 0.005


def write_frontier_result(found: Frontier, folder: Path, catalogue: Mapping[str, Model]) -> tuple[Path, ...]:
    """Write a frontier as `write_frontier` does, with what it was made from.

    Parameters
    ----------
    found : Frontier
    folder : Path
    catalogue : mapping of str to Model
        The one it was planned with.

    Returns
    -------
    tuple of Path
        ``summary.html`` first and ``manifest.json`` last.

    Raises
    ------
    QuietwingError
        If something in the folder is in the way of the result; then nothing in it has been touched.
    OSError
        If the folder cannot be written.
    """

    def inputs(made: Path) -> dict[str, Any]:
        save_site(found.site, made / SITE)
        texts = {ASKED: scenario_text(found.asked), **rules_beside(found.asked), CATALOGUE: catalogue_text(catalogue)}
        for name, text in texts.items():
            (made / name).write_text(text, encoding="utf-8", newline="\n")
        return {
            "inputs": _fingerprints(found.site, found.asked, catalogue),
            "site_notes": list(found.site.notes),
            "rules": found.asked.rules.name,
            "versions": versions(),
            "seed": found.asked.seed,
            "stream": REPORTING_STREAM,
        }

    return write_frontier(found, folder, inputs)


def _fingerprints(site: Site, asked: Scenario, catalogue: Mapping[str, Model]) -> dict[str, str]:
    return {
        "site": fingerprint(site),
        "asked": fingerprint(asked),
        "rules": fingerprint(asked.rules),
        "catalogue": fingerprint(dict(catalogue)),
    }


def holds_frontier(folder: Path) -> bool:
    """Whether a result folder is a frontier's alone: ``frontier.json`` in its manifest, and no ``plan.json``."""
    listed = listed_files(Path(folder)) or {}
    return OBJECT in listed and PLAN not in listed


class _Spill(BaseModel, strict=True):
    margin_db: FiniteFloat | None
    kept: bool


class _Point(BaseModel, strict=True, extra="ignore"):
    """What of a point of ``frontier.json`` is held against its plan."""

    budget_gbp: Annotated[FiniteFloat, Field(ge=0, le=1e9)]  # what a scenario may ask for, and so the two targets
    spent_gbp: FiniteFloat
    target_rooms: Annotated[int, Field(ge=1, le=10_000)] | None
    target_share: Annotated[FiniteFloat, Field(gt=0, le=1)] | None
    silent: dict[str, int]
    spill: dict[str, _Spill]
    scenario_id: str


class _Object(BaseModel, strict=True, extra="ignore"):
    points: list[_Point]


@dataclasses.dataclass(frozen=True)
class _Again:
    """A plan of the folder, computed again."""

    name: str
    spent_gbp: float
    silent: dict[str, int]
    kept: dict[str, bool]


def verify_frontier_folder(folder: Path, recompute: Recompute) -> tuple[str, ...]:
    """Check a frontier's files against its manifest, then judge and price each of its plans again.

    Parameters
    ----------
    folder : Path
        As `write_frontier_result` left it; without inputs only the files are checked.
    recompute : callable
        `quietwing.coverage.study.evaluate`.

    Returns
    -------
    tuple of str
        What does not hold, each with its file; empty if the frontier stands.

    Raises
    ------
    ScenarioError
        If the folder holds no frontier, or one that cannot be read.
    """
    folder = Path(folder)
    manifest = read_manifest(folder)
    problems = changed_files(folder, manifest["files"])
    if "inputs" not in manifest:
        return tuple(problems)
    missing = sorted(set(FRONTIER_RESULT_FILES) - set(manifest["files"]))
    problems += [f"{name}: not in the manifest; write the result anew" for name in missing]
    strange = {f"inputs/{name}" for name in files_in(folder / "inputs")} - set(manifest["files"])
    problems += [f"{clean(name)}: not of this result; remove it" for name in sorted(strange)]
    if problems:
        return tuple(problems)
    catalogue = read_catalogue(folder / CATALOGUE)
    notes = tuple(str(note) for note in manifest["site_notes"])
    site = dataclasses.replace(load_site(folder / SITE), notes=notes)
    asked = read_scenario(folder / ASKED)
    named = dataclasses.replace(asked.rules, name=clean(str(manifest.get("rules", ""))))
    asked = dataclasses.replace(asked, rules=named)  # the file was kept under another name
    for name, value in _fingerprints(site, asked, catalogue).items():
        if value != manifest["inputs"].get(name):
            problems.append(f"inputs: {name} is not the one the manifest names; write the result anew")
    if problems:
        return tuple(problems)
    points = _points(folder)
    again: dict[str, _Again] = {}
    for name in sorted(file.removesuffix(f"/{PLAN}") for file in manifest["files"] if file.endswith(f"/{PLAN}")):
        try:
            faults, one, scenario_id = _plan_again(folder / name, name, site, asked, catalogue, points, recompute)
        except ScenarioError as error:
            problems += [f"{name}: {line}" for line in str(error).splitlines()]
            continue
        problems += [f"{name}: {fault}" for fault in faults]
        if one is not None:
            again[scenario_id] = one
    problems += _faults_of_points(points, again)
    problems += _faults_of_table(folder, points)
    if problems and manifest["versions"] != versions():
        problems.append("versions: made with other versions than are here: the last digits may differ")
    return tuple(problems)


def _points(folder: Path) -> list[_Point]:
    try:
        return _Object.model_validate_json((folder / OBJECT).read_text("utf-8")).points
    except (OSError, ValueError) as error:
        what = type(error).__name__
        if isinstance(error, ValidationError):
            what = ".".join(str(part) for part in error.errors()[0]["loc"])
        raise ScenarioError(f"{OBJECT}: cannot be read ({clean(what)}); write the result anew") from None


def _plan_again(
    folder: Path,
    name: str,
    site: Site,
    asked: Scenario,
    catalogue: Mapping[str, Model],
    points: list[_Point],
    recompute: Recompute,
) -> tuple[list[str], _Again | None, str]:
    """What does not hold of one plan, its figures computed again, and the id of its question."""
    try:
        spoken = json.loads((folder / PLAN).read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        return [f"{PLAN}: cannot be read ({type(error).__name__}); write the result anew"], None, ""
    scenario_id = str(spoken.get("scenario_id")) if isinstance(spoken, dict) else ""
    point = next((one for one in points if one.scenario_id == scenario_id), None)
    if point is None:
        return [f"{PLAN}: is the plan of no point of {OBJECT}"], None, scenario_id
    question = _question(asked, point)
    plan = told_plan(folder, site, question, catalogue)
    given = resolve_treatments(site, asked.treatments, catalogue)
    spent = cost(site, plan.devices, (*given, *plan.treatments), catalogue, question)
    bought = as_bought(site, question, plan)
    verdict = recompute(site, bought, devices=plan.devices, catalogue=catalogue, maps=False, stream=REPORTING_STREAM)
    faults = [*_faults_of_cost(plan, dataclasses.replace(plan, cost=spent)), *_faults_of_counts(spoken, verdict)]
    if not faults:
        texts = plan_files(PlanResult(plan=plan, verdict=verdict, before=None, asked=question))
        for file, text in texts.items():
            kept = (folder / file).read_bytes().decode("utf-8", "replace")
            if kept != text:
                faults.append(f"{file}: computed again it differs: {first_difference(kept, text)}")
    if not faults and plan.value is not None:  # else it was found for another question, and says nothing of this one
        sectors = wanted_sectors(site, question)
        faults += verify_plan(site, sectors, question, catalogue, plan, existing=standing(plan.devices))
    one = _Again(
        name,
        spent_gbp(dataclasses.replace(plan, cost=spent), asked),
        {each.grade.name: count_rooms(verdict, number).silent for number, each in enumerate(verdict.grades)},
        {each.grade.name: each.spill is not None and each.spill.passed for each in verdict.grades},
    )
    return faults, one, scenario_id


def _question(asked: Scenario, point: _Point) -> Scenario:
    """What a point's plan answers."""
    least = point.target_rooms is not None or point.target_share is not None
    return dataclasses.replace(
        asked,
        budget_gbp=point.budget_gbp,
        objective="least_cost" if least else "most_protected",
        target_rooms=point.target_rooms,
        target_share=point.target_share,
    )


def _faults_of_cost(plan: Plan, again: Plan) -> Iterator[str]:
    for name in ("capex_gbp", "opex_gbp_per_year", "whole_life_gbp", "npv_gbp"):
        told, found = getattr(plan.cost, name), getattr(again.cost, name)
        if abs(told - found) >= PENNY_GBP:
            yield f"{PLAN}: {name} is {told:.2f}, computed again it is {found:.2f}"


def _faults_of_counts(spoken: Mapping[str, Any], verdict: Verdict) -> Iterator[str]:
    """Silent cells at each grade, as ``plan.json`` tells them."""
    told = spoken.get("grades")
    for number, each in enumerate(verdict.grades):
        found, name = count_rooms(verdict, number).silent, each.grade.name
        try:
            stated = told[name]["rooms"]["silent"]  # type: ignore[index]
        except (TypeError, KeyError, IndexError):
            stated = None
        if stated != found:
            yield f"{PLAN}: {stated} cells are silent at {name} grade, computed again {found}"


def _faults_of_points(points: list[_Point], again: Mapping[str, _Again]) -> Iterator[str]:
    """Figures of ``frontier.json``; a point without a plan of its own has that of the point before."""
    one: _Again | None = None
    for point in points:
        where = f"{OBJECT}: £{point.budget_gbp:,.2f}"
        one = again.get(point.scenario_id, one)
        if one is None:
            yield f"{where}: has no plan in the folder"
            continue
        if abs(point.spent_gbp - one.spent_gbp) >= PENNY_GBP:
            yield f"{where}: spends £{point.spent_gbp:,.2f}, {one.name} costs £{one.spent_gbp:,.2f}"
        if point.silent != one.silent:
            yield f"{where}: silent cells are {_pairs(point.silent)}, of {one.name} {_pairs(one.silent)}"
        kept = {name: spill.kept for name, spill in point.spill.items()}
        if kept != one.kept:
            yield f"{where}: limits kept are {_pairs(kept)}, of {one.name} {_pairs(one.kept)}"


def _faults_of_table(folder: Path, points: list[_Point]) -> Iterator[str]:
    """``frontier.csv`` held against ``frontier.json``."""
    try:
        rows = list(csv.DictReader(io.StringIO((folder / TABLE).read_text("utf-8", "replace"))))
    except csv.Error as error:
        yield f"{TABLE}: is no CSV ({clean(str(error))}); write the result anew"
        return
    if len(rows) != len(points):
        yield f"{TABLE}: has {len(rows)} rows, {OBJECT} {len(points)} points"
        return
    for row, point in zip(rows, points, strict=True):
        wanted = {"budget_gbp": f"{point.budget_gbp:.2f}", "spent_gbp": f"{point.spent_gbp:.2f}"}
        wanted |= {f"silent_{name}": str(cells) for name, cells in point.silent.items()}
        wanted |= {f"limits_kept_{name}": str(spill.kept).lower() for name, spill in point.spill.items()}
        for column, value in wanted.items():
            if row.get(column) != value:
                yield f"{TABLE}: £{point.budget_gbp:,.2f}: {column} is {clean(str(row.get(column)))}, not {value}"


def _pairs(values: Mapping[str, object]) -> str:
    return clean(", ".join(f"{name} {value}" for name, value in values.items()))
