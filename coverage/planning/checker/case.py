"""A plan with everything it was made from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from quietwing.coverage.blocking import LinkModel, link_model
from quietwing.coverage.equipment import Device, Model, Treatment
from quietwing.coverage.planning.plan import Attempt, Plan
from quietwing.coverage.propagation import prepare_scene
from quietwing.coverage.scenario import Scenario
from quietwing.coverage.treatments import treated_site
from quietwing.sites import Sector, Site

__all__ = ["Case"]


@dataclass(frozen=True)
class Case:
    """A plan with everything it was made from."""

    site: Site
    sectors: tuple[Sector, ...]
    scenario: Scenario
    catalogue: Mapping[str, Model]
    plan: Plan
    existing: tuple[Device, ...]
    given: tuple[Treatment, ...]
    known_bare: LinkModel | None = None

    @property
    def attempt(self) -> Attempt:
        return self.plan.attempts[self.plan.chosen]

    @property
    def planned(self) -> tuple[Device, ...]:
        """Devices that do not stand yet."""
        there = {device.id for device in self.existing}
        return tuple(device for device in self.plan.devices if device.id not in there)

    @property
    def strict(self) -> Scenario:
        """The scenario with the confidence of single margins."""
        return replace(self.scenario, confidence=self.attempt.confidence)

    def links(self, treatments: Iterable[Treatment]) -> LinkModel:
        """The site's links with these treatments in its windows, and the scenario's operator actions."""
        every, actions = tuple(treatments), self.scenario.operator_actions
        if not every and not actions:
            return self.bare
        scene = prepare_scene(treated_site(self.site, every, self.catalogue))
        return link_model(scene, self.sectors, self.scenario.rules, graph=self.bare.graph, actions=actions)

    @cached_property
    def bare(self) -> LinkModel:
        """The site's links without any treatment or operator action."""
        return self.known_bare or link_model(prepare_scene(self.site), self.sectors, self.scenario.rules)
