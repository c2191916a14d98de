"""One question to one site from end to end: the single way in for app, command line and batch."""

from quietwing.coverage.study.buying import optimise
from quietwing.coverage.study.contrast import contrast_budget, contrast_budgets
from quietwing.coverage.study.frontier import frontier
from quietwing.coverage.study.judging import run
from quietwing.coverage.study.leaks import leakage
from quietwing.coverage.study.whatif import whatif

__all__ = ["contrast_budget", "contrast_budgets", "frontier", "leakage", "optimise", "run", "whatif"]
