"""``quietwing evaluate`` and ``verify``: the object of ``--json``, one room explained, a result that stands."""

import json
import math
import shutil

import pytest
from typer.testing import CliRunner

from quietwing.coverage.blocking.explain import explain_room
from quietwing.coverage.cli import app
from quietwing.coverage.cli.verdict_terminal import MOST_BUDGETS
from quietwing.coverage.decibel import add_powers_db
from quietwing.coverage.rules import load_rules
from quietwing.coverage.scenario import Scenario
from quietwing.coverage.study.common import WAYS_NOTE
from quietwing.sites import load_site
from quietwing.sites.model import Sector

KEYS = [
    "site", "grade", "rules", "measured", "rooms", "c95", "silent_at", "together_95", "grades", "escapes",
    "uncovered_routes", "cost", "budget_gbp", "over_budget", "status", "value", "bound", "gap", "spill", "devices",
    "treatments", "operator_actions", "notes", "seed", "reproducible", "manifest",
]  # fmt: skip

MANIFEST = "manifest.json"
TOUCHED = "rooms.csv: changed since it was written; write the result anew"


def run(*arguments: str):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def wing(tmp_path_factory):
    """A wing of a few cells in a folder, two channels asked for, so that a run takes a second."""
    folder = tmp_path_factory.mktemp("sites") / "wing"
    made = run("example", "new", folder, "--type", "wing", "--cells", "4", "--storeys", "1", "--area", "urban")
    assert made.exit_code == 0, made.stderr
    channels = load_site(folder).channels[:2]
    (folder / "scenario.toml").write_text(f"worlds = 200\ngrid_m = 1.0\nchannels = {json.dumps(channels)}\n", "utf-8")
    return folder


@pytest.fixture(scope="module")
def layout(wing, tmp_path_factory):
    """One jammer of the bundled catalogue in the middle of the wing."""
    from quietwing.coverage.catalogue import read_catalogue
    from quietwing.coverage.equipment import Device
    from quietwing.coverage.layout import layout_text

    jammer = next(model for model in read_catalogue().values() if model.kind == "jammer")
    middle = load_site(wing).buildings[0].outline.centroid
    path = tmp_path_factory.mktemp("layouts") / "layout.csv"
    path.write_text(layout_text([Device("J1", jammer.name, round(middle.x, 2), round(middle.y, 2), 2.2)]), "utf-8")
    return path


def sectors_of(wing) -> int:
    """Sectors of the channels that are asked for."""
    site = load_site(wing)
    return sum(sector.channel in site.channels[:2] for sector in site.sectors)


def as_json(*arguments: str):
    ran = run("evaluate", *arguments, "--json")
    assert ran.exit_code == 0, ran.stderr
    assert "NaN" not in ran.stdout
    assert "Infinity" not in ran.stdout
    return json.loads(ran.stdout)


def test_the_object_has_the_keys_of_the_design_and_states_that_add_up(wing, layout, as_shipped):
    found = as_json(wing, "--layout", layout)
    as_shipped("evaluate", found)
    assert list(found) == KEYS
    rooms = found["rooms"]
    assert list(rooms) == ["silence", "silent", "quiet_anyway", "holes", "unknown"]
    assert rooms["silence"] == sum(room.role == "silence" for room in load_site(wing).rooms)
    assert rooms["silence"] == sum(rooms[state] for state in list(rooms)[1:])
    assert found["c95"] <= (rooms["silent"] + rooms["quiet_anyway"]) / rooms["silence"]
    assert list(found["grades"]) == ["planning", "evidence"]
    for said in found["grades"].values():
        levels = [said["silent_at"][level] for level in ("50", "80", "90", "95", "99")]
        assert levels == sorted(levels, reverse=True)
        assert said["silent_at"][f"{100 * said['confidence']:.0f}"] == said["rooms"]["silent"]
    assert found["grades"]["planning"]["rooms"] == rooms  # the grade asked for
    assert found["measured"] == {"sectors": sectors_of(wing), "measured": 0}
    assert found["together_95"] <= rooms["silence"] - rooms["quiet_anyway"]
    assert [device["id"] for device in found["devices"]] == ["J1"]
    assert found["spill"]["tier"] == "service"
    assert set(found["cost"]) == {"capex_gbp", "opex_gbp_per_year", "whole_life_gbp", "npv_gbp", "illustrative"}
    assert 0 < found["cost"]["capex_gbp"] < found["cost"]["npv_gbp"] < found["cost"]["whole_life_gbp"]
    assert found["cost"]["illustrative"] == "4 of 4 prices"
    assert (found["budget_gbp"], found["over_budget"]) == (None, None)
    assert found["uncovered_routes"]
    assert found["reproducible"] is True
    assert set(found["manifest"]["inputs"]) == {"site", "scenario", "rules", "layout", "catalogue"}


def test_without_a_layout_blockers_are_off_and_the_sites_own_is_used_where_it_lies_there(wing, layout, tmp_path):
    off = as_json(wing)
    assert off["devices"] == []
    assert off["rooms"]["silent"] == 0
    own = tmp_path / "own"
    shutil.copytree(wing, own)
    shutil.copyfile(layout, own / "layout.csv")
    assert as_json(own)["devices"] == as_json(wing, "--layout", layout)["devices"]


def test_options_replace_the_keys_of_the_scenario(wing, layout):
    found = as_json(
        wing, "--layout", layout, "--seed", "7", "--worlds", "100", "--confidence", "0.8", "--spill-tier", "strict"
    )
    assert found["seed"] == 7
    assert found["spill"]["tier"] == "strict"
    assert found["silent_at"]["80"] == found["rooms"]["silent"]
    assert found["grades"]["evidence"]["confidence"] == 0.95  # the options are of the grade asked for
    assert as_json(wing, "--layout", layout) == as_json(wing, "--layout", layout)


def test_the_grade_asked_for_comes_first_and_both_are_the_same_either_way(wing, layout):
    planning = as_json(wing, "--layout", layout)
    evidence = as_json(wing, "--layout", layout, "--grade", "evidence")
    assert (planning["grade"], evidence["grade"]) == ("planning", "evidence")
    assert planning["grades"] == evidence["grades"]
    assert evidence["rooms"] == evidence["grades"]["evidence"]["rooms"]
    assert evidence["spill"]["tier"] == "standard"
    words = run("evaluate", wing, "--layout", layout, "--grade", "evidence").stdout
    sectors = sectors_of(wing)
    assert words.index(f"Not evidence: {sectors} of {sectors} sectors are unmeasured") < words.index(
        "blocked at evidence grade (95 %)"
    )


def test_rules_of_ones_own_are_named_in_words_and_object(wing, layout, tmp_path):
    """With 6 dB less needed on LTE and nothing gained by searching no count is smaller."""
    text = load_rules().text
    for before, after in (
        ("LTE = { value = 6.0", "LTE = { value = 0.0"),
        ("search_gain_db = { value = 5.0", "search_gain_db = { value = 0.0"),
    ):
        assert before in text
        text = text.replace(before, after, 1)
    (tmp_path / "ours.toml").write_text(text, "utf-8")
    ours = as_json(wing, "--layout", layout, "--rules", tmp_path / "ours.toml")
    plain = as_json(wing, "--layout", layout)
    assert (plain["rules"]["name"], ours["rules"]["name"]) == ("default", "ours.toml")
    assert plain["rules"]["fingerprint"] != ours["rules"]["fingerprint"]
    assert plain["manifest"]["inputs"]["rules"].startswith(plain["rules"]["fingerprint"])
    levels = [(plain["silent_at"][level], ours["silent_at"][level]) for level in plain["silent_at"]]
    assert all(looser >= strict for strict, looser in levels)
    words = run("evaluate", wing, "--layout", layout, "--rules", tmp_path / "ours.toml").stdout
    assert f"Judged by the rules ours.toml ({ours['rules']['fingerprint']})." in words


@pytest.mark.parametrize(
    ("before", "after", "key", "fix"),
    [
        ('body_loss_db = { value = 3.0', 'body_lost_db = { value = 3.0', "phone.body_loss_db: is missing", "give it"),
        ("GSM = { value = 3.0", "GSM = { value = -3.0", "grades.planning.js_deny_db.GSM: is -3", "0 to 100 dB"),
        ('tier = { value = "service"', 'tier = { value = "servce"', "grades.planning.tier", "did you mean 'service'"),
        ("may_fail = { value = 0.05", "may_fail = { value = 1.05", "tiers.strict.may_fail: is 1.05", "from 0 to 1"),
        ("outside_share = { value = 0.90", "outside_share = { value = 1.2", "grades.planning.outside_share", "0.999"),
    ],
    ids=["a key is missing", "a margin is negative", "a tier is unknown", "a share is above 1", "of worlds too"],
)  # fmt: skip
@pytest.mark.parametrize("command", ["evaluate", "optimise", "leakage"])
def test_a_wrong_rules_file_is_one_line_with_file_key_and_fix_and_exit_2(command, before, after, key, fix, tmp_path):
    text = load_rules().text
    assert before in text
    (tmp_path / "ours.toml").write_text(text.replace(before, after, 1), "utf-8")
    ran = run(command, "houseblock", "--rules", tmp_path / "ours.toml")
    assert ran.exit_code == 2
    assert ran.stdout == ""
    assert "Traceback" not in ran.stderr
    lines = [line for line in ran.stderr.removeprefix("error: ").splitlines() if key in line]
    assert len(lines) == 1, ran.stderr
    assert lines[0].startswith(f"ours.toml: {key}")
    assert fix in lines[0]
    (tmp_path / "scenario.toml").write_text('rules = "ours.toml"\n', "utf-8")
    beside = run(command, "houseblock", "--scenario", tmp_path / "scenario.toml")
    assert (beside.exit_code, beside.stderr) == (2, ran.stderr)


def test_the_words_open_with_what_no_blocker_ends(wing, layout):
    ran = run("evaluate", wing, "--layout", layout)
    assert ran.exit_code == 0, ran.stderr
    assert ran.stdout.startswith("Not addressed by any cellular blocker:")
    assert ran.stdout.index("satellite") < ran.stdout.index("blocked at planning grade (90 %)")
    assert "rooms are blocked at the same time in 95 % of simulations" in ran.stdout.replace("room is", "rooms are")
    sectors = sectors_of(wing)
    assert f"Measure first: {sectors} of {sectors} sectors are not measured." in ran.stdout
    assert "Spill over the fence at planning grade, service limit:" in ran.stdout
    assert "Spill over the fence at evidence grade, standard limit:" in ran.stdout
    assert "protected" not in ran.stdout.lower().replace("protected service", "")
    assert f"note: {WAYS_NOTE}" in ran.stderr


def test_a_room_is_explained_by_a_budget_that_adds_up(wing, layout):
    room = next(room.id for room in load_site(wing).rooms if room.role == "silence")
    ran = run("evaluate", wing, "--layout", layout, "--explain", room)
    assert ran.exit_code == 0, ran.stderr
    assert f"{room}: " in ran.stdout
    assert "margin of the medians [dB]" in ran.stdout
    assert 0 < ran.stdout.count("Link budget: ") <= MOST_BUDGETS
    found = as_json(wing, "--layout", layout, "--explain", room)
    assert list(found) == [*KEYS[:-1], "contrast", "manifest", "explain"]  # the room is a hole
    assert [one["room"] for one in found["contrast"]] == [room]
    budgets = found["explain"]["budgets"]
    assert {budget["channel"] for budget in budgets} == set(load_site(wing).channels[:2])
    for budget in budgets:
        lost_db = budget["path_loss_db"] + sum(one["loss_db"] for one in budget["crossed"]) - budget["floor_cap_db"]
        straight_dbm = budget["eirp_dbm"] + budget["pattern_db"] - lost_db + budget["calibration_db"]
        assert budget["straight_dbm"] == pytest.approx(straight_dbm)
        both_dbm = straight_dbm
        if budget["detour"]:
            detour = budget["detour"]
            legs_db = sum(leg["elements_db"] - leg["guided_db"] for leg in detour["legs"])
            bends_db = sum(bend["loss_db"] for bend in detour["bends"])
            assert detour["loss_db"] == pytest.approx(detour["longer_db"] + legs_db + bends_db)
            free_dbm = budget["eirp_dbm"] + budget["pattern_db"] - budget["path_loss_db"] + budget["calibration_db"]
            assert budget["detour_dbm"] == pytest.approx(free_dbm - detour["loss_db"])
            both_dbm = float(add_powers_db(straight_dbm, budget["detour_dbm"]))
        if budget["scattered_by"]:
            assert budget["rsrp_dbm"] > both_dbm - 0.1
        else:
            assert budget["rsrp_dbm"] == pytest.approx(both_dbm, abs=0.1)
    assert any(budget["detour"] for budget in budgets)
    assert any(budget["scattered_by"] for budget in budgets)
    assert any(one["construction"] for budget in budgets for one in budget["crossed"])
    assert all(budget["jammed_by"][0]["device"] == "J1" for budget in budgets if budget["jammed_by"])


def test_every_line_of_a_budget_by_hand(hut):
    """A mast 604 m south of an open window at its height: RMa in sight, nothing but the open window on the way."""
    mast = Sector("m", "EE", "234-30", "B20", "LTE", 798.5, 5.0, 2.5, -604.0, 25.0, 0.0, 0.0, "omni", 58.0, "RMa")
    found = explain_room(hut(sectors=(mast,)), Scenario(), "A-01")
    window = next(one for one in found.budgets if one.point == "window")
    assert window.eirp_dbm == pytest.approx(58.0 - 10 * math.log10(12 * 25))  # 25 blocks of 12 elements
    assert window.line_of_sight
    assert window.los_probability == pytest.approx(math.exp(-(606 - 10) / 1000), abs=0.01)
    assert window.distance_m == pytest.approx(math.hypot(604.1, 25 - 1.5), abs=0.1)
    assert [(one.feature, one.construction, one.loss_db > 0) for one in window.crossed] == [("w1", "bars", True)]
    sum_dbm = window.eirp_dbm - window.path_loss_db - window.crossed[0].loss_db
    assert window.rsrp_dbm == pytest.approx(sum_dbm, abs=0.05)
    assert window.floor_dbm == -133.0  # −128 and 5 dB for searching
    assert window.need_db == 12.0  # planning grade: 6 dB to deny LTE and 6 dB for searching below 20 MHz
    # silence by the floor is nearer than silence by noise: −133 against noise (−127) less 12
    assert window.margin_db == pytest.approx(-133.0 - (window.rsrp_dbm + 3.0))
    middle = next(one for one in found.budgets if one.point == "centre" and one.xyz_m[2] == 0.3)
    assert {one.construction for one in middle.crossed} & {"brick_215", "bars"}
    assert found.nearest_to_working()[0].margin_db == min(one.margin_db for one in found.budgets)


@pytest.mark.slow
def test_a_result_folder_is_whole_and_stands_when_computed_again(wing, layout, tmp_path):
    out = tmp_path / "result"
    ran = run("evaluate", wing, "--layout", layout, "--out", out)
    assert ran.exit_code == 0, ran.stderr
    names = {path.name for path in out.iterdir()}
    assert {"summary.html", "rooms.csv", "escapes.csv", "spill.csv", "verdict.json", MANIFEST, "inputs"} <= names
    assert any(name.startswith("before-after-") for name in names)
    told = as_json(wing, "--layout", layout)
    told.pop("manifest")
    kept = json.loads((out / "verdict.json").read_text("utf-8"))
    assert kept.pop("contrast")  # what the page shows of holes, for which --json has to be asked
    assert kept == told
    checked = run("verify", out)
    assert checked.exit_code == 0, checked.stderr
    assert "computing it again gives the same" in checked.stdout
    (out / "rooms.csv").write_text("room\n", "utf-8")
    touched = run("verify", out, "--json")
    assert touched.exit_code == 2
    assert json.loads(touched.stdout)["problems"] == [
        "rooms.csv: changed since it was written; write the result anew"
    ]


def test_an_example_copied_keeps_its_layout_and_scenario(tmp_path):
    assert run("example", "copy", "houseblock", tmp_path / "mine").exit_code == 0
    names = {path.name for path in (tmp_path / "mine").iterdir()}
    assert {"scenario.toml", "layout.csv"} <= names
