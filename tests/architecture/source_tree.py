"""The Python files of the application, parsed once, for the rules that look at all of them."""

import ast
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
PACKAGED: list[str] = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["only-include"]
PACKAGES = sorted(name for name in PACKAGED if not name.endswith(".py"))


@cache
def modules() -> dict[str, ast.Module]:
    """Path relative to the repository → syntax tree, tests left out."""
    paths = [ROOT / "worker.py", *(path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py")))]
    return {path.relative_to(ROOT).as_posix(): ast.parse(path.read_text("utf-8")) for path in paths}


def imported_packages(tree: ast.Module) -> set[str]:
    """The top-level packages that a module names in its import statements, wherever they stand."""
    return {name.partition(".")[0] for node in ast.walk(tree) for name in _imported_by(node)}


def _imported_by(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom) and node.module and not node.level:
        return [node.module]
    return []


def functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines from `def` to the end, the docstring left out."""
    lines = (node.end_lineno or node.lineno) - node.lineno + 1
    first = node.body[0]
    if ast.get_docstring(node) is not None and len(node.body) > 1:
        lines -= (first.end_lineno or first.lineno) - first.lineno + 1
    return lines
