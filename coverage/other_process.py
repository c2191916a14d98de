"""Another process that works out part of an answer, started before the engine is loaded.

Questions and answers go through pipes; both ends are this version of quietwing. Should the process fail, the caller
works the answer out itself: nothing is lost but time.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import IO, Any, Generic, Protocol, TypeVar

from quietwing.sites import SiteError, beside

__all__ = [
    "Answers",
    "Asked",
    "Known",
    "OtherProcess",
    "Question",
    "all_answers",
    "earns_a_process",
    "last_first",
    "main",
    "may_plan",
    "other_process",
    "received",
    "send",
]

Answer = TypeVar("Answer")
Given = TypeVar("Given", covariant=True)
Known = Callable[[type], Any]  # what was told of a kind last, or the last answer to a kind of question
LENGTH_BYTES = 8
LARGE_BYTES = 30_000  # of the rooms' layer, some hundred of them: a process takes two seconds to be of use
MOST_BYTES = 300_000  # likewise, some thousand: two processes that plan for 854 rooms take 3.3 GB


class Question(Protocol, Generic[Given]):
    """What is asked; it is sent whole, and need know nothing of pipes."""

    def answer(self, known: Known) -> Given:
        """Work it out, from what was told and answered before."""


class Asked(Generic[Answer]):
    """A question under way. Once it is answered nothing is held but the answer: what came before it may go."""

    def __init__(self, future: Future[bytes | None], here: Callable[[], Answer]) -> None:
        self._future: Future[bytes | None] | None = future
        self._answer: Callable[[], Answer] = here

    @property
    def is_answered(self) -> bool:
        """Whether nobody would have to wait for it."""
        return self._future is None or self._future.done()

    def result(self) -> Answer:
        """The answer; one that the other process has not begun is worked out here, rather than waited for."""
        if self._future is not None:
            # read by who asks: a thread that loads modules meanwhile would meet another that loads the same ones
            packed = None if self._future.cancel() else self._future.result()
            found = _unpacked(packed, self._answer)
            self._future, self._answer = None, lambda: found
        return self._answer()


def _unpacked(packed: bytes | None, here: Callable[[], Answer]) -> Answer:
    """What our own child has written; worked out here where that is nothing, or cannot be read."""
    with suppress(pickle.UnpicklingError):
        if packed is not None:
            found: Answer = pickle.loads(packed)
            return found
    return here()


def all_answers(
    asked: Sequence[Asked[Answer]], tell: Callable[[float], None] = lambda _share: None
) -> tuple[Answer, ...]:
    """All answers: the other process goes on with the first, this one begins with the last."""
    found: list[Answer] = []
    for one in reversed(asked):
        found.append(one.result())
        tell(len(found) / len(asked))
    return tuple(found[::-1])


def last_first(
    questions: Sequence[Question[Answer]], told: Sequence[object], other: OtherProcess | None
) -> Iterator[Answer]:
    """Answers from the last question to the first, with which the other process, if there is one, begins.

    Parameters
    ----------
    questions : sequence of Question
    told : sequence of object
        What they build on: the other process is told it.
    other : OtherProcess or None

    Yields
    ------
    object
        An answer; nothing is held of those before.
    """
    here = {type(given): given for given in told}
    asked: list[Asked[Answer]] = []
    if other is not None:
        for given in told:
            other.tell(given)
        asked = [other.ask(one) for one in questions]
    for question in reversed(questions):
        yield asked.pop().result() if asked else question.answer(here.__getitem__)


class Answers(Mapping[str, Answer]):
    """Answers by name: those at hand, and of questions under way, waited for or worked out when they are read."""

    def __init__(self, here: Mapping[str, Answer], asked: Mapping[str, Asked[Answer]]) -> None:
        self._here, self._asked = here, asked

    def __getitem__(self, name: str) -> Answer:
        return self._here[name] if name in self._here else self._asked[name].result()

    def __iter__(self) -> Iterator[str]:
        return iter((*self._here, *self._asked))

    def __len__(self) -> int:
        return len(self._here) + len(self._asked)


class OtherProcess:
    """The process, idle until it is asked; questions are answered one after another.

    Attributes
    ----------
    stays : bool
        Whether it is there to the end; where not, whoever it helps ends it before both take too much memory.
    """

    def __init__(self, process: subprocess.Popen[bytes] | None, pool: ThreadPoolExecutor, stays: bool = True) -> None:
        self._process, self._pool, self.stays = process, pool, stays
        self._known: dict[type, Callable[[], Any]] = {}
        self._given: dict[type, object] = {}

    def tell(self, given: object) -> None:
        """What later questions build on; of each kind what was told last."""
        if self._given.get(type(given)) is not given:
            self._given[type(given)] = given
            self._pool.submit(self._told, _packed((False, given)))
            self._known[type(given)] = lambda: given

    def ask(self, question: Question[Answer]) -> Asked[Answer]:
        """Begin the work on a question."""
        sent, before = _packed((True, question)), dict(self._known)

        def here() -> Answer:
            return question.answer(lambda kind: before[kind]())

        asked = Asked(self._pool.submit(self._told, sent), here)
        self._known[type(question)] = asked.result
        return asked

    def _told(self, sent: bytes) -> bytes | None:
        """What the process answers, None if it is lost."""
        with suppress(OSError, EOFError):
            if self._process is not None:
                send(self._process.stdin, sent)
                return received(self._process.stdout)
        return None

    def end(self) -> None:
        """Nobody waits for an answer any more."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()


@contextmanager
def other_process(module: str, *, stays: bool = True) -> Iterator[OtherProcess]:
    """A process that loads a module at once, for its questions; leaving the block ends it."""
    process = None
    with suppress(OSError):  # no process is to be had: everything is worked out here
        process = subprocess.Popen(
            # -P: the folder we happen to be in may hold a `coverage` of its own
            [sys.executable, "-P", "-c", f"import {module}; from {__name__} import main; main()"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is the caller's
        )
    with ThreadPoolExecutor(1) as pool:
        other = OtherProcess(process, pool, stays)
        try:
            yield other
        finally:
            other.end()


def earns_a_process(site: str) -> bool:
    """Whether there is a core for another process, and so many rooms in a site that it saves more than it costs."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return cores > 1 and _rooms_bytes(site) > LARGE_BYTES


def may_plan(site: str) -> bool:
    """Whether a site has so few rooms that two processes may search for plans in 4 GiB together."""
    return _rooms_bytes(site) < MOST_BYTES


def _rooms_bytes(site: str) -> int:
    try:
        rooms = beside(site, "rooms.geojson")
        return 0 if rooms is None else rooms.stat().st_size
    except (OSError, SiteError):  # whoever reads the site says what is wrong
        return 0


def _packed(message: object) -> bytes:
    """As of now: the site fills its caches while others work."""
    return pickle.dumps(message, pickle.HIGHEST_PROTOCOL)


def send(pipe: IO[bytes] | None, message: bytes) -> None:
    """One whole message; `EOFError` if there is no other end, `OSError` if it is gone."""
    if pipe is None:
        raise EOFError
    pipe.write(len(message).to_bytes(LENGTH_BYTES))
    pipe.write(message)
    pipe.flush()


def received(pipe: IO[bytes] | None) -> bytes:
    """One whole message; `EOFError` if the other end is gone."""
    if pipe is None:
        raise EOFError
    length = int.from_bytes(pipe.read(LENGTH_BYTES))
    message = pipe.read(length)
    if not length or len(message) < length:
        raise EOFError
    return message


def main() -> None:
    """Answer the questions on stdin until there are no more."""
    known: dict[type, Any] = {}
    while True:
        try:
            asked, given = pickle.loads(received(sys.stdin.buffer))
        except EOFError:
            return
        known[type(given)] = found = given.answer(known.__getitem__) if asked else given
        send(sys.stdout.buffer, _packed(found if asked else None))
