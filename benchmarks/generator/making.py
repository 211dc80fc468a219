"""Make the three exports, their mappings and the truth: in chunks, so that two cores share the work.

Law: the output is a function of (profile, records, seed) alone. Chunks depend on their number, not on who makes them;
rows are shuffled over all chunks before keys are dealt, so neither order nor key tells which records belong together.
"""

import csv
import multiprocessing
import os
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from random import Random

from benchmarks.generator.companies import Company, Inventor
from benchmarks.generator.layouts import LAYOUTS
from benchmarks.generator.profiles import PROFILES, SOURCES, Profile, Source
from benchmarks.generator.records import RecordWriter
from benchmarks.generator.seeds import load_seeds

CHUNK_RECORDS = 20_000
MOST_WORKERS = 8
DUPLICATED_FIRST: Source = "crm"

Lines = dict[Source, list[tuple[str, str]]]  # by source: entity and line without key


@dataclass(frozen=True)
class Task:
    """One chunk of the output."""

    profile: str
    seed: int
    chunk: int
    chunks: int
    records: int


@dataclass(frozen=True)
class Made:
    """What was written."""

    records: dict[Source, int]
    entities: int


def make(profile_name: str, *, records: int, seed: int, out: Path, workers: int | None = None) -> Made:
    """Write crm.csv, billing.csv, erp.csv, a mapping beside each, and truth.csv into `out`; return the counts.

    Raises ValueError where `records` is not positive or the profile is unknown.
    """
    if records <= 0:
        raise ValueError(f"records must be positive, not {records}")
    if profile_name not in PROFILES:
        raise ValueError(f"there is no profile {profile_name!r}; known are {', '.join(PROFILES)}")
    tasks = split_into_tasks(profile_name, records, seed)
    lines: Lines = {source: [] for source in SOURCES}
    for made in run_tasks(tasks, workers):
        for source, found in made.items():
            lines[source] += found
    out.mkdir(parents=True, exist_ok=True)
    return write_exports(profile_name, lines, seed, out)


def split_into_tasks(profile_name: str, records: int, seed: int) -> list[Task]:
    """Return the chunks whose records add up to `records`."""
    chunks = max(1, round(records / CHUNK_RECORDS))
    sizes = [records // chunks + (chunk < records % chunks) for chunk in range(chunks)]
    return [Task(profile_name, seed, chunk, chunks, size) for chunk, size in enumerate(sizes)]


def run_tasks(tasks: list[Task], workers: int | None) -> Iterator[Lines]:
    """Yield each task's lines in the order of the tasks."""
    wanted = min(workers or os.cpu_count() or 1, len(tasks), MOST_WORKERS)
    if wanted == 1:
        yield from map(make_chunk, tasks)
        return
    # Spawned, not forked: a caller may hold threads and database connections.
    pool: Executor = ProcessPoolExecutor(wanted, mp_context=multiprocessing.get_context("spawn"))
    with pool:
        yield from pool.map(make_chunk, tasks)


def make_chunk(task: Task) -> Lines:
    """Return the lines of one chunk by source."""
    profile = PROFILES[task.profile]
    seeds = load_seeds()
    inventor = Inventor(profile, seeds, task.seed, task.chunk, task.chunks)
    rng = Random(f"{task.seed} records {task.chunk}")
    writer = RecordWriter(profile, seeds, rng)
    layouts = LAYOUTS[task.profile]
    lines: Lines = {source: [] for source in SOURCES}
    left = task.records
    for number, company in enumerate(companies_of(inventor)):
        entity = f"E{task.chunk:04d}{number:06d}"
        for source in sources_of(profile, rng)[:left]:
            lines[source].append((entity, layouts[source].line(writer.write(company, source))))
            left -= 1
        if not left:
            return lines
    raise AssertionError("families never end")


def companies_of(inventor: Inventor) -> Iterator[Company]:
    """Yield the companies of all families without end."""
    for family in inventor.families():
        yield from family


def sources_of(profile: Profile, rng: Random) -> list[Source]:
    """Return the source of each record of one company: different ones up to three, then duplicates inside sources."""
    sizes = list(profile.records_per_entity)
    size = rng.choices(sizes, [profile.records_per_entity[n] for n in sizes])[0]
    left = dict(profile.source_shares)
    chosen: list[Source] = []
    for _ in range(size):
        if not left:
            left = dict(profile.source_shares)
        source = rng.choices(list(left), list(left.values()))[0]
        chosen.append(source)
        # A company may sit twice in one source before another source knows it.
        if source != DUPLICATED_FIRST or rng.random() < 0.8:
            del left[source]
    return chosen


def write_exports(profile_name: str, lines: Lines, seed: int, out: Path) -> Made:
    """Shuffle, deal keys, write the files."""
    counts: dict[Source, int] = {}
    entities: set[str] = set()
    with (out / "truth.csv").open("w", newline="", encoding="utf-8") as truth_file:
        truth = csv.writer(truth_file, lineterminator="\n")
        truth.writerow(["source", "source_key", "entity_id"])
        for source in SOURCES:
            layout, rows = LAYOUTS[profile_name][source], lines[source]
            Random(f"{seed} order {source}").shuffle(rows)
            with (out / f"{source}.csv").open("w", encoding="utf-8", newline="") as file:
                file.write(layout.delimiter.join(layout.header()) + "\n")
                for number, (entity, line) in zip(count(1), rows, strict=False):
                    key = layout.key(number)
                    file.write(f"{key}{layout.delimiter}{line}\n")
                    truth.writerow([source, key, entity])
            entities.update(entity for entity, _ in rows)
            (out / f"{source}.toml").write_text(layout.mapping(), encoding="utf-8")
            counts[source] = len(rows)
    return Made(counts, len(entities))
