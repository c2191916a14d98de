"""The demo's other half in a process of its own: what leaks in, and the layout given, while the planner searches.

Question and answer go through pipes; both ends are this version of quietwing. Should the process fail, the answer is
worked out by the caller: nothing is lost but time.
"""

from __future__ import annotations

import pickle
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

from quietwing.coverage.equipment import Device, Model
from quietwing.coverage.planning.optimise import REPORTING_STREAM
from quietwing.coverage.results import Leakage, Verdict
from quietwing.coverage.scenario import Scenario
from quietwing.sites.model import Site

__all__ = ["Half", "Halves", "beside", "worked_out"]


@dataclass(frozen=True)
class Half:
    """A site with the layout it has."""

    site: Site
    scenario: Scenario
    devices: tuple[Device, ...]
    catalogue: Mapping[str, Model]


Halves = tuple[Leakage, Verdict]


def worked_out(half: Half) -> Halves:
    """What leaks in with blockers off, and the layout's verdict on the worlds that plans are reported on."""
    from quietwing.coverage.study import leakage, run

    leaks = leakage(half.site, half.scenario)
    verdict = run(half.site, half.scenario, devices=half.devices, catalogue=half.catalogue, stream=REPORTING_STREAM)
    return leaks, verdict


@contextmanager
def beside(half: Half) -> Iterator[Future[Halves]]:
    """Work it out beside the caller; leaving the block ends what is still at work.

    Parameters
    ----------
    half : Half

    Yields
    ------
    Future of (Leakage, Verdict)
    """
    child = subprocess.Popen(
        # -P: the folder we happen to be in may hold a `coverage` of its own
        [sys.executable, "-P", "-m", "quietwing.coverage.ui.aside"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # Ctrl-C is the caller's
    )

    asked = pickle.dumps(half, pickle.HIGHEST_PROTOCOL)  # now: the site fills its caches while the caller works
    left = threading.Event()

    def answer() -> Halves:
        told, _ = child.communicate(asked)
        if left.is_set():
            raise CancelledError
        if child.returncode != 0:
            return worked_out(half)
        found: Halves = pickle.loads(told)  # written by our own child
        return found

    with ThreadPoolExecutor(1) as pool:
        try:
            yield pool.submit(answer)
        finally:
            left.set()
            child.kill()


def main() -> None:
    """Compile what the caller does not need first, then work."""
    from quietwing.coverage import warmup

    half = pickle.load(sys.stdin.buffer)
    warmup.compile_kernels(warmup.NEEDED_LATE)
    pickle.dump(worked_out(half), sys.stdout.buffer, pickle.HIGHEST_PROTOCOL)


if __name__ == "__main__":
    main()
