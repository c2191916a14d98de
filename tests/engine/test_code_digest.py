"""What other code made is known: by every byte of code and tables, and by nothing of where they are installed."""

import shutil

from quietwing.coverage import code_digest


def test_the_digest_is_of_code_and_tables_and_of_nothing_else(other_physics, tmp_path):
    updated = code_digest.code_digest()
    moved = tmp_path / "elsewhere" / "quietwing"
    shutil.copytree(other_physics, moved)
    (moved / "coverage" / "__pycache__").mkdir()
    (moved / "coverage" / "__pycache__" / "decibel.py").write_bytes(b"compiled")
    (moved / "coverage" / "kernel.nbi").write_bytes(b"compiled too")
    read = code_digest._digest_of.__wrapped__
    assert read(moved) == updated
    (moved / "coverage" / "decibel.py").rename(moved / "coverage" / "bel.py")
    assert read(moved) != updated


def test_a_byte_of_a_table_of_physics_is_other_code(request):
    here = code_digest.code_digest()
    assert code_digest.other_code(here) == ""
    request.getfixturevalue("other_physics")
    there = code_digest.code_digest()
    assert code_digest.other_code(here) == f"made by other code of quietwing ({here}, here {there})" != ""
    assert code_digest.other_code(None) == f"made by other code of quietwing (unnamed, here {there})"
    assert "\x1b" not in code_digest.other_code("\x1b[2J")
