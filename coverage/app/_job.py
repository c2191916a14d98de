"""The process of one job: ``python -m quietwing.coverage.app._job FOLDER``, started by `jobs.start`.

It ends when the pipe from its parent closes; a line on that pipe asks a search to end with the best plan so far.
"""

from __future__ import annotations

import _thread
import json
import math
import os
import pickle
import shutil
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from quietwing.coverage import study
from quietwing.coverage.app.jobs import ERROR, PROGRESS, Question
from quietwing.coverage.app.report_files import report_content, write_report
from quietwing.coverage.app.survey_state import Calibrated
from quietwing.coverage.calibration import calibrate_site, next_readings
from quietwing.coverage.other_process import received, send
from quietwing.coverage.whole_files import write_whole
from quietwing.sites import QuietwingError

EVERY_S = 0.1  # between two progress files
LOST_S = 3.0  # a search that goes on so long after an interrupt has not heard it: libraries' callbacks ignore one
# Share of `study.optimise` up to which it searches and takes an interrupt for "end with the best so far"; what
# follows is the judging of the plan found, which an interrupt would lose.
SEARCHED = 0.7 * 0.9
Progress = Callable[[str, float], None]


class Reporter:
    """Writes the progress and knows whether an interrupt would be understood."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.written_s = folder, 0.0
        self.searching = self.asked = False
        self.told_s = -math.inf  # when the interrupt was sent

    def __call__(self, what: str, share: float) -> None:
        """Say what is being done; most calls write nothing."""
        now_s = time.monotonic()
        if now_s - self.written_s >= EVERY_S:
            self.written_s = now_s
            write_whole(self.folder / PROGRESS, json.dumps({"what": what, "share": share}).encode(), lasting=False)

    def search(self, what: str, share: float, first: float = 0.0, part: float = 1.0) -> None:
        """Progress of one search for a plan, which is `part` of the work."""
        self.searching = share < SEARCHED - 1e-9
        if self.searching and self.asked and time.monotonic() - self.told_s > LOST_S:  # or asked before it began
            self.told_s = time.monotonic()
            raise KeyboardInterrupt
        self(what, first + part * share)

    def interrupt(self) -> None:
        """What the parent asks for."""
        searching = self.searching
        if searching:
            self.told_s = time.monotonic()
        self.asked = True
        if searching:
            _thread.interrupt_main()


def main(folder: Path) -> int:
    """Answer the question on standard input, on standard output."""
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a parent in the background hands down a deaf one
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what a library prints is no part of the answer
    reporter = Reporter(folder)
    try:
        question = pickle.loads(received(sys.stdin.buffer))  # from our own parent
    except EOFError:  # it is gone
        shutil.rmtree(folder, ignore_errors=True)
        return 1
    threading.Thread(target=listen, args=(reporter, folder), daemon=True).start()
    try:
        if question.mode != "leakage":
            from quietwing.coverage import warmup  # the kernels: a question about levels alone needs none

            warmup.start()  # on a machine that has not run it yet: compiles while the site is prepared
        answer = ANSWERS[question.mode](question, reporter)
    except QuietwingError as error:
        write_whole(folder / ERROR, json.dumps({"error": str(error)}).encode(), lasting=False)
        return 2
    except KeyboardInterrupt:
        return 130
    except Exception as error:
        traceback.print_exc()
        said = f"{type(error).__name__}: this is a fault of quietwing; the log of the server says more"
        write_whole(folder / ERROR, json.dumps({"error": said}).encode(), lasting=False)
        return 1
    send(answers, pickle.dumps(answer, pickle.HIGHEST_PROTOCOL))
    return 0


def listen(reporter: Reporter, folder: Path) -> None:
    """Wait for the parent's word, or its end."""
    for _ in sys.stdin.buffer:
        reporter.interrupt()
    shutil.rmtree(folder, ignore_errors=True)
    os._exit(1)


def _verdict(question: Question, reporter: Reporter) -> Any:
    return study.evaluate(
        question.site,
        question.scenario,
        devices=question.devices,
        catalogue=question.catalogue,
        maps=bool(question.further.get("maps", True)),
        progress=reporter,
    )


def _leakage(question: Question, reporter: Reporter) -> Any:
    maps = bool(question.further.get("maps", True))
    return study.leakage(question.site, question.scenario, maps=maps, progress=reporter)


def _plan(question: Question, reporter: Reporter) -> Any:
    return study.optimise(
        question.site,
        question.scenario,
        devices=question.devices,
        catalogue=question.catalogue,
        start=question.further.get("start"),
        maps=bool(question.further.get("maps", True)),
        time_limit_s=question.further.get("time_limit_s"),
        progress=reporter.search,
    )


def _frontier(question: Question, reporter: Reporter) -> Any:
    """A plan per budget, each beginning with the one before; when asked to stop, those that are done."""

    def told(number: int, of: int, what: str, share: float) -> None:
        reporter.search(what, share, number / of, 1 / of)

    return study.frontier(
        question.site,
        question.scenario,
        question.further.get("budgets_gbp", ()),
        auto=question.further.get("auto", 0),
        devices=question.devices,
        catalogue=question.catalogue,
        maps=bool(question.further.get("maps", False)),
        time_limit_s=question.further.get("time_limit_s"),
        progress=told,
    )


def _whatif(question: Question, reporter: Reporter) -> Any:
    return study.whatif(
        question.site,
        question.scenario,
        devices=question.devices,
        catalogue=question.catalogue,
        progress=reporter,
    )


def _calibrate(question: Question, reporter: Reporter) -> Any:
    """Readings fitted, and the layout judged without the layer and with it, in the same worlds."""
    from quietwing.coverage.app.facts_of_verdict import facts_of  # loads the report: other questions do without

    site, scenario = question.site, question.scenario
    fit = calibrate_site(
        site, question.further["measured"], scenario.rules, progress=lambda what, share: reporter(what, share / 2)
    )
    facts = []
    for words, layer, first in (("judging it as before", None, 0.5), ("judging it as read", fit.layer, 0.75)):
        verdict = study.evaluate(
            replace(site, calibration=layer),
            scenario,
            devices=question.devices,
            catalogue=question.catalogue,
            maps=False,
            progress=lambda _, share, words=words, first=first: reporter(words, first + share / 4),  # type: ignore[misc]
        )
        facts.append(facts_of(verdict, question.catalogue or {}))
    return Calibrated(fit, facts[0], facts[1], question.further["layout"])


def _next(question: Question, reporter: Reporter) -> Any:
    """Where to measure next, given what has been read."""
    site, measured = question.site, question.further["measured"]
    if measured.readings:
        fit = calibrate_site(
            site,
            measured,
            question.scenario.rules,
            held_out=False,
            progress=lambda what, share: reporter(what, share / 2),
        )
        site = replace(site, calibration=fit.layer)
    reporter("what each reading would tell", 0.6)
    return next_readings(site, question.scenario, question.devices, question.catalogue)


def _report(question: Question, reporter: Reporter) -> Any:
    """The files lie in the job's folder; what is answered is that they do."""
    asked, folder = question.further, reporter.folder
    write_report(report_content(asked["result"], folder, question.catalogue or {}, asked["whatif"], reporter), folder)
    return True


ANSWERS: dict[str, Callable[[Question, Reporter], Any]] = {
    "verdict": _verdict,
    "leakage": _leakage,
    "plan": _plan,
    "frontier": _frontier,
    "whatif": _whatif,
    "calibrate": _calibrate,
    "next": _next,
    "report": _report,
}

if __name__ == "__main__":
    code = main(Path(sys.argv[1]))
    sys.stdout.flush()
    os._exit(code)  # the listening thread holds stdin, which an ordinary exit would wait for
