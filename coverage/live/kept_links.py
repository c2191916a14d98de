"""Links of blockers kept from one draft to the next, device by device, and side by side as those of a layout."""

from __future__ import annotations

from collections.abc import Container, Iterable

from quietwing.coverage.blocking import LinkModel
from quietwing.coverage.equipment import Device, Treatment
from quietwing.coverage.kept import Kept
from quietwing.coverage.live.device_links import DeviceLinks, together
from quietwing.sites import PointSet

__all__ = ["KeptLinks", "Key"]

KEPT_BYTES = 320 << 20  # four storeys of radial
CROWDED = 0.9  # of it: a few more devices still find room
KEPT_STACKS = 2  # layouts whose links are kept side by side: this one and the one with other windows treated

Key = tuple[tuple[Treatment, ...], int]  # treatments, and the place whose points the links lead to


class KeptLinks:
    """What was worked out last, no more than `KEPT_BYTES` of it."""

    def __init__(self) -> None:
        self._links: Kept[tuple[Key, Device], DeviceLinks] = Kept(KEPT_BYTES, lambda one: one.nbytes)
        self._stacks: Kept[Key, DeviceLinks] = Kept(KEPT_STACKS)

    def missing(self, key: Key, devices: Iterable[Device]) -> tuple[Device, ...]:
        """Those of some devices whose links are not kept, each once."""
        return tuple(device for device in dict.fromkeys(devices) if (key, device) not in self._links)

    def known(self, key: Key, devices: Iterable[Device]) -> tuple[Device, ...]:
        """Those of some devices whose links are kept."""
        return tuple(device for device in devices if (key, device) in self._links)

    def keep(self, key: Key, every: DeviceLinks) -> None:
        """Keep links, each device's for itself."""
        for at, device in enumerate(every.links.devices):
            self._links[key, device] = every.one(at)

    def touch(self, key: Key, devices: Iterable[Device]) -> None:
        """Note that links are in use: others are dropped first."""
        self._links.touch((key, device) for device in devices)

    def drop_old(self) -> None:
        """Drop links that were in use longest ago."""
        self._links.trim()

    def crowded_by(self, treatments: tuple[Treatment, ...], devices: Iterable[Device]) -> bool:
        """Whether kept links of one layout, to all places, take nearly all that is kept: more would drop some."""
        some = set(devices)
        used = (one.nbytes for (key, device), one in self._links.items() if key[0] == treatments and device in some)
        return sum(used) > CROWDED * KEPT_BYTES

    def beside(self, model: LinkModel, points: PointSet, key: Key, devices: tuple[Device, ...]) -> DeviceLinks:
        """Kept links of some devices, none of them missing, to the points of the key as those of a layout."""
        return together(model, points, [self._links[key, device] for device in devices])

    def layout(self, model: LinkModel, points: PointSet, key: Key, devices: tuple[Device, ...]) -> DeviceLinks:
        """The same of the layout that is drafted; those of the last few stay side by side."""
        stack = self._stacks.get(key)
        if stack is None or stack.links.devices != devices:
            stack = self.beside(model, points, key, devices)
            self._move_into(key, stack)
        return self.stay(key, stack)

    def _move_into(self, key: Key, stack: DeviceLinks) -> None:
        """Keep links as parts of the layout's, and those of other devices as arrays of their own: nothing twice."""
        rest = [at for at in self._links if at[0] == key and at[1] not in set(stack.links.devices)]
        for at in rest:
            self._links.swap(at, self._links[at].apart())
        for number, device in enumerate(stack.links.devices):
            self._links.swap((key, device), stack.one(number))

    def stay(self, key: Key, stack: DeviceLinks) -> DeviceLinks:
        """Have links stay side by side."""
        self._stacks[key] = stack
        self._stacks.trim()
        return stack

    def nbytes(self, key: Key) -> int:
        """What the links to the points of a key take."""
        return sum(one.nbytes for (at, _), one in self._links.items() if at == key)

    def put_away(self, key: Key) -> None:
        """Drop the links to the points of a key."""
        self._stacks.pop(key, None)
        for at in [at for at in self._links if at[0] == key]:
            del self._links[at]

    def drop_others(self, key: Key, devices: Container[Device]) -> None:
        """Drop the links to the points of a key of all but some devices."""
        for at in [at for at in self._links if at[0] == key and at[1] not in devices]:
            del self._links[at]

    def forget(self, treatments: tuple[Treatment, ...]) -> None:
        """Drop what belongs to a set of treatments."""
        for key in [key for key in self._stacks if key[0] == treatments]:
            del self._stacks[key]
        for at in [at for at in self._links if at[0][0] == treatments]:
            del self._links[at]
