"""Long work in a process of its own: its progress, its result, its end."""

import dataclasses
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from quietwing.coverage.app import _job, jobs, state
from quietwing.coverage.app.jobs import Job, Question
from quietwing.coverage.app.state import Layout, Session
from quietwing.coverage.scenario import Scenario
from quietwing.coverage.study import leakage
from quietwing.sites.model import Sector

# A stand-in for the child: it listens to the pipe as `_job` does, but needs no second to start.
CHILD = """
import json, os, pathlib, sys, threading, time
folder, mode = pathlib.Path(sys.argv[-1]), sys.argv[1]
stopped = threading.Event()
asked = sys.stdin.buffer.read(int.from_bytes(sys.stdin.buffer.read(8)))
def listen():
    for _ in sys.stdin.buffer:
        stopped.set()
    os._exit(1)
threading.Thread(target=listen, daemon=True).start()
(folder / "progress.json").write_text(json.dumps({"what": "rooms", "share": 0.25}))
if mode == "obeys":
    stopped.wait()
    import pickle
    from quietwing.coverage.other_process import send
    send(sys.stdout.buffer, pickle.dumps("best so far"))
    os._exit(0)
if mode == "fails":
    stopped.wait()
    (folder / "error.json").write_text(json.dumps({"error": "ValueError: a fault"}))
    os._exit(1)
if mode == "dies":
    os._exit(7)
time.sleep(600)
"""


@pytest.fixture
def mast() -> Sector:
    return Sector("m1", "EE", "234-30", "B20", "LTE", 796.0, 10.0, 300.0, 0.0, 25.0, 270.0, 4.0, "omni", 60.0, "UMa")


@pytest.fixture
def own(hut, mast, tmp_path) -> Session:
    return Session(hut(sectors=(mast,)), state.YOURS, Scenario(grid_m=1.0, worlds=100), {}, tmp_path)


@pytest.fixture
def asking(own, monkeypatch) -> Session:
    monkeypatch.setattr(state, "session", lambda: own)
    return own


@pytest.fixture
def begin(own, monkeypatch) -> Callable[[str, str], Job]:
    """Starts a stand-in instead of the real child."""
    real = subprocess.Popen
    started: list[Job] = []

    def make(kind: str, mode: str) -> Job:
        def popen(command: list[str], **options: object) -> subprocess.Popen[bytes]:
            return real([sys.executable, "-P", "-c", CHILD, mode, command[-1]], **options)

        with monkeypatch.context() as patched:
            patched.setattr(jobs.subprocess, "Popen", popen)
            job = jobs._begin(kind, Question(kind, own.site, own.scenario), own.folder)
        started.append(job)
        own.jobs[kind] = job
        wait(lambda: job.progress()[1] > 0 or not job.running())
        return job

    yield make
    for job in started:
        job.discard()


def wait(until: Callable[[], bool], most_s: float = 60.0) -> None:
    end = time.monotonic() + most_s
    while not until():
        assert time.monotonic() < end, "it took too long"
        time.sleep(0.02)


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.slow
def test_the_child_gives_what_the_study_gives_and_leaves_no_file(asking):
    job = jobs.start_leakage()
    wait(lambda: not job.running())
    assert jobs.collect(asking) == ("leakage",)
    expected = leakage(asking.site, asking.scenario)
    assert asking.leakage is not None
    assert asking.leakage.scenario_id == expected.scenario_id
    np.testing.assert_array_equal(asking.leakage.at_points["rsrp_dbm"], expected.at_points["rsrp_dbm"])
    assert list(asking.folder.iterdir()) == []
    assert jobs.collect(asking) == ()


@pytest.mark.slow
def test_a_verdict_that_comes_in_is_the_current_one_of_its_layout(asking):
    job = jobs.start_verdict(Layout())
    wait(lambda: not job.running())
    jobs.collect(asking)
    assert asking.verdict is not None
    assert state.current_verdict() is asking.verdict


@pytest.mark.slow
def test_what_a_user_can_put_right_comes_back_as_one_message(asking):
    asking.scenario = dataclasses.replace(asking.scenario, channels=("EE/B99/LTE",))
    job = jobs.start_leakage()
    wait(lambda: not job.running())
    assert jobs.collect(asking) == ("leakage",)
    assert "EE/B99/LTE" in str(job.error())
    assert "Traceback" not in str(job.error())
    assert asking.leakage is None
    assert list(asking.folder.iterdir()) == []


def test_progress_is_in_words_and_no_question_lies_on_a_disk(begin):
    job = begin("verdict", "sleeps")
    assert job.progress() == ("what works in each cell", 0.25)
    assert {path.name for path in job.folder.iterdir()} == {"pid", "progress.json"}


def test_stop_ends_a_verdict_at_once_and_nothing_is_said_to_be_wrong(own, begin):
    job = begin("verdict", "sleeps")
    job.stop()
    assert not job.running()
    assert jobs.collect(own) == ("verdict",)
    assert job.error() is None
    assert own.jobs == {}
    assert list(own.folder.iterdir()) == []


def test_stop_asks_a_search_for_its_best_plan_so_far(own, begin):
    job = begin("plan", "obeys")
    job.stop()
    wait(lambda: not job.running())
    jobs.collect(own)
    assert own.plan == "best so far"


def test_a_search_has_all_the_time_it_needs_to_judge_its_best_plan(begin, monkeypatch):
    """A full assessment of a large site takes minutes."""

    class TimeIsUp(threading.Timer):
        def start(self):
            self.function()

    monkeypatch.setattr(threading, "Timer", TimeIsUp)
    job = begin("plan", "sleeps")
    job.stop()
    assert job.running()


def test_a_search_that_fails_after_stop_says_so(own, begin):
    job = begin("plan", "fails")
    job.stop()
    wait(lambda: not job.running())
    assert jobs.collect(own) == ("plan",)
    assert job.error() == "ValueError: a fault"
    assert own.jobs == {"plan": job}  # the page says it until it is dismissed


def test_a_second_stop_ends_a_search_that_does_not_obey_and_a_double_click_is_one(begin, monkeypatch):
    job = begin("plan", "sleeps")
    job.stop()
    job.stop()
    assert job.running()
    monkeypatch.setattr(jobs, "DOUBLE_CLICK_S", 0.0)
    assert job.progress()[0].startswith("stopping")
    job.stop()
    assert not job.running()


def test_a_search_is_interrupted_and_the_judging_of_its_plan_is_not(tmp_path, monkeypatch):
    """An interrupt while the best plan is judged would lose it."""
    sent = []
    monkeypatch.setattr(_job._thread, "interrupt_main", lambda: sent.append(True))
    reporter = _job.Reporter(tmp_path)
    reporter.search("judging in independent simulations", 0.8)
    reporter.interrupt()
    assert not sent
    reporter.search("judging in independent simulations", 0.9)
    searching = _job.Reporter(tmp_path)
    searching.search("searching", 0.3)
    searching.interrupt()
    assert sent == [True]


def test_a_stop_before_the_search_has_begun_is_not_forgotten(tmp_path):
    reporter = _job.Reporter(tmp_path)
    reporter.interrupt()
    with pytest.raises(KeyboardInterrupt):
        reporter.search("rooms without signal anyway", 0.0)


def test_an_interrupt_that_a_library_ignored_is_raised_again(tmp_path, monkeypatch):
    clock = [100.0]
    monkeypatch.setattr(_job.time, "monotonic", lambda: clock[0])
    monkeypatch.setattr(_job._thread, "interrupt_main", lambda: None)
    reporter = _job.Reporter(tmp_path)
    reporter.search("searching", 0.3)
    reporter.interrupt()
    reporter.search("searching", 0.4)  # the interrupt may be on its way
    clock[0] += _job.LOST_S + 0.1
    with pytest.raises(KeyboardInterrupt):
        reporter.search("searching", 0.4)
    reporter.search("judging in independent simulations", 0.9)


def test_a_child_that_dies_gives_one_clear_message(own, begin):
    job = begin("plan", "dies")
    wait(lambda: not job.running())
    jobs.collect(own)
    assert "code 7" in str(job.error())
    assert own.jobs["plan"] is job, "the page must be able to show the message"


def test_end_all_ends_jobs_of_one_session_only(own, begin, tmp_path):
    job = begin("verdict", "sleeps")
    jobs.end_all(tmp_path / "another session")
    assert job.running()
    jobs.end_all(own.folder)
    assert not job.running()


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="looks into /proc")
def test_the_child_dies_with_its_parent(own, tmp_path):
    """Also when the parent is killed: the pipe closes."""
    parent = tmp_path / "parent.py"
    parent.write_text(
        "import subprocess, sys, time\n"
        f"child = subprocess.Popen([sys.executable, '-P', '-c', {CHILD!r}, 'sleeps', {str(tmp_path)!r}],\n"
        "    stdin=subprocess.PIPE, start_new_session=True)\n"
        "print(child.pid, flush=True)\ntime.sleep(600)\n"
    )
    with subprocess.Popen([sys.executable, "-P", str(parent)], stdout=subprocess.PIPE) as running:
        assert running.stdout is not None
        child = int(running.stdout.readline())
        assert is_alive(child)
        os.kill(running.pid, signal.SIGKILL)
    wait(lambda: not is_alive(child), 10.0)


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self").exists(), reason="looks into /proc")
def test_the_real_child_ends_when_the_pipe_closes_and_takes_its_folder_along(asking):
    job = jobs.start_verdict(Layout())
    pipe = job.process.stdin
    assert pipe is not None
    pipe.close()
    job.process.wait(30)
    if job.process.returncode != 0:  # it was not faster than the pipe
        assert not job.folder.exists()
