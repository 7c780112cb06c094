"""The shape of the code: who may import whom, who may touch the world outside, how long things may be."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGE: Final = Path(__file__).resolve().parent.parent / "converter"

HELPERS: Final = frozenset({"encoding", "names", "parameters", "spacing", "tree", "urls"})
EVERYONE: Final = frozenset({"model", "errors"}) | HELPERS
"""What any module may import. Helpers import `model` and `errors` only."""

STAGES: Final = frozenset(
    {"decode", "frontmatter", "scraper", "cleaner", "reader", "emitter", "soup", "templates", "verify"},
)
OUTSIDE: Final = frozenset({"sources", "fidelity", "manifest", "report", "store", "pool"})
"""With `cli` and `batch`: the modules that may touch disk, network or terminal."""

MAY_IMPORT: Final[dict[str, frozenset[str]]] = {
    "__init__": frozenset({"pipeline"}),
    "__main__": frozenset({"cli", "pipe"}),
    "cli": frozenset({"__init__", "batch", "checks", "comparison", "inspection", "pipeline", "profiles", "rules"})
    | OUTSIDE,
    "batch": frozenset({"__init__", "pipeline"}) | OUTSIDE,
    "sources": frozenset({"store"}),
    "manifest": frozenset({"store"}),
    "store": frozenset(),
    "pool": frozenset(),
    "report": frozenset({"__init__", "batch", "manifest"}),
    "fidelity": STAGES | {"__init__", "manifest", "nodes", "pipeline", "rules", "sources"},
    "checks": frozenset({"frontmatter", "verify"}),
    "comparison": STAGES | {"dialects", "pipeline"},
    "inspection": STAGES | {"pipeline", "profiles", "rules", "trace"},
    "pipeline": STAGES | {"dialects", "profiles", "rules", "trace"},
    "decode": frozenset({"frontmatter"}),  # the one exception: `split`, to tell Markdown from HTML behind the block
    "frontmatter": frozenset(),
    "scraper": frozenset({"profiles"}),
    "cleaner": frozenset({"profiles", "rules", "trace"}),
    "reader": frozenset({"nodes"}),
    "emitter": frozenset({"nodes", "inline", "unsafe"}),
    "dialects": frozenset({"nodes"}),
    "inline": frozenset({"nodes", "unsafe"}),
    "templates": frozenset(),
    "unsafe": frozenset(),
    "soup": frozenset(),
    "verify": frozenset(),
    "nodes": frozenset(),
    "profiles": frozenset(),
    "rules": frozenset(),
    "trace": frozenset({"rules"}),
    "model": frozenset({"errors"}),
    "errors": frozenset(),
    **dict.fromkeys(HELPERS, frozenset({"model", "errors"})),
}
"""Module -> what it may import besides EVERYONE. A stage never imports another stage."""

PARTS: Final[dict[str, str]] = {
    "bare_addresses": "inline",
    "beside": "scraper",
    "characters": "decode",
    "clean_boxes": "cleaner",
    "clean_bars": "cleaner",
    "clean_code": "cleaner",
    "clean_controls": "cleaner",
    "clean_code_lines": "cleaner",
    "clean_listings": "cleaner",
    "clean_list_pieces": "cleaner",
    "clean_lists": "cleaner",
    "clean_empty": "cleaner",
    "clean_gutters": "cleaner",
    "clean_headings": "cleaner",
    "clean_hidden": "cleaner",
    "clean_labels": "cleaner",
    "clean_math": "cleaner",
    "clean_media": "cleaner",
    "clean_names": "cleaner",
    "clean_notes": "cleaner",
    "clean_images": "cleaner",
    "clean_layout": "cleaner",
    "clean_links": "cleaner",
    "clean_noise": "cleaner",
    "clean_structure": "cleaner",
    "clean_styles": "cleaner",
    "clean_title": "cleaner",
    "clean_toc": "cleaner",
    "clean_toc_links": "cleaner",
    "clean_toc_marks": "cleaner",
    "clean_written": "cleaner",
    "code_language": "cleaner",
    "conservation": "pipeline",
    "console": "cli",
    "inspecting": "cli",
    "dates": "frontmatter",
    "differences": "verify",
    "elements": "reader",
    "emphasis": "inline",
    "footnotes": "emitter",
    "front_block": "frontmatter",
    "lenient_yaml": "frontmatter",
    "likely": "scraper",
    "linked_data": "scraper",
    "listings": "cleaner",
    "losses": "pipeline",
    "markdown_signs": "decode",
    "pipe": "cli",
    "page_elements": "decode",
    "page_kind": "decode",
    "page_metadata": "scraper",
    "phrases": "reader",
    "plain_yaml": "frontmatter",
    "showing": "fidelity",
    "snapshot": "manifest",
    "origins": "batch",
    "plan": "batch",
    "protect": "inline",
    "proving": "cli",
    "pruning": "batch",
    "reading": "reader",
    "rescue": "scraper",
    "html5": "scraper",
    "open_elements": "scraper",
    "shallow": "scraper",
    "tokens": "scraper",
    "selectors": "profiles",
    "scan": "inline",
    "seen": "verify",
    "seen_places": "verify",
    "seen_tables": "verify",
    "seen_tags": "verify",
    "soup_escape": "soup",
    "soup_inline": "soup",
    "soup_tables": "soup",
    "soup_tree": "soup",
    "strict_yaml": "frontmatter",
    "table_html": "reader",
    "tables": "reader",
    "task": "cli",
    "vocabulary": "cleaner",
    "work": "batch",
}
"""A module split off another one -> that one. It has the rights of its owner, and only the owner imports it."""

WORLD_MODULES: Final = frozenset(
    {"asyncio", "ctypes", "fcntl", "glob", "http", "io", "logging", "multiprocessing", "os", "pathlib", "shutil"}
    | {"signal", "socket", "sqlite3", "subprocess", "tempfile", "threading", "urllib.request", "zipfile", "tarfile"}
)
HARMLESS_NAMES: Final = frozenset({"pathlib.PurePosixPath", "pathlib.PurePath", "io.StringIO", "io.BytesIO"})
WORLD_CALLS: Final = frozenset({"open", "print", "input", "breakpoint", "exit", "quit", "exec", "eval", "__import__"})
WORLD_ATTRIBUTES: Final = frozenset(
    {"read_text", "read_bytes", "write_text", "write_bytes", "unlink", "mkdir", "stdin", "stdout", "stderr", "urlopen"}
)
PROFILE_READS: Final = frozenset({"read_text", "read_bytes", "pathlib", "os"})
"""Profiles are data files: reading one, from the package or named by the user, is what `profiles` is for."""

MUTATORS: Final = frozenset(
    {"append", "add", "update", "extend", "insert", "setdefault", "pop", "popitem", "clear", "remove", "discard"}
    | {"__setitem__", "sort", "reverse", "appendleft"}
)
CONTAINERS: Final = (ast.List, ast.Dict, ast.Set, ast.ListComp, ast.DictComp, ast.SetComp)
MAX_MODULE: Final = 450
LONG_FUNCTION: Final = 40


def name_of(path: Path) -> str:
    """`converter/sources/directory.py` is a part of the module `sources`."""
    inner = path.relative_to(PACKAGE)
    return inner.parts[0] if len(inner.parts) > 1 else inner.stem


FILES: Final = tuple(sorted(PACKAGE.rglob("*.py")))
TREES: Final = {path: ast.parse(path.read_bytes()) for path in FILES}
each_file = pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(PACKAGE).as_posix())


def own_imports(path: Path) -> set[str]:
    """Modules of this package that a file imports, also those that it imports late or for annotations only."""
    found: set[str] = set()
    for node in ast.walk(TREES[path]):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[1] for alias in node.names if alias.name.startswith("converter.")}
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            found |= set(_imported_from(node, node.module.split(".")))
    return found - {name_of(path)}


def _imported_from(node: ast.ImportFrom, parts: list[str]) -> Iterator[str]:
    if parts[0] != "converter":
        return
    if len(parts) > 1:
        yield parts[1]
        return
    modules = MAY_IMPORT.keys() | PARTS.keys()
    for alias in node.names:
        yield alias.name if alias.name in modules else "__init__"


def rights(module: str) -> frozenset[str]:
    """What a module may import, its own parts included."""
    owner = PARTS.get(module, module)
    parts = {part for part, whole in PARTS.items() if whole == owner}
    common = EVERYONE if owner not in EVERYONE else frozenset()
    return MAY_IMPORT[owner] | parts | common | {owner}


def test_every_module_has_its_place() -> None:
    """A new module is entered in MAY_IMPORT (and in docs/architecture.md) or in PARTS."""
    assert {name_of(path) for path in FILES} <= MAY_IMPORT.keys() | PARTS.keys()
    assert {"model", "errors"} <= {name_of(path) for path in FILES}


@each_file
def test_imports_point_one_way(path: Path) -> None:
    assert own_imports(path) <= rights(name_of(path))


@each_file
def test_imports_are_absolute(path: Path) -> None:
    """Relative imports would slip through the test above."""
    assert not [node.lineno for node in ast.walk(TREES[path]) if isinstance(node, ast.ImportFrom) and node.level]


def touches(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Every use of disk, network or terminal: what, and the line."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((name.name, node.lineno) for name in node.names if name.name in WORLD_MODULES)
        elif isinstance(node, ast.ImportFrom) and node.module in WORLD_MODULES:
            harmful = {f"{node.module}.{name.name}" for name in node.names} - HARMLESS_NAMES
            if harmful:
                yield node.module or "", node.lineno
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in WORLD_CALLS:
            yield node.func.id, node.lineno
        elif isinstance(node, ast.Attribute) and node.attr in WORLD_ATTRIBUTES:
            yield node.attr, node.lineno


@each_file
def test_only_the_rim_touches_the_world(path: Path) -> None:
    module = PARTS.get(name_of(path), name_of(path))
    if module in OUTSIDE | {"cli", "batch", "__main__"}:
        return
    allowed = PROFILE_READS if module == "profiles" else frozenset()
    assert [(what, line) for what, line in touches(TREES[path]) if what not in allowed] == []


@each_file
def test_only_the_command_line_prints_or_exits(path: Path) -> None:
    if PARTS.get(name_of(path), name_of(path)) in {"cli", "__main__"}:
        return
    terminal = {"print", "input", "exit", "quit", "stdout", "stderr", "stdin"}
    assert [(what, line) for what, line in touches(TREES[path]) if what in terminal] == []


def test_the_searches_above_find_something() -> None:
    """A search that finds nothing anywhere would let everything through."""
    seeded = ast.parse("import os\nfrom pathlib import Path\nprint(1)\nsys.stderr\nPath().write_text('')")
    assert {what for what, _ in touches(seeded)} == {"os", "pathlib", "print", "stderr", "write_text"}
    seeded = ast.parse("x: Final = {}\ny = []\ndef f():\n    global z\n    x[1] = 2\n    x.update(a=1)\n    z += 1\n")
    assert [line for line, _ in mutations(seeded)] == [2, 4, 5, 6]


def mutations(tree: ast.Module) -> list[tuple[int, str]]:
    """Module-level state that changes: the line, and what was found there."""
    names = {name for statement in tree.body for name in _assigned(statement)}
    found = [(node.lineno, "a container that is not Final") for node in tree.body if _is_loose_container(node)]
    for function in (node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))):
        local = _local_names(function)
        for node in ast.walk(function):
            if isinstance(node, ast.Global):
                found.append((node.lineno, "global"))
            elif isinstance(node, ast.expr) and (target := _mutated(node)) in names - local:
                found.append((node.lineno, f"{target} changes"))
    return sorted(set(found))


def _assigned(statement: ast.stmt) -> list[str]:
    targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
    return [target.id for target in targets if isinstance(target, ast.Name)]


def _is_loose_container(statement: ast.stmt) -> bool:
    """A list, dict or set that says neither `Final` nor `__all__` or `__slots__`."""
    if isinstance(statement, ast.Assign):
        return isinstance(statement.value, CONTAINERS) and not any(n.startswith("__") for n in _assigned(statement))
    if isinstance(statement, ast.AnnAssign):
        return isinstance(statement.value, CONTAINERS) and "Final" not in ast.unparse(statement.annotation)
    return False


def _local_names(function: ast.FunctionDef | ast.AsyncFunctionDef) -> set[str]:
    arguments = {node.arg for node in ast.walk(function.args) if isinstance(node, ast.arg)}
    stored = {n.id for n in ast.walk(function) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    return arguments | stored


def _mutated(node: ast.expr) -> str | None:
    """Name of the container that a subscript store or a mutating method changes."""
    base: ast.expr | None = None
    if isinstance(node, ast.Subscript) and isinstance(node.ctx, (ast.Store, ast.Del)):
        base = node.value
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in MUTATORS:
        base = node.func.value
    return base.id if isinstance(base, ast.Name) else None


@each_file
def test_no_module_holds_state(path: Path) -> None:
    assert mutations(TREES[path]) == []


@each_file
def test_no_module_is_too_long(path: Path) -> None:
    assert len(path.read_bytes().splitlines()) <= MAX_MODULE


def test_nine_functions_in_ten_are_short() -> None:
    lengths = [
        (node.end_lineno or 0) - node.lineno + 1
        for tree in TREES.values()
        for node in ast.walk(tree)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
    ]
    assert lengths
    assert sum(length < LONG_FUNCTION for length in lengths) >= 0.9 * len(lengths)


@each_file
def test_annotations_are_postponed(path: Path) -> None:
    """Empty files aside, every module begins with `from __future__ import annotations`."""
    imports = [node for node in TREES[path].body if isinstance(node, ast.ImportFrom)]
    assert not TREES[path].body[1:] or (imports and imports[0].module == "__future__")
