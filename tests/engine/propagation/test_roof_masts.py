"""Small cells just above the roofs, and round a street corner: P.1411 by hand inside its ranges, TR 38.901 beyond."""

import dataclasses

import numpy as np
import pytest

from quietwing.coverage.blocking.explain import explain_room
from quietwing.coverage.propagation.free_space import free_space_loss_db
from quietwing.coverage.propagation.mast_gain import mast_model
from quietwing.coverage.propagation.mast_path import mast_los_probability, path_laws, path_states_db, scenario_of
from quietwing.coverage.propagation.outdoor import clipped_mast_loss_db, los_probability
from quietwing.coverage.propagation.scene import prepare_scene
from quietwing.coverage.report.link_budget_text import budget_lines
from quietwing.coverage.scenario import Scenario
from quietwing.sites.model import Sector, Surroundings
from quietwing.sites.points import scattered

HOUSES = Surroundings(roof_m=10.0, row_spacing_m=40.0, street_width_m=20.0)
AREAS = ("urban", "suburban", "rural")


def mast(**changes) -> Sector:
    row = {
        "id": "s1", "operator": "EE", "plmn": "234-30", "band": "n78", "technology": "NR", "freq_mhz": 3500.0,
        "bandwidth_mhz": 10.0, "x_m": 3.0, "y_m": -300.0, "height_m": 15.0, "azimuth_deg": 0.0, "tilt_deg": 0.0,
        "pattern": "omni", "eirp_dbm": 40.0, "environment": "roofs",
    }  # fmt: skip
    return Sector(**(row | changes))


def states(sector, area, away_m, height_m=1.5, around=HOUSES):
    away_m = np.atleast_1d(np.asarray(away_m, float))
    return path_states_db(sector, area, away_m, np.broadcast_to(height_m, away_m.shape), surroundings=around)


def law(sector, area, away_m, clear, height_m=1.5, around=HOUSES):
    (found,) = path_laws(
        sector, area, np.array([away_m]), np.array([height_m]), clear, surroundings=around
    )  # fmt: skip
    return found.removeprefix("P.1411 section ")


# --------------------------------------------------------------------------- above the roofs


@pytest.mark.parametrize("area", AREAS)
def test_with_sight_all_towns_have_one_row(area):
    los_db, _, _ = states(mast(), area, 300.0)
    lg_d = np.log10(np.hypot(300.0, 13.5))
    assert los_db[0] == pytest.approx(22.9 * lg_d + 28.6 + 19.6 * np.log10(3.5))


def test_without_sight_high_rise_towns_have_a_row():
    los_db, nlos_db, notes = states(mast(), "urban", 300.0)
    assert nlos_db[0] == pytest.approx(43.9 * np.log10(np.hypot(300.0, 13.5)) - 6.27 + 23.0 * np.log10(3.5))
    assert nlos_db[0] > los_db[0]
    assert notes == ()


@pytest.mark.parametrize("area", AREAS)
@pytest.mark.parametrize("freq_mhz", [800.0, 1800.0])
def test_rows_of_houses_by_hand_for_a_mast_at_roof_height(area, freq_mhz):
    """At the height of the roofs each row counts, 20 lg(d/b); the mast is not above them, so 4.2.1 is out.

    L = free space + (−8.2 − 10 lg w + 10 lg f + 20 lg(roof − h2) + L_ori) + 20 lg(d/b), L_ori(90°) = 4 − 0.114·35.
    """
    _, nlos_db, _ = states(mast(height_m=10.0, freq_mhz=freq_mhz), area, 400.0)
    away_m = np.hypot(400.0, 8.5)
    lg_f = np.log10(freq_mhz)
    drop_db = -8.2 - 10 * np.log10(20) + 10 * lg_f + 20 * np.log10(10 - 1.5) + 4 - 0.114 * 35
    expected_db = 32.4 + 20 * np.log10(away_m / 1000) + 20 * lg_f + drop_db + 20 * np.log10(away_m / 40)
    assert nlos_db[0] == pytest.approx(expected_db, abs=1e-6)


@pytest.mark.parametrize(
    ("area", "changes", "away_m", "height_m", "around", "rules"),
    [
        ("urban", {}, 300.0, 1.5, HOUSES, "4.2.1"),
        ("urban", {}, 300.0, 6.0, HOUSES, "4.2.1"),
        ("urban", {}, 250.0, 1.5, HOUSES, "4.2.2.1"),  # 4.2.1 without sight from 260 m
        ("urban", {"freq_mhz": 2100.0}, 300.0, 1.5, HOUSES, "4.2.2.1"),  # and from 2.2 GHz
        ("urban", {}, 1300.0, 1.5, HOUSES, "4.2.2.1"),  # and to 1200 m
        ("suburban", {}, 300.0, 1.5, HOUSES, "4.2.2.1"),
        ("suburban", {}, 4900.0, 3.0, HOUSES, "4.2.2.1"),
        ("suburban", {}, 25.0, 1.0, HOUSES, "4.2.2.1"),
        ("suburban", {"height_m": 6.0}, 300.0, 1.5, HOUSES, "4.2.2.1"),  # below the roofs too
        ("suburban", {"height_m": 3.9}, 300.0, 1.5, HOUSES, "TR 38.901"),
        ("suburban", {"height_m": 55.5}, 300.0, 1.5, HOUSES, "TR 38.901"),
        ("suburban", {"freq_mhz": 799.0}, 300.0, 1.5, HOUSES, "TR 38.901"),
        ("suburban", {}, 5001.0, 1.5, HOUSES, "TR 38.901"),
        ("suburban", {}, 10.0, 1.5, HOUSES, "TR 38.901"),  # 17 m in three dimensions
        ("suburban", {}, 300.0, 0.9, HOUSES, "TR 38.901"),
        ("suburban", {}, 300.0, 3.1, HOUSES, "TR 38.901"),
        ("suburban", {}, 300.0, 1.5, Surroundings(), "TR 38.901"),
        ("suburban", {}, 300.0, 1.5, Surroundings(roof_m=10.0, row_spacing_m=40.0), "TR 38.901"),
        ("urban", {}, 300.0, 10.0, HOUSES, "TR 38.901"),  # both ends above the roofs
        ("urban", {}, 300.0, 10.0, Surroundings(), "4.2.1"),  # nobody knows where the roofs are
    ],
)
def test_which_law_rules_without_sight(area, changes, away_m, height_m, around, rules):
    sector = mast(**changes)
    assert law(sector, area, away_m, False, height_m, around) == rules
    _, nlos_db, notes = states(sector, area, away_m, height_m, around)
    if rules == "TR 38.901":
        seen_db, _, _ = states(sector, area, away_m, height_m, around)
        uma_db, _ = clipped_mast_loss_db("UMa", sector.freq_mhz, away_m, sector.height_m, height_m, False)
        assert nlos_db[0] == pytest.approx(max(uma_db, seen_db[0]))
        assert any("P.1411 over roofs without sight" in note and "UMa is taken" in note for note in notes)
    else:
        assert not any("without sight" in note for note in notes)


@pytest.mark.parametrize(
    ("changes", "away_m", "rules"),
    [
        ({}, 60.0, "4.2.1"),
        ({}, 1190.0, "4.2.1"),
        ({}, 50.0, "TR 38.901"),
        ({}, 1201.0, "TR 38.901"),
        ({"freq_mhz": 2190.0}, 300.0, "TR 38.901"),
        ({"height_m": 10.0}, 300.0, "TR 38.901"),  # not above roofs of 10 m
    ],
)
def test_which_law_rules_with_sight(changes, away_m, rules):
    sector = mast(**changes)
    assert law(sector, "suburban", away_m, True) == rules
    los_db, _, notes = states(sector, "suburban", away_m)
    told = [note for note in notes if "55 to 1200 m from 2200 MHz with sight" in note and "UMa is taken" in note]
    assert len(told) == (rules == "TR 38.901")
    if told:
        uma_db, _ = clipped_mast_loss_db("UMa", sector.freq_mhz, away_m, sector.height_m, 1.5, True)
        assert los_db[0] == pytest.approx(uma_db)


@pytest.mark.parametrize(("mast_m", "least_db", "most_db"), [(10.0, 15, 23), (25.0, -6, 6)])
def test_below_a_metre_and_above_three_the_town_is_louder_by_what_the_model_page_says(mast_m, least_db, most_db):
    """The loss of rows of houses less that of UMa for the same place, which a phone on the floor is given."""
    away_m = np.geomspace(100, 3000, 20)
    for freq_mhz in (800.0, 1800.0, 3500.0):
        sector = mast(height_m=mast_m, freq_mhz=freq_mhz)
        rows_db, town_db = (states(sector, "suburban", away_m, around=a)[1] for a in (HOUSES, Surroundings()))
        assert (np.round(rows_db - town_db) >= least_db).all()
        assert (np.round(rows_db - town_db) <= most_db).all()


def test_the_note_says_what_the_site_lacks():
    _, _, notes = states(mast(), "suburban", 300.0, around=Surroundings(roof_m=10.0))
    assert any("give row_spacing_m, street_width_m in [surroundings]" in note for note in notes)
    _, _, notes = states(mast(), "suburban", 300.0, height_m=0.3)
    assert any("points 1 to 3 m high" in note and "give" not in note for note in notes)


@pytest.mark.parametrize("area", AREAS)
@pytest.mark.parametrize("freq_mhz", [450.0, 800.0, 2100.0, 3500.0, 7125.0])
@pytest.mark.parametrize("height_m", [6.0, 10.0, 15.0, 30.0])
@pytest.mark.parametrize("environment", ["roofs", "street"])
def test_never_below_free_space_and_never_less_without_sight(area, freq_mhz, height_m, environment):
    away_m = np.geomspace(1, 7000, 300)
    xy_m = np.column_stack([np.full(300, 3.0), away_m - 300.0])
    for corner in ({}, {"corner_x_m": 40.0, "corner_y_m": -290.0}):
        los_db, nlos_db, _ = path_states_db(
            mast(freq_mhz=freq_mhz, height_m=height_m, environment=environment, **corner),
            area,
            away_m,
            np.full(300, 1.5),
            surroundings=HOUSES,
            xy_m=xy_m,
        )
        free_db = free_space_loss_db(np.hypot(away_m, height_m - 1.5), freq_mhz)
        assert (los_db >= free_db - 1e-9).all()
        assert (nlos_db >= los_db).all()


def test_chance_of_sight_and_spread_are_those_of_the_town():
    assert scenario_of("roofs") == "UMa"
    assert mast_los_probability("roofs", 90.0, 20.0) == los_probability("UMa", 90.0, 20.0)


def test_the_houses_of_the_site_reach_the_gain_and_the_budget_names_the_law(hut):
    """In the open the gain is that of the pattern, 0 dB, less the loss outdoors."""
    point = scattered(np.array([[3.0, -50.0, 1.5]]))
    sector = mast(y_m=-350.0, freq_mhz=1800.0)
    for around in (HOUSES, Surroundings()):
        gain = mast_model(prepare_scene(hut(surroundings=around)), (sector,)).gain(point)
        nlos_db = states(sector, "suburban", 300.0, around=around)[1]
        assert gain.nlos_db[0, 0] == pytest.approx(-nlos_db[0], abs=0.01)
    budget = explain_room(hut(surroundings=HOUSES, sectors=(sector,)), Scenario(), "A-01").budgets[0]
    assert budget.path_law == ("TR 38.901" if budget.line_of_sight else "P.1411 section 4.2.2.1")
    assert any(f"{budget.path_law} over" in words for words, _, _ in budget_lines(budget))


# --------------------------------------------------------------------------- round a corner

CORNER = {"environment": "street", "height_m": 6.0, "freq_mhz": 1800.0, "corner_x_m": 3.0, "corner_y_m": -240.0}
WIDE = Surroundings(street_width_m=20.0)


def round_the_corner(east_m, north_m, area="urban", around=WIDE, height_m=6.0, **changes):
    """State without sight, its law and notes, from a mast at (3, −300) whose street meets another at (3, −240)."""
    sector = mast(**(CORNER | changes))
    xy_m = np.array([[east_m, north_m]])
    plan_m, heights = np.hypot(*(xy_m - [sector.x_m, sector.y_m]).T), np.array([height_m])
    more = {"surroundings": around, "xy_m": xy_m}
    _, nlos_db, notes = path_states_db(sector, area, plan_m, heights, **more)
    (name,) = path_laws(sector, area, plan_m, heights, False, **more)
    return float(nlos_db[0]), name.removeprefix("P.1411 section "), notes


def by_hand_db(x1_m, x2_m, width_m, corner_deg):
    """P.1411, 4.1.3.1: reflected and diffracted power added, at 1800 MHz."""
    spread_db = 20 * np.log10(4 * np.pi / (2.998e8 / 1.8e9))
    bend = 3.86 / np.radians(corner_deg) ** 3.5
    reflected_db = 20 * np.log10(x1_m + x2_m) + x1_m * x2_m * bend / width_m**2 + spread_db
    wedge_db = 40 / (2 * np.pi) * (np.arctan(x2_m / width_m) + np.arctan(x1_m / width_m) - np.pi / 2)
    diffracted_db = (
        10 * np.log10(x1_m * x2_m * (x1_m + x2_m)) + 2 * wedge_db - 0.1 * (90 - corner_deg) + spread_db
    )  # fmt: skip
    return -10 * np.log10(10 ** (-reflected_db / 10) + 10 ** (-diffracted_db / 10))


def test_round_a_right_angled_corner_by_hand():
    """60 m up the mast's street, 80 m along the other one."""
    for x_m in (83.0, -77.0):
        nlos_db, law_name, notes = round_the_corner(x_m, -240.0)
        assert law_name == "4.1.3.1"
        assert nlos_db == pytest.approx(by_hand_db(60, 80, 20, 90), abs=1e-9)
        assert notes == ()


def test_the_angle_between_the_streets_comes_from_the_map():
    """120° between back to the mast and on to the point: 30° short of straight on is 150°."""
    for turned_deg in (60.0, 120.0, 150.0):
        x_m = 3.0 + 80 * np.sin(np.radians(turned_deg))
        y_m = -240.0 - 80 * np.cos(np.radians(turned_deg))
        nlos_db, law_name, _ = round_the_corner(x_m, y_m)
        assert law_name == "4.1.3.1"
        assert nlos_db == pytest.approx(by_hand_db(60, 80, 20, turned_deg), abs=1e-6)


@pytest.mark.parametrize(
    ("place", "changes", "around"),
    [
        ((3.0, -160.0), {}, WIDE),  # straight on: 180°
        ((3.0, -290.0), {}, WIDE),  # in the mast's own street: 0°
        ((43.0, -300.0), {}, WIDE),  # 33.7°, atan(40/60)
        ((3.0, -240.0), {}, WIDE),  # on the crossing
        ((83.0, -240.0), {"freq_mhz": 2100.0}, WIDE),
        ((83.0, -240.0), {"freq_mhz": 798.0}, WIDE),
        ((953.0, -240.0), {}, WIDE),  # 60 + 950 m
        ((83.0, -240.0), {}, Surroundings(roof_m=5.0, street_width_m=20.0)),  # both ends above the roofs
    ],
)
def test_where_there_is_no_such_corner_it_is_as_if_none_were_named(place, changes, around):
    nlos_db, law_name, notes = round_the_corner(*place, around=around, **changes)
    plain_db, plain_name, _ = round_the_corner(*place, around=around, **changes, corner_x_m=None, corner_y_m=None)
    assert law_name == plain_name != "4.1.3.1"
    assert nlos_db == plain_db
    assert any("round a street corner" in note and "34.4 to 180" in note for note in notes)


def test_a_crossing_without_a_street_width_is_not_used():
    assert round_the_corner(83.0, -240.0, around=Surroundings())[1] == "4.1.1"
    assert round_the_corner(83.0, -240.0, around=Surroundings(), area="suburban")[1] == "4.1.1"


def test_a_wider_street_lets_more_round_its_corner():
    losses = [round_the_corner(83.0, -240.0, around=Surroundings(street_width_m=w))[0] for w in (8.0, 16.0, 32.0)]
    assert losses[0] > losses[1] > losses[2]


def test_two_sectors_of_one_mast_may_lead_to_two_crossings(hut):
    """The same frequency, the same place: each has its own loss."""
    left = mast(**CORNER)
    right = dataclasses.replace(left, id="s2", corner_x_m=60.0, corner_y_m=-300.0)
    point = scattered(np.array([[83.0, -240.0, 1.5]]))
    scene = prepare_scene(hut(surroundings=WIDE, area="urban"))
    both = mast_model(scene, (left, right)).gain(point)
    for index, sector in enumerate((left, right)):
        assert both.nlos_db[index, 0] == mast_model(scene, (sector,)).gain(point).nlos_db[0, 0]
    assert both.nlos_db[0, 0] != both.nlos_db[1, 0]
    assert both.nlos_db[0, 0] == pytest.approx(-by_hand_db(60, 80, 20, 90), abs=0.01)


def test_moving_and_turning_the_map_changes_no_corner():
    here = round_the_corner(63.0, -200.0)[0]
    angle = np.radians(37.0)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    moved = [turn @ place + [1000.0, -77.0] for place in ((3.0, -300.0), (3.0, -240.0), (63.0, -200.0))]
    (mast_xy, corner_xy, point_xy) = moved
    there = round_the_corner(
        *point_xy, x_m=mast_xy[0], y_m=mast_xy[1], corner_x_m=corner_xy[0], corner_y_m=corner_xy[1]
    )[0]
    assert there == pytest.approx(here, abs=1e-6)


@pytest.mark.parametrize("environment", ["street", "roofs"])
def test_a_place_has_the_same_gain_whoever_is_asked_about_beside_it(hut, environment):
    sector = mast(**(CORNER | {"environment": environment, "height_m": 12.0}))
    rng = np.random.default_rng(5)
    xyz_m = np.column_stack([rng.uniform(-200, 200, (40, 2)), rng.uniform(0.3, 12, 40)])
    model = mast_model(prepare_scene(hut(surroundings=HOUSES, area="urban")), (sector,))
    together = model.gain(scattered(xyz_m))
    backwards = model.gain(scattered(xyz_m[::-1]))
    np.testing.assert_array_equal(backwards.nlos_db[:, ::-1], together.nlos_db)
    for index in range(0, 40, 7):
        alone = model.gain(scattered(xyz_m[index : index + 1]))
        assert alone.los_db[0, 0] == together.los_db[0, index]
        assert alone.nlos_db[0, 0] == together.nlos_db[0, index]
