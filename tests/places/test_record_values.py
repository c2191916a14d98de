"""One value of one record: what it becomes, and what is said of it when it cannot be."""

from __future__ import annotations

import datetime as dt
from dataclasses import field, replace
from typing import Annotated

import pytest
from pydantic import ConfigDict, Field, StringConstraints
from pydantic.dataclasses import dataclass as pydantic_dataclass

from quietwing.sites.findings import Findings
from quietwing.sites.model import OutsideLevel, Sector
from quietwing.sites.records import MOST_UNKNOWN, build, near_miss, plain_number

LEVEL = {
    "channel": "EE/B20/LTE",
    "x_m": 1.0,
    "y_m": 2.0,
    "height_m": 1.5,
    "rsrp_dbm": -80.0,
    "date": dt.date(2026, 10, 1),
}
MAST = {
    "id": "m1", "operator": "EE", "plmn": "234-30", "band": "B20", "technology": "LTE", "freq_mhz": 806,
    "bandwidth_mhz": 10, "x_m": 0, "y_m": 0, "height_m": 25, "azimuth_deg": 270, "tilt_deg": 6,
    "pattern": "sector_65", "eirp_dbm": 60, "environment": "UMa", "sigma_db": 8,
}  # fmt: skip


@pydantic_dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class Named:
    """A class whose name for a column is not the file's."""

    name: Annotated[str, StringConstraints(max_length=3)] = field(metadata={"column": "model"})
    price_gbp: Annotated[float, Field(ge=0)] = field(default=1.0, metadata={"column": "price"})


def said(cls, raw, **options) -> str:
    findings = Findings()
    assert build(cls, raw, findings, "f", "1", **options) is None
    return "\n".join(findings.problems)


def test_a_column_that_a_class_calls_otherwise_is_read_and_named_by_the_column():
    assert build(Named, {"model": "a", "price": "2"}, Findings(), "f", "1") == Named("a", 2.0)
    assert build(Named, {"model": "a"}, Findings(), "f", "1") == Named("a", 1.0)
    assert build(Named, {"price": "2"}, Findings(), "f", "1", given={}) is None
    assert said(Named, {"price": "2"}).startswith("f: 1: model is missing")
    wrong = said(Named, {"model": "abcd", "price": -1}).splitlines()
    assert [line.split(" is ")[0] for line in wrong] == ["f: 1: model", "f: 1: price"]
    assert said(Named, {"model": "a", "price": "dear"}).startswith("f: 1: price is 'dear'")
    assert "unknown key 'name'" in said(Named, {"model": "a", "name": "b"})


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("12.5", 12.5), (" -3 ", -3.0), ("+.5", 0.5), ("1.", 1.0), ("1e-3", 0.001), ("1,5", None), ("", None),
        ("1 000", None), ("0x10", None), ("nan", None), ("٣", None), ("1_000", None), ("\n1", None), ("1" * 60, None),
    ],
)  # fmt: skip
def test_a_plain_number_is_plain_ascii_with_a_point(text, number):
    assert plain_number(text) == number


@pytest.mark.parametrize(
    ("unknown", "meant"),
    [("height", "height_m"), ("rsrp", "rsrp_dbm"), ("chanel", "channel"), ("fid", None), ("comment", None)],
)
def test_a_key_without_its_unit_or_with_a_slip_is_a_near_miss(unknown, meant):
    assert near_miss(unknown, ("id", *LEVEL)) == meant


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("freq_mhz", 806e6, "this looks like Hz: write 806"),
        ("freq_mhz", 806e3, "this looks like kHz: write 806"),
        ("freq_mhz", 0.806, "this looks like GHz: write 806"),
        ("freq_mhz", "806 MHz", "write the number without its unit"),
        ("freq_mhz", "1,800.5", "write it without thousands separators"),
        ("freq_mhz", "806,5", "use a decimal point and no comma"),
        ("freq_mhz", True, "write a number, not true or false"),
        ("freq_mhz", 10**19, "a number of a plausible size"),
        ("freq_mhz", [806], "write a number"),
        ("height_m", 25_000, "this looks like millimetres: write 25"),
        ("tilt_deg", "\u22126", "typographic minus"),
        ("tilt_deg", "٦", "digits of another script"),
        ("tilt_deg", "n/a", "give a finite number"),
        ("tilt_deg", float("inf"), "give a finite number"),
        ("azimuth_deg", 450, "count clockwise from grid north: write 90"),
        ("azimuth_deg", -90, "count clockwise from grid north: write 270"),
        ("eirp_dbm", 1000, "give the level in dBm, not in watts"),
        ("technology", "LTEE", "did you mean 'LTE'?"),
        ("technology", "smoke", "choose one of these"),
        ("operator", 3.5, "write it as text in quotes"),
        ("operator", "E\ud800", "half a character"),
    ],
)
def test_a_value_that_cannot_be_is_named_with_what_was_meant(key, value, told):
    text = said(Sector, MAST | {key: value})
    assert f"f: 1: {key} is " in text
    assert told in text
    assert text.count("\n") == 0  # one reason a value


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (80.0, "the sign is missing: write -80"),
        (-500.0, "give the level in dBm with its sign"),
    ],
)
def test_a_level_without_its_sign(value, told):
    assert told in said(OutsideLevel, LEVEL | {"rsrp_dbm": value})


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("01.10.2026", "write year-month-day"),
        ("2026-02-30", "there is no such day"),
        (20261001, "write year-month-day"),
        (dt.datetime(2026, 10, 1), "write year-month-day"),  # a day has no hour
    ],
)
def test_a_day_that_is_none(value, told):
    assert told in said(OutsideLevel, LEVEL | {"date": value})


def test_text_of_a_table_and_values_of_toml_make_the_same_record():
    found = build(OutsideLevel, LEVEL, Findings(), "f", "1")
    texts = LEVEL | {"x_m": "1", "rsrp_dbm": " -80.0", "date": "2026-10-01"}
    assert build(OutsideLevel, texts, Findings(), "f", "1") == found
    assert build(OutsideLevel, texts | {"note": None}, Findings(), "f", "1", ignore_unknown=True) == found
    mast = build(Sector, MAST | {"id": 7}, Findings(), "f", "1")  # a column of ids that are whole numbers
    assert mast == replace(build(Sector, MAST, Findings(), "f", "1"), id="7")


def test_a_column_of_ones_own_is_remarked_and_a_mistyped_one_is_a_problem():
    findings = Findings()
    assert build(OutsideLevel, LEVEL | {"surveyor": "NN"}, findings, "f", "1", ignore_unknown=True) is not None
    assert list(findings.remarks) == ["f: column 'surveyor' is not used"]
    slip = {("rsrp" if key == "rsrp_dbm" else key): value for key, value in LEVEL.items()}
    text = said(OutsideLevel, slip, ignore_unknown=True)
    assert text == "f: 1: unknown key 'rsrp'; did you mean 'rsrp_dbm'?"  # and not that rsrp_dbm is missing too
    assert "leave it out (known: channel, x_m" in said(OutsideLevel, LEVEL | {"surveyor": "NN"})


def test_all_problems_of_a_record_come_together_and_floods_are_counted():
    text = said(
        Sector, {key: value for key, value in MAST.items() if key != "plmn"} | {"freq_mhz": 1, "tilt_deg": "x"}
    )
    assert [line.split(" is ")[0] for line in text.splitlines()] == ["f: 1: plmn", "f: 1: tilt_deg", "f: 1: freq_mhz"]
    many = {f"k{number}": 1 for number in range(MOST_UNKNOWN + 1)}
    assert said(OutsideLevel, LEVEL | many) == ("f: 1: has 501 unknown keys (limit 500); remove what is not needed")
