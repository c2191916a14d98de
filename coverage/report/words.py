"""Results in words that an estates planner reads."""

from __future__ import annotations

import re

from quietwing.coverage.results import Leakage

__all__ = ["GLOSSARY", "channel_in_words", "headline", "safe_cell", "safe_file_name"]

# What people call a band; 3GPP TS 36.101 / 38.101-1 band numbers.
_BAND_MHZ = {
    "8": 900, "20": 800, "28": 700, "3": 1800, "1": 2100, "7": 2600, "38": 2600, "40": 2300, "78": 3500,
    "32": 1500, "75": 1500, "67": 700,
}  # fmt: skip
_GENERATION = {"GSM": "2G", "UMTS": "3G", "LTE": "4G", "NR": "5G"}

GLOSSARY = (
    ("cell", "a prison cell; the radio cells of the network are called sectors here"),
    ("sector", "one antenna of the public network on one carrier"),
    ("channel", "operator × band × technology, such as EE, 800 MHz, 4G: what a phone can use or not"),
    ("leakage", "the public network reaching into the building"),
    ("usable", "a phone could camp or hold a call on the channel"),
    ("dead zone", "no channel is usable: no phone works"),
    ("hole", "some channel is usable: a phone works"),
    ("quiet anyway", "a dead zone with all blockers off"),
    ("RSRP", "reference-signal power of the network at the phone, per resource element, in dBm"),
    ("headroom", "how far a service is above the level at which no phone could use it, in dB"),
)


def channel_in_words(channel: str) -> str:
    """``EE/B20/LTE`` as ``EE 800 MHz 4G``."""
    operator, band, technology = channel.split("/")
    mhz = _BAND_MHZ.get(re.sub(r"\D", "", band))
    return f"{operator} {f'{mhz} MHz' if mhz else band} {_GENERATION[technology]}"


def headline(leakage: Leakage) -> str:
    """The one sentence a governor reads first."""
    rooms = leakage.by_room.sel(room=leakage.by_room["role"] == "silence")
    works = rooms["usable"].any("channel")
    count, total = int(works.sum()), int(works.size)
    if not total:
        return "The site has no cell that must be silent."
    if count == 0:
        return f"With all blockers off a phone works in none of {total} cells and spaces."
    worst = rooms["usable"].sum("room")
    channel = channel_in_words(str(worst["channel"].values[int(worst.values.argmax())]))
    return (
        f"With all blockers off a phone works in {count} of {total} cells and spaces; "
        f"the most widespread service is {channel}, in {int(worst.max())} of them."
    )


def safe_cell(text: str) -> str:
    """A text for a CSV cell that no spreadsheet takes for a formula."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def safe_file_name(text: str) -> str:
    """A title as part of a file name: letters, digits and single dashes."""
    return re.sub(r"[^A-Za-z0-9]+", "-", text).strip("-").lower()[:60] or "map"
