"""Files a planner brings or takes away: a site as zip or GeoPackage, masts and levels as CSV.

Everything is written into a folder of its own inside the session's folder and is gone again before a function
returns, whether it worked or not.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path, PurePosixPath

from quietwing.coverage.catalogue import catalogue_text, read_catalogue
from quietwing.coverage.equipment import Device, Model
from quietwing.coverage.layout import layout_text
from quietwing.coverage.scenario import Scenario
from quietwing.coverage.site_inputs import ImportedSite, import_plans, import_with_inputs
from quietwing.coverage.store import rules_beside, scenario_text
from quietwing.sites import (
    DRAWING_ENDINGS,
    LEVEL_COLUMNS,
    MOST_ARCHIVE_BYTES,
    NO_MASTS,
    DrawingChoices,
    Sector,
    Site,
    SiteCalibration,
    SiteError,
    Surroundings,
    calibration_text,
    clean,
    drawing_kind,
    load_site,
    mast_columns,
    save_geopackage,
    save_site,
    table_text,
    workshop_in,
)

__all__ = [
    "FIRST_DAY",
    "levels_text",
    "masts_text",
    "open_upload",
    "site_geopackage",
    "site_layers",
    "site_zip",
    "texts_beside",
    "uploads_in",
    "with_calibration",
    "with_levels",
    "with_masts",
    "with_surroundings",
    "with_typical_masts",
]

PLAIN_NAME = r"[A-Za-z0-9_][A-Za-z0-9_. -]{0,80}"  # of an upload that may keep it
FIRST_DAY = (1980, 1, 1, 0, 0, 0)  # of zip: equal sites give equal bytes


def open_upload(name: str, content: bytes, folder: Path, choices: DrawingChoices | None = None) -> ImportedSite:
    """The site in an uploaded zip of a site folder, in a GeoPackage, or the one a drawing shows.

    Parameters
    ----------
    name : str
        File name as the browser gave it; only its ending counts.
    content : bytes
    folder : Path
        The session's own; nothing is left in it.
    choices : DrawingChoices, optional
        What a drawing does not say.

    Returns
    -------
    ImportedSite
        A drawing's with typical masts, marked assumed.

    Raises
    ------
    SiteError
        One message, or all problems of the files at once; ``ScenarioError`` likewise for what lies beside them.
    """
    ending = PurePosixPath(name).suffix.lower()
    _check_size(name, content)
    if ending not in (".zip", ".gpkg", *DRAWING_ENDINGS):
        known = ", ".join(DRAWING_ENDINGS)
        raise SiteError(
            f"{clean(name)}: is not a site; upload a zip of a site folder (.zip), a GeoPackage (.gpkg) or a drawing "
            f"({known})"
        )
    with uploads_in(folder, [(name, content)]) as (source,):
        if drawing_kind(source) is None:
            return import_with_inputs(source, source.parent)
        return with_typical_masts(import_plans([source], choices, source.parent), folder)


@contextmanager
def uploads_in(folder: Path, files: Iterable[tuple[str, bytes]]) -> Iterator[list[Path]]:
    """Uploads as files in a folder of their own for a moment; a plain name is kept, for messages name the file."""
    with workshop_in(folder) as workshop:
        paths: list[Path] = []
        for name, content in files:
            last = PurePosixPath(name)
            plain = last.name if re.fullmatch(PLAIN_NAME, last.name) else f"site{last.suffix.lower()}"
            path = workshop / plain
            paths.append(workshop / f"{len(paths) + 1}-{plain}" if path in paths else path)
            paths[-1].write_bytes(content)
        yield paths


def with_typical_masts(brought: ImportedSite, folder: Path) -> ImportedSite:
    """The site of a drawing as it opens: where it has no masts, with typical ones that are marked assumed."""
    with workshop_in(folder) as workshop:
        save_site(brought.site, workshop / "site")
        return replace(brought, site=load_site(workshop / "site"))


def with_masts(site: Site, content: str | bytes, folder: Path) -> Site:
    """The same site with the masts of a ``masts.csv``.

    Parameters
    ----------
    site : Site
    content : str or bytes
        The CSV; the sites' own reader says what is wrong with it.
    folder : Path
        The session's own; nothing is left in it.

    Returns
    -------
    Site

    Raises
    ------
    SiteError
        With every problem, by line and sector.
    """
    notes = tuple(note for note in _without_mast_notes(site) if note != NO_MASTS)
    return _with_table(replace(site, notes=notes), "masts.csv", content, folder)


def with_surroundings(site: Site, lengths_m: Mapping[str, float | None], folder: Path) -> Site:
    """The same site with other houses between the masts and it.

    Parameters
    ----------
    site : Site
    lengths_m : mapping of str to float or None
        By the keys of ``[surroundings]`` in ``site.toml``; None: not known. [m]
    folder : Path
        The session's own; nothing is left in it.

    Returns
    -------
    Site

    Raises
    ------
    SiteError
        With every problem, as the sites' own reader says it.
    """
    given = [f"{name} = {length_m!r}\n" for name, length_m in lengths_m.items() if length_m is not None]
    with workshop_in(folder) as workshop:
        bare = replace(site, surroundings=Surroundings(), notes=_without_mast_notes(site))
        save_site(bare, workshop / "site")
        with (workshop / "site" / "site.toml").open("a", encoding="utf-8") as header:
            header.write("".join(("\n[surroundings]\n", *given)))
        return load_site(workshop / "site")


def with_levels(site: Site, content: str | bytes, folder: Path) -> Site:
    """The same site with the measured levels of an ``outside_levels.csv``. See `with_masts`."""
    return _with_table(site, "outside_levels.csv", content, folder)


def with_calibration(site: Site, layer: SiteCalibration | None, folder: Path) -> Site:
    """The same site with a layer of what readings say, or without any. See `with_masts`."""
    bare = replace(site, calibration=None)
    return bare if layer is None else _with_table(bare, "calibration.toml", calibration_text(layer), folder)


def masts_text(sectors: tuple[Sector, ...]) -> str:
    """``masts.csv`` of some sectors."""
    return table_text(mast_columns(sectors), sectors)


def levels_text(site: Site) -> str:
    """``outside_levels.csv`` of a site; only the header where nothing was measured."""
    return table_text(LEVEL_COLUMNS, site.outside_levels)


def site_zip(
    site: Site,
    folder: Path,
    *,
    devices: tuple[Device, ...],
    scenario: Scenario,
    catalogue: Mapping[str, Model],
    beside: Mapping[str, bytes] | None = None,
) -> bytes:
    """A site folder as zip, with layout, scenario and catalogue beside the layers; equal content gives equal bytes.

    Parameters
    ----------
    site : Site
    folder : Path
        The session's own; nothing is left in it.
    devices, scenario, catalogue
        What goes into ``layout.csv``, ``scenario.toml`` and, unless it is the bundled one, ``catalogue.csv``.
    beside : mapping of str to bytes, optional
        Other files: mapping and report of the drawing it was imported from.

    Returns
    -------
    bytes
    """
    texts = site_layers(site, folder) | texts_beside(devices, scenario, catalogue) | dict(beside or {})
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as out:
        for name, text in sorted(texts.items()):
            out.writestr(zipfile.ZipInfo(name, FIRST_DAY), text, zipfile.ZIP_DEFLATED)
    return packed.getvalue()


def site_layers(site: Site, folder: Path) -> dict[str, bytes]:
    """The files of a site alone by name; `folder` as for `site_zip`."""
    with workshop_in(folder) as workshop:
        save_site(site, workshop / "site")
        made = workshop / "site"
        files = (path for path in sorted(made.rglob("*")) if path.is_file())
        return {path.relative_to(made).as_posix(): path.read_bytes() for path in files}


def texts_beside(devices: tuple[Device, ...], scenario: Scenario, catalogue: Mapping[str, Model]) -> dict[str, bytes]:
    """What lies beside a site's layers, by name: layout, scenario with its rules, a catalogue of its own."""
    texts = {"layout.csv": layout_text(devices).encode(), "scenario.toml": scenario_text(scenario).encode()}
    texts |= {Path(name).name: text.encode() for name, text in rules_beside(scenario).items()}
    if dict(catalogue) != read_catalogue():
        texts["catalogue.csv"] = catalogue_text(catalogue).encode()
    return texts


def site_geopackage(site: Site, folder: Path) -> bytes:
    """A site as one GeoPackage, for QGIS."""
    with workshop_in(folder) as workshop:
        save_geopackage(site, workshop / "site.gpkg")
        return (workshop / "site.gpkg").read_bytes()


def _check_size(name: str, content: bytes) -> None:
    if len(content) > MOST_ARCHIVE_BYTES:
        raise SiteError(
            f"{clean(name)}: has {len(content) / 2**20:.0f} MB (limit {MOST_ARCHIVE_BYTES // 2**20} MB); "
            f"leave out what is not part of the site"
        )
    if not content:
        raise SiteError(f"{clean(name)}: is empty; export it again")


def _without_mast_notes(site: Site) -> tuple[str, ...]:
    """Notes without those the reader makes of the masts: it makes them anew."""
    return tuple(note for note in site.notes if not note.startswith("masts: "))


def _with_table(site: Site, file: str, content: str | bytes, folder: Path) -> Site:
    """A site whose one table is replaced, read back as a whole."""
    raw = content.encode() if isinstance(content, str) else content
    _check_size(file, raw)
    with workshop_in(folder) as workshop:
        save_site(site, workshop / "site")
        (workshop / "site" / file).write_bytes(raw)
        return load_site(workshop / "site")
