"""What import-linter cannot say: the worker module, what domain may lean on, and names that say nothing."""

import ast
import re
import sys
from collections.abc import Iterator

from tests.architecture.source_tree import PACKAGES, PROJECT, ROOT, imported_packages, modules

DOMAIN_LEANS_ON = {"domain", "holidays", "numpy", "pydantic", "pydantic_core", "scipy", "sklearn"}
EMPTY_WORDS = {"base", "common", "core", "helper", "helpers", "manager", "util", "utils"}


def test_every_package_is_packaged_type_checked_and_under_the_import_rules() -> None:
    on_disk = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests", "benchmarks"}
    assert set(PACKAGES) == on_disk
    assert set(PROJECT["tool"]["mypy"]["packages"]) == on_disk
    assert set(PROJECT["tool"]["importlinter"]["root_packages"]) == on_disk


def test_the_worker_knows_nothing_but_the_runtime() -> None:
    assert imported_packages(modules()["worker.py"]) - sys.stdlib_module_names == {"runtime"}


def test_domain_leans_on_the_standard_library_and_on_numbers_only() -> None:
    strangers = {
        (path, package)
        for path, tree in modules().items()
        if path.startswith("domain/")
        for package in imported_packages(tree) - sys.stdlib_module_names - DOMAIN_LEANS_ON
    }
    assert not strangers


def test_only_storage_speaks_to_postgresql() -> None:
    importers = {path.partition("/")[0] for path, tree in modules().items() if "asyncpg" in imported_packages(tree)}
    assert importers == {"storage"}


def test_no_name_says_nothing() -> None:
    empty = [f"{path}: {name}" for path in modules() for name in names_in(path) if says_nothing(name)]
    assert not empty


def says_nothing(name: str) -> bool:
    """What something is stands last (case_manager), or first in a class (BaseCase); base_weights are weights."""
    first, *_, last = [*words(name), *words(name)] or ["", ""]
    return last in EMPTY_WORDS or (name[:1].isupper() and first in EMPTY_WORDS)


def names_in(path: str) -> Iterator[str]:
    """The names of the module, of the folders above it, and of its functions and classes."""
    yield from path.removesuffix(".py").split("/")
    for node in ast.walk(modules()[path]):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name


def words(name: str) -> list[str]:
    """The words of a snake_case or CamelCase name, in small letters."""
    return [word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)]


def test_names_that_say_nothing_are_told_from_terms_of_the_field() -> None:
    assert all(says_nothing(name) for name in ("utils", "_http_helpers", "CaseManager", "BaseStore", "HTTPCore"))
    assert not any(says_nothing(name) for name in ("base_weights", "_common_factors", "CustomerId", "__init__", "_"))
