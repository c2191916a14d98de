"""Long work in processes of their own: started, watched through files, stopped, their results taken in.

Question and result go through pipes, so that nothing that could hold code is read from a disk. The pipe from the
parent stays open: through it the child (`_job`) is asked to stop, and when it closes, because the parent is gone, the
child ends. A job's folder lies in the session's own; there the child writes ``progress.json`` and, if it fails,
``error.json``, each under another name first and then renamed, so that no half file is ever read.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import pickle
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from quietwing.coverage.app.report_files import keep_report
from quietwing.coverage.equipment import Device, Model
from quietwing.coverage.other_process import received, send
from quietwing.coverage.scenario import Scenario
from quietwing.sites import Site

if TYPE_CHECKING:
    from quietwing.coverage.app.state import Layout, Session
    from quietwing.coverage.planning import Frontier, PlanResult
    from quietwing.coverage.results import Leakage, Verdict, WhatIf

__all__ = [
    "JOB_WORDS",
    "KEEPS_BEST",
    "Job",
    "Kind",
    "Question",
    "collect",
    "end_all",
    "start",
    "start_leakage",
    "start_verdict",
]

Kind = Literal["verdict", "leakage", "plan", "frontier", "whatif", "calibrate", "next", "report"]
JOB_WORDS: Mapping[str, str] = {
    "verdict": "Full assessment",
    "leakage": "Signals, blockers off",
    "plan": "Search for a plan",
    "frontier": "Plans for several budgets",
    "whatif": "What would change the answer",
    "calibrate": "Calibration",
    "next": "Where to measure next",
    "report": "Report",
}
# What the studies call their steps, for people who have not read them; anything else is shown as it is.
_STEPS = {
    "site": "reading the site",
    "masts": "levels of the masts",
    "rooms": "what works in each cell",
    "outside": "what spills over the fence",
    "maps": "maps of every storey",
    "done": "putting the result away",
}
KEEPS_BEST = ("plan", "frontier")  # what has something to keep when it is stopped
DOUBLE_CLICK_S = 1.0  # a second click within it is part of the first (assumed)
PROGRESS, ERROR, PROCESS = "progress.json", "error.json", "pid"


@dataclass(frozen=True)
class Question:
    """What a job is asked.

    Attributes
    ----------
    mode : str
        A `Kind`.
    site : Site
    scenario : Scenario
    devices : tuple of Device
        The layout to be judged, or to compare a plan with.
    catalogue : mapping of str to Model, optional
        The bundled one without it.
    further : dict
        ``layout`` (calibrate: the one it is of), ``maps`` (default True), ``start`` (a Plan) and
        ``time_limit_s`` (plan), ``budgets_gbp`` or ``auto`` (frontier), ``measured`` (calibrate, next: the readings),
        ``result``, ``whatif`` and ``about`` (report).
    """

    mode: Kind
    site: Site
    scenario: Scenario
    devices: tuple[Device, ...] = ()
    catalogue: Mapping[str, Model] | None = None
    further: dict[str, Any] = field(default_factory=dict)


@dataclass(eq=False)
class Job:
    """Work under way, or done.

    Attributes
    ----------
    kind : str
    folder : Path
        The job's own, within the session's.
    stopped : bool
        Whether a user asked it to stop.
    collected : bool
        Whether `collect` has moved its result into the session.
    """

    kind: str
    folder: Path
    question: Question = field(repr=False)
    process: subprocess.Popen[bytes] = field(repr=False)
    stopped: bool = False
    collected: bool = False
    _stopped_s: float = field(default=-math.inf, repr=False)
    _answer: Any = field(default=None, repr=False)
    _complaint: str | None = field(default=None, repr=False)
    _packed: bytes = field(default=b"", repr=False)
    _talk: threading.Thread | None = field(default=None, repr=False)
    _asked: bool = field(default=False, repr=False)  # whether the child has the whole question

    def ask(self) -> None:
        """Send the question and wait for the answer, in a thread: the child takes a second to listen."""
        waiting = [pickle.dumps(self.question, pickle.HIGHEST_PROTOCOL)]  # as of now; it goes once it is sent

        def talk() -> None:
            with contextlib.suppress(OSError, EOFError, ValueError):  # it ended, or its pipes were closed
                send(self.process.stdin, waiting.pop())
                self._asked = True
                self._packed = received(self.process.stdout)

        self._talk = threading.Thread(target=talk, name=f"quietwing {self.kind}", daemon=True)
        self._talk.start()

    def progress(self) -> tuple[str, float]:
        """What is being done, and the share done, 0 to 1."""
        found = _read_json(self.folder / PROGRESS)
        what, share = found.get("what"), found.get("share")
        text = _STEPS.get(what, what) if isinstance(what, str) else "starting"
        if self.stopped and self.running():
            text = f"stopping, keeping the best so far: {text}"
        known = isinstance(share, (int, float)) and math.isfinite(share)
        return text, min(max(float(share), 0.0), 1.0) if known and share is not None else 0.0

    def running(self) -> bool:
        """Whether the process is alive."""
        return self.process.poll() is None

    def result(self) -> Verdict | Leakage | PlanResult | Frontier | WhatIf | None:
        """The result once it is there; read once and kept."""
        if self._answer is None and not self.running():
            if self._talk is not None:
                self._talk.join()
            if self._packed:
                self._answer, self._packed = pickle.loads(self._packed), b""  # from our own child
        answer: Verdict | Leakage | PlanResult | Frontier | WhatIf | None = self._answer
        return answer

    def error(self) -> str | None:
        """What went wrong, in one message; None while it runs, when it is done, and when it was stopped."""
        if self._complaint is None and not self.running() and self.result() is None:
            said = _read_json(self.folder / ERROR).get("error")
            if isinstance(said, str):
                self._complaint = said
            elif not self.stopped:
                self._complaint = _died(self.process.returncode)
        return self._complaint

    def stop(self) -> None:
        """End the process; a search for a plan is first asked to keep its best, a second stop ends that too.

        Judging the best plan takes as long as a full assessment: minutes on a large site.
        """
        if not self.running():
            return
        now_s = time.monotonic()
        if self.stopped and now_s - self._stopped_s < DOUBLE_CLICK_S:
            return
        again, self.stopped, self._stopped_s = self.stopped, True, now_s
        if again or self.kind not in KEEPS_BEST or not self._ask_to_stop():
            self.kill()

    def kill(self) -> None:
        """End the process and what it started, at once."""
        if self.running():
            if os.name == "posix":
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(self.process.pid, signal.SIGKILL)  # it leads a group of its own
            else:
                self.process.kill()
            self.process.wait()
        self._close_pipe()

    def discard(self) -> None:
        """End it and take its folder away; a result that was read stays."""
        self.kill()
        _started.pop(self.folder, None)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _ask_to_stop(self) -> bool:
        pipe = self.process.stdin
        if pipe is None or not self._asked:
            return False
        try:
            pipe.write(b"stop\n")
            pipe.flush()
        except OSError:
            return False
        return True

    def _close_pipe(self) -> None:
        if self._talk is not None:
            self._talk.join()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()


_started: dict[
    Path, Job
] = {}  # by folder, so that the janitor can end what an ended session left; read by nobody else


def start(kind: Kind, question: Question) -> Job:
    """Begin a job of the asking session; one of the same kind that still runs is ended first.

    Parameters
    ----------
    kind : str
        A `Kind`.
    question : Question

    Returns
    -------
    Job
        Also to be found in ``session().jobs[kind]``, from any page.

    Raises
    ------
    OSError
        If the disk is full or no process can be started.
    """
    from quietwing.coverage.app.state import session  # which imports this module

    own = session()
    before = own.jobs.pop(kind, None)
    if before is not None:
        before.discard()
    job = own.jobs[kind] = _begin(kind, question, own.folder)
    return job


def start_verdict(layout: Layout | None = None) -> Job:
    """Begin the full assessment of a layout, the current one without it."""
    from quietwing.coverage.app.state import scenario_with, session  # which imports this module

    own = session()
    layout = own.layout if layout is None else layout
    asked = scenario_with(layout)
    return start("verdict", Question("verdict", own.site, asked, layout.devices, own.catalogue))


def start_leakage() -> Job:
    """Begin the leakage of the session's site, all blockers off."""
    from quietwing.coverage.app.state import session  # which imports this module

    own = session()
    return start("leakage", Question("leakage", own.site, own.scenario))


def collect(own: Session) -> tuple[str, ...]:
    """Move results that have come in into the session.

    Parameters
    ----------
    own : Session

    Returns
    -------
    tuple of str
        Kinds of the jobs that have ended since the last call, whether with a result or without.
    """
    ended = []
    for kind, job in list(own.jobs.items()):
        if job.collected or job.running():
            continue
        answer = job.result()
        job.error()  # read before its file goes
        job.collected = True
        ended.append(kind)
        if answer is not None:
            _take(own, kind, job, answer)
        job.discard()
        if answer is None and job.error() is None:
            own.jobs.pop(kind, None)  # stopped: nothing to show
    return tuple(ended)


def end_all(folder: Path) -> None:
    """End every job whose folder lies in `folder`."""
    for where, job in list(_started.items()):
        if where.is_relative_to(folder):
            job.stopped = True
            job.discard()


def _begin(kind: str, question: Question, within: Path) -> Job:
    """The folder, the question in it, and the process."""
    folder = Path(tempfile.mkdtemp(prefix=f"{kind}-", dir=within))
    process = subprocess.Popen(
        # -P: the folder we happen to be in may hold a `coverage` of its own
        [sys.executable, "-P", "-m", "quietwing.coverage.app._job", str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,  # errors go to the log of the server
        env=os.environ | {name: str(folder) for name in ("TMPDIR", "TEMP", "TMP")},
        start_new_session=os.name == "posix",
    )
    (folder / PROCESS).write_text(str(process.pid), "utf-8")
    job = _started[folder] = Job(kind, folder, question, process)
    job.ask()
    return job


def _take(own: Session, kind: str, job: Job, answer: Any) -> None:
    if kind == "verdict":
        from quietwing.coverage.app.state import take_verdict  # which imports this module

        take_verdict(answer, own)
    elif kind in ("leakage", "plan", "frontier", "whatif"):
        setattr(own, kind, answer)
    elif kind == "report":
        own.report = keep_report(job.folder, own.folder, job.question.further["about"], own.report)
    elif kind == "calibrate":
        own.survey = replace(own.survey, calibrated=answer)
    elif kind == "next":
        own.survey = replace(own.survey, ahead=answer)


def _died(code: int | None) -> str:
    how = f"was ended by signal {-code}" if code is not None and code < 0 else f"ended with code {code}"
    return f"The work {how} before it was done; perhaps memory ran out. Close other programs and try again."


def _read_json(path: Path) -> dict[str, Any]:
    """A small file of the child; empty if it is not there."""
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
