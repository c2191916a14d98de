"""A site folder in a zip: unpacked only when every member is a plain file of harmless size and name.

It is read in a child process with limits; what is written is written here, from what the child gave back.
"""

from __future__ import annotations

import re
import stat
import tempfile
import unicodedata
import zipfile
from pathlib import Path, PurePosixPath
from typing import Any

from quietwing.sites.errors import SiteError
from quietwing.sites.files import NEIGHBOURS, OWN_FILES
from quietwing.sites.findings import clean, shown
from quietwing.sites.importers.child import plain_path, run_reader
from quietwing.sites.site_antennas import ANTENNA_FOLDER, is_antenna_file

__all__ = ["MOST_ARCHIVE_BYTES", "holds", "read_members", "unpack"]

MOST_ARCHIVE_BYTES = 50 * 2**20  # as the app's server.maxUploadSize
MOST_MEMBERS = 200
MOST_UNPACKED_BYTES = 200 * 2**20
LARGEST_RATIO = 200  # GeoJSON of a wing packs 10 to 40 times
RATIO_FROM_BYTES = 2**20  # a small file of blanks is no bomb
MOST_TOLD_BYTES = 2**20  # names of the members
_READER = "quietwing.sites.importers.archive:read_members"
_TEXT_ENDINGS = (".toml", ".geojson", ".json", ".csv", ".md", ".txt")
_DRIVE = re.compile(r"^[A-Za-z]:")


def unpack(name: str, content: bytes, target: Path, needed: str = "site.toml") -> tuple[str, ...]:
    """Write the files of a zipped site folder; nothing is written before every member has passed.

    Parameters
    ----------
    name : str
        Of the zip, for the messages.
    content : bytes
    target : Path
        An existing empty folder.
    needed : str
        The file by which the folder is known.

    Returns
    -------
    tuple of str
        Members that are no file of a site and were left out.

    Raises
    ------
    SiteError
        If it is no zip, holds no site, or holds anything that could do harm; with every such member.
    """
    with tempfile.TemporaryDirectory(prefix="zip-", dir=target.parent) as folder:
        path = Path(folder) / "packed"
        path.write_bytes(content)
        arguments = {"path": plain_path(path), "name": name, "needed": needed, "most_bytes": MOST_UNPACKED_BYTES}
        found, rest = run_reader(_READER, arguments, name=name, answer_bytes=MOST_UNPACKED_BYTES + MOST_TOLD_BYTES)
    at = 0
    for file, size in found["files"]:
        (target / file).parent.mkdir(exist_ok=True)
        with open(target / file, "xb") as out:
            out.write(memoryview(rest)[at : at + size])
        at += size
    return tuple(found["left_out"])


def read_members(path: str, name: str, needed: str, most_bytes: int) -> tuple[dict[str, Any], bytes]:
    """What runs in the child process: names and sizes of the files to write, and their content."""
    try:
        with zipfile.ZipFile(path) as packed:
            members = _checked_members(name, packed.infolist(), needed, most_bytes)
            files, left_out, content = [], [], []
            for file, member in members.items():
                known = file in OWN_FILES or file in NEIGHBOURS or _is_antenna(PurePosixPath(file).parts)
                if known or ("/" not in file and file.lower().endswith(_TEXT_ENDINGS)):
                    content.append(_content(name, packed, member))
                    files.append((file, len(content[-1])))
                else:
                    left_out.append(clean(file))
            return {"files": files, "left_out": left_out}, b"".join(content)
    except SiteError:
        raise
    except (zipfile.BadZipFile, NotImplementedError, EOFError, RuntimeError, OSError, ValueError) as error:
        raise SiteError(
            f"{clean(name)}: cannot be unpacked ({clean(str(error), 80)}); make the zip again with your system's own "
            f"program, without a password"
        ) from None


def holds(path: Path, file: str) -> bool:
    """Whether a zip holds a file of a name, and no site, at its top or in one folder; nothing is unpacked."""
    try:
        with zipfile.ZipFile(path) as packed:
            names = [PurePosixPath(member.filename) for member in packed.infolist()[: MOST_MEMBERS + 1]]
    except (zipfile.BadZipFile, NotImplementedError, EOFError, RuntimeError, OSError, ValueError):
        return False  # said better by whoever unpacks it
    tops = {name.name for name in names if len(name.parts) <= 2}
    return file in tops and "site.toml" not in tops


def _checked_members(
    name: str, found: list[zipfile.ZipInfo], needed: str, most_bytes: int
) -> dict[str, zipfile.ZipInfo]:
    """Plain files by their name within the site folder; one refusal if any member is not harmless."""
    zipped = clean(name)
    if len(found) > MOST_MEMBERS:
        raise SiteError(
            f"{zipped}: holds {len(found):,} files (limit {MOST_MEMBERS}); zip the site's own folder only"
        )
    harmful = [said for member in found if (said := _harm(zipped, member))]
    if harmful:
        raise SiteError(harmful)
    size = sum(member.file_size for member in found)
    packed = sum(member.compress_size for member in found)
    if size > most_bytes:
        raise SiteError(
            f"{zipped}: unpacks to {size / 2**20:,.0f} MB (limit {most_bytes // 2**20} MB); "
            f"zip the site's own folder only"
        )
    if size > RATIO_FROM_BYTES and size > LARGEST_RATIO * max(packed, 1):
        raise SiteError(
            f"{zipped}: unpacks to over {LARGEST_RATIO} times its size, as no site does; zip the site's folder only"
        )
    files = [member for member in found if not member.is_dir() and not _of_the_system(member.filename)]
    tops = {PurePosixPath(member.filename).parts[0] for member in files}
    depth = 1 if len(tops) == 1 and all(len(PurePosixPath(member.filename).parts) > 1 for member in files) else 0
    members: dict[str, zipfile.ZipInfo] = {}
    folded: dict[str, str] = {}
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
        twin = folded.setdefault(unicodedata.normalize("NFC", file).casefold(), file)
        if twin != file:
            raise SiteError(
                f"{zipped}: {shown(twin)} and {shown(file)} are one file on other computers; leave one of them out"
            )
        members[file] = member
    if needed not in members:
        raise SiteError(
            f"{zipped}: holds no {needed}; zip the folder that holds it, or download one here as an example"
        )
    return members


def _harm(zipped: str, member: zipfile.ZipInfo) -> str:
    """What is wrong with a member that would leave the folder or is no plain file; nothing for others."""
    path = member.filename
    mode = member.external_attr >> 16
    if path.startswith(("/", "\\")) or _DRIVE.match(path) or "\\" in path or "\0" in path:
        return f"{zipped}: {shown(path)} is an absolute path; zip the folder itself. Nothing was opened"
    if ".." in PurePosixPath(path).parts:
        return f"{zipped}: {shown(path)} leads out of the folder; zip the folder itself. Nothing was opened"
    if mode and not (stat.S_ISREG(mode) or stat.S_ISDIR(mode) or stat.S_IFMT(mode) == 0):
        return f"{zipped}: {shown(path)} is a link or device, expected a plain file; put the file itself into the zip"
    if member.flag_bits & 0x1:
        return f"{zipped}: {shown(path)} is locked with a password; make the zip without one"
    return ""


def _is_antenna(parts: tuple[str, ...]) -> bool:
    """Whether a path within the site is one of its antenna files."""
    return len(parts) == 2 and parts[0] == ANTENNA_FOLDER and is_antenna_file(parts[1])


def _of_the_system(path: str) -> bool:
    """What macOS and Windows add to a zip by themselves."""
    parts = PurePosixPath(path).parts
    return not parts or parts[0] == "__MACOSX" or parts[-1] in (".DS_Store", "Thumbs.db", "desktop.ini")


def _content(name: str, packed: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    """What one member holds, never more of it than it declared."""
    with packed.open(member) as source:
        found = source.read(member.file_size + 1)
    if len(found) > member.file_size:
        raise SiteError(f"{clean(name)}: {shown(member.filename)} is longer than it says; not opened")
    return found
