"""What a check of a place finds: problems that forbid its use, notes, and where each feature went."""

from __future__ import annotations

import datetime as dt
import difflib
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

__all__ = [
    "MOST_ADVISED",
    "MOST_ALIKE",
    "CheckReport",
    "Findings",
    "Unreadable",
    "clean",
    "did_you_mean",
    "folded",
    "near",
    "path_label",
    "shown",
]

MOST_ALIKE = 200  # problems of one check after which it stops: nobody reads more
MOST_SHOWN = 60  # characters of an untrusted value in a message
MOST_ADVISED = 20  # of them for which a near name is looked for among many, which is slow
MOST_COMPARED = 500  # names a wrong one is compared with
MOST_LISTED = 12  # names of a list in a message


class Unreadable(Exception):
    """A file or a part of it cannot be read: its text says what is wrong and what to do."""


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What `check` found in a place.

    Attributes
    ----------
    problems : tuple of str
        What must be put right, ``file: feature: what is wrong; what to do``. Empty for a usable place.
    notes : tuple of str
        What was read but is doubtful, or was left aside.
    features : dict of str to tuple of int
        Per layer: features in the file, used, dropped. In = used + dropped wherever there is no problem.
    dropped : tuple of (layer, id, reason)
        Every feature that was left out, and why.
    """

    problems: tuple[str, ...]
    notes: tuple[str, ...]
    features: dict[str, tuple[int, int, int]]
    dropped: tuple[tuple[str, str, str], ...]

    @property
    def ok(self) -> bool:
        """No problem was found."""
        return not self.problems


@dataclass(slots=True)
class Findings:
    """Collects problems and notes while a place is read; local to one reading.

    `notes` travel with the site into every report; `remarks` concern the files only.
    """

    problems: dict[str, None] = field(default_factory=dict)  # ordered, each text once
    notes: dict[str, None] = field(default_factory=dict)
    remarks: dict[str, None] = field(default_factory=dict)
    dropped: list[tuple[str, str, str]] = field(default_factory=list)
    found: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    used: Counter[str] = field(default_factory=Counter)
    ids: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    unread: set[str] = field(default_factory=set)
    labels: Mapping[str, str] = field(default_factory=dict)  # of keys, where whoever reads sees a form and no file

    def label(self, key: str) -> str:
        """What messages call a key or column."""
        return self.labels.get(key, key)

    def problem(self, file: str, where: str, what: str) -> None:
        """Add ``file: where: what``; `what` ends with what to do. `file` and `where` may be empty."""
        text = ": ".join(part for part in (clean(file), clean(where), what) if part)
        self.problems[text] = None

    def note(self, text: str) -> None:
        """Add a note that travels with the site."""
        self.notes[text] = None

    def remark(self, text: str) -> None:
        """Add a note about the files, which ends with the reading."""
        self.remarks[text] = None

    def drop(self, layer: str, feature: str, reason: str) -> None:
        """List a feature as left out, and say so in the site's notes."""
        self.dropped.append((layer, feature, reason))
        self.note(f"{layer}: {clean(feature)}: left out, {reason}")

    def report(self) -> CheckReport:
        """Everything so far as a frozen value."""
        features = {
            layer: (count, self.used[layer], sum(1 for dropped in self.dropped if dropped[0] == layer))
            for layer, count in self.found.items()
        }
        notes = tuple(dict.fromkeys([*self.notes, *self.remarks]))
        return CheckReport(tuple(self.problems), notes, features, tuple(self.dropped))


def clean(text: str, most: int = 100) -> str:
    """Untrusted text for one line of a terminal: control and invisible characters escaped, cut to length."""
    cut = text[: most + 1]
    safe = cut
    if not cut.isprintable():
        safe = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in cut)
    return safe if len(safe) <= most else safe[: most - 1] + "…"


def path_label(path: str, most: int = 100) -> str:
    """A path as `clean` text, cut at its beginning: the name of the file stays."""
    safe = clean(path, 10 * len(path) + 1)
    return safe if len(safe) <= most else f"…{safe[1 - most :]}"


def shown(value: object) -> str:
    """A found value as it stands in a message: text in quotes, everything short and on one line."""
    if isinstance(value, str):
        text = value[: MOST_SHOWN + 1]
        return f"'{clean(text, MOST_SHOWN)}'"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int) and abs(value) >= 10**18:
        return f"a whole number of about {int(value.bit_length() * 0.30103) + 1} digits"
    if isinstance(value, dt.date):
        return value.isoformat()
    if value is None:
        return "nothing"
    if isinstance(value, list | tuple | dict):
        kind = "a table" if isinstance(value, dict) else "a list"
        return f"{kind} of {len(value)}"
    return clean(repr(value), MOST_SHOWN)


def folded(name: str) -> str:
    """A name as it is compared with others: case, form (NFC) and characters that nobody sees do not count.

    ``Node-1`` and ``node-1`` are one, and so are two that differ by a zero-width space (Unicode category Cf) alone.
    """
    plain = name if name.isascii() else "".join(c for c in name if unicodedata.category(c) != "Cf")
    return unicodedata.normalize("NFC", plain).casefold().strip()


def near(name: str, known: Iterable[str], cutoff: float = 0.6) -> list[str]:
    """Known names like the given one, best first: same but for case, or a few letters off."""
    by_folded = {candidate.casefold().strip(): candidate for candidate in known}
    wanted = name[:200].casefold().strip()
    if wanted in by_folded:
        return [by_folded[wanted]]
    candidates = list(by_folded)
    if len(candidates) > MOST_COMPARED:  # the comparison is slow: look only at those that start alike
        candidates = [c for c in candidates if c[:1] == wanted[:1] and abs(len(c) - len(wanted)) <= 3][:MOST_COMPARED]
    return [by_folded[match] for match in difflib.get_close_matches(wanted, candidates, 3, cutoff)]


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """What to do about an unknown name: the near ones, else the list of what is known."""
    known = list(known)
    close = near(name, known)
    if close:
        return f"did you mean {' or '.join(shown(match) for match in close)}?"
    if not known:
        return "none is defined"
    listed = ", ".join(clean(candidate, 40) for candidate in known[:MOST_LISTED])
    return f"choose one of {listed}" + (", …" if len(known) > MOST_LISTED else "")
