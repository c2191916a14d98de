"""A batch on a Dask cluster: each item is a task under its own id; answers come back and are installed as always.

This is the side of the computer that asks; `cluster_worker` is what a Dask worker does. Sites are tasks too: each is
sent once and made again where a worker that held it is lost.
"""

from __future__ import annotations

import pickle
import sys
import uuid
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import CancelledError
from contextlib import contextmanager, suppress
from dataclasses import replace
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path, PurePosixPath
from typing import Any

from quietwing.coverage.batch.cluster_worker import as_sent, computed, in_words, versions_here
from quietwing.coverage.batch.items import BatchItem
from quietwing.coverage.batch.workers import Task
from quietwing.coverage.errors import ScenarioError
from quietwing.coverage.result_folder import versions
from quietwing.sites import clean

__all__ = ["answers", "came_of", "cluster_client", "demand_cluster", "demand_workers", "write_files"]

EXTRA = 'Dask is not installed; install it with: pip install "quietwing[cluster]"'
CONNECT_S = 6.0
WORKERS_WITHIN_S = 120.0  # a queue of a cluster may take longer: then the scheduler is there and its workers are not
MOST_LOCAL_WORKERS = 256


def demand_cluster() -> None:
    """Raise `ScenarioError` if the extra ``cluster`` is not installed."""
    if find_spec("distributed") is None:
        raise ScenarioError(EXTRA)


@contextmanager
def cluster_client(scheduler: str | None = None, local_workers: int | None = None) -> Iterator[Any]:
    """A Dask client of a scheduler that runs already, or of a cluster on this computer that ends with it.

    Parameters
    ----------
    scheduler : str, optional
        Address, e.g. ``tcp://10.0.0.5:8786``.
    local_workers : int, optional
        Processes of a cluster on this computer, 1 to 256; it listens to this computer alone.

    Yields
    ------
    distributed.Client

    Raises
    ------
    ScenarioError
        If Dask is not installed, or a value is out of range.
    OSError
        If the scheduler does not answer.
    """
    demand_cluster()
    if (scheduler is None) == (local_workers is None):
        raise ScenarioError("cluster: give either the address of a scheduler or a number of local workers")
    distributed = import_module("distributed")
    if scheduler is not None:
        shown = clean(scheduler)
        try:  # first: a client that was never made would be waited for at the end
            import_module("distributed.comm.addressing").get_address_host_port(scheduler)
            client = distributed.Client(scheduler, timeout=CONNECT_S, set_as_default=False)
        except (OSError, TimeoutError) as error:
            raise OSError(getattr(error, "errno", None) or 110, "no scheduler answers", shown) from None
        except (ValueError, TypeError) as error:
            raise ScenarioError(
                f"scheduler: {shown!r} is no address ({error}); give e.g. tcp://10.0.0.5:8786"
            ) from None
        with client:
            yield client
        return
    if not 1 <= (local_workers or 0) <= MOST_LOCAL_WORKERS:
        raise ScenarioError(f"local_cluster is {local_workers} (expected 1 to {MOST_LOCAL_WORKERS}); give a number")
    if sys.platform == "win32":
        raise ScenarioError("local_cluster: Dask cannot do that on Windows; use --workers, or --scheduler")
    with import_module("quietwing.coverage.batch.local_cluster").local_client(local_workers or 1) as client:
        client.wait_for_workers(local_workers, timeout=WORKERS_WITHIN_S)
        yield client


def demand_workers(client: Any) -> None:
    """Wait for the first worker, and refuse those whose figures could differ in the last digit.

    Parameters
    ----------
    client : distributed.Client

    Raises
    ------
    ScenarioError
        If a worker has another version of quietwing, numpy or numba, or none; each is named.
    OSError
        If no worker comes.
    """
    try:
        client.wait_for_workers(1, timeout=WORKERS_WITHIN_S)
    except TimeoutError:
        raise OSError(110, "the scheduler has no workers", _address(client)) from None
    wanted = versions()
    problems = []
    for worker, found in sorted(client.run(versions_here, on_error="return").items()):
        if isinstance(found, OSError):
            continue  # it was lost meanwhile; who comes in its place says its versions with its first item
        if isinstance(found, BaseException):
            problems.append(f"worker {clean(str(worker))}: quietwing cannot be loaded there ({type(found).__name__})")
        elif found != wanted:
            problems.append(f"worker {clean(str(worker))}: has {in_words(found)} (expected {in_words(wanted)})")
    if problems:
        raise ScenarioError("\n".join(f"{problem}; install the same versions there" for problem in problems))


def _address(client: Any) -> str:
    return clean(str(getattr(client.scheduler, "address", "scheduler")))


def answers(
    client: Any, items: Sequence[BatchItem], item_timeout_s: float, task: Task
) -> Iterator[tuple[BatchItem, str, Mapping[str, Any]]]:
    """Have items computed on a cluster.

    Parameters
    ----------
    client : distributed.Client
    items : sequence of BatchItem
    item_timeout_s : float
        [s]
    task : callable
        What a child does with an item; importable by its name there.

    Yields
    ------
    item : BatchItem
    kind : str
        ``done`` with the files of the item's folder; ``refused``, ``broken``, ``environment`` or ``gone`` as a worker
        of this computer says it; ``late``.
    answer : mapping

    Raises
    ------
    OSError
        If the scheduler is lost.
    ScenarioError
        If a worker that came later has other versions.
    """
    demand_workers(client)
    site_of: dict[int, Any] = {}
    for item in items:
        if id(item.site) not in site_of:
            site_of[id(item.site)] = client.submit(as_sent, pickle.dumps(item.site), pure=True)
    futures = {}
    run = uuid.uuid4().hex[:8]  # two runs on one cluster do not wait for each other's tasks
    for item in items:
        sent = pickle.dumps((task, replace(item, site=None)))  # type: ignore[arg-type]
        future = client.submit(
            computed,
            item.id,
            sent,
            site_of[id(item.site)],
            versions(),
            item_timeout_s,
            key=f"quietwing-{item.id}-{run}",
            pure=False,
        )
        futures[future] = item
    try:
        for future in import_module("distributed").as_completed(list(futures), loop=client.loop):
            yield futures[future], *_heard(client, future)
            future.release()
    finally:
        client.cancel([future for future in futures if not future.done()])


def came_of(future: Any, lost: str, *name: str) -> tuple[BaseException | None, Any]:
    """What a task raised, or else what it returned, once it has ended.

    Parameters
    ----------
    future : distributed.Future
    lost : str
        What to say where the cluster no longer knows.
    *name : str
        Of what was lost.

    Returns
    -------
    raised : BaseException or None
    answer : Any

    Raises
    ------
    OSError
        If the scheduler was lost, be it while the answer was on its way.
    """
    if future.status not in ("cancelled", "lost"):
        with suppress(CancelledError, OSError):  # what the task itself raised is not raised here
            raised = future.exception()
            if not isinstance(raised, CancelledError):
                return raised, None if raised is not None else future.result()
    raise OSError(104, lost, *name)


def _heard(client: Any, future: Any) -> tuple[str, Mapping[str, Any]]:
    """What came of a task."""
    raised, answer = came_of(
        future, "the scheduler was lost; finished items are kept, run the batch again", _address(client)
    )
    if raised is not None:
        if type(raised).__name__ == "KilledWorker":
            return "gone", {"code": None}
        return "broken", {"text": f"{type(raised).__name__}: {raised}"}
    if answer["kind"] == "versions":
        raise ScenarioError(f"{answer['text']}; install the same versions there, then run the batch again")
    return str(answer["kind"]), answer


def write_files(files: Mapping[str, bytes], folder: Path) -> None:
    """Write the files of an answer into a new folder.

    Raises
    ------
    OSError
        If a name leads out of the folder, or it cannot be written.
    """
    folder.mkdir()
    for name, content in files.items():
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts or not path.parts:
            raise OSError(22, "a worker sent a file that leads out of its folder", clean(name))
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
