"""Figures, tables and documents of a result. Computes nothing new."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from quietwing.coverage.report.document import make_files, write
    from quietwing.coverage.report.plan_words import plan_headline

__all__ = ["make_files", "plan_headline", "write"]


def __getattr__(name: str) -> object:
    """Load what is asked for: who wants a table need not wait for the library that draws."""
    if name == "plan_headline":
        from quietwing.coverage.report import plan_words

        return plan_words.plan_headline
    if name in __all__:
        from quietwing.coverage.report import document

        return getattr(document, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
