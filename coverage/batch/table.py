"""The tables of a batch, made from the items' folders alone: the same items give the same bytes."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from quietwing.coverage.answers import SUMMARY_COLUMNS
from quietwing.coverage.batch.item_folder import read_item
from quietwing.coverage.batch.items import BatchItem, key_text
from quietwing.coverage.report import safe_cell
from quietwing.coverage.whole_files import fsync_file

__all__ = ["ROOM_COLUMNS", "TABLES", "make_tables"]

TABLES = ("summary.csv", "summary.parquet", "rooms.csv", "rooms.parquet")
FAILED = "failed"
# Column, kind, and how its numbers are written in CSV.
ROOM_COLUMNS = (
    ("item", str, ""),
    ("site", str, ""),
    ("room", str, ""),
    ("role", str, ""),
    ("channel", str, ""),
    ("usable_probability", float, ".6f"),
    ("usable", bool, ""),
    ("state", str, ""),
)
Column = tuple[str, type, str]
Row = Sequence[Any]


def make_tables(items: Sequence[BatchItem], whole: frozenset[str], results: Path, workshop: Path) -> tuple[str, ...]:
    """Make ``summary`` and ``rooms`` as CSV and Parquet in the workshop.

    Parameters
    ----------
    items : sequence of BatchItem
        In the order of the rows; an item asked for twice has two rows in ``summary``, one set of rows in ``rooms``.
    whole : frozenset of str
        Ids whose folder is whole; the others are rows of status ``failed``.
    results : Path
        The folder of the batch.
    workshop : Path
        Where the tables are made.

    Returns
    -------
    tuple of str
        Names of the files: `TABLES`.
    """
    keys = list(dict.fromkeys(name for item in items for name, _ in item.keys))
    taken = {"item", "mode", *(column.name for column in SUMMARY_COLUMNS)}
    shown = [f"key_{key}" if key in taken else key for key in keys]
    columns: list[Column] = [
        ("item", str, ""),
        *(
            (name, *_kind([dict(item.keys).get(key) for item in items]))
            for key, name in zip(keys, shown, strict=True)
        ),
        ("mode", str, ""),
        *((column.name, column.kind, column.form) for column in SUMMARY_COLUMNS),
    ]
    summary = [_summary_row(item, keys, columns, results if item.id in whole else None) for item in items]
    once = list(dict.fromkeys(item.id for item in items if item.id in whole))
    blocks = (list(_room_rows(read_item(results / "items" / name))) for name in once)
    return (
        *_write("summary", columns, [summary], workshop),
        *_write("rooms", ROOM_COLUMNS, blocks, workshop),
    )


def _kind(values: Sequence[object]) -> tuple[type, str]:
    """Kind of a column of swept values, and how they are written; mixed ones and lists are text."""
    kinds = {type(value) for value in values if value is not None}
    if kinds == {bool}:
        return bool, ""
    if kinds == {int} and all(abs(value) < 2**63 for value in values if isinstance(value, int)):
        return int, "d"
    if kinds and kinds <= {int, float}:
        return float, "r"
    return str, ""


def _summary_row(item: BatchItem, keys: Sequence[str], columns: Sequence[Column], results: Path | None) -> Row:
    swept = dict(item.keys)
    if results is None:
        found: dict[str, Any] = {"site": item.site.name, "status": FAILED}
    else:
        found = read_item(results / "items" / item.id)["summary"]
    values = [item.id, *(swept.get(key) for key in keys), item.mode]
    values += [found.get(column.name) for column in SUMMARY_COLUMNS]
    return [_cast(value, kind) for value, (_, kind, _) in zip(values, columns, strict=True)]


def _cast(value: object, kind: type) -> Any:
    if value is None:
        return None
    return key_text(value) if kind is str else kind(value)


def _room_rows(item: dict[str, Any]) -> Iterator[Row]:
    """Room by room, each with all its channels."""
    rooms, site = item["rooms"], item["summary"].get("site")
    for at, (room, role, state) in enumerate(zip(rooms["room"], rooms["role"], rooms["state"], strict=True)):
        for row, channel in enumerate(rooms["channel"]):
            share = rooms["usable_probability"][row][at]
            yield item["id"], site, room, role, channel, share, rooms["usable"][row][at], state


def _write(name: str, columns: Sequence[Column], blocks: Iterable[Sequence[Row]], workshop: Path) -> tuple[str, str]:
    """One table in both forms, block by block, so that ten thousand items never stand in memory together."""
    types = {str: pa.string(), int: pa.int64(), float: pa.float64(), bool: pa.bool_()}
    schema = pa.schema([(column, types[kind]) for column, kind, _ in columns])
    text_path, parquet_path = workshop / f"{name}.csv", workshop / f"{name}.parquet"
    with (
        open(text_path, "w", encoding="utf-8", newline="") as text,
        # Nothing of time, machine or writer but the version of pyarrow itself.
        pq.ParquetWriter(parquet_path, schema, version="2.6", compression="zstd", store_schema=False) as parquet,
    ):
        text.write(_csv([[column for column, _, _ in columns]]))
        for block in blocks:
            text.write(
                _csv([_cell(value, form) for value, (_, _, form) in zip(row, columns, strict=True)] for row in block)
            )
            if block:
                arrays = [
                    pa.array(list(values), field.type)
                    for values, field in zip(zip(*block, strict=True), schema, strict=True)
                ]
                parquet.write_table(pa.Table.from_arrays(arrays, schema=schema))
    for path in (text_path, parquet_path):
        fsync_file(path)
    return text_path.name, parquet_path.name


def _cell(value: Any, form: str) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return safe_cell(value)
    return repr(value) if form == "r" else format(value, form)


def _csv(rows: Iterable[Sequence[str]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()
