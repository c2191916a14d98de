"""numba's `njit`, for places where compiled code cannot be kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba

__all__ = ["njit"]


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
