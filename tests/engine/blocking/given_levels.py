"""Spill worked out from levels that a test gives, the same at every place outside."""

import math
from dataclasses import replace

import numpy as np

from quietwing.coverage.blocking.blocker_link_model import blocker_links
from quietwing.coverage.blocking.links import LinkModel, link_model, public_links
from quietwing.coverage.blocking.outside import OutsidePoints
from quietwing.coverage.blocking.spills import spill_outside
from quietwing.coverage.equipment import BandPower, Device, MasCarrier, Model
from quietwing.coverage.propagation.scene import prepare_scene
from quietwing.coverage.scenario import Scenario
from quietwing.sites.model import Sector
from quietwing.sites.points import scattered

EE20 = Sector(
    "S1", "EE", "234-30", "B20", "LTE", 806.0, 10.0, 0.0, 700.0, 30.0, 180.0, 2.0, "sector_65", 59.0, "RMa", 8.0
)  # fmt: skip
EE3 = replace(EE20, id="S2", band="B3", freq_mhz=1850.0, bandwidth_mhz=20.0)
EE3B = replace(EE20, id="S3", band="B3", freq_mhz=1870.0, bandwidth_mhz=10.0, x_m=500.0)
JAMMER = Model("jammer", "jammer", (BandPower("B20", 791.0, 821.0, 20.0), BandPower("B3", 1805.0, 1880.0, 20.0)))
NODE = Model(
    "node", "mas", (BandPower("B20", 791.0, 821.0, 20.0),), mas_carriers=(MasCarrier("234-30", "LTE", 806.0, 10.0),)
)  # fmt: skip
CATALOGUE = {"jammer": JAMMER, "node": NODE}
D1 = Device("D1", "jammer", 3.0, 2.0, 1.5)
N9_DBM = -132.22 + 9 + 10 * math.log10(290 / 290)  # kT0·15 kHz = −132.22 dBm, NF 9 dB


def places(*rings, people=0.0) -> OutsidePoints:
    """One point per ring name given, 40 m apart."""
    count = len(rings)
    xyz_m = np.column_stack([40.0 + 40 * np.arange(count), np.zeros(count), np.full(count, 1.5)])
    names = tuple(f"place {index}" for index in range(count))
    return OutsidePoints(scattered(xyz_m), tuple(rings), names, np.full(count, people), np.full(count, 10.0))


def sized(model: LinkModel, **sizes: float) -> LinkModel:
    """A model whose local and device errors are nothing, but for what is given of its rules."""
    errors = replace(model.rules.errors, **{"local_db": 0.0, "device_db": 0.0} | sizes)
    return replace(model, rules=replace(model.rules, errors=errors))


def by_hand(
    hut,
    sectors,
    devices,
    outside,
    signal_dbm,
    jam_dbm,
    mas_dbm=-np.inf,
    sigma_db=0.0,
    worlds=1000,
    sizes=None,
    **asked,
):
    """The result where levels are given: signal (sector) and jam, mas (device, carrier), the same at each point.

    At evidence grade where none is asked for: standard tier, 95 % of worlds, capture in 5 %. No walls, and no errors
    but the sectors' and those of `sizes`.
    """
    model = sized(link_model(prepare_scene(hut(sectors=sectors)), sectors), **sizes or {})
    real = public_links(model, outside.points)
    # An array of its own, as a study's are: for any other the kernels are compiled anew.
    level = np.array(np.broadcast_to(np.array(signal_dbm, np.float32).reshape(-1, 1), real.los_dbm.shape))
    public = replace(
        real,
        los_dbm=level,
        nlos_dbm=level,
        sigma_db=np.full_like(real.sigma_db, sigma_db),
        paths=real.paths._replace(
            crossed=np.zeros_like(real.paths.crossed), straight_share=np.zeros_like(real.paths.straight_share)
        ),
    )
    found = blocker_links(model, devices, CATALOGUE, outside.points, outside=True)

    def given(values):
        whole = np.broadcast_to(np.array(values, np.float32), found.level_dbm.shape[:2])
        return np.repeat(whole[:, :, None], len(outside), axis=2)

    blockers = replace(
        found,
        level_dbm=given(jam_dbm),
        mas_dbm=given(mas_dbm),
        paths=found.paths._replace(crossed=np.zeros_like(found.paths.crossed)),
    )
    scenario = Scenario(worlds=worlds, **{"grade": "evidence"} | asked)
    return spill_outside(model, scenario, public, blockers, outside)[0]


def value(data, name, channel="EE/B20/LTE", point=0):
    return float(data[name].sel(channel=channel).values[point])
