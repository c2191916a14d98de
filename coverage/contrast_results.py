"""The contrast budget: what one hole would need, in decibels that add up."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["ContrastBudget", "ContrastLine"]


@dataclass(frozen=True, slots=True)
class ContrastLine:
    """One line of a contrast budget.

    Attributes
    ----------
    name : str
        What it is, as in `ContrastBudget`.
    db : float
        To 0.1 dB. [dBm for levels, else dB]
    words : str
    """

    name: str
    db: float
    words: str


@dataclass(frozen=True, slots=True)
class ContrastBudget:
    """What one hole would need: blocking that is loud enough in the room and quiet enough outside, line by line.

    Every line has one decimal and the lines add up exactly: ``level_needed`` = ``public_inside`` + ``js_to_deny`` +
    ``search_margin`` + ``joint_confidence``; ``level_allowed`` = ``public_outside`` + ``tier_ratio`` (or
    ``noise_limit``) + ``share_of_worlds``, or stands alone where no place outside binds; ``short_by`` =
    ``level_needed`` − ``level_allowed`` − ``device`` − ``treatment``. Levels are in the reference bandwidth of the
    carrier. How each is computed: `quietwing.coverage.study.contrast`.

    Attributes
    ----------
    room, channel : str
    point : str
        Kind of the worst test point.
    place : str
        Outside, where the limit binds, or the other limit that does; empty where the tier has no limit of power, or
        no device offers anything.
    lines : tuple of ContrastLine
        Those of the room; then, where there is a place, those outside and between the two.
    needed_dbm : float
    allowed_dbm, offered_db, short_db : float or None
        None without a place. `offered_db` is that of device and treatment together; `short_db` below 0 is to spare.
    raise_db : float
        By how much the blockers there are would have to be stronger, all alike. [dB]
    reference : bool
        Whether that is of a reference blocker, for those there are do not reach all that works in the room.
    silent_probability : float
        As judged.
    device, position, treatment : str
        Model and place that offer most, meshes and films that add most; empty: none.
    power_db : float or None
        By how much the device at the catalogue's power is louder than the room with its treatment needs. [dB]
    used_dbm : float or None
        What the blockers there are send to the place already, median; None: nothing.
    """

    room: str
    channel: str
    point: str
    place: str
    lines: tuple[ContrastLine, ...]
    needed_dbm: float
    allowed_dbm: float | None
    offered_db: float | None
    short_db: float | None
    raise_db: float
    reference: bool
    silent_probability: float
    device: str
    position: str
    treatment: str
    power_db: float | None
    used_dbm: float | None

    def line(self, name: str) -> ContrastLine:
        """The line of a name."""
        return next(one for one in self.lines if one.name == name)
