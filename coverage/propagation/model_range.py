"""The range a model holds in: a value outside it is an error that names the value, the range and the source."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quietwing.sites import OutOfRangeError

__all__ = ["above", "between", "within"]


def within(
    values: ArrayLike, span: tuple[float, float], what: str, unit: str, source: str, advice: str = ""
) -> NDArray[np.float64]:
    """The values as an array, or an error if one is outside the span or not a number. Ends are inside.

    Parameters
    ----------
    values : array_like, shape (...)
    span : tuple of float
        Least and most, in `unit`.
    what, unit : str
        For the message: ``distance``, ``m``.
    source : str
        What gives the range.
    advice : str
        What to do, beside correcting the value.

    Returns
    -------
    ndarray, shape (...)

    Raises
    ------
    OutOfRangeError
        If a value is below, above or not a number.
    """
    values = np.asarray(values, np.float64)
    inside = np.isfinite(values) & (values >= span[0]) & (values <= span[1])
    return _checked(values, inside, _spoken(span, unit), what, unit, source, advice)


def between(
    values: ArrayLike, span: tuple[float, float], what: str, unit: str, source: str, advice: str = ""
) -> NDArray[np.float64]:
    """As `within`, with the ends outside."""
    values = np.asarray(values, np.float64)
    wanted = f"above {span[0]:g} and below {span[1]:g} {unit}".rstrip()
    return _checked(values, (values > span[0]) & (values < span[1]), wanted, what, unit, source, advice)


def above(
    values: ArrayLike, least: float, what: str, unit: str, source: str, advice: str = ""
) -> NDArray[np.float64]:
    """The values as an array, or an error unless all are finite and above `least`; arguments as for `within`."""
    values = np.asarray(values, np.float64)
    inside = np.isfinite(values) & (values > least)
    return _checked(values, inside, f"above {least:g} {unit}".rstrip(), what, unit, source, advice)


def _spoken(span: tuple[float, float], unit: str) -> str:
    if np.isinf(span[1]):
        return f"{span[0]:g} {unit} or more"
    return f"{span[0]:g} to {span[1]:g} {unit}".rstrip()


def _checked(
    values: NDArray[np.float64],
    inside: NDArray[np.bool_],
    wanted: str,
    what: str,
    unit: str,
    source: str,
    advice: str,
) -> NDArray[np.float64]:
    if not inside.all():
        found = f"{what} {values[~inside].flat[0]:g} {unit}".rstrip()
        raise OutOfRangeError(
            f"{found} ({source} holds for {wanted}); correct it" + (f", or {advice}" if advice else "")
        )
    return values
