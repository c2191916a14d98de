"""Plans for a row of budgets as one result: never below a known plan, same numbers everywhere, kept when ended."""

import csv
import importlib
import io
import json
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest

from quietwing.coverage.errors import ScenarioError
from quietwing.coverage.planning import Search
from quietwing.coverage.planning.curve import Frontier
from quietwing.coverage.report.escapes import count_rooms
from quietwing.coverage.report.frontier_chart import frontier_figure
from quietwing.coverage.report.frontier_document import write_frontier
from quietwing.coverage.report.frontier_tables import (
    frontier_csv,
    frontier_details,
    frontier_header,
    frontier_lead,
    frontier_object,
    frontier_rows,
    marginal_in_words,
)
from quietwing.coverage.scenario import Scenario
from quietwing.coverage.study import optimise
from quietwing.coverage.study.frontier_run import frontier
from quietwing.sites.synthetic import build_wing, describe

MODULE = importlib.import_module("quietwing.coverage.study.frontier_run")
SWEEP = importlib.import_module("quietwing.coverage.study.frontier_sweep")
# one channel, at a fence far away: a question with an answer, in seconds
pytestmark = pytest.mark.usefixtures("few_moves")
QUESTION = Scenario(
    worlds=100,
    grid_m=1.0,
    confidence=0.8,
    channels=("EE/B1/LTE",),
    spill_tier="standard",
    effort="quick",
    equipment=("micro_jammer",),
    treat_with=("none",),
)


@pytest.fixture(scope="module")
def small():
    site = build_wing(describe(type="wing", cells=4, storeys=1, fence_distance_m=700))
    rooms = tuple(replace(room, weight=1.0) if room.role == "silence" else room for room in site.rooms)
    return replace(site, rooms=rooms)


@pytest.fixture(scope="module")
def one(small):
    return optimise(small, replace(QUESTION, budget_gbp=8_000.0), maps=False)


class Told:
    """Answers in place of searches: weight and cost by budget, and what each search was started from."""

    def __init__(self, one, answers, reported=()):
        self.one, self.answers, self.asked, self.judged = one, answers, [], []
        self.reported = {float(spent_gbp % 360): cells for spent_gbp, cells in dict(reported).items()}

    def plan(self, weight, spent_gbp, status="feasible", bound=None):
        plan = self.one.plan
        attempt = replace(
            plan.attempts[plan.chosen], rooms_judged=int(weight), weight_judged=float(weight), passed=True
        )
        nothing = replace(attempt, rooms_judged=0, weight_judged=0.0)
        first = replace(plan.devices[0], azimuth_deg=float(spent_gbp % 360))  # another plan for each price
        return replace(
            plan,
            devices=(first, *plan.devices[1:]),
            cost=replace(plan.cost, capex_gbp=float(spent_gbp)),
            attempts=(nothing, attempt),
            chosen=1,
            status=status,
            value=float(weight),
            rooms_model=int(weight),
            bound=None if bound is None else float(bound),
        )

    def search(self, _site, _sectors, scenario, _catalogue, *, start=None, **_further):
        self.asked.append((scenario.budget_gbp, start and start.cost.capex_gbp))
        said = self.answers[scenario.target_rooms or scenario.target_share or scenario.budget_gbp]
        said = said.pop(0) if isinstance(said, list) else said
        if isinstance(said, BaseException):
            raise said
        return self.plan(*said)

    def judge(self, _site, _scenario, devices, _catalogue, **_further):
        """The verdict of the plan that was found, with so many rooms blocked as are told of its price."""
        self.judged.append(devices)
        verdict = self.one.verdict
        cells = self.reported.get(devices[0].azimuth_deg) if devices else None
        if cells is None:
            return verdict
        first, *others = verdict.grades
        blocked = np.arange(first.by_room.sizes["room"]) < cells
        rooms = first.by_room.assign(called_silent=("room", blocked))
        return replace(verdict, grades=(replace(first, by_room=rooms), *others))


class NoInputs:
    class inputs:
        sectors = ()

    def known(self, *_layout):
        return None


def told(monkeypatch, one, answers, reported=()):
    found = Told(one, answers, reported)
    monkeypatch.setattr(SWEEP, "best_plan", found.search)
    monkeypatch.setattr(MODULE, "prepare", lambda *_what, **_further: NoInputs())
    for module in (MODULE, SWEEP):
        monkeypatch.setattr(module, "judged_afresh", found.judge)
        monkeypatch.setattr(module, "ready_of", lambda *_: None)
    return found


def test_each_search_begins_with_the_best_plan_it_can_pay(small, one, monkeypatch):
    stub = told(monkeypatch, one, {1e3: (2, 900), 2e3: (3, 1_800), 4e3: (4, 3_900)})
    found = frontier(small, QUESTION, (4e3, 1e3, 2e3))
    assert stub.asked == [(1e3, None), (2e3, 900.0), (4e3, 1_800.0)]
    assert [point.budget_gbp for point in found.points] == [1e3, 2e3, 4e3]
    assert [point.cells_choice for point in found.points] == [2, 3, 4]
    assert [point.spent_gbp for point in found.points] == [900.0, 1_800.0, 3_900.0]


def test_no_budget_lies_below_a_plan_it_could_pay(small, one, monkeypatch):
    # the search for £2,000 found 4 cells for £950, which £1,000 could pay; the one for £4,000 found fewer
    stub = told(monkeypatch, one, {1e3: (2, 900), 2e3: (4, 950), 4e3: (3, 3_900)})
    found = frontier(small, QUESTION, (1e3, 2e3, 4e3))
    assert [point.cells_choice for point in found.points] == [4, 4, 4]
    assert [point.spent_gbp for point in found.points] == [950.0] * 3
    assert [point.found_for_gbp for point in found.points] == [2e3] * 3
    assert len(stub.judged) == 3 + 1  # each distinct plan once, and the layout given
    assert [row[-1] for row in frontier_rows(found)] == [
        "plan found for £2,000",
        "same plan as above",
        "same plan as above",
    ]


def test_a_plan_for_more_money_that_is_reported_worse_leaves_the_plan_for_less(small, one, monkeypatch):
    """In the simulations of choice £2,000 block 3 and £4,000 block 4; in independent ones 1 and 3, and £1,000 2."""
    told(monkeypatch, one, {1e3: (2, 900), 2e3: (3, 1_800), 4e3: (4, 3_900)}, {900: 2, 1_800: 1, 3_900: 3})
    found = frontier(small, QUESTION, (1e3, 2e3, 4e3))
    assert [(point.spent_gbp, point.cells[0]) for point in found.points] == [(900.0, 2), (900.0, 2), (3_900.0, 3)]
    assert found.points[1].result.plan.found_by == Search("most_protected", 1e3)


def test_a_budget_under_the_line_between_its_neighbours_is_searched_again_from_above(small, one, monkeypatch):
    # from £900 and 1 cell to £3,000 and 4 the line is at 1 + 3 · 1,100 / 2,100 = 2.6 for £2,000: 1 lies under it
    stub = told(monkeypatch, one, {1e3: (1, 900), 2e3: [(1, 900), (3, 2_000)], 3e3: (4, 3_000)})
    found = frontier(small, QUESTION, (1e3, 2e3, 3e3))
    assert stub.asked[3:] == [(2e3, 3_000.0)]
    assert [point.cells_choice for point in found.points] == [1, 3, 4]


def test_the_cheapest_plan_for_a_number_of_cells_is_a_point_and_a_known_plan(small, one, monkeypatch):
    stub = told(monkeypatch, one, {3: (3, 700), 1e3: (2, 900), 5e3: (4, 4_000)})
    found = frontier(small, QUESTION, (1e3, 5e3), least_cost_of=(3,))
    assert [point.budget_gbp for point in found.points] == [700.0, 1e3, 5e3]
    assert [point.cells_choice for point in found.points] == [3, 3, 4]
    assert found.points[0].result.asked.target_rooms == 3
    assert stub.asked[1] == (1e3, 700.0)


def test_a_target_that_no_plan_reaches_is_a_note_with_the_nearest(small, one, monkeypatch):
    told(monkeypatch, one, {5: (4, 800, "infeasible"), 1e3: (2, 900)})
    found = frontier(small, QUESTION, (1e3,), least_cost_of=(5,))
    assert len(found.points) == 1
    assert frontier_details(found)[-1:] == (
        "No plan blocks 5 rooms for £1,000 or less (nothing for sale meets it); the nearest blocks 4 for £800.",
    )


def test_budgets_are_chosen_from_the_cheapest_cell_to_any_price_in_equal_ratios(small, one, monkeypatch):
    # ∛(80,000 / 9,800) = 2.01: £19,700 and £39,700, each rounded up to two digits
    answers = {1e9: (4, 79_500), 1: (1, 9_800), 9_800.0: (1, 9_800), 2e4: (2, 20_000), 4e4: (3, 40_000)}
    stub = told(monkeypatch, one, answers)
    found = frontier(small, QUESTION, auto=4)
    assert [point.budget_gbp for point in found.points] == [9_800.0, 20_000.0, 40_000.0, 80_000.0]
    assert found.points[-1].spent_gbp == 79_500.0
    assert stub.asked[0] == (1e9, None)
    assert (
        "Budgets were chosen from £9,800, the cheapest plan found that blocks a further room, to £80,000, the "
        "price of the plan found without a limit of money, in equal ratios."
    ) in frontier_details(found)


def test_an_interruption_keeps_what_was_found_and_says_what_is_missing(small, one, monkeypatch):
    told(monkeypatch, one, {1e3: (2, 900), 2e3: KeyboardInterrupt(), 4e3: (4, 3_900)})
    found = frontier(small, QUESTION, (1e3, 2e3, 4e3))
    assert found.interrupted
    assert [point.budget_gbp for point in found.points] == [1e3]
    assert found.missing_gbp == (2e3, 4e3)
    assert any("interrupted" in sentence and "£2,000, £4,000" in sentence for sentence in frontier_lead(found))
    told(monkeypatch, one, {1e3: (2, 900), 2e3: (3, 1_500, "interrupted"), 4e3: (4, 3_900)})
    found = frontier(small, QUESTION, (1e3, 2e3, 4e3))
    assert [point.cells_choice for point in found.points] == [2, 3]
    assert found.missing_gbp == (4e3,)
    told(monkeypatch, one, {1e9: (4, 79_500), 1: KeyboardInterrupt()})
    found = frontier(small, QUESTION, auto=4)  # ended while budgets were being chosen
    assert [(point.budget_gbp, point.cells_choice) for point in found.points] == [(8e4, 4)]
    assert found.interrupted
    told(monkeypatch, one, {1e3: KeyboardInterrupt()})
    with pytest.raises(KeyboardInterrupt):  # nothing to keep
        frontier(small, QUESTION, (1e3,))


@pytest.mark.parametrize(
    ("budgets", "further"),
    [
        ((), {}),
        ((-1.0,), {}),
        ((float("nan"),), {}),
        ((float("inf"),), {}),
        ((2e9,), {}),
        (tuple(range(21)), {}),
        (tuple(range(1, 20)), {"least_cost_of": (1, 2)}),
        ((1e3,), {"auto": 8}),
        ((), {"auto": 21}),
        ((), {"auto": 1}),
        ((1e3,), {"least_cost_of": (0,)}),
        ((1e3,), {"least_cost_of": (5_000,)}),
    ],
)
def test_what_is_no_row_of_budgets_is_refused_before_any_work(small, monkeypatch, budgets, further):
    monkeypatch.setattr(MODULE, "prepare", lambda *_what, **_further: pytest.fail("work began"))
    with pytest.raises(ScenarioError, match=r"budgets|least_cost_of|target_rooms"):
        frontier(small, QUESTION, budgets, **further)


@pytest.fixture
def found(small, one, monkeypatch):
    told(
        monkeypatch,
        one,
        {
            1e4: (1, 9_000),
            2e4: (3, 19_000),
            4e4: (4, 40_000, "optimal"),
        },
    )
    return frontier(small, QUESTION, (1e4, 2e4, 4e4))


def test_the_numbers_of_the_figure_stand_apart(found: Frontier):
    """Where few rooms of many are blocked the grades lie near each other: £25,000 and £50,000 on campus."""
    rows = ((25_000.0, (23, 7)), (50_000.0, (43, 10)), (400_000.0, (234, 59)))
    points = tuple(
        replace(point, budget_gbp=budget, cells=cells)
        for point, (budget, cells) in zip(found.points, rows, strict=True)
    )
    figure = frontier_figure(replace(found, points=points, knee=None))
    figure.canvas.draw()
    boxes = {text.get_text(): text.get_window_extent() for text in figure.axes[0].texts}
    assert len(boxes) == 6
    met = [(one, other) for one, other in combinations(boxes, 2) if boxes[one].overlaps(boxes[other])]
    assert met == []


def test_figure_table_csv_and_json_have_the_numbers_of_the_result(found: Frontier):
    silent = [[count_rooms(plan.verdict, grade).silent for plan in found.plans] for grade in (0, 1)]
    assert [list(cells) for cells in zip(*(point.cells for point in found.points), strict=True)] == silent
    ax = frontier_figure(found).axes[0]
    assert ax.lines[0].get_xdata().tolist() == [10.0, 20.0, 40.0]  # thousand £
    assert [ax.lines[grade].get_ydata().tolist() for grade in (0, 1)] == silent
    assert "£" in ax.get_xlabel()
    assert "Rooms blocked" in ax.get_ylabel()
    rows = list(csv.DictReader(io.StringIO(frontier_csv(found))))
    assert [float(row["budget_gbp"]) for row in rows] == [1e4, 2e4, 4e4]
    assert [float(row["spent_gbp"]) for row in rows] == [9_000.0, 19_000.0, 40_000.0]
    assert [int(row["silent_planning"]) for row in rows] == silent[0]
    assert [int(row["silent_evidence"]) for row in rows] == silent[1]
    assert [row["status"] for row in rows] == ["feasible", "feasible", "optimal"]
    said = frontier_object(found)
    assert [point["silent"]["planning"] for point in said["points"]] == silent[0]
    assert [point["status"] for point in said["points"]] == ["feasible", "feasible", "optimal"]
    assert "2 of these plans are the best found; how much better is possible is not known." in said["notes"]
    assert [point["spent_gbp"] for point in said["points"]] == [9_000.0, 19_000.0, 40_000.0]
    table = frontier_rows(found)
    assert all(len(row) == len(frontier_header(found)) for row in table)
    assert [row[2] for row in table] == [f"{cells} of {found.rooms}" for cells in silent[0]]
    json.dumps(said, allow_nan=False)


def test_the_first_sentence_is_cells_for_money(found: Frontier):
    cells = [point.cells[0] for point in found.points]
    first = frontier_lead(found)[0]
    assert first.startswith(
        f"£10,000 blocks {cells[0]} of {found.rooms} rooms; £20,000 {cells[1]}; £40,000 {cells[2]}, at "
    )
    evidence = ", ".join(str(point.cells[1]) for point in found.points)
    assert first.endswith(f"Evidence grade (95 %): {evidence}.")
    assert "more money never blocks fewer rooms" in frontier_details(found)[0]


def test_marginal_costs_in_words():
    from quietwing.coverage.planning.curve import Marginal

    assert marginal_in_words(None) == ""
    assert marginal_in_words(Marginal(10, 2e4, 2e3)) == "£2,000"
    assert marginal_in_words(Marginal(0, 2e4, None)) == "no further room"


def test_the_folder_has_a_page_figure_tables_and_every_plan(found: Frontier, tmp_path):
    files = write_frontier(found, tmp_path / "out")
    names = [path.relative_to(tmp_path / "out").as_posix() for path in files]
    assert names[0] == "summary.html"
    assert names[-1] == "manifest.json"
    assert {
        "frontier.png",
        "frontier.json",
        "frontier.csv",
        "plan-010000/layout.csv",
        "plan-040000/plan.json",
    } <= set(names)
    assert json.loads((tmp_path / "out" / "frontier.json").read_text("utf-8")) == frontier_object(found)
    text = (tmp_path / "out" / "summary.html").read_text("utf-8")
    for row in frontier_rows(found):
        for cell in row:
            assert cell in text
    first = {path: path.read_bytes() for path in files}
    write_frontier(found, tmp_path / "out")  # a result replaces its own
    assert {path: path.read_bytes() for path in files} == first
    from quietwing.coverage.store import verify_result

    assert verify_result(tmp_path / "out", lambda *_what, **_further: pytest.fail("no inputs are kept")) == ()
    (tmp_path / "out" / "frontier.csv").write_text("x", "utf-8")
    assert verify_result(tmp_path / "out", lambda *_what, **_further: None)


@pytest.mark.slow
def test_a_real_row_of_budgets_is_judged_as_its_plans_are(small):
    from quietwing.coverage.catalogue import read_catalogue
    from quietwing.coverage.store import result_object
    from quietwing.coverage.study.buying import judged_afresh

    found = frontier(small, QUESTION, (1_600.0, 4_000.0))
    weights = [point.result.plan.attempts[point.result.plan.chosen].weight_judged for point in found.points]
    assert weights == sorted(weights)
    assert weights[-1] > 0
    for point in found.points:
        assert point.spent_gbp <= point.budget_gbp
        verdict = point.result.verdict
        again = judged_afresh(small, verdict.scenario, verdict.devices, read_catalogue(), maps=False)
        assert result_object(again, read_catalogue()) == result_object(verdict, read_catalogue())


# --- The least money for a number of cells, or a share of them.


def told_in_pounds(monkeypatch, one, answers, quiet=()):
    told(monkeypatch, one, answers)
    inputs = type("OneQuiet", (NoInputs,), {"quiet_anyway": list(quiet)})
    monkeypatch.setattr(MODULE, "prepare", lambda *_what, **_further: inputs())


def test_a_share_of_the_cells_is_a_point_and_what_is_quiet_anyway_counts(small, one, monkeypatch):
    """80 % of five rooms are four: one is quiet anyway, so three are to be silenced; 100 % would be four."""
    quiet = [room.id == "A1-02" for room in small.rooms]
    answers = {1e3: (2, 900), 4e3: (3, 3_900), 0.8: (3, 2_500), 1.0: (3, 2_500)}
    told_in_pounds(monkeypatch, one, answers, quiet)
    found = frontier(small, QUESTION, (1e3, 4e3), least_cost_of=(0.8, 1.0))
    assert [point.result.asked.target_share for point in found.points] == [None, 0.8, None]
    assert frontier_rows(found)[1][-1].startswith("least cost of 4 (80 %)")
    assert [point["target_share"] for point in frontier_object(found)["points"]] == [None, 0.8, None]
    assert any(
        note.startswith("No plan blocks 4 rooms, 100 % of all with those without signal anyway, for £4,000")
        for note in frontier_details(found)
    )
