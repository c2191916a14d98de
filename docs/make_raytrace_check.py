"""Recompute the cross-check with ray tracing that ``docs/validation.md`` prints.

Two invented wings of 32 cells on two storeys, masts 30 m away, four devices in the corridors, three bands. All path
gains are traced by Sionna RT and held against ours. Then the masts are turned down, or the devices up, decibel by
decibel: at the first power at which our verdict calls a room silent at a grade, is it silent by the traced levels and
the thresholds of that grade too? Run it with ``python docs/make_raytrace_check.py`` (half an hour; extra
``raytrace``), then ``docs/make_validation.py``: results are kept in the package, so that the page can be made where
Sionna RT is not installed.
"""

from __future__ import annotations

import datetime as dt
import itertools
import sys
from dataclasses import dataclass, replace
from importlib.metadata import version

import numpy as np

from quietwing.coverage.blocking.blocker_link_model import BlockerLinks, blocker_links
from quietwing.coverage.blocking.judging import silence_points
from quietwing.coverage.blocking.links import LinkModel, PublicLinks, link_model, public_links
from quietwing.coverage.blocking.montecarlo import count_worlds
from quietwing.coverage.blocking.networks import reference_eirp_dbm
from quietwing.coverage.equipment import BandPower, Device, Model
from quietwing.coverage.errors import QuietwingError
from quietwing.coverage.propagation.free_space import free_space_loss_db
from quietwing.coverage.propagation.multiwall import crossing_counts
from quietwing.coverage.propagation.outdoor import clipped_mast_loss_db
from quietwing.coverage.propagation.path_gains import path_gain
from quietwing.coverage.propagation.raytrace import raytraced_path_gain, sionna
from quietwing.coverage.propagation.scene import Scene, prepare_scene
from quietwing.coverage.scenario import Scenario
from quietwing.coverage.validation.raytrace_check import STORED, Check, GainRow, VerdictRow, check_toml
from quietwing.sites.model import Sector, Site
from quietwing.sites.points import PointSet, scattered
from quietwing.sites.synthetic import build_wing, describe
from quietwing.sites.trial_point_sets import trial_points

WINGS = {
    "brick": {
        "outer_wall": "brick_330", "cell_wall": "brick_215", "floor": "concrete_150", "roof": "slate_roof",
        "window": "glass_6", "window_state": "open", "grille": "bars", "door": "steel_cell_door",
    },
    "concrete": {
        "outer_wall": "precast_sandwich", "cell_wall": "concrete_150", "floor": "concrete_200",
        "roof": "concrete_200", "window": "glass_double", "window_state": "sealed", "door": "steel_cell_door",
    },
}  # fmt: skip
CARRIERS = {  # channel: PLMN, centre and bandwidth in MHz
    "EE/B20/LTE": ("234-30", 806.0, 10.0),
    "VF/B3/LTE": ("234-15", 1842.5, 20.0),
    "O2/n78/NR": ("234-10", 3500.0, 40.0),
}
MAST_AWAY_M, MAST_HEIGHT_M = 30.0, 15.0
MAST_RAYS, DEVICE_RAYS, STRAIGHT_RAYS, DEPTH, SQUARE_M = 60_000_000, 10_000_000, 10_000_000, 12, 0.25
OUTSIDE_RAYS = 40_000_000
AROUND_M, AROUND_EACH, AROUND_HEIGHT_M = (3.0, 10.0, 20.0, 40.0), 40, 1.5
LOUDEST = 0.75  # quantile
STEP_DB = 1.0
ALONE_DBM = np.arange(30.0, -120.0, -STEP_DB)  # EIRP of the masts, blockers off: from every room served to none
JAMMED_MAST_DBM = 20.0
DEVICE_DBM = np.arange(-70.0, 110.0, STEP_DB)  # against masts of that power
WORLDS, SEED = 400, 1


@dataclass(frozen=True)
class Traced:
    """A wing with ours and the ray tracer's levels at the test points of its silence rooms, at 0 dBm."""

    name: str
    model: LinkModel
    points: PointSet
    public: PublicLinks
    blockers: BlockerLinks
    public_traced: PublicLinks
    blockers_traced: BlockerLinks


def wing(name: str) -> Site:
    """16 cells a storey on two storeys along the x axis, a mast to the south and one to the north-east."""
    described = {"type": "wing", "wings": 1, "cells": 16, "storeys": 2, "bearing_deg": 90.0}
    site = build_wing(describe(**(described | WINGS[name])))
    west, south, east, north = site.buildings[0].outline.bounds
    slant_m = MAST_AWAY_M / np.sqrt(2)
    places = {"south": ((west + east) / 2, south - MAST_AWAY_M), "north-east": (east + slant_m, north + slant_m)}
    sectors = tuple(
        Sector(
            f"{channel}-{place}", *channel.split("/")[:1], plmn, *channel.split("/")[1:], freq, width, *xy,
            MAST_HEIGHT_M, 0.0, 0.0, "omni", 0.0, "UMi", 3.0,
        )
        for channel, (plmn, freq, width) in CARRIERS.items()
        for place, xy in places.items()
    )  # fmt: skip
    return replace(site, sectors=sectors, outside_levels=())


def devices(site: Site) -> tuple[tuple[Device, ...], dict[str, Model]]:
    """Two jammers under the corridor's ceiling on each storey, on all three carriers."""
    bands = tuple(
        BandPower(f"band{k}", freq - width / 2 - 1, freq + width / 2 + 1, 0.0)
        for k, (_, freq, width) in enumerate(CARRIERS.values())
    )
    west, _, east, _ = site.buildings[0].outline.bounds
    places = itertools.product(enumerate(site.buildings[0].storeys), (0.25, 0.75))
    found = tuple(
        Device(f"d{k}", "jammer", west + share * (east - west), 0.1, storey.floor_m + 2.7, number)
        for k, ((number, storey), share) in enumerate(places)
    )
    return found, {"jammer": Model("jammer", "jammer", bands=bands)}


def trace(name: str, rows: list[GainRow]) -> Traced:
    """Trace all links of a wing and add what the gains differ by."""
    site = wing(name)
    scene = prepare_scene(site)
    model = link_model(scene, site.sectors)
    points = silence_points(site, trial_points(site))
    on, catalogue = devices(site)
    bands = [freq for _, freq, _ in CARRIERS.values()]
    masts = list(dict.fromkeys((s.x_m, s.y_m, s.height_m) for s in site.sectors))
    indoors = [(d.x_m, d.y_m, d.z_m) for d in on]
    halves = [traced_db(scene, masts, points, bands, MAST_RAYS // 2, SEED + k) for k in range(2)]
    from_masts = mean_db(*halves)  # each half has other rays: what they differ by is chance
    from_devices = traced_db(scene, indoors, points, bands, DEVICE_RAYS, SEED)
    straight = path_gain(scene, masts, points, bands).values
    # a link clear of the map, as if measured: what is tried is the building, not the way to it
    public = replace(public_links(model, points), fixed_los=np.ones(len(site.sectors), np.int8))
    traced_dbm = np.array([level_dbm(s, masts, points, from_masts, bands) for s in site.sectors], np.float32)
    blockers = blocker_links(model, on, catalogue, points)
    ours = path_gain(scene, indoors, points, bands).values
    detours = model.masts.detours.model
    judged = path_gain(scene, indoors, points, bands, detours=detours).values  # as `blockers` has them
    around = places_around(site)
    spilled = path_gain(scene, indoors, around, bands, detours=detours).values
    spilled_traced = traced_db(scene, indoors, around, bands, OUTSIDE_RAYS, SEED)
    near = few_walls(scene, indoors, points)
    freq = [bands.index(carrier.freq_mhz) for carrier in model.carriers]
    moved_db = (from_devices - judged).transpose(0, 2, 1)[:, freq]
    bare = [links.paths._replace(crossed=np.zeros_like(links.paths.crossed)) for links in (public, blockers)]
    for band, freq_mhz in enumerate(bands):
        of_band = [k for k, sector in enumerate(site.sectors) if sector.freq_mhz == freq_mhz]
        rows += [
            gain_row(name, "mast, straight ray", freq_mhz, straight[..., band], from_masts[..., band]),
            gain_row(name, "mast, as judged", freq_mhz, public.los_dbm[of_band], traced_dbm[of_band]),
            gain_row(name, "device", freq_mhz, ours[..., band], from_devices[..., band]),
            gain_row(name, "device, 0 or 1 walls", freq_mhz, ours[near, band], from_devices[near, band]),
            gain_row(name, "device, as judged", freq_mhz, judged[..., band], from_devices[..., band]),
            gain_row(name, "device to outside", freq_mhz, spilled[..., band], spilled_traced[..., band]),
            gain_row(name, "device to outside, loudest", freq_mhz, *loudest(spilled, spilled_traced, band)),
            gain_row(name, "ray tracer, halves", freq_mhz, halves[0][..., band], halves[1][..., band]),
        ]
        print(*rows[-8:], sep="\n", flush=True)
    return Traced(
        name,
        model,
        points,
        public,
        blockers,
        replace(
            public,
            los_dbm=traced_dbm,
            nlos_dbm=traced_dbm,
            sigma_db=np.zeros_like(public.sigma_db),
            paths=bare[0],
        ),
        replace(blockers, level_dbm=(blockers.level_dbm + moved_db).astype(np.float32), paths=bare[1]),
    )


def traced_db(
    scene: Scene, tx: list[tuple[float, float, float]], points: PointSet, bands: list[float], rays: int, seed: int
) -> np.ndarray:
    """Traced gain with reflections, and never below the straight ray's as the ray tracer itself finds it.

    With reflections a ray goes through a sheet by chance; where no ray did, the straight one is still there.
    """
    ways = {"max_depth": DEPTH, "square_m": SQUARE_M, "seed": seed}
    every_way = raytraced_path_gain(scene, tx, points, bands, samples=rays, **ways)
    straight = raytraced_path_gain(scene, tx, points, bands, samples=STRAIGHT_RAYS, reflection=False, **ways)
    return np.maximum(every_way.values, straight.values)


def places_around(site: Site) -> PointSet:
    """Places at a phone's height in the open, on rings about the building."""
    rings = [site.buildings[0].outline.buffer(away_m).exterior for away_m in AROUND_M]
    shares = np.arange(AROUND_EACH) / AROUND_EACH
    places = [ring.interpolate(share, normalized=True) for ring in rings for share in shares]
    return scattered(np.array([(place.x, place.y, AROUND_HEIGHT_M) for place in places]))


def loudest(ours_db: np.ndarray, traced_db: np.ndarray, band: int) -> tuple[np.ndarray, np.ndarray]:
    """Of links outside, the quarter that the ray tracer finds loudest: what limits outside are about."""
    loud = traced_db[..., band] >= np.quantile(traced_db[..., band], LOUDEST, method="lower")
    return ours_db[loud, band], traced_db[loud, band]


def few_walls(scene: Scene, tx: list[tuple[float, float, float]], points: PointSet) -> np.ndarray:
    """Whether one element at most lies on each straight ray, shape (tx, point)."""
    everything = np.zeros(len(scene.facets.surfaces), int)
    return crossing_counts(scene.prepared, tx, points, everything, 1)[:, :, 0] <= 1


def mean_db(first_db: np.ndarray, second_db: np.ndarray) -> np.ndarray:
    """Mean of two powers."""
    with np.errstate(divide="ignore"):
        return 10 * np.log10((10 ** (first_db / 10) + 10 ** (second_db / 10)) / 2)


def level_dbm(
    sector: Sector,
    masts: list[tuple[float, float, float]],
    points: PointSet,
    gain_db: np.ndarray,
    bands: list[float],
) -> np.ndarray:
    """The level with what the ray tracer finds beyond free space in place of the walls we count."""
    place = (sector.x_m, sector.y_m, sector.height_m)
    away_m = np.linalg.norm(points.xyz_m - place, axis=1)
    in_plan_m = np.hypot(*(points.xyz_m[:, :2] - place[:2]).T)
    outdoors_db, _ = clipped_mast_loss_db(
        sector.environment, sector.freq_mhz, in_plan_m, sector.height_m, points.xyz_m[:, 2], True
    )
    traced_db = gain_db[masts.index(place), :, bands.index(sector.freq_mhz)]
    return reference_eirp_dbm(sector) - outdoors_db + traced_db + free_space_loss_db(away_m, sector.freq_mhz)


def gain_row(wing: str, link: str, freq_mhz: float, ours_db: np.ndarray, traced_db: np.ndarray) -> GainRow:
    """Ours less the ray tracer's where a ray arrived."""
    arrived = np.isfinite(traced_db) & np.isfinite(ours_db)
    apart_db = ours_db[arrived] - traced_db[arrived]
    low, median, high = np.quantile(apart_db, [0.05, 0.5, 0.95])
    spread = float(apart_db.std())
    return GainRow(
        wing,
        link,
        freq_mhz,
        arrived.size,
        int(arrived.size - arrived.sum()),
        *map(float, (median, spread, low, high)),
    )


def at_power(traced: Traced, mast_dbm: float, device_dbm: float) -> Traced:
    """All masts and all devices at other powers."""

    def masts(links: PublicLinks) -> PublicLinks:
        louder_dbm = (links.los_dbm + mast_dbm).astype(np.float32)
        return replace(links, los_dbm=louder_dbm, nlos_dbm=louder_dbm)

    def blockers(links: BlockerLinks) -> BlockerLinks:
        return replace(links, level_dbm=(links.level_dbm + device_dbm).astype(np.float32))

    return replace(
        traced,
        public=masts(traced.public),
        public_traced=masts(traced.public_traced),
        blockers=blockers(traced.blockers),
        blockers_traced=blockers(traced.blockers_traced),
    )


def judge(traced: Traced, where: str) -> list[VerdictRow]:
    """How many decibels after the traced levels each room falls silent at each grade, and by our medians alone."""
    scenario = Scenario(worlds=WORLDS, seed=SEED)
    certain_scenario = replace(scenario, worlds=100)  # all alike
    model, points = traced.model, traced.points
    certain = replace(model.rules, errors=replace(model.rules.errors, local_db=0.0, device_db=0.0))
    plain = replace(model, construction_sigma_db=np.zeros_like(model.construction_sigma_db), rules=certain)
    sweeps = {
        "off": [(mast_dbm, -np.inf) for mast_dbm in ALONE_DBM],
        "on": [(JAMMED_MAST_DBM, device_dbm) for device_dbm in DEVICE_DBM],
    }
    confidence = np.array([grade.confidence for grade in scenario.judged])
    rows = []
    for kind, powers in sweeps.items():
        verdict, medians, truth = [], [], []
        for mast_dbm, device_dbm in powers:
            at = at_power(traced, mast_dbm, device_dbm)
            sure = replace(at.public, sigma_db=np.zeros_like(at.public.sigma_db))
            tally = count_worlds(model, scenario, points, at.public, at.blockers)
            verdict.append(tally.silent.mean(axis=2) >= confidence[:, None])
            for into, public, blockers in (
                (medians, sure, at.blockers),
                (truth, at.public_traced, at.blockers_traced),
            ):
                certainly = count_worlds(plain, certain_scenario, points, public, blockers)
                into.append(certainly.silent[:, :, 0])
        for number, grade in enumerate(scenario.judged):
            truth_edge = first_silent(np.array(truth)[:, number])
            for basis, found in (("verdict", verdict), ("medians", medians)):
                edge = first_silent(np.array(found)[:, number])
                called = edge < len(powers)
                later_db = (edge - truth_edge)[called] * STEP_DB
                told = tuple(map(float, later_db))
                rows.append(VerdictRow(traced.name, where, kind, grade.name, basis, int(edge.size), told))
    return rows


def away_from_windows(traced: Traced) -> Traced:
    """The same without the test points at windows, where the straight ray through the window rules."""
    points = traced.points
    kept = np.flatnonzero([not kind.startswith("window") for kind in points.kind])
    return replace(
        traced,
        points=PointSet(
            points.xyz_m[kept],
            points.room[kept],
            points.storey[kept],
            points.building[kept],
            tuple(points.kind[point] for point in kept),
        ),
        public=traced.public.at(kept),
        public_traced=traced.public_traced.at(kept),
        blockers=traced.blockers.at(kept),
        blockers_traced=traced.blockers_traced.at(kept),
    )


def first_silent(silent: np.ndarray) -> np.ndarray:
    """The first step at which each room is silent, the number of steps where it never is."""
    return np.where(silent.any(axis=0), silent.argmax(axis=0), len(silent))


def main() -> None:
    """Trace, judge, write."""
    try:
        sionna()
    except QuietwingError as error:
        sys.exit(str(error))
    gains: list[GainRow] = []
    verdicts: list[VerdictRow] = []
    for name in WINGS:
        traced = trace(name, gains)
        verdicts += judge(traced, "all points")
        verdicts += judge(away_from_windows(traced), "away from windows")
        print(*verdicts, sep="\n", flush=True)
    check = Check(
        made=dt.date.today(),
        engine=f"Sionna RT {version('sionna-rt')}",
        mast_rays=MAST_RAYS,
        device_rays=DEVICE_RAYS,
        max_depth=DEPTH,
        square_m=SQUARE_M,
        gains=tuple(gains),
        verdicts=tuple(verdicts),
    )
    STORED.write_text(check_toml(check), encoding="utf-8")
    print(f"wrote {STORED}")


if __name__ == "__main__":
    main()
