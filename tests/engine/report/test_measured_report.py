"""Measured levels in the files of a leakage: a layer and a table of their own, and nothing else moves."""

import csv
import datetime as dt
import io
import json
import re

import pytest
import typer
from matplotlib.collections import PathCollection
from shapely.geometry import box

from quietwing.coverage.cli.command_inputs import guarded
from quietwing.coverage.cli.leakage_terminal import answer_leakage, show_leakage
from quietwing.coverage.report import write
from quietwing.coverage.report.maps import service_map, storey_figure
from quietwing.coverage.report.measured_maps import measured_on, outdoor_figure
from quietwing.coverage.report.measured_tables import (
    AGREEMENT_HEADER,
    agreement_rows,
    measured_csv,
    measured_headline,
    measured_object,
    signed,
)
from quietwing.coverage.scenario import Scenario
from quietwing.coverage.study import leakage
from quietwing.sites import save_site
from quietwing.sites.model import Room, Sector
from quietwing.sites.readings import Measurements, Reading

EE = "EE/B20/LTE"
DAY = dt.date(2026, 11, 20)
FORMULA = "=cmd|'/c calc'!A1"
NAMES = ["leakage.csv", "manifest.json", "map-01-a-ground.png", "map-02-yard-yard.png", "summary.html"]


def site_of(hut):
    rooms = (
        Room("A-01", "A", 0, box(0, 0, 3, 4), "silence"),
        Room("A-02", "A", 0, box(3, 0, 6, 4), "silence"),
        Room("yard", None, 0, box(10, 0, 14, 4), "silence"),
    )
    where = (798.5, 5.0, 2.5, -600.0, 25.0, 0.0, 0.0)
    return hut(sectors=(Sector("m", "EE", "234-30", "B20", "LTE", *where, "omni", 58.0, "UMa"),), rooms=rooms)


@pytest.fixture(scope="module")
def bare(hut):
    return leakage(site_of(hut), Scenario(grid_m=1.0))


@pytest.fixture(scope="module")
def result(hut, bare):
    """Readings 10 dB above, 10 dB below and at the model indoors, in the yard, and 6 dB above it in the open."""
    places = [(1.0, 2.0), (4.0, 2.0), (5.0, 1.0), (12.0, 2.0), (-5.0, 2.0)]
    asked = (10.0, -10.0, 0.0, 0.0, 6.0)
    first = tuple(Reading(EE, x, y, 1.5, -80.0, DAY) for x, y in places)
    model_dbm = leakage(bare.site, maps=False, measured=Measurements("walk.csv", first)).measured.at_readings
    readings = tuple(
        Reading(EE, *place, 1.5, float(level) + more, DAY, "", FORMULA)
        for place, level, more in zip(places, model_dbm["modelled_dbm"].values, asked, strict=True)
    )
    return leakage(bare.site, Scenario(grid_m=1.0), measured=Measurements("walk.csv", readings))


def text_of(figure) -> str:
    return " ".join(
        item.get_text() for item in figure.findobj(lambda artist: hasattr(artist, "get_text")) if item.get_text()
    )


def markers(axes) -> list[tuple[float, float, int, float]]:
    """x, y, corners of the shape and value of each marker of the measured layer."""
    return [
        (*place, len(layer.get_paths()[0].vertices), float(value))
        for layer in axes.collections
        if isinstance(layer, PathCollection)
        for place, value in zip(layer.get_offsets().tolist(), layer.get_array().tolist(), strict=True)
    ]


def test_the_table_has_every_reading_with_its_residual(result):
    rows = list(csv.DictReader(io.StringIO(measured_csv(result.measured, result.site))))
    assert [row["room"] for row in rows] == ["A-01", "A-02", "A-02", "yard", ""]
    assert [row["building"] for row in rows] == ["A", "A", "A", "", ""]
    assert [float(row["residual_db"]) for row in rows] == [10.0, -10.0, 0.0, 0.0, 6.0]
    for row in rows:
        measured, modelled, residual = (float(row[key]) for key in ("measured_dbm", "modelled_dbm", "residual_db"))
        assert measured - modelled == pytest.approx(residual, abs=0.11)
        assert row["note"] == f"'{FORMULA}"


def test_the_headline_says_which_way_the_model_errs(result):
    assert measured_headline(result.measured) == (
        "5 measured levels are on average 1.2 dB above the model (bias +1.2 dB, RMSE 6.9 dB); nothing was fitted."
    )


def test_the_agreement_stands_by_channel_by_room_and_by_both(result):
    rows = [dict(zip(AGREEMENT_HEADER, row, strict=True)) for row in agreement_rows(result.measured)]
    assert [(row["channel"], row["room"], row["bias [dB]"]) for row in rows] == [
        ("all", "all", "+1.2"),
        ("EE 800 MHz 4G", "all", "+1.2"),
        ("all", "A-01", "+10.0"),
        ("all", "A-02", "-5.0"),
        ("all", "yard", "+0.0"),
        ("all", "in no room", "+6.0"),
        ("EE 800 MHz 4G", "A-01", "+10.0"),
        ("EE 800 MHz 4G", "A-02", "-5.0"),
        ("EE 800 MHz 4G", "yard", "+0.0"),
        ("EE 800 MHz 4G", "in no room", "+6.0"),
    ]


def test_json_has_the_same_figures_and_null_for_no_room(result):
    found = measured_object(result.measured)
    json.dumps(found, allow_nan=False)
    assert (found["readings"], found["compared"], found["bias_db"], found["fitted"]) == (5, 5, 1.2, False)
    assert [one["room"] for one in found["by_room"]] == ["A-01", "A-02", "yard", None]
    assert found["by_channel"] == [
        {"channel": EE, "readings": 5, "bias_db": 1.2, "rmse_db": 6.87, "least_db": -10.0, "most_db": 10.0}
    ]


def test_what_rounds_to_nothing_is_never_minus_nothing():
    assert (signed(-0.04), signed(0.04), signed(-0.06), signed(-0.4, 0)) == ("+0.0", "+0.0", "-0.1", "+0")


def test_each_storey_and_yard_shows_its_own_readings_only(result):
    storey, yard = result.maps
    assert measured_on(result, storey).tolist() == [0, 1, 2]
    assert measured_on(result, yard).tolist() == [3]


def test_a_marker_stands_where_it_was_read_and_its_shape_says_which_way(result, bare):
    axes = service_map(result, result.maps[0])
    found = markers(axes)
    assert {(x, y): round(value) for x, y, _, value in found} == {(1, 2): 10, (4, 2): -10, (5, 1): 0}
    corners = {round(value): shape for *_, shape, value in found}
    assert corners[0] > corners[10] == corners[-10] == 4  # a circle, and triangles with their closing point
    assert markers(service_map(bare, bare.maps[0])) == []


def test_channels_and_heights_read_at_one_place_are_one_marker_at_their_mean(bare):
    heights = (1.0, 2.0)
    readings = tuple(Reading(EE, 1.0, 2.0, height_m, -80.0, DAY) for height_m in heights)
    found = leakage(bare.site, Scenario(grid_m=1.0), measured=Measurements("walk.csv", readings))
    ((_, _, _, value),) = markers(service_map(found, found.maps[0]))
    assert value == pytest.approx(found.measured.at_readings["residual_db"].mean().item())


def test_the_figure_says_what_is_measured_and_in_what_unit(result, bare):
    text = text_of(storey_figure(result, result.maps[0]))
    for words in ("measured − modelled [dB]", "measured, over 3 dB above the model", "measured, within 3 dB",
                  "measured, over 3 dB below the model", "each at its own height", "+10", "-10"):  # fmt: skip
        assert words in text, words
    assert "measured" not in text_of(storey_figure(bare, bare.maps[0]))


def test_readings_in_the_open_have_a_map_of_their_own(result, bare):
    figure = outdoor_figure(result)
    assert {(x, y): round(value) for x, y, _, value in markers(figure.axes[0])} == {(-5, 2): 6}
    for words in ("OFFICIAL", "perimeter", "[dB]", "as of 2026-11-24", "Simulation only", "10 m", "N"):
        assert words in text_of(figure)
    assert outdoor_figure(bare) is None


def test_measured_levels_add_files_and_leave_the_others_as_they_were(result, bare, tmp_path):
    plain, beside = write(bare, tmp_path / "plain"), write(result, tmp_path / "beside")
    assert sorted(path.name for path in plain) == NAMES
    assert sorted(path.name for path in beside) == sorted([*NAMES, "map-measured-outdoors.png", "measured.csv"])
    assert (tmp_path / "plain" / "leakage.csv").read_bytes() == (tmp_path / "beside" / "leakage.csv").read_bytes()
    page = (tmp_path / "beside" / "summary.html").read_text("utf-8")
    assert "5 measured levels" in page
    assert "the state that explains a reading better is not looked for" in page
    assert all((tmp_path / "beside" / link).is_file() for link in re.findall(r'(?:src|href)="([^"]+)"', page))
    assert "measured.csv" not in (tmp_path / "plain" / "summary.html").read_text("utf-8")
    again = write(result, tmp_path / "again")
    assert [path.read_bytes() for path in again] == [path.read_bytes() for path in beside]


def test_the_terminal_prints_the_comparison_only_where_there_is_one(result, bare, capsys):
    show_leakage(result, (), False)
    beside = capsys.readouterr()
    show_leakage(bare, (), False)
    plain = capsys.readouterr()
    assert "bias +1.2 dB" in beside.out
    assert "RMSE [dB]" in beside.out
    assert "note: each reading is compared in the state of sight" in beside.err
    assert beside.out.startswith(plain.out.rstrip("\n"))
    assert "RMSE" not in plain.out
    show_leakage(result, (), True)
    assert json.loads(capsys.readouterr().out)["measured"] == measured_object(result.measured)
    show_leakage(bare, (), True)
    assert "measured" not in json.loads(capsys.readouterr().out)


def test_a_bad_file_of_readings_is_one_message_and_exit_2_before_any_work(hut, tmp_path, capsys, monkeypatch):
    def never(*_args, **_kwargs):
        raise AssertionError("the study was begun")

    monkeypatch.setattr("quietwing.coverage.study.leakage", never)
    save_site(site_of(hut), tmp_path / "site")
    path = tmp_path / "walk.csv"
    path.write_text("channel,x,y,height_m,rsrp_dbm,date\nEE/B3/LTE,1,2,1.5,-80,2026-11-20\n,1,2,1.5,x,2026-11-20\n")
    with pytest.raises(typer.Exit) as left:
        guarded(answer_leakage)(str(tmp_path / "site"), None, tmp_path / "out", False, {}, measured_file=path)
    assert left.value.exit_code == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    for words in ("walk.csv: line 2: ", "'EE/B3/LTE'", "walk.csv: line 3: ", "channel is missing", "rsrp_dbm is 'x'"):
        assert words in shown.err, shown.err
    assert not (tmp_path / "out").exists()
