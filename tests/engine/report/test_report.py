"""What is shown is what was computed, in words and files that open anywhere."""

import csv
import io
import re
from html.parser import HTMLParser

import numpy as np
import pytest
from matplotlib.figure import Figure

from quietwing.coverage.report import write
from quietwing.coverage.report.maps import channel_count_map, save_png, service_map, storey_figure
from quietwing.coverage.report.tables import leakage_csv, service_by_channel
from quietwing.coverage.report.words import channel_in_words, headline, safe_cell, safe_file_name
from quietwing.coverage.scenario import Scenario
from quietwing.coverage.study import leakage
from quietwing.coverage.study.common import WAYS_NOTE
from quietwing.sites.model import Sector

HOSTILE = '=cmd|"/c calc"!A1 <script>alert(1)</script>'


def masts() -> tuple[Sector, ...]:
    row = ("234-30", "B20", "LTE", 798.5, 5.0, 2.5, -600.0, 25.0, 0.0, 0.0, "omni")
    return (
        Sector("near", "EE", *row, 58.0, "UMa"),
        Sector("faint", "O2", *row, -20.0, "UMa"),
    )


@pytest.fixture(scope="module")
def result(hut):
    return leakage(hut(name=HOSTILE, sectors=masts()), Scenario(grid_m=0.5))


def test_the_table_has_a_row_for_every_room_and_channel(result):
    rows = list(csv.DictReader(io.StringIO(leakage_csv(result))))
    assert [(row["room"], row["channel"], row["usable"]) for row in rows] == [
        ("A-01", "EE/B20/LTE", "yes"),
        ("A-01", "O2/B20/LTE", "no"),
    ]
    best = float(result.at_points["rsrp_dbm"].sel(channel="EE/B20/LTE").max())
    assert float(rows[0]["rsrp_dbm"]) == pytest.approx(best, abs=0.05)
    assert rows[0]["best_point"] == "window-out"


def test_the_headline_counts_rooms_and_names_the_commonest_service(result):
    assert headline(result) == (
        "With all blockers off a phone may work in 1 of 1 rooms at planning grade (90 %), in 1 at evidence "
        "grade (95 %); "
        "the most widespread service is EE 800 MHz 4G, in 1 of them."
    )
    assert service_by_channel(result) == [("EE/B20/LTE", 1)]


def test_a_site_where_nothing_is_heard_says_so(hut):
    quiet = leakage(hut(sectors=masts()[1:]), Scenario(grid_m=1.0))
    assert headline(quiet) == (
        "With all blockers off a phone may work in none of 1 rooms at planning grade (90 %), in none at "
        "evidence grade (95 %)."
    )
    assert int(quiet.maps[0].data["usable_channels"].max()) == 0
    assert int(quiet.maps[0].data["strongest"].max()) == -1


def test_every_squares_count_is_at_most_the_channels_and_matches_its_service(result):
    data = result.maps[0].data
    works = data["usable_channels"].values > 0
    assert np.array_equal(works, data["strongest"].values >= 0)
    assert np.array_equal(works, data["headroom_db"].values >= 0)
    assert works.any()


def test_both_maps_carry_scale_units_storey_and_the_figure_its_provenance(result):
    figure = storey_figure(result, result.maps[0])
    text = " ".join(
        item.get_text() for item in figure.findobj(lambda artist: hasattr(artist, "get_text")) if item.get_text()
    )
    for words in ("A, Ground", "[dB]", "usable channels, of 2", "1 m", "N", "OFFICIAL", "as of 2026-11-24",
                  result.scenario_id, "Simulation only", "no phone works here", "window", "door"):  # fmt: skip
        assert words in text, words


def test_a_single_map_can_be_drawn_into_ones_own_axes(result):
    axes = Figure().subplots()
    assert service_map(result, result.maps[0], axes) is axes
    assert channel_count_map(result, result.maps[0]).get_title(loc="left").startswith("A, Ground")


def test_equal_results_give_equal_bytes(hut, result, tmp_path):
    again = leakage(hut(name=HOSTILE, sectors=masts()), Scenario(grid_m=0.5))
    assert again.scenario_id == result.scenario_id
    first, second = write(result, tmp_path / "a"), write(again, tmp_path / "b")
    assert [path.name for path in first] == [path.name for path in second]
    for one, other in zip(first, second, strict=True):
        assert one.read_bytes() == other.read_bytes(), one.name
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b"]


class Links(HTMLParser):
    def __init__(self):
        super().__init__()
        self.found, self.tags = [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.found.extend(value for name, value in attrs if name in ("src", "href"))


def test_the_summary_escapes_names_and_asks_for_nothing_outside(result, tmp_path):
    write(result, tmp_path / "out")
    text = (tmp_path / "out" / "summary.html").read_text("utf-8")
    page = Links()
    page.feed(text)
    assert "script" not in page.tags
    assert "&lt;script&gt;" in text
    assert all((tmp_path / "out" / link).is_file() for link in page.found)
    assert not re.search(r"https?://", text)
    assert "Simulation only. Operating this equipment needs written authorisation" in text
    assert WAYS_NOTE in text
    assert "as of 2026-11-24" in text


def test_a_broken_write_leaves_nothing_behind(result, tmp_path, monkeypatch):
    monkeypatch.setattr("quietwing.coverage.report.document.leakage_csv", lambda _: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        write(result, tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_cells_that_a_spreadsheet_would_run_are_made_text():
    assert [safe_cell(text) for text in ("=1+1", "+44", "-x", "@a", "plain")] == [
        "'=1+1",
        "'+44",
        "'-x",
        "'@a",
        "plain",
    ]


def test_file_names_are_plain_whatever_the_building_is_called():
    assert safe_file_name("../A wing / 2\x00") == "a-wing-2"
    assert safe_file_name("…") == "map"


@pytest.mark.parametrize(
    ("channel", "words"),
    [
        ("EE/B20/LTE", "EE 800 MHz 4G"),
        ("VF/B8/GSM", "VF 900 MHz 2G"),
        ("O2/n78/NR", "O2 3500 MHz 5G"),
        ("EE/n28/NR", "EE 700 MHz 5G"),
        ("EE/n67/NR", "EE 700 MHz downlink-only 5G"),
        ("VF/B7/LTE", "VF 2600 MHz 4G"),
        ("VF/B38/LTE", "VF 2600 MHz TDD 4G"),
        ("O2/B40/LTE", "O2 2300 MHz 4G"),
        ("X/B99/LTE", "X B99 4G"),
    ],
)
def test_channels_in_words(channel, words):
    assert channel_in_words(channel) == words


def test_a_map_is_written_without_a_date(result, tmp_path):
    save_png(storey_figure(result, result.maps[0]), tmp_path / "a.png")
    content = (tmp_path / "a.png").read_bytes()
    assert b"Software" not in content
    assert b"tIME" not in content
