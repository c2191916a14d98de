"""A verdict kept: one folder written whole, with what is needed to compute it again and a manifest to check it by.

::

    manifest.json            hashes of every file, fingerprints of the inputs, versions, seed; no time, path or host
    verdict.json             the object `quietwing evaluate --json` prints, without its manifest
    rooms.csv escapes.csv spill.csv layout.csv
    inputs/site/ inputs/scenario.toml inputs/catalogue.csv
    summary.html *.png       where `pages` are asked for

A folder without ``manifest.json`` is no result: it is taken away first and put back last (`result_folder`).
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterable, Mapping
from itertools import zip_longest
from pathlib import Path
from typing import Any, Protocol

from quietwing.coverage.answers import VerdictAnswer
from quietwing.coverage.catalogue import catalogue_text, read_catalogue
from quietwing.coverage.equipment import Device, Model
from quietwing.coverage.errors import ScenarioError
from quietwing.coverage.layout import layout_text, read_layout
from quietwing.coverage.planning import cost, over_budget
from quietwing.coverage.report import VERDICT_TABLES, budget_from, contrast_object, verdict_object
from quietwing.coverage.result_folder import (
    BATCH_ITEM,
    FORMAT,
    LARGEST_MANIFEST_BYTES,
    MANIFEST,
    UNFINISHED,
    VERDICT_FILES,
    files_in,
    hash_of,
    is_plain_name,
    other_versions,
    put,
    too_large,
    versions,
    workshop_near,
)
from quietwing.coverage.results import ContrastBudget, Verdict
from quietwing.coverage.rules import load_rules
from quietwing.coverage.scenario import OperatorAction, Scenario, TreatmentWish, read_scenario
from quietwing.coverage.study import contrast_budgets, is_stream
from quietwing.sites import Site, clean, fingerprint, load_site, save_site, toml_value

__all__ = [
    "CATALOGUE",
    "LAYOUT",
    "MANIFEST",
    "SCENARIO",
    "SITE",
    "Recompute",
    "changed_files",
    "describe",
    "first_difference",
    "read_budgets",
    "read_manifest",
    "result_object",
    "rules_beside",
    "scenario_text",
    "verify_result",
    "versions",
    "write_result",
]

RESULT_ENDINGS = (".html", ".png", ".csv", ".json")  # what results hold: one of these is taken for a part of them
RULES_BESIDE = "rules.toml"  # beside the scenario
VERDICT = "verdict.json"
SITE, SCENARIO, CATALOGUE, LAYOUT = "inputs/site", "inputs/scenario.toml", "inputs/catalogue.csv", "layout.csv"


class Recompute(Protocol):
    """`quietwing.coverage.study.evaluate`, or anything that takes the same."""

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
            "rules": fingerprint(verdict.scenario.rules),
            "layout": fingerprint(verdict.devices),
            "catalogue": fingerprint(dict(catalogue)),
        },
        "site_notes": list(verdict.site.notes),
        "rules": verdict.scenario.rules.name,
        "versions": versions(),
        "seed": verdict.scenario.seed,
        "stream": verdict.stream,
    }


def result_object(verdict: Verdict, catalogue: Mapping[str, Model]) -> VerdictAnswer:
    """The ``--json`` object of a verdict with its cost, without its manifest.

    Parameters
    ----------
    verdict : Verdict
    catalogue : mapping of str to Model
        The one its devices and treatments were read with.

    Returns
    -------
    dict
        Plain values; what was assumed about money stands at the end of the notes. The contrast budgets, if the
        verdict has any, line by line as every face shows them.

    Raises
    ------
    ScenarioError
        If the layout cannot be priced.
    """
    spent = cost(verdict.site, verdict.devices, verdict.treatments, catalogue, verdict.scenario)
    found = verdict_object(verdict)
    found["cost"] = {
        "capex_gbp": spent.capex_gbp,
        "opex_gbp_per_year": spent.opex_gbp_per_year,
        "whole_life_gbp": spent.whole_life_gbp,
        "npv_gbp": spent.npv_gbp,
        "illustrative": f"{spent.illustrative[0]} of {spent.illustrative[1]} prices",
    }
    found["budget_gbp"] = verdict.scenario.budget_gbp
    found["over_budget"] = over_budget(spent, verdict.scenario)
    found["notes"] = [*found["notes"], *spent.notes]
    if verdict.contrast:
        found["contrast"] = [contrast_object(one) for one in verdict.contrast]
    return found


def write_result(
    verdict: Verdict,
    folder: Path,
    *,
    catalogue: Mapping[str, Model],
    further: Mapping[str, str] | None = None,
    pages: Callable[[Path], Iterable[str]] | None = None,
) -> tuple[Path, ...]:
    """Write a verdict as a result folder; equal verdicts give equal bytes.

    Parameters
    ----------
    verdict : Verdict
    folder : Path
        Made if missing. Of an existing one only files of an earlier result, unchanged since, are replaced or removed.
    catalogue : mapping of str to Model
        The one its devices and treatments were read with.
    further : mapping of str to str, optional
        Name and text of more files of the result: ``plan.json`` of a plan.
    pages : callable, optional
        Makes pictures and pages in the folder it is given and returns their names:
        `quietwing.coverage.report.make_files`.

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
    ScenarioError
        If the layout cannot be priced.
    """
    texts = {
        VERDICT: _verdict_text(verdict, catalogue),
        LAYOUT: layout_text(verdict.devices),
        SCENARIO: scenario_text(verdict.scenario),
        **rules_beside(verdict.scenario),
        CATALOGUE: catalogue_text(catalogue),
        **(further or {}),
    }
    with workshop_near(folder) as made:
        names = [] if pages is None else list(pages(made))
        save_site(verdict.site, made / SITE)
        tables = {name: table(verdict) for name, table in VERDICT_TABLES.items() if name not in names}
        for name, text in (texts | tables).items():
            (made / name).write_text(text, encoding="utf-8", newline="\n")
        manifest = put(made, folder, describe(verdict, catalogue))
    return (*(Path(folder) / name for name in names), manifest)


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
        todo = "give a folder that 'quietwing evaluate --out' wrote"
        if (Path(folder) / UNFINISHED).is_file():
            todo = "writing it was interrupted: run the command that wrote it again"
        raise ScenarioError(f"{shown}: no {MANIFEST} in it; {todo}")
    if path.stat().st_size > LARGEST_MANIFEST_BYTES:
        raise ScenarioError(f"{shown}: {MANIFEST} is larger than 4 MiB; write the result anew")
    try:
        found = json.loads(path.read_text("utf-8"))
    except (ValueError, RecursionError):
        raise ScenarioError(f"{shown}: {MANIFEST} is not JSON; write the result anew") from None
    kinds = {"format": int, "files": dict}
    if not isinstance(found, dict) or set(found) != set(kinds):  # else a report alone, with no inputs
        kinds |= {"inputs": dict, "versions": dict, "site_notes": list, "seed": int, "stream": int}
    wrong = [
        key for key, kind in kinds.items() if not isinstance(found, dict) or not isinstance(found.get(key), kind)
    ]
    if not wrong and "stream" in kinds and not is_stream(found["stream"]):
        wrong = ["stream"]
    if wrong or found["format"] != FORMAT or not all(is_plain_name(name) for name in found["files"]):
        what = "of another format or with paths that lead out"
        if wrong:
            what = f"{', '.join(wrong)} missing, or no value that is written there"
        raise ScenarioError(f"{shown}: {MANIFEST} is no manifest of this version ({what}); write the result anew")
    return dict(found)


def read_budgets(folder: Path) -> tuple[ContrastBudget, ...]:
    """The contrast budgets a result folder holds, as ``verdict.json`` has them.

    Parameters
    ----------
    folder : Path

    Returns
    -------
    tuple of ContrastBudget
        Empty where none was asked for.

    Raises
    ------
    ScenarioError
        If ``verdict.json`` cannot be read.
    """
    try:
        spoken = json.loads((Path(folder) / VERDICT).read_text("utf-8"))
        return tuple(budget_from(each) for each in spoken.get("contrast", ()))
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise ScenarioError(
            f"{clean(str(folder))}: {VERDICT} cannot be read ({type(error).__name__}); write the result anew"
        ) from None


def verify_result(folder: Path, recompute: Recompute) -> tuple[str, ...]:
    """Check all of a result's files against its manifest, then compute it again from its inputs if it holds them.

    Parameters
    ----------
    folder : Path
        As `write_result` or `quietwing.coverage.report.write` left it; the latter keeps no inputs.
    recompute : callable
        `quietwing.coverage.study.evaluate`.

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
    if "inputs" not in manifest:
        return tuple(changed_files(folder, manifest["files"]))
    problems = changed_files(folder, manifest["files"]) + _wrong_set_of_files(folder, manifest["files"])
    if problems:
        return tuple(problems)
    catalogue = read_catalogue(folder / CATALOGUE)
    site = dataclasses.replace(load_site(folder / SITE), notes=tuple(str(note) for note in manifest["site_notes"]))
    scenario = read_scenario(folder / SCENARIO)
    named = dataclasses.replace(scenario.rules, name=clean(str(manifest.get("rules", ""))))
    scenario = dataclasses.replace(scenario, rules=named)  # the file was kept under another name
    devices = read_layout(folder / LAYOUT, catalogue)
    read = {"site": site, "scenario": scenario, "rules": scenario.rules, "layout": devices, "catalogue": catalogue}
    for name, value in read.items():
        if fingerprint(value) != manifest["inputs"].get(name):
            problems.append(f"inputs: {name} is not the one the manifest names; write the result anew")
    if problems:
        return tuple(problems)
    again = recompute(site, scenario, devices=devices, catalogue=catalogue, maps=False, stream=manifest["stream"])
    budgets = read_budgets(folder)
    if budgets:
        rooms = [one.room for one in budgets]
        try:
            found = contrast_budgets(again, rooms, catalogue=catalogue, limit=len(rooms))
        except ScenarioError as error:
            return (f"{VERDICT}: contrast: {error}",)
        again = dataclasses.replace(again, contrast=found)
    texts = {VERDICT: _verdict_text(again, catalogue), LAYOUT: layout_text(again.devices)}
    for name, text in (texts | {name: table(again) for name, table in VERDICT_TABLES.items()}).items():
        kept = (folder / name).read_bytes().decode("utf-8", "replace")
        if kept != text:
            problems.append(f"{name}: computed again it differs: {first_difference(kept, text)}")
    if problems and (other := other_versions(manifest["versions"])):
        problems.append(f"versions: {other}")
    return tuple(problems)


def scenario_text(scenario: Scenario) -> str:
    """A scenario as TOML with every key that has a value; equal scenarios give equal text."""
    plain, tables = [], []
    for field in dataclasses.fields(scenario):
        value = getattr(scenario, field.name)
        if field.name in ("treatments", "operator_actions"):
            tables += [f"\n[[{field.name}]]\n{_keys(entry)}" for entry in value]
        elif field.name == "rules":
            plain += [f"rules = {toml_value(RULES_BESIDE)}\n"] if value != load_rules() else []
        elif value is not None:  # TOML has no null: a key left out is None when read
            plain.append(f"{field.name} = {toml_value(value)}\n")
    return "".join([*plain, *tables])


def rules_beside(scenario: Scenario) -> dict[str, str]:
    """The rules file of a scenario that has its own, by its place in a result folder."""
    if scenario.rules == load_rules():
        return {}
    return {str(Path(SCENARIO).with_name(RULES_BESIDE)): scenario.rules.text}


def _keys(entry: TreatmentWish | OperatorAction) -> str:
    """The keys of one entry of a list of tables; what is None is left out."""
    given = ((field.name, getattr(entry, field.name)) for field in dataclasses.fields(entry))
    return "".join(f"{name} = {toml_value(value)}\n" for name, value in given if value is not None)


def _verdict_text(verdict: Verdict, catalogue: Mapping[str, Model]) -> str:
    found = result_object(verdict, catalogue)
    return json.dumps(found, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def changed_files(folder: Path, files: Mapping[str, Any]) -> list[str]:
    """Files that are missing or not as a manifest has them, and pages, pictures and tables it lacks, a line each."""
    problems = []
    for name, expected in sorted(files.items()):
        path = folder / name
        if path.is_symlink() or not path.is_file():
            what = "a link in its place" if path.is_symlink() else "missing"
            problems.append(f"{clean(name)}: {what}; write the result anew")
        elif much := too_large(path):
            problems.append(f"{clean(name)}: {much}; write the result anew")
        elif hash_of(path) != expected:
            problems.append(f"{clean(name)}: changed since it was written; write the result anew")
    for name in files_in(folder):
        path = Path(name)
        ours = path.suffix.lower() in RESULT_ENDINGS and path.name not in (MANIFEST, UNFINISHED, BATCH_ITEM)
        if ours and name not in files and path.parts[0] != "inputs":  # of the inputs every file is looked at
            problems.append(
                f"{clean(name)}: not in the manifest, so nothing is known of it; take it out of the folder"
            )
    return problems


def _wrong_set_of_files(folder: Path, files: Mapping[str, Any]) -> list[str]:
    """What a verdict needs and the manifest does not name, and inputs the manifest does not name."""
    missing = sorted(set(VERDICT_FILES) - set(files))
    problems = [f"{name}: not in the manifest; write the result anew" for name in missing]
    there = {f"inputs/{name}" for name in files_in(folder / "inputs")}
    problems += [f"{clean(name)}: not of this result; remove it" for name in sorted(there - set(files))]
    return problems


def first_difference(kept: str, again: str) -> str:
    """The first line in which two texts differ, in words."""
    for number, (one, other) in enumerate(zip_longest(kept.splitlines(), again.splitlines()), 1):
        if one != other:
            return f"line {number} is {clean(str(one))[:120]!r}, computed {clean(str(other))[:120]!r}"
    return "only in its line ends"
