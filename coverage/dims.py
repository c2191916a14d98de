"""Names of the array dimensions that stages exchange."""

__all__ = ["CHANNEL", "FREQ", "OUTSIDE", "POINT", "READING", "ROOM", "SECTOR", "TX"]

TX = "tx"
SECTOR = "sector"
CHANNEL = "channel"
FREQ = "freq"
POINT = "point"
ROOM = "room"
OUTSIDE = "outside"
READING = "reading"
