"""Materials of a building model become constructions: layer by layer where the product can hold them."""

from __future__ import annotations

import re
from typing import Any

from quietwing.sites.constructions import Construction, load_constructions, parse_constructions
from quietwing.sites.findings import clean
from quietwing.sites.importers.plan_mapping import BY_LAYERS, PlanMapping, by_thickness, proposed_use
from quietwing.sites.importers.plan_parts import Report

__all__ = ["Materials"]

MOST_LAYERS = 20
THINNEST_MM = 0.01
METAL_CAP_DB = 40.0  # joints and fixings leak, as of the built-in foil-faced panels; assumed
# Words of names of materials and the row of the product's table that stands for them; first match rules; assumed.
_AIR = r"insul|dämm|daemm|isol|wool|eps|xps|foam|air|cavity|luft|void|membrane|barrier|vapou?r|stud layer|metal stud"
_CONCRETE = (
    r"concrete|beton|cement|screed|estrich|grout|mortar|cmu|block|stone|masonry|kalksand|cast in situ|sand|gravel"
)
_WORDS = (
    (_AIR, "air"),
    (r"glass|glas\b|glazing|verglas", "glass"),
    (r"plaster|gyps|gips|drywall|render|putz|stucco|fermacell", "plasterboard"),
    (r"brick|ziegel|clay|klinker", "brick"),
    (_CONCRETE, "concrete"),
    (r"plywood|sperrholz|osb", "plywood"),
    (r"chipboard|particle|spanplatte|mdf", "chipboard"),
    (r"wood|timber|holz|lumber|joist|oak|pine|parquet", "wood"),
    (r"metal|steel|stahl|alumin|zinc|copper|lead|iron", "metal"),
    (r"tile|ceramic|fliese|marble|granite|slate|terrazzo", "marble"),
    (r"carpet|teppich", "carpet_tile"),
    (r"vinyl|pvc|lino|epdm|bitum|rubber", "vinyl_tile"),
    (r"asphalt", "asphalt_concrete"),
    (r"ceiling|acoustic", "ceiling_board"),
    (r"grass|soil|earth|site", "air"),
)


class Materials:
    """What the elements of one model are made of; each set of layers is told once."""

    def __init__(self, mapping: PlanMapping, report: Report, unit_m: float) -> None:
        self.mapping = mapping
        self.unit_m = unit_m
        self.report = report
        self.own: dict[str, Construction] = {}
        self.types: dict[str, str] = {}
        self.materials: dict[str, str] = {}
        self._told: dict[str, str] = {}

    def construction(self, element: Any, thickness_m: float, usual: str) -> str:
        """The construction of a wall or slab: as mapped, of its layers, else of its name and thickness."""
        name, layers = _layers_of(element, self.unit_m)
        label = name or str(getattr(element, "ObjectType", None) or getattr(element, "Name", None) or "unnamed")
        key = clean(label.split(":")[1] if ":" in label else label, 70).strip() or "unnamed"
        chosen = self.mapping.types.get(key)
        if chosen is not None and chosen != BY_LAYERS:
            self.types[key] = chosen
            return by_thickness(chosen, thickness_m)
        if layers:
            self.types[key] = BY_LAYERS
            if key not in self._told:
                self._told[key] = self._of_layers(key, layers)
            return self._told[key]
        use = proposed_use(label)
        made = use.construction if use.use == "walls" else usual
        if key not in self._told:
            self._told[key] = made
            self.report.add("", None, key, f"has no layers of material; taken as {made} by its name")
        self.types[key] = made
        return by_thickness(made, thickness_m)

    def has_layers(self, element: Any) -> bool:
        """Whether the model says what layers an element has."""
        return bool(_layers_of(element, self.unit_m)[1])

    def opening(self, element: Any, kind: str) -> str:
        """What a door or window is made of, by its name and its materials' names."""
        names = [getattr(element, "Name", None), getattr(element, "ObjectType", None), *_material_names(element)]
        said = " ".join(str(name) for name in names if name).casefold()
        key = clean(str(getattr(element, "ObjectType", None) or getattr(element, "Name", None) or kind), 70)
        if key in self.mapping.types and self.mapping.types[key] != BY_LAYERS:
            self.types[key] = self.mapping.types[key]
            return by_thickness(self.types[key], 0.05)
        if kind == "window":
            made = "glass_low_e" if re.search(r"low.?e\b|coated|triple", said) else "glass_double"
        elif re.search(r"steel|metal|stahl|security", said):
            made = "steel_cell_door"
        else:
            made = "glass_double" if re.search(r"glass|glaz", said) else "timber_door"
        if key not in self.types:
            self.report.add("", None, key, f"this {kind} was taken as {made}")
        self.types[key] = made
        return made

    def _of_layers(self, key: str, layers: list[tuple[str, float]]) -> str:
        """The name of a construction of those layers, made once."""
        made: list[dict[str, Any]] = []
        for name, thickness_m in layers[:MOST_LAYERS]:
            material = self._material(name)
            thickness_mm = round(thickness_m * 1000, 2)
            if THINNEST_MM <= thickness_mm <= 3000:
                made.append({"material": material, "thickness_mm": thickness_mm})
        solid = [layer for layer in made if layer["material"] != "air"]
        if not solid:
            self.report.add("", None, key, "its layers hold nothing solid; taken as open")
            return "open"
        name = _slug(key)
        while name in load_constructions() or name in self.own:
            name += "-ifc"
        said = "; ".join(f"{clean(one, 40)} {thickness * 1000:.0f} mm" for one, thickness in layers[:MOST_LAYERS])
        table: dict[str, Any] = {
            "layers": made,
            "assumed": True,
            "source": f"layers of the building model ({said}); which material each stands for is assumed",
            "description": key,
        }
        if any(layer["material"] == "metal" for layer in made):
            table["max_loss_db"] = METAL_CAP_DB
        self.own |= parse_constructions({name: table}, "building model")
        taken = " + ".join(f"{layer['material']} {layer['thickness_mm']:g}" for layer in made)
        self.report.add("", None, key, f"construction {name}: {taken} mm")
        return name

    def _material(self, name: str) -> str:
        """The product's material for a name of the model."""
        key = clean(name, 70)
        if key in self.mapping.materials:
            self.materials[key] = self.mapping.materials[key]
        if key not in self.materials:
            folded = name.casefold()
            found = next((material for pattern, material in _WORDS if re.search(pattern, folded)), None)
            self.materials[key] = found or "air"
            self.report.add("", None, f"material {key}", f"taken as {found}" if found else "unknown: taken as air")
        return self.materials[key]


def _slug(key: str) -> str:
    """A name for a construction: small letters, figures and underscores."""
    plain = re.sub(r"[^a-z0-9]+", "_", key.casefold()).strip("_")[:60]
    return plain or "own_construction"


def _definition(element: Any) -> Any:
    """The material given to an element or its type."""
    for relation in [*(getattr(element, "HasAssociations", None) or ())]:
        if relation.is_a("IfcRelAssociatesMaterial"):
            return relation.RelatingMaterial
    typed = getattr(element, "IsTypedBy", None) or [
        one for one in getattr(element, "IsDefinedBy", None) or () if one.is_a("IfcRelDefinesByType")
    ]
    for relation in typed:
        kind = relation.RelatingType
        if kind is not None and kind.id() != element.id() and not kind.is_a("IfcObject"):
            found = _definition(kind)
            if found is not None:
                return found
    return None


def _layers_of(element: Any, unit_m: float) -> tuple[str, list[tuple[str, float]]]:
    """Name of the layer set and its layers with their thickness. [m]"""
    material = _definition(element)
    if material is not None and material.is_a("IfcMaterialLayerSetUsage"):
        material = material.ForLayerSet
    if material is None or not material.is_a("IfcMaterialLayerSet"):
        return "", []
    found = []
    for layer in material.MaterialLayers or ():
        thickness = float(layer.LayerThickness or 0.0) * unit_m
        name = getattr(layer.Material, "Name", None) or getattr(layer, "Name", None) or "unnamed"
        if thickness == thickness and 0 < thickness < 10:
            found.append((str(name), thickness))
    return str(material.LayerSetName or ""), found


def _material_names(element: Any) -> list[str]:
    """Names of all materials of an element."""
    material = _definition(element)
    if material is None:
        return []
    if material.is_a("IfcMaterialList"):
        return [str(one.Name) for one in material.Materials or ()]
    if material.is_a("IfcMaterialConstituentSet"):
        return [str(one.Material.Name) for one in material.MaterialConstituents or () if one.Material is not None]
    return [str(getattr(material, "Name", "") or "")]
