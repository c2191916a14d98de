"""The other process of the command line answers as this one would; what it cannot is worked out here."""

import gc
import pickle
import subprocess
import sys
import threading
import weakref
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

import numba
import pytest

from quietwing.coverage import blocking
from quietwing.coverage.catalogue import read_catalogue
from quietwing.coverage.cli import verdict_worker
from quietwing.coverage.cli.demo_worker import Given, Half, Shown
from quietwing.coverage.cli.memory import keep_memory
from quietwing.coverage.cli.verdict_worker import Judged, Layout, Picture, Prepared, Storey
from quietwing.coverage.other_process import (
    Answers,
    Asked,
    all_answers,
    earns_a_process,
    last_first,
    may_plan,
    other_process,
)
from quietwing.coverage.planning import REPORTING_STREAM, Plan, PlanResult, cost
from quietwing.coverage.report import make_files, rooms_csv, verdict_pictures
from quietwing.coverage.scenario import Scenario
from quietwing.coverage.study import evaluate, made_ready, storey_grids, with_maps
from quietwing.sites.networks import typical_sectors

CATALOGUE = read_catalogue()
SCENARIO = Scenario(worlds=100, grid_m=1.0)


@pytest.fixture(scope="module")
def half(hut) -> Half:
    site = hut(sectors=typical_sectors("urban", (3.0, 2.0))[:2])
    return Half(site, SCENARIO, (), CATALOGUE)


@pytest.fixture(scope="module")
def result(half) -> PlanResult:
    """Nothing is bought; the verdict has no maps yet."""
    verdict = evaluate(half.site, SCENARIO, catalogue=CATALOGUE, stream=REPORTING_STREAM, maps=False)
    plan = Plan(
        devices=(), treatments=(), cost=cost(half.site, (), (), CATALOGUE, SCENARIO), status="feasible", value=0.0,
        bound=0.0, gap=0.0, rooms_model=0, claimed=(), holes=(), attempts=(), chosen=0, candidates=0, seed=1,
        reproducible=True, notes=(),
    )  # fmt: skip
    return PlanResult(plan, verdict, None, SCENARIO)


def pictures(result: object, folder: Path) -> dict[str, bytes]:
    folder.mkdir()
    make_files(result, folder)
    return {path.name: path.read_bytes() for path in folder.glob("*.png")}


def waited_for(asked: Asked) -> None:
    """Until the other process has answered: one that waits less works an answer out itself."""
    asked._future.result()


def both(half: Half, result: PlanResult, *, lost: bool = False):
    """The two answers, of a process that is there or that is lost before it was asked."""
    with other_process("quietwing.coverage.cli.demo_worker") as helper:
        if lost:
            helper._process.kill()
        given = helper.ask(half)
        waited_for(given)
        drawn = helper.ask(Shown(result, CATALOGUE))
        waited_for(drawn)
        return given.result(), drawn.result()


def held_against_this_process(half: Half, result: PlanResult, given: Given, drawn, tmp_path: Path) -> None:
    here = evaluate(half.site, SCENARIO, catalogue=CATALOGUE, stream=REPORTING_STREAM)
    assert rooms_csv(given.verdict) == rooms_csv(here)
    assert given.pictures == pictures(given.leaks, tmp_path / "leaks")
    assert given.pictures
    assert drawn.scenario_id == result.verdict.scenario_id
    assert [one.data.equals(other.data) for one, other in zip(drawn.maps, here.maps, strict=True)] == [True]
    mapped = replace(result, verdict=replace(result.verdict, maps=here.maps), before=here)
    assert drawn.pictures == pictures(mapped, tmp_path / "plan")
    assert {"spill.png", "before-after-01-a-ground.png"} <= set(drawn.pictures)


def test_the_other_process_answers_as_this_one_would(half, result, tmp_path, monkeypatch):
    def here(*_):
        raise AssertionError("worked out here: the other process gave no answer")

    with monkeypatch.context() as patch:
        patch.setattr(Half, "answer", here)
        patch.setattr(Shown, "answer", here)
        given, drawn = both(half, result)
    held_against_this_process(half, result, given, drawn, tmp_path)


def test_without_the_other_process_nothing_is_lost(half, result, tmp_path):
    held_against_this_process(half, result, *both(half, result, lost=True), tmp_path)


def test_pictures_that_were_drawn_are_written_as_they_are(half, tmp_path):
    verdict = evaluate(half.site, SCENARIO, catalogue=CATALOGUE)
    names = make_files(verdict, tmp_path, drawn={"spill.png": b"drawn", "of another result.png": b"no"})
    assert (tmp_path / "spill.png").read_bytes() == b"drawn"
    assert "of another result.png" not in names
    assert not (tmp_path / "of another result.png").exists()


MODULE = "quietwing.coverage.cli.verdict_worker"


def mapped_and_drawn(half: Half, *, lost: bool, waits: bool):
    """Maps and pictures of the half's layout: of the other process if it is `waits` for, else of whichever comes."""
    ready = made_ready(half.site, SCENARIO, (), CATALOGUE)
    verdict = evaluate(half.site, SCENARIO, catalogue=CATALOGUE, maps=False, ready=ready)
    with other_process(MODULE) as other:
        if lost:
            other._process.kill()
        other.tell(Layout(ready.model, SCENARIO, (), CATALOGUE))
        asked = [other.ask(Storey(points)) for points in storey_grids(half.site, SCENARIO)]
        if waits:
            waited_for(asked[-1])
        verdict = with_maps(verdict, tuple(one.result() for one in asked))
        other.tell(Judged(verdict))
        drawn = {name: other.ask(Picture(name)) for name in verdict_pictures(verdict)}
        if waits:
            waited_for([*drawn.values()][-1])
        return verdict, {name: one.result() for name, one in drawn.items()}


@pytest.mark.parametrize(("lost", "waits"), [(False, True), (False, False), (True, True)])
def test_a_verdict_has_the_same_maps_and_pictures_whoever_makes_them(half, tmp_path, monkeypatch, lost, waits):
    def here(*_):
        raise AssertionError("worked out here: the other process gave no answer")

    with monkeypatch.context() as patch:
        for question in (Storey, Picture) if waits and not lost else ():
            patch.setattr(question, "answer", here)
        verdict, drawn = mapped_and_drawn(half, lost=lost, waits=waits)
    alone = evaluate(half.site, SCENARIO, catalogue=CATALOGUE)
    assert [one.data.equals(other.data) for one, other in zip(verdict.maps, alone.maps, strict=True)] == [True]
    assert drawn == pictures(alone, tmp_path / "alone")
    assert set(drawn) == {"spill.png", "verdict-01-a-ground.png"}


def test_what_is_told_is_known_there_though_this_process_answers_first(half, monkeypatch):
    verdict = evaluate(half.site, SCENARIO, catalogue=CATALOGUE)
    with other_process(MODULE) as other:
        other.tell(Judged(verdict))
        here, waiting = other.ask(Picture("spill.png")), other.ask(Picture("spill.png"))
        assert waiting.result() == here.result()

        def at_once(*_):
            raise AssertionError("worked out here: the other process is lost")

        monkeypatch.setattr(Picture, "answer", at_once)
        there = other.ask(Picture("spill.png"))
        waited_for(there)
        assert there.result() == here.result()


@dataclass(frozen=True)
class Slow:
    """Takes until the test lets it go."""

    number: int

    def answer(self, _known):
        return self.number


def test_what_is_not_begun_is_worked_out_by_whoever_waits(monkeypatch):
    begun, go_on = threading.Event(), threading.Event()

    def told(_sent):
        begun.set()
        assert go_on.wait(30)
        return pickle.dumps("there")

    with other_process("json") as other:
        monkeypatch.setattr(other, "_told", told)
        first, second = other.ask(Slow(1)), other.ask(Slow(2))
        assert begun.wait(30)
        assert second.result() == 2  # nobody has begun it
        go_on.set()
        assert first.result() == "there"
        assert second.result() == 2


class Marked:
    """Notes which threads read it."""

    readers: ClassVar[list[threading.Thread]] = []

    def __setstate__(self, _state):
        self.readers.append(threading.current_thread())

    def __getstate__(self):
        return {"any": "state"}


def test_an_answer_is_read_by_the_thread_that_asks(monkeypatch):
    """Reading loads modules: another thread that loads the same ones would wait for this one, and this one for it."""
    with other_process("json") as other:
        monkeypatch.setattr(other, "_told", lambda _sent: pickle.dumps(Marked()))
        monkeypatch.setattr(Marked, "readers", [])
        asked = other.ask(Slow(1))
        waited_for(asked)
        assert isinstance(asked.result(), Marked)
        assert Marked.readers == [threading.current_thread()]


def test_an_answer_that_cannot_be_read_is_worked_out_here(monkeypatch):
    with other_process("json") as other:
        monkeypatch.setattr(other, "_told", lambda _sent: b"no pickle")
        asked = other.ask(Slow(4))
        waited_for(asked)
        assert asked.result() == 4


def test_all_answers_come_in_the_order_of_their_questions_whoever_gives_them():
    with other_process("json") as other:
        other._process.kill()
        told: list[float] = []
        assert all_answers([other.ask(Slow(number)) for number in range(4)], told.append) == (0, 1, 2, 3)
        assert told == [0.25, 0.5, 0.75, 1.0]


@dataclass(frozen=True)
class Added:
    """A number and what was told."""

    number: int

    def answer(self, known):
        return self.number + known(int)


@pytest.mark.parametrize("helped_by", ["a process", "one that is lost", "none"])
def test_the_last_answer_comes_first_whoever_gives_it(monkeypatch, helped_by):
    sent_there = []

    def told(sent):
        sent_there.append(pickle.loads(sent))
        asked, given = sent_there[-1]
        known = {int: sent_there[0][1]}
        return None if helped_by == "one that is lost" else pickle.dumps(given.answer(known.get) if asked else None)

    with other_process("json") as other:
        monkeypatch.setattr(other, "_told", told)
        found = last_first([Added(number) for number in range(4)], (100,), None if helped_by == "none" else other)
        assert list(found) == [103, 102, 101, 100]
    numbers = [given.number for asked, given in sent_there if asked]
    assert sent_there[:1] == ([] if helped_by == "none" else [(False, 100)])
    assert numbers == list(range(len(numbers)))  # that process begins with the first


def test_what_was_told_last_is_not_told_again(monkeypatch):
    told = []
    with other_process("json") as other:
        monkeypatch.setattr(other, "_told", lambda sent: told.append(pickle.loads(sent)[1]))
        first, second = [1], [1]
        for given in (first, first, second, first):
            other.tell(given)
        other._pool.shutdown()
    assert told == [[1], [1], [1]]


class Large:
    """An answer that somebody may hold."""


@dataclass(frozen=True)
class Asks:
    """For something large."""

    def answer(self, _known):
        return Large()


def test_answers_that_nobody_holds_any_more_are_let_go():
    """Each question knows what was answered before it: not for longer than until its own answer is there."""
    with other_process("json") as other:
        other._process.kill()
        held = [weakref.ref(other.ask(Asks()).result()) for _ in range(5)]
        gc.collect()
        assert [one() is None for one in held] == [True] * 4 + [False]  # the last may be asked for by its kind


def test_answers_at_hand_and_under_way_are_one_mapping(monkeypatch):
    with other_process("json") as other:
        monkeypatch.setattr(other, "_told", lambda _sent: pickle.dumps("there"))
        asked = other.ask(Slow(1))
        waited_for(asked)
        assert asked.is_answered
        both = Answers({"a": "here"}, {"b": asked})
        assert dict(both) == {"a": "here", "b": "there"}
        assert len(both) == 2


def test_what_is_not_compiled_yet_is_not_compiled_ahead(monkeypatch):
    """Both processes would compile the same."""

    def compile_it(*_):
        raise AssertionError("compiled")

    for for_good in ("keep_memory", "halve_threads"):
        monkeypatch.setattr(verdict_worker, for_good, lambda: None)
    monkeypatch.setattr(verdict_worker, "is_compiled", lambda _kernel: False)
    monkeypatch.setattr(blocking, "against", compile_it)
    Prepared().answer(dict)
    monkeypatch.setattr(verdict_worker, "is_compiled", lambda _kernel: True)
    with pytest.raises(AssertionError, match="compiled"):
        Prepared().answer(dict)


def test_garbage_is_looked_for_as_often_as_before_once_a_verdict_is_over():
    before = gc.get_threshold()
    as_before = keep_memory()
    assert gc.get_threshold() > before
    looked = []
    kept = [[] for _ in range(2 * before[0])]
    gc.callbacks.append(lambda *_: looked.append(len(kept)))
    try:
        as_before()
        more = [[] for _ in range(before[0] // 2)]
    finally:
        gc.callbacks.pop()
    assert gc.get_threshold() == before
    assert not looked, "all that a verdict left was looked through at once"
    assert len(more) < len(kept)


def test_threads_are_halved_and_one_is_left():
    before = numba.get_num_threads()
    try:
        numba.set_num_threads(min(2, before))
        assert verdict_worker.halve_threads() == min(2, before)
        assert numba.get_num_threads() == 1
        assert verdict_worker.halve_threads() == 1
        assert numba.get_num_threads() == 1
    finally:
        numba.set_num_threads(before)


LATE = """
import sys
from quietwing.coverage import study
from quietwing.coverage.catalogue import read_catalogue
from quietwing.coverage.cli import answer_verdict
from quietwing.coverage.scenario import Scenario
from quietwing.sites import build_wing, describe
study.made_ready(build_wing(describe(type="wing", cells=2, storeys=1)), Scenario(), (), read_catalogue())
print(sorted({"pandas", "xarray", "matplotlib", "streamlit"} & set(sys.modules)))
"""


def test_a_site_is_made_ready_before_tables_and_pictures_are_loaded():
    """The other process waits for it."""
    run = subprocess.run([sys.executable, "-P", "-c", LATE], capture_output=True, text=True, timeout=120)
    assert run.returncode == 0, run.stderr
    assert run.stdout.strip() == "[]"


ALONE = """
import sys
from quietwing.coverage.cli.verdict_worker import load_tables
load_tables()
print(sorted({"xarray", "dask", "dask.array"} & set(sys.modules)))
import dask
load_tables()
print(sys.modules["dask"] is dask)
"""


def test_tables_are_loaded_without_dask_which_whoever_needs_it_still_can():
    pytest.importorskip("dask")
    run = subprocess.run([sys.executable, "-P", "-c", ALONE], capture_output=True, text=True, timeout=120)
    assert run.returncode == 0, run.stderr
    assert run.stdout.splitlines() == ["['xarray']", "True"]


def test_where_no_process_is_to_be_had_everything_is_worked_out_here(monkeypatch):
    def none(*_args, **_kwargs):
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(subprocess, "Popen", none)
    with other_process(MODULE) as other:
        assert other.ask(Slow(3)).result() == 3


def test_a_process_is_started_for_a_large_site_where_a_core_is_free(tmp_path, monkeypatch):
    assert earns_a_process("houseblock")
    assert earns_a_process("radial")
    assert may_plan("radial")
    assert earns_a_process("campus")
    assert not may_plan("campus")  # memory
    assert not earns_a_process(str(tmp_path))
    assert not earns_a_process("no such site")
    monkeypatch.setattr("os.sched_getaffinity", lambda _pid: {0}, raising=False)
    assert not earns_a_process("houseblock")
