"""Files a planner brings or takes away: a site as zip or GeoPackage, masts and levels as CSV.

Everything is written into a folder of its own inside the session's folder and is gone again before a function
returns, whether it worked or not.
"""

from __future__ import annotations

import io
import re
import shutil
import stat
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from quietwing.coverage.catalogue import catalogue_text, read_catalogue
from quietwing.coverage.equipment import Device, Model
from quietwing.coverage.errors import ScenarioError
from quietwing.coverage.layout import check_layout, layout_text, read_layout
from quietwing.coverage.scenario import Scenario, read_scenario
from quietwing.coverage.store import rules_beside, scenario_text
from quietwing.sites import SiteError, check, load_site, save_geopackage, save_site
from quietwing.sites.files import NEIGHBOURS, NO_MASTS, OWN_FILES
from quietwing.sites.findings import CheckReport, clean, shown
from quietwing.sites.model import Sector, Site, Surroundings
from quietwing.sites.site_antennas import ANTENNA_FOLDER, is_antenna_file
from quietwing.sites.tables_csv import LEVEL_COLUMNS, mast_columns, table_text

__all__ = [
    "MOST_UPLOAD_BYTES",
    "Brought",
    "checked_site",
    "levels_text",
    "masts_text",
    "open_upload",
    "rechecked",
    "site_geopackage",
    "site_report",
    "site_zip",
    "with_levels",
    "with_masts",
    "with_surroundings",
]

MOST_UPLOAD_BYTES = 50 * 2**20  # as server.maxUploadSize in .streamlit/config.toml
MOST_MEMBERS = 200
PLAIN_NAME = r"[A-Za-z0-9_][A-Za-z0-9_. -]{0,80}"  # of an upload that may keep it
MOST_UNPACKED_BYTES = 200 * 2**20
LARGEST_RATIO = 200  # GeoJSON of a wing packs 10 to 40 times
RATIO_FROM_BYTES = 2**20  # a small file of blanks is no bomb
CHUNK_BYTES = 2**20
_TEXT_ENDINGS = (".toml", ".geojson", ".json", ".csv", ".md", ".txt")
_DRIVE = re.compile(r"^[A-Za-z]:")
_FIRST_DAY = (1980, 1, 1, 0, 0, 0)  # of zip: equal sites give equal bytes


@dataclass(frozen=True)
class Brought:
    """What an upload holds: a checked site and, where they lie beside it, its layout, scenario and catalogue."""

    site: Site
    report: CheckReport
    devices: tuple[Device, ...] = ()
    scenario: Scenario | None = None
    catalogue: dict[str, Model] | None = None
    left_out: tuple[str, ...] = ()


def open_upload(name: str, content: bytes, folder: Path) -> Brought:
    """The site in an uploaded zip of a site folder, or in an uploaded GeoPackage.

    Parameters
    ----------
    name : str
        File name as the browser gave it; only its ending counts.
    content : bytes
    folder : Path
        The session's own; nothing is left in it.

    Returns
    -------
    Brought

    Raises
    ------
    SiteError
        One message, or all problems of the files at once; ``ScenarioError`` likewise for what lies beside them.
    """
    ending = PurePosixPath(name).suffix.lower()
    _check_size(name, content)
    if ending not in (".zip", ".gpkg"):
        raise SiteError(f"{clean(name)}: is not a site; upload a zip of a site folder (.zip) or a GeoPackage (.gpkg)")
    with _workshop(folder) as workshop:
        if ending == ".gpkg":
            plain = re.fullmatch(PLAIN_NAME, PurePosixPath(name).name)
            source = workshop / (plain.group() if plain else "site.gpkg")  # messages name it
            source.write_bytes(content)
            return Brought(*checked_site(source))
        source = workshop / "site"
        source.mkdir()
        left_out = _unpack(name, content, source)
        return replace(_folder(source), left_out=left_out)


def checked_site(source: str | Path) -> tuple[Site, CheckReport]:
    """A site with what its check had to say.

    Raises
    ------
    SiteError
        With every problem of every file.
    """
    report = check(source)
    if report.problems:
        raise SiteError(report.problems)
    return load_site(source), report


def site_report(site: Site, folder: Path) -> CheckReport:
    """What the sites' own checks say of a site in memory: it is written to a folder and read again."""
    with _workshop(folder) as workshop:
        save_site(site, workshop / "site")
        return check(workshop / "site")


def rechecked(site: Site, folder: Path) -> Site:
    """A site put together in memory, read back through the sites' own checks.

    Raises
    ------
    SiteError
        With every problem.
    """
    with _workshop(folder) as workshop:
        save_site(site, workshop / "site")
        return load_site(workshop / "site")


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
    with _workshop(folder) as workshop:
        bare = replace(site, surroundings=Surroundings(), notes=_without_mast_notes(site))
        save_site(bare, workshop / "site")
        with (workshop / "site" / "site.toml").open("a", encoding="utf-8") as header:
            header.write("".join(("\n[surroundings]\n", *given)))
        return load_site(workshop / "site")


def with_levels(site: Site, content: str | bytes, folder: Path) -> Site:
    """The same site with the measured levels of an ``outside_levels.csv``. See `with_masts`."""
    return _with_table(site, "outside_levels.csv", content, folder)


def masts_text(sectors: tuple[Sector, ...]) -> str:
    """``masts.csv`` of some sectors."""
    return table_text(mast_columns(sectors), sectors)


def levels_text(site: Site) -> str:
    """``outside_levels.csv`` of a site; only the header where nothing was measured."""
    return table_text(LEVEL_COLUMNS, site.outside_levels)


def site_zip(
    site: Site, folder: Path, *, devices: tuple[Device, ...], scenario: Scenario, catalogue: Mapping[str, Model]
) -> bytes:
    """A site folder as zip, with layout, scenario and catalogue beside the layers; equal content gives equal bytes.

    Parameters
    ----------
    site : Site
    folder : Path
        The session's own; nothing is left in it.
    devices, scenario, catalogue
        What goes into ``layout.csv``, ``scenario.toml`` and, unless it is the bundled one, ``catalogue.csv``.

    Returns
    -------
    bytes
    """
    packed = io.BytesIO()
    with _workshop(folder) as workshop:
        save_site(site, workshop / "site")
        made = workshop / "site"
        files = (path for path in sorted(made.rglob("*")) if path.is_file())
        texts = {path.relative_to(made).as_posix(): path.read_bytes() for path in files}
    texts["layout.csv"] = layout_text(devices).encode()
    texts["scenario.toml"] = scenario_text(scenario).encode()
    texts |= {Path(name).name: text.encode() for name, text in rules_beside(scenario).items()}
    if dict(catalogue) != read_catalogue():
        texts["catalogue.csv"] = catalogue_text(catalogue).encode()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as out:
        for name, text in sorted(texts.items()):
            out.writestr(zipfile.ZipInfo(name, _FIRST_DAY), text, zipfile.ZIP_DEFLATED)
    return packed.getvalue()


def site_geopackage(site: Site, folder: Path) -> bytes:
    """A site as one GeoPackage, for QGIS."""
    with _workshop(folder) as workshop:
        save_geopackage(site, workshop / "site.gpkg")
        return (workshop / "site.gpkg").read_bytes()


@contextmanager
def _workshop(folder: Path) -> Iterator[Path]:
    """A folder of the session's own that goes in any case."""
    workshop = Path(tempfile.mkdtemp(prefix="site-", dir=folder))
    try:
        yield workshop
    finally:
        shutil.rmtree(workshop, ignore_errors=True)


def _check_size(name: str, content: bytes) -> None:
    if len(content) > MOST_UPLOAD_BYTES:
        raise SiteError(
            f"{clean(name)}: has {len(content) / 2**20:.0f} MB (limit {MOST_UPLOAD_BYTES // 2**20} MB); "
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
    with _workshop(folder) as workshop:
        save_site(site, workshop / "site")
        (workshop / "site" / file).write_bytes(raw)
        return load_site(workshop / "site")


def _folder(source: Path) -> Brought:
    """A site folder with what lies beside its layers, all problems at once."""
    site, report = checked_site(source)
    problems: list[str] = []
    catalogue: dict[str, Model] | None = None
    scenario: Scenario | None = None
    devices: tuple[Device, ...] = ()
    for name in ("catalogue.csv", "scenario.toml", "layout.csv"):
        path = source / name
        if not path.is_file():
            continue
        try:
            if name == "catalogue.csv":
                catalogue = read_catalogue(path)
            elif name == "scenario.toml":
                scenario = read_scenario(path)
            else:
                devices = read_layout(path, read_catalogue() if catalogue is None else catalogue)
                problems += check_layout(site, devices)
        except ScenarioError as error:
            problems.append(str(error))
    if problems:
        raise ScenarioError("\n".join(problems))
    return Brought(site, report, devices, scenario, catalogue)


def _unpack(name: str, content: bytes, target: Path) -> tuple[str, ...]:
    """Write the files of a zipped site folder; names of those left out.

    Nothing is written before every member has passed.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            members = _checked_members(name, packed.infolist())
            left_out = []
            for file, member in members.items():
                known = file in OWN_FILES or file in NEIGHBOURS or _is_antenna(PurePosixPath(file).parts)
                if known or ("/" not in file and file.lower().endswith(_TEXT_ENDINGS)):
                    (target / file).parent.mkdir(exist_ok=True)
                    _write(name, packed, member, target / file)
                else:
                    left_out.append(clean(file))
            return tuple(left_out)
    except SiteError:
        raise
    except (zipfile.BadZipFile, NotImplementedError, EOFError, RuntimeError, OSError, ValueError) as error:
        raise SiteError(
            f"{clean(name)}: cannot be unpacked ({clean(str(error), 80)}); make the zip again with your system's own "
            f"program, without a password"
        ) from None


def _checked_members(name: str, found: list[zipfile.ZipInfo]) -> dict[str, zipfile.ZipInfo]:
    """Plain files by their name within the site folder; one refusal if any member is not harmless."""
    zipped = clean(name)
    if len(found) > MOST_MEMBERS:
        raise SiteError(
            f"{zipped}: holds {len(found):,} files (limit {MOST_MEMBERS}); zip the site's own folder only"
        )
    for member in found:
        _refuse_harmful(zipped, member)
    size = sum(member.file_size for member in found)
    packed = sum(member.compress_size for member in found)
    if size > MOST_UNPACKED_BYTES:
        raise SiteError(
            f"{zipped}: unpacks to {size / 2**20:,.0f} MB (limit {MOST_UNPACKED_BYTES // 2**20} MB); "
            f"zip the site's own folder only"
        )
    if size > RATIO_FROM_BYTES and size > LARGEST_RATIO * max(packed, 1):
        raise SiteError(f"{zipped}: unpacks to over {LARGEST_RATIO} times its size, as no site does; not opened")
    files = [member for member in found if not member.is_dir() and not _of_the_system(member.filename)]
    tops = {PurePosixPath(member.filename).parts[0] for member in files}
    depth = 1 if len(tops) == 1 and all(len(PurePosixPath(member.filename).parts) > 1 for member in files) else 0
    members: dict[str, zipfile.ZipInfo] = {}
    for member in files:
        parts = PurePosixPath(member.filename).parts[depth:]
        file = "/".join(parts)
        if len(parts) > 2 or (len(parts) == 2 and parts[0] != ANTENNA_FOLDER):
            raise SiteError(
                f"{zipped}: {shown(member.filename)} lies in a folder within the site; zip the one folder that "
                f"holds site.toml"
            )
        if file in members:
            raise SiteError(f"{zipped}: {shown(file)} stands twice; make the zip again")
        members[file] = member
    if "site.toml" not in members:
        raise SiteError(
            f"{zipped}: holds no site.toml; zip the folder that holds it, or download one here as an example"
        )
    return members


def _refuse_harmful(zipped: str, member: zipfile.ZipInfo) -> None:
    """Members that would leave the folder, or are no plain files."""
    path = member.filename
    mode = member.external_attr >> 16
    if path.startswith(("/", "\\")) or _DRIVE.match(path) or "\\" in path or "\0" in path:
        raise SiteError(f"{zipped}: {shown(path)} is an absolute path; zip the folder itself. Nothing was opened")
    if ".." in PurePosixPath(path).parts:
        raise SiteError(f"{zipped}: {shown(path)} leads out of the folder; zip the folder itself. Nothing was opened")
    if mode and not (stat.S_ISREG(mode) or stat.S_ISDIR(mode) or stat.S_IFMT(mode) == 0):
        raise SiteError(
            f"{zipped}: {shown(path)} is a link or device, expected a plain file; put the file itself into the zip"
        )
    if member.flag_bits & 0x1:
        raise SiteError(f"{zipped}: is locked with a password; make it without one")


def _is_antenna(parts: tuple[str, ...]) -> bool:
    """Whether a path within the site is one of its antenna files."""
    return len(parts) == 2 and parts[0] == ANTENNA_FOLDER and is_antenna_file(parts[1])


def _of_the_system(path: str) -> bool:
    """What macOS and Windows add to a zip by themselves."""
    parts = PurePosixPath(path).parts
    return not parts or parts[0] == "__MACOSX" or parts[-1] in (".DS_Store", "Thumbs.db", "desktop.ini")


def _write(name: str, packed: zipfile.ZipFile, member: zipfile.ZipInfo, path: Path) -> None:
    """One member, never more of it than it declared."""
    left = member.file_size
    with packed.open(member) as source, open(path, "xb") as out:
        while chunk := source.read(CHUNK_BYTES):
            left -= len(chunk)
            if left < 0:
                raise SiteError(f"{clean(name)}: {shown(member.filename)} is longer than it says; not opened")
            out.write(chunk)
