"""The demo's other process: it answers as this one would, and what it cannot answer is worked out here."""

from dataclasses import replace
from pathlib import Path

import pytest

from quietwing.coverage.catalogue import read_catalogue
from quietwing.coverage.cli.demo_worker import Given, Half, Shown, aside
from quietwing.coverage.planning import REPORTING_STREAM, Plan, PlanResult, cost
from quietwing.coverage.report import make_files, rooms_csv
from quietwing.coverage.scenario import Scenario
from quietwing.coverage.study import evaluate
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


def both(half: Half, result: PlanResult, *, lost: bool = False):
    """The two answers, of a process that is there or that is lost before it was asked."""
    with aside() as helper:
        if lost:
            helper._process.kill()
        given = helper.ask(half)
        drawn = helper.draw(Shown(result, CATALOGUE), given)
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
