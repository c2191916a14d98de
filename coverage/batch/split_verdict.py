"""One verdict over the workers of a Dask cluster, by blocks of rooms and of places outside."""

from __future__ import annotations

import pickle
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import numba

from quietwing.coverage.batch.cluster import came_of, demand_workers
from quietwing.coverage.catalogue import read_catalogue
from quietwing.coverage.equipment import Device, Model
from quietwing.coverage.results import Verdict
from quietwing.coverage.scenario import Scenario
from quietwing.coverage.study import Block, BlockWorlds, Ready, evaluate_in_blocks, made_ready, worked_out
from quietwing.sites import Site

__all__ = ["answers_in_order", "evaluate_on_cluster"]

BLOCKS_OF_A_WORKER = 4  # so that a fast worker takes more of them
MOST_DEATHS = 2  # of workers with one block or budget
_LOCK = threading.Lock()
_READY: dict[str, tuple[Ready, Scenario, tuple[Device, ...], Mapping[str, Model]]] = {}  # of the last question here


def evaluate_on_cluster(
    client: Any,
    site: Site,
    scenario: Scenario | None = None,
    *,
    devices: tuple[Device, ...] = (),
    catalogue: Mapping[str, Model] | None = None,
    maps: bool = True,
    progress: Any = None,
) -> Verdict:
    """`quietwing.coverage.study.evaluate` with the work shared among the workers of a cluster.

    Parameters
    ----------
    client : distributed.Client
        From `quietwing.coverage.batch.cluster_client`, or one that is there already.
    site, scenario, devices, catalogue, maps, progress : as for `quietwing.coverage.study.evaluate`

    Returns
    -------
    Verdict
        The same bytes as without a cluster, whatever the number of workers.

    Raises
    ------
    ScenarioError
        If the question is wrong, or a worker has other versions.
    OSError
        If the scheduler or its workers are lost.
    """
    demand_workers(client)
    scenario = scenario or Scenario()
    catalogue = read_catalogue() if catalogue is None else catalogue
    workers = len(client.scheduler_info()["workers"])

    def run(blocks: Sequence[Block]) -> Iterator[BlockWorlds]:
        return answers_in_order(client, _block_worlds, (site, scenario, devices, dict(catalogue)), blocks)

    return evaluate_in_blocks(
        site,
        scenario,
        devices=devices,
        catalogue=catalogue,
        maps=maps,
        run=run,
        blocks=BLOCKS_OF_A_WORKER * workers,
        progress=progress,
    )


def answers_in_order(
    client: Any, task: Callable[[bytes, str, Any], Any], question: object, parts: Iterable[Any]
) -> Iterator[Any]:
    """What workers find of each part of one question, which is sent once; in the order of the parts.

    Parameters
    ----------
    client : distributed.Client
    task : callable
        On a worker: given the question pickled, a key that names it, and a part.
    question : object
    parts : iterable

    Yields
    ------
    Any
        What the task returned.

    Raises
    ------
    OSError
        If workers were lost.
    """
    sent = client.scatter(pickle.dumps(question), broadcast=True, hash=True)
    futures = [client.submit(task, sent, sent.key, part, pure=False, retries=MOST_DEATHS) for part in parts]
    try:
        for future in futures:
            yield _answer(future)
            future.release()
    finally:
        client.cancel([future for future in futures if not future.done()])


def _answer(future: Any) -> Any:
    """What a worker found, or what became of it as the environment's fault."""
    lost = "workers were lost; run it again, with fewer of them"
    raised, answer = came_of(future, lost)
    if raised is None:
        return answer
    if type(raised).__name__ == "KilledWorker":  # it cost one worker after another
        raise OSError(104, lost)
    raise raised


def _block_worlds(sent: bytes, key: str, block: Block) -> BlockWorlds:
    """On a worker: one block. The site is made ready once for each question, not for each block."""
    numba.set_num_threads(1)  # a worker with several threads has as many blocks at a time
    with _LOCK:
        if key not in _READY:
            site, scenario, devices, catalogue = pickle.loads(sent)
            _READY.clear()
            _READY[key] = made_ready(site, scenario, devices, catalogue), scenario, devices, catalogue
        question = _READY[key]
    return worked_out(*question, block)
