"""Shapes of a building model: what each element covers on the plan, and how high it reaches."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import Polygon

from quietwing.sites.errors import SiteError
from quietwing.sites.findings import clean
from quietwing.sites.importers.plan_parts import Report

__all__ = ["Body", "bodies_of", "meshes_of", "opened_ifc"]

MOST_ENTITIES = 2_000_000
MOST_PRODUCTS = 20_000
MOST_TRIANGLES = 200_000  # of one element


@dataclass(frozen=True, slots=True)
class Body:
    """An element's shape: what it covers on the plan, and from where to where it reaches. [m]"""

    cover: Any
    low_m: float
    high_m: float


def opened_ifc(path: str, label: str) -> tuple[Any, float]:
    """The model and metres of its unit of length."""
    ifcopenshell = import_module("ifcopenshell")  # of the extra `plans`, which need not be installed
    with open(path, "rb") as file:
        count = sum(chunk.count(b";\n#") + chunk.count(b";\r\n#") for chunk in iter(lambda: file.read(2**20), b""))
    if count > MOST_ENTITIES:
        raise SiteError(
            f"{label}: holds about {count:,} entities (limit {MOST_ENTITIES:,}); export the building alone"
        )
    try:
        model = ifcopenshell.open(path)
        schema = str(model.schema)
    except MemoryError:
        raise
    except Exception as error:  # ifcopenshell meets a damaged file with errors of every kind
        raise SiteError(
            f"{label}: is no usable IFC ({clean(str(error) or type(error).__name__, 80)}); export it again"
        ) from None
    if not schema.upper().startswith(("IFC2X3", "IFC4")):
        raise SiteError(f"{label}: is of the schema {clean(schema, 20)} (expected IFC2X3 or IFC4); export it as one")
    try:
        unit_m = float(import_module("ifcopenshell.util.unit").calculate_unit_scale(model))
    except Exception:  # a model without units: metres, as the schema's default
        unit_m = 1.0
    return model, unit_m if math.isfinite(unit_m) and unit_m > 0 else 1.0


def bodies_of(elements: Iterable[Any], report: Report, label: str, lift_m: float = 0.0) -> dict[int, Body]:
    """Shapes of some elements, by their id in the model; those that cannot be made are listed.

    Parameters
    ----------
    elements : iterable of ifcopenshell entities
    report : Report
    label : str
        The file, for the messages.
    lift_m : float
        What heights in the model have too much. [m]

    Returns
    -------
    dict of int to Body

    Raises
    ------
    SiteError
        If there are too many.
    """
    return {
        element.id(): Body(
            _cover(points, faces), float(points[:, 2].min()) - lift_m, float(points[:, 2].max()) - lift_m
        )
        for element, points, faces in meshes_of(elements, report, label)
    }


def meshes_of(
    elements: Iterable[Any], report: Report, label: str
) -> Iterator[tuple[Any, NDArray[np.float64], NDArray[np.int64]]]:
    """Each element with the corners of its shape and its triangles, as `bodies_of` takes them."""
    geometry = import_module("ifcopenshell.geom")
    settings = geometry.settings()
    settings.set("use-world-coords", True)
    settings.set("disable-opening-subtractions", True)
    wanted = [one for one in elements if one.Representation is not None]
    if len(wanted) > MOST_PRODUCTS:
        raise SiteError(
            f"{label}: holds {len(wanted):,} walls, slabs and spaces (limit {MOST_PRODUCTS:,}); export one "
            f"building alone"
        )
    broken: list[str] = []
    for element in wanted:
        try:
            shape = geometry.create_shape(settings, element)
            points = np.array(shape.geometry.verts, dtype=float).reshape(-1, 3)
            faces = np.array(shape.geometry.faces, dtype=int).reshape(-1, 3)
        except MemoryError:
            raise
        except Exception:  # a shape that cannot be made is one element less, and listed
            broken.append(f"{element.is_a()} {element.GlobalId}")
            continue
        usable = len(points) and len(faces) <= MOST_TRIANGLES and np.isfinite(points).all()
        if not usable or np.abs(points).max() > 1e7:
            broken.append(f"{element.is_a()} {element.GlobalId}")
            continue
        yield element, points, faces
    if broken:
        report.left_out("", label, broken, "has no usable shape")


def _cover(points: NDArray[np.float64], faces: NDArray[np.int64]) -> Any:
    """What triangles cover, seen from above."""
    triangles = points[faces][:, :, :2]
    ab, ac = triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0]
    flat = np.abs(ab[:, 0] * ac[:, 1] - ab[:, 1] * ac[:, 0]) > 1e-7
    if not flat.any():
        return Polygon()
    rings = np.concatenate([triangles[flat], triangles[flat][:, :1]], axis=1)
    whole = shapely.union_all(shapely.set_precision(shapely.polygons(rings), 1e-4))
    closed = whole.buffer(2e-3, join_style="mitre").buffer(-2e-3, join_style="mitre")
    return closed.simplify(1e-3)
