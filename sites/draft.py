"""A site as read but not yet checked as a whole: every feature is sound by itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from quietwing.sites.antenna_files import AntennaFile
from quietwing.sites.constructions import Construction
from quietwing.sites.model import (
    Building,
    Opening,
    OutsideLevel,
    Perimeter,
    Position,
    Receptor,
    Room,
    Sector,
    Slab,
    Storey,
    Surroundings,
    Wall,
)

__all__ = ["Draft"]


@dataclass(slots=True)
class Draft:
    """Features by layer, and where each layer stands (``walls.geojson``), for the messages."""

    constructions: Mapping[str, Construction]
    files: Mapping[str, str]
    crs: str = "local"
    perimeter: list[Perimeter] = field(default_factory=list)
    buildings: list[Building] = field(default_factory=list)
    walls: list[Wall] = field(default_factory=list)
    openings: list[Opening] = field(default_factory=list)
    slabs: list[Slab] = field(default_factory=list)
    rooms: list[Room] = field(default_factory=list)
    positions: list[Position] = field(default_factory=list)
    receptors: list[Receptor] = field(default_factory=list)
    masts: list[Sector] = field(default_factory=list)
    outside_levels: list[OutsideLevel] = field(default_factory=list)
    antennas: Mapping[str, AntennaFile] = field(default_factory=dict)
    surroundings: Surroundings = field(default_factory=Surroundings)
    _by_id: dict[str, Building] = field(default_factory=dict)

    def layers(self) -> Iterator[tuple[str, list[object]]]:
        """Name and features of every layer whose features have ids."""
        for name in (
            "perimeter", "buildings", "walls", "openings", "slabs", "rooms", "positions", "receptors", "masts",
        ):  # fmt: skip
            yield name, getattr(self, name)

    def building(self, name: str | None) -> Building | None:
        """The building of that id, if it was read."""
        if len(self._by_id) != len(self.buildings):
            self._by_id = {building.id: building for building in self.buildings}
        return None if name is None else self._by_id.get(name)

    def storey(self, building: str | None, number: int) -> Storey | None:
        """A storey of a building, if both are there."""
        found = self.building(building)
        return found.storeys[number] if found is not None and number < len(found.storeys) else None

    def height_range_m(self, wall: Wall) -> tuple[float, float] | None:
        """Bottom and top of a wall above the ground, if its storey is known. [m]"""
        storey = self.storey(wall.building, wall.storey)
        if storey is None:
            return None
        base_m = storey.floor_m if wall.base_m is None else wall.base_m
        top_m = storey.ceiling_m if wall.top_m is None else wall.top_m
        return base_m, top_m
