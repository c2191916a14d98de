"""Parts read from any source become a checked `Site`, and a `Site` becomes a folder."""

from __future__ import annotations

import functools
import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Collection, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from quietwing.sites.checks import check_crs, check_draft
from quietwing.sites.constructions import load_constructions
from quietwing.sites.draft import Draft
from quietwing.sites.errors import SiteError
from quietwing.sites.findings import Findings, clean, near, shown
from quietwing.sites.geojson import collection_text
from quietwing.sites.layers import LAYERS, features_of, read_layer
from quietwing.sites.model import Building, OutsideLevel, Sector, Site
from quietwing.sites.raw_site import RawSite
from quietwing.sites.safe_reading import (
    BUNDLED,
    bundled_folder,
)
from quietwing.sites.site_antennas import ANTENNA_FOLDER, is_antenna_file
from quietwing.sites.site_calibration import CALIBRATION_FILE, calibration_text, check_calibration
from quietwing.sites.site_toml import Header, site_toml_text
from quietwing.sites.tables_csv import LEVEL_COLUMNS, TABLES, build_rows, mast_columns, table_text
from quietwing.sites.terrain import TERRAIN_FILE, check_terrain, terrain_bytes
from quietwing.sites.workshops import workshop_at

__all__ = [
    "BUNDLED",
    "NEIGHBOURS",
    "NO_MASTS",
    "OWN_FILES",
    "READ_ELSEWHERE",
    "assembled_site",
    "bundled_folder",
    "save_site",
    "site_texts",
]

OWN_FILES = {"site.toml", *(f"{layer.name}.geojson" for layer in LAYERS), *(f"{table}.csv" for table in TABLES)}
OWN_FILES |= {TERRAIN_FILE, CALIBRATION_FILE}
ASIDE = "-old-"  # after its name: where a folder lies while another takes its place
READ_ELSEWHERE = ("layout.csv", "scenario.toml", "catalogue.csv")  # by the commands that need them
_REPORT = "import-report."
OF_AN_IMPORT = ("import-mapping.toml", f"{_REPORT}csv", f"{_REPORT}md", "import-manifest.json")
NEIGHBOURS = (*READ_ELSEWHERE, "plan.json", "README.md", *OF_AN_IMPORT)
NO_MASTS = "no masts given: typical masts are placed, marked assumed"
MOST_SITE_FEATURES = 150_000  # of all layers together; a campus has some 7,000


def assembled_site(raw: RawSite, findings: Findings) -> Site | None:
    """The parts of any source as one checked site, or nothing and the problems."""
    header = raw.header or Header()
    heading = header.heading
    for note in header.notes:
        findings.note(note)
    states = {"window": header.states.window, "hatch": header.states.window}
    states |= {"door": header.states.door, "gate": header.states.door}

    @functools.cache
    def like_state(name: str) -> bool:
        return name != "state" and bool(near(name, ["state"], 0.82))

    def with_state(properties: Mapping[str, Any]) -> Mapping[str, Any]:
        kind = properties.get("kind")
        stated = properties.get("state") is not None or not isinstance(kind, str) or kind not in states
        # A mistyped `state` must be seen as such, not be covered by the default.
        if stated or any(like_state(name) for name in properties):
            return properties
        return {**properties, "state": states[str(kind)]}

    own = {own.name: own for own in header.constructions}
    crs = heading.crs if heading else "local"
    draft = Draft(load_constructions() | own, raw.files, crs, antennas=raw.antennas, surroundings=header.surroundings)
    total = 0
    for layer in LAYERS:
        found = raw.layers.get(layer.name)
        if found is None:
            continue
        file = raw.files[layer.name]
        total += len(found.features)
        if total > MOST_SITE_FEATURES:
            what = f"with this layer the site has {total:,} features (limit {MOST_SITE_FEATURES:,}); split the site"
            findings.problem(file, "", what)
            return None
        if heading is not None:
            check_crs(found.crs, heading.crs, findings, file)
        records = read_layer(layer, found, findings, file, with_state if layer.name == "openings" else _unchanged)
        if layer.name == "buildings":
            draft.buildings = _joined(records, header, findings, raw.files)
        else:
            setattr(draft, layer.name, records)
    draft.masts = _rows(Sector, "masts", raw, findings)
    draft.outside_levels = _rows(OutsideLevel, "outside_levels", raw, findings)
    if "masts" not in raw.tables and "masts" not in findings.unread:
        findings.note(NO_MASTS)
        if heading is not None and len(draft.perimeter) == 1:
            draft.masts = list(_typical_sectors(heading.area, draft))
    check_draft(draft, findings)
    if raw.terrain is not None and heading is not None:
        check_crs(raw.terrain_crs, heading.crs, findings, TERRAIN_FILE)
        fence = draft.perimeter[0].outline if draft.perimeter else None
        check_terrain(raw.terrain, fence, findings, TERRAIN_FILE)
    if raw.calibration is not None and not findings.unread:
        known = load_constructions() | own
        check_calibration(raw.calibration, known, [sector.id for sector in draft.masts], findings)
    _count(draft, findings)
    if heading is None or findings.problems or not draft.perimeter:
        return None
    return Site(
        name=heading.name,
        crs=heading.crs,
        marking=heading.marking,
        as_of=heading.as_of,
        buildings=tuple(draft.buildings),
        walls=tuple(draft.walls),
        openings=tuple(draft.openings),
        slabs=tuple(draft.slabs),
        rooms=tuple(draft.rooms),
        perimeter=draft.perimeter[0],
        sectors=tuple(draft.masts),
        positions=tuple(draft.positions),
        receptors=tuple(draft.receptors),
        outside_levels=tuple(draft.outside_levels),
        own_constructions=header.constructions,
        description=heading.description,
        area=heading.area,
        window_state=header.states.window,
        door_state=header.states.door,
        notes=tuple(findings.notes),
        antenna_files=tuple(sorted(raw.antennas.items())),
        terrain=raw.terrain,
        surroundings=header.surroundings,
        calibration=raw.calibration,
    )


def _unchanged(properties: Mapping[str, Any]) -> Mapping[str, Any]:
    return properties


def _rows(cls: type[Any], table: str, raw: RawSite, findings: Findings) -> list[Any]:
    found = raw.tables.get(table)
    return [] if found is None else build_rows(cls, found, findings, table, raw.files[table])


def _typical_sectors(area: str, draft: Draft) -> tuple[Sector, ...]:
    """Typical masts around the middle of the perimeter: the single place where they are called for."""
    from quietwing.sites.networks import typical_sectors  # few sites ask for them

    fence = draft.perimeter[0].outline
    return typical_sectors(area, (float(fence.centroid.x), float(fence.centroid.y)), fence)


def _joined(outlines: list[Any], header: Header, findings: Findings, files: Mapping[str, str]) -> list[Building]:
    """Outlines from the layer and storeys from ``site.toml`` as buildings, in the order of ``site.toml``."""
    by_id = {outline.id: outline.outline for outline in outlines}
    for twice in sorted(name for name, count in Counter(one.id for one in outlines).items() if count > 1):
        findings.problem(files["buildings"], twice, "this id stands twice; give each building an id of its own")
    entries = {entry.id for entry in header.buildings}
    toml = files.get("site", "site.toml")
    made = []
    for entry in header.buildings:
        if entry.id in by_id:
            made.append(Building(entry.id, by_id[entry.id], entry.storeys, entry.name))
        elif entry.id not in findings.ids["buildings"] and "buildings" not in findings.unread:
            findings.problem(
                toml, f"buildings {entry.id}", f"has no outline in {files['buildings']}; draw it or remove the entry"
            )
    for outline in outlines:
        if outline.id not in entries | findings.ids["building entries"] and "site" not in findings.unread:
            findings.problem(
                files["buildings"],
                outline.id,
                f"has no storeys; add [[buildings]] with id = {shown(outline.id)} to {toml}",
            )
    return made


def _count(draft: Draft, findings: Findings) -> None:
    """The invariant: what was in a file is used, listed as dropped, or refused with a problem."""
    for layer, count in findings.found.items():
        findings.used[layer] = len(getattr(draft, layer))
        dropped = sum(1 for item in findings.dropped if item[0] == layer)
        if not findings.problems and count != findings.used[layer] + dropped:
            findings.problem(
                draft.files[layer],
                "",
                f"{count} features in the file but {findings.used[layer]} used and {dropped} listed as dropped; "
                f"report this as a fault of quietwing",
            )


def save_site(
    site: Site, folder: Path, *, overwrite: bool = False, beside: Mapping[str, bytes] = MappingProxyType({})
) -> None:
    """Write a site as a folder; equal sites give equal bytes, and nothing is ever half written.

    Numbers are written to six decimals, so a site that was read from a folder is written as it was.

    Parameters
    ----------
    site : Site
        What to write.
    folder : Path
        Where; must not exist or be empty, unless `overwrite`.
    overwrite : bool
        Replace the site's own files in an existing folder; other files in it stay.
    beside : mapping of str to bytes
        Further files by name, such as ``layout.csv``; with `overwrite` they replace those of their name.

    Raises
    ------
    SiteError
        If the folder is not empty and `overwrite` is not given.
    """
    folder = Path(folder)
    _restore(folder)
    taken = folder.exists() and (not folder.is_dir() or any(folder.iterdir()))
    if taken and not (overwrite and folder.is_dir()):
        raise SiteError(f"{clean(str(folder))}: exists and is not empty; choose another folder or overwrite it")
    texts = site_texts(site)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with workshop_at(folder.parent, folder.name) as workshop:
        written = workshop / "new"
        written.mkdir()
        if site.antenna_files:
            (written / ANTENNA_FOLDER).mkdir()
        contents = {name: text.encode() for name, text in texts.items()} | dict(beside)
        if site.terrain is not None:
            contents[TERRAIN_FILE] = terrain_bytes(site.terrain, site.crs)
        for name, content in contents.items():
            with open(written / name, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
        if taken:
            _swap(written, folder, OWN_FILES.union(beside))
        else:
            os.replace(written, folder)


def _restore(folder: Path) -> None:
    """Put back a folder that a process was killed in the middle of replacing: it lies aside, whole."""
    start = f".{folder.name}{ASIDE}"
    for aside in [*folder.parent.iterdir()] if folder.parent.is_dir() else []:
        if aside.name.startswith(start) and aside.is_dir() and not aside.is_symlink():
            if (aside / folder.name).is_dir() and not folder.exists():
                os.replace(aside / folder.name, folder)
            shutil.rmtree(aside, ignore_errors=True)


def _swap(written: Path, folder: Path, replaced: Collection[str]) -> None:
    """Put the new folder in the place of the old one, with the files in it that are not replaced."""
    for old in folder.iterdir():
        if old.name == ANTENNA_FOLDER and old.is_dir() and not old.is_symlink():
            _keep_strangers(old, written / ANTENNA_FOLDER)
        elif old.name not in replaced:
            if old.is_dir() and not old.is_symlink():
                shutil.copytree(old, written / old.name, symlinks=True)
            else:
                shutil.copy2(old, written / old.name, follow_symlinks=False)
    aside = Path(tempfile.mkdtemp(prefix=f".{folder.name}{ASIDE}", dir=folder.parent))
    os.replace(folder, aside / folder.name)
    try:
        os.replace(written, folder)
    except OSError:
        os.replace(aside / folder.name, folder)
        raise
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _keep_strangers(old: Path, new: Path) -> None:
    """Copy what is no antenna file from one ``antennas`` to the other."""
    for other in old.iterdir():
        if is_antenna_file(other.name):
            continue
        new.mkdir(exist_ok=True)
        if other.is_dir() and not other.is_symlink():
            shutil.copytree(other, new / other.name, symlinks=True)
        else:
            shutil.copy2(other, new / other.name, follow_symlinks=False)


def site_texts(site: Site) -> dict[str, str]:
    """File name and content of everything a site folder holds."""
    texts = {"site.toml": site_toml_text(site)}
    for layer in LAYERS:
        features = list(features_of(layer, site))
        if features or layer.required:
            texts[f"{layer.name}.geojson"] = collection_text(layer.name, site.crs, features)
    if site.sectors:
        texts["masts.csv"] = table_text(mast_columns(site.sectors), site.sectors)
    if site.outside_levels:
        texts["outside_levels.csv"] = table_text(LEVEL_COLUMNS, site.outside_levels)
    if site.calibration is not None:
        texts[CALIBRATION_FILE] = calibration_text(site.calibration)
    texts |= {f"{ANTENNA_FOLDER}/{name}": antenna.text for name, antenna in site.antenna_files}
    return texts
