"""The contrast budget of a hole: worked out by hand in the open, adding up anywhere, and true in the worlds."""

import math
from dataclasses import replace

import numpy as np
import pytest
from shapely import box

from quietwing.coverage import contrast_budget, contrast_budgets, evaluate
from quietwing.coverage.blocking.explain import explain_room
from quietwing.coverage.blocking.judging import silence_points
from quietwing.coverage.blocking.links import link_model, public_links
from quietwing.coverage.catalogue import read_catalogue
from quietwing.coverage.equipment import BandPower, Device, Model
from quietwing.coverage.errors import ScenarioError
from quietwing.coverage.layout import read_layout
from quietwing.coverage.propagation.scene import prepare_scene
from quietwing.coverage.rules import load_rules
from quietwing.coverage.scenario import Scenario, TreatmentWish
from quietwing.coverage.study import contrast, contrast_place, made_ready
from quietwing.coverage.study.contrast import holes_by_silence, with_budgets
from quietwing.coverage.study.contrast_trials import tried
from quietwing.sites import load_site
from quietwing.sites.files import bundled_folder
from quietwing.sites.model import Room, Sector
from quietwing.sites.trial_point_sets import trial_points

# A mast on the map, so that no state of sight is drawn; 59 dBm over 600 elements.
EE20 = Sector("S1", "EE", "234-30", "B20", "LTE", 806.0, 10.0, 3.0, -25.0, 12.0, 0.0, 2.0, "omni", 20.0, "UMa", 0.0)
# Nothing beside its band, so that the mast's receiver hears nothing of it.
JAMMER = Model(
    "jammer", "jammer", (BandPower("B20", 791.0, 821.0, 10.0),), out_of_band_dbc=-140.0, harmonics_dbc=-140.0
)
DEAR = replace(JAMMER, name="dear", unit_price_gbp=900.0, bands=(BandPower("B20", 791.0, 821.0, 20.0),))
MESH = Model("mesh", "mesh", construction="mesh_12", unit_price_gbp=100.0)
SENT_DBM = 10.0 - 10 * math.log10(30e6 / 15e3)  # 10 dBm over 30 MHz: −23.01 dBm in an element
BODY_DB = 3.0
NOISE_DBM = -132.22 + 9  # kT0·15 kHz, NF 9 dB


def sure_rules():
    """The rules of the product with no error left at all."""
    errors = replace(
        load_rules().errors, local_db=0.0, device_db=0.0, walls_most_db=0.0, walls_most_below_1_ghz_db=0.0
    )
    return replace(load_rules(), errors=errors, name="sure", text="")


def free_space_db(distance_m):
    return 20 * np.log10(4 * np.pi * np.asarray(distance_m) * 806e6 / 299792458)


def open_hut(hut):
    """The hut without its walls: every ray is clear."""
    return hut(sectors=(EE20,), walls=(), openings=(), slabs=())


def asked(**changes):
    return Scenario(rules=sure_rules(), worlds=100, **changes)


def added_up(budget):
    value = {line.name: line.db for line in budget.lines}
    inside = value["public_inside"] + value["js_to_deny"] + value["search_margin"] + value["joint_confidence"]
    assert inside == pytest.approx(value["level_needed"], abs=1e-6)
    assert budget.needed_dbm == value["level_needed"]
    if budget.short_db is None:
        return
    if "public_outside" in value:  # else another limit binds
        ratio_db = value.get("tier_ratio", value.get("noise_limit"))
        outside_dbm = value["public_outside"] + ratio_db + value["share_of_worlds"]
        assert outside_dbm == pytest.approx(value["level_allowed"], abs=1e-6)
    short = value["level_needed"] - value["level_allowed"] - value["device"] - value["treatment"]
    assert short == pytest.approx(value["short_by"], abs=1e-6)
    assert (budget.allowed_dbm, budget.short_db) == (value["level_allowed"], value["short_by"])
    assert budget.offered_db == pytest.approx(value["device"] + value["treatment"], abs=1e-6)
    assert all(line.db == round(line.db, 1) for line in budget.lines)


@pytest.mark.parametrize("devices", [(), (Device("D1", "jammer", 3.0, 2.0, 2.8),)], ids=["nothing", "too weak"])
def test_in_the_open_and_without_errors_every_line_is_worked_out_by_hand(hut, devices):
    site, catalogue = open_hut(hut), {"jammer": JAMMER, "dear": DEAR}
    if devices:  # 20 dB down it silences nothing; the 20 dB of the rules are its reach
        devices = (replace(devices[0], power_dbm=6.0),)
    verdict = evaluate(site, asked(treat_with=("none",)), devices=devices, catalogue=catalogue, maps=False)
    budget = contrast_budget(verdict, "A-01", catalogue=catalogue)
    added_up(budget)
    value = {line.name: line.db for line in budget.lines}
    # Inside. J/S 6 dB, search margin of 10 MHz 6 dB; nothing is unsure, so confidence adds but the rounding up.
    points = silence_points(site, trial_points(site))
    public = (
        public_links(link_model(prepare_scene(site), site.sectors), points).los_dbm[0] + 3.0
    )  # boost, not measured
    near_m = np.linalg.norm(points.xyz_m - [3.0, 2.0, 2.8], axis=1)
    inside_dbm = SENT_DBM - free_space_db(near_m) - BODY_DB
    worst = int(np.argmax(public - inside_dbm))
    assert budget.point == points.kind[worst]
    assert value["public_inside"] == pytest.approx(float(public[worst]), abs=0.051)
    assert (value["js_to_deny"], value["search_margin"]) == (6.0, 6.0)
    assert value["joint_confidence"] == pytest.approx(0.05, abs=0.16)
    # Outside. The tier of planning grade asks for 10 dB below the strongest sector, in the median; 0 dB in 90 %.
    data = verdict.spill.outside
    signal = data["signal_dbm"].values[0]
    far_m = np.linalg.norm(
        np.column_stack([data[axis].values for axis in ("x_m", "y_m", "z_m")]) - [3, 2, 2.8], axis=1
    )
    limit = np.maximum(signal - 10.0, NOISE_DBM - 6.0)
    # Two-ray beyond 4·h1·h2/λ = 4·2.8·1.5/0.372 = 45 m: 20 lg(d/d0) more.
    beyond = np.maximum(far_m, 4 * 2.8 * 1.5 * 806e6 / 299792458) / (4 * 2.8 * 1.5 * 806e6 / 299792458)
    outside_dbm = SENT_DBM - free_space_db(far_m) - 20 * np.log10(beyond)
    over = outside_dbm - limit
    left_out = set()
    for ring in dict.fromkeys(data["ring"].values.tolist()):
        members = np.flatnonzero(data["ring"].values == ring)
        left_out |= set(members[np.argsort(-over[members])][: math.floor(0.05 * len(members))].tolist())
    place = max((at for at in range(len(over)) if at not in left_out), key=lambda at: over[at])
    assert budget.place == data["name"].values[place]
    assert value["public_outside"] == pytest.approx(float(signal[place]), abs=0.051)
    assert value["tier_ratio"] == -10.0
    assert value["share_of_worlds"] == pytest.approx(0.0, abs=0.11)
    # Between: the same power at 1 to 3 m and at some 30 m.
    assert value["device"] == pytest.approx(float(inside_dbm[worst] - outside_dbm[place]), abs=0.11)
    assert value["treatment"] == 0.0
    by_hand = public[worst] + 12 - (signal[place] - 10) - (inside_dbm[worst] - outside_dbm[place])
    assert value["short_by"] == pytest.approx(float(by_hand), abs=0.35)
    # The cheap jammer if it is loud enough, else the dear one, 10 dB stronger.
    loud = inside_dbm[worst] >= budget.needed_dbm
    assert budget.device == ("jammer" if loud else "dear")
    assert budget.power_db == pytest.approx(
        float(inside_dbm[worst]) + (0 if loud else 10) - budget.needed_dbm, abs=0.11
    )
    assert budget.reference == (not devices)


def test_where_the_noise_allows_more_than_the_ratio_it_is_the_line(hut):
    catalogue = {"jammer": JAMMER}
    verdict = evaluate(
        open_hut(hut), asked(spill_tier="strict", treat_with=("none",)), catalogue=catalogue, maps=False
    )
    budget = contrast_budget(verdict, "A-01", catalogue=catalogue)
    added_up(budget)
    assert "tier_ratio" not in [line.name for line in budget.lines]
    # N − 6 = −129.2 dBm, 95 % of worlds alike.
    assert budget.allowed_dbm == pytest.approx(NOISE_DBM - 6.0, abs=0.15)


def test_a_tier_without_limit_of_power_leaves_the_inner_end_alone(hut):
    catalogue = {"jammer": JAMMER}
    verdict = evaluate(
        open_hut(hut), asked(spill_tier="emergency", treat_with=("none",)), catalogue=catalogue, maps=False
    )
    budget = contrast_budget(verdict, "A-01", catalogue=catalogue)
    added_up(budget)
    assert (budget.allowed_dbm, budget.short_db, budget.place) == (None, None, "")
    assert [line.name for line in budget.lines][-1] == "level_needed"


def test_what_a_mesh_adds_is_what_it_spares_once_it_is_there(hut):
    bare = hut()
    concrete = tuple(replace(wall, construction="concrete_200") for wall in bare.walls)
    site = hut(sectors=(EE20,), walls=concrete, openings=bare.openings[:1])  # the window is the way in and out
    catalogue = {"jammer": JAMMER, "mesh": MESH}
    plain = contrast_budget(evaluate(site, asked(), catalogue=catalogue, maps=False), "A-01", catalogue=catalogue)
    wish = (TreatmentWish("mesh", ("*",)),)
    meshed = evaluate(site, asked(treatments=wish), catalogue=catalogue, maps=False)
    after = contrast_budget(meshed, "A-01", catalogue=catalogue)
    added_up(plain)
    added_up(after)
    assert (plain.point, plain.treatment) == ("window-out", "mesh")  # no hand gets through a mesh
    assert plain.line("treatment").db > 3.0
    assert (after.treatment, after.line("treatment").db) == ("", 0.0)
    # Said with the device where it was: with the mesh another place for it, or another outside, may only help.
    assert plain.short_db - 3.0 < after.short_db <= plain.short_db + 0.4


def test_the_link_budget_and_the_contrast_budget_have_the_same_signal(hut):
    # LTE that nobody measured: 3 dB of boost stand in both.
    site, catalogue = open_hut(hut), {"jammer": JAMMER}
    budget = contrast_budget(evaluate(site, asked(), catalogue=catalogue, maps=False), "A-01", catalogue=catalogue)
    explained = explain_room(site, asked(), "A-01", catalogue=catalogue)
    there = next(one for one in explained.budgets if one.point == budget.point)
    assert there.boost_db == 3.0
    assert there.rsrp_dbm + 3.0 == pytest.approx(budget.line("public_inside").db, abs=0.051)
    # No blocker: the margin is that of too weak a signal, −128 dBm less 5 dB that a searcher finds, less S.
    assert there.margin_db == pytest.approx(-133.0 - (there.rsrp_dbm + 3.0), abs=0.01)


def test_a_room_that_is_not_there_is_named(hut):
    verdict = evaluate(open_hut(hut), asked(), catalogue={"jammer": JAMMER}, maps=False)
    with pytest.raises(ScenarioError, match="no room 'B-01' to be blocked"):
        contrast_budget(verdict, "B-01", catalogue={"jammer": JAMMER})


CHANNELS = ("O2/B20/LTE", "VF/B8/GSM", "EE/B3/LTE", "Three/n78/NR")


@pytest.fixture(scope="module")
def judged():
    """Houseblock with its own layout and four channels."""
    site, catalogue = load_site("houseblock"), read_catalogue()
    with bundled_folder("houseblock") as folder:
        devices = read_layout(folder / "layout.csv", catalogue)
    scenario = Scenario(channels=CHANNELS, worlds=400)
    return evaluate(site, scenario, devices=devices, catalogue=catalogue, maps=False), catalogue


@pytest.mark.slow
def test_the_lines_add_up_in_any_hole_of_houseblock(judged):
    verdict, catalogue = judged
    holes = holes_by_silence(verdict)
    some = np.random.default_rng(15).permutation(len(holes))[:8]
    budgets = contrast_budgets(verdict, [holes[at] for at in some.tolist()], catalogue=catalogue)
    assert [one.room for one in budgets] == [holes[at] for at in some.tolist()]
    for budget in budgets:
        added_up(budget)
        assert budget.channel in CHANNELS
        assert budget.silent_probability < verdict.scenario.asked.confidence


@pytest.fixture
def trials(monkeypatch):
    """What budgets try, as they go along."""
    found = []
    monkeypatch.setattr(contrast, "tried", lambda *asked: found.append(tried(*asked)) or found[-1])
    return found


def broken(verdict):
    spill = verdict.spill
    tables = (spill.rings, spill.keep_rooms, spill.protected, spill.exposure)
    return {
        (row[0], row[1]) if row in spill.keep_rooms else (row[0],) for rows in tables for row in rows if not row[-1]
    }


def broken_by(plain, budget, trials, catalogue):
    """Limits that the device of a budget breaks in the verdict, by itself and with so many decibels more than needed.

    Turned down as the budget says it silences the room, and with less it does not.
    """
    best = max((one for one in trials if one is not None), key=lambda one: one.margin_db)
    names = tuple(best.treatment.split(" and ")) if best.treatment else ()
    scenario = replace(plain.scenario, treatments=tuple(TreatmentWish(name, (budget.room,)) for name in names))
    anyway = broken(plain)

    def judged(by_db):
        trims = tuple((name, db if "/" in name or db == -60.0 else db + by_db) for name, db in best.device.trim_db)
        device = replace(best.device, trim_db=trims)
        return evaluate(plain.site, scenario, devices=(device,), catalogue=catalogue, maps=False)

    def silent(verdict):
        rooms = verdict.by_room
        return bool(rooms["called_silent"].values[rooms["room"].values.tolist().index(budget.room)])

    assert silent(judged(0.0))
    assert not silent(judged(-0.3))
    return lambda by_db: broken(judged(by_db)) - anyway


BESIDE = (
    Room("A-01", "A", 0, box(0, 0, 3, 4), "silence"), Room("A-02", "A", 0, box(3, 0, 6, 4), "keep", operators=("EE",))
)  # fmt: skip
LOUD = {"sectors": (replace(EE20, eirp_dbm=75.0),)}


@pytest.mark.parametrize(("changes", "noise_dbc", "limit", "words"), [
    ({}, -140.0, ("20–100 m",), "32 m outside, north-east"),
    ({}, None, ("FDD base stations",), "FDD base stations"),
    ({"rooms": BESIDE}, -140.0, ("A-02", "EE"), "EE in keep room A-02"),
    (LOUD, -140.0, ("A-01",), "exposure of people in A-01"),
])  # fmt: skip
def test_the_limit_that_allows_least_binds_whichever_it_is(hut, trials, changes, noise_dbc, limit, words):
    strong = replace(JAMMER, bands=(BandPower("B20", 791.0, 821.0, 60.0 if changes == LOUD else 40.0),))
    strong = replace(strong, out_of_band_dbc=noise_dbc)
    catalogue = {"jammer": strong, "mesh": MESH}
    bare = hut()
    concrete = tuple(replace(wall, construction="concrete_200") for wall in bare.walls)
    site = hut(**({"sectors": (EE20,), "walls": concrete, "openings": bare.openings[:1]} | changes))
    plain = evaluate(site, asked(), catalogue=catalogue, maps=False)
    budget = contrast_budget(plain, "A-01", catalogue=catalogue)
    added_up(budget)
    assert (budget.place, budget.device, budget.treatment) == (words, "jammer", "mesh")
    found = broken_by(plain, budget, trials, catalogue)
    assert found(-budget.short_db - 0.2) == set()
    assert limit in found(-budget.short_db + 0.2)


@pytest.mark.slow
def test_the_device_of_a_budget_of_houseblock_holds_in_the_verdict(judged, trials):
    verdict, catalogue = judged
    (budget,) = contrast_budgets(verdict, holes_by_silence(verdict)[:1], catalogue=catalogue)
    assert budget.short_db < 0 < budget.power_db
    assert broken_by(verdict, budget, trials, catalogue)(0.0) == set()


@pytest.mark.slow
def test_the_room_asked_for_comes_before_those_nearest_to_being_blocked(judged, monkeypatch):
    verdict, catalogue = judged
    holes = holes_by_silence(verdict)
    kept = with_budgets(verdict, catalogue, holes[-1], 1).contrast
    assert [one.room for one in kept] == [holes[-1], holes[0]]
    ready = made_ready(verdict.site, verdict.scenario, verdict.devices, catalogue)
    with monkeypatch.context() as patch:  # what is at hand is not made again
        patch.setattr(contrast_place, "link_model", lambda *_, **__: pytest.fail("made again"))
        assert with_budgets(verdict, catalogue, holes[-1], 1, bare=ready.bare).contrast == kept
    silent = [str(name) for name in verdict.by_room["room"].values if name not in holes]
    assert with_budgets(verdict, catalogue, silent[0] if silent else None).contrast == ()
