"""numba's `njit`, for places where compiled code cannot be kept, and the flags of every kernel."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba

__all__ = ["ARRAY_HELPER", "HELPER", "KERNEL", "OPEN_HELPER", "njit"]

KERNEL: dict[str, Any] = {"nogil": True, "cache": True, "error_model": "numpy", "no_cfunc_wrapper": True}
# What makes no array need not count who holds those it is given, which takes up to a third of the time. A door for
# Python takes all of them apart, and half the time to compile: helpers that kernels alone call have none.
OPEN_HELPER: dict[str, Any] = {**KERNEL, "_nrt": False}
ARRAY_HELPER: dict[str, Any] = {**KERNEL, "cache": False, "no_cpython_wrapper": True}
HELPER: dict[str, Any] = {**ARRAY_HELPER, "_nrt": False}


def njit(**flags: Any) -> Callable[[Callable[..., Any]], Any]:
    """A decorator like numba's; where no folder can be written, code is compiled in each process anew.

    Parameters
    ----------
    **flags
        As for `numba.njit`.

    Returns
    -------
    callable
    """

    def compiled(function: Callable[..., Any]) -> Any:
        try:
            return numba.njit(**flags)(function)
        except RuntimeError:  # numba found no folder: not NUMBA_CACHE_DIR, not beside the source, not the user's own
            return numba.njit(**(flags | {"cache": False}))(function)

    return compiled
