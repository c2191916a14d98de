"""Every bad layout, catalogue and scenario: one clear message with all problems, nothing written, in ten seconds."""

from __future__ import annotations

import re
import time
from importlib import import_module
from pathlib import Path

import pytest
from by_path import module_at

from quietwing.coverage.catalogue import read_catalogue
from quietwing.coverage.cli import app, helped
from quietwing.coverage.errors import ScenarioError
from quietwing.coverage.layout import check_layout, read_layout
from quietwing.coverage.scenario import read_scenario
from quietwing.coverage.treatments import resolve_treatments
from quietwing.sites import load_site
from quietwing.sites.errors import problems_text

ROWS = module_at("tests/places/bad_equipment.py").ROWS
HAS_EVALUATE = "evaluate" in {
    command.name or (command.callback.__name__ if command.callback else "") for command in app.registered_commands
}
# No option names a catalogue; it is read from the site's folder.
BY_COMMAND = [row for row in ROWS if row.door in ("layout", "placed", "scenario", "wishes")] if HAS_EVALUATE else []


@pytest.fixture(scope="module")
def houseblock():
    return load_site("houseblock")


@pytest.fixture(scope="module")
def catalogue():
    return read_catalogue()


def listing(folder: Path) -> dict[str, tuple[int, int]]:
    return {str(p.relative_to(folder)): (p.lstat().st_size, p.lstat().st_mtime_ns) for p in folder.rglob("*")}


def assert_clear(message: str, row) -> None:
    lines = message.splitlines()
    assert 1 <= len(lines) <= 20
    assert all(line.isprintable() for line in lines)
    assert "Traceback" not in message
    for pattern in row.must_contain:
        assert re.search(pattern, message), f"{pattern!r} is not in:\n{message}"


def enter(row, path, houseblock, catalogue) -> None:
    """Give a file to the door it is meant for."""
    if row.door == "catalogue":
        read_catalogue(path)
    elif row.door == "scenario":
        read_scenario(path)
    elif row.door == "wishes":
        resolve_treatments(houseblock, read_scenario(path).treatments, catalogue)
    else:
        devices = read_layout(path, catalogue)
        problems = check_layout(houseblock, devices, path.name)
        if problems:
            raise ScenarioError(problems_text(problems))


def test_the_table_has_rows_for_every_door():
    assert len(ROWS) >= 100
    assert len({row.id for row in ROWS}) == len(ROWS)
    assert {row.door for row in ROWS} == {"layout", "placed", "catalogue", "scenario", "wishes"}


@pytest.mark.parametrize("row", ROWS, ids=[row.id for row in ROWS])
def test_the_python_door_says_what_is_wrong_and_what_to_do(row, houseblock, catalogue, tmp_path):
    path = row.build(tmp_path)
    before, start = listing(tmp_path), time.monotonic()
    with pytest.raises(ScenarioError) as caught:
        enter(row, path, houseblock, catalogue)
    assert time.monotonic() - start < 10
    assert_clear(str(caught.value), row)
    assert listing(tmp_path) == before


def test_of_a_layout_of_thousands_of_problems_the_rest_is_not_read(catalogue, tmp_path):
    trims = ";".join(f"EE/B{number}/LTE:-1" for number in range(100, 160))
    rows = "".join(f"D{number},mas_node,10,0,2.5,0,{trims}\n" for number in range(500))
    path = tmp_path / "layout.csv"
    path.write_text(f"id,model,x_m,y_m,z_m,storey,trim_db\n{rows}")
    with pytest.raises(ScenarioError) as error:
        read_layout(path, catalogue)
    first, *_, last = str(error.value).splitlines()
    assert first.startswith("layout.csv: line 2, D0: trim_db 'EE/B100/LTE' names band 'B100'")
    assert 1000 < int(re.fullmatch(r"… and (\d+) more problems of the same files", last)[1]) + 20 < 1100


def test_what_is_only_placed_wrongly_is_read(houseblock, catalogue, tmp_path):
    for row in ROWS:
        if row.door == "placed":
            assert read_layout(row.build(tmp_path), catalogue)


if BY_COMMAND:  # an empty table would show as a skipped test

    @pytest.mark.parametrize("row", BY_COMMAND, ids=[row.id for row in BY_COMMAND])
    def test_the_command_line_says_it_on_stderr_and_exits_2(row, houseblock, tmp_path, monkeypatch):
        from typer.testing import CliRunner

        monkeypatch.chdir(tmp_path)
        # In the one module that asks: another that is loaded meanwhile would keep it.
        monkeypatch.setattr(import_module("quietwing.coverage.cli.question"), "load_site", lambda _: houseblock)
        monkeypatch.setattr(helped, "earns_a_process", lambda *_, **__: False)  # none is asked anything here
        path = row.build(tmp_path)
        before = listing(tmp_path)
        option = "--layout" if row.door in ("layout", "placed") else "--scenario"
        result = CliRunner().invoke(
            app, ["evaluate", "houseblock", option, str(path), "--out", str(tmp_path / "out")]
        )
        assert result.exit_code == 2, result.output
        assert result.exception is None or isinstance(result.exception, SystemExit)
        assert result.stdout == ""
        assert_clear(result.stderr, row)
        assert listing(tmp_path) == before
