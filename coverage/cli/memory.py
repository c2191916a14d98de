"""Memory of a command that is over within seconds: freed memory is kept, and garbage is looked for seldom."""

from __future__ import annotations

import ctypes
import gc
import sys
from collections.abc import Callable
from contextlib import suppress

__all__ = ["keep_memory"]

RARELY = (500_000, 20, 50)  # new objects until Python looks for circles of them; it begins with 700
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # of glibc's malloc.h
KEPT_BYTES = 256 << 20


def keep_memory() -> Callable[[], None]:
    """Keep what is freed for what comes next, and seldom look for objects that hold each other in circles.

    A verdict makes half a million objects and a large site a million, few of them in circles. Arrays of some MB come
    by the thousand.

    Returns
    -------
    callable
        Has Python look for circles as often as before, at first among what is made from then on.
    """
    before = gc.get_threshold()
    gc.set_threshold(*RARELY)
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):  # another C library than glibc
            c_library = ctypes.CDLL(None)
            c_library.mallopt(M_MMAP_THRESHOLD, KEPT_BYTES)
            c_library.mallopt(M_TRIM_THRESHOLD, 2 * KEPT_BYTES)

    def as_before() -> None:
        gc.freeze()
        gc.unfreeze()  # all there is counts as old: otherwise Python would look through it at once
        gc.set_threshold(*before)

    return as_before
