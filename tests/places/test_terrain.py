"""Heights of the ground beside a site's layers: read once, bounded, and written as they were."""

from __future__ import annotations

import dataclasses
import struct
from importlib.util import find_spec

import numpy as np
import pytest

from quietwing.sites import SiteError, check, load_site, save_geopackage, save_site
from quietwing.sites import terrain as module
from quietwing.sites.fingerprints import fingerprint
from quietwing.sites.terrain import MOST_PIXELS, Terrain, parse_terrain, terrain_bytes

pytestmark = pytest.mark.skipif(
    any(find_spec(name) is None for name in ("rasterio", "itmlogic")), reason="the extra terrain is not installed"
)

WEST_M, NORTH_M = 399_000.0, 301_000.0  # the tiny site stands about (400 005, 300 003)


def ground(rows: int = 60, columns: int = 80, step_m: float = 25.0) -> Terrain:
    """A plane that rises by 1 m each cell to the east and by 2 m each cell to the south."""
    heights = np.add.outer(2.0 * np.arange(rows), np.arange(columns)).astype("<f4")
    return Terrain(WEST_M, NORTH_M, step_m, step_m, rows, columns, heights.tobytes())


def tif(grid, **changes) -> bytes:
    """A GeoTIFF as some other program writes it."""
    import rasterio
    from rasterio.transform import Affine
    from rasterio.windows import Window

    grid = np.asarray(grid)
    bands = grid[None] if grid.ndim == 2 else grid
    keys = {
        "driver": "GTiff", "count": len(bands), "height": bands.shape[1], "width": bands.shape[2],
        "dtype": str(grid.dtype), "crs": "EPSG:27700", "transform": Affine(25.0, 0, WEST_M, 0, -25.0, NORTH_M),
    } | changes  # fmt: skip
    if keys["transform"] is None:
        del keys["transform"]
    with rasterio.MemoryFile() as memory:
        with memory.open(**keys) as out:
            # The heights that are given and no more: of a picture that claims to be larger the rest stays unwritten.
            out.write(bands, window=Window(0, 0, bands.shape[2], bands.shape[1]))
        return bytes(memory.read())


def put(folder, content: bytes) -> None:
    (folder / "terrain.tif").write_bytes(content)


def test_a_folder_with_heights_makes_the_round_trip(folder, tmp_path, no_network):
    bare = load_site(folder)
    put(folder, terrain_bytes(ground(), "EPSG:27700"))
    site = load_site(folder)
    assert site.terrain == ground()
    save_site(site, tmp_path / "again")
    assert load_site(tmp_path / "again") == site
    save_site(site, tmp_path / "twice")
    assert (tmp_path / "again" / "terrain.tif").read_bytes() == (tmp_path / "twice" / "terrain.tif").read_bytes()
    assert dataclasses.replace(site, terrain=None) == bare
    assert fingerprint(dataclasses.replace(site, terrain=None)) == fingerprint(bare) != fingerprint(site)
    save_site(dataclasses.replace(site, terrain=None), folder, overwrite=True)
    assert not (folder / "terrain.tif").exists()


def test_a_geopackage_says_that_it_was_written_without_heights(folder, tmp_path):
    put(folder, terrain_bytes(ground(), "EPSG:27700"))
    save_geopackage(load_site(folder), tmp_path / "tiny.gpkg")
    found = load_site(tmp_path / "tiny.gpkg")
    assert found.terrain is None
    assert any("terrain is kept in a site's folder only" in note for note in found.notes)


def test_heights_between_cells_are_bilinear_and_unknown_off_the_grid():
    plane = ground()
    x_m, y_m = WEST_M + 25 * 10.25, NORTH_M - 25 * 7.75  # 9.75 cells east and 7.25 south of the first middle
    assert plane.height_m(x_m, y_m) == pytest.approx(9.75 + 2 * 7.25)
    assert plane.height_m(WEST_M, NORTH_M) == 0.0
    assert np.isnan(plane.height_m([WEST_M - 0.1, WEST_M + 80 * 25 + 0.1], [NORTH_M, NORTH_M])).all()
    holed = plane.grid_m.copy()
    holed[7, 10] = np.nan
    assert np.isnan(dataclasses.replace(plane, heights=holed.tobytes()).height_m(x_m, y_m))


@pytest.mark.parametrize("dtype", ["int16", "float64"])
def test_no_data_is_unknown_and_scale_and_offset_are_applied(dtype):
    grid = np.full((4, 5), 120, dtype)
    grid[1, 2] = -9999
    found, crs = parse_terrain(tif(grid, nodata=-9999, compress="lzw"))
    assert crs == "EPSG:27700"
    assert np.isnan(found.grid_m[1, 2])
    assert np.nanmax(found.grid_m) == np.nanmin(found.grid_m) == 120.0


HILLS = np.add.outer(np.arange(60.0), np.arange(80.0)).astype("float32")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        pytest.param(lambda: b"PK\3\4 a zip", "is no TIFF", id="zip"),
        pytest.param(lambda: b"<VRTDataset/>", "is no TIFF", id="another-format-of-gdal"),
        pytest.param(lambda: tif(HILLS)[:300], "cannot be read", id="cut-short"),
        pytest.param(lambda: b"II*\0" + b"\xff" * 200, "cannot be read", id="rubbish"),
        pytest.param(lambda: tif(np.stack([HILLS] * 3)), "has 3 bands", id="picture"),
        pytest.param(lambda: tif(HILLS.astype("complex64")), "kind complex64", id="complex"),
        pytest.param(lambda: tif(HILLS, transform=None), "no georeference", id="nowhere"),
        pytest.param(
            lambda: tif(HILLS, crs="EPSG:3857"), "states the CRS 'EPSG:3857' (expected EPSG:27700", id="crs"
        ),
        pytest.param(lambda: tif(np.full((60, 80), -32768, "int16")), "from -32768 to -32768", id="no-data-unsaid"),
        pytest.param(lambda: tif(np.full((60, 80), 7, "int16"), nodata=7), "no height at all", id="empty"),
        pytest.param(lambda: tif(HILLS.astype("uint8"), compress="jpeg"), "compressed as jpeg", id="jpeg"),
        pytest.param(lambda: terrain_bytes(ground(20, 20), "EPSG:27700"), "does not cover the site", id="elsewhere"),
    ],
)
def test_what_cannot_be_used_is_one_clear_problem(folder, no_network, content, words):
    put(folder, content())
    problems = check(folder).problems
    assert len(problems) == 1
    assert problems[0].startswith("terrain.tif: ")
    assert words in problems[0]
    assert "; " in problems[0]  # and what to do
    with pytest.raises(SiteError, match=r"terrain\.tif"):
        load_site(folder)


def test_a_file_that_unpacks_to_gigabytes_is_refused_before_it_is_unpacked(folder):
    """Sparse: a few kilobytes that stand for 40,000 × 40,000 heights."""
    content = tif(np.zeros((2, 2), "float32"), height=40_000, width=40_000, SPARSE_OK="TRUE", tiled=True)
    put(folder, content)
    assert f"limit {MOST_PIXELS:,}" in check(folder).problems[0]


def test_one_tile_of_gigabytes_is_refused(folder):
    """The picture is small, but its header claims a strip of 4 billion rows."""
    content = bytearray(tif(HILLS))
    rows_per_strip = struct.pack("<HHI", 278, 3, 1)  # tag 278, SHORT
    at = content.find(rows_per_strip[:4])
    assert at > 0
    content[at : at + 12] = struct.pack("<HHII", 278, 4, 1, 2**32 - 1)
    put(folder, bytes(content))
    report = check(folder)  # GDAL itself holds such a strip to the picture's height, or refuses it
    assert report.ok or report.problems[0].startswith("terrain.tif: ")


def test_several_problems_come_together():
    content = tif(np.stack([HILLS] * 2), transform=None, compress="lzma")
    with pytest.raises(module.Unreadable, match=r"2 bands.*compressed.*no georeference"):
        parse_terrain(content)


def test_without_the_extra_the_file_is_refused_and_the_extra_named(folder, monkeypatch):
    put(folder, terrain_bytes(ground(), "EPSG:27700"))
    monkeypatch.setattr(module, "find_spec", lambda name: None)
    assert "pip install 'quietwing[terrain]'" in check(folder).problems[0]


def test_a_misspelt_file_is_not_passed_over(folder):
    (folder / "terain.tif").write_bytes(b"II*\0")
    assert "did you mean 'terrain.tif'" in check(folder).problems[0]
