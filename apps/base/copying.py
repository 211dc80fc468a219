"""COPY in and out: Arrow tables to PostgreSQL and back, without a Python object per cell."""

import io
from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.csv as pacsv
from django.db import connection

_WRITE = pacsv.WriteOptions(include_header=False, quoting_style="needed")


def copy_in(table: str, rows: pa.Table, columns: Sequence[str] | None = None) -> int:
    """Append `rows` to `table` by COPY and return their number.

    The frame's column names are the table's; lists, JSON and bytes must already be text in PostgreSQL's spelling.
    Null cells are null; an empty text stays empty.
    """
    if not rows.num_rows:
        return 0
    names = ", ".join(f'"{name}"' for name in (columns or rows.column_names))
    with connection.cursor() as cursor, cursor.copy(f"COPY {table} ({names}) FROM STDIN WITH (FORMAT csv)") as copy:
        for batch in rows.to_batches(max_chunksize=50_000):
            sink = io.BytesIO()
            pacsv.write_csv(pa.Table.from_batches([batch]), sink, _WRITE)
            copy.write(sink.getbuffer())
    return int(rows.num_rows)


def copy_out(query: str, params: Sequence[Any] = (), *, types: dict[str, pa.DataType]) -> pa.Table:
    """Return the rows of `query` as an Arrow table with the given columns and types, streamed by COPY.

    Text columns must not rely on the difference between null and an empty string: both come back as null.
    """
    sink = io.BytesIO()
    # The driver's own cursor: Django's wrapper that records queries takes no parameters for COPY.
    statement = f"COPY ({query}) TO STDOUT WITH (FORMAT csv)"
    with connection.cursor() as cursor, cursor.cursor.copy(statement, params or None) as copy:
        for block in copy:
            sink.write(block)
    if not sink.tell():
        return pa.schema(list(types.items())).empty_table()
    sink.seek(0)
    return pacsv.read_csv(
        sink,
        read_options=pacsv.ReadOptions(column_names=list(types), block_size=16 << 20),
        parse_options=pacsv.ParseOptions(newlines_in_values=True),
        convert_options=pacsv.ConvertOptions(
            column_types=types,
            strings_can_be_null=True,
            null_values=[""],
            quoted_strings_can_be_null=False,
            true_values=["t"],
            false_values=["f"],
        ),
    )


def stream_rows(query: str, params: Sequence[Any] = (), *, size: int = 5_000) -> Iterator[list[tuple[Any, ...]]]:
    """Yield the rows of `query` in lists of at most `size`, through a server-side cursor."""
    with connection.chunked_cursor() as cursor:
        cursor.execute(query, params)
        while rows := cursor.fetchmany(size):
            yield rows
