"""What was worked out last and may be asked for again, kept within a limit."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, MutableMapping
from dataclasses import fields, is_dataclass
from typing import TypeVar

import numpy as np

__all__ = ["Kept", "array_bytes"]

K = TypeVar("K")
V = TypeVar("V")


class Kept(MutableMapping[K, V]):
    """A mapping in the order of use. What is over the limit goes at `trim`, never in the middle of a piece of work.

    Parameters
    ----------
    most : float
        The most that all values may take together, after `trim`.
    size : callable, optional
        What a value takes, e.g. its bytes; without it each counts 1.
    """

    def __init__(self, most: float, size: Callable[[V], float] = lambda _: 1) -> None:
        self.most, self.used, self._size = most, 0.0, size
        self._held: OrderedDict[K, V] = OrderedDict()

    def __getitem__(self, key: K) -> V:
        return self._held[key]

    def __setitem__(self, key: K, value: V) -> None:
        self.pop(key, None)
        self._held[key] = value
        self.used += self._size(value)

    def __delitem__(self, key: K) -> None:
        self.used -= self._size(self._held.pop(key))

    def __iter__(self) -> Iterator[K]:
        return iter(self._held)

    def __reversed__(self) -> Iterator[K]:
        return reversed(self._held)

    def __len__(self) -> int:
        return len(self._held)

    def swap(self, key: K, value: V) -> None:
        """Put the same content in other memory in the place of what is kept; its turn to go stays."""
        self._held[key] = value

    def touch(self, keys: Iterable[K]) -> None:
        """Note that these are in use: others are dropped first."""
        for key in keys:
            if key in self._held:
                self._held.move_to_end(key)

    def trim(self) -> None:
        """Drop those that were in use longest ago until the rest, or the last one, is within the limit."""
        while self.used > self.most and len(self._held) > 1:
            del self[next(iter(self._held))]


def array_bytes(*values: object) -> int:
    """Memory of the arrays in some dataclasses, tuples and arrays themselves; what else they hold counts nothing.

    What stands in several places counts once: two models share the scene they are of.
    """
    total, left = 0, list(values)
    seen: set[int] = set()
    parts: dict[type, tuple[str, ...]] = {}  # asked once of each class: a site holds thousands of walls
    while left:
        value = left.pop()
        if id(value) in seen:
            continue
        seen.add(id(value))
        kind = type(value)
        if isinstance(value, np.ndarray):
            total += value.nbytes
        elif isinstance(value, tuple):
            left.extend(value)
        else:
            if kind not in parts:
                parts[kind] = tuple(part.name for part in fields(kind)) if is_dataclass(kind) else ()
            left.extend([getattr(value, name) for name in parts[kind]])
    return total
