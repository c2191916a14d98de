"""The family of errors a user can put right, by their engine name."""

import dataclasses
import functools
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from pydantic import ValidationError

from quietwing.sites import (
    InfeasiblePlanError,
    OutOfRangeError,
    QuietwingError,
    ScenarioError,
    SiteError,
    problems_text,
)

__all__ = [
    "InfeasiblePlanError",
    "OutOfRangeError",
    "QuietwingError",
    "ScenarioError",
    "SiteError",
    "explained",
]

T = TypeVar("T")


def explained(explain: Callable[[Mapping[str, Any]], str]) -> Callable[[type[T]], type[T]]:
    """A checked dataclass that raises `ScenarioError` where it is made from Python with a wrong value.

    Parameters
    ----------
    explain : callable
        From one error of pydantic's `ValidationError.errors` to one line in our words. Readers of files, which go
        through pydantic's own validators, are not concerned.
    """

    def of(cls: type[T]) -> type[T]:
        checked: Callable[..., None] = cls.__init__
        names = dict(enumerate(field.name for field in dataclasses.fields(cls)))  # type: ignore[arg-type]

        @functools.wraps(checked)
        def made(self: T, *arguments: Any, **values: Any) -> None:
            try:
                checked(self, *arguments, **values)
            except ValidationError as error:
                found: list[dict[str, Any]] = [{**one} for one in error.errors(include_url=False)]
                named = [one | {"loc": (names.get(one["loc"][0], one["loc"][0]), *one["loc"][1:])} for one in found]
                raise ScenarioError(problems_text(tuple(dict.fromkeys(explain(one) for one in named)))) from None

        setattr(cls, "__init__", made)  # noqa: B010
        return cls

    return of
