"""Commands and searches leave a part of their work to another process and answer the same."""

import pickle
from dataclasses import replace
from pathlib import Path

import pytest
from by_path import module_at
from typer.testing import CliRunner

from quietwing.coverage import warmup
from quietwing.coverage.catalogue import read_catalogue
from quietwing.coverage.cli import commands, helped
from quietwing.coverage.other_process import (
    other_process,
)
from quietwing.coverage.planning import PlanningInputs, limits
from quietwing.coverage.planning.attempts import JudgedOutside, LookOutside
from quietwing.coverage.planning.limits import InRows, PeaksOf, UpperAt
from quietwing.coverage.planning.search_space import LevelsIn
from quietwing.coverage.planning.verify import CheckedOutside
from quietwing.coverage.report import rooms_csv
from quietwing.coverage.study import optimise
from quietwing.coverage.study.buying import LayoutGiven, PlanMap
from quietwing.sites import build_wing, describe, save_site

four_cells = module_at("tests/engine/planning/four_cells.py")
CATALOGUE = read_catalogue()
MODULE = "quietwing.coverage.cli.verdict_worker"


@pytest.fixture(autouse=True)
def compiled(monkeypatch) -> None:
    """Else each process compiles what it needs by itself."""
    monkeypatch.setattr(warmup, "is_compiled", lambda _kernel: True)


def files_with_and_without(words: list[str], folder: Path, monkeypatch) -> list[dict[str, bytes]]:
    """What a command writes with another process and by itself."""
    found = []
    for name in ("both", "alone"):
        monkeypatch.setattr(helped, "earns_a_process", lambda _site, name=name, **_how: name == "both")
        out = folder / name
        run = CliRunner().invoke(commands.app, [*words, "--out", str(out)])
        assert run.exit_code == 0, run.output
        found.append({str(path.relative_to(out)): path.read_bytes() for path in out.rglob("*") if path.is_file()})
    return found


@pytest.mark.slow
def test_evaluate_leaves_maps_and_pictures_to_it_and_writes_the_same(tmp_path, monkeypatch):
    site = str(tmp_path / "wing")
    save_site(build_wing(describe(type="wing", cells=2, storeys=2)), Path(site))
    both, alone = files_with_and_without(["evaluate", site, "--worlds", "100"], tmp_path, monkeypatch)
    assert both == alone


@pytest.mark.slow
def test_optimise_leaves_a_part_of_everything_to_it_and_writes_the_same(tmp_path, monkeypatch):
    site = str(tmp_path / "wing")
    save_site(four_cells.four_cells(250.0), Path(site))
    monkeypatch.setattr(limits, "FEW_ROWS", 0)  # as of a site with many places outside
    words = ["optimise", site, "--worlds", "100", "--budget-gbp", "9000", "--effort", "quick", "--grid-m", "1"]
    both, alone = files_with_and_without(words, tmp_path, monkeypatch)
    assert both == alone
    assert len(both["layout.csv"].splitlines()) > 1, "nothing is bought"
    assert {"before-after-01-main-ground-floor.png", "spill.png"} <= set(both)


@pytest.mark.slow
def test_frontier_leaves_a_part_of_its_searches_to_it_and_writes_the_same(tmp_path, monkeypatch):
    site = str(tmp_path / "wing")
    save_site(four_cells.four_cells(250.0), Path(site))
    monkeypatch.setattr(limits, "FEW_ROWS", 0)  # as of a site with many places outside
    words = ["frontier", site, "--worlds", "100", "--budgets", "5000,9000", "--effort", "quick"]
    both, alone = files_with_and_without(words, tmp_path, monkeypatch)
    assert both == alone
    assert "frontier.csv" in both


def test_a_search_is_the_same_whoever_works_out_its_parts(monkeypatch, answered_elsewhere):
    """Here every question is waited for: the other process answers all of them."""
    site = four_cells.four_cells(250.0)
    asked = replace(four_cells.MOST, budget_gbp=9000.0)
    monkeypatch.setattr(limits, "FEW_ROWS", 0)
    alone = optimise(site, asked, catalogue=CATALOGUE)
    assert alone.plan.rooms_model
    of_search = LevelsIn, PeaksOf, InRows, UpperAt, LookOutside, JudgedOutside
    questions = *of_search, CheckedOutside, LayoutGiven, PlanMap
    answered_elsewhere(*((question, "answer") for question in questions))
    with other_process(MODULE) as other:
        both = optimise(site, asked, catalogue=CATALOGUE, other=other)
        told = pickle.loads(pickle.dumps(other._known[PlanningInputs]()))
    assert both.plan == alone.plan
    for one, other_one in ((both.verdict, alone.verdict), (both.before, alone.before)):
        assert rooms_csv(one) == rooms_csv(other_one)
        assert one.spill.outside.identical(other_one.spill.outside)
        assert [m.data.equals(n.data) for m, n in zip(one.maps, other_one.maps, strict=True)] == [True]
    left = told.worked_out.other, told.worked_out.treated, told.worked_out.at_hand
    assert left == (None, None, None), "a process takes another along, or what was judged last"


def test_a_process_that_does_not_stay_helps_until_levels_are_known_and_is_ended(monkeypatch):
    site, scenario = four_cells.four_cells(250.0), replace(four_cells.MOST, budget_gbp=9000.0)
    monkeypatch.setattr(limits, "FEW_ROWS", 0)
    alone = optimise(site, scenario, catalogue=CATALOGUE)
    with other_process(MODULE, stays=False) as other:
        both = optimise(site, scenario, catalogue=CATALOGUE, other=other)
        assert other._process.poll() is not None
    assert both.plan == alone.plan
    assert rooms_csv(both.verdict) == rooms_csv(alone.verdict)
