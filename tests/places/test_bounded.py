"""What a file may hold is counted before it is parsed: a small file takes no gigabytes and no minutes."""

from __future__ import annotations

import math
import re
import resource
import time

import numpy as np
import pytest

from quietwing.coverage.batch.sweep import plan_batch
from quietwing.coverage.errors import ScenarioError
from quietwing.coverage.rules import read_rules
from quietwing.coverage.scenario import read_scenario
from quietwing.sites import MOST_ADVISED, check, near_pairs, opening_checks, plan_checks
from quietwing.sites.constructions import MOST_LAYERS
from quietwing.sites.findings import Unreadable
from quietwing.sites.geojson import MOST_LINE_VERTICES, parse_layer
from quietwing.sites.importers import folder
from quietwing.sites.toml_text import MOST_TOML_KEYS, MOST_TOML_PARTS, toml_of

AGAIN = "draw each once and check again"
SOON_S = 3.0  # of a core; on a free one each is below a second


@pytest.fixture(autouse=True)
def soon_and_small():
    """Each of these is answered in a moment of one core, and none takes 300 MB."""
    used, most_kb = time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    yield
    assert time.process_time() - used < SOON_S
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - most_kb < 300_000


@pytest.mark.parametrize(
    "text",
    [
        "notes" + ".a" * 60_000 + " = 1",
        "[x" + ".a" * 60_000 + "]",
        "x = {a" + ".a" * 60_000 + " = 1}",
        "".join(f"b{number}.a.a.a.a.a = 1\n" for number in range(10_000)),
        'x = "' + '\\"' * 100_000,
    ],
    ids=["key", "header", "inline", "many", "quotes"],
)
def test_dotted_keys_of_toml_are_counted_before_they_are_parsed(text, tmp_path):
    with pytest.raises(Unreadable):
        toml_of(text)
    path = tmp_path / "asked.toml"
    path.write_text(text)
    for read in (read_scenario, read_rules, plan_batch):
        with pytest.raises(ScenarioError, match=r"^asked\.toml: "):
            read(path)


def test_dots_in_texts_numbers_comments_and_dates_part_no_key():
    text = f"""
    a = "{"." * 50}"  # {"." * 50}
    b = '{"." * 50}'
    c = [{"1.5, " * 50}]
    d = 2026-11-01T10:00:00.123
    e."{"." * 50}".f = 1
    """
    assert toml_of(text)["c"] == [1.5] * 50
    assert toml_of(".".join("a" * MOST_TOML_PARTS) + " = 1")
    with pytest.raises(Unreadable, match="line 2: has a key of 9 parts"):
        toml_of("x = 1\n" + ".".join("a" * (MOST_TOML_PARTS + 1)) + " = 1")
    with pytest.raises(Unreadable, match=f"limit {MOST_TOML_KEYS:,}"):
        toml_of("".join(f"k{number} = 1\n" for number in range(MOST_TOML_KEYS + 1)))


def test_files_of_a_site_are_bounded_together(tiny, tmp_path, monkeypatch):
    site = tiny.write(tmp_path / "site")
    size = sum(path.stat().st_size for path in site.iterdir())
    monkeypatch.setattr(folder, "MOST_SITE_BYTES", size)
    assert check(site).ok
    monkeypatch.setattr(folder, "MOST_SITE_BYTES", size - 1)
    told = f"site: its layers and tables have {size:,} bytes (limit {size - 1:,}); remove what is not needed"
    assert check(site).problems == (told,)


def test_a_wall_of_thousands_of_layers_is_refused_by_name(tiny, tmp_path):
    def layered(count):
        layers = ", ".join(["{material = 'brick', thickness_mm = 1}"] * count)
        return f'\n[[constructions]]\nname = "thick"\nsource = "x"\nlayers = [{layers}]\n'

    site = tiny.write(tmp_path / "most", lambda parts: parts.update(toml=parts["toml"] + layered(MOST_LAYERS)))
    assert check(site).ok
    site = tiny.write(tmp_path / "more", lambda parts: parts.update(toml=parts["toml"] + layered(5000)))
    told = "site.toml: constructions: thick: 'thick' has 5,000 layers (limit 50); make one of those that repeat"
    assert check(site).problems == (told,)


def test_a_header_of_300_000_columns_is_one_line(tiny, tmp_path):
    more = ",".join(f"c{number}" for number in range(300_000))
    site = tiny.write(tmp_path, lambda parts: parts.update(masts=parts["masts"].replace("\n", f",{more}\n", 1)))
    (problem,) = check(site).problems
    assert problem.startswith("masts.csv: line 1: has 300,016 columns (limit 200); keep")


def test_a_key_that_stands_twice_among_a_million_is_found_at_once():
    members = ", ".join(f'"k{number}": 1' for number in range(500_000))
    with pytest.raises(Unreadable, match="'k499999' stands twice"):
        parse_layer(f'{{"type": "FeatureCollection", "x": {{{members}, "k499999": 2}}, "features": []}}')


def test_keys_nobody_knows_are_not_each_compared_with_all_that_are_missing(tiny, tmp_path):
    own = {f"column_{number}": 1 for number in range(400)}
    site = tiny.write(tmp_path, lambda parts: [wall["properties"].update(own) for wall in parts["walls"]])
    assert check(site).ok
    many = {f"column_{number}": 1 for number in range(20_000)}
    tiny.edit(site, "walls", lambda loaded: loaded["features"][0]["properties"].update(many))
    (problem,) = (one for one in check(site).problems if one.startswith("walls.geojson"))
    assert problem.startswith("walls.geojson: w-south: has 20,000 unknown keys (limit 500); remove")


def comb(teeth: int, size_m: float, *, turned: bool) -> list[tuple[float, float]]:
    """A comb with its back along an axis: two combs across each other meet in teeth × teeth places."""
    step = size_m / teeth
    corners = [(0.0, 0.0)]
    for tooth in range(teeth):
        x = tooth * step
        corners += [(x, size_m), (x + step / 2, size_m), (x + step / 2, 0.1), (x + step, 0.1)]
    corners += [(size_m, 0.0), (0.0, 0.0)]
    return [(y, x) for x, y in corners] if turned else corners


def test_combs_laid_across_each_other_are_refused_and_not_worked_out(tiny, tmp_path):
    def two_combs(parts):
        parts["perimeter"][0]["geometry"]["coordinates"] = tiny.box(-40, -40, 1500, 1500)
        parts["buildings"][0]["geometry"]["coordinates"] = tiny.box(-1, -1, 1100, 1100)
        for name, turned in (("comb-1", False), ("comb-2", True)):
            shape = [tiny.xy(*comb(1500, 1000.0, turned=turned))]
            own = {"id": name, "building": "b1", "storey": 0, "role": "silence"}
            parts["rooms"].append(tiny.feature("Polygon", shape, **own))

    problems = check(tiny.write(tmp_path, two_combs)).problems
    assert any(
        problem.startswith("rooms.geojson: comb-1: its outline meets that of room 'comb-2' at over 10,000 places")
        for problem in problems
    )


def test_a_building_of_thousands_of_corners_is_refused(tiny, tmp_path):
    def toothed(parts):
        parts["perimeter"][0]["geometry"]["coordinates"] = tiny.box(-40, -40, 1500, 1500)
        parts["buildings"][0]["geometry"]["coordinates"] = [tiny.xy(*comb(2000, 1000.0, turned=True))]

    (problem, *_) = check(tiny.write(tmp_path, toothed)).problems
    assert problem == "buildings.geojson: b1: its outline has 8,003 vertices (limit 2,000); simplify it"


def test_walls_that_cross_a_hundred_thousand_times_are_no_matter(tiny, tmp_path):
    def grid(parts):
        parts["perimeter"][0]["geometry"]["coordinates"] = tiny.box(-40, -40, 1500, 1500)
        parts["buildings"][0]["geometry"]["coordinates"] = tiny.box(-1, -1, 1100, 1100)
        for number in range(320):
            along = 12.0 + 3 * number
            parts["walls"].append(tiny.wall(f"x{number}", (along, 12.0), (along, 1000.0)))
            parts["walls"].append(tiny.wall(f"y{number}", (12.0, along), (1000.0, along)))

    assert check(tiny.write(tmp_path, grid)).ok


def test_a_star_of_thousands_of_walls_is_refused_before_its_pairs_are_looked_at(tiny, tmp_path, monkeypatch):
    """800 walls with one common end are 640,000 pairs; 600 have 360,000, handed out in parts."""
    monkeypatch.setattr(near_pairs, "MOST_PAIRS", 500_000)
    handed: list[list[int]] = []  # of each question
    groups = plan_checks.near_groups

    def watched(*asked):
        handed.append([])
        for pair in groups(*asked):
            handed[-1].append(len(pair[0]))
            yield pair

    def star(arms):
        def put(parts):
            for number in range(arms):
                turn = 2 * math.pi * (number + 0.5) / arms
                parts["walls"].append(
                    tiny.wall(f"x{number}", (2.5, 3), (2.5 + 2.4 * math.cos(turn), 3 + 2.4 * math.sin(turn)))
                )

        return put

    monkeypatch.setattr(plan_checks, "near_groups", watched)
    problems = check(tiny.write(tmp_path / "many", star(800))).problems
    (problem,) = (one for one in problems if "upon each other" in one)
    assert re.fullmatch(
        r"walls\.geojson: over 500,000 pairs of shapes lie upon each other, 'x\d+' and 'x\d+' among them; " + AGAIN,
        problem,
    )
    assert 400_000 < max(map(sum, handed)) <= 500_000
    handed.clear()
    check(tiny.write(tmp_path / "few", star(600)))
    assert max(map(sum, handed)) > 360_000
    assert max(map(max, filter(None, handed))) <= 200_000


def test_rooms_of_thousands_of_vertices_upon_each_other_are_refused_by_number(tiny, tmp_path, monkeypatch):
    """5 discs of 3,000 vertices, each a hair smaller: 10 pairs have 60,000 vertices."""
    monkeypatch.setattr(plan_checks, "MOST_COMPARED_VERTICES", 50_000)

    def discs(parts):
        for number in range(5):
            size_m = 0.17 - number * 1e-4
            turns = np.linspace(0, 2 * np.pi, 3000, endpoint=False)
            ring = [(2.5 + size_m * np.cos(turn), 3 + size_m * np.sin(turn)) for turn in turns]
            own = {"id": f"disc-{number}", "building": "b1", "storey": 0, "role": "silence"}
            parts["rooms"].append(tiny.feature("Polygon", [tiny.xy(*ring, ring[0])], **own))

    problems = check(tiny.write(tmp_path, discs)).problems
    assert any(
        re.search(r"50,000 vertices, .* 'disc-\d' and 'disc-\d' the last looked at; draw each room once", one)
        for one in problems
    )


def test_a_wall_of_thousands_of_vertices_is_refused_by_name(tiny, tmp_path):
    def crooked(count):
        places = tiny.xy(*((1 + number / 1000, 5 + number % 2 / 100) for number in range(count)))
        return lambda parts: parts["walls"].append(tiny.feature("LineString", places, **wall))

    wall = {"id": "crooked", "building": "b1", "storey": 0, "construction": "brick_102"}
    assert check(tiny.write(tmp_path / "most", crooked(MOST_LINE_VERTICES))).ok
    told = "walls.geojson: crooked: has 2,001 vertices (limit 2,000 for one feature); simplify it"
    assert check(tiny.write(tmp_path / "more", crooked(MOST_LINE_VERTICES + 1))).problems == (told,)


def test_openings_in_walls_of_many_parts_are_counted_before_each_is_held_against_each(tiny, tmp_path, monkeypatch):
    """The door's wall here has three parts, the window's one."""

    def bent(parts):
        parts["walls"][4]["geometry"]["coordinates"] = tiny.xy((5, 0), (5, 2), (5, 4), (5, 6))

    site = tiny.write(tmp_path, bent)
    monkeypatch.setattr(opening_checks, "MOST_PARTS_LOOKED_AT", 4)
    assert check(site).ok
    monkeypatch.setattr(opening_checks, "MOST_PARTS_LOOKED_AT", 3)
    told = (
        "openings.geojson: the walls of all openings have 4 straight parts, counted for each opening (limit 3); "
        "draw a wall of many parts, such as 'w-mid', as several"
    )
    assert check(site).problems == (told,)


def test_of_openings_in_unknown_walls_the_first_are_told_the_near_ones(tiny, tmp_path):
    def lost(parts):
        window = parts["openings"][0]
        for number in range(300):
            own = window["properties"] | {"id": f"lost-{number}", "wall": f"w-weste{number}"}
            parts["openings"].append({**window, "properties": own})

    problems = check(tiny.write(tmp_path, lost)).problems
    assert sum("did you mean 'w-west'" in problem for problem in problems) == MOST_ADVISED
    assert problems[-1].endswith("does not exist; correct it")


def test_a_heap_of_tiny_rooms_is_told_without_laying_each_on_the_others(tiny, tmp_path, monkeypatch):
    """Boxes of 0.09 m² share no more than a sliver, whatever lies in them: none of 44,850 pairs is worked out."""
    monkeypatch.setattr(plan_checks, "MOST_COMPARED_VERTICES", 5_000)

    def heap(parts):
        for number in range(300):
            corner = 2 + number * 1e-5
            own = {"id": f"tiny-{number}", "building": "b1", "storey": 0, "role": "keep"}
            parts["rooms"].append(tiny.feature("Polygon", tiny.box(corner, 3, corner + 0.3, 3.3), **own))

    assert not any("vertices" in one for one in check(tiny.write(tmp_path, heap)).problems)


def test_rooms_upon_each_other_beyond_the_limit_are_named(tiny, tmp_path, monkeypatch):
    monkeypatch.setattr(near_pairs, "MOST_PAIRS", 1_000)

    def heap(parts):
        for number in range(40):
            own = {"id": f"tiny-{number}", "building": "b1", "storey": 0, "role": "keep"}
            parts["rooms"].append(tiny.feature("Polygon", tiny.box(2, 3, 2.3, 3.3), **own))

    (problem,) = (one for one in check(tiny.write(tmp_path, heap)).problems if "1,000 pairs" in one)
    assert re.fullmatch(r".*lie upon each other, 'cell' and 'tiny-\d+' among them; .*", problem)


def test_a_wall_drawn_along_another_is_found_whichever_way_it_runs(tiny, tmp_path):
    """By hand: 5 m of wall, of which 2 m lie along w-south (0 to 10 m at y = 0), 1 cm beside it."""
    places = [(8.0, 0.01), (10.0, 0.01)]
    for number, line in enumerate((places, places[::-1])):
        site = tiny.write(
            tmp_path / str(number), lambda parts, line=line: parts["walls"].append(tiny.wall("twin", *line))
        )
        (problem,) = check(site).problems
        assert "runs along wall 'twin' for 2.00 m" in problem
    bent = tiny.write(tmp_path / "bent")
    tiny.edit(bent, "walls", lambda loaded: loaded["features"].append(tiny.wall("bent", (2.0, 1.0), (4.0, 1.0))))
    shape = tiny.xy((2.0, 1.0), (4.0, 1.0), (3.0, 1.005))
    tiny.edit(bent, "walls", lambda loaded: loaded["features"][-1]["geometry"].update(coordinates=shape))
    (problem,) = check(bent).problems
    assert "bent: runs back along itself for 1.00 m" in problem


def test_a_file_of_the_most_values_is_refused_by_number():
    with pytest.raises(Unreadable, match=r"holds about 3,\d{3},\d{3} keys \(limit 3,000,000\)"):
        parse_layer('{"a": {' + '"a":1,' * 3_100_000 + '"b": 1}}')
