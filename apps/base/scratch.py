"""DuckDB as scratch paper: frames in, frames out, nothing kept."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache

import duckdb
import pyarrow as pa

# Below this, starting threads costs more than they save.
SMALL_ROWS = 20_000


@contextmanager
def scratch(frames: Mapping[str, pa.Table]) -> Iterator[duckdb.DuckDBPyConnection]:
    """Yield an in-memory DuckDB that sees `frames` by name.

    Tables made in it have to be temporary: those of small frames share one database, where only such are the caller's.
    """
    rows = max((frame.num_rows for frame in frames.values()), default=0)
    with _paper(os.getpid()).cursor() if rows < SMALL_ROWS else duckdb.connect(config={"threads": 2}) as duck:
        for name, frame in frames.items():
            duck.register(name, frame)
        yield duck


@cache
def _paper(process: int) -> duckdb.DuckDBPyConnection:  # noqa: ARG001 - what is kept is kept by process
    """Return a process's empty database. Another cursor of it takes a tenth of the time of another database.

    A forked process takes one of its own: a lock inside its parent's may be held by a thread that it doesn't have.
    """
    return duckdb.connect(config={"threads": 1})
