"""What lies beside the layers of a site: its catalogue, scenario and layout."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

from quietwing.coverage.catalogue import read_catalogue
from quietwing.coverage.equipment import Device, Model
from quietwing.coverage.errors import ScenarioError, SiteError
from quietwing.coverage.layout import check_layout, read_layout
from quietwing.coverage.scenario import Scenario, read_scenario
from quietwing.sites import (
    CheckReport,
    DrawingChoices,
    Site,
    Unreadable,
    beside,
    check,
    clean,
    drawing_kind,
    import_drawing,
    opened,
    read_and_check,
    read_bytes,
    site_path,
    toml_of,
)

__all__ = [
    "ImportedSite",
    "check_with_inputs",
    "equipment_of",
    "files_beside",
    "import_plans",
    "import_with_inputs",
]


READ_BESIDE = ("catalogue.csv", "scenario.toml", "layout.csv")  # a layout is read by its catalogue


@dataclass(frozen=True)
class ImportedSite:
    """A checked site with what lies beside its layers.

    Attributes
    ----------
    site : Site
    report : CheckReport
    devices : tuple of Device
        Of its ``layout.csv``.
    scenario, catalogue
        None where the source has none.
    files : dict of str to bytes
        Layout, scenario with its rules file, and catalogue, as they are.
    left_out : tuple of str
        Members of a zip that are no file of a site.
    counts : mapping
        Of a drawing: its storeys with what was found on each.
    kept : tuple of str
        Of a drawing imported again: the edits that were kept.
    """

    site: Site
    report: CheckReport
    devices: tuple[Device, ...] = ()
    scenario: Scenario | None = None
    catalogue: dict[str, Model] | None = None
    files: dict[str, bytes] | None = None
    left_out: tuple[str, ...] = ()
    counts: Mapping[str, Any] | None = None
    kept: tuple[str, ...] = ()


def import_plans(
    sources: Sequence[str | Path],
    choices: DrawingChoices | None = None,
    near: Path | None = None,
    again: Path | None = None,
) -> ImportedSite:
    """The site in a folder, GeoPackage or zip with its inputs, or the one a drawing shows.

    Parameters
    ----------
    sources : sequence of str or Path
        One source of a site, or the drawings of its storeys from the lowest up.
    choices : DrawingChoices, optional
        What a drawing does not say.
    near : Path, optional
        As for `import_with_inputs`.
    again : Path, optional
        The folder an import before was written to: edits made there since are kept.

    Returns
    -------
    ImportedSite

    Raises
    ------
    SiteError
        With every problem.
    """
    if len(sources) == 1 and drawing_kind(sources[0]) is None:
        if choices is not None and choices != DrawingChoices():
            raise SiteError(
                f"{clean(str(sources[0]))}: is no drawing, so --mapping, --unit, --scale, --storey-height and --page "
                f"mean nothing; leave them out"
            )
        return import_with_inputs(sources[0], near)
    found = import_drawing(sources, choices, near=near, again=again)
    return ImportedSite(found.site, found.report, files=found.files, counts=found.counts, kept=found.kept)


def import_with_inputs(source: str | Path, near: Path | None = None) -> ImportedSite:
    """The site in a folder, GeoPackage or zip, and its layout, scenario and catalogue, all checked.

    Parameters
    ----------
    source : str or Path
        As for `quietwing.sites.importers.import_site`.
    near : Path, optional
        The folder a zip is unpacked in for a moment.

    Returns
    -------
    ImportedSite

    Raises
    ------
    SiteError
        With every problem of every file, those of layout, scenario and catalogue among them.
    ScenarioError
        The same, where the site itself has none.
    """
    with opened(source, near) as at_hand:
        site, report = read_and_check(at_hand.path)
        inputs, problems = _inputs(at_hand.path, site)
        if site is None:
            raise SiteError([*report.problems, *problems])
        if problems:
            raise ScenarioError("\n".join(problems))
        files = files_beside(at_hand.path) if at_hand.path.is_dir() else {}
    return ImportedSite(site, report, inputs.devices, inputs.scenario, inputs.catalogue, files, at_hand.left_out)


def check_with_inputs(source: str | Path) -> CheckReport:
    """What `quietwing.sites.check` finds, and the problems of catalogue, scenario and layout beside the layers.

    Parameters
    ----------
    source : str or Path
        As for `quietwing.sites.load_site`.

    Returns
    -------
    CheckReport
        Also where there is no such site.
    """
    try:
        path = site_path(source)
    except SiteError:
        return check(source)
    site, report = read_and_check(path)
    return replace(report, problems=(*report.problems, *_inputs(path, site)[1]))


class _Inputs(NamedTuple):
    """What lies beside the layers, as far as it is sound."""

    catalogue: dict[str, Model] | None = None
    scenario: Scenario | None = None
    devices: tuple[Device, ...] = ()


def _inputs(folder: Path, site: Site | None) -> tuple[_Inputs, tuple[str, ...]]:
    """What lies beside the layers, and its problems; none of a single file."""
    found, problems = _Inputs(), list[str]()
    for name in READ_BESIDE:
        path = folder / name
        if not path.is_file():  # what is none and still there is a problem of the site's own report
            continue
        try:
            if name == "catalogue.csv":
                found = found._replace(catalogue=read_catalogue(path))
            elif name == "scenario.toml":
                found = found._replace(scenario=read_scenario(path))
            else:
                devices = read_layout(path, read_catalogue() if found.catalogue is None else found.catalogue)
                found = found._replace(devices=devices)
                problems += check_layout(site, devices) if site is not None else ()
        except ScenarioError as error:
            problems += str(error).splitlines()
    return found, tuple(problems)


def files_beside(folder: Path) -> dict[str, bytes]:
    """Catalogue, scenario and layout of a site's folder as they are, and the rules file the scenario names.

    Raises
    ------
    SiteError
        With every one of them that cannot be read.
    """
    names = [name for name in READ_BESIDE if (folder / name).is_file()]
    files, problems = {}, []
    for name in names:
        try:
            files[name] = read_bytes(folder / name, folder)
            if name == "scenario.toml":
                names += _rules_named(files[name])
        except Unreadable as error:
            problems.append(f"{clean(name)}: {error}")
    if problems:
        raise SiteError(problems)
    return files


def _rules_named(scenario: bytes) -> list[str]:
    """The rules file a scenario names, if it is readable and names one beside it."""

    with suppress(ValueError, Unreadable):  # said better by whoever reads the scenario
        named = toml_of(scenario.decode("utf-8-sig")).get("rules")
        return [named] if isinstance(named, str) and Path(named).name == named != "" else []
    return []


def equipment_of(site: str, layout_file: Path | None) -> tuple[tuple[Device, ...], dict[str, Model]]:
    """The layout given, else the site's own, else nothing; with the site's own catalogue, else the bundled one."""
    catalogue = read_catalogue(beside(site, "catalogue.csv"))
    layout = layout_file or beside(site, "layout.csv")
    return (read_layout(layout, catalogue) if layout is not None else ()), catalogue
