"""What a plan may buy, and each question that cannot be asked: one clear line with what to do."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from by_path import module_at

from quietwing.coverage.catalogue import read_catalogue
from quietwing.coverage.planning.question import (
    buyable_devices,
    buyable_treatments,
    check_plan_scenario,
    offered_devices,
)
from quietwing.coverage.scenario import Scenario, read_scenario
from quietwing.sites import MOST_ALIKE, load_site

CATALOGUE = read_catalogue()


ROWS = module_at("tests/places/bad_equipment.py").QUESTIONS


@pytest.fixture(scope="module")
def houseblock():
    return load_site("houseblock")


@pytest.mark.parametrize("row", ROWS, ids=[row.id for row in ROWS])
def test_a_question_that_cannot_be_asked_is_refused_in_one_line_a_problem(row, houseblock, tmp_path):
    problems = check_plan_scenario(houseblock, CATALOGUE, read_scenario(row.build(tmp_path)))
    message = "\n".join(problems)
    for pattern in row.must_contain:
        assert re.search(pattern, message), f"{pattern!r} is not in:\n{message}"
    assert len(problems) == (4 if row.id == "question-several" else 1)
    assert all(line.isprintable() and line.startswith("scenario: ") for line in problems)


@pytest.mark.parametrize(
    "scenario",
    [
        Scenario(budget_gbp=0),
        Scenario(budget_gbp=1e6, equipment=("mas_node",), treat_with=("none",), comms_room="core1-office"),
        Scenario(objective="least_cost", target_rooms=264),
        Scenario(objective="least_cost", target_rooms=1, budget_gbp=5, treat_with=("window_film",)),
    ],
)
def test_a_sound_question_has_no_problem(scenario, houseblock):
    assert check_plan_scenario(houseblock, CATALOGUE, scenario) == ()


@pytest.mark.parametrize(
    "asked",
    [
        {"equipment": tuple(f"mas_nod{number}" for number in range(2000))},
        {"treat_with": tuple(f"window_fil{number}" for number in range(2000))},
        {"objective": "least_cost", "target_named": tuple(f"A1-0{number}x" for number in range(2000))},
        {"objective": "least_cost", "target_wing": tuple(f"houseblock/x{number}" for number in range(2000))},
    ],
)
def test_of_thousands_of_unknown_names_the_first_are_told(houseblock, asked):
    """Each is held against all that are known, which takes a millisecond."""
    problems = check_plan_scenario(houseblock, CATALOGUE, Scenario(budget_gbp=1, **asked))
    assert MOST_ALIKE <= len(problems) < 2 * MOST_ALIKE


def test_a_site_without_rooms_to_silence_has_nothing_to_plan(houseblock):
    rooms = tuple(room for room in houseblock.rooms if room.role != "silence")
    (problem,) = check_plan_scenario(replace(houseblock, rooms=rooms), CATALOGUE, Scenario(budget_gbp=1))
    assert "no room of role silence" in problem


def test_a_catalogue_must_leave_something_to_buy(houseblock):
    heads = {name: model for name, model in CATALOGUE.items() if model.kind == "head_end"}
    (problem,) = check_plan_scenario(houseblock, heads, Scenario(budget_gbp=1))
    assert "leaves nothing of the catalogue to buy" in problem
    mesh = {"window_mesh": CATALOGUE["window_mesh"]}
    assert check_plan_scenario(houseblock, mesh, Scenario(budget_gbp=1)) == ()


def test_a_mesh_of_an_unknown_construction_is_named(houseblock):
    odd = {**CATALOGUE, "window_mesh": replace(CATALOGUE["window_mesh"], construction="mesh_21")}
    (problem,) = check_plan_scenario(houseblock, odd, Scenario(budget_gbp=1))
    assert "'mesh_21' of 'window_mesh' does not exist; did you mean" in problem
    assert check_plan_scenario(houseblock, odd, Scenario(budget_gbp=1, treat_with=("window_film",))) == ()


def test_empty_lists_mean_everything_and_none_means_none():
    kinds = {name: model.kind for name, model in CATALOGUE.items()}
    everything = Scenario()
    assert buyable_devices(CATALOGUE, everything) == tuple(
        n for n, kind in kinds.items() if kind in ("jammer", "mas") and not CATALOGUE[n].radiating_cable
    )
    cables = tuple(name for name in offered_devices(CATALOGUE) if CATALOGUE[name].radiating_cable)
    assert cables
    assert not set(cables) & set(buyable_devices(CATALOGUE, everything))
    assert buyable_devices(CATALOGUE, Scenario(equipment=cables)) == cables  # only where they are named
    assert buyable_treatments(CATALOGUE, everything) == ("window_mesh", "window_film")
    some = Scenario(equipment=("mas_node", "micro_jammer"), treat_with=("window_film",))
    assert buyable_devices(CATALOGUE, some) == ("micro_jammer", "mas_node")
    assert buyable_treatments(CATALOGUE, some) == ("window_film",)
    assert buyable_treatments(CATALOGUE, Scenario(treat_with=("none",))) == ()
