"""Imported again: rows changed, added and deleted since the import stay as they are; nothing else does."""

from __future__ import annotations

import json

import pytest

from quietwing.sites import SiteError
from quietwing.sites.importers.kept_edits import MANIFEST_FILE, manifest_text, merged_files


def layer(name, **rows):
    features = [
        {"type": "Feature", "properties": {"id": key, **values}, "geometry": {"type": "Point", "coordinates": [0, 0]}}
        for key, values in rows.items()
    ]
    return json.dumps({"type": "FeatureCollection", "name": name, "features": features})


def rows_of(text):
    return {row["properties"]["id"]: row["properties"] for row in json.loads(text)["features"]}


@pytest.fixture
def first():
    return {
        "site.toml": "format = 1\n",
        "walls.geojson": layer("walls", a={"construction": "x"}, b={"construction": "x"}),
        "rooms.geojson": layer("rooms", r={"role": "silence"}),
        "openings.geojson": layer("openings", d={"wall": "a"}, w={"wall": "b"}),
    }


@pytest.fixture
def folder(first, tmp_path):
    for name, text in first.items():
        (tmp_path / name).write_text(text, "utf-8")
    (tmp_path / MANIFEST_FILE).write_text(manifest_text(first), "utf-8")
    return tmp_path


def change(folder, name, edit):
    loaded = json.loads((folder / name).read_text("utf-8"))
    edit(loaded["features"])
    (folder / name).write_text(json.dumps(loaded), "utf-8")


def test_a_folder_nobody_touched_gives_way_to_the_new_import(first, folder):
    new = first | {"walls.geojson": layer("walls", a={"construction": "y"}, c={"construction": "y"})}
    merged, kept = merged_files(new, folder)
    assert kept == ()
    assert rows_of(merged["walls.geojson"]).keys() == {"a", "c"}


def test_layout_and_order_of_a_file_are_no_edit(first, folder):
    loaded = json.loads((folder / "walls.geojson").read_text("utf-8"))
    loaded["features"] = loaded["features"][::-1]
    (folder / "walls.geojson").write_text(json.dumps(loaded, indent=4), "utf-8")
    assert merged_files(first, folder)[1] == ()


def test_a_changed_row_stays_the_others_are_new(first, folder):
    change(folder, "walls.geojson", lambda rows: rows[0]["properties"].update(construction="mine"))
    new = first | {"walls.geojson": layer("walls", a={"construction": "y"}, b={"construction": "y"})}
    merged, kept = merged_files(new, folder)
    assert {key: row["construction"] for key, row in rows_of(merged["walls.geojson"]).items()} == {
        "a": "mine",
        "b": "y",
    }
    assert kept == ("walls.geojson: a: kept as changed since the import",)


def test_a_moved_row_is_a_changed_one(first, folder):
    change(folder, "rooms.geojson", lambda rows: rows[0]["geometry"].update(coordinates=[1, 0]))
    assert merged_files(first, folder)[1] == ("rooms.geojson: r: kept as changed since the import",)


def test_a_changed_row_stays_though_the_new_import_has_none(first, folder):
    change(folder, "rooms.geojson", lambda rows: rows[0]["properties"].update(role="keep"))
    merged, _ = merged_files(first | {"rooms.geojson": layer("rooms", other={})}, folder)
    assert rows_of(merged["rooms.geojson"]).keys() == {"r", "other"}


def test_an_added_row_stays(first, folder):
    change(folder, "rooms.geojson", lambda rows: rows.append({**rows[0], "properties": {"id": "mine"}}))
    merged, kept = merged_files(first, folder)
    assert rows_of(merged["rooms.geojson"]).keys() == {"r", "mine"}
    assert kept == ("rooms.geojson: mine: kept: added since the import",)


def test_a_deleted_row_stays_deleted_and_openings_of_a_deleted_wall_go_with_it(first, folder):
    change(folder, "walls.geojson", lambda rows: rows.pop(0))
    merged, kept = merged_files(first, folder)
    assert rows_of(merged["walls.geojson"]).keys() == {"b"}
    assert rows_of(merged["openings.geojson"]).keys() == {"w"}
    assert kept == ("walls.geojson: a: stays deleted", "openings.geojson: 1 left out: their walls were deleted")


def test_a_deleted_layer_stays_without_features(first, folder):
    (folder / "rooms.geojson").unlink()
    merged, kept = merged_files(first, folder)
    assert rows_of(merged["rooms.geojson"]) == {}
    assert "the file was removed" in kept[0]


def test_other_files_stay_whole_once_they_are_changed(first, folder):
    (folder / "site.toml").write_text("format = 1\nname = 'mine'\n", "utf-8")
    (folder / "masts.csv").write_text("id,operator\n", "utf-8")
    (folder / "antennas").mkdir()
    (folder / "antennas" / "a.msi").write_text("NAME a\n", "utf-8")
    (folder / "notes.txt").write_text("not of a site", "utf-8")
    merged, kept = merged_files(first, folder)
    assert b"mine" in merged["site.toml"]
    assert merged["masts.csv"] == b"id,operator\n"
    assert merged["antennas/a.msi"] == b"NAME a\n"
    assert "notes.txt" not in merged
    assert kept == (
        "masts.csv: kept as it is: the import did not write it",
        "site.toml: kept as it is: changed since the import",
        "antennas/a.msi: kept as it is",
    )


def test_many_edits_are_counted(first, folder):
    change(
        folder,
        "rooms.geojson",
        lambda rows: rows.extend({**rows[0], "properties": {"id": f"n{k}"}} for k in range(100)),
    )
    merged, kept = merged_files(first, folder)
    assert len(rows_of(merged["rooms.geojson"])) == 101
    assert len(kept) == 41
    assert kept[-1] == "… and 60 more edits kept"


@pytest.mark.parametrize("text", ["", "{}", "[1]", '{"files": 3}', '{"files": {"walls.geojson": 7}}', "[" * 5000])
def test_a_damaged_record_of_the_import_is_refused(text, first, folder):
    (folder / MANIFEST_FILE).write_text(text, "utf-8")
    with pytest.raises(SiteError, match="import into a new folder"):
        merged_files(first, folder)


def test_a_damaged_layer_is_refused(first, folder):
    (folder / "walls.geojson").write_text("{", "utf-8")
    with pytest.raises(SiteError, match="damaged"):
        merged_files(first, folder)


def test_a_link_out_of_the_folder_is_not_followed(first, folder, tmp_path_factory):
    secret = tmp_path_factory.mktemp("elsewhere") / "masts.csv"
    secret.write_text("secret", "utf-8")
    (folder / "masts.csv").symlink_to(secret)
    with pytest.raises(SiteError, match=r"masts.csv: is a link that leads out"):
        merged_files(first, folder)
