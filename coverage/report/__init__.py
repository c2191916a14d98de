"""Figures, tables and documents of a result. Computes nothing new."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from quietwing.coverage.report.document import make_files, write
    from quietwing.coverage.report.plan_words import plan_headline

__all__ = ["make_files", "plan_headline", "write"]


def __getattr__(name: str) -> object:
    """Load what is asked for: who wants a table need not wait for the library that draws."""
    if name in __all__:
        home = "plan_words" if name == "plan_headline" else "document"
        return getattr(import_module(f"{__name__}.{home}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
