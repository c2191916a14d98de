"""Exposure near people bounds what a plan may buy and how far its jammers are raised."""

from dataclasses import replace

import numpy as np
import pytest

from quietwing.coverage.blocking.exposures import share_of_limit
from quietwing.coverage.equipment import BandPower, Device, Model
from quietwing.coverage.planning.near_people import exposure_of, lift_within_exposure, places_over
from quietwing.sites.points import scattered

# 34 dBm are 2.512 W; at 0.2 m that is 2.512 / (4 pi 0.04) = 4.997 W/m2, half of the 10 W/m2 above 2 GHz.
CATALOGUE = {"jammer": Model("jammer", "jammer", bands=(BandPower("B1", 2110.0, 2170.0, 43.0),))}
BED, YARD = (
    Device("bed", "jammer", 0.0, 0.0, 2.0, 0, power_dbm=34.0),
    Device("yard", "jammer", 100.0, 0.0, 2.0, 0, power_dbm=34.0),
)
POINTS = scattered(np.array([[0.0, 0.1, 2.0], [50.0, 0.0, 2.0]]))


def raised(*devices):
    """One of the devices with a lift."""
    return lambda at, lift_db: replace(devices[at], power_dbm=devices[at].power_dbm + lift_db)


def test_a_jammer_at_half_the_limit_is_doubled_and_no_more_and_one_far_away_is_raised_in_full():
    assert abs(share_of_limit(BED, CATALOGUE["jammer"], POINTS, ())[0] - 0.4997) < 1e-3
    lift_db = lift_within_exposure(np.array([6.0, 6.0]), 0.5, raised(BED, YARD), CATALOGUE, POINTS, ())
    assert lift_db.tolist() == [3.0, 6.0]  # 3 dB are 1.995 times


def test_what_is_above_the_limit_without_a_lift_is_left_and_ends_the_work():
    loud = replace(BED, power_dbm=40.0)
    lift_db = lift_within_exposure(np.array([2.0, 6.0]), 0.5, raised(loud, YARD), CATALOGUE, POINTS, ())
    assert lift_db.tolist() == [0.0, 0.0]  # the other adds to it, by however little
    assert lift_within_exposure(np.zeros(0), 0.5, raised(), CATALOGUE, POINTS, ()).tolist() == []


def test_exposure_of_devices_is_that_of_each():
    share = exposure_of([BED, YARD], CATALOGUE, POINTS, ())
    assert [row.tolist() for row in share] == [
        share_of_limit(one, CATALOGUE["jammer"], POINTS, ()).tolist() for one in (BED, YARD)
    ]
    assert exposure_of([], CATALOGUE, POINTS, ()).shape == (0, 2)


@pytest.mark.parametrize(("standing", "told"), [([False, False], [1, 3]), ([True, False], [1]), ([True, True], [])])
def test_of_each_room_the_worst_point_is_told_unless_what_stands_is_above_the_limit_itself(standing, told):
    share = np.array([[0.6, 0.7, 0.1, 1.2, 2.0], [0.5, 0.6, 0.1, 0.0, 0.0]])
    points = replace(scattered(np.zeros((5, 3))), room=np.array([4, 4, 5, 2, -1]))  # the last is in no room
    assert places_over(share, np.array(standing), points, 1.0).tolist() == told
