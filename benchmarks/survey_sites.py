"""Calibration and "measure here next" on ten made sites of known truth: ``python -P benchmarks/survey_sites.py``.

``measure`` prints cells settled after ten readings chosen, random and on a grid (median of 20 draws of the truth);
``calls`` cells called silent, and of them those where a phone works, before and after a survey of half the rooms,
with the public network turned down step by step; ``calibrate`` z-scores of shifts fitted on thirty. All three without
a word. Takes some twenty minutes.
"""

from __future__ import annotations

import importlib.util
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

from quietwing.coverage.blocking import MEASURED_SIGMA_DB, link_model, silence_points
from quietwing.coverage.blocking.montecarlo import carrier_needs
from quietwing.coverage.blocking.thresholds import load_thresholds
from quietwing.coverage.calibration import calibrate_site
from quietwing.coverage.calibration.measure_next import chances_after, choose, settled
from quietwing.coverage.calibration.world_readings import candidate_places, world_readings
from quietwing.coverage.propagation import prepare_scene
from quietwing.coverage.scenario import Scenario
from quietwing.sites import Measurements, trial_points

HERE = Path(__file__).resolve().parent
DRAWS, READINGS, SITES, CELLS = 20, 10, 10, 12
FITTED = 30  # sites whose fitted shifts are held against the truth
LOWER_DB = np.arange(0.0, 101.0, 5.0)


def made():
    """The maker of the sites, which the tests use too."""
    path = HERE.parent / "tests" / "engine" / "calibration" / "made_surveys.py"
    spec = importlib.util.spec_from_file_location("made_surveys", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def in_doubt(model, scenario, points, places):
    """The site with the public network turned down until most cells are in doubt: there readings are worth most."""
    best = None
    for lower_db in LOWER_DB.tolist():
        found = world_readings(model, scenario, (), {}, points, places, lower_db=lower_db)
        count = int((~settled(found.silent.mean(axis=1), scenario.asked.confidence)).sum())
        if best is None or count > best[0]:
            best = count, lower_db, found
    return best


def settled_cells(before, fresh, readings, confidence, rng) -> list[int]:
    """Cells settled after some readings, for draws of the truth among fresh worlds."""
    found = []
    for world in range(DRAWS):
        read_dbm = fresh.rsrp_dbm[list(readings), world] + MEASURED_SIGMA_DB * rng.standard_normal(len(readings))
        found.append(int(settled(chances_after(before, tuple(readings), read_dbm), confidence).sum()))
    return found


def measure_next(number: int, worlds: int = 1000) -> tuple[int, int, float, float, float]:
    """Cells, in doubt, and medians settled: chosen, random, grid."""
    rng = np.random.default_rng(number)
    site = made().made_site(number, CELLS)
    scenario = Scenario(worlds=worlds)
    model = link_model(prepare_scene(site), site.sectors, scenario.rules)
    points = silence_points(site, trial_points(site))
    places = candidate_places(points)
    count, lower_db, before = in_doubt(model, scenario, points, places)
    fresh = world_readings(model, scenario, (), {}, points, places, stream=3, lower_db=lower_db)
    q, total = scenario.asked.confidence, len(before.channel)
    ours = settled_cells(before, fresh, choose(before, q, READINGS).reading, q, rng)
    chance, grid = [], []
    for draw in range(DRAWS):
        picks = rng.choice(total, READINGS, replace=False)
        chance.append(settled_cells(before, fresh, picks, q, rng)[draw])
        grid.append(settled_cells(before, fresh, grid_of(before, rng), q, rng)[draw])
    return len(before.silent), count, float(np.median(ours)), float(np.median(chance)), float(np.median(grid))


def grid_of(before, rng) -> list[int]:
    """Ten places evenly over the site, one channel each, the channels in turn."""
    places = np.unique(before.place)
    chosen = places[np.linspace(0, len(places) - 1, READINGS).astype(int)]
    names = sorted(set(before.channel))
    first = int(rng.integers(len(names)))
    found = []
    for turn, place in enumerate(chosen.tolist()):
        rows = np.flatnonzero(before.place == place)
        wanted = names[(first + turn * max(1, len(names) // READINGS)) % len(names)]
        named = [row for row in rows.tolist() if before.channel[row] == wanted]
        found.append(named[0] if named else int(rng.choice(rows)))
    return found


def z_scores(number: int) -> list[float]:
    """(Truth − fitted) / doubt left, of every shift of a made site."""
    maker = made()
    truth = maker.made_truth(number)
    return maker.z_scores(truth, calibrate_site(truth.site, maker.survey(truth, number), held_out=False))


def calls(number: int, worlds: int = 500) -> tuple[int, int, int, int]:
    """Cells called silent and of them those where a phone works in truth, before and after a calibration."""
    maker = made()
    truth = maker.made_truth(number)
    rng = np.random.default_rng(4000 + number)
    points = silence_points(truth.site, trial_points(truth.site))
    boost = {name: row.crs_boost_db for name, row in load_thresholds().items()}

    def read(points, rng):
        found = maker.heard(truth, points, rng, least_dbm=-250.0)
        return [
            replace(one, rsrp_dbm=max(-160.0, one.rsrp_dbm + boost[one.channel.rsplit("/", 1)[1]])) for one in found
        ]

    scenario = Scenario(worlds=worlds)
    model = link_model(prepare_scene(truth.site), truth.site.sectors, scenario.rules)
    needs = carrier_needs(model, scenario)
    floor_dbm = {one.channel: float(needs.floor[k]) for k, one in enumerate(model.carriers)}
    everywhere = read(points, rng)  # one draw of all local errors, walked and judged alike
    places = {tuple(row): int(room) for row, room in zip(points.xyz_m.round(6).tolist(), points.room, strict=True)}
    room_of = [places[tuple(np.round((one.x_m, one.y_m, one.height_m), 6).tolist())] for one in everywhere]
    best = {}
    for room, one in zip(room_of, everywhere, strict=True):
        best[room] = max(best.get(room, -np.inf), one.rsrp_dbm - floor_dbm[one.channel])
    walked = set(rng.permutation(sorted(best))[: len(best) // 2].tolist())
    middles, taken = [], set()
    for room, one in zip(room_of, everywhere, strict=True):
        if room in walked and (room, one.channel) not in taken and one.rsrp_dbm > -140:
            taken.add((room, one.channel))
            middles.append(one)
    fit = calibrate_site(truth.site, Measurements("walk.csv", tuple(middles)), held_out=False)
    found = [0, 0, 0, 0]
    for place, site in enumerate((truth.site, replace(truth.site, calibration=fit.layer))):
        changed = link_model(prepare_scene(site), site.sectors, scenario.rules)
        for lower_db in LOWER_DB.tolist():
            ahead = world_readings(changed, scenario, (), {}, points, candidate_places(points), lower_db=lower_db)
            silent = ahead.silent.mean(axis=1) >= scenario.asked.confidence
            works = np.array([best[room] >= lower_db for room in ahead.rooms.tolist()])
            found[2 * place] += int(silent.sum())
            found[2 * place + 1] += int((silent & works).sum())
    return tuple(found)


if __name__ == "__main__":
    wanted = sys.argv[1:] or ["measure", "calls", "calibrate"]
    if "measure" in wanted:
        print("site  cells  in doubt  settled after 10: chosen  random  grid")
        rows = []
        for number in range(SITES):
            rows.append(measure_next(number))
            print(number, *rows[-1], flush=True)
        print("mean", *np.mean(rows, axis=0).round(2))
    if "calls" in wanted:
        print("site  called silent before  wrong  after  wrong")
        rows = []
        for number in range(SITES):
            rows.append(calls(number))
            print(number, *rows[-1], flush=True)
        before, wrong_before, after, wrong_after = np.sum(rows, axis=0)
        print(f"called silent before {before}, of them wrong {wrong_before / before:.1%}; ", end="")
        print(f"after {after}, wrong {wrong_after / after:.1%}")
    if "calibrate" in wanted:
        scores = np.concatenate([z_scores(number) for number in range(FITTED)])
        print(f"{len(scores)} shifts: {np.mean(np.abs(scores) <= 2):.1%} within 2 sigma, sd of z {scores.std():.2f}")
