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
from collections.abc import Iterable, Iterator, Mapping
from itertools import zip_longest
from pathlib import Path
from typing import Any

from quietwing.coverage.catalogue import catalogue_text, read_catalogue
from quietwing.coverage.equipment import Model
from quietwing.coverage.errors import ScenarioError
from quietwing.coverage.frontier_told import (
    OBJECT,
    PENNY_GBP,
    PlanAgain,
    ToldFrontier,
    ToldPoint,
    budget_of,
    faults_of_search,
    question_of,
    told_frontier,
)
from quietwing.coverage.plan_store import ASKED, PLAN, standing, told_plan
from quietwing.coverage.planning import (
    REPORTING_STREAM,
    Frontier,
    FrontierPoint,
    Plan,
    PlanResult,
    cost,
    verify_plan,
)
from quietwing.coverage.report import (
    FRONTIER_FILES,
    count_rooms,
    frontier_csv,
    frontier_json,
    plan_files,
    write_frontier,
)
from quietwing.coverage.result_folder import files_in, listed_files, other_versions
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
from quietwing.coverage.study import (
    as_bought,
    frontier_point,
    joined,
    spent_gbp,
    wanted_sectors,
)
from quietwing.coverage.treatments import resolve_treatments
from quietwing.sites import Site, clean, fingerprint, load_site, save_site

__all__ = ["FRONTIER_RESULT_FILES", "holds_frontier", "verify_frontier_folder", "write_frontier_result"]

TABLE = "frontier.csv"
FRONTIER_RESULT_FILES = (*FRONTIER_FILES, ASKED, CATALOGUE, f"{SITE}/site.toml")


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
    told = told_frontier(folder)
    again: dict[str, PlanAgain] = {}
    for name in sorted(file.removesuffix(f"/{PLAN}") for file in manifest["files"] if file.endswith(f"/{PLAN}")):
        try:
            faults, one, scenario_id = _plan_again(
                folder / name, name, site, asked, catalogue, told.points, recompute
            )
        except ScenarioError as error:
            problems += [f"{name}: {line}" for line in str(error).splitlines()]
            continue
        problems += [f"{name}: {fault}" for fault in faults]
        if one is not None:
            again[scenario_id] = one
    problems += faults_of_search(told, again, asked)
    points, faults = _points_again(site, asked, catalogue, told, again)
    problems += faults
    if not faults:
        problems += _faults_of_frontier(folder, site, asked, told, points)
    if problems and (other := other_versions(manifest["versions"])):
        problems.append(f"versions: {other}")
    return tuple(problems)


def _plan_again(
    folder: Path,
    name: str,
    site: Site,
    asked: Scenario,
    catalogue: Mapping[str, Model],
    points: list[ToldPoint],
    recompute: Recompute,
) -> tuple[list[str], PlanAgain | None, str]:
    """What does not hold of one plan, its figures computed again, and the id of its question."""
    try:
        spoken = json.loads((folder / PLAN).read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        return [f"{PLAN}: cannot be read ({type(error).__name__}); write the result anew"], None, ""
    scenario_id = str(spoken.get("scenario_id")) if isinstance(spoken, dict) else ""
    point = next((one for one in points if one.scenario_id == scenario_id), None)
    if point is None:
        return [f"{PLAN}: is the plan of no point of {OBJECT}"], None, scenario_id
    question = question_of(asked, point)
    plan = told_plan(folder, site, question, catalogue)
    given = resolve_treatments(site, asked.treatments, catalogue)
    spent = cost(site, plan.devices, (*given, *plan.treatments), catalogue, question)
    bought = as_bought(site, question, plan.treatments)
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
    return faults, PlanAgain(dataclasses.replace(plan, cost=spent), verdict), scenario_id


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
            yield f"{PLAN}: {stated} rooms are blocked at {name} grade, computed again {found}"


def _points_again(
    site: Site, asked: Scenario, catalogue: Mapping[str, Model], told: ToldFrontier, again: Mapping[str, PlanAgain]
) -> tuple[list[FrontierPoint], list[str]]:
    """Every point made from its plan, and what is in the way of that.

    A point without a plan of its own has that of the point before.
    """
    points, faults, one = [], [], None
    for point in told.points:
        own = again.get(point.scenario_id)
        one = own or one
        if one is None:
            faults.append(f"{OBJECT}: {budget_of(point)}: has no plan in the folder")
            continue
        plan = one.plan if own is not None else dataclasses.replace(one.plan, status=point.status)
        if point.status not in (one.plan.status, "feasible"):
            faults.append(
                f"{OBJECT}: {budget_of(point)}: status is {point.status}, that of its plan {one.plan.status}"
            )
        question = question_of(asked, point)
        bought = as_bought(site, question, plan.treatments)
        scenario_id = fingerprint(site, bought, plan.devices, dict(catalogue))[:12]
        verdict = dataclasses.replace(one.verdict, scenario=bought, scenario_id=scenario_id)
        result = PlanResult(plan=plan, verdict=verdict, before=None, asked=question)
        points.append(frontier_point(result, spent_gbp=spent_gbp(plan, asked), found_for_gbp=point.found_for_gbp))
    return points, faults


def _faults_of_frontier(
    folder: Path, site: Site, asked: Scenario, told: ToldFrontier, points: list[FrontierPoint]
) -> Iterator[str]:
    """``frontier.json`` and ``frontier.csv``, figure for figure and word for word."""
    found = joined(
        site,
        asked,
        points,
        missing_gbp=told.missing_gbp,
        interrupted=told.interrupted,
        chosen_from=told.chosen_from,
        unmet=told.unmet,
        given_judged=told.given_judged,
        searched_apart=told.searched_apart,
    )
    kept = (folder / OBJECT).read_bytes().decode("utf-8", "replace")
    again = frontier_json(found)
    if kept != again:
        differing = [f"{OBJECT}: {fault}" for fault in _differing(json.loads(kept), json.loads(again), "", points)]
        yield from differing or [f"{OBJECT}: computed again it differs: {first_difference(kept, again)}"]
    kept, again = (folder / TABLE).read_bytes().decode("utf-8", "replace"), frontier_csv(found)
    if kept != again:
        yield from (f"{TABLE}: {fault}" for fault in _differing_cells(kept, again, points))


def _differing(kept: Any, again: Any, key: str, points: list[FrontierPoint]) -> Iterator[str]:
    """Keys whose values are not those computed again; a point by its budget."""
    if key.startswith("points.") and key.count(".") == 1:
        key = f"£{points[int(key.removeprefix('points.'))].budget_gbp:,.2f}:"
    if isinstance(kept, dict) and isinstance(again, dict):
        pairs: Iterable[Any] = dict.fromkeys((*again, *kept))
        values = [(one, kept.get(one, "not there"), again.get(one, "not there")) for one in pairs]
    elif isinstance(kept, list) and isinstance(again, list):
        both = zip_longest(kept, again, fillvalue="not there")
        values = [(str(at), *each) for at, each in enumerate(both)]
    else:
        if kept != again or isinstance(kept, bool) != isinstance(again, bool):
            yield f"{clean(key)} is {_shown(kept)}, computed again {_shown(again)}"
        return
    for name, one, other in values:
        joint = " " if key.endswith(":") else "." if key else ""
        yield from _differing(one, other, f"{key}{joint}{name}", points)


def _differing_cells(kept: str, again: str, points: list[FrontierPoint]) -> Iterator[str]:
    """Cells of the table that are not those computed again, by budget and column."""
    try:
        rows, wanted = (list(csv.reader(io.StringIO(text))) for text in (kept, again))
    except csv.Error as error:
        yield f"is no CSV ({clean(str(error))}); write the result anew"
        return
    if len(rows) != len(wanted) or rows[0] != wanted[0] or any(len(row) != len(wanted[0]) for row in rows):
        yield f"computed again it differs: {first_difference(kept, again)}"
        return
    cells = [
        f"£{point.budget_gbp:,.2f}: {column} is {_shown(one)}, computed again {_shown(other)}"
        for point, row, right in zip(points, rows[1:], wanted[1:], strict=True)
        for column, one, other in zip(wanted[0], row, right, strict=True)
        if one != other
    ]
    yield from cells or ["computed again it differs only in how it is written"]


def _shown(value: object) -> str:
    return clean(str(value)[:120])
