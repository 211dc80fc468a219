"""The contracts of .importlinter: they hold, each one fails when it is broken, and none is forgotten.

Breaches are planted in a copy of the source.
"""

import configparser
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

PLANTED = {
    # contract: (file, line appended or written there)
    "apps": ("apps/matching/planted.py", "import apps.golden"),
    "engine": ("apps/engine/standardise/planted.py", "import apps.engine.bulk"),
    "pure-engine": ("apps/engine/compare/planted.py", "import django.db"),
    "pandas": ("apps/pipeline/planted.py", "import pandas"),
    "pyspark": ("apps/pipeline/planted.py", "import pyspark"),
    "no-project": ("apps/base/planted.py", "import mdmhub.env"),
    "inside": ("apps/sources/models.py", "import apps.sources.services"),
    "servers": ("mdmhub/env.py", "import mdmhub.embedded"),
}


def read_contracts() -> dict[str, str]:
    """Return the contracts' names by their ids."""
    parser = configparser.ConfigParser()
    parser.read(ROOT / ".importlinter")
    prefix = "importlinter:contract:"
    return {part.removeprefix(prefix): parser[part]["name"] for part in parser.sections() if part.startswith(prefix)}


def list_apps_with_models() -> list[str]:
    # The ground beneath every app is made to be imported.
    return sorted(path.parent.name for path in (ROOT / "apps").glob("*/models.py") if path.parent.name != "base")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    for name in ("apps", "mdmhub"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__", "static"))
    shutil.copy(ROOT / ".importlinter", tmp_path)
    return tmp_path


def lint(folder: Path) -> tuple[set[str], str]:
    """Return the ids of the contracts broken in `folder`, and everything the linter said."""
    words = [
        sys.executable,
        "-c",
        "from importlinter.cli import lint_imports_command as run; run()",
        "--no-logo",
        "--no-cache",
    ]
    environment = {**os.environ, "PYTHONPATH": str(folder), "COLUMNS": "400"}
    done = subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    kept_or_broken = dict(re.findall(r"^(.+) (KEPT|BROKEN)\b", done.stdout, flags=re.MULTILINE))
    names = {name: contract for contract, name in read_contracts().items()}
    assert kept_or_broken.keys() == names.keys(), done.stdout + done.stderr
    broken = {names[name] for name, outcome in kept_or_broken.items() if outcome == "BROKEN"}
    assert done.returncode == (1 if broken else 0)
    return broken, done.stdout


def plant(folder: Path, path: str, line: str) -> None:
    with (folder / path).open("a") as file:
        file.write(f"\n{line}\n")


def test_the_source_keeps_every_contract(copy: Path) -> None:
    broken, said = lint(copy)
    assert broken == set(), said


def test_each_contract_fails_on_its_planted_breach(copy: Path) -> None:
    breaches = dict(PLANTED)
    for app in list_apps_with_models():
        planted_in = "quality" if app != "quality" else "api"
        breaches[f"{app}-models"] = (f"apps/{planted_in}/planted_{app}.py", f"import apps.{app}.models")
    assert breaches.keys() == read_contracts().keys()
    for path, line in breaches.values():
        plant(copy, path, line)
    broken, said = lint(copy)
    assert broken == breaches.keys(), said
    for path, line in breaches.values():
        importer, imported = path.removesuffix(".py").replace("/", "."), line.removeprefix("import ")
        assert re.search(
            rf"{re.escape(importer)} (->|is not allowed to import) {re.escape(imported.split('.')[0])}", said
        )


@pytest.mark.parametrize("framework", ["django", "rest_framework", "celery", "redis", "psycopg", "mdmhub"])
def test_the_engine_is_refused_every_framework(framework: str, copy: Path) -> None:
    plant(copy, "apps/engine/compare/planted.py", f"import {framework}")
    broken, _ = lint(copy)
    assert "pure-engine" in broken


@pytest.mark.parametrize("path", ["apps/newcomer", "apps/engine/newcomer"])
def test_a_package_nobody_placed_fails_until_it_is_placed(path: str, copy: Path) -> None:
    (copy / path).mkdir()
    (copy / path / "__init__.py").touch()
    broken, said = lint(copy)
    assert ("engine" if "engine" in path else "apps") in broken
    assert path.replace("/", ".") in said


@pytest.mark.parametrize("package", ["pandas", "recordlinkage"])
def test_the_bulk_engine_may_use_the_frames_of_the_baseline(package: str, copy: Path) -> None:
    plant(copy, "apps/engine/bulk/planted.py", f"import {package}")
    assert "pandas" not in lint(copy)[0]


def test_the_engine_is_imported_without_any_framework() -> None:
    script = (
        "import pkgutil, sys, importlib, apps.engine\n"
        "names = [m.name for m in pkgutil.walk_packages(apps.engine.__path__, 'apps.engine.')]\n"
        "for name in names:\n"
        "    if '.spark' not in name and '.build_' not in name: importlib.import_module(name)\n"
        "heavy = {'django', 'rest_framework', 'celery', 'redis', 'psycopg', 'mdmhub', 'pandas', 'recordlinkage'}\n"
        "print(len(names), sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    count, heavy = done.stdout.split(" ", 1)
    assert int(count) > 10
    assert heavy.strip() == "[]"
