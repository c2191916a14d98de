"""One frontier over the workers of a Dask cluster: each budget is searched apart from the others."""

from __future__ import annotations

import pickle
import threading
from collections.abc import Iterator, Sequence
from typing import Any

import numba

from quietwing.coverage.batch.cluster import demand_workers
from quietwing.coverage.batch.split_verdict import answers_in_order
from quietwing.coverage.planning import Frontier, Plan, Prepared
from quietwing.coverage.scenario import Scenario
from quietwing.coverage.study import SearchesApart, frontier, plan_apart, prepared_apart
from quietwing.sites import Site

__all__ = ["frontier_on_cluster"]

_LOCK = threading.Lock()  # a worker with several threads searches one budget at a time
_READY: dict[str, tuple[SearchesApart, Prepared]] = {}  # of the last question here


def frontier_on_cluster(
    client: Any,
    site: Site,
    scenario: Scenario | None = None,
    budgets_gbp: Sequence[float] = (),
    **others: Any,
) -> Frontier:
    """`quietwing.coverage.study.frontier` with its budgets searched at once by the workers of a cluster.

    Parameters
    ----------
    client : distributed.Client
        From `quietwing.coverage.batch.cluster_client`, or one that is there already.
    site, scenario, budgets_gbp, **others
        As for `quietwing.coverage.study.frontier`. Budgets are chosen, plans of least cost searched for and all plans
        judged in this process.

    Returns
    -------
    Frontier
        The same whatever the number of workers. No search begins from a cheaper plan, so that plans may silence fewer
        rooms than those of one process.

    Raises
    ------
    ScenarioError
        If the question is wrong, or a worker has other versions.
    OSError
        If the scheduler or its workers are lost.
    """
    demand_workers(client)

    def apart(asked: SearchesApart, budgets: Sequence[float]) -> Iterator[Plan]:
        return answers_in_order(client, _plan, asked, budgets)

    return frontier(site, scenario, budgets_gbp, apart=apart, **others)


def _plan(sent: bytes, key: str, budget_gbp: float) -> Plan:
    """On a worker: one budget. The site is made ready once for each question, not for each budget."""
    numba.set_num_threads(1)
    with _LOCK:
        if key not in _READY:
            asked = pickle.loads(sent)
            _READY.clear()
            _READY[key] = asked, prepared_apart(asked)
        return plan_apart(*_READY[key], budget_gbp)
