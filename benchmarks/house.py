"""Figures of the house, read from the source: dangling references, names reached past doors, sizes.

Run `python benchmarks/house.py`; it takes some ten seconds. `tests/faces/test_house_figures.py` holds the figures.
The product is `coverage`, `sites`, `app.py` and `src/quietwing/__init__.py`; only Python is counted.
"""

from __future__ import annotations

import ast
import io
import re
import statistics
import tokenize
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
INSIDE = ("propagation", "blocking", "planning", "report", "study", "live", "batch", "validation")
STAGES = ("sites", *(f"coverage.{name}" for name in INSIDE))
TEXTS = ("*.py", "*.md", "*.csv", "*.toml", "*.html")
# Papers that reasons were once cited from, and documents by name.
PAPERS = re.compile(r"\b(?:CHO[I]CES|RULES) (?=R?\d|§)|\bDE[S]IGN\b|\bSTYLE\b(?=[, ]+(?:§|\"))|\b[\w-]+\.md\b")
FORBIDS = "test_citations.py"  # names the words in order to forbid them
COMPILED = {"njit", "jit", "vectorize", "guvectorize"}
LONG_FUNCTION = 60  # code lines
NOT_CODE = {
    tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENCODING,
    tokenize.ENDMARKER,
}  # fmt: skip
TO_A_TOOL = re.compile(r"# *(noqa|type: ignore|fmt:)[^#]*$")
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def statements(tree: ast.AST) -> Iterator[ast.AST]:
    """A tree's root and every statement below it: nothing looked for here stands inside an expression."""
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        yield node
        below = ast.iter_child_nodes(node)
        waiting += [each for each in below if isinstance(each, (ast.stmt, ast.excepthandler, ast.match_case))]


@dataclass(frozen=True)
class Module:
    """A Python file: its path from the root, its text and its syntax tree."""

    path: str
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    @cached_property
    def lines(self) -> list[str]:
        return self.text.splitlines()

    @property
    def dotted(self) -> str:
        """Name below `quietwing`."""
        return ".".join(Path(self.path).with_suffix("").parts).removesuffix(".__init__")

    @cached_property
    def code(self) -> set[int]:
        """Numbers of the lines that hold code: no blank, no comment, no docstring."""
        return self._told[0] - self._docstrings()

    @property
    def comments(self) -> set[int]:
        """Numbers of the lines with a comment that is meant for a reader, not for a tool."""
        return self._told[1]

    @cached_property
    def _told(self) -> tuple[set[int], set[int]]:
        """Lines that hold tokens of code, and those with comments for a reader."""
        held: set[int] = set()
        comments: set[int] = set()
        for token in tokenize.generate_tokens(io.StringIO(self.text).readline):
            if token.type not in NOT_CODE:
                held.update(range(token.start[0], token.end[0] + 1))
            elif token.type == tokenize.COMMENT and not TO_A_TOOL.match(token.string):
                comments.add(token.start[0])
        return held, comments

    def _docstrings(self) -> set[int]:
        lines: set[int] = set()
        for node in statements(self.tree):
            if isinstance(node, (ast.Module, ast.ClassDef, *FUNCTIONS)) and ast.get_docstring(node, clean=False):
                text = node.body[0]
                lines.update(range(text.lineno, (text.end_lineno or text.lineno) + 1))
        return lines


@dataclass(frozen=True)
class Kernel:
    """A compiled function, its decorators as written, and how many positional parameters it has."""

    path: str
    name: str
    decorators: tuple[str, ...]
    parameters: int


def read(*names: str, root: Path = ROOT) -> list[Module]:
    """Modules of files and folders, folders with all that is below them."""
    paths = [
        path for name in names for path in ([root / name] if name.endswith(".py") else (root / name).rglob("*.py"))
    ]
    return [Module(path.relative_to(root).as_posix(), path.read_text("utf-8")) for path in sorted(paths)]


def product(root: Path = ROOT) -> list[Module]:
    """What is shipped."""
    return read("coverage", "sites", "app.py", "src/quietwing/__init__.py", root=root)


def doors(root: Path = ROOT) -> list[Module]:
    """Stubs of the stages' packages: what each stage gives to others."""
    paths = (root / stage.replace(".", "/") / "__init__.pyi" for stage in STAGES)
    return [Module(path.relative_to(root).as_posix(), path.read_text("utf-8")) for path in paths if path.exists()]


def dangling_references(root: Path = ROOT) -> Counter[str]:
    """How often each paper that is not in the repository is named, in code, tables, documents and tests."""
    files = [path for folder in ("coverage", "sites", "docs", "tests") for path in _files(root / folder)]
    files += [root / "app.py", *root.glob("*.md")]
    here = {path.name for path in files}
    texts = (path.read_text("utf-8") for path in files if path.name != FORBIDS)
    named = Counter(word.strip() for text in texts for word in PAPERS.findall(text))
    return Counter({word: count for word, count in named.items() if word not in here})


def _files(folder: Path) -> Iterator[Path]:
    for pattern in TEXTS:
        yield from sorted(folder.rglob(pattern))


def stage_of(dotted: str) -> str | None:
    """The stage a module stands in, None beside them."""
    return next((stage for stage in STAGES if dotted == stage or dotted.startswith(f"{stage}.")), None)


def past_doors(modules: Iterable[Module]) -> dict[str, set[str]]:
    """Of each stage the names, with their module, that modules of other stages import from inside it.

    A door is the package itself. A module of the stage that is imported from the package counts as one name, unless
    the door's stub gives it.
    """
    every = list(modules)
    modules = [module for module in every if module.path.endswith(".py")]
    known = {module.dotted for module in modules}
    offered = {stage: set[str]() for stage in STAGES}
    offered.update({module.dotted: _exported(module) for module in every if module.path.endswith(".pyi")})
    reached: dict[str, set[str]] = {stage: set() for stage in STAGES}
    for module in modules:
        for source, name in _imported(module):
            stage = stage_of(source)
            if stage is None or stage == stage_of(module.dotted):
                continue
            if source != stage or (f"{source}.{name}" in known and name not in offered[stage]):
                reached[stage].add(f"{source}.{name}".rstrip("."))
    return reached


def _imported(module: Module) -> Iterator[tuple[str, str]]:
    """Module below `quietwing` and name, of each import; the name is empty where the module itself is imported."""
    for node in statements(module.tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.startswith("quietwing."):
                    yield alias.name.removeprefix("quietwing."), ""
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and (node.module or "").startswith("quietwing"):
            source = (node.module or "").removeprefix("quietwing").removeprefix(".")
            for alias in node.names:
                yield (source, alias.name) if source else (alias.name, "")


def _exported(stub: Module) -> set[str]:
    """Names that a door gives: what its stub imports from its own modules."""
    return {
        alias.asname or alias.name
        for node in stub.tree.body
        if isinstance(node, ast.ImportFrom) and node.level == 1
        for alias in node.names
    }


def kernels(modules: Iterable[Module]) -> list[Kernel]:
    """Compiled functions, the longest signature first."""
    found = []
    for module in modules:
        for node in statements(module.tree):
            if isinstance(node, FUNCTIONS) and any(map(_compiles, node.decorator_list)):
                written = tuple(ast.unparse(decorator) for decorator in node.decorator_list)
                taken = len(node.args.posonlyargs) + len(node.args.args)
                found.append(Kernel(module.path, node.name, written, taken))
    return sorted(found, key=lambda kernel: (-kernel.parameters, kernel.path, kernel.name))


def _compiles(decorator: ast.expr) -> bool:
    called = decorator.func if isinstance(decorator, ast.Call) else decorator
    return ast.unparse(called).split(".")[-1] in COMPILED


def stores(modules: Iterable[Module]) -> dict[str, list[int]]:
    """What keeps things and forgets them, written by hand: class, function or module, and the lines that say so."""
    found: dict[str, list[int]] = {}
    for module in modules:
        for holder, node in _held(module.tree, ""):
            if _evicts(node):
                found.setdefault(f"{module.path}:{holder}".rstrip(":"), []).append(node.lineno)
    return {holder: sorted(set(lines)) for holder, lines in found.items()}


def _held(tree: ast.AST, holder: str) -> Iterator[tuple[str, ast.expr]]:
    """Each expression with the outermost class or function it stands in."""
    for node in ast.iter_child_nodes(tree):
        inner = holder or (node.name if isinstance(node, (ast.ClassDef, *FUNCTIONS)) else "")
        if isinstance(node, ast.expr):
            yield inner, node
        yield from _held(node, inner)


def _evicts(node: ast.expr) -> bool:
    if isinstance(node, ast.Name):
        return node.id == "lru_cache"
    if isinstance(node, ast.Attribute):
        return node.attr in {"popitem", "move_to_end", "lru_cache"}
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "OrderedDict":
        return True
    popped = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "pop"
    return popped and ".pop(next(iter(" in ast.unparse(node)


def late_imports(modules: Iterable[Module]) -> dict[str, bool]:
    """Imports inside functions by place, with whether a comment on the line, or above it, says why.

    Imports that follow each other share the comment above the first.
    """
    found = {}
    for module in modules:
        lines = {
            node.lineno: node.end_lineno or node.lineno
            for function in statements(module.tree)
            if isinstance(function, FUNCTIONS)
            for node in statements(function)
            if isinstance(node, (ast.Import, ast.ImportFrom))
        }
        comments = module.comments
        ends = {last: first for first, last in lines.items()}
        for first, last in lines.items():
            above = first - 1
            while above in ends:
                above = ends[above] - 1
            own_line = above in comments and module.lines[above - 1].lstrip().startswith("#")
            said = own_line or any(line in comments for line in range(first, last + 1))
            found[f"{module.path}:{first}"] = said
    return found


def long_functions(modules: Iterable[Module]) -> dict[str, int]:
    """Functions of more than `LONG_FUNCTION` code lines."""
    found = {}
    for module in modules:
        for node in statements(module.tree):
            if isinstance(node, FUNCTIONS):
                lines = len(module.code.intersection(range(node.lineno, (node.end_lineno or 0) + 1)))
                if lines > LONG_FUNCTION:
                    found[f"{module.path}:{node.name}"] = lines
    return dict(sorted(found.items(), key=lambda row: -row[1]))


def figures(root: Path = ROOT) -> dict[str, float]:
    """The figures of the house by name."""
    modules = product(root)
    code = [len(module.code) for module in modules]
    raw = [len(module.lines) for module in modules]
    late = late_imports(modules)
    tests = sum(len(module.code) for module in read("tests", root=root))
    return {
        "dangling references": dangling_references(root).total(),
        "names reached past doors": sum(map(len, past_doors([*modules, *doors(root)]).values())),
        "largest kernel signature": max(kernel.parameters for kernel in kernels(modules)),
        "stores with eviction": len(stores(modules)),
        "imports inside functions": len(late),
        "imports inside functions without a reason": sum(not said for said in late.values()),
        "source lines of code": sum(code),
        "tests ÷ code": tests / sum(code),
        "median module, lines": statistics.median(raw),
        "median module, code lines": statistics.median(code),
        "largest module, lines": max(raw),
        "largest module, code lines": max(code),
        "functions above 60 code lines": len(long_functions(modules)),
    }


def main() -> None:
    """Print the figures, then what they are made of."""
    modules = product()
    for name, value in figures().items():
        print(f"{name:45s} {value:9.2f}" if name == "tests ÷ code" else f"{name:45s} {value:9.0f}")
    _print("Papers that are not in the repository", dangling_references().most_common())
    _print(
        "Names reached past the door of",
        ((name, len(found)) for name, found in past_doors([*modules, *doors()]).items()),
    )
    longest = [(f"{kernel.path}:{kernel.name}", kernel.parameters) for kernel in kernels(modules)[:10]]
    _print("Largest kernel signatures", longest)
    _print("Stores with eviction", ((name, len(lines)) for name, lines in stores(modules).items()))
    late = Counter(place.rsplit(":", 1)[0] for place, said in late_imports(modules).items() if not said)
    _print("Imports inside functions without a reason, ten most", late.most_common(10))
    largest = sorted(((module.path, len(module.lines)) for module in modules), key=lambda row: -row[1])
    _print("Largest modules, lines", largest[:10])
    _print("Functions above 60 code lines", long_functions(modules).items())


def _print(title: str, rows: Iterable[tuple[str, int]]) -> None:
    print(f"\n{title}")
    for name, count in rows:
        print(f"{count:7d}  {name}")


if __name__ == "__main__":
    main()
