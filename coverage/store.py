"""A verdict kept: one folder written whole, with what is needed to compute it again and a manifest to check it by.

::

    manifest.json            hashes of every file, fingerprints of the inputs, versions, seed; no time, path or host
    verdict.json             the object `quietwing evaluate --json` prints, without its manifest
    rooms.csv escapes.csv spill.csv layout.csv
    inputs/site/ inputs/scenario.toml inputs/catalogue.csv

A folder without ``manifest.json`` is no result: it is taken away first and put back last.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from importlib import metadata
from itertools import zip_longest
from pathlib import Path, PurePosixPath
from typing import Any, Protocol

import numpy as np

import quietwing
from quietwing.coverage.catalogue import catalogue_text, read_catalogue
from quietwing.coverage.equipment import Device, Model
from quietwing.coverage.errors import ScenarioError
from quietwing.coverage.layout import layout_text, read_layout
from quietwing.coverage.planning.cost import cost, over_budget
from quietwing.coverage.report.verdict_tables import escapes_csv, rooms_csv, spill_csv, verdict_object
from quietwing.coverage.results import Verdict
from quietwing.coverage.rules import load_rules
from quietwing.coverage.scenario import Scenario, read_scenario
from quietwing.sites import load_site, save_site
from quietwing.sites.findings import clean
from quietwing.sites.fingerprint import fingerprint
from quietwing.sites.model import Site

__all__ = [
    "CATALOGUE",
    "LAYOUT",
    "MANIFEST",
    "SITE",
    "Recompute",
    "describe",
    "read_manifest",
    "result_object",
    "scenario_text",
    "verify_result",
    "write_result",
]

MANIFEST = "manifest.json"
FORMAT = 1
LARGEST_MANIFEST_BYTES = 1 << 20
RULES_BESIDE = "rules.toml"  # beside the scenario
SITE, SCENARIO, CATALOGUE, LAYOUT = "inputs/site", "inputs/scenario.toml", "inputs/catalogue.csv", "layout.csv"


class Recompute(Protocol):
    """`quietwing.coverage.study.run`, or anything that takes the same."""

    def __call__(
        self,
        site: Site,
        scenario: Scenario,
        *,
        devices: tuple[Device, ...],
        catalogue: Mapping[str, Model],
        maps: bool = True,
        stream: int = 0,
    ) -> Verdict:
        """The verdict of a layout."""


def describe(verdict: Verdict, catalogue: Mapping[str, Model]) -> dict[str, Any]:
    """What a verdict was made from: fingerprints of its inputs, versions, seed.

    Parameters
    ----------
    verdict : Verdict
    catalogue : mapping of str to Model
        The one its devices and treatments were read with.

    Returns
    -------
    dict
        Plain values, the same on every machine; no time, duration, path or host.
    """
    return {
        "format": FORMAT,
        "scenario_id": verdict.scenario_id,
        "inputs": {
            "site": fingerprint(verdict.site),
            "scenario": fingerprint(verdict.scenario),
            "layout": fingerprint(verdict.devices),
            "catalogue": fingerprint(dict(catalogue)),
        },
        "site_notes": list(verdict.site.notes),
        "versions": _versions(),
        "seed": verdict.scenario.seed,
        "stream": verdict.stream,
    }


def result_object(verdict: Verdict, catalogue: Mapping[str, Model]) -> dict[str, Any]:
    """The ``--json`` object of a verdict (DESIGN §6) with its cost, without its manifest.

    Parameters
    ----------
    verdict : Verdict
    catalogue : mapping of str to Model
        The one its devices and treatments were read with.

    Returns
    -------
    dict
        Plain values; what was assumed about money stands at the end of the notes.

    Raises
    ------
    ScenarioError
        If the layout cannot be priced.
    """
    spent = cost(verdict.site, verdict.devices, verdict.treatments, catalogue, verdict.scenario)
    found = verdict_object(verdict)
    return found | {
        "cost": {
            "capex_gbp": spent.capex_gbp,
            "opex_gbp_per_year": spent.opex_gbp_per_year,
            "whole_life_gbp": spent.whole_life_gbp,
            "npv_gbp": spent.npv_gbp,
            "illustrative": f"{spent.illustrative[0]} of {spent.illustrative[1]} prices",
        },
        "budget_gbp": verdict.scenario.budget_gbp,
        "over_budget": over_budget(spent, verdict.scenario),
        "notes": [*found["notes"], *spent.notes],
    }


def write_result(
    verdict: Verdict, folder: Path, *, catalogue: Mapping[str, Model], further: Mapping[str, str] | None = None
) -> Path:
    """Write a verdict as a result folder; equal verdicts give equal bytes.

    Parameters
    ----------
    verdict : Verdict
    folder : Path
        Made if missing. In an existing one the result's own files are replaced and others left alone.
    catalogue : mapping of str to Model
        The one its devices and treatments were read with.
    further : mapping of str to str, optional
        Name and text of more files of the result: ``plan.json`` of a plan.

    Returns
    -------
    Path
        The manifest.

    Raises
    ------
    OSError
        If the folder cannot be written.
    ScenarioError
        If the layout cannot be priced.
    """
    folder = Path(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    workshop = Path(tempfile.mkdtemp(prefix=".quietwing-", dir=folder.parent))
    try:
        made = workshop / "result"
        made.mkdir()
        save_site(verdict.site, made / SITE)
        texts = _outputs(verdict, catalogue) | {
            SCENARIO: scenario_text(verdict.scenario),
            **rules_beside(verdict.scenario),
            CATALOGUE: catalogue_text(catalogue),
            **(further or {}),
        }
        for name, text in texts.items():
            _write(made / name, text)
        manifest = describe(verdict, catalogue) | {"files": {name: _hash(made / name) for name in _files(made)}}
        _write(made / MANIFEST, json.dumps(manifest, indent=1, ensure_ascii=False, sort_keys=True) + "\n")
        _install(made, folder, workshop)
    finally:
        shutil.rmtree(workshop, ignore_errors=True)
    return folder / MANIFEST


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of a result folder.

    Parameters
    ----------
    folder : Path

    Returns
    -------
    dict

    Raises
    ------
    ScenarioError
        If the folder holds no result, or one this version cannot read.
    """
    path, shown = Path(folder) / MANIFEST, clean(str(folder))
    if not path.is_file():
        raise ScenarioError(f"{shown}: no {MANIFEST} in it; give a folder that 'quietwing evaluate --out' wrote")
    if path.stat().st_size > LARGEST_MANIFEST_BYTES:
        raise ScenarioError(f"{shown}: {MANIFEST} is larger than 1 MiB; write the result anew")
    try:
        found = json.loads(path.read_text("utf-8"))
    except (ValueError, RecursionError):
        raise ScenarioError(f"{shown}: {MANIFEST} is not JSON; write the result anew") from None
    kinds = {
        "format": int,
        "inputs": dict,
        "files": dict,
        "versions": dict,
        "site_notes": list,
        "seed": int,
        "stream": int,
    }
    wrong = [
        key for key, kind in kinds.items() if not isinstance(found, dict) or not isinstance(found.get(key), kind)
    ]
    if wrong or found["format"] != FORMAT or not all(_is_plain_name(name) for name in found["files"]):
        what = f"{', '.join(wrong)} missing" if wrong else "of another format or with paths that lead out"
        raise ScenarioError(f"{shown}: {MANIFEST} is no manifest of this version ({what}); write the result anew")
    return dict(found)


def verify_result(folder: Path, recompute: Recompute) -> tuple[str, ...]:
    """Check a result's files against its manifest, then compute it again from its inputs.

    Parameters
    ----------
    folder : Path
        As `write_result` left it; pictures and pages beside it are not looked at.
    recompute : callable
        `quietwing.coverage.study.run`.

    Returns
    -------
    tuple of str
        What does not hold, each with its file; empty if the result stands.

    Raises
    ------
    ScenarioError
        If the folder holds no result.
    """
    folder = Path(folder)
    manifest = read_manifest(folder)
    problems = _changed_files(folder, manifest["files"])
    if problems:
        return tuple(problems)
    catalogue = read_catalogue(folder / CATALOGUE)
    site = dataclasses.replace(load_site(folder / SITE), notes=tuple(str(note) for note in manifest["site_notes"]))
    scenario = read_scenario(folder / SCENARIO)
    devices = read_layout(folder / LAYOUT, catalogue)
    read = {"site": site, "scenario": scenario, "layout": devices, "catalogue": catalogue}
    for name, value in read.items():
        if fingerprint(value) != manifest["inputs"].get(name):
            problems.append(f"inputs: {name} is not the one the manifest names; write the result anew")
    if problems:
        return tuple(problems)
    again = recompute(site, scenario, devices=devices, catalogue=catalogue, maps=False, stream=manifest["stream"])
    for name, text in _outputs(again, catalogue).items():
        kept = (folder / name).read_bytes().decode("utf-8", "replace")
        if kept != text:
            problems.append(f"{name}: computed again it differs: {_first_difference(kept, text)}")
    here = _versions()
    if problems and manifest["versions"] != here:
        before = ", ".join(f"{name} {version}" for name, version in sorted(manifest["versions"].items()))
        now = ", ".join(f"{name} {version}" for name, version in sorted(here.items()))
        problems.append(f"versions: made with {before}; here {now}: the last digits may differ")
    return tuple(problems)


def scenario_text(scenario: Scenario) -> str:
    """A scenario as TOML with every key that has a value; equal scenarios give equal text."""
    plain, tables = [], []
    for field in dataclasses.fields(scenario):
        value = getattr(scenario, field.name)
        if field.name == "treatments":
            tables = [
                f"\n[[treatments]]\nmodel = {_toml(wish.model)}\nrooms = {_toml(wish.rooms)}\n" for wish in value
            ]
        elif field.name == "rules":
            plain += [f"rules = {_toml(RULES_BESIDE)}\n"] if value != load_rules() else []
        elif value is not None:  # TOML has no null: a key left out is None when read
            plain.append(f"{field.name} = {_toml(value)}\n")
    return "".join([*plain, *tables])


def rules_beside(scenario: Scenario) -> dict[str, str]:
    """The rules file of a scenario that has its own, by its place in a result folder."""
    if scenario.rules == load_rules():
        return {}
    return {str(Path(SCENARIO).with_name(RULES_BESIDE)): scenario.rules.text}


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return f"[{', '.join(_toml(item) for item in value)}]"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return repr(value)


def _outputs(verdict: Verdict, catalogue: Mapping[str, Model]) -> dict[str, str]:
    """Name and content of everything that is computed, and the layout."""
    found = result_object(verdict, catalogue)
    return {
        "verdict.json": json.dumps(found, indent=1, ensure_ascii=False, allow_nan=False) + "\n",
        "rooms.csv": rooms_csv(verdict),
        "escapes.csv": escapes_csv(verdict),
        "spill.csv": spill_csv(verdict),
        LAYOUT: layout_text(verdict.devices),
    }


def _versions() -> dict[str, str]:
    return {"quietwing": quietwing.__version__, "numpy": np.__version__, "numba": metadata.version("numba")}


def _write(path: Path, text: str) -> None:
    with open(path, "w", encoding="utf-8", newline="\n") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def _install(made: Path, folder: Path, workshop: Path) -> None:
    """Put a finished result in its place: in one step where nothing is there yet, else with the manifest last."""
    made.chmod(0o755)
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        os.replace(made, folder)
        return
    (folder / MANIFEST).unlink(missing_ok=True)
    if (folder / "inputs").exists():
        os.replace(folder / "inputs", workshop / "old-inputs")
    for entry in sorted(made.iterdir(), key=lambda path: (path.name == MANIFEST, path.name)):
        os.replace(entry, folder / entry.name)


def _is_plain_name(name: str) -> bool:
    """Whether a name of a manifest stays within the folder."""
    path = PurePosixPath(name)
    return not (path.is_absolute() or ".." in path.parts or "\\" in name or ":" in name or "\0" in name or not name)


def _changed_files(folder: Path, files: Mapping[str, Any]) -> list[str]:
    problems = []
    for name, expected in sorted(files.items()):
        path = folder / name
        if not path.is_file():
            problems.append(f"{name}: missing; write the result anew")
        elif _hash(path) != expected:
            problems.append(f"{name}: changed since it was written; write the result anew")
    needed = {"verdict.json", "rooms.csv", "escapes.csv", "spill.csv", LAYOUT, SCENARIO, CATALOGUE}
    problems += [f"{name}: not in the manifest; write the result anew" for name in sorted(needed - set(files))]
    there = {name for name in _files(folder) if name.startswith("inputs/")}
    problems += [f"{clean(name)}: not of this result; remove it" for name in sorted(there - set(files))]
    return problems


def _first_difference(kept: str, again: str) -> str:
    for number, (one, other) in enumerate(zip_longest(kept.splitlines(), again.splitlines()), 1):
        if one != other:
            return f"line {number} is {clean(str(one))[:120]!r}, computed {clean(str(other))[:120]!r}"
    return "only in its line ends"
