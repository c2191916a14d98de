"""The demo's other half in a process of its own: what leaks in, the layout given, and pictures of a plan.

The process is started before anything is read and first compiles what both need. Questions and answers go through
pipes; both ends are this version of quietwing. Should it fail, the caller works it out: nothing is lost but time.
"""

from __future__ import annotations

import pickle
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, TypeVar

from quietwing.coverage import report, warmup
from quietwing.coverage.planning import REPORTING_STREAM
from quietwing.coverage.study import evaluate, leakage, with_maps

if TYPE_CHECKING:
    from quietwing.coverage.equipment import Device, Model
    from quietwing.coverage.planning import PlanResult
    from quietwing.coverage.results import Leakage, Verdict, VerdictMap
    from quietwing.coverage.scenario import Scenario
    from quietwing.sites import Site

__all__ = ["Aside", "Drawn", "Given", "Half", "Shown", "aside"]

Answer = TypeVar("Answer")
LENGTH_BYTES = 8
ANSWER = "from quietwing.coverage.cli.demo_worker import main; main()"  # as a module it would have classes of its own


@dataclass(frozen=True)
class Given:
    """What leaks in with blockers off, and its pictures; the layout's verdict on the worlds plans are reported on."""

    leaks: Leakage
    verdict: Verdict
    pictures: Mapping[str, bytes]


@dataclass(frozen=True)
class Half:
    """A site with the layout it has."""

    site: Site
    scenario: Scenario
    devices: tuple[Device, ...]
    catalogue: Mapping[str, Model]

    def answer(self) -> Given:
        """What leaks in, and the verdict on the layout."""
        leaks = leakage(self.site, self.scenario)
        verdict = evaluate(
            self.site, self.scenario, devices=self.devices, catalogue=self.catalogue, stream=REPORTING_STREAM
        )
        return Given(leaks, verdict, _pictures(leaks))


@dataclass(frozen=True)
class Drawn:
    """The maps of a plan, whose verdict has this id, and all pictures of it."""

    scenario_id: str
    maps: tuple[VerdictMap, ...]
    pictures: Mapping[str, bytes]


@dataclass(frozen=True)
class Shown:
    """A plan that is to be shown in full; its verdict has no maps yet."""

    result: PlanResult
    catalogue: Mapping[str, Model]

    def answer(self, before: Verdict | None) -> Drawn:
        """Its maps, and its pictures beside the layout before it."""
        verdict = with_maps(self.result.verdict, self.catalogue)
        result = replace(self.result, verdict=verdict, before=before)
        return Drawn(verdict.scenario_id, verdict.maps, _pictures(result))


class Aside:
    """The process, idle until it is asked; questions are answered one after another."""

    def __init__(self, process: subprocess.Popen[bytes], pool: ThreadPoolExecutor) -> None:
        self._process, self._pool, self._left = process, pool, threading.Event()

    def ask(self, half: Half) -> Future[Given]:
        """Begin the work on a site: the first question."""
        return self._answers(half, half.answer)

    def draw(self, shown: Shown, given: Future[Given]) -> Future[Drawn]:
        """Begin the maps and pictures of a plan, beside the layout given."""
        return self._answers(shown, lambda: shown.answer(given.result().verdict))

    def _answers(self, question: Half | Shown, by_itself: Callable[[], Answer]) -> Future[Answer]:
        asked = pickle.dumps(question, pickle.HIGHEST_PROTOCOL)  # now: the site fills its caches while others work

        def answered() -> Answer:
            try:
                found: Answer = self._told(asked)
            except (OSError, EOFError, pickle.UnpicklingError):
                if self._left.is_set():
                    raise CancelledError from None
                return by_itself()
            return found

        return self._pool.submit(answered)

    def _told(self, asked: bytes) -> Any:
        into, out = self._process.stdin, self._process.stdout
        if into is None or out is None:
            raise EOFError
        _send(into, asked)
        return pickle.loads(_received(out))  # written by our own child

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
        [sys.executable, "-P", "-c", ANSWER],
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


def _pictures(result: Leakage | PlanResult) -> dict[str, bytes]:
    with tempfile.TemporaryDirectory() as folder:
        report.make_files(result, Path(folder))
        return {path.name: path.read_bytes() for path in sorted(Path(folder).glob("*.png"))}


def _send(pipe: IO[bytes], message: bytes) -> None:
    pipe.write(len(message).to_bytes(LENGTH_BYTES))
    pipe.write(message)
    pipe.flush()


def _received(pipe: IO[bytes]) -> bytes:
    """One whole message."""
    length = int.from_bytes(pipe.read(LENGTH_BYTES))
    message = pipe.read(length)
    if not length or len(message) < length:
        raise EOFError
    return message


def main() -> None:
    """Compile, then answer the questions on stdin until there are no more."""
    warmup.compile_kernels()
    before: Verdict | None = None
    while True:
        try:
            question: Half | Shown = pickle.loads(_received(sys.stdin.buffer))
        except EOFError:
            return
        found = question.answer() if isinstance(question, Half) else question.answer(before)
        before = found.verdict if isinstance(found, Given) else before
        _send(sys.stdout.buffer, pickle.dumps(found, pickle.HIGHEST_PROTOCOL))
