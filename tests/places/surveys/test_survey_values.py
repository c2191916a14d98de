"""Values of logs and lists one by one: edges of bands, names of networks, times, and numbers without end."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest
from by_path import module_at

from quietwing.sites import load_site
from quietwing.sites.errors import OutOfRangeError, SiteError
from quietwing.sites.surveys.channel_numbers import band_of, frequency_mhz
from quietwing.sites.surveys.log_columns import Mapped, is_private, map_columns
from quietwing.sites.surveys.mast_import import import_masts
from quietwing.sites.surveys.mast_networks import _carriers, _network
from quietwing.sites.surveys.walk_log import _plmn, import_walk
from quietwing.sites.surveys.walk_positions import Waypoints, read_waypoints, seconds_of

X, Y = 400_000, 300_000


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    tiny = module_at("tests/places/tiny_site.py")
    return load_site(tiny.write(tmp_path_factory.mktemp("tiny")))


@pytest.mark.parametrize(
    ("technology", "number", "mhz", "band"),
    [
        ("GSM", 124, 959.8, "B8"),  # 890 + 0.2 · 124 + 45
        ("GSM", 955, 921.2, None),  # GSM-R, below the band of the public
        ("GSM", 251, 893.8, "B5"),  # 824.2 + 0.2 · 123 + 45
        ("GSM", 885, 1879.8, "B3"),
        ("UMTS", 10_838, 2167.6, "B1"),
        ("UMTS", 3088, 957.6, "B8"),  # 340 + 617.6
        ("LTE", 6449, 820.9, "B20"),  # the last of band 20, and the first of band 21
        ("LTE", 6450, 1495.9, "B21"),
        ("LTE", 9659, 802.9, "B28"),
        ("LTE", 39_649, 2399.9, "B40"),
        ("NR", 599_999, 2999.995, None),  # the last at 5 kHz, and the first at 15
        ("NR", 600_000, 3000.0, None),
        ("NR", 151_600, 758.0, "n28"),
        ("NR", 620_000, 3300.0, "n78"),
        ("NR", 653_334, 3800.01, "n77"),  # a raster step above n78
    ],
)
def test_the_last_and_first_number_of_a_band_by_its_standard(technology, number, mhz, band):
    assert frequency_mhz(technology, number) == pytest.approx(mhz, abs=1e-6)
    assert band_of(technology, mhz, number if technology == "LTE" else None) == band


@pytest.mark.parametrize(
    ("mhz", "band"),
    [
        (763.0, "B28"),  # and not band 14 of America
        (795.0, "B20"),
        (1480.0, "B32"),  # band 11 of Japan
        (2355.0, "B40"),  # band 30 of America
        (1960.0, "B2"),  # in no use in Europe
        (3000.0, None),
    ],
)
def test_a_frequency_alone_is_of_the_band_that_is_used_in_europe(mhz, band):
    assert band_of("LTE", mhz) == band


@pytest.mark.parametrize(
    ("technology", "number"),
    [("GSM", 125), ("GSM", 954), ("GSM", 1024), ("UMTS", 10_561), ("LTE", 6600), ("LTE", -1), ("NR", 2_016_667)],
)
def test_a_number_between_bands_is_refused(technology, number):
    with pytest.raises(OutOfRangeError, match=str(number)):
        frequency_mhz(technology, number)


@pytest.mark.parametrize(
    ("text", "clock"),
    [
        ("2026-11-20T10:15:00", "10:15:00"),
        ("2026-11-20T10:15:00Z", "10:15:00"),
        ("2026-11-20T10:15:00+01:00", "09:15:00"),
        ("2026/11/20 10:15:00", "10:15:00"),
        ("9:15:30", "09:15:30"),  # a clock, on the day of the mapping
        ("2026.13.20_10.15.00", None),
        ("25 past ten", None),
    ],
)
def test_a_time_is_seconds_of_universal_time(text, clock):
    found = seconds_of(text, dt.date(2026, 11, 20))
    told = None if found is None else dt.datetime.fromtimestamp(found, dt.UTC).isoformat()
    assert told == (None if clock is None else f"2026-11-20T{clock}+00:00")


def test_between_waypoints_one_walks_evenly_and_a_stair_belongs_to_no_storey():
    ways = Waypoints(
        np.array([0.0, 10.0, 20.0]), np.array([[0.0, 0.0], [10.0, 5.0], [10.0, 5.0]]), np.array([0, 0, 1])
    )
    xy_m, storey, known = ways.at(np.array([0.0, 4.0, 10.0, 15.0, 20.0, 20.1]))
    assert xy_m[1].tolist() == [4.0, 2.0]
    assert storey[[0, 1, 2, 4]].tolist() == [0, 0, 0, 1]
    assert known.tolist() == [True, True, True, False, True, False]


@pytest.mark.parametrize(
    ("given", "plmn"),
    [
        (("23430", "", ""), "234-30"),
        (("234-30", "", ""), "234-30"),
        (("310410", "", ""), "310-410"),
        (("", "234", "3"), "234-03"),  # one figure for a network of two
        (("23410", "234", "30"), "234-30"),  # apart they are surer than together
        (("2343", "", ""), None),
        (("", "234", ""), None),
    ],
)
def test_a_network_is_country_and_network_however_it_is_written(given, plmn):
    assert _plmn(*given) == plmn


@pytest.mark.parametrize(
    ("row", "network"),
    [
        ({"technology": "4G", "mcc": "234", "mnc": "30"}, ("EE", "234-30", "LTE")),
        ({"technology": "5G NR", "plmn": "234 10"}, ("O2", "234-10", "NR")),
        ({"technology": "lte", "plmn": "23433"}, ("EE", "234-33", "LTE")),  # EE's second
        ({"technology": "gsm", "plmn": "26201"}, ("262-01", "262-01", "GSM")),  # of no table: its own name
        ({"technology": "2G", "operator": "Vodafone UK Limited"}, ("VF", "234-15", "GSM")),
        ({"technology": "6G"}, "technology 6G"),
        ({}, "technology not told"),
        ({"technology": "LTE", "operator": "Acme"}, "operator Acme (give PLMN, or mcc and mnc)"),
        ({"technology": "LTE", "plmn": "99901"}, "operator not told (give PLMN, or mcc and mnc)"),  # a test network
    ],
)
def test_the_operator_of_a_row_is_its_plmns_or_its_names(row, network):
    assert _network(row) == network


@pytest.mark.parametrize(
    ("row", "found"),
    [
        ({"arfcn": "6225", "bandwidth_mhz": "5"}, [(("B20", 798.5, 5.0), ())]),
        ({"freq_mhz": "3000"}, "LTE at 3000 MHz is of no band"),
        ({"arfcn": "6600"}, "LTE channel number 6600 is of no band"),
        ({"band": "band 99"}, "EE has no LTE in band band 99"),
        ({"freq_mhz": "2355"}, [(("B40", 2355.0, 10.0), ("bandwidth",))]),  # no carrier of EE: the usual width
    ],
)
def test_a_carrier_is_told_by_number_frequency_or_band(row, found):
    assert _carriers(row, "EE", "234-30", "LTE") == found


def test_columns_of_a_mapping_rule_and_no_column_is_two_things():
    header = ["Time", "Level", "RSRP", "IMEI", "X", "Y", "Channel number"]
    assert map_columns(header, Mapped(), "w.csv") == {
        "time": 0, "level_dbm": 1, "x": 4, "y": 5, "arfcn": 6,
    }  # fmt: skip
    assert map_columns(header, Mapped({"level_dbm": "rsrp"}), "w.csv")["level_dbm"] == 2
    with pytest.raises(SiteError, match="did you mean 'RSRP'"):
        map_columns(header, Mapped({"level_dbm": "RSRQ"}), "w.csv")
    private = ("IMEI(SV)", "Phone number", "t_m_s_i", "Device ID", "MDN")
    assert [name for name in (*private, "MDN level", "cell id", "time") if is_private(name)] == list(private)


@pytest.mark.parametrize("endless", ["1e999", "-1e999"])
def test_a_number_without_end_is_one_of_our_messages(site, tmp_path, endless):
    """Such a text is a number to a computer, and none that can be counted with."""
    log = tmp_path / "walk.csv"
    log.write_text(f"time,x,y,technology,earfcn,rsrp\n2026-11-20,{X + 2},{Y + 3},LTE,{endless},-80\n", "utf-8")
    with pytest.raises(SiteError, match="no channel number or frequency: 1"):
        import_walk(log, site)
    log.write_text(f"time,x,y,storey,channel,rsrp\n2026-11-20,{X + 2},{Y + 3},{endless},EE/B20/LTE,-80\n", "utf-8")
    with pytest.raises(SiteError, match="no storey that can be read: 1"):
        import_walk(log, site)
    log.write_text(f"time,x,y,storey\n1,0,0,0\n2,0,0,{endless}\n", "utf-8")
    with pytest.raises(SiteError, match="line 3: is no waypoint"):
        read_waypoints(log)
    log.write_text(f"x,y,plmn,technology,earfcn\n{X + 500},{Y},23430,LTE,{endless}\n", "utf-8")
    with pytest.raises(SiteError, match=f"channel number {endless} is no whole number: 1"):
        import_masts(log, site)


@pytest.mark.parametrize("text", ["-1e308", "1e300", "1796000000000000", "17960000000000000000", ""])
def test_a_number_that_is_no_time_of_this_age_is_none(text):
    """Microseconds and nanoseconds since 1970 are not guessed at."""
    assert seconds_of(text) is None
    assert seconds_of("1796000000") == seconds_of("1796000000000") == 1_796_000_000
