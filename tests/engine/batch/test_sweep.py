"""From what is asked to the items of a batch: the grid in the order given, and every problem of it told at once."""

from __future__ import annotations

import itertools
import re
import time
from pathlib import Path

import pytest
from by_path import module_at

from quietwing.coverage.batch import plan_batch
from quietwing.coverage.batch import sweep as batch_sweep
from quietwing.coverage.batch.set_option import parse_set
from quietwing.coverage.errors import ScenarioError
from quietwing.coverage.scenario import TreatmentWish, read_scenario

ROWS = module_at("tests/places/bad_sweeps.py").ROWS


def test_the_grid_comes_in_the_order_given_the_last_key_fastest(sweep):
    items = plan_batch(sweep("scenario.worlds = 100\n[set]\nseed = [3, 1]\nconfidence = [0.9, 0.5, 0.8]"))
    asked = [(item.scenario.seed, item.scenario.confidence) for item in items]
    assert asked == list(itertools.product([3, 1], [0.9, 0.5, 0.8]))
    assert [dict(item.keys) for item in items] == [{"seed": seed, "confidence": q} for seed, q in asked]
    assert {item.scenario.worlds for item in items} == {100}
    assert len({item.id for item in items}) == 6
    assert all(re.fullmatch("[0-9a-f]{16}", item.id) for item in items)


def test_more_sites_than_can_be_read_first_are_refused_before_any_is(sweep, monkeypatch):
    monkeypatch.setattr(batch_sweep, "load_site", None)
    names = ", ".join(f'"{number}"' for number in range(100_000))
    path = sweep("")
    path.write_text(f"sites = [{names}]")
    with pytest.raises(ScenarioError, match=r"^sweep\.toml: names 100,000 sites \(limit 1,000\); split the batch$"):
        plan_batch(path)


@pytest.mark.parametrize("where", ["sweep.toml", "long.toml", "own/scenario.toml"])
def test_a_long_scenario_times_thousands_of_items_is_refused_before_any_is_made(tmp_path, monkeypatch, where):
    """20,000 names are some 200 kB, of which 64 MiB hold some 250."""
    monkeypatch.setattr(batch_sweep, "load_site", None)
    (tmp_path / "own").mkdir()
    (tmp_path / "sweep.toml").write_text(
        f"site = 'own'\nset.seed = {list(range(2000))}\n" + "scenario = 'long.toml'\n" * (where == "long.toml")
    )
    with open(tmp_path / where, "a") as file:
        file.write("[scenario]\n" * (where == "sweep.toml"))
        file.write(f"equipment = [{', '.join(map(repr, (f'name-{number}' for number in range(20_000))))}]\n")
    told = r"^sweep\.toml: asks for 2,000 items whose scenarios have \d{3},\d{3},\d{3} characters"
    with pytest.raises(ScenarioError, match=told):
        plan_batch(tmp_path / "sweep.toml")


def test_without_a_grid_there_is_one_item(sweep):
    (item,) = plan_batch(sweep(""))
    assert (item.mode, item.keys) == ("evaluate", ())
    assert [device.id for device in item.devices] == ["J1"]  # the site's own layout


def test_an_option_replaces_a_key_in_its_place_or_adds_one(sweep):
    path = sweep("[set]\nseed = [1, 2]\nconfidence = [0.9]")
    items = plan_batch(path, sets=["seed=7,8", "spill_tier=strict, standard"])
    assert [[value for _, value in item.keys] for item in items] == [
        [7, 0.9, "strict"], [7, 0.9, "standard"], [8, 0.9, "strict"], [8, 0.9, "standard"],
    ]  # fmt: skip
    assert [name for name, _ in items[0].keys] == ["seed", "confidence", "spill_tier"]


def test_values_of_an_option_are_toml_and_commas_within_brackets_and_quotes_are_part_of_them():
    assert parse_set("seed=1,2 , 3") == ("seed", [1, 2, 3])
    assert parse_set("confidence=0.5,1e-1") == ("confidence", [0.5, 0.1])
    assert parse_set("search_margin=true,false") == ("search_margin", [True, False])
    assert parse_set("spill_tier=strict,'standard',\"a,b\"") == ("spill_tier", ["strict", "standard", "a,b"])
    assert parse_set('channels=[],["EE/B20/LTE", "O2/B8/GSM"]') == ("channels", [[], ["EE/B20/LTE", "O2/B8/GSM"]])
    assert parse_set('treatments=[{model="m", rooms=["A,*"]}]') == (
        "treatments",
        [[{"model": "m", "rooms": ["A,*"]}]],
    )
    assert parse_set('x="a\\",b",c') == ("x", ['a",b', "c"])


def test_lists_and_tables_can_be_swept(sweep):
    wish = "[{model = 'window_mesh', rooms = ['A-*']}]"
    items = plan_batch(sweep(f"[set]\nchannels = [[], ['EE/n67/NR']]\ntreatments = [[], {wish}]"))
    assert [(item.scenario.channels, item.scenario.treatments) for item in items] == [
        ((), ()),
        ((), (TreatmentWish("window_mesh", ("A-*",)),)),
        (("EE/n67/NR",), ()),
        (("EE/n67/NR",), (TreatmentWish("window_mesh", ("A-*",)),)),
    ]


def test_every_scenario_of_a_folder_by_name_with_the_grid_over_each(hut_folder, tmp_path):
    folder = tmp_path / "questions"
    folder.mkdir()
    (folder / "b.toml").write_text("confidence = 0.9")
    (folder / "a.toml").write_text("confidence = 0.8")
    (folder / "notes.txt").write_text("not read")
    items = plan_batch(folder, sites=[str(hut_folder)], sets=["seed=1,2"])
    assert [dict(item.keys) | {"q": item.scenario.confidence} for item in items] == [
        {"scenario": name, "seed": seed, "q": q} for name, q in (("a.toml", 0.8), ("b.toml", 0.9)) for seed in (1, 2)
    ]
    with pytest.raises(ScenarioError, match=r"questions: names no site; give --site"):
        plan_batch(folder)
    (tmp_path / "empty").mkdir()
    with pytest.raises(ScenarioError, match=r"empty: holds no scenario; put scenario files"):
        plan_batch(tmp_path / "empty", sites=[str(hut_folder)])


def test_the_scenario_is_the_file_named_else_the_sites_own_with_the_keys_of_the_sweep_over_it(
    hut_folder, tmp_path, sweep
):
    import shutil

    copy = tmp_path / "copy"
    shutil.copytree(hut_folder, copy)
    (copy / "scenario.toml").write_text("confidence = 0.8\nseed = 5")
    (tmp_path / "base.toml").write_text("confidence = 0.7\nworlds = 200")

    def asked(lines):
        (item,) = plan_batch(sweep(lines), sites=[str(copy)])
        return item.scenario

    assert (asked("").confidence, asked("").seed) == (0.8, 5)
    assert asked("scenario.seed = 6") == read_scenario(copy / "scenario.toml", seed=6)
    assert asked("scenario = 'base.toml'") == read_scenario(tmp_path / "base.toml")
    assert asked("scenario.file = 'base.toml'\nscenario.seed = 6") == read_scenario(tmp_path / "base.toml", seed=6)
    assert asked("scenario.seed = 6\nset.seed = [9]").seed == 9


def test_several_sites_are_told_apart_by_folder_name_and_never_by_the_path_of_this_machine(hut, hut_folder, tmp_path):
    import shutil

    for parent in ("north", "south"):
        shutil.copytree(hut_folder, tmp_path / parent / "hut")
    shutil.copytree(hut_folder, tmp_path / "other")
    (tmp_path / "sweep.toml").write_text("sites = ['north/hut', 'other', 'south/hut']\nset.seed = [1, 2]")
    items = plan_batch(tmp_path / "sweep.toml")
    assert [item.keys for item in items] == [
        (("site", name), ("seed", seed)) for name in ("north/hut", "other", "south/hut") for seed in (1, 2)
    ]
    assert len({item.id for item in items}) == 2  # the same place thrice
    absolute = plan_batch(tmp_path / "sweep.toml", sites=[str(tmp_path / "other"), str(tmp_path / "south" / "hut")])
    assert [dict(item.keys)["site"] for item in absolute] == ["other", "other", "hut", "hut"]


def test_mode_layout_and_scenario_each_make_another_id(sweep, tmp_path):
    (tmp_path / "other.csv").write_text("id,model,x_m,y_m,z_m\n")
    (plain,) = plan_batch(sweep(""))
    assert plan_batch(sweep("")) == (plain,)
    others = [
        plan_batch(sweep("mode = 'leakage'"))[0],
        plan_batch(sweep(""), mode="leakage")[0],
        plan_batch(sweep("layout = 'other.csv'"))[0],
        plan_batch(sweep("scenario.seed = 2"))[0],
    ]
    assert others[0].id == others[1].id
    assert len({plain.id, *(item.id for item in others)}) == 4


def test_a_layout_that_does_not_fit_the_site_is_told_before_anything_runs(sweep, tmp_path):
    (tmp_path / "far.csv").write_text("id,model,x_m,y_m,z_m\nJ1,room_jammer,900,2,2.5\n")
    with pytest.raises(ScenarioError, match=r"far\.csv: J1: stands at .* outside the perimeter"):
        plan_batch(sweep("layout = 'far.csv'"))


def test_all_problems_of_all_files_and_options_come_at_once(sweep):
    lines = (
        "layout = 'none.csv'\nmode = 'x'\nfromat = 1\n[scenario]\nsed = 1\nworlds = 5\n"
        "[set]\nseed = [1, 1, -1]\nconfidence = []\ngrid = [1]\n"
    )
    with pytest.raises(ScenarioError) as caught:
        plan_batch(sweep(lines), sets=["spill_tier=strictt", "oops"])
    message = str(caught.value)
    for pattern in (
        "none.csv: no such file", "mode: 'x' is unknown", "fromat: unknown key", "scenario, sed: unknown setting",
        "scenario, worlds: ", "set, seed: has 1 twice", "set, seed: .*found -1", "set, confidence: is an empty list",
        "set, grid: unknown setting", "--set: spill_tier: ", "--set 'oops'",
    ):  # fmt: skip
        assert re.search(pattern, message), f"{pattern!r} is not in:\n{message}"
    lines = message.splitlines()
    assert len(lines) == len(set(lines)) == 11


def test_a_source_that_is_not_there_says_so(tmp_path):
    with pytest.raises(ScenarioError, match=r"none\.toml: no such file or folder; give a sweep file"):
        plan_batch(tmp_path / "none.toml")


def test_the_table_has_a_row_for_every_kind_of_mistake():
    assert len(ROWS) >= 60
    assert len({row.id for row in ROWS}) == len(ROWS)


@pytest.mark.parametrize("row", ROWS, ids=[row.id for row in ROWS])
def test_a_bad_sweep_says_where_what_and_what_to_do(row, hut_folder, tmp_path):
    import os

    text = row.text[1:] if row.text.startswith("!") else f"site = 'SITE'\n{row.text}"
    path = tmp_path / "sweep.toml"
    path.write_text(text.replace("SITE", os.path.relpath(hut_folder, tmp_path)), "utf-8")
    start = time.monotonic()
    with pytest.raises(ScenarioError) as caught:
        plan_batch(path, **row.options)
    assert time.monotonic() - start < 10
    lines = str(caught.value).splitlines()
    assert 1 <= len(lines) <= 20
    assert all(line.isprintable() for line in lines)
    for pattern in row.must_contain:
        assert re.search(pattern, str(caught.value), re.MULTILINE), f"{pattern!r} is not in:\n{caught.value}"
    assert [entry.name for entry in tmp_path.iterdir()] == ["sweep.toml"]


def test_the_sweep_of_the_documentation_is_one(tmp_path):
    text = (Path(__file__).parents[3] / "docs" / "batch.md").read_text("utf-8")
    (example,) = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
    (tmp_path / "sweep.toml").write_text(example, "utf-8")
    (tmp_path / "bid_a.csv").write_text("id,model,x_m,y_m,z_m\n")
    (tmp_path / "base.toml").write_text("seed = 4\nworlds = 500\n")
    items = plan_batch(tmp_path / "sweep.toml")
    assert len(items) == 8
    assert {(item.scenario.seed, item.scenario.worlds) for item in items} == {(4, 2000)}
    options = [parse_set(text) for text in re.findall(r"--set '?([^\s'`]+)", text)]
    assert options == [("seed", [1, 2, 3]), ("key", ["a", "b", "c"]), ("channels", [[], ["EE/B20/LTE"]])]
