"""The one family of errors, each naming what was found, what was expected and what to do."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = [
    "InfeasiblePlanError",
    "OutOfRangeError",
    "QuietwingError",
    "ScenarioError",
    "SiteError",
    "UnmappedDrawingError",
    "problems_text",
]

MOST_PROBLEMS_SHOWN = 18  # a message stays within 20 lines on a terminal


class QuietwingError(Exception):
    """Root of all errors that a user can put right."""


class SiteError(QuietwingError, ValueError):
    """A place cannot be read or does not make sense.

    Attributes
    ----------
    problems : tuple of str
        Every problem found, one line each: ``file: feature: what is wrong; what to do``.
    """

    def __init__(self, problems: str | Iterable[str]) -> None:
        self.problems = (problems,) if isinstance(problems, str) else tuple(problems)
        super().__init__(problems_text(self.problems))


class UnmappedDrawingError(SiteError):
    """A drawing in which no building is found as its layers are understood.

    Attributes
    ----------
    mapping : str
        What each layer, block, type and material was taken for, as the text of a mapping file: to be changed.
    """

    def __init__(self, problems: str | Iterable[str], mapping: str) -> None:
        super().__init__(problems)
        self.mapping = mapping


class ScenarioError(QuietwingError, ValueError):
    """A scenario asks for something that is not there or not possible."""


class OutOfRangeError(QuietwingError, ValueError):
    """A model was asked for a value outside the range its source gives."""


class InfeasiblePlanError(QuietwingError, ValueError):
    """No layout of the allowed devices meets the demands."""


def problems_text(problems: tuple[str, ...]) -> str:
    """All problems in at most 20 lines: the first ones and a count of the rest."""
    shown = [*problems[:MOST_PROBLEMS_SHOWN]]
    if len(problems) > len(shown):
        shown.append(f"… and {len(problems) - len(shown)} more problems of the same files")
    return "\n".join(shown)
