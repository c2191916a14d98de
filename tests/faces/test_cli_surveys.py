"""From a log to a layer, from a list to masts, from a layout to the form that proves it, on the command line."""

import json

import pytest
from by_path import module_at
from typer.testing import CliRunner

from quietwing.coverage.cli import app
from quietwing.sites import load_site, readings_text, save_site

WALK = """time,x,y,storey,MCC,MNC,RAT,EARFCN,RSRP (dBm),IMEI
2026-11-20T10:00:00,-25.6,-3.5,0,234,15,4G,6300,-103,000000000000000
2026-11-20T10:00:01,-25.4,-3.3,0,234,15,4G,6300,-101,000000000000000
2026-11-20T10:04:00,3.4,-20.9,1,234,15,4G,6300,-108,000000000000000
2026-11-20T10:09:00,16.1,3.4,3,234,15,4G,6300,-93,000000000000000
2026-11-20T10:09:01,16.1,3.4,3,234,10,4G,6999,-99,000000000000000
"""


def run(*arguments):
    return CliRunner().invoke(app, list(map(str, arguments)))


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "walk.csv").write_text(WALK, "utf-8")
    return tmp_path


def test_a_log_becomes_readings_without_its_phone(here):
    ran = run("walktest", "import", "walk.csv", "--site", "houseblock", "-o", "readings.csv", "--json")
    assert ran.exit_code == 0, ran.output
    told = json.loads(ran.stdout)
    assert (told["samples"], told["used"], told["readings"]) == (5, 4, 3)
    assert told["private_columns_dropped"] == ["IMEI"]
    assert "000000000000000" not in (here / "readings.csv").read_text("utf-8")
    again = run("walktest", "import", "walk.csv", "--site", "houseblock", "-o", "readings.csv")
    assert again.exit_code == 2
    assert "exists; give a new file, or --overwrite" in again.stderr


@pytest.mark.slow
def test_readings_too_few_to_settle_a_wall_shift_nothing_and_claim_nothing(here):
    """What the fit would explain by shifts that are not in the layer is no gain of the layer."""
    assert run("walktest", "import", "walk.csv", "--site", "houseblock", "-o", "readings.csv").exit_code == 0
    ran = run("calibrate", "houseblock", "--readings", "readings.csv", "-o", "calibration.toml", "--json")
    assert ran.exit_code == 0, ran.output
    told = json.loads(ran.stdout)
    assert told["readings"] == 3
    assert (told["shifts"], told["held_out"]) == ([], [])
    assert told["after_db"] == told["before_db"] > 10
    assert any("the layer shifts nothing; read more rooms" in note for note in told["notes"])
    assert not load_site("houseblock").calibration
    assert "shift_db =" not in (here / "calibration.toml").read_text("utf-8")


@pytest.mark.slow
def test_readings_become_a_layer_that_evaluate_counts(here):
    made = module_at("tests/engine/calibration/made_surveys.py")
    truth = made.made_truth(4)
    save_site(truth.site, here / "made")
    (here / "readings.csv").write_text(readings_text(made.survey(truth, 4).readings), "utf-8")
    ran = run("calibrate", "made", "--readings", "readings.csv", "-o", "calibration.toml", "--json")
    assert ran.exit_code == 0, ran.output
    told = json.loads(ran.stdout)
    assert told["after_db"] < told["before_db"]
    assert {one["kind"] for one in told["shifts"]} == {"construction", "sector"}
    judged = run("evaluate", "made", "--calibration", "calibration.toml", "--worlds", 100, "--json")
    assert judged.exit_code == 0, judged.output
    assert any(f"calibrated by {told['readings']} readings" in note for note in json.loads(judged.stdout)["notes"])


def test_what_is_wrong_with_a_layer_is_one_message(here):
    (here / "c.toml").write_text("format = 1\n[[sectors]]\nid = 'M9'\nshift_db = 1\nsigma_db = 1\n", "utf-8")
    ran = run("evaluate", "houseblock", "--calibration", "c.toml")
    assert ran.exit_code == 2
    assert "c.toml: as_of is missing" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_a_list_becomes_masts_and_says_what_it_assumed(here):
    (here / "list.csv").write_text("site id,x,y,plmn,technology,earfcn\nA1,900,250,23430,LTE,6225\n", "utf-8")
    ran = run("masts", "import", "list.csv", "--site", "houseblock", "-o", "masts.csv", "--map", "m.png")
    assert ran.exit_code == 0, ran.output
    assert (here / "m.png").read_bytes().startswith(b"\x89PNG")
    assert "A1-EE-B20-LTE,1,bandwidth; azimuth (towards the site); EIRP; height; tilt" in (
        here / "masts-assumed.csv"
    ).read_text("utf-8")


def test_a_map_is_a_picture_by_its_name(here):
    (here / "list.csv").write_text("site id,x,y,plmn,technology,earfcn\nA1,900,250,23430,LTE,6225\n", "utf-8")
    ran = run("masts", "import", "list.csv", "--site", "houseblock", "-o", "masts.csv", "--map", "m.exe")
    assert ran.exit_code == 2
    assert "m.exe: is no .png" in ran.stderr
    assert not (here / "masts.csv").exists()


def test_nothing_is_written_where_the_list_is_wrong(here):
    (here / "list.csv").write_text("lat,lon,mcc,net,radio\n52,-2,234,30,LTE\n", "utf-8")
    ran = run("masts", "import", "list.csv", "--site", "houseblock", "-o", "masts.csv", "--map", "m.png")
    assert ran.exit_code == 2
    assert "the site's crs is 'local'" in ran.stderr
    assert sorted(path.name for path in here.iterdir()) == ["list.csv", "walk.csv"]


@pytest.mark.slow
@pytest.mark.long  # minutes in all: the suite has fifteen on two cores
def test_a_form_is_made_and_an_empty_one_proves_nothing(here):
    made = run("acceptance", "form", "houseblock", "-o", "form.xlsx", "--json")
    assert made.exit_code == 0, made.output
    assert json.loads(made.stdout)["points_inside"] == 59
    assert (here / "form.pdf").read_bytes().startswith(b"%PDF")
    scored = run("acceptance", "score", "form.xlsx")
    assert scored.exit_code == 4
    assert "nothing may be claimed" in scored.stdout
    assert run("acceptance", "score", "walk.csv").exit_code == 2


@pytest.mark.slow
@pytest.mark.long  # minutes in all: the suite has fifteen on two cores
def test_where_to_measure_next_is_a_table_and_a_map(here):
    ran = run("measure-next", "houseblock", "--out", "next", "--count", 3, "--json")
    assert ran.exit_code == 0, ran.output
    told = json.loads(ran.stdout)
    assert 0 < len(told["readings"]) <= 3
    rooms = {room.id for room in load_site("houseblock").rooms}
    assert {one["room"] for one in told["readings"]} <= rooms
    assert (here / "next" / "measure_next.png").is_file()
    table = (here / "next" / "measure_next.csv").read_text("utf-8").splitlines()
    assert table[0] == "number,channel,x,y,height_m,room,expected_dbm,rsrp_dbm,date"
    assert len(table) == 1 + len(told["readings"])


def test_a_site_in_a_grid_of_its_own_says_where_it_is(here):
    """0.009° north of the middle are 1,002 m: along y where y points north, against x where it points east."""
    (here / "list.csv").write_text("id,lat,lon,plmn,technology,earfcn\nA,54.979,-1.61,23430,LTE,6225\n", "utf-8")
    for bearing, column in ((0, 1), (90, 0)):
        ran = run("masts", "import", "list.csv", "--site", "houseblock", "-o", "masts.csv", "--overwrite",
                  "--at", "54.97,-1.61", "--bearing", bearing)  # fmt: skip
        assert ran.exit_code == 0, ran.output
        header, row = (line.split(",") for line in (here / "masts.csv").read_text("utf-8").splitlines())
        place = float(row[header.index("x")]), float(row[header.index("y")])
        middle = load_site("houseblock").perimeter.outline.centroid
        away_m = (place[0] - middle.x, place[1] - middle.y)
        assert abs(abs(away_m[column]) - 1002) < 3
        assert abs(away_m[1 - column]) < 1
        assert (away_m[column] > 0) == (bearing == 0)
    for wrong in ("54.97", "north,west", "95,0"):
        ran = run("masts", "import", "list.csv", "--site", "houseblock", "-o", "m.csv", "--at", wrong)
        assert ran.exit_code == 2
        assert "Traceback" not in ran.stderr


@pytest.mark.parametrize(
    "command",
    [
        ("walktest", "import", "walk.csv", "--site", "houseblock", "-o", "walk.csv"),
        ("masts", "import", "walk.csv", "--site", "houseblock", "-o", "walk.csv"),
        ("masts", "import", "masts-assumed.csv", "--site", "houseblock", "-o", "masts.csv"),
        ("calibrate", "houseblock", "--readings", "walk.csv", "-o", "./walk.csv"),
    ],
)
def test_what_is_read_is_never_written_over(here, command):
    (here / "masts-assumed.csv").write_text(
        "site id,x,y,plmn,technology,earfcn\nA1,900,250,23430,LTE,6225\n", "utf-8"
    )
    before = {path.name: path.read_bytes() for path in here.iterdir()}
    ran = run(*command, "--overwrite")
    assert ran.exit_code == 2
    assert "is the file that is read, and would be lost; give a new file" in ran.stderr
    assert {path.name: path.read_bytes() for path in here.iterdir()} == before


@pytest.mark.parametrize(
    "command",
    [
        ("walktest", "import", "late.csv", "--site", "houseblock", "-o", "new.csv"),
        ("calibrate", "houseblock", "--readings", "readings.csv", "-o", "new.toml"),
        ("leakage", "houseblock", "--measured", "readings.csv"),
    ],
)
def test_a_reading_of_a_day_to_come_is_refused(here, command):
    (here / "late.csv").write_text(WALK.replace("2026-11-20", "2099-11-20"), "utf-8")
    (here / "readings.csv").write_text(
        "channel,x,y,height_m,rsrp_dbm,date\nVF/B20/LTE,3.4,-20.9,1.5,-80,2099-11-20\n", "utf-8"
    )
    ran = run(*command)
    assert ran.exit_code == 2, ran.output
    assert "date is 2099-11-20, a day to come" in ran.stderr
    assert ran.stderr.startswith(
        "error: late.csv: reading 1" if command[0] == "walktest" else "error: readings.csv: "
    )
    assert not list(here.glob("new.*"))
