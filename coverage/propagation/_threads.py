"""Parts of one loop on several threads. Kernels are compiled without loops of their own in parallel: a third of the
time to compile, and any number of callers at once."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numba

__all__ = ["in_parts"]

PARTS_OF_A_THREAD = 4  # so that a thread with the cheaper parts takes more of them


def in_parts(work: Callable[[int, int], None], count: int, *, at_most: int | None = None) -> None:
    """Call ``work(first, end)`` on consecutive parts of ``range(count)`` until all are done.

    Parameters
    ----------
    work : callable
        Lets other threads run while it works (a kernel compiled with ``nogil``) and writes only to its own part.
    count : int
    at_most : int, optional
        Threads, no more than ``numba.get_num_threads()`` in any case; 1 calls `work` here and now.
    """
    threads = 1 if at_most == 1 else numba.get_num_threads()  # asking takes as long as many a kernel
    if at_most is not None:
        threads = min(threads, at_most)
    if threads <= 1 or count <= 1:
        if count:
            work(0, count)
        return
    parts = min(count, PARTS_OF_A_THREAD * threads)
    edges = [count * part // parts for part in range(parts + 1)]
    with ThreadPoolExecutor(threads) as pool:
        for _ in pool.map(work, edges[:-1], edges[1:]):  # raises what a part raised, and starts no further part then
            pass
