"""Blockers as data: what can be bought, where it stands, what is done to windows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import field
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from quietwing.coverage.errors import explained
from quietwing.sites import (
    NAMED_IF_SET,
    ZM,
    AzimuthDeg,
    BandwidthMhz,
    CoordinateM,
    FreqMhz,
    Identifier,
    Plmn,
    StoreyNumber,
    Technology,
    Text,
    TiltDeg,
    clean,
    did_you_mean,
    keys_of,
    shown,
)

__all__ = [
    "ASSUMED_HARMONICS_DBC",
    "ASSUMED_OUT_OF_BAND_DBC",
    "BandPower",
    "CableLoss",
    "Device",
    "Emission",
    "Kind",
    "MasCarrier",
    "Model",
    "RoutePoint",
    "StrayDbc",
    "Treatment",
]

# Where the catalogue leaves them blank: assumed, ask the maker.
ASSUMED_OUT_OF_BAND_DBC = -50.0
ASSUMED_HARMONICS_DBC = -60.0

_CHECKED = ConfigDict(extra="forbid")
PowerDbm = Annotated[float, Field(ge=-60, le=60, allow_inf_nan=False)]
TrimDb = Annotated[float, Field(ge=-60, le=30, allow_inf_nan=False)]
Pounds = Annotated[float, Field(ge=0, le=1e8, allow_inf_nan=False)]
CableDb = Annotated[float, Field(gt=0, le=200, allow_inf_nan=False)]
StrayDbc = Annotated[float, Field(ge=-200, le=0, allow_inf_nan=False)]
RoutePoint = tuple[CoordinateM, CoordinateM, ZM]
Kind = Literal["jammer", "mas", "head_end", "mesh", "film"]
Emission = Literal["barrage", "swept", "sync"]


@dataclass(frozen=True, config=_CHECKED)
class BandPower:
    """Conducted power of a model in one band, spread evenly over it (assumption A3).

    For a managed-access node it is the power of each of its carriers within the band.
    """

    band: Identifier
    low_mhz: FreqMhz
    high_mhz: FreqMhz
    power_dbm: PowerDbm


@dataclass(frozen=True, config=_CHECKED)
class MasCarrier:
    """One cell of a managed-access node: it captures this PLMN on this carrier only."""

    plmn: Plmn
    technology: Technology
    freq_mhz: FreqMhz
    bandwidth_mhz: BandwidthMhz


@dataclass(frozen=True, config=_CHECKED)
class CableLoss:
    """A radiating cable at one frequency: what it loses along its length, and to a dipole 2 m away.

    Half of the places along the cable couple better than `coupling_50_db`, 95 of 100 better than `coupling_95_db`.
    """

    freq_mhz: FreqMhz
    loss_db_per_100m: CableDb
    coupling_50_db: CableDb
    coupling_95_db: CableDb


def _explain(cls: str, keys: Mapping[str, Any], item: Mapping[str, Any]) -> str:
    """A wrong value of something made from Python: the field, what was found, what is expected."""
    name, *further = (str(part + 1) if isinstance(part, int) else part for part in item["loc"])
    fields = {key.field: key for key in keys.values()}
    key = fields.get(name)
    if key is None:
        return f"{cls}: {clean(name)}: unknown; {did_you_mean(name, [*fields])}"
    if key.kind == "other" or further:
        said = f"{clean(item['msg'], 300)} (found {shown(item['input'])})"
        return f"{cls}: {' '.join([name, *further])}: {said}; correct it"
    if item["type"] in ("missing", "missing_argument"):
        return f"{cls}: {name}: is missing; give {key.expected}"
    return f"{cls}: {name}: is {shown(item['input'])} (expected {key.expected}); give that"


@explained(lambda item: _explain("model", keys_of(Model), item))
@dataclass(frozen=True, config=_CHECKED)
class Model:
    """A row of ``catalogue.csv``.

    `emission` is how a jammer fills its bands: ``barrage`` evenly, ``swept`` in turn, ``sync`` only on the listed
    carriers' synchronisation signals. `construction` is what a mesh or film puts into a window. With
    `radiating_cable`, by rising frequency, the jammer or managed-access node has no antenna: it feeds a cable of at
    most `longest_m`.

    `out_of_band_dbc` is the noise beside a band below what the band sends in the same bandwidth, `harmonics_dbc` each
    harmonic below the power of the emission; None: not known, −50 and −60 dBc are assumed.
    """

    name: Identifier = field(metadata={"column": "model"})
    kind: Kind
    bands: tuple[BandPower, ...] = ()
    pattern: Identifier = "omni"
    gain_dbi: Annotated[float, Field(ge=-10, le=30, allow_inf_nan=False)] = 0.0
    emission: Emission = "barrage"
    sync_carriers_mhz: tuple[FreqMhz, ...] = ()
    mas_carriers: tuple[MasCarrier, ...] = ()
    head_end: Text = ""
    head_end_capacity: Annotated[int, Field(ge=0, le=10_000)] = 0
    construction: Text = ""
    unit_price_gbp: Pounds = 0.0
    install_gbp: Pounds = 0.0
    cable_gbp_per_m: Pounds = 0.0
    opex_gbp_per_year: Pounds = 0.0
    technology_life_years: Annotated[float, Field(gt=0, le=50, allow_inf_nan=False)] = 8.0
    price_date: dt.date | None = None
    price_source: Text = ""
    illustrative: bool = True
    description: Text = ""
    radiating_cable: tuple[CableLoss, ...] = field(default=(), metadata=NAMED_IF_SET)
    radiating_gbp_per_m: Pounds = field(default=0.0, metadata=NAMED_IF_SET)
    longest_m: Annotated[float, Field(ge=0, le=1000, allow_inf_nan=False)] = field(default=0.0, metadata=NAMED_IF_SET)
    out_of_band_dbc: StrayDbc | None = field(default=None, metadata=NAMED_IF_SET)
    harmonics_dbc: StrayDbc | None = field(default=None, metadata=NAMED_IF_SET)


@explained(lambda item: _explain("device", keys_of(Device), item))
@dataclass(frozen=True, config=_CHECKED)
class Device:
    """A row of ``layout.csv``: a model at a place.

    Without `power_dbm` the catalogue's power holds in each band. Devices that are ``off`` are silent; ``existing``
    and ``planned`` ones both radiate when a layout is evaluated. `trim_db` adds to the power of one band (``B20``) or
    channel (``EE/B20/LTE``). A radiating cable is fed at its place and runs from there straight through the points of
    `route_m`.
    """

    id: Identifier
    model: Identifier
    x_m: CoordinateM
    y_m: CoordinateM
    z_m: ZM
    storey: StoreyNumber = 0
    power_dbm: PowerDbm | None = None
    azimuth_deg: AzimuthDeg = 0.0
    tilt_deg: TiltDeg = 0.0
    state: Literal["off", "existing", "planned"] = "planned"
    unit_price_gbp: Pounds | None = None
    trim_db: tuple[tuple[str, TrimDb], ...] = ()
    route_m: tuple[RoutePoint, ...] = field(default=(), metadata=NAMED_IF_SET)

    @property
    def line_m(self) -> tuple[RoutePoint, ...]:
        """The cable from where it is fed to its end; a single point for everything else."""
        return (self.x_m, self.y_m, self.z_m), *self.route_m


@explained(lambda item: _explain("treatment", keys_of(Treatment), item))
@dataclass(frozen=True, config=_CHECKED)
class Treatment:
    """A mesh or film put on one window."""

    opening: Identifier
    model: Identifier
