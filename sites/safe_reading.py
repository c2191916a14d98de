"""At the door: which paths are opened at all, and how a file becomes text."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path

from quietwing.sites.errors import SiteError
from quietwing.sites.findings import Unreadable, near, path_label, shown

__all__ = [
    "BUNDLED",
    "MOST_BYTES",
    "MOST_TOML_BYTES",
    "beside",
    "bundled_folder",
    "misspelt",
    "path_of",
    "read_bytes",
    "read_text",
    "refuse_odd",
    "site_path",
    "text_of",
]

BUNDLED = ("houseblock", "radial", "campus")
LONGEST_NAME_BYTES, LONGEST_PATH_BYTES = 255, 4095
MOST_BYTES = 64 * 2**20  # a campus of six blocks is below 10 MiB
MOST_TOML_BYTES = 256 * 2**10  # tomllib is plain Python: a larger file would take minutes

MISSPELT = 0.85  # likeness of two names from which one is taken for the other with a slip in it; assumed

_ADDRESS = re.compile(r"^(?:[A-Za-z][A-Za-z0-9+.-]+:|[/\\]+vsi)")


@contextmanager
def bundled_folder(name: str) -> Iterator[Path]:
    """The folder of a bundled site, as a real folder on disk while the context lasts."""
    with resources.as_file(resources.files("quietwing.sites.examples") / name) as folder:
        yield folder


def path_of(source: object, argument: str) -> Path:
    """The path that an argument is.

    Parameters
    ----------
    source : str or path-like
    argument : str
        Its name, for the message.

    Returns
    -------
    Path

    Raises
    ------
    SiteError
        If it is no path, or one that no file system has.
    """
    text = os.fspath(source) if isinstance(source, str | os.PathLike) else None
    if not isinstance(text, str):
        raise SiteError(f"{argument}: is of type {type(source).__name__} (expected a path as text or Path); give one")
    parts = text.encode("utf-8", "surrogatepass").split(os.sep.encode())
    if sum(map(len, parts)) > LONGEST_PATH_BYTES or max(map(len, parts)) > LONGEST_NAME_BYTES:
        raise SiteError(f"{argument}: {shown(text)} is longer than any name of a file; give the path itself")
    return Path(text)


def site_path(source: str | Path, *, zipped: bool = False) -> Path:
    """The folder or GeoPackage a SITE stands for, or the zip of one.

    Parameters
    ----------
    source : str or Path
        A bundled name, a folder, or a ``.gpkg`` file.
    zipped : bool
        Whether a ``.zip`` file will do too.

    Returns
    -------
    Path
        An existing folder or regular file.

    Raises
    ------
    SiteError
        If it is neither, or an address that another program would fetch.
    """
    path_of(source, "site")
    text = os.fspath(source)
    if isinstance(source, str) and text in BUNDLED:
        path = Path(str(resources.files("quietwing.sites.examples"))) / text
        if not path.is_dir():
            raise SiteError(f"{text}: the bundled site is missing from this installation; install quietwing again")
        return path
    label = path_label(text)
    endings = (".gpkg", ".zip") if zipped else (".gpkg",)
    choices = f"give a folder, a {' or '.join(endings)} file or one of {', '.join(BUNDLED)}"
    if not text.strip() or "\0" in text or text == "-" or _ADDRESS.match(text):
        raise SiteError(
            f"SITE {shown(text)}: not a folder on this computer (addresses, archives and standard input "
            f"are never read); {choices}"
        )
    path = Path(text)
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError) as error:
        close = near(text, BUNDLED)
        hint = f"did you mean {close[0]!r}?" if close else choices
        reason = "is a link to nothing" if path.is_symlink() else "does not exist or cannot be read"
        raise SiteError(f"SITE {shown(text)}: {reason}; {hint}") from error
    if stat.S_ISDIR(mode):
        return path
    if not stat.S_ISREG(mode):
        raise SiteError(f"SITE {label}: is a device, pipe or socket, expected a folder or file; {choices}")
    if path.suffix.lower() not in endings:
        what = {".zip": "a zip", ".dxf": "a DXF", ".ifc": "an IFC", ".pdf": "a PDF"}.get(path.suffix.lower())
        way = f"`quietwing import` reads {what}" if what else "give the folder it stands in"
        if path.suffix.lower() in (".png", ".jpg", ".jpeg"):
            way = "a picture is traced in the app (quietwing app, Site, Trace a plan)"
        expected = "the site's folder or a GeoPackage (.gpkg)"
        if zipped:
            expected = "the site's folder, a GeoPackage (.gpkg) or a zip of the folder (.zip)"
        raise SiteError(f"SITE {label}: is a single file, expected {expected}; {way}")
    return path


def beside(site: str | Path, name: str) -> Path | None:
    """The file of a name that lies beside the layers of a site, whatever it is; nothing where there is none.

    A folder, a pipe or a link to nothing in its place is given back too: its reader says what is wrong.

    Raises
    ------
    SiteError
        If there is no such site.
    """
    folder = site_path(site)
    if not folder.is_dir():
        return None
    return folder / name if name in os.listdir(folder) else None


def misspelt(name: str, absent: Iterable[str]) -> str | None:
    """The missing file that a name was probably meant to be; ``layout-b.csv`` is a second layout, no slip."""
    folded = name.casefold().strip().removesuffix(".txt").strip()
    likely = []
    for known in absent:
        stem, ending = known.rsplit(".", 1)
        if folded in (known, stem):
            return known
        rest = folded.removeprefix(stem).removesuffix(f".{ending}")
        if not (folded.startswith(stem) and folded.endswith(ending) and rest and not rest[0].isalpha()):
            likely.append(known)
    close = near(folded, sorted(likely), MISSPELT)
    return close[0] if close else None


def refuse_odd(path: Path, root: Path) -> Path:
    """Where a regular file inside `root` really lies.

    Raises
    ------
    Unreadable
        If it is anything but a regular file, or leads outside `root`.
    """
    try:
        target = path.resolve(strict=True)
    except (OSError, RuntimeError) as error:
        raise Unreadable("is a link to nothing or cannot be read; put the file itself here") from error
    if path.is_symlink() and not target.is_relative_to(root.resolve()):
        raise Unreadable("is a link that leads out of the site's folder; put the file itself here")
    if not stat.S_ISREG(target.stat().st_mode):
        raise Unreadable("is a folder, pipe or device, expected a regular file; put the file itself here")
    return target


def read_bytes(path: Path, root: Path, most_bytes: int = MOST_BYTES) -> bytes:
    """The content of a regular file inside `root`.

    Raises
    ------
    Unreadable
        If it is anything but a regular file, leads outside `root`, is too large or changes while read.
    """
    target = refuse_odd(path, root)
    try:
        # O_NONBLOCK: a pipe put here since the look above must not block us for ever.
        handle = os.open(target, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except OSError as error:
        raise Unreadable(f"cannot be opened ({error.strerror}); check its permissions") from error
    with os.fdopen(handle, "rb") as file:
        before = os.fstat(handle)
        if before.st_size > most_bytes:
            split = " or split the site into smaller ones" if most_bytes >= MOST_BYTES else ""  # of layers and lists
            raise Unreadable(f"has {before.st_size:,} bytes (limit {most_bytes:,}); remove what is not needed{split}")
        content = file.read(most_bytes + 1)
        after = os.fstat(handle)
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns) or len(content) != after.st_size:
        raise Unreadable("changed while it was read; close the program that writes it and try again")
    return content


def read_text(path: Path, root: Path, most_bytes: int = MOST_BYTES, *, may_be_empty: bool = False) -> str:
    """The text of a regular UTF-8 file inside `root`, without byte-order mark. See `read_bytes` and `text_of`."""
    return text_of(read_bytes(path, root, most_bytes), may_be_empty=may_be_empty)


def text_of(content: bytes, *, may_be_empty: bool = False) -> str:
    """Bytes as strict UTF-8 text without byte-order mark.

    Raises
    ------
    Unreadable
        If they are empty and may not be, in another encoding, or hold NUL.
    """
    if not content.strip() and not may_be_empty:
        raise Unreadable("is empty; export it again")
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise Unreadable("is UTF-16; save as UTF-8")
    if b"\0" in content:
        raise Unreadable("holds NUL bytes, so it is no text (or UTF-16); save as UTF-8 or export it again")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise Unreadable(
            f"line {line}: byte 0x{content[error.start]:02x} is not UTF-8 (Latin-1 or cut short?); save as UTF-8"
        ) from error
