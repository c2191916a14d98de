"""Random planning questions small enough to try every plan (``exhaustive.py``), and what makes them worth asking."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from by_path import module_at
from numpy.typing import NDArray

from quietwing.coverage.blocking.montecarlo import CAPTURE_HYSTERESIS_DB, Needs
from quietwing.coverage.blocking.thresholds import WORST_NOISE_FIGURE_DB, load_thresholds, noise_dbm
from quietwing.coverage.planning.levels import Candidates, HeadEnds, LimitBlock, RoomBlock
from quietwing.coverage.rules import load_rules

exhaustive = module_at("tests/engine/planning/exhaustive.py")
NOTHING, TinyPlan, Outcomes = exhaustive.NOTHING, exhaustive.TinyPlan, exhaustive.Outcomes
best_of, every_plan, nearest_db = exhaustive.best_of, exhaustive.every_plan, exhaustive.nearest_db
MOST_CANDIDATES = 8
TOO_NEAR_DB = 0.002  # a verdict this near its threshold is no fair question: rows are tightened by 1e-5
RULES = load_rules()
GRADE = RULES.grade("evidence")
STEP_PENCE = 25_000
WIDTHS = {"GSM": 0.2, "UMTS": 5.0, "LTE": 10.0, "LTE20": 20.0, "NR": 40.0}


# --- What makes a question worth asking.


def traits(tiny: TinyPlan) -> dict[str, bool]:
    """What decides the best plan of a question."""
    found = every_plan(tiny)
    best = best_of(tiny, found)
    free = replace(tiny, limits=())
    trusting = every_plan(tiny, interplay=False)
    kit = tiny.candidates
    chosen = () if best is None else best.candidates
    together = best is not None and any(
        found.margin_db[room, mode][sum(1 << k for k in chosen)] >= 0
        and all(found.margin_db[room, mode][1 << k] < 0 for k in chosen)
        and found.margin_db[room, mode][0] < 0
        and tiny.weight[room] > 0
        for room, mode in enumerate(best.modes)
    )
    nodes = [int((kit.head_end[list(chosen)] == kind).sum()) for kind in range(len(tiny.head_ends.name))]
    return {
        "target": tiny.target is not None,
        "existing kit": bool(kit.existing.any()),
        "nothing or infeasible": best is None or best.weight == 0,
        "infeasible": best is None,
        "treatment bought": best is not None and any(best.modes),
        "head-end bought": any(
            -(-count // int(cap)) > there
            for count, cap, there in zip(nodes, tiny.head_ends.capacity, tiny.head_ends.existing, strict=True)
        ),
        "jammer and node": best is not None and len({bool(kit.is_mas[k]) for k in chosen}) == 2,
        "capture interplay": best_of(tiny, trusting) != best,
        "limits decide": best_of(free, every_plan(free)) != best,
        "sum of two": together,
        "money decides": best_of(replace(tiny, budget_pence=None), found) != best if tiny.target is None else False,
    }


# --- Drawing a question.


def tiny_plan(seed: int) -> TinyPlan:
    """The question of a seed; draws with a verdict too near its threshold are drawn again.

    Every third seed is drawn until a jammer that undoes a capture changes the best plan: left to chance, few do.
    """
    undone = seed % 3 == 0
    too_near = 0
    for attempt in range(1000):
        rng = np.random.default_rng([seed, attempt])
        tiny = _drawn(rng, undone)
        found = every_plan(tiny)
        if nearest_db(found) < TOO_NEAR_DB:
            too_near += 1
            continue
        tiny = replace(_asked(tiny, found, rng), seed=seed, drawn=attempt + 1, too_near=too_near)
        if not undone or best_of(tiny, found) != best_of(tiny, every_plan(tiny, interplay=False)):
            return tiny
    raise AssertionError(f"seed {seed} draws no question worth asking")


def _asked(tiny: TinyPlan, found: Outcomes, rng: np.random.Generator) -> TinyPlan:
    """The question with a budget that binds, or with a target."""
    best = best_of(tiny, found)
    if best is None:
        return replace(tiny, budget_pence=40 * STEP_PENCE)
    if rng.random() < 0.25:
        most = best.weight * (1.2 if rng.random() < 0.15 else rng.choice([0.4, 0.7, 1.0]))
        return replace(tiny, target=max(0.25, round(4 * most) / 4))
    reached = np.unique(found.weight[found.allowed])[1:]
    if not len(reached):
        return replace(tiny, budget_pence=40 * STEP_PENCE)
    dearest = [int(found.cost_pence[found.allowed & (found.weight == weight)].min()) for weight in reached]
    spare = int(rng.choice([-1, 0, 1, 3], p=[0.1, 0.4, 0.3, 0.2]))
    return replace(tiny, budget_pence=max(0, int(rng.choice(dearest)) + spare * STEP_PENCE))


def _needs(rng: np.random.Generator) -> tuple[Needs, NDArray[np.int64]]:
    """Carriers of two bands with the thresholds of their technology, and the band of each."""
    count = int(rng.integers(3, 7))
    kinds = rng.choice(list(WIDTHS), count, p=[0.15, 0.15, 0.35, 0.2, 0.15])
    band = np.sort(rng.permutation(np.arange(count)) % 2)
    columns = []
    for kind in kinds.tolist():
        technology = kind.removesuffix("20")
        row = load_thresholds()[technology]
        search_db = GRADE.search_db.of(technology, WIDTHS[kind])
        columns.append(
            (
                row.floor_dbm - RULES.phone.search_gain_db,
                GRADE.js_deny_db[technology] + search_db,
                noise_dbm(row.reference_khz),
                CAPTURE_HYSTERESIS_DB + search_db,
                row.floor_dbm,
                row.gamma_keep_db,
                noise_dbm(row.reference_khz, WORST_NOISE_FIGURE_DB),
            )
        )
    campable = rng.random(count) < 0.6
    campable[rng.choice(count, 2, replace=False)] = True
    return Needs(*np.array(columns, np.float32).T.copy(), campable), band


def _drawn(rng: np.random.Generator, undone: bool) -> TinyPlan:
    needs, band = _needs(rng)
    carriers, rooms = len(band), int(rng.integers(2 if undone else 1, 4))
    modes = rng.integers(1, 4, rooms)
    mode_cost = np.full((rooms, int(modes.max())), -1, np.int64)
    for room in range(rooms):
        mode_cost[room, : modes[room]] = [0, *rng.choice([2, 4, 6, 10, 16], modes[room] - 1) * STEP_PENCE]
    loss_db = np.concatenate([np.zeros((1, carriers)), rng.uniform(4, 16, (2, carriers))])
    positions = int(rng.integers(3, 6))
    home = np.where(rng.random(positions) < 0.4, rng.integers(0, rooms, positions), -1)
    # A base a position and kind of device.
    of_position = [kind for kind in [(False,), (True,), (False, True)] for _ in range(1)]
    base_at, base_mas = [], []
    for position in range(positions):
        for is_mas in of_position[int(rng.choice(3, p=[0.4, 0.3, 0.3]))]:
            base_at.append(position)
            base_mas.append(is_mas)
    at, is_mas = np.array(base_at), np.array(base_mas)
    sends = _sends(rng, is_mas, band, undone)
    blocks = _room_blocks(rng, needs, modes, loss_db, home[at], is_mas, sends, undone)
    kit, head_ends = _kit(rng, at, is_mas, home, modes, carriers, undone)
    limits = _limit_blocks(rng, home[at], is_mas, sends, mode_cost.shape[1])
    pairs = [rng.choice(positions, 2, replace=False)] if rng.random() < 0.35 else []
    return TinyPlan(
        seed=0,
        drawn=0,
        too_near=0,
        needs=needs,
        rooms=blocks,
        limits=limits,
        candidates=kit,
        head_ends=head_ends,
        weight=rng.choice([0.5, 1.0, 1.25, 2.0, 3.0], rooms),
        mode_cost_pence=mode_cost,
        conflicts=np.array(pairs, np.int64).reshape(-1, 2),
    )


def _sends(
    rng: np.random.Generator, is_mas: NDArray[np.bool_], band: NDArray[np.int64], undone: bool
) -> NDArray[np.float64]:
    """Power of each base on each carrier against its strongest: a jammer's other band is weaker, if it has one."""
    main = rng.integers(0, 2, len(is_mas))[:, None] == band
    whole = rng.random((len(is_mas), 1)) < np.where(undone & is_mas, 0.9, 0.6)[:, None]
    offered_db = np.where((main | whole) & (rng.random(main.shape) < 0.97), 0.0, NOTHING)
    beside_db = rng.choice([0.0, -5.0, -8.0, -12.0, NOTHING], (len(is_mas), 1), p=[0.4, 0.15, 0.15, 0.15, 0.15])
    return np.where(is_mas[:, None], offered_db, np.where(main, 0.0, beside_db))


def _reach(
    rng: np.random.Generator, is_mas: NDArray[np.bool_], home: NDArray[np.bool_], room: int, undone: bool
) -> NDArray[np.float64]:
    """How far each base comes out above what a room needs: one does, two together do, or only with a treatment.

    With `undone`, one room is captured and the next denied, by jammers that come out a little short in the first.
    """
    jammers, nodes = rng.permutation(np.flatnonzero(~is_mas)), rng.permutation(np.flatnonzero(is_mas))
    recipe = str(
        rng.choice(["one", "two", "both kinds", "capture", "treated", "none"], p=[3, 7, 2, 4, 3, 1] / np.array(20))
    )
    reach_db = np.where(is_mas, rng.normal(-5, 5, len(is_mas)), rng.normal(-4, 4, len(is_mas))) + 3.0 * home
    if undone:
        recipe = ("capture", "one")[room % 2]
        reach_db[jammers] = rng.normal(-4, 2, len(jammers))
    if recipe in ("one", "both kinds"):
        reach_db[jammers[:1]] = rng.uniform(3, 7)
    elif recipe == "two":
        reach_db[jammers[:2]] = rng.uniform(-1.5, 1, len(jammers[:2]))
    elif recipe == "treated":
        reach_db[jammers[:1]] = rng.uniform(-9, -3)
        reach_db[nodes[:1]] = rng.uniform(-9, -3)
    if recipe in ("capture", "both kinds"):
        reach_db[nodes[:1]] = rng.uniform(2, 7)
    return reach_db


def _room_blocks(
    rng: np.random.Generator,
    needs: Needs,
    modes: NDArray[np.int64],
    loss_db: NDArray[np.float64],
    home: NDArray[np.int64],
    is_mas: NDArray[np.bool_],
    sends: NDArray[np.float64],
    undone: bool,
) -> tuple[RoomBlock, ...]:
    blocks = []
    for room, count in enumerate(modes.tolist()):
        points = int(rng.integers(1, 4))
        shape = (len(needs.floor), points)
        above_db = rng.uniform(6, 30, shape[0])[:, None] + rng.uniform(-2, 2, shape)
        if rng.random() < 0.05:
            above_db -= 60.0  # quiet anyway
        above_db[rng.random(shape[0]) < 0.1] -= 45.0
        plain_dbm = needs.floor[:, None] + above_db
        alone_db = rng.uniform(4, 7, shape)
        against_db = rng.uniform(3, 7, (len(is_mas), *shape)).astype(np.float32)
        # What denies or captures at the strongest point, and how far above or below it each base comes out.
        lead_db = np.where(is_mas[:, None], needs.capture, needs.need)
        wanted_dbm = (plain_dbm.max(axis=1) + lead_db + 5.0)[:, :, None]
        reach_db = _reach(rng, is_mas, home == room, room, undone)
        level_dbm = wanted_dbm + reach_db[:, None, None] + rng.uniform(-1.5, 1.5, (len(is_mas), *shape))
        level_dbm = level_dbm + sends[:, :, None]
        bases = np.flatnonzero((reach_db > -15) | (rng.random(len(reach_db)) < 0.5))
        for mode in range(count):
            kept = slice(0, points if mode == 0 else int(rng.integers(1, points + 1)))
            # A treatment keeps out the public network and what stands outside the room, not what stands in it.
            through = level_dbm - np.where(home == room, 0.0, 0.8)[:, None, None] * loss_db[mode][None, :, None]
            offered_dbm = np.where(is_mas[:, None], 0, NOTHING) + np.zeros(through.shape[:2])
            blocks.append(
                RoomBlock(
                    room=room,
                    mode=mode,
                    rsrp_dbm=(plain_dbm - loss_db[mode][:, None])[:, kept],
                    alone_db=alone_db[:, kept],
                    bases=bases,
                    path_db=through[bases][..., kept].astype(np.float32),
                    sent_dbm=np.zeros((len(bases), through.shape[1]), np.float32),
                    offered_dbm=offered_dbm[bases].astype(np.float32),
                    spot=np.arange(len(bases)),
                    spread_db=against_db[bases][..., kept],
                )
            )
    return tuple(blocks)


def _kit(
    rng: np.random.Generator,
    at: NDArray[np.int64],
    is_mas: NDArray[np.bool_],
    home: NDArray[np.int64],
    modes: NDArray[np.int64],
    carriers: int,
    undone: bool,
) -> tuple[Candidates, HeadEnds]:
    """Candidates of all bases: a low and a high level, one for each mode of the room they stand in."""
    kinds = int(rng.integers(1, 3))
    end_of = np.where(is_mas & (rng.random(len(at)) < 0.85), rng.integers(0, kinds, len(at)), -1)
    price = np.where(is_mas, rng.choice([12, 16, 24], len(at)), rng.choice([8, 10, 12, 20], len(at)))
    stander = rng.permutation(np.flatnonzero(~is_mas)) if undone else rng.permutation(len(at))
    lone = int(stander[0]) if len(stander) and rng.random() < (0.6 if undone else 0.3) else -1
    rows = []
    for base in rng.permutation(len(at)).tolist():
        room = int(home[at[base]])
        stands = base == lone
        levels = 1 if stands or rng.random() < 0.55 else 2
        for level in range(levels):
            low_db = -np.round(rng.uniform(2, 6, carriers), 1) if level else np.zeros(carriers)
            for mode in range(int(modes[room]) if room >= 0 else 1):
                cost = 0 if stands else int(price[base] - 2 * level * rng.integers(0, 2)) * STEP_PENCE
                rows.append((base, room, mode, low_db, cost, stands))
    # What stands already stays; of the rest as many as can all be tried.
    rows = sorted(rows, key=lambda row: not row[-1])[:MOST_CANDIDATES]
    letters = rng.permutation([chr(ord("a") + k) for k in range(len(rows))])
    kit = Candidates(
        id=tuple(
            f"{'node' if is_mas[row[0]] else 'jam'} {letter}" for row, letter in zip(rows, letters, strict=True)
        ),
        base=np.array([row[0] for row in rows], np.int64),
        position=np.array([at[row[0]] for row in rows], np.int64),
        trim_db=np.array([row[3] for row in rows]),
        cost_pence=np.array([row[4] for row in rows], np.int64),
        is_mas=np.array([is_mas[row[0]] for row in rows]),
        head_end=np.array([end_of[row[0]] for row in rows], np.int64),
        room=np.array([row[1] for row in rows], np.int64),
        mode=np.array([row[2] for row in rows], np.int64),
        existing=np.array([row[5] for row in rows]),
    )
    head_ends = HeadEnds(
        tuple(f"head-end {kind}" for kind in range(kinds)),
        rng.choice([8, 20, 32], kinds) * STEP_PENCE,
        rng.integers(1, 3, kinds),
        (rng.random(kinds) < 0.2).astype(np.int64),
    )
    return kit, head_ends


def _limit_blocks(
    rng: np.random.Generator,
    home: NDArray[np.int64],
    is_mas: NDArray[np.bool_],
    sends: NDArray[np.float64],
    modes: int,
) -> tuple[LimitBlock, ...]:
    """Power and capture outside, and power in a keep room."""
    blocks = []
    for outside in (True, False):
        count = int(rng.integers(1, 5))
        carrier = rng.integers(0 if outside else -1, sends.shape[1], count)
        on_air = np.where(carrier[:, None] >= 0, np.isfinite(sends[:, carrier].T), True)
        limit_dbm = rng.uniform(-130, -100, count)
        below_db = np.where(rng.random((count, len(home))) < 0.4, rng.uniform(-0.5, 4, (count, len(home))), 14.0)
        kept_db = np.array([0.0, 5.0, 9.0])[:modes] * (home >= 0)[:, None]
        level_dbm = (limit_dbm[:, None] - below_db)[:, :, None] - kept_db[None]
        over_db = rng.uniform(-20, 1, (count, len(home)))[:, :, None] - kept_db[None]
        blocks.append(
            LimitBlock(
                name=tuple(f"{'outside' if outside else 'keep room'} {row}" for row in range(count)),
                carrier=carrier.astype(np.int64),
                limit_dbm=limit_dbm,
                level_dbm=np.where(on_air[:, :, None], level_dbm, NOTHING).astype(np.float32),
                cell_over_db=np.where((on_air & is_mas)[:, :, None], over_db, NOTHING).astype(np.float32)
                if outside
                else None,
                slack=outside,
            )
        )
    return tuple(blocks)
