"""Every command answers with the same bytes whatever the machine around it says."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

COMMAND = [sys.executable, "-P", "-c", "from quietwing.coverage.cli import main; main()"]
# What each prints, and what it writes into the folder that it runs in, is compared.
LINES = (
    "example new wing --type wing --cells 2 --storeys 1",
    "example new other --type wing --cells 4 --storeys 1 --window-state shut",
    "check wing --json",
    "leakage wing --grid-m 2 --channel EE/B20/LTE --out leakage",
    "evaluate wing --worlds 100 --grid-m 2 --contrast --out verdict",
    "verify verdict --json",
    "optimise wing --budget-gbp 4000 --effort quick --equipment micro_jammer --worlds 100 --out plan",
    "whatif wing --layout plan/layout.csv --top 3 --out whatif",
    "batch sweep.toml --out batch --json",
    "estate . --budget-gbp 5000 --out estate",
    "example copy wing wing.gpkg",
    "import wing.gpkg -o imported --json",
    "example list",
    "schema evaluate",
    "frontier wing --budgets 2000,4000 --effort quick --equipment micro_jammer --worlds 100 --out frontier --json",
    "walktest import walk.csv --site houseblock -o readings.csv --json",
    "calibrate houseblock --readings readings.csv -o layer.toml --json",
    "measure-next wing --layout plan/layout.csv --count 3 --out next --json",
    "masts import list.csv --site houseblock -o masts.csv --map masts.png --json",
    "acceptance form wing --layout plan/layout.csv --out form.xlsx --json",
    "demo --out demo --json",
)
SWEEP = 'sites = ["wing", "other"]\nmode = "leakage"\n[set]\ngrid_m = [2.0]\nworlds = [100, 110]\n'
WALK = """time,x,y,storey,MCC,MNC,RAT,EARFCN,RSRP (dBm)
2026-11-20T10:00:00,-25.6,-3.5,0,234,15,4G,6300,-103
2026-11-20T10:00:01,-25.4,-3.3,0,234,15,4G,6300,-101
2026-11-20T10:04:00,3.4,-20.9,1,234,15,4G,6300,-108
2026-11-20T10:09:00,16.1,3.4,3,234,15,4G,6300,-93
"""
LIST = "site id,x,y,plmn,technology,earfcn\nA1,900,250,23430,LTE,6225\n"
SURROUNDINGS = (
    {"PYTHONHASHSEED": "1", "TZ": "UTC", "LANG": "C.UTF-8", "NUMBA_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
    {"PYTHONHASHSEED": "4242", "TZ": "Asia/Kolkata", "LANG": "tr_TR.UTF-8", "LC_ALL": "C", "COLUMNS": "80"},
)


def answers(folder: Path, environment: dict[str, str]) -> dict[str, bytes]:
    """What each command prints and writes."""
    folder.mkdir(parents=True)
    for name, content in (("sweep.toml", SWEEP), ("walk.csv", WALK), ("list.csv", LIST)):
        (folder / name).write_text(content)
    said = {}
    for line in LINES:
        done = subprocess.run(
            [*COMMAND, *line.split()],
            cwd=folder,
            env=dict(os.environ) | environment,
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, f"{line}: {done.stderr.decode()}"
        said[line] = done.stdout
    files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    # The index of a GeoPackage holds the moment it was written; what was imported from it is compared.
    return said | {
        name: content for name, content in files.items() if not name.endswith(".gpkg") and "gains" not in name
    }


@pytest.mark.slow
@pytest.mark.long  # minutes of processor time; threads, workers and order are tested by themselves in the suite
def test_hash_seed_time_zone_language_threads_and_folder_change_no_byte(tmp_path):
    first, second = (
        answers(tmp_path / name, surroundings)
        for name, surroundings in zip(("here", "else/where"), SURROUNDINGS, strict=True)
    )
    assert first.keys() == second.keys()
    assert [name for name in first if first[name] != second[name]] == []
