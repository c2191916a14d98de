"""Clutter at one end of a path: Rec. ITU-R P.2108 against the test vectors of NTIA."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quietwing.coverage.errors import OutOfRangeError
from quietwing.coverage.propagation.clutter import (
    clutter_height_m,
    height_gain_clutter_loss_db,
    slant_clutter_loss_db,
    terrestrial_clutter_loss_db,
)

DATA = Path(__file__).parents[2] / "data"
KINDS = ("water", "open", "suburban", "urban", "trees", "dense_urban")


def height_gain(f_ghz, height_m, street_m, clutter_m, code):
    return height_gain_clutter_loss_db(f_ghz * 1e3, height_m, KINDS[int(code) - 1], clutter_m, street_m)


def terrestrial(f_ghz, away_km, percent):
    return terrestrial_clutter_loss_db(f_ghz * 1e3, away_km * 1e3, percent / 100)


def slant(f_ghz, elevation_deg, percent):
    return slant_clutter_loss_db(f_ghz * 1e3, elevation_deg, percent / 100)


@pytest.mark.parametrize(
    ("file", "model"), [("height_gain", height_gain), ("terrestrial", terrestrial), ("slant", slant)]
)
def test_losses_are_those_of_ntia_and_its_wrong_inputs_are_refused(file, model):
    lines = (DATA / f"p2108_{file}_ntia.csv").read_text(encoding="utf-8").splitlines()
    rows = list(csv.reader(line for line in lines if not line.startswith("#")))[1:]
    states = set()
    for row in rows:
        *inputs, state, expected_db = map(float, row)
        states.add(state)
        if state == 0:
            assert model(*inputs) == pytest.approx(expected_db, abs=0.1)
        else:
            with pytest.raises(OutOfRangeError, match="; correct it"):
                model(*inputs)
    assert len(states) > 1


def test_a_terminal_above_the_clutter_has_none():
    assert height_gain_clutter_loss_db(800, [15, 22.5], "urban").tolist() == [0, 0]


def test_the_representative_height_is_taken_where_none_is_given():
    for kind in KINDS:
        own_db = height_gain_clutter_loss_db(800, 1.5, kind)
        assert own_db == height_gain_clutter_loss_db(800, 1.5, kind, clutter_height_m(kind))


@given(kind=st.sampled_from(KINDS), heights_m=st.tuples(st.floats(0.5, 30), st.floats(0.5, 30)))
def test_higher_up_there_is_never_more_clutter(kind, heights_m):
    low_m, high_m = sorted(heights_m)
    assert height_gain_clutter_loss_db(800, low_m, kind) >= height_gain_clutter_loss_db(800, high_m, kind) - 0.01


@given(share=st.floats(0.01, 0.99), away_m=st.floats(250, 20_000))
def test_on_the_ground_the_loss_never_exceeds_that_over_two_kilometres(share, away_m):
    here_db, last_db = terrestrial_clutter_loss_db(3500, [away_m, 2000], share)
    assert here_db <= last_db
    if away_m > 2000:
        assert here_db == pytest.approx(last_db, abs=0.1)


def test_at_the_zenith_half_of_all_places_have_no_clutter():
    assert slant_clutter_loss_db(20_000, 90, 0.5) == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize(
    "call",
    [
        lambda: height_gain_clutter_loss_db(800, np.nan, "urban"),
        lambda: height_gain_clutter_loss_db(800, 1.5, "jungle"),
        lambda: clutter_height_m("jungle"),
        lambda: terrestrial_clutter_loss_db(800, np.inf, 0.5),
        lambda: terrestrial_clutter_loss_db(800, 500, 50),
        lambda: slant_clutter_loss_db(20_000, np.nan, 0.5),
    ],
)
def test_nonsense_raises(call):
    with pytest.raises(OutOfRangeError, match=r"; (correct|choose)"):
        call()
