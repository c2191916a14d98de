"""A Dask cluster on this computer: its scheduler in this process, its workers programs of their own.

Dask's own kinds cost a batch of a minute a second and more: `LocalCluster` spawns workers that run the script which
called this again, and `SubprocessCluster` has a program for the scheduler and, for each worker, one that watches it.
This module needs the extra ``cluster``.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

from distributed import Client, Scheduler, SpecCluster
from distributed.deploy.subprocess import Subprocess

from quietwing.coverage.batch.cluster_worker import ALL_CORES
from quietwing.coverage.batch.workers import ONE_THREAD

__all__ = ["ENVIRONMENT", "local_client"]

HERE = "127.0.0.1"
CLOSE_S = 5.0
AGAIN_AFTER_S = 0.5
QUIET = logging.CRITICAL  # of Dask's logs
PRELOAD = "quietwing.coverage.batch.cluster_worker"  # its `dask_setup`
# Dask profiles each of its processes 100 times a second and looks 50 times whether it hangs: a third of their CPU.
ENVIRONMENT = {
    "DASK_DISTRIBUTED__WORKER__PROFILE__ENABLED": "False",
    "DASK_DISTRIBUTED__ADMIN__TICK__INTERVAL": "1s",
    "DASK_DISTRIBUTED__ADMIN__SYSTEM_MONITOR__INTERVAL": "5s",
    **dict.fromkeys(ONE_THREAD, "1"),
}


@contextmanager
def local_client(workers: int) -> Iterator[Client]:
    """The client of a scheduler and workers that listen to this computer alone and end with the block.

    Parameters
    ----------
    workers : int
        Processes; each has one thread.

    Yields
    ------
    distributed.Client
    """
    # It would tell of each worker that is closed, after the cluster has let go of Dask's logs.
    logging.getLogger("distributed.batched").setLevel(logging.WARNING)
    with tempfile.TemporaryDirectory(prefix="quietwing-dask-", ignore_cleanup_errors=True) as scratch:
        resources = {ALL_CORES: 1} if workers == 1 else {}
        worker = {"cls": _Worker, "options": {"scratch": scratch, "resources": resources}}
        scheduler = {
            "cls": Scheduler,
            "options": {"host": HERE, "dashboard": False, "dashboard_address": f"{HERE}:0"},
        }
        cluster: Any = SpecCluster(dict.fromkeys(range(workers), worker), scheduler, silence_logs=QUIET)  # type: ignore[no-untyped-call]
        try:
            client: Any = Client(cluster, set_as_default=False)  # type: ignore[no-untyped-call]
            try:
                yield client
            finally:
                with suppress(OSError, TimeoutError):
                    client.close(timeout=CLOSE_S)
        finally:
            with suppress(OSError, TimeoutError):
                cluster.close(timeout=CLOSE_S)


class _Worker(Subprocess):
    """A worker that is started again when it has died, until the cluster closes it."""

    def __init__(self, scheduler: str, name: int, scratch: str, resources: Mapping[str, int]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        wanted = {
            "name": name,
            "host": HERE,
            "nthreads": 1,
            "memory_limit": 0,  # Dask would watch that of the worker: it is the worker's child that computes
            "silence_logs": QUIET,
            "local_directory": scratch,
            "resources": resources,
            "preload": [PRELOAD],
        }
        spec = json.dumps({"cls": "distributed.Worker", "opts": wanted})
        self.command = (sys.executable, "-m", "dask", "spec", scheduler, "--spec", spec)
        self.watch: asyncio.Task[None] | None = None

    async def _start(self) -> None:
        # What the user has set stays.
        self.process = await asyncio.create_subprocess_exec(*self.command, env=ENVIRONMENT | os.environ)
        self.watch = asyncio.create_task(self._start_again(self.process))

    async def _start_again(self, process: asyncio.subprocess.Process) -> None:
        await process.wait()
        await asyncio.sleep(AGAIN_AFTER_S)
        await self._start()

    async def close(self) -> None:
        if self.watch is not None:
            self.watch.cancel()
        await super().close()
