"""What a Dask worker does with an item of a batch: its child computes it, and the files of the answer go back.

The child is a process of its own (`workers.Worker`), so that an item that dies, runs out of memory or takes too long
takes no Dask worker with it. A Dask worker loads nothing of the engine: site and item stay packed until they are in
the child. Nothing is read from disk but what the child wrote.
"""

from __future__ import annotations

import queue
import socket
import tempfile
import threading
import time
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from quietwing.coverage.batch.workers import Event, Worker
from quietwing.coverage.result_folder import versions
from quietwing.sites import clean

__all__ = ["ALL_CORES", "as_sent", "computed", "dask_setup", "in_words", "is_alone", "versions_here"]

LOOK_EVERY_S = 0.2
ALL_CORES = "quietwing_all_cores"  # a Dask resource: its worker is alone on its computer, as `--workers 1` is

_LOCK = threading.Lock()  # a Dask worker may have several threads; the child takes one item at a time
_EVENTS: queue.SimpleQueue[Event] = queue.SimpleQueue()
_CHILD: list[Worker] = []  # one in each process of the cluster, kept between its items


def in_words(found: Mapping[str, str]) -> str:
    return ", ".join(f"{clean(name)} {clean(version)}" for name, version in found.items())


def versions_here() -> dict[str, str]:
    """`versions` of the computer of a worker."""
    return versions()


def as_sent(packed: bytes) -> bytes:
    """A site, still packed, as a task of its own: the worker that has it gives it to others."""
    return packed


def computed(name: str, sent: bytes, site: bytes, wanted: Mapping[str, str], item_timeout_s: float) -> dict[str, Any]:
    """Have the child compute an item.

    Parameters
    ----------
    name : str
        Of the item's folder.
    sent : bytes
        Task and item, pickled; the item lacks its site.
    site : bytes
        Pickled.
    wanted : mapping of str to str
        `versions` of the computer that asks.
    item_timeout_s : float
        [s]

    Returns
    -------
    dict
        ``kind``, and the files of the item's folder or why there are none.
    """
    if versions() != wanted:
        here = f"{socket.gethostname()}: has {in_words(versions())} (expected {in_words(wanted)})"
        return {"kind": "versions", "text": f"worker {here}"}
    scratch = import_module("distributed").get_worker().local_directory  # Dask empties it when the worker ends
    with _LOCK, tempfile.TemporaryDirectory(prefix="quietwing-item-", dir=scratch) as place:
        folder = Path(place) / name
        answer = _by_child((sent, site), folder, item_timeout_s)
        if answer["kind"] == "done":
            names = (path for path in sorted(folder.rglob("*")) if path.is_file())
            answer["files"] = {path.relative_to(folder).as_posix(): path.read_bytes() for path in names}
        return answer


def dask_setup(worker: Any) -> None:
    """As Dask calls it in a worker of our own that starts: have the child load the engine before there are items."""
    _CHILD.append(Worker(_EVENTS, alone=is_alone(worker)))


def is_alone(dask_worker: Any) -> bool:
    """Whether the child of a worker may use all cores. Items of a computer with several workers share them."""
    return bool(dask_worker.state.total_resources.get(ALL_CORES, 0))


def _by_child(packed: tuple[bytes, bytes], folder: Path, item_timeout_s: float) -> dict[str, Any]:
    """Give an item to the child of this process, started where there is none, and wait."""
    given, began = False, time.monotonic()
    if not _CHILD:
        _CHILD.append(Worker(_EVENTS, alone=is_alone(import_module("distributed").get_worker())))
    child = _CHILD[0]
    if child.ready:
        child.give_packed(packed, folder)
        given = True
    while True:
        try:
            event = _EVENTS.get(timeout=LOOK_EVERY_S)
        except queue.Empty:
            if time.monotonic() - began > item_timeout_s:
                _CHILD.clear()
                child.end()
                return {"kind": "late"}
            continue
        if event.worker is not child:
            continue  # the last word of a child that was ended
        if event.kind == "gone":
            _CHILD.clear()
            return {"kind": "gone", "code": event.code}
        if event.kind == "ready":
            child.ready, began = True, time.monotonic()
            child.give_packed(packed, folder)
            given = True
        elif given:
            return dict(event.answer)
