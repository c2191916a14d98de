"""The family of errors a user can put right, by their engine name."""

from quietwing.sites import InfeasiblePlanError, OutOfRangeError, QuietwingError, ScenarioError, SiteError

__all__ = ["InfeasiblePlanError", "OutOfRangeError", "QuietwingError", "ScenarioError", "SiteError"]
