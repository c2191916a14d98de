"""Figures, tables and documents of a result. Computes nothing new."""

from quietwing.coverage.report.document import make_files, write
from quietwing.coverage.report.plan_words import plan_headline

__all__ = ["make_files", "plan_headline", "write"]
