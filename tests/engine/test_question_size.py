"""A question that would take hours or all memory is refused with its number before anything is worked out."""

import datetime as dt
import math
import re
from dataclasses import replace
from pathlib import Path

import pytest

from quietwing.coverage import study
from quietwing.coverage.blocking import explain_room, judging, question_size
from quietwing.coverage.blocking.question_size import (
    MOST_DEVICE_LINKS,
    MOST_LEVEL_SUMS,
    MOST_LINK_WORLDS,
    MOST_ON_THE_AIR,
    MOST_SECTOR_LINKS,
    WORLDS_OF_ANY,
    count_places,
    refuse_too_large,
)
from quietwing.coverage.blocking.world_memory import MOST_WORLD_BYTES
from quietwing.coverage.calibration import calibrate_site, next_readings
from quietwing.coverage.equipment import Device
from quietwing.coverage.errors import ScenarioError
from quietwing.coverage.layout import MOST_DEVICES, MOST_TRIMS_LOOKED_AT
from quietwing.coverage.propagation.portals import MOST_PORTAL_PAIRS
from quietwing.coverage.scenario import Scenario
from quietwing.sites import Measurements, OutOfRangeError, Reading, build_wing, describe, load_site

QUESTIONS = (
    lambda site, scenario, devices: study.evaluate(site, scenario, devices=devices, maps=False),
    lambda site, scenario, devices: study.optimise(site, replace(scenario, budget_gbp=1e4), devices=devices),
    lambda site, scenario, devices: study.frontier(site, scenario, (1e4,), devices=devices),
    lambda site, scenario, devices: study.whatif(site, scenario, devices=devices),
)


READING = Reading("EE/B20/LTE", 0.0, 0.0, 1.5, -100.0, dt.date(2026, 11, 20))
WITHOUT_LAYOUT = (
    lambda site, scenario, _devices: study.leakage(site, scenario, maps=False),
    lambda site, _scenario, _devices: calibrate_site(site, Measurements("r.csv", (READING,))),
)
OF_A_LAYOUT = (
    *QUESTIONS,
    lambda site, scenario, devices: next_readings(site, scenario, devices),
    lambda site, scenario, devices: explain_room(site, scenario, "A1-01", devices=devices),
)


@pytest.fixture(scope="module")
def houseblock():
    return load_site("houseblock")


def devices_of(number, **changes):
    return tuple(Device(f"d{n}", "micro_jammer", 10.0 + n / 1000, 0.5, 2.0, **changes) for n in range(number))


@pytest.fixture(autouse=True)
def nothing_is_worked_out(monkeypatch, request):
    """No test of a refusal may come as far as the propagation."""
    if "refused" in request.node.name:
        for name in ("judging", "leaks"):
            monkeypatch.setattr(f"quietwing.coverage.study.{name}.prepare_scene", None)


@pytest.mark.parametrize("ask", OF_A_LAYOUT)
def test_ten_thousand_devices_on_a_houseblock_are_refused(houseblock, ask):
    told = (
        "layout: 10,000 devices on the air .limit 4,000 at the 2,698 places .* take 4,000 at most, or split the site"
    )
    with pytest.raises(ScenarioError, match=told):
        ask(houseblock, Scenario(), devices_of(10_000))


def test_on_a_campus_the_places_count():
    """13,323 places see 1,801 devices within 24 million links and no more."""
    campus = load_site("campus")
    with pytest.raises(ScenarioError, match=r"layout: 1,802 devices on the air .limit 1,801 at the 13,323 places"):
        refuse_too_large(campus, Scenario(), campus.sectors, 1802)
    refuse_too_large(campus, Scenario(), campus.sectors, 1801)


def test_devices_that_are_off_reach_no_place(houseblock):
    many = replace(houseblock, sectors=houseblock.sectors * 60)
    with pytest.raises(ScenarioError, match=r"^scenario: worlds"):  # the layout itself is no reason
        study.wanted_sectors(houseblock, Scenario(worlds=100_000), devices_of(10_000, state="off"))
    with pytest.raises(ScenarioError, match=r"^masts\.csv"):
        study.evaluate(many, devices=devices_of(10_000, state="off"), maps=False)


@pytest.mark.parametrize("ask", [*WITHOUT_LAYOUT, *OF_A_LAYOUT])
def test_five_thousand_sectors_are_refused(houseblock, ask):
    """6,000,000 links over 2,698 places: 2,223 sectors."""
    first = houseblock.sectors[0]
    many = tuple(replace(first, id=f"S{number}") for number in range(5000))
    told = "masts.csv: 5,000 sectors .* 2,698 places, 13,490,000 links .* keep the nearest 2,223, or name fewer"
    with pytest.raises(ScenarioError, match=told):
        ask(replace(houseblock, sectors=many), Scenario(), ())


@pytest.mark.parametrize("ask", [*WITHOUT_LAYOUT, *OF_A_LAYOUT])
def test_a_hundred_thousand_levels_of_a_channel_are_refused(houseblock, ask):
    """Each is held against each other and each place: 2,970² × (2,970 + 2,698) is within 50,000 million."""
    levels = tuple(replace(houseblock.outside_levels[0], x_m=n / 100) for n in range(99_999))
    told = (
        "outside_levels.csv: 99,999 levels, 99,999 of them of EE/n67/NR "
        r"\(limit 2,970 of each at the 2,698 places of this site\); keep those nearest the buildings"
    )
    with pytest.raises(ScenarioError, match=told):
        ask(replace(houseblock, outside_levels=levels), Scenario(), ())
    allowed = replace(houseblock, outside_levels=levels[:2970])
    refuse_too_large(allowed, Scenario(), houseblock.sectors)
    refuse_too_large(
        replace(houseblock, outside_levels=levels), Scenario(), houseblock.sectors[1:]
    )  # another channel


@pytest.mark.parametrize("ask", [*WITHOUT_LAYOUT, *OF_A_LAYOUT])
def test_more_openings_than_a_table_of_all_pairs_holds_are_refused(houseblock, ask):
    count = len(houseblock.openings)
    many = replace(houseblock, openings=houseblock.openings * (1 + math.isqrt(MOST_PORTAL_PAIRS) // count))
    with pytest.raises(OutOfRangeError, match=r"^openings\.geojson: building 'houseblock' has 6,\d{3} openings"):
        ask(many, Scenario(), ())


@pytest.mark.parametrize("ask", OF_A_LAYOUT)
def test_a_hundred_thousand_worlds_are_refused_with_the_number_that_is_not(houseblock, ask):
    """42 sectors and 28 devices at 2,698 places are 188,860 links, in 10,000 million / 188,860 = 52,949 worlds."""
    told = (
        "scenario: worlds is 100,000: 42 sectors and 28 devices at 2,698 places are 188,860 links .* 52,900 at most"
    )
    with pytest.raises(ScenarioError, match=told):
        ask(houseblock, Scenario(worlds=100_000), devices_of(28))
    refuse_too_large(houseblock, Scenario(worlds=52_900), houseblock.sectors, 28)


@pytest.mark.parametrize(("name", "devices"), [("radial", 854), ("campus", 1644)])
def test_a_node_in_every_room_of_a_bundled_site_is_allowed(name, devices):
    site = load_site(name)
    refuse_too_large(site, Scenario(worlds=WORLDS_OF_ANY), site.sectors, devices)


def test_a_site_without_any_place_is_no_division_by_nothing(hut, monkeypatch):
    monkeypatch.setattr(question_size, "count_places", lambda _site: 0)
    refuse_too_large(hut(), Scenario(), (), 0)


def test_rooms_judged_in_parts_give_the_same_worlds(monkeypatch):
    """However few sectors fit into memory at a time."""
    site = build_wing(describe(cells=4, storeys=1, area="suburban", fence_distance_m=60.0))
    device = Device("J1", "room_jammer", 0.0, 2.4, 2.7)
    whole = study.evaluate(site, Scenario(worlds=100), devices=(device,), maps=False)
    leaks = study.leakage(site, Scenario(worlds=100), maps=False)
    monkeypatch.setattr(judging, "MOST_LEVELS", 1)
    shares: list[float] = []
    parts = study.evaluate(
        site,
        Scenario(worlds=100),
        devices=(device,),
        maps=False,
        progress=lambda what, share: shares.append(share) if what == "rooms" else None,
    )
    assert len(shares) > len(site.rooms) // 2
    assert shares == sorted(shares)
    for one, other in zip(whole.grades, parts.grades, strict=True):
        assert one.by_room.identical(other.by_room)
        assert (one.silent == other.silent).all()
    assert study.leakage(site, Scenario(worlds=100), maps=False).by_room.identical(leaks.by_room)


def test_maps_drawn_in_parts_are_the_same_maps(monkeypatch):
    site = build_wing(describe(cells=4, storeys=1, area="suburban", fence_distance_m=60.0))
    device = Device("J1", "room_jammer", 0.0, 2.4, 2.7)
    whole = study.evaluate(site, Scenario(worlds=100, grid_m=2.0), devices=(device,))
    monkeypatch.setattr("quietwing.coverage.study.judging.MOST_MAP_LEVELS", 100)
    parts = study.evaluate(site, Scenario(worlds=100, grid_m=2.0), devices=(device,))
    for one, other in zip(whole.maps, parts.maps, strict=True):
        assert one.data.identical(other.data)


def test_the_limits_are_in_the_documentation():
    text = (Path(__file__).parents[2] / "docs" / "equipment.md").read_text("utf-8")
    section = text.split("## How large a question may be")[1].split("\n## ")[0]
    told = [row.split("|")[-2].strip() for row in section.splitlines() if row.startswith("| `")]
    of_layout = (MOST_DEVICES, MOST_TRIMS_LOOKED_AT, MOST_ON_THE_AIR, MOST_DEVICE_LINKS)
    limits = (*of_layout, MOST_SECTOR_LINKS, MOST_LEVEL_SUMS, MOST_PORTAL_PAIRS, 100_000, MOST_LINK_WORLDS)
    assert told == [*(f"{limit:,}" for limit in limits), f"{MOST_WORLD_BYTES // 2**30} GiB"]
    assert f"above {WORLDS_OF_ANY:,} worlds" in section
    assert re.search(r"2,698 for `houseblock`, 13,323 for `campus`", section)
    assert count_places(load_site("campus")) == 13_323
