"""The wheel holds all that the program needs, and nothing of the tests; installed, it runs."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.architecture.source_tree import PACKAGES, ROOT

pytestmark = pytest.mark.slow

BIN = Path(sys.executable).parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", folder, cwd=ROOT)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of a new environment that holds the wheel and what the lock names for running it."""
    environment = tmp_path_factory.mktemp("installed")
    python = environment / "bin" / "python"
    run(BIN / "uv", "venv", "--quiet", "--clear", "--python", sys.executable, environment)
    requirements = ("--require-hashes", "--requirement", ROOT / "requirements.txt")
    run(BIN / "uv", "pip", "install", "--quiet", "--python", python, *requirements)
    run(BIN / "uv", "pip", "install", "--quiet", "--python", python, "--no-deps", wheel)
    return environment / "bin"


def run(*command: str | Path, cwd: Path | None = None) -> str:
    """What the command printed; run apart from this checkout unless told otherwise."""
    environment = {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "VIRTUAL_ENV"}}
    done = subprocess.run(command, cwd=cwd or Path("/"), env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout


def test_the_wheel_holds_every_file_of_our_packages_and_nothing_else(wheel: Path) -> None:
    held = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    files = {path for package in PACKAGES for path in (ROOT / package).rglob("*") if path.is_file()}
    ours = {path.relative_to(ROOT).as_posix() for path in files if "__pycache__" not in path.parts}
    assert held == ours | {"worker.py"}


def test_the_wheel_holds_data_of_every_kind_that_the_program_reads(wheel: Path) -> None:
    held = zipfile.ZipFile(wheel).namelist()
    assert any(name.startswith("storage/migrations/") and name.endswith(".sql") for name in held)
    assert any(name.startswith("domain/complaints/presets/") and name.endswith(".toml") for name in held)


def test_the_installed_program_tells_its_commands(installed: Path) -> None:
    said = run(installed / "amends", "--help")
    assert all(command in said for command in ("up", "demo", "api", "worker", "migrate", "complaint"))


def test_the_installed_program_finds_its_migrations_presets_and_worker(installed: Path) -> None:
    said = run(
        installed / "python",
        "-c",
        "import worker; from storage.migrating import read_migrations; print(len(read_migrations()), worker.__file__)",
    )
    count, place = said.split()
    assert int(count) == len(list((ROOT / "storage" / "migrations").glob("*.sql")))
    assert Path(place).is_relative_to(installed.parent)


def test_every_module_but_the_demonstration_imports_without_the_extras_for_development(
    installed: Path, wheel: Path
) -> None:
    modules = [name for name in zipfile.ZipFile(wheel).namelist() if name.endswith(".py") and "/demo/" not in name]
    names = [name.removesuffix(".py").removesuffix("/__init__").replace("/", ".") for name in modules]
    run(installed / "python", "-c", f"import importlib; [importlib.import_module(name) for name in {names!r}]")
