"""Beside its items a batch replaces only what a batch wrote and nobody changed since; all else is named and stays."""

import json
import shutil

import pytest

from quietwing.coverage.batch import batch_files, plan_batch, run_batch
from quietwing.coverage.batch.batch_files import BatchFiles
from quietwing.coverage.batch.lock import LOCK
from quietwing.coverage.batch.table import TABLES
from quietwing.coverage.errors import QuietwingError, ScenarioError
from quietwing.coverage.result_folder import hash_of


@pytest.fixture(scope="module")
def two_seeds(hut_folder, tmp_path_factory):
    """Two quick questions."""
    folder = tmp_path_factory.mktemp("two")
    (folder / "sweep.toml").write_text(f"site = '{hut_folder}'\nmode = 'leakage'\nset.seed = [1, 2]\n", "utf-8")
    return plan_batch(folder / "sweep.toml")


@pytest.fixture(scope="module")
def finished(two_seeds, tmp_path_factory):
    """The folder of both answers."""
    out = tmp_path_factory.mktemp("finished") / "out"
    run_batch(two_seeds, out)
    return out


@pytest.fixture
def out(finished, tmp_path):
    """A copy of it, to be spoilt."""
    shutil.copytree(finished, tmp_path / "out")
    return tmp_path / "out"


@pytest.mark.parametrize("name", ["batch.json", *TABLES, "manifest.json"])
def test_a_file_of_the_users_stops_the_batch_before_it_computes(two_seeds, odd, tools, tmp_path, name):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / name).write_text("mine")
    with pytest.raises(QuietwingError, match=rf"because of {name}: quietwing replaces only .* nothing was changed"):
        run_batch(two_seeds, tmp_path / "out", task=odd.must_not_run)
    assert tools.contents(tmp_path / "out") == {name: b"mine"}
    assert [path.name for path in (tmp_path / "out").iterdir()] == [name]
    assert not (tmp_path / "flag").exists()


def test_a_folder_or_a_link_in_the_place_of_a_table_is_refused(two_seeds, odd, tmp_path):
    (tmp_path / "mine.csv").write_text("mine")
    (tmp_path / "out" / "rooms.csv").mkdir(parents=True)
    (tmp_path / "out" / "summary.csv").symlink_to(tmp_path / "mine.csv")
    with pytest.raises(QuietwingError, match=r"because of rooms\.csv, summary\.csv:"):
        run_batch(two_seeds, tmp_path / "out", task=odd.must_not_run)
    assert (tmp_path / "mine.csv").read_text() == "mine"


def test_the_folder_of_a_site_is_refused(two_seeds, odd, hut_folder, tools):
    before = tools.contents(hut_folder)
    with pytest.raises(QuietwingError, match=r"folder of a site"):
        run_batch(two_seeds, hut_folder, task=odd.must_not_run)
    assert tools.contents(hut_folder) == before


def test_a_lock_and_a_workshop_that_are_none_of_ours_stay(two_seeds, out, odd):
    (out / LOCK).write_text("my notes")
    with pytest.raises(ScenarioError, match=r"\.lock: is in the way and no batch wrote it"):
        run_batch(two_seeds, out, task=odd.must_not_run)
    assert (out / LOCK).read_text() == "my notes"
    (out / LOCK).unlink()
    (out / ".work-shop").mkdir()
    (out / ".work-shop" / "mine").write_text("mine")
    run_batch(two_seeds, out, task=odd.must_not_run)
    assert (out / ".work-shop" / "mine").read_text() == "mine"


def test_the_manifest_lists_what_lies_beside_the_items_with_its_hash(out):
    listed = json.loads((out / "manifest.json").read_text())["files"]
    assert listed == {name: hash_of(out / name) for name in ("batch.json", *TABLES)}


def test_a_table_changed_by_hand_is_kept_and_the_batch_goes_on_once_it_is_moved(two_seeds, out, odd, tools):
    finished = tools.contents(out)
    remarks = finished["summary.csv"].replace(b"evaluated", b"evaluated, see my remarks") + b"total\n"
    (out / "summary.csv").write_bytes(remarks)
    with pytest.raises(QuietwingError, match=r"because of summary\.csv:"):
        run_batch(two_seeds, out, task=odd.must_not_run)
    assert tools.contents(out) == finished | {"summary.csv": remarks}
    (out / "summary.csv").rename(out / "with-remarks.csv")
    assert run_batch(two_seeds, out, task=odd.must_not_run).done == ()
    assert tools.contents(out) == finished | {"with-remarks.csv": remarks}


def test_a_table_changed_while_the_batch_ran_is_kept_and_no_work_is_lost(two_seeds, out, odd):
    def change(what: str, share: float) -> None:
        if share == 1:
            (out / "summary.csv").write_text("mine")

    with pytest.raises(QuietwingError, match=r"because of summary\.csv:"):
        run_batch(two_seeds, out, progress=change, task=odd.must_not_run)
    assert (out / "summary.csv").read_text() == "mine"
    (out / "summary.csv").unlink()
    assert len(run_batch(two_seeds, out, task=odd.must_not_run).skipped) == 2


class KilledError(BaseException):
    """Stands for a kill: nothing catches it."""


def test_a_batch_killed_at_any_step_of_putting_its_files_is_resumed(
    two_seeds, out, odd, finished, tools, tmp_path, monkeypatch
):
    run_batch(two_seeds[:1], out, task=odd.must_not_run)  # tables and index of one of the two
    expected = tools.contents(finished)
    assert tools.contents(out) != expected
    for step in range(50):
        spoilt = tmp_path / f"killed-{step}"
        shutil.copytree(out, spoilt)
        left = iter(range(step))

        def once_less(do, left=left):
            def doing(*given):
                if next(left, None) is None:
                    raise KilledError
                return do(*given)

            return doing

        with monkeypatch.context() as patched:
            for name in ("publish", "write_whole"):
                patched.setattr(batch_files, name, once_less(getattr(batch_files, name)))
            try:
                run_batch(two_seeds, spoilt, task=odd.must_not_run)
                break
            except KilledError:
                pass
        run_batch(two_seeds, spoilt, task=odd.must_not_run)
        assert tools.contents(spoilt) == expected, step
    assert step > 10


def test_errors_of_an_earlier_run_go_and_a_strangers_file_beside_them_stays(two_seeds, out, odd, tmp_path):
    (tmp_path / "failed").mkdir()
    (tmp_path / "failed" / "0123456789abcdef.txt").write_text("why")
    BatchFiles(out, tmp_path).put(["failed/0123456789abcdef.txt"])
    (out / "failed" / "mine.txt").write_text("mine")
    (out / "failed" / "fedcba9876543210.txt").write_text("mine, though its name is as long as an item's")
    run_batch(two_seeds, out, task=odd.must_not_run)
    assert sorted(path.name for path in (out / "failed").iterdir()) == ["fedcba9876543210.txt", "mine.txt"]
