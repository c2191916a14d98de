"""Drawings in: a DXF, IFC, PDF or indoor plan, read in a child process, becomes a checked site.

Imported again into the same folder, with another mapping say, what was changed there since is kept.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from quietwing.sites.errors import SiteError, UnmappedDrawingError
from quietwing.sites.files import NO_MASTS, site_texts
from quietwing.sites.findings import CheckReport, Unreadable, clean, shown
from quietwing.sites.importers import archive
from quietwing.sites.importers.child import plain_path, run_reader
from quietwing.sites.importers.kept_edits import MANIFEST_FILE, manifest_text, merged_files
from quietwing.sites.importers.reading import read_and_check, workshop_in
from quietwing.sites.model import Site
from quietwing.sites.safe_reading import MOST_BYTES, MOST_TOML_BYTES, read_bytes, read_text

__all__ = ["DRAWING_ENDINGS", "DrawingChoices", "ImportedDrawing", "drawing_kind", "import_drawing"]

MAPPING_FILE = "import-mapping.toml"
DRAWING_ENDINGS = {".dxf": "dxf", ".ifc": "ifc", ".pdf": "pdf", ".geojson": "indoor", ".json": "indoor"}
PICTURES = (".png", ".jpg", ".jpeg")
INDOOR_INDEX = "main.json"
MOST_STOREYS = 31  # numbers of storeys in a site
MOST_PLAN_FILES = 100
_READER = "quietwing.sites.importers.drawing:read_files"
_GRID = re.compile(r"EPSG:[0-9]{4,6}|local")
_DXF = re.compile(rb"\A(?:\xef\xbb\xbf)?(?:\s*999\r?\n[^\n]*\n)*\s*0\r?\n\s*SECTION")


@dataclass(frozen=True)
class DrawingChoices:
    """What a drawing does not say, or says wrongly.

    Attributes
    ----------
    mapping : Path, optional
        A mapping file; without it one is proposed.
    unit : str
        Of the drawing: mm, cm, dm, m, in, ft; empty: as the drawing says.
    scale : str
        Of a PDF: ``1:100``, or two points of the page and the distance between them, ``x,y x,y 12.5``; the latter
        also of a plan in GeoJSON drawn in pixels of a picture.
    storey_height_m : float, optional
        Where the drawing gives none. [m]
    page : int, optional
        Of a PDF, from 1; without it every page is a storey.
    crs : str
        EPSG code of a grid in metres, for plans in degrees and drawings on a grid.
    name : str
        Of the site; without it the file's.
    today : date
    """

    mapping: Path | None = None
    unit: str = ""
    scale: str = ""
    storey_height_m: float | None = None
    page: int | None = None
    crs: str = ""
    name: str = ""
    today: dt.date = field(default_factory=dt.date.today)


@dataclass(frozen=True)
class ImportedDrawing:
    """A checked site, without masts, and what lies beside its layers.

    Attributes
    ----------
    site : Site
    report : CheckReport
    files : dict of str to bytes
        The mapping that was used, the report of guesses, and what tells edits later on.
    counts : dict
        Storeys with their walls, doors, windows and rooms.
    kept : tuple of str
        Edits of the folder that were kept.
    """

    site: Site
    report: CheckReport
    files: dict[str, bytes]
    counts: Mapping[str, Any]
    kept: tuple[str, ...] = ()


def drawing_kind(source: str | Path) -> str | None:
    """``dxf``, ``ifc``, ``pdf`` or ``indoor`` for what is a drawing, by content first; else nothing."""
    path = Path(source)
    try:
        if path.is_dir():
            return "indoor" if (path / INDOOR_INDEX).is_file() and not (path / "site.toml").exists() else None
        if not path.is_file():
            return DRAWING_ENDINGS.get(path.suffix.lower())  # said better when it is opened
        with open(path, "rb") as file:
            head = file.read(4096)
    except (OSError, ValueError):
        return None
    if head.startswith(b"PK") and path.suffix.lower() == ".zip":
        return "indoor" if archive.holds(path, INDOOR_INDEX) else None
    if head.startswith(b"%PDF"):
        return "pdf"
    if head.lstrip().startswith(b"ISO-10303-21"):
        return "ifc"
    if head.startswith(b"AutoCAD Binary DXF") or _DXF.match(head):
        return "dxf"
    return DRAWING_ENDINGS.get(path.suffix.lower())


def import_drawing(
    sources: Sequence[str | Path],
    choices: DrawingChoices | None = None,
    *,
    near: Path | None = None,
    again: Path | None = None,
) -> ImportedDrawing:
    """The checked site a drawing shows.

    Parameters
    ----------
    sources : sequence of str or Path
        One file, or one for each storey from the lowest up; the folder or ``main.json`` of an indoor plan.
    choices : DrawingChoices, optional
    near : Path, optional
        The folder the site is written in for a moment, to be read through the checks.
    again : Path, optional
        A folder made by an import before: what was changed there since is kept.

    Returns
    -------
    ImportedDrawing

    Raises
    ------
    SiteError
        With every problem, each naming file, feature and what to do. `UnmappedDrawingError` where no building is
        found as the layers are understood, with the mapping to change.
    """
    choices = choices or DrawingChoices()
    if choices.crs and not _GRID.fullmatch(choices.crs):
        raise SiteError(
            f"--crs is {shown(choices.crs)} (expected an EPSG code such as EPSG:27700, or local); correct it"
        )
    if len(sources) == 1 and Path(sources[0]).suffix.lower() == ".zip":
        with workshop_in(near) as unpacked:
            plan = _unpacked(Path(sources[0]), unpacked)
            named = replace(choices, name=choices.name or Path(sources[0]).stem)
            return import_drawing([plan], named, near=near, again=again)
    sources = _without_picture(sources)
    kind, paths = _paths(sources)
    mapping_file = choices.mapping
    if mapping_file is None and again is not None and (again / MAPPING_FILE).is_file():
        mapping_file = again / MAPPING_FILE
    name = choices.name or Path(sources[0]).resolve().stem
    told = {
        "mapping": None if mapping_file is None else _mapping(mapping_file),
        "mapping_name": None if mapping_file is None else mapping_file.name,
        "unit": choices.unit,
        "scale": choices.scale,
        "storey_height_m": choices.storey_height_m,
        "page": choices.page,
        "crs": choices.crs,
        "name": _plain_name(name),
        "today": choices.today.isoformat(),
    }
    arguments = {"paths": [plain_path(path) for path in paths], "kind": kind, "choices": told}
    found, _ = run_reader(_READER, arguments, name=Path(sources[0]).name)
    if "unmapped" in found:
        raise UnmappedDrawingError([str(problem) for problem in found["unmapped"]], str(found["mapping"]))
    with workshop_in(near) as workshop:
        site, report = _read(found["texts"], workshop / "site")
        bare = site if "masts.csv" in found["texts"] else _without_masts(site)
        texts = site_texts(bare)
        files = {name: text.encode() for name, text in found["beside"].items()}
        files[MANIFEST_FILE] = manifest_text(texts).encode()
        if again is None or not (again / MANIFEST_FILE).is_file():
            return ImportedDrawing(bare, report, files, found["counts"])
        merged, kept = merged_files(texts, again)
        if not kept:
            return ImportedDrawing(bare, report, files, found["counts"])
        try:
            site, report = _read(merged, workshop / "merged")
        except SiteError as error:
            raise SiteError([f"{problem} (kept from {again.name})" for problem in error.problems]) from None
        site = site if "masts.csv" in merged else _without_masts(site)
        return ImportedDrawing(site, report, files, found["counts"], kept)


def _without_masts(site: Site) -> Site:
    """A site without the typical masts, and without the note of them, that its reader gave it."""
    return replace(site, sectors=(), notes=tuple(note for note in site.notes if note != NO_MASTS))


def _unpacked(path: Path, folder: Path) -> Path:
    """The folder of an indoor plan that came as a zip."""
    try:
        content = read_bytes(path, path.parent, archive.MOST_ARCHIVE_BYTES)
    except Unreadable as error:
        raise SiteError(f"{clean(path.name)}: {error}") from None
    archive.unpack(path.name, content, folder, INDOOR_INDEX)
    return folder


def _read(texts: Mapping[str, str | bytes], folder: Path) -> tuple[Site, CheckReport]:
    """A site of its files, through the checks."""
    for name, text in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    site, report = read_and_check(folder)
    if site is None:
        raise SiteError(report.problems)
    return site, report


def _paths(sources: Sequence[str | Path]) -> tuple[str, list[Path]]:
    """Kind and files of some sources, of one kind all of them."""
    if not sources:
        raise SiteError("give a drawing to import")
    if len(sources) > MOST_STOREYS:
        raise SiteError(f"{len(sources)} files are given (limit {MOST_STOREYS}, one for each storey); give fewer")
    kinds = {drawing_kind(source) for source in sources}
    names = ", ".join(clean(Path(source).name, 60) for source in list(sources)[:4])
    if len(kinds) > 1 or None in kinds:
        raise SiteError(f"{names}: are no drawings of one kind; give one DXF or PDF for each storey, or one IFC")
    kind = str(kinds.pop())
    if kind in ("ifc", "indoor") and len(sources) > 1:
        raise SiteError(f"{names}: one such file holds all storeys; give one")
    paths = [_regular(Path(source)) for source in sources]
    if kind == "indoor":
        paths = _indoor_files(paths[0])
    return kind, paths


def _without_picture(sources: Sequence[str | Path]) -> Sequence[str | Path]:
    """One plan in GeoJSON alone, where it comes with the picture it was drawn over: the picture holds no walls."""
    plans = [one for one in sources if Path(one).suffix.lower() not in PICTURES]
    drawn_over = len(plans) == 1 and len(sources) == 2 and drawing_kind(plans[0]) == "indoor"
    return plans if drawn_over else sources


def _regular(path: Path) -> Path:
    """A file that may be opened, of a size a plan has."""
    label = clean(path.name)
    if path.is_dir():
        return path
    if not path.is_file():
        what = "does not exist" if not path.exists() else "is a device, pipe or socket"
        raise SiteError(f"{label}: {what}; give a drawing on this computer")
    size = path.stat().st_size
    if size > MOST_BYTES:
        raise SiteError(f"{label}: has {size:,} bytes (limit {MOST_BYTES:,}); save the plan alone")
    if not size:
        raise SiteError(f"{label}: is empty; export it again")
    return path


def _indoor_files(path: Path) -> list[Path]:
    """The index of an indoor plan and the files beside it, index first; or one file with all levels."""
    index = path / INDOOR_INDEX if path.is_dir() else path
    if index.name != INDOOR_INDEX:
        return [index]
    beside = sorted(one for one in index.parent.iterdir() if one.suffix.lower() == ".geojson" and one.is_file())
    if len(beside) > MOST_PLAN_FILES:
        raise SiteError(f"{clean(index.parent.name)}: holds {len(beside):,} plans (limit {MOST_PLAN_FILES})")
    return [_regular(index), *(_regular(one) for one in beside)]


def _mapping(path: Path) -> str:
    """The text of a mapping file."""
    try:
        return read_text(path, path.parent, MOST_TOML_BYTES)
    except (Unreadable, OSError) as error:
        what = str(error) if isinstance(error, Unreadable) else "cannot be read; give a mapping file"
        raise SiteError(f"{clean(path.name)}: {what}") from None


def _plain_name(name: str) -> str:
    """A name a site may have."""
    plain = "".join(letter if letter.isprintable() else " " for letter in name)
    plain = plain.encode("utf-8", "replace").decode().strip()[:80].strip()
    if not plain:
        raise SiteError(f"{shown(name)}: is no name for a site; give --name")
    return plain
