"""Trims belong to what is radiated: which spectrum they lower or raise, and which contradict each other.

A trim names a channel (``EE/B20/LTE``) or all channels of an operator's band (``EE/B20``) and acts on the spectrum
of their carriers, whoever listens there. Where carriers share spectrum, the power radiated there is one number. A
trim of a whole band of the device (``B20``) acts on all of it and adds to these.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass
from operator import attrgetter
from typing import Protocol, TypeVar

from quietwing.coverage.equipment import Device
from quietwing.sites import shown

__all__ = [
    "OnAir",
    "Span",
    "TrimmedPart",
    "contradictory_parts",
    "contradictory_trims",
    "on_air",
    "share_spectrum",
    "shared_groups",
    "span_of",
    "trim_over_db",
    "trimmed_parts",
    "trims_across",
]

Span = tuple[float, float]
TOUCHING_MHZ = 1e-6  # a hertz of rounding: spectrum that only touches is not shared
LIKE_DB = 1e-6  # trims that differ by less are one


class Wide(Protocol):
    """Whatever has a centre and a width in MHz."""

    @property
    def freq_mhz(self) -> float: ...
    @property
    def bandwidth_mhz(self) -> float: ...


class OnAir(Wide, Protocol):
    """A carrier of the public network, or a sector on one."""

    @property
    def channel(self) -> str: ...


Aired = TypeVar("Aired", bound=OnAir)


@dataclass(frozen=True, slots=True)
class TrimmedPart:
    """Spectrum of one carrier that trims of a device name, and their sum there. [MHz, dB]"""

    low_mhz: float
    high_mhz: float
    trim_db: float
    words: str


def span_of(carrier: Wide) -> Span:
    """Lower and upper edge of a carrier. [MHz]"""
    return carrier.freq_mhz - carrier.bandwidth_mhz / 2, carrier.freq_mhz + carrier.bandwidth_mhz / 2


def share_spectrum(one: Span, other: Span) -> bool:
    """Whether two pieces of spectrum overlap; edges that only touch do not."""
    (low_mhz, high_mhz), (other_low_mhz, other_high_mhz) = one, other
    return (
        high_mhz - other_low_mhz > TOUCHING_MHZ
        and other_high_mhz - low_mhz > TOUCHING_MHZ
        and high_mhz - low_mhz > TOUCHING_MHZ
        and other_high_mhz - other_low_mhz > TOUCHING_MHZ
    )


def trimmed_parts(device: Device, carriers: Iterable[OnAir]) -> tuple[TrimmedPart, ...]:
    """The spectrum that a device's trims of channels name.

    Parameters
    ----------
    device : Device
    carriers : iterable of OnAir
        The public network's.

    Returns
    -------
    tuple of TrimmedPart
        One of each carrier that a trim names, each kind once. Trims of whole bands are left out.
    """
    named: dict[str, list[tuple[int, str, float]]] = {}
    for at, (name, trim_db) in enumerate(device.trim_db):
        if "/" in name:
            named.setdefault(name, []).append((at, name, trim_db))
    found: dict[TrimmedPart, None] = {}
    for carrier in carriers if named else ():
        # A channel is named by itself or by what it begins with, up to one of its slashes.
        starts = itertools.accumulate(carrier.channel.split("/"), "{}/{}".format)
        mine = sorted(one for start in starts for one in named.get(start, ()))
        if mine:
            words = " with ".join(f"{name}:{trim_db:g}" for _, name, trim_db in mine)
            found[TrimmedPart(*span_of(carrier), sum(trim_db for *_, trim_db in mine), words)] = None
    return tuple(found)


def on_air(sectors: Iterable[Aired]) -> tuple[Aired, ...]:
    """One of the sectors on each carrier: trims name channels, and long lists of masts hold few of them."""
    return tuple({(one.channel, one.freq_mhz, one.bandwidth_mhz): one for one in sectors}.values())


def trims_across(parts: tuple[TrimmedPart, ...], carriers: Iterable[Span], edges: Span) -> tuple[TrimmedPart, ...]:
    """The trims of channels over a whole band, from edge to edge.

    Parameters
    ----------
    parts : tuple of TrimmedPart
        Without contradictions.
    carriers : iterable of tuple of float
        Edges of all carriers of the public network, trimmed or not. [MHz]
    edges : tuple of float
        Of the band. [MHz]

    Returns
    -------
    tuple of TrimmedPart
        Stretches side by side, without words. A carrier that no trim names has 0 dB; spectrum between two carriers
        the larger of their trims, for a transmitter does not cut off at the edge of a channel; that between a
        carrier and the edge of the band the trim of this carrier. A band without trimmed carriers has 0 dB.

    References
    ----------
    Assumption A3.
    """
    parts = tuple(part for part in parts if share_spectrum((part.low_mhz, part.high_mhz), edges))
    if not parts:
        return (TrimmedPart(*edges, 0.0, ""),)
    held = {span for span in carriers if share_spectrum(span, edges)}
    ends = sorted({min(max(end, edges[0]), edges[1]) for span in (*held, edges) for end in span})
    found: list[tuple[Span, float | None]] = []  # without a trim where no carrier is
    for here in itertools.pairwise(ends):
        if here[1] - here[0] > TOUCHING_MHZ:
            named = [part.trim_db for part in parts if share_spectrum((part.low_mhz, part.high_mhz), here)]
            empty = not any(share_spectrum(span, here) for span in held)
            found.append((here, max(named, default=None if empty else 0.0)))
    trims_db = [trim_db for _, trim_db in found]
    return tuple(
        TrimmedPart(*here, max(trim for trim in trims_db[max(at - 1, 0) : at + 2] if trim is not None), "")
        if trim_db is None
        else TrimmedPart(*here, trim_db, "")
        for at, (here, trim_db) in enumerate(found)
    )


def trim_over_db(parts: Iterable[TrimmedPart], span: Span) -> tuple[float, float]:
    """The least and the largest trim within a piece of spectrum.

    Parameters
    ----------
    parts : iterable of TrimmedPart
        Without contradictions.
    span : tuple of float
        Lower and upper edge. [MHz]

    Returns
    -------
    least_db, most_db : float
        Equal where one trim holds over all of it. Spectrum that no trim names counts with 0 dB. [dB]

    Notes
    -----
    A carrier that lies partly in trimmed spectrum gets a power between the two. Denial takes the least and spill
    the largest, so that neither counts on the other part.
    """
    low_mhz, high_mhz = span
    near = [p for p in parts if p.low_mhz < high_mhz and p.high_mhz > low_mhz]
    inside = [p for p in near if share_spectrum((p.low_mhz, p.high_mhz), span)]
    found = {part.trim_db for part in inside}
    reached_mhz = low_mhz
    for part in sorted(inside, key=attrgetter("low_mhz")):
        if part.low_mhz - reached_mhz > TOUCHING_MHZ:
            break
        reached_mhz = max(reached_mhz, part.high_mhz)
    if high_mhz - reached_mhz > TOUCHING_MHZ:
        found.add(0.0)
    return min(found, default=0.0), max(found, default=0.0)


def contradictory_trims(
    device: Device, carriers: Iterable[OnAir], emissions: Iterable[Span] = (), column: str = "trim_db"
) -> str:
    """Two trims of a device that give one piece of spectrum two powers, in words; empty if there are none.

    Parameters
    ----------
    device : Device
    carriers : iterable of OnAir
        The public network's.
    emissions : iterable of tuple of float
        Edges of what the device can only send at one power, as a cell of managed access. [MHz]
    column : str
        What the column of the trims is called.

    Returns
    -------
    str
        The two trims, the spectrum and what to do.
    """
    return contradictory_parts(trimmed_parts(device, carriers), tuple(emissions), column)


def contradictory_parts(parts: tuple[TrimmedPart, ...], emissions: tuple[Span, ...], column: str = "trim_db") -> str:
    """As `contradictory_trims`, of the spectrum that trims name (`trimmed_parts`)."""
    if not emissions and not _overlap_unlike(parts):
        return ""
    within = {
        part: {at for at, span in enumerate(emissions) if share_spectrum(span, (part.low_mhz, part.high_mhz))}
        for part in parts
    }
    for one, other in itertools.combinations(parts, 2):
        if abs(one.trim_db - other.trim_db) <= LIKE_DB:
            continue
        spans = (one.low_mhz, one.high_mhz), (other.low_mhz, other.high_mhz)
        shared = (max(spans[0][0], spans[1][0]), min(spans[0][1], spans[1][1]))
        if not share_spectrum(*spans):
            both = within[one] & within[other]
            shared = emissions[min(both)] if both else (0.0, 0.0)
        if shared[1] > shared[0]:
            return (
                f"{column} {shown(one.words)} and {shown(other.words)} both set the power of one emission, at "
                f"{shared[0]:g}–{shared[1]:g} MHz; give them the same value, or leave one out and the other holds "
                f"for both"
            )
    return ""


def _overlap_unlike(parts: Iterable[TrimmedPart]) -> bool:
    """Whether two pieces of spectrum that overlap have different trims; only neighbours are compared."""
    before: list[TrimmedPart] = []
    for part in sorted(parts, key=lambda one: one.low_mhz):
        before = [one for one in before if one.high_mhz - part.low_mhz > TOUCHING_MHZ]
        if any(abs(one.trim_db - part.trim_db) > LIKE_DB for one in before):
            return True
        before.append(part)
    return False


def shared_groups(carriers: tuple[OnAir, ...], emissions: tuple[Span, ...] = ()) -> tuple[int, ...]:
    """Which channels can only have one trim between them.

    Parameters
    ----------
    carriers : tuple of OnAir
        The public network's.
    emissions : tuple of tuple of float
        As in `contradictory_trims`.

    Returns
    -------
    tuple of int
        Group of each carrier: carriers of one channel, those that share spectrum and those under one emission are
        together, and so is what these are together with.
    """
    spans = [span_of(carrier) for carrier in carriers]
    group = list(range(len(spans)))
    for (at, one), (to, other) in itertools.combinations(enumerate(spans), 2):
        together = carriers[at].channel == carriers[to].channel or share_spectrum(one, other)
        if together or any(share_spectrum(e, one) and share_spectrum(e, other) for e in emissions):
            old, new = sorted((group[at], group[to]), reverse=True)
            group = [new if mine == old else mine for mine in group]
    return tuple(group)
