"""A result replaces only what a result wrote there and nobody changed since; all else stays to the byte."""

import errno
import hashlib
import json
import os
import stat
from itertools import product
from pathlib import Path

import pytest

from quietwing.coverage import result_folder
from quietwing.coverage.errors import QuietwingError
from quietwing.coverage.result_folder import (
    MANIFEST,
    UNFINISHED,
    listed_files,
    plan_change,
    put,
    refuse_taken,
    workshop_near,
)

FIRST = {
    "summary.html": "first",
    "map-01-old.png": "picture",
    "inputs/site/walls.geojson": "{}",
    "inputs/a.toml": "a",
}
SECOND = {"summary.html": "second", "map-01-new.png": "picture", "inputs/a.toml": "a", "rooms.csv": "room\n"}


def write(folder: Path, files: dict[str, str]) -> None:
    with workshop_near(folder) as made:
        for name, text in files.items():
            (made / name).parent.mkdir(parents=True, exist_ok=True)
            (made / name).write_text(text, "utf-8")
        put(made, folder)


def contents(folder: Path) -> dict[str, tuple[str, bytes]]:
    """Every entry: its kind, and its bytes or where it points."""
    found = {}
    for path in sorted(folder.rglob("*")):
        mode = path.lstat().st_mode
        body = os.readlink(path).encode() if stat.S_ISLNK(mode) else path.read_bytes() if stat.S_ISREG(mode) else b""
        found[path.relative_to(folder).as_posix()] = (stat.filemode(mode)[0], body)
    return found


def files_of(folder: Path) -> dict[str, str]:
    names = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_text("utf-8") for path in names}


def hash_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


# Every case of one name: what lies there, the hashes an earlier result may have given it, whether the new one has it.
CASES = {
    f"{there}-{owned}-{new}": (there, owned, new)
    for there, owned, new in product(["absent", None, "1", "2"], [None, ("1",), ("1", "2")], [True, False])
}


def test_what_is_not_ours_to_the_byte_is_refused_and_never_replaced_or_removed():
    change = plan_change(
        {name: there for name, (there, _, _) in CASES.items() if there != "absent"},
        {name: owned for name, (_, owned, _) in CASES.items() if owned is not None},
        {name for name, (_, _, new) in CASES.items() if new},
    )
    for name, (there, owned, new) in CASES.items():
        ours = owned is not None and there in owned
        assert (name in change.replace) == (ours and new)
        assert (name in change.remove) == (ours and not new)
        assert (name in change.refuse) == (there != "absent" and not ours)
        assert (name in change.write) == (new and not ours)
    assert len(change.refuse) == 12  # a link 6; hash 1 of nobody 2; hash 2 of nobody or once another 4


def test_the_manifest_names_every_file_with_its_hash(tmp_path):
    write(tmp_path / "a" / "b" / "out", FIRST)
    found = files_of(tmp_path / "a" / "b" / "out")
    manifest = json.loads(found.pop(MANIFEST))
    assert found == FIRST
    assert manifest == {"format": 1, "files": {name: hash_of(text) for name, text in FIRST.items()}}


def test_a_new_result_takes_the_place_of_the_old_one_and_leaves_everything_else(tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    (out / "mine.txt").write_text("mine")
    (out / "more").mkdir()
    (out / "more" / "map-01-old.png").write_text("mine too")
    write(out, FIRST)
    write(out, SECOND)
    found = files_of(out)
    manifest = json.loads(found.pop(MANIFEST))
    assert found == SECOND | {"mine.txt": "mine", "more/map-01-old.png": "mine too"}
    assert set(manifest["files"]) == set(SECOND)
    assert not (out / "inputs" / "site").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_result_without_inputs_leaves_a_folder_of_that_name_alone(tmp_path):
    (tmp_path / "inputs").mkdir()
    (tmp_path / "inputs" / "survey.csv").write_text("mine")
    write(tmp_path, {"summary.html": "first"})
    assert files_of(tmp_path).keys() == {"inputs/survey.csv", "summary.html", MANIFEST}


def changed(out: Path) -> None:
    (out / "summary.html").write_text("first, with my remarks")


def changed_and_not_written_again(out: Path) -> None:
    (out / "map-01-old.png").write_text("with my arrows")


def own_file(out: Path) -> None:
    (out / "rooms.csv").write_text("my rooms")


def own_file_among_the_inputs(out: Path) -> None:
    (out / "inputs" / "survey-2026.csv").write_text("mine")


def own_link_among_the_inputs(out: Path) -> None:
    (out / "inputs" / "elsewhere").symlink_to(out.parent)


def folder_for_a_file(out: Path) -> None:
    (out / "rooms.csv").mkdir()


def file_for_a_folder(out: Path) -> None:
    (out / "inputs" / "site" / "walls.geojson").unlink()
    (out / "inputs" / "site").rmdir()
    (out / "inputs" / "site").write_text("mine")


def link_for_a_file(out: Path) -> None:
    (out.parent / "real.html").write_text("first")  # same bytes: it is still not the file that was written
    (out / "summary.html").unlink()
    (out / "summary.html").symlink_to(out.parent / "real.html")


def dangling_link(out: Path) -> None:
    (out / "rooms.csv").symlink_to(out / "nowhere")


def link_for_a_folder(out: Path) -> None:
    os.rename(out / "inputs", out.parent / "inputs-of-mine")
    (out / "inputs").symlink_to(out.parent / "inputs-of-mine")


def pipe(out: Path) -> None:
    os.mkfifo(out / "rooms.csv")


def own_manifest(out: Path) -> None:
    (out / MANIFEST).write_text('{"name": "my web app", "icons": []}')


def damaged_manifest(out: Path) -> None:
    (out / MANIFEST).write_text("{")


def manifest_that_leads_out(out: Path) -> None:
    (out.parent / "victim.txt").write_text("mine")
    (out / MANIFEST).write_text(json.dumps({"format": 1, "files": {"../victim.txt": hash_of("mine")}}))


@pytest.mark.parametrize(
    ("spoil", "named"),
    [
        (changed, "summary.html"),
        (changed_and_not_written_again, "map-01-old.png"),
        (own_file, "rooms.csv"),
        (own_file_among_the_inputs, "inputs/survey-2026.csv"),
        (own_link_among_the_inputs, "inputs/elsewhere"),
        (folder_for_a_file, "rooms.csv"),
        (file_for_a_folder, "inputs/site"),
        (link_for_a_file, "summary.html"),
        (dangling_link, "rooms.csv"),
        (link_for_a_folder, "inputs"),
        (pipe, "rooms.csv"),
        (own_manifest, MANIFEST),
        (damaged_manifest, MANIFEST),
        (manifest_that_leads_out, MANIFEST),
    ],
)
def test_what_is_in_the_way_is_named_and_nothing_is_touched(tmp_path, spoil, named):
    out = tmp_path / "out"
    write(out, FIRST)
    spoil(out)
    before = contents(tmp_path)
    with pytest.raises(QuietwingError, match=rf"because of {named}: .* move these away or give another --out"):
        write(out, SECOND)
    assert contents(tmp_path) == before
    with pytest.raises(QuietwingError, match=f"because of {named}: "):
        refuse_taken(out, SECOND)
    assert contents(tmp_path) == before


def test_at_most_ten_names_are_listed(tmp_path):
    out = tmp_path / "out"
    (out / "inputs").mkdir(parents=True)
    for number in range(13):
        (out / "inputs" / f"{number:02d}.csv").write_text("mine")
    with pytest.raises(QuietwingError, match=r"inputs/00\.csv, .*, inputs/09\.csv and 3 more: ") as refused:
        write(out, SECOND)
    assert "inputs/10.csv" not in str(refused.value)
    assert len(str(refused.value).splitlines()) == 1


def test_a_name_cannot_write_to_the_terminal(tmp_path):
    (tmp_path / "inputs").mkdir()
    (tmp_path / "inputs" / "a\x1b[2Jb").write_text("mine")
    with pytest.raises(QuietwingError, match=r"inputs/a\\x1b\[2Jb: "):
        write(tmp_path, SECOND)


@pytest.mark.parametrize("through_a_link", [False, True])
def test_the_folder_of_a_site_takes_no_result(tmp_path, through_a_link):
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "site.toml").write_text("format = 1")
    out = tmp_path / "site"
    if through_a_link:
        out = tmp_path / "link"
        out.symlink_to(tmp_path / "site")
    with pytest.raises(QuietwingError, match=r"is the folder of a site \(it holds site\.toml\); give another --out"):
        write(out, SECOND)
    assert files_of(tmp_path / "site") == {"site.toml": "format = 1"}


def test_a_way_back_from_a_folder_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(QuietwingError, match=r"leads back \(\.\.\) from a folder that is not there"):
        refuse_taken(tmp_path / "nowhere" / ".." / "out", SECOND)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("out", ["file", "file/out", "dangling"])
def test_a_folder_that_can_be_none_is_refused(tmp_path, out):
    (tmp_path / "file").write_text("mine")
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    before = contents(tmp_path)
    with pytest.raises(QuietwingError, match="exists and is not a folder; give another --out"):
        refuse_taken(tmp_path / out, SECOND)
    assert contents(tmp_path) == before


def test_looking_ahead_makes_nothing(tmp_path):
    refuse_taken(tmp_path / "a" / "b", SECOND)
    refuse_taken(None, SECOND)
    assert list(tmp_path.iterdir()) == []


def test_where_nothing_can_be_made_the_place_asked_for_is_named(tmp_path, monkeypatch):
    """``--out /proc/x`` named a hidden folder of ours."""

    def full(*_args, **kwargs):
        raise OSError(errno.ENOSPC, "No space left on device", str(kwargs["dir"] / ".quietwing-123"))

    monkeypatch.setattr("tempfile.mkdtemp", full)
    with pytest.raises(OSError, match="No space left") as raised:
        refuse_taken(tmp_path / "out", SECOND)
    assert raised.value.filename == str(tmp_path)


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="nothing is forbidden here")
def test_a_folder_that_may_not_be_written_is_found_ahead(tmp_path):
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(PermissionError):
            refuse_taken(tmp_path / "out", SECOND)
    finally:
        tmp_path.chmod(0o700)


class Killed(BaseException):
    """As if the process had ended here."""


def killed_at(step: int, monkeypatch) -> None:
    """The process ends before its step-th change of the folder."""
    left = [step]

    def dying(real):
        def change(*args, **kwargs):
            if left[0] == 0:
                raise Killed
            left[0] -= 1
            return real(*args, **kwargs)

        return change

    monkeypatch.setattr(result_folder.os, "replace", dying(os.replace))
    monkeypatch.setattr(Path, "unlink", dying(Path.unlink))
    monkeypatch.setattr(Path, "rmdir", dying(Path.rmdir))


@pytest.mark.parametrize("step", range(13))
def test_killed_between_any_two_steps_nothing_is_lost_and_the_same_command_finishes(tmp_path, monkeypatch, step):
    out = tmp_path / "out"
    write(out, FIRST)
    (out / "mine.txt").write_text("mine")
    with monkeypatch.context() as patched:
        killed_at(step, patched)
        try:
            write(out, SECOND)
        except Killed:
            pass
        else:
            assert step == 12  # steps in all
    there = files_of(out)
    assert there.pop("mine.txt") == "mine"
    lists = [there.pop(name) for name in (MANIFEST, UNFINISHED) if name in there]
    assert lists
    owned = listed_files(out)
    assert {name for name, text in there.items() if hash_of(text) not in owned[name]} == set()
    write(out, SECOND)
    found = files_of(out)
    del found[MANIFEST]
    assert found == SECOND | {"mine.txt": "mine"}


def test_killed_between_two_steps_what_the_user_changes_then_is_his(tmp_path, monkeypatch):
    out = tmp_path / "out"
    write(out, FIRST)
    with monkeypatch.context() as patched:
        killed_at(4, patched)
        with pytest.raises(Killed):
            write(out, SECOND)
    (out / "summary.html").write_text("mine now")
    before = contents(out)
    with pytest.raises(QuietwingError, match=r"because of summary\.html: "):
        write(out, SECOND)
    assert contents(out) == before


def test_equal_results_are_equal_whatever_stood_there_before(tmp_path):
    write(tmp_path / "fresh", SECOND)
    write(tmp_path / "again", FIRST)
    write(tmp_path / "again", SECOND)
    write(tmp_path / "again", SECOND)
    assert contents(tmp_path / "fresh") == contents(tmp_path / "again")
