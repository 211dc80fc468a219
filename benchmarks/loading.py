"""The load section: raw files to persisted golden records on a fresh embedded database, with memory and yardstick."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import psycopg

from benchmarks.generator.making import make
from benchmarks.generator.profiles import SOURCES
from benchmarks.memory import PeakMemory
from benchmarks.yardstick import copy_rows_per_second, cpdist_pairs_per_second
from mdmhub import embedded, env

Result = dict[str, Any]
MIB = 1024 * 1024
OWN_SERVERS = ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL", "SECRET_KEY")
LATEST_STAGES = """
    SELECT name, seconds, counts FROM pipeline_runstage
    WHERE run_id = (SELECT max(id) FROM pipeline_run) ORDER BY position
"""


class LoadFailedError(RuntimeError):
    """A command of the measured load ended badly; the message has its last words."""


def measure_load(profile: str, *, records: int, seed: int, scratch: Path) -> list[Result]:
    """Load `records` made accounts into a fresh database and return seconds per stage, peak memory and yardstick.

    Raises LoadFailedError where a command fails; EmbeddedServerError where no server can be started.
    """
    folder = scratch / f"{profile}-{records}-{seed}"
    make(profile, records=records, seed=seed, out=folder)
    place = embedded.find_place(home=(scratch / f"home-{os.getpid()}").resolve())
    try:
        urls = embedded.ensure_postgres(place)
        embedded.ensure_redis(place)
        environment = environment_for(place)
        run([sys.executable, "-m", "mdmhub.prepare"], environment)
        result = timed_load(folder, environment, place)
        result["stages"] = stages_of(urls.owner_url)
        result["yardstick"] = {
            "copy_rows_per_second": round(copy_rows_per_second(urls.owner_url)),
            "cpdist_pairs_per_second": round(cpdist_pairs_per_second()),
        }
    finally:
        embedded.stop_all(place)
        shutil.rmtree(place.root, ignore_errors=True)
        shutil.rmtree(place.home, ignore_errors=True)
    return [{"set": f"profile {profile}", "records": records, **result}]


def environment_for(place: embedded.Place) -> dict[str, str]:
    """Return this process's environment with the hub's home at `place` and no other servers named."""
    kept = {name: value for name, value in os.environ.items() if name not in OWN_SERVERS}
    # Empty, so that a .env file of the checkout doesn't name other servers.
    return kept | {"MDMHUB_HOME": str(place.home)} | dict.fromkeys(OWN_SERVERS, "")


def load_command(folder: Path) -> list[str]:
    """Return the command line that loads the folder's exports."""
    words = [sys.executable, "manage.py", "load"]
    for source in SOURCES:
        words += [
            "--source",
            f"{source}={folder / f'{source}.csv'}",
            "--mapping",
            f"{source}={folder / f'{source}.toml'}",
        ]
    return words


def timed_load(folder: Path, environment: Mapping[str, str], place: embedded.Place) -> Result:
    """Run the load as a user would and return its wall seconds and peak summed memory."""
    started = time.perf_counter()
    log = place.home / "load.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        process = subprocess.Popen(
            load_command(folder.resolve()), cwd=env.PROJECT_ROOT, env=dict(environment), stdout=output, stderr=output
        )
        try:
            with PeakMemory(lambda: [process.pid, *server_pids(place)]) as memory:
                code = process.wait()
        finally:
            # After Ctrl-C nobody else would end it.
            process.terminate()
            process.wait()
    seconds = time.perf_counter() - started
    if code:
        raise LoadFailedError(f"`manage.py load` ended with {code}: {tail_of(log)}")
    return {"seconds": round(seconds, 2), "peak_pss_mib": round(memory.peak_bytes / MIB), "samples": memory.samples}


def server_pids(place: embedded.Place) -> list[int]:
    """Return the pid of the place's postmaster, whose children are PostgreSQL's other processes."""
    try:
        return [int((place.postgres_data / "postmaster.pid").read_text(encoding="ascii").split()[0])]
    except (OSError, ValueError, IndexError):
        # It is starting or stopping; the next sample sees it.
        return []


def stages_of(database_url: str) -> list[Result]:
    """Return the stages of the latest run with seconds and counts."""
    with psycopg.connect(database_url) as connection:
        rows = connection.execute(LATEST_STAGES).fetchall()
    return [{"stage": name, "seconds": round(seconds, 2), "counts": counts} for name, seconds, counts in rows]


def run(words: list[str], environment: Mapping[str, str]) -> None:
    """Run a command; LoadFailedError with its last words where it fails."""
    done = subprocess.run(
        words, cwd=env.PROJECT_ROOT, env=dict(environment), capture_output=True, text=True, check=False
    )
    if done.returncode:
        lines = (done.stderr or done.stdout).strip().splitlines()
        raise LoadFailedError(f"`{' '.join(words[1:])}` ended with {done.returncode}: {lines[-1] if lines else ''}")


def tail_of(log: Path) -> str:
    """Return the log's last line."""
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return lines[-1] if lines else "it said nothing"


def load_table(results: list[Result]) -> str:
    """Return the loads as Markdown: one row per stage, one column per load."""
    head = " | ".join(f"{r['records']:,} records" for r in results)
    lines = [f"| seconds in | {head} |", "| --- |" + " --- |" * len(results)]
    by_load = [{stage["stage"]: stage["seconds"] for stage in r["stages"]} for r in results]
    names = dict.fromkeys(name for stages in by_load for name in stages)
    lines += [f"| {name} | " + " | ".join(f"{stages.get(name, 0):.1f}" for stages in by_load) + " |" for name in names]
    facts: tuple[tuple[str, Callable[[Result], str]], ...] = (
        ("**whole command**", lambda r: f"**{r['seconds']:.1f}**"),
        ("peak summed PSS, MiB", lambda r: f"{r['peak_pss_mib']:,}"),
        ("yardstick: COPY rows per second", lambda r: f"{r['yardstick']['copy_rows_per_second']:,}"),
        ("yardstick: cpdist pairs per second", lambda r: f"{r['yardstick']['cpdist_pairs_per_second']:,}"),
    )
    for title, cell in facts:
        lines.append(f"| {title} | " + " | ".join(cell(r) for r in results) + " |")
    return "\n".join(lines)
