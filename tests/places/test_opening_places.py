"""Doors and windows and the wall they cut: a centimetre on either side of every limit."""

from __future__ import annotations

from dataclasses import replace

import pytest
from shapely.geometry import LineString, box

from quietwing.sites.constructions import load_constructions
from quietwing.sites.draft import Draft
from quietwing.sites.findings import Findings
from quietwing.sites.model import Building, Opening, Storey, Wall
from quietwing.sites.opening_checks import check_openings

STOREYS = (Storey("Ground", 0.0, 3.0), Storey("First", 3.0, 3.0))
WALL = Wall("south", "A", 0, LineString([(0, 0), (6, 0)]), "brick_215")
WINDOW = Opening("w", "south", "window", LineString([(2, 0), (3, 0)]), 1.0, 2.0, "glass_6", "open")


def problems(*openings: Opening, walls=(WALL,), dropped=()) -> list[str]:
    draft = Draft(load_constructions(), {"openings": "openings.geojson"})
    draft.buildings += [Building("A", box(0, 0, 6, 4), STOREYS)]
    draft.walls += walls
    draft.openings += openings
    findings = Findings()
    for name in dropped:
        findings.drop("walls", name, "no line")
    check_openings(draft, findings)
    return list(findings.problems)


def line(*places) -> Opening:
    return replace(WINDOW, line=LineString(places))


@pytest.mark.parametrize(
    "fine",
    [
        WINDOW,
        line((0, 0), (6, 0)),  # as wide as its wall
        line((3, 0), (2, 0)),  # drawn the other way round
        line((2, 0.04), (3, -0.04)),  # 4 cm off, 5 are allowed
        line((0, 0), (1, 0)),
        replace(WINDOW, sill_m=0.0, head_m=3.0),  # from floor to ceiling
        replace(WINDOW, wall="elsewhere"),  # that there is no such wall is said where names are checked
    ],
)
def test_an_opening_that_fits_is_no_problem(fine):
    assert problems(fine) == []


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (line((2, 0.06), (3, 0.06)), "lies 0.06 m off its wall 'south'"),
        (line((2, 0), (3, 1)), "lies 1.00 m off its wall"),  # one end on it, the other not
        (line((7, 0), (8, 0)), "lies 1.00 m off its wall"),  # in line with it, behind its end
        (line((-2, 0), (-1.5, 0)), "lies 1.50 m off its wall"),
        (line((-0.01, 0), (6.01, 0)), "is 6.02 m wide, wider than its wall 'south' of 6.00 m"),
        (line((-0.25, 0), (1, 0)), "reaches 0.25 m beyond the end of its wall"),
        (line((5.5, 0), (6.1, 0)), "reaches 0.10 m beyond the end of its wall"),
        (line((2, 0), (2.005, 0)), "has no width"),
        (replace(WINDOW, sill_m=2.0, head_m=2.0), "sill_m 2 is not below head_m 2"),
        (replace(WINDOW, sill_m=2.5), "sill_m 2.5 is not below head_m 2"),
        (replace(WINDOW, head_m=3.2), "head_m 3.2 is 0.20 m above the top of its wall"),
    ],
)
def test_an_opening_that_does_not_fit_is_told_by_how_much(wrong, told):
    (problem,) = problems(wrong)
    assert problem.startswith("openings.geojson: w: ")
    assert told in problem


def test_heights_count_from_the_floor_of_the_storey_and_the_wall_may_be_lower_or_higher():
    above = replace(WALL, storey=1)
    assert problems(WINDOW, walls=[above]) == []
    half = replace(above, base_m=4.5, top_m=5.5)  # above the ground; the floor lies at 3 m
    told = problems(replace(WINDOW, sill_m=1.0, head_m=2.7), walls=[half])
    assert len(told) == 2
    assert "head_m 2.7 is 0.20 m above the top of its wall" in told[0]
    assert "sill_m 1 is 0.50 m below the foot of its wall" in told[1]
    assert problems(replace(WINDOW, sill_m=1.5, head_m=2.5), walls=[half]) == []


def test_a_wall_with_a_bend_holds_openings_on_each_straight_part_and_none_across():
    bent = replace(WALL, line=LineString([(0, 0), (3, 0), (3, 0), (3, 4)]))  # with a vertex twice, as drawings have
    assert problems(line((1, 0), (2, 0)), replace(line((3, 1), (3, 2)), id="x"), walls=[bent]) == []
    (problem,) = problems(line((2.5, 0), (3, 0.5)), walls=[bent])
    assert "lies 0.50 m off its wall" in problem


@pytest.mark.parametrize(
    ("start_m", "sill_m", "head_m", "wide"),
    [
        (2.5, 1.0, 2.0, "0.50"),
        (2.2, 1.9, 2.6, "0.80"),
        (2.0, 1.0, 2.0, "1.00"),  # drawn twice
        (2.995, 1.0, 2.0, None),  # half a centimetre
        (3.0, 1.0, 2.0, None),  # side by side
        (2.5, 2.0, 2.8, None),  # one above the other
        (2.5, 1.995, 2.8, None),
    ],
)
def test_openings_overlap_in_width_and_height_or_not_at_all(start_m, sill_m, head_m, wide):
    other = replace(line((start_m, 0), (start_m + 1, 0)), id="v", sill_m=sill_m, head_m=head_m)
    told = problems(WINDOW, other)
    assert len(told) == (wide is not None)
    assert all(f"by {wide} m; move one of them" in problem for problem in told)


def test_openings_of_different_walls_do_not_meet_and_that_a_wall_was_left_out_is_said():
    twin = replace(WALL, id="twin")
    assert problems(WINDOW, replace(WINDOW, id="v", wall="twin"), walls=[WALL, twin]) == []
    (problem,) = problems(replace(WINDOW, wall="gone"), dropped=["gone"])
    assert problem == "openings.geojson: w: its wall 'gone' was left out; correct that wall"
