"""Texts of a site are whole, and its numbers and codes are plain digits of one meaning."""

from __future__ import annotations

import numpy as np
import pytest

from quietwing.sites import SiteError, check, load_site, save_geopackage, save_site
from quietwing.sites.findings import path_label


@pytest.mark.parametrize("half", ["\ud800", "a\udfffb"])
def test_half_a_character_is_refused_where_it_stands(tiny, tmp_path, half):
    site = tiny.write(tmp_path)
    tiny.edit(site, "rooms", lambda loaded: loaded["features"][1]["properties"].update(operators=[half]))
    tiny.edit(site, "receptors", lambda loaded: loaded["features"][0]["properties"].update(id=half))
    tiny.edit(site, "walls", lambda loaded: loaded["features"][0]["properties"].update(building=half))
    problems = check(site).problems
    for file in ("rooms.geojson: hall: operators", "receptors.geojson", "walls.geojson: w-south: building"):
        assert any(one.startswith(file) and "half a character" in one for one in problems)
    "\n".join(problems).encode("utf-8")  # and the messages can be written


@pytest.mark.parametrize(
    "mark", ["\N{RIGHT-TO-LEFT MARK}", "\N{RIGHT-TO-LEFT OVERRIDE}", "\N{POP DIRECTIONAL ISOLATE}", "\0", "\x1b"]
)
def test_a_character_that_nobody_sees_is_refused_where_it_stands(tiny, tmp_path, mark):
    """With some `M1` is shown as `1M`, with others a file ends early: nobody could tell two such ids apart."""
    toml = tiny.TOML.replace('name = "', f'name = "\\u{ord(mark):04x}')
    assert toml != tiny.TOML
    site = tiny.write(tmp_path, lambda parts: parts.update(toml=toml))
    tiny.edit(site, "rooms", lambda loaded: loaded["features"][1]["properties"].update(id=f"A{mark}1"))
    tiny.edit(site, "rooms", lambda loaded: loaded["features"][0]["properties"].update(operators=[f"E{mark}E"]))
    problems = check(site).problems
    for place in ("site.toml: name is ", "rooms.geojson: ", "rooms.geojson: cell: operators is "):
        assert any(
            one.startswith(place) and f"U+{ord(mark):04X}" in one and one.endswith("type it again without")
            for one in problems
        ), problems
    assert mark not in "".join(problems)


def test_names_in_a_script_from_right_to_left_are_taken(tiny, tmp_path):
    def named(parts):
        parts["rooms"][0]["properties"]["id"] = "\N{HEBREW LETTER TAV}\N{HEBREW LETTER ALEF}-1"

    assert check(tiny.write(tmp_path, named)).ok


def test_ids_equal_after_composition_are_one_id(tiny, tmp_path):
    def two_forms(parts):
        parts["rooms"][0]["properties"]["id"] = "caf\N{LATIN SMALL LETTER E WITH ACUTE}"
        parts["rooms"][1]["properties"]["id"] = "cafe\N{COMBINING ACUTE ACCENT}"

    (problem,) = check(tiny.write(tmp_path, two_forms)).problems
    assert "differ in case, form or unseen characters only" in problem
    assert "give each an id of its own" in problem


@pytest.mark.parametrize("unseen", ["\N{ZERO WIDTH SPACE}", "\N{SOFT HYPHEN}", "\N{WORD JOINER}"])
def test_ids_that_differ_by_a_character_nobody_sees_are_one_id(tiny, tmp_path, unseen):
    def two_forms(parts):
        parts["rooms"][0]["properties"]["id"] = "A1"
        parts["rooms"][1]["properties"]["id"] = f"A{unseen}1"

    (problem,) = check(tiny.write(tmp_path, two_forms)).problems
    assert "differ in case, form or unseen characters only" in problem


@pytest.mark.parametrize("plmn", ["000-00", "100-10", "800-01", "٢٣٤-٣٠", "234-３０"])
def test_a_plmn_that_no_country_has_is_refused(tiny, tmp_path, plmn):
    site = tiny.write(tmp_path, lambda parts: parts.update(masts=parts["masts"].replace("234-30", plmn)))
    (problem,) = check(site).problems
    assert problem.startswith(f"masts.csv: line 2, m1: plmn is '{plmn}'")


@pytest.mark.parametrize("plmn", ["234-30", "310-410", "901-28", "999-99", "001-01"])
def test_networks_of_countries_private_and_test_networks_are_plmns(tiny, tmp_path, plmn):
    site = tiny.write(tmp_path, lambda parts: parts.update(masts=parts["masts"].replace("234-30", plmn)))
    assert check(site).ok


def test_a_number_between_hard_spaces_or_in_digits_of_another_script_is_refused(tiny, tmp_path):
    for number, text in enumerate(("\N{NO-BREAK SPACE}60", "\N{FULLWIDTH DIGIT SIX}0")):
        site = tiny.write(
            tmp_path / str(number),
            lambda parts, text=text: parts.update(masts=parts["masts"].replace(",60,", f",{text},")),
        )
        assert all(problem.startswith("masts.csv: line ") for problem in check(site).problems)
        assert not check(site).ok
    toml = tiny.TOML.replace('area = "rural"', 'area = "rural"\ncrs = "EPSG:２７７００"')
    site = tiny.write(tmp_path / "crs", lambda parts: parts.update(toml=toml))
    assert any(problem.startswith("site.toml: crs is ") for problem in check(site).problems)


def test_infinite_heights_are_refused_and_unknown_ones_are_not(tiny, tmp_path):
    rasterio = pytest.importorskip("rasterio")
    pytest.importorskip("itmlogic")
    site = tiny.write(tmp_path)
    for value, wrong in ((np.inf, True), (np.nan, False), (1e300, True)):
        heights = np.full((10, 10), 20.0)
        heights[0, 0] = value
        at = rasterio.transform.from_origin(tiny.X0 - 500, tiny.Y0 + 500, 100, 100)
        own = {"driver": "GTiff", "width": 10, "height": 10, "count": 1, "dtype": "float64", "crs": "EPSG:27700"}
        with rasterio.open(site / "terrain.tif", "w", transform=at, **own) as tif:
            tif.write(heights, 1)
        problems = check(site).problems
        assert any("infinite" in problem for problem in problems) == wrong
        assert bool(problems) == wrong


def test_a_long_path_keeps_the_name_of_the_file():
    path = "/srv/" + "a folder of a folder/" * 20 + "walls.geojson"
    assert path_label(path).endswith("/walls.geojson")
    assert len(path_label(path)) == 100
    assert path_label("/srv/site") == "/srv/site"
    assert path_label("x\n" * 3 + "a.toml") == "x\\nx\\nx\\na.toml"


def test_a_geopackage_under_a_name_that_is_no_utf_8_is_refused(tiny, tmp_path):
    """GDAL, which writes it, takes no other; a folder may have such a name."""
    site = load_site(tiny.write(tmp_path / "site"))
    for place in ("caf\udce9.gpkg", "caf\udce9/site.gpkg"):
        with pytest.raises(SiteError, match=r"GeoPackages need a path in UTF-8; choose another name or folder"):
            save_geopackage(site, tmp_path / place)
    assert [path.name for path in tmp_path.iterdir()] == ["site"]
    save_site(site, tmp_path / "caf\udce9")
    assert load_site(tmp_path / "caf\udce9") == site
