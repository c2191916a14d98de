"""Jamming and capture by hand: what stands on each side of the inequality, in one bandwidth, to 0.1 dB.

At a confidence of one half the draft margin has no fading margin left in it, so it must be the plain arithmetic. Two
rooms: the front one has the barred window to the mast, the back one lies behind another brick wall.
"""

import cmath
import math

import numpy as np
import pytest
from shapely.geometry import LineString, box

from quietwing.coverage.blocking.blocker_link_model import blocker_links
from quietwing.coverage.blocking.draft import draft_margin_db
from quietwing.coverage.blocking.links import link_model, public_links
from quietwing.coverage.blocking.montecarlo import count_worlds
from quietwing.coverage.equipment import BandPower, Device, MasCarrier, Model
from quietwing.coverage.propagation.scene import prepare_scene
from quietwing.coverage.scenario import Scenario
from quietwing.sites.model import Opening, Room, Sector, Wall
from quietwing.sites.trial_point_sets import trial_points

MAST = (2.5, -600.0, 25.0)
JAMMER, NODE = (1.0, 1.0, 2.5), (5.0, 1.0, 2.5)
PHONES = {"front": ("window", (2.5, 0.1, 1.5)), "back": ("bunk", (3.0, 3.0, 0.5))}

# centre, width, EIRP, carrier above reference [dB], reference [kHz], boost, floor
CHANNELS = {
    "VF/B8/GSM": (947.6, 0.2, 55.0, 0.0, 200, 0, -108),
    "EE/B20/LTE": (798.5, 5.0, 56.0, 10 * math.log10(12 * 25), 15, 3, -128),
    "EE/B3/LTE": (1841.7, 20.0, 61.0, 10 * math.log10(12 * 100), 15, 3, -128),
    "Three/n28/NR": (773.0, 10.0, 59.0, 10 * math.log10(12 * 52), 15, 0, -128),
    "EE/n78/NR": (3560.0, 40.0, 64.0, 10 * math.log10(12 * 106), 30, 0, -128),
}
# J/S to deny and search margin at each grade: 200 kHz, below 20 MHz (of 5G the SSB counts), 20 MHz
DENIES = {
    "planning": {"VF/B8/GSM": (3, 10), "EE/B20/LTE": (6, 6), "EE/B3/LTE": (6, 4), "Three/n28/NR": (8, 6),
                 "EE/n78/NR": (8, 6)},
    "evidence": {"VF/B8/GSM": (3, 17), "EE/B20/LTE": (10, 10), "EE/B3/LTE": (10, 7), "Three/n28/NR": (12, 10),
                 "EE/n78/NR": (12, 10)},
}  # fmt: skip
BODY_DB = 3.0  # between phone and blocker, in the mean
BANDS = (
    BandPower("low", 700, 1000, 0.0),
    BandPower("mid", 1800, 1900, 3.0),
    BandPower("high", 3400, 3800, 10.0),
)
POWER = {freq: (band.power_dbm, band.high_mhz - band.low_mhz) for freq, *_ in CHANNELS.values() for band in BANDS
         if band.low_mhz <= freq <= band.high_mhz}  # fmt: skip
SYNC_KHZ = {"GSM": 200, "LTE": 1080, "NR15": 3600, "NR30": 7200}


def brick_db(cosine: float, freq_mhz: float) -> float:
    """P.2040, brick 215 mm, mean of TE and TM over ±5 %."""
    power = 0.0
    for step in range(41):
        f = freq_mhz / 1e3 * (0.95 + 0.1 * step / 40)
        eta = 3.91 - 17.98j * 0.0238 * f**0.16 / f
        root = cmath.sqrt(eta - (1 - cosine**2))
        q = 2 * math.pi * 0.215 / (0.299792458 / f) * root
        for r in ((cosine - root) / (cosine + root), (eta * cosine - root) / (eta * cosine + root)):
            power += abs((1 - r**2) * cmath.exp(-1j * q) / (1 - r**2 * cmath.exp(-2j * q))) ** 2 / 82
    return -10 * math.log10(power)


def grid_db(pitch_mm: float, radius_mm: float, bonded: bool, cosine: float, freq_mhz: float) -> float:
    x = pitch_mm / (299792.458 / freq_mhz) * math.log(1 / (1 - math.exp(-2 * math.pi * radius_mm / pitch_mm)))
    te = 1 / (1 + 1 / (4 * x**2 * cosine**2))
    tm = 1 / (1 + cosine**2 / (4 * (x * (1 + cosine**2) / 2) ** 2))
    return max(-10 * math.log10((te + tm) / 2) - (0 if bonded else 6), 0.0)


def free_space_db(d_m: float, freq_mhz: float) -> float:
    return 20 * math.log10(4 * math.pi * d_m * freq_mhz * 1e6 / 299792458)


def plus(*levels_db: float) -> float:
    return 10 * math.log10(sum(10 ** (level / 10) for level in levels_db))


def uma_nlos_db(phone, freq_mhz: float) -> float:
    return 13.54 + 39.08 * math.log10(math.dist(MAST, phone)) + 20 * math.log10(freq_mhz / 1e3)


def signal_dbm(channel: str, room: str, window_db=lambda cosine, f: grid_db(115, 10, False, cosine, f)) -> float:
    """EIRP per element − UMa NLOS − what is on the ray + boost; in the back what scatter brings, which is more.

    Scatter: NLOS just outside the window, a share of 2 Φ(90 / 74.1) − 1 = −1.1 dB on the façade towards the mast, the
    window at normal incidence, then straight from 0.3 m within to the middle of the back room, through its wall.
    """
    freq, _, eirp, share_db, _, boost, *_ = CHANNELS[channel]
    phone = PHONES[room][1]
    cosine = (phone[1] + 600) / math.dist(MAST, phone)
    if room == "front":
        return eirp - share_db - uma_nlos_db(phone, freq) - window_db(cosine, freq) + boost
    straight = uma_nlos_db(phone, freq) + 2 * brick_db(cosine, freq)
    facade = -10 * math.log10(math.erf(90 / 74.1 / math.sqrt(2)))
    within = brick_db(2.7 / math.hypot(0.5, 2.7), freq)
    scattered = uma_nlos_db((2.5, -0.3, 1.5), freq) + facade + window_db(1.0, freq) + within
    return eirp - share_db - min(straight, scattered) + boost


def path_db(source, room: str, freq_mhz: float) -> float:
    """Device to phone: free space, and the middle wall for the back room."""
    phone = PHONES[room][1]
    d = math.dist(source, phone)
    wall = brick_db(abs(phone[1] - source[1]) / d, freq_mhz) if room == "back" else 0.0
    return free_space_db(d, freq_mhz) + wall


def jam_dbm(channel: str, room: str, emission: str) -> float:
    """Power spread over the band, in the reference bandwidth, with the emission kind."""
    freq, _, _, _, khz, *_ = CHANNELS[channel]
    power, width = POWER[freq]
    kind = channel.split("/")[2]
    sync = SYNC_KHZ["NR15" if khz == 15 else "NR30"] if kind == "NR" else SYNC_KHZ[kind]
    e = {"barrage": 0.0, "swept": -5.0, "sync": min(10 * math.log10(width * 1e3 / sync), 7.0)}[emission]
    return power - 10 * math.log10(width * 1e3 / khz) + e + 2.0 - path_db(JAMMER, room, freq) - BODY_DB


def noise_dbm(channel: str, figure_db: float) -> float:
    return 10 * math.log10(1.380649e-23 * 290 * CHANNELS[channel][4] * 1e3 * 1e3) + figure_db


def denial_db(channel: str, signal: float, jam: float, grade: str = "planning") -> float:
    """(J ⊕ N) − S − (J/S to deny + search margin), or the floor's own margin where that is larger.

    At evidence grade 3 dB more are asked of one source alone, for a phone with two antennas.
    """
    floor, (deny, search) = CHANNELS[channel][-1], DENIES[grade][channel]
    alone = 3.0 if grade == "evidence" else 0.0
    return max(plus(jam, noise_dbm(channel, 5)) - signal - deny - search - alone, floor - 5 - signal)


def jammer(emission: str) -> Model:
    carriers = tuple(freq for freq, *_ in CHANNELS.values()) if emission == "sync" else ()
    return Model(name="jam", kind="jammer", bands=BANDS, gain_dbi=2.0, emission=emission, sync_carriers_mhz=carriers)


def mas(*channels: str) -> Model:
    cells = tuple(
        MasCarrier("234-30", channel.split("/")[2], CHANNELS[channel][0], CHANNELS[channel][1])
        for channel in channels
    )
    return Model(name="mas", kind="mas", bands=BANDS, gain_dbi=1.0, mas_carriers=cells)


def cell_dbm(channel: str, room: str, power_dbm: float) -> float:
    freq, _, _, share_db, *_ = CHANNELS[channel]
    return power_dbm - share_db + 1.0 - path_db(NODE, room, freq) - BODY_DB


@pytest.fixture(scope="module")
def judge(hut):
    """Margin of the product for devices, a grille and a room × channel."""
    models = {}

    def margin(devices, catalogue, channel, room, grille="bars", grade="planning"):
        if grille not in models:
            window = Opening(
                "w1", "south", "window", LineString([(2, 0), (3, 0)]), 1.0, 2.0, "glass_6", "open", grille
            )
            middle = Wall("middle", "A", 0, LineString([(0, 2), (6, 2)]), "brick_215")
            sectors = tuple(
                Sector(
                    name, name.split("/")[0], "234-30", name.split("/")[1], name.split("/")[2], row[0], row[1],
                    *MAST, 0.0, 0.0, "omni", row[2], "UMa", 3.0,
                )
                for name, row in CHANNELS.items()
            )  # fmt: skip
            rooms = (
                Room("front", "A", 0, box(0, 0, 6, 2), "silence"),
                Room("back", "A", 0, box(0, 2, 6, 4), "silence"),
            )
            site = hut(rooms=rooms, walls=(*hut().walls, middle), openings=(window,), sectors=sectors)
            model = link_model(prepare_scene(site), sectors)
            points = trial_points(site)
            models[grille] = model, points, public_links(model, points)
        model, points, public = models[grille]
        asked, links = Scenario(confidence=0.5, grade=grade), blocker_links(model, devices, catalogue, points)
        found = draft_margin_db(model, asked, public, links)
        at = [
            k for k in range(len(points))
            if points.kind[k] == PHONES[room][0] and model.scene.site.rooms[points.room[k]].id == room
        ]  # fmt: skip
        assert np.allclose(points.xyz_m[at[0]], PHONES[room][1])
        return float(found[model.channels.index(channel), at[0]])

    return margin


JAM = Device("j", "jam", *JAMMER)
MAS = Device("m", "mas", *NODE)


@pytest.mark.parametrize("grade", ["planning", "evidence"])
@pytest.mark.parametrize("emission", ["barrage", "swept", "sync"])
@pytest.mark.parametrize("room", ["front", "back"])
@pytest.mark.parametrize("channel", CHANNELS)
def test_jamming_by_hand(judge, channel, room, emission, grade):
    by_hand = denial_db(channel, signal_dbm(channel, room), jam_dbm(channel, room, emission), grade)
    found = judge((JAM,), {"jam": jammer(emission)}, channel, room, grade=grade)
    assert found == pytest.approx(by_hand, abs=0.1)


@pytest.mark.parametrize("grade", ["planning", "evidence"])
@pytest.mark.parametrize("room", ["front", "back"])
@pytest.mark.parametrize("channel", CHANNELS)
def test_capture_by_hand(judge, channel, room, grade):
    floor, (_, search) = CHANNELS[channel][-1], DENIES[grade][channel]
    gamma = 9 if channel.endswith("GSM") else 0
    signal, cell = signal_dbm(channel, room), cell_dbm(channel, room, 20.0)
    lead = cell - signal - 3 - search
    clean = cell - noise_dbm(channel, 9) - gamma
    by_hand = max(denial_db(channel, signal, cell, grade), min(lead, cell - floor, clean))
    device = Device("m", "mas", *NODE, power_dbm=20.0)
    found = judge((device,), {"mas": mas(channel)}, channel, room, grade=grade)
    assert found == pytest.approx(by_hand, abs=0.1)


@pytest.mark.parametrize("channel", ["EE/B20/LTE", "Three/n28/NR", "EE/n78/NR"])
def test_a_jammer_on_its_carrier_can_undo_capture(judge, channel):
    """The MAS cell leads by 2 dB more than it must; a jammer leaves it too little SINR and does not deny itself."""
    signal = signal_dbm(channel, "front")
    gamma = 0
    floor, (_, search) = CHANNELS[channel][-1], DENIES["evidence"][channel]
    power = 20.0 - (cell_dbm(channel, "front", 20.0) - (signal + 3 + search + 2))
    cell = cell_dbm(channel, "front", power)
    node = Device("m", "mas", *NODE, power_dbm=power)
    catalogue = {"jam": jammer("barrage"), "mas": mas(channel)}
    assert judge((node,), catalogue, channel, "front", grade="evidence") == pytest.approx(2.0, abs=0.1)
    # Set the jammer 1 dB above the MAS cell less the SINR it needs.
    jam_here = cell - gamma + 1
    jam_power = POWER[CHANNELS[channel][0]][0] + jam_here - jam_dbm(channel, "front", "barrage")
    jam = Device("j", "jam", *JAMMER, power_dbm=jam_power)
    clean = cell - plus(jam_here, noise_dbm(channel, 9)) - gamma
    by_hand = max(denial_db(channel, signal, plus(jam_here, cell), "evidence"), min(2.0, cell - floor, clean))
    assert by_hand < 0
    assert judge((jam, node), catalogue, channel, "front", grade="evidence") == pytest.approx(by_hand, abs=0.1)


@pytest.mark.parametrize("channel", CHANNELS)
def test_mesh_instead_of_bars_is_worth_its_grid_formula(judge, channel):
    def mesh(cosine, freq):
        return grid_db(12.5, 0.5, True, cosine, freq)

    barred = signal_dbm(channel, "front")
    meshed = signal_dbm(channel, "front", mesh)
    jam = jam_dbm(channel, "front", "barrage")
    catalogue = {"jam": jammer("barrage")}
    assert judge((JAM,), catalogue, channel, "front") == pytest.approx(denial_db(channel, barred, jam), abs=0.1)
    assert judge((JAM,), catalogue, channel, "front", "mesh_12") == pytest.approx(
        denial_db(channel, meshed, jam), abs=0.1
    )
    assert barred > meshed


def test_a_carrier_only_partly_inside_the_band_is_not_jammed(judge):
    narrow = Model(name="jam", kind="jammer", bands=(BandPower("low", 797, 1000, 30.0),))
    silent = judge((), {}, "EE/B20/LTE", "front")
    assert judge((JAM,), {"jam": narrow}, "EE/B20/LTE", "front") == pytest.approx(silent, abs=1e-3)


def test_a_mas_node_does_not_capture_another_operators_phone(judge):
    other = Model(
        name="mas", kind="mas", bands=BANDS, gain_dbi=1.0, mas_carriers=(MasCarrier("234-10", "LTE", 798.5, 5.0),)
    )
    device = Device("m", "mas", *NODE, power_dbm=20.0)
    by_hand = denial_db("EE/B20/LTE", signal_dbm("EE/B20/LTE", "front"), cell_dbm("EE/B20/LTE", "front", 20.0))
    assert judge((device,), {"mas": other}, "EE/B20/LTE", "front") == pytest.approx(by_hand, abs=0.1)


def test_a_device_that_is_off_does_nothing(judge):
    off = Device("j", "jam", *JAMMER, state="off")
    assert judge((off,), {"jam": jammer("barrage")}, "EE/B20/LTE", "front") == judge((), {}, "EE/B20/LTE", "front")


def test_likely_capture_counts_only_if_the_scenario_says_so(hut):
    """A cell of the network on another carrier: phones prefer its layer, but airplane mode and band locks do not."""
    names = ("EE/B20/LTE", "EE/B3/LTE")
    sectors = tuple(
        Sector(
            name, "EE", "234-30", name.split("/")[1], "LTE", CHANNELS[name][0], CHANNELS[name][1], *MAST, 0.0, 0.0,
            "omni", CHANNELS[name][2], "UMa", 3.0,
        )
        for name in names
    )  # fmt: skip
    site = hut(sectors=sectors)
    model = link_model(prepare_scene(site), sectors)
    points = trial_points(site)
    node = (Device("m", "mas", *NODE, power_dbm=40.0),)
    # It offers 800 MHz only, by far the strongest there; 1800 MHz stays as it is.
    blockers = blocker_links(model, node, {"mas": mas("EE/B20/LTE")}, points)
    public = public_links(model, points)
    share = {}
    for likely in (False, True):
        scenario = Scenario(worlds=500, likely_capture=likely)
        found = count_worlds(model, scenario, points, public, blockers).usable_in_rooms[0, 0] / 500
        share[likely] = dict(zip(model.channels, found, strict=True))
    assert share[False]["EE/B20/LTE"] < 0.05  # secure
    assert share[False]["EE/B3/LTE"] > 0.95  # an escape
    assert share[True]["EE/B3/LTE"] < 0.05  # only likely
    other = mas("EE/B20/LTE")
    stranger = Model(
        name="mas",
        kind="mas",
        bands=other.bands,
        gain_dbi=1.0,
        mas_carriers=(MasCarrier("234-10", "LTE", 798.5, 5.0),),
    )
    foreign = blocker_links(model, node, {"mas": stranger}, points)
    found = count_worlds(model, Scenario(worlds=500, likely_capture=True), points, public, foreign)
    assert found.usable_in_rooms[0, 0, 1] / 500 > 0.95  # another network's cell takes nobody
