"""Projects: written and read back whole, refused where they could do harm, kept for one browser alone."""

import datetime as dt
import io
import json
import os
import stat
import time
import zipfile
from dataclasses import replace
from types import SimpleNamespace

import pytest

from quietwing.coverage.app import project_store, projects
from quietwing.coverage.app import state as state_module
from quietwing.coverage.app.project_file import Project, project_of, project_zip, read_project
from quietwing.coverage.app.project_store import KEPT_DAYS, MOST_KEPT, Shelf, new_name, sweep_old
from quietwing.coverage.app.state import Layout, SavedLayout, Session, site_hash
from quietwing.coverage.app.survey_state import Drawing, Survey
from quietwing.coverage.catalogue import read_catalogue
from quietwing.coverage.equipment import Device, Treatment
from quietwing.coverage.errors import QuietwingError, ScenarioError
from quietwing.coverage.scenario import Scenario
from quietwing.sites import CalibratedConstruction, DrawingChoices, Reading, SiteCalibration, SiteError, load_site
from quietwing.sites.synthetic import build_wing, describe

pytestmark = pytest.mark.usefixtures("forked_readers")
MINE, OTHER = "a" * 64, "b" * 64


@pytest.fixture(autouse=True)
def state(monkeypatch, tmp_path):
    """No test writes into the state folder of whoever runs it."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state"


@pytest.fixture(scope="module")
def site():
    return build_wing(describe(type="wing", cells=4, storeys=1, name="small-wing"))


@pytest.fixture
def project(site) -> Project:
    window = next(each.id for each in site.openings if each.kind == "window")
    first = Layout((Device("J1", "room_jammer", 0.0, 2.4, 2.7),))
    now = Layout((Device("J1", "room_jammer", 1.0, 2.4, 2.7),), (Treatment(window, "window_mesh"),))
    later = Layout((Device("J1", "room_jammer", 2.0, 2.4, 2.7),))
    return Project(
        "north side",
        site,
        "yours",
        Scenario(worlds=200, grade="evidence"),
        read_catalogue(),
        now,
        past=(Layout(), first),
        future=(later,),
        saved=(SavedLayout("cheap", first, None, site_hash(site)),),
        description="[wing]\n",
        under_way=("verdict",),
    )


@pytest.fixture
def walked(project) -> Project:
    """The same with a reading of a walk test."""
    room = project.site.rooms[0]
    x, y = room.outline.representative_point().coords[0]
    one = Reading("EE/B20/LTE", x + 0.0001, y, 1.5, -100.25, dt.date(2026, 11, 20), room.id, 'a "note", ü')
    return replace(project, readings=(one,))


def changed(content: bytes, **texts: bytes | None) -> bytes:
    """The same zip with files in it replaced, added or, where there is no text, left out."""
    files = {}
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        files = {name: packed.read(name) for name in packed.namelist()}
    files |= {name.replace("__", "."): text for name, text in texts.items()}
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, text in files.items():
            if text is not None:
                packed.writestr(name, text)
    return out.getvalue()


def card_of(content: bytes) -> dict:
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        return json.loads(packed.read("project.json"))


def test_a_project_comes_back_as_it_was_with_undo_and_saved_layouts(project, tmp_path):
    content = project_zip(project, tmp_path)
    assert read_project("a.qwproj", content, tmp_path) == project
    assert project_zip(project, tmp_path) == content
    assert list(tmp_path.glob("site-*")) == []


def test_what_is_no_part_of_a_project_is_named_when_it_is_opened(project, tmp_path, monkeypatch):
    content = project_zip(project, tmp_path, {"result-rooms.csv": "room\n"})
    assert read_project("a.qwproj", content, tmp_path).left_out == ()
    more = changed(content, notes__csv=b"1", verdict__pickle=b"\x80\x05K\x01.")
    assert read_project("a.qwproj", more, tmp_path).left_out == ("verdict.pickle", "notes.csv")
    own = Session(project.site, "yours", project.scenario, read_catalogue(), tmp_path, project.layout)
    monkeypatch.setattr(projects, "session", lambda: own)
    monkeypatch.setattr(state_module, "session", lambda: own)
    projects.open_project_file("a.qwproj", more)
    assert "Not read: verdict.pickle, notes.csv." in own.said[projects.NEWS]


def test_a_bundled_site_is_known_again_and_a_name_alone_makes_no_example(project, tmp_path):
    example = replace(project, site=load_site("houseblock"), source="houseblock", layout=Layout(), past=(), future=())
    example = replace(example, saved=())
    assert read_project("a.qwproj", project_zip(example, tmp_path), tmp_path).source == "houseblock"
    claims = read_project("a.qwproj", project_zip(replace(project, source="houseblock"), tmp_path), tmp_path)
    assert claims.source == "yours"


def test_readings_of_walk_tests_are_in_the_file_and_back_in_use_when_it_is_opened(walked, tmp_path, monkeypatch):
    """Those in use that fit the site; one in a room that is gone counts for nothing and is not carried along."""
    gone = replace(walked.readings[0], room="no such room")
    channel = replace(walked.readings[0], channel="EE/B99/LTE")  # of no mast: it stays, masts may come
    content = project_zip(walked, tmp_path)
    assert read_project("a.qwproj", content, tmp_path) == walked
    own = Session(walked.site, "yours", walked.scenario, read_catalogue(), tmp_path, walked.layout)
    own.survey = Survey(readings=(*walked.readings, gone, channel))
    own.project_name = "north side"
    content = project_zip(project_of(own), tmp_path)
    again = Session(load_site("houseblock"), "houseblock", Scenario(), read_catalogue(), tmp_path)
    monkeypatch.setattr(projects, "session", lambda: again)
    monkeypatch.setattr(state_module, "session", lambda: again)
    projects.open_project_file("p.qwproj", content)
    assert again.survey == Survey(readings=(*walked.readings, channel))
    card = card_of(content)
    del card["readings"]  # of an older version
    older = changed(content, project__json=json.dumps(card).encode())
    assert read_project("a.qwproj", older, tmp_path).readings == ()


@pytest.mark.parametrize(
    ("told", "says"),
    [
        ({"room": "no such room"}, "a.qwproj: project.json: reading 1: room 'no such room' does not exist"),
        ({"x_m": 1e6}, "a.qwproj: project.json: reading 1: .* km from the perimeter"),
        ({"rsrp_dbm": "loud"}, "a.qwproj: project.json: readings.0.rsrp_dbm"),
        ({"date": "yesterday"}, "a.qwproj: project.json: readings.0.date"),
        ({"imei": "1"}, "a.qwproj: project.json: readings.0.imei"),
        ({"date": "9999-12-31"}, "a.qwproj: project.json: reading 1: date is 9999-12-31, a day to come .*correct it"),
        (
            {"note": "a\x1b[2J"},
            r"a.qwproj: project.json: reading 1: note: it holds .* U\+001B.* type it again",
        ),
        ({"note": "a\u202eb"}, r"a.qwproj: project.json: reading 1: note: it holds .* U\+202E"),
    ],
)
def test_readings_that_no_walk_could_give_are_refused(walked, tmp_path, told, says):
    content = project_zip(walked, tmp_path)
    card = card_of(content)
    card["readings"][0] |= told
    with pytest.raises(SiteError, match=says):
        read_project("a.qwproj", changed(content, project__json=json.dumps(card).encode()), tmp_path)


@pytest.mark.parametrize(
    ("windows", "says"),
    [
        ([("w", "gold_leaf")], "window 'w': model 'gold_leaf' is not in the catalogue; "),
        ([("w", "micro_jammer")], r"window 'w': model 'micro_jammer' is a jammer \(expected a mesh or film"),
        ([("w", "window_film"), ("w", "other_film")], "window 'w': already has the film 'window_film'; take one"),
        ([("w\x07", "window_film")], "a.qwproj: project.json: saved.0.layout.windows.0.opening"),
    ],
)
def test_windows_of_a_layout_saved_for_another_site_are_meshes_and_films_of_the_catalogue(
    project, tmp_path, windows, says
):
    """The site is not at hand, so that its windows cannot be looked up."""
    film = next(model for model in project.catalogue.values() if model.kind == "film")
    models = {**project.catalogue, "window_film": replace(film, name="window_film")}
    models["other_film"] = replace(film, name="other_film")
    elsewhere = replace(project.saved[0], site_hash="0" * 12)
    content = project_zip(replace(project, catalogue=models, saved=(elsewhere,)), tmp_path)
    assert read_project("a.qwproj", content, tmp_path).saved[0].site_hash == "0" * 12
    card = card_of(content)
    card["saved"][0]["layout"]["windows"] = [{"opening": opening, "model": model} for opening, model in windows]
    with pytest.raises((ScenarioError, SiteError), match=says):
        read_project("a.qwproj", changed(content, project__json=json.dumps(card).encode()), tmp_path)


def test_two_saved_layouts_of_one_name_are_refused(project, tmp_path):
    """One of them would be lost in silence."""
    content = project_zip(replace(project, saved=project.saved * 2), tmp_path)
    with pytest.raises(SiteError, match=r"a\.qwproj: project\.json: saved layout cheap stands twice"):
        read_project("a.qwproj", content, tmp_path)


def test_the_oldest_steps_of_undo_are_left_out(project, tmp_path):
    steps = tuple(Layout((Device("J1", "room_jammer", x / 100, 2.4, 2.7),)) for x in range(80))
    back = read_project("a.qwproj", project_zip(replace(project, past=steps), tmp_path), tmp_path)
    assert back.past == steps[-50:]


def test_a_project_is_a_site_too(project, tmp_path):
    from quietwing.coverage.app.site_files import open_upload

    further = {"result-verdict.json": "{}\n", "result-rooms.csv": "room\n"}
    found = open_upload("small.zip", project_zip(project, tmp_path, further), tmp_path)
    assert found.site == project.site
    assert found.devices == project.layout.devices


@pytest.mark.parametrize(
    ("broken", "says"),
    [
        (lambda good: b"no zip", "cannot be unpacked"),
        (lambda good: good[:-200], "cannot be unpacked"),
        (lambda good: changed(good, project__json=None), "holds no project.json"),
        (lambda good: changed(good, project__json=b"{"), "project.json"),
        (lambda good: changed(good, project__json=b"[" * 100_000), "project.json"),
        (lambda good: changed(good, site__toml=None), "holds no site.toml"),
        (lambda good: changed(good, layout__csv=b"id,model\n1,2\n"), "layout.csv"),
        (lambda good: changed(good, scenario__toml=b"worlds = -1\n"), "worlds"),
        (lambda good: changed(good, catalogue__csv=b"x\n"), "catalogue.csv"),
        (lambda good: changed(good, **{"../out.txt": b"x"}), "leads out of the folder"),
        (lambda good: changed(good, **{"/etc/out.txt": b"x"}), "absolute path"),
        (lambda good: changed(good, bomb__csv=b"0" * (60 * 2**20)), "times its size"),
    ],
)
def test_a_broken_project_is_refused_in_words_and_leaves_nothing(broken, says, project, tmp_path):
    with pytest.raises(QuietwingError, match=says.replace(".", r"\.")) as raised:
        read_project("a.qwproj", broken(project_zip(project, tmp_path)), tmp_path)
    assert all(str(tmp_path) not in line for line in str(raised.value).splitlines())
    assert [path.name for path in tmp_path.iterdir() if path.name != "state"] == []
    assert not (tmp_path.parent / "out.txt").exists()


def test_a_link_in_a_project_is_refused(project, tmp_path):
    out = io.BytesIO(project_zip(project, tmp_path))
    with zipfile.ZipFile(out, "a") as packed:
        link = zipfile.ZipInfo("extra.csv")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        packed.writestr(link, "/etc/passwd")
    with pytest.raises(QuietwingError, match="link or device"):
        read_project("a.qwproj", out.getvalue(), tmp_path)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"format": 2}, "format"),
        ({"format": True}, "format"),
        ({"stranger": 1}, "stranger"),
        ({"name": "x" * 61}, "name"),
        ({"name": "north\u202e"}, "name"),
        ({"name": "", "stranger": 1, "format": 2}, "format.*\\n.*stranger"),
        ({"layout": {"devices": "id,model,x_m,y_m,z_m\nJ1,no,0,0,2\nJ2,room_jammer,0,y,2\n"}}, "J1.*\\n.*J2"),
        ({"layout": {"devices": "id\n", "windows": []}}, "layout"),
        ({"past": [{"devices": "", "windows": []}] * 51}, "past"),
        ({"past": [{"devices": "id,model,x_m,y_m,z_m\nJ1,no_such,0,0,2\n"}]}, "a layout before this one"),
        ({"layout": {"devices": "id,model,x_m,y_m,z_m\nJ1,room_jammer,9000,0,2\n"}}, "outside the perimeter"),
        ({"layout": {"devices": "id,model,x_m,y_m,z_m\n", "windows": [{"opening": "w", "model": "x"}]}}, "layout"),
    ],
)
def test_every_part_of_the_card_is_checked_like_any_input(change, says, project, tmp_path):
    good = project_zip(project, tmp_path)
    card = json.dumps(card_of(good) | change).encode()
    with pytest.raises(QuietwingError, match=says):
        read_project("a.qwproj", changed(good, project__json=card), tmp_path)


LINE = {"title": "north side", "site": "small-wing", "blockers": 1}


def test_what_one_browser_keeps_another_neither_lists_nor_opens(state):
    name = new_name()
    Shelf(MINE).save(name, b"mine", LINE, lambda: b"results")
    assert [one.name for one in Shelf(MINE).recent()] == [name]
    assert Shelf(OTHER).recent() == []
    assert Shelf(OTHER).content(name) is None
    assert (Shelf(MINE).results(name), Shelf(OTHER).results(name)) == (b"results", b"")
    assert all(MINE not in str(path) for path in state.rglob("*"))
    assert all(MINE.encode() not in path.read_bytes() for path in state.rglob("*") if path.is_file())


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such modes")
def test_what_is_kept_is_its_user_s_alone(state):
    Shelf(MINE).save(new_name(), b"mine", LINE, lambda: b"results")
    modes = {stat.S_IMODE(path.stat().st_mode) for path in state.rglob("*") if path.is_dir()}
    assert modes == {0o700}
    assert {stat.S_IMODE(path.stat().st_mode) for path in state.rglob("*") if path.is_file()} == {0o600}


@pytest.mark.skipif(os.name != "posix", reason="needs links")
def test_a_link_in_the_place_of_the_folder_is_not_followed(state, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (state / "quietwing").mkdir(parents=True)
    (state / "quietwing" / "projects").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="own"):
        Shelf(MINE).save(new_name(), b"mine", LINE, None)
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_names_and_secrets_that_are_none_open_nothing(state):
    with pytest.raises(QuietwingError):
        Shelf(MINE).content("../../x")
    for secret in ("", "A" * 64, "a" * 63, "../" * 20):
        assert not project_store.is_secret(secret)
        with pytest.raises(ValueError, match="64"):
            Shelf(secret)


def test_what_a_killed_server_was_writing_goes_after_a_day(state):
    shelf = Shelf(MINE)
    shelf.save(new_name(), b"one", LINE, None)
    drafts = [shelf.folder / f".{name}-0123abcd" for name in ("of-yesterday", "of-now")]
    for draft in drafts:
        draft.write_bytes(b"half")
    os.utime(drafts[0], (time.time() - 86_401,) * 2)
    shelf.save(new_name(), b"two", LINE, None)
    assert [draft.exists() for draft in drafts] == [False, True]


def test_old_projects_go_by_age_and_by_number(state):
    shelf = Shelf(MINE)
    names = [new_name() for _ in range(MOST_KEPT + 2)]
    for age, name in enumerate(reversed(names)):
        shelf.save(name, b"x", LINE, lambda: b"results")
        path = next(state.rglob(f"{name}.qwproj"))
        os.utime(path, (time.time() - 60 * (100 - age),) * 2)
    assert len(shelf.recent()) == MOST_KEPT
    assert len(list(state.rglob("*.results"))) == MOST_KEPT

    for path in state.rglob("*.qwproj"):
        os.utime(path, (time.time() - (KEPT_DAYS + 1) * 86_400,) * 2)
    sweep_old()
    assert list(state.rglob("*.*")) == []


def test_a_change_is_on_disk_a_moment_later_and_an_untouched_session_is_not(project, tmp_path, state):
    own = Session(project.site, "yours", project.scenario, read_catalogue(), tmp_path, project.layout, browser=MINE)
    own.kept = (projects._work(own), projects._computed(own))
    projects.keep(own)
    projects.wait_until_kept()
    assert list(state.rglob("*.qwproj")) == []
    own.past, own.layout = [own.layout], Layout()
    projects.keep(own)
    projects.wait_until_kept()
    (path,) = state.rglob("*.qwproj")
    back = read_project("a.qwproj", path.read_bytes(), tmp_path)
    assert (back.layout, back.past) == (Layout(), (project.layout,))


def test_where_nothing_can_be_kept_the_page_is_told(project, tmp_path, state):
    state.parent.mkdir(exist_ok=True)
    state.write_text("a file where the folder should be")
    own = Session(project.site, "yours", project.scenario, read_catalogue(), tmp_path, project.layout, browser=MINE)
    projects.keep(own)
    projects.wait_until_kept()
    assert own.not_kept.startswith("Your work is not kept on this computer")


def test_readings_and_a_drawing_are_kept_beside_the_project_also_when_the_site_changes(
    project, tmp_path, monkeypatch
):
    """A layer put on top makes another site: results of the old one would be of no use, readings are."""
    own = Session(project.site, "yours", project.scenario, read_catalogue(), tmp_path, project.layout, browser=MINE)
    readings = (Reading("EE/B20/LTE", 1.0, 2.0, 1.5, -100.0, dt.date(2026, 11, 20)),)
    walls = (CalibratedConstruction("brick_215", 1.0, 2.0),)
    drawing = Drawing((("plan.dxf", b"bytes"),), DrawingChoices(), None, opened=True)
    own.survey = Survey(drawing=drawing, readings=readings)
    projects.keep(own)
    projects.wait_until_kept()
    layer = SiteCalibration(dt.date(2026, 11, 20), 1, "w.csv", walls)
    own.site = replace(own.site, calibration=layer)
    projects.keep(own)
    projects.wait_until_kept()
    again = Session(load_site("houseblock"), "houseblock", Scenario(), read_catalogue(), tmp_path, browser=MINE)
    monkeypatch.setattr(projects, "session", lambda: again)
    monkeypatch.setattr(state_module, "session", lambda: again)
    projects.open_kept(own.project)
    assert again.site.calibration == layer
    assert again.survey == own.survey
    projects.open_project_file("p.qwproj", project_zip(project, tmp_path))
    assert again.survey == Survey()  # of another project


def test_a_result_kept_with_a_project_is_current_for_its_own_question_alone(project, tmp_path, monkeypatch):
    own = Session(project.site, "yours", project.scenario, read_catalogue(), tmp_path, project.layout)
    monkeypatch.setattr(state_module, "session", lambda: own)
    asked, devices = state_module.scenario_with(project.layout), project.layout.devices
    verdict = SimpleNamespace(site=project.site, scenario=asked, devices=devices)
    back = read_project("a.qwproj", project_zip(project, tmp_path), tmp_path)
    for scenario, found in ((back.scenario, verdict), (replace(back.scenario, grade="planning"), None)):
        projects._fill(own, replace(back, scenario=scenario), {"verdict": verdict}, new_name())
        assert state_module.current_verdict() is found
