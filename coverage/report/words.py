"""Results in words that an estates planner reads."""

from __future__ import annotations

import math
import re
from collections import Counter
from typing import TYPE_CHECKING

from quietwing.coverage.decibel import floored
from quietwing.coverage.report.escapes import QUIET, STATE_WORDS, Escape, ceiled, count_rooms, escapes_of, percent
from quietwing.coverage.report.grades import (
    grade_in_words,
    lead_in_words,
    protected_in_words,
    rules_in_words,
)
from quietwing.sites import bands, known_band

if TYPE_CHECKING:  # a page with words alone waits for no arrays
    from quietwing.coverage.results import Leakage, SpillResult, Verdict

__all__ = [
    "GLOSSARY",
    "VERDICT_GLOSSARY",
    "binding_in_words",
    "certainty_in_words",
    "channel_in_words",
    "earlier_in_words",
    "escape_in_words",
    "headline",
    "limits_in_words",
    "percent",
    "place_in_words",
    "probability_in_words",
    "reason_in_words",
    "safe_cell",
    "safe_file_name",
    "spill_in_words",
    "verdict_headline",
]

_GENERATION = {"GSM": "2G", "UMTS": "3G", "LTE": "4G", "NR": "5G"}

GLOSSARY = (
    ("cell", "a prison cell; the radio cells of the network are called sectors here"),
    ("sector", "one antenna of the public network on one carrier"),
    ("channel", "operator × band × technology, such as EE, 800 MHz, 4G: what a phone can use or not"),
    ("leakage", "the public network reaching into the building"),
    ("usable", "a phone could camp or hold a call on the channel"),
    ("RSRP", "reference-signal power of the network at the phone, per resource element, in dBm"),
    ("headroom", "how far a service is above the level where no phone could use it; of a limit: what is left, in dB"),
)

VERDICT_GLOSSARY = (
    ("cell", "a prison cell; the radio cells of the network are called sectors here"),
    ("channel", "operator × band × technology (GSM is 2G, UMTS 3G, LTE 4G, NR 5G): what a phone can use or not"),
    (
        "blocked at a grade",
        "by the layout no channel is usable at any test point, in at least the grade's share of simulations; "
        "“silent” in files",
    ),
    ("not blocked", "some channel is usable, a phone may work: each such channel is an escape; “hole” in files"),
    ("planning grade", "is this layout worth a survey and a trial? Sectors need not be measured"),
    ("evidence grade", "what may be promised, and shown to a regulator: stricter thresholds and limits"),
    ("protected", "blocked at evidence grade, every limit of that grade kept, every sector measured"),
    (
        "no signal even without blockers",
        "with treatments and operator actions taken away too; never credited to the layout; “quiet anyway” in files",
    ),
    ("not known", "not computed or outside a model's range; counts as not blocked, and as spill"),
    ("jammer, managed access (MAS)", "noise on the public network's carriers; a private network that phones prefer"),
    (
        "margin",
        "estimated dB by which a channel is blocked, uncertainty included; the simulated verdict is what counts",
    ),
    ("spill", "blocking power, or preference for managed access, outside the perimeter"),
)

# Where in a room, by kind of test point.
_PLACES = {
    "window": "at the window",
    "window-out": "held out of the window",
    "bunk": "on the bunk",
    "door": "at the door",
    "centre": "in the middle of the room",
}
UNSAFE = ("=", "+", "-", "@", "\t", "\r")  # what a cell begins with that a spreadsheet takes for a formula


def channel_in_words(channel: str) -> str:
    """``EE/B20/LTE`` as ``EE 800 MHz 4G``."""
    operator, band, technology = channel.split("/")
    return f"{operator} {_band_in_words(band)} {_GENERATION[technology]}"


def _band_in_words(name: str) -> str:
    """What people call a band; TDD where an FDD band is called the same."""
    band = known_band(name)
    if band is None or band.spoken_mhz is None:
        return name
    alike = {other.duplex for other in bands().values() if other.spoken_mhz == band.spoken_mhz}
    kind = {"SDL": " downlink-only", "TDD": " TDD" if "FDD" in alike else ""}.get(band.duplex, "")
    return f"{band.spoken_mhz} MHz{kind}"


def headline(leakage: Leakage) -> str:
    """The one sentence a governor reads first: where a phone works at each grade, the one asked for first."""
    counts = [count_rooms(leakage, number) for number in range(len(leakage.grades))]
    total = counts[0].silence
    if not total:
        return "The site has no room to be blocked."
    first, *others = (
        (str(count.holes or "none"), grade_in_words(one.grade))
        for count, one in zip(counts, leakage.grades, strict=True)
    )
    told = f"With all blockers off a phone may work in {first[0]} of {total} rooms at {first[1]}"
    told = ", ".join((told, *(f"in {rooms} at {words}" for rooms, words in others)))
    worst = leakage.by_room.sel(room=leakage.by_room["role"] == "silence")["usable"].sum("room")
    if not worst.size or not int(worst.max()):
        return f"{told}."
    channel = channel_in_words(str(worst["channel"].values[int(worst.values.argmax())]))
    return f"{told}; the most widespread service is {channel}, in {int(worst.max())} of them."


def probability_in_words(probability: float) -> str:
    """``P 0.62``, floored to two digits; what is not nothing never prints as nothing."""
    return "P below 0.01" if 0 < probability < 0.01 else f"P {floored(probability, 2):.2f}"


def place_in_words(kind: str) -> str:
    """Where in a room a kind of test point is."""
    return _PLACES.get(kind, "in the room")


def reason_in_words(escape: Escape) -> str:
    """Why the channel still works and what would end it."""
    if escape.needs_db is None:
        reason = "no blocking reaches this channel"
    elif escape.needs_db > 0:
        reason = f"needs {escape.needs_db:.0f} dB more"
    else:
        reason = "needs a little more than the draft margin says"
    if escape.remedy:
        reason += f", or {escape.remedy}"
    return reason if escape.by_itself else f"{reason}; rare enough alone, not together with the other channels"


def escape_in_words(escape: Escape) -> str:
    """One escape as a sentence: ``A2-14: EE 800 MHz 4G works at the window, P 0.62; needs 7 dB more``."""
    return (
        f"{escape.room}: {channel_in_words(escape.channel)} works {place_in_words(escape.place)}, "
        f"{probability_in_words(escape.usable_probability)}; {reason_in_words(escape)}"
    )


def verdict_headline(verdict: Verdict) -> tuple[str, ...]:
    """The verdict in plain sentences, the one a governor reads first at the top.

    Parameters
    ----------
    verdict : Verdict

    Returns
    -------
    tuple of str
    """
    count = count_rooms(verdict)
    if not count.silence:
        return ("The site has no room to be blocked.",)
    rest = (
        f"At {verdict.grades[0].grade.name} grade {have_no_signal(count.quiet_anyway)}, "
        f"{_holes_in_words(count.holes)}"
    )
    if count.unknown:
        rest += f" {count.unknown} are not known and count as not blocked."
    sentences = [*lead_in_words(verdict), protected_in_words(verdict), rest]
    if not count.silent:
        sentences.append(binding_in_words(verdict))
    return tuple(sentence for sentence in (*sentences, *certainty_in_words(verdict)) if sentence)


def earlier_in_words(before: Verdict) -> str:
    """What a plan is shown beside: what stood before it, or a layout whose devices only are planned too."""
    return "The layout given" if any(device.state == "planned" for device in before.devices) else "Before"


def certainty_in_words(verdict: Verdict) -> tuple[str, ...]:
    """How many rooms are blocked at each confidence level and together, at each grade, and by which rules."""
    sentences = []
    for one in verdict.grades:
        levels = ", ".join(f"{rooms} at {level} %" for level, rooms in sorted(one.silent_at.items()))
        sentences.append(f"Blocked at each confidence level, thresholds of {one.grade.name} grade: {levels}.")
    asked, *others = verdict.grades
    together = f"At least {asked.together} {'room is' if asked.together == 1 else 'rooms are'} blocked at the same "
    together += f"time in 95 % of simulations at {asked.grade.name} grade"
    together += "".join(f", {one.together} at {one.grade.name} grade" for one in others)
    return (
        *sentences,
        f"{together}; rooms without signal anyway left out.",
        f"Judged by the rules {rules_in_words(verdict.scenario.rules)}.",
    )


def _holes_in_words(holes: int) -> str:
    return "and a phone works in none." if not holes else f"and {holes} {'is' if holes == 1 else 'are'} not blocked."


def have_no_signal(rooms: int) -> str:
    """``3 have no signal even without blockers``."""
    return f"{rooms} {'has' if rooms == 1 else 'have'} {STATE_WORDS[QUIET]}"


def binding_in_words(verdict: Verdict) -> str:
    """Which channel, at which kind of place, keeps most rooms from being blocked; empty where all are."""
    escapes = escapes_of(verdict)
    if not escapes:
        return ""
    likeliest: dict[str, Escape] = {}
    for escape in escapes:
        likeliest.setdefault(escape.room, escape)
    rooms = len(likeliest)
    (channel, place), often = Counter((one.channel, one.place) for one in likeliest.values()).most_common(1)[0]
    needs = sorted(
        one.needs_db
        for one in likeliest.values()
        if (one.channel, one.place) == (channel, place) and one.needs_db is not None
    )
    middle = f"; their median shortfall is {needs[len(needs) // 2]:.0f} dB" if needs else ""
    return (
        f"What binds: {channel_in_words(channel)} {place_in_words(place)} is the likeliest escape in {often} of "
        f"{rooms} rooms that are not blocked{middle}."
    )


def limits_in_words(verdict: Verdict) -> tuple[str, ...]:
    """Whether the layout keeps the limits of each grade, then what fails at the one asked for.

    Parameters
    ----------
    verdict : Verdict

    Returns
    -------
    tuple of str
        One sentence for each grade, the one asked for first; without a spill result one for all.
    """
    asked, *others = verdict.grades
    if asked.spill is None:
        return spill_in_words(None)
    first, *details = spill_in_words(asked.spill, asked.grade.name)
    return (first, *(spill_in_words(one.spill, one.grade.name)[0] for one in others), *details)


def spill_in_words(spill: SpillResult | None, grade: str = "") -> tuple[str, ...]:
    """Whether the layout keeps the spill limit, and what fails.

    Parameters
    ----------
    spill : SpillResult or None
    grade : str
        Name of the grade it belongs to, where that is to be said.

    Returns
    -------
    tuple of str
        The first sentence is the verdict.
    """
    if spill is None:
        return ("Spill was not computed: treat it as exceeded.",)
    worst = spill.worst_margin_db
    if not math.isfinite(worst):
        first = "kept, nothing radiates" if spill.passed else "EXCEEDED"
    elif worst < 0 and not spill.passed:
        first = f"EXCEEDED by {ceiled(-worst, 1):g} dB, worst at {spill.worst.in_words(channel_in_words)}"
    else:
        side = f"the smallest margin is {floored(worst):g} dB, at {spill.worst.in_words(channel_in_words)}"
        first = f"kept, {side}{_spared_in_words(spill)}" if spill.passed else f"EXCEEDED, though {side}"
    sentences = [f"Spill over the fence{f' at {grade} grade' if grade else ''}, {spill.tier} limit: {first}."]
    for name, points, failing, may_fail, passed in spill.rings:
        if not passed:
            plural = "fails" if failing == 1 else "fail"
            sentences.append(f"{name}: {failing} of {points} points {plural} ({may_fail} may).")
    for room, operator, probability, passed in spill.keep_rooms:
        if not passed:
            sentences.append(f"{room} must keep {operator} and has it with {percent(probability)} only.")
    for service, found, passed in spill.protected:
        if not passed:
            sentences.append(f"Protected service {service}: {found}.")
    for room, sum_of_shares, passed in spill.exposure:
        if not passed:
            sentences.append(f"{room}: exposure is {ceiled(sum_of_shares, 2):g} times the ICNIRP limit.")
    if spill.tier == "emergency":
        sentences.append(f"999 can be called at {percent(spill.emergency_share)} of the points outside.")
    return tuple(sentences)


def _spared_in_words(spill: SpillResult) -> str:
    """How many points are over the limit though the tier passes: it lets a share of each ring's points fail."""
    points, failing = sum(ring.points for ring in spill.rings), sum(ring.failing for ring in spill.rings)
    if not failing:
        return ""
    return f"; {failing:,} of {points:,} points fail, within what the limit allows"


def safe_cell(text: str) -> str:
    """A text for a CSV cell that no spreadsheet takes for a formula."""
    return f"'{text}" if text[:1] in UNSAFE else text


def safe_file_name(text: str) -> str:
    """A title as part of a file name: letters, digits and single dashes."""
    return re.sub(r"[^A-Za-z0-9]+", "-", text).strip("-").lower()[:60] or "map"
