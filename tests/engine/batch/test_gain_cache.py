"""Path gain kept on disk is the same to the bit, is found only by the very same question, and damage is no answer."""

import numpy as np
import pytest
from shapely.geometry import box

from quietwing.coverage.errors import OutOfRangeError
from quietwing.coverage.propagation.gain_cache import DIGEST_BYTES, GainCache, digest_of
from quietwing.coverage.propagation.multiwall import LossTable
from quietwing.coverage.propagation.path_gains import path_gain, path_gain_blocks
from quietwing.coverage.propagation.scene import Scene, prepare_scene
from quietwing.sites.model import Perimeter
from quietwing.sites.points import PointSet
from quietwing.sites.trial_point_sets import map_grid, trial_points

TX_M = [[3.0, 2.0, 1.5], [2.5, 0.4, 1.2], [5.0, 3.0, 2.5]]
BANDS_MHZ = [763.0, 1842.5, 3500.0]
FAR_M = [[3.0, -400.0, 1.5], [300.0, 2.0, 1.5], [2.5, -8.0, 1.5]]  # the second slope beyond what is mapped


class Counting(GainCache):
    """A cache that remembers how many rows had to be computed."""

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        self.computed = 0

    def write(self, key, row):
        self.computed += 1
        super().write(key, row)


@pytest.fixture
def gains(tmp_path):
    return Counting(tmp_path / "gains")


def bits(array):
    return np.asarray(array).tobytes()


def places(site, kind) -> PointSet | list[list[float]]:
    return {"test points": trial_points(site), "map": map_grid(site, 0.5), "far": FAR_M}[kind]


@pytest.mark.parametrize("kind", ["test points", "map", "far"])
def test_with_and_without_a_cache_the_bytes_are_the_same_filled_or_empty(hut, gains, kind):
    site = hut()
    points = places(site, kind)
    plain = path_gain(prepare_scene(site), TX_M, points, BANDS_MHZ)
    first = path_gain(prepare_scene(site, gains=gains), TX_M, points, BANDS_MHZ)
    assert gains.computed == 3
    again = path_gain(prepare_scene(site, gains=gains), TX_M, points, BANDS_MHZ)
    assert gains.computed == 3
    assert bits(plain) == bits(first) == bits(again)
    assert plain.identical(again)


def test_a_transmitter_is_found_whoever_stands_beside_it(hut, gains):
    scene = prepare_scene(hut(), gains)
    path_gain(scene, TX_M[1:2], FAR_M, BANDS_MHZ)
    both = path_gain(scene, TX_M, FAR_M, BANDS_MHZ)
    assert gains.computed == 3
    blocks = [block.values for block in path_gain_blocks(scene, TX_M[::-1], FAR_M, BANDS_MHZ)]
    assert gains.computed == 3
    assert bits(np.concatenate(blocks[::-1])) == bits(both)


def test_nothing_to_send_is_nothing_to_keep(hut, gains):
    found = path_gain(prepare_scene(hut(), gains), np.empty((0, 3)), FAR_M, BANDS_MHZ)
    assert found.shape == (0, 3, 3)
    assert gains.computed == 0


@pytest.mark.parametrize("change", ["wall", "construction", "perimeter", "place", "points", "bands", "table"])
def test_any_change_that_counts_is_another_question(hut, gains, change):
    from dataclasses import replace

    site = hut()
    scene = prepare_scene(site, gains)
    asked = {"tx": TX_M[:1], "rx": FAR_M, "freq_mhz": BANDS_MHZ}
    path_gain(scene, **asked)
    walls = list(site.walls)
    if change == "wall":
        walls[0] = replace(walls[0], top_m=2.5)
        scene = prepare_scene(hut(walls=tuple(walls)), gains)
    elif change == "construction":
        walls[0] = replace(walls[0], construction="concrete_200")
        scene = prepare_scene(hut(walls=tuple(walls)), gains)
    elif change == "perimeter":  # nothing crosses it, but the mapped ground ends there
        scene = prepare_scene(hut(perimeter=Perimeter("fence", box(-60, -60, 66, 64), 5.2, "open")), gains)
    elif change == "place":
        asked["tx"] = [[3.0, 2.0, np.nextafter(1.5, 2)]]
    elif change == "points":
        asked["rx"] = [*FAR_M[:2], [2.5, -8.0, 1.6]]
    elif change == "bands":
        asked["freq_mhz"] = [763.0, 1842.5, 3500.1]
    else:
        table = scene.loss_table(BANDS_MHZ)
        asked["table"] = LossTable(table.loss_db + np.float32(1))
    plain = path_gain(Scene(scene.site, scene.facets, scene.prepared), **asked)
    assert bits(path_gain(scene, **asked)) == bits(plain)
    assert gains.computed == 2


def test_a_change_that_does_not_count_finds_what_was_kept(hut, gains):
    path_gain(prepare_scene(hut(), gains), TX_M, FAR_M, BANDS_MHZ)
    path_gain(prepare_scene(hut(name="another name", marking="OFFICIAL-SENSITIVE"), gains), TX_M, FAR_M, BANDS_MHZ)
    assert gains.computed == 3


def damaged(content: bytes) -> list[bytes]:
    flips = [
        content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :] for at in (0, 8, 60, len(content) // 2, -1)[:4]
    ]
    last = content[:-1] + bytes([content[-1] ^ 128])
    return [b"", content[:DIGEST_BYTES], content[:-1], content + b"x", last, *flips]


def test_a_damaged_file_is_as_good_as_none_and_is_written_again(hut, gains):
    scene = prepare_scene(hut(), gains)
    plain = bits(path_gain(scene, TX_M[:1], FAR_M, BANDS_MHZ))
    (path,) = gains.folder.iterdir()
    whole = path.read_bytes()
    for count, spoilt in enumerate(damaged(whole), 2):
        path.write_bytes(spoilt)
        assert bits(path_gain(scene, TX_M[:1], FAR_M, BANDS_MHZ)) == plain
        assert gains.computed == count
        assert path.read_bytes() == whole


def test_no_file_is_run_and_no_other_shape_is_taken(tmp_path):
    import hashlib
    import pickle

    gains = GainCache(tmp_path)

    class Evil:
        def __reduce__(self):
            return (tmp_path.joinpath("ran").touch, ())

    for name, body in {"pickle": pickle.dumps(Evil()), "text": b"text"}.items():
        (tmp_path / f"{name}.npy").write_bytes(body + hashlib.sha256(body).digest())
        assert gains.read(name, (1,)) is None
    assert not (tmp_path / "ran").exists()
    gains.write("row", np.arange(6, dtype=np.float32).reshape(2, 3))
    assert gains.read("row", (3, 2)) is None
    assert gains.read("row", (2, 3)) is not None
    gains.write("double", np.zeros(2, np.float32))
    assert gains.read("double", (2,)).dtype == np.float32


def test_the_folder_stays_within_its_bound_and_the_oldest_go(tmp_path):
    import os

    row = np.zeros(250, np.float32)  # 1,160 bytes with header and hash
    gains = GainCache(tmp_path, most_bytes=10_000)
    for index in range(30):
        gains.write(f"k{index:02d}", row)
        os.utime(tmp_path / f"k{index:02d}.npy", ns=(index, index))
        assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= 10_000 + 1_160
    kept = sorted(path.stem for path in tmp_path.iterdir())
    assert kept[-1] == "k29"
    assert len(kept) >= 7
    assert "k00" not in kept


def test_a_disk_that_refuses_costs_nothing_but_time(hut, gains, monkeypatch):
    def full(*_args, **_options):
        raise OSError(28, "No space left on device")

    scene = prepare_scene(hut(), gains)
    plain = bits(path_gain(prepare_scene(hut()), TX_M, FAR_M, BANDS_MHZ))
    for broken in ("tempfile.mkstemp", "os.replace", "os.fdopen"):
        with monkeypatch.context() as patch:
            patch.setattr(f"quietwing.coverage.propagation.gain_cache.{broken}", full)
            assert bits(path_gain(scene, TX_M, FAR_M, BANDS_MHZ)) == plain
    assert list(gains.folder.iterdir()) == []


def test_a_bound_below_one_byte_is_refused(tmp_path):
    with pytest.raises(OutOfRangeError, match="1 or more"):
        GainCache(tmp_path, most_bytes=0)


def test_parts_are_told_apart_where_their_bytes_run_together():
    zero, text = np.zeros(2), "ab"
    assert digest_of([text, "c"]) != digest_of(["a", "bc"])
    assert digest_of([zero]) != digest_of([zero.reshape(1, 2)]) != digest_of([zero.astype(np.float32)])
    assert digest_of([zero]) == digest_of([np.zeros(4)[::2]])
    assert digest_of([np.array([0.0])]) != digest_of([np.array([-0.0])])
