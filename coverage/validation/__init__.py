"""The engine against data nobody here wrote: which sets are known, how each is compared, what that proves."""

from quietwing.coverage.validation.reading import ValidationSetError
from quietwing.coverage.validation.results import (
    TABLE_HEADER,
    SetResult,
    failures,
    remarks,
    results_object,
    results_table,
)
from quietwing.coverage.validation.sets import KNOWN_SETS, KnownSet, validate

__all__ = [
    "KNOWN_SETS",
    "TABLE_HEADER",
    "KnownSet",
    "SetResult",
    "ValidationSetError",
    "failures",
    "remarks",
    "results_object",
    "results_table",
    "validate",
]
