"""Planning models written by hand: devices without treatments or head-ends, each row and limit a line of shares."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from quietwing.coverage.planning.levels import Candidates, HeadEnds
from quietwing.coverage.planning.rows import PlanModel


def hand_model(rooms, limits, pounds, *, row_room=None, weight=None, conflicts=()) -> PlanModel:
    """A model of jammers, one a position.

    `rooms` has a row of shares a row of the model, `limits` one a limit outside, `pounds` the price of each device;
    row k belongs to room `row_room[k]`, by default to room k.
    """
    share, limit, count = np.array(rooms, float), np.array(limits, float).reshape(-1, len(pounds)), len(pounds)
    row_room = np.arange(len(share)) if row_room is None else np.array(row_room)
    none = np.full(count, -1, np.int64)
    width = int(row_room.max()) + 1
    nothing = sparse.csr_array(share.shape)
    return PlanModel(
        candidates=Candidates(
            id=tuple(f"jammer {k}" for k in range(count)),
            base=np.arange(count),
            position=np.arange(count),
            trim_db=np.zeros((count, 1)),
            cost_pence=np.round(np.array(pounds) * 100).astype(np.int64),
            is_mas=np.zeros(count, bool),
            head_end=none,
            room=none,
            mode=np.zeros(count, np.int64),
            existing=np.zeros(count, bool),
        ),
        head_ends=HeadEnds((), *(np.zeros(0, np.int64) for _ in range(3))),
        weight=np.ones(width) if weight is None else np.array(weight, float),
        mode_cost_pence=np.zeros((width, 1), np.int64),
        possible=np.ones((width, 1), bool),
        blocked={},
        row_room=row_room,
        row_mode=np.zeros(len(share), np.int64),
        origin=np.zeros((len(share), 2), np.int64),
        share=sparse.csr_array(share),
        serve_mw=nothing,
        jam_mw=nothing.copy(),
        limit=limit,
        limit_name=tuple(f"place {k}" for k in range(len(limit))),
        forbidden=(limit > 1).any(axis=0),
        conflicts=np.array(conflicts, np.int64).reshape(-1, 2),
    )
