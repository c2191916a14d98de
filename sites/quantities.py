"""Checked quantities: the unit is in the name of the field, the plausible range is here."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

__all__ = [
    "DIRECTION_MARKS",
    "AsOf",
    "AzimuthDeg",
    "BandwidthMhz",
    "CoordinateM",
    "EirpDbm",
    "Environment",
    "FreqMhz",
    "HeightM",
    "Identifier",
    "LevelDbm",
    "OneLine",
    "OpeningKind",
    "OpeningState",
    "Plmn",
    "Role",
    "RoofM",
    "RowSpacingM",
    "SigmaDb",
    "StreetWidthM",
    "Technology",
    "Text",
    "TiltDeg",
]

# Unicode's Bidi_Control: unseen, and what follows is shown in another order, so that one name looks like another.
DIRECTION_MARKS = r"\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
Identifier = Annotated[
    str, StringConstraints(min_length=1, max_length=80, strip_whitespace=True, pattern=r"^[^\x00-\x1f\x7f]+$")
]
OneLine = Annotated[str, StringConstraints(pattern=rf"^[^\x00-\x1f\x7f\u0085\u2028\u2029{DIRECTION_MARKS}]*$")]
Text = Annotated[str, StringConstraints(max_length=2000)]

# The first public call of a GSM network was made on 1 July 1991 in Finland: no levels worth planning by are older. A
# prison that is being planned may be dated ahead; a year like 9999 stands for a date that nobody knows.
AsOf = Annotated[dt.date, Field(ge=dt.date(1991, 7, 1), le=dt.date(2099, 12, 31))]

# Country code and network code: ITU-T E.212 gives countries 2xx to 7xx, networks of several countries 901, private
# networks 999; 3GPP TS 36.508 gives test networks 001. All else is nobody's.
Plmn = Annotated[str, StringConstraints(pattern=r"^([2-7][0-9]{2}|901|999|001)-[0-9]{2,3}$")]

FreqMhz = Annotated[float, Field(ge=300, le=7125, allow_inf_nan=False)]  # TETRA to the end of 3GPP FR1
BandwidthMhz = Annotated[float, Field(ge=0.1, le=200, allow_inf_nan=False)]
EirpDbm = Annotated[float, Field(ge=-30, le=90, allow_inf_nan=False)]
LevelDbm = Annotated[float, Field(ge=-160, le=0, allow_inf_nan=False)]
CoordinateM = Annotated[float, Field(ge=-1e7, le=1e7, allow_inf_nan=False)]
HeightM = Annotated[float, Field(ge=0.5, le=400, allow_inf_nan=False)]  # above ground, masts and readings
AzimuthDeg = Annotated[float, Field(ge=0, lt=360, allow_inf_nan=False)]  # clockwise from grid north
TiltDeg = Annotated[float, Field(ge=-30, le=45, allow_inf_nan=False)]  # down is positive
SigmaDb = Annotated[float, Field(ge=0, le=20, allow_inf_nan=False)]
# Of the houses round the masts. Roofs stand above P.1411's station in the street, 1 to 3 m high (section 4.2.2.1);
# the other ends are assumed, round the 20 to 50 m between rows and half as much of street that COST 231 calls usual.
RoofM = Annotated[float, Field(gt=3, le=100, allow_inf_nan=False)]
RowSpacingM = Annotated[float, Field(ge=5, le=500, allow_inf_nan=False)]
StreetWidthM = Annotated[float, Field(ge=2, le=100, allow_inf_nan=False)]

Technology = Literal["GSM", "UMTS", "LTE", "NR"]
# Three of TR 38.901, and P.1411 below the roofs and just above them.
Environment = Literal["UMa", "UMi", "RMa", "street", "roofs"]
Role = Literal["silence", "keep", "ignore"]
OpeningKind = Literal["door", "window", "hatch", "gate"]
OpeningState = Literal["open", "shut", "sealed"]
