"""What a comparison with one set of reference data gives, and how it is said to people and to machines."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quietwing.coverage.errors import OutOfRangeError

__all__ = [
    "TABLE_HEADER",
    "SetResult",
    "compared",
    "error_text",
    "evaluated",
    "failures",
    "measured",
    "remarks",
    "results_object",
    "results_table",
    "skipped",
]

Array = NDArray[np.float64]

LEAST_SHOWN_DB = 1e-6
TABLE_HEADER = ["set", "rows", "bias [dB]", "RMSE [dB]", "largest [dB]", "tolerance [dB]", "result"]


@dataclass(frozen=True, slots=True)
class SetResult:
    """One line of ``quietwing validate``.

    Attributes
    ----------
    name : str
        The set's folder, with a part after a slash where a set has several.
    rows : int
        Rows of the set that were compared, those that must be refused included.
    bias_db, rmse_db, max_error_db : float or None
        Of engine minus reference; None where nothing, or not every row, could be computed. [dB]
    tolerance_db : float or None
        What `max_error_db` may be; for measurements, what `rmse_db` may be. [dB]
    passed : bool or None
        None where the set was skipped.
    skipped : str or None
        Why the set was not judged.
    note : str
        What else a reader should know.
    on_rmse : bool
        The tolerance is on `rmse_db`.
    """

    name: str
    rows: int
    bias_db: float | None
    rmse_db: float | None
    max_error_db: float | None
    tolerance_db: float | None
    passed: bool | None
    skipped: str | None = None
    note: str = ""
    on_rmse: bool = False

    @property
    def tolerance_text(self) -> str:
        """The tolerance, and what it is on where that is not the largest error."""
        if self.tolerance_db is None:
            return "–"
        return f"{self.tolerance_db:g}" + (" RMSE" if self.on_rmse else "")

    def as_object(self) -> dict[str, Any]:
        """The line as JSON holds it."""
        return {
            "name": self.name,
            "rows": self.rows,
            "bias_db": self.bias_db,
            "rmse_db": self.rmse_db,
            "max_error_db": self.max_error_db,
            "tolerance_db": self.tolerance_db,
            "passed": self.passed,
            "skipped": self.skipped,
        }


def skipped(name: str, why: str) -> SetResult:
    """The line of a set that was not judged."""
    return SetResult(name, 0, None, None, None, None, None, why)


def compared(
    name: str,
    rows: int,
    error_db: Array,
    tolerance_db: float,
    *,
    complaints: Sequence[str] = (),
    note: str = "",
) -> SetResult:
    """Judge a set whose reference values are exact: no error may be above the tolerance.

    Parameters
    ----------
    name : str
    rows : int
        Rows compared; without one the set is skipped.
    error_db : ndarray, shape (value,)
        Engine minus reference; nan where the engine refused a row it should have computed. [dB]
    tolerance_db : float
        Largest error allowed. [dB]
    complaints : sequence of str
        Anything else the set fails by.
    note : str

    Returns
    -------
    SetResult
    """
    if rows == 0:
        return skipped(name, note or "no row that this version can compare")
    refused = int(np.count_nonzero(~np.isfinite(error_db)))
    if refused:
        complaints = [f"{refused} values could not be computed", *complaints]
    said = "; ".join([*complaints, *([note] if note else [])])
    if refused or not len(error_db):
        return SetResult(name, rows, None, None, None, tolerance_db, not complaints, None, said)
    bias_db, rmse_db, most_db = _figures(error_db)
    passed = most_db <= tolerance_db and not complaints
    return SetResult(name, rows, bias_db, rmse_db, most_db, tolerance_db, passed, None, said)


def measured(
    name: str, rows: int, error_db: Array, tolerance_db: float, *, complaints: Sequence[str] = (), note: str = ""
) -> SetResult:
    """Judge a measured set, whose single values scatter: the root mean square error may not be above the tolerance.

    Parameters and returns as for `compared`.
    """
    if rows == 0 or not np.isfinite(error_db).all():
        return skipped(name, "too few measurements to compare")
    bias_db, rmse_db, most_db = _figures(error_db)
    said = "; ".join([*complaints, *([note] if note else [])])
    passed = rmse_db <= tolerance_db and not complaints
    return SetResult(name, rows, bias_db, rmse_db, most_db, tolerance_db, passed, None, said, on_rmse=True)


def evaluated(model: Callable[[slice], Array], rows: int) -> Array:
    """Values of a model over the rows of a table, nan where the model refuses a row or gives no number.

    Parameters
    ----------
    model : callable
        Takes a slice of rows and returns their values, shape (row,) or (row, value).
    rows : int

    Returns
    -------
    ndarray, shape (row, value)
    """
    parts: list[Array] = []
    width = 1

    def cover(first: int, last: int) -> None:
        nonlocal width
        try:
            with np.errstate(all="ignore"):
                found = np.asarray(model(slice(first, last)), np.float64).reshape(last - first, -1)
        except OutOfRangeError:
            if last - first > 1:
                middle = (first + last) // 2
                cover(first, middle)
                cover(middle, last)
                return
            found = np.full((1, 1), np.nan)
        width = max(width, found.shape[1])
        parts.append(found)

    if rows:
        cover(0, rows)
    return np.concatenate([np.broadcast_to(part, (len(part), width)) for part in parts] or [np.empty((0, 1))])


def failures(results: Iterable[SetResult]) -> tuple[SetResult, ...]:
    """The sets that missed their tolerance."""
    return tuple(result for result in results if result.passed is False)


def remarks(results: Iterable[SetResult]) -> tuple[str, ...]:
    """What to say beside the table: what was missed, and that next to nothing was compared."""
    found = tuple(results)
    said = [f"missed: {one.name}" + (f": {one.note}" if one.note else "") for one in failures(found)]
    if sum(one.skipped is None for one in found) <= 1:  # the floors need no file
        said.append("note: no set was compared that needs a file; give the folder that holds rf-crc-p2109 and others")
    return tuple(said)


def results_object(results: Iterable[SetResult]) -> dict[str, Any]:
    """The object of ``quietwing validate --json``."""
    return {"sets": [result.as_object() for result in results]}


def results_table(results: Iterable[SetResult]) -> list[list[str]]:
    """Rows of the table for people, under `TABLE_HEADER`."""
    return [
        [
            result.name,
            str(result.rows) if result.rows else "–",
            error_text(result.bias_db),
            error_text(result.rmse_db),
            error_text(result.max_error_db),
            result.tolerance_text,
            _verdict(result),
        ]
        for result in results
    ]


def error_text(value_db: float | None) -> str:
    """An error in two digits, so that the last bits of another machine do not show."""
    if value_db is None:
        return "–"
    if abs(value_db) < LEAST_SHOWN_DB:
        return "< 1e-6"
    return f"{value_db:.2f}" if abs(value_db) >= 1 else f"{value_db:.2g}"


def _verdict(result: SetResult) -> str:
    if result.skipped is not None:
        return f"skipped: {result.skipped}"
    verdict = "passed" if result.passed else "MISSED"
    return f"{verdict} ({result.note})" if result.note else verdict


def _figures(error_db: Array) -> tuple[float, float, float]:
    """Mean, root mean square and largest error."""
    return (
        float(np.mean(error_db)),
        float(np.sqrt(np.mean(error_db**2))),
        float(np.max(np.abs(error_db))),
    )
