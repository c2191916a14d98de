"""Results of many sites read from one folder: every plan and verdict below it, by site.

Read are ``plan.json`` and, where there is none, ``verdict.json`` of result folders, of the plans of a frontier and of
the items of a batch. Each is held against the hash in its manifest first.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field, FiniteFloat, ValidationError, model_validator

from quietwing.coverage.code_digest import other_code
from quietwing.coverage.errors import ScenarioError
from quietwing.coverage.planning import ESTATE_BASES, Estate, EstatePlan, EstateSite, best_plans
from quietwing.coverage.result_folder import MANIFEST, hash_of, too_large
from quietwing.coverage.rules import GRADES
from quietwing.coverage.store import read_manifest
from quietwing.sites import clean

__all__ = ["read_estate"]

PLAN, VERDICT = "plan.json", "verdict.json"
MOST_FOLDERS = 200_000  # 140 prisons x 1,000 scenarios, and their own folders
MOST_PROBLEMS = 20
MOST_GBP = 1e12  # a thousand times what any budget may be


class _Rooms(BaseModel, strict=True, extra="ignore"):
    silence: int = Field(ge=0)
    silent: int = Field(ge=0)
    quiet_anyway: int = Field(ge=0)

    @model_validator(mode="after")
    def _adds_up(self) -> _Rooms:
        if self.silent + self.quiet_anyway > self.silence:
            raise ValueError("more rooms are blocked than there are")
        return self


class _Spill(BaseModel, strict=True, extra="ignore"):
    passed: bool
    worst_margin_db: FiniteFloat | None = None


class _Grade(BaseModel, strict=True, extra="ignore"):
    rooms: _Rooms
    spill: _Spill | None = None


class _Cost(BaseModel, strict=True, extra="ignore"):
    capex_gbp: float | None = Field(None, ge=0, le=MOST_GBP)
    whole_life_gbp: float | None = Field(None, ge=0, le=MOST_GBP)
    npv_gbp: float | None = Field(None, ge=0, le=MOST_GBP)
    illustrative: str | None = None


class _Rules(BaseModel, strict=True, extra="ignore"):
    name: str
    fingerprint: str


class _Spoken(BaseModel, strict=True, extra="ignore"):
    """What of ``plan.json`` and ``verdict.json`` the estate needs; both have these keys."""

    site: str
    grade: str
    rules: _Rules
    grades: dict[str, _Grade]
    cost: _Cost
    binding: str | None = None


def read_estate(folder: Path, *, grade: str = GRADES[0], basis: str = ESTATE_BASES[0]) -> Estate:
    """Read every result below a folder.

    Parameters
    ----------
    folder : Path
    grade : str
        ``planning`` or ``evidence``.
    basis : str
        ``capex``, ``whole_life`` or ``npv``.

    Returns
    -------
    Estate
        Without a budget.

    Raises
    ------
    ScenarioError
        If there is no result, or some cannot be read; all of them are named.
    """
    folder = Path(folder)
    _demand(grade, basis)
    if not folder.is_dir():
        raise ScenarioError(f"{clean(str(folder))}: is no folder; give one that holds results of optimise or batch")
    problems: list[str] = []
    by_site: dict[str, list[tuple[_Spoken, EstatePlan]]] = {}
    others: list[str] = []
    for place, name in _results(folder):
        shown = clean(place.relative_to(folder).as_posix())
        try:
            site, spoken, other = _read(folder, place, name)
        except ScenarioError as error:
            problems.append(str(error))
            continue
        by_site.setdefault(site, []).append((spoken, _plan(spoken, shown)))
        others += [other] if other else []
    if problems:
        further = f"; and {len(problems) - MOST_PROBLEMS} more" if len(problems) > MOST_PROBLEMS else ""
        raise ScenarioError("\n".join(problems[:MOST_PROBLEMS]) + further)
    if not by_site:
        raise ScenarioError(
            f"{clean(str(folder))}: holds no result with {PLAN} or {VERDICT}; "
            f"give a folder of optimise, frontier or batch"
        )
    names = [found[0][0].site for found in by_site.values()]
    sites = []
    for key, found in by_site.items():
        first = found[0][0]
        name = clean(first.site)
        plans = sorted((plan for _, plan in found), key=lambda plan: (plan.cost_gbp[basis], plan.folder))
        sites.append(
            EstateSite(
                name=name if names.count(first.site) == 1 else f"{name} ({key[:6]})",
                cells=first.grades[grade].rooms.silence,
                leaking={
                    grade: one.rooms.silence - one.rooms.quiet_anyway for grade, one in sorted(first.grades.items())
                },
                plans=tuple(plans),
            )
        )
    sites.sort(key=lambda site: site.name)
    every = tuple(sites)
    return Estate(every, grade, basis, best_plans(every, grade, basis), None, None, _notes(by_site, others))


def _demand(grade: str, basis: str) -> None:
    for name, value, among in (("grade", grade, GRADES), ("basis", basis, ESTATE_BASES)):
        if value not in among:
            raise ScenarioError(f"{name}: {clean(value)!r} is unknown; choose one of {', '.join(among)}")


def _results(folder: Path) -> Iterator[tuple[Path, str]]:
    """Folders that hold a plan or a verdict, in order of their names; ``inputs`` of results are not looked into."""
    for seen, (at, folders, files) in enumerate(os.walk(folder), 1):
        if seen > MOST_FOLDERS:
            raise ScenarioError(
                f"{clean(str(folder))}: holds more than {MOST_FOLDERS:,} folders; give one that holds results alone"
            )
        folders[:] = sorted(name for name in folders if name != "inputs" and not name.startswith("."))
        name = next((name for name in (PLAN, VERDICT) if name in files), None)
        if name is not None:
            yield Path(at), name


def _read(root: Path, place: Path, name: str) -> tuple[str, _Spoken, str]:
    """Fingerprint of the site, what a result says, and whether other code made it (`other_code`)."""
    shown = clean((place / name).relative_to(root).as_posix())
    home = place if (place / MANIFEST).is_file() else place.parent  # plans of a frontier share a manifest
    manifest = read_manifest(home)
    listed = manifest["files"].get((place / name).relative_to(home).as_posix())
    path = place / name
    if path.is_symlink() or not path.is_file():
        raise ScenarioError(f"{shown}: is no regular file; write the result anew")
    if much := too_large(path):
        raise ScenarioError(f"{shown}: {much}; write the result anew")
    if listed is None or hash_of(path) != listed:
        raise ScenarioError(f"{shown}: is not as its {MANIFEST} says; write the result anew")
    site = manifest.get("inputs", {}).get("site")
    if not isinstance(site, str):
        raise ScenarioError(f"{shown}: {MANIFEST} does not say which site it is of; write the result with --out")
    try:
        value: Any = json.loads(path.read_text("utf-8"))
        spoken = _Spoken.model_validate(value)
        if set(GRADES) - set(spoken.grades):
            raise ValueError("grades")
    except (ValueError, RecursionError) as error:
        what = ".".join(str(part) for part in error.errors()[0]["loc"]) if isinstance(error, ValidationError) else ""
        raise ScenarioError(
            f"{shown}: cannot be read{what and f' at {clean(what)}'}; write the result anew"
        ) from None
    return site, spoken, other_code(manifest["versions"].get("code"))


def _plan(spoken: _Spoken, folder: str) -> EstatePlan:
    grades = spoken.grades
    cost = spoken.cost
    spill = {name: grades[name].spill for name in GRADES}
    return EstatePlan(
        folder=folder,
        silent={name: grades[name].rooms.silent for name in GRADES},
        kept={name: one is None or one.passed for name, one in spill.items()},
        margin_db={name: None if one is None else one.worst_margin_db for name, one in spill.items()},
        cost_gbp={
            "capex": cost.capex_gbp or 0.0,
            "whole_life": cost.whole_life_gbp or 0.0,
            "npv": cost.npv_gbp or 0.0,
        },
        binding=spoken.binding or "",
    )


def _notes(by_site: Mapping[str, list[tuple[_Spoken, EstatePlan]]], others: list[str]) -> tuple[str, ...]:
    """What makes the numbers of the sites hard to compare."""
    every = [spoken for found in by_site.values() for spoken, _ in found]
    notes = []
    if others:
        notes.append(
            f"{len(others)} of {len(every)} results: {others[0]}: compute them again before they are compared"
        )
    rules = sorted({f"{clean(one.rules.name)} {one.rules.fingerprint}" for one in every})
    if len(rules) > 1:
        notes.append(f"results were judged by {len(rules)} sets of rules ({', '.join(rules)}): counts are not alike")
    guessed = [one.cost.illustrative for one in every if one.cost.illustrative]
    if guessed:
        notes.append(f"{len(guessed)} of {len(every)} results have illustrative prices; replace them by quotes")
    for key, found in by_site.items():
        if len({one.grades[GRADES[0]].rooms.silence for one, _ in found}) > 1:
            notes.append(f"{clean(found[0][0].site)} ({key[:6]}): its results differ in rooms to be blocked")
    return tuple(notes)
