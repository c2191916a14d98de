"""Drafts of the other storeys of a building prepared while nobody asks for one: to look upstairs then takes no time.

A thread works in steps of a few tenths of a second, which a gesture may have to wait for, and rests while gestures
follow each other. It ends when all is prepared, and when nobody holds the drafts any more.
"""

from __future__ import annotations

import threading
import time
import weakref
from collections.abc import Callable
from contextlib import suppress

from quietwing.coverage.equipment import Device, Treatment
from quietwing.coverage.live.drafting import Drafting
from quietwing.coverage.live.kept_links import Key
from quietwing.sites import QuietwingError

__all__ = ["REST_S", "DraftsAhead"]

REST_S = 0.5  # since the last draft: a hand that goes on at once is not kept waiting (assumed)
LOOK_S = 0.05

Wish = tuple[list[int], tuple[Device, ...], tuple[Treatment, ...]]


class DraftsAhead:
    """Prepares drafts beside the one that is looked at.

    Parameters
    ----------
    drafting : Drafting
        Whoever holds this holds it.
    has_room : callable, optional
        Whether there is memory for one more storey.
    done : callable, optional
        Called when nothing is left to prepare.
    used : callable, optional
        Called with treatments and place after a part of the storey that is looked at was prepared.

    Notes
    -----
    When the storeys are prepared, `Drafting.spill` gets its base.
    """

    def __init__(
        self,
        drafting: Drafting,
        has_room: Callable[[Drafting], bool] = lambda _: True,
        done: Callable[[], None] = lambda: None,
        used: Callable[[Drafting, Key], object] = lambda *_: None,
    ) -> None:
        self._drafting, self._has_room, self._done, self._used = drafting, has_room, done, used
        self._guard = threading.Lock()
        self._wish: Wish | None = None
        self._here = -1
        self._thread: threading.Thread | None = None

    def beside(self, place: int, devices: tuple[Device, ...], treatments: tuple[Treatment, ...] = ()) -> None:
        """Have the other storeys of a place's building prepared, the nearest first.

        Parameters
        ----------
        place, devices, treatments
            Of the draft that is looked at, as of `Drafting.draft`. What an earlier call asked for is forgotten.
        """
        places = self._drafting.places
        here = places[place]
        others = [at for at, each in enumerate(places) if at != place and each.building == here.building >= 0]
        others.sort(key=lambda at: abs(places[at].storey - here.storey))
        if place in self._drafting.put_away_places:  # it is looked at: the next gesture shall not wait
            others.insert(0, place)
        with self._guard:
            self._wish, self._here = (others, devices, treatments), place
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(
                    target=_work, args=(weakref.ref(self),), name="quietwing drafts ahead", daemon=True
                )
                self._thread.start()

    def wait(self, timeout_s: float) -> bool:
        """Whether all that was asked for is prepared, or has been given up, within some seconds."""
        thread = self._thread
        if thread is not None:
            thread.join(timeout_s)
        return self._thread is None

    def step(self) -> bool:
        """Prepare a part of it, if it is time; whether there is more."""
        with self._guard:
            wish = self._wish
            if wish is None:
                return self._end()
        if time.monotonic() - self._drafting.asked_s < REST_S:
            return True
        places, devices, treatments = wish
        if not places:
            with suppress(QuietwingError):  # told when the layout is judged
                if self._drafting.spill.prepare(devices, treatments, self._drafting.model):
                    return True
            with self._guard:
                return self._wish is not wish or self._end()
        try:
            key = (treatments, places[0])
            here = places[0] == self._here
            more = here or key in self._drafting.held or self._has_room(self._drafting)
            more = more and self._drafting.prepare(places[0], devices, treatments)
            if here:
                self._used(self._drafting, key)
        except QuietwingError:  # told when such a draft is asked for
            more = False
        if not more:
            places.pop(0)
        return True

    def _end(self) -> bool:
        """Nothing is left to do: there is no more."""
        self._wish = self._thread = None
        self._done()
        return False


def _work(of: weakref.ref[DraftsAhead]) -> None:
    """Steps until nothing is left to do, or nobody holds the drafts."""
    # While Python ends, no thread may be started; any other fault is told when such a draft is asked for.
    with suppress(RuntimeError):
        while (own := of()) is not None and own.step():
            del own
            time.sleep(LOOK_S)
