"""Pictures of a verdict: colours and scales, names of rooms, before and after, what spills over the fence."""

from dataclasses import replace

import pytest
import shapely
from by_path import module_at
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.text import Text

from quietwing.coverage.report.escapes import state_of_rooms
from quietwing.coverage.report.plan_drawing import HOLE_COLOUR, QUIET_COLOUR, UNKNOWN_COLOUR, new_axes
from quietwing.coverage.report.spill_map import RING_EDGES_M, spill_figure, spill_map
from quietwing.coverage.report.verdict_maps import (
    _is_drawn,
    _name_rooms,
    _path_of,
    before_after_figure,
    dead_zone_map,
    margin_figure,
    verdict_figure,
)
from quietwing.coverage.results import Verdict
from quietwing.coverage.scenario import Scenario
from quietwing.coverage.study import leakage

by_hand = module_at("tests/engine/report/verdict_by_hand.py")
CHANNELS = by_hand.CHANNELS
asked = by_hand.asked
devices = by_hand.devices
evidence = by_hand.evidence
verdict_of = by_hand.verdict_of
wing = by_hand.wing


@pytest.fixture(scope="module")
def verdict() -> Verdict:
    return verdict_of(wing())


def words_on(figure: Figure) -> str:
    return " ".join(item.get_text() for item in figure.findobj(Text) if item.get_text())


def test_every_figure_carries_legend_units_storey_marking_date_and_scenario(verdict):
    text = words_on(verdict_figure(verdict, verdict.maps[0]))
    for words in (verdict.maps[0].title, "blocked", "not blocked (a phone may work)", "not known", "[dB]",
                  "no signal even without blockers", "micro_node", "J1", "J2 (off)", "window with mesh or film",
                  "N", " m",
                  verdict.site.marking, f"as of {verdict.site.as_of.isoformat()}", "0123456789ab",
                  "Simulation only", "grid 0.5 m"):  # fmt: skip
        assert words in text, words
    assert "M1" not in text  # stands on the other storey
    outside = words_on(spill_figure(verdict))
    for words in (
        "EXCEEDED by 3.3 dB",
        "home-1",
        "20 m",
        "100 m",
        "within the limit",
        "perimeter",
        "Simulation only",
    ):
        assert words in outside, words


def colours_of_rooms(axes, verdict, storey) -> dict[str, set[str]]:
    """What is drawn over a point within each room of a storey."""
    here = [
        room
        for room in verdict.site.rooms
        if room.storey == storey.storey and room.building == verdict.site.buildings[storey.building].id
    ]
    inside = {room.id: room.outline.representative_point() for room in here}
    areas = [patch for patch in axes.patches if patch.get_path().vertices.shape[0] > 4 and patch.get_fill()]
    return {
        name: {
            to_hex(patch.get_facecolor()).upper() for patch in areas if patch.get_path().contains_point((at.x, at.y))
        }
        for name, at in inside.items()
    }


def test_rooms_are_opaque_in_the_colour_of_their_state_and_only_where_silence_is_asked_for(verdict):
    rooms = tuple(replace(room, role="keep") if room.id == "A1-01" else room for room in verdict.site.rooms)
    verdict = replace(verdict, site=replace(verdict.site, rooms=rooms))
    axes = dead_zone_map(verdict, verdict.maps[0], Figure().subplots())
    states = dict(zip(verdict.by_room["room"].values.tolist(), state_of_rooms(verdict), strict=True))
    colour = {"silent": QUIET_COLOUR, "quiet anyway": QUIET_COLOUR, "hole": HOLE_COLOUR, "unknown": UNKNOWN_COLOUR}
    drawn = colours_of_rooms(axes, verdict, verdict.maps[0])
    silence = {room.id for room in verdict.site.rooms if room.role == "silence"}
    assert "A1-01" in set(drawn) - silence
    assert {"silent", "quiet anyway", "hole"} <= {states[name] for name in set(drawn) & silence}
    for name, colours in drawn.items():
        assert colours == ({colour[states[name]]} if name in silence else set()), name
    assert all(patch.get_alpha() is None for patch in axes.patches)
    assert {"////", ".."} <= {patch.get_hatch() for patch in axes.patches}


def test_a_yard_has_its_own_room_alone_on_its_map(verdict):
    """Each of two yards was told as "2 of 2 cells and spaces"."""
    first = verdict.site.rooms[0]
    yards = [replace(first, id=name, building=None, storey=0) for name in ("west", "east")]
    its_map = replace(verdict.maps[0], title="Yard west", building=-1, storey=0)
    assert [_is_drawn(verdict.site, room, its_map) for room in (*yards, first)] == [True, False, False]
    assert not any(_is_drawn(verdict.site, room, verdict.maps[0]) for room in yards)


@pytest.mark.parametrize("turn", [1, -1])
def test_a_courtyard_within_a_room_is_left_out(turn):
    """However it was drawn: a path fills what goes round alike."""
    outer, court = ([(0, 0), (10, 0), (10, 10), (0, 10)], [(3, 3), (7, 3), (7, 7), (3, 7)][::turn])
    rings = _path_of([shapely.Polygon(outer, [court])]).to_polygons()
    assert sorted(shapely.LinearRing(ring).is_ccw for ring in rings) == [False, True]


def test_the_margin_has_one_scale_for_all_layouts_bright_where_a_phone_may_work(verdict):
    for figure in (verdict_figure(verdict, verdict.maps[0]), margin_figure(verdict, verdict.maps[0])):
        mesh = next(one for axes in figure.axes for one in axes.collections if one.get_array() is not None)
        assert mesh.get_clim() == (-20.0, 20.0)
        assert mesh.cmap.name == "viridis_r"  # the app's colours
        assert mesh.cmap(0.0)[:3] > mesh.cmap(1.0)[:3]
    words = words_on(figure)
    for said in ("blocked at planning grade", "estimated margin", "[dB]", "window", "Simulation only"):
        assert said in words
    assert "not known" not in words  # no room's state is on it


def test_before_and_after_stand_in_the_same_colours(verdict):
    before = leakage(verdict.site, Scenario(grid_m=0.5))
    figure = before_after_figure(before, verdict, verdict.maps[0])
    first, second = figure.axes
    assert [to_hex(colour).upper() for colour in first.collections[0].cmap.colors] == [QUIET_COLOUR, HOLE_COLOUR]
    assert first.collections[0].get_alpha() is None
    after = colours_of_rooms(second, verdict, verdict.maps[0])
    assert {QUIET_COLOUR, HOLE_COLOUR} <= set().union(*after.values())
    assert first.get_title(loc="left").startswith("Before")
    assert second.get_title(loc="left").startswith("After")
    two = before_after_figure(verdict, verdict, verdict.maps[1])
    assert [axes.get_title(loc="left").split(",")[0] for axes in two.axes] == ["The layout given", "After"]
    with pytest.raises(ValueError, match="before"):
        before_after_figure(replace(verdict, maps=()), verdict, verdict.maps[0])


def test_without_blockers_only_what_is_quiet_anyway_is_blocked_before(verdict):
    quiet = set(verdict.by_room["room"].values[verdict.by_room["quiet_anyway"].values].tolist())
    drawn = colours_of_rooms(before_after_figure(None, verdict, verdict.maps[0]).axes[0], verdict, verdict.maps[0])
    assert quiet & set(drawn)
    for name in set(drawn) & set(verdict.by_room["room"].values.tolist()):
        assert drawn[name] == {QUIET_COLOUR if name in quiet else HOLE_COLOUR}


@pytest.mark.parametrize("with_leakage", [False, True])
def test_each_room_to_be_blocked_has_its_name_before_and_after(verdict, with_leakage):
    """Blocked rooms had none: a reader could not say which cells a plan gains."""
    storey = verdict.maps[0]
    before = leakage(verdict.site, Scenario(grid_m=0.5)) if with_leakage else None
    states = dict(zip(verdict.by_room["room"].values.tolist(), state_of_rooms(verdict), strict=True))
    cells = {
        room.id
        for room in verdict.site.rooms
        if room.role == "silence" and room.storey == storey.storey and room.building is not None
    }
    assert {"silent", "quiet anyway", "hole"} <= {states[name] for name in cells}
    for axes in before_after_figure(before, verdict, storey).axes:
        named = {item.get_text(): item for item in axes.texts if item.get_text() in cells}
        assert set(named) == cells
    assert {name for name, item in named.items() if item.get_bbox_patch()} == {
        name for name in cells if states[name] not in ("silent", "quiet anyway")
    }


def names_on(axes) -> dict[str, Text]:
    return {item.get_text(): item for item in axes.texts}


def of_storey(verdict, storey, role="silence") -> list[str]:
    """Rooms of a storey of the one building, in the order of the verdict."""
    return [room.id for room in verdict.site.rooms if (room.building, room.storey, room.role) == (
        verdict.site.buildings[0].id, storey.storey, role)]  # fmt: skip


def test_names_are_white_in_dark_rooms_and_stand_on_a_plate_elsewhere(verdict):
    storey = verdict.maps[0]
    cells = of_storey(verdict, storey)
    dark = cells[::2]
    axes = new_axes()
    _name_rooms(axes, verdict, storey, dark)
    named = names_on(axes)
    assert set(named) == set(cells)
    for name in cells:
        plate = named[name].get_bbox_patch()
        if name in dark:
            assert (plate, to_hex(named[name].get_color())) == (None, "#ffffff")
        else:
            assert to_hex(plate.get_facecolor()) == "#ffffff"
            assert to_hex(named[name].get_color()) == "#000000"


def test_without_dark_rooms_every_name_stands_on_a_plate(verdict):
    axes = new_axes()
    _name_rooms(axes, verdict, verdict.maps[0])
    assert axes.texts
    assert all(item.get_bbox_patch() is not None for item in axes.texts)


def test_rooms_of_another_storey_have_no_name_here(verdict):
    below, above = verdict.maps[:2]
    assert below.storey != above.storey
    names = []
    for storey in (below, above):
        axes = new_axes()
        _name_rooms(axes, verdict, storey, of_storey(verdict, above))
        names.append(set(names_on(axes)))
    assert names == [set(of_storey(verdict, below)), set(of_storey(verdict, above))]
    assert not names[0] & names[1]


def test_a_name_stands_within_its_room(verdict):
    axes = new_axes()
    _name_rooms(axes, verdict, verdict.maps[0])
    for name, item in names_on(axes).items():
        room = verdict.site.rooms[verdict.site.room_index[name]]
        assert room.outline.contains(shapely.Point(item.xy))


def test_a_room_too_small_for_its_name_has_none(verdict, monkeypatch):
    """With letters a hundred times as wide no name of a cell fits."""
    axes = new_axes()
    monkeypatch.setattr("quietwing.coverage.report.verdict_maps.LETTER_IN", (5.5, 0.1))
    _name_rooms(axes, verdict, verdict.maps[0])
    assert not axes.texts


def test_a_room_that_need_not_be_silent_is_not_named_as_one_that_must(verdict):
    site = verdict.site
    first = of_storey(verdict, verdict.maps[0])[0]
    rooms = tuple(replace(room, role="keep") if room.id == first else room for room in site.rooms)
    axes = new_axes()
    _name_rooms(axes, replace(verdict, site=replace(site, rooms=rooms)), verdict.maps[0])
    assert axes.texts
    assert first not in names_on(axes)


def test_before_and_after_a_model_has_one_symbol_and_the_legend_holds_both(verdict):
    first = verdict.devices[0]
    other = replace(verdict, devices=tuple(replace(device, model="a_model_before") for device in verdict.devices))
    figure = before_after_figure(other, verdict, verdict.maps[0])
    upper, lower = figure.axes[:2]
    before, after = (
        {line.get_marker() for line in ax.lines if line.get_linestyle() == "None"} for ax in (upper, lower)
    )
    assert before
    assert after
    assert not before & after
    told = {text.get_text() for text in figure.legends[0].get_texts()}
    assert {"a_model_before", first.model} <= told
    beside = margin_figure(verdict, verdict.maps[0], other)
    assert {line.get_marker() for line in beside.axes[0].lines if line.get_linestyle() == "None"} == after
    places = spill_figure(verdict, other.devices)
    legend = dict(
        zip(
            (text.get_text() for text in places.legends[0].get_texts()), places.legends[0].legend_handles, strict=True
        )
    )
    assert {legend[first.model].get_marker()} <= after
    told = {text.get_text() for text in beside.legends[0].get_texts()}
    assert first.model in told
    assert "a_model_before" not in told  # none of it is on that picture


def test_the_whole_of_the_last_ring_with_places_is_on_the_map(verdict):
    """It was cut off where the last row of places lay further in."""
    ax = spill_map(verdict)
    outside = verdict.spill.outside
    farthest_m = shapely.distance(
        shapely.points(outside["x_m"].values, outside["y_m"].values), verdict.site.perimeter.outline
    ).max()
    edge_m = min(edge_m for edge_m in RING_EDGES_M if edge_m >= farthest_m)
    west, south, east, north = shapely.buffer(verdict.site.perimeter.outline, edge_m).bounds
    ax.get_figure().canvas.draw()
    (left, right), (bottom, top) = ax.get_xlim(), ax.get_ylim()
    assert left < west < east < right
    assert bottom < south < north < top
    assert f"{edge_m:g} m" in {text.get_text() for text in ax.texts}


@pytest.mark.parametrize(("crowded", "shown"), [(0.5, False), (50.0, True)])
def test_what_is_near_the_fence_has_its_name_where_there_is_room_for_it(verdict, monkeypatch, crowded, shown):
    """On a map of kilometres the names of the rings and homes round the fence would stand on each other."""
    monkeypatch.setattr("quietwing.coverage.report.spill_map.CROWDED", crowded)
    ax = spill_map(verdict)
    assert {"20 m", "100 m", "home-1"} & {text.get_text() for text in ax.texts} == (
        {"20 m", "100 m", "home-1"} if shown else set()
    )
    circles = {(line.get_xdata()[0], line.get_ydata()[0]) for line in ax.lines if line.get_marker() == "o"}
    assert circles == {(one.point.x, one.point.y) for one in verdict.site.receptors}


def test_a_spill_map_needs_spill(verdict):
    assert spill_map(verdict, Figure().subplots(), around_m=50.0)
    with pytest.raises(ValueError, match="spill"):
        spill_map(asked(verdict, spill=None))
