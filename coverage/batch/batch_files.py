"""The files of a batch beside its items, under the rule of every result: only our own, unchanged, are replaced.

``manifest.json`` lists them with their SHA-256. While files are moved into place it lists the old and the new hash of
each, so that a run that was killed finds its own again.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

from quietwing.coverage.result_folder import (
    FORMAT,
    MANIFEST,
    hash_of,
    listed_files,
    plan_change,
    refuse_site,
    refused,
)
from quietwing.coverage.whole_files import publish, write_whole

__all__ = ["BatchFiles"]


class BatchFiles:
    """What earlier runs of a batch left beside the items, and the one door through which anything is put there.

    Parameters
    ----------
    out : Path
        The folder of the batch; its lock is held.
    workshop : Path
        On the same disk, for drafts.
    """

    def __init__(self, out: Path, workshop: Path) -> None:
        self.out, self.workshop = out, workshop
        self.hashes = _owned(out)

    @staticmethod
    def refuse_taken(out: Path, new: Collection[str]) -> None:
        """Refuse a folder where a name that a run writes is taken by something that is not ours, unchanged.

        Raises
        ------
        QuietwingError
            If anything is in the way, with the names, or the folder is a site's; nothing has been touched.
        """
        refuse_site(out)
        _refuse(out, _owned(out), new)

    def owned_below(self, folder: str) -> list[str]:
        """Names of our own files in a folder."""
        return sorted(name for name in self.hashes if name.startswith(f"{folder}/"))

    def put(self, drafts: Iterable[str], gone: Collection[str] = ()) -> None:
        """Move finished drafts from the workshop to the same name in the folder, and remove files of ours.

        Raises
        ------
        QuietwingError
            If one of these names was changed or taken in the meantime; then nothing has been touched.
        """
        new = {name: hash_of(self.workshop / name) for name in drafts}
        _refuse(self.out, self.hashes, {*new, *gone})
        for name, digest in new.items():
            self.hashes[name] = self.hashes.get(name, set()) | {digest}
        self._write_manifest()
        for name in new:
            (self.out / name).parent.mkdir(exist_ok=True)
            publish(self.workshop / name, self.out / name)
        for name in gone:
            (self.out / name).unlink(missing_ok=True)
            with contextlib.suppress(OSError):  # something else is in it
                (self.out / name).parent.rmdir()
        self.hashes = {name: found for name, found in self.hashes.items() if name not in gone}
        self.hashes |= {name: {digest} for name, digest in new.items()}
        self._write_manifest()

    def _write_manifest(self) -> None:
        files = {name: found[0] if len(found) == 1 else found for name, found in _sorted(self.hashes).items()}
        text = json.dumps({"format": FORMAT, "files": files}, indent=1, ensure_ascii=False, sort_keys=True) + "\n"
        write_whole(self.out / MANIFEST, text, self.workshop)


def _owned(out: Path) -> dict[str, set[str]]:
    owned = listed_files(out)
    if owned is None:
        raise refused(out, (MANIFEST,))
    return owned


def _refuse(out: Path, owned: Mapping[str, Collection[str]], names: Collection[str]) -> None:
    """Raise where one of these names is taken and not ours."""
    there: dict[str, str | None] = {}
    for name in names:
        path = out / name
        parent = path.parent
        if parent != out and os.path.lexists(parent) and (parent.is_symlink() or not parent.is_dir()):
            there[parent.relative_to(out).as_posix()] = None
        elif os.path.lexists(path):
            there[name] = hash_of(path) if path.is_file() and not path.is_symlink() else None
    change = plan_change(there, owned, names)
    if change.refuse:
        raise refused(out, change.refuse)


def _sorted(hashes: Mapping[str, Collection[str]]) -> dict[str, list[str]]:
    return {name: sorted(found) for name, found in sorted(hashes.items())}
