"""Projects kept on this computer: a folder for each browser, mode 0700, in the user's own state folder.

A browser's folder is named by the hash of a secret that only this browser knows; whoever does not send the secret is
shown nothing of it. For each project it holds

- ``NAME.qwproj``, as `project_file` writes it;
- ``NAME.json``, a line for the list of recent projects;
- ``NAME.results``, what was computed, as `result_file` writes it.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import secrets
import stat
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from quietwing.coverage.whole_files import write_whole
from quietwing.sites import SiteError

__all__ = [
    "ENDING",
    "KEPT_DAYS",
    "MOST_KEPT",
    "MOST_NAME",
    "MOST_STEPS",
    "Kept",
    "Shelf",
    "is_name",
    "is_secret",
    "new_name",
    "state_folder",
    "sweep_old",
]

ENDING = ".qwproj"
MOST_STEPS = 50  # of undo, and of redo
MOST_NAME = 60  # letters of what a planner calls a project
KEPT_DAYS = 30  # since a project was last worked on
MOST_KEPT = 20  # projects of a browser
MOST_RESULTS_BYTES = 256 * 2**20
LARGEST_LINE_BYTES = 10_000
DAY_S = 86_400.0
FILE, LINE, RESULTS = ENDING, ".json", ".results"
_guard = threading.Lock()  # files are written, listed and removed one after the other


@dataclass(frozen=True)
class Kept:
    """A project in the list of recent ones.

    Attributes
    ----------
    name : str
        Its name on disk.
    title, site : str
    blockers : int
    last_s : float
        When it was last worked on, seconds since 1970.
    """

    name: str
    title: str
    site: str
    blockers: int
    last_s: float


def is_secret(text: object) -> bool:
    """Whether this can be a browser's secret: 256 bits in hexadecimal digits."""
    return isinstance(text, str) and re.fullmatch(r"[0-9a-f]{64}", text) is not None


def is_name(text: object) -> bool:
    """Whether this can be a project's name on disk."""
    return isinstance(text, str) and re.fullmatch(r"[0-9a-f]{32}", text) is not None


def new_name() -> str:
    """A name on disk that no other project has."""
    return secrets.token_hex(16)


def state_folder() -> Path:
    """Where this user's programs keep what shall outlast a restart."""
    given = os.environ.get("XDG_STATE_HOME", "")
    if given and Path(given).is_absolute():
        return Path(given) / "quietwing"
    if sys.platform == "win32" and (local := os.environ.get("LOCALAPPDATA")):
        return Path(local) / "quietwing"
    return Path.home() / ".local" / "state" / "quietwing"


class Shelf:
    """The projects of one browser."""

    def __init__(self, secret: str) -> None:
        if not is_secret(secret):
            raise ValueError("a browser's secret has 64 hexadecimal digits")
        named = hashlib.sha256(b"quietwing browser " + bytes.fromhex(secret)).hexdigest()[:32]
        self.folder = state_folder() / "projects" / named

    def save(self, name: str, content: bytes, line: Mapping[str, Any], results: Callable[[], bytes] | None) -> None:
        """Keep a project.

        Parameters
        ----------
        name : str
        content : bytes
            The ``.qwproj`` file.
        line : mapping
            Title, site and number of blockers, for the list.
        results : callable or None
            Gives what was computed (`result_file.pack_results`), empty: nothing; None: as they were kept before.

        Raises
        ------
        OSError
            If it cannot be written.
        """
        with _guard:
            _own_folder(self.folder)
            _write(self._path(name, FILE), content)
            _write(self._path(name, LINE), json.dumps(dict(line)).encode())
            self._tidy(keep=name)
            if results is not None:
                packed = results()
                if 0 < len(packed) <= MOST_RESULTS_BYTES:
                    _write(self._path(name, RESULTS), packed)
                else:
                    self._path(name, RESULTS).unlink(missing_ok=True)

    def content(self, name: str) -> bytes | None:
        """A project's file; None where there is none. It counts as worked on from now."""
        with _guard, contextlib.suppress(OSError):
            path = self._path(name, FILE)
            found = path.read_bytes()
            os.utime(path)
            return found
        return None

    def results(self, name: str) -> bytes:
        """What was computed in a project; empty where there is nothing, or more than is ever kept."""
        with _guard, contextlib.suppress(OSError):
            path = self._path(name, RESULTS)
            if path.is_file() and path.stat().st_size <= MOST_RESULTS_BYTES:
                return path.read_bytes()
        return b""

    def recent(self) -> list[Kept]:
        """The projects of this browser, the latest first."""
        with _guard:
            self._tidy()
            found = []
            for path, _ in _by_age(self.folder):
                with contextlib.suppress(OSError, ValueError, TypeError, KeyError):
                    text = path.with_suffix(LINE).read_bytes()[:LARGEST_LINE_BYTES]
                    line = json.loads(text)
                    last_s = path.stat().st_mtime
                    found.append(
                        Kept(path.stem, str(line["title"]), str(line["site"]), int(line["blockers"]), last_s)
                    )
        return sorted(found, key=lambda one: one.last_s, reverse=True)

    def remove(self, name: str) -> None:
        """Take a project away."""
        with _guard:
            _forget(self._path(name, FILE))

    def _path(self, name: str, ending: str) -> Path:
        if not is_name(name):
            raise SiteError("this is no name of a project; open it from the list")
        return self.folder / f"{name}{ending}"

    def _tidy(self, keep: str = "") -> None:
        """Remove what is too old, and the oldest of too many."""
        for place, (path, age_s) in enumerate(_by_age(self.folder, keep)):
            if place >= MOST_KEPT or (path.stem != keep and age_s > KEPT_DAYS * DAY_S):
                _forget(path)
        for draft in self.folder.glob(".*"):  # of a server that was killed while it wrote
            with contextlib.suppress(OSError):
                if time.time() - draft.stat().st_mtime > DAY_S:
                    draft.unlink()


def sweep_old() -> None:
    """Remove what is too old, whichever browser it belongs to: once, when the server starts."""
    with _guard, contextlib.suppress(OSError, RuntimeError):
        for folder in (state_folder() / "projects").iterdir():
            if not is_name(folder.name) or folder.is_symlink():
                continue
            for path, age_s in _by_age(folder):
                if age_s > KEPT_DAYS * DAY_S:
                    _forget(path)
            with contextlib.suppress(OSError):
                folder.rmdir()  # only an empty one goes


def _by_age(folder: Path, first: str = "") -> list[tuple[Path, float]]:
    """Project files with their age in seconds, the latest first, but for one that comes before all."""
    found = []
    for path in folder.glob(f"*{FILE}"):
        with contextlib.suppress(OSError):
            if is_name(path.stem) and path.is_file():
                found.append((path, time.time() - path.stat().st_mtime))
    return sorted(found, key=lambda one: (one[0].stem != first, one[1]))


def _forget(path: Path) -> None:
    for ending in (FILE, LINE, RESULTS):
        with contextlib.suppress(OSError):
            path.with_suffix(ending).unlink(missing_ok=True)


def _own_folder(folder: Path) -> None:
    """Make a folder that is ours alone; its parents up to the program's too."""
    for each in (folder.parent.parent, folder.parent, folder):
        each.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = each.lstat()
        if not stat.S_ISDIR(found.st_mode) or (os.name == "posix" and found.st_uid != os.getuid()):
            raise PermissionError(f"{each.name} is not a folder of this user's own")
        if os.name == "posix" and stat.S_IMODE(found.st_mode) != 0o700:
            each.chmod(0o700)


def _write(path: Path, content: bytes) -> None:
    """A file, whole or not at all; its folder is ours alone, so it is too."""
    write_whole(path, content)
    if os.name == "posix":
        path.chmod(0o600)
