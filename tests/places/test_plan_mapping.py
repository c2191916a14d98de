"""What layers, blocks and materials are taken for, and how a mapping is written and read."""

from __future__ import annotations

import pytest

from quietwing.sites import SiteError, load_constructions
from quietwing.sites.constructions import MATERIALS
from quietwing.sites.importers.ifc_materials import Materials
from quietwing.sites.importers.plan_mapping import (
    BY_THICKNESS,
    PlanMapping,
    Use,
    by_thickness,
    is_noise,
    mapping_text,
    parse_mapping,
    proposed_use,
    role_of_room,
)
from quietwing.sites.importers.plan_parts import Report


@pytest.mark.parametrize(
    ("layer", "use"),
    [
        ("wall", "walls"),
        ("A-WALL-FULL", "walls"),
        ("Wände EG", "walls"),
        ("MUR_PORTEUR", "walls"),
        ("Plaster", "walls"),
        ("concr", "walls"),
        ("Stützen", "walls"),
        ("S-COLS column", "walls"),
        ("doors", "doors"),
        ("A-DOOR", "doors"),
        ("Türen", "doors"),
        ("porte", "doors"),
        ("A-GLAZ", "windows"),
        ("windows line", "windows"),
        ("Fenster", "windows"),
        ("Furniture", "ignore"),
        ("txt", "ignore"),
        ("A-ANNO-DIMS", "ignore"),
        ("hatch", "ignore"),
        ("0", "ignore"),
        ("Defpoints", "ignore"),
        ("rooms", "rooms"),
        ("Raumstempel", "rooms"),
        ("building outline", "outline"),
        ("atrium", "voids"),
    ],
)
def test_layers_are_proposed_by_their_names_in_several_languages(layer, use):
    assert proposed_use(layer).use == use


def test_every_proposed_construction_exists():
    known = {*load_constructions(), *(f"{kind}{BY_THICKNESS}" for kind in ("", "concrete ", "brick "))}
    for layer in ("wall", "concrete", "brick", "plaster", "door", "window"):
        assert proposed_use(layer).construction in known


@pytest.mark.parametrize(
    ("construction", "thickness_m", "made"),
    [
        (BY_THICKNESS, 0.1, "stud_partition"),
        (BY_THICKNESS, 0.15, "concrete_150"),
        (BY_THICKNESS, 0.215, "brick_215"),
        (BY_THICKNESS, 0.3, "brick_330"),
        (BY_THICKNESS, 0.8, "brick_457"),
        (f"concrete {BY_THICKNESS}", 0.1, "concrete_100"),
        (f"concrete {BY_THICKNESS}", 0.2, "concrete_200"),
        (f"concrete {BY_THICKNESS}", 0.6, "concrete_250"),
        (f"brick {BY_THICKNESS}", 0.1, "brick_102"),
        (f"brick {BY_THICKNESS}", 0.7, "brick_600"),
        ("glass_6", 0.7, "glass_6"),
    ],
)
def test_a_wall_of_unknown_make_goes_by_its_thickness(construction, thickness_m, made):
    assert by_thickness(construction, thickness_m) == made
    assert made in load_constructions()


@pytest.mark.parametrize(
    ("name", "role"),
    [("Cell 12", "silence"), ("Stair A", "ignore"), ("Elevator", "ignore"), ("Aufzugsschacht", "ignore")],
)
def test_nobody_stays_in_stairs_lifts_and_shafts(name, role):
    assert role_of_room(name, "silence") == role


def test_blocks_in_furniture_are_not_looked_into_unless_the_layer_is_mapped():
    assert is_noise(PlanMapping(), "Furniture")
    assert not is_noise(PlanMapping(), "0")
    assert not is_noise(PlanMapping(layers={"Furniture": Use("walls")}), "Furniture")
    assert is_noise(PlanMapping(layers={"0": Use("ignore")}), "0")


def test_a_mapping_is_read_as_it_was_written():
    mapping = PlanMapping(
        unit="mm",
        storey_height_m=2.7,
        role="keep",
        single_wall_m=0.15,
        gap_m=0.02,
        floor="concrete_250",
        roof="slate_roof",
        fence_m=12.5,
        layers={'A-"WALL"\\1': Use("walls", "brick_215"), "nothing": Use("ignore")},
        blocks={"Door 900": Use("doors", "steel_cell_door")},
        types={"Outer wall": "by layers", "Inner": "concrete_150"},
        materials={"Masonry - Brick": "brick"},
    )
    assert parse_mapping(mapping_text(mapping, "plan.dxf"), "m.toml") == mapping


def test_what_a_person_wrote_stays_above_what_is_proposed():
    given = PlanMapping(layers={"wall": Use("ignore")}, materials={"Brick": "concrete"})
    mixed = given.with_entries(
        {"wall": Use("walls"), "door": Use("doors")}, {}, {}, {"Brick": "brick", "Wood": "wood"}
    )
    assert mixed.layer("wall").use == "ignore"
    assert mixed.layer("door").use == "doors"
    assert mixed.materials == {"Brick": "concrete", "Wood": "wood"}


def test_all_mistakes_of_a_mapping_come_at_once():
    text = 'role = "silent"\ngap_m = "wide"\nfloor = "concrete_2000"\nlayrs = 1\n[layers]\na = {as = "wall"}\n'
    with pytest.raises(SiteError) as caught:
        parse_mapping(text, "m.toml")
    assert len(caught.value.problems) == 5
    assert all(problem.startswith("m.toml: ") for problem in caught.value.problems)


class Thing:
    """An entity of a model, as far as materials ask for it."""

    def __init__(self, kind, **values):
        self.kind = kind
        self.HasAssociations = self.IsTypedBy = self.IsDefinedBy = ()
        self.Name = self.ObjectType = None
        self.__dict__.update(values)

    def is_a(self, kind=None):
        return self.kind if kind is None else self.kind == kind

    def id(self):
        return id(self)


def wall_of(*layers, name="Basic Wall:Party wall"):
    sheets = [
        Thing("IfcMaterialLayer", Material=Thing("IfcMaterial", Name=word), LayerThickness=mm) for word, mm in layers
    ]
    held = Thing("IfcMaterialLayerSet", MaterialLayers=sheets, LayerSetName=name)
    relation = Thing("IfcRelAssociatesMaterial", RelatingMaterial=Thing("IfcMaterialLayerSetUsage", ForLayerSet=held))
    return Thing("IfcWall", HasAssociations=[relation], Name="wall")


def test_layers_of_a_model_become_layers_of_a_construction_in_their_order_and_unit():
    materials = Materials(PlanMapping(), Report(), 1e-3)
    wall = wall_of(("Plasterboard", 16), ("Concrete Block", 193), ("Air Space", 50), ("Masonry - Brick", 92))
    name = materials.construction(wall, 0.35, "open")
    assert name == "party_wall"
    layers = [(layer.material, layer.thickness_mm) for layer in materials.own[name].layers]
    assert layers == [("plasterboard", 16), ("concrete", 193), ("air", 50), ("brick", 92)]
    assert materials.own[name].assumed
    assert materials.own[name].sigma_db == 5  # there is concrete in it
    assert materials.construction(wall, 0.35, "open") == name
    assert len(materials.own) == 1


def test_a_layer_of_metal_leaks_at_its_joints():
    materials = Materials(PlanMapping(), Report(), 1e-3)
    name = materials.construction(wall_of(("Steel sheet", 1), ("Rigid insulation", 80)), 0.08, "open")
    assert materials.own[name].max_loss_db == 40


def test_layers_of_air_alone_are_open_and_listed():
    report = Report()
    assert Materials(PlanMapping(), report, 1e-3).construction(wall_of(("Air", 50)), 0.05, "brick_215") == "open"
    assert any("nothing solid" in guess.what for guess in report.guesses)


def test_an_unknown_material_is_air_and_is_listed():
    report = Report()
    materials = Materials(PlanMapping(), report, 1e-3)
    materials.construction(wall_of(("Unobtainium", 10), ("Brick", 100)), 0.11, "open")
    assert materials.materials == {"Unobtainium": "air", "Brick": "brick"}
    assert any("unknown: taken as air" in guess.what for guess in report.guesses)


def test_every_material_that_is_proposed_is_one_of_the_products():
    report = Report()
    materials = Materials(PlanMapping(), report, 1e-3)
    words = (
        "Glass",
        "Gypsum",
        "Klinker",
        "Beton C25",
        "Sperrholz",
        "MDF",
        "Oak",
        "Aluminium",
        "Ceramic Tile",
        "Carpet",
        "EPDM",
        "Asphalt",
        "Acoustic panel",
        "Grass",
    )
    materials.construction(wall_of(*((word, 10) for word in words)), 0.2, "open")
    assert set(materials.materials.values()) <= set(MATERIALS)
    assert "unknown" not in " ".join(guess.what for guess in report.guesses)


def test_two_sets_of_one_name_in_letters_are_two_constructions():
    materials = Materials(PlanMapping(), Report(), 1e-3)
    names = {
        materials.construction(wall_of(("Brick", mm), name=f"Basic:{name}"), 0.1, "open")
        for name, mm in (("Wall A", 100), ("wall-a", 200))
    }
    assert len(names) == 2


def test_a_wall_without_layers_goes_by_its_name_and_thickness():
    materials = Materials(PlanMapping(), Report(), 1.0)
    assert (
        materials.construction(Thing("IfcWall", Name="Basic Wall:Concrete core"), 0.2, "by thickness")
        == "concrete_200"
    )
    assert materials.construction(Thing("IfcWall", Name="W1"), 0.1, "by thickness") == "stud_partition"


def test_a_type_that_is_mapped_is_what_the_mapping_says():
    materials = Materials(PlanMapping(types={"Party wall": "brick_457"}), Report(), 1e-3)
    assert materials.construction(wall_of(("Brick", 100)), 0.1, "open") == "brick_457"
    assert materials.own == {}


@pytest.mark.parametrize(
    ("name", "kind", "made"),
    [
        ("Single-Flush timber", "door", "timber_door"),
        ("Steel security door", "door", "steel_cell_door"),
        ("Sliding glazed", "door", "glass_double"),
        ("Fixed", "window", "glass_double"),
        ("Low-E triple", "window", "glass_low_e"),
    ],
)
def test_doors_and_windows_go_by_their_names(name, kind, made):
    report = Report()
    materials = Materials(PlanMapping(), report, 1.0)
    assert materials.opening(Thing("IfcDoor", Name=name), kind) == made
    assert materials.opening(Thing("IfcDoor", Name=name), kind) == made
    assert len(report.guesses) == 1
