"""A trim belongs to what is radiated: where channels share spectrum, the power there is one number."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from quietwing.coverage import layout
from quietwing.coverage.blocking.emissions import carrier_levels_dbm, flat_spans, transmissions
from quietwing.coverage.blocking.exposures import share_of_limit
from quietwing.coverage.blocking.links import Carrier
from quietwing.coverage.blocking.outside import most_eirp_dbm
from quietwing.coverage.catalogue import read_catalogue
from quietwing.coverage.equipment import BandPower, Device, MasCarrier, Model
from quietwing.coverage.errors import ScenarioError
from quietwing.coverage.layout import check_layout, read_layout
from quietwing.coverage.planning.planning_links import PlanningLinks
from quietwing.coverage.planning.profiles import device_of
from quietwing.coverage.trims import (
    TrimmedPart,
    contradictory_trims,
    on_air,
    shared_groups,
    span_of,
    trim_over_db,
    trimmed_parts,
    trims_across,
)
from quietwing.sites import load_site
from quietwing.sites.points import scattered

EXAMPLES = Path(__file__).parents[3] / "sites" / "examples"
LTE = Carrier("O2/B28/LTE", "234-10", "LTE", 763.0, 10.0, "28")  # 758 to 768 MHz
NR = Carrier("O2/n28/NR", "234-10", "NR", 763.0, 10.0, "28")  # the same carrier
NEXT = Carrier("Three/n28/NR", "234-20", "NR", 773.0, 10.0, "28")  # 768 to 778 MHz
HALF = Carrier("EE/B28/LTE", "234-30", "LTE", 768.0, 10.0, "28")  # half on O2's carrier, half on Three's
CARRIERS = (LTE, NR, NEXT)
JAMMER = Model("jam", "jammer", (BandPower("B28", 758.0, 788.0, 10.0),))
NODE = Model(
    "node", "mas", (BandPower("B28", 758.0, 788.0, 10.0),),
    mas_carriers=(MasCarrier("234-10", "LTE", 763.0, 10.0), MasCarrier("234-10", "NR", 763.0, 10.0)),
)  # fmt: skip
FLAT_DBM = 10 - 10 * np.log10(30_000 / 15)  # 10 dBm over 30 MHz, in an element of 15 kHz: −23.01 dBm


def sent(model, trims, carriers=CARRIERS, *, outside=True):
    return carrier_levels_dbm(Device("J1", model.name, 0, 0, 2, trim_db=trims), model, carriers, outside=outside)[0]


@pytest.mark.parametrize("model", [JAMMER, NODE])
def test_two_trims_of_one_carrier_are_refused_by_name(model):
    trims = (("O2/B28/LTE", -6.0), ("O2/n28/NR", -20.0))
    with pytest.raises(ScenarioError, match=r"J1.*'O2/B28/LTE:-6'.*'O2/n28/NR:-20'.*758–768 MHz.*same value"):
        sent(model, trims)


def test_a_layout_with_two_trims_of_one_carrier_is_refused_by_file_and_device():
    site = load_site(EXAMPLES / "houseblock")
    first = read_layout(EXAMPLES / "houseblock" / "layout.csv", read_catalogue())[0]
    bad = Device(first.id, "micro_jammer", *first.line_m[0], trim_db=(("O2/B28/LTE", -6.0), ("O2/n28/NR", -20.0)))
    (problem,) = check_layout(site, (bad,), "bid.csv")
    for word in ("bid.csv", first.id, "'O2/B28/LTE:-6'", "'O2/n28/NR:-20'", "758–768 MHz", "leave one out"):
        assert word in problem


def test_devices_with_the_same_trims_are_refused_each_by_name_though_their_trims_are_looked_at_once():
    site = load_site(EXAMPLES / "houseblock")
    site = replace(site, sectors=site.sectors * 3)  # a mast listed with three sectors: one carrier
    trims = (("O2/B28/LTE", -6.0), ("O2/n28/NR", -20.0))
    place = read_layout(EXAMPLES / "houseblock" / "layout.csv", read_catalogue())[0].line_m[0]
    bad = [Device(name, "micro_jammer", place[0] + at, *place[1:], trim_db=trims) for at, name in enumerate("AB")]
    first, second = check_layout(site, bad)
    assert first.replace("layout.csv: A:", "layout.csv: B:") == second
    assert "'O2/B28/LTE:-6'" in first


def test_trims_of_very_many_devices_against_very_many_carriers_are_refused_with_a_number(monkeypatch):
    """10,000 of one and 100,000 of the other took minutes."""
    site = load_site(EXAMPLES / "houseblock")
    carriers = {(one.channel, one.freq_mhz, one.bandwidth_mhz) for one in site.sectors}
    place = read_layout(EXAMPLES / "houseblock" / "layout.csv", read_catalogue())[0].line_m[0]
    devices = [
        Device(f"J{at}", "micro_jammer", place[0] + at, *place[1:], trim_db=(("EE/B20/LTE", -float(at)),))
        for at in range(3)
    ]
    monkeypatch.setattr(layout, "MOST_TRIMS_LOOKED_AT", 2 * len(carriers))
    assert check_layout(site, devices[:2]) == ()
    (problem,) = check_layout(site, devices, "bid.csv")
    assert problem.startswith(
        f"bid.csv: 3 devices have trims of their own and the masts {len(carriers)} carriers (limit "
    )


@pytest.mark.parametrize("name", ["houseblock", "radial", "campus"])
def test_no_bundled_layout_contradicts_itself(name):
    devices = read_layout(EXAMPLES / name / "layout.csv", read_catalogue())
    assert check_layout(load_site(EXAMPLES / name), devices) == ()


@pytest.mark.parametrize("outside", [True, False])
@pytest.mark.parametrize(
    "trims", [(("O2/B28/LTE", -6.0),), (("O2/n28/NR", -6.0),), (("O2/B28/LTE", -6.0), ("O2/n28/NR", -6.0))]
)
def test_a_jammer_sends_one_power_on_a_carrier_whoever_listens(trims, outside):
    assert sent(JAMMER, trims, outside=outside) == pytest.approx([FLAT_DBM - 6, FLAT_DBM - 6, FLAT_DBM])


@pytest.mark.parametrize("outside", [True, False])
def test_cells_on_one_carrier_are_one_transmission(outside):
    # 10 − 6 dBm over the 50 blocks of LTE, 4 − 27.78, and over the 52 of NR, 4 − 27.95; on NR the LTE cell next to it
    # counts evenly over its 10 MHz: 4 − 10 lg(10000/15) = 4 − 28.24.
    lte, nr, _ = sent(NODE, (("O2/B28/LTE", -6.0),), outside=outside)
    assert lte == pytest.approx(4 - 10 * np.log10(600), abs=0.01)
    assert nr == pytest.approx(4 - 10 * np.log10(624), abs=0.01)


def test_a_carrier_half_in_trimmed_spectrum_counts_the_louder_half_outside_and_the_weaker_inside():
    carriers = (*CARRIERS, HALF)
    trims = (("O2/B28/LTE", -6.0), ("Three/n28/NR", -9.0))
    assert sent(JAMMER, trims, carriers)[3] == pytest.approx(FLAT_DBM - 6)
    assert sent(JAMMER, trims, carriers, outside=False)[3] == pytest.approx(FLAT_DBM - 9)
    alone = (("O2/B28/LTE", -6.0),)  # the other half is not trimmed at all
    assert sent(JAMMER, alone, carriers)[3] == pytest.approx(FLAT_DBM)
    assert sent(JAMMER, alone, carriers, outside=False)[3] == pytest.approx(FLAT_DBM - 6)


def test_trims_of_carriers_apart_stay_as_they_are():
    trims = (("B28", -3.0), ("O2/B28", -6.0), ("Three/n28/NR", -20.0))
    assert contradictory_trims(Device("J1", "jam", 0, 0, 2, trim_db=trims), CARRIERS) == ""
    assert sent(JAMMER, trims) == pytest.approx([FLAT_DBM - 9, FLAT_DBM - 9, FLAT_DBM - 23])


def test_one_cell_over_two_networks_has_one_power():
    wide = Model(
        "wide", "mas", (BandPower("B28", 758.0, 788.0, 10.0),),
        mas_carriers=(MasCarrier("234-10", "LTE", 768.0, 20.0),),
    )  # fmt: skip
    with pytest.raises(ScenarioError, match="758–778 MHz"):
        sent(wide, (("O2/B28/LTE", -6.0), ("Three/n28/NR", -20.0)))


def test_a_trim_names_a_channel_or_all_channels_of_an_operators_band_and_nothing_that_begins_alike():
    named = (("O2/B28/LTE", -1.0), ("O2/n28/NR", -1.0), ("O2/B28", -4.0))
    others = (("O2/B2", -2.0), ("O2/B28/L", -16.0), ("B28", -32.0), ("O2", -8.0))  # the last two are whole bands
    device = Device("J1", "jam", 0, 0, 2, trim_db=(*others[:2], *named, *others[2:]))
    assert trimmed_parts(device, (LTE, NR, NEXT)) == (
        TrimmedPart(758.0, 768.0, -5.0, "O2/B28/LTE:-1 with O2/B28:-4"),
        TrimmedPart(758.0, 768.0, -1.0, "O2/n28/NR:-1"),
    )


def test_a_trim_holds_within_its_edges_and_spectrum_that_only_touches_them_is_not_trimmed():
    parts = TrimmedPart(768.0, 778.0, -6.0, "b"), TrimmedPart(758.0, 768.0, -3.0, "a")
    for span, trims in {
        (748.0, 758.0): (0.0, 0.0),
        (750.0, 760.0): (-3.0, 0.0),
        (758.0, 768.0): (-3.0, -3.0),
        (760.0, 770.0): (-6.0, -3.0),
        (758.0, 778.0): (-6.0, -3.0),
        (770.0, 780.0): (-6.0, 0.0),
        (778.0, 788.0): (0.0, 0.0),
        (768.0, 768.0): (0.0, 0.0),
        (768.0 - 1e-7, 770.0): (-6.0, -6.0),  # less than a hertz is rounding
    }.items():
        assert trim_over_db(parts, span) == trims


def test_powers_of_two_bands_over_one_carrier_add_and_a_carrier_under_none_gets_nothing():
    two = replace(JAMMER, bands=(*JAMMER.bands, replace(JAMMER.bands[0], band="more", power_dbm=7.0)))
    both_dbm = 10 * np.log10(10**1.0 + 10**0.7) - 10 * np.log10(30_000 / 15)
    away = replace(NEXT, freq_mhz=900.0)
    assert sent(two, (), (LTE, away)) == pytest.approx([both_dbm, -np.inf])


def test_the_power_of_a_band_is_the_sum_of_its_stretches_and_its_density_that_of_the_loudest():
    # 758–768 MHz at −6 dB; 768–788 MHz at −20 dB, for no carrier lies above 778 MHz.
    trims = (("O2/B28", -6.0), ("Three/n28/NR", -20.0))
    (sent,) = transmissions(Device("J1", "jam", 0, 0, 2, trim_db=trims), JAMMER, CARRIERS)
    assert 10 ** (sent.power_dbm / 10) == pytest.approx(10 * (10 * 10**-0.6 + 20 * 10**-2) / 30)
    assert sent.dbm_per_mhz == pytest.approx(10 - 6 - 10 * np.log10(30))


def test_spectrum_between_carriers_follows_the_louder_neighbour_and_untrimmed_carriers_keep_their_power():
    low, high = replace(LTE, freq_mhz=765.0), replace(NEXT, freq_mhz=781.0)  # 760 to 770 and 776 to 786 MHz
    spans = [span_of(carrier) for carrier in (low, high)]
    both = TrimmedPart(760.0, 770.0, -6.0, "a"), TrimmedPart(776.0, 786.0, -20.0, "b")

    def across(*parts):
        return [(one.low_mhz, one.high_mhz, one.trim_db) for one in trims_across(parts, spans, (758.0, 788.0))]

    ends = [(758.0, 760.0), (760.0, 770.0), (770.0, 776.0), (776.0, 786.0), (786.0, 788.0)]
    expected = {both: [-6, -6, -6, -20, -20], both[1:]: [0, 0, 0, -20, -20], (): [0]}
    for parts, trims_db in expected.items():
        pieces = ends if parts else [(758.0, 788.0)]
        assert across(*parts) == [(*piece, trim_db) for piece, trim_db in zip(pieces, trims_db, strict=True)]


def test_the_power_of_a_band_follows_every_trim_and_none_takes_off_more_than_its_share():
    def power_mw(*trims):
        return 10 ** (transmissions(Device("J", "j", 0, 0, 2, trim_db=trims), JAMMER, CARRIERS)[0].power_dbm / 10)

    powers = [power_mw(("O2/B28", trim_db), ("Three/n28/NR", -9.0)) for trim_db in (-60, -20, -6, 0, 3)]
    assert powers == sorted(powers)
    assert power_mw(("O2/B28", -60.0)) == pytest.approx(10 * 2 / 3, rel=1e-4)  # the other 20 of 30 MHz stay
    assert power_mw(("O2/B28", 3.0)) > 10


def test_a_sync_jammer_may_send_everything_on_the_listed_carrier_that_is_trimmed_least():
    sync = replace(JAMMER, emission="sync", sync_carriers_mhz=(763.0,))
    trims = ("O2/B28", -20.0), ("Three/n28/NR", -6.0)
    for kept in (trims, trims[:1]):
        (one,) = transmissions(Device("J1", "jam", 0, 0, 2, trim_db=kept), sync, CARRIERS)
        assert one.power_dbm == pytest.approx(-10)
    (one,) = transmissions(Device("J1", "jam", 0, 0, 2, trim_db=trims[1:]), sync, CARRIERS)
    assert one.power_dbm == 10


@pytest.mark.parametrize("name", ["houseblock", "radial"])
def test_a_room_jammer_trimmed_by_channel_is_one_trimmed_by_band(name):
    site, catalogue = load_site(EXAMPLES / name), read_catalogue()
    model = catalogue["room_jammer"]
    plain = Device("J1", model.name, 0.0, 0.0, 2.0)
    by_channel = replace(plain, trim_db=tuple((channel, -20.0) for channel in site.channels))
    by_band = replace(plain, trim_db=tuple((band.band, -20.0) for band in model.bands))
    near = scattered(np.array([[0.0, 0.2, 2.0], [3.0, 0.0, 2.0]]))
    carriers = on_air(site.sectors)
    exposed = {one: share_of_limit(one, model, near, carriers) for one in (plain, by_channel, by_band)}
    np.testing.assert_allclose(exposed[by_channel], exposed[by_band], rtol=1e-9)
    np.testing.assert_allclose(exposed[by_channel], exposed[plain] / 100, rtol=1e-9)
    assert exposed[plain][0] > 5 > 0.1 > exposed[by_channel][0]
    for one in (by_channel, by_band):
        assert most_eirp_dbm((one,), catalogue, site.sectors) == pytest.approx(30 + 3 - 20)
    alike = zip(*(transmissions(one, model, carriers) for one in (by_channel, by_band)), strict=True)
    for mine, other in alike:  # what base stations and other services meet
        assert (mine.power_dbm, mine.dbm_per_mhz) == pytest.approx((other.power_dbm, other.dbm_per_mhz))
    for outside in (True, False):
        levels = (carrier_levels_dbm(one, model, carriers, outside=outside)[0] for one in (by_channel, by_band))
        np.testing.assert_allclose(*levels)


def test_channels_that_share_spectrum_are_one_group():
    assert shared_groups((*CARRIERS,)) == (0, 0, 2)
    assert shared_groups((*CARRIERS, HALF)) == (0, 0, 0, 0)
    assert shared_groups((LTE, NEXT), ((758.0, 778.0),)) == (0, 0)


def test_a_plan_never_writes_contradictory_trims():
    # O2's channels ask for −6 and −20 dB on their one carrier, Three for nothing: one trim each for both of O2's.
    plain = SimpleNamespace(carriers=CARRIERS, channels=tuple(carrier.channel for carrier in CARRIERS))
    base = SimpleNamespace(device=Device("x", "jam", 0, 0, 2))
    around = PlanningLinks(SimpleNamespace(models=(plain,)), None, {"jam": JAMMER}, (), (base,))
    candidates = SimpleNamespace(base=[0], existing=[False], trim_db=np.array([[-6.0, -20.0, 0.0]]))
    device = device_of(around, candidates, 0, "J1")
    assert device.power_dbm == 10
    assert device.trim_db == (("O2/B28/LTE", -6.0), ("O2/n28/NR", -6.0))
    levels, _ = carrier_levels_dbm(device, JAMMER, CARRIERS, outside=False)
    assert levels == pytest.approx([FLAT_DBM - 6, FLAT_DBM - 6, FLAT_DBM])
    assert flat_spans(NODE) == ((758.0, 768.0),)
