"""The walk test that proves a layout: its form, and what a filled form lets one claim."""

from quietwing.coverage.acceptance.scoring import Scored, score_form
from quietwing.coverage.acceptance.statistics import failures_allowed, lower_share, points_needed
from quietwing.coverage.acceptance.walk_plan import AcceptanceTest, acceptance_test
from quietwing.coverage.acceptance.workbook import form_bytes

__all__ = [
    "AcceptanceTest",
    "Scored",
    "acceptance_test",
    "failures_allowed",
    "form_bytes",
    "lower_share",
    "points_needed",
    "score_form",
]
