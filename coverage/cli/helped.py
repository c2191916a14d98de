"""Another process for a command, where the site is large enough to earn it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from quietwing.coverage import cli
from quietwing.coverage.other_process import OtherProcess, earns_a_process, may_plan, other_process

__all__ = ["helped"]


@contextmanager
def helped(site: str, *, alone: bool = False, plans: bool = False) -> Iterator[OtherProcess | None]:
    """A process that loads the engine while this one does; None where it would bring nothing, or `alone`.

    For `plans` it is not to stay where both would take too much memory.
    """
    if alone or not earns_a_process(site):
        yield None
        return
    with other_process("quietwing.coverage.cli.verdict_worker", stays=not plans or may_plan(site)) as other:
        other.ask(cli.Prepared())
        yield other
