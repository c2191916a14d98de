"""The claim itself at both grades, on a small site: what is called silent or clean is so in fresh worlds.

Fresh worlds are the product's own of another stream, and worlds of numpy's random numbers that are judged by plain
numpy: no draw, no kernel and no threshold of the product. `test_claim_is_calibrated` does the same on a large site.
"""

from dataclasses import replace

import numpy as np
import pytest
from by_path import module_at
from shapely.geometry import LineString, box

from quietwing.coverage.blocking.blocker_link_model import blocker_links
from quietwing.coverage.blocking.links import link_model, public_links
from quietwing.coverage.blocking.montecarlo import count_worlds
from quietwing.coverage.blocking.outside import OutsidePoints
from quietwing.coverage.blocking.spills import spill_outside
from quietwing.coverage.equipment import BandPower, Device, MasCarrier, Model
from quietwing.coverage.propagation.scene import prepare_scene
from quietwing.coverage.scenario import Scenario
from quietwing.sites.model import Building, Opening, Room, Sector, Slab, Storey, Wall
from quietwing.sites.points import scattered
from quietwing.sites.trial_point_sets import trial_points

plain_worlds = module_at("tests/engine/blocking/plain_worlds.py")
CELLS, WORLDS = 6, 4000
GRADES, CONFIDENCE = ("planning", "evidence"), (0.90, 0.95)
STEPS_DB = np.arange(0.0, 43.0, 6.0)  # all blockers louder or quieter: rooms of every probability
MAST = (9.0, -700.0, 25.0, 0.0, 0.0, "omni")
SECTORS = (
    Sector("e8", "EE", "234-30", "B20", "LTE", 806.0, 10.0, *MAST, 50.0, "UMa", 3.0),
    Sector("e18", "EE", "234-30", "B3", "LTE", 1850.0, 20.0, *MAST, 58.0, "UMa", 3.0),
    Sector("v9", "VF", "234-15", "B8", "GSM", 947.6, 0.2, -500.0, 400.0, 25.0, 0.0, 0.0, "omni", 32.0, "UMa", 8.0),
    Sector("t7", "3", "234-20", "n28", "NR", 773.0, 10.0, -500.0, 400.0, 25.0, 0.0, 0.0, "omni", 52.0, "UMa", 8.0),
)
BANDS = (BandPower("low", 750.0, 970.0, 2.0), BandPower("mid", 1800.0, 1900.0, 2.0))
CATALOGUE = {
    "jammer": Model("jammer", "jammer", BANDS),
    "node": Model("node", "mas", BANDS, mas_carriers=(MasCarrier("234-30", "LTE", 806.0, 10.0),)),
}


def cells(hut):
    """A row of six cells of 3 × 4 m with barred windows to the mast."""
    long_m = 3.0 * CELLS
    lines = {"south": [(0, 0), (long_m, 0)], "north": [(long_m, 4), (0, 4)]}
    lines |= {f"cross{k}": [(3.0 * k, 0), (3.0 * k, 4)] for k in range(CELLS + 1)}
    return hut(
        buildings=(Building("A", box(0, 0, long_m, 4), (Storey("Ground", 0.0, 3.0),)),),
        walls=tuple(Wall(name, "A", 0, LineString(line), "brick_215") for name, line in lines.items()),
        openings=tuple(
            Opening(
                f"w{k}", "south", "window", LineString([(3.0 * k + 1, 0), (3.0 * k + 2, 0)]), 1.0, 2.0, "glass_6",
                "open", "bars",
            )
            for k in range(CELLS)
        ),
        slabs=(
            Slab("floor", "A", box(0, 0, long_m, 4), 0.0, "concrete_200"),
            Slab("roof", "A", box(0, 0, long_m, 4), 3.0, "concrete_200", "roof"),
        ),
        rooms=tuple(Room(f"A-{k}", "A", 0, box(3.0 * k, 0, 3.0 * k + 3, 4), "silence") for k in range(CELLS)),
        sectors=SECTORS,
    )  # fmt: skip


DEVICES = tuple(
    Device(f"D{k}", "node" if k == 2 else "jammer", 3.0 * k + 1.5, 2.5, 2.6, power_dbm=None) for k in (0, 1, 2, 4)
)


def by_step(blockers, step_db):
    return replace(
        blockers, level_dbm=blockers.level_dbm + np.float32(step_db), mas_dbm=blockers.mas_dbm + np.float32(step_db)
    )


# ------------------------------------------------------------------ rooms


@pytest.fixture(scope="module")
def rooms(hut):
    model = link_model(prepare_scene(cells(hut)), SECTORS)
    points = trial_points(model.scene.site)
    return model, points, public_links(model, points), blocker_links(model, DEVICES, CATALOGUE, points)


def said(rooms, stream=0, worlds=WORLDS, **changes) -> np.ndarray:
    """Probability of silence as the product gives it, (grade, step × room)."""
    model, points, public, blockers = rooms
    public = replace(public, **{key: values for key, values in changes.items() if hasattr(public, key)})
    blockers = replace(blockers, **{key: values for key, values in changes.items() if not hasattr(public, key)})
    found = [
        count_worlds(model, Scenario(worlds=worlds), points, public, by_step(blockers, step), stream=stream)
        for step in STEPS_DB
    ]
    return np.concatenate([each.silent.mean(axis=2) for each in found], axis=1)


@pytest.fixture(scope="module")
def happened(rooms) -> np.ndarray:
    """Share of fresh worlds of numpy in which each room is silent, (grade, step × room)."""
    model, points, public, blockers = rooms
    found = []
    for number, step in enumerate(STEPS_DB):
        fresh = plain_worlds.Fresh(model, WORLDS, 700 + number)
        found.append(plain_worlds.silent_rooms(fresh, points, public, by_step(blockers, step))[0].mean(axis=2))
    return np.concatenate(found, axis=1)


def faults(predicted: np.ndarray, observed: np.ndarray) -> list[str]:
    """What is wrong with a claim: one-sided for rooms called silent, both-sided for each room.

    Of a share p in n worlds each side has the noise √(p(1 − p)/n); three times that of both is allowed.
    """
    found = []
    for g, confidence in enumerate(CONFIDENCE):
        called = predicted[g] >= confidence
        noise = np.sqrt(confidence * (1 - confidence) * 2 / WORLDS)
        if (observed[g][called] < confidence - 3 * noise).any():
            found.append(f"{GRADES[g]}: a room called silent is silent in {observed[g][called].min():.3f}")
        near = called & (observed[g] < 0.995)
        if near.any() and observed[g][near].mean() < confidence:
            found.append(
                f"{GRADES[g]}: rooms called silent are silent in {observed[g][near].mean():.3f} of all worlds"
            )
        middle = np.clip((predicted[g] + observed[g]) / 2, 0.01, 0.99)
        apart = np.abs(predicted[g] - observed[g]) - 4 * np.sqrt(middle * (1 - middle) * 2 / WORLDS)
        if apart.max() > 0:
            found.append(
                f"{GRADES[g]}: said {predicted[g][apart.argmax()]:.3f}, was {observed[g][apart.argmax()]:.3f}"
            )
    return found


def test_there_are_rooms_of_every_kind(rooms):
    for of_grade, confidence in zip(said(rooms), CONFIDENCE, strict=True):
        assert (of_grade >= confidence).sum() >= 5
        assert ((of_grade >= confidence) & (of_grade < 0.995)).sum() >= 2
        assert ((of_grade > 0.1) & (of_grade < confidence)).sum() >= 8


def test_what_is_called_silent_is_silent_in_fresh_worlds_of_numpy(rooms, happened):
    assert faults(said(rooms), happened) == []


def test_what_is_called_silent_is_silent_in_fresh_worlds_of_the_product(rooms):
    assert faults(said(rooms), said(rooms, stream=1)) == []


def test_a_plan_reported_on_its_own_worlds_is_not_what_is_meant(rooms):
    assert not np.array_equal(said(rooms), said(rooms, stream=1))


def test_wrong_predictions_are_caught(rooms, happened):
    model, _, public, blockers = rooms
    right = said(rooms)
    assert faults(right[::-1], happened)  # one grade's rooms at the other's confidence
    heard = np.isfinite(blockers.level_dbm)
    mean = np.where(heard, blockers.level_dbm, 0).sum(axis=0) / np.maximum(heard.sum(axis=0), 1)
    first = np.full_like(blockers.level_dbm, -np.inf)
    first[0] = np.where(heard.any(axis=0), mean, -np.inf)
    assert faults(said(rooms, level_dbm=first), happened)  # the mean of decibels for the sum of powers
    assert faults(said(rooms, level_dbm=blockers.level_dbm + np.float32(3)), happened)  # no body
    assert faults(said(rooms, sigma_db=np.zeros_like(public.sigma_db)), happened)  # sure masts
    surer = replace(model, construction_sigma_db=np.zeros_like(model.construction_sigma_db))
    assert faults(said((surer, *rooms[1:])), happened)  # sure walls
    alone = replace(model, rules=replace(model.rules, errors=replace(model.rules.errors, local_db=0.0)))
    assert faults(said((alone, *rooms[1:])), happened)  # sure places


# ------------------------------------------------------------------ outside


@pytest.fixture(scope="module")
def around(hut):
    model = link_model(prepare_scene(cells(hut)), SECTORS)
    xyz_m = np.array([(x, y, 1.5) for x in (-12.0, 4.0, 10.0) for y in (-25.0, -9.0, -4.0, 9.0, 20.0)])
    names = tuple(f"place {k}" for k in range(len(xyz_m)))
    places = OutsidePoints(scattered(xyz_m), ("0–20 m",) * len(xyz_m), names, np.zeros(len(xyz_m)), xyz_m[:, 0])
    return (
        model,
        places,
        public_links(model, places.points),
        blocker_links(model, DEVICES, CATALOGUE, places.points, outside=True),
    )


def called_clean(around, step_db, model=None) -> np.ndarray:
    """Where the product says that the limits of power hold, (grade, channel, place)."""
    known, places, public, blockers = around
    found = spill_outside(model or known, Scenario(worlds=WORLDS), public, by_step(blockers, step_db), places)
    return np.stack([data["margin_db"].values >= 0 for data in found])


OUTSIDE_DB = (-46.0, -38.0, -30.0, -22.0)


@pytest.fixture(scope="module")
def broken(around) -> np.ndarray:
    """Share of fresh worlds of numpy in which each ratio of each grade is broken, (step, grade, ratio, ...)."""
    model, places, public, blockers = around
    return np.stack(
        [
            plain_worlds.broken_outside(
                plain_worlds.Fresh(model, WORLDS, 900 + number), public, by_step(blockers, step), len(places)
            )
            for number, step in enumerate(OUTSIDE_DB)
        ]
    )


def spill_faults(clean: np.ndarray, broken: np.ndarray) -> list[str]:
    """What is wrong with places called clean: a ratio broken in more worlds than it may be, noise of both allowed."""
    found = []
    for g, (_, _, share) in enumerate(plain_worlds.TIERS):
        for row, may in enumerate((0.5, 1 - share)):
            noise = np.sqrt(may * (1 - may) * 2 / WORLDS)
            seen = broken[:, g, row][clean[:, g]]
            if len(seen) and seen.max() > may + 3.5 * noise:
                found.append(f"{GRADES[g]}: broken in {seen.max():.3f} of the worlds where {may:.2f} may")
    return found


def test_what_is_called_clean_breaks_neither_ratio_more_often_than_it_may(around, broken):
    clean = np.stack([called_clean(around, step) for step in OUTSIDE_DB])
    for g, (_, _, share) in enumerate(plain_worlds.TIERS):
        assert clean[:, g].sum() >= 20
        assert (~clean[:, g]).sum() >= 20
        near = clean[:, g] & (broken[:, g, 1] > (1 - share) / 10)  # not only places that are clean by a mile
        assert near.sum() >= 5
        # and what is called unclean breaks one of the two
        over = np.maximum(broken[:, g, 0] - 0.5, broken[:, g, 1] - (1 - share))[~clean[:, g]]
        assert over.min() > -3.5 * np.sqrt(0.25 * 2 / WORLDS)
    assert spill_faults(clean, broken) == []


def test_a_grade_taken_for_the_other_and_sure_walls_are_caught_outside(around, broken):
    clean = np.stack([called_clean(around, step) for step in OUTSIDE_DB])
    assert spill_faults(clean[:, ::-1], broken)
    model = around[0]
    errors = replace(model.rules.errors, local_db=0.0)
    sure = replace(
        model, construction_sigma_db=np.zeros_like(model.construction_sigma_db),
        rules=replace(model.rules, errors=errors),
    )  # fmt: skip
    assert spill_faults(np.stack([called_clean(around, step, sure) for step in OUTSIDE_DB]), broken)
