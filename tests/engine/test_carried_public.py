"""Links of the public network carried over a treatment of windows: the bytes of a new run, at little cost."""

from dataclasses import fields, replace

import numpy as np
import pytest
from bundled import bundled

from quietwing.coverage.blocking.draft import draft_public
from quietwing.coverage.blocking.links import LinkModel, link_model
from quietwing.coverage.catalogue import read_catalogue
from quietwing.coverage.equipment import Model, Treatment
from quietwing.coverage.live import carried_public as carrying
from quietwing.coverage.live.carried_public import carried_public, public_ways
from quietwing.coverage.propagation.facet_changes import changed_facets
from quietwing.coverage.propagation.portal_graphs import portal_graph
from quietwing.coverage.propagation.scene import prepare_scene
from quietwing.coverage.scenario import Scenario
from quietwing.coverage.treatments import treated_site
from quietwing.sites.constructions import Construction
from quietwing.sites.trial_point_sets import trial_points

CLEAR = Construction(name="clear_film", loss_intercept_db=0.0, sigma_db=3.0, source="this test")  # may err, no loss
FILM = Model(name="clear_film", kind="film", construction=CLEAR.name)
CATALOGUE = read_catalogue() | {FILM.name: FILM}
HOUSEBLOCK = bundled("houseblock")
SITE = replace(HOUSEBLOCK, own_constructions=(*HOUSEBLOCK.own_constructions, CLEAR))
MODELS = ("window_mesh", "window_film", FILM.name)
NAMES = {each.construction for each in CATALOGUE.values() if each.construction}


def points_of(model: LinkModel, storey: int):
    points = trial_points(model.scene.site)
    return points.some(np.flatnonzero((points.building == 0) & (points.storey == storey)))


@pytest.fixture(scope="module")
def plain() -> LinkModel:
    scene = prepare_scene(SITE)
    graph = portal_graph(scene)
    names = {name for surface in scene.facets.surfaces for name in surface} | NAMES
    return link_model(scene, SITE.sectors, also=names, graph=graph)


def treated(plain: LinkModel, like: LinkModel, *treatments: tuple[str, str]) -> LinkModel:
    site = treated_site(SITE, tuple(Treatment(f"{room}-window", model) for room, model in treatments), CATALOGUE)
    scene = prepare_scene(site, like=like.scene)
    return link_model(scene, SITE.sectors, also=plain.constructions, graph=plain.graph, like=like)


def raw(value):
    """Arrays as their bytes, alone or in a tuple."""
    if isinstance(value, tuple):
        return tuple(map(raw, value))
    return value.tobytes() if isinstance(value, np.ndarray) else value


def assert_same(ours, expected):
    for one, other in ((ours.links, expected.links), (ours.routes, expected.routes)):
        for part in fields(one):
            assert raw(getattr(one, part.name)) == raw(getattr(other, part.name)), part.name


@pytest.mark.parametrize("storey", [0, 2])
def test_links_are_those_of_a_new_run_through_any_turn_of_treatments(plain, storey):
    """Meshes and films come and go, near and far, and points with them; every step is carried from the one before."""
    rng = np.random.default_rng(storey)
    rooms = [f"{wing}{floor}-{number:02d}" for wing in "AB" for floor in (1, 3) for number in range(3, 12)]
    before, every = plain, points_of(plain, storey)
    known = public_ways(plain, every.some(np.flatnonzero(rng.random(len(every)) < 0.5)))
    for step in range(5):
        chosen = rng.choice(rooms, rng.integers(1, 6), replace=False)
        after = treated(plain, before, *((room, str(rng.choice(MODELS))) for room in chosen))
        points = every.some(np.flatnonzero(rng.random(len(every)) < 0.95)) if step % 2 else known.points
        found = carried_public(before, known, after, points)
        assert_same(found, public_ways(after, points))
        before, known = after, found


@pytest.mark.parametrize("rooms", [("A1-05",), ("A1-04", "A1-end", "B1-07", "A2-05")])
def test_a_film_that_loses_nothing_is_crossed_all_the_same(plain, rooms):
    """No level moves, but what is crossed does, and with it how sure the level is: ray, detour and scatter."""
    points, windows = points_of(plain, 0), {opening.id for opening in SITE.openings}
    after = treated(plain, plain, *((room, FILM.name) for room in rooms if f"{room}-window" in windows))
    known = public_ways(plain, points)
    found = carried_public(plain, known, after, points)
    assert_same(found, public_ways(after, points))
    assert found.links.los_dbm.tobytes() == known.links.los_dbm.tobytes()
    assert found.routes.loss_db.tobytes() == known.routes.loss_db.tobytes()
    column = after.constructions.index(CLEAR.name)
    assert found.links.paths.crossed[:, :, column].any()


@pytest.mark.parametrize("number", [13, 16, 19])
def test_a_mesh_far_along_the_landing_turns_detours_elsewhere(plain, number):
    """Here detours change to points that no ray crosses the window to."""
    points, after = points_of(plain, 0), treated(plain, plain, (f"A1-{number}", "window_mesh"))
    known = public_ways(plain, points)
    found = carried_public(plain, known, after, points)
    assert_same(found, public_ways(after, points))
    assert found.routes.loss_db.tobytes() != known.routes.loss_db.tobytes()


@pytest.mark.parametrize("model", ["window_mesh", FILM.name])
def test_scatter_changes_in_the_rooms_that_take_it_by_the_window(plain, model):
    """The servery has no window: it borrows the nearest, of cell A1-11."""
    after = treated(plain, plain, ("A1-11", model))
    changed = changed_facets(plain.scene, after.scene)
    found = carrying._scatter_changed(plain.masts, after.masts, changed)
    rooms = {SITE.rooms[room].id for room in np.flatnonzero(found)}
    assert {"A1-11", "core1-servery"} <= rooms
    if model == FILM.name:  # a mesh takes from what reaches the windows behind the block too
        assert rooms == {"A1-11", "core1-servery"}


def test_points_that_were_not_there_before_are_worked_out(plain):
    points = points_of(plain, 0)
    some = points.some(np.arange(0, len(points), 2))
    after = treated(plain, plain, ("A1-05", "window_mesh"))
    found = carried_public(plain, public_ways(plain, some), after, points)
    assert_same(found, public_ways(after, points))


def test_one_window_touches_few_links(plain, monkeypatch):
    worked_out = []

    def counted(model, points, routes=None):
        worked_out.append(len(points))
        return carrying_links(model, points, routes)

    points, after = points_of(plain, 0), treated(plain, plain, ("A1-05", "window_mesh"))
    known = public_ways(plain, points)
    carrying_links = carrying.public_links
    monkeypatch.setattr(carrying, "public_links", counted)
    carried_public(plain, known, after, points)
    assert 0 < worked_out[0] < len(points) / 5


def test_where_a_reading_tells_otherwise_now_all_links_are_worked_out(plain):
    """An offset moves every level of its sector."""
    points, after = points_of(plain, 0), treated(plain, plain, ("A1-05", "window_mesh"))
    same = after.calibration
    read = tuple(replace(one, field=replace(one.field, mean_db=one.field.mean_db + 2.0)) for one in same.read)
    louder = replace(
        same, los_offset_db=same.los_offset_db + 2.0, nlos_offset_db=same.nlos_offset_db + 2.0, read=read
    )
    moved = replace(after, calibration=louder)
    found = carried_public(plain, public_ways(plain, points), moved, points)
    assert_same(found, public_ways(moved, points))
    assert (found.links.los_dbm > public_ways(after, points).links.los_dbm + 1.9).all()


def test_what_a_draft_takes_of_carried_links_is_what_it_takes_of_new_ones(plain):
    points, after = points_of(plain, 0), treated(plain, plain, ("A1-05", "window_mesh"), ("B1-06", "window_film"))
    found = carried_public(plain, public_ways(plain, points), after, points)
    one, other = (draft_public(after, Scenario(), each.links) for each in (found, public_ways(after, points)))
    assert one.alone_db.tobytes() == other.alone_db.tobytes()
    for part in fields(one.signal):
        assert raw(getattr(one.signal, part.name)) == raw(getattr(other.signal, part.name)), part.name
