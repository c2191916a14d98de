"""``quietwing calibrate`` on the terminal: what a fit found as table and as JSON, and files that are in the way."""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace

import numpy as np
import pytest
import typer
import xarray as xr
from typer.testing import CliRunner

from quietwing.coverage.calibration.fit import CalibrationFit, FittedShift, HeldOut
from quietwing.coverage.cli import calibrate_terminal as terminal
from quietwing.coverage.cli.survey_commands import add_survey_commands
from quietwing.sites import SiteCalibration, SiteError

FIT = CalibrationFit(
    layer=SiteCalibration(dt.date(2026, 11, 20), 42, "w.csv"),
    shifts=(
        FittedShift("construction", "[b]brick", -1.26, 5.0, 2.04, 7),
        FittedShift("sector", "m1", 6.0, 8.0, 3.0, 1),
    ),
    held_out=(HeldOut("room", 9, 7.96, 5.04),),
    before_db=9.14,
    after_db=4.54,
    notes=("3 readings are not used",),
)


def verdict(*grades):
    """As far as counts go: by grade, rooms silent by the layout and quiet without it."""
    return SimpleNamespace(
        grades=[
            SimpleNamespace(
                grade=SimpleNamespace(name=name),
                by_room=xr.Dataset({"called_silent": ("room", silent), "quiet_anyway": ("room", quiet)}),
            )
            for name, silent, quiet in grades
        ]
    )


YES, NO = np.array([True, True, False]), np.array([False, False, True])


def test_shifts_have_their_sign_and_errors_one_decimal(capsys):
    terminal._show(FIT)
    told = capsys.readouterr().out
    assert "42 readings up to 2026-11-20: residual 9.1 dB before, 4.5 dB after the fit." in told
    assert "Held out, one room of 9 at a time: 8.0 dB uncalibrated, 5.0 dB calibrated." in told
    brick, mast = told.splitlines()[-2:]
    assert brick.split() == ["construction", "[b]brick", "-1.3", "5.0", "2.0", "7"]  # no markup is taken from a name
    assert mast.split() == ["sector", "m1", "+6.0", "8.0", "3.0", "1"]


def test_a_long_table_says_how_many_more_there_are(capsys):
    many = tuple(FittedShift("sector", f"m{n}", 0.0, 8.0, 3.0, 1) for n in range(terminal.MOST_SECTORS_SHOWN + 2))
    terminal._show(CalibrationFit(FIT.layer, many, (), 1.0, 1.0, ()))
    told = capsys.readouterr()
    assert told.out.count("sector m") == terminal.MOST_SECTORS_SHOWN
    assert told.err == "2 more shifts: see --json or the file\n"


def test_json_has_every_figure_unrounded_and_the_counts_of_both_verdicts():
    plain = terminal._object(FIT, None)
    assert (plain["before_db"], plain["after_db"], plain["notes"]) == (9.14, 4.54, ["3 readings are not used"])
    assert plain["held_out"] == [{"left_out": "room", "groups": 9, "before_db": 7.96, "after_db": 5.04}]
    assert plain["shifts"][0]["shift_db"] == -1.26
    assert "compare" not in plain
    both = verdict(("planning", NO, NO), ("evidence", NO, NO)), verdict(("planning", YES, NO), ("evidence", NO, YES))
    assert terminal._object(FIT, both)["compare"]["after"] == [
        {"grade": "planning", "silent": 2, "quiet_anyway": 1, "rooms": 3},
        {"grade": "evidence", "silent": 1, "quiet_anyway": 2, "rooms": 3},
    ]


def test_before_and_after_stand_side_by_side(capsys):
    terminal._show_both((verdict(("planning", NO, NO)), verdict(("planning", YES, NO))))
    assert capsys.readouterr().out.splitlines()[-1].split() == ["planning", "1", "2", "1", "1", "3"]


def test_a_file_in_the_way_is_refused_before_anything_is_read(tmp_path):
    there = tmp_path / "c.toml"
    there.write_text("")
    for out, overwrite, told in (
        (there, False, "exists; give a new file, or --overwrite"),
        (tmp_path, True, "is a folder"),
        (tmp_path / "no" / "c.toml", True, "no such folder"),
    ):
        with pytest.raises(SiteError, match=told):
            terminal.refuse_written(out, overwrite)
    terminal.refuse_written(there, True)
    terminal.refuse_written(tmp_path / "new.toml", False)
    terminal.refuse_written(None, False)


@pytest.fixture(scope="module")
def app():
    made = typer.Typer()
    add_survey_commands(made)
    return made


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (["calibrate", "hut"], "--readings"),
        (["measure-next", "hut", "--count", "0"], "--count"),
        (["measure-next", "hut", "--count", "51"], "--count"),
        (["walktest", "import", "log.csv", "--out", "r.csv"], "--site"),
        (["masts", "import", "cells.csv", "--site", "hut"], "--out"),
        (["acceptance", "form", "hut", "--out", "f.xlsx", "--failures", "-1"], "--failures"),
        (["acceptance", "form", "hut", "--out", "f.xlsx", "--seed", "-1"], "--seed"),
        (["acceptance", "score"], "FORM.xlsx"),
    ],
)
def test_an_option_that_is_missing_or_out_of_range_is_named(app, command, told):
    done = CliRunner().invoke(app, command, env={"TERM": "dumb", "COLUMNS": "200"})
    assert done.exit_code == 2
    assert told in done.stderr
