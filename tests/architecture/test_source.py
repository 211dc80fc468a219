"""Sizes, names and docstrings of the source, read from its syntax trees."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("apps", "mdmhub", "benchmarks", "tests")

LONGEST_FILE = 400
LONGEST_FUNCTION = 50
BANNED_NAMES = {"utils", "util", "helpers", "helper", "misc", "common", "manager", "managers", "stuff", "tools"}

Function = ast.FunctionDef | ast.AsyncFunctionDef


@cache
def list_sources() -> tuple[Path, ...]:
    paths = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py")]
    return tuple(sorted(path for path in paths if "migrations" not in path.parts))


@cache
def parse(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def walk_functions(path: Path) -> Iterator[Function]:
    for node in ast.walk(parse(path)):
        if isinstance(node, Function):
            yield node


def length_of(node: Function) -> int:
    assert node.end_lineno is not None
    return node.end_lineno - node.lineno + 1


def public_functions(path: Path) -> list[Function]:
    return [node for node in parse(path).body if isinstance(node, Function) and not node.name.startswith("_")]


def promises(path: Path) -> bool:
    """Tell whether the public functions of a file are a promise to other code: services, selectors, engine, project."""
    parts = path.relative_to(ROOT).parts
    if parts[0] == "mdmhub":
        return True
    return parts[0] == "apps" and (
        parts[1] == "engine" or not {"services", "selectors"}.isdisjoint({path.stem, *parts})
    )


def test_the_source_is_found() -> None:
    names = {name_of(path) for path in list_sources()}
    assert {"mdmhub/env.py", "apps/base/ids.py", "tests/conftest.py"} <= names


def test_no_file_has_outgrown_its_budget() -> None:
    lengths = {name_of(path): len(path.read_text(encoding="utf-8").splitlines()) for path in list_sources()}
    assert {name: length for name, length in lengths.items() if length > LONGEST_FILE} == {}


def test_no_function_has_outgrown_its_budget() -> None:
    lengths = {
        f"{name_of(path)}:{node.name}": length_of(node) for path in list_sources() for node in walk_functions(path)
    }
    assert {name: length for name, length in lengths.items() if length > LONGEST_FUNCTION} == {}


def test_every_module_is_named_for_its_topic() -> None:
    named = {
        name_of(path): {part.removesuffix(".py") for part in path.relative_to(ROOT).parts} for path in list_sources()
    }
    assert [name for name, parts in named.items() if parts & BANNED_NAMES] == []


def test_every_promise_has_a_docstring() -> None:
    bare = [
        f"{name_of(path)}:{node.name}"
        for path in list_sources()
        if promises(path)
        for node in public_functions(path)
        if not ast.get_docstring(node)
    ]
    assert bare == []


def test_every_module_with_code_says_what_it_is() -> None:
    # An app's `apps.py` is Django's form to fill in; a test file's name is that of the file it tests.
    told = [path for path in list_sources() if path.name != "apps.py" and path.relative_to(ROOT).parts[0] != "tests"]
    assert [name_of(path) for path in told if parse(path).body and not ast.get_docstring(parse(path))] == []


def test_no_two_promises_of_a_module_share_their_first_line() -> None:
    shared = []
    for path in (path for path in list_sources() if promises(path)):
        lines = [(ast.get_docstring(node) or node.name).splitlines()[0] for node in public_functions(path)]
        shared += [f"{name_of(path)}: {line}" for line in set(lines) if lines.count(line) > 1]
    assert shared == []


@pytest.mark.parametrize("word", ["TODO", "FIXME", "XXX", "HACK"])
def test_nothing_is_left_for_later(word: str) -> None:
    others = [path for path in list_sources() if path != Path(__file__).resolve()]
    assert [name_of(path) for path in others if word in path.read_text(encoding="utf-8")] == []


def test_every_test_name_is_used_once_in_its_file() -> None:
    twice = []
    for path in (path for path in list_sources() if path.name.startswith("test_")):
        names = [node.name for node in parse(path).body if isinstance(node, Function)]
        twice += [f"{name_of(path)}:{name}" for name in set(names) if names.count(name) > 1]
    assert twice == []
