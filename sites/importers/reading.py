"""Every way in: a name, folder, GeoPackage or zip becomes a checked site, with what the check had to say."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from quietwing.sites.errors import SiteError
from quietwing.sites.files import assembled_site, save_site
from quietwing.sites.findings import CheckReport, Findings, Unreadable, clean
from quietwing.sites.importers import archive, folder, geopackage
from quietwing.sites.importers.child import plain_path, run_reader
from quietwing.sites.model import Site
from quietwing.sites.raw_site import RawSite
from quietwing.sites.safe_reading import read_bytes, site_path
from quietwing.sites.terrain import MOST_TERRAIN_BYTES, TERRAIN_FILE

__all__ = [
    "Opened",
    "check",
    "import_site",
    "load_site",
    "opened",
    "read_and_check",
    "rechecked",
    "site_report",
    "workshop_in",
]

# By the ending of a file; what is no file is a folder.
READERS: Mapping[str, Callable[[Path, Findings], RawSite]] = {".gpkg": geopackage.read_raw}
UNREAD = "the site could not be read; report this as a fault of quietwing"


@dataclass(frozen=True, slots=True)
class Opened:
    """A source as it lies on disk while `opened` lasts.

    Attributes
    ----------
    path : Path
        A site folder or a single file of `READERS`.
    left_out : tuple of str
        Members of a zip that are no file of a site.
    """

    path: Path
    left_out: tuple[str, ...] = ()


def load_site(source: str | Path) -> Site:
    """The place a name, folder or GeoPackage stands for, checked as a whole.

    Parameters
    ----------
    source : str or Path
        A bundled name (``houseblock``, ``radial``, ``campus``), a site folder, or a ``.gpkg`` file.

    Returns
    -------
    Site

    Raises
    ------
    SiteError
        With all problems of all files at once, each naming file, feature and what to do.
    """
    site, report = read_and_check(site_path(source))
    if site is None:
        raise SiteError(report.problems or [UNREAD])
    return site


def check(source: str | Path) -> CheckReport:
    """Everything there is to say about a place, in one go; never raises for bad content.

    Parameters
    ----------
    source : str or Path
        As for `load_site`.

    Returns
    -------
    CheckReport
        Problems, notes, and for every layer *features in = used + dropped*.
    """
    try:
        path = site_path(source)
    except SiteError as error:
        return Findings(problems=dict.fromkeys(error.problems)).report()
    return read_and_check(path)[1]


def import_site(source: str | Path) -> Site:
    """The site in a folder, a GeoPackage or a zip of a site folder, checked as a whole.

    Parameters
    ----------
    source : str or Path
        As for `load_site`, or a ``.zip`` file of at most 50 MB.

    Returns
    -------
    Site
        `quietwing.sites.save_site` writes it as a folder.

    Raises
    ------
    SiteError
        With all problems of all files at once, each naming file, feature and what to do.
    """
    with opened(source) as at_hand:
        return load_site(at_hand.path)


@contextmanager
def opened(source: str | Path, near: Path | None = None) -> Iterator[Opened]:
    """A source as a folder or file that can be read, while the context lasts; a zip is unpacked for that time.

    Parameters
    ----------
    source : str or Path
        As for `import_site`.
    near : Path, optional
        The folder a zip is unpacked in; the system's temporary folder without it. Nothing is left in it.

    Yields
    ------
    Opened

    Raises
    ------
    SiteError
        If there is no such source, or the zip is refused.
    """
    path = site_path(source, zipped=True)
    if path.suffix.lower() != ".zip" or path.is_dir():
        _try_terrain(path)
        yield Opened(path)
        return
    try:
        content = read_bytes(path, path.parent, archive.MOST_ARCHIVE_BYTES)
    except Unreadable as error:
        raise SiteError(f"{clean(path.name)}: {error}") from None
    if not content:
        raise SiteError(f"{clean(path.name)}: is empty; export it again")
    with workshop_in(near) as workshop:
        site = workshop / "site"
        site.mkdir()
        left_out = archive.unpack(path.name, content, site)
        _try_terrain(site)
        yield Opened(site, left_out)


def _try_terrain(site: Path) -> None:
    """Read the heights of a site that comes from elsewhere in a child process first: a decoder may break down."""
    heights = site / TERRAIN_FILE
    if heights.is_file() and heights.stat().st_size <= MOST_TERRAIN_BYTES:
        run_reader("quietwing.sites.terrain:try_terrain", {"path": plain_path(heights)}, name=TERRAIN_FILE)


def read_and_check(path: Path) -> tuple[Site | None, CheckReport]:
    """The site in a folder or single file, if it has no problem, and the report of its check."""
    findings = Findings()
    read = folder.read_raw if path.is_dir() else READERS[path.suffix.lower()]
    site = assembled_site(read(path, findings), findings)
    return (None if findings.problems else site), findings.report()


def site_report(site: Site, near: Path | None = None) -> CheckReport:
    """What the checks say of a site in memory: it is written to a folder and read again.

    Parameters
    ----------
    site : Site
    near : Path, optional
        The folder it is written in for a moment; the system's temporary folder without it.

    Returns
    -------
    CheckReport
    """
    with workshop_in(near) as workshop:
        save_site(site, workshop / "site")
        return check(workshop / "site")


def rechecked(site: Site, near: Path | None = None) -> Site:
    """A site put together in memory, read back through the checks; parameters of `site_report`.

    Raises
    ------
    SiteError
        With every problem.
    """
    with workshop_in(near) as workshop:
        save_site(site, workshop / "site")
        return load_site(workshop / "site")


@contextmanager
def workshop_in(near: Path | None) -> Iterator[Path]:
    """A new folder in `near`, or in the system's temporary folder; it goes in any case."""
    workshop = Path(tempfile.mkdtemp(prefix="site-", dir=near))
    try:
        yield workshop
    finally:
        shutil.rmtree(workshop, ignore_errors=True)
