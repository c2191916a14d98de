"""What a caller gives to `Problem`, taken over as copies that nobody can write to, or refused in words."""

from __future__ import annotations

import numbers
import operator
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from quietwing.coverage.errors import ScenarioError

__all__ = ["as_flags", "as_numbers", "as_rows", "height_of", "members_of", "whole_number"]

MOST_ELEMENTS = 2**31 - 1  # HiGHS counts rows in 32 bits


def as_numbers(name: str, given: ArrayLike) -> NDArray[np.float64]:
    """A copy as float64 that cannot be written to; text and other things that are no numbers are refused."""
    found = _array(name, given)
    if found.dtype.kind not in "iuf":
        odd = [one for one in found.flat if not _is_number(one)]
        if odd:
            raise ScenarioError(
                f"{name} holds {odd[0]!r}, expected numbers; give numbers (inf and -inf stand for no bound)"
            )
    copy = np.array(found, float)
    copy.setflags(write=False)
    return copy


def _is_number(one: object) -> bool:
    return isinstance(one, numbers.Real) and not isinstance(one, (bool, np.bool_))


def _array(name: str, given: ArrayLike) -> NDArray[Any]:
    try:
        return np.asarray(given)
    except ValueError as error:
        raise ScenarioError(f"{name} is no array ({error}); give lists of one length") from error


def as_flags(name: str, given: ArrayLike) -> NDArray[np.bool_]:
    """A copy as bool; numbers are refused, they could be meant as column numbers."""
    found = _array(name, given)
    if found.dtype != np.bool_ and found.size:
        raise ScenarioError(
            f"{name} holds {found.flat[0]!r}, expected True or False for each column; "
            f"for column numbers k write flags = np.zeros(columns, bool); flags[k] = True"
        )
    copy = np.array(found, bool)
    copy.setflags(write=False)
    return copy


def as_rows(given: sparse.sparray | ArrayLike) -> sparse.csr_array:
    """A copy by rows, entries at one place added up, none that is 0."""
    if sparse.issparse(given):
        table: Any = given
        if table.dtype.kind not in "biuf":
            raise ScenarioError(f"rows hold {table.dtype}, expected numbers; give real numbers")
    else:
        table = as_numbers("rows", given)
    if table.ndim != 2:
        raise ScenarioError(f"rows of shape {table.shape}, expected (row, column); give one line for each row")
    rows = sparse.csr_array(table, dtype=float, copy=True)
    rows.sum_duplicates()
    rows.eliminate_zeros()
    for part in (rows.data, rows.indices, rows.indptr):
        part.setflags(write=False)
    return rows


def whole_number(what: str, given: object) -> int:
    """An int; True, floats (1.0 too) and text are refused."""
    if not isinstance(given, (bool, np.bool_)):
        try:
            return operator.index(given)  # type: ignore[arg-type]
        except TypeError:
            pass
    raise ScenarioError(f"{what} is {given!r}, expected a whole number such as 3; give an int")


def members_of(sets: Sequence[Iterable[int]]) -> list[NDArray[np.int64]]:
    """The elements of each set, each once, in order."""
    found = []
    for place, elements in enumerate(sets):
        if isinstance(elements, (str, bytes)) or not isinstance(elements, Iterable):
            raise ScenarioError(f"set {place} is {elements!r}, expected a list of whole numbers; give [0, 2, 5]")
        if isinstance(elements, np.ndarray) and elements.dtype.kind in "iu" and elements.ndim == 1:
            own = np.unique(elements)
        else:
            own = np.unique([whole_number(f"an element of set {place}", one) for one in elements])
        if own.size and not 0 <= own[0] <= own[-1] < MOST_ELEMENTS:
            worst = own[0] if own[0] < 0 else own[-1]
            raise ScenarioError(
                f"element {worst} in set {place}, expected counts from 0 to 2147483646; number the elements again"
            )
        found.append(own.astype(np.int64))
    return found


def height_of(members: Sequence[NDArray[np.int64]], elements: int | None) -> int:
    """How many elements there are: as said, or up to the largest in a set."""
    named = max((int(own[-1]) + 1 for own in members if own.size), default=0)
    if elements is None:
        return named
    count = whole_number("elements", elements)
    if count < named:
        raise ScenarioError(
            f"element {named - 1} in a set, expected fewer than the {count} elements there are; correct either"
        )
    return count
