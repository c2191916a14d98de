"""Ends of walls meet where the walls do; gaps are found where walls face each other."""

from __future__ import annotations

import math

import pytest

from quietwing.sites.importers.plan_parts import Report, Strip
from quietwing.sites.importers.wall_joints import free_ends, gaps_of, joined, settled


def wall(x0, y0, x1, y1, thickness=0.2, name="a"):
    return Strip((x0, y0), (x1, y1), thickness, name)


def ends(strips):
    return [(strip.start, strip.end) for strip in strips]


def test_two_mid_lines_meet_at_their_corner():
    """Faces that face each other end 0.2 m before the corner of the mid-lines, which is at (0.1, 0.1)."""
    found = joined([wall(0.2, 0.1, 4, 0.1), wall(0.1, 0.2, 0.1, 3)], 0.05, "G", Report())
    assert found[0].start == (0.1, 0.1)
    assert found[1].start == (0.1, 0.1)
    assert free_ends(found) == [(0, 1), (1, 1)]


def test_a_wall_that_ends_at_a_face_is_led_to_the_mid_line():
    found = joined([wall(0, 0, 6, 0, 0.3), wall(3, 0.15, 3, 4, 0.1)], 0.05, "G", Report())
    assert found[1].start == (3, 0)
    assert ends(found)[0] == ((0, 0), (6, 0))  # the other goes on as it was


@pytest.mark.parametrize(("short_m", "listed"), [(0.0, 0), (0.04, 1), (0.2, 0)])
def test_a_gap_within_the_tolerance_is_closed_and_listed(short_m, listed):
    report = Report()
    found = joined([wall(0, 0, 6, 0, 0.3), wall(3, 0.15 + short_m, 3, 4, 0.1)], 0.05, "G", report)
    closed = found[1].start == (3, 0)
    assert closed is (short_m <= 0.05)
    assert len(report.guesses) == listed
    if listed:
        assert report.guesses[0].what == "a gap of 40 mm in the drawing was closed"
        assert (report.guesses[0].x_m, report.guesses[0].y_m) == (3, 0)


def test_walls_in_line_meet_half_way():
    found = joined([wall(0, 0, 3, 0), wall(3.04, 0, 6, 0)], 0.05, "G", Report())
    assert found[0].end == found[1].start == (3.02, 0)


def test_a_lining_beside_a_thick_wall_does_not_bend_it():
    """A strip of 6 cm, 38 cm beside the mid-line of a wall of 76 cm, which ends where it begins."""
    found = joined([wall(0, 0, 3, 0, 0.76), wall(3, -0.38, 4, -0.38, 0.06)], 0.05, "G", Report())
    assert ends(found)[0] == ((0, 0), (3, 0))
    assert ends(found)[1] == ((3, -0.38), (4, -0.38))


def test_walls_flush_at_a_face_keep_their_lines():
    """20 and 10 cm thick with one face in line: the mid-lines are 5 cm apart."""
    found = joined([wall(0, 0.1, 3, 0.1, 0.2), wall(3, 0.05, 6, 0.05, 0.1)], 0.05, "G", Report())
    assert [strip.start[1] for strip in found] == [0.1, 0.05]
    assert [strip.end[1] for strip in found] == [0.1, 0.05]


def test_an_end_far_from_any_wall_stays():
    lonely = [wall(0, 0, 3, 0), wall(0, 5, 3, 5)]
    assert joined(lonely, 0.05, "G", Report()) == lonely
    assert len(free_ends(lonely)) == 4
    assert joined([], 0.05, "G", Report()) == []


def test_three_ends_within_two_centimetres_become_one():
    stars = [wall(0, 0, 3, 0), wall(0.004, 0.003, 0, 3), wall(-0.004, 0.003, -3, -3)]
    found = settled(stars)
    assert found[0].start == found[1].start == found[2].start == (0, 0.002)


def test_an_end_within_two_centimetres_of_a_wall_is_put_on_it():
    found = settled([wall(0, 0, 6, 0), wall(3, 0.012, 3, 4)])
    assert found[1].start == (3, 0)


def test_a_short_stub_is_not_drawn_together():
    stub = wall(0, 0, 0.015, 0)
    assert settled([stub]) == [stub]


def test_ends_that_face_each_other_have_a_gap_between_them():
    """A doorway of 0.9 m in a wall of 20 cm."""
    (gap,) = gaps_of([wall(0, 0, 2, 0), wall(2.9, 0, 6, 0)])
    assert gap.width_m == pytest.approx(0.9)
    assert {gap.start, gap.end} == {(2, 0), (2.9, 0)}
    assert gap.thickness_m == 0.2
    assert gap.line.length == pytest.approx(0.9)


def test_a_gap_ends_at_the_wall_ahead():
    """A door beside a corner: one side is an end, the other the face of the wall across."""
    (gap,) = gaps_of([wall(0, 0, 2, 0), wall(3, -2, 3, 2)])
    assert {gap.start, gap.end} == {(2, 0), (3, 0)}


@pytest.mark.parametrize("width_m", [0.2, 4.0])
def test_what_is_too_narrow_or_too_wide_is_no_gap(width_m):
    assert gaps_of([wall(0, 0, 2, 0), wall(2 + width_m, 0, 8, 0)]) == []


def test_walls_out_of_line_have_no_gap_between_them():
    assert gaps_of([wall(0, 0, 2, 0), wall(3, 0.6, 6, 0.6)]) == []


def test_the_nearest_of_two_walls_ends_the_gap():
    gaps = gaps_of([wall(0, 0, 2, 0), wall(3, -1, 3, 1), wall(3.4, -1, 3.4, 1)])
    widths = sorted(round(gap.width_m, 3) for gap in gaps)
    assert widths[0] == 1.0
    assert 1.4 not in widths


def test_a_gap_is_made_of_the_wall_it_interrupts_and_as_thick_as_the_thinner_side():
    (gap,) = gaps_of([wall(0, 0, 2, 0, 0.3, "brick_330"), wall(3, 0, 5, 0, 0.2, "brick_330")])
    assert (gap.thickness_m, gap.construction) == (0.2, "brick_330")


@pytest.mark.parametrize("turn_deg", [0, 17, 45, 133])
def test_corners_meet_at_any_angle_of_the_plan(turn_deg):
    turn = math.radians(turn_deg)

    def at(x, y):
        return x * math.cos(turn) - y * math.sin(turn), x * math.sin(turn) + y * math.cos(turn)

    pair = [Strip(at(0.2, 0.1), at(4, 0.1), 0.2, "a"), Strip(at(0.1, 0.2), at(0.1, 3), 0.2, "b")]
    found = joined(pair, 0.05, "G", Report())
    assert found[0].start == pytest.approx(at(0.1, 0.1), abs=1e-3)
    assert math.dist(found[0].start, found[1].start) < 1e-3
