"""From a sweep file, or a folder of scenarios, to the items of a batch, with every problem told at once."""

from __future__ import annotations

import dataclasses
import itertools
import math
import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from quietwing.coverage.batch.items import BatchItem, item_id, key_text
from quietwing.coverage.batch.set_option import parse_set
from quietwing.coverage.batch.tasks import MODES
from quietwing.coverage.catalogue import read_catalogue
from quietwing.coverage.equipment import Device, Model
from quietwing.coverage.errors import ScenarioError, SiteError
from quietwing.coverage.layout import check_layout, read_layout
from quietwing.coverage.rules import read_rules
from quietwing.coverage.scenario import Scenario, read_scenario
from quietwing.sites import (
    BUNDLED,
    MOST_ALIKE,
    Findings,
    Site,
    Unreadable,
    beside,
    clean,
    did_you_mean,
    fingerprint,
    load_site,
    problems_text,
    read_text,
    shown,
    toml_of,
)

__all__ = ["MOST_ITEMS", "plan_batch"]

MOST_ITEMS = 10_000
MOST_SITES = 1_000  # each is read before the first item, which takes a tenth of a second or more
MOST_SCENARIO_BYTES = 64 * 2**20  # text of scenarios, counted for each item, which holds one of its own
LARGEST_FILE_BYTES = 1 << 20
KEYS = ("format", "site", "sites", "scenario", "layout", "mode", "set")
SCENARIO_KEYS = tuple(each.name for each in dataclasses.fields(Scenario))
BASE_FILE = "file"  # in the table [scenario]: the file whose keys the others replace


@dataclass
class _Wish:
    """What is asked for, before anything it names is read."""

    file: str
    folder: Path = field(default_factory=Path)  # what files are named from
    sites: list[tuple[str, str | Path]] = field(default_factory=list)  # label, source
    scenarios: list[tuple[str, Path | None]] = field(default_factory=lambda: [("", None)])
    sites_from: str = ""  # the file or option that names them
    layout: Path | None = None
    mode: str = "evaluate"
    base: dict[str, object] = field(default_factory=dict)
    grid: dict[str, list[object]] = field(default_factory=dict)
    place: dict[str, str] = field(default_factory=dict)  # where each key stands, for messages


@dataclass(frozen=True)
class _Place:
    """A site with what lies beside it, each with its fingerprint."""

    label: str
    site: Site
    site_hash: str
    own_scenario: Path | None
    devices: tuple[Device, ...]
    layout_hash: str
    catalogue: Mapping[str, Model]
    catalogue_hash: str


def plan_batch(
    source: Path, *, sites: Sequence[str] = (), sets: Sequence[str] = (), mode: str | None = None
) -> tuple[BatchItem, ...]:
    """The items of a batch in the order of their sites, scenarios and grid, the last key fastest.

    Parameters
    ----------
    source : Path
        A sweep file, or a folder whose ``*.toml`` files are scenarios.
    sites : sequence of str
        Bundled names or folders; replace those of the sweep file. A folder of scenarios needs at least one.
    sets : sequence of str
        ``key=a,b,c`` of the command line; add to the grid, or replace a key of it.
    mode : str, optional
        Replaces the sweep file's.

    Returns
    -------
    tuple of BatchItem
        Equal questions appear as often as they are asked, with equal ids.

    Raises
    ------
    ScenarioError
        With all problems of all files and options at once.
    """
    source, findings = Path(source), Findings()
    if not source.exists():
        raise ScenarioError(
            f"{clean(str(source))}: no such file or folder; give a sweep file (.toml) or a folder of scenarios"
        )
    wish = _of_folder(source, findings) if source.is_dir() else _of_file(source, findings)
    if sites:
        wish.sites, wish.sites_from = [(name, name) for name in sites], "--site"
    _take_sets(wish, sets, findings)
    wish.mode = wish.mode if mode is None else mode
    if wish.mode not in MODES:
        findings.problem(wish.file, "mode", f"{shown(wish.mode)} is unknown; {did_you_mean(wish.mode, MODES)}")
    if not wish.sites and "site" not in findings.unread:
        advice = "give --site" if source.is_dir() else 'write site = "houseblock", or a folder\'s name'
        findings.problem(wish.file, "", f"names no site; {advice}")
    _check_grid(wish, findings)
    _refuse_too_large(wish, findings)
    places = _places(wish, findings)
    questions = list(_questions(wish, places, findings))
    if findings.problems:
        raise ScenarioError(problems_text(tuple(findings.problems)))
    return tuple(questions)


def _of_folder(folder: Path, findings: Findings) -> _Wish:
    """Every scenario in a folder."""
    wish = _Wish(folder.name or str(folder), folder)
    files = sorted(folder.glob("*.toml"))
    rules = {named for path in files if (named := _rules_named(path))}
    wish.scenarios = [(path.name, path) for path in files if path.name not in rules]
    if not wish.scenarios:
        findings.problem(wish.file, "", "holds no scenario; put scenario files (.toml) into it, or give a sweep file")
    return wish


def _rules_named(path: Path) -> str:
    """The rules file that a scenario names, which is no scenario itself; what cannot be read is told later."""
    try:
        text = read_text(path, path.parent, LARGEST_FILE_BYTES)
        named = toml_of(text).get("rules") if "rules" in text else ""
    except Unreadable:
        return ""
    return named if isinstance(named, str) else ""


def _of_file(path: Path, findings: Findings) -> _Wish:
    """A sweep file as it stands, wrong kinds left out with a problem each."""
    wish = _Wish(path.name, path.parent, sites_from=path.name)
    try:
        raw = toml_of(read_text(path, path.parent, LARGEST_FILE_BYTES))
    except Unreadable as error:
        raise ScenarioError(f"{clean(path.name)}: {error}") from None
    for key in raw:
        if key not in KEYS:
            findings.problem(path.name, key, f"unknown key; {_key_advice(key)}")
    if type(raw.get("format", 1)) is not int or raw.get("format", 1) != 1:
        findings.problem(path.name, "format", f"is {shown(raw['format'])} (expected 1); write format = 1")
    _take_sites(raw, path, wish, findings)
    if "layout" in raw and _is_text(raw["layout"], path.name, "layout", findings):
        wish.layout = path.parent / raw["layout"]
    if "mode" in raw and _is_text(raw["mode"], path.name, "mode", findings):
        wish.mode = raw["mode"]
    _take_scenario(raw.get("scenario", {}), path, wish, findings)
    grid = raw.get("set", {})
    if not isinstance(grid, dict):
        findings.problem(
            path.name, "set", f"is {shown(grid)} (expected a table of lists); write [set] and key = [...]"
        )
        grid = {}
    for key, values in grid.items():
        if not isinstance(values, list):
            findings.problem(
                path.name, f"set, {key}", f"is {shown(values)} (expected a list); write [{clean(str(values), 40)}]"
            )
            continue
        wish.grid[key], wish.place[key] = values, f"{clean(path.name)}: set, {clean(key)}"
    return wish


def _key_advice(key: str) -> str:
    if key in SCENARIO_KEYS:
        return f"it belongs to a scenario: write it under [scenario], or under [set] as {clean(key)} = [...]"
    return did_you_mean(key, KEYS)


def _is_text(value: object, file: str, where: str, findings: Findings) -> bool:
    if isinstance(value, str) and value.strip() and "\0" not in value:
        return True
    findings.problem(file, where, f"is {shown(value)} (expected a name in quotes); write it so")
    return False


def _take_sites(raw: Mapping[str, Any], path: Path, wish: _Wish, findings: Findings) -> None:
    if "site" in raw and "sites" in raw:
        findings.problem(path.name, "site", "stands beside sites (expected one of them); keep one")
    names = raw.get("sites", [raw["site"]] if "site" in raw else [])
    if not isinstance(names, list) or ("sites" in raw and not names):
        findings.problem(path.name, "sites", f'is {shown(names)} (expected a list of names); write sites = ["..."]')
        findings.unread.add("site")
        return
    for name in names:
        if not _is_text(name, path.name, "sites" if "sites" in raw else "site", findings):
            findings.unread.add("site")
            continue
        wish.sites.append((name, name if name in BUNDLED else path.parent / name))


def _take_scenario(table: object, path: Path, wish: _Wish, findings: Findings) -> None:
    """``scenario = "file"``, or a table of keys in which ``file`` names the file they replace keys of."""
    if isinstance(table, str):
        table = {BASE_FILE: table}
    if not isinstance(table, dict):
        findings.problem(
            path.name, "scenario", f"is {shown(table)} (expected a file's name or a table); write [scenario]"
        )
        return
    base = dict(table)
    if BASE_FILE in base and _is_text(base[BASE_FILE], path.name, f"scenario, {BASE_FILE}", findings):
        wish.scenarios = [("", path.parent / str(base[BASE_FILE]))]
    base.pop(BASE_FILE, None)
    for key, value in base.items():
        place = f"{clean(path.name)}: scenario, {clean(key)}"
        if key not in SCENARIO_KEYS:
            findings.problems[f"{place}: unknown setting; {did_you_mean(key, SCENARIO_KEYS)}"] = None
            continue
        wish.base[key], wish.place[key] = value, place


def _take_sets(wish: _Wish, sets: Sequence[str], findings: Findings) -> None:
    """The options --set: each adds a key to the grid or replaces one."""
    given: set[str] = set()
    for text in sets:
        try:
            key, values = parse_set(text)
        except ScenarioError as error:
            findings.problems[str(error)] = None
            continue
        if key in given:
            findings.problem("--set", key, "is given twice; give one list")
        given.add(key)
        wish.grid[key], wish.place[key] = values, f"--set: {clean(key)}"


def _check_grid(wish: _Wish, findings: Findings) -> None:
    """Report and take away what cannot be swept."""
    for key, values in list(wish.grid.items()):
        place = wish.place[key]
        if key not in SCENARIO_KEYS:
            findings.problems[f"{place}: unknown setting; {did_you_mean(key, SCENARIO_KEYS)}"] = None
        elif not values:
            findings.problems[f"{place}: is an empty list (expected values to try); give some or remove it"] = None
        else:
            seen: set[str] = set()
            for value in values:
                # as JSON, 1 and true differ; 1 and 1.0 are the same number
                text = key_text(float(value) if type(value) is int and abs(value) < 2**53 else value)
                if text in seen:
                    findings.problems[f"{place}: has {shown(value)} twice; remove one"] = None
                seen.add(text)
            continue
        del wish.grid[key]
    twice = [label for label, count in Counter(label for label, _ in wish.sites).items() if count > 1]
    for label in twice:
        findings.problem(wish.file, "sites", f"has {shown(label)} twice; remove one")


def _refuse_too_large(wish: _Wish, findings: Findings) -> None:
    """Refuse a batch of more than can be read and kept, before any site is."""
    points = math.prod(len(values) for values in wish.grid.values())
    count = max(1, len(wish.sites)) * len(wish.scenarios) * points
    files = [path for _, path in wish.scenarios if path is not None] * max(1, len(wish.sites))
    files = files or [Path(source) / "scenario.toml" for _, source in wish.sites]
    size = len(key_text(wish.base)) * count + points * sum(
        os.path.getsize(path) for path in files if os.path.isfile(path)
    )
    if len(wish.sites) > MOST_SITES:
        what = f"names {len(wish.sites):,} sites (limit {MOST_SITES:,}); split the batch"
    elif count > MOST_ITEMS:
        what = f"asks for {count:,} items (limit {MOST_ITEMS:,}); sweep fewer values or split the batch"
    elif size > MOST_SCENARIO_BYTES:
        what = (
            f"asks for {count:,} items whose scenarios have {size:,} characters together "
            f"(limit {MOST_SCENARIO_BYTES:,}); shorten the scenario or split the batch"
        )
    else:
        return
    findings.problem(wish.file, "", what)
    raise ScenarioError(problems_text(tuple(findings.problems)))


def _places(wish: _Wish, findings: Findings) -> list[_Place]:
    """The sites with what lies beside them; what cannot be read is a problem."""
    found = []
    short = [Path(source).name for _, source in wish.sites]
    for (label, source), name in zip(wish.sites, short, strict=True):
        try:
            site = load_site(source)
            catalogue = read_catalogue(beside(source, "catalogue.csv"))
            layout = wish.layout or beside(source, "layout.csv")
            devices = read_layout(layout, catalogue) if layout is not None else ()
        except (SiteError, ScenarioError) as error:
            problems, many = str(error).splitlines(), len(wish.sites) > 1
            if isinstance(error, SiteError):
                problems, many = list(error.problems), True
            lead = f"{clean(wish.sites_from)}: {clean(label, 60)}: " if many else ""
            findings.problems |= dict.fromkeys(lead + problem for problem in problems)
            continue
        if layout is not None:
            findings.problems |= dict.fromkeys(check_layout(site, devices, layout.name))
        found.append(
            _Place(
                label=name if short.count(name) == 1 else label,  # a path of this machine stays out of the tables
                site=site,
                site_hash=fingerprint(site),
                own_scenario=beside(source, "scenario.toml"),
                devices=devices,
                layout_hash=fingerprint(devices),
                catalogue=catalogue,
                catalogue_hash=fingerprint(dict(catalogue)),
            )
        )
    return found


def _questions(wish: _Wish, places: list[_Place], findings: Findings) -> Iterator[BatchItem]:
    """Every site × scenario × point of the grid; a point that is no scenario is a problem."""
    # Without a site its own scenario is not known, and the keys can be checked all the same.
    beside: list[_Place | None] = [*places] or [None]
    points = itertools.product(beside, wish.scenarios, itertools.product(*wish.grid.values()))
    for place, (label, path), values in itertools.islice(points, MOST_ITEMS):
        if len(findings.problems) > MOST_ALIKE:
            return
        swept = dict(zip(wish.grid, values, strict=True))
        beginning = path or (place.own_scenario if place is not None else None)
        try:
            scenario = read_scenario(beginning, **_with_rules(wish, wish.base | swept))
        except ScenarioError as error:
            findings.problems |= dict.fromkeys(_placed(line, wish.place) for line in str(error).splitlines())
            continue
        if place is None or wish.mode not in MODES:
            continue
        keys: dict[str, object] = {}
        if len(wish.sites) > 1:
            keys["site"] = place.label
        if label:
            keys["scenario"] = label
        yield BatchItem(
            id=item_id(wish.mode, place.site_hash, scenario, place.layout_hash, place.catalogue_hash),
            mode=wish.mode,
            site=place.site,
            scenario=scenario,
            devices=place.devices,
            catalogue=place.catalogue,
            keys=tuple((keys | swept).items()),
        )


def _with_rules(wish: _Wish, asked: dict[str, object]) -> dict[str, object]:
    """The keys of a question, a rules file that the sweep itself names read from beside the sweep."""
    named = asked.get("rules")
    if not isinstance(named, str) or not named:
        return asked
    return asked | {"rules": read_rules(wish.folder / named)}


def _placed(line: str, place: Mapping[str, str]) -> str:
    """A problem of a scenario with the place its key really stands in."""
    for key, where in place.items():
        for end in (":", " ", ","):
            if line.startswith(f"option {key}{end}"):
                return where + line.removeprefix(f"option {key}")
    return line
