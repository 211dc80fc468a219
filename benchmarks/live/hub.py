"""A hub of its own with generated records: loaded once in bulk, kept, and put back before each use."""

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import psycopg.conninfo
from psycopg import sql

from benchmarks.live.exports import make_exports
from benchmarks.live.samples import draw_samples
from benchmarks.loading import environment_for, run, server_pids, stages_of, timed_load
from benchmarks.memory import tree_of
from mdmhub import embedded, env
from mdmhub.stack import Child, gunicorn
from mdmhub.stack.supervisor import Stack

LOADED = "loaded"
"""The database that is kept as the load left it; the hub's own is copied from it."""
WEB_WORKERS = 2
SAMPLES = "samples.json"


@dataclass(frozen=True)
class Hub:
    """A loaded hub: where it lies, and what its load took."""

    folder: Path
    place: embedded.Place
    records: int
    load: dict[str, Any]

    @property
    def environment(self) -> dict[str, str]:
        """The environment of its processes."""
        return environment_for(self.place)


@dataclass(frozen=True)
class Running:
    """A hub that answers: its port, an administrator's token, and the ids of the processes that it is made of."""

    hub: Hub
    port: int
    token: str
    web_pid: int

    def web_pids(self) -> set[int]:
        """Return the web server's processes."""
        return tree_of(self.web_pid)

    def postgres_pids(self) -> set[int]:
        """Return PostgreSQL's processes: the postmaster and all below it."""
        return {pid for root in server_pids(self.hub.place) for pid in tree_of(root)}


def ensure_hub(
    scratch: Path, *, records: int, name: str = "live", after: Callable[[Mapping[str, str]], None] | None = None
) -> Hub:
    """Return the hub of `records` records, which the first call loads: minutes for a million.

    `after` prepares it further once it is loaded; it gets the environment of the hub's processes.

    Raises LoadFailedError where a command of the load fails, EmbeddedServerError where no server can be started.
    """
    folder = (scratch / f"{name}-{records}").resolve()
    place = embedded.find_place(home=folder / "home")
    note = folder / "load.json"
    if note.exists():
        return Hub(folder, place, records, json.loads(note.read_text(encoding="utf-8")))
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    make_exports(folder, records=records)
    try:
        urls = embedded.ensure_postgres(place)
        embedded.ensure_redis(place)
        environment = environment_for(place)
        run([sys.executable, "-m", "mdmhub.prepare"], environment)
        load = timed_load(folder, environment, place) | {"records": records}
        load["stages"] = stages_of(urls.owner_url)
        if after is not None:
            after(environment)
        with _at_server(urls.owner_url) as connection:
            connection.execute("VACUUM (FREEZE, ANALYZE)")
        draw_samples(urls.owner_url, folder / SAMPLES)
        with _at_server(urls.owner_url, "postgres") as connection:
            hub = urls.owner_url.rpartition("/")[2]
            connection.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(*map(sql.Identifier, (hub, LOADED))))
    finally:
        embedded.stop_all(place)
    note.write_text(json.dumps(load), encoding="utf-8")
    return Hub(folder, place, records, load)


@contextlib.contextmanager
def running(hub: Hub, *, is_kept: bool = False) -> Iterator[Running]:
    """Start the hub as its load left it, PostgreSQL with empty buffers, and stop it at the end.

    `is_kept` keeps what earlier uses have written.
    """
    try:
        _put_back(hub, is_kept=is_kept)
        embedded.ensure_postgres(hub.place)
        embedded.ensure_redis(hub.place)
        if _migrate(hub) and not is_kept:
            _keep_as_loaded(hub)
            _put_back(hub, is_kept=False)
            embedded.ensure_postgres(hub.place)
            embedded.ensure_redis(hub.place)
        token = _mint(hub)
        port = _free_port()
        child = gunicorn(port=port, workers=WEB_WORKERS)
        web = Child(child.name, child.words, environment=hub.environment, port=port)
        with Stack(home=hub.place.home, folder=env.PROJECT_ROOT, show=None) as stack:
            stack.start((web,))
            yield Running(hub, port, token, _web_pid(hub))
    finally:
        embedded.stop_all(hub.place)


def _put_back(hub: Hub, *, is_kept: bool) -> None:
    """Make the hub's database a copy of the loaded one, then stop the server: its buffers held the copying."""
    owner_url = _start_postgres(hub)
    name = sql.Identifier(owner_url.rpartition("/")[2])
    with _at_server(owner_url, "postgres") as connection:
        known = connection.execute("SELECT 1 FROM pg_database WHERE datname = 'hub'").fetchone()
        if known and is_kept:
            return
        # Not by force: nobody is connected, and autovacuum's worker gives way to who may not end it, too.
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(name))
        copy = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy")
        connection.execute(copy.format(name, sql.Identifier(LOADED)))
    embedded.stop_all(hub.place)


def _migrate(hub: Hub) -> bool:
    """Bring a hub up to date that an older checkout loaded; say whether there was anything to do."""
    count = "SELECT count(*) FROM django_migrations"
    with _at_server(_start_postgres(hub)) as connection:
        before = connection.execute(count).fetchone()
        run([sys.executable, "-m", "mdmhub.prepare"], hub.environment)
        return connection.execute(count).fetchone() != before


def _keep_as_loaded(hub: Hub) -> None:
    """Keep the hub's database as the loaded one, tidied: else autovacuum does it while something is measured."""
    owner_url = _start_postgres(hub)
    names = sql.Identifier(owner_url.rpartition("/")[2]), sql.Identifier(LOADED)
    with _at_server(owner_url) as connection:
        connection.execute("VACUUM (FREEZE, ANALYZE)")
    with _at_server(owner_url, "postgres") as connection:
        connection.execute(sql.SQL("DROP DATABASE {}").format(names[1]))
        connection.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(*names))


def _start_postgres(hub: Hub) -> str:
    """Start the server; where the hub's database isn't there, one is made, empty."""
    return embedded.ensure_postgres(hub.place).owner_url


@contextlib.contextmanager
def _at_server(url: str, database: str | None = None) -> Iterator[psycopg.Connection]:
    at = psycopg.conninfo.make_conninfo(url, **({"dbname": database} if database else {}))
    with psycopg.connect(at, autocommit=True) as connection:
        yield connection


def _mint(hub: Hub) -> str:
    words = [sys.executable, "manage.py", "create_token", f"bench {time.time_ns()}", "--role", "administrator"]
    done = subprocess.run(words, cwd=env.PROJECT_ROOT, env=hub.environment, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def _web_pid(hub: Hub) -> int:
    rows = json.loads((hub.place.home / "stack.json").read_text(encoding="utf-8"))
    return int(next(row["pid"] for row in rows if row["name"] == "web"))


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def cpu_seconds(pids: set[int]) -> float:
    """Return the CPU seconds that processes have used, with those of their children that ended (/proc/PID/stat)."""
    ticks = 0
    for pid in pids:
        with contextlib.suppress(OSError):
            fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
            ticks += sum(map(int, fields[11:15]))
    return ticks / os.sysconf("SC_CLK_TCK")
