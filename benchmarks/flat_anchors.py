"""Calibration on made flats of known truth, each anchor held out: ``python -P benchmarks/flat_anchors.py [ANCHORS]``.

Prints how much better held-out anchors are predicted, and how many get worse, with the choice of a share within the
fit and without. Walls, exponent, anchors' own deviations, transmitters (2 dB) and shadowing (4 dB, correlated over
1.5 m) are drawn anew for each flat. Takes a minute or two.
"""
# ruff: noqa: E501 - a table of corners

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import numpy as np
import shapely
from scipy.spatial.distance import cdist

from quietwing.coverage.propagation import construction_loss_db
from quietwing.coverage.validation import flat_calibration
from quietwing.coverage.validation.flat import FREQ_MHZ, _pieces_across, read_rooms

FLATS, STEP_M, TAG_M = 30, 0.6, 1.3
WORSE_DB = 0.05
# Four rooms and a corridor, 9 × 7 m, doors open.
LAYOUT_M = [
    (0, 0), (4, 0), (4, 2.9), (3, 2.9), (3, 3.0), (4.1, 3.0), (4.1, 0), (9, 0), (9, 2.9), (6, 2.9), (6, 3.0), (9, 3.0),
    (9, 4.0), (7, 4.0), (7, 4.1), (9, 4.1), (9, 7), (5.1, 7), (5.1, 4.1), (6, 4.1), (6, 4.0), (3, 4.0), (3, 4.1),
    (5, 4.1), (5, 7), (0, 7), (0, 4.1), (2, 4.1), (2, 4.0), (0, 4.0), (0, 3.0), (2, 3.0), (2, 2.9), (0, 2.9),
]  # fmt: skip


def gains_db(rng: np.random.Generator, rooms, anchors: int, number: int) -> list[float]:
    """By how much each anchor of a made flat is predicted better than without calibration."""
    low, high = np.array(rooms.polygon.bounds).reshape(2, 2)
    grid = np.stack(np.meshgrid(*(np.arange(low[k] + 0.3, high[k], STEP_M) for k in (0, 1))), axis=-1).reshape(-1, 2)
    inside = grid[shapely.intersects_xy(rooms.polygon, *grid.T)]
    cells = np.column_stack([inside, np.full(len(inside), TAG_M)])
    places = []
    while len(places) < anchors:
        place = rng.uniform((*low, 1.8), (*high, 2.6))
        places += [place] if shapely.intersects_xy(rooms.polygon, *place[:2]) else []
    anchor, cell_m = np.repeat(np.arange(anchors), len(cells)), np.tile(cells, (anchors, 1))
    anchor_m = np.array(places)[anchor]
    pieces = [_pieces_across(rooms, a, b) for a, b in zip(anchor_m, cell_m, strict=True)]
    distance_m = np.linalg.norm(anchor_m - cell_m, axis=1)
    assumed = flat_calibration.ASSUMED_WALLS[number % len(flat_calibration.ASSUMED_WALLS)]
    walls, assumed_db = flat_calibration._crossed(assumed, pieces, FREQ_MHZ)
    sigma = np.array([kind.sigma_db for _, kind in assumed.kinds])
    lowest = [-construction_loss_db(kind, [1.0], [FREQ_MHZ])[0, 0] for _, kind in assumed.kinds]
    own_share = rng.choice([0.0, 0.5, 1.0])  # nobody knows how much anchors deviate
    shift, steeper = np.maximum(sigma * rng.standard_normal(len(sigma)), lowest), 0.4 * rng.standard_normal()
    root = np.linalg.cholesky(np.exp(-cdist(cells, cells) / 1.5) + 1e-9 * np.eye(len(cells)))
    shared_db = 2.0 * root @ rng.standard_normal(len(cells))
    offset_dbm = -assumed_db
    for one in range(anchors):
        of = anchor == one
        wall = shift + own_share * sigma * rng.standard_normal(len(sigma))
        exponent = steeper + own_share * 0.3 * rng.standard_normal()
        shadow_db = 3.5 * root @ rng.standard_normal(len(cells)) + shared_db + 2.0 * rng.standard_normal(len(cells))
        offset_dbm[of] += 2.0 * rng.standard_normal() - walls[of] @ wall - 10 * exponent * np.log10(distance_m[of])
        offset_dbm[of] += shadow_db
    found = flat_calibration.calibrated_flat(
        assumed, rooms.polygon, anchor, cell_m, distance_m, offset_dbm, pieces, FREQ_MHZ
    )
    return list(np.array(found._rmse_db(found.before_db)) - np.array(found._rmse_db(found.after_db)))


if __name__ == "__main__":
    anchors = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    with tempfile.TemporaryDirectory() as folder:
        corners = "".join(f"{x},{y}\n" for x, y in [*LAYOUT_M, LAYOUT_M[0]])
        Path(folder, "layout.csv").write_text(f"x,y\n{corners}", "utf-8")
        rooms = read_rooms(Path(folder))
    chosen = (flat_calibration.LEAST_INNER, flat_calibration.UNTESTED_SHARE)
    for (least, share), name in ((chosen, "share chosen within the fit"), ((10**9, 1.0), "all of the shifts")):
        flat_calibration.LEAST_INNER = least
        flat_calibration.UNTESTED_SHARE = share
        found = np.array([gains_db(np.random.default_rng(one), rooms, anchors, one) for one in range(FLATS)])
        print(
            f"{name}: {anchors} anchors on {FLATS} flats, {found.mean():.2f} dB better in the mean, "
            f"{np.mean(found < -WORSE_DB):.0%} of the anchors worse by more than {WORSE_DB} dB",
            flush=True,
        )
