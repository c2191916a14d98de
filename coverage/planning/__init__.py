"""Planning: what to buy within a budget. `Problem` and `solve` are the door for bare matrices."""

from quietwing.coverage.errors import InfeasiblePlanError, QuietwingError, ScenarioError
from quietwing.coverage.planning.exact import Solution, Work, bound_of_relaxation, solve
from quietwing.coverage.planning.problem import Problem, check_problem
from quietwing.coverage.planning.solution_check import check_solution

__all__ = [
    "InfeasiblePlanError",
    "Problem",
    "QuietwingError",
    "ScenarioError",
    "Solution",
    "Work",
    "bound_of_relaxation",
    "check_problem",
    "check_solution",
    "solve",
]
