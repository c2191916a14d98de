"""The plan's own script in node: colours, values between squares, lines of equal margin, squares under the mouse."""

import base64
import json
import subprocess
from itertools import pairwise
from shutil import which

import numpy as np
import pytest

from quietwing.coverage.app.plan_editor import script

pytestmark = pytest.mark.skipif(which("node") is None, reason="no node to run the script with")


@pytest.fixture
def run(tmp_path):
    """Runs lines with the script's functions at hand; what they give to `say`."""

    def run(lines: str):
        path = tmp_path / "plan.mjs"
        say = "const say = (value) => console.log(JSON.stringify(value));"
        path.write_text(f"{script()}\n{say}\n{lines}", "utf-8")
        ran = subprocess.run(["node", str(path)], capture_output=True, text=True, check=False)
        assert ran.returncode == 0, ran.stderr
        return [json.loads(line) for line in ran.stdout.splitlines()]

    return run


def packed(values) -> str:
    return base64.b64encode(np.array(values, "<i2").tobytes()).decode()


def luminance(rgb) -> float:
    """Relative luminance, WCAG 2.2."""
    parts = [part / 255 for part in rgb]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_bright_is_where_the_network_is_heard_on_every_ramp(run):
    """Much of a level, little of a margin or of a chance that nothing works; without a colour too."""
    level, quiet = run(
        "for (const scale of [{ramp: 'level', low: -140, high: -70}, {ramp: 'quiet', low: -20, high: 20}])"
        " say([...Array(21).keys()].map((step) =>"
        " rampColour(scale, scale.low + step / 20 * (scale.high - scale.low))));"
    )
    heard = [luminance(colour) for colour in level]
    assert all(after > before for before, after in pairwise(heard))
    np.testing.assert_allclose(quiet, level[::-1], atol=3)
    assert luminance(level[-1]) / luminance(level[0]) > 20


def test_a_gain_is_blue_a_loss_is_orange_and_no_change_is_nearly_white(run):
    """So that blue is where more is blocked, whichever layout is compared with which."""
    (shades,) = run(
        "const s = {ramp: 'change', low: -15, high: 15};"
        " say([-15, -10, -5, -1, 0, 1, 5, 10, 15].map((value) => rampColour(s, value)));"
    )
    lost, same, gained = shades[:4], shades[4], shades[5:]
    assert min(same) > 240
    assert all(red > blue for red, _, blue in lost)
    assert all(blue > red for red, _, blue in gained)
    for shade in (lost, gained[::-1]):  # the more it changes, the darker, in grey too
        assert all(luminance(before) < luminance(after) for before, after in pairwise([*shade, same]))


def test_no_name_on_the_site_is_written_over_another(run):
    """The first keeps its place; one that would touch it goes, and one beside, above or below it stays."""
    row = "[[0, 0, 10], [40, 0, 10], [80, 0, 10], [0, 14, 10], [5, -3, 1]]"
    (shown,) = run(f"say(besideOthers({row}, 6, 13));")
    assert shown == [True, False, True, True, False]


def test_a_blocker_s_name_covers_no_other_blocker(run):
    """Ten pixels to the metre: marks 1.3 m apart stand in each other's names, 5 m apart they do not."""
    (crowded,) = run(
        "const crowded = {};"
        " const known = (name, x, y) => [name, { x, y, mark: { lastChild: { textContent: name },"
        " classList: { toggle: (_, over) => { crowded[name] = over; } } } }];"
        " Editor.prototype.thinNames.call({ perPixel: 0.1, slices: [], labels: null,"
        " devices: new Map([known('J1', 0, 0), known('J2', 0, 1.3), known('J3', 0, 2.6),"
        " known('J4', 20, 0), known('J5', 20, 5)]) });"
        " say(crowded);"
    )
    assert crowded == {"J1": True, "J2": True, "J3": False, "J4": False, "J5": False}


@pytest.mark.parametrize(
    ("slices", "border_m"),
    [
        ([], -10.0),  # the left edge of the plan: blockers stand all over it
        ([0.5], 10.0),
        ([0.25, 0.75], 20.0),  # of three layouts the blockers are those of the last
        ([0.5, 1.0], 30.0),  # its part is none
        ([0.0, 0.0], -10.0),  # its part is the whole
    ],
)
def test_blockers_are_drawn_in_the_part_of_their_layout_alone(run, slices, border_m):
    """A plan 800 px wide from 100 px on, 20 px to the metre, origin at 300 px: half of it is (500 - 300) / 20 m."""
    part, metres = run(
        "const part = {};"
        " const plan = { view: { x: -10, y: -5, width: 40, height: 20 }, devices: new Map(), put() {},"
        f" slices: {json.dumps(slices)},"
        " svg: { getScreenCTM: () => ({ a: 20, e: 300, f: 0 }) },"
        " stage: { getBoundingClientRect: () => ({ left: 100, top: 0, width: 800, height: 400 }) },"
        " field: { paint() {} }, placeDividers() {},"
        " drawRuler() { say(part); say(this.border); process.exit(); },"  # what comes next needs a page
        " lastPart: { setAttribute: (name, value) => { part[name] = value; } } };"
        " Editor.prototype.rescale.call(plan);"
    )
    assert metres == border_m
    assert part == {"x": border_m, "y": -5, "width": 80, "height": 20}


def test_what_is_beyond_the_ends_has_the_colour_of_the_end(run):
    (found,) = run("const s = {ramp: 'level', low: 0, high: 10}; say([-5, 0, 10, 99].map((v) => rampColour(s, v)));")
    assert found[0] == found[1] == [0x44, 0x01, 0x54]
    assert found[2] == found[3] == [0xFD, 0xE7, 0x25]


def test_numbers_arrive_as_python_sent_them(run):
    (found,) = run(f"say([...numbers('{packed([-32768, -1234, 0, 205])}')]);")
    assert found == [-32768, -1234, 0, 205]


def test_between_squares_a_value_is_linear_and_a_wall_is_no_slope(run):
    """Two squares of 10 and 20 dB in one room: 15 dB half-way. In two rooms each keeps its own up to the wall."""
    one, two = run(
        f"const values = numbers('{packed([100, 200])}');"
        "for (const rooms of [[0, 0], [0, 1]]) { const grid = {width: 2, height: 1, rooms};"
        " const at = (i) => between(grid, values, i, 0, rooms[i < 0.6 ? 0 : 1]);"
        " say([0, 0.5, 0.75, 1].map(at));"
        "}"
    )
    assert one == [10.0, 15.0, 17.5, 20.0]
    assert two == [10.0, 10.0, 20.0, 20.0]


def test_where_nothing_was_worked_out_nothing_is_drawn(run):
    (found,) = run(
        f"const values = numbers('{packed([-32768, 200])}');"
        "const grid = {width: 2, height: 1, rooms: null};"
        "say([between(grid, values, 0, 0, null), between(grid, values, 1, 0, null)]);"
    )
    assert found == [None, 20.0]


def test_the_line_of_zero_runs_where_a_margin_changes_its_sign(run):
    """From −10 to +30 dB over one metre the line stands a quarter of the way, and none crosses a wall."""
    one, walled = run(
        f"const field = {{values: numbers('{packed([-100, 300, -100, 300])}')}};"
        "say(contour({width: 2, height: 2, rooms: [0, 0, 0, 0]}, field, 0));"
        "say(contour({width: 2, height: 2, rooms: [0, 1, 0, 1]}, field, 0));"
    )
    assert one == [[[0.25, 0], [0.25, 1]]]
    assert walled == []


def test_the_square_under_the_mouse_is_found_on_a_turned_grid(run):
    """A grid turned by 90°: i runs north, j west."""
    (found,) = run(
        "const grid = {width: 3, height: 2, matrix: [0, -1, -1, 0, 10, -5]};"
        "say([[9.5, 5.5], [9.5, 6.5], [8.5, 7.5], [20, 5], [9.5, 4]].map(([x, y]) => squareAt(grid, x, y)));"
    )
    assert found == [0, 1, 5, -1, -1]


def test_a_number_is_written_with_a_true_minus(run):
    (found,) = run("say([signed(-7, true), signed(7, true), signed(-104.3, false), signed(0.5, true)]);")
    assert found == ["−7", "+7", "−104", "+0.5"]


def test_no_place_is_minus_nothing(run):
    (found,) = run("say([-0.04, 0.04, -0.06, 12.34].map(metres));")
    assert found == ["0.0 m", "0.0 m", "-0.1 m", "12.3 m"]


def test_an_azimuth_runs_clockwise_from_north(run):
    """North, east, south, west, and north-east to the nearest 15°."""
    (found,) = run(
        "const o = {x: 0, y: 0};"
        "say([[0, 1], [1, 0], [0, -1], [-1, 0]].map(([x, y]) => azimuthOf(o, {x, y})).concat("
        "azimuthOf(o, {x: 1, y: 1.1}, 15)));"
    )
    assert found == [0, 90, 180, 270, 45]


def test_a_distance_is_the_straight_one(run):
    (found,) = run("say(distance({x: 1, y: 2}, {x: 4, y: 6}));")
    assert found == 5


def test_a_later_look_replaces_an_earlier_one_and_no_step_is_lost(run):
    """Two ways of one blocker end at the second; two shifts of a group add up, so both are sent."""
    (found,) = run(
        "const of = (op, id = 'a') => ({op, id});"
        "say([[of('move'), of('drag')], [of('move'), of('move')], [of('turn'), of('move')],"
        " [of('shift'), of('shift')], [of('move'), of('drag', 'b')], [of('choose'), of('choose', 'b')],"
        " [of('undo'), of('drag', undefined)]]"
        ".map(([edit, other]) => outdated(edit, other)));"
    )
    assert found == [True, True, False, False, False, True, False]


def test_the_pixels_of_a_square_have_the_colour_of_the_scale_or_of_its_class(run):
    one, classed, nothing = run(
        "const grid = {width: 1, height: 1, rooms: null};"
        f"const field = {{values: numbers('{packed([30])}'), ramp: 'level', low: 0, high: 10}};"
        "const first = (of) => [...shaded(grid, of, [0, 0, 0, 0], null).pixels.slice(0, 4)];"
        "say([first(field), [...rampColour(field, 3), 255]]);"
        "say(first({...field, classes: {3: '#102030'}}));"
        f"say(first({{...field, values: numbers('{packed([-32768])}')}}));"
    )
    assert one[0] == one[1]
    assert classed == [0x10, 0x20, 0x30, 255]
    assert nothing == [0, 0, 0, 0]


def test_a_section_is_true_to_scale_until_it_would_be_flat(run):
    """20 × 6 m in 572 × 88 pixels: rims leave 500 × 60, so 10 pixels a metre both ways; 100 m: 5 along, 10 up."""
    short, long, place = run(
        "const of = (length) => ({length, heights: [0, 6]});"
        "say(cutScale(of(20), 572, 88)); say(cutScale(of(100), 572, 88));"
        "say(cutPlace(of(20), cutScale(of(20), 572, 88), 88, 10, 3));"
    )
    assert short == {"along": 10, "up": 10, "stretch": 1}
    assert long == {"along": 5, "up": 10, "stretch": 2}
    assert place == [58 + 100, 88 - 20 - 30]


def test_a_wall_is_solid_below_the_sill_and_above_the_head(run):
    """From 3 to 6 m with a window at 4 to 5 m: a metre below, one above; a door leaves the part above it."""
    (found,) = run(
        "say([solidParts({base: 3, top: 6, gaps: [['window', 4, 5]]}),"
        " solidParts({base: 0, top: 3, gaps: [['door', 0, 2]]}), solidParts({base: 0, top: 3, gaps: []})]);"
    )
    assert found == [[[3, 4], [5, 6]], [[2, 3]], [[0, 3]]]
