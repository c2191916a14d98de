"""The folder of one item: an answer with ``item.json``, which holds the hash of every file and its own.

A folder counts only if ``item.json`` agrees with it to the byte. Folders are made elsewhere on the same file system
and moved into place, so that one is there whole or not at all.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from quietwing.coverage.code_digest import code_digest, other_code
from quietwing.coverage.result_folder import BATCH_ITEM
from quietwing.coverage.whole_files import fsync_folder, write_whole
from quietwing.sites import clean

__all__ = [
    "ITEM",
    "Answer",
    "RoomChannels",
    "damage",
    "install",
    "read_item",
    "write_item",
]

ITEM = BATCH_ITEM
FORMAT = 1


@dataclass(frozen=True)
class RoomChannels:
    """What the tidy table of an item says, room by channel.

    Attributes
    ----------
    room, role, state : list of str, shape (room,)
    channel : list of str, shape (channel,)
    usable_probability : list of list of float or None, shape (channel, room)
        To six decimals; None where the mode gives no probability or it is not known.
    usable : list of list of bool, shape (channel, room)
        At the scenario's confidence.
    """

    room: list[str]
    role: list[str]
    state: list[str]
    channel: list[str]
    usable_probability: list[list[float | None]]
    usable: list[list[bool]]


@dataclass(frozen=True)
class Answer:
    """What an item adds to the tables.

    Attributes
    ----------
    summary : dict
        Column of ``summary.csv`` to plain value; a column left out is empty.
    rooms : RoomChannels
    """

    summary: dict[str, Any]
    rooms: RoomChannels


def write_item(folder: Path, identifier: str, mode: str, answer: Answer) -> None:
    """Finish an item's folder: ``item.json`` over all that is in it.

    Parameters
    ----------
    folder : Path
        Holds the mode's own result.
    identifier, mode : str
    answer : Answer
    """
    content = {
        "format": FORMAT,
        "id": identifier,
        "code": code_digest(),
        "mode": mode,
        "summary": answer.summary,
        "rooms": asdict(answer.rooms),
        "files": {name: _hash(folder / name) for name in _files(folder)},
    }
    write_whole(folder / ITEM, _text(content))


def read_item(folder: Path) -> dict[str, Any]:
    """The content of ``item.json``.

    Raises
    ------
    ValueError
        If it is not what `write_item` wrote, to the byte, for the folder's name.
    OSError
        If it cannot be read.
    """
    kept = (folder / ITEM).read_bytes()
    try:
        content = json.loads(kept)
        content.pop("sha256")
        again = _text(content).encode()
    except (ValueError, AttributeError, KeyError, TypeError, RecursionError):
        raise ValueError(f"{ITEM} is damaged") from None
    if again != kept:
        raise ValueError(f"{ITEM} is damaged")
    kinds = {"summary": dict, "rooms": dict, "files": dict}
    wrong = any(not isinstance(content.get(key), kind) for key, kind in kinds.items())
    if wrong or content.get("format") != FORMAT or content.get("id") != folder.name:
        raise ValueError(f"{ITEM} is of another item or format")
    return dict(content)


def damage(folder: Path) -> str | None:
    """What is wrong with an item's folder, None if it is whole. Files that are not its own do not matter.

    First of all that other code made it (`other_code`): its figures are those of another question.
    """
    if not (folder / ITEM).is_file():
        return f"{ITEM} is missing"
    try:
        item = read_item(folder)
        if other := other_code(item.get("code")):
            return other
        for name, expected in item["files"].items():
            path = folder / name
            if not path.is_file():
                return f"{clean(name)} is missing"
            if _hash(path) != expected:
                return f"{clean(name)} has changed"
    except ValueError as error:
        return str(error)
    return None


def install(made: Path, place: Path, aside: Path) -> None:
    """Move a finished folder into its place; a damaged one there goes, files that are not its own stay.

    Parameters
    ----------
    made : Path
        On the same file system as `place`.
    place : Path
    aside : Path
        Where the old folder may go, in the workshop that is thrown away.
    """
    for folder in [made, *(path for path in made.rglob("*") if path.is_dir())]:
        fsync_folder(folder)
    if place.exists() or place.is_symlink():
        if place.is_dir() and not place.is_symlink():
            _keep_strangers(place, made)
        os.replace(place, aside)
    os.replace(made, place)
    fsync_folder(place.parent)


def _keep_strangers(place: Path, made: Path) -> None:
    """Copy what lies in the old folder and is not a file of the item into the new one."""
    for name in _files(place):
        target = made / name
        blocked = target.exists() or any((made / parent).is_file() for parent in Path(name).parents)
        if not blocked:
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(place / name, target, follow_symlinks=False)


def _text(content: dict[str, Any]) -> str:
    """Canonical text with its own hash in it."""
    bare = json.dumps(content, sort_keys=True, ensure_ascii=False, allow_nan=False)
    whole = content | {"sha256": hashlib.sha256(bare.encode()).hexdigest()}
    return json.dumps(whole, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n"


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _files(folder: Path) -> list[str]:
    """All files of an item but ``item.json``."""
    names = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file() or path.is_symlink())
    return sorted(name for name in names if name != ITEM)
