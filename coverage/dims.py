"""Names of the array dimensions that stages exchange."""

__all__ = ["CHANNEL", "FREQ", "OUTSIDE", "POINT", "READING", "ROOM", "SECTOR", "TX", "WORLD"]

TX = "tx"
SECTOR = "sector"
CHANNEL = "channel"
FREQ = "freq"
POINT = "point"
ROOM = "room"
OUTSIDE = "outside"
WORLD = "world"
READING = "reading"
