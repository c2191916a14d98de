"""``quietwing validate``: table and JSON, and exit codes that tell a miss from a bad folder."""

import json

from typer.testing import CliRunner

from quietwing.coverage.cli import app

ENTRY = "freqency (GHz),probability (%),building type,elevation angle (deg),building entry loss (dB)\n"


def run(*arguments: str):
    return CliRunner().invoke(app, ["validate", *arguments])


def entry_rows(folder, rows: str):
    place = folder / "rf-crc-p2109"
    place.mkdir()
    (place / "validation.csv").write_text(ENTRY + rows, encoding="utf-8")
    return str(folder)


def test_a_set_that_passes_exits_with_0(tmp_path):
    folder = entry_rows(tmp_path, "0.080000000,0.000001000,1,52.500000000,-2.9013751561818522\n")
    ran = run(folder, "--json")
    assert ran.exit_code == 0
    found = {one["name"]: one for one in json.loads(ran.stdout)["sets"]}
    assert found["rf-crc-p2109"]["passed"] is True
    assert found["rf-crc-p1411"]["passed"] is None
    assert "no folder" in found["rf-crc-p1411"]["skipped"]
    table = run(folder)
    assert table.exit_code == 0
    assert "rf-crc-p2109" in table.stdout


def test_a_missed_tolerance_exits_with_4_and_is_named(tmp_path):
    ran = run(entry_rows(tmp_path, "0.08,0.000001,1,52.5,-2.8\n"), "--json")
    assert ran.exit_code == 4
    assert "missed: rf-crc-p2109" in ran.stderr
    assert json.loads(ran.stdout)["sets"]


def test_bad_input_exits_with_2_in_one_line(tmp_path):
    for ran in (run(str(tmp_path / "absent")), run(entry_rows(tmp_path, "0.08,many,1,52.5,-2.8\n"))):
        assert ran.exit_code == 2
        assert ran.stderr.startswith("error: ")
        assert len(ran.stderr.strip().splitlines()) == 1
    assert "rf-crc-p2109/validation.csv: line 2" in ran.stderr


def test_a_folder_without_any_set_is_told(tmp_path):
    ran = run(str(tmp_path))
    assert ran.exit_code == 0
    assert "no set was compared that needs a file" in ran.stderr
