"""The engine of quietwing: from path gain to what a phone in a cell can still use."""

if __name__ == "coverage":  # reached by folder name; numba and pytest-cov want coverage.py
    raise ImportError("this folder is the package quietwing.coverage; import it by that name")

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from quietwing.coverage.study import (
        contrast_budget,
        contrast_budgets,
        evaluate,
        frontier,
        leakage,
        optimise,
        whatif,
    )

# Read when numba is loaded: compiled a seventh sooner than at its usual 3, and as quick; the bytes are the same.
os.environ.setdefault("NUMBA_OPT", "1")

__all__ = ["contrast_budget", "contrast_budgets", "evaluate", "frontier", "leakage", "optimise", "whatif"]


def __getattr__(name: str) -> object:
    """Load the engine when it is first asked for: ``quietwing --help`` need not wait for it."""
    if name in __all__:
        from quietwing.coverage import study  # slow to load

        return getattr(study, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
