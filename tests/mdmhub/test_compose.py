"""docker-compose.yml, Dockerfile and .env.example, held against the code they start."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from mdmhub.embedded import postgres
from mdmhub.stack.children import WEB_THREADS

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    return found


def test_compose_runs_every_process_of_the_hub(services: dict[str, Any]) -> None:
    assert set(services) == {"postgres", "redis", "prepare", "web", "worker", "beat"}


def test_every_service_that_stays_has_a_health_check(services: dict[str, Any]) -> None:
    staying = {name: one for name, one in services.items() if name != "prepare"}
    assert [name for name, one in staying.items() if not one["healthcheck"].get("test")] == []


def test_every_published_port_is_on_loopback(services: dict[str, Any]) -> None:
    ports = [port for one in services.values() for port in one.get("ports", [])]
    assert len(ports) == 3
    assert [port for port in ports if not port.startswith("127.0.0.1:")] == []


def test_nothing_starts_before_the_database_is_prepared(services: dict[str, Any]) -> None:
    assert services["prepare"]["depends_on"]["postgres"]["condition"] == "service_healthy"
    for name in ("web", "worker", "beat"):
        assert services[name]["depends_on"]["prepare"]["condition"] == "service_completed_successfully"


def test_no_secret_has_a_default(services: dict[str, Any]) -> None:
    text = (ROOT / "docker-compose.yml").read_text()
    used = re.findall(r"\$\{([A-Z_]*(?:PASSWORD|SECRET)[A-Z_]*)(:?[?-]?)", text)
    assert used
    assert [name for name, mark in used if mark != ":?"] == []


def test_compose_sets_only_variables_the_hub_reads(services: dict[str, Any]) -> None:
    assert set(services["web"]["environment"]) <= {name for name, _ in read_example()}


@pytest.mark.parametrize(
    "name", ["max_connections", "max_locks_per_transaction", "shared_buffers", "max_wal_size", "checkpoint_timeout"]
)
def test_compose_gives_the_server_what_the_embedded_one_has(name: str, services: dict[str, Any]) -> None:
    settings = dict(re.findall(r"-c (\w+)=(\S+)", services["postgres"]["command"]))
    assert settings[name] == postgres.SETTINGS[name]


def test_the_image_serves_as_many_threads_as_the_start_check_counts() -> None:
    [(workers, threads)] = re.findall(r'"--workers", "(\d+)".*?"--threads", "(\d+)"', read_dockerfile(), re.DOTALL)
    assert (int(workers), int(threads)) == (2, WEB_THREADS)


def read_dockerfile() -> str:
    return (ROOT / "Dockerfile").read_text()


def test_every_path_the_image_copies_is_there() -> None:
    copied = re.findall(r"^COPY (.+) \S+$", (ROOT / "Dockerfile").read_text(), flags=re.MULTILINE)
    sources = [source for line in copied for source in line.split()]
    assert "manage.py" in sources
    assert [source for source in sources if not (ROOT / source).exists()] == []


def read_example() -> list[tuple[str, str]]:
    lines = (ROOT / ".env.example").read_text().splitlines()
    return [(line.split("=", 1)[0], line.split("=", 1)[1]) for line in lines if line and not line.startswith("#")]


def list_read_variables() -> list[tuple[str, str]]:
    """What settings and the stack read, in a fresh process where nothing is given (not even by a `.env` file)."""
    script = (
        "import mdmhub.settings.dev, mdmhub.stack.__main__ as stack, mdmhub.boot\n"
        "from mdmhub import env\n"
        "for one in env.list_variables(): print(f'{one.name}={one.default}')"
    )
    masked = dict.fromkeys([name for name, _ in read_example()], "")
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "DJANGO_SETTINGS_MODULE": "mdmhub.settings.dev", **masked},
        capture_output=True,
        text=True,
        check=True,
    )
    pairs = [line.split("=", 1) for line in done.stdout.splitlines()]
    return [(name, default.removeprefix(f"{ROOT}/")) for name, default in pairs]


def test_the_example_lists_what_is_read_in_its_order_with_its_defaults() -> None:
    assert read_example() == list_read_variables()


def test_every_variable_named_in_the_code_is_in_the_example() -> None:
    reader = re.compile(r"env\.(?:flag|number|duration|text|choice|listed|secret|url|folder)\(\s*\"([A-Z_]+)\"")
    named = {name for path in (ROOT / "mdmhub").rglob("*.py") for name in reader.findall(path.read_text())}
    assert named == {name for name, _ in read_example()}
