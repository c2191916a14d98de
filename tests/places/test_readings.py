"""A table of readings: found in its rooms, or one message with all problems, each naming file and line."""
# ruff: noqa: E501

from __future__ import annotations

import re

import numpy as np
import pytest
from by_path import module_at

from quietwing.sites import load_site
from quietwing.sites.errors import SiteError
from quietwing.sites.findings import MOST_ALIKE
from quietwing.sites.readings import MOST_READINGS, locate, parse_measurements, read_measurements
from quietwing.sites.trial_point_sets import trial_points

HEADER = "channel,x,y,height_m,rsrp_dbm,date,room,note"
GOOD = "EE/B20/LTE,400002,300003,1.5,-80,2026-11-20,cell,by hand"


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The smallest whole site: a cell and a hall side by side, 3 m high."""
    tiny = module_at("tests/places/tiny_site.py")
    return load_site(tiny.write(tmp_path_factory.mktemp("tiny")))


def table(*rows: str, header: str = HEADER) -> str:
    return "\n".join([header, *rows]) + "\n"


def read(text: str, site):
    return parse_measurements(text, site, "walk.csv")


def place(site, x: float, y: float, height_m: float, room: str = ""):
    row = f"EE/B20/LTE,{400_000 + x},{300_000 + y},{height_m},-80,2026-11-20,{room},"
    points = locate(site, read(table(row), site).readings)
    return int(points.room[0]), int(points.storey[0]), int(points.building[0])


def test_a_reading_lies_in_the_room_around_it(site):
    assert place(site, 2, 3, 1.5) == (site.room_index["cell"], 0, 0)
    assert place(site, 7, 3, 1.5) == (site.room_index["hall"], 0, 0)


def test_above_the_ceiling_and_beyond_the_walls_is_the_open(site):
    assert place(site, 2, 3, 3.01) == (-1, -1, -1)
    assert place(site, 2, 3, 3.0) == (site.room_index["cell"], 0, 0)  # at the ceiling is under it
    assert place(site, -1, 3, 1.5) == (-1, -1, -1)


def test_a_phone_held_out_of_a_window_belongs_to_the_room_it_names(site):
    assert place(site, -0.3, 2.5, 1.5) == (-1, -1, -1)
    assert place(site, -0.3, 2.5, 1.5, "cell") == (site.room_index["cell"], 0, 0)


def test_the_test_points_of_every_room_of_a_wing_are_found_in_it():
    wing = load_site("houseblock")
    points = trial_points(wing)
    within = [row for row, kind in enumerate(points.kind) if kind != "window-out"][::7]
    rows = [
        f"EE/B20/LTE,{points.xyz_m[row, 0]!r},{points.xyz_m[row, 1]!r},{points.xyz_m[row, 2]!r},-80,2026-11-20"
        for row in within
    ]
    text = table(*rows, header="channel,x,y,height_m,rsrp_dbm,date").replace("np.float64(", "").replace(")", "")
    found = locate(wing, parse_measurements(text, wing, "walk.csv").readings)
    np.testing.assert_array_equal(found.room, points.room[within])
    np.testing.assert_array_equal(found.storey, points.storey[within])
    np.testing.assert_array_equal(found.building, points.building[within])


def test_room_and_note_may_be_left_out_and_other_columns_are_ignored(site):
    text = table("EE/B20/LTE,400002,300003,1.5,-80,2026-11-20,A", header="channel,x,y,height_m,rsrp_dbm,date,phone")
    (reading,) = read(text, site).readings
    assert (reading.room, reading.note) == ("", "")


def test_a_file_is_read_with_its_name_alone(site, tmp_path):
    path = tmp_path / "walk.csv"
    path.write_text(table(GOOD), "utf-8")
    found = read_measurements(path, site)
    assert found.file == "walk.csv"
    assert found.readings[0].note == "by hand"


BAD = {
    "empty": ("", (r"walk\.csv: is empty",)),
    "binary": (b"\xff\xfe\x00", (r"walk\.csv: ", "UTF-8")),
    "header-alone": (table(), (r"walk\.csv: has a header and no rows", "add rows")),
    "no-header": (table(header=GOOD), (r"walk\.csv: line 1: is no header", "channel, x, y, height_m")),
    "column-missing": (table("a,1,2,3,-80", header="channel,x,y,height_m,rsrp_dbm"), ("line 1", "missing date", "add it")),
    "column-mistyped": (table(GOOD, header=HEADER.replace("height_m", "heigth_m")), ("line 1", "did you mean 'height_m'")),
    "value-missing": (table(GOOD.replace("-80", "")), ("line 2", "rsrp_dbm is missing", "give a number")),
    "value-too-many": (table(GOOD + ",1"), ("line 2", "has 9 values", "expected 8")),
    "not-a-number": (table(GOOD.replace("-80", "-80 dBm")), ("line 2", "rsrp_dbm", "expected a number from -160 to 0")),
    "typographic-minus": (table(GOOD.replace("-80", "−80")), ("line 2", "typographic minus")),
    "no-such-day": (table(GOOD.replace("11-20", "11-31")), ("line 2", "date", "no such day")),
    "not-received": (table(GOOD.replace("-80", "0")), ("line 2", "rsrp_dbm is 0", "at most -20", "leave out")),
    "not-a-channel": (table(GOOD.replace("EE/B20/LTE", "EE B20")), ("line 2", "channel", "EE B20")),
    "no-such-channel": (table(GOOD.replace("B20", "B3"), GOOD.replace("B20", "B3")), (r"line 2 \(and 1 more\)", "'EE/B3/LTE'", "did you mean 'EE/B20/LTE'")),
    "no-such-room": (table(GOOD.replace("cell", "cel")), ("line 2", "room 'cel' does not exist", "did you mean 'cell'")),
    "another-room": (table(GOOD.replace("cell", "hall")), ("line 2", r"3\.0 m outside room 'hall'", "correct the place or the room")),
    "height-above-floor": (table(GOOD.replace(",1.5,", ",-1.5,")), ("line 2", r"height_m is -1\.5", "from 0 to 3", "not the floor")),
    "far-away": (table(GOOD.replace("400002", "410002")), ("line 2", r"10\.0 km from the perimeter", "correct x and y")),
    "swapped": (table(GOOD.replace("400002,300003", "300003,400002")), ("line 2", "km from the perimeter", "exchange them")),
    "too-many": (table(*[GOOD] * (MOST_READINGS + 1)), (r"20,001 rows \(limit 20,000\)", "split it")),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_a_bad_table_is_refused_with_file_line_and_what_to_do(name, site, tmp_path):
    content, patterns = BAD[name]
    path = tmp_path / "walk.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(SiteError) as refused:
        read_measurements(path, site)
    message = str(refused.value)
    assert len(message.splitlines()) <= 20
    assert all(line.startswith("walk.csv: ") and line.isprintable() for line in message.splitlines())
    for pattern in patterns:
        assert re.search(pattern, message), message


def test_all_problems_of_a_table_come_at_once(site):
    rows = [BAD[name][0].splitlines()[1] for name in ("value-missing", "no-such-day", "no-such-room", "far-away")]
    with pytest.raises(SiteError) as refused:
        read(table(GOOD, *rows), site)
    assert [re.search(r"line \d", problem).group() for problem in refused.value.problems] == [
        "line 3",
        "line 4",
        "line 5",
        "line 6",
    ]


@pytest.mark.parametrize(
    ("row", "most"),
    [("EE/B{}/GSM,400002", MOST_ALIKE + 1), ("EE/B20/LTE,499{:03}", 1002)],
)
def test_of_thousands_of_problems_the_first_are_told(site, row, most):
    """Channels of no mast, and places far away."""
    rows = (f"{row.format(number)},300003,1.5,-80,2026-11-20,," for number in range(1, 1500))
    with pytest.raises(SiteError) as error:
        read(table(*rows), site)
    assert len(error.value.problems) == most


def test_a_file_that_is_not_there_names_its_neighbour(site, tmp_path):
    (tmp_path / "walk.csv").write_text(table(GOOD), "utf-8")
    with pytest.raises(SiteError, match=r"wlak\.csv: no such file; did you mean 'walk\.csv'"):
        read_measurements(tmp_path / "wlak.csv", site)


def test_a_folder_in_place_of_a_table_is_refused(site, tmp_path):
    with pytest.raises(SiteError, match="expected a regular file"):
        read_measurements(tmp_path, site)
