"""The checker's own words: how far limits and margins may be moved, sums that are exact, one line for one fault."""

from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pytest

from quietwing.coverage.planning.checker import claims
from quietwing.coverage.planning.checker.claims import _db, _Failing, _mw, _total, margin_faults, receiver_faults


def case(*, confidence=0.99, slack_db=0.0, reserves=(), devices=()):
    return SimpleNamespace(
        attempt=SimpleNamespace(confidence=confidence, slack_db=slack_db),
        scenario=SimpleNamespace(asked=SimpleNamespace(confidence=0.9)),
        plan=SimpleNamespace(
            claimed=[SimpleNamespace(room=f"A{at}", reserve_db=db) for at, db in enumerate(reserves)], devices=devices
        ),
        strict=None,
        catalogue={},
    )


@pytest.mark.parametrize(
    ("moved", "faults"),
    [
        ({"confidence": 0.9}, []),  # as sure as the rooms
        ({"confidence": 0.89}, ["margins hold with 0.89 each, rooms with 0.9"]),
        ({"slack_db": 18.0}, []),  # ends are inside
        ({"slack_db": 18.1}, ["limits are moved by 18.1 dB"]),
        ({"slack_db": -0.1}, ["limits are moved by -0.1 dB"]),
        ({"slack_db": float("nan")}, ["limits are moved by nan dB"]),  # what is no number is no limit
        ({"reserves": (12.0, -12.0)}, []),
        ({"reserves": (0.0, 12.1, -12.1)}, ["claimed room A1: reserve 12.1 dB", "claimed room A2: reserve -12.1 dB"]),
        ({"reserves": (float("nan"),)}, ["claimed room A0: reserve nan dB"]),
    ],
)
def test_limits_and_margins_move_only_so_far(moved, faults):
    told = list(margin_faults(case(**moved)))
    assert len(told) == len(faults)
    assert all(one.startswith(fault) for one, fault in zip(told, faults, strict=True))


def test_a_sum_of_powers_is_exact_where_floats_lose_the_small_ones():
    powers_mw = np.array([1.0, *[1e-17] * 1000, 0.0])
    assert float(powers_mw.cumsum()[-1]) == 1.0
    assert _total(powers_mw) == 1 + 1000 * Fraction(1e-17)


@pytest.mark.parametrize(("level_db", "power_mw"), [(0.0, 1.0), (10.0, 10.0), (-np.inf, 0.0)])
def test_a_level_is_a_power(level_db, power_mw):
    assert float(_mw(level_db)) == power_mw


def test_a_ratio_for_people_is_in_decibel_and_none_is_endless():
    assert _db(Fraction(2)) == pytest.approx(3.0103, abs=1e-4)
    assert _db(Fraction(0)) == -np.inf


def test_places_where_one_device_breaks_one_limit_are_one_line_with_the_worst():
    failing = _Failing("the limit outside with 0 dB of slack")
    for over_db, place in ((1.2, "ring-3"), (4.56, "home-1"), (0.1, "ring-4")):
        failing.add("power", "EE/B20/LTE", "J1", over_db, place)
    failing.add("captured", "EE/B20/LTE", "M1", 2.0, "ring-9")
    assert list(failing.words()) == [
        "home-1: EE/B20/LTE: the sum of all blockers is 4.56 dB above the limit outside with 0 dB of slack, "
        "J1 being the loudest, and at 2 further places",
        "ring-9: M1 captures phones on EE/B20/LTE by 2 dB",
    ]


@pytest.mark.parametrize(
    ("levels_dbm", "over"),
    [
        ([-3.02, -3.02], []),  # two equal ones are 3.01 dB louder: just below
        ([-3.0, -3.0], ["0.0103"]),
        ([-3.0, -np.inf], []),
        ([0.0, 0.0], ["3.01"]),  # each alone would do
    ],
)
def test_a_base_station_hears_all_devices_together(levels_dbm, over, monkeypatch):
    """Levels below and above are of the limit in a resource block."""
    levels = np.array(levels_dbm)[:, None] + claims.DESENSE_DBM_PER_RB
    monkeypatch.setattr(claims, "device_levels_dbm", lambda *_: levels)
    devices = tuple(SimpleNamespace(id=name, state="planned") for name in ("J1", "J2"))
    treated = SimpleNamespace(sectors=(SimpleNamespace(id="s1", channel="EE/B20/LTE"),))
    told = list(receiver_faults(case(devices=devices), treated))
    assert len(told) == len(over)
    assert all(f"all devices together are {db} dB above" in one for db, one in zip(over, told, strict=True))


def test_what_is_off_radiates_nothing(monkeypatch):
    asked = []
    monkeypatch.setattr(claims, "device_levels_dbm", lambda *given: asked.append(given[2]) or np.ones((1, 0)))
    devices = (SimpleNamespace(id="J1", state="off"), SimpleNamespace(id="J2", state="existing"))
    assert list(receiver_faults(case(devices=devices), SimpleNamespace(sectors=()))) == []
    assert [device.id for device in asked[0]] == ["J2"]
