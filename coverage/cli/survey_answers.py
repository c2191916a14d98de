"""What answers the commands of surveys, loaded when one of them runs."""

from quietwing.coverage.cli.acceptance_terminal import answer_form, answer_score
from quietwing.coverage.cli.calibrate_terminal import answer_calibrate
from quietwing.coverage.cli.masts_terminal import answer_masts
from quietwing.coverage.cli.measure_next_terminal import answer_measure_next
from quietwing.coverage.cli.walktest_terminal import answer_walktest

__all__ = [
    "answer_calibrate",
    "answer_form",
    "answer_masts",
    "answer_measure_next",
    "answer_score",
    "answer_walktest",
]
