"""Planning: what to buy within a budget. `Problem` and `solve` are the door for bare matrices."""

from quietwing.coverage.planning.exact import Solution, Work, solve
from quietwing.coverage.planning.problem import Problem

__all__ = ["Problem", "Solution", "Work", "solve"]
