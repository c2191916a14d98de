"""What is changed, one thing at a time, to see what would change the answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from quietwing.coverage.blocking import LinkModel, meant
from quietwing.coverage.equipment import Model, Treatment
from quietwing.coverage.rules import ByTechnology, ByWidth, Grade
from quietwing.coverage.scenario import Scenario
from quietwing.coverage.treatments import WINDOWS
from quietwing.sites import Site, band_number, opening_places, with_openings

__all__ = [
    "LOWER_DB",
    "OUT",
    "NetworkChange",
    "RuleChange",
    "WindowChange",
    "network_changes",
    "room_rules",
    "rule_changes",
    "sealed_site",
    "spill_rules",
    "window_changes",
]

LOWER_DB = (
    6.0,
    10.0,
)  # assumed: what operators turn sectors down by for a prison, a quarter and a tenth of the power
OUT = -1  # of a channel that is not there
ASK_OPERATOR = "ask the operator for a price"
BINDS = "nothing to buy: shows what binds"
# Figures of a grade in words, those of rooms first.
_RULES = {
    "js_deny_db": "J/S that denies",
    "search_db": "search margin",
    "single_source_db": "single-source rule",
    "confidence": "confidence of a room",
    "tier": "tier outside",
    "outside_share": "share of simulations outside",
    "captured_outside": "captured outside",
}


@dataclass(frozen=True)
class RuleChange:
    """One rule of each grade set to that of the other.

    Attributes
    ----------
    name, changed : str
    judged : tuple of Grade
        In the order of `Scenario.judged`, each with its own name.
    """

    name: str
    changed: str
    judged: tuple[Grade, ...]


@dataclass(frozen=True)
class NetworkChange:
    """Channels of the public network turned down or not there.

    Attributes
    ----------
    name, kind, changed, note : str
    cost_gbp : float or None
        [£]
    pick : int ndarray, shape (channel,)
        0: as it is; 1, 2: turned down by that of `LOWER_DB`; `OUT`.
    """

    name: str
    kind: str
    changed: str
    note: str
    cost_gbp: float | None
    pick: NDArray[np.int_]


@dataclass(frozen=True)
class WindowChange:
    """Every outer window of the rooms that must be silent treated or sealed.

    Attributes
    ----------
    name, changed, note : str
    treatments : tuple of Treatment
        To be added; none where the windows are sealed.
    windows : tuple of int
        Indices of the openings that change.
    """

    name: str
    changed: str
    note: str
    treatments: tuple[Treatment, ...]
    windows: tuple[int, ...]


def room_rules(grade: Grade) -> tuple[object, ...]:
    """The rules of a grade that decide in which worlds a room is silent."""
    return grade.js_deny_db, grade.search_db, grade.single_source_db


def spill_rules(grade: Grade) -> tuple[object, ...]:
    """The rules of a grade that decide what is clean outside."""
    return grade.tier, grade.outside_share, grade.captured_outside


def rule_changes(judged: tuple[Grade, ...]) -> tuple[RuleChange, ...]:
    """Each rule of the grades set to the other grade, in the order of the rules; those that are the same left out.

    Parameters
    ----------
    judged : tuple of Grade
        Two, `Scenario.judged`.

    Returns
    -------
    tuple of RuleChange
    """
    first, second = judged
    found = []
    for key, words in _RULES.items():
        one, other = getattr(first, key), getattr(second, key)
        if one == other:
            continue
        changed = (
            f"{first.name} grade by {second.name}'s {_in_words(key, other)}, "
            f"{second.name} grade by {first.name}'s {_in_words(key, one)}"
        )
        swapped = replace(first, **{key: other}), replace(second, **{key: one})
        found.append(RuleChange(words, changed, swapped))
    return tuple(found)


def _in_words(key: str, value: object) -> str:
    """A figure of a grade with its unit."""
    if isinstance(value, ByTechnology | ByWidth):
        return ", ".join(f"{one.name} {getattr(value, one.name):g}" for one in fields(value)) + " dB"
    if not isinstance(value, float):
        return str(value)
    return f"{value:g} dB" if key.endswith("_db") else f"{100 * value:g} %"


def network_changes(site: Site, scenario: Scenario, model: LinkModel) -> tuple[NetworkChange, ...]:
    """Retunes of each operator, 2G switched off, and one operator or band left out.

    Parameters
    ----------
    site : Site
    scenario : Scenario
        A price of a retune is taken from its operator actions.
    model : LinkModel
        After these actions.

    Returns
    -------
    tuple of NetworkChange
        A change that would leave no channel is left out.
    """
    parts = [channel.split("/") for channel in model.channels]
    operators = list(dict.fromkeys(operator for operator, _, _ in parts))
    found = []
    for operator in operators:
        mine = np.array([part[0] == operator for part in parts])
        price, note = _price(site, scenario, operator)
        for number, lower_db in enumerate(LOWER_DB, 1):
            found.append(
                NetworkChange(
                    f"{operator} {lower_db:g} dB lower",
                    "retune",
                    f"every sector of {operator} turned down by {lower_db:g} dB",
                    note,
                    price,
                    np.where(mine, number, 0),
                )
            )
    gsm = np.array([part[2] == "GSM" for part in parts])
    found.append(
        NetworkChange("2G switched off", "off", _listed(model, gsm), ASK_OPERATOR, None, np.where(gsm, OUT, 0))
    )
    for operator in operators:
        mine = np.array([part[0] == operator for part in parts])
        found.append(
            NetworkChange(f"without {operator}", "without", _listed(model, mine), BINDS, None, np.where(mine, OUT, 0))
        )
    bands = [band_number(part[1]) for part in parts]
    for band in sorted(set(bands), key=int):
        mine = np.array([one == band for one in bands])
        names = " and ".join(dict.fromkeys(part[1] for part, has in zip(parts, mine, strict=True) if has))
        found.append(
            NetworkChange(f"without {names}", "without", _listed(model, mine), BINDS, None, np.where(mine, OUT, 0))
        )
    return tuple(change for change in found if change.pick.any() and (change.pick != OUT).any())


def _listed(model: LinkModel, members: NDArray[np.bool_]) -> str:
    """The channels that are taken away, in words."""
    names = [name for name, taken in zip(model.channels, members, strict=True) if taken]
    return f"not there: {', '.join(names)}"


def _price(site: Site, scenario: Scenario, operator: str) -> tuple[float | None, str]:
    """What the scenario says a retune of one operator costs, and where that stands. [£]"""
    for number, action in enumerate(scenario.operator_actions, 1):
        whose = {site.sectors[index].operator for index in meant(site.sectors, action)}
        if whose == {operator} and action.price_gbp and not action.off:
            return action.price_gbp, f"operator_actions {number} of the scenario"
    return None, ASK_OPERATOR


def window_changes(
    site: Site, treatments: tuple[Treatment, ...], catalogue: Mapping[str, Model]
) -> tuple[WindowChange, ...]:
    """Each mesh and film of the catalogue on every outer window of rooms that must be silent, and all of them sealed.

    Parameters
    ----------
    site : Site
    treatments : tuple of Treatment
        What the scenario has in the windows already: a second mesh or film is not added.
    catalogue : mapping of str to Model

    Returns
    -------
    tuple of WindowChange
        One that changes no window is left out, and a model whose construction the site does not know.
    """
    windows = _outer_windows(site)
    found = []
    for model in catalogue.values():
        if model.kind not in ("mesh", "film") or model.construction not in site.constructions:
            continue
        taken = {one.opening for one in treatments if catalogue[one.model].kind == model.kind}
        new = tuple(index for index in windows if site.openings[index].id not in taken)
        if new:
            found.append(
                WindowChange(
                    f"{model.name} on every window",
                    f"{_outer(len(new))} with {model.name}",
                    "illustrative" if model.illustrative else "",
                    tuple(Treatment(site.openings[index].id, model.name) for index in new),
                    new,
                )
            )
    open_ones = tuple(index for index in windows if site.openings[index].state != "sealed")
    if open_ones:
        found.append(
            WindowChange(
                "every window sealed",
                f"{_outer(len(open_ones))} sealed for good",
                "no price in the catalogue: ask for a quote",
                (),
                open_ones,
            )
        )
    return tuple(found)


def _outer_windows(site: Site) -> tuple[int, ...]:
    """Windows and hatches between a room that must be silent and the open, by index."""
    return tuple(
        place.opening
        for place in opening_places(site)
        if place.outer
        and site.openings[place.opening].kind in WINDOWS
        and any(room >= 0 and site.rooms[room].role == "silence" for room in place.rooms)
    )


def _outer(count: int) -> str:
    return f"{count} outer window{'s' * (count != 1)} of rooms to be blocked"


def sealed_site(site: Site, windows: tuple[int, ...]) -> Site:
    """The site with some of its openings sealed, by index."""
    sealed = set(windows)
    openings = tuple(
        replace(opening, state="sealed") if index in sealed else opening
        for index, opening in enumerate(site.openings)
    )
    return with_openings(site, openings)
