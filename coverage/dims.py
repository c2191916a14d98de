"""Names of the array dimensions that stages exchange."""

__all__ = ["BAND", "CHANNEL", "OUTSIDE", "POINT", "READING", "ROOM", "SECTOR", "TX", "WORLD"]

TX = "tx"
SECTOR = "sector"
CHANNEL = "channel"
BAND = "band"
POINT = "point"
ROOM = "room"
OUTSIDE = "outside"
WORLD = "world"
READING = "reading"
