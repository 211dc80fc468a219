"""What this machine can do right now: bare COPY and bare string comparison, to hold a load's seconds against."""

import time

import numpy as np
import psycopg
from rapidfuzz import fuzz
from rapidfuzz.process import cpdist

from benchmarks.generator.companies import Inventor
from benchmarks.generator.profiles import PROFILE_A
from benchmarks.generator.seeds import load_seeds

COPY_ROWS = 200_000
PAIRS = 1_000_000
NAMES = 20_000
WORKERS = 2


def some_names(count: int) -> list[str]:
    """Return names of the generator's companies."""
    names: list[str] = []
    for family in Inventor(PROFILE_A, load_seeds(), seed=1, chunk=0, chunks=1).families():
        names += (" ".join(company.words()) for company in family)
        if len(names) >= count:
            return names[:count]
    raise AssertionError("families never end")


def copy_rows_per_second(database_url: str) -> float:
    """Return how many rows of a record's width one COPY writes per second into a plain, logged table without index."""
    names = some_names(2000)
    lines = [
        f"{n}\t{names[n % 2000]}\t{names[n % 1999]}\t{n % 997}\tplace {n % 89}\t\\N\tvalue {n}\n" for n in range(1000)
    ]
    block = "".join(lines).encode()
    with psycopg.connect(database_url, autocommit=True) as connection:
        columns = "n bigint, a text, b text, c text, d text, e text, f text"
        connection.execute(f"CREATE TABLE bench_yardstick ({columns})")
        try:
            started = time.perf_counter()
            with connection.cursor() as cursor, cursor.copy("COPY bench_yardstick FROM STDIN") as copy:
                for _ in range(COPY_ROWS // 1000):
                    copy.write(block)
            return COPY_ROWS / (time.perf_counter() - started)
        finally:
            connection.execute("DROP TABLE bench_yardstick")


def cpdist_pairs_per_second() -> float:
    """Return how many pairs of company names RapidFuzz compares per second with two workers."""
    names = some_names(NAMES)
    rng = np.random.default_rng(1)
    left, right = ([names[i] for i in rng.integers(0, NAMES, PAIRS)] for _ in range(2))
    started = time.perf_counter()
    cpdist(left, right, scorer=fuzz.ratio, dtype=np.uint8, workers=WORKERS)
    return PAIRS / (time.perf_counter() - started)
