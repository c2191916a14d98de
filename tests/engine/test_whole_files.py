"""A file is there whole or not at all, and nothing of a failed attempt stays."""

import os
import stat

import pytest

from quietwing.coverage.whole_files import write_whole


@pytest.mark.parametrize("lasting", [True, False])
def test_the_new_content_takes_the_place_of_the_old(tmp_path, lasting):
    path = tmp_path / "a.csv"
    path.write_text("old and longer", "utf-8")
    write_whole(path, "ne\r\nü", lasting=lasting)
    assert path.read_bytes() == b"ne\r\n\xc3\xbc"
    write_whole(path, b"\0\1", lasting=lasting)
    assert path.read_bytes() == b"\0\1"
    assert [each.name for each in tmp_path.iterdir()] == ["a.csv"]


@pytest.mark.parametrize("broken", ["fsync", "replace"])
@pytest.mark.parametrize("apart", [True, False])
def test_a_write_that_fails_leaves_the_old_file_and_no_draft(tmp_path, monkeypatch, broken, apart):
    path = tmp_path / "a.csv"
    path.write_text("old", "utf-8")
    workshop = tmp_path / "work"
    workshop.mkdir()

    def full(*_args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, broken, full)
    with pytest.raises(OSError, match="No space left") as raised:
        write_whole(path, "new", workshop if apart else None)
    monkeypatch.undo()
    assert raised.value.filename == str(path)
    assert path.read_text("utf-8") == "old"
    assert sorted(each.name for each in tmp_path.iterdir()) == ["a.csv", "work"]
    assert list(workshop.iterdir()) == []


@pytest.mark.skipif(os.name != "posix", reason="modes of files")
def test_a_user_who_keeps_files_private_gets_private_files(tmp_path):
    before = os.umask(0o077)
    try:
        write_whole(tmp_path / "a.csv", "mine")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a.csv").stat().st_mode) == 0o600


def test_a_folder_that_is_gone_is_not_made_again(tmp_path):
    """What a session's job would write after the session has ended."""
    with pytest.raises(FileNotFoundError) as raised:
        write_whole(tmp_path / "gone" / "result", b"x", lasting=False)
    assert raised.value.filename == str(tmp_path / "gone" / "result")  # not a draft of ours
    assert list(tmp_path.iterdir()) == []
