"""What stops a search: Ctrl-C, a limit of time or gap, a target that is impossible; and the bytes it leaves."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from by_path import module_at
from typer.testing import CliRunner

from quietwing.coverage.cli import app
from quietwing.coverage.errors import ScenarioError
from quietwing.coverage.planning import attempts, bounds, early_stop, exact, prepared, searching, trying
from quietwing.coverage.planning import optimising as door
from quietwing.coverage.planning.optimising import optimise
from quietwing.coverage.planning.plan import HoleKind, Plan
from quietwing.coverage.planning.verify import verify_plan
from quietwing.coverage.store import scenario_text
from quietwing.sites.model import Site

pytestmark = pytest.mark.usefixtures("few_moves")
four_cells = module_at("tests/engine/planning/four_cells.py")
CATALOGUE, MOST, judged, target = four_cells.CATALOGUE, four_cells.MOST, four_cells.judged, four_cells.target
site, folder = four_cells.site, four_cells.folder  # fixtures
posix = pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")

COMMAND = "from quietwing.coverage.cli import main; main()"


def begin(folder: Path, out: Path, command: str = COMMAND, **environment: str) -> subprocess.Popen:
    """``quietwing optimise`` as a process of its own, in a group of its own."""
    return subprocess.Popen(
        [sys.executable, "-P", "-c", command, "optimise", str(folder), "--out", str(out)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | environment,
        start_new_session=True,
    )


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.long
def test_the_same_seed_gives_the_same_bytes_in_processes_of_one_and_two_threads(folder, tmp_path):
    """Every file: plan, layout, bill, holes, maps and pages."""
    found = []
    for threads in ("1", "2"):
        out = tmp_path / threads / "plan"  # the same name: it may stand in a page
        process = begin(folder, out, NUMBA_NUM_THREADS=threads)
        _, told = process.communicate(timeout=120)
        assert process.returncode == 0, told
        found.append(contents(out))
    assert {"plan.json", "layout.csv", "bill_of_materials.csv", "holes.csv", "manifest.json"} <= set(found[0])
    assert found[0] == found[1]
    assert json.loads(found[0]["plan.json"])["reproducible"] is True


# --- Stopped.


def stopped_at(site: Site, word: str) -> Plan:
    """The plan when somebody presses Ctrl-C as soon as the search says that it does something."""
    said: list[str] = []

    def told(what: str, _share: float) -> None:
        said.append(what)
        if word in what and sum(word in each for each in said) == 1:
            raise KeyboardInterrupt

    try:
        plan = optimise(site, site.sectors, MOST, CATALOGUE, progress=told)
    except KeyboardInterrupt:
        pytest.fail(f"Ctrl-C at {said[-1]!r}: the plan is lost")
    assert any(word in each for each in said)
    return plan


@pytest.mark.parametrize(
    "word",
    [
        "best so far",
        "computing an upper bound",
        "verifying the plan",
    ],
)
def test_ctrl_c_keeps_the_best_plan_so_far(site, word):
    """In the search, while the bound is worked out, and while the plan is checked."""
    plan = stopped_at(site, word)
    assert (plan.status, plan.reproducible) == ("interrupted", False)
    assert judged(plan).rooms_judged >= 3
    assert plan.cost.capex_gbp <= MOST.budget_gbp
    assert verify_plan(site, site.sectors, MOST, CATALOGUE, plan) == ()


@pytest.mark.slow
@pytest.mark.parametrize("stops", [4, pytest.param(10, marks=pytest.mark.long(reason="the suite stops at four"))])
def test_ctrl_c_at_random_places_keeps_the_best_plan_and_says_so(site, stops):
    """Wherever the search reports itself, from its first attempt to its last word."""
    asked, places = replace(MOST, effort="normal"), list[str]()
    optimise(site, site.sectors, asked, CATALOGUE, progress=lambda what, _share: places.append(what))
    first = next(at for at, what in enumerate(places) if what.startswith("searching"))
    best = 0
    for stop in sorted(np.random.default_rng(7).choice(np.arange(first, len(places)), stops, replace=False).tolist()):
        said: list[str] = []

        def told(what: str, _share: float, said: list[str] = said, stop: int = stop) -> None:
            said.append(what)
            if len(said) == stop + 1:
                raise KeyboardInterrupt

        plan = optimise(site, site.sectors, asked, CATALOGUE, progress=told)
        assert (plan.status, plan.reproducible) == ("interrupted", False)
        assert verify_plan(site, site.sectors, asked, CATALOGUE, plan) == ()
        assert judged(plan).rooms_judged >= best  # the later the more
        best = judged(plan).rooms_judged
    assert best >= 3


def test_ctrl_c_in_the_first_attempt_leaves_what_stands(site):
    plan = stopped_at(site, "searching")
    assert (plan.status, plan.devices, plan.reproducible) == ("interrupted", (), False)
    assert {hole.reason.kind for hole in plan.holes} == {HoleKind.NOT_SEARCHED}
    assert verify_plan(site, site.sectors, MOST, CATALOGUE, plan) == ()


def test_ctrl_c_in_the_solver_is_an_interruption_too(site, monkeypatch):
    """The child process swallows the key press and comes back with the best so far."""

    def interrupted(*arguments, **options):
        found = exact.solve(*arguments, **options)
        return replace(found, status="interrupted", reproducible=False, notes=("interrupted: the best so far",))

    monkeypatch.setattr(bounds, "solve", interrupted)
    plan = optimise(site, site.sectors, MOST, CATALOGUE)
    assert (plan.status, plan.reproducible) == ("interrupted", False)


def test_no_attempt_begins_after_the_time_limit(site):
    plan = optimise(site, site.sectors, MOST, CATALOGUE, time_limit_s=0.001)
    assert len(plan.attempts) == 1
    assert (plan.status, plan.devices, plan.reproducible) == ("feasible", (), False)
    assert (plan.value, plan.bound, plan.gap, plan.model) == (0.0, None, None, None)
    assert verify_plan(site, site.sectors, MOST, CATALOGUE, plan) == ()


def ask(*arguments: object):
    return CliRunner().invoke(app, ["optimise", *(str(argument) for argument in arguments)])


def test_the_exit_code_of_a_time_limit_is_4_and_the_plan_is_kept(folder):
    ran = ask(folder, "--time-limit", "0.001", "--json")
    assert ran.exit_code == 4, ran.stderr
    said = json.loads(ran.stdout)
    assert (said["status"], said["bound"], said["gap"], said["reproducible"]) == ("feasible", None, None, False)
    assert "a limit asked for was missed" in ran.stderr


@pytest.mark.slow
def test_the_exit_code_of_a_gap_is_4_where_it_is_missed_and_0_where_it_is_met(folder, monkeypatch):
    assert ask(folder, "--gap", "0.0").exit_code == 0
    with_gap = lambda *a, **k: replace(bounds.certify(*a, **k), status="feasible", bound=5.0)  # noqa: E731
    monkeypatch.setattr(door, "certify", with_gap)
    missed, met = ask(folder, "--gap", "0.24"), ask(folder, "--gap", "0.25")
    assert (missed.exit_code, met.exit_code) == (4, 0)
    assert "a limit asked for was missed; the best plan was kept" in missed.stderr
    assert "This is the best plan found; how much better is possible is not known." in missed.stdout


def test_the_exit_code_of_a_missed_target_is_4_with_the_room_and_the_nearest_target(tmp_path, folder):
    (tmp_path / "target.toml").write_text(scenario_text(target(5)), "utf-8")
    ran = ask(folder, "--scenario", tmp_path / "target.toml")
    assert ran.exit_code == 4, ran.stderr
    assert ran.stdout.startswith("Not addressed by any cellular blocker:")
    assert "NO PLAN FOUND that blocks 5 rooms within the limits; that does not prove there is none." in ran.stdout
    assert "A1-01" in ran.stdout
    assert "the nearest target met: 4 of the 5 rooms asked for" in ran.stderr
    (tmp_path / "poor.toml").write_text(scenario_text(replace(target(1), budget_gbp=10.0)), "utf-8")
    poor = ask(folder, "--scenario", tmp_path / "poor.toml")
    assert (poor.exit_code, "NO SUCH PLAN: nothing that may be bought here" in poor.stdout) == (3, True)


# Whoever sits at the terminal presses Ctrl-C as soon as a plan is there: to the whole group, as a terminal does.
COMMAND_STOPPED = """
import os, signal
from quietwing.coverage.planning import trying as door
so_far = door.so_far
def pressed(*arguments):
    said = so_far(*arguments)
    if "best so far" in said:
        door.so_far = so_far
        os.killpg(os.getpgrp(), signal.SIGINT)
    return said
door.so_far = pressed
from quietwing.coverage.cli import main
main()
"""


@posix
@pytest.mark.slow
def test_ctrl_c_on_the_command_line_writes_the_best_plan_and_ends_with_130(folder, tmp_path):
    out = tmp_path / "plan"
    process = begin(folder, out, COMMAND_STOPPED)
    stdout, told = process.communicate(timeout=120)
    assert process.returncode == 130, told
    assert "The search was interrupted: this is the best plan so far." in stdout
    said = json.loads((out / "plan.json").read_text("utf-8"))
    assert (said["status"], said["reproducible"], said["rooms_model"]) == ("interrupted", False, 3)


# --- A gap that is near enough.


def test_a_search_whose_plan_is_proven_the_best_begins_no_further_attempt(site):
    """For £5,000 the landing, of weight 2, and two cells: 4, the most by the proof of the first attempt."""
    asked = replace(MOST, effort="normal")  # five searches, each with its jammers made stronger where there is room
    every, stopped = (optimise(site, site.sectors, asked, CATALOGUE, gap=gap) for gap in (None, 0.0))
    assert len(stopped.attempts) <= 3 < 6 <= len(every.attempts)
    assert (stopped.model.value, stopped.model.bound, stopped.model.gap) == (4.0, 4.0, 0.0)
    assert [device.id for device in stopped.devices] == [device.id for device in every.devices]
    assert stopped.reproducible
    assert "4 of its attempts left" in stopped.notes[-1]
    assert not any("attempts left" in note for note in every.notes)
    assert verify_plan(site, site.sectors, asked, CATALOGUE, stopped) == ()
    assert optimise(site, site.sectors, asked, CATALOGUE, gap=0.0) == stopped


@pytest.mark.parametrize(("gap", "ends"), [(0.25, True), (0.24, False)])
def test_a_gap_that_is_met_ends_the_search_and_one_that_is_missed_does_not(site, monkeypatch, gap, ends):
    """A plan of 4 with a bound of 5: (5 - 4) / 4 is 25 %."""
    with_gap = lambda *a, **k: replace(bounds.certify(*a, **k), status="feasible", bound=5.0)  # noqa: E731
    monkeypatch.setattr(early_stop, "certify", with_gap)
    plan = optimise(site, site.sectors, replace(MOST, effort="normal"), CATALOGUE, gap=gap)
    assert (len(plan.attempts) <= 3) == ends


def test_a_plan_that_misses_a_limit_on_fresh_worlds_does_not_end_the_search(site, monkeypatch):
    def judged_afresh(inputs, devices, treatments, searched, stream):
        one = prepared.judge(inputs, devices, treatments, searched, stream)
        return replace(one, spilled=replace(one.spilled, passed=False, worst_margin_db=-1.0))

    monkeypatch.setattr(early_stop, "judge", judged_afresh)
    plan = optimise(site, site.sectors, replace(MOST, effort="normal"), CATALOGUE, gap=0.0)
    assert len(plan.attempts) > 3


def test_a_missed_target_does_not_end_the_search_and_a_met_one_does(site):
    """Two rooms for £1,538.40 and £1,572.00 are proven the cheapest; five cannot be had."""
    two, five = (replace(target(number), effort="normal") for number in (2, 5))
    met = optimise(site, site.sectors, two, CATALOGUE, gap=0.0)
    assert (len(met.attempts) <= 3, met.model.status, met.model.gap) == (True, "optimal", 0.0)
    assert met.value == pytest.approx(1538.40 + 1572.00)
    assert len(optimise(site, site.sectors, five, CATALOGUE, gap=0.0).attempts) > 3


@pytest.mark.parametrize(("usual", "bound", "short", "asked", "ends"), [
    (0.25, 5.0, False, None, True),  # a plan of 4 with a bound of 5: 25 %
    (0.24, 5.0, False, None, False),
    (0.25, None, False, None, False),  # a bound that the search does not know is not worked out for this
    (0.25, 5.0, True, None, False),  # rooms that are not silent in the worlds: the next search may mend it
    (0.25, 5.0, False, 0.24, False),  # what is asked for goes before what is usual
    (None, 5.0, False, None, False),
])  # fmt: skip
def test_an_effort_ends_at_its_usual_gap_where_the_search_knows_a_bound(
    site, monkeypatch, usual, bound, short, asked, ends
):
    monkeypatch.setitem(door.EFFORTS, "normal", replace(door.EFFORTS["normal"], gap=usual))
    monkeypatch.setattr(trying, "find_plan", lambda *a: replace(searching.find_plan(*a), bound=bound))
    monkeypatch.setattr(bounds, "SMALL_CANDIDATES", 0)  # else a plan is proven the best, whatever the search knew
    monkeypatch.setattr(early_stop, "is_short", lambda _: short)
    plan = optimise(site, site.sectors, replace(MOST, effort="normal"), CATALOGUE, gap=asked)
    assert (len(plan.attempts) <= 3) == ends
    assert any("of its attempts left" in note for note in plan.notes) == ends


def test_normal_ends_where_thorough_makes_no_bound_tighter_and_the_others_make_every_attempt():
    assert [door.EFFORTS[name].gap for name in ("quick", "normal", "thorough")] == [None, 0.05, None]


@pytest.mark.parametrize(("judged", "short"), [(97, False), (96, True)])
def test_three_of_a_hundred_rooms_may_fall_short(judged, short):
    one = SimpleNamespace(attempt=SimpleNamespace(rooms_judged=judged, rooms_model=100))
    assert attempts.is_short(one) == short


@pytest.mark.parametrize("gap", [-0.01, float("nan"), float("inf")])
def test_what_is_no_gap_is_refused_before_the_search(site, gap):
    with pytest.raises(ScenarioError, match=r"gap: is .* write 0.05 for 5 %"):
        optimise(site, site.sectors, MOST, CATALOGUE, gap=gap)
