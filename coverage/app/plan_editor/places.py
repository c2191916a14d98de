"""The plans of a site in order: storeys of its buildings, then yards; the same as of drafts, without an engine."""

from __future__ import annotations

from dataclasses import dataclass

from quietwing.sites import Room, Site

__all__ = ["Place", "places_of", "rooms_of"]


@dataclass(frozen=True)
class Place:
    """A storey of a building (its index), or a yard (building -1 and the index of its room).

    Its place in the list is that of `live.Drafting.places`.
    """

    title: str
    building: int
    storey: int
    room: int = -1


def places_of(site: Site) -> tuple[Place, ...]:
    """All plans of a site.

    Parameters
    ----------
    site : Site

    Returns
    -------
    tuple of Place
    """
    storeys = [
        Place(built.storey_in_words(number), index, number)
        for index, built in enumerate(site.buildings)
        for number in range(len(built.storeys))
    ]
    yards = [Place(f"Yard {room.id}", -1, 0, index) for index, room in enumerate(site.rooms) if room.building is None]
    return (*storeys, *yards)


def rooms_of(site: Site, place: Place) -> list[tuple[int, Room]]:
    """Rooms of a storey, or the room that is a yard, each with its index."""
    if place.building < 0:
        return [(place.room, site.rooms[place.room])]
    building = site.buildings[place.building].id
    return [
        (index, room)
        for index, room in enumerate(site.rooms)
        if room.building == building and room.storey == place.storey
    ]
