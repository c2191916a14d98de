"""Run the items of a batch in worker processes; whatever stops it, running it again ends with the same bytes.

::

    RESULTS/items/<id>/      one whole answer each, with item.json over its files
    RESULTS/failed/<id>.txt  why an item has no answer
    RESULTS/batch.json       the items in order, what was swept, how far each is
    RESULTS/summary.csv .parquet   one row an item
    RESULTS/rooms.csv .parquet     one row an item × room × channel
    RESULTS/manifest.json    the hash of every file beside the items (`batch_files`)

Only the folders of items are taken over from an earlier run, and only those whose hashes hold. Everything else is
made anew at the end, in place of what an earlier run wrote; anything else that lies there is refused at the start.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import queue
import shutil
import signal
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import quietwing
from quietwing.coverage.batch.batch_files import BatchFiles
from quietwing.coverage.batch.cluster import answers, write_files
from quietwing.coverage.batch.item_folder import damage, install
from quietwing.coverage.batch.items import BatchItem, key_text
from quietwing.coverage.batch.lock import folder_lock
from quietwing.coverage.batch.table import TABLES, make_tables
from quietwing.coverage.batch.tasks import run_item
from quietwing.coverage.batch.workers import Event, Task, Worker
from quietwing.coverage.code_digest import OTHER_CODE
from quietwing.coverage.errors import ScenarioError
from quietwing.coverage.whole_files import write_whole
from quietwing.sites import clean

__all__ = ["INDEX", "BatchInterrupted", "BatchOutcome", "run_batch"]

INDEX = "batch.json"
FORMAT = 1
WORKSHOP = ".work-"
MOST_WORKERS = 256
MOST_ATTEMPTS = 2
MOST_FAILED_STARTS = 3
START_TIMEOUT_S = 300.0
LOOK_EVERY_S = 0.2
LONGEST_STEP_S = 1.0  # of a longer one the computer slept, or this process was stopped: no item's fault

Progress = Callable[[str, float], None]


@dataclass(frozen=True)
class BatchOutcome:
    """How a batch went, by ids in the order they were asked for.

    Attributes
    ----------
    done : tuple of str
        Computed now.
    skipped : tuple of str
        Whole from an earlier run.
    failed : tuple of (str, str)
        Id and reason, on one line.
    interrupted : tuple of str
        Left to do; only where the batch was interrupted.
    notes : tuple of str
        What was found damaged, or made by other code, and made anew.
    files : tuple of Path
        The tables.
    """

    done: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()
    failed: tuple[tuple[str, str], ...] = ()
    interrupted: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    files: tuple[Path, ...] = ()

    @property
    def exit_code(self) -> int:
        """0 with every item answered, 1 with some that failed."""
        return 1 if self.failed else 0


class BatchInterrupted(KeyboardInterrupt):
    """Ctrl-C: finished items are kept, and `outcome` says what is left."""

    def __init__(self, outcome: BatchOutcome) -> None:
        super().__init__(f"{len(outcome.interrupted)} items left")
        self.outcome = outcome


def run_batch(
    items: Iterable[BatchItem],
    out: Path,
    *,
    workers: int = 1,
    progress: Progress | None = None,
    item_timeout_s: float = 3600.0,
    task: Task = run_item,
    client: Any = None,
) -> BatchOutcome:
    """Compute what is not there yet, and write index and tables.

    Parameters
    ----------
    items : iterable of BatchItem
        From `plan_batch`; equal ids are computed once.
    out : Path
        The folder of results; made if missing.
    workers : int
        Processes at once, 1 to 256; above 1 each uses one core.
    progress : callable, optional
        Called with what was done and the share done, 0 to 1.
    item_timeout_s : float
        An item that takes longer fails. Time in which this process was stopped does not count. [s]
    task : callable
        What a worker does with an item; importable by its name there.
    client : distributed.Client, optional
        Of a Dask cluster that computes the items in place of `workers` here (extra ``cluster``, `cluster_client`).
        The files are the same to the byte.

    Returns
    -------
    BatchOutcome

    Raises
    ------
    ScenarioError
        If a number is out of range, or another batch is writing to the folder.
    QuietwingError
        If a file in the folder is in the way that no run of a batch wrote, or that was changed since.
    OSError
        If the folder cannot be written, or workers cannot start; finished items are kept.
    BatchInterrupted
        On Ctrl-C; a `KeyboardInterrupt`.
    """
    asked, out = tuple(items), Path(out)
    if not asked:
        raise ScenarioError("the batch has no items (expected at least one); give sites and values to sweep")
    if not 1 <= workers <= MOST_WORKERS:
        raise ScenarioError(f"workers is {workers} (expected 1 to {MOST_WORKERS}); give the number of cores to use")
    if not item_timeout_s > 0:
        raise ScenarioError(f"item_timeout_s is {item_timeout_s:g} (expected above 0); give seconds")
    names = {INDEX, *TABLES, *(f"failed/{item.id}.txt" for item in asked)}
    BatchFiles.refuse_taken(out, names)
    out.mkdir(parents=True, exist_ok=True)
    with folder_lock(out), _workshop(out) as workshop:
        run = _Run(asked, out, workshop, progress or (lambda _what, _share: None))
        try:
            run.look_over()
            run.write_index()
            if client is None:
                run.compute(min(workers, len(run.pending)), item_timeout_s, task)
            else:
                run.compute_on(client, item_timeout_s, task)
            run.write_failures()
            run.write_index()
            files = make_tables(asked, frozenset(run.whole), out, workshop)
            run.files.put(files)
        except KeyboardInterrupt:
            with contextlib.suppress(OSError):
                run.see_installed()
                run.write_index()
            raise BatchInterrupted(run.outcome()) from None
        return run.outcome(tuple(out / name for name in files))


@contextlib.contextmanager
def _workshop(out: Path) -> Iterator[Path]:
    """A folder for what is not finished; those of dead runs go (the lock is held)."""
    for left in out.glob(f"{WORKSHOP}*"):
        if left.name.removeprefix(WORKSHOP).isdecimal() and left.is_dir() and not left.is_symlink():
            shutil.rmtree(left)
    items = out / "items"
    items.mkdir(exist_ok=True)
    for folder in (out, items):
        if not os.access(folder, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(folder))
    workshop = out / f"{WORKSHOP}{os.getpid()}"
    workshop.mkdir()
    try:
        yield workshop
    finally:
        shutil.rmtree(workshop, ignore_errors=True)


class _Run:
    """The state of one run of a batch: what is whole, what is left, what failed."""

    def __init__(self, asked: Sequence[BatchItem], out: Path, workshop: Path, say: Progress) -> None:
        self.asked, self.out, self.workshop, self.say = asked, out, workshop, say
        self.by_id = {item.id: item for item in reversed(asked)}  # of equal ones the first
        self.order = list(dict.fromkeys(item.id for item in asked))
        self.pending: deque[BatchItem] = deque()
        self.whole: set[str] = set()
        self.done: set[str] = set()
        self.failed: dict[str, str] = {}
        self.attempts: dict[str, int] = {}
        self.notes: list[str] = []
        self.files = BatchFiles(out, workshop)

    def look_over(self) -> None:
        """Find out what an earlier run finished; what is damaged or of other code is named and computed again."""
        others = []
        for count, name in enumerate(self.order):
            self.say(f"looking over {count + 1} of {len(self.order)}", 0.0)
            folder = self.out / "items" / name
            wrong = damage(folder) if folder.exists() or folder.is_symlink() else "new"
            if wrong is None:
                self.whole.add(name)
                continue
            self.pending.append(self.by_id[name])
            if wrong.startswith(OTHER_CODE):
                others.append(wrong)
            elif wrong != "new":
                self.notes.append(f"items/{name}: {wrong}; computed anew")
        if others:
            self.notes.append(f"{len(others)} of {len(self.order)} items: {others[0]}: computed again")

    def see_installed(self) -> None:
        """An interrupt may come between an item's move into place and the note of it."""
        for name in self.order:
            place = self.out / "items" / name
            if name not in self.whole and place.is_dir() and damage(place) is None:
                self.whole.add(name)
                self.done.add(name)

    def compute(self, workers: int, item_timeout_s: float, task: Task) -> None:
        """Have all pending items computed; whatever happens, no worker outlives this."""
        events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        crew: list[Worker] = []
        failed_starts = 0
        self._say()
        try:
            last = time.monotonic()
            while self.pending or any(worker.item is not None for worker in crew):
                waiting = sum(1 for worker in crew if worker.item is None)
                for _ in range(min(workers - len(crew), len(self.pending) - waiting)):
                    crew.append(Worker(events, alone=workers == 1))
                for worker in crew:
                    if worker.ready and worker.item is None and self.pending:
                        item = self.pending.popleft()
                        worker.give(task, item, self._draft(item.id))
                with contextlib.suppress(queue.Empty):
                    event = events.get(timeout=LOOK_EVERY_S)
                    if event.worker in crew:
                        failed_starts = 0 if event.kind == "ready" else failed_starts
                        failed_starts += self._hear(event, crew)
                now = time.monotonic()
                step_s, last = min(now - last, LONGEST_STEP_S), now
                for worker in [*crew]:
                    worker.busy_s += step_s
                    failed_starts += self._end_if_late(worker, item_timeout_s, crew)
                if failed_starts >= MOST_FAILED_STARTS:
                    raise OSError(errno.ECHILD, "worker processes end before they are ready", "workers")
        finally:
            for worker in crew:
                worker.end()

    def compute_on(self, client: Any, item_timeout_s: float, task: Task) -> None:
        """Have all pending items computed on a cluster, those whose worker died once more."""
        self._say()
        while self.pending:
            items = [*self.pending]
            self.pending.clear()
            for item, kind, answer in answers(client, items, item_timeout_s, task):
                if kind == "gone":
                    self._died(item, answer["code"])
                elif kind == "late":
                    self._fail(item, _late_in_words(item_timeout_s))
                else:
                    if kind == "done":
                        write_files(answer["files"], self._draft(item.id))
                        wrong = damage(self._draft(item.id))
                        kind, answer = ("broken", {"text": f"its answer: {wrong}"}) if wrong else (kind, answer)
                    self._answered(item, kind, answer)

    def _hear(self, event: Event, crew: list[Worker]) -> int:
        """Take in what a worker said; 1 if it never got ready."""
        worker, item = event.worker, event.worker.item
        if event.kind == "ready":
            worker.ready = True
            return 0
        worker.item = None
        if event.kind == "gone":
            crew.remove(worker)
            if item is None:
                return 0 if worker.ready else 1
            self._died(item, event.code)
        elif item is not None:
            self._answered(item, event.kind, event.answer)
        return 0

    def _answered(self, item: BatchItem, kind: str, answer: Mapping[str, object]) -> None:
        if kind == "environment":
            code = answer["errno"]
            raise OSError(code if isinstance(code, int) else errno.EIO, str(answer["text"]), str(answer["name"]))
        if kind != "done":
            self._fail(item, str(answer["text"]))
            return
        place = self.out / "items" / item.id
        install(self._draft(item.id), place, self.workshop / f"old-{item.id}")
        self.whole.add(item.id)
        self.done.add(item.id)
        self._say()

    def _died(self, item: BatchItem, code: int | None) -> None:
        """One more try for the item a worker died over, then quarantine: it may be the item that kills."""
        shutil.rmtree(self._draft(item.id), ignore_errors=True)
        self.attempts[item.id] = self.attempts.get(item.id, 0) + 1
        if self.attempts[item.id] < MOST_ATTEMPTS:
            self.pending.appendleft(item)
            return
        self._fail(
            item,
            f"its worker process ended {MOST_ATTEMPTS} times, the last time with {_ending(code)} "
            f"(expected an answer); give it more memory or fewer workers, then run the batch again",
        )

    def _end_if_late(self, worker: Worker, item_timeout_s: float, crew: list[Worker]) -> int:
        """Kill a worker whose time is over; 1 if it never got ready."""
        if worker.ready and (worker.item is None or worker.busy_s <= item_timeout_s):
            return 0
        if not worker.ready and worker.busy_s <= START_TIMEOUT_S:
            return 0
        crew.remove(worker)
        worker.end()
        if worker.item is None:
            return 1
        shutil.rmtree(self._draft(worker.item.id), ignore_errors=True)
        self._fail(worker.item, _late_in_words(item_timeout_s))
        return 0

    def _fail(self, item: BatchItem, reason: str) -> None:
        self.failed[item.id] = reason
        self._say()

    def _draft(self, name: str) -> Path:
        return self.workshop / name

    def _say(self) -> None:
        ready = len(self.whole) + len(self.failed)
        self.say(f"{ready} of {len(self.order)} items", ready / len(self.order))

    def write_failures(self) -> None:
        """One file for each item without an answer; those of earlier runs go."""
        (self.workshop / "failed").mkdir(exist_ok=True)
        wanted = [f"failed/{name}.txt" for name in self.order if name in self.failed]
        for name in self.failed:
            write_whole(self.workshop / "failed" / f"{name}.txt", self._failure_text(name))
        gone = [name for name in self.files.owned_below("failed") if name not in wanted]
        self.files.put(wanted, gone)

    def _failure_text(self, name: str) -> str:
        item = self.by_id[name]
        swept = "".join(f"{key} = {clean(key_text(value))}\n" for key, value in item.keys)
        return f"item {name}\nmode = {item.mode}\nsite = {clean(item.site.name)}\n{swept}\n{self.failed[name]}\n"

    def write_index(self) -> None:
        """``batch.json``: the items in order and how far each is."""
        content = {
            "format": FORMAT,
            "quietwing": quietwing.__version__,
            "items": [
                {
                    "id": item.id,
                    "mode": item.mode,
                    "site": item.site.name,
                    "keys": dict(item.keys),
                    "state": self._state(item.id),
                }
                for item in self.asked
            ],
        }
        text = json.dumps(content, indent=1, ensure_ascii=False, default=str) + "\n"
        write_whole(self.workshop / INDEX, text)
        self.files.put([INDEX])

    def _state(self, name: str) -> str:
        if name in self.whole:
            return "done"
        return "failed" if name in self.failed else "pending"

    def outcome(self, files: tuple[Path, ...] = ()) -> BatchOutcome:
        """What there is to tell, in the order asked for."""
        return BatchOutcome(
            done=tuple(name for name in self.order if name in self.done),
            skipped=tuple(name for name in self.order if name in self.whole - self.done),
            failed=tuple((name, _one_line(self.failed[name])) for name in self.order if name in self.failed),
            interrupted=tuple(name for name in self.order if name not in self.whole and name not in self.failed),
            notes=tuple(self.notes),
            files=files,
        )


def _ending(code: int | None) -> str:
    if code is not None and code < 0:
        with contextlib.suppress(ValueError):
            return signal.Signals(-code).name
    return f"exit code {code}"


def _late_in_words(item_timeout_s: float) -> str:
    return f"took longer than {item_timeout_s:g} s (expected an answer by then); allow more time or ask for less"


def _one_line(text: str) -> str:
    """A reason for a list: the whole text stands in its file."""
    lines = [line for line in text.splitlines() if line.strip()] or ["no reason given"]
    return clean(lines[-1] if lines[0].startswith("Traceback") else lines[0], 300)
