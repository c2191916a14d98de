"""What a batch leaves: the numbers of the study, the same bytes whoever computed them, nothing of the machine."""

import csv
import json
import os
import shutil
from dataclasses import replace

import pyarrow.parquet as pq
import pytest

from quietwing.coverage.batch import plan_batch, run_batch
from quietwing.coverage.catalogue import catalogue_text, read_catalogue
from quietwing.coverage.errors import ScenarioError
from quietwing.coverage.report.verdict_tables import verdict_object
from quietwing.coverage.rules import load_rules
from quietwing.coverage.scenario import read_scenario
from quietwing.coverage.store import verify_result
from quietwing.coverage.study import evaluate, leakage

pytestmark = pytest.mark.usefixtures("forked_workers")


def rows(path):
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def finished(hut_folder, tmp_path_factory, forked_workers):
    """A batch of two seeds × two confidences, run by one worker."""
    folder = tmp_path_factory.mktemp("finished")
    text = f"site = '{hut_folder}'\nscenario.worlds = 100\n[set]\nseed = [1, 2]\nconfidence = [0.5, 0.95]\n"
    (folder / "sweep.toml").write_text(text, "utf-8")
    items = plan_batch(folder / "sweep.toml")
    outcome = run_batch(items, folder / "results", workers=1)
    return items, outcome, folder / "results"


def test_every_item_is_done_and_a_result_that_verifies(finished):
    items, outcome, results = finished
    assert outcome.done == tuple(item.id for item in items)
    assert (outcome.failed, outcome.skipped, outcome.exit_code) == ((), (), 0)
    for item in items:
        assert verify_result(results / "items" / item.id, evaluate) == ()


def test_the_tables_say_what_the_study_says(finished):
    items, _, results = finished
    for item, row in zip(items, rows(results / "summary.csv"), strict=True):
        verdict = evaluate(item.site, item.scenario, devices=item.devices, catalogue=item.catalogue, maps=False)
        spoken = verdict_object(verdict)
        assert (row["item"], row["seed"], row["confidence"]) == (
            item.id,
            str(item.scenario.seed),
            repr(item.scenario.confidence),
        )
        for state, count in spoken["rooms"].items():
            assert int(row[f"rooms_{state}"]) == count
        for level, count in spoken["silent_at"].items():
            assert int(row[f"silent_at_{level}"]) == count
        assert (row["grade"], row["sectors"], row["sectors_measured"]) == ("planning", str(len(verdict.sectors)), "0")
        assert row["rules"].startswith("default (")
        for grade, said in spoken["grades"].items():
            for state in ("silent", "quiet_anyway", "holes"):
                assert int(row[f"rooms_{state}_{grade}"]) == said["rooms"][state]
            assert int(row[f"together_95_{grade}"]) == said["together_95"]
            assert row[f"spill_tier_{grade}"] == said["tier"]
            assert row[f"spill_passed_{grade}"] == ("yes" if said["spill"]["passed"] else "no")
            assert row[f"spill_margin_db_{grade}"] == f"{said['spill']['worst_margin_db']:.1f}"
        assert row["c95"] == f"{spoken['c95']:.3f}"
        assert row["spill_passed"] == ("yes" if spoken["spill"]["passed"] else "no")
        assert row["spill_worst_margin_db"] == f"{spoken['spill']['worst_margin_db']:.1f}"
        assert row["status"] == "evaluated"
        mine = [each for each in rows(results / "rooms.csv") if each["item"] == item.id]
        found = {(each["room"], each["channel"]): float(each["usable_probability"]) for each in mine}
        by_room = verdict.by_room["usable_probability"]
        assert found == {
            (str(room), str(channel)): pytest.approx(float(by_room.sel(room=room, channel=channel)), abs=1e-6)
            for room in by_room["room"].values
            for channel in by_room["channel"].values
        }
        doubt = 1 - item.scenario.confidence
        assert all((each["usable"] == "yes") == (float(each["usable_probability"]) > doubt) for each in mine)


def test_parquet_and_csv_hold_the_same_and_parquet_keeps_numbers_as_numbers(finished):
    _, _, results = finished
    for name in ("summary", "rooms"):
        table, text = pq.read_table(results / f"{name}.parquet"), rows(results / f"{name}.csv")
        assert table.num_rows == len(text) > 0
        assert table.column_names == list(text[0])
        for column in table.column_names:
            for value, cell in zip(table[column].to_pylist(), [row[column] for row in text], strict=True):
                if value is None:
                    assert cell == ""
                elif isinstance(value, bool):
                    assert cell == ("yes" if value else "no")
                elif isinstance(value, int | float):
                    assert value == float(cell)
                else:
                    assert value == cell
    summary = pq.read_table(results / "summary.parquet")
    kinds = {name: str(summary.schema.field(name).type) for name in ("seed", "confidence", "c95", "spill_passed")}
    assert kinds == {"seed": "int64", "confidence": "double", "c95": "double", "spill_passed": "bool"}
    assert not summary.schema.metadata


def test_nothing_of_machine_or_process_is_in_the_results_and_no_temporary_is_left(finished, tools):
    _, _, results = finished
    assert sorted(path.name for path in results.iterdir()) == [
        "batch.json", "items", "manifest.json", "rooms.csv", "rooms.parquet", "summary.csv", "summary.parquet",
    ]  # fmt: skip
    for name, content in tools.contents(results).items():
        for trace in (str(results.parent), os.uname().nodename, os.environ.get("HOME", "/root")):
            assert trace.encode() not in content, name


def test_two_workers_give_the_same_bytes(finished, tools, tmp_path):
    items, _, results = finished
    run_batch(items, tmp_path / "two", workers=2)
    assert tools.contents(tmp_path / "two") == tools.contents(results)


def test_what_is_done_is_not_computed_again(finished, odd, tmp_path, tools):
    items, _, results = finished
    before = tools.contents(results)
    again = run_batch(items, results, workers=2, task=odd.must_not_run)
    assert again.skipped == tuple(item.id for item in items)
    assert again.done == ()
    assert not (tmp_path / "flag").exists()
    assert tools.contents(results) == before


def test_the_index_names_the_items_in_order_with_what_was_swept(finished):
    items, _, results = finished
    index = json.loads((results / "batch.json").read_text("utf-8"))
    assert [each["id"] for each in index["items"]] == [item.id for item in items]
    assert index["items"][1]["keys"] == {"seed": 1, "confidence": 0.95}
    assert {each["state"] for each in index["items"]} == {"done"}


def test_a_grade_is_swept_like_any_key_and_both_rows_hold_the_same_of_each_grade(sweep, tmp_path):
    items = plan_batch(sweep("scenario.worlds = 100"), sets=("grade=planning,evidence",))
    run_batch(items, tmp_path / "results")
    first, second = rows(tmp_path / "results" / "summary.csv")
    assert [(row["key_grade"], row["grade"]) for row in (first, second)] == [("planning",) * 2, ("evidence",) * 2]
    of_grades = [name for name in first if name.endswith(("_planning", "_evidence"))]
    assert len(of_grades) == 14
    assert [first[name] for name in of_grades] == [second[name] for name in of_grades]
    for row in (first, second):
        assert row["rooms_silent"] == row[f"rooms_silent_{row['grade']}"]
        assert row["spill_worst_margin_db"] == row[f"spill_margin_db_{row['grade']}"]


def test_a_layout_of_quotes_has_no_illustrative_price(sweep, hut_folder, tmp_path):
    quoted = tmp_path / "quoted"
    shutil.copytree(hut_folder, quoted)
    models = read_catalogue()
    quote = replace(models["room_jammer"], illustrative=False, price_date="2026-11-01", price_source="quote 7")
    (quoted / "catalogue.csv").write_text(catalogue_text(models | {quote.name: quote}), "utf-8")
    run_batch(plan_batch(sweep("scenario.worlds = 100"), sites=[str(hut_folder), str(quoted)]), tmp_path / "results")
    said = [row["illustrative"] for row in rows(tmp_path / "results" / "summary.csv")]
    prices = int(said[0].split(" ")[0])
    assert prices > 0
    assert said == [f"{prices} of {prices} prices", f"0 of {prices} prices"]
    assert pq.read_table(tmp_path / "results" / "summary.parquet")["illustrative"].to_pylist() == said


def test_a_rules_file_lies_beside_the_sweep_and_is_kept_with_every_item(sweep, tmp_path):
    text = load_rules().text.replace("confidence = { value = 0.90,", "confidence = { value = 0.85,")
    source = sweep("mode = 'leakage'\nscenario.rules = 'ours.toml'")
    (source.parent / "ours.toml").write_text(text, "utf-8")
    (item,) = plan_batch(source)
    assert item.scenario.rules.name == "ours.toml"
    assert item.scenario.asked.confidence == 0.85
    run_batch((item,), tmp_path / "results")
    kept = tmp_path / "results" / "items" / item.id / "inputs"
    assert read_scenario(kept / "scenario.toml") == item.scenario
    (row,) = rows(tmp_path / "results" / "summary.csv")
    assert row["rules"].startswith("ours.toml (")


def test_a_rules_file_in_a_folder_of_scenarios_is_no_scenario(hut_folder, tmp_path):
    folder = tmp_path / "asked"
    folder.mkdir()
    (folder / "a.toml").write_text('rules = "ours.toml"\n', "utf-8")
    (folder / "b.toml").write_text('grade = "evidence"\n', "utf-8")
    (folder / "ours.toml").write_text(load_rules().text, "utf-8")
    items = plan_batch(folder, sites=(str(hut_folder),))
    assert [dict(item.keys)["scenario"] for item in items] == ["a.toml", "b.toml"]
    assert [item.scenario.rules.name for item in items] == ["ours.toml", ""]


def test_leakage_items_hold_the_levels_and_count_holes_as_the_study_does(sweep, tmp_path):
    items = plan_batch(sweep("mode = 'leakage'\nset.confidence = [0.5, 0.95]"))
    run_batch(items, tmp_path / "results")
    for item, row in zip(items, rows(tmp_path / "results" / "summary.csv"), strict=True):
        found = leakage(item.site, item.scenario, maps=False)
        works = int(found.by_room["usable"].values.any(axis=0).sum())
        assert int(row["rooms_holes"]) == works == 1
        assert int(row["rooms_silent"]) == 0
        assert row["together_95"] == ""
        levels = rows(tmp_path / "results" / "items" / item.id / "leakage.csv")
        mine = [each for each in rows(tmp_path / "results" / "rooms.csv") if each["item"] == item.id]
        assert [(each["channel"], each["usable"]) for each in levels] == [
            (each["channel"], each["usable"]) for each in mine
        ]
        assert {each["usable_probability"] for each in mine} == {""}


def test_equal_questions_are_answered_once_and_have_a_row_each(sweep, tmp_path, hut_folder):
    folder = tmp_path / "questions"
    folder.mkdir()
    for name in ("a.toml", "b.toml"):
        (folder / name).write_text("worlds = 100\n")
    items = plan_batch(folder, sites=[str(hut_folder)])
    outcome = run_batch(items, tmp_path / "results")
    assert len(outcome.done) == 1
    found = rows(tmp_path / "results" / "summary.csv")
    assert [row["scenario"] for row in found] == ["a.toml", "b.toml"]
    assert len({row["item"] for row in found}) == 1
    assert len(rows(tmp_path / "results" / "rooms.csv")) == 2  # one room, two channels, once


def test_a_changed_input_is_another_item_and_the_others_are_kept(sweep, tmp_path):
    first = plan_batch(sweep("scenario.worlds = 100\nset.seed = [1, 2]"))
    run_batch(first, tmp_path / "results")
    second = plan_batch(sweep("scenario.worlds = 100\nset.seed = [2, 7]"))
    outcome = run_batch(second, tmp_path / "results")
    assert outcome.skipped == (first[1].id,)
    assert outcome.done == (second[1].id,)
    assert [row["seed"] for row in rows(tmp_path / "results" / "summary.csv")] == ["2", "7"]
    assert (tmp_path / "results" / "items" / first[0].id / "item.json").is_file()


def test_a_changed_site_file_or_layout_changes_every_id(sweep, hut_folder, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(hut_folder, copy)
    before = plan_batch(sweep("set.seed = [1, 2]"), sites=[str(copy)])
    masts = (copy / "masts.csv").read_text("utf-8")
    (copy / "masts.csv").write_text(masts.replace(",25,", ",26,", 1), "utf-8")
    assert (copy / "masts.csv").read_text("utf-8") != masts
    after = plan_batch(sweep("set.seed = [1, 2]"), sites=[str(copy)])
    assert not {item.id for item in before} & {item.id for item in after}
    (copy / "masts.csv").write_text(masts, "utf-8")
    assert [item.id for item in plan_batch(sweep("set.seed = [1, 2]"), sites=[str(copy)])] == [
        item.id for item in before
    ]
    (copy / "layout.csv").unlink()
    assert plan_batch(sweep("set.seed = [1, 2]"), sites=[str(copy)])[0].id != before[0].id
    assert plan_batch(sweep("set.seed = [1, 2]"), sites=[str(hut_folder)])[0].id == before[0].id


def test_a_swept_name_a_spreadsheet_would_run_stays_text(tmp_path, hut_folder, four_seeds):
    items = [replace(four_seeds[0], keys=(("scenario", "=cmd|x"), ("site", "hut")))]
    run_batch(items, tmp_path / "results")
    (row,) = rows(tmp_path / "results" / "summary.csv")
    assert row["scenario"] == "'=cmd|x"
    assert (row["key_site"], row["site"]) == ("hut", "hut")
    assert pq.read_table(tmp_path / "results" / "summary.parquet")["scenario"].to_pylist() == ["=cmd|x"]


@pytest.mark.parametrize(("options", "said"), [({"workers": 0}, "workers is 0"), ({"item_timeout_s": 0}, "above 0")])
def test_numbers_out_of_range_are_refused_before_anything_is_made(four_seeds, tmp_path, options, said):
    with pytest.raises(ScenarioError, match=said):
        run_batch(four_seeds, tmp_path / "results", **options)
    with pytest.raises(ScenarioError, match="no items"):
        run_batch((), tmp_path / "results")
    assert not (tmp_path / "results").exists()
