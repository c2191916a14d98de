"""Many questions to many sites: planned, computed in worker processes, stopped anywhere and taken up again."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from quietwing.coverage.batch.items import BatchItem
    from quietwing.coverage.batch.runner import BatchInterrupted, BatchOutcome, run_batch
    from quietwing.coverage.batch.sweep import plan_batch

__all__ = ["BatchInterrupted", "BatchItem", "BatchOutcome", "plan_batch", "run_batch"]


def __getattr__(name: str) -> object:
    """Load what is asked for: a worker must bind its life to its parent's before it loads the engine."""
    if name in __all__:
        home = {"BatchItem": "items", "plan_batch": "sweep"}.get(name, "runner")
        return getattr(import_module(f"{__name__}.{home}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
