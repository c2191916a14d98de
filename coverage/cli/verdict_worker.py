"""A verdict's questions to another process: maps, while this one judges rooms and spill; then pictures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from quietwing.coverage.report import png_of, verdict_pictures
from quietwing.coverage.study import margin_map

if TYPE_CHECKING:
    from quietwing.coverage.blocking import LinkModel
    from quietwing.coverage.cli.other_process import Known
    from quietwing.coverage.equipment import Device, Model
    from quietwing.coverage.results import Verdict, VerdictMap
    from quietwing.coverage.scenario import Scenario
    from quietwing.sites import PointSet

__all__ = ["Judged", "Layout", "Picture", "Storey"]


@dataclass(frozen=True)
class Layout:
    """A site made ready, and the layout that will be judged on it."""

    model: LinkModel
    scenario: Scenario
    devices: tuple[Device, ...]
    catalogue: Mapping[str, Model]


@dataclass(frozen=True)
class Storey:
    """One storey of the `Layout` told before."""

    points: PointSet

    def answer(self, known: Known) -> VerdictMap:
        """Its map."""
        layout: Layout = known(Layout)
        return margin_map(layout.model, layout.scenario, layout.devices, layout.catalogue, self.points)


@dataclass(frozen=True)
class Judged:
    """A verdict with its maps."""

    verdict: Verdict


@dataclass(frozen=True)
class Picture:
    """One picture of the verdict told before."""

    name: str

    def answer(self, known: Known) -> bytes:
        """The picture as a PNG file."""
        return png_of(verdict_pictures(known(Judged).verdict)[self.name]())
