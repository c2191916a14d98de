"""The house holds: arrows point one way, every package is in the wheel, pins agree, nothing runs at import."""

import ast
import functools
import os
import re
import subprocess
import sys
import tomllib
from itertools import chain
from pathlib import Path

import pytest

import quietwing

ROOT = Path(__file__).parents[2]

# Left to right: each may import what stands before it. Names of one line stand side by side.
ORDER = [
    ("sites",),
    (
        "coverage.answer_parts",
        "coverage.answers",
        "coverage.code_digest",
        "coverage.errors",
        "coverage.exit_codes",
        "coverage.decibel",
        "coverage.dims",
        "coverage.equipment",
        "coverage.rules",
        "coverage.scenario",
        "coverage.result_folder",
        "coverage.contrast_results",
        "coverage.results",
        "coverage.kept",
        "coverage.spill_rows",
        "coverage.catalogue",
        "coverage.layout",
        "coverage.site_inputs",
        "coverage.treatments",
        "coverage.trims",
        "coverage.gaussian_fit",
        "coverage.tables",
        "coverage.whole_files",
        "coverage.compiling",
        "coverage.compiled_code",
        "coverage.named_arrays",
        "coverage.other_process",
    ),
    ("coverage.propagation",),
    ("coverage.validation",),
    ("coverage.blocking",),
    ("coverage.calibration", "coverage.acceptance"),
    ("coverage.planning",),
    ("coverage.report",),
    ("coverage.study",),
    ("coverage.live", "coverage.warmup"),
    (
        "coverage.store",
        "coverage.plan_store",
        "coverage.frontier_told",
        "coverage.frontier_store",
        "coverage.estate_store",
    ),
    ("coverage.batch",),
    ("coverage.cli", "coverage.app"),
]
COMPILERS = ("numba", "llvmlite", "quietwing.coverage.compiling")
APART = ("coverage.cli", "coverage.app")  # neither imports the other; what both use stands to their left
# Who may import what is slow to load, or belongs to one face alone.
MAY_IMPORT_HEAVY = {
    "matplotlib": ("coverage/report/", "coverage/app/"),
    "jinja2": ("coverage/report/",),
    "streamlit": ("coverage/app/",),
    "typer": ("coverage/cli/",),
    "rich": ("coverage/cli/",),
    "dask": ("coverage/batch/",),
}


@functools.cache
def modules() -> list[Path]:
    return sorted(path for folder in ("sites", "coverage") for path in (ROOT / folder).rglob("*.py"))


def rank(dotted: str) -> int | None:
    for level, names in enumerate(ORDER):
        if any(dotted == name or dotted.startswith(f"{name}.") for name in names):
            return level
    return None


@functools.cache
def imports(path: Path) -> list[tuple[str, bool]]:
    """Imported module names with whether the import stands at the top level of the module."""
    tree = ast.parse(path.read_text("utf-8"))
    found = []
    for node in ast.walk(tree):
        top = node in tree.body
        if isinstance(node, ast.Import):
            found.extend((alias.name, top) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.append((node.module, top))
            found.extend((f"{node.module}.{alias.name}", top) for alias in node.names)
    return found


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_point_left(path):
    own = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    mine = rank(own)
    if own == "coverage":
        return
    assert mine is not None, f"{own} has no place in the house"
    for name, _ in imports(path):
        if name.startswith("quietwing."):
            theirs = rank(name.removeprefix("quietwing."))
            assert theirs is None or theirs <= mine, f"{own} imports {name}, which stands to its right"


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_faces_alone_import_plotting_and_terminals(path):
    relative = str(path.relative_to(ROOT))
    for heavy in {name.split(".")[0] for name, _ in imports(path)} & set(MAY_IMPORT_HEAVY):
        assert relative.startswith(MAY_IMPORT_HEAVY[heavy]), f"{relative} imports {heavy}"


def test_command_line_and_app_do_not_import_each_other():
    for own, other in (APART, APART[::-1]):
        for path in (ROOT / own.replace(".", "/")).rglob("*.py"):
            reached = [name for name, _ in imports(path) if name.startswith(f"quietwing.{other}")]
            assert not reached, f"{path.relative_to(ROOT)} imports {reached[0]}"


def test_every_folder_with_code_or_tables_is_a_package_of_the_wheel():
    setup = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["setuptools"]
    folders = {
        str(path.parent.relative_to(ROOT))
        for folder in ("sites", "coverage")
        for path in (ROOT / folder).rglob("__init__.py")
    }
    mapped = {folder for name, folder in setup["package-dir"].items() if name != "quietwing"}
    assert mapped == folders
    assert set(setup["packages"]) == set(setup["package-dir"])
    for name, folder in setup["package-dir"].items():
        assert name == "quietwing" or name == f"quietwing.{folder.replace('/', '.')}"


def test_pins_for_uv_and_pip_are_the_same():
    pins = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["uv"]["constraint-dependencies"]
    lines = [line.strip() for line in (ROOT / "constraints.txt").read_text("utf-8").splitlines()]
    assert [line for line in lines if line and not line.startswith("#")] == pins
    assert len(pins) > 30
    assert all("==" in pin and "://" not in pin for pin in pins)


def test_what_is_imported_is_declared():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    declared = chain(project["dependencies"], *project["optional-dependencies"].values())
    named = {re.split("[~>=]", each)[0].replace("-", "_") for each in declared} | {"PIL", "quietwing"}
    reached = {name.split(".")[0] for path in modules() for name, _ in imports(path)}
    assert reached - set(sys.stdlib_module_names) <= named


def test_python_runs_the_package_as_the_command():
    ran = subprocess.run([sys.executable, "-P", "-m", "quietwing", "--version"], capture_output=True, text=True)
    assert (ran.returncode, ran.stdout) == (0, f"quietwing {quietwing.__version__}\n")


def test_every_dependency_says_why():
    text = (ROOT / "pyproject.toml").read_text("utf-8")
    block = text[text.index("dependencies = [") : text.index("[project.scripts]")]
    for line in block.splitlines()[1:-2]:
        assert "#" in line, f"{line.strip()} has no reason beside it"


@pytest.mark.parametrize(("given", "kept"), [({}, "1"), ({"OPENBLAS_NUM_THREADS": "2"}, "2")])
def test_the_command_line_has_small_products_of_matrices_on_one_thread(given, kept):
    code = "import os, sys, quietwing.coverage.cli; print('numpy' in sys.modules, os.environ['OPENBLAS_NUM_THREADS'])"
    without = {name: value for name, value in os.environ.items() if name != "OPENBLAS_NUM_THREADS"}
    done = subprocess.run(
        [sys.executable, "-P", "-c", code], env=without | given, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["False", kept]  # set before numpy is loaded, which reads it then


def test_importing_the_engine_loads_no_face():
    code = (
        "import sys, quietwing.coverage.study, quietwing.coverage.batch.tasks, quietwing.sites; "
        "faces = {'matplotlib', 'streamlit', 'typer', 'pyogrio'}; "
        "print(sorted({name.split('.')[0] for name in sys.modules} & faces))"
    )
    ran = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


def test_the_command_line_starts_without_the_engine():
    """``--help`` answers before arrays, geometry and pages are loaded."""
    code = (
        "import sys, quietwing.coverage.cli; "
        "heavy = {'numpy', 'shapely', 'pydantic', 'xarray', 'scipy', 'numba', 'matplotlib', 'streamlit'}; "
        "print(sorted({name.split('.')[0] for name in sys.modules} & heavy))"
    )
    ran = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("loaded", "heavy"),
    [
        # Words and --json of what leaks in: pictures are drawn with --out only.
        ("quietwing.coverage.cli.leakage_terminal", {"matplotlib", "streamlit", "pyogrio", "rasterio"}),
        ("quietwing.coverage.cli.check_terminal", {"matplotlib", "streamlit", "numba", "xarray", "pyogrio"}),
        # The first screen, of the stored sample.
        ("quietwing.coverage.app.shell, quietwing.coverage.app.blockers_page", {"matplotlib", "numba", "xarray"}),
    ],
)
def test_a_command_and_the_first_screen_load_what_they_need_alone(loaded, heavy):
    code = f"import sys, {loaded}; print(sorted({{name.split('.')[0] for name in sys.modules}} & {heavy}))"
    ran = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


def test_the_engine_is_not_reached_by_its_folder_name():
    ran = subprocess.run(
        [sys.executable, "-c", "import coverage"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 1
    assert "quietwing.coverage" in ran.stderr


def test_numba_imports_from_the_root_of_the_checkout():
    ran = subprocess.run(
        [sys.executable, "-c", "import numba"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr


def fast_maths(path: Path) -> list[str]:
    """Places of a module that ask a compiler for fast maths, where anything in it is compiled."""
    if not any(name.startswith(COMPILERS) for name, _ in imports(path)):
        return []
    asked = []
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        as_keyword = isinstance(node, ast.keyword) and node.arg == "fastmath"  # @njit(fastmath=…), dict(fastmath=…)
        as_text = isinstance(node, ast.Constant) and node.value in ("fastmath", "fast")  # {"fastmath": …}, IR flags
        if as_keyword or as_text:
            asked.append(f"{path.name}:{getattr(node, 'lineno', 0)}")
    return asked


def test_no_fast_math():
    """Order and rounding are those of the source, so numpy gives the same bits: in every module that is compiled."""
    assert [place for path in modules() for place in fast_maths(path)] == []
    compiled = {path.name for path in modules() if any(name.startswith(COMPILERS) for name, _ in imports(path))}
    assert {"_kernels.py", "_detour_kernels.py", "_montecarlo.py", "_anneal.py", "_lanes.py"} <= compiled


def test_nothing_of_this_machine_is_in_the_repository():
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout")
    for name in listed.stdout.split("\0"):
        path = ROOT / name
        if name and path.is_file() and not path.is_symlink():
            assert path.stat().st_size < 2_000_000, name
