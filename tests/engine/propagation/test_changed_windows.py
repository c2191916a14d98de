"""Masts of a site with other windows treated: made like those before, they are those of a new run to the byte."""

from dataclasses import fields, replace

import numpy as np
import pytest
from bundled import bundled
from shapely.geometry import LineString

from quietwing.coverage.catalogue import read_catalogue
from quietwing.coverage.equipment import Treatment
from quietwing.coverage.propagation.detour import ways_from
from quietwing.coverage.propagation.detour_legs import changed_legs, crossed_pairs, point_legs
from quietwing.coverage.propagation.facet_changes import changed_facets
from quietwing.coverage.propagation.mast_gain import mast_model
from quietwing.coverage.propagation.multiwall import crossing_counts, crossings, element_loss_db
from quietwing.coverage.propagation.portal_graphs import portal_graph
from quietwing.coverage.propagation.prepared_facets import prepare, some_quads
from quietwing.coverage.propagation.scene import prepare_scene
from quietwing.coverage.propagation.sender_detour import changed_portals
from quietwing.coverage.treatments import treated_site
from quietwing.sites.geometry import facets, facets_like
from quietwing.sites.model import Opening
from quietwing.sites.openings import opening_places
from quietwing.sites.trial_point_sets import trial_points

CATALOGUE = read_catalogue()
SITE = bundled("houseblock")
SEALED = [opening.id for opening in SITE.openings if opening.kind == "window" and opening.state == "sealed"]
HELD_OPEN = [opening.id for opening in SITE.openings if opening.kind == "window" and opening.state == "shut"]


def treated(*windows, model="window_mesh", site=SITE):
    return treated_site(site, tuple(Treatment(window, model) for window in windows), CATALOGUE)


def same_arrays(one, other) -> bool:
    pairs = [(getattr(one, part.name), getattr(other, part.name)) for part in fields(one)]
    return all(a.tobytes() == b.tobytes() if isinstance(a, np.ndarray) else a == b for a, b in pairs)


# ------------------------------------------------------------------ pieces


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (SITE, treated(*SEALED[4:7])),
        (treated(*SEALED[4:7]), SITE),
        (treated(SEALED[0]), treated(SEALED[0], model="window_film")),
        (SITE, treated(HELD_OPEN[0])),  # a hole that is filled
        (treated(HELD_OPEN[0]), SITE),
        (SITE, bundled("radial")),
    ],
    ids=["meshed", "undone", "other", "filled", "emptied", "elsewhere"],
)
def test_pieces_made_like_others_are_those_of_a_whole_new_run(before, after):
    whole = facets(after)
    assert same_arrays(facets_like(after, before, facets(before)), whole)
    assert len(whole)


def test_a_moved_window_is_cut_anew_even_if_it_is_meshed_too():
    def moved(opening: Opening) -> Opening:
        if opening.id != SEALED[0]:
            return opening
        line = LineString([(x + 0.1, y) for x, y in opening.line.coords])
        return replace(opening, line=line)

    other = replace(SITE, openings=tuple(map(moved, treated(SEALED[0]).openings)))
    found = facets_like(other, SITE, facets(SITE))
    assert same_arrays(found, facets(other))
    assert not np.array_equal(found.corner_m, facets(SITE).corner_m)


def test_some_quads_are_crossed_by_the_rays_that_cross_them_in_the_site():
    prepared = prepare(facets(SITE))
    rng = np.random.default_rng(5)
    rows = np.sort(rng.choice(len(prepared), len(prepared) // 3, replace=False))
    some = some_quads(prepared, rows)
    wanted = set(prepared.original[rows].tolist())
    block = prepared.facet[prepared.building == 0]
    low, high = block[:, 32:35].min(axis=0) - 5, block[:, 35:38].max(axis=0) + 5
    from_m, to_m = rng.uniform(low, high, (40, 3)), rng.uniform(low, high, (40, 3))
    met = 0
    for start, end in zip(from_m, to_m, strict=True):
        expected = [hit for hit, _, _ in crossings(prepared, start, end) if hit in wanted]
        assert [hit for hit, _, _ in crossings(some, start, end)] == expected
        counted = crossing_counts(some, start, end[None], np.zeros(some.surfaces, int), 1)
        assert int(counted[0, 0, 0]) == len(expected)
        met += len(expected)
    assert met > 20


def test_legs_cross_a_changed_window_one_by_one_as_all_together():
    before = prepare_scene(SITE)
    changed = changed_facets(before, prepare_scene(treated(*SEALED[:12:3]), like=before))
    rng = np.random.default_rng(6)
    low, high = changed.quads.facet[:, 32:35].min(axis=0) - 4, changed.quads.facet[:, 35:38].max(axis=0) + 4
    places, ends = rng.uniform(low, high, (30, 3)), rng.uniform(low, high, (600, 3))
    start = rng.integers(0, len(places), len(ends))
    found = changed.crossed_legs(places[start], ends)
    assert found.tolist() == [bool(changed.crossed(places[s], end)[0, 0]) for s, end in zip(start, ends, strict=True)]
    assert 0 < found.sum() < len(ends) / 4


def test_a_window_that_may_be_held_open_is_meshed_without_moving_a_piece():
    """Nothing stands in it for a ray, before; and yet it is a piece that changes what it is made of."""
    (place,) = (one for one in opening_places(SITE) if SITE.openings[one.opening].id == HELD_OPEN[0])
    across = 0.5 * np.array([*place.normal[:2], 0.0])
    out_m, in_m = np.array(place.centre_m) + across, np.array(place.centre_m) - across
    before = prepare_scene(SITE)
    after = prepare_scene(treated(HELD_OPEN[0]), like=before)
    none_db, mesh_db = (
        float(element_loss_db(scene.prepared, scene.loss_table([900.0]), out_m, in_m)[0, 0, 0])
        for scene in (before, after)
    )
    assert none_db == 0 < mesh_db
    assert changed_facets(before, after).crossed(out_m, in_m).all()


def test_scenes_that_stand_elsewhere_are_not_compared():
    assert changed_facets(prepare_scene(SITE), prepare_scene(SITE)) is None  # not made like one another
    nothing = prepare_scene(SITE)
    unchanged = changed_facets(nothing, prepare_scene(SITE, like=nothing))
    assert not unchanged.crossed(np.array([[0.0, -500.0, 30.0]]), np.array([[10.0, 5.0, 1.5]])).any()


# ------------------------------------------------------------------ masts


@pytest.fixture(scope="module")
def plain():
    scene = prepare_scene(SITE)
    graph = portal_graph(scene)
    return mast_model(scene, SITE.sectors, graph), graph


def both(plain, after, like=None):
    """The masts of a treated site, made like others and as a whole."""
    model, graph = plain
    known = model if like is None else like
    quick = mast_model(prepare_scene(after, like=known.scene), SITE.sectors, graph, known)
    whole = mast_model(prepare_scene(after), SITE.sectors, graph)
    return quick, whole


def assert_same_masts(quick, whole):
    for name in ("table", "freq_mhz", "entry_db", "outside_db"):
        ours, expected = getattr(quick, name), getattr(whole, name)
        ours, expected = getattr(ours, "loss_db", ours), getattr(expected, "loss_db", expected)
        assert ours.tobytes() == expected.tobytes(), name
    assert same_arrays(quick.scatter_los, whole.scatter_los)
    assert same_arrays(quick.scatter_nlos, whole.scatter_nlos)
    assert quick.detours.model.hop.tobytes() == whole.detours.model.hop.tobytes()
    for ours, expected in zip(quick.detours.ways, whole.detours.ways, strict=True):
        assert same_arrays(ours, expected)


@pytest.mark.parametrize("windows", [SEALED[5:6], SEALED[:20:4], HELD_OPEN[:1], SEALED[-3:]])
def test_masts_made_like_others_are_those_of_a_whole_new_run(plain, windows):
    quick, whole = both(plain, treated(*windows))
    assert_same_masts(quick, whole)
    filmed, again = both(plain, treated(*windows[:2], model="window_film"), like=quick)
    assert_same_masts(filmed, again)


def test_masts_on_other_frequencies_or_places_are_worked_out_as_a_whole(plain):
    model, graph = plain
    after = prepare_scene(treated(SEALED[5]), like=model.scene)
    for sectors in (SITE.sectors[:5], tuple(replace(sector, x_m=sector.x_m + 7.0) for sector in SITE.sectors)):
        quick = mast_model(after, sectors, graph, model)
        assert_same_masts(quick, mast_model(prepare_scene(treated(SEALED[5])), sectors, graph))


def test_only_buildings_are_looked_at_to_or_in_which_something_changed(monkeypatch):
    """Of the houseblock those masts' ways alone that come by the lodge's window."""
    looked = {}

    def counted(model, tx_m, *, buildings=None, like=None):
        looked[tuple(tx_m)] = buildings.tolist()
        return ways_from(model, tx_m, buildings=buildings, like=like)

    site = replace(SITE, openings=tuple(replace(each, state="sealed") for each in SITE.openings))
    scene = prepare_scene(site)
    graph = portal_graph(scene)
    model = mast_model(scene, SITE.sectors, graph)
    after = prepare_scene(treated(HELD_OPEN[0], site=site), like=scene)
    monkeypatch.setattr("quietwing.coverage.propagation.sender_detour.ways_from", counted)
    quick = mast_model(after, SITE.sectors, graph, model)
    monkeypatch.undo()
    assert_same_masts(quick, mast_model(prepare_scene(after.site), SITE.sectors, graph))
    block = graph.portals.source_m[graph.portals.building == 0]
    met = changed_facets(scene, after).crossed(quick.detours.senders_m, block).any(axis=1)
    assert [0 in looked[tuple(mast_m)] for mast_m in quick.detours.senders_m] == met.tolist()
    assert not met.all()


def test_a_changed_portal_is_one_to_which_some_way_differs(plain):
    model, _ = plain
    quick, whole = both(plain, treated(SEALED[5]))
    found = changed_portals(model.detours, quick.detours)
    ids = np.array(quick.detours.model.graph.portals.ids)
    assert found[:, ids == SEALED[5]].any(axis=0).all()
    assert found.sum() < found.size / 5
    for changed, old, new in zip(found, model.detours.ways, whole.detours.ways, strict=True):
        for name in ("before", "slot_before", "length_m", "bound"):
            was, now = getattr(old, name), getattr(new, name)
            differs = (was != now).reshape(*was.shape[:2], -1).any(axis=2) & ((old.way >= 0) | (new.way >= 0))
            assert not differs[~changed].any(), name


def test_last_legs_are_those_of_a_new_run_where_only_those_that_cross_a_window_are_worked_out(plain):
    model, _ = plain
    quick, _ = both(plain, treated(*SEALED[4:7]))
    before, after = model.detours.model, quick.detours.model
    points = trial_points(SITE)
    legs = point_legs(before, points)
    changed = changed_facets(before.graph.scene, after.graph.scene)
    pairs = crossed_pairs(after.graph, legs, changed)
    assert 0 < pairs.sum() < len(pairs) / 5
    whole = point_legs(after, points)
    assert same_arrays(replace(changed_legs(after, legs, changed), points=()), replace(whole, points=()))
    assert (whole.leg != legs.leg).any(axis=1)[pairs].all()
    rows = np.array([7, 2, 300, 2])
    some, of_some = legs.some(rows), point_legs(before, points.some(rows))
    assert same_arrays(replace(some, points=()), replace(of_some, points=()))
    owners = np.repeat(np.arange(len(points)), np.diff(legs.first))
    assert np.array_equal(np.flatnonzero(legs.reached_by(pairs)), np.unique(owners[pairs]))


def test_all_portals_count_as_changed_where_scenes_cannot_be_compared(plain):
    assert changed_portals(plain[0].detours, mast_model(prepare_scene(SITE), SITE.sectors).detours).all()


def test_what_comes_from_outdoors_is_the_same_whatever_is_in_the_windows():
    plain = mast_model(prepare_scene(SITE), SITE.sectors)
    other = mast_model(prepare_scene(treated(*SEALED)), SITE.sectors, like=plain)
    every = trial_points(SITE)
    points = every.some(np.arange(0, len(every), 7))
    some = np.arange(len(points))[::-3]
    whole = plain.outdoors(points)
    expected = other.gain(points.some(some))
    found = other.gain(points.some(some), outdoors=whole.at(some))
    assert same_arrays(replace(found, routes=None), replace(expected, routes=None))
    assert (found.los_db != plain.gain(points.some(some)).los_db).any()
