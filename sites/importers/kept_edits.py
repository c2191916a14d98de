"""Imported again: what was changed in a site's folder since the import is kept, row by row."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from quietwing.sites.errors import SiteError
from quietwing.sites.files import OWN_FILES
from quietwing.sites.findings import Unreadable, clean
from quietwing.sites.safe_reading import MOST_BYTES, read_bytes, text_of
from quietwing.sites.site_antennas import ANTENNA_FOLDER, is_antenna_file

__all__ = ["MANIFEST_FILE", "manifest_text", "merged_files"]

MANIFEST_FILE = "import-manifest.json"
MOST_SAID = 40
_LAYER = ".geojson"


def manifest_text(texts: Mapping[str, str]) -> str:
    """What an import wrote: of layers a digest of each feature by id, of other files one of the whole."""
    files: dict[str, Any] = {}
    for name, text in sorted(texts.items()):
        files[name] = _digests(_features(text)) if name.endswith(_LAYER) else _digest(text)
    return json.dumps({"format": 1, "files": files}, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def merged_files(texts: Mapping[str, str], folder: Path) -> tuple[dict[str, str | bytes], tuple[str, ...]]:
    """The files of a new import with the edits made in a folder since the import before.

    Parameters
    ----------
    texts : mapping of str to str
        What the new import gives.
    folder : Path
        What the import before wrote, as it is now.

    Returns
    -------
    files : dict of str to str or bytes
    kept : tuple of str
        What was kept, in words; empty where nothing was changed.

    Raises
    ------
    SiteError
        If the folder's manifest or one of its layers cannot be read.
    """
    written = _manifest(folder)
    merged: dict[str, str | bytes] = dict(texts)
    kept: list[str] = []
    for name in sorted(OWN_FILES):
        path = folder / name
        if not path.is_file():
            if name in written and name in merged and not isinstance(written[name], str):
                merged[name] = _collection(texts[name], [])
                kept.append(f"{name}: stays without features: the file was removed")
            continue
        content = _bytes(path, folder)
        before = written.get(name)
        if before is None:
            merged[name] = content
            kept.append(f"{name}: kept as it is: the import did not write it")
        elif isinstance(before, str):
            if _digest(_text(content, name)) != before:
                merged[name] = content
                kept.append(f"{name}: kept as it is: changed since the import")
        else:
            said, merged[name] = _merged_layer(name, texts.get(name), _text(content, name), before)
            kept += said
    antennas = folder / ANTENNA_FOLDER
    if antennas.is_dir():
        for path in sorted(antennas.iterdir()):
            if is_antenna_file(path.name):
                merged[f"{ANTENNA_FOLDER}/{path.name}"] = _bytes(path, folder)
                kept.append(f"{ANTENNA_FOLDER}/{clean(path.name)}: kept as it is")
    _drop_orphans(merged, kept)
    if len(kept) > MOST_SAID:
        kept = [*kept[:MOST_SAID], f"… and {len(kept) - MOST_SAID:,} more edits kept"]
    return merged, tuple(kept)


def _manifest(folder: Path) -> dict[str, Any]:
    """What the import before wrote."""
    try:
        loaded = json.loads(_bytes(folder / MANIFEST_FILE, folder))
        files = loaded["files"]
        if all(isinstance(value, str | dict) for value in files.values()):
            return dict(files)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        pass
    raise SiteError(f"{MANIFEST_FILE}: is damaged, so edits cannot be told; import into a new folder")


def _merged_layer(name: str, new: str | None, now: str, before: Mapping[str, Any]) -> tuple[list[str], str]:
    """One layer: new rows, but those that were changed, added or deleted in the folder as they are there."""
    fresh = _by_id(_features(new)) if new is not None else {}
    here = _by_id(_features(now))
    kept = []
    for feature_id, feature in here.items():
        if feature_id not in before:
            fresh[feature_id] = feature
            kept.append(f"{name}: {clean(feature_id, 60)}: kept: added since the import")
        elif _digest(_row(feature)) != before[feature_id]:
            fresh[feature_id] = feature
            kept.append(f"{name}: {clean(feature_id, 60)}: kept as changed since the import")
    for feature_id in before:
        if feature_id not in here and feature_id in fresh:
            del fresh[feature_id]
            kept.append(f"{name}: {clean(feature_id, 60)}: stays deleted")
    return kept, _collection(new if new is not None else now, list(fresh.values()))


def _drop_orphans(merged: dict[str, str | bytes], kept: list[str]) -> None:
    """Openings of the new import whose wall was deleted."""
    walls, openings = merged.get(f"walls{_LAYER}"), merged.get(f"openings{_LAYER}")
    if not kept or walls is None or openings is None:
        return
    names = set(_by_id(_features(_as_text(walls))))
    rows = _features(_as_text(openings))
    left = [row for row in rows if str((row.get("properties") or {}).get("wall")) in names]
    if len(left) < len(rows):
        kept.append(f"openings{_LAYER}: {len(rows) - len(left)} left out: their walls were deleted")
        merged[f"openings{_LAYER}"] = _collection(_as_text(openings), left)


def _features(text: str | None) -> list[dict[str, Any]]:
    """The features of a layer."""
    try:
        rows = json.loads(text or "{}")["features"]
        if all(isinstance(row, dict) for row in rows):
            return list(rows)
    except (ValueError, KeyError, TypeError, RecursionError):
        pass
    raise SiteError("a layer in the folder is damaged; correct it (quietwing check), or import into a new folder")


def _by_id(features: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Features by id; those without one by their place."""
    return {str((row.get("properties") or {}).get("id", f"#{number}")): row for number, row in enumerate(features, 1)}


def _digests(features: list[dict[str, Any]]) -> dict[str, str]:
    return {name: _digest(_row(row)) for name, row in _by_id(features).items()}


def _row(feature: dict[str, Any]) -> str:
    """A feature as text, equal for equal content however it is laid out."""
    wanted = {key: feature.get(key) for key in ("properties", "geometry")}
    properties = {key: value for key, value in (wanted["properties"] or {}).items() if value is not None}
    return json.dumps(wanted | {"properties": properties}, sort_keys=True, ensure_ascii=False)


def _collection(text: str, features: list[dict[str, Any]]) -> str:
    """A layer with the heading of one and the features of another."""
    return json.dumps(json.loads(text) | {"features": features}, ensure_ascii=False)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _bytes(path: Path, folder: Path) -> bytes:
    try:
        return read_bytes(path, folder, MOST_BYTES)
    except Unreadable as error:
        raise SiteError(f"{clean(path.name)}: {error}") from None


def _text(content: bytes, name: str) -> str:
    try:
        return text_of(content, may_be_empty=True)
    except Unreadable as error:
        raise SiteError(f"{clean(name)}: {error}") from None


def _as_text(content: str | bytes) -> str:
    return content if isinstance(content, str) else content.decode("utf-8-sig", "replace")
