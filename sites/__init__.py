"""The place: buildings, walls, rooms and the masts around them, as checked frozen data."""
