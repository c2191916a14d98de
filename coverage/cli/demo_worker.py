"""The demo's other half in a process of its own: what leaks in, and the layout given, while the planner searches.

The process is started before anything is read and first compiles what both need. Question and answer go through
pipes; both ends are this version of quietwing. Should it fail, the caller works it out: nothing is lost but time.
"""

from __future__ import annotations

import pickle
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from quietwing.coverage import warmup
from quietwing.coverage.planning import REPORTING_STREAM
from quietwing.coverage.study import evaluate, leakage

if TYPE_CHECKING:
    from quietwing.coverage.equipment import Device, Model
    from quietwing.coverage.results import Leakage, Verdict
    from quietwing.coverage.scenario import Scenario
    from quietwing.sites import Site

__all__ = ["Aside", "Half", "aside", "worked_out"]


@dataclass(frozen=True)
class Half:
    """A site with the layout it has."""

    site: Site
    scenario: Scenario
    devices: tuple[Device, ...]
    catalogue: Mapping[str, Model]


class Aside:
    """The process, idle until it is asked."""

    def __init__(self, process: subprocess.Popen[bytes], pool: ThreadPoolExecutor) -> None:
        self._process, self._pool, self._left = process, pool, threading.Event()

    def ask(self, half: Half) -> Future[tuple[Leakage, Verdict]]:
        """Begin the work; the answer is that of `worked_out`."""
        asked = pickle.dumps(half, pickle.HIGHEST_PROTOCOL)  # now: the site fills its caches while the caller works

        def answer() -> tuple[Leakage, Verdict]:
            told, _ = self._process.communicate(asked)
            if self._left.is_set():
                raise CancelledError
            if self._process.returncode != 0:
                return worked_out(half)
            found: tuple[Leakage, Verdict] = pickle.loads(told)  # written by our own child
            return found

        return self._pool.submit(answer)

    def end(self) -> None:
        """Nobody waits for an answer any more."""
        self._left.set()
        self._process.kill()
        self._process.wait()


@contextmanager
def aside() -> Iterator[Aside]:
    """A process for the other half; leaving the block ends it."""
    process = subprocess.Popen(
        # -P: the folder we happen to be in may hold a `coverage` of its own
        [sys.executable, "-P", "-m", "quietwing.coverage.cli.demo_worker"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # Ctrl-C is the caller's
    )
    with ThreadPoolExecutor(1) as pool:
        other = Aside(process, pool)
        try:
            yield other
        finally:
            other.end()


def worked_out(half: Half) -> tuple[Leakage, Verdict]:
    """What leaks in with blockers off, and the layout's verdict on the worlds that plans are reported on."""
    leaks = leakage(half.site, half.scenario)
    verdict = evaluate(
        half.site, half.scenario, devices=half.devices, catalogue=half.catalogue, stream=REPORTING_STREAM
    )
    return leaks, verdict


def main() -> None:
    """Compile, then answer the question on stdin."""
    warmup.compile_kernels()
    half = pickle.load(sys.stdin.buffer)
    pickle.dump(worked_out(half), sys.stdout.buffer, pickle.HIGHEST_PROTOCOL)


if __name__ == "__main__":
    main()
