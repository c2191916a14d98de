"""Figures, tables and documents of a result. Computes nothing new."""

from quietwing.coverage.report.document import write

__all__ = ["write"]
