"""A row of budgets without any search: where each begins, which is searched again, what a target comes to."""

import math
from types import SimpleNamespace

import pytest

from quietwing.coverage.planning import Offer
from quietwing.coverage.scenario import Scenario
from quietwing.coverage.study import frontier_sweep
from quietwing.coverage.study.frontier_sweep import Found, Sweep, aim_in_words, best_for, downward, whole

CELLS = SimpleNamespace(rooms=tuple(SimpleNamespace(role="silence", weight=1.0) for _ in range(3)))


def found(gbp: float, weight: float, *, passed=True, nothing=0.0):
    """What a search came to; `plan` is its price, so that a test reads it."""
    return SimpleNamespace(
        spent_gbp=gbp,
        offer=Offer(passed, weight, int(weight), gbp),
        plan=SimpleNamespace(gbp=gbp, attempts=[SimpleNamespace(weight_judged=nothing)]),
    )


def sweep(*known, asked=None, maps=False, prepared=None, own=None) -> Sweep:
    one = Sweep(CELLS, asked or Scenario(), {}, prepared, (), maps, None, None, lambda *_: None, 9)
    one.found.extend(known)
    one.own.update(own or {each.spent_gbp: at for at, each in enumerate(known)})
    return one


@pytest.mark.parametrize(
    ("aim", "words"),
    [(("target_rooms", 20.0), "20"), (("target_share", 0.5), "50 %"), (("target_share", 0.125), "12.5 %")],
)
def test_a_target_in_words(aim, words):
    assert aim_in_words(aim) == words


@pytest.mark.parametrize(
    ("budget_gbp", "begins"),
    [
        (50, None),  # none can be paid for
        (100, 100),
        (250, 200),  # the most weight that can be paid for
        (350, 200),  # 300 is dearer and no better
        (400, 400),
        (999, 400),  # 500 has more weight but breaks a limit
    ],
)
def test_a_search_begins_with_the_best_plan_that_can_be_paid_for(budget_gbp, begins):
    known = found(100, 4), found(200, 6), found(300, 6), found(400, 9), found(500, 20, passed=False)
    start = sweep(*known).start_for(budget_gbp)
    assert (start and start.gbp) == begins


def test_the_plan_for_a_budget_may_be_anothers_but_its_own_is_always_one():
    known = found(100, 4), found(180, 7), found(260, 6)
    one = sweep(*known, own={100.0: 0, 200.0: 2})
    assert best_for(one, 200.0).spent_gbp == 180
    assert best_for(one, 100.0).spent_gbp == 100


# --- Searched again from above.


@pytest.mark.parametrize(
    ("middle", "again"),
    [
        (3.9, [200]),  # the line from 2 cells at £100 to 8 at £300 is at 5: more than one below it
        (4.0, []),  # one below it is chance
        (6.0, []),
    ],
)
def test_a_budget_well_under_the_line_between_its_neighbours_is_searched_again(middle, again, monkeypatch):
    asked = []
    monkeypatch.setattr(Sweep, "search", lambda _self, gbp, start, words: asked.append((gbp, start.gbp, words)))
    downward(sweep(found(100, 2), found(200, middle), found(300, 8)), (100.0, 200.0, 300.0))
    assert asked == [(gbp, 300, f"£{gbp:,.0f} again, from above") for gbp in again]


def test_the_cheapest_budget_lies_between_nothing_bought_and_the_next(monkeypatch):
    asked = []
    monkeypatch.setattr(Sweep, "search", lambda _self, gbp, *_: asked.append(gbp))
    downward(sweep(found(100, 2), found(200, 8)), (100.0, 200.0))  # half way from 0 to 8 is 4
    downward(sweep(found(100, 2, nothing=2.0), found(200, 4)), (100.0, 200.0))  # from 2 to 4 is 3: just one below
    assert asked == [100.0]


def test_a_neighbour_that_breaks_a_limit_draws_no_line(monkeypatch):
    monkeypatch.setattr(Sweep, "search", lambda *_: pytest.fail("searched again"))
    downward(sweep(found(100, 0), found(200, 1), found(300, 90, passed=False)), (100.0, 200.0, 300.0))


# --- Targets.


@pytest.mark.parametrize(
    ("aim", "rooms", "share"), [(("target_rooms", 2.0), 2, None), (("target_share", 0.5), None, 0.5)]
)
def test_a_target_is_one_key_of_the_question_and_the_money_its_limit(aim, rooms, share):
    question = sweep(asked=Scenario(budget_gbp=5_000)).question_of(aim, 900.0)
    assert (question.objective, question.target_rooms, question.target_share) == ("least_cost", rooms, share)
    assert question.budget_gbp == 900.0


@pytest.mark.parametrize(
    ("target", "needed"),
    [
        (None, 2),  # nothing of the sort is asked: the number itself
        (SimpleNamespace(quiet_counts=False, needed=9, rooms=("a", "b", "c")), 2),
        (SimpleNamespace(quiet_counts=True, needed=3, rooms=("a", "b", "c")), 2),  # c is quiet anyway
        (SimpleNamespace(quiet_counts=True, needed=2, rooms=("a", "b")), 2),  # c is not among them
    ],
)
def test_of_a_share_those_quiet_anyway_need_no_blocker(target, needed, monkeypatch):
    monkeypatch.setattr(frontier_sweep, "target_asked", lambda *_: target)
    one = sweep(prepared=SimpleNamespace(quiet_anyway=[False, False, True]))
    one.site = SimpleNamespace(room_index={"a": 0, "b": 1, "c": 2})
    assert one.cells_needed(("target_rooms", 2.0)) == needed


@pytest.mark.parametrize(
    ("objective", "weights", "weight"),
    [
        ("most_protected", (1, 1), 7.0),
        ("least_cost", (1, 1), 7.0),  # counting cells is counting weights
        ("least_cost", (1, 3), -math.inf),  # cells were counted, not weights: beside others it is no measure
    ],
)
def test_a_plan_of_least_cost_is_beside_others_only_where_a_cell_weighs_one(objective, weights, weight):
    rooms = tuple(SimpleNamespace(role="silence", weight=one) for one in weights)
    attempt = SimpleNamespace(passed=True, weight_judged=7.0, rooms_judged=5)
    plan = SimpleNamespace(attempts=[attempt], chosen=0, cost=SimpleNamespace(capex_gbp=10.0, whole_life_gbp=90.0))
    asked = SimpleNamespace(objective=objective, budget_basis="whole_life")
    one = Found(asked, plan, SimpleNamespace(site=SimpleNamespace(rooms=rooms)))
    assert one.offer == Offer(True, weight, 5, 90.0)  # money on the basis that was asked for


def test_rooms_that_need_not_be_silent_may_weigh_anything():
    assert whole(SimpleNamespace(rooms=(*CELLS.rooms, SimpleNamespace(role="keep", weight=5.0))))
