"""Tables of equipment as data, and how their rows are read and written."""
