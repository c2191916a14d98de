"""A result kept: the same bytes from the same verdict, no trace of where or when, and every change is found."""

import hashlib
import json
import os
import re
from dataclasses import replace
from types import SimpleNamespace

import pytest

from quietwing.coverage import result_folder, store
from quietwing.coverage.catalogue import read_catalogue
from quietwing.coverage.equipment import Device, Treatment
from quietwing.coverage.errors import QuietwingError, ScenarioError
from quietwing.coverage.report import VERDICT_TABLES
from quietwing.coverage.result_folder import VERDICT_FILES
from quietwing.coverage.rules import load_rules, parse_rules
from quietwing.coverage.scenario import Scenario, TreatmentWish, read_scenario
from quietwing.coverage.store import (
    MANIFEST,
    describe,
    read_manifest,
    result_object,
    scenario_text,
    verify_result,
    write_result,
)
from quietwing.coverage.study import evaluate
from quietwing.sites.synthetic import build_wing
from quietwing.sites.synthetic import describe as describe_wing

CATALOGUE = read_catalogue()


@pytest.fixture(scope="module")
def verdict():
    site = build_wing(describe_wing("options", type="wing", wings=1, cells=4, storeys=1, area="urban"))
    jammer = next(model for model in CATALOGUE.values() if model.kind == "jammer")
    west, south, east, north = site.buildings[0].outline.bounds
    device = Device("J1", jammer.name, round((west + east) / 2, 3), round((south + north) / 2, 3), 2.2)
    channels = site.channels[:2]
    return evaluate(site, Scenario(worlds=100, channels=channels), devices=(device,), catalogue=CATALOGUE, maps=False)


@pytest.fixture
def result(verdict, tmp_path):
    write_result(verdict, tmp_path / "result", catalogue=CATALOGUE)
    return tmp_path / "result"


def contents(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_result_stands_when_computed_again(result):
    assert verify_result(result, evaluate) == ()


def test_equal_verdicts_give_equal_bytes_and_name_no_time_or_place(verdict, result, tmp_path):
    write_result(verdict, tmp_path / "again", catalogue=CATALOGUE)
    assert contents(result) == contents(tmp_path / "again")
    text = (result / MANIFEST).read_text("utf-8")
    for trace in (str(tmp_path), os.uname().nodename, "time", "date", "duration"):
        assert trace not in text.replace("price_date", "")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["again", "result"]


def test_the_manifest_holds_the_hash_of_every_file_and_what_was_used(verdict, result):
    manifest = read_manifest(result)
    files = contents(result)
    files.pop(MANIFEST)
    assert manifest["files"] == {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    assert manifest["seed"] == verdict.scenario.seed
    assert set(manifest["inputs"]) == {"site", "scenario", "rules", "layout", "catalogue"}
    assert set(manifest["versions"]) == {"quietwing", "code", "numpy", "numba"}
    assert {key: manifest[key] for key in describe(verdict, CATALOGUE)} == describe(verdict, CATALOGUE)


@pytest.mark.parametrize(
    "name", ["rooms.csv", "verdict.json", "layout.csv", "inputs/scenario.toml", "inputs/site/walls.geojson"]
)
def test_a_changed_or_missing_file_is_named(result, name):
    content = (result / name).read_bytes()
    (result / name).write_bytes(content + b"\n")
    assert verify_result(result, evaluate) == (f"{name}: changed since it was written; write the result anew",)
    (result / name).unlink()
    assert verify_result(result, evaluate) == (f"{name}: missing; write the result anew",)


@pytest.mark.parametrize(
    ("limit", "told"),
    [
        ("MOST_FILE_BYTES", r"verdict\.json: has [\d,]+ bytes \(limit 10\); write the result anew"),
        ("MOST_JSON_PARTS", r"verdict\.json: holds about [\d,]+ values \(limit 10\); write the result anew"),
    ],
)
def test_a_file_of_more_than_a_result_has_is_not_read(result, monkeypatch, limit, told):
    monkeypatch.setattr(result_folder, limit, 10)
    problems = verify_result(result, lambda *_what, **_further: pytest.fail("nothing is computed"))
    assert sum(bool(re.fullmatch(told, problem)) for problem in problems) == 1
    assert len(problems) == (1 if limit == "MOST_JSON_PARTS" else len(read_manifest(result)["files"]))


def test_a_contrast_budget_of_no_room_of_the_site_is_named_with_its_file(result, monkeypatch):
    monkeypatch.setattr(store, "read_budgets", lambda _folder: (SimpleNamespace(room="nowhere"),))
    (problem,) = verify_result(result, evaluate)
    assert problem.startswith("verdict.json: contrast: no room 'nowhere' to be blocked on this site; give")


def test_a_file_slipped_into_the_inputs_is_found(result):
    (result / "inputs" / "site" / "outside_levels.csv").write_text("channel,x,y,height_m,rsrp_dbm,date\n")
    assert verify_result(result, evaluate) == ("inputs/site/outside_levels.csv: not of this result; remove it",)


def test_a_verdict_touched_up_with_its_manifest_is_still_found(result):
    text = (result / "rooms.csv").read_text("utf-8").replace(",hole,no,", ",silent,yes,", 1)
    assert text != (result / "rooms.csv").read_text("utf-8")
    (result / "rooms.csv").write_text(text, "utf-8", newline="\n")
    manifest = json.loads((result / MANIFEST).read_text("utf-8"))
    manifest["files"]["rooms.csv"] = hashlib.sha256(text.encode()).hexdigest()
    (result / MANIFEST).write_text(json.dumps(manifest), "utf-8")
    (problem,) = verify_result(result, evaluate)
    assert problem.startswith("rooms.csv: computed again it differs: line ")


def test_another_engine_is_named_where_figures_differ(result, verdict, request):
    manifest = json.loads((result / MANIFEST).read_text("utf-8"))
    manifest["versions"]["numpy"] = "1.0"
    (result / MANIFEST).write_text(json.dumps(manifest), "utf-8")
    assert verify_result(result, evaluate) == ()

    def other(*_args, **_options):
        asked, *others = verdict.grades
        return replace(verdict, grades=(replace(asked, together=asked.together + 1), *others))

    problems = verify_result(result, other)
    assert problems[0].startswith("verdict.json: computed again it differs")
    assert "numpy 1.0" in problems[-1]
    request.getfixturevalue("other_physics")
    assert verify_result(result, lambda *_asked, **_further: verdict) == ()
    said = verify_result(result, other)[-1]
    assert said.startswith("versions: made by other code of quietwing (")
    assert said.endswith("where figures differ the code may be why")


@pytest.mark.parametrize("number", [0, 1])
def test_both_grades_are_computed_again_and_compared(result, verdict, number):
    """A result that was touched up at the grade not asked for does not stand either."""
    grades = list(verdict.grades)
    grades[number] = replace(grades[number], together=grades[number].together + 1)
    problems = verify_result(result, lambda *_a, **_k: replace(verdict, grades=tuple(grades)))
    assert problems[0].startswith("verdict.json: computed again it differs")


def test_rules_of_ones_own_are_kept_beside_the_scenario_and_named_by_the_manifest(verdict, tmp_path):
    text = load_rules().text.replace("confidence = { value = 0.90,", "confidence = { value = 0.85,")
    scenario = replace(verdict.scenario, rules=parse_rules(text, "ours.toml"))
    mine = evaluate(verdict.site, scenario, devices=verdict.devices, catalogue=CATALOGUE, maps=False)
    folder = tmp_path / "result"
    write_result(mine, folder, catalogue=CATALOGUE)
    assert (folder / "inputs" / "rules.toml").read_text("utf-8") == text
    manifest = read_manifest(folder)
    assert manifest["inputs"]["rules"] != describe(verdict, CATALOGUE)["inputs"]["rules"]
    assert verify_result(folder, evaluate) == ()
    manifest["inputs"]["rules"] = "0" * 64
    (folder / MANIFEST).write_text(json.dumps(manifest), "utf-8")
    assert verify_result(folder, evaluate) == (
        "inputs: rules is not the one the manifest names; write the result anew",
    )


def test_an_input_that_is_not_the_manifests_own_is_refused_before_computing(result):
    manifest = json.loads((result / MANIFEST).read_text("utf-8"))
    manifest["inputs"]["layout"] = "0" * 64
    (result / MANIFEST).write_text(json.dumps(manifest), "utf-8")
    assert verify_result(result, lambda *_a, **_k: 1 / 0) == (
        "inputs: layout is not the one the manifest names; write the result anew",
    )


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", "null", '{"format": 2}', "[" * 100_000,
     '{"format": 1, "inputs": {}, "files": {"../../etc/passwd": ""}, "versions": {}, "site_notes": [], "seed": 1}',
     '{"format": 1, "inputs": {}, "files": {"/etc/passwd": ""}, "versions": {}, "site_notes": [], "seed": 1}',
     '{"format": 1, "inputs": {}, "files": {"' + "x" * 5000 + '": ""}, "versions": {}, "site_notes": [], "seed": 1}'],
)  # fmt: skip
def test_a_folder_that_holds_no_result_says_so(tmp_path, text):
    with pytest.raises(ScenarioError, match=r"no manifest\.json"):
        read_manifest(tmp_path)
    (tmp_path / MANIFEST).write_text(text, "utf-8")
    with pytest.raises(ScenarioError, match="write the result anew"):
        read_manifest(tmp_path)


@pytest.mark.parametrize("stream", [-1, 10**6, 10**30, True, 0.0, "0", None])
def test_a_stream_that_no_run_has_names_the_manifest(result, stream):
    manifest = json.loads((result / MANIFEST).read_text("utf-8"))
    (result / MANIFEST).write_text(json.dumps(manifest | {"stream": stream}), "utf-8")
    with pytest.raises(ScenarioError, match=r"manifest\.json is no manifest of this version \(stream missing, or no"):
        read_manifest(result)


def test_the_object_kept_holds_the_cost_and_whether_it_is_within_the_budget(verdict, result):
    found = json.loads((result / "verdict.json").read_text("utf-8"))
    assert found == result_object(verdict, CATALOGUE)
    jammer = CATALOGUE[verdict.devices[0].model]
    cost = found["cost"]
    assert list(cost) == ["capex_gbp", "opex_gbp_per_year", "whole_life_gbp", "npv_gbp", "illustrative"]
    assert cost["capex_gbp"] > jammer.unit_price_gbp + 1.4 * jammer.install_gbp  # cable comes on top
    assert cost["opex_gbp_per_year"] == jammer.opex_gbp_per_year
    assert cost["capex_gbp"] + 8 * cost["opex_gbp_per_year"] < cost["whole_life_gbp"]  # a refresh within 8 years
    assert cost["npv_gbp"] < cost["whole_life_gbp"]
    assert cost["illustrative"] == "4 of 4 prices"
    assert found["notes"][: len(verdict.notes)] == list(verdict.notes)
    assert "4 of 4 prices are illustrative; replace them by quotes" in found["notes"]
    assert (found["budget_gbp"], found["over_budget"]) == (None, None)


@pytest.mark.parametrize(("share", "over"), [(1, False), (0.99, True)])
@pytest.mark.parametrize("basis", ["capex", "whole_life"])
def test_a_budget_is_compared_with_the_cost_it_limits(verdict, basis, share, over):
    limit = round(share * result_object(verdict, CATALOGUE)["cost"][f"{basis}_gbp"], 2)
    asked = replace(verdict, scenario=replace(verdict.scenario, budget_gbp=limit, budget_basis=basis))
    found = result_object(asked, CATALOGUE)
    assert (found["budget_gbp"], found["over_budget"]) == (limit, over)


def test_meshes_of_the_scenario_are_paid_for(verdict):
    window = verdict.site.openings[0].id
    meshed = replace(verdict, treatments=(Treatment(window, "window_mesh"),))
    before, after = (result_object(one, CATALOGUE)["cost"]["capex_gbp"] for one in (verdict, meshed))
    mesh = CATALOGUE["window_mesh"]
    assert after - before == pytest.approx(mesh.unit_price_gbp + 1.4 * mesh.install_gbp)


def test_a_result_is_replaced_whole_and_what_lies_beside_it_stays(verdict, result):
    (result / "mine.txt").write_text("kept")
    write_result(verdict, result, catalogue=CATALOGUE, further={"inputs/site/stale.geojson": "{}", "more.json": ""})
    assert (result / "inputs" / "site" / "stale.geojson").exists()
    other = replace(verdict, notes=("another note",))
    write_result(other, result, catalogue=CATALOGUE)
    assert (result / "mine.txt").read_text() == "kept"
    assert not (result / "inputs" / "site" / "stale.geojson").exists()
    assert not (result / "more.json").exists()
    assert "another note" in (result / "verdict.json").read_text("utf-8")
    assert verify_result(result, lambda *_a, **_k: other) == ()


def test_a_file_of_the_users_among_the_inputs_stops_the_result(verdict, result):
    (result / "inputs" / "site" / "mine.geojson").write_text("{}")
    before = contents(result)
    with pytest.raises(QuietwingError, match=r"because of inputs/site/mine\.geojson: "):
        write_result(replace(verdict, notes=("another note",)), result, catalogue=CATALOGUE)
    assert contents(result) == before


def pages(workshop):
    (workshop / "summary.html").write_text("11 of 12 cells")
    (workshop / "map-01.png").write_bytes(b"picture")
    return ["summary.html", "map-01.png"]


@pytest.mark.parametrize("name", ["summary.html", "map-01.png"])
def test_pages_and_pictures_are_part_of_the_result(verdict, tmp_path, name):
    written = write_result(verdict, tmp_path / "out", catalogue=CATALOGUE, pages=pages)
    assert [path.name for path in written] == ["summary.html", "map-01.png", MANIFEST]
    assert verify_result(tmp_path / "out", lambda *_a, **_k: verdict) == ()
    (tmp_path / "out" / name).write_bytes(b"12 of 12 cells")
    assert verify_result(tmp_path / "out", lambda *_a, **_k: 1 / 0) == (
        f"{name}: changed since it was written; write the result anew",
    )


@pytest.mark.parametrize("name", ["summary.html", "Summary-2.HTML", "map-02.png", "plan/bill.csv", "plan.json"])
def test_a_page_a_picture_or_a_table_that_no_manifest_names_is_found(verdict, result, name):
    (result / name).parent.mkdir(exist_ok=True)
    (result / name).write_text("12 of 12 cells")
    (result / "minutes.docx").write_text("of a meeting")  # whoever reads it takes it for no part of the result
    (problem,) = verify_result(result, evaluate)
    assert problem == f"{name}: not in the manifest, so nothing is known of it; take it out of the folder"


def test_a_link_in_the_place_of_a_file_is_not_what_was_written(result, tmp_path):
    (result / "rooms.csv").rename(tmp_path / "rooms.csv")
    (result / "rooms.csv").symlink_to(tmp_path / "rooms.csv")
    assert verify_result(result, evaluate) == ("rooms.csv: a link in its place; write the result anew",)


def test_files_that_every_verdict_has_are_named_ahead(result):
    assert set(VERDICT_FILES) <= set(contents(result))


def test_a_layout_that_cannot_be_priced_leaves_nothing_and_draws_nothing(verdict, tmp_path):
    name = verdict.devices[0].model
    short = CATALOGUE | {name: replace(CATALOGUE[name], technology_life_years=0.001)}
    with pytest.raises(ScenarioError, match=rf"^catalogue\.csv: {name}: technology_life_years is 0\.001 "):
        write_result(verdict, tmp_path / "a" / "out", catalogue=short, pages=lambda _: 1 / 0)
    assert list(tmp_path.iterdir()) == []


def test_a_table_that_a_page_made_is_not_made_again(verdict, tmp_path):
    def page(folder):
        (folder / "rooms.csv").write_text("as the page made it", encoding="utf-8")
        return ["rooms.csv"]

    write_result(verdict, tmp_path / "result", catalogue=CATALOGUE, pages=page)
    assert (tmp_path / "result" / "rooms.csv").read_text("utf-8") == "as the page made it"
    assert "spill.csv" in read_manifest(tmp_path / "result")["files"]


def test_a_broken_write_leaves_no_half_result(verdict, tmp_path, monkeypatch):
    monkeypatch.setitem(VERDICT_TABLES, "rooms.csv", lambda _: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        write_result(verdict, tmp_path / "result", catalogue=CATALOGUE)
    assert list(tmp_path.iterdir()) == []


def test_a_write_that_breaks_over_an_old_result_leaves_nothing_that_passes_for_one(verdict, result, monkeypatch):
    real = os.replace

    def breaks(source, target):
        if str(target).endswith("rooms.csv"):
            raise OSError(28, "No space left on device")
        return real(source, target)

    with monkeypatch.context() as patched:
        patched.setattr("quietwing.coverage.result_folder.os.replace", breaks)
        with pytest.raises(OSError, match="No space"):
            write_result(verdict, result, catalogue=CATALOGUE)
    with pytest.raises(ScenarioError, match=r"no manifest\.json.*interrupted: run the command that wrote it again"):
        read_manifest(result)
    write_result(verdict, result, catalogue=CATALOGUE)
    assert verify_result(result, lambda *_a, **_k: verdict) == ()


def test_a_scenario_written_is_the_scenario_read(tmp_path):
    scenario = Scenario(
        grade="evidence",
        confidence=0.9,
        grid_m=0.25,
        channels=("EE/B20/LTE", 'a"b\\c\nd\x7fé😀'),
        seed=2**62,
        worlds=500,
        search_margin=False,
        spill_tier="strict",
        treatments=(TreatmentWish("mesh_12", ("A1-*", "B")), TreatmentWish("film", ())),
        budget_gbp=250_000.5,
        budget_basis="whole_life",
        objective="least_cost",
        target_rooms=12,
        equipment=("mas_node", "micro_jammer"),
        treat_with=("none",),
        horizon_years=10,
        discount_rate=1e-05,
        live_prison_multiplier=1.5,
        comms_room='core"1',
        spacing_m=3.5,
        effort="thorough",
    )
    (tmp_path / "scenario.toml").write_text(scenario_text(scenario), "utf-8")
    assert read_scenario(tmp_path / "scenario.toml") == scenario
    (tmp_path / "scenario.toml").write_text(scenario_text(Scenario()), "utf-8")
    assert read_scenario(tmp_path / "scenario.toml") == read_scenario(None) == Scenario()
