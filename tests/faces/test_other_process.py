"""The other process of the command line answers as this one would; what it cannot is worked out here."""

import subprocess
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from quietwing.coverage.catalogue import read_catalogue
from quietwing.coverage.cli.demo_worker import Given, Half, Shown
from quietwing.coverage.cli.verdict_worker import Judged, Layout, Picture, Storey
from quietwing.coverage.other_process import (
    Asked,
    all_answers,
    earns_a_process,
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


@dataclass(frozen=True)
class Slow:
    """Takes until the test lets it go."""

    number: int

    def answer(self, _known):
        return self.number


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
