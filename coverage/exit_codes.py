"""Exit codes of the command line and of the app's server; 0 is a verified answer, whatever it says."""

__all__ = ["BAD_INPUT", "ENVIRONMENT", "INFEASIBLE", "INTERRUPTED", "MISSED", "PARTLY"]

PARTLY = 1  # done in part
BAD_INPUT = 2
INFEASIBLE = 3  # proven
MISSED = 4  # a limit or a target asked for was missed; the best answer is kept
ENVIRONMENT = 5  # disk, permission, port
INTERRUPTED = 130  # as a shell reports SIGINT
