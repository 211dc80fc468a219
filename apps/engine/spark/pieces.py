"""Pieces of a distributed frame: how many to cut, and a piece's Arrow batches as the engine's tables."""

from collections.abc import Iterable, Iterator
from typing import Any

import pyarrow as pa
from pyspark.broadcast import Broadcast
from pyspark.sql import DataFrame
from pyspark.sql.pandas.types import from_arrow_schema
from pyspark.sql.types import StructType

RECORDS_PER_PIECE = 50_000
"""Enough for a distinct value to be worked on once for many rows, few enough for a small worker's memory."""


def pieces_for(frame: DataFrame, rows: int, per_piece: int = RECORDS_PER_PIECE) -> int:
    """Return into how many pieces to cut `rows` rows: at least one per core of the cluster."""
    return max(int(frame.sparkSession.sparkContext.defaultParallelism), -(-rows // per_piece))


def share(frame: DataFrame, value: Any) -> Broadcast:  # noqa: ANN401 - anything that can be pickled
    """Return the value as each worker process of the frame's cluster holds it once."""
    return frame.sparkSession.sparkContext.broadcast(value)


def column_name(part: str) -> str:
    """Return what a part's column is called: `attribute:part`, as Spark reads a dot as a field of a structure."""
    return part.replace(".", ":")


def engine_frame(table: pa.Table) -> pa.Table:
    """Return a piece with its parts named as the engine names them."""
    return table.rename_columns([name.replace(":", ".") for name in table.column_names])


def spark_schema(schema: pa.Schema) -> StructType:
    """Return the Spark schema of an Arrow schema, parts renamed."""
    return from_arrow_schema(pa.schema([field.with_name(column_name(field.name)) for field in schema]))


def gathered(batches: Iterable[pa.RecordBatch], rows: int = RECORDS_PER_PIECE) -> Iterator[pa.Table]:
    """Yield the batches as engine frames of at least `rows` rows, but for the last; nothing where there are no rows."""
    waiting: list[pa.RecordBatch] = []
    for batch in batches:
        waiting.append(batch)
        if sum(each.num_rows for each in waiting) >= rows:
            yield engine_frame(pa.Table.from_batches(waiting))
            waiting = []
    if any(each.num_rows for each in waiting):
        yield engine_frame(pa.Table.from_batches(waiting))


def whole(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.Table]:
    """Yield all batches as one engine frame; nothing where there are no rows."""
    kept = [batch for batch in batches if batch.num_rows]
    if kept:
        yield engine_frame(pa.Table.from_batches(kept))
