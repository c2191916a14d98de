"""An operator turns sectors down, tilts, turns or switches them off: by how many decibels, where, and for whom."""

import datetime as dt
from dataclasses import replace

import numpy as np
import pytest

from quietwing.coverage.blocking.explain import explain_room
from quietwing.coverage.blocking.judging import judge_rooms, silence_points
from quietwing.coverage.blocking.links import link_model, public_links
from quietwing.coverage.blocking.operator_actions import check_actions, meant, retuned
from quietwing.coverage.blocking.outside import outside_points
from quietwing.coverage.blocking.spills import spill
from quietwing.coverage.equipment import BandPower, Device, Model
from quietwing.coverage.errors import ScenarioError
from quietwing.coverage.live.drafting import Drafting
from quietwing.coverage.propagation.antennas import direction
from quietwing.coverage.propagation.scene import prepare_scene
from quietwing.coverage.propagation.sector_patterns import sector_gain_db
from quietwing.coverage.scenario import MOST_PATTERNS, OperatorAction, Scenario, read_scenario
from quietwing.coverage.study import evaluate, leakage
from quietwing.sites import MOST_ADVISED, MOST_ALIKE
from quietwing.sites.model import OutsideLevel, Sector
from quietwing.sites.points import scattered
from quietwing.sites.trial_point_sets import trial_points

Q = 0.95
EE20 = Sector(
    "ee-800", "EE", "234-30", "B20", "LTE", 806.0, 10.0, 0.0, 700.0, 30.0, 150.0, 2.0, "sector_65", 50.0, "UMa", 8.0
)
EE2G = replace(EE20, id="ee-gsm", band="B8", technology="GSM", freq_mhz=930.0, bandwidth_mhz=0.2, x_m=-600.0)
O2_20 = replace(EE20, id="o2-800", operator="O2", plmn="234-10", freq_mhz=816.0, y_m=-500.0, azimuth_deg=10.0)
SECTORS = (EE20, EE2G, O2_20)
DOWN = OperatorAction(name="EE turns down", operator="EE", power_db=-6.0, price_gbp=4000.0)
JAMMER = Model("jammer", "jammer", (BandPower("B20", 791.0, 821.0, 10.0), BandPower("B8", 925.0, 960.0, 10.0)))
CATALOGUE = {"jammer": JAMMER}
ON = (Device("D1", "jammer", 3.0, 2.0, 1.5),)
OPEN = scattered(np.array([[40.0, 60.0, 1.5], [-80.0, 10.0, 1.5], [3.0, -120.0, 6.0], [300.0, 300.0, 1.5]]))


def levels(hut, actions, sectors=SECTORS, points=None, **changes):
    """Levels of the public network at the hut's test points and in the open, in both states of sight."""
    site = hut(sectors=sectors, **changes)
    model = link_model(prepare_scene(site), sectors, actions=actions)
    inside = public_links(model, trial_points(site) if points is None else points)
    return model, inside, public_links(model, OPEN)


def read(channel: str, dbm: float, x_m: float = 3.0) -> OutsideLevel:
    return OutsideLevel(channel, x_m, -12.0, 1.5, dbm, dt.date(2026, 11, 1))


@pytest.mark.parametrize("measured", [False, True])
def test_six_decibels_less_are_six_decibels_at_every_point_and_nobody_elses(hut, measured):
    read_levels = (read("EE/B20/LTE", -71.0), read("O2/B20/LTE", -77.0, 9.0)) if measured else ()
    before, *were = levels(hut, (), outside_levels=read_levels)
    after, *now = levels(hut, (DOWN,), outside_levels=read_levels)
    assert before.calibration.measured.tolist() == after.calibration.measured.tolist() == [measured, False, measured]
    assert after.calibration.says_as(before.calibration)
    for old, new in zip(were, now, strict=True):
        for state in ("los_dbm", "nlos_dbm"):
            fell_db = getattr(new, state).astype(float) - getattr(old, state)
            np.testing.assert_allclose(fell_db[:2], -6.0, atol=5e-5)  # float32 near −100 dBm
            np.testing.assert_array_equal(fell_db[2], 0.0)
        for same in ("los_probability", "fixed_los", "sigma_db", "scattered"):
            np.testing.assert_array_equal(getattr(new, same), getattr(old, same))
        for same in ("crossed", "walls_db"):
            np.testing.assert_array_equal(getattr(new.paths, same), getattr(old.paths, same))


def test_where_a_level_was_read_it_is_that_level_less_six_decibels(hut):
    """−71 dBm was read before: the offset makes up for it before the operator turns down, not after."""
    place = scattered(np.array([[3.0, -12.0, 1.5]]), "measured")
    found = []
    for actions in ((), (DOWN,)):
        model = link_model(
            prepare_scene(hut(sectors=SECTORS, outside_levels=(read("EE/B20/LTE", -71.0),))), SECTORS,
            actions=actions,
        )  # fmt: skip
        links = public_links(model, place)
        found.append((links.los_dbm if links.fixed_los[0] == 1 else links.nlos_dbm)[0, 0])
    assert found == pytest.approx([-71.0, -77.0], abs=1e-3)


@pytest.mark.parametrize(
    ("action", "looks"),
    [
        (OperatorAction(sectors=("ee-800",), tilt_deg=8.0), {"tilt_deg": 10.0}),
        (OperatorAction(sectors=("ee-800",), azimuth_deg=290.0), {"azimuth_deg": 290.0}),
        (
            OperatorAction(sectors=("ee-800",), azimuth_deg=290.0, tilt_deg=8.0, power_db=-3.0),
            {"azimuth_deg": 290.0, "tilt_deg": 10.0},
        ),
    ],
)
def test_tilt_and_azimuth_change_a_level_by_what_the_pattern_gains_or_loses(hut, action, looks):
    site = hut(sectors=SECTORS, outside_levels=(read("EE/B20/LTE", -71.0),))
    scene = prepare_scene(site)
    before = public_links(link_model(scene, SECTORS), OPEN)
    after = public_links(link_model(scene, SECTORS, actions=(action,)), OPEN)
    seen = direction(np.array([EE20.x_m, EE20.y_m, EE20.height_m]), OPEN.xyz_m)
    turned_db = sector_gain_db(site, replace(EE20, **looks), *seen) - sector_gain_db(site, EE20, *seen)
    assert np.ptp(turned_db) > 0.1
    for state in ("los_dbm", "nlos_dbm"):
        moved_db = getattr(after, state).astype(float) - getattr(before, state)
        np.testing.assert_allclose(moved_db[0], turned_db + action.power_db, atol=1e-4)
        np.testing.assert_array_equal(moved_db[1:], 0.0)


def test_a_tilted_sector_scatters_less_into_its_windows(hut):
    """Behind shut windows scatter rules: it falls by the pattern at the window, as everything from there does."""
    site = hut(sectors=SECTORS)
    at = silence_points(site, trial_points(site))
    tilt = OperatorAction(operator="EE", technology="LTE", tilt_deg=15.0)
    _, before, _ = levels(hut, (), points=at)
    model, after, _ = levels(hut, (tilt,), points=at)
    by_hand = link_model(prepare_scene(site), (replace(EE20, tilt_deg=17.0), EE2G, O2_20))
    np.testing.assert_array_equal(after.nlos_dbm, public_links(by_hand, at).nlos_dbm)
    assert (after.nlos_dbm[0] < before.nlos_dbm[0] - 3).all()
    assert model.sectors[0].tilt_deg == 17.0


def test_an_azimuth_nobody_knew_is_fitted_before_the_operator_turns_it(hut):
    """The readings tell where the antenna looked when they were taken."""
    true = replace(EE20, azimuth_deg=160.0, x_m=2.5, y_m=400.0)
    places = scattered(np.array([(2.5, -40.0, 1.5), (302.5, 0.0, 1.5), (-297.5, 0.0, 1.5), (452.5, 250.0, 1.5)]))
    scene = prepare_scene(hut())
    real = public_links(link_model(scene, (true,)), places).nlos_dbm[0]
    day = dt.date(2026, 11, 1)
    taken = tuple(
        OutsideLevel("EE/B20/LTE", *xyz, round(float(dbm), 2), day)
        for xyz, dbm in zip(places.xyz_m.tolist(), real, strict=True)
    )
    asked = (replace(true, azimuth_deg=None),)
    site = hut(sectors=asked, outside_levels=taken)
    model = link_model(prepare_scene(site), asked, actions=(OperatorAction(operator="EE", azimuth_deg=20.0),))
    assert model.as_read.sectors[0].azimuth_deg == pytest.approx(160, abs=2)
    assert model.sectors[0].azimuth_deg == 20.0


def test_a_sector_switched_off_is_a_sector_that_is_not_there(hut):
    sunset = OperatorAction(name="2G sunset", technology="GSM", off=True)
    model, inside, outside = levels(hut, (sunset,))
    alone, as_inside, as_outside = levels(hut, (), sectors=(EE20, O2_20))
    assert model.channels == alone.channels == ("EE/B20/LTE", "O2/B20/LTE")
    assert [sector.id for sector in model.sectors] == ["ee-800", "o2-800"]
    np.testing.assert_array_equal(model.sector_key, alone.sector_key)
    for one, other in ((inside, as_inside), (outside, as_outside)):
        for name in ("los_dbm", "nlos_dbm", "los_probability", "sigma_db"):
            np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
        for name in ("crossed", "walls_db", "straight_share"):
            np.testing.assert_array_equal(getattr(one.paths, name), getattr(other.paths, name))


def test_off_and_power_of_other_sectors_go_together(hut):
    down = replace(DOWN, technology="LTE")
    model, inside, _ = levels(hut, (OperatorAction(sectors=("*-gsm",), off=True), down))
    _, alone, _ = levels(hut, (down,), sectors=(EE20, O2_20))
    np.testing.assert_array_equal(inside.nlos_dbm, alone.nlos_dbm)
    assert len(model.sectors) == 2


def test_treated_windows_know_the_actions_and_are_the_same_made_like_another(hut):
    """Saving time changes nothing: with a mesh, a tilt and a sector off, worked out anew or from the bare site."""
    actions = (OperatorAction(technology="GSM", off=True), OperatorAction(operator="O2", tilt_deg=6.0, power_db=-2.0))
    site = hut(sectors=SECTORS)
    meshed = replace(site, openings=(replace(site.openings[0], grille="mesh_12"), site.openings[1]))
    bare = link_model(prepare_scene(site), SECTORS)
    first = link_model(bare.scene, SECTORS, graph=bare.graph, like=bare, actions=actions)
    scene = prepare_scene(meshed, like=bare.scene)
    at = trial_points(meshed)
    anew = public_links(link_model(scene, SECTORS, graph=bare.graph, actions=actions), at)
    for like in (bare, first):
        found = public_links(link_model(scene, SECTORS, graph=bare.graph, like=like, actions=actions), at)
        np.testing.assert_array_equal(found.los_dbm, anew.los_dbm)
        np.testing.assert_array_equal(found.nlos_dbm, anew.nlos_dbm)


def test_quiet_anyway_is_judged_without_the_actions_and_rooms_with_them(hut):
    """30 dB less silence a room that is not quiet by itself: that is the operator's work, and counts as protected."""
    site = hut(sectors=(EE20,))
    loud = Scenario(worlds=200)
    asked = replace(loud, operator_actions=(OperatorAction(operator="EE", power_db=-30.0),))
    weak = replace(site, sectors=(replace(EE20, eirp_dbm=20.0),))
    today, changed, truly = (
        evaluate(place, scenario, catalogue=CATALOGUE, maps=False).by_room
        for place, scenario in ((site, loud), (site, asked), (weak, loud))
    )
    np.testing.assert_array_equal(changed["quiet_probability"], today["quiet_probability"])
    np.testing.assert_array_equal(changed["quiet_anyway"], today["quiet_anyway"])
    np.testing.assert_array_equal(changed["silent_probability"], truly["silent_probability"])
    assert changed["silent_probability"].values[0] > today["silent_probability"].values[0]


def test_the_limit_outside_falls_by_six_decibels_with_the_signal_and_for_no_other_channel(hut):
    site = hut(sectors=SECTORS)
    asked = Scenario(worlds=300, spill_tier="service")
    places = outside_points(site)
    found = []
    for actions in ((), (DOWN,)):
        model = link_model(prepare_scene(site), SECTORS, actions=actions)
        found.append(spill(model, asked, ON, CATALOGUE, trial_points(site), outside=places)[0].outside)
    before, after = found
    for name, by_db in (("EE/B20/LTE", -6.0), ("O2/B20/LTE", 0.0)):
        was, now = before.sel(channel=name), after.sel(channel=name)
        np.testing.assert_allclose(now["signal_dbm"] - was["signal_dbm"], by_db, atol=1e-3)
        fell_db = (now["margin_db"] - was["margin_db"]).values
        np.testing.assert_allclose((now["limit_dbm"] - was["limit_dbm"]).values, fell_db, atol=1e-3)
        # By all of it where the signal is the limit in every world that counts, by less where the noise is in some.
        assert (fell_db >= by_db - 1e-3).all()
        assert (fell_db <= 1e-3).all()
        assert fell_db.min() == pytest.approx(by_db, abs=1e-3)
        np.testing.assert_array_equal(now["jam_dbm"], was["jam_dbm"])


def test_calls_to_999_are_judged_on_the_network_that_is_left(hut):
    """The only network 30 dB lower: fewer worlds in which a call gets through, and none is called better."""
    site = hut(sectors=(EE20,))
    shares = []
    for actions in ((), (OperatorAction(operator="EE", power_db=-30.0),)):
        model = link_model(prepare_scene(site), (EE20,), actions=actions)
        found = spill(model, Scenario(worlds=300), ON, CATALOGUE, trial_points(site))[0].outside
        shares.append(found["emergency_probability"].values)
    assert (shares[1] <= shares[0]).all()
    assert shares[1].mean() < shares[0].mean()


def test_link_budgets_name_the_power_after(hut):
    site = hut(sectors=SECTORS)
    before, after = (
        explain_room(site, Scenario(operator_actions=actions), "A-01").budgets for actions in ((), (DOWN,))
    )
    for one, other in zip(after, before, strict=True):
        assert (one.sector, one.xyz_m) == (other.sector, other.xyz_m)
        fell_db = 0.0 if one.sector == "o2-800" else 6.0
        assert one.eirp_dbm == pytest.approx(other.eirp_dbm - fell_db)
        assert one.rsrp_dbm == pytest.approx(other.rsrp_dbm - fell_db, abs=1e-3)
    sunset = Scenario(operator_actions=(OperatorAction(technology="GSM", off=True),))
    assert {one.channel for one in explain_room(site, sunset, "A-01").budgets} == {"EE/B20/LTE", "O2/B20/LTE"}


def test_a_draft_counts_them_and_gains_six_decibels(hut):
    """Both sides in one sum: S falls by 6 dB and J stays, so the margin of the channel rises by 6 dB."""
    site = hut(sectors=(EE20,))
    margins = [
        Drafting(site, Scenario(operator_actions=actions), CATALOGUE, grid_m=1.0)
        .draft(0, ON)
        .data["margin_db"]
        .values
        for actions in ((), (DOWN,))
    ]
    inside = np.isfinite(margins[0])
    assert inside.any()
    assert (margins[1][inside] > margins[0][inside]).all()
    assert np.median((margins[1] - margins[0])[inside]) == pytest.approx(6.0, abs=0.6)


def test_leakage_is_the_network_of_today_and_says_so(hut):
    site = hut(sectors=SECTORS)
    today = leakage(site, Scenario(), maps=False)
    asked = leakage(site, Scenario(operator_actions=(DOWN,)), maps=False)
    np.testing.assert_array_equal(asked.at_points["rsrp_dbm"], today.at_points["rsrp_dbm"])
    note = "this is the network of today: the scenario's operator action is not counted here, but in every verdict"
    assert note in asked.notes
    assert note not in today.notes


def test_the_verdict_says_what_is_counted_as_done(hut):
    found = evaluate(
        hut(sectors=SECTORS), Scenario(worlds=100, operator_actions=(DOWN,)), catalogue=CATALOGUE, maps=False
    )
    assert found.notes[0] == (
        "counted as done, and only the operator can do it: EE turns down (EE: 2 sectors: -6 dB)"
    )
    assert [sector.eirp_dbm for sector in found.sectors] == [44.0, 44.0, 50.0]


def test_an_action_means_what_all_its_keys_allow():
    assert meant(SECTORS, OperatorAction(operator="EE")) == (0, 1)
    assert meant(SECTORS, OperatorAction(operator="EE", technology="GSM")) == (1,)
    assert meant(SECTORS, OperatorAction(band="B20")) == (0, 2)
    assert meant(SECTORS, OperatorAction(sectors=("*-800",), operator="O2")) == (2,)
    assert retuned(SECTORS, (DOWN,))[2] is O2_20


@pytest.mark.parametrize(
    ("action", "said"),
    [
        (
            {"sectors": ("ee-900",), "off": True},
            "sectors 'ee-900' matches no sector of masts.csv; did you mean 'ee-800'?",
        ),
        (
            {"sectors": ("3*",), "off": True},
            "sectors '3*' matches no sector of masts.csv; sectors are named like ee-800, ee-gsm, o2-800",
        ),
        (
            {"operator": "Three", "off": True},
            "operator 'Three' has no sector on this site (masts.csv has EE, O2); choose one of EE, O2",
        ),
        (
            {"operator": "EE", "band": "B28", "power_db": -6.0},
            "band 'B28' has no sector on this site (masts.csv has B20, B8); did you mean 'B8' or 'B20'?",
        ),
        (
            {"operator": "O2", "technology": "GSM", "off": True},
            "means no sector: none has all that its sectors, operator, technology and band ask for; leave one out",
        ),
        ({"power_db": -6.0}, 'means no sector; give sectors like ["mast-1-*"], operator, technology or band'),
        (
            {"operator": "EE"},
            "changes nothing; give power_db below 0, tilt_deg, azimuth_deg or off = true",
        ),
        (
            {"operator": "EE", "off": True, "power_db": -6.0},
            "has off beside power_db; keep one, for off is off",
        ),
    ],
)
def test_what_cannot_be_is_said_with_what_to_do(hut, action, said):
    scenario = Scenario(operator_actions=(OperatorAction(**action),))
    assert check_actions(hut(sectors=SECTORS), scenario) == (f"scenario: operator_actions 1: {said}",)


def test_of_thousands_of_actions_that_match_nothing_the_first_are_told(hut):
    many = (OperatorAction(sectors=("ee-801", "ee-802"), off=True),) * 5000
    problems = check_actions(hut(sectors=SECTORS), Scenario(operator_actions=many))
    assert MOST_ALIKE < len(problems) <= MOST_ALIKE + 2
    assert problems[0].endswith("matches no sector of masts.csv; did you mean 'ee-800'?")


def test_of_many_patterns_of_one_action_twenty_are_told_the_near_ones_and_thousands_are_refused(hut, tmp_path):
    names = tuple(f"ee-80{number}" for number in range(1, MOST_PATTERNS + 2))
    actions = (OperatorAction(sectors=names[1:], off=True),)
    *told, last = check_actions(hut(sectors=SECTORS), Scenario(operator_actions=actions))
    assert sum("did you mean" in problem for problem in told) == MOST_ADVISED
    assert last.endswith("matches no sector of masts.csv; sectors are named like ee-800, ee-gsm, o2-800")
    with pytest.raises(ScenarioError, match=r'names 1,001 \(limit 1,000\); write patterns like "mast-1-\*"'):
        OperatorAction(sectors=names, off=True)
    text = f"format = 1\n[[operator_actions]]\noff = true\nsectors = {list(names)}\n"
    (tmp_path / "s.toml").write_text(text, "utf-8")
    with pytest.raises(ScenarioError, match=r"s\.toml: operator_actions 1, sectors: names 1,001 \(limit 1,000\)"):
        read_scenario(tmp_path / "s.toml")


def test_all_problems_come_at_once_from_every_door(hut):
    wrong = Scenario(
        channels=("EE/B1/LTE",),
        operator_actions=(
            OperatorAction(operator="Three", off=True),
            OperatorAction(operator="EE", power_db=-3.0),
            OperatorAction(sectors=("ee-*",), power_db=-6.0),
        ),
    )
    site = hut(sectors=SECTORS)
    for door in (
        lambda: evaluate(site, wrong),
        lambda: leakage(site, wrong),
        lambda: Drafting(site, wrong, CATALOGUE),
    ):
        with pytest.raises(ScenarioError) as error:
            door()
        assert [line.split(";")[0] for line in str(error.value).splitlines()] == [
            "scenario: channels: 'EE/B1/LTE' has no mast on this site",
            "scenario: operator_actions 1: operator 'Three' has no sector on this site (masts.csv has EE, O2)",
            "scenario: operator_actions 3: gives power_db of sector 'ee-800', as operator_actions 2 does",
            "scenario: operator_actions 3: gives power_db of sector 'ee-gsm', as operator_actions 2 does",
        ]


def test_a_channel_that_no_mast_has_is_named_with_the_near_one(hut):
    many = tuple(f"zz/B{number}/LTE" for number in range(1000))
    with pytest.raises(ScenarioError) as error:
        leakage(hut(sectors=SECTORS), Scenario(channels=("ee/b20/lte", "", *many)))
    lines = str(error.value).splitlines()
    assert lines[0].startswith("scenario: channels: '' has no mast on this site; ")
    assert lines[1] == "scenario: channels: 'ee/b20/lte' has no mast on this site; did you mean 'EE/B20/LTE'?"
    assert len(lines) <= 20


def test_what_a_row_of_masts_could_not_hold_is_refused(hut):
    faint = replace(EE20, eirp_dbm=-10.0, tilt_deg=40.0)
    omni = replace(O2_20, pattern="omni", azimuth_deg=None)
    asked = Scenario(operator_actions=(OperatorAction(operator="EE", power_db=-30.0, tilt_deg=10.0),))
    assert check_actions(hut(sectors=(faint, omni)), asked) == (
        "scenario: operator_actions: leave sector 'ee-800' -40 dBm (expected -30 or more); turn it down by less, "
        "or switch it off",
        "scenario: operator_actions: tilt sector 'ee-800' to 50° (expected at most 45°); add less",
    )
    turn = Scenario(operator_actions=(OperatorAction(operator="O2", azimuth_deg=10.0),))
    assert check_actions(hut(sectors=(EE20, omni)), turn) == (
        "scenario: operator_actions 1: gives an azimuth_deg to antennas that send alike all round; leave it out",
    )


def test_a_site_without_any_sector_left_is_no_question(hut):
    site, off = hut(sectors=SECTORS), OperatorAction(operator="EE", off=True)
    assert check_actions(site, Scenario(operator_actions=(off,))) == ()
    ee_alone = Scenario(channels=("EE/B20/LTE",), operator_actions=(off,))
    said = "scenario: operator_actions: switch off every sector there is to judge; leave at least one on, or ask for "
    assert check_actions(site, ee_alone) == (f"{said}more channels",)
    with pytest.raises(ScenarioError, match="switch off every sector"):
        link_model(prepare_scene(site), (EE20,), actions=(off,))


def test_a_scenario_file_is_checked_key_by_key(tmp_path):
    path = tmp_path / "scenario.toml"
    path.write_text(
        '[[operator_actions]]\noperator = "EE"\npower_db = 6\ntilt_deg = true\noff = "yes"\nprice = 3\n'
        '[[operator_actions]]\ntechnology = "2G"\nsectors = "ee-*"\nazimuth_deg = 365\ntilt_deg = 16\n'
    )
    with pytest.raises(ScenarioError) as error:
        read_scenario(path)
    lines = str(error.value).splitlines()
    assert [line.split(": ")[1] for line in lines] == [
        f"operator_actions {number}, {key}"
        for number, key in (
            (1, "power_db"), (1, "tilt_deg"), (1, "off"), (1, "price"),
            (2, "sectors"), (2, "technology"), (2, "tilt_deg"), (2, "azimuth_deg"),
        )
    ]  # fmt: skip
    assert lines[0].endswith("(found 6); an operator turns down, never up: write -6")
    assert lines[2].endswith("write true or false, without quotes")
    assert lines[3].endswith("unknown setting; did you mean 'price_gbp'?")
    assert lines[5].endswith("choose one of GSM, UMTS, LTE, NR")
    assert lines[7].endswith("a bearing from 0 to below 360: write 5")


def test_a_scenario_without_actions_keeps_its_name():
    from quietwing.sites.fingerprints import fingerprint

    assert fingerprint(Scenario()) == fingerprint(Scenario(operator_actions=()))
    assert fingerprint(Scenario()) != fingerprint(Scenario(operator_actions=(DOWN,)))


def test_the_same_bytes_with_an_action_that_means_no_sector_of_the_channels_asked(hut):
    """An action on O2 is no business of a question about EE: every level stays as it is."""
    site = hut(sectors=SECTORS)
    other = OperatorAction(operator="O2", power_db=-6.0)
    model = link_model(prepare_scene(site), (EE20, EE2G), actions=(other,))
    assert model.masts is model.as_read
    at = silence_points(site, trial_points(site))
    scenario = Scenario(worlds=100)
    assert judge_rooms(model, model, scenario, ON, CATALOGUE, at).by_room.equals(
        judge_rooms(link_model(prepare_scene(site), (EE20, EE2G)), model, scenario, ON, CATALOGUE, at).by_room
    )
