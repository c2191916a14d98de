"""The parent's side of a worker process: start it, hand it one item at a time, hear from it, end it."""

from __future__ import annotations

import contextlib
import json
import os
import pickle
import queue
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # a Dask worker only hands items on: it does not load the engine
    from quietwing.coverage.batch.items import BatchItem

__all__ = ["Event", "Task", "Worker"]

Task = Callable[["BatchItem", Path], None]
TRIM = "MALLOC_TRIM_THRESHOLD_"  # Dask sets it to 64 KiB for its workers: an item then takes 1.4 times the CPU
ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


@dataclass(frozen=True)
class Event:
    """Something a worker said, or that it is gone.

    Attributes
    ----------
    worker : Worker
    kind : str
        ``ready``, ``done``, ``refused``, ``environment``, ``broken``, or ``gone`` with `code`.
    answer : mapping
    code : int or None
        Exit code of a worker that is gone, negative for a signal.
    """

    worker: Worker
    kind: str
    answer: Mapping[str, Any]
    code: int | None = None


class Worker:
    """One child process and the thread that talks to it.

    Parameters
    ----------
    events : Queue of Event
        Where what it says arrives.
    alone : bool
        Whether it may use all cores.
    """

    def __init__(self, events: queue.SimpleQueue[Event], *, alone: bool) -> None:
        environment = dict(os.environ) | dict.fromkeys(ONE_THREAD, "1")
        environment.pop(TRIM, None)
        if not alone:
            environment["NUMBA_NUM_THREADS"] = "1"
        # -P: the folder this is started in must not stand on the import path.
        command = [sys.executable, "-P", "-m", "quietwing.coverage.batch.worker", str(os.getpid())]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, bufsize=-1
        )
        self.item: BatchItem | None = None
        self.ready = False
        self.busy_s = 0.0  # what the parent saw pass since the item, or the start, began
        self._work: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        threading.Thread(target=self._talk, args=(events,), daemon=True).start()

    def give(self, task: Task, item: BatchItem, folder: Path) -> None:
        """Have an item computed into a folder."""
        self.item, self.busy_s = item, 0.0
        self.give_packed((pickle.dumps((task, item)), None), folder)

    def give_packed(self, packed: tuple[bytes, bytes | None], folder: Path) -> None:
        """Have an item computed into a folder: task and item, pickled, and its site where the item lacks it."""
        self._work.put(pickle.dumps((packed, folder)))

    def end(self) -> None:
        """Kill it, whatever it does, and wait until it is gone."""
        self.process.kill()
        self._work.put(None)
        self.process.wait()

    def _talk(self, events: queue.SimpleQueue[Event]) -> None:
        """Send and listen in turn until the process ends; in a thread, as either may block."""
        stdin, stdout = self.process.stdin, self.process.stdout
        if stdin is None or stdout is None:
            return
        with contextlib.suppress(OSError, ValueError):
            while True:
                line = stdout.readline()
                if not line.endswith(b"\n"):
                    break
                answer = json.loads(line)
                events.put(Event(self, str(answer["kind"]), answer))
                work = self._work.get()
                if work is None:
                    break
                stdin.write(work)
                stdin.flush()
        with contextlib.suppress(OSError):
            stdin.close()
        stdout.close()
        events.put(Event(self, "gone", {}, self.process.wait()))
