"""DuckDB as scratch paper: frames in, frames out, nothing kept."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import duckdb
import pyarrow as pa

# Below this, starting threads costs more than they save.
SMALL_ROWS = 20_000


@contextmanager
def scratch(frames: Mapping[str, pa.Table]) -> Iterator[duckdb.DuckDBPyConnection]:
    """Yield an in-memory DuckDB that sees `frames` by name."""
    rows = max((frame.num_rows for frame in frames.values()), default=0)
    with duckdb.connect(config={"threads": 1 if rows < SMALL_ROWS else 2}) as duck:
        for name, frame in frames.items():
            duck.register(name, frame)
        yield duck
