"""Logs of scanners and phones: channel numbers by their standards, places, medians, and no phone's identity."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from by_path import module_at

from quietwing.sites import load_site
from quietwing.sites.errors import OutOfRangeError, SiteError
from quietwing.sites.readings import parse_measurements
from quietwing.sites.surveys.channel_numbers import band_of, gsm_mhz, lte_mhz, nr_mhz, umts_mhz
from quietwing.sites.surveys.log_columns import Mapped, read_mapping
from quietwing.sites.surveys.walk_log import import_walk, log_head, readings_text
from quietwing.sites.surveys.walk_positions import read_waypoints, seconds_of

X, Y = 400_000, 300_000  # corner of the tiny site


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    tiny = module_at("tests/places/tiny_site.py")
    return load_site(tiny.write(tmp_path_factory.mktemp("tiny")))


def test_channel_numbers_are_the_frequencies_of_their_standards():
    assert lte_mhz(6300) == pytest.approx(806.0)  # 791 + 0.1 · 150
    assert lte_mhz(1617) == pytest.approx(1846.7)
    assert lte_mhz(9260) == pytest.approx(763.0)
    assert gsm_mhz(0) == pytest.approx(935.0)
    assert gsm_mhz(1023) == pytest.approx(934.8)
    assert gsm_mhz(512) == pytest.approx(1805.2)
    assert umts_mhz(10562) == pytest.approx(2112.4)
    assert umts_mhz(2937) == pytest.approx(927.4)
    assert nr_mhz(632_000) == pytest.approx(3480.0)  # 3000 + 0.015 · 32000
    assert nr_mhz(156_600) == pytest.approx(783.0)
    assert band_of("LTE", 806.0, 6300) == "B20"
    assert band_of("NR", 3480.0) == "n78"
    for wrong in (lambda: lte_mhz(18_300), lambda: gsm_mhz(300), lambda: nr_mhz(2_100_000), lambda: umts_mhz(9800)):
        with pytest.raises(OutOfRangeError):
            wrong()


def sector(site):
    return site.sectors[0]


def log(tmp_path, header: str, *rows: str, name: str = "walk.csv") -> Path:
    path = tmp_path / name
    path.write_text("\n".join([header, *rows]) + "\n", "utf-8")
    return path


def test_medians_in_decibels_by_square_and_channel(site, tmp_path):
    one = sector(site)
    rows = [f"2026-11-20T10:00:0{k},{X + 2},{Y + 3},{one.channel},{level}" for k, level in enumerate((-80, -90, -84))]
    path = log(tmp_path, "time,x,y,channel,rsrp", *rows, f"2026-11-20T10:01:00,{X + 2},{Y + 3},{one.channel},-9999")
    found = import_walk(path, site)
    assert [(reading.channel, reading.rsrp_dbm) for reading in found.readings] == [(one.channel, -84.0)]
    assert found.readings[0].note.startswith("3 samples, 10 to 90 %: -88.8 to -80.8")
    assert (found.rows, found.used) == (4, 3)
    assert sum(many for _, many in found.left_out) == 1
    assert parse_measurements(readings_text(found.readings), site, "r.csv").readings == found.readings


def test_a_sample_on_a_storey_that_is_not_there_is_left_out_and_said(site, tmp_path):
    """Its floor is not known; with a height of its own it has a place all the same."""
    one, storeys = sector(site), len(site.buildings[0].storeys)
    rows = [f"2026-11-20T10:00:00,{X + 2},{Y + 3},{storey},{one.channel},-80" for storey in (0, storeys, -1, 99)]
    found = import_walk(log(tmp_path, "time,x,y,storey,channel,rsrp", *rows), site)
    assert (found.rows, found.used, len(found.readings)) == (4, 1, 1)
    assert ("on a storey that the building there does not have", 3) in found.left_out
    high = f"2026-11-20T10:00:00,{X + 2},{Y + 3},99,1.7,{one.channel},-80"
    found = import_walk(log(tmp_path, "time,x,y,storey,height_m,channel,rsrp", high), site)
    assert [reading.height_m for reading in found.readings] == [1.7]


def test_no_median_goes_through_a_wall(site, tmp_path):
    one = sector(site)
    rows = [f"2026-11-20T10:00:00,{X + x},{Y + 3},{one.channel},-80" for x in (3.6, 7)]
    assert len(import_walk(log(tmp_path, "time,x,y,channel,rsrp", *rows), site, square_m=50).readings) == 2


def test_a_log_of_g_nettrack_is_read_and_its_phone_is_forgotten(site, tmp_path):
    one = sector(site)
    number = next(n for n in range(70_000) if _is(one, n))
    header = (
        "Timestamp\tLongitude\tLatitude\tOperatorname\tOperator\tNetworkTech\tLevel\tARFCN\tIMEI\tIMSI\tPhone number"
    )
    row = (
        f"2026.11.20_10.15.00\t0\t0\tx\t{one.plmn.replace('-', '')}\t4G\t-95\t{number}\t000000000000000\t23430\t0712"
    )
    ways = log(
        tmp_path,
        "time,x,y,storey",
        f"2026-11-20T10:14:00,{X + 1},{Y + 3},0",
        f"2026-11-20T10:16:00,{X + 3},{Y + 3},0",
        name="w.csv",
    )
    found = import_walk(log(tmp_path, header, row, name="g.txt"), site, waypoints=read_waypoints(ways))
    (reading,) = found.readings
    assert (reading.x_m, reading.y_m, reading.channel) == (X + 2, Y + 3, one.channel)  # half-way at half-time
    assert found.private == ("IMEI", "IMSI", "Phone number")
    assert "000000000000000" not in readings_text(found.readings)


def _is(one, number: int) -> bool:
    try:
        return one.technology == "LTE" and abs(lte_mhz(number) - one.freq_mhz) < 0.06
    except OutOfRangeError:
        return False


def test_before_and_after_the_waypoints_nobody_knows_the_place(site, tmp_path):
    ways = log(tmp_path, "time,x,y,storey", f"100,{X},{Y},0", f"200,{X + 4},{Y},0", f"300,{X},{Y},1", name="w.csv")
    xy, _, known = read_waypoints(ways).at(np.array([99.0, 150.0, 200.0, 250.0, 301.0]))
    assert known.tolist() == [False, True, True, False, False]  # on the stairs between storeys: unknown
    assert xy[1].tolist() == [X + 2, Y]


def test_times_of_loggers():
    assert seconds_of("2026.11.20_10.15.00") == seconds_of("2026-11-20T10:15:00")
    assert seconds_of("1795169700000") == seconds_of("1795169700")
    assert seconds_of("soon") is None


@pytest.mark.parametrize(
    ("header", "row", "told"),
    [
        ("time,x,y,channel", "2026-11-20,1,2,EE/B20/LTE", "lacks a level"),
        ("time,channel,rsrp", "2026-11-20,EE/B20/LTE,-80", "lacks a place"),
        ("time,lat,lon,channel,rsrp", "2026-11-20,91,0,EE/B20/LTE,-80", "none of 1 samples"),
        ("time,x,y,channel,rsrp", "2026-11-20,0,0,EE/B20/LTE,-80", "none of 1 samples"),
        ("", "", "is no header"),
    ],
)
def test_what_is_wrong_with_a_log_is_said(site, tmp_path, header, row, told):
    with pytest.raises(SiteError, match=told):
        import_walk(log(tmp_path, header, row), site)


def test_a_mapping_names_columns_and_refuses_identities(site, tmp_path):
    one = sector(site)
    path = log(tmp_path, "When;Ost;Nord;Pegel;f", f"2026-11-20T10:00:00;{X + 2};{Y + 3};-80;{one.freq_mhz:g}")
    good = tmp_path / "m.toml"
    good.write_text(
        f'[columns]\ntime = "When"\nx = "Ost"\ny = "Nord"\nlevel_dbm = "Pegel"\nfreq_mhz = "f"\n'
        f'[fixed]\ntechnology = "{one.technology}"\nplmn = "{one.plmn}"\n',
        "utf-8",
    )
    assert import_walk(path, site, read_mapping(good)).readings[0].channel == one.channel
    good.write_text('[columns]\ntime = "IMEI"\nplace = "x"\n', "utf-8")
    with pytest.raises(SiteError, match="identifies a phone"):
        read_mapping(good)
    with pytest.raises(SiteError, match="has no column 'Zeit'"):
        import_walk(path, site, Mapped({"time": "Zeit"}))


def test_a_hundred_thousand_samples_come_to_one_median(site, tmp_path):
    one = sector(site)
    row = f"2026-11-20T10:00:00,{X + 2},{Y + 3},{one.channel},-80\n"
    path = tmp_path / "large.csv"
    path.write_text("time,x,y,channel,rsrp\n" + row * 100_000, "utf-8")
    assert import_walk(path, site).used == 100_000


def test_the_head_of_a_log_says_what_its_columns_are_taken_for_and_hides_its_phone(tmp_path):
    path = log(tmp_path, "Message Time,DL EARFCN,Serving RSRP (dBm),IMEI", "10:00:00,6300,-90,000000000000000")
    head = log_head(path)
    assert head.columns == ("Message Time", "DL EARFCN", "Serving RSRP (dBm)")
    assert head.proposed == {
        "time": "Message Time",
        "arfcn": "DL EARFCN",
        "level_dbm": "Serving RSRP (dBm)",
    }
    assert head.rows == (("10:00:00", "6300", "-90"),)
