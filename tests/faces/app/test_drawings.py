"""A drawing in the app: proposed with its mapping and report, changed, opened, and imported again with edits kept."""

import csv
import io
import zipfile

import pytest
from by_path import module_at
from streamlit.testing.v1 import AppTest

from quietwing.coverage.app import drawing_form
from quietwing.coverage.app.drawing_files import read_drawing
from quietwing.coverage.app.site_files import masts_text, open_upload, site_zip, with_masts, with_typical_masts
from quietwing.coverage.app.site_words import in_app_words
from quietwing.coverage.app.state import Layout
from quietwing.coverage.catalogue import read_catalogue
from quietwing.coverage.equipment import Device, Treatment
from quietwing.coverage.scenario import Scenario
from quietwing.coverage.site_inputs import import_plans
from quietwing.sites import DrawingChoices

pytestmark = pytest.mark.usefixtures("forked_readers")
KEY = "quietwing session"


@pytest.fixture(scope="module")
def drawn():
    return module_at("tests/places/drawn_plans.py")


@pytest.fixture(scope="module")
def dxf(drawn, tmp_path_factory) -> bytes:
    return drawn.dxf_plan(tmp_path_factory.mktemp("dxf") / "plan.dxf").read_bytes()


def page():
    from quietwing.coverage.app.button_actions import do_what_was_asked
    from quietwing.coverage.app.site_page import show

    do_what_was_asked()  # as the shell does
    show()


def brought(name, content) -> AppTest:
    at = AppTest.from_function(page, default_timeout=60).run()
    at.radio(key="site-way").set_value("Upload a drawing or site").run()
    return at.file_uploader(key="site-upload").upload(name, content, "application/octet-stream").run()


def read(name, content) -> AppTest:
    at = brought(name, content)
    at.button(key="site-open-upload").click().run()
    assert not at.exception
    return at


def with_wall(construction):
    """As if the table of layers had been edited: the layer of the walls is made of something else."""
    real = drawing_form.edited_rows

    def edited(rows, key):
        return [row | ({"construction": construction} if row["name"] == "A-WALL" else {}) for row in real(rows, key)]

    return edited


def outer_walls(site) -> set[str]:
    return {wall.construction for wall in site.walls}


def test_a_drawing_is_proposed_and_not_opened(dxf):
    at = read("plan.dxf", dxf)
    own = at.session_state[KEY]
    assert own.site.name == "houseblock"
    storeys, guesses = at.dataframe[0].value, at.dataframe[2].value
    assert storeys.iloc[0].to_dict() == {
        "storey": "G", "floor at [m]": 0.0, "walls": 11, "doors": 1, "windows": 2, "rooms": 2,
    }  # fmt: skip
    assert "room of 20.0 m² found between walls; role silence assumed" in guesses["what"].tolist()
    assert "storey height of 3 m assumed; give “Height of a storey”" in guesses["what"].tolist()
    place = guesses.set_index("what").loc["room of 20.0 m² found between walls; role silence assumed"]
    assert (float(place["x_m"]), float(place["y_m"])) == (2.8, 2.3)  # the middle of 5 × 4 m behind walls of 0.3 m
    uses = {
        row["name"]: row["as"] for row in drawing_form._use_rows(drawing_form.mapping_of(own.survey.drawing.brought))
    }
    assert uses == {
        "A-WALL": "walls", "A-DOOR": "doors", "Door 900": "doors", "A-GLAZ": "windows", "Window 1200": "windows",
        "Furniture": "ignore",
    }  # fmt: skip
    files = own.survey.drawing.brought.files
    assert b'"A-WALL" = {as = "walls"' in files["import-mapping.toml"]
    assert len(list(csv.reader(io.StringIO(files["import-report.csv"].decode())))) == len(guesses) + 1
    assert list(own.folder.iterdir()) == []


def test_it_is_read_again_with_another_mapping_and_opened(dxf, monkeypatch):
    at = read("plan.dxf", dxf)
    monkeypatch.setattr(drawing_form, "edited_rows", with_wall("brick_457"))
    at.number_input(key="drawing-1-fence").set_value(150.0)
    at.number_input(key="drawing-1-height").set_value(2.7)
    at.selectbox(key="drawing-1-role").select("must keep service")
    at.button(key="drawing-again").click().run()
    assert "no room has role" in at.error[0].value
    at.selectbox(key="drawing-1-role").select("to be blocked")
    at.button(key="drawing-again").click().run()
    assert not at.error
    at.button(key="drawing-open").click().run()
    assert not at.error
    assert not at.exception
    own = at.session_state[KEY]
    assert (own.site.name, own.site_source) == ("plan", "yours")
    assert outer_walls(own.site) == {"brick_457"}
    assert own.site.buildings[0].storeys[0].height_m == 2.7
    west, _, east, _ = own.site.perimeter.outline.bounds
    assert east - west == pytest.approx(2 * 150 + 9.7)
    assert own.survey.drawing.opened
    assert all(sector.assumed for sector in own.site.sectors)
    at.button(key="site-on-blockers").click().run()
    assert own.way_on == "blockers"


def as_told(**uses):
    """As if layers had been told in the table."""
    real = drawing_form.edited_rows

    def edited(rows, key):
        return [row | ({"as": uses[row["name"]]} if row["name"] in uses else {}) for row in real(rows, key)]

    return edited


@pytest.fixture(scope="module")
def nameless(drawn, tmp_path_factory) -> bytes:
    """The plan with its walls by single lines on a layer whose name says nothing."""
    return drawn.dxf_plan(tmp_path_factory.mktemp("dxf") / "q.dxf", style="single", layer="Q7").read_bytes()


def test_a_drawing_without_any_wall_is_mapped_on_the_page_and_read_again(nameless, monkeypatch):
    at = read("q.dxf", nameless)
    (told,) = (one.value.replace("\\", "") for one in at.error)
    assert "No building was found in it yet" in told
    assert "no layer looks like walls (its layers: Furniture, Q7, " in told
    assert told.endswith("say which is one under “What layers stand for”")
    drawing = at.session_state[KEY].survey.drawing
    assert (drawing.brought, drawing.opened) == (None, False)
    assert {name: use.use for name, use in drawing.unmapped.layers.items()}["Q7"] == "ignore"
    at.button(key="drawing-again").click().run()  # as it stands: still none, and the page still offers it
    assert "No building was found" in at.error[0].value
    monkeypatch.setattr(drawing_form, "edited_rows", as_told(Q7="walls"))
    at.button(key="drawing-again").click().run()
    assert not at.error
    assert not at.exception
    at.button(key="drawing-open").click().run()
    own = at.session_state[KEY]
    assert (own.site.name, own.survey.drawing.opened) == ("q", True)
    assert len(own.site.walls) > 4


def test_a_proposal_whose_walls_are_taken_away_can_be_mapped_again(dxf, monkeypatch):
    at = read("plan.dxf", dxf)
    with monkeypatch.context() as patch:
        patch.setattr(drawing_form, "edited_rows", as_told(**{"A-WALL": "ignore"}))
        at.button(key="drawing-again").click().run()
    assert "No building was found" in at.error[0].value
    monkeypatch.setattr(drawing_form, "edited_rows", as_told(**{"A-WALL": "walls"}))
    at.button(key="drawing-again").click().run()
    assert not at.error
    assert at.session_state[KEY].survey.drawing.brought is not None


def test_imported_again_it_keeps_masts_layout_and_readings(dxf, monkeypatch, tmp_path):
    at = read("plan.dxf", dxf)
    at.button(key="drawing-open").click().run()
    own = at.session_state[KEY]
    own.site = with_masts(own.site, masts_text(own.site.sectors[:2]), tmp_path)
    own.layout = Layout((Device("J1", "room_jammer", 2.8, 2.3, 2.5),))
    at.run()
    monkeypatch.setattr(drawing_form, "edited_rows", with_wall("brick_457"))
    at.button(key="drawing-again").click().run()
    assert not at.error
    assert outer_walls(own.site) == {"brick_457"}
    assert len(own.site.sectors) == 2
    assert [device.id for device in own.layout.devices] == ["J1"]
    said = " ".join(one.value for one in at.success).replace("\\", "")
    assert "masts.csv: kept as it is: the import did not write it" in said
    assert own.survey.drawing.edition == 2


def test_what_no_longer_fits_the_drawing_is_said(dxf):
    """A blocker 25 m west stands outside a fence 10 m from the building; a window that went takes its mesh."""
    at = read("plan.dxf", dxf)
    at.button(key="drawing-open").click().run()
    own = at.session_state[KEY]
    own.layout = Layout(
        (Device("J1", "room_jammer", -25.0, 2.3, 2.5), Device("J2", "room_jammer", 2.8, 2.3, 2.5)),
        (Treatment("no-such-window", "window_mesh"),),
    )
    at.number_input(key="drawing-1-fence").set_value(10.0)
    at.button(key="drawing-again").click().run()
    assert not at.exception
    assert len(at.error) == 1
    assert "J1: stands at (-25.0, 2.3), 15 m outside the perimeter" in at.error[0].value.replace("\\", "")
    assert "1 windows with mesh or film are no longer there" in at.success[0].value
    assert own.layout.treatments == ()
    assert len(own.layout.devices) == 2


def test_mapping_and_report_go_with_the_downloaded_site_which_the_command_line_imports_again(dxf, tmp_path):
    """An edit made in the folder, by QGIS say, is told by the manifest and kept."""
    brought = read_drawing([("plan.dxf", dxf)], DrawingChoices(), tmp_path)
    site = with_typical_masts(brought, tmp_path).site
    told = {"devices": (), "scenario": Scenario(), "catalogue": read_catalogue()}
    content = site_zip(site, tmp_path, **told, beside=brought.files)
    assert open_upload("site.zip", content, tmp_path).site == site
    folder, plan = tmp_path / "site", tmp_path / "plan.dxf"
    zipfile.ZipFile(io.BytesIO(content)).extractall(folder)
    plan.write_bytes(dxf)
    rooms = folder / "rooms.geojson"
    rooms.write_text(rooms.read_text("utf-8").replace('"silence"', '"keep"', 1), "utf-8")
    again = import_plans([plan], again=folder)
    assert sorted(room.role for room in again.site.rooms) == ["keep", "silence"]
    assert any("rooms.geojson" in line and "kept as changed" in line for line in again.kept)


def test_a_model_has_types_and_materials_to_change(drawn, tmp_path):
    at = read("model.ifc", drawn.ifc_plan(tmp_path / "model.ifc").read_bytes())
    assert at.dataframe[0].value["storey"].tolist() == ["Level 0", "Level 1"]
    mapping = drawing_form.mapping_of(at.session_state[KEY].survey.drawing.brought)
    assert mapping.materials["Concrete block"] == "concrete"
    assert mapping.types["outer"] == "by layers"


def test_a_pdf_says_what_its_scale_is_and_further_files_are_storeys(drawn, tmp_path):
    content = drawn.pdf_plan(tmp_path / "plan.pdf").read_bytes()
    at = read("plan.pdf", content)
    assert "a PDF has no scale of its own; give “Scale” 1:100" in at.error[0].value.replace("\\", "")
    at.text_input(key="site-upload-scale").set_value("1:100")
    at.file_uploader(key="site-upload-storeys").upload("plan.pdf", content, "application/pdf")
    at.button(key="site-open-upload").click().run()
    assert not at.error
    assert at.dataframe[0].value["floor at [m]"].tolist() == [0.0, 3.0]
    assert at.text_input(key="drawing-1-scale").value == "1:100"


def test_a_zip_of_an_indoor_plan_is_a_drawing_too(drawn, tmp_path):
    folder, out = drawn.indoor_plan(tmp_path / "indoor"), io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        for path in folder.iterdir():
            packed.write(path, path.name)
    at = read("house.zip", out.getvalue())
    assert not at.error
    assert at.dataframe[0].value["rooms"].tolist() == [2, 2]


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("cut.dxf", "half", "cut.dxf"),
        ("noise.dxf", b"\x00\xff" * 500, "noise.dxf"),
        ("noise.ifc", b"ISO-10303-21;\nnothing more", "noise.ifc"),
        ("noise.pdf", b"%PDF-1.7 nothing more", "is no usable PDF"),
        ("noise.geojson", b"{", "noise.geojson"),
        ("<b>.dxf", b"", "is empty"),
    ],
)
def test_a_bad_file_is_one_message_and_leaves_nothing(dxf, name, content, says):
    at = read(name, dxf[: len(dxf) // 2] if content == "half" else content)
    assert not at.exception
    assert len(at.error) == 1
    assert says in at.error[0].value.replace("\\", "")
    own = at.session_state[KEY]
    assert own.survey.drawing is None
    assert own.site.name == "houseblock"
    assert list(own.folder.iterdir()) == []


def test_messages_name_fields_and_not_options():
    assert in_app_words("give --storey-height, or --unit mm") == "give “Height of a storey”, or “Unit” mm"
