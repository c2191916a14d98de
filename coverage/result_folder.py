"""A result put into its folder without loss: only files of an earlier result, unchanged, are replaced or removed.

``manifest.json`` lists every file of the result with its SHA-256. A result is made in a hidden folder on the same
disk and moved into place. Where the folder exists the files are moved one by one: ``manifest-unfinished.json``, which
lists old and new files, is written first, then ``manifest.json`` is taken away, the files are moved, the new
``manifest.json`` is put in place and that list is removed. If this stops halfway, one of the two still lists every
file that is ours, and the same command run again finishes the work.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import stat
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

import quietwing
from quietwing.coverage.code_digest import code_digest, other_code
from quietwing.coverage.errors import QuietwingError
from quietwing.sites import clean, workshop_at

__all__ = [
    "FORMAT",
    "LARGEST_MANIFEST_BYTES",
    "LEAKAGE_FILES",
    "MANIFEST",
    "PLAN_FILES",
    "SUMMARY",
    "UNFINISHED",
    "VERDICT_FILES",
    "Change",
    "files_in",
    "hash_of",
    "is_plain_name",
    "listed_files",
    "other_versions",
    "plan_change",
    "put",
    "refuse_site",
    "refuse_taken",
    "refused",
    "too_large",
    "versions",
    "workshop_near",
]

MANIFEST, UNFINISHED = "manifest.json", "manifest-unfinished.json"
BATCH_ITEM = "item.json"  # of an item of a batch: it holds the hash of every other file of its folder, and its own
FORMAT = 1
LONGEST_NAME_BYTES = 255
LARGEST_MANIFEST_BYTES = 4 << 20  # ten thousand failed items of a batch, each with two hashes, take 2 MB
MOST_FILE_BYTES = 128 << 20  # of one file of a result that is read back; those of the bundled campus have below 2 MB
MOST_JSON_PARTS = 4_000_000  # values of one JSON file: parsed they take some hundred times their text
MOST_NAMES = 10  # in the message that refuses a folder
SITE_FILE = "site.toml"  # what makes a folder a site
SUMMARY = "summary.html"
# Files that every result of a kind has; pictures and the rest of the site's layers depend on the site.
LEAKAGE_FILES = ("leakage.csv",)
VERDICT_FILES = (
    "verdict.json",
    "rooms.csv",
    "escapes.csv",
    "spill.csv",
    "layout.csv",
    "inputs/scenario.toml",
    "inputs/catalogue.csv",
    "inputs/site/site.toml",
)
PLAN_FILES = (
    *VERDICT_FILES,
    "plan.json",
    "treatments.csv",
    "bill_of_materials.csv",
    "holes.csv",
    "inputs/asked.toml",
)


@dataclass(frozen=True, slots=True)
class Change:
    """What a new result does to a folder, by names relative to it.

    Attributes
    ----------
    write : tuple of str
        New files.
    replace : tuple of str
        Files of an earlier result, unchanged, that the new one has too.
    remove : tuple of str
        Files of an earlier result, unchanged, that the new one does not have.
    refuse : tuple of str
        What is in the way and not ours to replace; with any of these nothing is done.
    """

    write: tuple[str, ...]
    replace: tuple[str, ...]
    remove: tuple[str, ...]
    refuse: tuple[str, ...]


def plan_change(
    there: Mapping[str, str | None], owned: Mapping[str, Collection[str]], new: Collection[str]
) -> Change:
    """What to write, replace, remove and refuse.

    Parameters
    ----------
    there : mapping of str to str or None
        What lies in the folder under a name of the old or the new result, in place of a folder such a name needs, or
        in a folder that the new result fills: the SHA-256 of a file, None for a link, a folder or a device.
    owned : mapping of str to collection of str
        Files an earlier result wrote, each with the hashes it may have.
    new : collection of str
        Files of the new result.

    Returns
    -------
    Change
    """
    ours = {name for name, digest in there.items() if digest is not None and digest in owned.get(name, ())}
    wanted = set(new)
    return Change(
        write=tuple(sorted(wanted - ours)),
        replace=tuple(sorted(wanted & ours)),
        remove=tuple(sorted(ours - wanted)),
        refuse=tuple(sorted(set(there) - ours)),
    )


def refuse_taken(folder: Path | None, names: Collection[str]) -> None:
    """Refuse a folder that `put` would refuse for these files, before the work that makes them.

    Parameters
    ----------
    folder : Path or None
        None is never refused.
    names : collection of str
        Files the result is sure to have.

    Raises
    ------
    QuietwingError
        If the folder is a site's, is no folder, or holds something in the way of the result.
    OSError
        If nothing can be written there.
    """
    if folder is not None:
        _checked_change(Path(folder), names)
        with workshop_near(folder):
            pass


def refuse_site(folder: Path) -> None:
    """Refuse the folder of a site: it holds what a person drew."""
    if os.path.lexists(folder / SITE_FILE):
        shown = clean(str(folder))
        raise QuietwingError(f"{shown}: is the folder of a site (it holds {SITE_FILE}); give another --out")


def refused(folder: Path, names: Sequence[str]) -> QuietwingError:
    """The error that names what is in the way of a result."""
    listed = ", ".join(clean(name) for name in names[:MOST_NAMES])
    if len(names) > MOST_NAMES:
        listed += f" and {len(names) - MOST_NAMES} more"
    shown = clean(str(folder))
    return QuietwingError(
        f"{shown}: no result can be written there because of {listed}: quietwing replaces only files that it wrote "
        f"itself and that are unchanged since; move these away or give another --out; nothing was changed"
    )


@contextmanager
def workshop_near(folder: Path) -> Iterator[Path]:
    """An empty folder on the target's disk to make a result in; it is removed in any case."""
    with workshop_at(_nearest(Path(folder)), "quietwing") as workshop:
        made = workshop / "result"
        made.mkdir()  # unlike its parent with the permissions a new folder has here
        yield made


def put(made: Path, folder: Path, about: Mapping[str, Any] | None = None) -> Path:
    """Move a finished result into its folder, with a manifest of all its files.

    Parameters
    ----------
    made : Path
        Holds the result's files and nothing else, on the same disk as `folder`; see `workshop_near`.
    folder : Path
        Made if missing. Files of an earlier result are replaced or removed if unchanged, other files left alone.
    about : mapping, optional
        What the manifest says besides the hashes of the files.

    Returns
    -------
    Path
        The manifest.

    Raises
    ------
    QuietwingError
        If something in the folder is in the way; then nothing in it has been touched.
    OSError
        If the folder cannot be written.
    """
    folder = Path(folder)
    files = {name: hash_of(made / name) for name in files_in(made)}
    change, owned = _checked_change(folder, files)
    for name in files:
        _flush(made / name)
    _write_json(made / MANIFEST, {"format": FORMAT, **(about or {}), "files": files})
    if not folder.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        os.replace(made, folder)
        return folder / MANIFEST
    both = {name: sorted({*owned.get(name, ()), *([files[name]] if name in files else [])}) for name in owned | files}
    _write_json(made / UNFINISHED, {"format": FORMAT, "files": both})
    os.replace(made / UNFINISHED, folder / UNFINISHED)
    (folder / MANIFEST).unlink(missing_ok=True)
    for name in change.remove:
        (folder / name).unlink()
    _remove_emptied(folder, change.remove)
    for name in (*change.write, *change.replace):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        os.replace(made / name, folder / name)
    os.replace(made / MANIFEST, folder / MANIFEST)
    (folder / UNFINISHED).unlink()
    return folder / MANIFEST


def listed_files(folder: Path) -> dict[str, set[str]] | None:
    """Files that results wrote into a folder with the hashes they may have; None if a list there is not ours.

    Parameters
    ----------
    folder : Path

    Returns
    -------
    dict of str to set of str, or None
        Empty where no result was written.
    """
    owned: dict[str, set[str]] = {}
    for name in (MANIFEST, UNFINISHED):
        if os.path.lexists(folder / name):
            listed = _read_list(folder / name)
            if listed is None:
                return None
            for file, hashes in listed.items():
                owned.setdefault(file, set()).update(hashes)
    return owned


def hash_of(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def too_large(path: Path) -> str:
    """What of a file is more than a file of a result has, so that it is not read; empty if nothing."""
    size = path.stat().st_size
    if size > MOST_FILE_BYTES:
        return f"has {size:,} bytes (limit {MOST_FILE_BYTES:,})"
    if path.suffix == ".json":
        content = path.read_bytes()
        parts = sum(content.count(mark) for mark in (b",", b"[", b"{"))
        if parts > MOST_JSON_PARTS:
            return f"holds about {parts:,} values (limit {MOST_JSON_PARTS:,})"
    return ""


def files_in(folder: Path) -> list[str]:
    """Names of all files in a folder and below, sorted."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def is_plain_name(name: str) -> bool:
    """Whether a name of a manifest stays within the folder."""
    path = PurePosixPath(name)
    if any(len(part.encode("utf-8", "surrogatepass")) > LONGEST_NAME_BYTES for part in path.parts):
        return False  # no file system has it
    return not (path.is_absolute() or ".." in path.parts or "\\" in name or ":" in name or "\0" in name or not name)


def _checked_change(folder: Path, new: Collection[str]) -> tuple[Change, dict[str, set[str]]]:
    """What the files do to the folder, and whose it holds; raises if anything is in the way."""
    shown, nearest = clean(str(folder)), _nearest(folder)
    if not nearest.is_dir():
        raise QuietwingError(f"{clean(str(nearest))}: exists and is not a folder; give another --out")
    if ".." in folder.relative_to(nearest).parts:
        raise QuietwingError(f"{shown}: leads back (..) from a folder that is not there; give another --out")
    refuse_site(folder)
    owned = listed_files(folder)
    if owned is None:
        strange = [name for name in (MANIFEST, UNFINISHED) if os.path.lexists(folder / name)]
        change = Change((), (), (), tuple(name for name in strange if _read_list(folder / name) is None))
    else:
        change = plan_change(_what_is_there(folder, owned, new), owned, new)
    if change.refuse:
        raise refused(folder, change.refuse)
    return change, owned or {}


def _what_is_there(folder: Path, owned: Mapping[str, Collection[str]], new: Collection[str]) -> dict[str, str | None]:
    """As `plan_change` takes it. No link is followed."""
    there: dict[str, str | None] = {}
    for name in {*owned, *new}:
        parts = PurePosixPath(name).parts
        for depth in range(1, len(parts) + 1):
            path, inner = folder.joinpath(*parts[:depth]), depth < len(parts)
            mode = _mode(path)
            if mode is None:
                break
            if inner and stat.S_ISDIR(mode):
                continue
            whole = not inner and name in owned and stat.S_ISREG(mode)
            there["/".join(parts[:depth])] = hash_of(path) if whole else None
            break
    for top in sorted({PurePosixPath(name).parts[0] for name in new if "/" in name}):
        if not stat.S_ISDIR(_mode(folder / top) or 0):
            continue
        for at, folders, names in os.walk(folder / top):
            links = [name for name in folders if (Path(at) / name).is_symlink()]
            for name in (*names, *links):
                there.setdefault((Path(at) / name).relative_to(folder).as_posix(), None)
    return there


def _read_list(path: Path) -> dict[str, list[str]] | None:
    """The files a list of ours names, each with its hashes; None if it is none of ours."""
    mode = _mode(path)
    if mode is None or not stat.S_ISREG(mode) or path.stat().st_size > LARGEST_MANIFEST_BYTES:
        return None
    try:
        found = json.loads(path.read_text("utf-8"))
    except (ValueError, RecursionError):
        return None
    files = found.get("files") if isinstance(found, dict) and found.get("format") == FORMAT else None
    if not isinstance(files, dict):
        return None
    listed = {name: [each] if isinstance(each, str) else each for name, each in files.items()}
    whole = all(
        is_plain_name(name) and isinstance(each, list) and all(isinstance(one, str) for one in each)
        for name, each in listed.items()
    )
    return listed if whole else None


def _mode(path: Path) -> int | None:
    """What lies at a path, itself and not what it points to; None if nothing does."""
    try:
        return path.lstat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return None


def _nearest(folder: Path) -> Path:
    """The folder, or the nearest one above it that is there: a new folder will be on its disk."""
    while not os.path.lexists(folder) and folder != folder.parent:
        folder = folder.parent
    return folder


def _remove_emptied(folder: Path, names: Iterable[str]) -> None:
    """Remove the folders that held these files and hold nothing now."""
    parents = {parent for name in names for parent in PurePosixPath(name).parents if parent.parts}
    for parent in sorted(parents, key=lambda path: len(path.parts), reverse=True):
        with contextlib.suppress(OSError):  # not empty
            (folder / parent).rmdir()


def _write_json(path: Path, value: Mapping[str, Any]) -> None:
    text = json.dumps(value, indent=1, ensure_ascii=False, sort_keys=True) + "\n"
    path.write_text(text, encoding="utf-8", newline="\n")
    _flush(path)


def _flush(path: Path) -> None:
    """Have a written file on the disk itself."""
    with open(path, "rb+") as file:
        os.fsync(file.fileno())


def versions() -> dict[str, str]:
    """Of what figures depend on to the last digit; quietwing's code has a digest, as its version moves by hand."""
    own = {"quietwing": quietwing.__version__, "code": code_digest()}
    return {**own, "numpy": np.__version__, "numba": metadata.version("numba")}


def other_versions(made_with: Mapping[str, Any]) -> str:
    """What sets the maker of a result apart from what is here: other code or other libraries; empty if nothing.

    Parameters
    ----------
    made_with : mapping
        `versions` as a manifest has them.
    """
    here = versions()
    if code := other_code(made_with.get("code")):
        return f"{code}: computing it again compares the two, and where figures differ the code may be why"
    if made_with == here:
        return ""
    before, now = (
        ", ".join(f"{clean(str(name))} {clean(str(version))}" for name, version in sorted(each.items()))
        for each in (made_with, here)
    )
    return f"made with {before}; here {now}: the last digits may differ"
