"""What people, QGIS and Excel do to the files of a site, and what must still be read rightly."""

from __future__ import annotations

import random

import pytest

from quietwing.sites import SiteError, check, load_site, save_geopackage, save_site

pytestmark = pytest.mark.usefixtures("forked_readers")


def test_byte_order_marks_are_no_content(folder):
    whole = load_site(folder)
    for path in folder.iterdir():
        path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert load_site(folder) == whole


def test_windows_and_old_mac_line_ends(folder):
    whole = load_site(folder)
    for ending in ("\r\n", "\r"):
        for name in ("masts.csv", "outside_levels.csv"):
            lines = (folder / name).read_bytes().decode().splitlines()
            (folder / name).write_bytes(ending.join([*lines, ""]).encode())
        assert load_site(folder) == whole


def test_z_coordinates_are_dropped_with_a_remark(edit, folder):
    whole = load_site(folder)

    def lift(value):
        return [lift(item) for item in value] if isinstance(value[0], list) else [*value, 12.5]

    for layer in ("walls", "rooms", "receptors"):

        def change(loaded):
            for feature in loaded["features"]:
                feature["geometry"]["coordinates"] = lift(feature["geometry"]["coordinates"])

        edit(folder, layer, change)
    assert load_site(folder) == whole
    assert any("Z coordinates" in note for note in check(folder).notes)


def test_multi_geometries_of_one_part_are_that_part(edit, folder):
    whole = load_site(folder)

    def change(loaded):
        for feature in loaded["features"]:
            geometry = feature["geometry"]
            feature["geometry"] = {"type": f"Multi{geometry['type']}", "coordinates": [geometry["coordinates"]]}

    for layer in ("perimeter", "buildings", "walls", "openings", "slabs", "rooms", "receptors"):
        edit(folder, layer, change)
    assert load_site(folder) == whole


def test_columns_of_ones_own_are_named_and_ignored(edit, folder):
    whole = load_site(folder)
    edit(
        folder,
        "walls",
        lambda loaded: [f["properties"].update(fid=3, path="/x", area=2.5) for f in loaded["features"]],
    )
    text = (folder / "masts.csv").read_text()
    (folder / "masts.csv").write_text("\n".join(f"{line},x{n}" for n, line in enumerate(text.splitlines())) + "\n")
    assert load_site(folder) == whole
    notes = "\n".join(check(folder).notes)
    assert "walls.geojson: column 'fid' is not used" in notes
    assert "masts.csv: column 'x0' is not used" in notes


def test_the_order_of_features_keys_and_columns_is_free(edit, folder):
    whole = load_site(folder)

    def change(loaded):
        loaded["features"].reverse()
        for feature in loaded["features"]:
            feature["properties"] = dict(reversed(feature["properties"].items()))

    for layer in ("walls", "openings", "rooms", "slabs"):
        edit(folder, layer, change)
    rows = [line.split(",") for line in (folder / "masts.csv").read_text().splitlines()]
    (folder / "masts.csv").write_text("\n".join(",".join(reversed(row)) for row in rows) + "\n")
    again = load_site(folder)
    assert again.sectors == whole.sectors
    assert again.walls == whole.walls[::-1]
    assert again.rooms == whole.rooms[::-1]


def test_null_is_as_good_as_left_out_and_3_0_is_a_whole_number(edit, folder):
    whole = load_site(folder)

    def change(loaded):
        for feature in loaded["features"]:
            feature["properties"] |= {"base_m": None, "top_m": None, "storey": 0.0}

    edit(folder, "walls", change)
    edit(folder, "openings", lambda loaded: [f["properties"].update(state=None) for f in loaded["features"]])
    assert load_site(folder) == whole


def test_numbers_kept_as_plain_text_are_numbers(edit, folder):
    whole = load_site(folder)
    edit(folder, "walls", lambda loaded: [f["properties"].update(storey="0") for f in loaded["features"]])
    edit(folder, "openings", lambda loaded: loaded["features"][0]["properties"].update(sill_m="1.0", head_m="2"))
    assert load_site(folder) == whole


@pytest.mark.parametrize(
    "name",
    ["007", "NA", "null", "1e3", "ä ö", "שלום", "🚪", "%s{{x}}", "=cmd|' /C calc'!A0", "../x", "CON", "a/b", "<b>"],
)
def test_ids_stay_the_text_they_are(edit, folder, tmp_path, name):
    edit(folder, "rooms", lambda loaded: loaded["features"][0]["properties"].update(id=name, name=name))
    (folder / "masts.csv").write_text(
        (folder / "masts.csv").read_text().replace("m1,", f'"{name}",'), encoding="utf-8"
    )
    site = load_site(folder)
    assert site.rooms[0].id == name
    assert site.sectors[0].id == name
    save_site(site, tmp_path / "again")
    save_geopackage(site, tmp_path / "again.gpkg")
    assert load_site(tmp_path / "again") == site
    assert load_site(tmp_path / "again.gpkg") == site


def test_ids_that_qgis_keeps_as_whole_numbers_are_read_as_text(edit, folder):
    edit(folder, "walls", lambda loaded: loaded["features"][3]["properties"].update(id=7))
    edit(folder, "openings", lambda loaded: loaded["features"][0]["properties"].update(wall=7))
    site = load_site(folder)
    assert site.walls[3].id == "7"
    assert site.openings[0].wall == "7"


def test_lists_as_qgis_writes_them(edit, folder):
    whole = load_site(folder)
    edit(folder, "rooms", lambda loaded: loaded["features"][1]["properties"].update(operators='["EE"]'))
    edit(folder, "receptors", lambda loaded: loaded["features"][0]["properties"].update(heights_m="1.5; 4.5"))
    assert load_site(folder) == whole


def test_semicolons_and_decimal_commas_are_named(folder):
    whole = load_site(folder)
    text = (folder / "masts.csv").read_text().replace(",", ";").replace("806", "806,0")
    (folder / "masts.csv").write_text(text)
    assert load_site(folder) == whole
    assert any("semicolons" in note and "decimal commas" in note for note in check(folder).notes)


def test_a_file_without_crs_member_is_in_the_crs_of_the_site(edit, folder):
    whole = load_site(folder)
    edit(folder, "walls", lambda loaded: loaded.pop("crs"))
    assert load_site(folder) == whole


def test_far_false_origins_keep_their_millimetres(folder):
    whole = load_site(folder)
    assert whole.walls[0].line.coords[1][0] == 400_010.0


def test_walls_of_no_length_and_twins_are_left_out_and_listed(edit, folder, tiny):
    def change(loaded):
        loaded["features"] += [
            tiny.wall("w-point", (3, 3), (3, 3)),
            tiny.wall("w-twin", (10, 0), (0, 0)),
        ]

    edit(folder, "walls", change)
    report = check(folder)
    assert report.ok
    assert report.features["walls"] == (7, 5, 2)
    assert report.dropped == (
        ("walls", "w-point", "it has no length"),
        ("walls", "w-twin", "it is the same as 'w-south', counted once"),
    )
    site = load_site(folder)
    assert "w-twin" not in {wall.id for wall in site.walls}
    assert any("w-twin" in note for note in site.notes)


def test_the_twin_with_a_window_stays(edit, folder, tiny):
    edit(folder, "walls", lambda loaded: loaded["features"].insert(0, tiny.wall("w-first", (0, 6), (0, 0))))
    site = load_site(folder)
    assert {wall.id for wall in site.walls} >= {"w-west"}
    assert check(folder).dropped == (("walls", "w-first", "it is the same as 'w-west', counted once"),)


def test_notes_of_a_reading_are_not_repeated_by_the_next(edit, folder, tiny, tmp_path):
    edit(folder, "walls", lambda loaded: loaded["features"].append(tiny.wall("w-near", (2, 0.02), (2, 3))))
    site = load_site(folder)
    assert len(site.notes) == 1
    save_site(site, tmp_path / "again")
    save_geopackage(site, tmp_path / "again.gpkg")
    assert load_site(tmp_path / "again") == site
    assert load_site(tmp_path / "again.gpkg") == site


@pytest.mark.parametrize(
    ("gap_m", "told"), [(0.0005, False), (0.001, True), (0.01, True), (0.099, True), (0.11, False)]
)
def test_gaps_of_a_millimetre_to_ten_centimetres_are_named_with_their_place(edit, folder, tiny, gap_m, told):
    edit(folder, "walls", lambda loaded: loaded["features"].append(tiny.wall("w-near", (2, gap_m), (2, 3))))
    notes = [note for note in load_site(folder).notes if "gap of" in note]
    assert bool(notes) is told
    if told:
        assert "w-near and w-south" in notes[0]
        assert f"(400002.00, {300_000 + gap_m:.2f})" in notes[0]


def test_a_ring_open_by_a_centimetre_is_closed_with_a_note(edit, folder):
    def change(loaded):
        loaded["features"][0]["geometry"]["coordinates"][0][-1][0] += 0.008

    edit(folder, "rooms", change)
    site = load_site(folder)
    assert site.rooms[0].outline.area == pytest.approx(30)
    assert "rooms: cell: ring closed over a gap of 8.0 mm" in site.notes


def test_rings_turn_either_way(edit, folder):
    whole = load_site(folder)
    edit(folder, "rooms", lambda loaded: loaded["features"][0]["geometry"]["coordinates"][0].reverse())
    assert load_site(folder).rooms[0].outline.equals(whole.rooms[0].outline)


def test_strangers_are_named_and_neighbours_are_not(folder):
    for name in ("layout.csv", "scenario.toml", "catalogue.csv", "README.md", "plan.qgz"):
        (folder / name).write_text("x")
    assert check(folder).notes == ("plan.qgz: is not a file of a site and is not read",)


def test_without_masts_typical_ones_are_placed_and_marked_assumed(folder):
    (folder / "masts.csv").unlink()
    (folder / "outside_levels.csv").unlink()
    site = load_site(folder)
    assert len(site.sectors) > 10
    assert all(sector.assumed for sector in site.sectors)
    assert "no masts given: typical masts are placed, marked assumed" in site.notes


def test_a_mast_within_the_perimeter_and_one_off_its_band_are_notes(folder):
    text = (folder / "masts.csv").read_text().replace("400500,300000", "400020,300010").replace("806", "800")
    (folder / "masts.csv").write_text(text.replace("800,", "830,", 1))
    notes = "\n".join(load_site(folder).notes)
    assert "masts: m1: stands inside the perimeter" in notes
    assert "830 MHz is outside the downlink of B20 (791 to 821 MHz)" in notes


def test_a_slot_between_storeys_is_a_note(folder):
    text = (folder / "site.toml").read_text()
    (folder / "site.toml").write_text(
        text.replace("height_m = 3.0}]", 'height_m = 3.0}, {name = "first", floor_m = 3.3, height_m = 3.0}]')
    )
    assert any("slot of 0.30 m" in note for note in load_site(folder).notes)


def test_all_problems_of_all_files_come_together(edit, folder):
    edit(folder, "walls", lambda loaded: loaded["features"][0]["properties"].update(construction="cheese"))
    edit(folder, "rooms", lambda loaded: loaded["features"][0]["properties"].update(role="silent", weight=-1))
    (folder / "masts.csv").write_text((folder / "masts.csv").read_text().replace("806", "806e6"))
    (folder / "site.toml").write_text((folder / "site.toml").read_text().replace("marking", "markng"))
    with pytest.raises(SiteError) as caught:
        load_site(folder)
    assert len(caught.value.problems) == 5
    assert caught.value.problems == check(folder).problems


def test_a_hundred_problems_are_counted_and_the_first_shown(edit, folder):
    edit(
        folder,
        "walls",
        lambda loaded: loaded.update(features=[{"type": "Feature", "properties": {}, "geometry": None}] * 100),
    )
    with pytest.raises(SiteError) as caught:
        load_site(folder)
    assert len(str(caught.value).splitlines()) <= 20
    assert "more problems" in str(caught.value)


def test_mangled_files_give_a_site_or_a_site_error_and_nothing_else(folder):
    """Bytes changed, cut and repeated at random in each file in turn."""
    rng = random.Random(1)
    for path in sorted(folder.iterdir()):
        original = path.read_bytes()
        for _ in range(60):
            content = bytearray(original)
            for _ in range(rng.randint(1, 4)):
                at = rng.randrange(len(content))
                act = rng.randrange(4)
                if act == 0:
                    content[at] = rng.randrange(256)
                elif act == 1:
                    del content[at : at + rng.randint(1, 40)]
                elif act == 2:
                    content[at:at] = content[at : at + rng.randint(1, 40)]
                else:
                    content[at:at] = rng.choice(
                        [b"null", b"[]", b"{}", b"-", b"1e999", b'"', b",", b"NaN", b"\n", b"[["]
                    )
                content = content or bytearray(b" ")
            path.write_bytes(bytes(content))
            report = check(folder)
            for found, used, dropped in report.features.values():
                assert report.problems or found == used + dropped
        path.write_bytes(original)


@pytest.mark.parametrize(
    "packages", [15, pytest.param(150, marks=pytest.mark.long(reason="a process each; the suite reads the first 15"))]
)
def test_mangled_geopackages_give_a_site_or_a_site_error_and_nothing_else(rich, tmp_path, packages):
    path = tmp_path / "site.gpkg"
    save_geopackage(rich, path)
    original = path.read_bytes()
    rng = random.Random(2)
    for _ in range(packages):
        content = bytearray(original)
        for _ in range(rng.randint(1, 8)):
            at = rng.randrange(100, len(content))
            content[at : at + 4] = rng.randbytes(4)
        path.write_bytes(bytes(content))
        check(path)
