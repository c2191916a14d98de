"""Constructions as data: what walls, slabs, doors, windows and meshes are made of.

A construction is one of four things: layers of material, a measured or standard loss law, a wire mesh, or
nothing at all (``open``). How much it attenuates is worked out in `quietwing.coverage.propagation`; here are
only the facts, each with its source or the mark "assumed".
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import field, replace
from functools import cache
from importlib.resources import files
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import ConfigDict, Field, TypeAdapter, ValidationError, model_validator
from pydantic.dataclasses import dataclass

from quietwing.sites.errors import SiteError
from quietwing.sites.fingerprints import NAMED_IF_SET
from quietwing.sites.quantities import Identifier, SigmaDb, Text

__all__ = ["MATERIALS", "MOST_LAYERS", "Construction", "Layer", "load_constructions", "parse_constructions"]

# Names of the rows of coverage/propagation/tables/materials.csv; a test holds the two together.
MATERIALS = (
    "air",
    "concrete",
    "brick",
    "plasterboard",
    "wood",
    "glass",
    "ceiling_board",
    "chipboard",
    "plywood",
    "marble",
    "vinyl_tile",
    "carpet_tile",
    "asphalt_concrete",
    "metal",
)

CONCRETE_SIGMA_DB = 5.0  # assumption A14: the standards and NIST differ by 24 dB on 200 mm of concrete
OTHER_SIGMA_DB = 3.0  # assumption A14

MOST_LAYERS = 50  # of one construction, assumed: a wall has ten at most

_CHECKED = ConfigDict(extra="forbid")

ThicknessMm = Annotated[float, Field(gt=0, le=3000, allow_inf_nan=False)]
LossDb = Annotated[float, Field(ge=0, le=200, allow_inf_nan=False)]
ShiftDb = Annotated[float, Field(ge=-200, le=200, allow_inf_nan=False)]
SlopeDbPerGhz = Annotated[float, Field(ge=-10, le=50, allow_inf_nan=False)]
PitchMm = Annotated[float, Field(ge=1, le=300, allow_inf_nan=False)]
WireRadiusMm = Annotated[float, Field(gt=0, le=50, allow_inf_nan=False)]


@dataclass(frozen=True, config=_CHECKED)
class Layer:
    """One layer of a construction: a material of `MATERIALS` and its thickness."""

    material: str
    thickness_mm: ThicknessMm

    @model_validator(mode="after")
    def _known_material(self) -> Layer:
        if self.material not in MATERIALS:
            raise ValueError(
                f"unknown material {self.material!r} (known: {', '.join(MATERIALS)}); choose one of these, "
                f"or give the construction a loss law (loss_intercept_db, loss_slope_db_per_ghz)"
            )
        return self


@dataclass(frozen=True, config=_CHECKED, kw_only=True)
class Construction:
    """What a wall, slab, door, window or mesh is made of. Exactly one of layers, loss law, mesh, nothing.

    Attributes
    ----------
    name : str
        Key by which walls, slabs and openings refer to it.
    layers : tuple of Layer
        Layers in order; which side is outermost does not change the loss.
    loss_intercept_db, loss_slope_db_per_ghz : float, optional
        Loss law a + b·f, f in GHz, taken at every angle. A missing slope is 0. [dB], [dB/GHz]
    mesh_pitch_mm, mesh_wire_radius_mm : float, optional
        Distance between the wires' middles and their radius. [mm]
    mesh_bonded : bool
        Whether the edges of the mesh are joined electrically to the frame or wall all round.
    max_loss_db : float, optional
        The loss is never more than this: joints, gaps and fixings leak. [dB]
    loss_shift_db : float, optional
        Added to the loss at every angle and frequency, as readings on the site found it; the loss is never less than
        0. [dB]
    sigma_db : float
        Standard deviation of the construction's real loss about the computed one, above 1 GHz. [dB]
    source : str
        Where the figures come from.
    assumed : bool
        No public source gives the figures; measure on the site. One of `source` and `assumed` must be given.
    description : str
        For people.
    """

    name: Identifier
    layers: tuple[Layer, ...] = ()
    loss_intercept_db: LossDb | None = None
    loss_slope_db_per_ghz: SlopeDbPerGhz | None = None
    mesh_pitch_mm: PitchMm | None = None
    mesh_wire_radius_mm: WireRadiusMm | None = None
    mesh_bonded: bool = True
    max_loss_db: LossDb | None = None
    sigma_db: SigmaDb
    source: Text = ""
    assumed: bool = False
    description: Text = ""
    loss_shift_db: ShiftDb | None = field(default=None, metadata=NAMED_IF_SET)

    @model_validator(mode="after")
    def _one_kind(self) -> Construction:
        if len(self.layers) > MOST_LAYERS:
            raise ValueError(
                f"{self.name!r} has {len(self.layers):,} layers (limit {MOST_LAYERS}); make one of those that repeat"
            )
        kinds = [
            kind
            for kind, given in (
                ("layers", bool(self.layers)),
                ("a loss law", self.loss_intercept_db is not None or self.loss_slope_db_per_ghz is not None),
                ("a mesh", self.mesh_pitch_mm is not None or self.mesh_wire_radius_mm is not None),
            )
            if given
        ]
        if len(kinds) > 1:
            raise ValueError(
                f"{self.name!r} has {' and '.join(kinds)} (only one of layers, loss law, mesh); "
                f"make two constructions of it and put one behind the other"
            )
        if kinds == ["a loss law"] and self.loss_intercept_db is None:
            raise ValueError(
                f"{self.name!r} has loss_slope_db_per_ghz without loss_intercept_db; give both of a + b·f"
            )
        if kinds == ["a mesh"]:
            self._check_mesh()
        elif not self.mesh_bonded:
            raise ValueError(f"{self.name!r} is no mesh, so mesh_bonded means nothing; leave it out")
        if not kinds and self.max_loss_db is not None:
            raise ValueError(f"{self.name!r} has max_loss_db but nothing that loses; add layers or a loss law")
        if not (self.source or self.assumed):
            raise ValueError(
                f"{self.name!r} has no source; say where its figures come from (source = …) or mark it assumed = true"
            )
        return self

    def _check_mesh(self) -> None:
        """Both sizes given, and wires that leave a gap."""
        if self.mesh_pitch_mm is None or self.mesh_wire_radius_mm is None:
            raise ValueError(f"{self.name!r} needs both mesh_pitch_mm and mesh_wire_radius_mm; give the other")
        if 2 * self.mesh_wire_radius_mm >= self.mesh_pitch_mm:
            raise ValueError(
                f"{self.name!r} has wires of {2 * self.mesh_wire_radius_mm:g} mm at a pitch of "
                f"{self.mesh_pitch_mm:g} mm, which leaves no gap; correct one, or use a layer of metal"
            )

    def shift_at_db(self, freq_mhz: NDArray[np.float64]) -> NDArray[np.float64]:
        """What readings on the site added to the loss, shape (freq,). [dB]"""
        return np.full(len(freq_mhz), self.loss_shift_db or 0.0)

    @property
    def unshifted(self) -> Construction:
        """As it is without what readings added."""
        return replace(self, loss_shift_db=None)

    @property
    def is_open(self) -> bool:
        """Nothing is there: no layers, no loss law, no mesh."""
        return not self.layers and self.loss_intercept_db is None and self.mesh_pitch_mm is None

    @property
    def is_mesh(self) -> bool:
        """A wire mesh, which acts on the aperture path only."""
        return self.mesh_pitch_mm is not None


_CONSTRUCTION = TypeAdapter(Construction)


def parse_constructions(tables: Mapping[str, Any], where: str) -> dict[str, Construction]:
    """Constructions from the tables of a TOML file, keyed by name.

    Parameters
    ----------
    tables : mapping of str to mapping
        One table per construction with the fields of `Construction` except `name`, which is the key. Without
        `sigma_db` a construction with a layer of concrete gets 5 dB, any other 3 dB (assumption A14).
    where : str
        File and section, for the messages.

    Returns
    -------
    dict of str to Construction

    Raises
    ------
    SiteError
        If any entry does not make sense; all problems are listed.
    """
    found: dict[str, Construction] = {}
    problems: list[str] = []
    for name, table in tables.items():
        if not isinstance(table, Mapping):
            problems.append(f"{where}: {name}: expected a table of fields, found {table!r}; write [{name}]")
            continue
        try:
            filled = {"sigma_db": _default_sigma_db(table), **table, "name": name}
            found[name] = _CONSTRUCTION.validate_python(filled)
        except ValidationError as error:
            problems += [f"{where}: {name}: {_problem_text(problem)}" for problem in error.errors()]
    if problems:
        raise SiteError(problems)
    return found


def load_constructions() -> dict[str, Construction]:
    """The library of built-in constructions, keyed by name.

    Returns
    -------
    dict of str to Construction
        A new dict; the constructions themselves are frozen.

    References
    ----------
    ``sites/tables/constructions.toml``, where each entry names its source or is marked assumed.
    """
    return dict(_library())


@cache
def _library() -> tuple[tuple[str, Construction], ...]:
    """The packaged table, read once."""
    text = files("quietwing.sites.tables").joinpath("constructions.toml").read_text(encoding="utf-8")
    return tuple(parse_constructions(tomllib.loads(text), "constructions.toml").items())


def _default_sigma_db(table: Mapping[str, Any]) -> float:
    """Assumption A14: 5 dB where there is concrete, otherwise 3 dB."""
    layers = table.get("layers")
    if not isinstance(layers, list | tuple):
        return OTHER_SIGMA_DB
    materials = [layer.get("material") for layer in layers if isinstance(layer, Mapping)]
    return CONCRETE_SIGMA_DB if "concrete" in materials else OTHER_SIGMA_DB


def _problem_text(problem: Any) -> str:
    """One problem in words: the field, what was found, what was expected."""
    field = ".".join(str(part) for part in problem["loc"])
    message = str(problem["msg"]).removeprefix("Value error, ")
    if problem["type"] == "unexpected_keyword_argument":
        return f"unknown field {field!r}; correct its spelling or leave it out"
    return f"{field}: {message}, found {problem['input']!r}; correct it" if field else message
