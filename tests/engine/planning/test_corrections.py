"""How much more a room is asked for in the planning model when the worlds refuse it: by hand."""

from types import SimpleNamespace

import numpy as np
import pytest
import xarray as xr

from quietwing.coverage.planning.corrections import MOST_RESERVE_DB, next_reserve_db
from quietwing.coverage.scenario import Scenario

ROOMS = ("A", "B", "C", "D")


def reserve_after(shares, protected, before=(0.0, 0.0, 0.0, 0.0)):
    """Reserve of four rooms at planning grade, q = 90 %, after an attempt that these shares of worlds came of."""
    inputs = SimpleNamespace(
        scenario=Scenario(worlds=1000), site=SimpleNamespace(room_index={name: k for k, name in enumerate(ROOMS)})
    )
    score = SimpleNamespace(protected=np.array(protected, bool))
    searched = SimpleNamespace(found=SimpleNamespace(score=score), reserve_db=np.array(before))
    by_room = xr.Dataset({"silent_probability": ("room", list(shares)), "room": ("room", list(ROOMS))})
    one = SimpleNamespace(judged=SimpleNamespace(by_room=by_room))
    return next_reserve_db(inputs, searched, one)


def test_a_room_a_little_short_gets_a_decibel_and_one_that_is_sure_gives_one_back():
    # 85 % is short by half of the tenth that is left to certainty, 99 % above q by nine tenths of it
    assert reserve_after((0.85, 0.99, 0.95, 0.5), (1, 1, 1, 0)).tolist() == [1.0, -1.0, -0.5, 0.0]


def test_where_most_rooms_fall_short_they_get_what_the_spread_of_worlds_asks_for_and_the_others_the_middle_of_it():
    # z(0.9) - z(0.6) = 1.2816 - 0.2533 = 1.0282 standard deviations of 8 dB are 8.23 dB; z(0.85) = 1.0364: 1.96 dB
    found = reserve_after((0.6, 0.85, 0.99, 0.0), (1, 1, 1, 0), before=(0.0, 0.0, 0.0, 1.0))
    assert found == pytest.approx([8.23, 1.96, -1.0, 1.0 + (8.23 + 1.96) / 2], abs=0.01)
    assert reserve_after((0.0, 0.0, 0.0, 0.0), (1, 1, 1, 0)).max() == MOST_RESERVE_DB


def test_where_few_rooms_fall_short_steps_are_small_and_the_others_stay():
    # 65 % is short by two and a half times the tenth that is left to certainty: 2 dB
    assert reserve_after((0.65, 0.99, 0.99, 0.0), (1, 1, 1, 0)).tolist() == [2.0, -1.0, -1.0, 0.0]


def test_where_no_room_falls_short_those_left_out_give_two_decibels_back_and_never_more_than_they_were_asked():
    found = reserve_after((0.95, 0.0, 0.0, 0.0), (1, 0, 0, 0), before=(0.0, 8.0, 1.0, -1.0))
    assert found.tolist() == [-0.5, 6.0, 0.0, -1.0]
    short = reserve_after((0.85, 0.0, 0.0, 0.0), (1, 0, 0, 0), before=(0.0, 8.0, 1.0, -1.0))
    assert short[1] >= 8.0
